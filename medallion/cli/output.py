"""Where a command's data goes: to stdout, or to a file that is there whole or not at all."""

from __future__ import annotations

import json
import os
import sys
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from medallion.errors import Location, MedallionError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from medallion.cli.text import Text

__all__ = ["FORMATS", "FORMAT_HELP", "format_of", "json_text", "replacing", "stream_to", "write_lines", "write_text"]

#: What a difference or a review is written as.
FORMATS = ("text", "json", "markdown", "html")
FORMAT_HELP = f"{', '.join(FORMATS)}; a file's name says it, too."
_ENDINGS = {"txt": "text", "md": "markdown", "htm": "html"}


def format_of(form: str | None, output: Path | None, *, as_json: bool) -> str:
    """The one of ``FORMATS`` that was asked for, or that a file's name says; ``MedallionError`` where it is none."""
    if as_json and form not in (None, "json"):
        raise MedallionError(f"--json and --format {form} exclude each other", hint="leave one out")
    ending = output.suffix.lower()[1:] if output else "text"
    chosen = "json" if as_json else form or _ENDINGS.get(ending, ending)
    if chosen not in FORMATS:
        if form is None and output is not None:
            hint = f"say it with --format: {', '.join(FORMATS)}"
            raise MedallionError(f'what format is "{output.name}"?', hint=hint)
        raise MedallionError(f'there is no format "{chosen}"', hint=f"choose one of {', '.join(FORMATS)}")
    return chosen


def json_text(document: object) -> str:
    """A document as a file of JSON."""
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def write_text(text: str, output: Path | None) -> None:
    """Write a text to a file, or to stdout."""
    with stream_to(output) as stream:
        stream.write(text)


def write_lines(lines: Iterable[Text], output: Path | None, *, styled: bool) -> None:
    """Write lines to a file, or to stdout; ``styled`` only where that is a terminal."""
    with stream_to(output) as stream:
        stream.writelines(f"{line.render(styled=styled and output is None)}\n" for line in lines)


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
