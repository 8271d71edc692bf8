"""Choosing datasets the way dbt does."""

from __future__ import annotations

import pytest

from medallion.errors import Location, MedallionError, ModelError
from medallion.models.graph import Graph, build_graph
from medallion.models.parse import parse_model
from medallion.names import TableName
from medallion.plan import Action, Step
from medallion.select import revisions, select

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


CHANGED = {"main": {TableName("silver", "orders"), TableName("gold", "gone")}, "v1+x": {TableName("gold", "revenue")}}


def chosen(*terms: str, steps: list[Step] | None = None, exclude: tuple[str, ...] = ()) -> list[str]:
    found = select(graph(), terms, STEPS if steps is None else steps, exclude=exclude, changed=CHANGED)
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
        (["1+gold.revenue"], ["gold.revenue", "silver.customers", "silver.orders"]),
        (["2+gold.revenue"], sorted(SQL)),
        (["0+gold.revenue"], ["gold.revenue"]),
        (["bronze.orders+1"], ["bronze.orders", "silver.orders"]),
        (["bronze.orders+2"], ["bronze.orders", "gold.revenue", "silver.orders"]),
        (["1+silver.orders+1"], ["bronze.orders", "gold.revenue", "silver.orders"]),
        (["@silver.orders"], sorted(SQL)),
        (["@gold.revenue"], sorted(SQL)),
        (["silver.orders gold.revenue"], ["gold.revenue", "silver.orders"]),
        (["tag:nightly,silver.*"], ["silver.orders"]),
        (["+gold.revenue,bronze.*"], ["bronze.customers", "bronze.orders"]),
        (["tag:nightly,silver.*,tag:big", "bronze.orders"], ["bronze.orders", "silver.orders"]),
        (["git:main"], ["silver.orders"]),
        (["git:main+"], ["gold.revenue", "silver.orders"]),
        (["git:v1+x"], ["gold.revenue"]),
        (["git:main,stale"], ["silver.orders"]),
        (["path:sql/silver"], ["silver.customers", "silver.orders"]),
        (["path:./sql/silver/"], ["silver.customers", "silver.orders"]),
        (["path:sql/gold/revenue.sql"], ["gold.revenue"]),
        (["path:sql/*/orders.sql"], ["bronze.orders", "silver.orders"]),
        (["+path:sql/silver/orders.sql"], ["bronze.orders", "silver.orders"]),
    ],
)  # fmt: skip
def test_a_term_names_datasets_by_name_pattern_tag_or_state(terms: list[str], names: list[str]) -> None:
    assert chosen(*terms) == names


@pytest.mark.parametrize(
    ("terms", "exclude", "names"),
    [
        ([], ["silver.orders"], ["bronze.customers", "bronze.orders", "gold.revenue", "silver.customers"]),
        (["+gold.revenue"], ["bronze.*", "gold.revenue"], ["silver.customers", "silver.orders"]),
        (["+gold.revenue"], ["tag:nightly,silver.*"],
         ["bronze.customers", "bronze.orders", "gold.revenue", "silver.customers"]),
        (["silver.*"], ["+gold.revenue"], []),
        (["bronze.*"], ["gold.revenue"], ["bronze.customers", "bronze.orders"]),
    ],
)  # fmt: skip
def test_what_is_excluded_is_taken_from_what_is_selected_or_from_all(
    terms: list[str], exclude: list[str], names: list[str]
) -> None:
    assert chosen(*terms, exclude=tuple(exclude)) == names


def test_an_intersection_may_be_empty() -> None:
    assert chosen("bronze.*,gold.*") == []


def test_terms_name_the_revisions_that_they_compare_with() -> None:
    assert revisions(["+git:main,gold.*", "silver.orders git:v1+x+", "tag:x"]) == {"main", "v1+x"}


def test_without_a_comma_or_with_one_too_many_nothing_is_guessed() -> None:
    for term in ("gold.*,", ",gold.*", "gold.*,,tag:big"):
        with pytest.raises(MedallionError, match="selects nothing"):
            chosen(term)


@pytest.mark.parametrize("term", ["@gold.revenue+", "@+gold.revenue", "@2+gold.revenue"])
def test_the_at_sign_goes_with_no_plus(term: str) -> None:
    with pytest.raises(MedallionError, match="@ and \\+ exclude each other"):
        chosen(term)


@pytest.mark.parametrize(
    ("term", "message", "hint"),
    [
        ("tga:nightly", 'there is no method "tga" to select by', 'did you mean "tag:nightly"?'),
        ("state:modified", 'there is no method "state" to select by',
         "there are tag:nightly, path:sql/gold, git:main and stale"),
        ("tag:nihgtly", '"tag:nihgtly" selects nothing', 'did you mean "tag:nightly"?'),
        ("tag:xyz", '"tag:xyz" selects nothing', "the tags are big, nightly, weekly"),
        ("path:sql/gold/revenues.sql", '"path:sql/gold/revenues.sql" selects nothing',
         'did you mean "path:sql/gold/revenue.sql"?'),
        ("glod.*", '"glod.*" selects nothing', 'did you mean "gold.*"?'),
        ("gold", '"gold" selects nothing', 'did you mean "gold.*"?'),
        ("revenue", '"revenue" selects nothing', 'did you mean "gold.revenue"?'),
        ("nightly", '"nightly" selects nothing', 'did you mean "tag:nightly"?'),
        ("stael", '"stael" selects nothing', 'did you mean "stale"?'),
        ("tag:", '"tag:" selects nothing', "write what to look for, as in tag:nightly"),
        ("git:", '"git:" selects nothing', "write what to look for, as in git:main"),
    ],
)  # fmt: skip
def test_a_mistyped_term_is_met_with_the_nearest_right_one(term: str, message: str, hint: str) -> None:
    with pytest.raises(MedallionError) as caught:
        chosen(term)
    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_what_is_excluded_has_to_exist() -> None:
    with pytest.raises(MedallionError, match="selects nothing"):
        chosen("gold.*", exclude=("gold.revenu",))


def test_a_model_that_cannot_be_read_is_selected_by_its_path() -> None:
    path = "sql/silver/broken.sql"
    broken = TableName("silver", "broken")
    found = build_graph([], (), LAYERS, {broken: ModelError("no SQL", location=Location(path))})
    assert select(found, [f"path:{path}"], []) == {broken}


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
