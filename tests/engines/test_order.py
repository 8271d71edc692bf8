"""The order of rows, and what could depend on threads."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from medallion.engines.query_plan import _ANY_ORDER, _SCAN, _nodes, treatment
from medallion.sample.files import sql_folder
from tests.engines.bench import LAYERS, Bench
from tests.projects.flights_sources import write_sources


def test_rows_are_sorted_by_the_key(bench: Bench) -> None:
    rows = bench.rows("-- @key b, a\nSELECT * FROM (VALUES (2, 'x'), (1, 'y'), (1, 'x')) t(a, b)")
    assert rows == [(1, "x"), (2, "x"), (1, "y")]


def test_without_a_key_rows_are_sorted_by_all_columns(bench: Bench) -> None:
    rows = bench.rows("SELECT shop, count(*) AS n FROM bronze.orders GROUP BY shop ORDER BY shop DESC")
    assert rows == [(0, 4), (1, 3), (2, 3)]


def test_a_projection_keeps_the_order_of_its_input(bench: Bench) -> None:
    bench.table("bronze.mixed", "SELECT * FROM (VALUES (3), (1), (2)) t(a)")
    assert bench.rows("SELECT a + 1 AS b FROM bronze.mixed WHERE a < 9") == [(4,), (2,), (3,)]


# SQL: whether rows leave as they came, and whether it has to run with a single thread.
TREATMENTS = {
    "SELECT a, b + 1 AS c FROM t WHERE a > 3": (True, False),
    "FROM t": (True, False),
    "VALUES (1), (2)": (True, False),
    "SELECT 1": (True, False),
    "FROM range(10)": (True, False),
    "SELECT a FROM t WHERE false": (True, False),
    "SELECT b, count(*) FROM t GROUP BY b": (False, False),
    "SELECT b, count(*) FILTER (a > 3), max(a), min(v), bool_or(a > 1), bit_xor(a) FROM t GROUP BY b": (False, False),
    "SELECT b, count(DISTINCT a) FROM t GROUP BY b": (False, False),
    "SELECT DISTINCT b FROM t": (False, False),
    "SELECT t.a FROM t JOIN t u USING (a)": (False, False),
    "SELECT t.a FROM t ANTI JOIN t u USING (a)": (False, False),
    "SELECT t.a FROM t, t u WHERE t.a < u.a AND t.b > u.b": (False, False),
    "SELECT a FROM t UNION ALL SELECT b FROM t": (False, False),
    "SELECT a FROM t EXCEPT SELECT b FROM t": (False, False),
    "SELECT unnest(l) FROM t": (False, False),
    "UNPIVOT (SELECT a, b FROM t) ON a, b": (False, False),
    "WITH c AS MATERIALIZED (FROM t) FROM c JOIN c d USING (a)": (False, False),
    "SELECT (SELECT max(a) FROM t u WHERE u.b = t.b) FROM t": (False, False),
    "SELECT a FROM t ORDER BY a": (False, False),
    "SELECT sum(d) FROM t": (False, True),
    "SELECT b, avg(d) FROM t GROUP BY b": (False, True),
    "SELECT stddev(d) FROM t": (False, True),
    "SELECT b, list(a) FROM t GROUP BY b": (False, True),
    "SELECT b, first(a) FROM t GROUP BY b": (False, True),
    "SELECT b, any_value(a) FROM t GROUP BY b": (False, True),
    "SELECT b, arg_max(a, d) FROM t GROUP BY b": (False, True),
    "SELECT b, string_agg(v, ',') FROM t GROUP BY b": (False, True),
    "SELECT mode(a) FROM t": (False, True),
    "SELECT approx_count_distinct(a) FROM t": (False, True),
    "SELECT DISTINCT ON (b) b, a FROM t": (False, True),
    "SELECT a, row_number() OVER (ORDER BY b) FROM t": (False, True),
    "SELECT a FROM t QUALIFY row_number() OVER (PARTITION BY b ORDER BY d) = 1": (False, True),
    "SELECT a FROM t LIMIT 3": (False, True),
    "SELECT a FROM t ORDER BY b LIMIT 3": (False, True),
    "SELECT t.a FROM t POSITIONAL JOIN t u": (False, True),
    "SELECT t.a FROM t ASOF JOIN t u ON t.a >= u.a": (False, True),
    "SELECT a FROM t USING SAMPLE 3": (False, True),
    "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 3) FROM r": (False, True),
}


@pytest.fixture(scope="module")
def planner(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    file = tmp_path_factory.mktemp("planner") / "t.parquet"
    connection.execute(
        "COPY (SELECT i AS a, i % 7 AS b, 'x' || i AS v, i / 3.0 AS d, [i] AS l FROM range(5000) t(i)) "
        f"TO '{file}' (FORMAT parquet)"
    )
    connection.execute(f"CREATE VIEW t AS FROM read_parquet('{file}')")
    return connection


@pytest.mark.parametrize("sql", TREATMENTS)
def test_what_could_depend_on_threads_runs_with_one(planner: duckdb.DuckDBPyConnection, sql: str) -> None:
    explained = planner.execute(f"EXPLAIN (FORMAT json) {sql}").fetchall()[0][1]
    how = treatment(explained, floats=False, keyed=False)
    assert (how.keeps_order, how.single) == TREATMENTS[sql]


def test_an_operator_or_aggregate_that_nobody_has_looked_at_is_unsafe() -> None:
    scan = {"name": "SEQ_SCAN ", "children": [], "extra_info": {}}
    for node in ({"name": "BRAND_NEW_JOIN"}, {"name": "HASH_GROUP_BY", "extra_info": {"Aggregates": "brand_new(#0)"}}):
        how = treatment(json.dumps([{"children": [scan], "extra_info": {}, **node}]), floats=False, keyed=True)
        assert how.single
        assert not how.keeps_order


@pytest.mark.parametrize(
    ("sql", "keyed", "single"),
    [
        ("SELECT d FROM t", False, False),
        ("SELECT b, max(d) FROM t GROUP BY b", True, True),
        ("SELECT DISTINCT d FROM t", True, True),
        ("SELECT t.d FROM t JOIN t u USING (a)", False, True),
        ("SELECT t.d FROM t JOIN t u USING (a)", True, False),
    ],
)
def test_signed_zeros_may_not_leave_it_to_the_threads_which_of_them_stands(
    planner: duckdb.DuckDBPyConnection, sql: str, keyed: bool, single: bool
) -> None:
    explained = planner.execute(f"EXPLAIN (FORMAT json) {sql}").fetchall()[0][1]
    assert treatment(explained, floats=True, keyed=keyed).single is single


UNSAFE = {
    "WINDOW", "STREAMING_WINDOW", "TOP_N", "STREAMING_LIMIT", "LIMIT", "LIMIT_PERCENT", "ASOF_JOIN", "POSITIONAL_JOIN",
    "REC_CTE", "REC_CTE_SCAN", "RESERVOIR_SAMPLE", "STREAMING_SAMPLE", "POSITIONAL_SCAN",
}  # fmt: skip


@pytest.fixture(scope="module", params=["sample", "flights"])
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The folder of a project's SQL, and one in which its sources lie."""
    root = tmp_path_factory.mktemp(request.param)
    if request.param == "flights":
        write_sources(root / "sources")
        return Path(__file__).parent.parent / "projects" / "flights" / "sql", root
    (root / "sources" / "pages").mkdir(parents=True)
    (root / "sources" / "pages" / "a.html").write_text("<html><title>a</title><a href='b.html#c'>one two</a></html>")
    return sql_folder(), root


