"""How often checks read the data, and when they need not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from medallion.events import CheckStatus
from tests.engines.bench import Bench
from tests.engines.checked import INTEGERS, Checks

if TYPE_CHECKING:
    from pathlib import Path

    from medallion.records import Record


def test_ten_checks_of_single_rows_are_one_statement(checks: Checks) -> None:
    found = checks.run(
        "SELECT i AS a, 'x' || i AS b, DATE '2026-01-01' AS c FROM range(1000) t(i)",
        "@not_null a", "@not_null b, c", "@range a 0 to 1000", "@range c 2026-01-01 to",
        "@accepted_values c 2026-01-01",
        "@regex b ^x", "@check a >= 0", "@check b <> '' AND c < DATE '2027-01-01'", "@warn a < 5000",
        "@check b LIKE 'x%'",
    )  # fmt: skip
    assert [result.failures for result in found] == [0] * 10
    counted, statement = checks.statements
    assert counted == 'SELECT count(*) FROM "silver"."x"'  # The file's footer has that.
    assert statement.count("sum(CASE WHEN") == 10
    assert statement.count('FROM "silver"."x"') == 1


def test_only_what_failed_is_read_again(checks: Checks) -> None:
    found = checks.run(INTEGERS, "@check a > 1", "@check a < 100", "@not_null a at most 2")
    assert [result.failures for result in found] == [1, 0, 2]
    assert [s.startswith("FROM (") for s in checks.statements] == [False, False, False, True]


class Sure(Checks):
    """Records that say of every column that it holds no NULL."""

    def record(self, file: Path, key: tuple[str, ...]) -> Record:
        found = super().record(file, key)
        return replace(found, columns=tuple(replace(c, nullable=False) for c in found.columns))


def test_the_statistics_of_a_file_that_was_just_written_answer_not_null(tmp_path: Path) -> None:
    sure = Sure(Bench(tmp_path), in_order=True)
    (result,) = sure.run("SELECT 1 AS a", "@not_null a")
    assert (result.status, result.failures, sure.statements) == (CheckStatus.PASSED, 0, [])


def test_a_record_is_not_believed_where_somebody_else_may_have_written_it(tmp_path: Path) -> None:
    (result,) = Sure(Bench(tmp_path)).run("SELECT unnest([1, NULL]) AS a", "@not_null a")
    assert (result.status, result.failures, result.rows) == (CheckStatus.FAILED, 1, 2)
