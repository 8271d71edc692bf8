"""What a column's tolerance has to do with its numbers, in words that every report uses. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from medallion.diff.value import ColumnDiff, TableDiff

__all__ = ["tolerance_words", "within_note"]

_NAMED = 5


def tolerance_words(column: ColumnDiff) -> Iterator[str]:
    """That what counts as changed lies farther apart than the tolerance, and how many values differ within it.

    ``beyond the tolerance 0.001``, ``36,324 values differ within 0.001``
    """
    if column.tolerance is None or not (column.tolerance.absolute or column.tolerance.relative):
        return
    absolute, relative = column.tolerance.absolute, column.tolerance.relative
    told = [*([f"{absolute:g}"] if absolute else []), *([f"{100 * relative:g} %"] if relative else [])]
    how_far = " or ".join(told).replace("e-0", "e-")
    if column.changed:
        yield f"beyond the tolerance {how_far}"
    if count := column.within_tolerance:
        yield f"{_values(count, ' more' if column.changed else '')} within {how_far}"


def within_note(table: TableDiff) -> str:
    """That values of a dataset differ within their tolerance: its rows count as the same, and are not. "" for none."""
    columns = [column for column in table.columns if column.within_tolerance]
    if not columns:
        return ""
    most = sorted(columns, key=lambda column: -(column.within_tolerance or 0))[:_NAMED]
    listed = ", ".join(f"{column.name} {column.within_tolerance:,}" for column in most)
    more = f" and {len(columns) - _NAMED:,} more columns" if len(columns) > _NAMED else ""
    told = f"{_values(table.within_tolerance)} within"
    if table.differing_rows:
        return f"{told} the tolerance, and do not count as changes ({listed}{more})"
    return f"no row differs beyond the tolerance; {told} it ({listed}{more})"


def _values(count: int, more: str = "") -> str:
    return f"{count:,}{more} {'value differs' if count == 1 else 'values differ'}"
