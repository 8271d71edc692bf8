"""A dataset with checks, run as they are before it is published."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from medallion.checks.data import Before, check_data
from medallion.errors import MedallionError
from medallion.models.graph import build_graph
from medallion.models.parse import parse_check, parse_macros, parse_model
from medallion.names import TableName
from medallion.privacy import hidden_columns
from medallion.records import Built, Column, DataFile, Record
from tests.engines.bench import LAYERS, Bench

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

    from medallion.engines.protocol import Reader, Session
    from medallion.events import CheckResult
    from medallion.models.model import Macro, Model
    from medallion.schemas import Schema

__all__ = [
    "BOOLEANS",
    "DATES",
    "DECIMALS",
    "FLOATS",
    "INTEGERS",
    "NESTED",
    "NONE",
    "NOW",
    "ODD_NAMES",
    "PAIRS",
    "STAMPS",
    "TEXTS",
    "ZONED",
    "Checks",
    "Counting",
    "X",
    "of",
]


X = TableName("silver", "x")

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@dataclass
class Counting:
    """A session whose readers note what they run; everything goes to the real one."""

    session: Session
    statements: list[str] = field(default_factory=list)
    bound: list[str] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.session, name)

    @contextmanager
    def reader(
        self, reads: Collection[TableName], macros: Sequence[Macro], *, discreet: bool = False
    ) -> Iterator[Reader]:
        with self.session.reader(reads, macros, discreet=discreet) as reader:
            yield _Noted(reader, self.statements, self.bound)


@dataclass
class _Noted:
    reader: Reader
    statements: list[str]
    bound: list[str]

    def bind(self, probe: Model) -> Schema:
        self.bound.append(probe.sql)
        return self.reader.bind(probe)

    def needs_data(self, sql: str) -> bool:
        return self.reader.needs_data(sql)

    def rows(self, sql: str, probe: Model | None = None) -> list[tuple[Any, ...]]:
        self.statements.append(sql)
        return self.reader.rows(sql, probe)

    def write(self, sql: str, target: Path) -> None:
        self.statements.append(sql)
        self.reader.write(sql, target)


@dataclass
class Checks:
    """A built dataset, silver.x, and its checks."""

    bench: Bench
    others: dict[str, str] = field(default_factory=dict)
    queries: dict[str, str] = field(default_factory=dict)
    most: int = 1000
    statements: list[str] = field(default_factory=list)
    bound: list[str] = field(default_factory=list)
    private: str = ""
    in_order: bool = False

    def run(self, rows: str, *checks: str, key: str = "", before: str | None = None) -> tuple[CheckResult, ...]:
        """The results of ``checks``, annotations of the dataset, on the rows of a query."""
        head = [f"-- @private {self.private}"] if self.private else []
        head += [f"-- @key {key}"] if key else []
        text = "\n".join([*head, *(f"-- {check}" for check in checks), rows])
        model = parse_model(X, "sql/silver/x.sql", text, LAYERS)
        macros = parse_macros("sql/macros/m.sql", self.bench.macros, LAYERS)
        others = [
            parse_model(TableName.parse(name), f"sql/{name.replace('.', '/')}.sql", sql, LAYERS)
            for name, sql in self.others.items()
        ]
        for name, sql in self.others.items():
            self.bench.table(name, sql)
        queries = [parse_check(f"sql/checks/{name}.sql", sql, LAYERS) for name, sql in self.queries.items()]
        graph = build_graph([model, *others], macros, LAYERS, {}, queries)
        assert graph.problems == {}
        assert graph.misplaced == ()
        config = replace(self.bench.engine().config, failed_rows=self.most)
        with self.bench.engine().open() as opened:
            session = Counting(opened, self.statements, self.bound)
            self.bench.register(opened)
            files = [self.made(opened, replace(model, checks=()), "new")]
            record = self.record(files[0], model.key)
            former = None
            if before is not None:
                old = self.made(opened, parse_model(X, "sql/silver/x.sql", before, LAYERS), "old")
                former = Before(self.record(old, model.key), [old])
            self.statements.clear()
            return check_data(
                session,
                config,
                graph,
                record,
                files,
                former,
                secret=hidden_columns([(graph, {X: record})]),
                now=NOW,
                keep=config.state / "failed",
                in_order=self.in_order,
            )

    def made(self, session: Session, model: Model, name: str) -> Path:
        target = self.bench.target(name)
        session.build(replace(model, annotations=()), (), target, lambda _: None)
        return target

    def record(self, file: Path, key: tuple[str, ...]) -> Record:
        con = duckdb.connect()
        columns = [
            Column(row[0], row[1], True, "0" * 64)
            for row in con.execute(f"DESCRIBE FROM read_parquet('{file}')").fetchall()
        ]
        ((rows,),) = con.execute(f"SELECT count(*) FROM read_parquet('{file}')").fetchall()
        data = DataFile("x.parquet", "0" * 64, file.stat().st_size, rows)
        return Record(X, rows, tuple(columns), key, (data,), Built("", "sql/silver/x.sql", "duckdb", "2", ()))

    def one(self, rows: str, check: str, **rest: Any) -> CheckResult:
        (result,) = self.run(rows, check, **rest)
        return result

    def kept(self, result: CheckResult) -> list[tuple[Any, ...]]:
        assert result.failed_rows is not None
        return duckdb.connect().execute(f"FROM read_parquet('{self.bench.root / result.failed_rows}')").fetchall()

    def refused(self, rows: str, check: str, **rest: Any) -> tuple[str, str]:
        """Message, and the text at the place."""
        with pytest.raises(MedallionError) as caught:
            self.run(rows, check, **rest)
        place = caught.value.location
        assert place is not None, caught.value.message
        assert place.line, caught.value.message
        return caught.value.message, place.text[place.column - 1 : place.column - 1 + place.length]


def of(kind: str, *values: str) -> str:
    """Rows with one column, ``a``."""
    return "SELECT * FROM (VALUES " + ", ".join(f"(({value})::{kind})" for value in values) + ") t(a)"


FLOATS = of("DOUBLE", "1", "-1", "'nan'", "'-nan'", "'inf'", "'-inf'", "0.0", "-0.0", "NULL")

INTEGERS = of("INTEGER", "1", "2", "2", "3", "NULL", "NULL")
TEXTS = of("VARCHAR", "'a'", "'b'", "'B'", "''", "'it''s, ok'", "'a\nb'", "NULL")
DATES = of("DATE", "'2026-01-01'", "'2026-01-31'", "'infinity'", "NULL")
STAMPS = of("TIMESTAMP", "'2026-01-01 10:00:00'", "'2026-01-01 10:00:00.000001'", "NULL")
ZONED = of("TIMESTAMPTZ", "'2026-01-01 10:00:00+02'", "'2026-01-01 10:00:00+00'", "NULL")
DECIMALS = of("DECIMAL(12, 2)", "1.00", "1.50", "-0.01", "NULL")
BOOLEANS = of("BOOLEAN", "true", "false", "false", "NULL")
NONE = "SELECT 1 AS a, 'x' AS b WHERE false"
PAIRS = "SELECT * FROM (VALUES (1, 'x'), (1, 'y'), (1, 'x'), (2, NULL), (2, NULL), (NULL, NULL)) t(a, b)"
NESTED = "SELECT * FROM (VALUES ([1, 2], {'k': 1}), ([1, 2], {'k': 2}), (NULL, {'k': NULL}), ([], NULL)) t(a, b)"
ODD_NAMES = """SELECT i AS "order", i % 2 AS "a b", i * 10 AS "q""t", NULL::INTEGER AS "Größe" FROM range(4) t(i)"""
