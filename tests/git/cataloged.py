"""A repository with records, and the catalog over its history."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import duckdb

from medallion.catalog import open_catalog, update
from medallion.names import TableName
from medallion.records import Built, Column, DataFile, Input, InputKind, Record, record_path

if TYPE_CHECKING:
    from pathlib import Path

    from tests.git.conftest import Work

__all__ = ["CUSTOMERS", "ORDERS", "REVENUE", "Catalog", "oid", "read", "record", "write"]


ORDERS, CUSTOMERS, REVENUE = (TableName(*n.split(".")) for n in ("silver.orders", "silver.customers", "gold.revenue"))


def oid(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()


def record(name: TableName, content: str, *inputs: Input) -> Record:
    return Record(
        dataset=name,
        rows=len(content),
        columns=(Column("id", "INTEGER", nullable=False, hash=oid("id")), Column("é", "VARCHAR", True, oid("é"))),
        key=("id",),
        files=(DataFile(f"{name.name}.parquet", oid(content), 100, len(content)),),
        built=Built(oid(content + "f"), f"sql/{name.layer}/{name.name}.sql", "duckdb", "2.0.0", inputs),
    )


def read(name: TableName, content: str) -> Input:
    return Input(str(name), InputKind.DATASET, oid(content), ("id",))


def write(work: Work, *records: Record) -> None:
    for one in records:
        work.write(record_path(one.dataset), one.encode())
        work.write(one.built.model, f"SELECT '{one.content_id}'")


@dataclass
class Catalog:
    """A catalog of ``work``, with what it is made from besides the history."""

    work: Work
    target: Path
    edges: list[tuple[str, str, str, str, str]] = field(default_factory=list)
    views: dict[TableName, list[Path]] = field(default_factory=dict)

    @property
    def runs(self) -> Path:
        return self.work.root / ".medallion/runs.jsonl"

    def update(self) -> None:
        edges: dict[TableName, list[tuple[str, str, str, str, str]]] = {}
        for edge in self.edges:
            edges.setdefault(TableName.parse(edge[0]), []).append(edge)
        update(
            self.work.repo,
            self.target,
            models={name: repr(listed) for name, listed in edges.items()},
            column_edges=lambda names: [edge for name in names for edge in edges[name]],
            views=self.views,
            runs=self.runs,
        )

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """What a client of DuckDB is told, which may read the views as well."""
        self.update()
        with duckdb.connect(self.target, read_only=True) as con:
            return con.execute(sql).fetchall()

    def contents(self) -> dict[str, list[str]]:
        """All rows of all tables, in no order."""
        with open_catalog(self.target) as con:
            tables = con.execute("SELECT schema_name || '.' || table_name FROM duckdb_tables()").fetchall()
            return {name: sorted(map(repr, con.execute(f"FROM {name}").fetchall())) for (name,) in tables}

    def rebuilt(self) -> dict[str, list[str]]:
        """What a catalog made from nothing holds."""
        other = Catalog(self.work, self.target.with_name("rebuilt.duckdb"), self.edges, self.views)
        for leftover in other.target.parent.glob("rebuilt*"):
            leftover.unlink()
        other.update()
        return other.contents()