def operators(folder: Path, root: Path) -> dict[str, set[str]]:
    """The operators of each model's plan over stored inputs."""
    connection = duckdb.connect(config={"file_search_path": str(root)})
    found: dict[str, set[str]] = {}
    for file in sorted((folder / "macros").glob("*.sql")):
        connection.execute(file.read_text())
    for layer in LAYERS:
        connection.execute(f"CREATE SCHEMA {layer}")
        waiting = sorted((folder / layer).glob("*.sql"))
        while waiting:
            path = waiting.pop(0)
            try:
                plan = connection.execute(f"EXPLAIN (FORMAT json) {path.read_text()}").fetchall()[0][1]
            except duckdb.CatalogException:
                waiting.append(path)
                continue
            connection.execute(f"CREATE TABLE {layer}.{path.stem} AS {path.read_text()}")
            found[f"{layer}.{path.stem}"] = {
                str(n.get("name", "")).strip() for r in json.loads(plan) for n in _nodes(r)
            }
    connection.close()
    return found


def test_every_operator_of_both_sample_projects_has_been_looked_at(project: tuple[Path, Path]) -> None:
    found = operators(*project)
    assert len(found) > 10
    known = _ANY_ORDER | UNSAFE
    unknown = {(m, n) for m, names in found.items() for n in names if n not in known and not _SCAN.fullmatch(n)}
    assert unknown == set()


DETERMINISTIC = {
    "a sum of floats": "SELECT shop, sum(x) AS s, avg(x) AS a, stddev(x) AS d FROM bronze.many GROUP BY shop",
    "a window with ties": "SELECT id, row_number() OVER (PARTITION BY shop ORDER BY id % 10) AS r FROM bronze.many",
    "a list without order": "SELECT shop, list(id) AS l FROM bronze.many GROUP BY shop",
    "a first value": "SELECT shop, first(id) AS f, any_value(x) AS a FROM bronze.many GROUP BY shop",
    "an unordered group": "SELECT id % 5000 AS g, count(*) AS n, max(x) AS m FROM bronze.many GROUP BY g",
    "a join": "SELECT a.id, b.x FROM bronze.many a JOIN bronze.many b ON a.id = b.id + 1",
    "a limit": "SELECT id FROM bronze.many WHERE shop = 3 LIMIT 1000",
    "a projection": "SELECT id, x * 2 AS y FROM bronze.many",
}


@pytest.mark.parametrize("what", DETERMINISTIC)
def test_the_bytes_are_the_same_with_one_thread_and_two_and_again(tmp_path: Path, what: str) -> None:
    bench = Bench(tmp_path)
    bench.table("bronze.many", "SELECT i AS id, i % 17 AS shop, sin(i) / 3 AS x FROM range(400000) t(i)")
    oids = set()
    for threads in (1, 2, 2):
        bench.threads = threads
        oids.add(bench.build(DETERMINISTIC[what]).oid)
    assert len(oids) == 1
