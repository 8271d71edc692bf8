"""Five hundred unit tests of a hundred models.

How: a bronze model that reads a CSV with listed columns, and a hundred silver models that keep the latest export of an
order; five tests each give three rows of three columns, and expect two. Nothing was ever built. The floor is a bare
Python program with the same statements in one DuckDB: fill the table, ask the model for the two columns as text, empty
the table. All tests have to pass.

Goal: at most 5 s for the whole process.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from benchmarks.bench import BenchError, in_turns
from benchmarks.figures import Figure, Goal

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.bench import Bench

__all__ = ["measure"]

_MODELS, _TESTS = 100, 5

_BRONZE = """\
SELECT * FROM read_csv('sources/orders.csv', columns = {
    'order_id': 'BIGINT', 'customer': 'VARCHAR', 'status': 'VARCHAR', 'total': 'DECIMAL(12, 2)',
    'exported_at': 'TIMESTAMP'
})
"""
_SILVER = """\
-- @key order_id
SELECT order_id, customer, status, total * {number} AS total
FROM bronze.orders
QUALIFY row_number() OVER (PARTITION BY order_id ORDER BY exported_at DESC) = 1
"""
_COLUMNS = "order_id BIGINT, customer VARCHAR, status VARCHAR, total DECIMAL(12, 2), exported_at TIMESTAMP"
_TEST = """\
- name: test {number}
  given:
    bronze.orders:
      - {{order_id: 1, status: placed, exported_at: 2026-01-0{number}}}
      - {{order_id: 1, status: paid, exported_at: 2026-02-0{number}}}
      - {{order_id: 2, status: paid, exported_at: 2026-02-0{number}}}
  expect:
    - {{order_id: 1, status: paid}}
    - {{order_id: 2, status: paid}}
"""


def measure(bench: Bench) -> list[Figure]:
    """One figure."""
    project = bench.project("tested")
    _write(project / "sql" / "bronze" / "orders.sql", _BRONZE)
    tests = "\n".join(_TEST.format(number=number) for number in range(1, _TESTS + 1))
    for number in range(_MODELS):
        _write(project / "sql" / "silver" / f"orders_{number}.sql", _SILVER.format(number=number + 1))
        _write(project / "tests" / "sql" / "silver" / f"orders_{number}.yaml", tests)
    statements = _statements()

    def ours() -> float:
        ran = bench.medallion(project, "test", "--json")
        passed = json.loads(ran.stdout)["passed"]
        if passed != _MODELS * _TESTS:
            raise BenchError(f"{_MODELS * _TESTS} tests should have passed, and {passed} did")
        return ran.seconds

    ours()
    floor, taken = in_turns(bench.rounds, lambda: bench.loop(statements, project).seconds, ours)
    return [Figure(f"{_MODELS * _TESTS} tests of {_MODELS} models", taken, floor, Goal(seconds=5))]


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _statements() -> list[str]:
    """What DuckDB has to do for these tests in any case."""
    found = [
        "CREATE SCHEMA bronze",
        f"CREATE TABLE bronze.orders ({_COLUMNS})",
    ]
    for number in range(_MODELS):
        for day in range(1, _TESTS + 1):
            rows = [(1, "placed", 1), (1, "paid", 2), (2, "paid", 2)]
            values = ", ".join(f"({i}, '{status}', '2026-0{month}-0{day}')" for i, status, month in rows)
            found += [
                "BEGIN",
                f"INSERT INTO bronze.orders (order_id, status, exported_at) VALUES {values}",
                f"SELECT order_id::VARCHAR, status::VARCHAR FROM (\n{_SILVER.format(number=number + 1)}\n)",
                "ROLLBACK",
            ]
    return found
