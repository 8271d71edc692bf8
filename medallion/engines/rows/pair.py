"""Two versions of a dataset as SQL: the rows of each, with their columns numbered.

Columns are numbered because a name of the data's own could be any that is needed here: ``c0, c1, …`` on each side,
``o0, n0, o1, n1, …`` (old, new) where both are held against each other.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from medallion.engines.rows.cells import STAND_IN, Comparison, can_cast, stand_in
from medallion.engines.sql import identifier, literal, no_glob, read_parquet

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    import duckdb

    from medallion.engines.rows.columns import Matched, Matching
    from medallion.models.tolerances import Tolerance

__all__ = ["Pair", "Table", "any_of", "pair_of", "read_table", "why_no_key"]


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of one version: a table expression, its columns as name → DuckDB type, in order, and how many rows.

    ``width`` is about how many bytes a row takes in memory. ``where`` is a condition on rows that are wanted, "" for
    all: a row counts where it is true of either version of it.
    """

    sql: str
    types: Mapping[str, str]
    rows: int
    width: int
    where: str = ""

    @property
    def is_wide(self) -> bool:
        """Whether rows are so wide that long texts should not be held in memory."""
        return self.width >= _WIDE

    @property
    def wanted(self) -> str:
        """A table expression of the rows that the condition is true of here."""
        return f"(FROM {self.sql} WHERE (\n{self.where}\n))" if self.where else self.sql


