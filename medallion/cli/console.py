"""Where text goes: data to stdout, everything else to stderr. Consoles exist nowhere else."""

from __future__ import annotations

import json
import sys
from functools import cache
from typing import TYPE_CHECKING

from medallion.cli.text import Console, Text
from medallion.review.figures import bytes_in_words
from medallion.review.figures import counted as count

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from medallion.errors import MedallionError

__all__ = ["ago", "columns", "count", "err", "out", "print_error", "print_json", "print_line", "seconds", "size"]


@cache
def err() -> Console:
    """The console for everything that is not data."""
    return Console(stderr=True)


@cache
def out() -> Console:
    """The console for data."""
    return Console(stderr=False)


def print_line(console: Console, line: Text) -> None:
    """One line that stays one: on a terminal what does not fit is cut, anywhere else nothing is."""
    line.rstrip()
    line.cut(console.width)
    console.print(line)


def print_error(error: MedallionError) -> None:
    """An error as UX.md draws it: what, where, the line with a caret, what to do."""
    text = Text()
    for i, line in enumerate(str(error).split("\n")):
        if i == 0:
            text.append("error: ", style="red bold")
            text.append(line)
        elif line.startswith("hint: "):
            text.append("\nhint: ", style="cyan")
            text.append(line.removeprefix("hint: "))
        else:
            text.append("\n" + line, style="" if "|" not in line[:8] else "dim")
    err().print(text)


def print_json(document: object) -> None:
    """A document for a program, on stdout."""
    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False, default=str) + "\n")


def size(number: int | None) -> str:
    """Bytes with a unit, as ``4.1 MB``; "" where that is not known."""
    return "" if number is None else bytes_in_words(number)


def ago(moment: datetime) -> str:
    """How long ago, as Git says it; a date where that is more than two weeks."""
    from datetime import UTC, datetime

    age = (datetime.now(UTC) - moment).total_seconds()
    for unit, length, most in (
        ("second", 1, 90),
        ("minute", 60, 5400),
        ("hour", 3600, 129_600),
        ("day", 86_400, 1_209_600),
    ):
        if age < most:
            return f"{count(max(0, round(age / length)), unit)} ago"
    return f"{moment:%Y-%m-%d}"


def seconds(value: float) -> str:
    """A duration, as ``0.8s`` or ``2m 05s``."""
    return f"{value:.1f}s" if value < 60 else f"{int(value // 60)}m {int(value % 60):02}s"


def columns(rows: Iterable[Sequence[str]], *, right: Iterable[int] = (), gap: str = "  ") -> list[str]:
    """Rows as aligned lines; the columns in ``right`` are flush right. Trailing space is cut."""
    listed = [list(row) for row in rows]
    if not listed:
        return []
    widths = [max(len(row[i]) for row in listed) for i in range(len(listed[0]))]
    flush = set(right)
    return [
        gap.join(
            cell.rjust(width) if i in flush else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in listed
    ]
