"""Checks on private columns: no value of theirs is told, kept or quoted."""

from __future__ import annotations

import pytest

from medallion.errors import MedallionError
from tests.engines.checked import DATES, INTEGERS, STAMPS, Checks

CANARY = "canary-7f3a"

SECRETS = f"SELECT i AS id, '{CANARY}' || i AS email, 'x' || i AS note FROM range(5) t(i)"


@pytest.mark.parametrize(
    "check",
    [
        "@check email = 'none'", "@check length(email) < 3 OR note = 'y'", "@unique note_of_all", "@regex email ^x",
        "@accepted_values email a", "@not_null nothing", "@range email 'a' to 'b'",
        "@relationships email silver.other(v)",
        "@check email = lag(email) OVER ()", "@check key part", "@check 1 > 2",
    ],
)  # fmt: skip
def test_a_private_value_is_never_shown_and_the_count_is(checks: Checks, check: str) -> None:
    checks.private = "email"
    checks.others = {"silver.other": "SELECT 1 AS k, 'x' AS v"}
    rows = f"SELECT *, 1 AS note_of_all, NULL AS nothing, 1 AS part FROM ({SECRETS})"
    (result,) = checks.run(rows, check)
    assert result.failures in (4, 5)
    assert CANARY not in repr(result)
    assert result.sample is not None
    assert result.sample.rows
    if "email" in result.sample.columns:
        at = result.sample.columns.index("email")
        assert {row[at] for row in result.sample.rows} == {"(private)"}
    assert CANARY in str(checks.kept(result)), "the file has all columns"


def test_the_newest_value_is_not_told_where_it_is_private(checks: Checks) -> None:
    checks.private = "a"
    assert checks.one(DATES.replace("infinity", "2026-02-01"), "@check freshness a < 1 day").message == (
        "the newest is (private)"
    )


@pytest.mark.parametrize(
    ("sql", "shown"),
    [
        ("SELECT id, email FROM silver.x", {"id"}),
        ("SELECT id, email AS note FROM silver.x", {"id"}),
        ("SELECT * REPLACE (email AS note) FROM silver.x", {"id"}),
        ("SELECT id, upper(email) AS note FROM silver.x", {"id"}),
        ("SELECT id, x AS row FROM silver.x", {"id"}),
        ("SELECT c, b AS d, a FROM silver.x AS s(a, b, c)", {"a", "c"}),
        ("SELECT max(email) AS id, count(*) AS note FROM silver.x", {"note"}),
        ("SELECT id, CASE WHEN email < 'd' THEN 'low' END AS note FROM silver.x", {"id"}),
        ("SELECT id, note FROM (SELECT id, email AS note FROM silver.x)", {"id"}),
        ("SELECT id, note FROM silver.x WHERE email <> ''", {"id", "note"}),
        ("SELECT o.k, s.id FROM silver.x s JOIN silver.other o ON o.k = 1", {"k", "id"}),
        ("SELECT COLUMNS(*) FROM silver.x", {"id", "note"}),
        (
            "UNPIVOT (SELECT email, note FROM silver.x) ON email, note INTO NAME id VALUE note",
            {"id"},
        ),  # names of columns
        ("SELECT shown(email) AS note, id FROM silver.x", {"id"}),
        ("SELECT note, id FROM hidden()", set()),
    ],
)
def test_a_query_cannot_give_a_private_value_another_name(checks: Checks, sql: str, shown: set[str]) -> None:
    checks.private = "email"
    checks.bench.macros = """
    CREATE MACRO shown(x) AS lower(x);
    CREATE MACRO hidden() AS TABLE SELECT email AS note, id FROM silver.x;
    """
    checks.others = {"silver.other": "SELECT 1 AS k, 'x' AS v"}
    checks.queries = {"odd": sql}
    (result,) = checks.run(SECRETS)
    assert CANARY not in repr(result)
    sample = result.sample
    assert sample is not None
    assert sample.rows
    seen = {name for i, name in enumerate(sample.columns) if sample.rows[0][i] != "(private)"}
    assert seen <= shown
    if "COLUMNS" not in sql:  # Where it cannot be told for sure, more is masked.
        assert seen == shown


