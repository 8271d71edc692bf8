"""Every kind of check on real data: what it counts, what it tolerates, what it keeps and what it says."""

from __future__ import annotations

import pytest

from medallion.events import CheckStatus
from tests.engines.checked import (
    BOOLEANS,
    DATES,
    DECIMALS,
    FLOATS,
    INTEGERS,
    NESTED,
    NONE,
    ODD_NAMES,
    PAIRS,
    STAMPS,
    TEXTS,
    ZONED,
    Checks,
    of,
)

CASES = [
    # not_null
    (INTEGERS, "@not_null a", 2), (FLOATS, "@not_null a", 1), (NONE, "@not_null a, b", 0), (PAIRS, "@not_null a, b", 3),
    (NESTED, "@not_null a", 1), (NESTED, "@not_null b", 1), (BOOLEANS, "@not_null a", 1),
    # unique: a NULL is like no other
    (INTEGERS, "@unique a", 2), (FLOATS, "@unique a", 4), (TEXTS, "@unique a", 0), (BOOLEANS, "@unique a", 2),
    (PAIRS, "@unique a, b", 2), (PAIRS, "@unique a", 5), (PAIRS, "@unique b", 2), (NONE, "@unique a", 0),
    (NESTED, "@unique a", 2), (NESTED, "@unique b", 0), (NESTED, "@unique a, b", 0), (ZONED, "@unique a", 0),
    (DATES, "@unique a", 0),
    # key: unique, and no NULL
    (INTEGERS, "@check key a", 4), (PAIRS, "@check key a, b", 5), (NONE, "@check key a", 0),
    (FLOATS, "@check key a", 5),
    # accepted_values
    (INTEGERS, "@accepted_values a 1, 2", 1), (INTEGERS, "@accepted_values a 1, 2, 3", 0),
    (INTEGERS, "@accepted_values a '1'", 3), (TEXTS, "@accepted_values a a, b", 4),
    (TEXTS, "@accepted_values a a, b, B, '', 'it''s, ok'", 1), (DECIMALS, "@accepted_values a 1, 1.5, -0.01", 0),
    (DECIMALS, "@accepted_values a 1.0", 2), (DATES, "@accepted_values a 2026-01-01, infinity", 1),
    (STAMPS, "@accepted_values a 2026-01-01 10:00:00", 1), (ZONED, "@accepted_values a 2026-01-01 10:00:00", 1),
    (BOOLEANS, "@accepted_values a true", 2), (BOOLEANS, "@accepted_values a true, false", 0),
    (FLOATS, "@accepted_values a 1, nan, inf, 0", 2), (NONE, "@accepted_values b x", 0),
    # range
    (INTEGERS, "@range a 2 to 3", 1), (INTEGERS, "@range a to 1", 3), (INTEGERS, "@range a 1.5 to 2.5", 2),
    (FLOATS, "@range a -1 to 1", 4), (FLOATS, "@range a 0 to", 2), (FLOATS, "@range a to 0", 4),
    (DECIMALS, "@range a 0 to 1.5", 1), (DECIMALS, "@range a 0 to 1.499", 2), (DATES, "@range a 2026-01-02 to", 1),
    (DATES, "@range a 2026-01-01 to 2026-01-31", 1), (STAMPS, "@range a to 2026-01-01 10:00:00", 1),
    (STAMPS, "@range a 2026-01-01 to 2026-01-02", 0), (ZONED, "@range a 2026-01-01 09:00:00 to", 1),
    (TEXTS, "@range a 'a' to 'b'", 3), (NONE, "@range a 0 to 1", 0),
    # regex
    (TEXTS, "@regex a ^[ab]$", 4), (TEXTS, r"@regex a \.", 6), (TEXTS, "@regex a '[ab]'", 3),
    (TEXTS, r"@regex a ^it's\,", 5), (INTEGERS, r"@regex a ^\d$", 0), (INTEGERS, "@regex a ^[12]$", 1),
    (DATES, r"@regex a ^2026-", 1), (TEXTS, r"@regex a (?i)^b$", 4), (TEXTS, r"@regex a (?s)^a.b$", 5),
    # conditions: what is unknown passes
    (INTEGERS, "@check a > 1", 1), (INTEGERS, "@check a > 1 OR a IS NULL", 1), (INTEGERS, "@check a IS NOT NULL", 2),
    (INTEGERS, "@check NULL::BOOLEAN", 0), (INTEGERS, "@check false", 6), (INTEGERS, "@check a > 1 -- and more", 1),
    (INTEGERS, "@check a NOT IN (1, NULL)", 1), (BOOLEANS, "@check a", 2), (BOOLEANS, "@check NOT a", 1),
    (INTEGERS, "@check a <= getvariable('most')", 1), (TEXTS, "@check a <> ')'", 0), (TEXTS, "@check a <> '--'", 0),
    (FLOATS, "@check isfinite(a)", 4), (FLOATS, "@check a = a", 0), (INTEGERS, "@check silver.x.a > 1", 1),
    (NESTED, "@check len(a) = 2", 1), (NESTED, "@check b.k < 2", 1), (NESTED, "@check list_contains(a, 1)", 1),
    (INTEGERS, "@check CASE WHEN a = 1 THEN false ELSE true END", 1), (NONE, "@check a > 100", 0),
    (INTEGERS, "@check a IN (SELECT k FROM silver.other)", 1),
    (INTEGERS, "@check a < (SELECT max(a) FROM silver.x)", 1),
    (INTEGERS, "@check EXISTS (SELECT 1 FROM silver.other o WHERE o.k = x.a)", 3),
    # window functions
    (INTEGERS, "@check count(*) OVER (PARTITION BY a) = 1", 4),
    (INTEGERS, "@check a >= lag(a) OVER (ORDER BY a DESC)", 2),
    (INTEGERS, "@check row_number() OVER (ORDER BY a) <= (SELECT count(*) FROM silver.other)", 3),
    # relationships
    (INTEGERS, "@relationships a silver.other(k)", 1), (INTEGERS, "@relationships a silver.x(a)", 0),
    (PAIRS, "@relationships a, b silver.other(k, v)", 1), (PAIRS, "@relationships (b, a) silver.other(v, k)", 1),
    (NONE, "@relationships a silver.other(k)", 0), (TEXTS, "@relationships a silver.other(v)", 6),
    (DECIMALS, "@relationships a silver.other(k)", 2),
    # names
    (ODD_NAMES, '@check "order" < 2', 2), (ODD_NAMES, '@unique "a b"', 4), (ODD_NAMES, '@not_null "Größe", "order"', 4),
    (ODD_NAMES, '@range "q""t" 10 to', 1), (ODD_NAMES, '@accepted_values "order" 0, 1, 2', 1),
    (ODD_NAMES, '@check key "order", "a b"', 0), (ODD_NAMES, '@regex "q""t" ^.0$', 1),
    (ODD_NAMES, '@not_null größe', 4),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "check", "failures"), CASES, ids=[f"{i} {c[1]}" for i, c in enumerate(CASES)])
