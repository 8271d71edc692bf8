"""Find columns that were renamed: gone under one name, there under another, with the same values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medallion.engines.rows.cells import is_number, normal
from medallion.engines.rows.columns import fold
from medallion.engines.sql import identifier

if TYPE_CHECKING:
    from collections.abc import Collection

    import duckdb

    from medallion.diff.value import Key
    from medallion.engines.rows.columns import Matching
    from medallion.engines.rows.pair import Table
    from medallion.records import Record

__all__ = [
    "perhaps_renamed",
    "renamed_by_hash",
    "renamed_in_record",
    "renamed_keys",
    "renamed_values",
    "telling",
]

# Shares of values that must be the same: of keys, since rows come and go; of a column in rows that are on both sides.
_KEYS = 0.5
_VALUES = 0.95
# In so many rows at least one of two columns has to hold neither NULL nor its most frequent value.
_TELLING = 3
_SAMPLED = 20_000
_MOST = 40
# In so many rows the numbers of a column that may be renamed differ by this share of them at most.
_NEARLY, _SHARE = 0.99, "1e-6"
_FRACTIONS = ("FLOAT", "DOUBLE", "DECIMAL")


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
    places = [(matching.removed.index(old), matching.added.index(new)) for old, new in pairs]
    counts = ", ".join(
        f"count(*) FILTER (c{i} IS NOT DISTINCT FROM n{j}), count(*) FILTER (t{i} OR u{j}), "
        f"count(*) FILTER ((t{i} OR u{j}) AND c{i} IS NOT DISTINCT FROM n{j})"
        for i, j in places
    )
    joined = _sampled(matching, key, base, head, hashed=True)
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


def perhaps_renamed(
    cursor: duckdb.DuckDBPyConnection, matching: Matching, key: Key, base: Table, head: Table, hidden: Collection[str]
) -> list[str]:
    """Notes of numbers that are gone and nearly the same under another name: renamed and computed anew, perhaps.

    At least one of the two is no integer: those of two columns may be near each other by chance. Of rows on both sides
    a sample is looked at; columns in ``hidden`` (names in lower case) are left out.
    """
    pairs = [
        (i, old, j, new)
        for i, old in enumerate(matching.removed[:_MOST])
        for j, new in enumerate(matching.added[:_MOST])
        if is_number(base.types[old])
        and is_number(head.types[new])
        and any(kind.startswith(_FRACTIONS) for kind in (base.types[old], head.types[new]))
        and not {old.lower(), new.lower()} & {*hidden}
    ]
    if not pairs or not key.columns:
        return []
    # What is NULL or zero in both columns tells nothing.
    counts = ", ".join(
        f"count(*) FILTER (c{i} <> 0 OR n{j} <> 0), "
        f"count(*) FILTER ((c{i} <> 0 OR n{j} <> 0) AND ({_near(f'c{i}', f'n{j}')})), approx_count_distinct(n{j})"
        for i, _, j, _ in pairs
    )
    (row,) = cursor.execute(f"SELECT count(*), {counts} FROM ({_sampled(matching, key, base, head)})").fetchall()
    notes = []
    for place, (_, old, _, new) in enumerate(pairs):
        told, near, values = row[1 + 3 * place : 4 + 3 * place]
        if told >= _TELLING and near >= _NEARLY * told and values > 1:
            notes.append(
                f"perhaps renamed: {old} → {new} (in {near:,} of {told:,} rows that are not 0 the values differ by no "
                f"more than {_SHARE} of the number)"
            )
    return notes


def _near(old: str, new: str) -> str:
    """Whether two numbers differ by a tiny share, or are the same or both NULL."""
    one, other = f"CAST({old} AS DOUBLE)", f"CAST({new} AS DOUBLE)"
    share = f"abs({one} - {other}) <= {_SHARE}::DOUBLE * greatest(abs({one}), abs({other}))"
    return f"{one} IS NOT DISTINCT FROM {other} OR (isfinite({one}) AND isfinite({other}) AND {share})"


def _sampled(matching: Matching, key: Key, base: Table, head: Table, *, hashed: bool = False) -> str:
    """Rows on both sides, sampled by their key: ``c0, c1, …`` are the columns that are gone, ``n0, n1, …`` the new.

    ``hashed``: a hash in place of each value, as texts may be long.
    """
    step = max(1, base.rows // _SAMPLED)
    on = " AND ".join(f"o.k{i} IS NOT DISTINCT FROM n.k{i}" for i in range(len(key.columns)))
    sides = []
    for table, names, wanted in ((base, key.base, matching.removed), (head, key.columns, matching.added)):
        kinds = [head.types[name] for name in key.columns]
        keys = [
            f"CAST({identifier(n)} AS {kind}) AS k{i}" for i, (n, kind) in enumerate(zip(names, kinds, strict=True))
        ]
        values = [identifier(name) for name in wanted[:_MOST]]
        if hashed:
            kinds = [table.types[name] for name in wanted[:_MOST]]
            values = [
                f"CASE WHEN {value} IS NOT NULL THEN hash({normal(value, kind)}) END"
                for value, kind in zip(values, kinds, strict=True)
            ]
        listed = [f"{value} AS c{i}" for i, value in enumerate(values)]
        picked = ", ".join(f"k{i}" for i in range(len(keys)))
        sides.append(f"(FROM (SELECT {', '.join(keys + listed)} FROM {table.sql}) WHERE hash({picked}) % {step} = 0)")
    # An end for keys that come many times.
    both = ", ".join(["o.*", *(f"n.c{j} AS n{j}" for j in range(len(matching.added[:_MOST])))])
    return f"SELECT {both} FROM {sides[0]} o JOIN {sides[1]} n ON {on} LIMIT {10 * _SAMPLED}"
