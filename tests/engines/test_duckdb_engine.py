"""What the engine makes of a model: its file, its order, its errors, and what it keeps out."""

from __future__ import annotations

import hashlib
import json
import threading
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest

from medallion.engines.query_plan import _ANY_ORDER, _SCAN, _nodes, treatment
from medallion.errors import BuildError, MedallionError, ModelError
from medallion.sample.files import sql_folder
from tests.engines.bench import LAYERS, Bench
from tests.projects.flights_sources import write_sources

if TYPE_CHECKING:
    from medallion.records import Column


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    made = Bench(tmp_path)
    made.table(
        "bronze.orders", "SELECT i AS id, i % 3 AS shop, 'größe ' || i AS note, i / 7.0 AS total FROM range(10) t(i)"
    )
    return made


def refused(bench: Bench, sql: str) -> tuple[str, str, str]:
    """Message, hint, and the text at the place."""
    with pytest.raises(MedallionError) as caught:
        bench.build(sql)
    place = caught.value.location
    assert place is not None, caught.value.message
    shown = place.text[place.column - 1 : place.column - 1 + place.length] if place.line else ""
    return caught.value.message, caught.value.hint, shown


def columns(bench: Bench, sql: str) -> dict[str, Column]:
    return {column.name: column for column in bench.build(sql).columns}


# Types


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        ("1::HUGEINT", "HUGEINT"),
        ("1::UHUGEINT", "UHUGEINT"),
        ("1::BIGNUM", "BIGNUM"),
        ("sum(id)", "HUGEINT"),
        ("[1::HUGEINT]", "HUGEINT[]"),
        ("[[1::HUGEINT]]", "HUGEINT[][]"),
        ("[1, 2]::HUGEINT[2]", "HUGEINT[2]"),
        ("{'a': 1, 'b': 2::HUGEINT}", "STRUCT(a INTEGER, b HUGEINT)"),
        ("MAP {'a': 1::HUGEINT}", "MAP(VARCHAR, HUGEINT)"),
        ("MAP {1::HUGEINT: 'a'}", "MAP(HUGEINT, VARCHAR)"),
        ("INTERVAL 1 DAY", "INTERVAL"),
        ("[INTERVAL 1 DAY]", "INTERVAL[]"),
        ("'10:00:00+02'::TIMETZ", "TIME WITH TIME ZONE"),
        ("'101'::BIT", "BIT"),
        ("union_value(a := 1)", "UNION(a INTEGER)"),
        ("row(1, 'a')", "TUPLE(INTEGER, VARCHAR)"),
        ("row(1::HUGEINT)", "TUPLE(HUGEINT)"),
        ("[{'a': row(1::HUGEINT)}]", "STRUCT(a TUPLE(HUGEINT))[]"),
    ],
)
def test_a_type_that_parquet_would_change_is_refused_at_the_column_with_a_way_out(
    bench: Bench, expression: str, kind: str
) -> None:
    message, hint, place = refused(bench, f"SELECT\n  {expression} AS wrong\nFROM bronze.orders")
    assert message.startswith(f'column "wrong" is {kind}, which Parquet stores as ')
    assert hint
    assert place == "wrong"