def test_a_check_counts_the_rows_that_fail_it_and_keeps_them(
    checks: Checks, rows: str, check: str, failures: int
) -> None:
    checks.others = {"silver.other": "SELECT * FROM (VALUES (1, 'x'), (2, 'y'), (2, NULL)) t(k, v)"}
    result = checks.one(rows, check)
    assert result.failures == failures
    assert result.status is (CheckStatus.FAILED if failures else CheckStatus.PASSED)
    if not failures:
        assert (result.failed_rows, result.sample) == (None, None)
        return
    assert result.kept == failures
    assert len(checks.kept(result)) == failures
    assert result.sample is not None
    assert len(result.sample.rows) == min(3, failures)


WHOLE = [
    (INTEGERS, "@check row_count = 6", True), (INTEGERS, "@check row_count between 1 and 5", False),
    (NONE, "@check row_count > 0", False), (NONE, "@check row_count = 0", True),
    (INTEGERS, "@check row_count <= (SELECT count(*) FROM silver.other)", False),
    (INTEGERS, "@check row_count > getvariable('most')", True), (INTEGERS, "@check row_count > NULL::INTEGER", True),
    (INTEGERS, "@check sum(a) = 8", True), (INTEGERS, "@check sum(a) > 8", False), (NONE, "@check sum(a) > 8", True),
    (NONE, "@check count(*) > 0", False), (INTEGERS, "@check count(DISTINCT a) = 3 AND max(a) < 10", True),
    (INTEGERS, "@check max(a) < (SELECT max(k) FROM silver.other)", False),
    (INTEGERS, "@check count(*) FILTER (WHERE a IS NULL) <= 0.5 * count(*)", True),
    (of("TIMESTAMP", "'2026-03-01 11:00'", "'2020-01-01'"), "@check freshness a < 1 hour", True),
    (of("TIMESTAMP", "'2026-03-01 10:59:59'"), "@check freshness a < 1 hour", False),
    (of("TIMESTAMPTZ", "'2026-03-01 12:00:00+02'"), "@check freshness a < 2 hours", True),
    (of("TIMESTAMPTZ", "'2026-03-01 11:59:59+02'"), "@check freshness a < 2 hours", False),
    (of("DATE", "'2026-02-28'", "NULL"), "@check freshness a < 2 days", True),
    (of("DATE", "'2026-02-27'"), "@check freshness a < 2 days", False),
    (of("DATE", "'2026-02-02'"), "@check freshness a <= 1 month", True),
    (of("VARCHAR", "'2026-03-01 11:30:00'"), "@check freshness a < 45 minutes", True),
    (of("DATE", "NULL"), "@check freshness a < 1 year", False), (NONE, "@check freshness a < 1 week", False),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "check", "holds"), WHOLE, ids=[f"{i} {c[1]}" for i, c in enumerate(WHOLE)])
