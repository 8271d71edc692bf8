"""Find the rows that differ, and keep them in a temporary table from which everything else is told.

The table has the columns ``oh, nh`` (whether base and head have the row), ``o0, n0, o1, n1, …`` and ``times``, how many
such rows there are.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING

from medallion.engines.rows.cells import normal
from medallion.engines.rows.pair import any_of
from medallion.engines.rows.partitions import BUDGET, conditions, hashed
from medallion.engines.sql import identifier, read_parquet
from medallion.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

    from medallion.engines.rows.pair import Pair

__all__ = ["TABLE", "Counts", "by_key", "create", "equal_in_place", "keyless", "twins"]

TABLE = identifier("medallion: differing")
_PART = identifier("medallion: part")
_TWINS = identifier("medallion: keys that come twice")
# Rows that differ are taken along while a part is counted, up to this many; more are looked up again.
_TAKEN = 100_000
# To take a struct apart takes DuckDB the square of its fields.
_WIDE = 200
_HALVES = 2
_BOTH = "oh IS NOT NULL AND nh IS NOT NULL"
# The place of the rows that differ in what is counted of a join.
_FOUND = 6


def create(cursor: duckdb.DuckDBPyConnection, pair: Pair) -> None:
    """Make the table, empty."""
    kinds = [f"o{i} {column.base_type}, n{i} {column.head_type}" for i, column in enumerate(pair.columns)]
    columns = ", ".join(["oh BOOLEAN", "nh BOOLEAN", *kinds, "times BIGINT"])
    cursor.execute(f"CREATE OR REPLACE TEMP TABLE {TABLE} ({columns})")


def equal_in_place(cursor: duckdb.DuckDBPyConnection, pair: Pair, files: tuple[Sequence[str], Sequence[str]]) -> bool:
    """Whether two files, one a side, hold the same rows in the same order, whatever the tolerances; it stops early.

    Nothing has to be joined for that. The two halves are read at the same time: a positional join has one thread.
    """
    differs = any_of([kinds.differs_exactly(f"o.c{i}", f"n.c{i}") for i, kinds in enumerate(pair.comparisons)])
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


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows of base and head that were matched, those of them that are wanted, and those added, removed and changed.

    ``within`` are, for each column of :attr:`Pair.tolerated`, the cells that differ and count as the same. Rows whose
    key comes twice are compared without tolerance, so there are none in them.
    """

    base: int = 0
    head: int = 0
    wanted_base: int = 0
    wanted_head: int = 0
    added: int = 0
    removed: int = 0
    changed: int = 0
    within: tuple[int, ...] = ()

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.base + other.base,
            self.head + other.head,
            self.wanted_base + other.wanted_base,
            self.wanted_head + other.wanted_head,
            self.added + other.added,
            self.removed + other.removed,
            self.changed + other.changed,
            tuple(one + more for one, more in zip_longest(self.within, other.within, fillvalue=0)),
        )


def by_key(
    cursor: duckdb.DuckDBPyConnection, pair: Pair, files: tuple[Sequence[str], Sequence[str]], *, keep: bool
) -> tuple[Counts, bool]:
    """Match rows by key; the counts, and whether each key that is on both sides comes once there.

    That is told from the numbers: k rows and m rows of one key match k·m times, and the matches with a row of the base
    are as many as its rows, and those with a row of the head as its, only where k and m are 1 for each key. Rows that
    differ go into the table where it is to ``keep`` them. ``DataError`` where not all rows can be read by parts.
    """
    parts = conditions(cursor, pair, files)
    found, once = _matched(cursor, pair, parts, keep=keep)
    if once is None and parts != [""]:
        parts = [""]
        found, once = _matched(cursor, pair, parts, keep=keep)
    if once is None:
        raise DataError("rows are lost while it is read: the statistics in its files do not fit its values")
    if once:
        return found, True
    create(cursor, pair)
    listed = ", ".join(f"k{i}" for i in range(pair.keys))
    sides = [f"SELECT {listed} FROM ({rows}) GROUP BY ALL HAVING count(*) > 1" for rows in _sides(pair)]
    cursor.execute(f"CREATE OR REPLACE TEMP TABLE {_TWINS} AS SELECT DISTINCT * FROM ({' UNION ALL '.join(sides)})")
    same = " AND ".join(f"t.k{i} IS NOT DISTINCT FROM r.k{i}" for i in range(pair.keys))
    found = Counts()
    for condition in parts:
        alone = [
            f"FROM ({rows}) r WHERE NOT EXISTS (FROM {_TWINS} t WHERE {same})"
            for rows in (pair.base_rows(condition), pair.head_rows(condition))
        ]
        found += _join(cursor, pair, *alone, keep=keep)
    rest = [f"FROM ({rows}) r WHERE EXISTS (FROM {_TWINS} t WHERE {same})" for rows in _sides(pair)]
    found += _cancel(cursor, pair, rest[0], rest[1], 1, keep=keep)
    return found, False


def _matched(
    cursor: duckdb.DuckDBPyConnection, pair: Pair, parts: Sequence[str], *, keep: bool
) -> tuple[Counts, bool | None]:
    """Compare part by part: the counts, and whether keys come once. None where rows are in no part.

    DuckDB leaves out what a file's statistics leave out, and not every writer counts a NaN in them.
    """
    create(cursor, pair)
    found = Counts()
    for condition in parts:
        found += _join(cursor, pair, pair.base_rows(condition), pair.head_rows(condition), keep=keep)
        if found.base > pair.base.rows or found.head > pair.head.rows:
            return found, False
    return found, True if (found.base, found.head) == (pair.base.rows, pair.head.rows) else None


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