def test_a_sum_of_integers_is_refused_and_kept_exactly_once_it_is_cast(bench: Bench) -> None:
    big = 12_345_678_901_234_567_890
    _, hint, place = refused(bench, f"SELECT shop, sum(id * {big}) AS n FROM bronze.orders GROUP BY shop")
    assert "cast it to BIGINT or DECIMAL(38, 0)" in hint
    assert place == "n"
    rows = bench.rows(f"SELECT shop, CAST(sum(id * {big}) AS DECIMAL(38, 0)) AS n FROM bronze.orders GROUP BY shop")
    assert rows == [(0, 18 * big), (1, 12 * big), (2, 15 * big)]


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        ("true", "BOOLEAN"), ("1::TINYINT", "TINYINT"), ("1::UBIGINT", "UBIGINT"), ("1.5::FLOAT", "FLOAT"),
        ("1.5::DECIMAL(38, 2)", "DECIMAL(38,2)"), ("'é'", "VARCHAR"), ("'\\xAA'::BLOB", "BLOB"),
        ("DATE '2026-01-31'", "DATE"),
        ("TIME '10:00:00.123456'", "TIME"), ("TIMESTAMP '2026-01-31 10:00'", "TIMESTAMP"),
        ("TIMESTAMPTZ '2026-01-31 10:00+00'", "TIMESTAMP WITH TIME ZONE"),
        ("TIMESTAMP_NS '2026-01-31'", "TIMESTAMP_NS"),
        ("'00000000-0000-0000-0000-000000000001'::UUID", "UUID"), ("[1, NULL]", "INTEGER[]"),
        ("{'a': 1, 'b': ['x']}", "STRUCT(a INTEGER, b VARCHAR[])"), ("MAP {'a': 1}", "MAP(VARCHAR, INTEGER)"),
        ("'{\"a\": 1}'::JSON", "JSON"), ("NULL::INTEGER", "INTEGER"),
    ],
)  # fmt: skip
def test_any_other_type_comes_back_as_it_went_in(bench: Bench, expression: str, kind: str) -> None:
    produced = bench.build(f"SELECT {expression} AS x")
    read = (
        duckdb.connect().execute(f"SELECT x, x IS NOT DISTINCT FROM ({expression}) FROM '{produced.file}'").fetchone()
    )
    assert read is not None
    assert read[1] is True
    shown = duckdb.connect().execute(f"SELECT typeof(x) FROM '{produced.file}'").fetchone()
    assert shown is not None
    assert shown[0] == kind


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        ("'b'::ENUM('b', 'a')", "VARCHAR"),
        ("['b'::ENUM('b', 'a'), NULL]", "VARCHAR[]"),
        ("[1, NULL]::INTEGER[2]", "INTEGER[]"),
        ("{'a': [1.5, 2]::FLOAT[2]}", "STRUCT(a FLOAT[])"),
        ("TIMESTAMP_S '2026-01-31 10:00:01'", "TIMESTAMP"),
        ("TIMESTAMP_S '290000-01-01'", "TIMESTAMP"),
        ("TIMESTAMP_MS '1969-12-31 23:59:59.999'", "TIMESTAMP"),
        ("'infinity'::TIMESTAMP_S", "TIMESTAMP"),
    ],
)
def test_a_type_without_a_like_in_parquet_keeps_its_values_and_is_recorded_as_what_is_read(
    bench: Bench, expression: str, kind: str
) -> None:
    produced = bench.build(f"SELECT {expression} AS x")
    read = duckdb.connect().execute(f"SELECT typeof(x), x::VARCHAR FROM '{produced.file}'").fetchall()
    assert read == [(kind, *duckdb.connect().execute(f"SELECT ({expression})::VARCHAR").fetchall()[0])]
    assert [column.type for column in produced.columns] == [kind]


def test_an_empty_result_keeps_its_schema(bench: Bench) -> None:
    produced = bench.build("-- @key id\nSELECT id, note, [total] AS l FROM bronze.orders WHERE id < 0")
    assert (produced.rows, produced.key_range) == (0, None)
    described = duckdb.connect().execute(f"DESCRIBE FROM '{produced.file}'").fetchall()
    assert [row[:2] for row in described] == [("id", "BIGINT"), ("note", "VARCHAR"), ("l", "DOUBLE[]")]
    assert [column.name for column in produced.columns] == ["id", "note", "l"]
    assert duckdb.connect().execute(f"SELECT count(*) FROM '{produced.file}'").fetchall() == [(0,)]


# Names and keys


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("SELECT 1 AS a, 2 AS a", 'two output columns are called "a"'),
        ('SELECT 1 AS "A", 2 AS a', 'two output columns differ in case only: "A" and "a"'),
        ("SELECT o.id, p.id FROM bronze.orders o, bronze.orders p", 'two output columns are called "id"'),
    ],
)
def test_names_that_sql_cannot_tell_apart_are_refused(bench: Bench, sql: str, message: str) -> None:
    assert refused(bench, sql)[0] == message


def test_a_column_may_be_called_like_a_reserved_word_or_have_any_letters(bench: Bench) -> None:
    assert list(columns(bench, 'SELECT 1 AS "select", 2 AS "a b", 3 AS größe, 4 AS "it\'s"')) == [
        "select",
        "a b",
        "größe",
        "it's",
    ]


