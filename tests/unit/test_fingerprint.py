"""The fingerprint: what changes it, and what does not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medallion.errors import ModelError
from medallion.models.fingerprint import Recipe, fingerprint, recipe
from medallion.models.graph import build_graph
from medallion.models.parse import parse_macros, parse_model
from medallion.names import TableName

LAYERS = ("bronze", "silver", "gold")
NAME = TableName("silver", "x")
INPUTS = [("bronze.a", "1" * 64), ("bronze.b", "2" * 64)]
BASE = Recipe(
    text="t",
    sql="s",
    key=("k",),
    macros={"m": "1", "n": "2"},
    variables={"v": 1, "w": "a"},
    engine="duckdb",
    engine_version="2.0.0",
)


def print_of(sql: str, macros: str = "", variables: dict[str, str | int | float | bool] | None = None) -> str:
    models = [
        parse_model(NAME, "sql/silver/x.sql", sql, LAYERS),
        parse_model(TableName("bronze", "a"), "sql/bronze/a.sql", "SELECT 1 AS a", LAYERS),
    ]
    graph = build_graph(models, parse_macros("sql/macros/m.sql", macros, LAYERS), LAYERS, {})
    return fingerprint(recipe(graph, NAME, variables or {}, "duckdb", "2.0.0", graph.models[NAME].digest), INPUTS)


@pytest.mark.parametrize(
    "other",
    [
        replace(BASE, sql="t"),
        replace(BASE, key=()),
        replace(BASE, key=("k", "l")),
        replace(BASE, macros={"m": "1"}),
        replace(BASE, macros={"m": "1", "n": "3"}),
        replace(BASE, macros={"m": "1", "o": "2"}),
        replace(BASE, variables={"v": 2, "w": "a"}),
        replace(BASE, variables={"v": "1", "w": "a"}),
        replace(BASE, variables={"v": True, "w": "a"}),
        replace(BASE, variables={"v": 1.0, "w": "a"}),
        replace(BASE, variables={"v": 1}),
        replace(BASE, engine="spark"),
        replace(BASE, engine_version="2.0.1"),
    ],
)
def test_every_part_of_a_recipe_counts(other: Recipe) -> None:
    assert fingerprint(other, INPUTS) != fingerprint(BASE, INPUTS)


def test_two_texts_that_mean_the_same_have_one_fingerprint() -> None:
    assert fingerprint(replace(BASE, text="u"), INPUTS) == fingerprint(BASE, INPUTS)


@pytest.mark.parametrize(
    "inputs",
    [
        [],
        INPUTS[:1],
        [*INPUTS, ("bronze.c", "3" * 64)],
        [("bronze.a", "9" * 64), INPUTS[1]],
        [("bronze.c", "1" * 64), INPUTS[1]],
        [("bronze.a", "2" * 64), ("bronze.b", "1" * 64)],
    ],
)
def test_every_input_counts_by_name_and_content(inputs: list[tuple[str, str]]) -> None:
    assert fingerprint(BASE, inputs) != fingerprint(BASE, INPUTS)


def test_the_order_of_inputs_macros_and_variables_does_not_count() -> None:
    turned = replace(BASE, macros={"n": "2", "m": "1"}, variables={"w": "a", "v": 1})
    assert fingerprint(turned, INPUTS[::-1]) == fingerprint(BASE, INPUTS)


def test_the_order_of_the_key_counts_because_rows_are_stored_in_it() -> None:
    assert fingerprint(replace(BASE, key=("a", "b")), []) != fingerprint(replace(BASE, key=("b", "a")), [])


@given(st.text(), st.text())
def test_two_values_of_a_variable_never_share_a_fingerprint(one: str, other: str) -> None:
    prints = [fingerprint(replace(BASE, variables={"v": value}), []) for value in (one, other)]
    assert (prints[0] == prints[1]) is (one == other)


def test_comments_formatting_descriptions_and_checks_do_not_count() -> None:
    plain = "SELECT a, b FROM bronze.a"
    dressed = "-- Why. @owner ada @tag x\nselect\n  a, -- of a @not_null\n  b  -- @check b > 0\nfrom bronze.a;\n"
    assert print_of(plain) == print_of(dressed)


def test_the_key_counts_though_it_is_a_comment() -> None:
    assert print_of("SELECT a FROM bronze.a") != print_of("-- @key a\nSELECT a FROM bronze.a")


def test_a_macro_counts_only_where_it_is_used() -> None:
    sql = "SELECT f(a) FROM bronze.a"
    one = print_of(sql, "CREATE MACRO f(x) AS x; CREATE MACRO g(x) AS 1")
    assert one == print_of(sql, "-- F.\nCREATE  MACRO f(x) AS x ; CREATE MACRO g(x) AS 2")
    assert one != print_of(sql, "CREATE MACRO f(x) AS x + 1")


def test_a_macro_of_a_macro_counts() -> None:
    sql = "SELECT f(a) FROM bronze.a"
    assert print_of(sql, "CREATE MACRO f(x) AS g(x); CREATE MACRO g(x) AS 1") != print_of(
        sql, "CREATE MACRO f(x) AS g(x); CREATE MACRO g(x) AS 2"
    )


def test_a_variable_counts_only_where_it_is_used_also_by_a_macro() -> None:
    sql, macro = "SELECT f(a) FROM bronze.a", "CREATE MACRO f(x) AS getvariable('v')"
    assert print_of(sql, macro, {"v": 1}) != print_of(sql, macro, {"v": 2})
    assert print_of(sql, macro, {"v": 1, "w": 1}) == print_of(sql, macro, {"v": 1, "w": 2})


def test_a_variable_without_a_value_is_an_error_at_its_place_that_names_the_nearest() -> None:
    with pytest.raises(ModelError, match='variable "sinse" has no value') as caught:
        print_of("SELECT 1 AS a,\n  getvariable('sinse') AS b", variables={"since": 1})
    assert caught.value.hint.startswith('did you mean "since"?')
    assert caught.value.location is not None
    assert (caught.value.location.line, caught.value.location.column) == (2, 15)


def test_a_fingerprint_is_64_hex_digits_that_do_not_change_between_releases() -> None:
    # Another value here means that every dataset of every project is built anew.
    assert fingerprint(BASE, INPUTS) == "9c9f1a38f90c5705847b1130526a1696f63c86de6b14ce3ac7481e2964c553d9"
