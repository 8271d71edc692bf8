"""Values in unit tests of models: of any type, as they are written, with nothing lost."""

from __future__ import annotations

import pytest

from medallion.unittests.run import UnitTestOutcome
from tests.engines.shop import Shop, rows

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
