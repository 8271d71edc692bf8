"""What a plan tells because it binds what it would build: broken readers, and columns that come and go."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.edits import edit

if TYPE_CHECKING:
    from tests.e2e.conftest import Project

BRONZE, SILVER, GOLD = "sql/bronze/orders.sql", "sql/silver/orders.sql", "sql/gold/revenue.sql"


@pytest.fixture
def project(project: Project) -> Project:
    """Without the checks of its columns, which would be the first to miss a column that goes or to refuse its type."""
    edit(project, SILVER, "-- @accepted_values placed, shipped, returned", "-- Where it is.")
    edit(project, SILVER, " @check total >= 0", "")
    return project


def planned(project: Project, *args: str) -> dict[str, dict[str, Any]]:
    """The steps of ``plan --json``."""
    ran = project.run("plan", "--json", *args)
    assert "Traceback" not in ran.stderr, ran.stderr
    return {step["dataset"]: step for step in json.loads(ran.stdout)["steps"]}


def actions(project: Project) -> dict[str, str]:
    return {name: step["action"] for name, step in planned(project).items()}


def test_a_reader_of_a_column_that_is_gone_is_named_with_file_line_and_column(project: Project) -> None:
    edit(project, SILVER, "    total,", "    total AS amount,")
    before = project.files()
    ran = project.run("plan").refused("sql/gold/revenue.sql:6:9", 'no column "total" in silver.orders', hint="")
    assert "    sum(total) AS revenue" in ran.stderr
    assert "        ^^^^^ silver.orders has: order_id, customer, status, amount, ordered_at" in ran.stderr
    assert "column amount added, column total removed (breaking)" in ran.stdout
    assert project.files() == before
    assert actions(project) == {"bronze.orders": "unchanged", "silver.orders": "build", "gold.revenue": "error"}
    # Each fails at its own place in a run, too, and what can be built is.
    project.run("run").refused("sql/gold/revenue.sql:6:9", 'no column "total" in silver.orders', hint="")
    assert planned(project)["gold.revenue"]["action"] == "error"
    assert planned(project)["silver.orders"]["action"] == "unchanged"


def test_in_a_chain_of_three_the_last_is_bound_against_what_the_second_will_be(project: Project) -> None:
    edit(project, BRONZE, "    total,\n", "")
    assert actions(project) == {"bronze.orders": "build", "silver.orders": "error", "gold.revenue": "skip"}
    edit(project, SILVER, "    total,", "    1.5 AS net,")
    assert actions(project) == {"bronze.orders": "build", "silver.orders": "build", "gold.revenue": "error"}
    edit(project, GOLD, "sum(total)", "sum(net)")
    steps = planned(project)
    assert {step["action"] for step in steps.values()} == {"build"}
    assert steps["gold.revenue"]["columns"] == {
        "added": [], "removed": [], "retyped": [{"name": "revenue", "from": "DECIMAL(38,2)", "to": "DECIMAL(38,1)"}],
        "moved": [],
    }  # fmt: skip
    project.run("run").ok()
    assert [c["type"] for c in project.record("gold.revenue")["columns"]][-1] == "DECIMAL(38,1)"  # type: ignore[attr-defined]


def test_a_reader_that_reads_nothing_of_what_changes_is_no_error_and_keeps_its_columns(project: Project) -> None:
    edit(project, SILVER, "    customer,\n", "")
    steps = planned(project)
    assert steps["gold.revenue"]["action"] == "maybe"
    assert steps["gold.revenue"]["columns"] == {"added": [], "removed": [], "retyped": [], "moved": []}


def test_only_what_is_selected_is_bound_and_the_rest_stands_as_recorded(project: Project) -> None:
    edit(project, SILVER, "    total,", "    total AS amount,")
    assert planned(project, "silver.orders").keys() == {"silver.orders"}
    project.run("plan", "gold.revenue").ok()
    assert planned(project, "silver.orders+")["gold.revenue"]["action"] == "error"


def test_a_changed_macro_tells_which_columns_it_changes_and_which_readers_it_breaks(project: Project) -> None:
    macro = "sql/macros/money.sql"
    project.write(macro, "CREATE MACRO cents(x) AS CAST(x * 100 AS INTEGER);\n")
    edit(project, SILVER, "    total,", "    cents(total) AS total,")
    edit(project, GOLD, "sum(total)", "max(total)")
    project.run("run").ok()
    project.write(macro, "CREATE MACRO cents(x) AS CAST(x * 100 AS VARCHAR);\n")
    steps = planned(project)
    assert steps["silver.orders"]["reason"] == "macro changed: cents; column total INTEGER → VARCHAR"
    assert steps["gold.revenue"]["reason"].endswith("; column revenue INTEGER → VARCHAR")
    edit(project, GOLD, "max(total)", "CAST(sum(total) AS BIGINT)")
    ran = project.run("plan").refused("sql/gold/revenue.sql:6", "No function matches")
    assert ran.stdout.split()[:2] == ["silver.orders", "build"]


def test_what_hangs_on_a_pivot_of_data_is_not_guessed(project: Project) -> None:
    project.write("sql/gold/wide.sql", "PIVOT silver.orders ON status USING count(*) GROUP BY customer\n")
    project.write("sql/gold/narrow.sql", "SELECT customer, placed FROM gold.wide\n")
    steps = planned(project)
    assert [steps[f"gold.{name}"]["action"] for name in ("wide", "narrow")] == ["build", "build"]
    assert steps["gold.wide"]["columns"] is steps["gold.narrow"]["columns"] is None
    project.run("run").ok()
    # Once it is built its columns are known, until it has to be built again.
    edit(project, "sql/gold/narrow.sql", "placed", "nonsense")
    project.run("plan").refused("sql/gold/narrow.sql:1:18", 'no column "nonsense" in gold.wide', hint="")
    edit(project, SILVER, "    status, ", "    upper(status) AS status, ")
    assert actions(project)["gold.narrow"] == "build"
    edit(project, "sql/gold/narrow.sql", "nonsense", "PLACED")
    project.run("run").ok()


def test_a_column_that_a_source_lost_is_told_where_bronze_reads_it(project: Project) -> None:
    project.write("sources/shops.csv", "id,town\n1,Bonn\n")
    project.write("sql/bronze/shops.sql", "SELECT\n    id,\n    town\nFROM read_csv('sources/shops.csv')\n")
    project.write("sql/silver/shops.sql", "SELECT upper(town) AS town FROM bronze.shops\n")
    project.run("run").ok()
    project.write("sources/shops.csv", "id,city\n1,Bonn\n")
    project.run("plan").refused("sql/bronze/shops.sql:3:5", 'no column "town"', hint="")
    assert actions(project)["silver.shops"] == "skip"
    edit(project, "sql/bronze/shops.sql", "    town", "    city")
    project.run("plan").refused("sql/silver/shops.sql:1:14", 'no column "town" in bronze.shops', hint="")


def test_a_source_that_was_not_fetched_is_said_to_be_a_pointer_and_not_read_as_a_table(project: Project) -> None:
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'a' * 64}\nsize 1234\n"
    project.write("sources/orders.csv", pointer)
    project.run("plan").refused("sources/orders.csv", "this is a Git LFS pointer")
    assert actions(project) == {"bronze.orders": "error", "silver.orders": "skip", "gold.revenue": "skip"}


def test_no_data_file_is_opened_to_bind_its_readers(project: Project) -> None:
    for name in ("bronze/orders", "silver/orders"):
        project.write(f"data/{name}.parquet", project.git("show", f":data/{name}.parquet").strip() + "\n")
    edit(project, GOLD, "count(*) AS orders", "count(*) AS orders, max(customer) AS last")
    step = planned(project)["gold.revenue"]
    assert step["action"] == "build"
    assert step["columns"]["added"] == ["last"]


def test_a_dry_run_tells_what_a_plan_tells(project: Project) -> None:
    edit(project, SILVER, "    total,", "    total AS amount,")
    dry, plan = project.run("run", "--dry-run"), project.run("plan")
    assert (dry.code, dry.stdout, dry.stderr) == (plan.code, plan.stdout, plan.stderr)
    assert plan.code == 2


def test_an_output_that_parquet_cannot_hold_is_told_by_a_plan(project: Project) -> None:
    edit(project, GOLD, "count(*) AS orders", "sum(order_id) AS orders")
    project.run("plan").refused("sql/gold/revenue.sql:5", 'column "orders" is HUGEINT', "DECIMAL(38, 0)")


def test_a_result_that_was_built_before_gives_its_readers_its_columns(project: Project) -> None:
    edit(project, SILVER, "    total,", "    total AS amount,")
    project.run("run", "silver.orders").ok()
    edit(project, SILVER, "    total AS amount,", "    total,")
    steps = planned(project)
    assert steps["silver.orders"]["action"] == "reuse"
    assert steps["silver.orders"]["columns"]["added"] == ["total"]
    edit(project, GOLD, "sum(total)", "sum(amount)")
    project.run("plan").refused("sql/gold/revenue.sql:6", 'no column "amount" in silver.orders', hint="")
