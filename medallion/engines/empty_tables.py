"""Datasets as empty tables, to bind against without a file, and the types that a model's output is read back with."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from medallion.engines.sandbox import SCHEMAS
from medallion.engines.sql import identifier

if TYPE_CHECKING:
    from collections.abc import Iterable

    import duckdb

    from medallion.names import TableName

__all__ = ["create_empty", "needs_data", "stored_type"]

# What DuckDB reads where it wrote another type to Parquet. Those that lose something are refused: see outputs.py.
_READ_AS = {"enum": "VARCHAR", "timestamp_s": "TIMESTAMP", "timestamp_ms": "TIMESTAMP"}


def create_empty(cursor: duckdb.DuckDBPyConnection, name: TableName, columns: Iterable[tuple[str, str]]) -> None:
    """Make a dataset an empty table in ``SCHEMAS``, or another one.

    A type may come from a record, which anybody can have written: it is read as a type before it becomes SQL.
    """
    import duckdb

    listed = ", ".join(f"{identifier(column)} {duckdb.sqltype(kind)}" for column, kind in columns)
    cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {identifier(SCHEMAS)}.{identifier(name.layer)}")
    cursor.execute(f"CREATE OR REPLACE TABLE {identifier(SCHEMAS)}.{name.sql} ({listed})")


def needs_data(cursor: duckdb.DuckDBPyConnection, sql: str) -> bool:
    """Whether the columns of a statement hang on data: a PIVOT that names no values is several statements to DuckDB."""
    import duckdb

    try:
        return [statement.type for statement in cursor.extract_statements(sql)] == [duckdb.StatementType.MULTI]
    except duckdb.ParserException:
        return False  # It is told when it is bound.


@functools.cache
def stored_type(kind: str) -> str:
    """The type that a column is read as once it was written to Parquet; of nested types, part by part."""
    import duckdb

    def visit(found: duckdb.sqltypes.DuckDBPyType) -> duckdb.sqltypes.DuckDBPyType:
        if found.id in _READ_AS:
            return duckdb.sqltype(_READ_AS[found.id])
        if found.id not in ("list", "array", "map", "struct"):
            return found
        # The length of an array, a number, is among its children.
        parts = {
            name: visit(child) for name, child in found.children if isinstance(child, duckdb.sqltypes.DuckDBPyType)
        }
        if found.id == "struct":
            return duckdb.struct_type(parts)
        if found.id == "map":
            return duckdb.map_type(parts["key"], parts["value"])
        return duckdb.list_type(parts["child"])

    return str(visit(duckdb.sqltype(kind)))
