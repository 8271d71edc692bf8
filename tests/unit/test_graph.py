"""The graph: order, and everything that can be wrong with who reads whom."""

from __future__ import annotations

from itertools import pairwise

import pytest

from medallion.errors import ModelError
from medallion.models.graph import Graph, build_graph
from medallion.models.parse import parse_macros, parse_model
from medallion.names import TableName

LAYERS = ("bronze", "silver", "gold")


def graph(macros: str = "", problems: dict[str, ModelError] | None = None, **models: str) -> Graph:
    """A project with these models, as in ``silver_orders="FROM bronze.orders"``."""
    parsed = []
    for key, sql in models.items():
        name = TableName(*key.split("_", 1))
        parsed.append(parse_model(name, f"sql/{name.layer}/{name.name}.sql", sql, LAYERS))
    broken = {TableName.parse(name): error for name, error in (problems or {}).items()}
    return build_graph(parsed, parse_macros("sql/macros/m.sql", macros, LAYERS), LAYERS, broken)


def problem(found: Graph, name: str) -> tuple[str, str, str]:
    """Message, hint, and what the place in the file shows."""
    error = found.problems[TableName.parse(name)]
    place = error.location
    assert place is not None
    return error.message, error.hint, place.text[place.column - 1 : place.column - 1 + place.length]


def names(found: object) -> list[str]:
    return sorted(map(str, found))  # type: ignore[call-overload]


def test_a_dataset_comes_after_what_it_reads_and_ties_are_in_name_order() -> None:
    found = graph(
        gold_c="FROM silver.b, silver.a",
        silver_b="FROM bronze.z",
        silver_a="FROM bronze.z",
        bronze_z="SELECT 1",
        bronze_y="SELECT 1",
    )
    assert list(map(str, found.order)) == ["bronze.y", "bronze.z", "silver.a", "silver.b", "gold.c"]
    assert found.problems == {}
    assert names(found.inputs[TableName("gold", "c")]) == ["silver.a", "silver.b"]
    assert names(found.readers[TableName("bronze", "z")]) == ["silver.a", "silver.b"]
    assert found.readers[TableName("gold", "c")] == ()


def test_upstream_and_downstream_go_all_the_way_and_leave_out_the_start() -> None:
    found = graph(bronze_a="SELECT 1", silver_b="FROM bronze.a", gold_c="FROM silver.b", gold_d="FROM gold.c")
    assert names(found.upstream([TableName("gold", "c")])) == ["bronze.a", "silver.b"]
    assert names(found.downstream([TableName("silver", "b")])) == ["gold.c", "gold.d"]


def test_a_circle_is_a_problem_of_each_dataset_on_it_at_the_reference_that_closes_it() -> None:
    found = graph(
        silver_a="SELECT * FROM silver.b", silver_b="FROM silver.c", silver_c="FROM silver.a", silver_d="FROM silver.a"
    )
    assert names(found.problems) == ["silver.a", "silver.b", "silver.c"]
    message, _, place = problem(found, "silver.a")
    assert message.startswith("these datasets read each other in a circle: ")
    steps = message.split(": ")[1].split(" → ")
    assert steps[0] == steps[-1]
    for one, following in pairwise(steps):
        assert TableName.parse(following) in found.inputs[TableName.parse(one)]
    assert place == "silver.b"
    assert names(found.order) == ["silver.a", "silver.b", "silver.c", "silver.d"]


def test_two_circles_are_both_found() -> None:
    found = graph(silver_a="FROM silver.b", silver_b="FROM silver.a", gold_c="FROM gold.d", gold_d="FROM gold.c")
    assert names(found.problems) == ["gold.c", "gold.d", "silver.a", "silver.b"]


def test_a_dataset_that_reads_itself_is_a_circle_of_one() -> None:
    found = graph(silver_a="FROM silver.a")
    assert problem(found, "silver.a")[0] == "these datasets read each other in a circle: silver.a → silver.a"


def test_a_circle_through_a_macro_is_found() -> None:
    found = graph("CREATE MACRO m() AS TABLE FROM silver.b", silver_a="FROM m()", silver_b="FROM silver.a")
    assert names(found.problems) == ["silver.a", "silver.b"]


def test_an_unknown_dataset_is_a_problem_that_names_the_nearest() -> None:
    found = graph(bronze_orders="SELECT 1", silver_x="SELECT *\nFROM bronze.ordrs")
    assert problem(found, "silver.x") == (
        "there is no dataset bronze.ordrs",
        'did you mean "bronze.orders"?',
        "bronze.ordrs",
    )


def test_an_unknown_dataset_that_is_near_to_none_is_a_file_to_write() -> None:
    assert problem(graph(silver_x="FROM bronze.zebra"), "silver.x")[1] == "write sql/bronze/zebra.sql"


