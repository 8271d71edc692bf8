"""What the table of differing rows tells: counts, cells, patterns and the first rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from medallion.diff.spooled import kept
from medallion.diff.value import Cell, Pattern, RowChange, RowStatus
from medallion.engines.rows.cells import as_text, shown, shown_apart
from medallion.engines.rows.differing import TABLE

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    import duckdb

    from medallion.engines.rows.pair import Pair

__all__ = ["Cells", "cells_changed", "noise", "patterns", "samples"]

#: A cell that changed: in how many rows, and in how many of them NULL came, or went.
Cells = tuple[int, int, int]

_BOTH = "oh IS NOT NULL AND nh IS NOT NULL"
# So many columns are counted in one query.
_TOGETHER = 1000
_SHOWN = 10
# So many rows are fetched at once where all are shown.
_FETCHED = 1000
_CONDITIONS = {
    RowStatus.CHANGED: _BOTH,
    RowStatus.REMOVED: "nh IS NULL",
    RowStatus.ADDED: "oh IS NULL",
}


def cells_changed(cursor: duckdb.DuckDBPyConnection, pair: Pair) -> list[Cells]:
    """For each column, the key's too, how many cells changed in rows that are on both sides."""
    everything = list(range(len(pair.columns)))
    changed = dict(zip(everything, _counted(cursor, {i: pair.differs(i) for i in everything}), strict=True))
    some = [i for i in everything if changed[i]]
    gained = dict(zip(some, _counted(cursor, {i: f"o{i} IS NOT NULL AND n{i} IS NULL" for i in some}), strict=True))
    lost = dict(zip(some, _counted(cursor, {i: f"o{i} IS NULL AND n{i} IS NOT NULL" for i in some}), strict=True))
    return [(changed[i], gained.get(i, 0), lost.get(i, 0)) for i in everything]


def _counted(cursor: duckdb.DuckDBPyConnection, conditions: Mapping[int, str]) -> list[int]:
    """How many rows on both sides meet each condition."""
    found: list[int] = []
    listed = [f"count(*) FILTER ({condition})" for condition in conditions.values()]
    for start in range(0, len(listed), _TOGETHER):
        counts = ", ".join(listed[start : start + _TOGETHER])
        (row,) = cursor.execute(f"SELECT {counts} FROM {TABLE} WHERE {_BOTH}").fetchall()
        found += map(int, row)
    return found


def noise(cursor: duckdb.DuckDBPyConnection, pair: Pair, column: int) -> int:
    """In how many rows two numbers of a column differ in their last digits alone: by less than 1e-9 of the larger."""
    old, new = (f"CAST({side}{column} AS DOUBLE)" for side in "on")
    near = f"isfinite({old}) AND isfinite({new}) AND abs({old} - {new}) <= 1e-9 * greatest(abs({old}), abs({new}))"
    ((rows,),) = cursor.execute(
        f"SELECT count(*) FROM {TABLE} WHERE {_BOTH} AND {pair.differs(column)} AND {near}"
    ).fetchall()
    return int(rows)


def patterns(cursor: duckdb.DuckDBPyConnection, pair: Pair, column: int) -> tuple[tuple[Pattern, ...], int, int]:
    """The most frequent changes of a column's cells; how many cells changed otherwise, and in how many ways.

    Changes are told apart by the values themselves, so two of long texts may look the same.
    """
    kinds = pair.columns[column]
    old, new = as_text(f"o{column}", kinds.base_type), as_text(f"n{column}", kinds.head_type)
    rows = cursor.execute(
        f"SELECT {old}, {new}, n, count(*) OVER (), sum(n) OVER () FROM (SELECT o{column}, n{column}, count(*) AS n "
        f"FROM {TABLE} WHERE {_BOTH} AND {pair.differs(column)} GROUP BY ALL) "
        f"ORDER BY n DESC, o{column} NULLS FIRST, n{column} NULLS FIRST LIMIT {_SHOWN}"
    ).fetchall()
    if not rows:
        return (), 0, 0
    listed = tuple(Pattern(*shown_apart(old, new), int(count)) for old, new, count, _, _ in rows)
    return listed, int(rows[0][4]) - sum(pattern.count for pattern in listed), int(rows[0][3]) - len(listed)


