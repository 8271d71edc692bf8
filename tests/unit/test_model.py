"""A model file and a macro file as values: what they read, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from medallion.errors import ModelError
from medallion.models.parse import parse_macros, parse_model
from medallion.models.syntax import syntax_tree
from medallion.names import TableName

if TYPE_CHECKING:
    from medallion.models.model import Macro, Model

LAYERS = ("bronze", "silver", "gold")


def model(sql: str, name: str = "silver.x") -> Model:
    table = TableName.parse(name)
    return parse_model(table, f"sql/{table.layer}/{table.name}.sql", sql, LAYERS)


def macros(sql: str) -> tuple[Macro, ...]:
    return parse_macros("sql/macros/m.sql", sql, LAYERS)


def refused(sql: str) -> tuple[str, str]:
    """The message, and the text of the file from the place on."""
    with pytest.raises(ModelError) as caught:
        model(sql)
    place = caught.value.location
    assert place is not None
    assert place.path == "sql/silver/x.sql"
    return caught.value.message, place.text[place.column - 1 : place.column - 1 + place.length] if place.line else ""


def reads(sql: str) -> list[str]:
    return [str(reference.name) for reference in model(sql).datasets]


@pytest.mark.parametrize("sql", ["", "  \n", "-- only a comment", ";", "/* c */ ; -- d"])
def test_a_file_without_sql_is_refused(sql: str) -> None:
    assert refused(sql) == ("the file holds no SQL", "")


def test_two_statements_are_refused_at_the_second() -> None:
    assert refused("SELECT 1 AS a;\nFROM b") == ("the file holds more than one statement", "FROM")


@pytest.mark.parametrize("sql", ["SELECT 1 AS a;", "; SELECT 1 AS a ;; -- end"])
def test_closing_semicolons_are_no_statements_and_no_part_of_the_sql(sql: str) -> None:
    assert model(sql).sql == "SELECT 1 AS a"


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM silver.t",
        "INSERT INTO silver.t SELECT 1",
        "UPDATE silver.t SET a = 1",
        "CREATE TABLE t AS SELECT 1",
        "COPY silver.t TO 'x'",
        "ATTACH 'x'",
        "SET threads = 1",
        "EXPLAIN SELECT 1",
        "DESCRIBE silver.t",
        "PRAGMA x",
        "CALL f()",
        "MERGE INTO silver.t USING silver.u ON true WHEN MATCHED THEN DELETE",
        "DROP TABLE t",
        "SHOW TABLES",
        "INSTALL httpfs",
        "LOAD httpfs",
        "EXPORT DATABASE 'x'",
        "CHECKPOINT",
        "BEGIN",
        "nonsense",
    ],
)
def test_anything_but_a_query_is_refused_at_its_first_word(sql: str) -> None:
    word = sql.split()[0]
    assert refused(sql) == (f"a model is one SELECT; this begins with {word.upper()}", word)


@pytest.mark.parametrize(
    ("sql", "word"),
    [
        ("WITH x AS (SELECT 1) DELETE FROM silver.t", "DELETE"),
        ("WITH x AS (SELECT 1) INSERT INTO silver.t SELECT 1", "INSERT"),
        ("WITH x AS (SELECT 1) INSERT OR REPLACE INTO silver.t SELECT 1", "INSERT"),
        ("WITH x AS (SELECT 1) UPDATE silver.t SET a = 1", "UPDATE"),
        ("WITH x AS (SELECT 1) merge INTO silver.t USING x ON true WHEN MATCHED THEN DELETE", "merge"),
        ("WITH x AS (DELETE FROM silver.t RETURNING *) SELECT * FROM x", "DELETE"),
        ("SELECT * FROM (INSERT INTO silver.t SELECT 1 RETURNING *)", "INSERT"),
        ("WITH x AS (COPY (SELECT 1) TO 'data/y.parquet') SELECT 1", "COPY"),
        ("WITH x AS (COPY silver.t TO 'data/y.parquet') SELECT 1", "COPY"),
    ],
)
def test_a_query_that_writes_is_refused_where_it_does(sql: str, word: str) -> None:
    assert refused(sql) == (f"a model is one SELECT; this writes: {word.upper()}", word)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1 AS a",
        "FROM silver.t",
        "WITH x AS (SELECT 1) FROM x",
        "(SELECT 1)",
        "((FROM silver.t))",
        "VALUES (1)",
        "TABLE silver.t",
        "PIVOT silver.t ON a USING sum(b)",
        "UNPIVOT silver.t ON a, b",
        "SUMMARIZE silver.t",
        "SELECT delete, update, insert FROM silver.t",
        "WITH x AS (SELECT 1) SELECT (update) AS a, insert FROM x",
        "select 1 union all select 2",
        "SELECT t.show FROM silver.t",
    ],
)
def test_every_kind_of_query_is_a_model(sql: str) -> None:
    assert model(sql).sql == sql


@pytest.mark.parametrize(
    ("sql", "word"),
    [
        ("FROM query('SELECT 1')", "query"),
        ("FROM query_table('silver.t')", "query_table"),
        ("SELECT getenv('HOME')", "getenv"),
        ("FROM \"query\"('SELECT 1')", '"query"'),
        ("SELECT * FROM main.QUERY ('SELECT 1')", "QUERY"),
        ("FROM which_secret('a', 'b')", "which_secret"),
        ("SELECT * FROM (SHOW TABLES)", "SHOW"),
    ],
)
def test_a_read_that_cannot_be_seen_is_refused_at_its_place(sql: str, word: str) -> None:
    message, place = refused(sql)
    assert "is refused" in message
    assert place == word


@pytest.mark.parametrize(
    "call",
    [
        "read_csv('a' || 'b')",
        "read_csv(getvariable('p'))",
        "read_parquet(x)",
        "read_csv($$a.csv$$)",
        "read_csv()",
        "read_text(['a.txt', b])",
        "read_json([])",
        "glob(a.b)",
        "read_csv(files := 'a')",
        "parquet_metadata(upper('a'))",
    ],
)
def test_a_path_that_is_no_literal_is_refused_at_the_function(call: str) -> None:
    message, place = refused(f"SELECT * FROM {call}")
    assert message.endswith("() reads a path that is no literal, so what it reads cannot be seen")
    assert place == call.split("(")[0]


@pytest.mark.parametrize(
    ("sql", "sources"),
    [
        ("FROM read_csv('sources/a.csv')", ["sources/a.csv"]),
        ("FROM read_csv(['sources/a.csv', 'sources/b.csv'], header = true)", ["sources/a.csv", "sources/b.csv"]),
        ("FROM READ_PARQUET ( 'sources/*.parquet' )", ["sources/*.parquet"]),
        ("FROM 'sources/a.csv'", ["sources/a.csv"]),
        ('FROM "sources/a.parquet" AS t', ["sources/a.parquet"]),
        ("FROM 'a.csv' t JOIN 'b/c.json' u USING (x)", ["a.csv", "b/c.json"]),
        ("FROM 'a.csv', 'b.csv'", ["a.csv", "b.csv"]),
        ("SELECT * FROM (FROM 'é ü.csv') WHERE x = 'no.csv'", ["é ü.csv"]),
        ("SELECT 'no.csv' AS a, \"no.csv\" FROM silver.t", []),
        ("FROM 'it''s.csv'", ["it's.csv"]),
    ],
)
def test_files_are_sources_wherever_they_stand_as_tables(sql: str, sources: list[str]) -> None:
    found = model(sql, "bronze.x").sources
    assert [source.path for source in found] == sources
    assert all(sql[s.offset] in "'\"" and sql[s.offset + s.length - 1] in "'\"" for s in found)


@pytest.mark.parametrize(
    ("sql", "datasets"),
    [
        ("FROM silver.orders", ["silver.orders"]),
        ('FROM "Silver"."ORDERS"', ["silver.orders"]),
        ("FROM silver.a JOIN silver.b USING (x) JOIN silver.a USING (x)", ["silver.a", "silver.b"]),
        ("FROM silver.a, silver.b", ["silver.a", "silver.b"]),
        (
            "SELECT (SELECT max(x) FROM silver.a) FROM silver.b WHERE EXISTS (FROM bronze.c)",
            ["silver.a", "silver.b", "bronze.c"],
        ),
        ("FROM silver.a UNION ALL BY NAME FROM silver.b", ["silver.a", "silver.b"]),
        ("FROM silver.a t ASOF JOIN silver.b u ON t.x >= u.x", ["silver.a", "silver.b"]),
        ("FROM silver.a POSITIONAL JOIN silver.b", ["silver.a", "silver.b"]),
        ("FROM silver.a t, LATERAL (FROM silver.b u WHERE u.x = t.x)", ["silver.a", "silver.b"]),
        ("SELECT x FROM silver.a WHERE x = ANY (FROM silver.b)", ["silver.a", "silver.b"]),
        ("PIVOT silver.a ON x USING sum(y)", ["silver.a"]),
        ("SELECT * FROM (PIVOT silver.a ON x USING sum(y))", ["silver.a"]),
        ("FROM silver.a PIVOT (sum(y) FOR x IN (1, 2))", ["silver.a"]),
        ("UNPIVOT silver.a ON x, y", ["silver.a"]),
        ("SUMMARIZE silver.a", ["silver.a"]),
        ("TABLE silver.a", ["silver.a"]),
        ("SELECT silver.a.x FROM silver.a", ["silver.a"]),
        ("FROM memory.silver.a", ["silver.a"]),
        # A CTE hides a dataset of its name, but not what it reads itself.
        ("WITH orders AS (FROM silver.orders) FROM orders", ["silver.orders"]),
        ("WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 3) FROM r", []),
        # An alias may look like a layer; its columns are no datasets.
        ("SELECT silver.total FROM bronze.orders AS silver", ["bronze.orders"]),
        ("WITH silver AS (SELECT 1 AS total) SELECT silver.total FROM silver", []),
        ("FROM silver.orders AS silver SELECT silver.total", ["silver.orders"]),
        ("SELECT bronze.silver.x FROM silver.t AS bronze", ["silver.t"]),
        # Text and comments are not read.
        ("SELECT 'silver.a' AS x -- silver.b", []),
        ("FROM other.orders", []),
    ],
)
def test_dependencies_are_what_stands_as_a_table(sql: str, datasets: list[str]) -> None:
    assert reads(sql) == datasets


@pytest.mark.parametrize(
    ("sql", "datasets"),
    [
        ("PIVOT silver.a ON x IN (1, 2) USING sum(y) AS s, max(y) GROUP BY z ORDER BY z", ["silver.a"]),
        ("SELECT x'AA' FROM silver.a JOIN silver.b USING (x)", ["silver.a", "silver.b"]),
        ("SELECT 5! AS x FROM 'a.csv'", []),
    ],
)
def test_sql_that_only_duckdb_can_parse_still_shows_what_it_reads(sql: str, datasets: list[str]) -> None:
    found = model(sql, "bronze.x")
    assert syntax_tree(found.sql) is None, "sqlglot learned to read it: find another statement for this test"
    assert [str(r.name) for r in found.datasets] == datasets
    assert [s.path for s in found.sources] == (["a.csv"] if "a.csv" in sql else [])


@pytest.mark.parametrize(
    ("sql", "functions"),
    [
        ("FROM range(3)", []),
        ("FROM my_macro(1)", ["my_macro"]),
        ("FROM duckdb_settings()", ["duckdb_settings"]),
        (
            "SELECT x'AA' FROM duckdb_settings() JOIN f(1) ON true JOIN LATERAL (SELECT 1) ON true",
            ["duckdb_settings", "f"],
        ),
        ("FROM duckdb_tables", ["duckdb_tables"]),
        ("FROM information_schema.tables", ["information_schema.tables"]),
        ("FROM pg_catalog.pg_class", ["pg_catalog.pg_class"]),
        ("WITH duckdb_tables AS (SELECT 1) FROM duckdb_tables", []),
        ("SELECT my_macro(1) FROM silver.t", []),
    ],
)
def test_functions_and_system_views_that_stand_as_tables_are_found(sql: str, functions: list[str]) -> None:
    assert [f.name for f in model(sql).table_functions] == functions


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("SELECT random()", ["random"]),
        ("SELECT NOW (), 1", ["NOW"]),
        ("SELECT current_date, CURRENT_TIMESTAMP", ["current_date", "CURRENT_TIMESTAMP"]),
        ("SELECT uuid() FROM silver.t", ["uuid"]),
        ("FROM silver.t USING SAMPLE 10", ["SAMPLE"]),
        ("SELECT * FROM silver.t TABLESAMPLE 10%", ["TABLESAMPLE"]),
        ("SELECT nextval('s')", ["nextval"]),
        ("SELECT t.now, t.current_date, sample FROM silver.t", []),
        ("SELECT 'now()' AS a -- now()", []),
        ("SELECT date_trunc('day', t.at) FROM silver.t", []),
    ],
)
def test_what_gives_another_result_each_time_is_found(sql: str, words: list[str]) -> None:
    assert [token.raw for token in model(sql).volatile_at] == words


def test_variables_are_found_in_any_spelling_of_the_function() -> None:
    sql = (
        "SELECT getvariable('a'), GETVARIABLE ('b'), \"getvariable\"('c'), main.getvariable('d'), 'getvariable(''e'')'"
    )
    assert model(sql).variables == {"a", "b", "c", "d"}


@pytest.mark.parametrize("argument", ["x", "'a' || 'b'", "$$a$$", "upper('a')", '"a"'])
def test_a_variable_whose_name_cannot_be_seen_is_refused(argument: str) -> None:
    message, _ = refused(f"SELECT getvariable({argument})")
    assert message.startswith("getvariable() needs a name in quotes")


def test_the_sql_is_what_the_author_wrote() -> None:
    text = "-- Why.\nSELECT  a, -- of a\n  b\nFROM silver.t ;\n-- the end\n"
    found = model(text)
    assert found.sql == "SELECT  a, -- of a\n  b\nFROM silver.t"
    assert text[found.sql_offset :].startswith(found.sql)


def test_the_key_is_the_columns_in_the_order_written() -> None:
    assert model("-- @key b, a\nSELECT 1 AS a, 2 AS b").key == ("b", "a")
    assert model("SELECT 1 AS a").key == ()


def test_volatile_is_what_the_author_says() -> None:
    assert model("-- @volatile\nSELECT now() AS a").volatile
    assert not model("SELECT now() AS a").volatile


def test_a_macro_knows_its_name_what_it_calls_and_what_it_reads() -> None:
    first, second = macros(
        "-- Doubles.\nCREATE OR REPLACE MACRO Twice(x) AS g(x) * getvariable('n');\n"
        "create function t(a, b := 3) as table from silver.orders where at < now()"
    )
    assert (first.name, [c.name for c in first.calls]) == ("twice", ["twice", "g", "getvariable"])
    assert first.variables == {"n"}
    assert (second.name, [str(r.name) for r in second.datasets]) == ("t", ["silver.orders"])
    assert [token.raw for token in second.volatile_at] == ["now"]
    assert second.sql.startswith("create function t(")


def test_the_digest_of_a_macro_is_that_of_its_own_statement() -> None:
    alone = macros("CREATE MACRO f(x) AS x + 1")[0]
    beside = macros("CREATE MACRO g(x) AS x;\n-- now f\ncreate  MACRO f(x) AS x+1;")[1]
    changed = macros("CREATE MACRO f(x) AS x + 2")[0]
    assert alone.digest == beside.digest
    assert alone.digest != changed.digest


def test_a_file_of_macros_may_be_empty() -> None:
    assert macros("-- none yet\n") == ()


@pytest.mark.parametrize(
    "sql",
    ["SELECT 1", "CREATE TABLE t AS SELECT 1", "CREATE TEMP MACRO f(x) AS x", "DROP MACRO f", "MACRO f(x) AS x"],
)
def test_anything_but_create_macro_is_refused_in_a_macro_file(sql: str) -> None:
    with pytest.raises(ModelError, match="this is no CREATE MACRO"):
        macros(f"CREATE MACRO g(x) AS x;\n{sql}")


@pytest.mark.parametrize(
    "sql",
    ["CREATE MACRO", "CREATE MACRO f", "CREATE MACRO main.f(x) AS x", "CREATE MACRO IF NOT EXISTS f(x) AS x"],
)
def test_a_macro_has_a_plain_name_before_its_brackets(sql: str) -> None:
    with pytest.raises(ModelError, match="the macro's name must follow"):
        macros(sql)


@pytest.mark.parametrize(
    "body",
    [
        "TABLE FROM 'a.csv'",
        'TABLE SELECT * FROM "b/a.parquet"',
        "TABLE FROM silver.t, 'b.csv'",
        "TABLE FROM read_csv('a')",
        "TABLE FROM read_parquet(x)",
        "(SELECT count(*) FROM 'a.csv')",
        "(SELECT count(*) FROM glob('*'))",
    ],
)
def test_a_macro_that_reads_files_is_refused(body: str) -> None:
    with pytest.raises(ModelError, match="a macro cannot read files"):
        macros(f"CREATE MACRO f(x) AS {body}")


def test_a_macro_that_reads_what_cannot_be_seen_is_refused() -> None:
    with pytest.raises(ModelError, match=r"query_table\(\) is refused") as caught:
        macros("CREATE MACRO g(x) AS x;\nCREATE MACRO f(t) AS TABLE FROM query_table(t)")
    assert caught.value.location is not None
    assert caught.value.location.line == 2
