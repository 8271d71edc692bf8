"""A project of many models: CSV sources, then projections with a filter, then joins with an aggregation.

Of ten models one is bronze, six are silver and three are gold. Every gold model joins a silver table that two more
gold models read with one that is its own.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from benchmarks.bench import Bench

__all__ = ["ROWS", "Workload", "copy_statements", "forget_data"]

ROWS = 20_000


@dataclass(frozen=True, slots=True)
class Workload:
    """``models`` models, a multiple of ten, in a project at ``project``; the floor's files lie in ``floor``."""

    project: Path
    floor: Path
    models: int

    @classmethod
    def create(cls, bench: Bench, models: int) -> Workload:
        """Write sources and models."""
        made = cls(bench.project("project"), bench.root / "floor", models)
        (made.project / "sources").mkdir()
        bench.loop([_source(n) for n in range(made.bronze)], made.project)
        for name, sql in made.sql().items():
            made.write(name, sql)
        return made

    @property
    def bronze(self) -> int:
        """How many bronze models there are."""
        return self.models // 10

    def sql(self) -> Mapping[str, str]:
        """Every model's SQL by its name, inputs first."""
        silver, gold = self.models * 6 // 10, self.models * 3 // 10
        return {
            **{f"bronze.orders_{n:03}": _bronze(n) for n in range(self.bronze)},
            **{f"silver.lines_{n:03}": _silver(n, self.bronze) for n in range(silver)},
            **{f"gold.revenue_{n:03}": _gold(n) for n in range(gold)},
        }

    def write(self, name: str, sql: str) -> None:
        """Write one model's file."""
        file = self.project / "sql" / f"{name.replace('.', '/')}.sql"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(sql, encoding="utf-8")

    def build_bare(self, bench: Bench, sql: Mapping[str, str]) -> float:
        """The seconds of the floor for these models; what else they read is there from an earlier call."""
        there = self.sql().keys() - sql.keys()
        return bench.loop(copy_statements(sql, self.floor, there), self.project).seconds

    def compare(self, bench: Bench) -> None:
        """Hold our rows against those of the floor, for the last model of each layer."""
        for name in (f"{layer}.{kind}_{n:03}" for layer, kind, n in self._last()):
            path = f"{name.replace('.', '/')}.parquet"
            bench.expect_same_rows(self.project / "data" / path, self.floor / path)

    def _last(self) -> Iterable[tuple[str, str, int]]:
        yield "bronze", "orders", self.bronze - 1
        yield "silver", "lines", self.models * 6 // 10 - 1
        yield "gold", "revenue", self.models * 3 // 10 - 1


def copy_statements(sql: Mapping[str, str], folder: Path, there: Iterable[str] = ()) -> list[str]:
    """The floor: each model verbatim, copied to Parquet with zstd, and a view over what was written.

    ``there`` are the datasets whose files exist already.
    """
    statements = [f"CREATE SCHEMA {layer}" for layer in ("bronze", "silver", "gold")]
    statements += [_view(name, folder) for name in sorted(there)]
    for name, text in sql.items():
        file = _file(name, folder)
        file.parent.mkdir(parents=True, exist_ok=True)
        statements.append(f"COPY (\n{text}\n) TO '{file}' (FORMAT parquet, COMPRESSION zstd)")
        statements.append(_view(name, folder))
    return statements


def forget_data(project: Path) -> None:
    """Make the next run the first one."""
    for folder in ("data", ".medallion"):
        shutil.rmtree(project / folder, ignore_errors=True)


def _view(name: str, folder: Path) -> str:
    return f"CREATE VIEW {name} AS FROM read_parquet('{_file(name, folder)}')"


def _file(name: str, folder: Path) -> Path:
    return folder / f"{name.replace('.', '/')}.parquet"


def _source(n: int) -> str:
    return f"""COPY (
        SELECT
            i AS order_id,
            hash(i, {n}) % 5000 AS customer_id,
            ['bread', 'cheese', 'coffee', 'fruit', 'tea', 'wine'][CAST(hash(i, {n}, 1) % 6 AS INTEGER) + 1] AS category,
            CAST(hash(i, {n}, 2) % 100000 / 100 AS DECIMAL(12, 2)) AS price,
            hash(i, {n}, 3) % 10 + 1 AS quantity,
            TIMESTAMP '2026-01-01' + to_seconds(CAST(hash(i, {n}, 4) % 31536000 AS BIGINT)) AS ordered_at,
            'note ' || hash(i, {n}, 5) % 1000 AS note
        FROM range({ROWS}) t(i)
    ) TO 'sources/orders_{n:03}.csv' (FORMAT csv, HEADER)"""


def _bronze(n: int) -> str:
    return f"""-- Orders of shop {n}, as exported.
SELECT order_id, customer_id, category, price, quantity, ordered_at, note
FROM read_csv(
    'sources/orders_{n:03}.csv',
    header = true,
    auto_detect = false,
    columns = {{
        'order_id': 'BIGINT', 'customer_id': 'BIGINT', 'category': 'VARCHAR', 'price': 'DECIMAL(12, 2)',
        'quantity': 'INTEGER', 'ordered_at': 'TIMESTAMP', 'note': 'VARCHAR'
    }}
)
"""


def _silver(n: int, bronze: int) -> str:
    return f"""-- Order lines of more than {n % 5} pieces.
SELECT
    order_id,
    customer_id,
    upper(category) AS category,
    CAST(price * quantity + {n} AS DECIMAL(18, 2)) AS total,
    CAST(ordered_at AS DATE) AS day
FROM bronze.orders_{n % bronze:03}
WHERE quantity > {n % 5}
"""


def _gold(n: int) -> str:
    return f"""-- Revenue for each category and month, of orders that both tables have.
SELECT a.category, date_trunc('month', a.day) AS month, count(*) AS orders, sum(a.total + b.total) AS revenue
FROM silver.lines_{2 * (n // 3):03} a
JOIN silver.lines_{2 * n + 1:03} b USING (order_id)
GROUP BY ALL
"""
