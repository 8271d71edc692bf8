"""What is said of models, contracts and what a change reaches: pure, on two trees made by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from medallion.config import Config
from medallion.diff.value import ColumnDiff, ColumnStatus, Diff, Rows, Side, Status, TableDiff
from medallion.models.fingerprint import Recipe
from medallion.models.graph import build_graph
from medallion.models.parse import parse_macros, parse_model
from medallion.names import TableName
from medallion.plan import Observed
from medallion.records import Built, Column, DataFile, Record
from medallion.review.models import broken_contracts, reviewed_models
from medallion.review.reach import lineage_edges, reach
from medallion.review.trees import Tree
from medallion.review.value import ContractBreak, LineageEdge, ModelStatus, Reach, ReviewedModel

LAYERS = ("bronze", "silver", "gold")
ORDERS, REVENUE, CUSTOMERS = TableName("silver", "orders"), TableName("gold", "revenue"), TableName("gold", "customers")
RAW = "SELECT id, status, total FROM read_csv('sources/orders.csv')"
CLEAN = "SELECT id, status, total FROM bronze.orders"
MONTHS = "SELECT sum(total) AS revenue, count(*) AS orders FROM silver.orders WHERE status <> 'x'"
COLUMNS = {
    "bronze.orders": "id status total",
    "silver.orders": "id status total",
    "gold.revenue": "revenue orders",
    "gold.customers": "id",
}


def tree(models: dict[str, str], macros: str = "", variables: dict[str, str] | None = None, **columns: str) -> Tree:
    """A version with these models, and records with the usual columns or those of ``silver_orders="id status"``."""
    parsed = [
        parse_model(TableName.parse(name), f"sql/{name.replace('.', '/')}.sql", sql, LAYERS)
        for name, sql in models.items()
    ]
    graph = build_graph(parsed, parse_macros("sql/macros/m.sql", macros, LAYERS), LAYERS, {})
    records = {}
    recipes = {}
    for model in parsed:
        named = columns.get(str(model.name).replace(".", "_"), COLUMNS[str(model.name)])
        built = Built("", model.path, "duckdb", "2", (), text=model.digest)
        listed = tuple(Column(name, "INTEGER", nullable=False, hash="0" * 64) for name in named.split())
        file = DataFile(f"{model.name.name}.parquet", "0" * 64, 1, 1)
        records[model.name] = Record(model.name, 1, listed, (), (file,), built)
        used = {name: (variables or {})[name] for name in model.variables}
        recipes[model.name] = Recipe(model.digest, "", (), {}, used, "duckdb", "2")
    return Tree("", Config(Path("/project")), graph, Observed(records, {}, {}, {}, recipes), {})


def told(base: Tree, head: Tree) -> tuple[ReviewedModel, ...]:
    """What is told of the models, each text meaning something of its own."""
    return reviewed_models(base, head, lambda model, *_: model.digest)


def test_only_what_is_computed_makes_a_model_changed() -> None:
    base = tree({"bronze.orders": RAW, "silver.orders": CLEAN, "gold.revenue": MONTHS})
    same = {"bronze.orders": f"-- Raw.\n{RAW}", "silver.orders": CLEAN, "gold.revenue": f"-- @tag x\n{MONTHS}"}
    assert told(base, tree(same)) == ()
    other = {
        "bronze.orders": RAW,
        "silver.orders": "SELECT id, status, total, 1 AS one FROM bronze.orders",
        "gold.customers": "SELECT id FROM silver.orders",
    }
    found = told(base, tree(other, silver_orders="id status total one"))
    assert found == (
        ReviewedModel(ORDERS, "sql/silver/orders.sql", ModelStatus.CHANGED, "column one added", breaking=False),
        ReviewedModel(CUSTOMERS, "sql/gold/customers.sql", ModelStatus.ADDED, "new model", breaking=False),
        ReviewedModel(REVENUE, "sql/gold/revenue.sql", ModelStatus.REMOVED, "removed", breaking=True),
    )
    (gone, _) = told(base, tree({"bronze.orders": RAW, "gold.revenue": "SELECT 1 AS revenue"}))[::-1]
    assert (gone.name, gone.summary) == (ORDERS, "removed; gold.revenue read it")


def test_a_column_that_the_data_shows_to_be_renamed_is_told_as_that() -> None:
    contract = f"-- @contract\n{CLEAN}"
    base = tree({"bronze.orders": RAW, "silver.orders": contract})
    now = contract.replace("total", "total AS amount, 1 AS one")
    renamed = ColumnDiff("amount", ColumnStatus.RENAMED, "total", "INTEGER", "INTEGER", changed=0)
    side = Side("", "")
    diff = Diff(side, side, (TableDiff(ORDERS, Status.CHANGED, rows=Rows(1, 1), columns=(renamed,)),))

    def summary(head: Tree, diff: Diff | None) -> tuple[str, bool]:
        (found,) = reviewed_models(base, head, lambda model, *_: model.digest, diff)
        return found.summary, found.breaking

    built = tree({"bronze.orders": RAW, "silver.orders": now}, silver_orders="id status amount one")
    assert summary(built, diff) == ("column total renamed to amount, column one added", True)
    assert summary(built, None) == ("columns amount, one added, column total removed", True)
    assert broken_contracts(base, built, diff) == (
        ContractBreak(ORDERS, "column total renamed to amount, column one added"),
    )
    # Its record is of another text, so only what the SQL says counts; its data says what it says.
    stale = replace(built, observed=replace(built.observed, records=base.records))
    assert summary(stale, diff) == ("column total renamed to amount, column one added", True)


def test_what_sql_means_is_no_claim_of_a_record() -> None:
    base = tree({"bronze.orders": RAW, "silver.orders": CLEAN})
    head = tree({"bronze.orders": RAW, "silver.orders": f"{CLEAN} WHERE total > 0"})
    # Both records claim that what was computed is the same.
    base, head = (replace(t, observed=replace(t.observed, recipes=claimed(t))) for t in (base, head))
    (found,) = told(base, head)
    assert (found.name, found.breaking) == (ORDERS, True)
    (found,) = reviewed_models(base, head, lambda *_: "the same")
    assert (found.summary, found.breaking) == ("the SQL means the same as before", False)
    # What nobody can look at because it lacks an input is not the same.
    gone = replace(base, observed=replace(base.observed, records={ORDERS: base.records[ORDERS]}))
    (found,) = reviewed_models(gone, head, lambda *_: "the same")
    assert found.breaking


def claimed(there: Tree) -> dict[TableName, Recipe]:
    return {name: replace(recipe, sql="a" * 64) for name, recipe in there.observed.recipes.items()}


def test_macros_and_variables_change_a_model_in_ways_that_cannot_be_told() -> None:
    sql = {
        "bronze.orders": "SELECT id, clean(status) AS status, getvariable('v') AS total FROM read_csv('sources/a.csv')"
    }
    base = tree(sql, "CREATE MACRO clean(x) AS upper(x)", {"v": "1"})
    assert told(base, tree(sql, "CREATE MACRO clean(x) AS /* so */ upper(x)", {"v": "1"})) == ()
    (found,) = told(base, tree(sql, "CREATE MACRO clean(x) AS lower(x)", {"v": "2"}))
    assert found.macros == ("clean",)
    assert found.breaking
    assert found.summary == "macro clean changed and variable v changed: what it does cannot be told"


def test_a_contract_is_that_of_the_base() -> None:
    contracted = {"bronze.orders": RAW, "silver.orders": f"-- @contract\n{CLEAN}"}
    free = {"bronze.orders": RAW, "silver.orders": CLEAN}
    base = tree(contracted)
    assert broken_contracts(base, tree(contracted)) == ()
    assert broken_contracts(tree(free), tree(contracted, silver_orders="id")) == ()
    assert broken_contracts(base, tree(contracted, silver_orders="id status")) == (
        ContractBreak(ORDERS, "column total removed"),
    )
    assert broken_contracts(base, tree(free, silver_orders="id status total note")) == (
        ContractBreak(ORDERS, "column note added; @contract is taken away"),
    )
    assert broken_contracts(base, tree({"bronze.orders": RAW})) == (ContractBreak(ORDERS, "the dataset is removed"),)


ALL = {
    "bronze.orders": RAW,
    "silver.orders": CLEAN,
    "gold.revenue": MONTHS,
    "gold.customers": "SELECT DISTINCT id FROM silver.orders",
}


def changed(name: TableName, rows: Rows, *columns: str) -> TableDiff:
    found = tuple(
        ColumnDiff(c, ColumnStatus.CHANGED if c in columns else ColumnStatus.EQUAL, c, changed=int(c in columns))
        for c in COLUMNS[str(name)].split()
    )
    return TableDiff(name, Status.CHANGED, rows=rows, columns=found)


def diff(*tables: TableDiff) -> Diff:
    return Diff(Side("main", "a" * 40), Side("", ""), tables)


def test_a_changed_column_reaches_what_is_made_of_it() -> None:
    head = tree(ALL)
    of_total = diff(changed(ORDERS, Rows(9, 9, changed=1), "total"))
    assert reach(head, of_total, ()) == (Reach(REVENUE, ("revenue",), (ORDERS,), changed=False, exact=True),)
    of_status = diff(
        changed(ORDERS, Rows(9, 9, changed=1), "status"), changed(REVENUE, Rows(1, 1, changed=1), "orders")
    )
    assert reach(head, of_status, ()) == (Reach(REVENUE, ("revenue", "orders"), (ORDERS,), changed=True, exact=True),)
    raw = TableName("bronze", "orders")
    of_raw = diff(changed(raw, Rows(9, 9, changed=1), "id"), changed(ORDERS, Rows(9, 9, changed=1), "id"))
    assert reach(head, of_raw, ()) == (
        Reach(ORDERS, ("id",), (raw,), changed=True, exact=True),
        Reach(CUSTOMERS, ("id",), (raw,), changed=False, exact=True),
    )


def test_rows_that_come_or_go_reach_all_that_is_read_of_them() -> None:
    for rows in (Rows(9, 10, added=1), Rows(9, 8, removed=1), Rows(9, 9, added=1, removed=1, changed=None)):
        found = {r.dataset: r.columns for r in reach(tree(ALL), diff(changed(ORDERS, rows)), ())}
        assert found == {REVENUE: ("revenue", "orders"), CUSTOMERS: ("id",)}


def test_lineage_that_is_not_exact_widens_and_says_so() -> None:
    head = tree(ALL, gold_customers="id more")  # Its record is not that of its SQL.
    found = reach(head, diff(changed(ORDERS, Rows(9, 9, changed=1), "total")), ())
    assert found == (
        Reach(CUSTOMERS, ("id", "more"), (ORDERS,), changed=False, exact=False),
        Reach(REVENUE, ("revenue",), (ORDERS,), changed=False, exact=True),
    )


def test_the_picture_has_what_changed_and_its_neighbours_in_either_version() -> None:
    base, head = tree(ALL), tree({name: sql for name, sql in ALL.items() if name != "gold.customers"})
    assert lineage_edges(base, head, {CUSTOMERS}) == (LineageEdge("silver.orders", "gold.customers"),)
    assert lineage_edges(base, head, {TableName("bronze", "orders")}) == (
        LineageEdge("sources/orders.csv", "bronze.orders"),
        LineageEdge("bronze.orders", "silver.orders"),
    )
    assert lineage_edges(base, replace(head, graph=base.graph), set()) == ()
