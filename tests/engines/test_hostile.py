"""SQL of a stranger reads nothing but what it may, and writes nothing at all."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb
import pytest

from medallion.config import Config
from medallion.engines.reads import Allowed, objection
from medallion.errors import MedallionError
from medallion.identities import Identities
from medallion.models.graph import build_graph
from medallion.models.parse import parse_macros, parse_model
from medallion.names import TableName
from medallion.sources import source_state
from tests.engines.bench import LAYERS, Bench
from tests.engines.hostile import CANARY, NOT_SELECT, READS

if TYPE_CHECKING:
    from pathlib import Path


@dataclass
class Stranger(Bench):
    """A project with secrets in and around it, and whoever brings models to it."""

    def try_model(self, sql: str, name: str, macros: str = "") -> None:
        """All that a run does with a model: read its text, look at its sources, build it."""
        table = TableName.parse(name)
        read = parse_macros("sql/macros/m.sql", macros, LAYERS)
        models = [
            parse_model(other, f"sql/{other.layer}/{other.name}.sql", "SELECT 1 AS a", LAYERS) for other in self.tables
        ]
        model = parse_model(table, f"sql/{table.layer}/{table.name}.sql", sql, LAYERS)
        graph = build_graph([*models, model], read, LAYERS, {})
        if problem := graph.problems.get(table):
            raise problem
        config = Config(self.root, threads=2, variables={"path": f"{self.root.parent}/outside/secret.csv"})
        for source in model.sources:
            state = source_state(source.path, config, Identities(self.root))
            if state.error:
                raise state.error
        self.variables = dict(config.variables)
        with self.engine().open() as session:
            for other in graph.inputs[table]:
                session.register(other, [self.tables[other]])
            session.build(model, graph.macros[table], self.target(name), lambda _: None)

    def files(self) -> dict[str, bytes]:
        """Everything in and around the project, but for what a run may write."""
        return {
            str(path): path.read_bytes()
            for path in sorted(self.root.parent.rglob("*"))
            if path.is_file() and ".medallion" not in path.parts
        }

    def written(self) -> bytes:
        return b"".join(path.read_bytes() for path in (self.root / ".medallion").rglob("*") if path.is_file())


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Stranger:
    folder = tmp_path_factory.mktemp("hostile")
    outside, root = folder / "outside", folder / "project"
    for path in (outside, root / "sources", root / "private"):
        path.mkdir(parents=True)
    (outside / "secret.csv").write_text(f"a,b\n1,{CANARY}\n")
    (outside / "secret.json").write_text(f'{{"a": "{CANARY}"}}\n')
    (outside / "secret.txt").write_text(f"a,b\n1,2,{CANARY}\n")
    duckdb.connect().execute(f"COPY (SELECT '{CANARY}' AS c) TO '{outside}/secret.parquet'")
    (root / "private/p.csv").write_text(f"a,b\n1,{CANARY}\n")
    (root / "sources/o.csv").write_text("a,b\n1,x\n")
    (root / "sources/link.csv").symlink_to(outside / "secret.csv")
    (root / "sources/linked").symlink_to(outside)
    made = Stranger(root)
    made.table("bronze.orders", "SELECT 1 AS k, 'x' AS t")
    made.table("bronze.hidden", f"SELECT '{CANARY}' AS c")
    (root / "data/bronze/hidden.json").write_text(f'{{"a": "{CANARY}"}}\n')
    return made


def fill(sql: str, stranger: Stranger) -> str:
    return sql.replace("{out}", str(stranger.root.parent / "outside"))


def refused(stranger: Stranger, sql: str, name: str, macros: str = "") -> MedallionError:
    """The refusal; meanwhile nothing was read that shows, and nothing was written."""
    before = stranger.files()
    local_frame = CANARY  # A Python variable, which is no table here.
    with pytest.raises(MedallionError) as caught:
        stranger.try_model(fill(sql, stranger), name, fill(macros, stranger))
    assert local_frame not in str(caught.value)
    assert local_frame.encode() not in stranger.written()
    assert stranger.files() == before
    assert not stranger.target(name).exists()
    return caught.value


@pytest.mark.parametrize("name", ["bronze.x", "silver.x"])
@pytest.mark.parametrize("sql", [*READS, *NOT_SELECT])
def test_a_hostile_model_is_refused_and_nothing_is_read_or_written(stranger: Stranger, sql: str, name: str) -> None:
    refused(stranger, sql, name)


@pytest.mark.parametrize("name", ["bronze.x", "silver.x"])
@pytest.mark.parametrize("sql", [*READS, *NOT_SELECT])
def test_a_hostile_macro_that_a_model_calls_is_refused(stranger: Stranger, sql: str, name: str) -> None:
    refused(stranger, "FROM hostile()", name, f"CREATE MACRO hostile() AS TABLE {sql}")


@pytest.mark.thorough
# error() in a column that is only counted is never called.
@pytest.mark.parametrize("sql", [sql for sql in READS if "error(" not in sql])
def test_a_macro_is_refused_as_well_where_another_one_calls_it_inside_of_an_expression(
    stranger: Stranger, sql: str
) -> None:
    inner = f"CREATE MACRO inner_one() AS ((SELECT count(*) FROM ({sql}\n)));\n"
    refused(stranger, "SELECT outer_one(k) AS k FROM bronze.orders", "silver.x",
            f"{inner}CREATE MACRO outer_one(x) AS x + inner_one();")  # fmt: skip


# A variable of any name: only for the fingerprint of a model it has to be seen.
@pytest.mark.parametrize("sql", [sql for sql in (*READS, *NOT_SELECT) if "getvariable('pa' ||" not in sql])
def test_duckdbs_own_parser_objects_where_the_text_was_not_looked_at(stranger: Stranger, sql: str) -> None:
    """What it lets by cannot be run either: a name that is none, or a function's own message."""
    connection = duckdb.connect(config={"errors_as_json": True, "python_enable_replacements": False})
    connection.execute("CREATE SCHEMA bronze")
    connection.execute("CREATE TABLE bronze.orders AS SELECT 1 AS k, 'x' AS t")
    connection.execute("SET enable_external_access = false")
    with contextlib.chdir(stranger.root):
        text = fill(sql, stranger)
        if objection(connection, text, Allowed(tables={"bronze.orders"})) is None:
            with pytest.raises((duckdb.Error, ValueError)):
                connection.execute(text)


