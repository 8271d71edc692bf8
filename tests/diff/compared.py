"""Two Parquet files compared as two versions of a dataset are, without a project around them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import duckdb

from medallion.diff.compare import Asked, Part, compare
from medallion.models.parse import parse_model
from medallion.names import TableName
from medallion.records import Built, Column, DataFile, Record

if TYPE_CHECKING:
    from pathlib import Path

    from medallion.diff.value import TableDiff
    from medallion.models.model import Model

__all__ = ["NAME", "compared", "connection", "model", "part"]

NAME = TableName("silver", "orders")


def connection() -> duckdb.DuckDBPyConnection:
    """DuckDB as comparisons have it."""
    con = duckdb.connect(":memory:", config={"errors_as_json": True, "threads": 2})
    con.execute("SET TimeZone = 'UTC'")
    return con


def model(head: str) -> Model:
    """A model with these lines of annotations at its top."""
    text = "".join(f"-- {line}\n" for line in head.splitlines()) + "FROM bronze.orders"
    return parse_model(NAME, "sql/silver/orders.sql", text, ["bronze", "silver", "gold"])


def part(con: duckdb.DuckDBPyConnection, path: Path, sql: str, head: str = "") -> Part:
    """A version with the rows of a query, which are stored in their order, and a model with these annotations."""
    con.execute(f"COPY ({sql}) TO '{path}' (FORMAT parquet)")
    described = con.execute(f"DESCRIBE FROM read_parquet('{path}')").fetchall()
    rows = con.execute(f"FROM read_parquet('{path}')").fetchall()
    columns = tuple(
        Column(
            name, kind, any(r[i] is None for r in rows), hashlib.sha256(repr([r[i] for r in rows]).encode()).hexdigest()
        )
        for i, (name, kind, *_) in enumerate(described)
    )
    oid = hashlib.sha256(path.read_bytes()).hexdigest()
    built = Built("", "sql/silver/orders.sql", "duckdb", "2", ())
    record = Record(NAME, len(rows), columns, (), (DataFile(path.name, oid, path.stat().st_size, len(rows)),), built)
    return Part(record, (path,), model(head) if head else None)


def compared(tmp_path: Path, base: str, head: str, annotations: str = "", asked: Asked = Asked()) -> TableDiff:  # noqa: B008
    """How the rows of two queries differ."""
    con = connection()
    try:
        old = part(con, tmp_path / "base.parquet", base, annotations)
        new = part(con, tmp_path / "head.parquet", head, annotations)
        return compare(con, NAME, old, new, asked)
    finally:
        con.close()