def read_table(cursor: duckdb.DuckDBPyConnection, files: Sequence[str]) -> Table:
    """The rows of these Parquet files; ``duckdb.Error`` where one cannot be read."""
    whole = read_parquet(files)
    types = {row[0]: row[1] for row in cursor.execute(f"DESCRIBE FROM {whole}").fetchall()}
    ((rows,),) = cursor.execute(f"SELECT count(*) FROM {whole}").fetchall()
    listed = ", ".join(literal(no_glob(file)) for file in files)
    ((all_rows, texts),) = cursor.execute(
        f"SELECT (SELECT sum(num_rows) FROM parquet_file_metadata([{listed}])), (SELECT "
        f"coalesce(sum(total_uncompressed_size), 0) FROM parquet_metadata([{listed}]) WHERE type = 'BYTE_ARRAY')"
    ).fetchall()
    return Table(whole, types, int(rows), _width(types) + int(texts) // max(1, int(all_rows)))


def _width(types: Mapping[str, str]) -> int:
    """About how many bytes a row takes in a hash table, but for what texts hold beyond their 16 bytes."""
    return 24 + sum(_SIZES.get(_short(kind), 16) for kind in types.values())


def _short(kind: str) -> str:
    """A DECIMAL of at most 18 digits is stored as a BIGINT."""
    digits = kind.removeprefix("DECIMAL(").partition(",")[0]
    return "BIGINT" if kind.startswith("DECIMAL(") and int(digits) <= 18 else kind


# Bytes of a row from which on its long texts are not held in memory as a whole.
_WIDE = 50_000
# Nested values and what is not listed take 16 bytes and more.
_SIZES = {
    **dict.fromkeys(("BOOLEAN", "TINYINT", "UTINYINT"), 1),
    **dict.fromkeys(("SMALLINT", "USMALLINT"), 2),
    **dict.fromkeys(("INTEGER", "UINTEGER", "FLOAT", "DATE"), 4),
    **dict.fromkeys(("BIGINT", "UBIGINT", "DOUBLE", "TIME", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE"), 8),
}


@dataclass(frozen=True)
class Pair:
    """Base and head, and the columns that are compared; the first ``keys`` of them are the key.

    Of the columns at the places in ``long`` a long text is compared by what stands in for it, see :func:`stand_in`.
    """

    base: Table
    head: Table
    columns: tuple[Matched, ...]
    comparisons: tuple[Comparison, ...]
    keys: int
    long: frozenset[int] = frozenset()

    @property
    def key(self) -> tuple[Matched, ...]:
        """The columns of the key."""
        return self.columns[: self.keys]

    def base_rows(self, condition: str = "") -> str:
        """Rows of the base whose key meets a condition on ``k0, k1, …``, the key in the types of the head."""
        listed = [f"{self._value(i, identifier(column.base))} AS c{i}" for i, column in enumerate(self.columns)]
        keys = [
            f"{self.comparisons[i].lossless(identifier(column.base))[0]} AS k{i}" for i, column in enumerate(self.key)
        ]
        return _rows(self.base, listed, keys, condition)

    def head_rows(self, condition: str = "") -> str:
        """The same of the head."""
        listed = [f"{self._value(i, identifier(column.head))} AS c{i}" for i, column in enumerate(self.columns)]
        keys = [f"{identifier(column.head)} AS k{i}" for i, column in enumerate(self.key)]
        return _rows(self.head, listed, keys, condition)

    def _value(self, place: int, column: str) -> str:
        return stand_in(column) if place in self.long else column

    def joined(self, base: str, head: str) -> str:
        """Both sides' rows, matched by key where they can be; ``oh`` and ``nh`` are NULL where there is none.

        They are false where a row is there and not wanted.

        NULL is the same key as NULL.
        """
        listed = [f"o.c{i} AS o{i}, n.c{i} AS n{i}" for i in range(len(self.columns))]
        on = " AND ".join(f"o.k{i} IS NOT DISTINCT FROM n.k{i}" for i in range(self.keys))
        return f"SELECT o.here AS oh, n.here AS nh, {', '.join(listed)} FROM ({base}) o FULL JOIN ({head}) n ON {on}"

    def differs(self, column: int) -> str:
        """A condition, never NULL, on a joined row that is on both sides: whether this column's values differ."""
        return self.comparisons[column].differs(f"o{column}", f"n{column}")

    @property
    def tolerated(self) -> tuple[int, ...]:
        """The columns whose numbers may lie apart."""
        return tuple(i for i in range(self.keys, len(self.columns)) if self.comparisons[i].tolerated)

    @property
    def is_wanted(self) -> str:
        """A condition, never NULL, on a joined row: whether either version of it is wanted."""
        return "coalesce(oh OR nh, false)" if self.base.where or self.head.where else "true"

    @property
    def row_differs(self) -> str:
        """A condition, never NULL, on a joined row: whether it is wanted, and on one side only or a value differs."""
        values = [self.differs(i) for i in range(self.keys, len(self.columns))]
        return f"({self.is_wanted} AND {any_of(['oh IS NULL', 'nh IS NULL', *values])})"


def pair_of(
    cursor: duckdb.DuckDBPyConnection,
    base: Table,
    head: Table,
    matching: Matching,
    key: Sequence[str],
    tolerances: Mapping[str, Tolerance],
    *,
    whole: bool = False,
) -> Pair:
    """Two tables with the columns that both have, those of ``key`` (as the head names them) first.

    Where rows are wide, something stands in for long texts, unless their values are wanted as a ``whole``.
    """
    first = [column for name in key if (column := matching.of_head(name))]
    columns = (*first, *(column for column in matching.common if column not in first))
    comparisons = tuple(
        Comparison(
            column.base_type,
            column.head_type,
            not column.retyped or can_cast(cursor, column.base_type, column.head_type),
            tolerances.get(column.head.lower()),
        )
        for column in columns
    )
    if whole or not (base.is_wide or head.is_wide):
        return Pair(base, head, columns, comparisons, len(first))
    long = frozenset(
        place
        for place, column in enumerate(columns)
        if place >= len(first) and column.base_type == column.head_type == "VARCHAR"
    )
    base = _narrowed(base, {c.base for c in first}, {columns[i].base for i in long})
    head = _narrowed(head, {c.head for c in first}, {columns[i].head for i in long})
    return Pair(base, head, columns, comparisons, len(first), long)


def _narrowed(table: Table, key: Collection[str], long: Collection[str]) -> Table:
    """A table with something standing in for the long texts of the columns ``long``.

    How much of its width is theirs is known where no other column can be the reason for it.
    """
    others = {n for n, kind in table.types.items() if "VARCHAR" in kind or "BLOB" in kind} - {*key, *long}
    width = _width(table.types) + 2 * STAND_IN * len(long)
    return table if others else replace(table, width=min(table.width, width))


def why_no_key(cursor: duckdb.DuckDBPyConnection, base: Table, column: Matched) -> str:
    """Why rows cannot be matched by a column that both versions have; empty where they can."""
    import duckdb

    for word, held in (("MAP(", "maps"), ("INTERVAL", "intervals")):
        if word in column.head_type or word in column.base_type:
            return f"{column.head} holds {held}"
    if not column.retyped:
        return ""
    name = identifier(column.base)
    there = f"TRY_CAST({name} AS {column.head_type})"
    lost = f"TRY_CAST({there} AS {column.base_type}) IS DISTINCT FROM {name}"
    try:
        if not cursor.execute(f"SELECT 1 FROM {base.sql} WHERE {lost} LIMIT 1").fetchall():
            return ""
    except duckdb.InterruptException:
        raise
    except duckdb.Error:  # There is no cast between the two types.
        pass
    return f"{column.head} cannot be cast from {column.base_type} to {column.head_type}"


def _rows(table: Table, columns: Sequence[str], keys: Sequence[str], condition: str) -> str:
    here = f"coalesce((\n{table.where}\n), false)" if table.where else "true"
    rows = f"SELECT {here} AS here, {', '.join([*columns, *keys])} FROM {table.sql}"
    # Around the projection: a name of the data's own could be k0. DuckDB pushes it down to the file all the same.
    return f"FROM ({rows}) WHERE {condition}" if condition else rows


def any_of(conditions: Sequence[str]) -> str:
    """Conditions joined by OR, as a tree that is not deep: DuckDB refuses expressions of more than 1,000 levels."""
    if len(conditions) <= 8:
        return f"({' OR '.join(conditions) or 'false'})"
    middle = len(conditions) // 2
    return f"({any_of(conditions[:middle])} OR {any_of(conditions[middle:])})"
