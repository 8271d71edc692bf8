"""Names of datasets, and the nearest known word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medallion.errors import ModelError
from medallion.names import TableName, nearest

PART = st.from_regex(r"[a-z][a-z0-9_]{0,62}", fullmatch=True)


@given(PART, PART)
def test_a_name_is_read_back_as_it_is_written(layer: str, name: str) -> None:
    table = TableName.parse(f"{layer}.{name}")
    assert (table.layer, table.name, str(table)) == (layer, name, f"{layer}.{name}")


@pytest.mark.parametrize(
    "text",
    [
        "", "orders", "silver.", ".orders", "silver.orders.total", "Silver.orders", "silver.Orders", "silver.or ders",
        "silver.orders ", " silver.orders", "silver.orders\n", "silver.1st", "silver._x", "silver.größe", "silver.o-o",
        "silver/orders", "silver.../orders", "../silver.orders", 'silver."orders"', "silver.données", "silver.ａ",
        "silver." + "a" * 64,
    ],
)  # fmt: skip
def test_what_could_be_no_file_name_and_no_bare_sql_name_everywhere_is_no_name(text: str) -> None:
    with pytest.raises(ModelError, match="is no dataset name") as caught:
        TableName.parse(text)
    assert "write layer.name" in caught.value.hint


def test_a_name_may_be_63_characters_long() -> None:
    assert TableName.parse("silver." + "a" * 63).name == "a" * 63


def test_a_word_that_sql_reserves_is_quoted_in_sql() -> None:
    assert TableName("gold", "order").sql == '"gold"."order"'


def test_names_are_ordered_by_layer_then_name() -> None:
    names = [TableName.parse(text) for text in ("silver.a", "gold.b", "gold.a")]
    assert list(map(str, sorted(names))) == ["gold.a", "gold.b", "silver.a"]


@pytest.mark.parametrize(
    ("word", "known", "expected"),
    [
        ("slver.orders", ["silver.orders", "gold.orders"], "silver.orders"),
        ("THREADS", ["threads", "memory_limit"], "threads"),
        ("ordrs", ["Orders"], "Orders"),
        ("zebra", ["orders", "customers"], None),
        ("orders", [], None),
        ("", ["orders"], None),
    ],
)
def test_the_nearest_word_is_found_in_any_case_and_only_if_it_is_near(
    word: str, known: list[str], expected: str | None
) -> None:
    assert nearest(word, known) == expected
