"""Models under test: variables, the clock, CTEs, errors that are expected, and mistakes."""

from __future__ import annotations

import pytest

from medallion.unittests.run import UnitTestOutcome
from tests.engines.shop import GIVEN, LATEST, Shop

# Variables, time, CTEs, errors


def test_variables_come_on_top_of_the_projects_and_for_one_test_alone(shop: Shop) -> None:
    shop.model(
        "silver.it", "SELECT getvariable('since') AS since, getvariable('least') AS least, getvariable('x') AS x"
    )
    run = shop.test(
        "silver.it",
        """
        - name: the project's
          variables: {x: "a"}
          expect: [{since: "2026-01-01", least: 2, x: a}]
        - name: its own
          variables: {Since: 2025-12-24, x: 7}
          expect: [{since: 2025-12-24, least: 2, x: 7}]
        - name: a mistake
          variables: {since: a, x: 1}
          expect: [{nope: 1}]
        - name: the project's again
          variables: {X: b}
          expect: [{since: "2026-01-01", least: 2, x: b}]
        - name: none
          expect: []
        """,
    )
    assert [result.outcome.value for result in run.results] == ["passed", "passed", "broken", "passed", "broken"]
    assert run.results[-1].error is not None
    assert run.results[-1].error.message == 'variable "x" has no value'


def test_now_is_what_the_test_says_wherever_the_clock_is_asked(shop: Shop) -> None:
    shop.write("sql/macros/m.sql", "CREATE MACRO days_ago(d) AS today() - d;\n")
    shop.passes(
        """
        -- @volatile
        SELECT now() AS a, current_timestamp AS b, get_current_timestamp() AS c, transaction_timestamp() AS d,
            today() AS e, current_date AS f, localtimestamp AS g, current_localtimestamp() AS h,
            localtime AS i, current_localtime() AS j, current_time::VARCHAR AS k, get_current_time()::VARCHAR AS l,
            age(TIMESTAMP '2025-12-30')::VARCHAR AS m, age(DATE '2025-12-31')::VARCHAR AS n,
            age(TIMESTAMP '2025-12-31', TIMESTAMP '2025-12-30')::VARCHAR AS o, ago(INTERVAL 1 DAY) AS p,
            days_ago(DATE '2025-12-31') AS q
        """,
        """
        now: 2026-01-01 14:30:00+02:00
        expect:
          - a: 2026-01-01 12:30:00+00
            b: 2026-01-01 12:30:00+00
            c: 2026-01-01 12:30:00+00
            d: 2026-01-01 12:30:00+00
            e: 2026-01-01
            f: 2026-01-01
            g: 2026-01-01 12:30:00
            h: 2026-01-01 12:30:00
            i: 12:30:00
            j: 12:30:00
            k: 12:30:00+00
            l: 12:30:00+00
            m: 2 days
            n: 1 day
            o: 1 day
            p: 2025-12-31 12:30:00+00
            q: 1
        """,
    )


def test_the_clock_goes_on_in_the_next_test(shop: Shop) -> None:
    shop.model("silver.it", "-- @volatile\nSELECT now() > TIMESTAMPTZ '2020-01-01' AS late")
    run = shop.test(
        "silver.it", "- name: a\n  now: 2000-01-01\n  expect: [{late: false}]\n- name: b\n  expect: [{late: true}]\n"
    )
    assert [result.outcome.value for result in run.results] == ["passed", "passed"]


def test_a_cte_is_tested_in_place_of_the_result(shop: Shop) -> None:
    shop.passes(LATEST, GIVEN + "    cte: Ranked\n    expect: [{place: 1}, {place: 2}, {place: 1}]")


@pytest.mark.parametrize(
    ("sql", "cte"),
    [
        ("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1) SELECT i AS x FROM n", "n"),
        ("WITH a AS MATERIALIZED (SELECT ')' AS i), \"b c\" AS NOT MATERIALIZED (SELECT 1 AS i) FROM a", "b c"),
        ("WITH a AS (WITH z AS (SELECT 2 AS i) SELECT 1 AS i FROM z), b AS (SELECT 3 AS i) SELECT 1 AS q", "a"),
        ("-- as\nWITH a AS (SELECT 1 AS i) -- ( comment\nSELECT 2 AS q", "a"),
        ("WITH n(i) USING KEY (i) AS (SELECT 1), m AS (SELECT 1 AS i) FROM m", "m"),
    ],
)
def test_a_cte_is_found_however_it_is_written(shop: Shop, sql: str, cte: str) -> None:
    shop.passes(sql, f"cte: {cte}\nexpect: [{{i: 1}}]")


def test_a_cte_that_is_not_there_is_named(shop: Shop) -> None:
    message, hint, at = shop.mistake(LATEST, "given: {}\ncte: latst\nexpect: []")
    assert (message, hint, at) == ('silver.it has no CTE "latst"', 'did you mean "latest"?', "latst")
    assert "does not begin with WITH" in shop.mistake("SELECT 1 AS a", "cte: a\nexpect: []")[1]


