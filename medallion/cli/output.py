"""Where a command's data goes: to stdout, or to a file that is there whole or not at all."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from medallion.errors import Location, MedallionError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["replacing", "stream_to"]


@contextmanager
def stream_to(output: Path | None) -> Iterator[IO[str]]:
    """A text stream into the file; stdout, if None."""
    if output is None:
        yield sys.stdout
        sys.stdout.flush()  # Before what follows on stderr, also where both go to one file.
        return
    with replacing(output) as temporary, temporary.open("w", encoding="utf-8", newline="") as stream:
        yield stream


@contextmanager
def replacing(output: Path) -> Iterator[Path]:
    """A file beside ``output`` that takes its place in the end: a command that fails half-way loses nothing."""
    if not output.is_file() and output.exists():
        yield output  # A pipe or /dev/null.
        return
    temporary = output.with_name(f".{output.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        temporary.replace(output)
    except OSError as error:
        raise MedallionError(
            f"cannot be written: {error.strerror or error}",
            location=Location(str(output)),
            hint="--output names a file in a folder that exists and may be written to",
        ) from error
    finally:
        temporary.unlink(missing_ok=True)
