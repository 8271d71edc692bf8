"""Types, names and keys of what a model makes: kept as they are, or refused."""

from __future__ import annotations

import duckdb
import pytest

from tests.engines.bench import Bench, columns, refused

# Types


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        ("1::HUGEINT", "HUGEINT"),
        ("1::UHUGEINT", "UHUGEINT"),
        ("1::BIGNUM", "BIGNUM"),
        ("sum(id)", "HUGEINT"),
        ("[1::HUGEINT]", "HUGEINT[]"),
        ("[[1::HUGEINT]]", "HUGEINT[][]"),
        ("[1, 2]::HUGEINT[2]", "HUGEINT[2]"),
        ("{'a': 1, 'b': 2::HUGEINT}", "STRUCT(a INTEGER, b HUGEINT)"),
        ("MAP {'a': 1::HUGEINT}", "MAP(VARCHAR, HUGEINT)"),
        ("MAP {1::HUGEINT: 'a'}", "MAP(HUGEINT, VARCHAR)"),
        ("INTERVAL 1 DAY", "INTERVAL"),
        ("[INTERVAL 1 DAY]", "INTERVAL[]"),
        ("'10:00:00+02'::TIMETZ", "TIME WITH TIME ZONE"),
        ("'101'::BIT", "BIT"),
        ("union_value(a := 1)", "UNION(a INTEGER)"),
        ("row(1, 'a')", "TUPLE(INTEGER, VARCHAR)"),
        ("row(1::HUGEINT)", "TUPLE(HUGEINT)"),
        ("[{'a': row(1::HUGEINT)}]", "STRUCT(a TUPLE(HUGEINT))[]"),
    ],
)
def test_a_type_that_parquet_would_change_is_refused_at_the_column_with_a_way_out(
    bench: Bench, expression: str, kind: str
) -> None:
    message, hint, place = refused(bench, f"SELECT\n  {expression} AS wrong\nFROM bronze.orders")
    assert message.startswith(f'column "wrong" is {kind}, which Parquet stores as ')
    assert hint
    assert place == "wrong"


def test_a_sum_of_integers_is_refused_and_kept_exactly_once_it_is_cast(bench: Bench) -> None:
    big = 12_345_678_901_234_567_890
    _, hint, place = refused(bench, f"SELECT shop, sum(id * {big}) AS n FROM bronze.orders GROUP BY shop")
    assert "cast it to BIGINT or DECIMAL(38, 0)" in hint
    assert place == "n"
    rows = bench.rows(f"SELECT shop, CAST(sum(id * {big}) AS DECIMAL(38, 0)) AS n FROM bronze.orders GROUP BY shop")
    assert rows == [(0, 18 * big), (1, 12 * big), (2, 15 * big)]


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        ("true", "BOOLEAN"), ("1::TINYINT", "TINYINT"), ("1::UBIGINT", "UBIGINT"), ("1.5::FLOAT", "FLOAT"),
        ("1.5::DECIMAL(38, 2)", "DECIMAL(38,2)"), ("'é'", "VARCHAR"), ("'\\xAA'::BLOB", "BLOB"),
        ("DATE '2026-01-31'", "DATE"),
        ("TIME '10:00:00.123456'", "TIME"), ("TIMESTAMP '2026-01-31 10:00'", "TIMESTAMP"),
        ("TIMESTAMPTZ '2026-01-31 10:00+00'", "TIMESTAMP WITH TIME ZONE"),
        ("TIMESTAMP_NS '2026-01-31'", "TIMESTAMP_NS"),
        ("'00000000-0000-0000-0000-000000000001'::UUID", "UUID"), ("[1, NULL]", "INTEGER[]"),
        ("{'a': 1, 'b': ['x']}", "STRUCT(a INTEGER, b VARCHAR[])"), ("MAP {'a': 1}", "MAP(VARCHAR, INTEGER)"),
        ("'{\"a\": 1}'::JSON", "JSON"), ("NULL::INTEGER", "INTEGER"),
    ],
)  # fmt: skip
def test_any_other_type_comes_back_as_it_went_in(bench: Bench, expression: str, kind: str) -> None:
    produced = bench.build(f"SELECT {expression} AS x")
    read = (
        duckdb.connect().execute(f"SELECT x, x IS NOT DISTINCT FROM ({expression}) FROM '{produced.file}'").fetchone()
    )
    assert read is not None
    assert read[1] is True
    shown = duckdb.connect().execute(f"SELECT typeof(x) FROM '{produced.file}'").fetchone()
    assert shown is not None
    assert shown[0] == kind


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        ("'b'::ENUM('b', 'a')", "VARCHAR"),
        ("['b'::ENUM('b', 'a'), NULL]", "VARCHAR[]"),
        ("[1, NULL]::INTEGER[2]", "INTEGER[]"),
        ("{'a': [1.5, 2]::FLOAT[2]}", "STRUCT(a FLOAT[])"),
        ("TIMESTAMP_S '2026-01-31 10:00:01'", "TIMESTAMP"),
        ("TIMESTAMP_S '290000-01-01'", "TIMESTAMP"),
        ("TIMESTAMP_MS '1969-12-31 23:59:59.999'", "TIMESTAMP"),
        ("'infinity'::TIMESTAMP_S", "TIMESTAMP"),
    ],
)
def test_a_type_without_a_like_in_parquet_keeps_its_values_and_is_recorded_as_what_is_read(
    bench: Bench, expression: str, kind: str
) -> None:
    produced = bench.build(f"SELECT {expression} AS x")
    read = duckdb.connect().execute(f"SELECT typeof(x), x::VARCHAR FROM '{produced.file}'").fetchall()
    assert read == [(kind, *duckdb.connect().execute(f"SELECT ({expression})::VARCHAR").fetchall()[0])]
    assert [column.type for column in produced.columns] == [kind]


def test_an_empty_result_keeps_its_schema(bench: Bench) -> None:
    produced = bench.build("-- @key id\nSELECT id, note, [total] AS l FROM bronze.orders WHERE id < 0")
    assert (produced.rows, produced.key_range) == (0, None)
    described = duckdb.connect().execute(f"DESCRIBE FROM '{produced.file}'").fetchall()
    assert [row[:2] for row in described] == [("id", "BIGINT"), ("note", "VARCHAR"), ("l", "DOUBLE[]")]
    assert [column.name for column in produced.columns] == ["id", "note", "l"]
    assert duckdb.connect().execute(f"SELECT count(*) FROM '{produced.file}'").fetchall() == [(0,)]


# Names and keys


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("SELECT 1 AS a, 2 AS a", 'two output columns are called "a"'),
        ('SELECT 1 AS "A", 2 AS a', 'two output columns differ in case only: "A" and "a"'),
        ("SELECT o.id, p.id FROM bronze.orders o, bronze.orders p", 'two output columns are called "id"'),
    ],
)
def test_names_that_sql_cannot_tell_apart_are_refused(bench: Bench, sql: str, message: str) -> None:
    assert refused(bench, sql)[0] == message


def test_a_column_may_be_called_like_a_reserved_word_or_have_any_letters(bench: Bench) -> None:
    assert list(columns(bench, 'SELECT 1 AS "select", 2 AS "a b", 3 AS größe, 4 AS "it\'s"')) == [
        "select",
        "a b",
        "größe",
        "it's",
    ]


def test_a_key_column_that_the_model_does_not_have_is_refused(bench: Bench) -> None:
    message, hint, place = refused(bench, "-- @key id, nope\nSELECT id, note FROM bronze.orders")
    assert message == '@key names a column that the model does not have: "nope"'
    assert hint == "the columns are id, note"
    assert place == "@key id, nope"
