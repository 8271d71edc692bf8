"""Choosing datasets the way dbt does."""

from __future__ import annotations

import pytest

from medallion.errors import MedallionError
from medallion.models.graph import Graph, build_graph
from medallion.models.parse import parse_model
from medallion.names import TableName
from medallion.plan import Action, Step
from medallion.select import select

LAYERS = ("bronze", "silver", "gold")
SQL = {
    "bronze.orders": "SELECT 1 AS a",
    "bronze.customers": "-- @tag nightly\nSELECT 1 AS a",
    "silver.orders": "-- @tag nightly, big\nFROM bronze.orders",
    "silver.customers": "FROM bronze.customers",
    "gold.revenue": "-- @tag big weekly\nFROM silver.orders, silver.customers",
}
STEPS = [
    Step(TableName.parse(name), action, "")
    for name, action in zip(
        SQL, [Action.UNCHANGED, Action.UNCHANGED, Action.BUILD, Action.ERROR, Action.MAYBE], strict=True
    )
]


def graph() -> Graph:
    models = [parse_model(TableName.parse(n), f"sql/{n.replace('.', '/')}.sql", sql, LAYERS) for n, sql in SQL.items()]
    return build_graph(models, (), LAYERS, {})


def chosen(*terms: str, steps: list[Step] | None = None) -> list[str]:
    found = select(graph(), terms, STEPS if steps is None else steps)
    assert found is not None
    return sorted(map(str, found))


@pytest.mark.parametrize(
    ("terms", "names"),
    [
        (["silver.orders"], ["silver.orders"]),
        (["silver.orders", "bronze.orders", "silver.orders"], ["bronze.orders", "silver.orders"]),
        (["+silver.orders"], ["bronze.orders", "silver.orders"]),
        (["bronze.orders+"], ["bronze.orders", "gold.revenue", "silver.orders"]),
        (["+silver.orders+"], ["bronze.orders", "gold.revenue", "silver.orders"]),
        (["+gold.revenue"], sorted(SQL)),
        (["gold.*"], ["gold.revenue"]),
        (["*.orders"], ["bronze.orders", "silver.orders"]),
        (["silver.c?stomers"], ["silver.customers"]),
        (["+silver.c*"], ["bronze.customers", "silver.customers"]),
        (["tag:nightly"], ["bronze.customers", "silver.orders"]),
        (["tag:big"], ["gold.revenue", "silver.orders"]),
        (["tag:weekly"], ["gold.revenue"]),
        (["tag:nightly+"], ["bronze.customers", "gold.revenue", "silver.customers", "silver.orders"]),
        (["stale"], ["gold.revenue", "silver.customers", "silver.orders"]),
        (["stale", "bronze.orders"], ["bronze.orders", "gold.revenue", "silver.customers", "silver.orders"]),
        (["+stale"], sorted(SQL)),
    ],
)  # fmt: skip
def test_a_term_names_datasets_by_name_pattern_tag_or_state(terms: list[str], names: list[str]) -> None:
    assert chosen(*terms) == names


@pytest.mark.parametrize("terms", [[], [""]])
def test_no_term_means_all(terms: list[str]) -> None:
    assert select(graph(), terms, STEPS) is None


def test_stale_may_name_nothing() -> None:
    assert chosen("stale", steps=[Step(TableName.parse(n), Action.UNCHANGED, "") for n in SQL]) == []


@pytest.mark.parametrize("term", ["silver.nothing", "tag:none", "platinum.*", "+", "orders", "Silver.Orders", "+x+"])
def test_a_term_that_names_nothing_is_an_error_and_not_everything(term: str) -> None:
    with pytest.raises(MedallionError, match="selects nothing"):
        chosen(term)


def test_a_misspelt_name_is_an_error_that_names_the_nearest() -> None:
    with pytest.raises(MedallionError) as caught:
        chosen("+silver.ordrs")
    assert (caught.value.message, caught.value.hint) == (
        '"+silver.ordrs" selects nothing',
        'did you mean "silver.orders"?',
    )
