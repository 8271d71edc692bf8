"""What of a review may be shown where its rows may not: the same value with no trace of a single row. Pure.

Left are counts, changes that were seen in at least five rows, and means and histograms over at least five values; means
of both versions only where at least five values lie between them. Histograms lose their edges, of which the outer ones
are values. What a message quotes of the data is cut out of it. A review that was made without samples has no such
messages to begin with.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from medallion.diff.private_names import with_labels
from medallion.privacy import without_names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from medallion.diff.value import ColumnDiff, Rows, Statistics, TableDiff
    from medallion.names import TableName
    from medallion.review.value import Review

__all__ = ["FEWEST", "shareable", "withheld_rows", "without_private_names", "without_rows"]

#: In how many rows a change must have been seen to be told.
FEWEST = 5

_LEFT_OUT = "(left out: samples are off)"


def shareable(review: Review) -> Review:
    """The review as it may be shown: itself where it has ``samples``, else without single rows."""
    if review.samples:
        return review
    diff = review.diff
    return replace(
        review,
        diff=replace(diff, datasets=tuple(without_rows(table) for table in diff.datasets)),
        checks=tuple(replace(c, message=_without(c.message, c.quotes), quotes="") for c in review.checks),
        attributions=tuple(replace(a, note=_without(a.note, a.quotes), quotes="") for a in review.attributions),
    )


def _without(text: str, quotes: str) -> str:
    """A message without what it quotes."""
    return text.replace(quotes, _LEFT_OUT) if quotes else text


def withheld_rows(review: Review, shown: int) -> int:
    """How many sample rows are not shown because samples are off, of ``shown`` a dataset."""
    return 0 if review.samples else sum(min(shown, table.differing_rows) for table in review.diff.datasets)


def without_rows(table: TableDiff) -> TableDiff:
    """The dataset's difference without sample rows, rare changes, least and greatest values, and quoted ones."""
    return replace(
        table,
        samples=(),
        columns=tuple(_without_values(column, table.rows) for column in table.columns),
        error=_without(table.error, table.quotes),
        quotes="",
    )


def _without_values(column: ColumnDiff, rows: Rows | None) -> ColumnDiff:
    told = tuple(pattern for pattern in column.patterns if pattern.count >= FEWEST)
    rare = [pattern.count for pattern in column.patterns if pattern.count < FEWEST]
    enough = rows is not None and _has_many_values(column, rows)
    means = enough and not _tells_a_row(column, rows)
    histogram = column.histogram
    return replace(
        column,
        patterns=told,
        other_changes=column.other_changes + sum(rare),
        other_patterns=column.other_patterns + len(rare),
        base_statistics=_without_extremes(column.base_statistics, mean=means),
        head_statistics=_without_extremes(column.head_statistics, mean=means),
        histogram=replace(histogram, labels=(), edges=()) if histogram and enough else None,
    )


def _has_many_values(column: ColumnDiff, rows: Rows) -> bool:
    """Whether each side that has values of it at all has at least so many."""
    sides = ((column.base_statistics, rows.base), (column.head_statistics, rows.head))
    values = [count - (statistics.nulls if statistics else 0) for statistics, count in sides]
    return max(values) > 0 and all(count == 0 or count >= FEWEST for count in values)


def _tells_a_row(column: ColumnDiff, rows: Rows | None) -> bool:
    """Whether what lies between two means may be the values of fewer rows than can be told.

    Of rows that came or went as many may hold NULL as there are NULLs; and one that came may be one that went, changed.
    """
    base, head = column.base_statistics, column.head_statistics
    if rows is None or base is None or head is None or base.mean == head.mean:
        return False
    came, went = max(0, rows.added - head.nulls), max(0, rows.removed - base.nulls)
    return (column.changed or 0) + max(came, went) < FEWEST


def _without_extremes(statistics: Statistics | None, *, mean: bool) -> Statistics | None:
    if statistics is None:
        return None
    return replace(statistics, least=None, greatest=None, mean=statistics.mean if mean else None)


def without_private_names(review: Review, labels: Mapping[TableName, Mapping[str, str]]) -> Review:
    """The review without the names of columns that are private values.

    ``labels`` is what stands for them, by dataset and by the name in lower case.
    """
    if not any(labels.values()):
        return review

    def told(name: TableName | None, text: str) -> str:
        return without_names(text, labels.get(name, {})) if name else text

    # Why a model cannot be built may name a column of what it reads.
    every = {name: label for of_one in labels.values() for name, label in of_one.items()}
    return replace(
        review,
        stale=tuple(replace(s, reason=without_names(s.reason, every)) for s in review.stale),
        diff=replace(
            review.diff,
            datasets=tuple(with_labels(table, labels.get(table.name, {})) for table in review.diff.datasets),
        ),
        checks=tuple(
            replace(c, message=told(c.dataset, c.message), quotes=told(c.dataset, c.quotes)) for c in review.checks
        ),
        contracts=tuple(replace(c, change=told(c.dataset, c.change)) for c in review.contracts),
        reach=tuple(
            replace(r, columns=tuple(labels.get(r.dataset, {}).get(c.lower(), c) for c in r.columns))
            for r in review.reach
        ),
        attributions=tuple(
            replace(
                a,
                note=told(a.dataset, a.note),
                quotes=told(a.dataset, a.quotes),
                input_columns=tuple(told(a.dataset, text) for text in a.input_columns),
                sql_columns=tuple(told(a.dataset, text) for text in a.sql_columns),
            )
            for a in review.attributions
        ),
        expectations=tuple(replace(e, found=told(e.dataset, e.found)) for e in review.expectations),
    )