@pytest.mark.parametrize(
    "check",
    [
        "email::INTEGER > 0",
        "error(email)::BOOLEAN",
        "strptime(email, '%Y') > DATE '2026-01-01'",
        "id::DECIMAL(2, 2) > 0",
        # Errors of the kinds that otherwise speak of the text of a statement, or of the machine.
        "error(json_object('exception_type', 'IO', 'exception_message', email))::BOOLEAN",
        "error(json_object('exception_type', 'Binder', 'exception_message', email, 'position', '7'))::BOOLEAN",
    ],
)
def test_the_text_of_an_error_is_left_out_where_it_may_hold_a_private_value(checks: Checks, check: str) -> None:
    checks.private = "email"
    message, place = checks.refused(SECRETS, f"@check {check}")
    assert "its text is left out, as it may hold private values" in message or "(private) to INT32" in message
    assert CANARY not in message
    assert place
    assert checks.refused(SECRETS, "@check emial > ''")[0] == 'no column "emial" in silver.x'


def test_what_several_checks_ask_for_is_bound_once(checks: Checks) -> None:
    checks.run(INTEGERS, "@not_null a", "@check range a 0 to 9", "@check a > 0", "@accepted_values a 1, 2, 3")
    assert len(checks.bound) > 4
    assert len(checks.bound) == len(set(checks.bound))


@pytest.mark.parametrize("function", ["json_deserialize_sql", "json_execute_serialized_sql", "json_serialize_plan"])
def test_a_check_runs_no_sql_that_stands_in_a_text(checks: Checks, function: str) -> None:
    assert f"{function}() is refused" in checks.refused(SECRETS, f"@check {function}(note) = 'x'")[0]


def test_a_mistake_in_a_pattern_or_an_age_is_told_whatever_is_private(checks: Checks) -> None:
    checks.private = "email"
    message, place = checks.refused(SECRETS, "@regex note (")
    assert "missing )" in message
    assert place == "@regex note ("
    checks.private = "a"
    message, place = checks.refused(STAMPS, "@check freshness a < 99999999999 months")
    assert "out of range" in message
    assert place == "@check freshness a < 99999999999 months"
    assert "not in timestamp range" in checks.refused(STAMPS, "@check freshness a < 2000000 years")[0]


@pytest.mark.parametrize(
    ("sql", "shown"),
    [
        ("PIVOT (SELECT note, email FROM silver.x) ON email USING count(*)", False),
        ("FROM (PIVOT (SELECT note, email FROM silver.x) ON email USING count(*))", False),
        ("PIVOT (SELECT note, email FROM silver.x) ON email IN (SELECT email FROM silver.x)", False),
        ("WITH p AS (PIVOT silver.x ON email) FROM p", False),
        ("PIVOT (SELECT note, email FROM silver.x) ON email IN ('a', 'b') USING count(*)", True),
    ],
)
def test_columns_that_are_named_by_values_are_not_shown_where_any_is_private(
    checks: Checks, sql: str, shown: bool
) -> None:
    checks.queries = {"odd": sql}
    (public,) = checks.run(SECRETS)
    assert public.sample is not None
    assert (CANARY in repr(public)) is not shown
    checks.private = "email"
    (result,) = checks.run(SECRETS)
    assert result.failures
    assert CANARY not in repr(result)
    assert (result.sample is not None) is shown


def test_a_mistake_beside_columns_that_are_named_by_values_suggests_none_of_them(checks: Checks) -> None:
    checks.private = "email"
    checks.queries = {"odd": f"SELECT {CANARY}x FROM (PIVOT silver.x ON email)"}
    with pytest.raises(MedallionError) as caught:
        checks.run(SECRETS)
    assert caught.value.location is not None
    assert caught.value.location.line == 1
    assert CANARY not in caught.value.message + caught.value.hint + caught.value.location.note


def test_a_private_column_of_a_dataset_that_is_looked_at_is_masked_as_well(checks: Checks) -> None:
    checks.others = {"silver.other": f"-- @private secret\nSELECT '{CANARY}' AS secret, 1 AS k"}
    checks.queries = {"odd": "SELECT a, secret AS b FROM silver.x JOIN silver.other ON a = k"}
    (result,) = checks.run(INTEGERS)
    assert result.sample is not None
    assert result.sample.rows == (("1", "(private)"),)