def test_an_expected_error_is_one_that_holds_the_text(shop: Shop) -> None:
    sql = "SELECT if(status = 'lost', error('no such status: ' || status), status) AS s FROM bronze.orders"
    given = "given: {bronze.orders: [{status: lost}]}\n"
    shop.passes(sql, given + "expect: {error: 'no such status: lost'}")
    result = shop.of(sql, given + "expect: {error: something else}")
    assert result.outcome is UnitTestOutcome.FAILED
    assert result.error is not None
    assert 'another error than one that holds "something else": no such status: lost' in result.error.message
    result = shop.of(sql, "given: {bronze.orders: [{status: paid}]}\nexpect: {error: no such}")
    assert result.outcome is UnitTestOutcome.FAILED
    assert result.error is not None
    assert result.error.message == 'no error that holds "no such", but 1 row'


@pytest.mark.parametrize("sql", ["SELECT totall FROM bronze.orders", "SELECT totall(total) AS t FROM bronze.orders"])
def test_a_model_that_cannot_be_bound_does_not_give_the_error_that_is_expected(shop: Shop, sql: str) -> None:
    message, _, at = shop.mistake(sql, "given: {bronze.orders: [{total: 1}]}\nexpect: {error: total}")
    assert "totall" in message
    assert at.startswith("totall")


def test_an_error_of_the_rows_that_a_pivot_meets_can_be_expected(shop: Shop) -> None:
    sql = "WITH t AS (SELECT status::INT AS n FROM bronze.orders) PIVOT t ON n USING count(*)"
    given = "given: {bronze.orders: [{status: x}]}\n"
    shop.passes(sql, given + "expect: {error: \"'x'\"}")
    assert shop.of(sql, given + "expect: {error: other}").outcome is UnitTestOutcome.FAILED
    assert shop.of(sql, given + "expect: []").outcome is UnitTestOutcome.FAILED
    assert "nn" in shop.mistake(sql.replace("ON n", "ON nn"), given + "expect: {error: nn}")[0]


def test_an_error_that_comes_of_the_rows_fails_the_test_and_points_into_the_model(shop: Shop) -> None:
    result = shop.of("SELECT status::INT AS n FROM bronze.orders", "given: {bronze.orders: [{status: x}]}\nexpect: []")
    assert result.outcome is UnitTestOutcome.FAILED
    assert result.error is not None
    assert str(result.error.location).startswith("sql/silver/it.sql:1:")


def test_a_pivot_makes_its_columns_of_the_rows_that_are_given(shop: Shop) -> None:
    run_twice = "PIVOT bronze.orders ON status USING count(*) GROUP BY order_id"
    given = "given: {bronze.orders: [{order_id: 1, status: paid}]}\n"
    shop.passes(run_twice, given + "expect: [{order_id: 1, paid: 1}]")
    assert (
        shop.mistake(run_twice, given + "expect: [{order_id: 1, placed: 1}]")[0] == 'silver.it has no column "placed"'
    )


# Mistakes


def test_a_model_that_cannot_be_run_breaks_its_tests_with_the_models_own_error(shop: Shop) -> None:
    message, hint, at = shop.mistake("SELECT statsu FROM bronze.orders", "given: {}\nexpect: []")
    assert (message, hint, at) == ('no column "statsu" in bronze.orders', 'did you mean "status"?', "statsu")
    assert (
        "there is no dataset bronze.ordres"
        in shop.mistake("SELECT 1 AS a FROM bronze.ordres", "given: {}\nexpect: []")[0]
    )
    assert "more than one statement" in shop.mistake("SELECT 1 AS a; SELECT 2", "expect: []")[0]
    assert "@key names a column" in shop.mistake("-- @key b\nSELECT 1 AS a", "expect: []")[0]
    assert "gives another result each time" in shop.mistake("SELECT now() AS a", "expect: []")[0]


@pytest.mark.parametrize(
    ("body", "message", "hint", "at"),
    [
        (": []", 'the test has no "given", and silver.it reads bronze.orders', "`given: {}`", "it"),
        ("{bronze.ordres: []}", 'there is no dataset or source "bronze.ordres"', '"bronze.orders"', "bronze.ordres"),
        ("{zzz: []}", 'there is no dataset or source "zzz"', "silver.it reads bronze.orders", "zzz"),
        ("{silver.orders: []}", "silver.it does not read silver.orders", "it reads bronze.orders", "silver.orders"),
        ("{bronze.orders: [{ordr: 1}]}", 'bronze.orders has no column "ordr"', "", "ordr"),
        ("{bronze.orders: [{zzz: 1}]}", 'bronze.orders has no column "zzz"', "it has order_id, status", "zzz"),
        ("{bronze.orders: [{}]}", "the rows name no column", "one at least", "[{}]"),
        ("{}\nexpect: [{s: 1}]", 'silver.it has no column "s"', "it has order_id", "s"),
        ("{}\nexpect: [{}]", "the expected rows name no column", "one at least", "[{}]"),
    ],
)
def test_a_test_that_does_not_fit_its_model_is_told_what_does(
    shop: Shop, body: str, message: str, hint: str, at: str
) -> None:
    body = f"expect{body}" if body.startswith(":") else f"given: {body}"
    if "expect" not in body:
        body += "\nexpect: []"
    found = shop.mistake("SELECT order_id FROM bronze.orders", body)
    assert found[0] == message
    assert hint in found[1]
    assert found[2] == at
