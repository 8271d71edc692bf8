"""Rows that differ, more than memory should hold, in a temporary file until they are read."""

from __future__ import annotations

import marshal
import os
import tempfile
import weakref
from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, overload

from medallion.diff.value import Cell, RowChange, RowStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["SpooledRows", "kept"]

# So many rows are in memory at once.
_BLOCK = 1000
_STATUSES = {str(status): status for status in RowStatus}


def kept(rows: Iterable[RowChange]) -> Sequence[RowChange]:
    """The rows as a tuple, or where they are many in a file, which goes with the value."""
    rows = iter(rows)
    first = tuple(islice(rows, _BLOCK))
    following = tuple(islice(rows, _BLOCK))
    return SpooledRows((first, following), rows) if following else first


class SpooledRows(Sequence[RowChange]):
    """A sequence of rows that is read from its file each time that somebody goes through it."""

    def __init__(self, blocks: Iterable[Sequence[RowChange]], rows: Iterator[RowChange]) -> None:
        """Keep what is in the blocks, and the rest of ``rows``."""
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - it is open as long as the value is there
        weakref.finalize(self, self._file.close)
        self._places: list[tuple[int, int]] = []
        self._rows = 0
        for block in blocks:
            self._add(block)
        while block := tuple(islice(rows, _BLOCK)):
            self._add(block)

    def _add(self, block: Sequence[RowChange]) -> None:
        data = marshal.dumps([_plain(row) for row in block])
        self._places.append((self._file.seek(0, os.SEEK_END), len(data)))
        self._file.write(data)
        self._rows += len(block)

    def _block(self, number: int) -> list[RowChange]:
        start, length = self._places[number]
        self._file.seek(start)
        return [_row(plain) for plain in marshal.loads(self._file.read(length))]  # noqa: S302 - it was written above

    def __len__(self) -> int:
        return self._rows

    def __iter__(self) -> Iterator[RowChange]:
        for number in range(len(self._places)):
            yield from self._block(number)

    @overload
    def __getitem__(self, place: int) -> RowChange: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[RowChange]: ...
    def __getitem__(self, place: int | slice) -> RowChange | Sequence[RowChange]:
        chosen = range(self._rows)[place]
        if isinstance(chosen, int):
            return self._block(chosen // _BLOCK)[chosen % _BLOCK]
        if chosen.step == 1:
            return tuple(islice(self, chosen.start, chosen.stop))
        return tuple(self[i] for i in chosen)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, (SpooledRows, tuple)):
            return NotImplemented
        return len(self) == len(other) and all(one == two for one, two in zip(self, other, strict=True))

    def __hash__(self) -> int:
        return hash((self._rows, self[0], self[-1]))


def _plain(row: RowChange) -> tuple[Any, ...]:
    cells = [(cell.column, cell.base, cell.head, cell.private) for cell in row.cells]
    return str(row.status), row.key, cells, row.count


def _row(plain: tuple[Any, ...]) -> RowChange:
    status, key, cells, count = plain
    return RowChange(_STATUSES[status], key, tuple(Cell(*cell) for cell in cells), count)
