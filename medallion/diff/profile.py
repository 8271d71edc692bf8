"""What became of each column: its cells that changed, and its values over all rows before and after."""

from __future__ import annotations

from math import inf, isfinite
from typing import TYPE_CHECKING, Any

from medallion.diff.told import patterns
from medallion.diff.value import ColumnDiff, ColumnStatus, Histogram, Statistics
from medallion.engines.rows.cells import is_number, is_ordered
from medallion.engines.sql import identifier, literal

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    import duckdb

    from medallion.diff.told import Cells
    from medallion.engines.rows.columns import Matched, Matching
    from medallion.engines.rows.pair import Pair, Table
    from medallion.records import Record

__all__ = ["describe_columns"]

_BINS = 24
# Seconds that DuckDB can make a time of; numbers may be as large as their difference is finite.
_FARTHEST = 9e12
# In one query: each opens the files, and the footer of a file with thousands of columns is long.
_TOGETHER = 250
# Of so many columns, those with the most changes, it is told how they changed.
_TOLD = 500
_DRAWN = 50


def describe_columns(
    cursor: duckdb.DuckDBPyConnection,
    pair: Pair,
    matching: Matching,
    records: tuple[Record, Record],
    counts: Sequence[Cells],
    within: Mapping[str, int],
    unpaired: Sequence[int],
    *,
    hidden: Collection[str],
    histograms: bool,
    values: bool = True,
    differs: bool,
) -> tuple[ColumnDiff, ...]:
    """All columns in the order of the head, then those that are gone. No value of the ``hidden`` ones is read.

    Of all but the columns with the most changes the cells are counted, and not told what they are; of none are they
    without ``values``. ``counts`` are the cells that changed in each column of the pair, ``within`` those of a column,
    as the head names it, that differ within its tolerance; ``unpaired`` is what :func:`unpaired_values` gave.
    ``differs`` says whether any row does.
    """
    cells = dict(zip((column.head for column in pair.columns), counts, strict=True))
    places = {column.head: place for place, column in enumerate(pair.columns)}
    # Without a key no cells are counted; then the values of all columns are told, where rows differ at all.
    looked = [c for c in matching.common if (cells[c.head][0] if pair.keys else True)]
    before = _statistics(cursor, pair.base, [*(c.base for c in looked), *matching.removed] if values else [], hidden)
    after = _statistics(cursor, pair.head, [*(c.head for c in looked), *matching.added] if values else [], hidden)
    private = {c.head for c in matching.common if c.head.lower() in hidden or c.base.lower() in hidden}
    foremost = _foremost([c for c in looked if c.head not in private], cells) if values else []
    told = patterns(cursor, pair, [places[c.head] for c in foremost[:_TOLD]]) if pair.keys else {}
    drawn = {c.head for c in foremost[:_DRAWN]} if histograms else set()
    nullable = [{column.name: column.nullable for column in record.columns} for record in records]
    found: list[ColumnDiff] = []
    for column in matching.common:
        place, changed = places[column.head], cells[column.head][0]
        listed, other, ways = told.get(place, ((), changed if pair.keys else 0, 0))
        found.append(
            ColumnDiff(
                name=column.head,
                status=_status(column, matching, cells[column.head], unknown=differs and not pair.keys),
                base_name=column.base,
                base_type=column.base_type,
                head_type=column.head_type,
                base_nullable=nullable[0].get(column.base, True),
                head_nullable=nullable[1].get(column.head, True),
                moved=column.head in matching.moved,
                private=column.head in private,
                is_key=place < pair.keys,
                changed=changed if pair.keys else None,
                patterns=listed,
                other_changes=other,
                other_patterns=ways,
                nulls_gained=cells[column.head][1],
                nulls_lost=cells[column.head][2],
                tolerance=pair.comparisons[place].tolerated,
                within_tolerance=within.get(column.head),
                unpaired=unpaired[place] if unpaired else None,
                base_statistics=before.get(column.base),
                head_statistics=after.get(column.head),
                histogram=_histogram(cursor, pair, column) if column.head in drawn else None,
            )
        )
    found += [
        ColumnDiff(
            name=name,
            status=ColumnStatus.ADDED,
            head_type=pair.head.types[name],
            head_nullable=nullable[1].get(name, True),
            private=name.lower() in hidden,
            head_statistics=after.get(name),
        )
        for name in matching.added
    ]
    order = {name: place for place, name in enumerate(pair.head.types)}
    found.sort(key=lambda column: order[column.name])
    found += [
        ColumnDiff(
            name=name,
            status=ColumnStatus.REMOVED,
            base_name=name,
            base_type=pair.base.types[name],
            base_nullable=nullable[0].get(name, True),
            private=name.lower() in hidden,
            base_statistics=before.get(name),
        )
        for name in matching.removed
    ]
    return tuple(found)


