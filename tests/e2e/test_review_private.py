"""A pull request whose author takes marks away and plants values: what its review, its diff and blame show of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import duckdb
import pytest

if TYPE_CHECKING:
    from tests.e2e.conftest import Project

CANARY, BEFORE = "canary4711", "canary0815"
ORDERS = """-- @key order_id
SELECT
    order_id,
    customer,  -- @private
    status,
    total,     -- @check total >= 0
    ordered_at
FROM bronze.orders
QUALIFY row_number() OVER (PARTITION BY order_id ORDER BY exported_at DESC) = 1
"""
PEOPLE = "-- @key order_id\nSELECT order_id, lower(customer) AS who, total FROM silver.orders\n"


@pytest.fixture
def shop(project: Project) -> Project:
    """A private column, a dataset that reads it, and a pull request that lifts the mark and brings a value."""
    project.write("sql/silver/orders.sql", ORDERS)
    project.write("sql/gold/people.sql", PEOPLE)
    project.run("run").ok()
    project.run("commit", "-m", "the shop").ok()
    project.git("branch", "-q", "-M", "main")
    project.git("checkout", "-q", "-b", "pull-request")
    source = project.read("sources/orders.csv").decode()
    project.write("sources/orders.csv", source.replace("Ada", CANARY))
    project.write("sql/silver/orders.sql", ORDERS.replace("  -- @private", ""))
    project.run("run").ok()
    project.run("commit", "-m", "no mark").ok()
    return project


def test_what_comes_from_a_private_column_is_shown_nowhere(shop: Project) -> None:
    for ran in (
        shop.run("diff", "main", "silver.orders", "gold.people"),
        shop.run("diff", "main", "silver.orders", "gold.people", "--format", "html"),
        shop.run("diff", "main", "silver.orders", "gold.people", "--json"),
        shop.run("blame", "gold.people", "1", "--limit", "1"),
        shop.run("blame", "silver.orders", "1", "--limit", "1"),
    ):
        assert CANARY not in ran.ok().stdout
        assert "who" in ran.stdout or "customer" in ran.stdout
    # What the private column is a copy of is no more told than the column, and there is something to hide.
    assert CANARY not in shop.run("diff", "main", "bronze.orders").ok().stdout
    assert CANARY in shop.run("query", "SELECT customer FROM bronze.orders").ok().stdout


def test_a_pull_request_tunes_out_none_of_its_own_changes(shop: Project) -> None:
    loose = PEOPLE.replace("@key order_id\n", "@key order_id\n-- @tolerance total 1000\n")
    shop.write(
        "sql/gold/people.sql",
        loose.replace("lower(customer) AS who, total", "lower(customer) AS who, total + 1 AS total"),
    )
    silver = shop.read("sql/silver/orders.sql").decode()
    shop.write("sql/silver/orders.sql", silver.replace("     -- @check total >= 0", ""))
    shop.run("run").ok()
    found = json.loads(shop.run("review", "main", "--json").ok().stdout)
    (table,) = [table for table in found["diff"]["datasets"] if table["name"] == "gold.people"]
    assert {c["name"]: c["changed"] for c in table["columns"]}["total"] == 4
    assert [(f["dataset"], f["safeguard"], f["what"], f["change"]) for f in found["loosened"]] == [
        ("silver.orders", "check", "total >= 0", "removed"),
        ("silver.orders", "private", "@private customer", "removed"),
        ("gold.people", "tolerance", "@tolerance total", "none → 1000; the stricter one counts here"),
    ]
    assert "3 safeguards loosened" in found["verdict"]
    # Nor does it switch samples on for its own report: the base has to say so, too.
    shop.write("medallion.toml", SAMPLES.format("true"))
    found = json.loads(shop.run("review", "main", "--json").ok().stdout)
    assert (found["samples"], [table["samples"] for table in found["diff"]["datasets"] if table["samples"]]) == (
        False,
        [],
    )
    # For oneself, what the model says now counts.
    (table,) = json.loads(shop.run("diff", "main", "gold.people", "--json").ok().stdout)["datasets"]
    assert {c["name"]: c["changed"] for c in table["columns"]}["total"] == 0


SHAPES = {
    "sql/gold/a.sql": "-- @key order_id\nSELECT order_id, customer AS who FROM silver.orders\n",
    "sql/gold/b.sql": "-- @key order_id\n-- @warn length(person) < 9\nSELECT order_id, who AS person FROM gold.a\n",
    "sql/gold/wide.sql": "FROM (PIVOT silver.orders ON customer USING count(*) GROUP BY status)\n",
    "sql/gold/all.sql": "-- @warn status <> 'placed'\nSELECT * FROM gold.wide\n",
}


def test_no_step_no_pivot_and_no_origin_shows_what_is_private(project: Project) -> None:
    source = project.read("sources/orders.csv").decode()
    before, after = source.replace("Ada", BEFORE), source.replace("Ada", CANARY)
    assert source not in (before, after)
    project.write("medallion.toml", SAMPLES.format("true"))
    project.write("sources/orders.csv", before)
    for path, text in {"sql/silver/orders.sql": ORDERS, **SHAPES}.items():
        project.write(path, text)
    project.run("run").ok()
    project.run("commit", "-m", "the shop").ok()
    project.git("branch", "-q", "-M", "main")
    project.git("checkout", "-q", "-b", "pull-request")
    project.write("sources/orders.csv", after)
    told = [project.run("run").ok()]
    project.run("commit", "-m", "another name").ok()
    rows = project.root.parent / "rows.parquet"
    for form in ("text", "markdown", "html", "json"):
        told += [project.run("review", "main", "--format", form).ok(), project.run("diff", "main", "-f", form).ok()]
    told += [project.run("blame", f"{name}", "1").ok() for name in ("silver.orders", "gold.a", "gold.b")]
    told += [project.run("blame", "gold.wide", "status=placed"), project.run("check")]
    told.append(project.run("diff", "main", "gold.all", "--rows", str(rows)).ok())
    for ran in told:
        assert CANARY not in ran.stdout + ran.stderr, ran
        assert BEFORE not in ran.stdout + ran.stderr, ran
    assert CANARY not in repr(duckdb.connect().execute(f"DESCRIBE FROM '{rows}'").fetchall())
    assert CANARY not in repr(duckdb.connect().execute(f"FROM '{rows}'").fetchall())
    assert "private column" in told[2].stdout
    shown = project.git("--no-pager", "log", "-p", "-2", "--", "*.parquet")
    assert "column person VARCHAR" in shown
    assert "column private column 2 BIGINT" in shown
    assert CANARY not in shown
    assert BEFORE not in shown
    assert CANARY in project.run("query", "FROM gold.all").ok().stdout


CODES = """-- @key id
SELECT id, {}, day FROM bronze.codes
"""
SAMPLES = "[review]\nsamples = {}\n"


def codes(*rows: str) -> str:
    return "id,code,day\n" + "".join(f"{row}\n" for row in rows)


def test_no_message_of_a_review_without_samples_quotes_the_data(project: Project) -> None:
    project.write("medallion.toml", SAMPLES.format("true"))
    project.write("sources/codes.csv", codes("1,10,2001-02-02", "2,20,2001-02-02"))
    project.write(
        "sql/bronze/codes.sql",
        "SELECT * FROM read_csv('sources/codes.csv', auto_detect = false, header = true,\n"
        "    columns = {'id': 'INTEGER', 'code': 'VARCHAR', 'day': 'DATE'})\n",
    )
    project.write("sql/silver/codes.sql", CODES.format("CAST(code AS INTEGER) AS code"))
    project.run("run").ok()
    project.commit("codes")
    project.git("branch", "-q", "-M", "main")
    project.git("checkout", "-q", "-b", "pull-request")
    project.write("sources/codes.csv", codes("1,10,2001-02-02", f"2,{CANARY},2001-02-03"))
    project.write("sql/silver/codes.sql", CODES.format("code"))
    project.run("run").ok()
    annotated = project.read("sql/silver/codes.sql").decode()
    project.write("sql/silver/codes.sql", f"-- @warn freshness day < 1 day\n{annotated}")
    project.write(
        "sql/bronze/codes.sql", f"-- @check code::INTEGER > 0\n{project.read('sql/bronze/codes.sql').decode()}"
    )
    project.commit("text is text")

    def report(form: str) -> str:
        return project.run("review", "main", "--attribute", "--format", form, "--fail-on", "never").ok().stdout

    shown = report("json")
    assert f"Could not convert string '{CANARY}' to INT32" in shown
    assert "the newest is 2001-02-03" in shown
    project.write("medallion.toml", SAMPLES.format("false"))
    for form in ("json", "text", "markdown", "html"):
        told = report(form)
        assert CANARY not in told
        assert "2001-02-03" not in told
        assert "Could not convert string (private) to INT32" in " ".join(told.split())