def samples(
    cursor: duckdb.DuckDBPyConnection,
    pair: Pair,
    cells: Sequence[Cells],
    hidden: Collection[str],
    limit: int,
    *,
    twice: bool = False,
) -> Sequence[RowChange]:
    """The first rows that differ, at most ``limit`` (0: all), of each kind about as many, in the order of the key.

    Without a key, or where one comes ``twice``, in the order of all columns. ``cells`` are what :func:`cells_changed`
    gave. No value of a column in ``hidden`` (names in lower case) is read.
    """
    told = [column.head.lower() not in hidden and column.base.lower() not in hidden for column in pair.columns]
    keys = range(pair.keys) if pair.keys and not twice else range(len(pair.columns))
    order = [f"coalesce(n{i}, TRY_CAST(o{i} AS {pair.columns[i].head_type}))" for i in keys]
    named = ", ".join(f"{value} AS s{i}" for i, value in enumerate(order))
    sorting = ", ".join(f"s{i}" for i in range(len(order)))
    drawn = [_Drawn(i, told=may, changes=cells[i][0] > 0) for i, may in enumerate(told)]
    listed = ", ".join(cell.sql(pair) for cell in drawn)
    if not limit:
        return kept(_all(cursor, pair, drawn, f"SELECT kind, times, {listed}", named, sorting))
    end = f"LIMIT {limit}"
    firsts = " UNION ALL ".join(
        f"(SELECT {place} AS kind, row_number() OVER (ORDER BY {sorting}) AS place, * "
        f"FROM (SELECT rowid AS id, {named} FROM {TABLE} WHERE {condition} ORDER BY {sorting} {end}))"
        for place, condition in enumerate(_CONDITIONS.values())
    )
    chosen = cursor.execute(
        f"SELECT id, kind FROM (FROM ({firsts}) ORDER BY place, kind {end}) ORDER BY {sorting}, kind"
    ).fetchall()
    wanted = f"rowid IN ({', '.join(str(row[0]) for row in chosen)})"
    found = cursor.execute(f"SELECT rowid, times, {listed} FROM {TABLE} WHERE {wanted}").fetchall()
    rows = {row[0]: row for row in found}
    statuses = list(_CONDITIONS)
    return tuple(_row(pair, rows[place], statuses[kind], drawn) for place, kind in chosen)


def _all(
    cursor: duckdb.DuckDBPyConnection, pair: Pair, drawn: Sequence[_Drawn], select: str, named: str, sorting: str
) -> Iterator[RowChange]:
    """Every row that differs, one after the other: DuckDB sorts them, and Python holds a few at a time."""
    kinds = " ".join(f"WHEN {condition} THEN {kind}" for kind, condition in enumerate(_CONDITIONS.values()))
    cursor.execute(f"{select} FROM (SELECT *, CASE {kinds} END AS kind, {named} FROM {TABLE}) ORDER BY {sorting}, kind")
    statuses = list(_CONDITIONS)
    while rows := cursor.fetchmany(_FETCHED):
        yield from (_row(pair, row, statuses[row[0]], drawn) for row in rows)


@dataclass(frozen=True, slots=True)
class _Drawn:
    """How a column is read for the rows that are shown: whether its values are ``told``, and whether any ``changes``.

    Of a column that does not change where both sides have the row, the text of the side that has it is enough: a table
    may have thousands of columns.
    """

    column: int
    told: bool
    changes: bool

    def sql(self, pair: Pair) -> str:
        """The text in the base, that in the head, and whether they differ where both sides have the row."""
        i, kinds = self.column, pair.columns[self.column]
        differs = pair.differs(i) if self.changes else "false"
        if not self.told:
            return f"NULL, NULL, {differs}"
        if self.changes or kinds.retyped:
            return f"{as_text(f'o{i}', kinds.base_type)}, {as_text(f'n{i}', kinds.head_type)}, {differs}"
        return f"{as_text(f'coalesce(o{i}, n{i})', kinds.head_type)}, NULL, {differs}"

    def cell(self, pair: Pair, status: RowStatus, texts: Sequence[Any]) -> Cell | None:
        """The cell of a row; None where it did not change."""
        kinds = pair.columns[self.column]
        old, new, differs = texts
        if not (self.changes or kinds.retyped):
            new = old
        if status is RowStatus.CHANGED and not differs:
            return None
        if status is RowStatus.CHANGED:
            old, new = shown_apart(old, new)
        else:
            old, new = (None, shown(new)) if status is RowStatus.ADDED else (shown(old), None)
        return Cell(kinds.head, old, new, private=not self.told)


def _row(pair: Pair, row: Sequence[Any], status: RowStatus, drawn: Sequence[_Drawn]) -> RowChange:
    found = [c.cell(pair, status, row[2 + 3 * c.column : 5 + 3 * c.column]) for c in drawn[pair.keys :]]
    key = [row[2 + 3 * i : 4 + 3 * i] for i in range(pair.keys)]
    texts = tuple(
        shown(old if status is RowStatus.REMOVED or not c.retyped else new)
        for (old, new), c in zip(key, pair.key, strict=True)
    )
    return RowChange(status, texts, tuple(cell for cell in found if cell is not None), int(row[1]))
