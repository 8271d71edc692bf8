"""What binding a model tells without running it, and that it is what a build gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from medallion.config import Config
from medallion.engines.duckdb import DuckDBEngine
from medallion.errors import MedallionError, ModelError
from medallion.names import TableName
from tests.engines.bench import Bench

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from medallion.schemas import Schema

ORDERS = TableName("bronze", "orders")
COLUMNS: Schema = (("id", "BIGINT"), ("shop", "VARCHAR"), ("total", "DECIMAL(12,2)"), ("day", "DATE"))
GIVEN = {ORDERS: COLUMNS}


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def bind(bench: Bench, sql: str, given: Mapping[TableName, Schema] = GIVEN, name: str = "silver.x") -> Schema | None:
    model, macros = bench.model(sql, name)
    with bench.engine().open() as session:
        bench.register(session)
        return session.bind(model, macros, given)


def refused(bench: Bench, sql: str, given: Mapping[TableName, Schema] = GIVEN) -> tuple[str, str]:
    """The message, and the text at the place."""
    with pytest.raises(MedallionError) as caught:
        bind(bench, sql, given)
    place = caught.value.location
    assert place is not None
    return caught.value.message, place.text[place.column - 1 : place.column - 1 + place.length]


def test_names_and_types_follow_from_the_columns_that_are_given_and_no_file_is_there(bench: Bench) -> None:
    bound = bind(
        bench, "SELECT shop, CAST(sum(total) AS DOUBLE) AS total, max(day) AS day FROM bronze.orders GROUP BY 1"
    )
    assert bound == (("shop", "VARCHAR"), ("total", "DOUBLE"), ("day", "DATE"))
    assert list((bench.root / ".medallion" / "tmp").glob("*")) == []
    assert not (bench.root / "data").exists()


@pytest.mark.parametrize(
    "expression",
    [
        "'a'::ENUM('a', 'b')", "['a'::ENUM('a', 'b')]", "{'e': 'a'::ENUM('a'), 'B b': [1, 2]::INTEGER[2]}",
        "MAP {'a'::ENUM('a'): now()::TIMESTAMP_S}", "[[1, 2]]::INTEGER[2][1]", "TIMESTAMP_S '2026-01-31'",
        "TIMESTAMP_MS '2026-01-31'", "TIMESTAMP_NS '2026-01-31'", "TIMESTAMPTZ '2026-01-31 10:00+00'",
        "'{}'::JSON", "['{}'::JSON]", "NULL", "[NULL]", "{'a': NULL}", "1.50", "1::UTINYINT", "'x'::BLOB", "1::VARIANT",
        "'00000000-0000-0000-0000-000000000001'::UUID", "TIME '10:00:00'", "DATE '2026-01-31'", "1::FLOAT", "true",
        "{'a\"b': 1, 'select': 'x'}", "MAP {'a': {'x': [1.5]}}", "9::DECIMAL(38, 2)",
    ],
)  # fmt: skip
def test_a_type_is_told_as_a_build_records_it_and_as_readers_see_it(bench: Bench, expression: str) -> None:
    sql = f"-- @volatile\nSELECT {expression} AS x"
    produced = bench.build(sql)
    assert bind(bench, sql) == tuple((column.name, column.type) for column in produced.columns)
    # A reader is bound against the recorded type as it is against the file.
    read = "SELECT x, [x] AS l, {'s': x} AS s FROM bronze.made"
    made = TableName("bronze", "made")
    bench.tables[made] = produced.file
    from_file = bind(bench, read, {})
    del bench.tables[made]
    assert bind(bench, read, {made: tuple((c.name, c.type) for c in produced.columns)}) == from_file


def test_a_registered_dataset_is_known_by_its_file(bench: Bench) -> None:
    bench.table("bronze.orders", "SELECT 1 AS id, 'a' AS note")
    assert bind(bench, "FROM bronze.orders", {}) == (("id", "INTEGER"), ("note", "VARCHAR"))


def test_a_dataset_whose_columns_are_given_anew_is_bound_anew(bench: Bench) -> None:
    model, macros = bench.model("SELECT * FROM bronze.orders")
    other = (COLUMNS[1], COLUMNS[0])
    with bench.engine().open() as session:
        assert session.bind(model, macros, GIVEN) == COLUMNS
        assert session.bind(model, macros, {ORDERS: other}) == other
        assert session.bind(model, macros, GIVEN) == COLUMNS


@pytest.mark.parametrize(
    ("sql", "message", "place"),
    [
        ("SELECT id,\n  amount FROM bronze.orders", 'no column "amount" in bronze.orders', "amount"),
        ("SELECT 1 AS a FROM bronze.orders o WHERE o.gone > 1", 'no column "gone" in o', "o.gone"),
        ("SELECT upper(town) AS town FROM bronze.orders", 'no column "town" in bronze.orders', "town"),
        ("SELECT 'x' AS kept,\n  \"Town\" AS town FROM bronze.orders", 'no column "Town" in bronze.orders', '"Town"'),
        ("SELECT sum(shop) AS n FROM bronze.orders", "No function matches", "sum"),
        ("SELECT sum(id) AS n FROM bronze.orders", 'column "n" is HUGEINT', "n"),
        ("-- @key no\nSELECT id FROM bronze.orders", "@key names a column that the model does not have", "@key"),
        ("SELECT id, id AS ID FROM bronze.orders", "two output columns differ in case only", ""),
        ("SELECT id FROM bronze.orders WHERE", "syntax error", ""),
    ],
)
def test_what_is_wrong_with_the_sql_is_told_at_its_place_without_data(
    bench: Bench, sql: str, message: str, place: str
) -> None:
    said, at = refused(bench, sql)
    assert message in said
    assert at.startswith(place)


def test_a_mistake_in_a_macro_that_reads_a_dataset_is_told_in_the_macro(bench: Bench) -> None:
    bench.macros = "CREATE MACRO latest() AS TABLE SELECT id, gone FROM bronze.orders"
    with pytest.raises(ModelError, match='no column "gone"') as caught:
        bind(bench, "FROM latest()")
    assert str(caught.value.location).startswith("sql/macros/m.sql:1:")


def test_a_macro_gives_the_types_that_it_has_today(bench: Bench) -> None:
    for kind in ("DOUBLE", "BIGINT"):
        bench.macros = f"CREATE MACRO cents(x) AS CAST(x * 100 AS {kind})"
        assert bind(bench, "SELECT cents(total) AS cents FROM bronze.orders") == (("cents", kind),)


@pytest.mark.parametrize(
    "sql",
    [
        "PIVOT bronze.orders ON shop USING max(total) GROUP BY day",
        "SELECT * FROM (PIVOT bronze.orders ON shop USING max(total) GROUP BY day)",
        "WITH p AS (PIVOT_WIDER bronze.orders ON shop USING max(total)) SELECT id FROM p",
    ],
)
def test_a_pivot_that_names_no_values_has_columns_that_only_data_can_tell(bench: Bench, sql: str) -> None:
    assert bind(bench, sql) is None


def test_a_pivot_that_names_its_values_has_known_columns(bench: Bench) -> None:
    pivot = "PIVOT bronze.orders ON shop IN ('a', 'b') USING max(id) GROUP BY day"
    assert bind(bench, pivot) == (("day", "DATE"), ("a", "BIGINT"), ("b", "BIGINT"))
    assert bind(bench, "UNPIVOT bronze.orders ON id INTO NAME n VALUE v") == (
        *COLUMNS[1:], ("n", "VARCHAR"), ("v", "BIGINT"),
    )  # fmt: skip


def test_the_columns_of_a_file_are_read_from_it(bench: Bench) -> None:
    (bench.root / "sources").mkdir()
    (bench.root / "sources" / "o.csv").write_text("id,day\n1,2026-01-31\n")
    sql = "SELECT day, id FROM read_csv('sources/o.csv')"
    with DuckDBEngine(Config(bench.root), []).open() as session:
        model, macros = bench.model(sql, "bronze.o")
        assert session.bind(model, macros, {}) == (("day", "DATE"), ("id", "BIGINT"))
        (bench.root / "sources" / "o.csv").write_text("id,date\n1,2026-01-31\n")
        with pytest.raises(ModelError, match='no column "day"') as caught:
            session.bind(model, macros, {})
    assert str(caught.value.location) == "sql/bronze/o.sql:1:8"


def test_a_read_that_the_text_does_not_show_is_refused(bench: Bench) -> None:
    (bench.root / "sources").mkdir()
    (bench.root / "sources" / "o.csv").write_text("id\n1\n")
    said, _ = refused(bench, 'SELECT * FROM "sources/o".csv')
    assert "which cannot be seen in the SQL as a dataset or a source" in said


@pytest.mark.parametrize("kind", ["NO SUCH TYPE", "", "INTEGER); DROP SCHEMA bronze CASCADE; --", "DECIMAL(99,1)"])
def test_a_type_that_duckdb_does_not_know_leaves_the_columns_unknown(bench: Bench, kind: str) -> None:
    assert bind(bench, "SELECT id FROM bronze.orders", {ORDERS: (("id", kind),)}) is None


def test_a_type_is_a_type_and_no_sql(bench: Bench) -> None:
    sneaky = (("id", "INTEGER, extra INTEGER"), ("n", "INTEGER DEFAULT (SELECT 1)"))
    assert bind(bench, "FROM bronze.orders", {ORDERS: sneaky}) == (("id", "INTEGER"), ("n", "INTEGER"))


@pytest.mark.parametrize("depth", [65, 900])
def test_a_type_that_is_nested_without_end_is_refused(bench: Bench, depth: int) -> None:
    said, _ = refused(bench, "SELECT id FROM bronze.orders", {ORDERS: (("id", f"INTEGER{'[]' * depth}"),)})
    assert "which Parquet stores as what few programs can read" in said