def keyless(cursor: duckdb.DuckDBPyConnection, pair: Pair, *, keep: bool) -> Counts:
    """Compare rows as multisets: what is equal cancels out, the rest is removed and added."""
    create(cursor, pair)
    needed = max(pair.base.width, pair.head.width) * (pair.base.rows + pair.head.rows)
    base, head = _sides(pair)
    return _cancel(cursor, pair, base, head, max(1, -(-needed // BUDGET)), keep=keep)


def _sides(pair: Pair) -> tuple[str, str]:
    return pair.base_rows(), pair.head_rows()


def _join(cursor: duckdb.DuckDBPyConnection, pair: Pair, base: str, head: str, *, keep: bool) -> Counts:
    """Compare the rows of a part; ``base`` and ``head`` count the matches with a row of that side."""
    # An end for a join that explodes: there are no more matches than this where keys come once.
    joined = f"{pair.joined(base, head)} LIMIT {pair.base.rows + pair.head.rows + 1}"
    differs = pair.row_differs
    wanted = pair.is_wanted
    filters = ("oh IS NOT NULL", "nh IS NOT NULL", "oh IS NULL", "nh IS NULL")
    within = {f"w{i}": pair.comparisons[i].differs_within(f"o{i}", f"n{i}") for i in pair.tolerated}
    counts = ", ".join(
        [
            "count(oh)",
            "count(nh)",
            *(f"count(*) FILTER ({one} AND {wanted})" for one in filters),
            f"count(*) FILTER ({differs})",
            *(f"count(*) FILTER ({_BOTH} AND {wanted} AND {near})" for near in within.values()),
        ]
    )
    if not keep:
        (row,) = cursor.execute(f"SELECT {counts} FROM ({joined})").fetchall()
        return _counts(row)
    few = min(_TAKEN, max(1, BUDGET // (2 * (pair.base.width + pair.head.width))))  # What is taken cannot be spilled.
    narrow = len(pair.columns) <= _WIDE
    cursor.execute(
        f"CREATE OR REPLACE TEMP TABLE {_PART}"
        f"({', '.join(['base, head, old, new, added, removed, found', *within, 'rows'])}) AS "
        f"SELECT {counts}, {f'arg_min(j, 0, {few}) FILTER ({differs})' if narrow else 'NULL'} FROM ({joined}) j"
    )
    (row,) = cursor.execute(f"SELECT * EXCLUDE (rows) FROM {_PART}").fetchall()
    counted, found = _counts(row), int(row[_FOUND])
    if found and counted.base <= pair.base.rows and counted.head <= pair.head.rows:
        taken = f"SELECT unnest(rows, max_depth := 2) FROM {_PART}"
        rows = taken if found <= few and narrow else f"FROM ({joined}) WHERE {differs}"
        cursor.execute(f"INSERT INTO {TABLE} SELECT *, 1 FROM ({rows})")
    cursor.execute(f"DROP TABLE {_PART}")
    return counted


def _counts(row: Sequence[int]) -> Counts:
    """The counts of a join; what differs and is on both sides has changed."""
    base, head, old, new, added, removed, found, *within = map(int, row)
    return Counts(base, head, old, new, added, removed, found - added - removed, tuple(within))


def _cancel(cursor: duckdb.DuckDBPyConnection, pair: Pair, base: str, head: str, parts: int, *, keep: bool) -> Counts:
    """What is left of two multisets of rows when equal rows cancel out: the rows added and removed.

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
    # Rows without a key cannot be matched: of each version those count that are wanted there.
    both = (
        f"SELECT -1 AS side, {', '.join(old)} FROM ({base}) WHERE here "
        f"UNION ALL SELECT 1 AS side, {', '.join(new)} FROM ({head}) WHERE here"
    )
    left = "sum(side)"
    kept = ", ".join(
        f"CASE WHEN {left} < 0 THEN {o} END, CASE WHEN {left} > 0 THEN {n} END" for o, n in zip(olds, news, strict=True)
    )
    ((all_base, all_head),) = cursor.execute(
        f"SELECT (SELECT count(*) FROM ({base}) WHERE here), (SELECT count(*) FROM ({head}) WHERE here)"
    ).fetchall()
    before = _in_table(cursor) if keep else (0, 0)
    added = removed = 0
    for part in hashed([f"g{i}" for i in range(len(pair.columns))], parts):
        where = f"WHERE {part}" if part else ""
        rows = f"FROM (SELECT *, {', '.join(groups)} FROM ({both})) {where} GROUP BY {named} HAVING {left} <> 0"
        if keep:
            cursor.execute(
                f"INSERT INTO {TABLE} SELECT CASE WHEN {left} < 0 THEN true END, CASE WHEN {left} > 0 THEN true END, "
                f"{kept}, abs({left}) {rows}"
            )
            continue
        sums = ", ".join(f"coalesce(sum(greatest({sign}n, 0)), 0)" for sign in ("", "-"))
        ((more, fewer),) = cursor.execute(f"SELECT {sums} FROM (SELECT {left} AS n {rows})").fetchall()
        added, removed = added + int(more), removed + int(fewer)
    if keep:
        after = _in_table(cursor)
        added, removed = after[0] - before[0], after[1] - before[1]
    return Counts(wanted_base=int(all_base), wanted_head=int(all_head), added=added, removed=removed)


def _in_table(cursor: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    """How many rows in the table are added, and removed."""
    counts = ", ".join(f"coalesce(sum(times) FILTER ({side} IS NULL), 0)" for side in ("oh", "nh"))
    ((added, removed),) = cursor.execute(f"SELECT {counts} FROM {TABLE}").fetchall()
    return int(added), int(removed)
