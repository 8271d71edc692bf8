"""By how much numbers and times of a column have moved, where few amounts explain nearly all of its changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medallion.engines.rows.cells import is_number
from medallion.engines.rows.differing import TABLE

if TYPE_CHECKING:
    import duckdb

    from medallion.engines.rows.pair import Pair

__all__ = ["shift_note"]

# So many amounts are told, each of at least so many rows, where they are this share of the changes together. With fewer
# rows they would tell of single ones, of which nothing may be told where samples are off.
_MOST, _FEWEST, _NEARLY = 4, 5, 0.95
_TIMES = ("DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE")
_UNITS = (("d", 86_400_000_000), ("h", 3_600_000_000), ("min", 60_000_000), ("s", 1_000_000), ("µs", 1))


def shift_note(cursor: duckdb.DuckDBPyConnection, pair: Pair, column: int, changed: int) -> str:
    """``at: head − base is +1 h × 40,000 · +2 h × 52,700``; "" where a column did not move so. Rows need a key."""
    kinds = pair.columns[column]
    both = (kinds.base_type, kinds.head_type)
    old, new = f"o{column}", f"n{column}"
    if all(kind in _TIMES for kind in both):
        # A TIMESTAMP is read as one of UTC, as where values are compared.
        ends = [f"CASE WHEN isfinite({end}) THEN epoch_us(CAST({end} AS TIMESTAMP)) END" for end in (new, old)]
        moved = f"CAST({ends[0]} AS HUGEINT) - {ends[1]}"
    elif all(map(is_number, both)):
        # DECIMALs and integers are subtracted without rounding, where they have room; else the row counts as others.
        kind = "DOUBLE" if {"FLOAT", "DOUBLE"} & {*both} else "DECIMAL(38, 10)"
        moved = f"TRY(TRY_CAST({new} AS {kind}) - TRY_CAST({old} AS {kind}))"
    else:
        return ""
    rows = cursor.execute(
        f"SELECT CAST(moved AS VARCHAR), n FROM (SELECT {moved} AS moved, count(*) AS n FROM {TABLE} "
        f"WHERE oh IS NOT NULL AND nh IS NOT NULL AND {pair.differs(column)} GROUP BY ALL) "
        f"WHERE moved IS NOT NULL AND moved <> 0 AND n >= {_FEWEST} ORDER BY n DESC, moved LIMIT {_MOST}"
    ).fetchall()
    explained = sum(int(count) for _, count in rows)
    if not rows or explained < _NEARLY * changed:
        return ""
    in_words = _time if both[0] in _TIMES else _number
    told = [f"{in_words(moved)} × {count:,}" for moved, count in rows]
    rest = [f"others × {changed - explained:,}"] if changed > explained else []
    return f"{kinds.head}: head − base is {' · '.join([*told, *rest])}"


def _signed(text: str) -> str:
    return f"−{text[1:]}" if text.startswith("-") else f"+{text}"


def _number(moved: str) -> str:
    return _signed(moved.rstrip("0").rstrip(".") if "." in moved and "e" not in moved else moved)


def _time(moved: str) -> str:
    """Microseconds in the units that they fill."""
    left, parts = abs(int(moved)), []
    for unit, size in _UNITS:
        amount, left = divmod(left, size)
        if amount:
            parts.append(f"{amount:,} {unit}")
    return _signed(("-" if moved.startswith("-") else "") + " ".join(parts))
