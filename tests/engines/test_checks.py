"""Every kind of check on real data: what it counts, what it keeps, what it says, and how many scans it takes."""

from __future__ import annotations

import math
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from medallion.checks.data import Before, check_data
from medallion.errors import MedallionError
from medallion.events import CheckResult, CheckStatus
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
    from medallion.models.model import Macro, Model
    from medallion.schemas import Schema

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


@pytest.fixture
def checks(tmp_path: Path) -> Checks:
    return Checks(Bench(tmp_path, variables={"most": 2}))


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


# What cannot be evaluated


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


# Private values

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


# What is expected of a change

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


# How often the data is read


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


# Any rows, any simple checks

VALUES = st.one_of(st.none(), st.integers(-3, 3))
NUMBERS = st.one_of(st.none(), st.sampled_from([0.0, -0.0, 1.5, -1.5, math.nan, math.inf, -math.inf]))
WORDS_ = st.one_of(st.none(), st.sampled_from(["", "a", "b", "ab", "it's", "é"]))
ROWS = st.lists(st.tuples(VALUES, NUMBERS, WORDS_), max_size=25)
ASKED = st.one_of(
    st.tuples(st.just("not_null"), st.sampled_from("ifw")),
    st.tuples(st.just("unique"), st.sampled_from(["i", "f", "w", "i, w", "i, f, w"])),
    st.tuples(st.just("key"), st.sampled_from(["i", "f", "w", "i, w", "i, f, w"])),
    st.tuples(st.just("accepted_values"), st.lists(st.integers(-3, 3), min_size=1, max_size=3)),
    st.tuples(st.just("range i"), st.tuples(st.integers(-3, 0), st.integers(0, 3))),
    st.tuples(st.just("range f"), st.tuples(st.sampled_from([-1.5, 0, 1]), st.sampled_from([1, 1.5, 2]))),
    st.tuples(st.just("condition"), st.integers(-3, 3)),
)


def order(value: float | None) -> tuple[int, float] | None:
    """As DuckDB orders numbers: NaN is equal to itself and larger than any other."""
    if value is None:
        return None
    return (1, 0.0) if math.isnan(value) else (0, value + 0.0)


def same(values: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(order(v) if isinstance(v, float) else v for v in values)


def fails(kind: str, argument: Any, row: tuple[Any, ...], rows: list[tuple[Any, ...]]) -> bool:
    """What the documentation says of one row, in plain Python."""
    if kind == "not_null":
        return row["ifw".index(argument)] is None
    if kind in ("unique", "key"):
        at = ["ifw".index(name) for name in argument.split(", ")]
        mine = same([row[i] for i in at])
        if None in mine:
            return kind == "key"
        return sum(same([other[i] for i in at]) == mine for other in rows) > 1
    if kind == "accepted_values":
        return row[0] is not None and row[0] not in argument
    if kind.startswith("range"):
        value = order(row[0] if kind.endswith("i") else row[1])
        low, high = (order(bound) for bound in argument)
        return value is not None and not low <= value <= high  # type: ignore[operator]
    return row[0] is not None and not (row[0] > argument or row[2] is None)


def written(kind: str, argument: Any) -> str:
    if kind == "accepted_values":
        return f"@accepted_values i {', '.join(map(str, argument))}"
    if kind.startswith("range"):
        return f"@{kind} {argument[0]} to {argument[1]}"
    if kind == "condition":
        return f"@check i > {argument} OR w IS NULL"
    return f"@check {kind} {argument}"


def sql_of(rows: list[tuple[Any, ...]]) -> str:
    def cell(value: Any, kind: str) -> str:
        return "NULL::" + kind if value is None else f"'{str(value).replace(chr(39), chr(39) * 2)}'::{kind}"

    listed = ", ".join(f"({cell(i, 'INTEGER')}, {cell(f, 'DOUBLE')}, {cell(w, 'VARCHAR')})" for i, f, w in rows)
    if not rows:
        return "SELECT 1 AS i, 1.5::DOUBLE AS f, 'x' AS w WHERE false"
    return f"SELECT * FROM (VALUES {listed}) t(i, f, w)"


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(rows=ROWS, asked=st.lists(ASKED, min_size=1, max_size=4))
def test_what_is_counted_is_what_fails_and_what_is_kept(
    checks: Checks, rows: list[tuple[Any, ...]], asked: list[tuple[str, Any]]
) -> None:
    found = checks.run(sql_of(rows), *(written(kind, argument) for kind, argument in asked))
    for (kind, argument), result in zip(asked, found, strict=True):
        wrong = [row for row in rows if fails(kind, argument, row, rows)]
        assert result.failures == len(wrong), (kind, argument)
        assert (result.status is CheckStatus.FAILED) is bool(wrong)
        kept = checks.kept(result) if wrong else []
        assert sorted(map(repr, map(same, kept))) == sorted(map(repr, map(same, wrong)))