def _foremost(columns: Sequence[Matched], cells: Mapping[str, Cells]) -> list[Matched]:
    """Those with the most changes first, else in their order."""
    return sorted(columns, key=lambda column: -cells[column.head][0])


def _status(column: Matched, matching: Matching, cells: Cells, *, unknown: bool) -> ColumnStatus:
    if column.renamed:
        return ColumnStatus.RENAMED
    if column.retyped:
        return ColumnStatus.RETYPED
    if cells[0]:
        return ColumnStatus.CHANGED
    if unknown:
        return ColumnStatus.UNKNOWN
    return ColumnStatus.MOVED if column.head in matching.moved else ColumnStatus.EQUAL


def _statistics(
    cursor: duckdb.DuckDBPyConnection, table: Table, names: Sequence[str], hidden: Collection[str]
) -> dict[str, Statistics]:
    """Statistics of these columns over all rows; of a private one the number of NULLs alone."""
    found: dict[str, Statistics] = {}
    for start in range(0, len(names), _TOGETHER):
        together = names[start : start + _TOGETHER]
        asked = ", ".join(
            _asked(table.types[name], identifier(name), told=name.lower() not in hidden) for name in together
        )
        ((rows, *row),) = cursor.execute(f"SELECT count(*), {asked} FROM {table.wanted}").fetchall()
        for i, name in enumerate(together):
            values, least, greatest, mean = row[4 * i : 4 * i + 4]
            found[name] = Statistics(int(rows) - int(values), least, greatest, _rounded(mean))
    return found


def _asked(kind: str, column: str, *, told: bool) -> str:
    ordered = told and is_ordered(kind)
    bounds = f"CAST(min({column}) AS VARCHAR), CAST(max({column}) AS VARCHAR)" if ordered else "NULL, NULL"
    mean = f"avg(CAST({column} AS DOUBLE))" if told and is_number(kind) else "NULL"
    return f"count({column}), {bounds}, {mean}"


def _rounded(mean: float | None) -> float | None:
    """A mean without its last digits: they depend on the order in which threads have added. None for no number."""
    return float(f"{mean:.10g}") if mean is not None and isfinite(mean) else None


def _histogram(cursor: duckdb.DuckDBPyConnection, pair: Pair, column: Matched) -> Histogram | None:
    """How the values of a column of numbers or times lie, in both versions; None where there are not two of them."""
    numbers = is_number(column.base_type) and is_number(column.head_type)
    times = all(
        kind.startswith(("DATE", "TIMESTAMP")) and is_ordered(kind) for kind in (column.base_type, column.head_type)
    )
    if not numbers and not times:
        return None
    values = []
    for table, name in ((pair.base, column.base), (pair.head, column.head)):
        value = f"CAST({identifier(name)} AS DOUBLE)" if numbers else f"CAST(epoch({identifier(name)}) AS DOUBLE)"
        values.append(f"(SELECT v FROM (SELECT {value} AS v FROM {table.wanted}) WHERE isfinite(v))")
    ((low, high),) = cursor.execute(
        f"SELECT min(v), max(v) FROM (FROM {values[0]} UNION ALL FROM {values[1]})"
    ).fetchall()
    if low is None or not high > low or not abs(low) + abs(high) < (inf if numbers else _FARTHEST):
        return None
    edges = [low + (high - low) * i / _BINS for i in range(_BINS)] + [high]
    counts = [_binned(cursor, table, low, high) for table in values]
    if numbers:
        labels = [f"{edge:,.6g}" for edge in edges]
    else:
        told = ", ".join(f"TRY(CAST(make_timestamp({int(edge * 1_000_000)}::BIGINT) AS VARCHAR))" for edge in edges)
        labels = list(cursor.execute(f"SELECT {told}").fetchall()[0])
        if None in labels:
            return None
    return Histogram(tuple(edges), tuple(labels), counts[0], counts[1])


def _binned(cursor: duckdb.DuckDBPyConnection, table: str, low: float, high: float) -> tuple[int, ...]:
    share = f"(v - {literal(repr(low))}::DOUBLE) / {literal(repr(high - low))}::DOUBLE"
    rows: Mapping[Any, Any] = dict(
        cursor.execute(
            f"SELECT least(floor({share} * {_BINS})::INTEGER, {_BINS - 1}) AS bin, count(*) FROM {table} GROUP BY bin"
        ).fetchall()
    )
    return tuple(int(rows.get(i, 0)) for i in range(_BINS))
