"""Two versions of a dataset as SQL: the rows of each, with their columns numbered.

Columns are numbered because a name of the data's own could be any that is needed here: ``c0, c1, …`` on each side,
``o0, n0, o1, n1, …`` (old, new) where both are held against each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from medallion.engines.sql import identifier, read_parquet

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from medallion.diff.cells import Comparison
    from medallion.diff.columns import Matched

__all__ = ["Pair", "Table", "any_of", "source"]


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of one version: a table expression, its columns as name → DuckDB type, in order, and how many rows.

    ``width`` is about how many bytes a row takes in memory.
    """

    sql: str
    types: Mapping[str, str]
    rows: int
    width: int


def source(files: Sequence[str], where: str) -> str:
    """The table expression that reads these files, and only the rows that a condition is true of."""
    return f"(FROM {read_parquet(files)} WHERE (\n{where}\n))" if where else read_parquet(files)


@dataclass(frozen=True)
class Pair:
    """Base and head, and the columns that are compared; the first ``keys`` of them are the key."""

    base: Table
    head: Table
    columns: tuple[Matched, ...]
    comparisons: tuple[Comparison, ...]
    keys: int

    @property
    def key(self) -> tuple[Matched, ...]:
        """The columns of the key."""
        return self.columns[: self.keys]

    def base_rows(self, condition: str = "") -> str:
        """Rows of the base whose key meets a condition on ``k0, k1, …``, the key in the types of the head."""
        listed = [f"{identifier(column.base)} AS c{i}" for i, column in enumerate(self.columns)]
        keys = [
            f"{self.comparisons[i].lossless(identifier(column.base))[0]} AS k{i}" for i, column in enumerate(self.key)
        ]
        return _rows(self.base.sql, listed, keys, condition)

    def head_rows(self, condition: str = "") -> str:
        """The same of the head."""
        listed = [f"{identifier(column.head)} AS c{i}" for i, column in enumerate(self.columns)]
        keys = [f"{identifier(column.head)} AS k{i}" for i, column in enumerate(self.key)]
        return _rows(self.head.sql, listed, keys, condition)

    def joined(self, base: str, head: str) -> str:
        """Both sides' rows, matched by key where they can be; ``oh`` and ``nh`` are true where there is one.

        NULL is the same key as NULL.
        """
        listed = [f"o.c{i} AS o{i}, n.c{i} AS n{i}" for i in range(len(self.columns))]
        on = " AND ".join(f"o.k{i} IS NOT DISTINCT FROM n.k{i}" for i in range(self.keys))
        return f"SELECT o.here AS oh, n.here AS nh, {', '.join(listed)} FROM ({base}) o FULL JOIN ({head}) n ON {on}"

    def differs(self, column: int) -> str:
        """A condition, never NULL, on a joined row that is on both sides: whether this column's values differ."""
        return self.comparisons[column].differs(f"o{column}", f"n{column}")

    @property
    def row_differs(self) -> str:
        """A condition, never NULL, on a joined row: whether it is on one side only, or a value differs."""
        values = [self.differs(i) for i in range(self.keys, len(self.columns))]
        return any_of(["oh IS NULL", "nh IS NULL", *values])


def _rows(table: str, columns: Sequence[str], keys: Sequence[str], condition: str) -> str:
    rows = f"SELECT true AS here, {', '.join([*columns, *keys])} FROM {table}"
    # Around the projection: a name of the data's own could be k0. DuckDB pushes it down to the file all the same.
    return f"FROM ({rows}) WHERE {condition}" if condition else rows


def any_of(conditions: Sequence[str]) -> str:
    """Conditions joined by OR, as a tree that is not deep: DuckDB refuses expressions of more than 1,000 levels."""
    if len(conditions) <= 8:
        return f"({' OR '.join(conditions) or 'false'})"
    middle = len(conditions) // 2
    return f"({any_of(conditions[:middle])} OR {any_of(conditions[middle:])})"
