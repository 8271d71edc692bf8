"""Unit tests of models, as they run: which rows are given and compared, and which tests are run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from medallion.config import load_config
from medallion.errors import MedallionError
from medallion.project import Project
from medallion.unittests.run import UnitTestOutcome, UnitTestResult
from tests.engines.shop import GIVEN, LATEST, Shop, rows

if TYPE_CHECKING:
    from collections.abc import Sequence


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
