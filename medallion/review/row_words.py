"""What every report tells of the rows that differ. Pure."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from medallion.diff.value import RowStatus
from medallion.review.figures import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from medallion.diff.value import Cell, RowChange, TableDiff

__all__ = ["SIGNS", "first_cells", "key_cells", "left_out", "row_remarks"]

#: The sign of what became of a row; each is a character that no type face confuses with another.
SIGNS = {RowStatus.ADDED: "+", RowStatus.REMOVED: "−", RowStatus.CHANGED: "~"}


def key_cells(table: TableDiff, row: RowChange) -> Iterator[tuple[str, str | None, bool]]:
    """The columns of the key with their values in a row, and whether a value is private: then it is not told."""
    for name, value in zip(table.key.columns, row.key, strict=False):
        column = table.column(name)
        yield name, value, column is not None and column.private


def first_cells(row: RowChange, most: int) -> tuple[tuple[Cell, ...], str]:
    """The first cells of a row, and in words how many more columns there are; "" for none."""
    more = len(row.cells) - most
    return row.cells[:most], counted(more, "more column") if more > 0 else ""


def left_out(table: TableDiff, most: int) -> int:
    """How many rows differ beside the first ``most`` samples."""
    return table.more_rows + sum(row.count for row in islice(table.samples, most, None))


def row_remarks(table: TableDiff) -> Iterator[str]:
    """What a reader must know of NULL and duplicate keys, a sentence each."""
    if table.rows is None:
        return
    for what, (base, head) in (
        ("a NULL in the key", table.rows.null_keys),
        ("a key that stands elsewhere as well", table.rows.duplicate_keys),
    ):
        if base or head:
            yield f"{base:,} → {head:,} rows have {what}"