def test_a_key_column_that_the_model_does_not_have_is_refused(bench: Bench) -> None:
    message, hint, place = refused(bench, "-- @key id, nope\nSELECT id, note FROM bronze.orders")
    assert message == '@key names a column that the model does not have: "nope"'
    assert hint == "the columns are id, note"
    assert place == "@key id, nope"


# Errors


@pytest.mark.parametrize(
    ("sql", "message", "hint", "place"),
    [
        (
            "SELECT 'größe 日本',\n  nott FROM bronze.orders",
            'no column "nott" in bronze.orders',
            'did you mean "note"?',
            "nott",
        ),
        ("SELECT é FROM (SELECT 1 AS e)", 'no column "é"', "", "é"),
        ("-- größe\nSELECT 'ü' AS a, lowr(note) FROM bronze.orders", None, None, "lowr(note)"),
        ("SELECT 'ü' AS a,, 1", None, "", ","),
        ("SELECT 'ü' AS a, note + 1 FROM bronze.orders", None, None, None),
        ("SELECT id FROM bronze.orders WHERE 'ü' = nope", 'no column "nope" in bronze.orders', None, "nope"),
    ],
)
def test_an_error_in_the_sql_points_to_its_place_whatever_letters_stand_before(
    bench: Bench, sql: str, message: str | None, hint: str | None, place: str | None
) -> None:
    said, advice, shown = refused(bench, sql)
    assert message is None or said == message
    assert hint is None or advice == hint
    assert place is None or shown == place


def test_an_error_while_it_runs_points_to_its_place(bench: Bench) -> None:
    sql = "SELECT 'größe' AS a,\n  CAST(note AS INTEGER) AS n\nFROM bronze.orders"
    with pytest.raises(ModelError) as caught:
        bench.build(sql)
    assert "Could not convert string 'größe 0' to INT32" in caught.value.message
    place = caught.value.location
    assert place is not None
    assert (place.path, place.line) == ("sql/silver/x.sql", 2)
    assert place.text[place.column - 1 :].startswith("CAST(note")


def test_an_unqualified_table_is_refused_with_the_right_form(bench: Bench) -> None:
    message, hint, _ = refused(bench, "SELECT 1 AS a FROM orders")
    assert (message, hint) == ('there is no table "orders"', "name datasets with their layer, as in silver.orders")


def test_a_failed_model_leaves_the_session_usable(bench: Bench) -> None:
    with bench.engine().open() as session:
        bench.register(session)
        for sql in ("SELECT nope FROM bronze.orders", "SELECT note::INTEGER AS n FROM bronze.orders"):
            with pytest.raises(ModelError):
                session.build(*bench.model(sql), bench.target("x"), lambda _: None)
        model, macros = bench.model("SELECT id FROM bronze.orders")
        assert session.build(model, macros, bench.target("x"), lambda _: None).rows == 10


# Macros and variables


def test_macros_are_created_with_those_they_call_first(bench: Bench) -> None:
    bench.macros = "CREATE MACRO a(x) AS b(x) + 1; CREATE MACRO b(x) AS z(x) * 2; CREATE MACRO z(x) AS x + 3"
    assert bench.rows("SELECT a(1) AS n") == [(9,)]


def test_a_table_macro_reads_a_dataset(bench: Bench) -> None:
    bench.macros = "create  or replace macro cheap(most) as table select id from bronze.orders where total <= most"
    assert bench.rows("FROM cheap(0.2)") == [(0,), (1,)]


def test_an_error_in_a_macro_is_shown_in_its_file(bench: Bench) -> None:
    bench.macros = (
        "-- größe\nCREATE OR REPLACE MACRO fine(x) AS x;\nCREATE MACRO bad(x) AS (SELECT nope FROM bronze.orders)"
    )
    with pytest.raises(ModelError) as caught:
        bench.build("SELECT bad(1) AS n")
    place = caught.value.location
    assert place is not None
    assert (place.path, place.line) == ("sql/macros/m.sql", 3)
    assert place.text[place.column - 1 :].startswith("nope")
    assert caught.value.message.startswith("macro bad: ")


