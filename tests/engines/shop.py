"""A project with models and unit tests, outside of Git and never built."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import dedent
from typing import TYPE_CHECKING

from medallion.config import Config, load_config
from medallion.project import Project
from medallion.unittests.run import UnitTestOutcome, UnitTestResult, UnitTestRun

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["GIVEN", "LATEST", "ORDERS", "Shop", "rows"]


ORDERS = """
    SELECT *
    FROM read_csv('sources/orders.csv', columns = {
        'order_id': 'BIGINT', 'status': 'VARCHAR', 'total': 'DECIMAL(12, 2)', 'ordered_at': 'TIMESTAMP'
    })
"""

LATEST = """
    -- @key order_id
    WITH ranked AS (
        SELECT *, row_number() OVER (PARTITION BY order_id ORDER BY ordered_at DESC) AS place FROM bronze.orders
    ), latest AS (SELECT * FROM ranked WHERE place = 1)
    SELECT order_id, status, total FROM latest
"""


@dataclass(frozen=True)
class Shop:
    """A project outside of Git, whose data was never built."""

    config: Config

    def write(self, path: str, text: str) -> None:
        file = self.config.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text).lstrip("\n"), encoding="utf-8")

    def model(self, name: str, sql: str) -> None:
        self.write(f"sql/{name.replace('.', '/')}.sql", sql)

    def test(self, name: str, text: str) -> UnitTestRun:
        """Run the tests of one model, which are these."""
        self.write(f"tests/sql/{name.replace('.', '/')}.yaml", text)
        return Project(load_config(self.config.root / "medallion.toml")).test([name])

    def one(self, name: str, body: str) -> UnitTestResult:
        """The result of the only test of a model."""
        run = self.test(name, "- name: it\n" + "".join(f"  {line}\n" for line in dedent(body).strip().splitlines()))
        assert run.errors == (), run.errors[0]
        (result,) = run.results
        return result

    def of(self, sql: str, body: str) -> UnitTestResult:
        """The result of a test of a model in silver with this SQL."""
        self.model("silver.it", sql)
        return self.one("silver.it", body)

    def passes(self, sql: str, body: str) -> None:
        result = self.of(sql, body)
        assert result.outcome is UnitTestOutcome.PASSED, result.error or result.difference

    def mistake(self, sql: str, body: str) -> tuple[str, str, str]:
        """Why a test cannot be run: message, hint, and the text at the place."""
        result = self.of(sql, body)
        assert result.outcome is UnitTestOutcome.BROKEN, result
        assert result.error is not None
        place = result.error.location
        shown = place.text[place.column - 1 : place.column - 1 + place.length] if place and place.line else ""
        return result.error.message, result.error.hint, shown


def rows(result: UnitTestResult) -> list[tuple[Sequence[str | None] | None, Sequence[str | None] | None]]:
    assert result.outcome is UnitTestOutcome.FAILED, result.error
    assert result.difference is not None
    return [(pair.expected, pair.actual) for pair in result.difference.pairs]


GIVEN = """
    given:
      bronze.orders: |
        order_id,status,total,ordered_at
        1,placed,5,2026-01-01
        1,paid,5,2026-01-02
        2,paid,,2026-01-02
"""
