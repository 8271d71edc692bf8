"""Find columns that were renamed: gone under one name, there under another, with the same values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medallion.engines.rows.cells import normal
from medallion.engines.rows.columns import fold
from medallion.engines.sql import identifier

if TYPE_CHECKING:
    from collections.abc import Collection

    import duckdb

    from medallion.diff.value import Key
    from medallion.engines.rows.columns import Matching
    from medallion.engines.rows.pair import Table
    from medallion.records import Record

__all__ = ["renamed_by_hash", "renamed_in_record", "renamed_keys", "renamed_values", "telling"]

# Shares of values that must be the same: of keys, since rows come and go; of a column in rows that are on both sides.
_KEYS = 0.5
_VALUES = 0.95
# In so many rows at least one of two columns has to hold neither NULL nor its most frequent value.
_TELLING = 3
_SAMPLED = 20_000
_MOST = 40


def renamed_keys(
    cursor: duckdb.DuckDBPyConnection, matching: Matching, base: Table, head: Table, keys: tuple[Key, Key]
) -> dict[str, str]:
    """Columns of the key that the base's key has under another name in the same place, as head name → base name."""
    # An annotation may write a name in another case.
    old_key, new_key = (
        [next((name for name in types if fold(name) == fold(column)), column) for column in key.columns]
        for key, types in zip(keys, (base.types, head.types), strict=True)
    )
    if len(old_key) != len(new_key):
        return {}
    found = {}
    for old, new in zip(old_key, new_key, strict=True):
        if old not in matching.removed or new not in matching.added or base.types[old] != head.types[new]:
            continue
        ((shared, few),) = cursor.execute(
            f"SELECT (SELECT count(*) FROM (SELECT DISTINCT {identifier(new)} AS k FROM {head.sql}) "
            f"WHERE k IN (SELECT {identifier(old)} FROM {base.sql})), least("
            f"(SELECT count(DISTINCT {identifier(old)}) FROM {base.sql}), "
            f"(SELECT count(DISTINCT {identifier(new)}) FROM {head.sql}))"
        ).fetchall()
        if few and shared >= _KEYS * few:
            found[new] = old
    return found


def telling(cursor: duckdb.DuckDBPyConnection, table: Table, names: Collection[str]) -> frozenset[str]:
    """Those of the columns that hold two values besides NULL: that another column has one value alone says nothing."""
    if not names:
        return frozenset()
    listed = ", ".join(f"coalesce(min({identifier(n)}) IS DISTINCT FROM max({identifier(n)}), false)" for n in names)
    (row,) = cursor.execute(f"SELECT {listed} FROM {table.sql}").fetchall()
    return frozenset(name for name, told in zip(names, row, strict=True) if told)


def renamed_by_hash(matching: Matching, base: Record | None, head: Record | None) -> dict[str, str]:
    """Columns whose values are those of a column that is gone, row by row, as their records say.

    Not all of them are :func:`telling`.
    """
    if base is None or head is None or base.rows != head.rows or not base.rows:
        return {}
    gone = {(c.hash, c.type): c.name for c in reversed(base.columns) if c.name in matching.removed}
    pairs = ((c.name, gone.pop((c.hash, c.type), None)) for c in head.columns if c.name in matching.added)
    return {new: old for new, old in pairs if old is not None}


def renamed_in_record(new: Record | None, old: Record | None) -> dict[str, str]:
    """The columns of ``new`` that ``old`` has, with their names there, as far as the two records tell.

    By name in any case; else a column of the same type and values, of which there is one; else the same place in the
    key.
    """
    if new is None or old is None:
        return {}
    spelt = {column.name.lower(): column.name for column in old.columns}
    found = {c.name: spelt[c.name.lower()] for c in new.columns if c.name.lower() in spelt}
    left = {c.name: c.hash for c in old.columns if c.name not in found.values()}
    came = {c.name: c.hash for c in new.columns if c.name not in found}
    for name, values in came.items():
        alike = [before for before, held in left.items() if held == values]
        if len(alike) == 1 and list(came.values()).count(values) == 1:
            found[name] = alike[0]
    if len(new.key) == len(old.key):
        for name, before in zip(new.key, old.key, strict=True):
            if name in came and name not in found and before in left and before not in found.values():
                found[name] = before
    return found