def test_variables_have_the_values_and_types_of_the_configuration(bench: Bench) -> None:
    bench.variables = {"s": "it's é", "n": 3, "f": 0.5, "b": True, "big": 2**62}
    assert bench.rows("SELECT getvariable('s') AS s, getvariable('n') AS n, getvariable('f') AS f") == [
        ("it's é", 3, 0.5)
    ]
    assert bench.rows("SELECT getvariable('b') AS b, getvariable('big') AS big") == [(True, 2**62)]


# The sandbox


@pytest.mark.parametrize(
    "table",
    ["'{root}/secret.csv'", "'secret.csv'", "'sources/../secret.csv'", "'sources/link.csv'", "read_csv('/etc/passwd')",
     "read_text('/etc/hostname')", "glob('/etc/*')", "read_text('medallion.toml')",
     "read_blob('.medallion/catalog.duckdb')"],
)  # fmt: skip
def test_a_model_cannot_read_outside_of_the_sources(bench: Bench, table: str) -> None:
    (bench.root / "sources").mkdir()
    for path in ("secret.csv", "medallion.toml"):
        (bench.root / path).write_text("a\n1\n")
    (bench.root / "sources/link.csv").symlink_to(bench.root / "secret.csv")
    with pytest.raises(MedallionError):
        bench.build(f"SELECT * FROM {table.format(root=bench.root)}", "bronze.x")


def test_a_model_reads_a_source_by_a_relative_path_from_any_folder(
    bench: Bench, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    (bench.root / "sources").mkdir()
    (bench.root / "sources/größe a.csv").write_text("a\n1\n")
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    before = Path.cwd()
    assert bench.rows("SELECT a, filename FROM read_csv('sources/größe a.csv', filename = true)", "bronze.x") == [
        (1, "sources/größe a.csv")
    ]
    assert Path.cwd() == before


class _Answer(BaseHTTPRequestHandler):
    asked: list[str] = []  # noqa: RUF012  # the class is the record of what was asked

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"a\n1\n")

    do_HEAD = do_GET  # noqa: N815  # http.server's name

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


def test_a_model_asks_nothing_of_the_network(bench: Bench) -> None:
    server = HTTPServer(("127.0.0.1", 0), _Answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        with pytest.raises(MedallionError):
            bench.build(f"FROM 'http://127.0.0.1:{server.server_port}/a.csv'", "bronze.x")
        with pytest.raises(MedallionError):
            bench.build(f"FROM read_csv('http://127.0.0.1:{server.server_port}/a.csv')", "bronze.x")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert _Answer.asked == []


@pytest.mark.parametrize(
    "statement",
    [
        "SET threads = 1",
        "RESET allowed_directories",
        "ATTACH '{root}/x.duckdb'",
        "COPY (SELECT 1) TO '{root}/escape.csv'",
        "PRAGMA enable_profiling = 'json'",
        "EXPORT DATABASE '{root}/escape'",
    ],
)
def test_the_instance_that_models_run_in_is_locked(bench: Bench, statement: str) -> None:
    # No model can hold these statements; this is what stands behind that.
    with bench.engine().open() as session:
        model, macros = bench.model("SELECT 1 AS a")
        session.build(model, macros, bench.target("x"), lambda _: None)
        instance = session._instance(single=False)  # type: ignore[attr-defined]
        cursor = instance.cursors.get()
        with pytest.raises(duckdb.Error):
            cursor.execute(statement.format(root=bench.root.parent))


# Order and determinism


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


# What the file says of itself


def test_a_footer_tells_rows_types_and_which_columns_hold_null(bench: Bench) -> None:
    found = columns(
        bench,
        """SELECT unnest([1, 2]) AS whole, unnest([1, NULL]) AS holes, [1, NULL] AS inner_null,
        NULL::INTEGER[] AS no_list,
        {'a': NULL::INTEGER} AS field, NULL::STRUCT(a INTEGER) AS no_struct, MAP {'a': NULL::INTEGER} AS m,
        []::INTEGER[] AS e,
        1.5::DECIMAL(10, 2) AS d""",
    )
    assert {name: (c.type, c.nullable) for name, c in found.items()} == {
        "whole": ("INTEGER", False),
        "holes": ("INTEGER", True),
        "inner_null": ("INTEGER[]", False),
        "no_list": ("INTEGER[]", True),
        "field": ("STRUCT(a INTEGER)", False),
        "no_struct": ("STRUCT(a INTEGER)", True),
        "m": ("MAP(VARCHAR, INTEGER)", False),
        "e": ("INTEGER[]", False),
        "d": ("DECIMAL(10,2)", False),
    }


def test_equal_columns_have_equal_hashes_in_different_tables(bench: Bench) -> None:
    one = columns(bench, "SELECT id, note, [id, 1] AS l FROM bronze.orders")
    other = columns(bench, "SELECT total AS before, note AS renamed, id, [id, 1] AS l, 1 AS behind FROM bronze.orders")
    assert (one["id"].hash, one["note"].hash, one["l"].hash) == (
        other["id"].hash,
        other["renamed"].hash,
        other["l"].hash,
    )
    assert len({c.hash for c in other.values()}) == 5


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("VALUES (1, 1), (2, 2)", "VALUES (2, 1), (1, 2)"),
        ("VALUES (1, 1)", "VALUES (1, 1), (1, 2)"),
        ("VALUES (NULL, 1), (1, 2)", "VALUES (1, 1), (NULL, 2)"),
        ("VALUES (1, 1)", "VALUES (1::BIGINT, 1)"),
        ("VALUES ('a', 1)", "VALUES ('b', 1)"),
        ("VALUES ([1, 2], 1), ([], 2)", "VALUES ([1], 1), ([2], 2)"),
        ("VALUES ([NULL], 1)", "VALUES ([]::INTEGER[], 1)"),
    ],
)
def test_a_column_with_other_values_or_another_order_has_another_hash(bench: Bench, one: str, other: str) -> None:
    hashes = [columns(bench, f"-- @key k\nFROM ({sql}) t(v, k)")["v"].hash for sql in (one, other)]
    assert hashes[0] != hashes[1]


