"""Make a table fit a terminal: cells are shortened, and where that is not enough columns in the middle left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medallion.cli.text import cells, cut_to

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

__all__ = ["fit", "shorten"]

# A column of text is not made narrower than this: less says nothing.
_NARROWEST = 12
_GAP = 2


def shorten(text: str, width: int) -> str:
    """The text in at most ``width`` cells of a terminal; what is cut off is an ellipsis."""
    return text if cells(text) <= width else cut_to(text, width - 1).rstrip() + "…"


def fit(rows: Sequence[Sequence[str]], numbers: Collection[int], room: int) -> tuple[list[str], list[int]]:
    """The rows, whose first is the header, as aligned lines of at most ``room`` cells; and the columns left out.

    The columns in ``numbers`` are flush right and never cut: half a number is another number. One column stays in
    any case.
    """
    widths = [max(cells(row[i]) for row in rows) for i in range(len(rows[0]))]
    least = [width if i in numbers else min(width, _NARROWEST) for i, width in enumerate(widths)]
    kept = _kept(least, room)
    dropped = [i for i in range(len(widths)) if i not in kept]
    lines = _shrunk({i: widths[i] for i in kept}, {i: least[i] for i in kept}, room - (1 + _GAP if dropped else 0))
    gap = next((place for place, i in enumerate(kept) if dropped and i > dropped[0]), len(kept) if dropped else -1)
    return [_line(row, kept, lines, numbers, gap) for row in rows], dropped


def _kept(least: Sequence[int], room: int) -> list[int]:
    """The columns that fit, taken from both ends in turn."""
    if sum(least) + _GAP * (len(least) - 1) <= room:
        return list(range(len(least)))
    left, right = 0, len(least) - 1
    kept = [0]
    used = least[0] + 1 + _GAP  # The ellipsis that stands for what is left out.
    left += 1
    while left <= right:
        i = right if len(kept) % 2 else left
        if used + _GAP + least[i] > room:
            break
        kept.append(i)
        used += _GAP + least[i]
        left, right = (left, right - 1) if i == right else (left + 1, right)
    return sorted(kept)


def _shrunk(widths: dict[int, int], least: dict[int, int], room: int) -> dict[int, int]:
    """Widths that fit: the widest column gives first."""
    widths = dict(widths)
    excess = sum(widths.values()) + _GAP * (len(widths) - 1) - room
    while excess > 0:
        spare = [i for i in widths if widths[i] > least[i]]
        if not spare:
            break
        widest = max(spare, key=lambda i: widths[i])
        widths[widest] -= 1
        excess -= 1
    return widths


def _line(row: Sequence[str], kept: Sequence[int], widths: dict[int, int], numbers: Collection[int], gap: int) -> str:
    parts = []
    for i in kept:
        text = shorten(row[i], widths[i])
        space = " " * (widths[i] - cells(text))
        parts.append(space + text if i in numbers else text + space)
    if gap >= 0:
        parts.insert(gap, "…")
    return (" " * _GAP).join(parts).rstrip()
