"""Of rows that were compared without a key: in which columns those that went and those that came differ."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from medallion.diff.spooled import kept
from medallion.diff.value import RowStatus
from medallion.engines.rows.cells import normal
from medallion.engines.rows.differing import TABLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import duckdb

    from medallion.diff.value import Cell, ColumnDiff, RowChange, Rows, TableDiff
    from medallion.engines.rows.pair import Pair

__all__ = ["differing_first", "unpaired_note", "unpaired_values"]

_NAMED = 8
# Of so many sample rows each is held against those of the other side.
_HELD = 100


def unpaired_values(cursor: duckdb.DuckDBPyConnection, pair: Pair, rows: Rows) -> tuple[int, ...]:
    """For each column: of the values in rows removed and added, how many have no equal on the other side.

    Of the side with fewer of them. However a row that went is held against one that came, the column differs in so
    many of these pairs at least; where it is 0, it need not differ in any. Nothing where rows only came, or only went.
    """
    if pair.keys or not rows.added or not rows.removed:
        return ()
    return tuple(_unpaired(cursor, pair, i) for i in range(len(pair.columns)))


def _unpaired(cursor: duckdb.DuckDBPyConnection, pair: Pair, column: int) -> int:
    kinds = pair.columns[column]
    value, lost = pair.comparisons[column].lossless(f"o{column}")
    # A value that is another one in the type of the head keeps its own beside it, as where rows cancel out.
    base = f"{normal(value, kinds.head_type)} AS v, CASE WHEN {lost} THEN o{column} END AS w, -times AS n"
    head = f"{normal(f'n{column}', kinds.head_type)} AS v, CAST(NULL AS {kinds.base_type}) AS w, times AS n"
    both = f"SELECT {base} FROM {TABLE} WHERE nh IS NULL UNION ALL SELECT {head} FROM {TABLE} WHERE oh IS NULL"
    ((fewer, more),) = cursor.execute(
        f"SELECT coalesce(-sum(least(n, 0)), 0), coalesce(sum(greatest(n, 0)), 0) "
        f"FROM (SELECT sum(n) AS n FROM ({both}) GROUP BY v, w)"
    ).fetchall()
    return int(min(fewer, more))


def differing_first(rows: Sequence[RowChange], pair: Pair, unpaired: Sequence[int]) -> Sequence[RowChange]:
    """Sample rows whose cells begin with what differs: from the most similar row of the other side, then at all."""
    if not any(unpaired):
        return rows
    weights = {column.head: count for column, count in zip(pair.columns, unpaired, strict=True)}

    def ordered() -> Iterator[RowChange]:
        for row in rows:
            told = {cell.column: cell for cell in row.cells}
            apart = _apart(told, others[row.status]) if len(rows) <= _HELD else frozenset[str]()
            cells = sorted(row.cells, key=lambda cell: (cell.column not in apart, -weights.get(cell.column, 0)))
            yield replace(row, cells=tuple(cells))

    others: dict[RowStatus, list[dict[str, str | None]]] = {RowStatus.ADDED: [], RowStatus.REMOVED: []}
    for row in rows if len(rows) <= _HELD else ():
        other = RowStatus.ADDED if row.status is RowStatus.REMOVED else RowStatus.REMOVED
        others[other].append({cell.column: _value(cell) for cell in row.cells})
    return tuple(ordered()) if isinstance(rows, tuple) else kept(ordered())


def _apart(row: dict[str, Cell], others: Sequence[dict[str, str | None]]) -> frozenset[str]:
    """In which columns a row differs from the one that it differs least from."""
    found = (frozenset(name for name, cell in row.items() if _value(cell) != other.get(name)) for other in others)
    return min(found, key=len, default=frozenset())


def _value(cell: Cell) -> str | None:
    return cell.base if cell.head is None else cell.head


def unpaired_note(table: TableDiff) -> str:
    """In which columns rows that went and came differ for certain; "" where that is not known."""
    known = [column for column in table.columns if column.unpaired is not None]
    if not known:
        return ""
    differing = sorted((c for c in known if c.unpaired), key=_least, reverse=True)
    if not differing:
        return "no column differs by its values alone: they are put together otherwise, or rows came and went"
    named = [f"{column.name} ({_least(column):,} or more)" for column in differing[:_NAMED]]
    more = [f"{len(differing) - _NAMED:,} more columns"] if len(differing) > _NAMED else []
    rest = len(known) - len(differing)
    others = f"; the other {rest:,} need not differ" if rest > 1 else "; the other one need not" if rest else ""
    return f"rows removed and added differ in: {', '.join([*named, *more])}{others}"


def _least(column: ColumnDiff) -> int:
    return column.unpaired or 0
