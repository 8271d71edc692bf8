"""How the rows of two versions of a dataset differ, counted while a run goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medallion.engines.rows.columns import match_columns
from medallion.engines.rows.differing import Counts, by_key, keyless
from medallion.engines.rows.pair import pair_of, read_table, why_no_key
from medallion.errors import BuildError, DataError
from medallion.events import RowDelta

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import duckdb

    from medallion.models.tolerances import Tolerance

__all__ = ["row_delta"]


def row_delta(
    cursor: duckdb.DuckDBPyConnection,
    old: Sequence[Path],
    new: Sequence[Path],
    key: Sequence[str],
    tolerances: Mapping[str, Tolerance],
) -> RowDelta | None:
    """Compare two versions by ``key`` where both have its columns, else as multisets of rows.

    Values are the same by the rules of ``medallion diff``. A column that only one version has is named and not
    compared; with no column in common all rows differ. None where a file cannot be read or the comparison does not fit
    into memory: it must not stop a build. ``BuildError`` where the connection is interrupted.
    """
    import duckdb

    try:
        return _delta(cursor, list(map(str, old)), list(map(str, new)), key, tolerances)
    except duckdb.InterruptException:
        raise BuildError("interrupted") from None
    except (duckdb.Error, DataError):
        return None


def _delta(
    cursor: duckdb.DuckDBPyConnection,
    old: Sequence[str],
    new: Sequence[str],
    key: Sequence[str],
    tolerances: Mapping[str, Tolerance],
) -> RowDelta:
    base, head = read_table(cursor, old), read_table(cursor, new)
    matching = match_columns(base.types, head.types)
    columns = [matching.of_head(name) for name in key]
    usable = bool(columns) and all(column is not None and not why_no_key(cursor, base, column) for column in columns)
    pair = pair_of(cursor, base, head, matching, key if usable else (), tolerances if usable else {})
    if not pair.columns:
        found = Counts(added=head.rows, removed=base.rows)
    elif usable:
        found, _ = by_key(cursor, pair, (old, new), keep=False)
    else:
        found = keyless(cursor, pair, keep=False)
    return RowDelta(
        found.added,
        found.removed,
        found.changed if usable else None,
        columns_added=matching.added,
        columns_removed=matching.removed,
        columns_retyped=tuple(column.head for column in matching.common if column.retyped),
    )
