"""Checks that cannot be evaluated: what is told, and at which place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from medallion.errors import MedallionError

if TYPE_CHECKING:
    from tests.engines.checked import Checks


@pytest.mark.parametrize(
    ("check", "message", "place"),
    [
        ("@check totl > 0", 'no column "totl" in silver.x', "totl"),
        ("@check total > 0 AND nope(total)", 'there is no scalar function "nope"', "nope"),
        ("@check total >", "syntax error at the end of the condition", "@check total >"),
        ("@check total", "this is no condition: it is INTEGER, neither true nor false", "@check total"),
        ("@check count(*)", "this is no condition: it is BIGINT, neither true nor false", "@check count(*)"),
        ("@check row_count", "this is no condition: it is BIGINT, neither true nor false", "@check row_count"),
        ("@check total, true", "this is no condition", "@check total, true"),
        ("@check COLUMNS(*) IS NOT NULL", "this is no condition: it gives 2 values", "@check COLUMNS(*) IS NOT NULL"),
        ("@check sum(total) > 0 at most 5%", "takes no `at most`", "@check sum(total) > 0 at most 5%"),
        ("@check max(total) > total", 'column "total" must appear in the GROUP BY', "total"),
        ("@check note::INTEGER > 0", "Could not convert string 'twelve' to INT32", "::INTEGER"),
        ("@check error('no: ' || note)::BOOLEAN", "no: twelve", "@check error("),
        ("@accepted_values total one, two", "Could not convert string 'one' to INT32", "@accepted_values total"),
        ("@range note 1 to 2", "Cannot compare values of type VARCHAR", "@range note 1 to 2"),
        ("@regex note [", "missing ]", "@regex note ["),
        ("@not_null nope", 'no column "nope" in silver.x', "@not_null nope"),
        ("@unique note, nope", 'no column "nope" in silver.x', "@unique note, nope"),
        ("@relationships note silver.other(nope)", 'no column "nope" in silver.other', "@relationships note "),
        ("@check freshness note < 2 days", "invalid timestamp field format", "@check freshness note < 2 days"),
    ],
)  # fmt: skip
def test_a_check_that_cannot_be_evaluated_is_told_at_its_place(
    checks: Checks, check: str, message: str, place: str
) -> None:
    checks.others = {"silver.other": "SELECT 1 AS k"}
    said, shown = checks.refused("SELECT 12 AS total, 'twelve' AS note", check)
    assert message in said
    assert shown.startswith(place[:20])


def test_of_several_checks_in_one_scan_the_one_that_cannot_be_evaluated_is_named(checks: Checks) -> None:
    with pytest.raises(MedallionError) as caught:
        checks.run("SELECT 12 AS total, 'x' AS note", "@check total > 0", "@check note::INT > 0", "@not_null note")
    assert caught.value.location is not None
    assert caught.value.location.line == 2
