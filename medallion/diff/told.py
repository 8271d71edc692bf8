"""What the table of differing rows tells: counts, cells, patterns and the first rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from medallion.diff.cells import as_text
from medallion.diff.differing import TABLE
from medallion.diff.value import Cell, Pattern, RowChange, RowStatus

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import duckdb

    from medallion.diff.pair import Pair

__all__ = ["Cells", "cells_changed", "patterns", "row_counts", "samples"]

#: A cell that changed: in how many rows, and in how many of them NULL came, or went.
Cells = tuple[int, int, int]

_BOTH = "oh AND nh"
# So many columns are counted in one query.
_TOGETHER = 200
_SHOWN = 10
_CONDITIONS = {
    RowStatus.CHANGED: _BOTH,
    RowStatus.REMOVED: "oh AND nh IS NULL",
    RowStatus.ADDED: "nh AND oh IS NULL",
}


def row_counts(cursor: duckdb.DuckDBPyConnection) -> tuple[int, int, int]:
    """How many rows were added, removed and changed."""
    counts = [
        f"coalesce(sum(times) FILTER ({_CONDITIONS[status]}), 0)" for status in (RowStatus.ADDED, RowStatus.REMOVED)
    ]
    ((added, removed, changed),) = cursor.execute(
        f"SELECT {', '.join(counts)}, count(*) FILTER ({_BOTH}) FROM {TABLE}"
    ).fetchall()
    return int(added), int(removed), int(changed)


def cells_changed(cursor: duckdb.DuckDBPyConnection, pair: Pair) -> list[Cells]:
    """For each column, the key's too, how many cells changed in rows that are on both sides."""
    found: list[int] = []
    for start in range(0, len(pair.columns), _TOGETHER):
        counts = ", ".join(
            f"count(*) FILTER ({pair.differs(i)}), count(*) FILTER (o{i} IS NOT NULL AND n{i} IS NULL), "
            f"count(*) FILTER (o{i} IS NULL AND n{i} IS NOT NULL)"
            for i in range(start, min(start + _TOGETHER, len(pair.columns)))
        )
        (row,) = cursor.execute(f"SELECT {counts} FROM {TABLE} WHERE {_BOTH}").fetchall()
        found += map(int, row)
    return [(found[i], found[i + 1], found[i + 2]) for i in range(0, len(found), 3)]


def patterns(cursor: duckdb.DuckDBPyConnection, pair: Pair, column: int) -> tuple[tuple[Pattern, ...], int, int]:
    """The most frequent changes of a column's cells; how many cells changed otherwise, and in how many ways."""
    kinds = pair.columns[column]
    old, new = as_text(f"o{column}", kinds.base_type), as_text(f"n{column}", kinds.head_type)
    rows = cursor.execute(
        f"SELECT a, b, n, count(*) OVER (), sum(n) OVER () FROM (SELECT {old} AS a, {new} AS b, count(*) AS n "
        f"FROM {TABLE} WHERE {_BOTH} AND {pair.differs(column)} GROUP BY ALL) "
        f"ORDER BY n DESC, a NULLS FIRST, b NULLS FIRST LIMIT {_SHOWN}"
    ).fetchall()
    if not rows:
        return (), 0, 0
    listed = tuple(Pattern(old, new, int(count)) for old, new, count, _, _ in rows)
    return listed, int(rows[0][4]) - sum(pattern.count for pattern in listed), int(rows[0][3]) - len(listed)


def samples(
    cursor: duckdb.DuckDBPyConnection, pair: Pair, hidden: Collection[str], limit: int
) -> tuple[RowChange, ...]:
    """The first rows that differ, at most ``limit`` (0: all), of each kind about as many, in the order of the key.

    Without a key, in the order of all columns. No value of a column in ``hidden`` (names in lower case) is read.
    """
    shown = [column.head.lower() not in hidden and column.base.lower() not in hidden for column in pair.columns]
    keys = range(pair.keys) if pair.keys else range(len(pair.columns))
    order = ", ".join(f"coalesce(n{i}, TRY_CAST(o{i} AS {pair.columns[i].head_type}))" for i in keys)
    end = f"LIMIT {limit}" if limit else ""
    firsts = " UNION ALL ".join(
        f"(SELECT {place} AS kind, row_number() OVER (ORDER BY {order}) AS place, * "
        f"FROM (FROM {TABLE} WHERE {condition} ORDER BY {order} {end}))"
        for place, condition in enumerate(_CONDITIONS.values())
    )
    chosen = f"FROM ({firsts}) ORDER BY place, kind {end}"
    listed = ", ".join(_cell(pair, i, shown=shown[i]) for i in range(len(pair.columns)))
    rows = cursor.execute(f"SELECT kind, times, {listed} FROM ({chosen}) ORDER BY {order}, kind").fetchall()
    return tuple(_row(pair, row, shown) for row in rows)


def _cell(pair: Pair, column: int, *, shown: bool) -> str:
    """SQL for a cell's two texts, and whether it is told: of a row on both sides, where its values differ."""
    kinds = pair.columns[column]
    texts = f"{as_text(f'o{column}', kinds.base_type)}, {as_text(f'n{column}', kinds.head_type)}"
    differs = f"({pair.differs(column)})" if column >= pair.keys else "true"
    return f"{texts if shown else 'NULL, NULL'}, oh IS NULL OR nh IS NULL OR {differs}"


def _row(pair: Pair, row: Sequence[Any], shown: Sequence[bool]) -> RowChange:
    status = list(_CONDITIONS)[row[0]]
    key: list[str | None] = []
    cells = []
    for i, column in enumerate(pair.columns):
        old, new, told = row[2 + 3 * i : 5 + 3 * i]
        if i < pair.keys:
            key.append(old if status is RowStatus.REMOVED else new)
        elif told:
            cells.append(Cell(column.head, old, new, private=not shown[i]))
    return RowChange(status, tuple(key), tuple(cells), int(row[1]))