def test_a_check_of_the_whole_dataset_holds_or_not_and_names_no_rows(
    checks: Checks, rows: str, check: str, holds: bool
) -> None:
    checks.others = {"silver.other": "SELECT * FROM (VALUES (1, 'x'), (2, 'y'), (2, NULL)) t(k, v)"}
    if "freshness" in check and rows == NONE:
        rows = "SELECT DATE '2026-01-01' AS a WHERE false"
    result = checks.one(rows, check)
    assert result.status is (CheckStatus.PASSED if holds else CheckStatus.FAILED)
    assert (result.failures, result.sample, result.failed_rows) == (None, None, None)
    assert bool(result.message) is not holds


@pytest.mark.parametrize(
    ("check", "message"),
    [
        ("@check row_count > 7", "it has 6 rows"),
        ("@check sum(a) > 9", "it does not hold of the dataset as a whole"),
        ("@check freshness d < 1 day", "the newest is 2026-01-01"),
        ("@check freshness n < 1 day", "there is no value"),
    ],
)
def test_a_check_of_the_whole_dataset_says_what_was_found(checks: Checks, check: str, message: str) -> None:
    rows = f"SELECT a, DATE '2026-01-01' AS d, NULL::DATE AS n FROM ({INTEGERS})"
    assert checks.one(rows, check).message == message


# How much is tolerated, and how bad it is


