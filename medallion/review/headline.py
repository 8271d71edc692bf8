"""What a person wants to know first about a dataset's difference, in words that every report uses. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medallion.diff.value import ColumnStatus, KeyOrigin, RowStatus, Status
from medallion.review.escape import has_right_to_left
from medallion.review.figures import amount, counted, share

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from medallion.diff.value import ColumnDiff, Key, Pattern, Rows, TableDiff
    from medallion.names import TableName
    from medallion.review.value import CheckCount, Review

__all__ = [
    "SIGNS",
    "by_importance",
    "cells_changed",
    "changed_columns",
    "changed_names",
    "checks_in_words",
    "headline",
    "is_private",
    "key_in_words",
    "nulls_in_words",
    "row_remarks",
    "schema_words",
    "short_schema",
]

#: The sign of what became of a row; each is a character that no type face confuses with another.
SIGNS = {RowStatus.ADDED: "+", RowStatus.REMOVED: "−", RowStatus.CHANGED: "~"}

_ORIGINS = {
    KeyOrigin.DECLARED: "declared",
    KeyOrigin.UNIQUE: "from a unique check",
    KeyOrigin.INFERRED: "inferred",
    KeyOrigin.NONE: "none",
}
_SHORT = 30
# From here on, a column's status says that its data changed and not what it is.
_OF_DATA = list(ColumnStatus).index(ColumnStatus.CHANGED)


def changed_names(review: Review) -> frozenset[str]:
    """The names of datasets that differ, or whose model does."""
    names: list[TableName] = [table.name for table in review.diff.differing]
    return frozenset(map(str, [*names, *(model.name for model in review.models)]))


def checks_in_words(count: CheckCount) -> tuple[str, str]:
    """How checks came out: what a reader has to look at ("" for nothing), and the rest. A warning is no failure.

    ``("1 of 9 did not pass", "")``, ``("", "8 passed, 1 warning")``
    """
    failed = count.checks - count.passed - count.warnings
    rest = [counted(count.warnings, "warning")] if count.warnings else []
    if failed:
        return f"{failed:,} of {count.checks:,} did not pass", "".join(rest)
    return "", ", ".join([f"{count.passed:,} passed", *rest])


def _is_told(column: ColumnDiff) -> bool:
    """Whether there is something to tell; without a key that is where the values as a whole are others."""
    if (
        column.status not in (ColumnStatus.EQUAL, ColumnStatus.UNKNOWN)
        or column.changed
        or column.within_tolerance
        or column.unpaired
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


def by_importance(tables: Sequence[TableDiff], first: Collection[TableName] = ()) -> tuple[int, ...]:
    """Places of the datasets, the most important one first.

    Those named ``first``, then what cannot be compared, what is gone, whose schema changed, and by the share of rows
    that differ.
    """

    def weight(place: int) -> tuple[bool, bool, bool, bool, float]:
        table = tables[place]
        share = table.differing_rows / max(1, table.rows.base) if table.rows else 0.0
        status = table.status
        return (
            table.name not in first,
            status is not Status.UNAVAILABLE,
            status is not Status.REMOVED,
            not table.schema_changed,
            -share,
        )

    return tuple(sorted(range(len(tables)), key=weight))


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


def cells_changed(column: ColumnDiff) -> str:
    """In how many rows it changed: ``3``, or ``≥ 3`` where rows were compared without a key; "" for none."""
    if column.changed is None:
        return f"≥ {column.unpaired:,}" if column.unpaired else ""
    return amount(column.changed)


def nulls_in_words(column: ColumnDiff, rows: Rows | None) -> str:
    """``+3 −1`` where NULLs came and went in rows of both sides, ``3 → 5`` of all rows without a key.

    ``98 % NULL`` for a column on one side only.
    """
    if column.status in (ColumnStatus.ADDED, ColumnStatus.REMOVED):
        added = column.status is ColumnStatus.ADDED
        statistics = column.head_statistics if added else column.base_statistics
        if statistics is None or rows is None:
            return ""
        told = share(statistics.nulls, rows.head if added else rows.base)
        return f"{told} NULL" if told else ""
    base, head = column.base_statistics, column.head_statistics
    if column.changed is None and base is not None and head is not None and base.nulls != head.nulls:
        return f"{base.nulls:,} → {head.nulls:,}"
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


def is_private(table: TableDiff, column: str) -> bool:
    """Whether the values of this column are not told."""
    found = table.column(column)
    return found is not None and found.private


def key_in_words(key: Key) -> str:
    """Where the key comes from: ``declared: @key``, or why there is none."""
    word = _ORIGINS[key.origin]
    return f"{word}: {key.why}" if key.why else word


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


def headline(table: TableDiff) -> tuple[tuple[str, str], ...]:
    """The most telling change, as parts of a sentence: plain words, each with the data that follows it ("" for none).

    ``("", "status"), (" changed in 516 rows, mostly ", "paid"), (" → ", "refunded")``
    """
    if table.status is Status.UNAVAILABLE:
        return (("could not be compared", ""),)
    if table.status in (Status.ADDED, Status.REMOVED):
        rows = (table.rows.head if table.status is Status.ADDED else table.rows.base) if table.rows else None
        word = "new" if table.status is Status.ADDED else "removed"
        return ((word if rows is None else f"{word}, {counted(rows, 'row')}", ""),)
    cells = [column for column in table.columns if column.changed]
    if cells:
        return tuple(_cells_headline(cells))
    return ((_rows_headline(table), ""),)


def _cells_headline(cells: Sequence[ColumnDiff]) -> Iterator[tuple[str, str]]:
    column = max(cells, key=lambda c: c.changed or 0)
    changed = column.changed or 0
    yield "", column.name
    words = f" changed in {counted(changed, 'row')}"
    if pattern := _telling(column.patterns, changed):
        how = ":" if changed == 1 else ", all" if pattern.count == changed else ", mostly"
        yield f"{words}{how} {_bare(pattern.base)}", pattern.base or ""
        yield f" → {_bare(pattern.head)}", pattern.head or ""
        words = ""
    if len(cells) > 1:
        words += f"; {counted(len(cells) - 1, 'more column')}"
    if words:
        yield words, ""


def _bare(value: str | None) -> str:
    return "NULL" if value is None else "" if value else "(empty)"


def _telling(patterns: Iterable[Pattern], changed: int) -> Pattern | None:
    """The change that most of a column's cells share, where it is short and reads in one direction."""
    first = next(iter(patterns), None)
    if first is None or first.count * 2 <= changed:
        return None
    texts = [text for text in (first.base, first.head) if text is not None]
    if any(len(text) > _SHORT or has_right_to_left(text) for text in texts):
        return None
    return first


def _rows_headline(table: TableDiff) -> str:
    parts = []
    if table.rows:
        parts += [f"{counted(table.rows.added, 'row')} added"] if table.rows.added else []
        parts += [f"{counted(table.rows.removed, 'row')} removed"] if table.rows.removed else []
        parts += [f"{counted(table.rows.changed, 'row')} changed"] if table.rows.changed else []
    if table.schema_changed:
        parts.append("columns changed")
    return ", ".join(parts) or "same rows, other files"
