"""The catalog over a history: which versions there are, and what each was made from."""

from __future__ import annotations

from medallion.catalog.versions import dataset_of
from medallion.names import TableName
from medallion.records import Input, InputKind, record_path
from tests.git.cataloged import CUSTOMERS, ORDERS, REVENUE, Catalog, oid, read, record, write


def test_a_version_is_the_commit_that_changed_the_record(catalog: Catalog) -> None:
    work = catalog.work
    write(work, record(ORDERS, "one"), record(CUSTOMERS, "c"))
    first = work.commit("first", at="2026-01-01T12:00:00+0200")
    work.commit("nothing")
    write(work, record(ORDERS, "two!"))
    second = work.commit("second")
    assert catalog.ask(
        "SELECT commit, parent_version, dataset, content_id, rows, bytes FROM versions ORDER BY ALL"
    ) == (
        sorted(
            [
                (first, None, "silver.customers", oid("c"), 1, 100),
                (first, None, "silver.orders", oid("one"), 3, 100),
                (second, first, "silver.orders", oid("two!"), 4, 100),
            ]
        )
    )
    about = catalog.ask("SELECT committed_at::VARCHAR, author, subject, schema, record_oid FROM versions ORDER BY 1")[0]
    assert about[:3] == ("2026-01-01 10:00:00", "Ada", "first")
    assert about[3] == [{"name": "id", "type": "INTEGER"}, {"name": "é", "type": "VARCHAR"}]
    assert about[4] in work.repo.list(first, ["data"]).values()


def test_lineage_says_which_version_of_each_input_was_read_and_by_which_model(catalog: Catalog) -> None:
    work = catalog.work
    source = Input("sources/orders.csv", InputKind.SOURCE, oid("csv"), files=1)
    write(work, record(ORDERS, "o1", source), record(CUSTOMERS, "c1"))
    first = work.commit("first")
    write(work, record(REVENUE, "r1", read(ORDERS, "o1"), read(CUSTOMERS, "c1")))
    second = work.commit("second")
    # Orders change, and revenue is committed although it was built from what they were before.
    write(work, record(ORDERS, "o2", source), record(REVENUE, "r2", read(ORDERS, "o1"), read(CUSTOMERS, "c1")))
    third = work.commit("third")
    models = {c: work.git("rev-parse", f"{c}:sql/gold/revenue.sql") for c in (second, third)}
    rows = catalog.ask(
        "SELECT commit, input, input_kind, input_content_id, input_commit, model_oid FROM lineage "
        "WHERE dataset = 'gold.revenue'"
    )
    assert set(rows) == {
        (second, "silver.orders", "dataset", oid("o1"), first, models[second]),
        (second, "silver.customers", "dataset", oid("c1"), first, models[second]),
        (third, "silver.orders", "dataset", oid("o1"), None, models[third]),
        (third, "silver.customers", "dataset", oid("c1"), first, models[third]),
    }
    of_orders = catalog.ask(
        "SELECT commit, input, input_kind, input_content_id, input_commit, rows, model_path, fingerprint, engine, "
        f"author FROM lineage WHERE content_id = '{oid('o1')}'"
    )
    about = (2, "sql/silver/orders.sql", oid("o1f"), "duckdb 2.0.0", "Ada")
    assert of_orders == [(first, "sources/orders.csv", "source", oid("csv"), None, *about)]
    assert catalog.ask("SELECT input FROM lineage WHERE dataset = 'silver.customers'") == [(None,)]


def test_a_merge_passes_versions_on_and_makes_one_only_of_what_is_new_in_it(catalog: Catalog) -> None:
    work = catalog.work
    write(work, record(ORDERS, "o1"), record(CUSTOMERS, "c1"))
    base = work.commit("base")
    work.git("checkout", "--quiet", "-b", "side")
    write(work, record(ORDERS, "side"), record(CUSTOMERS, "c2"))
    side = work.commit("side")
    work.git("checkout", "--quiet", "main")
    write(work, record(ORDERS, "main"))
    main = work.commit("main")
    assert work.repo.process.attempt("merge", "--no-ff", "side").returncode != 0
    write(work, record(ORDERS, "merged"))
    merge = work.commit("merge")
    write(work, record(REVENUE, "r", read(ORDERS, "merged"), read(CUSTOMERS, "c2")))
    after = work.commit("after")
    assert set(catalog.ask("SELECT commit, dataset, parent_version FROM versions")) == {
        (base, "silver.orders", None),
        (base, "silver.customers", None),
        (side, "silver.orders", base),
        (side, "silver.customers", base),
        (main, "silver.orders", base),
        (merge, "silver.orders", main),
        (after, "gold.revenue", None),
    }
    assert set(catalog.ask("SELECT input, input_commit FROM lineage WHERE dataset = 'gold.revenue'")) == {
        ("silver.orders", merge),
        ("silver.customers", side),
    }


def test_a_deleted_dataset_has_a_last_version_without_content(catalog: Catalog) -> None:
    work = catalog.work
    write(work, record(ORDERS, "o1"))
    first = work.commit("first")
    work.git("mv", record_path(ORDERS), "data/silver/renamed.json")
    write(work, record(TableName("silver", "renamed"), "o1"))
    renamed = work.commit("renamed")
    rows = catalog.ask(f"SELECT dataset, parent_version, content_id, rows FROM versions WHERE commit = '{renamed}'")
    assert set(rows) == {("silver.orders", first, None, None), ("silver.renamed", None, oid("o1"), 2)}
    assert catalog.ask(f"SELECT count(*) FROM lineage WHERE commit = '{renamed}'") == [(1,)]


def test_a_record_that_cannot_be_read_is_named_and_the_rest_is_there(catalog: Catalog) -> None:
    work = catalog.work
    work.write(record_path(ORDERS), "<<<<<<< no record")
    work.write(record_path(REVENUE), record(ORDERS, "o").encode())
    write(work, record(CUSTOMERS, "c"))
    first = work.commit()
    write(work, record(ORDERS, "mended"))
    second = work.commit()
    assert catalog.ask("SELECT commit, dataset, error FROM unreadable ORDER BY dataset") == [
        (first, "gold.revenue", "the record says that it is of silver.orders"),
        (first, "silver.orders", "the record is not JSON: Expecting value"),
    ]
    assert catalog.ask("SELECT dataset, commit FROM versions ORDER BY 1") == [
        ("silver.customers", first),
        ("silver.orders", second),
    ]


def test_other_files_below_data_are_no_records() -> None:
    assert dataset_of("data/silver/orders.json") == ORDERS
    for path in ("data/silver/Orders.json", "data/silver/a/b.json", "data/a.json", "x/silver/orders.json", "data/s/a"):
        assert dataset_of(path) is None


def test_an_empty_repository_has_an_empty_catalog(catalog: Catalog) -> None:
    assert catalog.ask("FROM versions") == []
