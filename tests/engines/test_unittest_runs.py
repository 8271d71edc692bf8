"""Unit tests of models, as they run: what is given, what is compared, and what a test cannot reach."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from medallion.config import Config, load_config
from medallion.errors import MedallionError
from medallion.project import Project
from medallion.unittests.run import UnitTestOutcome, UnitTestResult, UnitTestRun

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

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


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    made = Shop(Config(root=tmp_path))
    made.write("medallion.toml", "[variables]\nsince = '2026-01-01'\nleast = 2\n")
    made.model("bronze.orders", ORDERS)
    made.model("silver.orders", LATEST)
    return made


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


# What is given and compared


def test_a_test_passes_where_the_expected_rows_come_out_in_any_order(shop: Shop) -> None:
    result = shop.one("silver.orders", GIVEN + "    expect: [{order_id: 2, status: paid}, {order_id: 1, status: paid}]")
    assert (result.outcome, result.difference, result.error) == (UnitTestOutcome.PASSED, None, None)


def test_only_the_named_columns_are_compared_in_any_case(shop: Shop) -> None:
    shop.passes(LATEST, GIVEN + "    expect: [{TOTAL: ~}, {TOTAL: 5}]")


def test_rows_that_differ_go_together_by_the_key(shop: Shop) -> None:
    expected = "    expect: [{order_id: 1, status: placed, total: 5}, {order_id: 3, status: paid, total: ~}]"
    assert rows(shop.one("silver.orders", GIVEN + expected)) == [
        (("1", "placed", "5.00"), ("1", "paid", "5.00")),
        (("3", "paid", None), None),
        (None, ("2", "paid", None)),
    ]


def test_without_a_key_rows_go_together_by_what_they_share(shop: Shop) -> None:
    sql = "FROM (VALUES (1, 'a', 'x'), (2, 'b', 'y')) AS t(n, s, u)"
    result = shop.of(sql, "expect: [{n: 2, s: b, u: z}, {n: 1, s: q, u: x}]")
    assert rows(result) == [(("2", "b", "z"), ("2", "b", "y")), (("1", "q", "x"), ("1", "a", "x"))]


def test_a_row_that_comes_twice_has_to_be_expected_twice(shop: Shop) -> None:
    sql = "SELECT 1 AS a FROM range(2)"
    assert rows(shop.of(sql, "expect: [{a: 1}]")) == [(None, ("1",))]
    shop.passes(sql, "expect: [{a: 1}, {a: 1}]")


def test_no_rows_are_expected_as_an_empty_list(shop: Shop) -> None:
    shop.passes("SELECT order_id FROM bronze.orders", "given: {}\nexpect: []")
    assert rows(shop.of("SELECT 1 AS a, NULL AS b", "expect: []")) == [(None, ("1", None))]


def test_a_column_that_is_not_given_is_null_and_an_input_that_is_not_given_is_empty(shop: Shop) -> None:
    shop.model("silver.shops", "SELECT 1 AS shop")
    shop.passes(
        "SELECT order_id, status, (SELECT count(*) FROM silver.shops) AS shops FROM bronze.orders",
        "given: {bronze.orders: [{order_id: 1}]}\nexpect: [{order_id: 1, status: ~, shops: 0}]",
    )


def test_a_test_sees_nothing_of_the_one_before(shop: Shop) -> None:
    run = shop.test(
        "silver.orders",
        """
        - name: a
          given: {bronze.orders: [{order_id: 1}]}
          expect: {error: never}
        - name: b
          given: {}
          expect: []
        """,
    )
    assert [result.outcome for result in run.results] == [UnitTestOutcome.FAILED, UnitTestOutcome.PASSED]


VALUES = [
    ("BOOLEAN", "true", "TRUE"),
    ("TINYINT", "-1", "-1"),
    ("HUGEINT", "170141183460469231731687303715884105727", "170141183460469231731687303715884105727"),
    ("DECIMAL(38, 10)", "1.10", "1.1"),
    ("DOUBLE", "0.1", "1e-1"),
    ("DOUBLE", "nan", "NaN"),
    ("DOUBLE", "-Infinity", "-inf"),
    ("VARCHAR", "' x'", "' x'"),
    ("VARCHAR", "'''); DROP TABLE bronze.orders; --'", "'''); DROP TABLE bronze.orders; --'"),
    ("DATE", "2026-01-31", "2026-01-31"),
    ("TIME", "12:30", "12:30:00"),
    ("TIMESTAMP", "2026-01-31", "2026-01-31 00:00:00"),
    ("TIMESTAMPTZ", "2026-01-31 12:00:00+02", "2026-01-31 10:00:00Z"),
    ("TIMESTAMP_NS", "2026-01-31 00:00:00.123456789", "2026-01-31 00:00:00.123456789"),
    ("UUID", "0f3b1d2e-0000-0000-0000-000000000001", "0F3B1D2E-0000-0000-0000-000000000001"),
    ("BLOB", "\\xAA", "\\xAA"),
    ("INTEGER[]", "[1, ~]", '"[1, NULL]"'),
    ("VARCHAR[]", "['a, b', no]", "\"['a, b', 'no']\""),
    ("STRUCT(a DECIMAL(5, 2), b DATE[])", "{a: 1.1, b: [2026-01-01]}", "{a: 1.10, b: [2026-01-01]}"),
    ("MAP(VARCHAR, INTEGER)", "{k: 1}", '"{k=1}"'),
    ("JSON", "{a: 1.10, b: 'x', c: ~}", '\'{ "a": 1.10, "b":"x","c": null }\''),
]


@pytest.mark.parametrize(("kind", "given", "expected"), VALUES, ids=[f"{k} {g}" for k, g, _ in VALUES])
def test_a_value_of_any_type_is_given_and_expected_as_it_is_written(
    shop: Shop, kind: str, given: str, expected: str
) -> None:
    shop.model("bronze.a", f"SELECT * FROM read_json('sources/a.json', columns = {{'v': '{kind}'}})")
    kept = "v::VARCHAR AS v" if kind == "HUGEINT" else "v"
    body = f"given: {{sources/a.json: [{{v: {given}}}]}}\nexpect: [{{v: {expected}}}]"
    shop.model("bronze.a", f"SELECT {kept} FROM read_json('sources/a.json', columns = {{'v': '{kind}'}})")
    result = shop.one("bronze.a", body)
    assert result.outcome is UnitTestOutcome.PASSED, result.error or result.difference


def test_every_nan_is_the_same_and_minus_zero_is_not_zero(shop: Shop) -> None:
    shop.passes(
        "SELECT 'nan'::DOUBLE AS a, -('nan'::DOUBLE) AS b, [-('nan'::DOUBLE)] AS c",
        "expect: [{a: nan, b: nan, c: [nan]}]",
    )
    assert rows(shop.of("SELECT -0.0::DOUBLE AS a", "expect: [{a: 0}]")) == [(("0.0",), ("-0.0",))]


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        ("INTEGER", "1.5", "as INTEGER it would be rounded"),
        ("INTEGER", "15e-1", "as INTEGER it would be rounded"),
        ("DECIMAL(12, 2)", "12.345", "as DECIMAL(12,2) it would be rounded"),
        ("DATE", "2026-01-01 12:00:00", "a DATE has no time of day"),
        ("TIMESTAMP", "2026-01-01 12:00:00+02:00", "a TIMESTAMP has no offset"),
        ("INTEGER", "x", "this is no INTEGER: Could not convert string 'x' to INT32"),
        ("INTEGER", "''", "this is no INTEGER"),
        ("INTEGER[]", "[x]", "this is no INTEGER[]"),
        ("STRUCT(a INTEGER)", "{b: 1}", "this is no STRUCT(a INTEGER)"),
        ("INTEGER", "[1]", "this is no INTEGER"),
        ("TINYINT", "128", "this is no TINYINT"),
    ],
)
def test_a_value_that_the_type_would_change_or_refuse_is_a_mistake_at_its_place(
    shop: Shop, kind: str, value: str, message: str
) -> None:
    found = shop.mistake(f"SELECT NULL::{kind} AS v", f"expect:\n  - {{v: ~}}\n  - {{v: {value}}}")
    assert message in found[0]
    assert found[2] == value
    shop.model("bronze.a", f"SELECT * FROM read_json('sources/a.json', columns = {{'v': '{kind}'}})")
    result = shop.one("bronze.a", f"given: {{sources/a.json: [{{v: ~}}, {{v: {value}}}]}}\nexpect: []")
    assert result.error is not None
    assert message in result.error.message.replace(", ", ",").replace("DECIMAL(12, 2)", "DECIMAL(12,2)") or (
        message in result.error.message
    )


@pytest.mark.parametrize(
    ("kind", "value", "lost"),
    [
        ("DECIMAL(5, 1)[]", "[1.2, 1.24]", "1.24"),
        ("DECIMAL(5, 1)[2][]", "[[1.2, 1.24]]", "1.24"),
        ("INTEGER[]", "[1.5]", "1.5"),
        ("DATE[]", "[2026-01-01 12:00]", "2026-01-01 12:00"),
        ("TIMESTAMP[]", "['2026-01-01 12:00:00+02']", "'2026-01-01 12:00:00+02'"),
        ("""STRUCT("a, b" DECIMAL(5, 1), c ENUM(')', ','))""", "{'a, b': 1.24, c: ','}", "1.24"),
        ("STRUCT(a STRUCT(b DECIMAL(5, 1)[]))[]", "[{a: {b: [~, 1.24]}}]", "1.24"),
        ("MAP(VARCHAR, DECIMAL(5, 1))", "{a: 1.24}", "1.24"),
        ("MAP(DECIMAL(5, 1), VARCHAR)", "{1.24: a}", "1.24"),
        ("DECIMAL(5, 1)[]", "'[1.24]'", "'[1.24]'"),
        ("STRUCT(a DECIMAL(5, 1))", "\"{'a': 1.24}\"", "\"{'a': 1.24}\""),
        ("MAP(DATE, DECIMAL(5, 1))", "'{2026-01-01=1.24}'", "'{2026-01-01=1.24}'"),
    ],
)
def test_a_value_within_another_is_not_changed_either(shop: Shop, kind: str, value: str, lost: str) -> None:
    found = shop.mistake(f"SELECT NULL::{kind} AS v", f"expect:\n  - {{v: {value}}}")
    assert "cannot be kept: " in found[0]
    assert found[2] == lost
    shop.passes(f"SELECT NULL::{kind} AS v WHERE false", "expect: []")
    columns = f"{{'v': '{kind.replace(chr(39), chr(39) * 2)}'}}"
    shop.model("bronze.a", f"SELECT * FROM read_json('sources/a.json', columns = {columns})")
    result = shop.one("bronze.a", f"given: {{sources/a.json: [{{v: {value}}}]}}\nexpect: []")
    assert result.outcome is UnitTestOutcome.BROKEN
    assert result.error is not None
    assert "cannot be kept: " in result.error.message


@pytest.mark.parametrize(
    ("sql", "value"),
    [
        ("[1.2, NULL]::DECIMAL(5, 1)[]", "[1.20, ~]"),
        ("[1.2, NULL]::DECIMAL(5, 1)[]", "'[1.20, NULL]'"),
        ("{'a': 1.2::DECIMAL(5, 1), 'b': ['1.24']}", "{a: 1.2, b: ['1.24']}"),
        ("MAP {'1.24': 1.5::DECIMAL(5, 1)}", "{1.24: 1.5}"),
        ("[TIMESTAMPTZ '2026-01-01 10:00:00Z']", "['2026-01-01 12:00:00+02']"),
    ],
)
def test_a_value_within_another_passes_as_it_is(shop: Shop, sql: str, value: str) -> None:
    shop.passes(f"SELECT {sql} AS v", f"expect: [{{v: {value}}}]")


def test_many_rows_are_given_and_expected(shop: Shop) -> None:
    count = 1500
    shop.write("tests/sql/silver/a.csv", "order_id,total\n" + "".join(f"{i},{i}.5\n" for i in range(count)))
    shop.passes(
        "SELECT order_id, total FROM bronze.orders", "given: {bronze.orders: {csv: a.csv}}\nexpect: {csv: a.csv}"
    )
    shop.write("tests/sql/silver/b.csv", "order_id,total\n" + "".join(f"{i},{i}.25\n" for i in range(count)))
    result = shop.of(
        "SELECT order_id, total FROM bronze.orders", "given: {bronze.orders: {csv: a.csv}}\nexpect: {csv: b.csv}"
    )
    assert len(rows(result)) == count


# Files that bronze reads


def test_a_bronze_model_is_given_the_rows_of_its_file(shop: Shop) -> None:
    result = shop.one(
        "bronze.orders", "given: {sources/orders.csv: [{order_id: 1}]}\nexpect: [{order_id: 1, status: ~}]"
    )
    assert result.outcome is UnitTestOutcome.PASSED, result.error


@pytest.mark.parametrize(
    ("sql", "columns"),
    [
        ("SELECT filename, content, size FROM read_text('sources/*.txt')", "{filename: a, content: b, size: 1}"),
        ("SELECT content FROM read_blob('sources/*.txt')", "{content: \\xAA}"),
        ("SELECT read_csv.a FROM read_csv('s.csv', columns = {'a': 'INT'}, filename = true)", "{a: 1}"),
        ("SELECT a, f FROM read_csv('s.csv', columns = {'a': 'INT'}, filename = 'f')", "{a: 1, f: x}"),
        ("SELECT r.a FROM read_csv(['s.csv', 't.csv'], columns := {a: 'INT'}) AS r", "{a: 1}"),
        ("SELECT ä FROM read_csv('s.csv', columns = {'ä': 'INT'}) -- ü", "{ä: 1}"),
    ],
)
def test_a_reader_whose_columns_the_sql_says_is_replaced(shop: Shop, sql: str, columns: str) -> None:
    shop.model("bronze.a", sql)
    path = sql.split("'")[1]
    result = shop.one("bronze.a", f"given: {{{path!r}: [{columns}]}}\nexpect: [{columns}]")
    assert result.outcome is UnitTestOutcome.PASSED, result.error or result.difference


def test_a_file_that_a_model_reads_twice_gives_its_rows_each_time(shop: Shop) -> None:
    once = "read_csv('s.csv', columns = {'a': 'INT', 'b': 'INT'})"
    other = "read_csv(['s.csv', 't.csv'], columns = {'a': 'VARCHAR', 'c': 'VARCHAR'})"
    shop.model(
        "bronze.a",
        f"SELECT x.a, x.b, y.a AS t, y.c FROM {once} AS x\n"
        f"JOIN {other} AS y ON x.a::VARCHAR = y.a JOIN {once} AS z ON z.a = x.a",
    )
    given = "given: {s.csv: [{a: 1, b: 2, c: 3}], t.csv: [{a: 1}]}\n"
    result = shop.one("bronze.a", given + "expect: [{a: 1, b: 2, t: 1, c: 3}, {a: 1, b: 2, t: 1, c: ~}]")
    assert result.outcome is UnitTestOutcome.PASSED, result.error or result.difference
    result = shop.one("bronze.a", "given: {s.csv: [{a: 1, d: 2}]}\nexpect: []")
    assert result.error is not None
    assert (result.error.message, result.error.hint) == ('s.csv has no column "d"', "it has a, b, c")


def test_rows_that_name_no_column_of_one_reader_are_rows_of_it_all_the_same(shop: Shop) -> None:
    shop.model(
        "bronze.a",
        "SELECT (SELECT count(*) FROM read_csv('s.csv', columns = {'a': 'INT'})) AS n,\n"
        "    (SELECT count(b) FROM read_csv('s.csv', columns = {'b': 'INT'})) AS m\n",
    )
    result = shop.one("bronze.a", "given: {s.csv: [{b: 1}, {b: 2}]}\nexpect: [{n: 2, m: 2}]")
    assert result.outcome is UnitTestOutcome.PASSED, result.error or result.difference


def test_a_type_of_a_reader_is_known_however_it_is_written(shop: Shop) -> None:
    shop.model("bronze.a", "SELECT * FROM read_csv('s.csv', columns = {'a': 'numeric(5,1)'})")
    result = shop.one("bronze.a", "given: {s.csv: [{a: 1.24}]}\nexpect: []")
    assert result.error is not None
    assert result.error.message == "1.24 cannot be kept: as DECIMAL(5,1) it would be rounded"


@pytest.mark.parametrize(
    "reader",
    ["'sources/a.parquet'", "read_parquet('sources/a.parquet')", "read_csv('sources/a.parquet')",
     "read_csv('sources/a.parquet', columns = {'a': 'INT'}, hive_partitioning = true)",
     "read_csv('sources/a.parquet'), read_csv('sources/a.parquet', columns = {'a': 'INT'})"],
)  # fmt: skip
def test_a_file_whose_columns_only_the_file_knows_is_refused_with_the_reason(shop: Shop, reader: str) -> None:
    shop.model("bronze.a", f"SELECT * FROM {reader}")
    result = shop.one("bronze.a", "given: {}\nexpect: []")
    assert result.outcome is UnitTestOutcome.BROKEN
    assert result.error is not None
    assert "is known from the file alone" in result.error.message
    assert "columns = {" in result.error.hint
    assert str(result.error.location) == f"sql/bronze/a.sql:1:{15 + reader.index(chr(39))}"


def test_an_error_behind_a_replaced_reader_keeps_its_place(shop: Shop) -> None:
    shop.model("bronze.a", "SELECT a\nFROM read_csv('ä.csv', columns = {'a': 'INT'}) WHERE nope = 1\n")
    result = shop.one("bronze.a", "given: {ä.csv: []}\nexpect: []")
    assert result.error is not None
    assert str(result.error.location) == "sql/bronze/a.sql:2:54"


# Types


def test_types_come_from_the_models_where_nothing_was_built(shop: Shop) -> None:
    shop.model("gold.days", "SELECT order_id, total * 2 AS twice FROM silver.orders")
    result = shop.one(
        "gold.days", "given: {silver.orders: [{order_id: 1, total: 1.10}]}\nexpect: [{order_id: 1, twice: 2.20}]"
    )
    assert result.outcome is UnitTestOutcome.PASSED, result.error


def test_types_come_from_the_record_where_a_file_alone_knows_them(shop: Shop) -> None:
    shop.write("sources/a.csv", "n,day\n1,2026-01-01\n")
    shop.model("bronze.a", "SELECT * FROM read_csv('sources/a.csv')")
    sql, body = (
        "SELECT n + 1 AS m, day FROM bronze.a",
        "given: {bronze.a: [{n: 1, day: 2026-02-01}]}\nexpect: [{m: 2, day: 2026-02-01}]",
    )
    assert "it was never built" in shop.mistake(sql, body)[0]
    assert "`medallion run +bronze.a` builds it" in shop.mistake(sql, body)[1]
    Project(load_config(shop.config.root / "medallion.toml")).run(["bronze.a"])
    (shop.config.root / "data/bronze/a.parquet").unlink()
    (shop.config.root / "sources/a.csv").unlink()
    shop.passes(sql, body)


def test_a_model_that_changed_since_its_record_gives_its_new_columns(shop: Shop) -> None:
    shop.model("silver.a", "SELECT 1 AS n")
    shop.model("silver.b", "SELECT * FROM silver.a")
    Project(load_config(shop.config.root / "medallion.toml")).run(["silver.b", "silver.a"])
    shop.model("silver.a", "SELECT 1 AS n, 'x' AS s")
    shop.passes("SELECT s FROM silver.b", "given: {silver.b: [{s: y}]}\nexpect: [{s: y}]")


def test_types_of_a_record_are_types_and_no_statements(shop: Shop) -> None:
    shop.model("bronze.a", "SELECT 1 AS n")
    Project(load_config(shop.config.root / "medallion.toml")).run(["bronze.a"])
    path = shop.config.root / "data/bronze/a.json"
    record = json.loads(path.read_text())
    record["columns"][0]["type"] = f"INT); COPY (SELECT 1) TO '{shop.config.root}/stolen.csv'; CREATE TABLE x (i INT"
    path.write_text(json.dumps(record))
    message, _, _ = shop.mistake("SELECT n FROM bronze.a", "given: {}\nexpect: []")
    assert "no types that DuckDB knows" in message
    assert not (shop.config.root / "stolen.csv").exists()


def test_a_record_that_cannot_be_read_is_told_where_it_is_needed(shop: Shop) -> None:
    shop.model("bronze.a", "SELECT * FROM read_csv('sources/a.csv')")
    shop.write("data/bronze/a.json", "{")
    assert "the record is not JSON" in shop.mistake("SELECT n FROM bronze.a", "given: {}\nexpect: []")[0]


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


# What a test cannot reach


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT content FROM read_text('{file}')",
        "SELECT * FROM '{file}'",
        'SELECT * FROM "{file}"',
        "SELECT (SELECT content FROM read_text('{file}')) AS x FROM bronze.orders",
        "WITH a AS (COPY (SELECT 1) TO '{stolen}') SELECT 1 AS a",
        "SELECT * FROM query('SELECT * FROM ''{file}''')",
        "SELECT * FROM glob('{folder}/*')",
        "SELECT * FROM read_csv_auto('{file}')",
        "SELECT getenv('HOME') AS h",
        "SELECT * FROM duckdb_settings()",
        "SELECT * FROM query_table('{file}')",
        "SELECT current_setting('temp_directory') AS t",
        "SELECT * FROM sniff_csv('{file}')",
        "SELECT * FROM read_blob('{file}')",
        "SELECT * FROM read_json('{file}', columns = {{'a': 'VARCHAR'}})",
        "FROM (FROM '{file}')",
        "SELECT * FROM parquet_metadata('{file}')",
    ],
)
def test_no_statement_of_a_model_reads_or_writes_a_file(shop: Shop, sql: str, tmp_path: Path) -> None:
    secret = tmp_path / "sources" / "secret.csv"
    secret.parent.mkdir(exist_ok=True)
    secret.write_text("very,secret\n1,2\n")
    stolen = tmp_path / "stolen.csv"
    text = sql.format(file=secret, stolen=stolen, folder=secret.parent)
    result = shop.of(text, "given: {}\nexpect: [{a: 1}]")
    assert result.outcome is not UnitTestOutcome.PASSED
    assert "very" not in str(result)
    assert str(os.environ["HOME"]) not in str(result.difference)
    assert not stolen.exists()


def test_a_source_in_the_sandbox_of_a_run_is_out_of_reach_of_a_test(shop: Shop) -> None:
    shop.write("sources/orders.csv", "order_id,status,total,ordered_at\n7,x,1,2026-01-01\n")
    shop.model("bronze.it", ORDERS)
    result = shop.one("bronze.it", "given: {}\nexpect: []")
    assert result.outcome is UnitTestOutcome.PASSED, "only what is given is read"


@pytest.mark.parametrize(
    "value",
    [
        "'); COPY (SELECT 1) TO ''stolen.csv''; --",
        "x'); SELECT * FROM read_text('/etc/passwd'); --",
        "$$; ATTACH 'stolen.db'; $$",
        "\\'); INSTALL httpfs; --",
        '"; DROP TABLE x; "',
        "?, ?",
        "{csv}",
    ],
)
def test_a_given_value_is_a_value_whatever_it_holds(shop: Shop, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(shop.config.root)
    before = sorted(shop.config.root.rglob("stolen*"))
    quoted = json.dumps(value)
    shop.passes(
        "SELECT status, getvariable('v') AS v FROM bronze.orders",
        f"given: {{bronze.orders: [{{status: {quoted}}}]}}\nvariables: {{v: {quoted}}}\n"
        f"expect: [{{status: {quoted}, v: {quoted}}}]",
    )
    assert sorted(shop.config.root.rglob("stolen*")) == before


def test_a_name_with_quotes_is_a_name(shop: Shop) -> None:
    shop.model("bronze.a", "SELECT * FROM read_csv('a''b.csv', columns = {'x\"y': 'INT', 'select': 'INT'})")
    result = shop.one("bronze.a", """given: {"a'b.csv": [{'x"y': 1, select: 2}]}\nexpect: [{'x"y': 1, SELECT: 2}]""")
    assert result.outcome is UnitTestOutcome.PASSED, result.error


def test_what_is_written_for_a_test_stays_in_memory(shop: Shop) -> None:
    shop.one("silver.orders", GIVEN + "    expect: []")
    kept = {path.relative_to(shop.config.root).parts[0] for path in shop.config.root.rglob("*") if path.is_file()}
    assert kept <= {"medallion.toml", "sql", "tests", ".medallion"}
    assert not list((shop.config.root / ".medallion").rglob("*.parquet"))


# All of them


def test_tests_are_selected_as_datasets_are_and_by_their_names(shop: Shop) -> None:
    shop.write("tests/sql/bronze/orders.yaml", "- name: none\n  given: {}\n  expect: []\n")
    shop.test(
        "silver.orders", "- name: None at all\n  given: {}\n  expect: []\n- name: other\n  given: {}\n  expect: []\n"
    )
    project = Project(load_config(shop.config.root / "medallion.toml"))

    def names(*select: str, exclude: Sequence[str] = (), matching: str = "") -> list[str]:
        return [result.name for result in project.test(select, exclude=exclude, matching=matching).results]

    assert names() == ["none", "None at all", "other"]
    assert names("silver.orders") == ["None at all", "other"]
    assert names("+silver.orders", exclude=["silver.*"]) == ["none"]
    assert names(matching="NONE") == ["none", "None at all"]


def test_a_selection_that_no_test_answers_to_is_an_error(shop: Shop) -> None:
    project = Project(load_config(shop.config.root / "medallion.toml"))
    assert project.test(["bronze.*"], matching="x").results == (), "there is no test at all"
    shop.test("silver.orders", "- name: none\n  given: {}\n  expect: []\n")
    for select, exclude, matching, message in [
        ("", "", "nonee", 'no test has a name that holds "nonee"'),
        ("silver.*", "", "nonee", 'no test has a name that holds "nonee" among those of silver.*'),
        ("bronze.orders", "", "none", "there are no unit tests for bronze.orders in tests/sql/"),
        ("", "silver.*", "", "there are no unit tests for what is left in tests/sql/"),
    ]:
        with pytest.raises(MedallionError) as caught:
            project.test(select.split(), exclude=exclude.split(), matching=matching)
        assert caught.value.message == message
    assert project.test(["bronze.orders,stale"]).results == (), "what is stale may have no test"


def test_a_second_file_for_a_model_is_an_error_where_the_model_is_selected(shop: Shop) -> None:
    text = "- name: none\n  given: {}\n  expect: []\n"
    shop.write("tests/sql/bronze/orders.yaml", text)
    shop.write("tests/sql/silver/nested/orders.yaml", text)
    shop.write("tests/sql/silver/nothing.yaml", text)
    run = shop.test("silver.orders", text)
    assert [error.message for error in run.errors] == [
        "two files test silver.orders: tests/sql/silver/nested/orders.yaml and this one"
    ]
    assert run.exit_code == 2
    project = Project(load_config(shop.config.root / "medallion.toml"))
    assert project.test(["bronze.orders"]).errors == ()
    assert len(project.test().errors) == 2


def test_the_results_are_told_one_by_one(shop: Shop) -> None:
    shop.write("tests/sql/bronze/orders.yaml", "- name: none\n  given: {}\n  expect: []\n")
    heard: list[UnitTestResult] = []
    run = Project(load_config(shop.config.root / "medallion.toml")).test(on_result=heard.append)
    assert tuple(heard) == run.results
    assert run.exit_code == 0


def test_a_mistake_outweighs_a_failure_in_the_exit_code(shop: Shop) -> None:
    failing = "- name: a\n  expect: [{a: 2}]\n"
    shop.model("silver.it", "SELECT 1 AS a")
    assert shop.test("silver.it", failing).exit_code == 1
    assert shop.test("silver.it", failing + "- name: b\n  expect: [{c: 2}]\n").exit_code == 2
    assert shop.test("silver.it", failing + "- name: b\n").exit_code == 2
