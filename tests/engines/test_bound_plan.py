"""What the bound plan says of order and determinism, held against what DuckDB does with one thread and with two."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from medallion.engines.bound_plan import SERIALIZE, bound_treatment
from tests.engines.bench import Bench

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from medallion.engines.protocol import Session
    from medallion.engines.query_plan import Treatment

# Three row groups and a bit, so that two threads have something to share; with signed zeros and NaN of both signs.
MANY = """
    SELECT i AS id, (i % 17)::INTEGER AS g, (hash(i) % 5000)::BIGINT AS h, i / 7 AS q,
        (hash(i + 2) % 100000)::DECIMAL(12, 2) AS d, (hash(i + 3) % 1000000007)::DECIMAL(30, 4) AS w,
        CASE i % 5 WHEN 0 THEN -0.0 WHEN 1 THEN 0.0 WHEN 2 THEN 'nan'::DOUBLE WHEN 3 THEN -('nan'::DOUBLE)
            ELSE sin(i) / 3 END AS x,
        (sin(i) * 100)::FLOAT AS f, 'n' || (hash(i + 4) % 300) AS n, [x] AS l,
        CASE WHEN i % 3 = 0 THEN 'A' WHEN i % 3 = 1 THEN 'a' ELSE 'b' END AS letter,
        DATE '2026-01-01' + (i % 365)::INTEGER AS day, i % 4 = 0 AS b
    FROM range(400000) t(i)
