"""One model at a time through the real engine, without a project around it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from medallion.config import Config
from medallion.engines.duckdb import DuckDBEngine
from medallion.errors import MedallionError
from medallion.models.graph import build_graph
from medallion.models.parse import parse_macros, parse_model
from medallion.names import TableName

if TYPE_CHECKING:
    from pathlib import Path

    from medallion.config import Variable
    from medallion.engines.protocol import Produced, Session
    from medallion.models.model import Macro, Model
    from medallion.records import Column

__all__ = ["LAYERS", "Bench", "columns", "refused"]

LAYERS = ("bronze", "silver", "gold")


@dataclass
class Bench:
    """A folder with datasets that models can read, and what came out of the models."""

    root: Path
    threads: int = 2
    variables: dict[str, Variable] = field(default_factory=dict)
    macros: str = ""
    tables: dict[TableName, Path] = field(default_factory=dict)

    def table(self, name: str, sql: str) -> None:
        """Make a dataset from a query."""
        table = TableName.parse(name)
        file = self.root / "data" / table.layer / f"{table.name}.parquet"
        file.parent.mkdir(parents=True, exist_ok=True)
        duckdb.connect().execute(f"COPY ({sql}) TO '{file}' (FORMAT parquet)")
        self.tables[table] = file

    def model(self, sql: str, name: str = "silver.x") -> tuple[Model, tuple[Macro, ...]]:
        """The model and the macros that it uses."""
        table = TableName.parse(name)
        parsed = parse_model(table, f"sql/{table.layer}/{table.name}.sql", sql, LAYERS)
        macros = parse_macros("sql/macros/m.sql", self.macros, LAYERS)
        return parsed, build_graph([parsed], macros, LAYERS, {}).macros[table]

    def engine(self) -> DuckDBEngine:
        """The engine, on the bench's folder."""
        return DuckDBEngine(Config(self.root, threads=self.threads, variables=self.variables), [])

    def register(self, session: Session) -> None:
        """Make every dataset readable."""
        for name, file in self.tables.items():
            session.register(name, [file])

    def build(self, sql: str, name: str = "silver.x") -> Produced:
        """Run one model."""
        model, macros = self.model(sql, name)
        with self.engine().open() as session:
            self.register(session)
            return session.build(model, macros, self.target(name), lambda _: None)

    def target(self, name: str) -> Path:
        """A file that the engine may write to."""
        return self.root / ".medallion" / "tmp" / f"{name}.parquet"

    def rows(self, sql: str, name: str = "silver.x") -> list[tuple[Any, ...]]:
        """The rows of the file that the model made, in its order."""
        return duckdb.connect().execute(f"FROM read_parquet('{self.build(sql, name).file}')").fetchall()


def refused(bench: Bench, sql: str) -> tuple[str, str, str]:
    """How a model is refused: message, hint, and the text at the place."""
    with pytest.raises(MedallionError) as caught:
        bench.build(sql)
    place = caught.value.location
    assert place is not None, caught.value.message
    shown = place.text[place.column - 1 : place.column - 1 + place.length] if place.line else ""
    return caught.value.message, caught.value.hint, shown


def columns(bench: Bench, sql: str) -> dict[str, Column]:
    """The columns that a model makes, by name."""
    return {column.name: column for column in bench.build(sql).columns}
