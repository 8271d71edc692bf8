"""The rows of a dataset that differ, cell by cell."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from medallion.cli.console import count
from medallion.cli.diff_columns import MARGIN
from medallion.cli.fit import shorten
from medallion.cli.text import Text, cells
from medallion.cli.value_text import is_number, quoted, short_value, side_by_side, told_apart
from medallion.diff.value import RowStatus
from medallion.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from medallion.diff.value import Cell, Diff, RowChange, TableDiff

__all__ = ["MORE", "row_lines", "side_name"]

_GAP = 2
_MOST_CELLS = 12
_MOST_KEYS = 4
_WIDEST_NAME = 24
_WIDEST_VALUE = 60
# A value of a row that came or went.
_WHOLE = 32
# Values that are cut are told apart among so many rows.
_TOLD_APART = 1000
# The values of a cell have so much room at least, where the key can give it.
_NARROWEST = 8
_PRIVATE = "(private)"
_SIGNS = {RowStatus.ADDED: ("+", "green"), RowStatus.REMOVED: ("−", "red"), RowStatus.CHANGED: ("~", "yellow")}


def side_name(name: str) -> str:
    """A version as a person calls it; a full hash is cut as Git does it."""
    return name[:7] if len(name) >= 40 and set(name) <= set("0123456789abcdef") else printable(name)


#: What shows the rows that are left out.
MORE = "--limit 0 shows all, --rows FILE.parquet writes them"


def row_lines(diff: Diff, table: TableDiff, width: int, more: str = MORE) -> Iterator[Text]:
    """The sample rows, in lines of at most ``width`` cells, and how many more there are; ``more`` shows them."""
    left_out = table.more_rows
    if table.samples:
        if left_out > 0:
            yield _sample(table, width)
        yield from _Rows(diff, table, width).lines()
    if left_out > 0:
        some = f"… {left_out:,} more" if table.samples else f"… {count(left_out, 'row')} in all"
        text = f"{some}; {more}" if more else some
        yield Text(" " * MARGIN + shorten(text, width - MARGIN), style="dim")


def _sample(table: TableDiff, width: int) -> Text:
    """That the rows are the first of more."""
    shown, kinds = sum(row.count for row in table.samples), {row.status for row in table.samples}
    rows = f"{shown:,} of {count(table.differing_rows, 'row')} that differ"
    text = f"{rows}, the first of each kind:" if len(kinds) > 1 else f"the first {rows}:"
    return Text(" " * MARGIN + shorten(text, width - MARGIN), style="dim")


def _ended(table: TableDiff) -> set[int]:
    """The places of samples that are the last of their kind though there are more: what follows is no neighbour."""
    rows = table.rows
    if rows is None or table.more_rows <= 0:
        return set()
    left = {RowStatus.ADDED: rows.added, RowStatus.REMOVED: rows.removed, RowStatus.CHANGED: rows.changed or 0}
    last = {}
    for place, row in enumerate(table.samples):
        left[row.status] -= row.count
        last[row.status] = place
    return {place for status, place in last.items() if left[status] > 0} - {len(table.samples) - 1}


class _Rows:
    """The sample rows of a dataset, and how wide each part of their lines is."""

    def __init__(self, diff: Diff, table: TableDiff, width: int) -> None:
        self.table = table
        keys = [table.column(name) for name in table.key.columns]
        self.private = [bool(column and column.private) for column in keys]
        self.numbers = [bool(column and is_number(column.head_type or column.base_type)) for column in keys]
        self.joined = len(table.key.columns) > _MOST_KEYS
        self.header = self._joined([printable(name) for name in table.key.columns])
        # Gone through once for the widths, and once for the lines: all rows may be too many to keep.
        sides = [side_name(diff.base.short), side_name(diff.head.short)]
        widest, wanted = [cells(key) for key in self.header], [cells(side) for side in sides]
        names: set[str] = set()
        changed = False
        for row in table.samples:
            for i, text in enumerate(self._joined(self._key(row))):
                widest[i] = max(widest[i], cells(text))
            for cell in row.cells if row.status is RowStatus.CHANGED else ():
                changed = True
                names.add(cell.column)
                wanted = [max(wide, _wide(cell, i)) for i, wide in enumerate(wanted)]
        wanted = [min(_WIDEST_VALUE, wide) for wide in wanted]
        most = max(6, width // 2 // max(1, len(self.header)) - _GAP)
        self.widths = [min(most, wide) for wide in widest]
        # After the margin, the sign and a space.
        self.start = MARGIN + 2 + sum(wide + _GAP for wide in self.widths)
        self.width = width
        self.names = min(_WIDEST_NAME, max((cells(printable(name)) for name in names), default=0), width // 4)
        self.names = max(self.names, len("column")) if changed else 0
        room = width - self.start - (self.names + _GAP) - _GAP if changed else 2
        # The key gives where too little would be left of the values.
        while room < sum(min(_NARROWEST, wide) for wide in wanted) and max(self.widths, default=0) > _NARROWEST:
            self.widths[self.widths.index(max(self.widths))] -= 1
            room, self.start = room + 1, self.start - 1
        self.values = _shared(wanted, max(2, room))
        self.sides = [shorten(side, wide) for side, wide in zip(sides, self.values, strict=True)]
        first = list(islice(table.samples, _TOLD_APART))
        keys_shown = zip(*(self._joined(self._key(row)) for row in first), strict=True)
        self.shown_keys = [told_apart(column, wide) for column, wide in zip(keys_shown, self.widths, strict=False)]
        self.shown = _whole_values(first)

    def _joined(self, key: Sequence[str]) -> list[str]:
        """A key of many columns is one text."""
        return [", ".join(key)] if self.joined else list(key)

    def _key(self, row: RowChange) -> list[str]:
        return [_PRIVATE if private else quoted(value) for value, private in zip(row.key, self.private, strict=True)]

    def lines(self) -> Iterator[Text]:
        """A header, a line a cell that changed, a line for each row that came or went; and marks where rows may lie."""
        if self.header or self.names:
            parts = [self._keys(self.header), *(["column".ljust(self.names)] if self.names else [])]
            sides = [side + " " * (wide - cells(side)) for side, wide in zip(self.sides, self.values, strict=True)]
            text = (" " * _GAP).join([*(part for part in parts if part), *(sides if self.names else [])])
            yield Text((" " * (MARGIN + 2) + text).rstrip(), style="dim")
        ended = _ended(self.table)
        for place, row in enumerate(self.table.samples):
            key = self._joined(self._key(row))
            yield from self._changed(row, key) if row.status is RowStatus.CHANGED else [self._whole(row, key)]
            if place in ended:
                yield Text(" " * MARGIN + "…", style="dim")

    def _keys(self, key: Sequence[str]) -> str:
        parts = []
        numbers = [False] if self.joined else self.numbers
        for i, (text, wide, right) in enumerate(zip(key, self.widths, numbers, strict=True)):
            cut = self.shown_keys[i].get(text) or shorten(text, wide)
            space = " " * (wide - cells(cut))
            parts.append(space + cut if right else cut + space)
        return (" " * _GAP).join(parts)

    def _begin(self, row: RowChange, key: Sequence[str]) -> Text:
        sign, style = _SIGNS[row.status]
        line = Text(" " * MARGIN).append(f"{sign} ", style=style)
        return line.append(self._keys(key), style=style).append(" " * _GAP) if key else line

    def _changed(self, row: RowChange, key: Sequence[str]) -> Iterator[Text]:
        shown = row.cells[:_MOST_CELLS]
        for cell in shown:
            name = shorten(printable(cell.column), self.names)
            one, other = _texts(cell, self.values)
            line = self._begin(row, key).append(name + " " * (self.names - cells(name) + _GAP))
            line.append(one, style="red").append(" " * (self.values[0] - cells(one) + _GAP))
            yield line.append(other, style="green")
        if len(row.cells) > len(shown):
            more = f"… {count(len(row.cells) - len(shown), 'more cell')} of this row"
            yield self._begin(row, key).append(shorten(more, self.width - self.start), style="dim")
        elif not row.cells:
            yield self._begin(row, key)

    def _whole(self, row: RowChange, key: Sequence[str]) -> Text:
        """A row that came or went, with as many of its values as the line holds."""
        line = self._begin(row, key)
        times = f"× {row.count:,}" if row.count > 1 else ""
        room = self.width - self.start - (len(times) + _GAP if times else 0)
        line.append(self._values(row, room), style=_SIGNS[row.status][1])
        if times:
            line.append(" " * _GAP + times, style="bold")
        line.rstrip()
        return line

    def _values(self, row: RowChange, room: int) -> str:
        """``status paid · total 12.00 · … 3 more``"""
        texts: list[str] = []
        used = 0
        for i, cell in enumerate(row.cells):
            name = short_value(cell.column, _WIDEST_NAME)
            value = quoted(_whole_value(row, cell))
            shown = self.shown.get((cell.column, value)) or shorten(value, _WHOLE)
            text = f"{name} {_PRIVATE if cell.private else shown}"
            left = len(row.cells) - i
            more = f"… {left:,} more"
            spare = cells(f" · … {left - 1:,} more") if left > 1 else 0
            if used + cells(text) + spare > room:
                texts.append(shorten(text, room) if not texts and spare == 0 else more)
                break
            texts.append(text)
            used += cells(text) + 3
        return shorten(" · ".join(texts), room)


def _whole_value(row: RowChange, cell: Cell) -> str | None:
    return cell.head if row.status is RowStatus.ADDED else cell.base


def _whole_values(rows: Sequence[RowChange]) -> dict[tuple[str, str], str]:
    """How each value of the rows that came or went is shown, by its column and its text."""
    texts: dict[str, list[str]] = {}
    for row in rows:
        for cell in row.cells if row.status is not RowStatus.CHANGED else ():
            texts.setdefault(cell.column, []).append(quoted(_whole_value(row, cell)))
    return {
        (column, text): shown for column, found in texts.items() for text, shown in told_apart(found, _WHOLE).items()
    }


def _wide(cell: Cell, side: int) -> int:
    if cell.private:
        return len(_PRIVATE)
    value = cell.head if side else cell.base
    return cells(quoted(value)) if value is None or len(value) <= _WIDEST_VALUE else _WIDEST_VALUE


def _shared(wanted: Sequence[int], room: int) -> list[int]:
    """Two widths in ``room``: what one does not need is the other's."""
    one, other = wanted
    half = room // 2
    if one + other <= room:
        return [one, other]
    if one <= half:
        return [one, room - one]
    return [room - other, other] if other <= room - half else [half, room - half]


def _texts(cell: Cell, widths: Sequence[int]) -> tuple[str, str]:
    if cell.private:
        return shorten(_PRIVATE, widths[0]), shorten(_PRIVATE, widths[1])
    # Both begin at the same place of the value, so that they can be held against each other.
    one, other = quoted(cell.base), quoted(cell.head)
    if cells(one) > widths[0] or cells(other) > widths[1] or one == other:
        one, other = side_by_side(cell.base, cell.head, widths[0], widths[1])
    return shorten(one, widths[0]), shorten(other, widths[1])
