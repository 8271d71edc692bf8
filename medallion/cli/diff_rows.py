"""The rows of a dataset that differ, cell by cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medallion.cli.console import count
from medallion.cli.diff_columns import MARGIN
from medallion.cli.fit import shorten
from medallion.cli.text import Text, cells
from medallion.cli.value_text import is_number, quoted, short_value, side_by_side
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
_PRIVATE = "(private)"
_SIGNS = {RowStatus.ADDED: ("+", "green"), RowStatus.REMOVED: ("−", "red"), RowStatus.CHANGED: ("~", "yellow")}


def side_name(name: str) -> str:
    """A version as a person calls it; a full hash is cut as Git does it."""
    return name[:7] if len(name) >= 40 and set(name) <= set("0123456789abcdef") else printable(name)


#: What shows the rows that are left out.
MORE = "--limit 0 shows all, --rows FILE.parquet writes them"


def row_lines(diff: Diff, table: TableDiff, width: int, more: str = MORE) -> Iterator[Text]:
    """The sample rows, in lines of at most ``width`` cells, and how many more there are; ``more`` shows them."""
    if table.samples:
        yield from _Rows(diff, table, width).lines()
    left_out = table.more_rows
    if left_out > 0:
        some = f"… {left_out:,} more" if table.samples else f"… {count(left_out, 'row')} in all"
        text = f"{some}; {more}" if more else some
        yield Text(" " * MARGIN + shorten(text, width - MARGIN), style="dim")


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
        widest = [cells(key) for key in self.header]
        wanted = [cells(side) for side in sides]
        names: set[str] = set()
        changed = False
        for row in table.samples:
            for i, text in enumerate(self._joined(self._key(row))):
                widest[i] = max(widest[i], cells(text))
            if row.status is RowStatus.CHANGED:
                for cell in row.cells:
                    changed = True
                    names.add(cell.column)
                    wanted = [max(wide, _wide(cell, i)) for i, wide in enumerate(wanted)]
        most = max(6, width // 2 // max(1, len(self.header)) - _GAP)
        self.widths = [min(most, wide) for wide in widest]
        # After the margin, the sign and a space.
        self.start = MARGIN + 2 + sum(wide + _GAP for wide in self.widths)
        self.width = width
        self.names = min(_WIDEST_NAME, max((cells(printable(name)) for name in names), default=0), width // 4)
        self.names = max(self.names, len("column")) if changed else 0
        room = width - self.start - (self.names + _GAP) - _GAP
        self.values = _shared([min(_WIDEST_VALUE, wide) for wide in wanted], max(2, room))
        self.sides = [shorten(side, wide) for side, wide in zip(sides, self.values, strict=True)]

    def _joined(self, key: Sequence[str]) -> list[str]:
        """A key of many columns is one text."""
        return [", ".join(key)] if self.joined else list(key)

    def _key(self, row: RowChange) -> list[str]:
        return [
            _PRIVATE if private else short_value(value, _WIDEST_VALUE)
            for value, private in zip(row.key, self.private, strict=True)
        ]

    def lines(self) -> Iterator[Text]:
        """A header, a line a cell that changed, and a line for each row that came or went."""
        if self.header or self.names:
            parts = [self._keys(self.header), *(["column".ljust(self.names)] if self.names else [])]
            sides = [side + " " * (wide - cells(side)) for side, wide in zip(self.sides, self.values, strict=True)]
            text = (" " * _GAP).join([*(part for part in parts if part), *(sides if self.names else [])])
            yield Text((" " * (MARGIN + 2) + text).rstrip(), style="dim")
        for row in self.table.samples:
            key = self._keys(self._joined(self._key(row)))
            yield from self._changed(row, key) if row.status is RowStatus.CHANGED else [self._whole(row, key)]

    def _keys(self, key: Sequence[str]) -> str:
        parts = []
        numbers = [False] if self.joined else self.numbers
        for text, wide, right in zip(key, self.widths, numbers, strict=True):
            cut = shorten(text, wide)
            space = " " * (wide - cells(cut))
            parts.append(space + cut if right else cut + space)
        return (" " * _GAP).join(parts)

    def _begin(self, row: RowChange, key: str) -> Text:
        sign, style = _SIGNS[row.status]
        line = Text(" " * MARGIN).append(f"{sign} ", style=style)
        return line.append(key, style=style).append(" " * _GAP) if self.header else line

    def _changed(self, row: RowChange, key: str) -> Iterator[Text]:
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

    def _whole(self, row: RowChange, key: str) -> Text:
        """A row that came or went, with as many of its values as the line holds."""
        line = self._begin(row, key)
        times = f"× {row.count:,}" if row.count > 1 else ""
        room = self.width - self.start - (len(times) + _GAP if times else 0)
        line.append(_values(row, room), style=_SIGNS[row.status][1])
        if times:
            line.append(" " * _GAP + times, style="bold")
        line.rstrip()
        return line


def _values(row: RowChange, room: int) -> str:
    """``status paid · total 12.00 · … 3 more``"""
    texts: list[str] = []
    used = 0
    for i, cell in enumerate(row.cells):
        value = cell.head if row.status is RowStatus.ADDED else cell.base
        name = short_value(cell.column, _WIDEST_NAME)
        text = f"{name} {_PRIVATE if cell.private else short_value(value, 32)}"
        left = len(row.cells) - i
        more = f"… {left:,} more"
        spare = cells(f" · … {left - 1:,} more") if left > 1 else 0
        if used + cells(text) + spare > room:
            texts.append(shorten(text, room) if not texts and spare == 0 else more)
            break
        texts.append(text)
        used += cells(text) + 3
    return shorten(" · ".join(texts), room)


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
        one, other = side_by_side(cell.base, cell.head, max(min(widths), 4))
    return shorten(one, widths[0]), shorten(other, widths[1])
