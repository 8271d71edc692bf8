"""Find the rows that differ, and keep them in a temporary table from which everything else is told.

The table has the columns ``oh, nh`` (whether base and head have the row), ``o0, n0, o1, n1, …`` and ``times``, how many
such rows there are.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from medallion.diff.cells import normal
from medallion.diff.pair import any_of
from medallion.diff.partitions import BUDGET, conditions, hashed
from medallion.engines.sql import identifier, read_parquet
from medallion.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

    from medallion.diff.pair import Pair

__all__ = ["TABLE", "by_key", "create", "equal_in_place", "keyless", "twins"]

TABLE = identifier("medallion: differing")
_PART = identifier("medallion: part")
_TWINS = identifier("medallion: keys that come twice")
# Rows that differ are taken along while a part is counted, up to this many; more are looked up again.
_TAKEN = 100_000
# To take a struct apart takes DuckDB the square of its fields.
_WIDE = 200
_HALVES = 2


def create(cursor: duckdb.DuckDBPyConnection, pair: Pair) -> None:
    """Make the table, empty."""
    kinds = [f"o{i} {column.base_type}, n{i} {column.head_type}" for i, column in enumerate(pair.columns)]
    columns = ", ".join(["oh BOOLEAN", "nh BOOLEAN", *kinds, "times BIGINT"])
    cursor.execute(f"CREATE OR REPLACE TEMP TABLE {TABLE} ({columns})")


def equal_in_place(cursor: duckdb.DuckDBPyConnection, pair: Pair, files: tuple[Sequence[str], Sequence[str]]) -> bool:
    """Whether two files, one a side, hold the same rows in the same order. Stops at the first difference.

    Nothing has to be joined for that. The two halves are read at the same time: a positional join has one thread.
    """
    differs = any_of([comparison.differs(f"o.c{i}", f"n.c{i}") for i, comparison in enumerate(pair.comparisons)])
    middle = pair.base.rows // _HALVES

    def half(condition: str) -> bool:
        own = cursor.cursor()
        try:
            sides = []
            for paths, names in (
                (files[0], [column.base for column in pair.columns]),
                (files[1], [column.head for column in pair.columns]),
            ):
                listed = ", ".join(f"{identifier(name)} AS c{i}" for i, name in enumerate(names))
                sides.append(
                    f"(SELECT {listed} FROM {read_parquet(paths, 'file_row_number = true')} "
                    f"WHERE file_row_number {condition})"
                )
            found = own.execute(
                f"SELECT 1 FROM {sides[0]} o POSITIONAL JOIN {sides[1]} n WHERE {differs} LIMIT 1"
            ).fetchall()
            return not found
        finally:
            own.close()

    with ThreadPoolExecutor(_HALVES) as pool:
        return all(pool.map(half, (f"< {middle}", f">= {middle}")))


def by_key(cursor: duckdb.DuckDBPyConnection, pair: Pair, files: tuple[Sequence[str], Sequence[str]]) -> bool:
    """Fill the empty table, matching rows by key; whether each key comes once on both sides, where it is on both.

    That is told from the numbers: k rows and m rows of one key match k·m times, and the matches with a row of the base
    are as many as its rows, and those with a row of the head as its, only where k and m are 1 for each key.
    """
    parts = conditions(cursor, pair, files)
    matched = _matched(cursor, pair, parts)
    if matched is None and parts != [""]:
        parts = [""]
        matched = _matched(cursor, pair, parts)
    if matched is None:
        raise DataError("rows are lost while it is read: the statistics in its files do not fit its values")
    if matched:
        return True
    create(cursor, pair)
    listed = ", ".join(f"k{i}" for i in range(pair.keys))
    sides = [f"SELECT {listed} FROM ({rows}) GROUP BY ALL HAVING count(*) > 1" for rows in _sides(pair)]
    cursor.execute(f"CREATE OR REPLACE TEMP TABLE {_TWINS} AS SELECT DISTINCT * FROM ({' UNION ALL '.join(sides)})")
    same = " AND ".join(f"t.k{i} IS NOT DISTINCT FROM r.k{i}" for i in range(pair.keys))
    for condition in parts:
        once = [
            f"FROM ({rows}) r WHERE NOT EXISTS (FROM {_TWINS} t WHERE {same})"
            for rows in (pair.base_rows(condition), pair.head_rows(condition))
        ]
        _join(cursor, pair, *once)
    rest = [f"FROM ({rows}) r WHERE EXISTS (FROM {_TWINS} t WHERE {same})" for rows in _sides(pair)]
    _cancel(cursor, pair, rest[0], rest[1], 1)
    return False


def _matched(cursor: duckdb.DuckDBPyConnection, pair: Pair, parts: Sequence[str]) -> bool | None:
    """Compare part by part: whether keys come once. None where rows are in no part.

    DuckDB leaves out what a file's statistics leave out, and not every writer counts a NaN in them.
    """
    create(cursor, pair)
    base, head = 0, 0
    for condition in parts:
        found = _join(cursor, pair, pair.base_rows(condition), pair.head_rows(condition))
        base, head = base + found[0], head + found[1]
        if base > pair.base.rows or head > pair.head.rows:
            return False
    # Matches are as many as rows, or more: fewer on one side, with none more on the other, are rows that are lost.
    return True if (base, head) == (pair.base.rows, pair.head.rows) else None


def twins(cursor: duckdb.DuckDBPyConnection, pair: Pair, *, matched_once: bool) -> tuple[int, int]:
    """How many rows of base and head have a key that another row of their version has too.

    Where keys ``matched_once``, such rows are on one side only, and so in the table.
    """
    counts = []
    for side, rows in zip("on", _sides(pair), strict=True):
        keys = ", ".join(f"{side}{i}" if matched_once else f"k{i}" for i in range(pair.keys))
        table = f"{TABLE} WHERE {side}h IS NOT NULL" if matched_once else f"({rows})"
        counts.append(
            f"SELECT coalesce(sum(n), 0) FROM (SELECT count(*) AS n FROM {table} GROUP BY {keys}) WHERE n > 1"
        )
    ((base, head),) = cursor.execute(f"SELECT ({counts[0]}), ({counts[1]})").fetchall()
    return int(base), int(head)


def keyless(cursor: duckdb.DuckDBPyConnection, pair: Pair) -> None:
    """Fill the empty table, comparing rows as multisets: what is equal cancels out, the rest is removed and added."""
    needed = max(pair.base.width, pair.head.width) * (pair.base.rows + pair.head.rows)
    base, head = _sides(pair)
    _cancel(cursor, pair, base, head, max(1, -(-needed // BUDGET)))


def _sides(pair: Pair) -> tuple[str, str]:
    return pair.base_rows(), pair.head_rows()


def _join(cursor: duckdb.DuckDBPyConnection, pair: Pair, base: str, head: str) -> tuple[int, int]:
    """Add the rows of a part that differ; in how many matches there is a row of the base, and of the head."""
    # An end for a join that explodes: there are no more matches than this where keys come once.
    joined = f"{pair.joined(base, head)} LIMIT {pair.base.rows + pair.head.rows + 1}"
    differs = pair.row_differs
    few = min(_TAKEN, max(1, BUDGET // (2 * (pair.base.width + pair.head.width))))  # What is taken cannot be spilled.
    cursor.execute(
        f"CREATE OR REPLACE TEMP TABLE {_PART} AS SELECT count(oh) AS base, count(nh) AS head, "
        f"count(*) FILTER ({differs}) AS found, arg_min(j, 0, {few}) FILTER ({differs}) AS rows FROM ({joined}) j"
    )
    ((in_base, in_head, found),) = cursor.execute(f"SELECT base, head, found FROM {_PART}").fetchall()
    if in_base > pair.base.rows or in_head > pair.head.rows:
        return in_base, in_head
    if not found:
        return in_base, in_head
    taken = f"SELECT unnest(rows, max_depth := 2) FROM {_PART}"
    rows = taken if found <= few and len(pair.columns) <= _WIDE else f"FROM ({joined}) WHERE {differs}"
    cursor.execute(f"INSERT INTO {TABLE} SELECT *, 1 FROM ({rows})")
    cursor.execute(f"DROP TABLE {_PART}")
    return in_base, in_head


def _cancel(cursor: duckdb.DuckDBPyConnection, pair: Pair, base: str, head: str, parts: int) -> None:
    """Add what is left of two multisets of rows when equal rows cancel out.

    Values are compared in the types of the head. One of the base that is another there keeps its own beside it.
    """
    old, new, groups, olds, news = [], [], [], [], []
    for i, (column, comparison) in enumerate(zip(pair.columns, pair.comparisons, strict=True)):
        value, lost = comparison.lossless(f"c{i}")
        old.append(f"{value} AS v{i}, CASE WHEN {lost} THEN c{i} END AS w{i}")
        new.append(f"c{i} AS v{i}, CAST(NULL AS {column.base_type}) AS w{i}")
        groups += [f"{normal(f'v{i}', column.head_type)} AS g{i}", f"w{i} AS x{i}"]
        back = f"TRY_CAST(any_value(v{i}) AS {column.base_type})" if comparison.castable else "NULL"
        olds.append(f"coalesce(any_value(w{i}), {back if column.retyped else f'any_value(v{i})'})")
        news.append(f"any_value(v{i})")
    named = ", ".join(f"g{i}, x{i}" for i in range(len(pair.columns)))
    both = (
        f"SELECT -1 AS side, {', '.join(old)} FROM ({base}) UNION ALL SELECT 1 AS side, {', '.join(new)} FROM ({head})"
    )
    left = "sum(side)"
    kept = ", ".join(
        f"CASE WHEN {left} < 0 THEN {o} END, CASE WHEN {left} > 0 THEN {n} END" for o, n in zip(olds, news, strict=True)
    )
    for part in hashed([f"g{i}" for i in range(len(pair.columns))], parts):
        where = f"WHERE {part}" if part else ""
        cursor.execute(
            f"INSERT INTO {TABLE} SELECT CASE WHEN {left} < 0 THEN true END, CASE WHEN {left} > 0 THEN true END, "
            f"{kept}, abs({left}) FROM (SELECT *, {', '.join(groups)} FROM ({both})) {where} "
            f"GROUP BY {named} HAVING {left} <> 0"
        )