def test_the_oid_size_and_rows_are_those_of_the_file(bench: Bench) -> None:
    produced = bench.build("FROM bronze.orders")
    data = produced.file.read_bytes()
    assert (produced.oid, produced.size, produced.rows) == (hashlib.sha256(data).hexdigest(), len(data), 10)


def test_the_key_range_is_the_first_key_columns(bench: Bench) -> None:
    bench.table("bronze.big", "SELECT i AS id, DATE '2026-01-01' + (i % 300)::INTEGER AS d FROM range(300000) t(i)")
    assert bench.build("-- @key id\nFROM bronze.big").key_range == ("0", "299999")
    assert bench.build("-- @key d, id\nFROM bronze.big").key_range == ("2026-01-01", str(date(2026, 10, 27)))
    assert bench.build("FROM bronze.big").key_range is None


# Stopping


def test_interrupt_stops_a_running_query_and_every_later_one(bench: Bench) -> None:
    endless = "SELECT count(*) AS n FROM range(100000000000) a, range(1000000) b WHERE a.range + b.range = -1"
    with bench.engine().open() as session:
        running = threading.Event()
        ended: list[BaseException] = []

        def run() -> None:
            try:
                session.build(*bench.model(endless), bench.target("x"), lambda _: running.set())
            except BaseException as error:
                ended.append(error)

        worker = threading.Thread(target=run)
        worker.start()
        assert running.wait(60), "the query reports that it runs"
        session.interrupt()
        worker.join(60)
        assert not worker.is_alive()
        (error,) = ended
        assert isinstance(error, BuildError)
        assert error.message == "interrupted"
        with pytest.raises(BuildError, match="interrupted"):
            session.build(*bench.model("SELECT 1 AS a"), bench.target("y"), lambda _: None)


def test_models_of_several_threads_share_a_session(bench: Bench) -> None:
    with bench.engine().open() as session:
        bench.register(session)
        results: dict[int, int] = {}

        def run(n: int) -> None:
            sql = (
                f"SELECT id, {n} AS n FROM bronze.orders WHERE id < {n}"
                if n % 2
                else (f"SELECT shop, list(id) AS l FROM bronze.orders WHERE id < {n} GROUP BY shop")
            )
            results[n] = session.build(*bench.model(sql), bench.target(f"{n}"), lambda _: None).rows

        workers = [threading.Thread(target=run, args=(n,)) for n in range(1, 7)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(60)
    assert results == {n: (n if n % 2 else min(n, 3)) for n in range(1, 7)}
