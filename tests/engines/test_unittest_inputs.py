"""What models under test read: files of bronze, and the types of what was built or was not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from medallion.config import load_config
from medallion.project import Project
from medallion.unittests.run import UnitTestOutcome

if TYPE_CHECKING:
    from tests.engines.shop import Shop

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