@pytest.mark.parametrize(
    "macro",
    [
        "CREATE MACRO me(x) AS me(x)",
        "CREATE MACRO me(x) AS other(x);\nCREATE MACRO other(x) AS me(x)",
        "CREATE MACRO me(x) AS TABLE FROM me(x)",
    ],
)
def test_a_macro_that_calls_itself_ends_in_an_error(stranger: Stranger, macro: str) -> None:
    refused(stranger, "FROM me(1)" if "TABLE" in macro else "SELECT me(1) AS a", "silver.x", macro)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT " + "(" * 100_000 + "1" + ")" * 100_000,
        "SELECT " + "(" * 100_000,
        "SELECT " + "+".join(["1"] * 10_000) + " AS a",
        "SELECT " + "CASE WHEN true THEN " * 20_000 + "1" + " END" * 20_000 + " AS a",
        "SELECT " + "[" * 50_000 + "]" * 50_000 + " AS a",
        "FROM (" * 5_000 + "SELECT 1 AS a" + ")" * 5_000,
        "SELECT " + "9" * 100_000 + "::INTEGER AS a",
        "SELECT 1 AS a /*" + "/*" * 10_000,
    ],
    ids=["brackets", "open brackets", "sum", "cases", "lists", "subqueries", "number", "comments"],
)
def test_sql_nested_beyond_reason_is_an_error_and_no_crash(stranger: Stranger, sql: str) -> None:
    refused(stranger, sql, "silver.x")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT repeat('x', 10000000000) AS a",
        "SELECT range(1000000000000) AS a",
        "SELECT list(a.range) AS a FROM range(1000000000000) a",
        "SELECT string_agg(repeat('x', 100000), '') AS a FROM range(1000000)",
    ],
)
def test_a_memory_bomb_ends_at_the_limit(stranger: Stranger, sql: str) -> None:
    model = parse_model(TableName.parse("silver.bomb"), "sql/silver/bomb.sql", sql, LAYERS)
    from medallion.engines.duckdb import DuckDBEngine

    config = Config(stranger.root, threads=2, memory_limit="100MB", max_temp_directory_size="10MB")
    with DuckDBEngine(config, []).open() as session, pytest.raises(MedallionError) as caught:
        session.build(model, (), stranger.target("silver.bomb"), lambda _: None)
    assert "Traceback" not in str(caught.value)