def test_an_unknown_dataset_that_a_macro_reads_is_shown_in_the_macro() -> None:
    found = graph("CREATE MACRO m() AS TABLE FROM bronze.gone", silver_x="FROM m()")
    message, _, place = problem(found, "silver.x")
    assert (message, place) == ("there is no dataset bronze.gone", "bronze.gone")
    error = found.problems[TableName("silver", "x")]
    assert error.location is not None
    assert error.location.path == "sql/macros/m.sql"


def test_a_dataset_whose_file_cannot_be_parsed_is_known() -> None:
    wrong = ModelError("wrong")
    found = graph(problems={"bronze.bad": wrong}, silver_x="FROM bronze.bad")
    assert found.problems == {TableName("bronze", "bad"): wrong}
    assert names(found.inputs[TableName("silver", "x")]) == ["bronze.bad"]
    assert names(found.order) == ["bronze.bad", "silver.x"]


@pytest.mark.parametrize(
    ("reader", "read", "allowed"),
    [
        ("bronze_x", "bronze.y", True),
        ("silver_x", "bronze.y", True),
        ("gold_x", "bronze.y", True),
        ("gold_x", "gold.y", True),
        ("bronze_x", "silver.y", False),
        ("silver_x", "gold.y", False),
    ],
)
def test_a_dataset_reads_its_own_layer_or_lower_ones(reader: str, read: str, allowed: bool) -> None:
    models = {reader: f"FROM {read}", read.replace(".", "_"): "SELECT 1"}
    found = graph("", None, **models)
    assert (not found.problems) is allowed
    if not allowed:
        message, hint, place = problem(found, reader.replace("_", "."))
        assert message.endswith(f"reads {read}, which is in a higher layer")
        assert "bronze < silver < gold" in hint
        assert place == read


def test_only_the_first_layer_reads_sources() -> None:
    assert graph(bronze_x="FROM 'sources/a.csv'").problems == {}
    message, hint, place = problem(graph(gold_x="FROM 'sources/a.csv'"), "gold.x")
    assert message == 'only bronze reads sources; gold.x reads "sources/a.csv"'
    assert hint == "`medallion add bronze.NAME sources/a.csv` makes a dataset of it"
    assert place == "'sources/a.csv'"


def test_a_table_function_that_reads_nothing_and_a_macro_are_allowed() -> None:
    found = graph("CREATE MACRO m(n) AS TABLE FROM range(n)", silver_x="FROM m(3), range(2), generate_series(1, 2)")
    assert found.problems == {}
    assert [m.name for m in found.macros[TableName("silver", "x")]] == ["m"]


@pytest.mark.parametrize(
    "sql", ["FROM duckdb_settings()", "FROM pragma_version()", "FROM information_schema.tables", "FROM no_such(1)"]
)
def test_any_other_table_function_and_a_table_of_duckdbs_own_are_refused(sql: str) -> None:
    message, _, place = problem(graph(silver_x=sql), "silver.x")
    assert message.endswith("is refused as a table: what it reads cannot be seen in the SQL")
    assert place in sql


def test_a_table_function_in_a_macro_is_refused_where_the_macro_is_used() -> None:
    found = graph("CREATE MACRO m() AS TABLE FROM duckdb_settings()", silver_x="FROM m()", silver_y="SELECT 1")
    assert names(found.problems) == ["silver.x"]
    error = found.problems[TableName("silver", "x")]
    assert error.location is not None
    assert error.location.path == "sql/macros/m.sql"


def test_a_misspelt_macro_is_refused_with_the_nearest() -> None:
    found = graph("CREATE MACRO recent() AS TABLE SELECT 1", silver_x="FROM recnt()")
    assert problem(found, "silver.x")[1] == 'did you mean "recent"?'


def test_macros_are_followed_through_macros_and_round_a_circle_of_them() -> None:
    found = graph(
        "CREATE MACRO a(x) AS b(x); CREATE MACRO b(x) AS c(x) + a(x);"
        "CREATE MACRO c(x) AS (SELECT max(y) FROM bronze.z); CREATE MACRO unused(x) AS (SELECT 1 FROM bronze.w)",
        silver_x="SELECT A(1)",
        bronze_z="SELECT 1",
        bronze_w="SELECT 1",
    )
    name = TableName("silver", "x")
    assert [m.name for m in found.macros[name]] == ["a", "b", "c"]
    assert names(found.inputs[name]) == ["bronze.z"]
    assert names(found.hidden[name]) == ["bronze.z"]


def test_a_volatile_function_is_refused_unless_the_author_allows_it() -> None:
    message, hint, place = problem(graph(silver_x="SELECT random()"), "silver.x")
    assert (message, place) == (
        "random gives another result each time, so the dataset could not be reproduced",
        "random",
    )
    assert "@volatile" in hint
    assert graph(silver_x="-- @volatile\nSELECT random()").problems == {}


def test_a_volatile_function_in_a_macro_of_a_macro_is_refused_in_its_file() -> None:
    found = graph("CREATE MACRO a() AS b(); CREATE MACRO b() AS now()", silver_x="SELECT a()")
    error = found.problems[TableName("silver", "x")]
    assert error.location is not None
    assert error.location.path == "sql/macros/m.sql"
