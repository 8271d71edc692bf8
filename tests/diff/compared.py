"""Two Parquet files compared as two versions of a dataset are, without a project around them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import duckdb

from medallion.diff.asked import Asked
from medallion.diff.compare import Part, compare
from medallion.models.parse import parse_model
from medallion.names import TableName
from medallion.records import Built, Column, DataFile, Record

if TYPE_CHECKING:
    from pathlib import Path

    from medallion.diff.value import ColumnStatus, TableDiff
    from medallion.models.model import Model

__all__ = ["NAME", "ORDERS", "compared", "connection", "counts", "edited", "model", "part", "states"]

NAME = TableName("silver", "orders")
_ASKED = Asked()
ORDERS = (
    "SELECT * FROM (VALUES (1, 'paid', 10.0, 'a@x'), (2, 'paid', 20.0, 'b@x'), (3, 'shipped', 30.0, NULL), "
    "(4, 'paid', 40.0, 'd@x')) v(order_id, status, total, email)"
)


def connection() -> duckdb.DuckDBPyConnection:
    """DuckDB as comparisons have it."""
    con = duckdb.connect(":memory:", config={"errors_as_json": True, "threads": 2})
    con.execute("SET TimeZone = 'UTC'")
    return con


def model(head: str) -> Model:
    """A model with these lines of annotations at its top."""
    text = "".join(f"-- {line}\n" for line in head.splitlines()) + "FROM bronze.orders"
    return parse_model(NAME, "sql/silver/orders.sql", text, ["bronze", "silver", "gold"])


def part(con: duckdb.DuckDBPyConnection, path: Path, sql: str, head: str = "", *, row_group: int = 122_880) -> Part:
    """A version with the rows of a query, which are stored in their order, and a model with these annotations."""
    con.execute(f"COPY ({sql}) TO '{path}' (FORMAT parquet, ROW_GROUP_SIZE {row_group})")
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
    made = model(head) if head else None
    return Part(record, (path,), made, *((made.private, made.tolerances) if made else ()))


def compared(
    tmp_path: Path,
    base: str,
    head: str,
    annotations: str = "",
    asked: Asked = _ASKED,
    *,
    row_group: int = 122_880,
    rows: Path | None = None,
) -> TableDiff:
    """How the rows of two queries differ; those that do are written to ``rows``."""
    con = connection()
    try:
        old = part(con, tmp_path / "base.parquet", base, annotations, row_group=row_group)
        new = part(con, tmp_path / "head.parquet", head, annotations, row_group=row_group)
        return compare(con, NAME, old, new, asked, rows)
    finally:
        con.close()


def edited(**columns: str) -> str:
    """The orders with expressions in the place of columns."""
    return f"SELECT * REPLACE ({', '.join(f'{sql} AS {name}' for name, sql in columns.items())}) FROM ({ORDERS})"


def states(diff: TableDiff) -> dict[str, ColumnStatus]:
    """What became of each column, by its name."""
    return {column.name: column.status for column in diff.columns}


def counts(diff: TableDiff) -> tuple[int, int, int | None]:
    """How many rows came, went and changed."""
    assert diff.rows is not None
    return diff.rows.added, diff.rows.removed, diff.rows.changed
