"""What the engine tells of the file that it wrote."""

from __future__ import annotations

import hashlib
from datetime import date

import pytest

from tests.engines.bench import Bench, columns


def test_a_footer_tells_rows_types_and_which_columns_hold_null(bench: Bench) -> None:
    found = columns(
        bench,
        """SELECT unnest([1, 2]) AS whole, unnest([1, NULL]) AS holes, [1, NULL] AS inner_null,
        NULL::INTEGER[] AS no_list,
        {'a': NULL::INTEGER} AS field, NULL::STRUCT(a INTEGER) AS no_struct, MAP {'a': NULL::INTEGER} AS m,
        []::INTEGER[] AS e,
        1.5::DECIMAL(10, 2) AS d""",
    )
    assert {name: (c.type, c.nullable) for name, c in found.items()} == {
        "whole": ("INTEGER", False),
        "holes": ("INTEGER", True),
        "inner_null": ("INTEGER[]", False),
        "no_list": ("INTEGER[]", True),
        "field": ("STRUCT(a INTEGER)", False),
        "no_struct": ("STRUCT(a INTEGER)", True),
        "m": ("MAP(VARCHAR, INTEGER)", False),
        "e": ("INTEGER[]", False),
        "d": ("DECIMAL(10,2)", False),
    }


def test_equal_columns_have_equal_hashes_in_different_tables(bench: Bench) -> None:
    one = columns(bench, "SELECT id, note, [id, 1] AS l FROM bronze.orders")
    other = columns(bench, "SELECT total AS before, note AS renamed, id, [id, 1] AS l, 1 AS behind FROM bronze.orders")
    assert (one["id"].hash, one["note"].hash, one["l"].hash) == (
        other["id"].hash,
        other["renamed"].hash,
        other["l"].hash,
    )
    assert len({c.hash for c in other.values()}) == 5


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("VALUES (1, 1), (2, 2)", "VALUES (2, 1), (1, 2)"),
        ("VALUES (1, 1)", "VALUES (1, 1), (1, 2)"),
        ("VALUES (NULL, 1), (1, 2)", "VALUES (1, 1), (NULL, 2)"),
        ("VALUES (1, 1)", "VALUES (1::BIGINT, 1)"),
        ("VALUES ('a', 1)", "VALUES ('b', 1)"),
        ("VALUES ([1, 2], 1), ([], 2)", "VALUES ([1], 1), ([2], 2)"),
        ("VALUES ([NULL], 1)", "VALUES ([]::INTEGER[], 1)"),
    ],
)
def test_a_column_with_other_values_or_another_order_has_another_hash(bench: Bench, one: str, other: str) -> None:
    hashes = [columns(bench, f"-- @key k\nFROM ({sql}) t(v, k)")["v"].hash for sql in (one, other)]
    assert hashes[0] != hashes[1]


def test_the_oid_size_and_rows_are_those_of_the_file(bench: Bench) -> None:
    produced = bench.build("FROM bronze.orders")
    data = produced.file.read_bytes()
    assert (produced.oid, produced.size, produced.rows) == (hashlib.sha256(data).hexdigest(), len(data), 10)


def test_the_key_range_is_the_first_key_columns(bench: Bench) -> None:
    bench.table("bronze.big", "SELECT i AS id, DATE '2026-01-01' + (i % 300)::INTEGER AS d FROM range(300000) t(i)")
    assert bench.build("-- @key id\nFROM bronze.big").key_range == ("0", "299999")
    assert bench.build("-- @key d, id\nFROM bronze.big").key_range == ("2026-01-01", str(date(2026, 10, 27)))
    assert bench.build("FROM bronze.big").key_range is None