"""

# SQL: whether rows leave as they came, and whether it has to run with a single thread.
TREATMENTS = {
    "SELECT id, h + 1 AS c FROM bronze.many WHERE id > 3": (True, False),
    "FROM bronze.many": (True, False),
    "VALUES (1), (2)": (True, False),
    "SELECT 1 AS a": (True, False),
    "FROM range(10)": (True, False),
    "WITH c AS (FROM bronze.many), e AS (FROM c) SELECT id FROM e WHERE h > 1": (True, False),
    "SELECT id FROM bronze.many WHERE g IN (1, 2)": (True, False),
    "SELECT id FROM bronze.many WHERE g IN (1, 2, 3, 4, 5, 6, 7)": (False, False),
    "WITH c AS MATERIALIZED (FROM bronze.many) SELECT id FROM c": (False, False),
    "WITH c AS (FROM bronze.many) SELECT a.id FROM c a JOIN c b USING (id)": (False, False),
    "SELECT id FROM bronze.many UNION ALL SELECT h FROM bronze.many": (False, False),
    "SELECT unnest([id]) AS u FROM bronze.many": (False, False),
    "SELECT g, count(*) AS n, sum(h) AS s, avg(d) AS a, max(n) AS m FROM bronze.many GROUP BY g": (False, False),
    "SELECT g, sum(d) / sum(h) AS ratio, avg(id) * 2.5e0 AS e FROM bronze.many GROUP BY g": (False, False),
    "SELECT g, count(DISTINCT x) AS n FROM bronze.many GROUP BY g": (False, False),
    "SELECT DISTINCT g, n FROM bronze.many": (False, False),
    "SELECT h FROM bronze.many EXCEPT SELECT id FROM bronze.many": (False, False),
    "SELECT id FROM bronze.many WHERE d > (SELECT avg(d) FROM bronze.many)": (False, False),
    "SELECT a.id, a.x FROM bronze.many a JOIN bronze.many b ON a.id = b.h": (False, False),
    "SELECT g, list(h ORDER BY h) AS l, string_agg(n, ',' ORDER BY n) AS s FROM bronze.many GROUP BY g": (False, False),
    "SELECT id, sum(d) OVER (PARTITION BY g) AS s, rank() OVER (ORDER BY h) AS r FROM bronze.many": (False, False),
    "SELECT median(h) AS m, quantile_disc(d, 0.9) AS q FROM bronze.many": (False, False),
    # Sums of floating-point numbers round in the order of rows.
    "SELECT g, sum(x) AS s FROM bronze.many GROUP BY g": (False, True),
    "SELECT g, sum(q) AS s FROM bronze.many GROUP BY g": (False, True),
    "SELECT g, avg(h / 3) AS s FROM bronze.many GROUP BY g": (False, True),
    "SELECT g, stddev(h) AS s FROM bronze.many GROUP BY g": (False, True),
    "SELECT id, sum(x) OVER (PARTITION BY g) AS s FROM bronze.many": (False, True),
    # Lookalikes: which of the equal values stands for all.
    "SELECT x, count(*) AS n FROM bronze.many GROUP BY x": (False, True),
    "SELECT DISTINCT x FROM bronze.many": (False, True),
    "SELECT x FROM bronze.many UNION SELECT x FROM bronze.many": (False, True),
    "SELECT x FROM bronze.many INTERSECT SELECT x FROM bronze.many": (False, True),
    "SELECT g, max(x) AS m FROM bronze.many GROUP BY g": (False, True),
    "SELECT letter COLLATE NOCASE AS c, count(*) AS n FROM bronze.many GROUP BY c": (False, True),
    "SELECT DISTINCT letter COLLATE NOCASE AS c FROM bronze.many": (False, True),
    "SELECT DISTINCT {'a': x} AS s FROM bronze.many": (False, True),
    "SELECT a.letter COLLATE NOCASE AS c FROM bronze.many a JOIN bronze.many b USING (id)": (False, True),
    "SELECT a.l FROM bronze.many a JOIN bronze.many b USING (id)": (False, True),
    # The order of rows decides.
    "SELECT g, list(h) AS l FROM bronze.many GROUP BY g": (False, True),
    "SELECT g, list(h ORDER BY n) AS l FROM bronze.many GROUP BY g": (False, True),
    "SELECT g, string_agg(n, ',' ORDER BY h) AS l FROM bronze.many GROUP BY g": (False, True),
    "SELECT g, first(h) AS l, mode(n) AS m FROM bronze.many GROUP BY g": (False, True),
    "SELECT g, arg_max(n, h) AS l FROM bronze.many GROUP BY g": (False, True),
    "SELECT approx_quantile(h, 0.5) AS q FROM bronze.many": (False, True),
    "SELECT DISTINCT ON (g) g, n FROM bronze.many": (False, True),
    "SELECT id, row_number() OVER (ORDER BY h) AS r FROM bronze.many": (False, True),
    "SELECT id, lag(n) OVER (ORDER BY h) AS r FROM bronze.many": (False, True),
    "SELECT id, sum(d) OVER (ORDER BY h ROWS 3 PRECEDING) AS r FROM bronze.many": (False, True),
    "SELECT n FROM bronze.many LIMIT 3": (False, True),
    "SELECT n FROM bronze.many ORDER BY h LIMIT 3": (False, True),
    "SELECT a.id FROM bronze.many a POSITIONAL JOIN bronze.many b": (False, True),
    "SELECT a.id, b.n FROM bronze.many a ASOF JOIN bronze.many b ON a.h >= b.h": (False, True),
    "SELECT id FROM bronze.many USING SAMPLE 3": (False, True),
    "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 3) FROM r": (False, True),
}


@pytest.fixture(scope="module")
def schemas() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(f"CREATE SCHEMA bronze; CREATE TABLE bronze.many AS {MANY} LIMIT 0")
    return connection


def decided(schemas: duckdb.DuckDBPyConnection, sql: str, *, keyed: bool = False) -> Treatment | None:
    return bound_treatment(schemas.execute(SERIALIZE, [sql]).fetchall()[0][0], keyed=keyed)


@pytest.mark.parametrize("sql", TREATMENTS)
def test_types_and_signatures_decide_what_runs_with_one_thread(schemas: duckdb.DuckDBPyConnection, sql: str) -> None:
    how = decided(schemas, sql)
    assert how is not None
    assert (how.keeps_order, how.single) == TREATMENTS[sql]


def test_rows_with_a_key_are_told_apart_whatever_their_other_columns(schemas: duckdb.DuckDBPyConnection) -> None:
    sql = "SELECT a.id, a.l FROM bronze.many a JOIN bronze.many b USING (id)"
    assert [how.single for keyed in (False, True) if (how := decided(schemas, sql, keyed=keyed))] == [True, False]


def test_what_duckdb_cannot_serialize_is_left_to_its_explained_plan(schemas: duckdb.DuckDBPyConnection) -> None:
    assert decided(schemas, "FROM read_csv('nowhere.csv')") is None
    assert decided(schemas, "PIVOT bronze.many ON g USING sum(h)") is None


def test_an_operator_aggregate_type_or_scan_that_nobody_has_looked_at_is_unsafe() -> None:
    scan = {"type": "LOGICAL_GET", "qname": {"path": ["seq_scan"]}}

    def reference(kind: str) -> Mapping[str, object]:
        return {"expression_class": "BOUND_REF", "return_type": {"id": kind}}

    def single(node: Mapping[str, object]) -> bool:
        top = {"type": "LOGICAL_PROJECTION", "children": [node], "expressions": [reference("BIGINT")]}
        how = bound_treatment(json.dumps({"plans": [top]}), keyed=True)
        assert how is not None
        return how.single

    def grouped(aggregate: str, by: str) -> Mapping[str, object]:
        call = {
            "expression_class": "BOUND_AGGREGATE",
            "qname": {"path": [aggregate]},
            "children": [reference("BIGINT")],
        }
        return {
            "type": "LOGICAL_AGGREGATE_AND_GROUP_BY",
            "children": [scan],
            "expressions": [call],
            "groups": [reference(by)],
        }

    assert not single(scan)
    assert not single(grouped("sum", "BIGINT"))
    assert single({"type": "LOGICAL_BRAND_NEW", "children": [scan]})
    assert single({"type": "LOGICAL_GET", "qname": {"path": ["brand_new"]}})
    assert single(grouped("brand_new", "BIGINT"))
    assert single(grouped("sum", "BRAND NEW"))


class Pair:
    """The same datasets in an engine with one thread and in one with two."""

    def __init__(self, bench: Bench, sessions: dict[int, Session]) -> None:
        self.bench = bench
        self.sessions = sessions

    def oids(self, sql: str) -> set[str]:
        model, macros = self.bench.model(sql)
        return {
            self.sessions[threads].build(model, macros, self.bench.target(f"t{threads}"), lambda _: None).oid
            for threads in (1, 2, 2)
        }


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    bench = Bench(tmp_path_factory.mktemp("pair"))
    bench.table("bronze.many", MANY)
    one = bench.engine()
    one.config = type(one.config)(bench.root, threads=1)
    with one.open() as first, bench.engine().open() as second:
        for session in (first, second):
            bench.register(session)
        yield Pair(bench, {1: first, 2: second})


AGGREGATES = [
    "count(*)", "count(x)", "count(DISTINCT x)", "count(*) FILTER (b)", "sum(h)::DECIMAL(38, 0)", "sum(g)::BIGINT",
    "sum(d)", "sum(w)", "sum(DISTINCT d)", "sum(b)::BIGINT", "avg(g)", "avg(h)", "avg(id::HUGEINT)", "avg(d)", "avg(w)",
    "avg((d % 100)::DECIMAL(4, 0))", "avg(h::UBIGINT)", "avg((h % 100)::TINYINT)", "avg(d) FILTER (b)", "min(n)",
    "max(day)", "max(letter)", "bool_and(b)", "bit_xor(h)", "count_if(b)::BIGINT", "median(h)", "median(d)",
    "quantile_cont(h, 0.3)", "quantile_disc(w, [0.1, 0.9])", "sum(d) / sum(h)", "sum(h) / count(*)", "avg(d) * avg(h)",
    "list(DISTINCT g ORDER BY g)", "string_agg(letter, '' ORDER BY letter)", "first(n ORDER BY n)",
    "sum(x)", "avg(f)", "max(x)", "min(f)", "stddev(h)", "sum(h / 7)", "list(h)", "any_value(n)", "max(x + h)",
]  # fmt: skip
KEYS = ["g", "h", "n", "day", "letter", "b", "x", "f", "g % 3", "letter COLLATE NOCASE", "round(x, 1)", "[g]"]
FROMS = [
    "bronze.many",
    "bronze.many WHERE h % 3 = 1",
    "(SELECT a.* FROM bronze.many a JOIN bronze.many b ON a.id = b.id + 1 WHERE b.g > 3)",
    "(SELECT * FROM bronze.many UNION ALL SELECT * FROM bronze.many WHERE g = 4)",
    "(SELECT * FROM bronze.many WHERE h IN (SELECT max(h) FROM bronze.many GROUP BY n))",
    "(SELECT * FROM bronze.many WHERE g IN (1, 3, 5, 7, 9, 11))",
]


@st.composite
def grouped(draw: st.DrawFn) -> str:
    """An aggregation, or one of its windows."""
    keys = draw(st.lists(st.sampled_from(KEYS), max_size=2, unique=True))
    aggregates = draw(st.lists(st.sampled_from(AGGREGATES), min_size=1, max_size=3, unique=True))
    columns = [f"{e} AS c{i}" for i, e in enumerate([*keys, *aggregates])]
    places = ", ".join(str(i + 1) for i in range(len(keys)))
    having = draw(st.sampled_from(["", " HAVING count(*) > 2"])) if keys else ""
    by = f" GROUP BY {places}" if keys else ""
    return f"SELECT {', '.join(columns)} FROM {draw(st.sampled_from(FROMS))}{by}{having}"


@st.composite
def shaped(draw: st.DrawFn) -> str:
    """Rows that are kept, joined, told apart, counted or ranked."""
    columns = ", ".join(draw(st.lists(st.sampled_from(["g", "h", "n", "x", "f", "day", "d"]), min_size=1, unique=True)))
    source = draw(st.sampled_from(FROMS))
    window = draw(
        st.sampled_from(
            ["sum(d) OVER (PARTITION BY g)", "rank() OVER (PARTITION BY g ORDER BY h)", "max(n) OVER (ORDER BY day)",
             "row_number() OVER (PARTITION BY g ORDER BY h)", "avg(x) OVER (PARTITION BY g)",
             "avg(d) OVER (ORDER BY g)", "dense_rank() OVER (ORDER BY x)", "count(*) OVER ()"]
        )
    )  # fmt: skip
    return draw(
        st.sampled_from(
            [f"SELECT {columns} FROM {source}", f"SELECT DISTINCT {columns} FROM {source}",
             f"SELECT {columns}, {window} AS w FROM {source}", f"SELECT {columns} FROM {source} LIMIT 5000",
             f"SELECT {columns} FROM {source} EXCEPT SELECT {columns} FROM bronze.many WHERE g < 5",
             f"WITH c AS (SELECT {columns} FROM {source}) FROM c",
             f"SELECT {columns} FROM bronze.many UNION SELECT {columns} FROM {source}"]
        )
    )  # fmt: skip


@settings(max_examples=25, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(sql=st.one_of(grouped(), shaped()))
def test_any_query_gives_the_same_bytes_with_one_thread_and_two_and_again(pair: Pair, sql: str) -> None:
    assert len(pair.oids(sql)) == 1


@pytest.mark.parametrize("expression", [a for a in AGGREGATES if "x" not in a.replace("max", "").replace("xor", "")])
def test_an_aggregate_gives_the_same_bytes_with_one_thread_and_two_and_again(pair: Pair, expression: str) -> None:
    assert len(pair.oids(f"SELECT h, {expression} AS a FROM bronze.many GROUP BY h")) == 1
    assert len(pair.oids(f"SELECT {expression} AS a FROM bronze.many")) == 1


def test_rows_that_differ_in_the_sign_of_zero_or_nan_only_come_in_one_order(pair: Pair) -> None:
    sql = "SELECT a.g, a.x, a.f FROM bronze.many a JOIN bronze.many b ON a.id = b.id WHERE a.id % 5 < 4"
    how = None
    with duckdb.connect() as connection:
        connection.execute(f"CREATE SCHEMA bronze; CREATE TABLE bronze.many AS {MANY} LIMIT 0")
        how = decided(connection, sql)
    assert how is not None
    assert not how.single, "bits decide, so both threads may work"
    assert len(pair.oids(sql)) == 1
