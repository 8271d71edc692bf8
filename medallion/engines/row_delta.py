"""How the rows of two versions of a dataset differ, counted in DuckDB."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from medallion.engines.sql import identifier, read_parquet
from medallion.errors import BuildError
from medallion.events import RowDelta

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import duckdb

__all__ = ["row_delta"]


def row_delta(
    cursor: duckdb.DuckDBPyConnection, old: Sequence[Path], new: Sequence[Path], key: Sequence[str]
) -> RowDelta | None:
    """Compare two versions by ``key`` where that is one in both, else as multisets of rows.

    NULL equals NULL and NaN equals NaN, also inside of lists and structs; -0.0 equals 0.0. Where a column changed its
    type, a value is the same if it is so in the new type and nothing was lost on the way there. A column that only one
    version has is named and not compared; with no column in common all rows differ. None where a file cannot be read
    or the comparison does not fit into memory: it must not stop a build. ``BuildError`` where the connection is
    interrupted.
    """
    import duckdb

    try:
        return _Comparison(cursor, old, new).delta(key)
    except duckdb.InterruptException:
        raise BuildError("interrupted") from None
    except duckdb.Error:
        return None


class _Comparison:
    """Two tables, old and new, as SQL.

    Columns are numbered in it: a name of the data's own could be any that is needed here.
    """

    def __init__(self, cursor: duckdb.DuckDBPyConnection, old: Sequence[Path], new: Sequence[Path]) -> None:
        self.cursor = cursor
        self.old, self.new = read_parquet(map(str, old)), read_parquet(map(str, new))
        self.before, self.after = self._types(self.old), self._types(self.new)
        self.retyped = tuple(n for n, kind in self.after.items() if self.before.get(n, kind) != kind)

    def delta(self, key: Sequence[str]) -> RowDelta:
        """By key or as multisets."""
        common = [name for name in self.after if name in self.before]
        spelt = {name.casefold(): name for name in common}  # An annotation may write a column in another case.
        key = [spelt.get(name.casefold(), name) for name in key]
        same_type = {name for name in common if name not in self.retyped}
        if not common:
            added, removed, changed = self._count(self.new), self._count(self.old), None
        elif key and same_type.issuperset(key) and self._is_key(self.old, key) and self._is_key(self.new, key):
            added, removed, changed = self._by_key(len(key), [*key, *(name for name in common if name not in key)])
        else:
            added, removed, changed = self._as_multisets(common)
        return RowDelta(
            added,
            removed,
            changed,
            columns_added=tuple(name for name in self.after if name not in self.before),
            columns_removed=tuple(name for name in self.before if name not in self.after),
            columns_retyped=self.retyped,
        )

    def _types(self, table: str) -> Mapping[str, str]:
        return {row[0]: row[1] for row in self._rows(f"DESCRIBE FROM {table}")}

    def _count(self, table: str) -> int:
        return int(self._rows(f"SELECT count(*) FROM {table}")[0][0])

    def _is_key(self, table: str, key: Sequence[str]) -> bool:
        names = ", ".join(map(identifier, key))
        return not self._rows(f"SELECT 1 FROM {table} GROUP BY {names} HAVING count(*) > 1 LIMIT 1")

    def _by_key(self, keys: int, columns: Sequence[str]) -> tuple[int, int, int]:
        """``columns`` begin with those of the key."""
        joined = " AND ".join(f"o.c{i} IS NOT DISTINCT FROM n.c{i}" for i in range(keys))
        differs = ["o.lost", *(f"o.c{i} IS DISTINCT FROM n.c{i}" for i in range(keys, len(columns)))]
        ((added, removed, changed),) = self._rows(
            f"SELECT count(*) FILTER (o.lost IS NULL), count(*) FILTER (n.lost IS NULL), "
            f"count(*) FILTER (o.lost IS NOT NULL AND n.lost IS NOT NULL AND ({' OR '.join(differs)})) "
            f"FROM ({self._old_rows(columns)}) o FULL JOIN ({self._new_rows(columns)}) n ON {joined}"
        )
        return int(added), int(removed), int(changed)

    def _as_multisets(self, columns: Sequence[str]) -> tuple[int, int, None]:
        groups = ", ".join(["lost", *(f"c{i}" for i in range(len(columns)))])
        ((added, removed),) = self._rows(
            "SELECT coalesce(sum(greatest(more, 0)), 0), coalesce(sum(greatest(-more, 0)), 0) FROM ("
            f"SELECT sum(side) AS more FROM (SELECT 1 AS side, * FROM ({self._new_rows(columns)}) "
            f"UNION ALL SELECT -1 AS side, * FROM ({self._old_rows(columns)})) GROUP BY {groups})"
        )
        return int(added), int(removed), None

    def _new_rows(self, columns: Sequence[str]) -> str:
        listed = ", ".join(f"{identifier(name)} AS c{i}" for i, name in enumerate(columns))
        return f"SELECT false AS lost, {listed} FROM {self.new}"

    def _old_rows(self, columns: Sequence[str]) -> str:
        """The old rows in the new types; ``lost`` where a value is another one when it is cast there and back."""
        values, losses = [], ["false"]
        for name in columns:
            value = column = identifier(name)
            before, after = self.before[name], self.after[name]
            if before != after and not self._can_cast(before, after):
                value = f"CAST(NULL AS {after})"
                losses.append("true")
            elif before != after:
                value = f"TRY_CAST({column} AS {after})"
                losses.append(f"TRY_CAST({value} AS {before}) IS DISTINCT FROM {column}")
            values.append(value)
        listed = ", ".join(f"{value} AS c{i}" for i, value in enumerate(values))
        return f"SELECT {' OR '.join(losses)} AS lost, {listed} FROM {self.old}"

    def _can_cast(self, before: str, after: str) -> bool:
        import duckdb

        try:
            self._rows(f"SELECT TRY_CAST(TRY_CAST(CAST(NULL AS {before}) AS {after}) AS {before})")
        except duckdb.InterruptException:
            raise
        except duckdb.Error:
            return False
        return True

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        return list(self.cursor.execute(sql).fetchall())
