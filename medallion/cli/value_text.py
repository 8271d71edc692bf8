"""Values of data as a person reads them on one line: what a terminal would obey is made visible, never obeyed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medallion.cli.fit import shorten
from medallion.cli.text import cells, cut_to
from medallion.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["is_number", "quoted", "short_value", "side_by_side", "told_apart"]

# Values of megabytes are compared in pieces of so many characters, not one by one.
_CHUNK = 4096
# The character in which two values differ takes two cells at most, and what is cut off behind it one.
_END = 3
# In less room than this nothing is told apart.
_LEAST = 12


def quoted(value: str | None) -> str:
    """A value on one line; a text that could be taken for NULL, or for blanks, is in quotes."""
    if value is None:
        return "NULL"
    text = printable(value)
    return f"'{text}'" if text in ("", "NULL") or text != text.strip() else text


def short_value(value: str | None, wide: int) -> str:
    """The same in at most ``wide`` cells."""
    # A value of megabytes is not gone through for the few characters that are seen.
    return shorten(quoted(value if value is None or len(value) <= 8 * wide else value[: 8 * wide] + "…"), wide)


def side_by_side(one: str | None, other: str | None, wide: int, other_wide: int = 0) -> tuple[str, str]:
    """Two values in at most ``wide`` cells each, so cut that their first difference is still seen.

    The second has ``other_wide`` cells, where that is given. Where there are four cells or more, two values that differ
    never look the same.
    """
    wides = wide, other_wide or wide
    longest = max(wides)
    if len(one or "") <= longest and len(other or "") <= longest:
        first, second = quoted(one), quoted(other)
        if first != second and cells(first) <= wides[0] and cells(second) <= wides[1]:
            return first, second
    same = _common(one or "", other or "")
    start = max(0, same - 2 * longest) if one is not None and other is not None else 0
    if start:
        one, other = "…" + (one or "")[start:], "…" + (other or "")[start:]
    end = 12 * longest
    first, second = (quoted(value if value is None or len(value) <= end else value[:end]) for value in (one, other))
    if first == second and one != other:  # A line end beside a backslash and an n.
        first, second = (quoted(value and value.replace("\\", "\\\\")) for value in (one, other))
    return _around(first, second, wides)


def told_apart(texts: Iterable[str], wide: int) -> dict[str, str]:
    """Each of the texts in at most ``wide`` cells; those that would look the same are cut in their middle, too.

    What is left out is always the one sign, and what comes after it is where they begin to differ.
    """
    return {text: shown for group in _alike(texts, wide, 0) for text, shown in group.items()}


def _alike(texts: Iterable[str], wide: int, start: int) -> Iterator[dict[str, str]]:
    """The texts as they look without what lies between their beginnings and ``start``."""
    head = wide // 3
    groups: dict[str, list[str]] = {}
    for text in dict.fromkeys(texts):
        shown = shorten(text, wide)
        if start > head and cells(text) > wide:
            begin = cut_to(text, head).rstrip()
            shown = f"{begin}…{shorten(text[start:], wide - cells(begin) - 1)}"
        groups.setdefault(shown, []).append(text)
    for shown, group in groups.items():
        same = _common(min(group), max(group))
        if len(group) == 1 or wide < _LEAST or same < start:
            yield dict.fromkeys(group, shown)
        else:
            yield from _alike(group, wide, max(start + 1, same - wide // 6))


def _common(one: str, other: str) -> int:
    """How many characters both begin with."""
    length = min(len(one), len(other))
    start = 0
    while start < length and one[start : start + _CHUNK] == other[start : start + _CHUNK]:
        start += _CHUNK
    end = min(start + _CHUNK, length)
    return next((i for i in range(start, end) if one[i] != other[i]), length)


def _around(one: str, other: str, wides: tuple[int, int]) -> tuple[str, str]:
    if one == other or (cells(one) <= wides[0] and cells(other) <= wides[1]):
        return shorten(one, wides[0]), shorten(other, wides[1])
    same, wide = _common(one, other), min(wides)
    if same < wide // 2 and cells(one[:same]) + _END <= wide:
        return shorten(one, wides[0]), shorten(other, wides[1])
    before = one[max(0, same - wide // 4) : same]
    if 1 + cells(before) + _END > wide:
        before = ""
    start = same - len(before)
    return f"…{shorten(one[start:], wides[0] - 1)}", f"…{shorten(other[start:], wides[1] - 1)}"


def is_number(kind: str) -> bool:
    """Whether a type of DuckDB is one of numbers."""
    return kind.startswith(("DECIMAL", "DOUBLE", "FLOAT")) or kind.endswith("INT") or kind == "INTEGER"