@pytest.mark.parametrize(
    "name", ["it's.csv", "a]b[c].csv", "line\nbreak.csv", 'quo"te.csv', "semi;colon.csv", "--x.csv"]
)
def test_a_source_is_read_whatever_its_name_holds(tmp_path: Path, name: str) -> None:
    bench = Bench(tmp_path)
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / name).write_text("a,b\n1,x\n")
    pattern = name.replace("[", "[[]").replace("'", "''")
    assert bench.rows(f"FROM read_csv('sources/{pattern}')", "bronze.x") == [(1, "x")]


def test_what_a_reader_could_not_read_is_not_left_to_the_next_model(stranger: Stranger) -> None:
    for options in ("store_rejects = true", "rejects_table = 'r'", "rejects_scan := 's'"):
        error = refused(stranger, f"FROM read_csv('sources/o.csv', {options})", "bronze.x")
        assert "it would leave tables behind" in error.message


def test_files_below_an_allowed_link_are_read_where_sources_names_the_place_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/o.csv").write_text("a\n1\n")
    root = tmp_path / "project"
    (root / "sources").mkdir(parents=True)
    (root / "sources/link.csv").symlink_to(tmp_path / "elsewhere/o.csv")
    closed, opened = Config(root), Config(root, sources=("sources/", f"{tmp_path}/elsewhere/"))
    refusal = source_state("sources/link.csv", closed, Identities(root)).error
    assert refusal is not None
    assert "is a link that leads out of what this project may read" in refusal.message
    assert source_state("sources/link.csv", opened, Identities(root)).error is None


def test_a_pivot_that_takes_its_columns_from_data_calls_and_names_what_is_harmless() -> None:
    connection = duckdb.connect()
    allowed = Allowed(tables={"bronze.orders"}, functions={"duckdb_columns", "mine"}, system={"duckdb_types"})
    for sql in (
        "PIVOT bronze.orders ON k USING sum(k) AS query, list(upper(t)) AS pg_tags GROUP BY t",
        "WITH pg_orders(a) AS (FROM bronze.orders SELECT k) FROM (PIVOT pg_orders ON a)",
        "PIVOT (SELECT unnest(range(k)) AS \"tables\", 'getenv(''HOME'')' AS b FROM bronze.orders, range(3)) ON b",
        "PIVOT (FROM duckdb_columns()) ON table_name",
        "PIVOT (FROM duckdb_types) ON type_name",
        "PIVOT (FROM mine(1)) ON größe",
    ):
        assert objection(connection, sql, allowed) is None, sql


def test_a_pivot_that_takes_its_columns_from_data_reads_the_sources_of_its_model_and_no_other() -> None:
    connection = duckdb.connect()
    allowed = Allowed(sources={"sources/o.csv"})

    def told(call: str) -> str:
        found = objection(connection, f"PIVOT (FROM {call}) ON b", allowed)
        return found.message if found else ""

    assert told("read_csv('sources/o.csv')") == told("read_csv(['sources/o.csv'], header = true)") == ""
    assert 'it reads "sources/link.csv"' in told("read_csv('sources/link.csv')")
    assert 'it reads "sources/*.csv"' in told("read_csv(['sources/o.csv', 'sources/*.csv'])")
    assert "store_rejects is refused" in told("read_csv('sources/o.csv', store_rejects = true)")
    with pytest.raises(MedallionError, match="a path that is no literal"):
        told("read_csv('sources/' || 'o.csv')")


def test_a_cte_may_be_called_as_nothing_of_duckdbs_own_is() -> None:
    connection = duckdb.connect()
    assert objection(connection, "WITH pg_orders AS (SELECT 1 AS a) FROM pg_orders", Allowed()) is None
    assert objection(connection, "WITH pg_views AS (SELECT 1 AS a) FROM pg_views", Allowed()) is not None
