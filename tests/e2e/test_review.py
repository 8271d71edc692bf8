"""A pull request with planted changes, reviewed as a person does it."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from medallion.git.lfs import Store
from tests.e2e.conftest import Project

if TYPE_CHECKING:
    from pathlib import Path

ORDERS = """-- One row per order; the latest export wins.
-- @key order_id
-- @contract
SELECT
    order_id,
    customer,
    status,      -- @accepted_values placed, shipped, returned
    total,       -- @check total >= 0
    ordered_at
FROM bronze.orders
QUALIFY row_number() OVER (PARTITION BY order_id ORDER BY exported_at DESC) = 1
"""
CUSTOMERS = """-- @key customer
-- @check orders < 3
SELECT customer, count(*) AS orders, sum(total) AS total
FROM silver.orders GROUP BY ALL
"""
STATUS = "-- @key status\nSELECT status, count(*) AS orders FROM silver.orders GROUP BY ALL\n"
EXPECTED = """# A new price

Refunds cost nothing, at last.

- silver.orders changed total only: the new rule
- gold.revenue unchanged
- gold.by_status unchanged
- gold.nothing unchanged
- silver.orders chngd status
"""


def reviewed(project: Project, *args: str, code: int) -> dict[str, Any]:
    ran = project.run("review", *args, "--json")
    assert ran.code == code, ran.stderr + ran.stdout
    found: dict[str, Any] = json.loads(ran.stdout)
    from importlib.resources import files

    schema = json.loads(files("medallion.review").joinpath("schema.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(found)
    diff = json.loads(files("medallion.diff").joinpath("schema.json").read_text())
    jsonschema.Draft202012Validator(diff).validate(found["diff"])
    return found


@pytest.fixture
def shop(project: Project) -> Project:
    """Four datasets on main, and a branch on which nothing has happened yet."""
    project.write("sql/silver/orders.sql", ORDERS)
    project.write("sql/gold/customers.sql", CUSTOMERS)
    project.write("sql/gold/by_status.sql", STATUS)
    project.run("run").ok()
    project.run("commit", "-m", "the shop").ok()
    project.git("branch", "-q", "-M", "main")
    project.git("checkout", "-q", "-b", "pull-request")
    return project


def test_a_pull_request_is_told_with_what_is_stale_broken_reached_and_announced(shop: Project) -> None:
    found = reviewed(shop, code=0)
    assert (found["verdict"], found["bytes_added"]) == ("no dataset changed, 0 breaking changes, 0 checks failed", 0)
    assert [table["status"] for table in found["diff"]["datasets"]] == ["equal"] * 5
    assert found["base"].keys() == {"name", "commit"}

    # A colleague's branch, named alone: nothing of it is reviewed, and that is not called fine.
    shop.git("checkout", "-q", "-b", "colleague")
    shop.git("commit", "-q", "--allow-empty", "-m", "Ahead")
    shop.git("checkout", "-q", "pull-request")
    shop.run("review", "colleague").refused("`medallion review pull-request...colleague` reviews what colleague brings")
    shop.write("sql/gold/by_status.sql", STATUS + "-- still open\n")
    shop.write("sql/gold/customers.sql", CUSTOMERS.replace("count(*)", "2 * count(*)"))
    ahead = shop.run("review", "colleague", "--fail-on", "never").ok().stdout
    assert "\nwhere HEAD left colleague (" in ahead
    shop.git("checkout", "-q", ".")

    # SQL and a source change; both were run.
    source = shop.read("sources/orders.csv").decode()
    shop.write(
        "sources/orders.csv", source.replace("placed", "shipped", 1) + "9,Ada,placed,7.00,2026-01-09,2026-01-09\n"
    )
    shop.write(
        "sql/silver/orders.sql",
        ORDERS.replace("    total, ", "    -total AS total, ").replace("@check total >= 0", "@check total < 99"),
    )
    shop.write("sql/gold/customers.sql", CUSTOMERS.replace("-- @check orders < 3\n", ""))
    shop.run("run", "--accept").ok()
    shop.write("sql/expect/prices.md", EXPECTED)
    shop.git("add", "-A")
    shop.git("commit", "-q", "-m", "New prices", "-m", "Expect: bronze.orders added at most 1 row, removed none")
    # A check that the data does not meet, and a model that was not run.
    shop.write("sql/gold/customers.sql", CUSTOMERS.replace("orders < 3", "total > 0"))
    shop.write("sql/gold/by_status.sql", STATUS.replace("count(*) AS orders", "count(*) AS orders, max(total) AS most"))
    shop.git("commit", "-q", "-a", "-m", "Not run")

    found = reviewed(shop, "main..pull-request", "--attribute", code=1)
    here = reviewed(shop, "--attribute", code=1)
    assert {
        key: found[key] for key in ("stale", "models", "sources", "checks", "reach", "expectations", "bytes_added")
    } == {key: here[key] for key in ("stale", "models", "sources", "checks", "reach", "expectations", "bytes_added")}
    assert here["head"]["name"] == "work tree"
    assert [commit["subject"] for commit in found["commits"]] == ["Not run", "New prices"]
    assert [(stale["dataset"], stale["reason"]) for stale in found["stale"]] == [
        ("gold.by_status", "SQL changed: column most added (not breaking)"),
        ("gold.customers", "unchecked: its checks have not been run"),
    ]
    assert [(model["dataset"], model["status"], model["breaking"]) for model in found["models"]] == [
        ("silver.orders", "changed", True),
        ("gold.by_status", "changed", False),
    ]
    checks = [(check["dataset"], check["check"], check["turn"], check["failures"]) for check in found["checks"]]
    assert checks == [("gold.customers", "total > 0", "newly fails", 3)]
    assert found["contracts"] == []
    rows = {table["name"]: table["rows"] for table in found["diff"]["datasets"]}
    assert (rows["silver.orders"]["added"], rows["silver.orders"]["removed"]) == (1, 0)
    expectations = {e["text"]: (e["met"], e["found"]) for e in found["expectations"]}
    assert expectations["silver.orders changed total only: the new rule"][0] is False
    assert "also" in expectations["silver.orders changed total only: the new rule"][1]
    assert expectations["gold.revenue unchanged"][0] is False
    assert expectations["gold.by_status unchanged"][0] is False
    assert expectations["gold.nothing unchanged"] == (False, "there is no dataset gold.nothing")
    assert expectations["bronze.orders added at most 1 row, removed none"][0] is True
    assert found["unexpected"] == ["gold.customers"]
    (problem,) = found["problems"]
    assert problem["location"] == "sql/expect/prices.md:9:17"
    assert "silver.orders changed status, total only" in problem["hint"]
    reach = {reach["dataset"]: (reach["columns"], reach["changed"]) for reach in found["reach"]}
    assert reach["gold.revenue"] == (["month", "orders", "revenue"], True)
    edges = {(edge["source"], edge["target"]) for edge in found["lineage"]}
    assert {("sources/orders.csv", "bronze.orders"), ("silver.orders", "gold.revenue")} <= edges
    (changed,) = found["sources"]
    assert (changed["path"], changed["status"]) == ("sources/orders.csv", "changed")
    assert changed["bytes"] == {"base": len(source), "head": len(shop.read("sources/orders.csv"))}
    assert changed["readers"] == ["bronze.orders"]
    parts = {part["dataset"]: part for part in found["attributions"]}
    assert parts["bronze.orders"]["sql"]["added"] == 0
    assert parts["bronze.orders"]["note"] == "only its inputs changed"
    inputs, sql = parts["silver.orders"]["inputs"], parts["silver.orders"]["sql"]
    assert (inputs["added"], sql["added"], sql["changed"]) == (1, 0, 5)
    assert (parts["silver.orders"]["input_columns"], parts["silver.orders"]["sql_columns"]) == ([], [])
    assert parts["gold.by_status"]["note"].startswith("its data is not what its SQL gives")
    assert found["bytes_added"] == sum(
        len(shop.read(f"data/{name}.parquet"))
        for name in ("bronze/orders", "silver/orders", "gold/revenue", "gold/customers", "gold/by_status")
    )

    text = shop.run("review", "main").stdout
    assert text.startswith("stale\n  gold.by_status")
    assert text.splitlines()[-1].startswith("fails: 2 datasets stale, 1 unexpected difference")
    assert shop.run("review", "--fail-on", "never").code == 0
    assert shop.run("review", "main..HEAD~1", "--fail-on", "unexpected").code == 1
    shop.run("review", "main", "--fail-on", "stael").refused('did you mean "stale"?')
    shop.run("review", "nowhere").refused('no revision "nowhere"')
    shop.run("review", "--output", "report.md", "--fail-on", "never").ok()
    shop.run("review", "--output", "report.html", "--fail-on", "never").ok()
    assert b"gold.by_status" in shop.read("report.md")
    assert b"<!doctype html>" in shop.read("report.html").lower()


def test_contracts_checks_that_pass_again_and_what_cannot_be_fetched_are_told(shop: Project, tmp_path: Path) -> None:
    shop.git("checkout", "-q", "main")
    shop.write("sql/gold/customers.sql", CUSTOMERS.replace("@check orders < 3", "@warn orders < 2"))
    shop.run("run").ok()
    shop.commit("a warning")
    shop.git("checkout", "-q", "-B", "pull-request")
    shop.write("sql/silver/orders.sql", ORDERS.replace("    status, ", "    status AS state, "))
    shop.write("sql/gold/by_status.sql", STATUS.replace("status", "state"))
    shop.write(
        "sql/gold/customers.sql", CUSTOMERS.replace("@check orders < 3", "@warn orders < 2").replace("count(*)", "1")
    )
    revenue = shop.read("sql/gold/revenue.sql").decode()
    shop.write("sql/gold/revenue.sql", revenue.replace("status <>", "state <>"))
    shop.write("sql/gold/extra.sql", "SELECT DISTINCT state FROM silver.orders")
    shop.run("run", "--accept").ok()
    shop.commit("rename a column")
    found = reviewed(shop, "main..pull-request", code=0)
    (broken,) = found["contracts"]
    assert broken["dataset"] == "silver.orders"
    assert broken["change"].startswith("column status renamed to state")
    turns = [(check["dataset"], check["turn"], check["warning"]) for check in found["checks"]]
    assert turns == [("gold.customers", "newly passes", True)]
    assert reviewed(shop, "main", "--fail-on", "breaking", code=1)["failures"]

    # A warning that fails is one, and one that cannot be run says nothing of the checks beside it.
    warned = CUSTOMERS.replace(
        "@check orders < 3", "@warn orders < 1\n-- @warn CAST(concat('x', orders) AS INTEGER) > 0\n-- @check orders < 9"
    )
    shop.write("sql/gold/customers.sql", warned.replace("count(*)", "1"))
    found = reviewed(shop, "main", "--fail-on", "failed-check, breaking", code=1)
    checks = {check["check"]: (check["turn"], check["warning"]) for check in found["checks"]}
    assert checks["orders < 1"] == ("newly fails", True)
    assert checks["CAST(concat('x', orders) AS INTEGER) > 0"] == ("unknown", True)
    assert "1 warning, 1 check could not be run" in found["verdict"]
    (counts,) = (counts for counts in found["checked"] if counts["dataset"] == "gold.customers")
    assert (counts["passed"], counts["checks"], counts["warnings"]) == (2, 4, 2)
    assert not any("check" in reason for reason in found["failures"])
    shop.write("sql/gold/customers.sql", warned.replace("count(*)", "1").replace("@warn CAST", "@check CAST"))
    found = reviewed(shop, "main", "--fail-on", "unexpected", code=1)
    assert found["failures"] == ["gold.customers: check could not be run: CAST(concat('x', orders) AS INTEGER) > 0"]
    shop.git("checkout", "-q", "--", "sql")

    # In a clone that has no data, what is needed is fetched; what is lost is named, and the rest told.
    server = tmp_path / "server"
    shop.serve(server)
    clone = Project(shop.clone(tmp_path / "clone", "--branch=pull-request").root)
    for version, path in (("main", "data/gold/customers.parquet"), ("HEAD", "data/gold/extra.parquet")):
        lost = shop.pointer_at(version, path)
        shutil.rmtree(server / "lfs" / "objects" / lost[:2] / lost[2:4])
    there = reviewed(clone, code=1)
    status = {table["name"]: table["status"] for table in there["diff"]["datasets"]}
    assert (status["gold.customers"], status["gold.extra"]) == ("unavailable", "unavailable")
    assert status["silver.orders"] == "changed"
    assert there["base"]["name"] == "origin/main"
    assert there["stale"] == []
    assert not Store(clone.repo).has(shop.pointer_at("main", "data/bronze/orders.parquet"), 1171)


def test_a_base_from_before_there_was_a_project_makes_everything_new(tmp_path: Path) -> None:
    project = Project(tmp_path / "shop")
    project.root.mkdir()
    project.git("init", "-q", "--initial-branch=main")
    project.write("README.md", "A shop.\n")
    project.commit("before medallion")
    project.git("checkout", "-q", "-b", "pull-request")
    project.run("init", ".").ok()
    project.run("run").ok()
    project.run("commit", "-m", "with medallion").ok()
    found = reviewed(project, code=0)
    assert {table["status"] for table in found["diff"]["datasets"]} == {"added"}
    assert any("before medallion" in note for note in found["diff"]["notes"])
    assert {model["status"] for model in found["models"]} == {"added"}
    assert found["stale"] == []


def test_a_pull_request_that_mends_the_configuration_of_its_base_is_reviewed(project: Project) -> None:
    good = project.read("medallion.toml").decode()
    project.run("run").ok()
    project.git("branch", "-q", "-M", "main")
    project.write("medallion.toml", good.replace("layers =", "lyers ="))
    project.commit("a slip")
    project.git("checkout", "-q", "-b", "pull-request")
    project.write("medallion.toml", good)
    project.write("sql/silver/orders.sql", ORDERS.replace("bronze.orders\n", "bronze.orders WHERE order_id > 1\n"))
    project.run("run").ok()
    project.commit("mended")
    for revisions in ((), ("main..pull-request",)):
        found = reviewed(project, *revisions, code=1)
        (problem,) = found["problems"]
        assert problem["location"].startswith(f"medallion.toml at {project.git('rev-parse', '--short=7', 'main')}")
        assert "the base's configuration cannot be read, and that of the head counts for both" in problem["message"]
        assert 'did you mean "layers"' in problem["hint"]
        # The rest is reviewed as ever.
        assert [model["dataset"] for model in found["models"]] == ["silver.orders"]
        assert {t["name"]: t["status"] for t in found["diff"]["datasets"]}["bronze.orders"] == "equal"
        assert [reason for reason in found["failures"] if "configuration" not in reason] == []
    project.run("review", "main", "--fail-on", "never").ok()
