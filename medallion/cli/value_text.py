"""Values of data as a person reads them on one line: what a terminal would obey is made visible, never obeyed."""

from __future__ import annotations

from medallion.cli.fit import shorten
from medallion.cli.text import cells
from medallion.printable import printable

__all__ = ["is_number", "quoted", "short_value", "side_by_side"]

# Values of megabytes are compared in pieces of so many characters, not one by one.
_CHUNK = 4096


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


def side_by_side(one: str | None, other: str | None, wide: int) -> tuple[str, str]:
    """Two values in at most ``wide`` cells each, so cut that their first difference is still seen."""
    if len(one or "") <= wide and len(other or "") <= wide:
        first, second = quoted(one), quoted(other)
        if first != second and cells(first) <= wide and cells(second) <= wide:
            return first, second
    same = _common(one or "", other or "")
    start = max(0, same - 2 * wide) if one is not None and other is not None else 0
    if start:
        one, other = "…" + (one or "")[start:], "…" + (other or "")[start:]
    end = 12 * wide
    first, second = (quoted(value if value is None or len(value) <= end else value[:end]) for value in (one, other))
    if first == second and one != other:  # A line end beside a backslash and an n.
        first, second = (quoted(value and value.replace("\\", "\\\\")) for value in (one, other))
    return _around(first, second, wide)


def _common(one: str, other: str) -> int:
    """How many characters both begin with."""
    length = min(len(one), len(other))
    start = 0
    while start < length and one[start : start + _CHUNK] == other[start : start + _CHUNK]:
        start += _CHUNK
    end = min(start + _CHUNK, length)
    return next((i for i in range(start, end) if one[i] != other[i]), length)


def _around(one: str, other: str, wide: int) -> tuple[str, str]:
    same = _common(one, other)
    if max(cells(one), cells(other)) <= wide or same < wide // 2 or one == other:
        return shorten(one, wide), shorten(other, wide)
    start = max(0, same - wide // 4)
    return f"…{shorten(one[start:], wide - 1)}", f"…{shorten(other[start:], wide - 1)}"


def is_number(kind: str) -> bool:
    """Whether a type of DuckDB is one of numbers."""
    return kind.startswith(("DECIMAL", "DOUBLE", "FLOAT")) or kind.endswith("INT") or kind == "INTEGER"
