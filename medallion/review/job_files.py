"""The files by which a job of GitHub Actions hands on its summary and its outputs."""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from medallion.errors import ForgeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = ["SUMMARY_LIMIT", "append_outputs", "append_summary"]

#: Bytes that the summary of a step may have; GitHub shows none of it where it has more.
SUMMARY_LIMIT = 1 << 20

_LEAST = 2_000


def append_summary(path: str, render: Callable[[int], str]) -> bool:
    """Add what ``render`` gives for a budget of bytes to a step's summary; False where there is no room left."""
    file = Path(path)
    with _explained(file):
        there = file.stat().st_size if file.exists() else 0
        budget = SUMMARY_LIMIT - there - 2
        if budget < _LEAST:
            return False
        text = f"{render(budget)}\n".encode()
        if len(text) > budget + 1:
            return False
        # Whoever wrote before may not have ended the line.
        with file.open("ab") as summary:
            summary.write(b"\n" + text if there else text)
    return True


def append_outputs(path: str, outputs: Mapping[str, str]) -> None:
    """Set outputs of a step. A value may be any text: what ends it cannot be guessed, so it can set no other."""
    with _explained(Path(path)), Path(path).open("a", encoding="utf-8", newline="\n") as file:
        for name, value in outputs.items():
            end = f"end-{secrets.token_hex(16)}"
            file.write(f"{name}<<{end}\n{value}\n{end}\n")


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Say which file it was that could not be written."""
    try:
        yield
    except OSError as error:
        raise ForgeError(
            f"{path} cannot be written to: {error.strerror}", hint="the runner gives each step a file of its own"
        ) from error