@pytest.mark.parametrize(
    ("tolerated", "holds"),
    [
        ("at most 2 rows", True), ("at most 2", True), ("at most 1 row", False), ("at most 1.5 rows", False),
        ("at most 20%", True), ("at most 19.9%", False), ("AT MOST 20.0 %", True), ("at most 0%", False),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "check", ["@check a >= 2", "@not_null b", "@range a 2 to", "@unique c", "@relationships a silver.o(k)"]
)
def test_at_most_tolerates_up_to_and_with_its_number_and_the_count_is_told(
    checks: Checks, check: str, tolerated: str, holds: bool
) -> None:
    checks.others = {"silver.o": "SELECT range + 2 AS k FROM range(20)"}
    rows = "SELECT i AS a, nullif(greatest(i, 1), 1) AS b, greatest(i, 1) AS c FROM range(10) t(i)"
    result = checks.one(rows, f"{check} {tolerated}")
    assert (result.failures, result.status) == (2, CheckStatus.PASSED if holds else CheckStatus.FAILED)


def test_a_warning_is_counted_and_kept_as_an_error_is_but_only_told(checks: Checks) -> None:
    result = checks.one(INTEGERS, "@warn a > 1")
    assert (result.status, result.failures, result.severity) == (CheckStatus.WARNED, 1, "warn")
    assert checks.kept(result) == [(1,)]
    assert checks.one(INTEGERS, "@warn not_null a at most 2 rows").status is CheckStatus.PASSED


# A query of its own


def test_a_query_of_its_own_returns_the_rows_that_are_wrong(checks: Checks) -> None:
    checks.others = {"silver.other": "SELECT 2 AS k"}
    checks.queries = {"orphans": "SELECT a, k FROM silver.x LEFT JOIN silver.other ON a = k WHERE k IS NULL"}
    (result,) = checks.run(INTEGERS)
    assert (result.check, result.kind, result.failures) == ("orphans", "query", 4)
    assert sorted(checks.kept(result), key=str) == [(1, None), (3, None), (None, None), (None, None)]
    assert result.sample is not None
    assert result.sample.columns == ("a", "k")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT l.a, r.a FROM silver.x l JOIN silver.x r ON l.a = r.a WHERE l.a = 3",
        'SELECT a AS "a b", a AS "q""t" FROM silver.x WHERE a = 3',
        "FROM silver.x WHERE a = 3 ORDER BY a LIMIT 1",
        "SELECT sum(a) AS n, INTERVAL 1 DAY AS i, '101'::BIT AS b FROM silver.x HAVING sum(a) > 0",
        "WITH silver AS (FROM silver.x) FROM silver WHERE a = 3 -- and nothing more",
    ],
)
def test_a_query_may_give_any_columns(checks: Checks, sql: str) -> None:
    checks.queries = {"odd": sql}
    (result,) = checks.run(INTEGERS)
    assert (result.failures, result.status) == (1, CheckStatus.FAILED)
    assert result.sample is not None
    assert len(result.sample.rows) == 1


# What is kept and shown


def test_failing_rows_are_kept_with_all_columns_up_to_a_number_and_those_of_before_go(checks: Checks) -> None:
    checks.most = 5
    rows = "SELECT i AS a, 'row ' || i AS note FROM range(100) t(i)"
    result = checks.one(rows, "@check a < 10")
    assert (result.failures, result.kept) == (90, 5)
    assert checks.kept(result) == [(i, f"row {i}") for i in range(10, 15)]
    assert checks.one(rows, "@check a < 1000").failed_rows is None
    assert not (checks.bench.root / ".medallion" / "failed" / "silver.x").exists()
    checks.most = 0
    none = checks.one(rows, "@check a < 10")
    assert (none.failures, none.kept, none.failed_rows) == (90, None, None)


def test_two_checks_never_share_a_file(checks: Checks) -> None:
    found = checks.run(INTEGERS, "@check a > 1", "@check a >  1", "@check a < 1")
    assert len({result.failed_rows for result in found}) == 3
    assert [checks.kept(result) for result in found] == [[(1,)], [(1,)], [(1,), (2,), (2,), (3,)]]


def test_the_rows_shown_have_the_key_and_what_the_check_speaks_of(checks: Checks) -> None:
    rows = "SELECT 'z' || i AS other, i AS total, i AS id, NULL AS extra FROM range(9) t(i)"
    result = checks.run(rows, "@check total < 5", key="id")[1]
    assert result.sample is not None
    assert result.sample.columns == ("id", "total")
    assert result.sample.rows == (("5", "5"), ("6", "6"), ("7", "7"))


def test_a_condition_that_names_no_column_shows_the_first_ones(checks: Checks) -> None:
    sample = checks.one("SELECT 1 AS a, NULL AS b", "@check 1 > 2").sample
    assert sample is not None
    assert (sample.columns, sample.rows) == (("a", "b"), (("1", None),))
