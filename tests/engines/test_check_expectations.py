"""What is expected of a change of the data, held against the version before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from medallion.events import CheckStatus

if TYPE_CHECKING:
    from tests.engines.checked import Checks


OLD = "SELECT i AS id, 'v' || i AS v, 's' || i % 2 AS s FROM range(10) t(i)"

NEW = """SELECT i AS id, CASE WHEN i = 3 THEN 'other' ELSE 'v' || i END AS v, 's' || i % 2 AS s
FROM range(2, 11) t(i)"""
EXPECTED = [
    ("@expect removed at most 2 rows", True), ("@expect removed at most 20%", True),
    ("@expect removed at most 19.9%", False), ("@expect nothing removed", False), ("@expect no rows added", False),
    ("@expect added at most 1", True), ("@expect changed at most 1 row", True), ("@expect nothing changed", False),
    ("@expect changed at most 10%", True), ("@expect unchanged s", True), ("@expect unchanged v", False),
    ("@expect unchanged v, s where s = 's0'", True), ("@expect unchanged v where s = 's1'", False),
    ("@expect unchanged v where id IN (SELECT k FROM silver.other)", True), ("@expect unchanged v at most 1 row", True),
    ("@expect no column removed", True), ("@expect no columns changed", True),
]  # fmt: skip


@pytest.mark.parametrize(("check", "holds"), EXPECTED)
def test_a_change_is_held_against_what_is_expected_of_it(checks: Checks, check: str, holds: bool) -> None:
    checks.others = {"silver.other": "SELECT 1 AS k"}
    result = checks.run(NEW, check, key="id", before=OLD)[1]
    assert result.status is (CheckStatus.PASSED if holds else CheckStatus.FAILED), result.message
    warned = checks.run(NEW, check.replace("@expect", "@warn expect"), key="id", before=OLD)[1]
    assert warned.status is (CheckStatus.PASSED if holds else CheckStatus.WARNED)


def test_where_nothing_is_replaced_nothing_is_expected(checks: Checks) -> None:
    assert checks.run(NEW, "@expect nothing removed") == ()


@pytest.mark.parametrize(
    ("old", "new", "check", "message"),
    [
        ("SELECT 1 AS id, 2 AS b", "SELECT 1 AS id", "no column removed", "column b"),
        ("SELECT 1 AS id", "SELECT 1 AS id, 2 AS b, 3 AS c", "no column added", "columns b, c"),
        ("SELECT 1 AS id", "SELECT 1::BIGINT AS id", "no column retyped", "column id"),
        ("SELECT 1 AS id, 2 AS b", "SELECT 1::BIGINT AS id, 3 AS c", "no column changed", "columns c, b, id"),
        ("SELECT 1 AS id", "SELECT 2 AS id", "nothing removed", "1 of 1 rows removed"),
        (
            "SELECT 1 AS id",
            "SELECT 1 AS id, 2 AS b",
            "unchanged b",
            'it has no column "b"',
        ),
        ("SELECT 1 AS id, 2 AS b", "SELECT 1 AS id, 2 AS b, 1 AS c", "unchanged b where c = 1", "cannot be compared"),
        ("SELECT 2 AS other", "SELECT 1 AS id", "unchanged id", 'it has no column "id"'),
        ("SELECT 1 AS b", "SELECT 1 AS id, 1 AS b", "nothing changed", "which rows changed cannot be told"),
        ("SELECT 1 AS id, [1] AS b", "SELECT 1 AS id, 1 AS b", "unchanged b", "cannot be compared"),
    ],
)
def test_a_change_of_the_columns_is_named_or_what_cannot_be_compared(
    checks: Checks, old: str, new: str, check: str, message: str
) -> None:
    result = checks.run(new, f"@expect {check}", key="id", before=old)[1]
    assert result.status is CheckStatus.FAILED
    assert message in result.message
