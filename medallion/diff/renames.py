"""Find columns that were renamed: gone under one name, there under another, with the same values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medallion.engines.rows.columns import fold
from medallion.engines.sql import identifier

if TYPE_CHECKING:
    import duckdb

    from medallion.diff.value import Key
    from medallion.engines.rows.columns import Matching
    from medallion.engines.rows.pair import Table
    from medallion.records import Record

__all__ = ["renamed_by_hash", "renamed_in_record", "renamed_keys", "renamed_values"]

# Shares of values that must be the same: of keys, since rows come and go; of a column in rows that are on both sides.
_KEYS = 0.5
_VALUES = 0.95
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


def renamed_by_hash(matching: Matching, base: Record | None, head: Record | None) -> dict[str, str]:
    """Columns whose values are those of a column that is gone, row by row, as their records say."""
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

    A column that is always the same says nothing, and is not taken for another.
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
        listed = [f"{identifier(name)} AS c{i}" for i, name in enumerate(wanted[:_MOST])]
        hashed = ", ".join(f"k{i}" for i in range(len(keys)))
        sides.append(f"(FROM (SELECT {', '.join(keys + listed)} FROM {table.sql}) WHERE hash({hashed}) % {step} = 0)")
    places = [(matching.removed.index(old), matching.added.index(new)) for old, new in pairs]
    counts = ", ".join(
        f"count(*) FILTER (c{i} IS NOT DISTINCT FROM n{j}), approx_count_distinct(n{j})" for i, j in places
    )
    # An end for keys that come many times.
    both = ", ".join(["o.*", *(f"n.c{j} AS n{j}" for j in range(len(matching.added[:_MOST])))])
    joined = f"SELECT {both} FROM {sides[0]} o JOIN {sides[1]} n ON {on} LIMIT {10 * _SAMPLED}"
    (row,) = cursor.execute(f"SELECT count(*), {counts} FROM ({joined})").fetchall()
    good = [
        (row[1 + 2 * place], pair)
        for place, pair in enumerate(pairs)
        if row[0] and row[1 + 2 * place] >= _VALUES * row[0] and row[2 + 2 * place] > 1
    ]
    found: dict[str, str] = {}
    for _, (old, new) in sorted(good, key=lambda item: -item[0]):
        if new not in found and old not in found.values():
            found[new] = old
    return found
