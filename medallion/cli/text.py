"""Styled text and where it is printed: the few of rich's abilities that plain lines need, without its import.

rich takes longer to load than most commands take to answer. It is used where something moves: a live display.
"""

from __future__ import annotations

import os
import sys
from typing import IO, TYPE_CHECKING

from medallion.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Console", "Text", "cells", "cut_to"]

_CODES = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "cyan": "36",
}
# A bell, a backspace, a carriage return: what a terminal would obey, and the text does not mean.
_CONTROLS = dict.fromkeys([7, 8, 11, 12, 13])
_LAID_OUT = {"\n", "\t"}


def _shown(text: str) -> str:
    """The text as lines that are safe to print, wherever it comes from; ends of lines and tabs are ours."""
    if text.isprintable():
        return text
    return "".join(c if c in _LAID_OUT else printable(c) for c in text.translate(_CONTROLS))


# What lines of ours hold besides letters: a character a cell.
_SIGNS = dict.fromkeys(map(ord, "→·−×…├─└│"), " ")


def _is_plain(text: str) -> bool:
    """Whether each of its characters is known to take one cell, without rich's tables."""
    return text.isascii() or max(text.translate(_SIGNS)) < "\u0300"


def cells(text: str) -> int:
    """How many cells of a terminal a text takes."""
    if text.isascii() or _is_plain(text):
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def cut_to(text: str, width: int) -> str:
    """The beginning of a text, in ``width`` cells at most; a shorter one is filled up with spaces."""
    if _is_plain(text):
        return text[:width].ljust(width)
    from rich.cells import set_cell_size

    return set_cell_size(text, width)


class Text:
    """A text in parts, each with a style: words of ``bold``, ``dim``, a colour, or ``default``.

    What a terminal would obey, or would not show, is left out or written as an escape.
    """

    def __init__(self, text: str = "", style: str = "") -> None:
        self._parts: list[tuple[str, str]] = [(_shown(text), style)]

    @property
    def plain(self) -> str:
        """The text without its styles."""
        return "".join(text for text, _ in self._parts)

    def append(self, text: str, style: str = "") -> Text:
        """Add a part; the text itself is returned. Without a style, the part has that of the beginning."""
        self._parts.append((_shown(text), style or self._parts[0][1]))
        return self

    def append_text(self, other: Text) -> Text:
        """Add all parts of another text."""
        self._parts += other._parts
        return self

    def join(self, texts: Iterable[Text]) -> Text:
        """``texts`` with this one between them."""
        joined = Text()
        for number, text in enumerate(texts):
            if number:
                joined.append_text(self)
            joined.append_text(text)
        return joined

    def rstrip(self) -> None:
        """Take the white space off its end."""
        self._keep(len(self.plain.rstrip()))

    def cut(self, width: int) -> None:
        """Make it fit into ``width`` cells of a terminal; what is cut off is an ellipsis."""
        length = len(self.plain)
        if length * (1 if self.plain.isascii() else 2) <= width:  # A character takes two cells at most.
            return
        if cells(self.plain) > width:
            self._keep(len(cut_to(self.plain, max(0, width - 1)).rstrip()))
            self._parts.append(("…", self._parts[-1][1]))

    def _keep(self, length: int) -> None:
        kept = []
        for text, style in self._parts:
            kept.append((text[:length], style))
            length -= len(kept[-1][0])
        self._parts = kept

    def render(self, *, styled: bool) -> str:
        """What is written to a terminal, or (not ``styled``) anywhere else."""
        return "".join(_styled(text, style) if styled else text for text, style in self._parts)


def _styled(text: str, style: str) -> str:
    codes = [_CODES[word] for word in style.split() if word != "default"]
    return f"\033[{';'.join(codes)}m{text}\033[0m" if text and codes else text


class Console:
    """stdout or stderr, as it is when something is printed."""

    def __init__(self, *, stderr: bool) -> None:
        self._stderr = stderr

    @property
    def stream(self) -> IO[str]:
        """Where it writes."""
        return sys.stderr if self._stderr else sys.stdout

    @property
    def is_terminal(self) -> bool:
        """Whether a person watches: then there is something that moves. ``FORCE_COLOR`` and the like mean yes."""
        if os.environ.get("FORCE_COLOR") or os.environ.get("TTY_COMPATIBLE") == "1":
            return True
        return self.stream.isatty()

    @property
    def styled(self) -> bool:
        """Whether to write colours: see https://no-color.org."""
        return self.is_terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") not in ("dumb", "unknown")

    @property
    def width(self) -> int:
        """How many cells a line has. A file or a pipe gets whole lines: whoever reads them there wraps for himself."""
        if not self.stream.isatty():
            return _UNWRAPPED
        if (columns := os.environ.get("COLUMNS", "")).isdigit():
            return int(columns)
        for descriptor in (0, 1, 2):
            try:
                return os.get_terminal_size(descriptor).columns or 80
            except OSError:
                continue
        return 80

    def print(self, text: Text | str = "", style: str = "") -> None:
        """Write it and end the line. The terminal breaks what is too long, so that it can be copied in one."""
        shown = Text(text, style) if isinstance(text, str) else text
        self.stream.write(shown.render(styled=self.styled) + "\n")
        self.stream.flush()


_UNWRAPPED = 10_000