def renamed_values(
    cursor: duckdb.DuckDBPyConnection, matching: Matching, key: Key, base: Table, head: Table
) -> dict[str, str]:
    """Columns that hold, in rows on both sides, what a column that is gone held there. Rows are sampled by their key.

    Most values of two columns may be the same though one is not the other: both are NULL there, or zero. So nearly all
    values have to be the same, and nearly all in rows where one of the two holds neither NULL nor what it holds most.
    """
    pairs = [
        (old, new)
        for old in matching.removed[:_MOST]
        for new in matching.added[:_MOST]
        if base.types[old] == head.types[new]
    ]
    if not pairs or not key.columns:
        return {}
    step = max(1, base.rows // _SAMPLED)
    on = " AND ".join(f"o.k{i} IS NOT DISTINCT FROM n.k{i}" for i in range(len(key.columns)))
    sides = []
    for table, names, wanted in ((base, key.base, matching.removed), (head, key.columns, matching.added)):
        kinds = [head.types[name] for name in key.columns]
        keys = [
            f"CAST({identifier(n)} AS {kind}) AS k{i}" for i, (n, kind) in enumerate(zip(names, kinds, strict=True))
        ]
        # Hashes, as texts may be long.
        values = [(identifier(name), normal(identifier(name), table.types[name])) for name in wanted[:_MOST]]
        listed = [
            f"CASE WHEN {name} IS NOT NULL THEN hash({value}) END AS c{i}" for i, (name, value) in enumerate(values)
        ]
        hashed = ", ".join(f"k{i}" for i in range(len(keys)))
        sides.append(f"(FROM (SELECT {', '.join(keys + listed)} FROM {table.sql}) WHERE hash({hashed}) % {step} = 0)")
    places = [(matching.removed.index(old), matching.added.index(new)) for old, new in pairs]
    counts = ", ".join(
        f"count(*) FILTER (c{i} IS NOT DISTINCT FROM n{j}), count(*) FILTER (t{i} OR u{j}), "
        f"count(*) FILTER ((t{i} OR u{j}) AND c{i} IS NOT DISTINCT FROM n{j})"
        for i, j in places
    )
    # An end for keys that come many times.
    both = ", ".join(["o.*", *(f"n.c{j} AS n{j}" for j in range(len(matching.added[:_MOST])))])
    joined = f"SELECT {both} FROM {sides[0]} o JOIN {sides[1]} n ON {on} LIMIT {10 * _SAMPLED}"
    columns = {f"c{i}": f"t{i}" for i, _ in places} | {f"n{j}": f"u{j}" for _, j in places}
    modes = ", ".join(f"mode({column} ORDER BY {column}) AS m{column}" for column in columns)
    told = ", ".join(f"coalesce({c} IS NOT NULL AND {c} <> m{c}, false) AS {mark}" for c, mark in columns.items())
    (row,) = cursor.execute(
        f"WITH rows AS MATERIALIZED ({joined}), most AS (SELECT {modes} FROM rows) "
        f"SELECT count(*), {counts} FROM (SELECT *, {told} FROM rows, most)"
    ).fetchall()
    good = []
    for place, pair in enumerate(pairs):
        same, told_in, same_there = row[1 + 3 * place : 4 + 3 * place]
        if told_in >= _TELLING and same >= _VALUES * row[0] and same_there >= _VALUES * told_in:
            good.append((same, pair))
    found: dict[str, str] = {}
    for _, (old, new) in sorted(good, key=lambda item: -item[0]):
        if new not in found and old not in found.values():
            found[new] = old
    return found
