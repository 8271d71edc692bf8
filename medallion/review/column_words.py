"""What became of a dataset's columns, in words that every report uses. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medallion.diff.value import ColumnStatus
from medallion.review.figures import amount, number, share

if TYPE_CHECKING:
    from collections.abc import Iterator

    from medallion.diff.value import ColumnDiff, Rows, TableDiff

__all__ = [
    "cells_in_words",
    "changed_columns",
    "nulls_in_words",
    "schema_words",
    "short_schema",
    "statistics_words",
    "with_patterns",
]

# From here on, a column's status says that its data changed and not what it is.
_OF_DATA = list(ColumnStatus).index(ColumnStatus.CHANGED)


def _is_told(column: ColumnDiff) -> bool:
    """Whether there is something to tell; without a key that is where the values as a whole are others."""
    if (
        column.status not in (ColumnStatus.EQUAL, ColumnStatus.UNKNOWN)
        or column.changed
        or column.retyped
        or column.moved
    ):
        return True
    spread = column.histogram is not None and column.histogram.base != column.histogram.head
    return column.changed is None and (column.base_statistics != column.head_statistics or spread)


def changed_columns(table: TableDiff) -> tuple[ColumnDiff, ...]:
    """The columns with something to tell: changes of the schema first, then those with the most changed cells."""
    told = [c for c in table.columns if _is_told(c)]
    order = list(ColumnStatus)
    return tuple(sorted(told, key=lambda c: (order.index(c.status) >= _OF_DATA, -(c.changed or 0))))


def with_patterns(table: TableDiff, most: int) -> tuple[ColumnDiff, ...]:
    """Those of the first ``most`` changed columns of which it may be told how cells changed."""
    return tuple(column for column in changed_columns(table)[:most] if column.patterns and not column.private)


def schema_words(column: ColumnDiff) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What became of a column itself, as a word and the data that goes with it: names or types, in order."""
    if column.status is ColumnStatus.ADDED:
        yield "new", (column.head_type,)
    elif column.status is ColumnStatus.REMOVED:
        yield "removed", (column.base_type,)
    if column.renamed:
        yield "renamed (detected)", (column.base_name, column.name)
    if column.retyped:
        yield "type", (column.base_type, column.head_type)
    if column.moved or column.status is ColumnStatus.MOVED:
        yield "moved", ()
    if column.base_type and column.head_type and column.base_nullable != column.head_nullable:
        yield "holds NULLs now" if column.head_nullable else "holds no NULLs any more", ()


def nulls_in_words(column: ColumnDiff, rows: Rows | None) -> str:
    """``+3 −1`` where NULLs came and went in rows of both sides; ``98 % NULL`` for a column on one side only."""
    if column.status in (ColumnStatus.ADDED, ColumnStatus.REMOVED):
        added = column.status is ColumnStatus.ADDED
        statistics = column.head_statistics if added else column.base_statistics
        if statistics is None or rows is None:
            return ""
        told = share(statistics.nulls, rows.head if added else rows.base)
        return f"{told} NULL" if told else ""
    counts = (("+", column.nulls_gained), ("−", column.nulls_lost))
    return " ".join(f"{sign}{count:,}" for sign, count in counts if count)


def short_schema(table: TableDiff) -> Iterator[tuple[str, str]]:
    """Each change of the schema as a sign or word and the column: ``+ note``, ``− total``, ``renamed id``."""
    words = {ColumnStatus.ADDED: "+", ColumnStatus.REMOVED: "−", ColumnStatus.RENAMED: "renamed"}
    for column in table.columns:
        if column.status in words:
            yield words[column.status], column.name
        elif column.retyped:
            yield "type of", column.name
        elif column.moved or column.status is ColumnStatus.MOVED:
            yield "moved", column.name


def cells_in_words(table: TableDiff, column: ColumnDiff) -> tuple[str, str]:
    """How many cells changed, and the share of the others; "" for both without a key."""
    if column.changed is None:
        return "", ""
    return amount(column.changed), share(table.matched_rows - column.changed, table.matched_rows)


def statistics_words(column: ColumnDiff) -> Iterator[tuple[str, str | None, str | None]]:
    """What is not as it was over all rows: a word, then what it was and is.

    Of the ``mean`` these are numbers in words, of the others values of the data.
    """
    base, head = column.base_statistics, column.head_statistics
    if column.private or base is None or head is None:
        return
    if base.mean is not None and head.mean is not None and base.mean != head.mean:
        yield "mean", number(base.mean, head.mean), number(head.mean, base.mean)
    for word, old, new in (("least", base.least, head.least), ("greatest", base.greatest, head.greatest)):
        if old != new:
            yield word, old, new
