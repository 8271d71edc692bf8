"""Cut two versions into parts that can be compared one after the other, in little memory.

Rows of one key are in the same part on both sides. The parts are ranges of the first key column; where the files are in
its order, DuckDB reads only the row groups of a part, and small parts are joined in the processor's caches. Where a
range would hold too much, as with a key that begins with a date, it is cut again by a hash of the key.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from medallion.engines.rows.cells import FLOATS, is_ordered
from medallion.engines.sql import identifier, literal, no_glob

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

    from medallion.engines.rows.pair import Pair

__all__ = ["BUDGET", "conditions", "hashed"]

#: What the rows of a part may take in memory, in bytes, on the side that is kept there.
BUDGET = 640_000_000
#: How many rows a part has where cutting costs nothing: fewer take less memory, and more time.
_ROWS = 2_500_000
_SAMPLED = 100_000


def conditions(cursor: duckdb.DuckDBPyConnection, pair: Pair, files: tuple[Sequence[str], Sequence[str]]) -> list[str]:
    """Conditions on ``k0, k1, …`` that together hold each row once; one empty condition where all fits."""
    smaller = min(pair.base, pair.head, key=lambda table: table.rows)
    needed = max(1, -(-smaller.rows * smaller.width // BUDGET))
    kind = pair.key[0].head_type
    if smaller.rows <= _ROWS and needed == 1:
        return [""]
    keys = [f"k{i}" for i in range(pair.keys)]
    edges: list[str] = []
    # A NaN is in no statistics of some writers, and what is pruned by them would be in no range.
    if (is_ordered(kind) and kind not in FLOATS) or kind == "VARCHAR":
        starts = _starts(cursor, pair, files)
        clustered = starts is not None
        wanted = max(needed, smaller.rows // _ROWS) if clustered else needed
        edges = _edges(starts if starts is not None else _sampled(cursor, pair, wanted), wanted, kind)
    if not edges:
        return hashed(keys, needed)
    ranges = _ranges(edges)
    again = -(-needed // len(ranges))
    if again == 1:
        return ranges
    return [f"({part}) AND {bucket}" for part in ranges for bucket in hashed(keys, again)]


def hashed(columns: Sequence[str], parts: int) -> list[str]:
    """``parts`` conditions, by a hash of columns. Equal values have one: NULLs, NaNs and zeros of both signs too."""
    if parts == 1:
        return [""]
    return [f"hash({', '.join(columns)}) % {parts} = {part}" for part in range(parts)]


def _ranges(edges: Sequence[str]) -> list[str]:
    """Half-open ranges that cover everything; NULL belongs to the last."""
    middle = [f"k0 >= {low} AND k0 < {high}" for low, high in pairwise(edges)]
    return [f"k0 < {edges[0]}", *middle, f"(k0 >= {edges[-1]} OR k0 IS NULL)"]


def _starts(
    cursor: duckdb.DuckDBPyConnection, pair: Pair, files: tuple[Sequence[str], Sequence[str]]
) -> list[str] | None:
    """The least first key of each row group of the base, where both sides are in the order of the key; else None.

    By the statistics in the footers. They may be wrong about the order between them: then only time is lost.
    """
    found: list[list[str]] = []
    kind = pair.key[0].head_type
    for paths, column in ((files[0], pair.key[0].base), (files[1], pair.key[0].head)):
        listed = ", ".join(literal(no_glob(path)) for path in paths)
        low, high = (f"TRY_CAST(stats_{which}_value AS {kind})" for which in ("min", "max"))
        rows = cursor.execute(
            f"SELECT low::VARCHAR, high IS NULL OR low > high OR "
            f"coalesce(low < lag(high) OVER (ORDER BY file_name, row_group_id), false) FROM ("
            f"SELECT file_name, row_group_id, {low} AS low, {high} AS high FROM parquet_metadata([{listed}]) "
            f"WHERE path_in_schema = {literal(column)}) ORDER BY file_name, row_group_id"
        ).fetchall()
        if not rows or any(text is None or goes_back for text, goes_back in rows):
            return None
        found.append([text for text, _ in rows])
    return found[0]


def _sampled(cursor: duckdb.DuckDBPyConnection, pair: Pair, parts: int) -> list[str]:
    """First keys of the base, evenly spread over its rows."""
    if parts == 1:
        return []
    step = max(1, pair.base.rows // _SAMPLED)
    column = identifier(pair.key[0].base)
    cast = pair.comparisons[0].lossless(column)[0]
    rows = cursor.execute(
        f"SELECT CAST(k AS VARCHAR) FROM (SELECT {cast} AS k, hash({column}) AS h FROM {pair.base.sql}) "
        f"WHERE k IS NOT NULL AND h % {step} = 0 ORDER BY k"
    ).fetchall()
    return [row[0] for row in rows]


def _edges(values: Sequence[str], parts: int, kind: str) -> list[str]:
    """Values that cut the sorted ``values`` into about equal parts, as SQL; each once."""
    if parts == 1 or not values:
        return []
    picked = [values[len(values) * part // parts] for part in range(1, parts)]
    return list(dict.fromkeys(f"CAST({literal(value)} AS {kind})" for value in picked if value != values[0]))
