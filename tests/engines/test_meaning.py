"""What DuckDB's parser says of two statements: which mean the same, and which do not.

Pairs that are said to be the same are also run over the same tables: rows, names and types must not differ.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pytest

from medallion.config import find_project
from medallion.meanings import Meanings
from medallion.models.parse import parse_macros, parse_model
from medallion.names import TableName
from medallion.records import Built, Column, Record

if TYPE_CHECKING:
    from pathlib import Path

LAYERS = ("bronze", "silver", "gold")
TABLES = {
    "silver.t": (
        """a INTEGER, "B" INTEGER, k INTEGER, s STRUCT(x INTEGER, "Y" INTEGER), j JSON, m MAP(VARCHAR, INTEGER),
           f DOUBLE, txt VARCHAR, xs INTEGER[]""",
        """(1, 10, 1, {'x': 1, 'Y': 2}, '{"Key": 1, "key": 2}', MAP {'Key': 3, 'key': 4}, 0.1, 'a', [1, 2]),
           (2, 20, 2, {'x': 3, 'Y': 4}, '{"Key": 5}', MAP {'Key': 6}, 1e16, 'A', [3]),
           (3, NULL, 2, NULL, NULL, NULL, -1e16, NULL, [])""",
    ),
    "silver.u": ("k INTEGER, c INTEGER, q STRUCT(z INTEGER)", "(1, 7, {'z': 1}), (2, 8, {'z': 2}), (2, 9, NULL)"),
}
MACROS = """
CREATE MACRO twice(p) AS p * 2;
CREATE MACRO packed(p) AS struct_pack(p);
CREATE MACRO gathered(p) AS list(p);
CREATE MACRO above(floor) AS TABLE SELECT a FROM silver.t WHERE a > floor;
"""

SAME = [
    ("SELECT a FROM silver.t", "select a\n-- a comment\nfrom silver.t"),
    ("SELECT a FROM silver.t", "SELECT A FROM Silver.T"),
    ("SELECT a FROM silver.t", 'SELECT "a" FROM "silver"."t"'),
    ("SELECT a FROM silver.t", "SELECT (a) FROM silver.t"),
    ("SELECT a AS n FROM silver.t", "SELECT a n FROM silver.t"),
    ("SELECT a AS n FROM silver.t", "SELECT n: a FROM silver.t"),
    ("SELECT a FROM silver.t", "FROM silver.t SELECT a"),
    ("FROM silver.t", "SELECT * FROM silver.t"),
    ("SELECT o.a FROM silver.t AS o", "SELECT e.a FROM silver.t AS e"),
    ("SELECT o.a FROM silver.t AS o", "SELECT O.a FROM silver.t AS O"),
    ("SELECT o.a AS n FROM silver.t AS o", "SELECT e.A AS n FROM silver.t e"),
    (
        "SELECT o.a, e.c FROM silver.t o JOIN silver.u e USING (k)",
        "SELECT p.a, r.c FROM silver.t p JOIN silver.u r USING (K)",
    ),
    ("WITH c AS (SELECT a FROM silver.t) SELECT a FROM c", "WITH d AS (SELECT a FROM silver.t) SELECT a FROM d"),
    ("WITH c AS (SELECT a FROM silver.t) SELECT c.a FROM c", "WITH d AS (SELECT a FROM silver.t) SELECT d.a FROM d"),
    (
        "SELECT o.a FROM silver.t o WHERE EXISTS (SELECT 1 FROM silver.u i WHERE i.k = o.k)",
        "SELECT p.a FROM silver.t p WHERE EXISTS (SELECT 1 FROM silver.u r WHERE r.k = p.k)",
    ),
    ("SELECT a FROM silver.t WHERE a > 1 AND k = 2", "SELECT a FROM silver.t WHERE k = 2 AND a > 1"),
    ("SELECT a FROM silver.t WHERE a > 1 AND k = 2 LIMIT 1", "SELECT a FROM silver.t WHERE k = 2 AND a > 1 LIMIT 1"),
    (
        "SELECT sum(f) AS s FROM silver.t WHERE a > 1 AND k = 2",
        "SELECT sum(f) AS s FROM silver.t WHERE k = 2 AND a > 1",
    ),
    (
        "SELECT t.a, u.c FROM silver.t JOIN silver.u ON t.k = u.k AND t.a < u.c",
        "SELECT t.a, u.c FROM silver.t JOIN silver.u ON t.a < u.c AND t.k = u.k",
    ),
    ("SELECT CAST(a AS VARCHAR) AS n FROM silver.t", "SELECT a::VARCHAR AS n FROM silver.t"),
    ("SELECT CAST(a AS INTEGER) AS n FROM silver.t", "SELECT a::INT AS n FROM silver.t"),
    ("SELECT a FROM silver.t WHERE a <> 1", "SELECT a FROM silver.t WHERE a != 1"),
    ("SELECT a FROM silver.t ORDER BY a", "SELECT a FROM silver.t ORDER BY A"),
    ("SELECT twice(a) AS n FROM silver.t", "SELECT twice(A) AS n FROM silver.t"),
    ("SELECT a FROM silver.t GROUP BY a", "SELECT A FROM silver.t GROUP BY a"),
    ("SELECT a AS n FROM silver.t o", "SELECT a AS n FROM silver.t e"),
]

DIFFERENT = [
    ("SELECT * FROM range(3) AS t", "SELECT * FROM range(3) AS day_no"),
    ("SELECT * FROM range(3) AS t", "SELECT * FROM range(3) AS T"),
    ("SELECT * FROM generate_series(1, 3) AS s", "SELECT * FROM generate_series(1, 3) AS r"),
    (
        (
            "SELECT a, k FROM silver.t QUALIFY row_number() OVER (PARTITION BY a ORDER BY k) < 5 "
            "AND row_number() OVER (PARTITION BY k ORDER BY a) < 5"
        ),
        (
            "SELECT a, k FROM silver.t QUALIFY row_number() OVER (PARTITION BY k ORDER BY a) < 5 "
            "AND row_number() OVER (PARTITION BY a ORDER BY k) < 5"
        ),
    ),
    # Names of output columns
    ("SELECT a AS n FROM silver.t", "SELECT a AS N FROM silver.t"),
    ("SELECT a + 1 FROM silver.t", "SELECT A + 1 FROM silver.t"),
    ("SELECT sum(a) FROM silver.t", "SELECT sum(A) FROM silver.t"),
    ("SELECT sum(x.a) FROM silver.t x", "SELECT sum(y.a) FROM silver.t y"),
    ("SELECT a AS n FROM silver.t", "SELECT n: B FROM silver.t"),
    ("SELECT a, k FROM silver.t", "SELECT k, a FROM silver.t"),
    ("SELECT s.x FROM silver.t", "SELECT s.X FROM silver.t"),
    ("SELECT a n, N + 1 AS o FROM silver.t", "SELECT a N, n + 1 AS o FROM silver.t"),
    ("SELECT (SELECT a) FROM silver.t", "SELECT (SELECT A) FROM silver.t"),
    # Names that are data
    ("SELECT {'x': a} AS n FROM silver.t", "SELECT {'X': a} AS n FROM silver.t"),
    ("SELECT struct_pack(x := a) AS n FROM silver.t", "SELECT struct_pack(X := a) AS n FROM silver.t"),
    ("SELECT struct_pack(t.a) AS n FROM silver.t", "SELECT struct_pack(t.k) AS n FROM silver.t"),
    ("SELECT alias(x.a + 1) AS n FROM silver.t x", "SELECT alias(y.a + 1) AS n FROM silver.t y"),
    ("SELECT j.Key AS n FROM silver.t", "SELECT j.key AS n FROM silver.t"),
    ("SELECT t.j.Key AS n FROM silver.t", "SELECT t.j.key AS n FROM silver.t"),
    ("SELECT x.j.Key AS n FROM silver.t x", "SELECT x.j.key AS n FROM silver.t x"),
    ("SELECT m.Key AS n FROM silver.t", "SELECT m.key AS n FROM silver.t"),
    ("SELECT j->>'Key' AS n FROM silver.t", "SELECT j->>'key' AS n FROM silver.t"),
    (
        "WITH v AS (SELECT {'Key': 1}::VARIANT AS v) SELECT v.Key AS n FROM v",
        "WITH v AS (SELECT {'Key': 1}::VARIANT AS v) SELECT v.key AS n FROM v",
    ),
    ("SELECT x AS n FROM silver.u x", "SELECT y AS n FROM silver.u y"),
    ("SELECT x.to_json() AS n FROM silver.u x", "SELECT y.to_json() AS n FROM silver.u y"),
    ("SELECT COLUMNS('a') FROM silver.t", "SELECT COLUMNS('A') FROM silver.t"),
    ("PIVOT silver.u ON k USING sum(c)", "PIVOT silver.u ON k USING max(c)"),
    ("UNPIVOT silver.u ON k, c INTO NAME n VALUE v", "UNPIVOT silver.u ON c, k INTO NAME n VALUE v"),
    # An alias that is something else as well
    ("SELECT s.x AS n FROM silver.t AS y", "SELECT s.x AS n FROM silver.t AS s"),
    (
        "SELECT y.z AS n FROM silver.u, (SELECT {'z': 5} AS y) AS y",
        "SELECT q.z AS n FROM silver.u, (SELECT {'z': 5} AS y) AS q",
    ),
    ("SELECT t.a FROM silver.t AS x, silver.t", "SELECT x.a FROM silver.t AS x, silver.t"),
    (
        "SELECT unnamed_subquery.a FROM (SELECT 5 AS a), silver.t AS x",
        "SELECT unnamed_subquery.a FROM (SELECT 5 AS a), silver.t AS unnamed_subquery",
    ),
    ("SELECT range FROM range(2), silver.t AS x", "SELECT range FROM range(2), silver.t AS range"),
    (
        "SELECT o.a FROM silver.t o WHERE EXISTS (SELECT 1 FROM silver.u i WHERE i.k = o.k)",
        "SELECT o.a FROM silver.t o WHERE EXISTS (SELECT 1 FROM silver.u o WHERE o.k = o.k)",
    ),
    (
        "WITH c AS (SELECT 1 AS n) SELECT n FROM (WITH c AS (SELECT 2 AS n) SELECT n FROM c)",
        "WITH c AS (SELECT 1 AS n) SELECT n FROM (WITH d AS (SELECT 2 AS n) SELECT n FROM c)",
    ),
    ("SELECT x.a FROM silver.t x, silver.t y", "SELECT y.a FROM silver.t x, silver.t y"),
    ("SELECT Ä.a FROM silver.t AS Ä", "SELECT ä.a FROM silver.t AS Ä"),
    ("SELECT a AS n, n + 1 AS o FROM silver.t x", "SELECT a AS n, x.a + 1 AS o FROM silver.t x"),
    # The order of rows
    (
        "SELECT list(t.a) AS n FROM silver.t JOIN silver.u ON t.k = u.k AND t.a < u.c",
        "SELECT list(t.a) AS n FROM silver.t JOIN silver.u ON t.a < u.c AND t.k = u.k",
    ),
    (
        "SELECT gathered(t.a) AS n FROM silver.t JOIN silver.u ON t.k = u.k AND t.a < u.c",
        "SELECT gathered(t.a) AS n FROM silver.t JOIN silver.u ON t.a < u.c AND t.k = u.k",
    ),
    (
        "SELECT sum(f) AS n FROM silver.t JOIN silver.u ON t.k = u.k AND t.a < u.c",
        "SELECT sum(f) AS n FROM silver.t JOIN silver.u ON t.a < u.c AND t.k = u.k",
    ),
    (
        "SELECT t.a FROM silver.t JOIN silver.u ON t.k = u.k AND t.a < u.c LIMIT 1",
        "SELECT t.a FROM silver.t JOIN silver.u ON t.a < u.c AND t.k = u.k LIMIT 1",
    ),
    (
        "SELECT row_number() OVER () AS n FROM silver.t JOIN silver.u ON t.k = u.k AND t.a < u.c",
        "SELECT row_number() OVER () AS n FROM silver.t JOIN silver.u ON t.a < u.c AND t.k = u.k",
    ),
    (
        "SELECT a, c FROM (SELECT a FROM silver.t JOIN silver.u ON t.k = u.k AND t.a < u.c) POSITIONAL JOIN silver.u",
        "SELECT a, c FROM (SELECT a FROM silver.t JOIN silver.u ON t.a < u.c AND t.k = u.k) POSITIONAL JOIN silver.u",
    ),
    (
        "SELECT ARRAY(SELECT t.a FROM silver.t JOIN silver.u ON t.k = u.k AND t.a < u.c) AS n",
        "SELECT ARRAY(SELECT t.a FROM silver.t JOIN silver.u ON t.a < u.c AND t.k = u.k) AS n",
    ),
    ("SELECT a FROM silver.t ORDER BY a", "SELECT a FROM silver.t ORDER BY a DESC"),
    ("SELECT a FROM silver.t ORDER BY B NULLS FIRST", "SELECT a FROM silver.t ORDER BY B NULLS LAST"),
    ("SELECT a, k FROM silver.t ORDER BY 1", "SELECT a, k FROM silver.t ORDER BY 2"),
    ("SELECT txt FROM silver.t ORDER BY txt", "SELECT txt FROM silver.t ORDER BY txt COLLATE NOCASE"),
    # Values and types
    ("SELECT 1 AS n", "SELECT 1.0 AS n"),
    ("SELECT 1 AS n", "SELECT '1' AS n"),
    ("SELECT 1.0 AS n", "SELECT 1.00 AS n"),
    ("SELECT '' AS n", "SELECT NULL AS n"),
    ("SELECT 0 AS n", "SELECT false AS n"),
    ("SELECT 'a' AS n", "SELECT 'A' AS n"),
    ("SELECT 0.1::DOUBLE AS n", "SELECT 0.10000000000000001::FLOAT AS n"),
    ("SELECT [] AS n", "SELECT [NULL] AS n"),
    ("SELECT CAST(a AS BIGINT) AS n FROM silver.t", "SELECT CAST(a AS INTEGER) AS n FROM silver.t"),
    ("SELECT CAST(a AS BIGINT) AS n FROM silver.t", "SELECT TRY_CAST(a AS BIGINT) AS n FROM silver.t"),
    ("SELECT a::DECIMAL(9, 2) AS n FROM silver.t", "SELECT a::DECIMAL(9, 3) AS n FROM silver.t"),
    ("SELECT a FROM silver.t WHERE a > 1", "SELECT a FROM silver.t WHERE a >= 1"),
    ("SELECT a FROM silver.t WHERE a > 1 AND k = 2", "SELECT a FROM silver.t WHERE a > 1 OR k = 2"),
    ("SELECT a - k AS n FROM silver.t", "SELECT k - a AS n FROM silver.t"),
    ("SELECT coalesce(a, k) AS n FROM silver.t", "SELECT coalesce(k, a) AS n FROM silver.t"),
    # Clauses
    ("SELECT a FROM silver.t", "SELECT DISTINCT a FROM silver.t"),
    ("SELECT a FROM silver.t UNION SELECT c FROM silver.u", "SELECT a FROM silver.t UNION ALL SELECT c FROM silver.u"),
    (
        "SELECT k, c FROM silver.u UNION ALL SELECT c, k FROM silver.u",
        "SELECT k, c FROM silver.u UNION ALL BY NAME SELECT c, k FROM silver.u",
    ),
    ("SELECT t.a FROM silver.t JOIN silver.u USING (k)", "SELECT t.a FROM silver.t LEFT JOIN silver.u USING (k)"),
    ("SELECT a FROM silver.t NATURAL JOIN silver.u", "SELECT a FROM silver.t CROSS JOIN silver.u"),
    ("SELECT a FROM silver.t LIMIT 1", "SELECT a FROM silver.t LIMIT 2"),
    ("SELECT a FROM silver.t LIMIT 1", "SELECT a FROM silver.t LIMIT 1 OFFSET 1"),
    ("SELECT count(a) AS n FROM silver.t", "SELECT count(DISTINCT a) AS n FROM silver.t"),
    ("SELECT count(a) AS n FROM silver.t", "SELECT count(a) FILTER (a > 1) AS n FROM silver.t"),
    ("SELECT list(a ORDER BY a) AS n FROM silver.t", "SELECT list(a ORDER BY a DESC) AS n FROM silver.t"),
    (
        "SELECT lag(B) OVER (ORDER BY a) AS n FROM silver.t",
        "SELECT lag(B IGNORE NULLS) OVER (ORDER BY a) AS n FROM silver.t",
    ),
    (
        "SELECT sum(a) OVER (ORDER BY k ROWS UNBOUNDED PRECEDING) AS n FROM silver.t",
        "SELECT sum(a) OVER (ORDER BY k RANGE UNBOUNDED PRECEDING) AS n FROM silver.t",
    ),
    (
        "SELECT sum(a) OVER (ORDER BY k ROWS UNBOUNDED PRECEDING) AS n FROM silver.t",
        "SELECT sum(a) OVER (ORDER BY k ROWS UNBOUNDED PRECEDING EXCLUDE CURRENT ROW) AS n FROM silver.t",
    ),
    ("SELECT * EXCLUDE (a) FROM silver.t", "SELECT * EXCLUDE (k) FROM silver.t"),
    ("SELECT * REPLACE (1 AS a) FROM silver.t", "SELECT * REPLACE (2 AS a) FROM silver.t"),
    ("SELECT #1 AS n FROM silver.t", "SELECT #2 AS n FROM silver.t"),
    ("SELECT p FROM silver.u v(p, r, w)", "SELECT p FROM silver.u v(r, p, w)"),
    ("SELECT n FROM range(3) r(n)", "SELECT n FROM range(4) r(n)"),
    (
        "WITH RECURSIVE c(n) AS (SELECT 1 UNION SELECT n + 1 FROM c WHERE n < 3) SELECT n FROM c",
        "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 3) SELECT n FROM c",
    ),
    (
        "SELECT list_transform(xs, lambda v: v + a) AS n FROM silver.t",
        "SELECT list_transform(xs, lambda a: a + a) AS n FROM silver.t",
    ),
    ("SELECT a FROM above(1)", "SELECT a FROM above(2)"),
    ("SELECT twice(a) AS n FROM silver.t", "SELECT packed(a) AS n FROM silver.t"),
    ("SELECT unnest(xs) AS n FROM silver.t", "SELECT xs AS n FROM silver.t"),
    ("SELECT a FROM silver.t", "SELECT a FROM silver.t TABLESAMPLE 10%"),
    ("SELECT k FROM silver.t", "SELECT k FROM silver.u"),
    ("SELECT n FROM (VALUES (1), (2)) v(n)", "SELECT n FROM (VALUES (2), (1)) v(n)"),
    ("SELECT a FROM silver.t GROUP BY ROLLUP (a)", "SELECT a FROM silver.t GROUP BY CUBE (a, a)"),
]


class Texts:
    """Statements over the tables above: what they mean, and what they give."""

    def __init__(self, folder: Path) -> None:
        (folder / "medallion.toml").touch()
        self.meanings = Meanings(find_project(folder), "2")
        self.macros = {macro.name: macro for macro in parse_macros("m.sql", MACROS, LAYERS)}
        # One thread: without an ORDER BY, the order of rows is up to the threads.
        self.connection = duckdb.connect(config={"threads": 1})
        self.records = {}
        self.connection.execute("CREATE SCHEMA silver")
        for name, (columns, rows) in TABLES.items():
            self.connection.execute(f"CREATE TABLE {name} ({columns}); INSERT INTO {name} VALUES {rows}")
            described = self.connection.execute(f"DESCRIBE {name}").fetchall()
            found = tuple(Column(row[0], row[1], True, "") for row in described)
            built = Built("", "", "duckdb", "2", ())
            self.records[TableName.parse(name)] = Record(TableName.parse(name), 3, found, (), (), built)
        self.connection.execute(MACROS)

    def meaning(self, sql: str) -> str:
        model = parse_model(TableName("gold", "m"), "m.sql", sql, LAYERS)
        macros = [self.macros[call.name] for call in model.calls if call.name in self.macros]
        inputs = {reference.name for reference in model.datasets}
        return self.meanings.of(model, macros, [self.records[name] for name in sorted(inputs)])

    def result(self, sql: str) -> str:
        """Names, types and rows, as text: so that 1 and 1.0 differ."""
        found = self.connection.execute(sql)
        columns = [(column[0], str(column[1])) for column in found.description or ()]
        return repr((columns, found.fetchall()))


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Texts:
    return Texts(tmp_path_factory.mktemp("texts"))


@pytest.mark.parametrize(("one", "other"), SAME)
def test_these_mean_the_same_and_give_the_same(texts: Texts, one: str, other: str) -> None:
    assert texts.meaning(one) == texts.meaning(other)
    assert texts.result(one) == texts.result(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_these_do_not_mean_the_same(texts: Texts, one: str, other: str) -> None:
    assert texts.meaning(one) != texts.meaning(other)


def test_a_statement_means_the_same_when_it_is_asked_again_and_by_another_process(tmp_path: Path) -> None:
    first = Texts(tmp_path)
    asked = [first.meaning(sql) for pair in SAME for sql in pair]
    first.meanings.save()
    assert [Texts(tmp_path).meaning(sql) for sql in (SAME[0][0],)] == asked[:1]
    (tmp_path / ".medallion" / "cache" / "meanings.json").unlink()
    assert [first.meaning(sql) for pair in SAME for sql in pair] == asked


def test_an_alias_that_a_column_of_the_input_is_called_after_keeps_its_name(tmp_path: Path) -> None:
    texts = Texts(tmp_path)
    one, other = "SELECT o.a FROM silver.t AS o", "SELECT e.a FROM silver.t AS e"
    assert texts.meaning(one) == texts.meaning(other)
    for name in ("o", "O", "E"):
        name_of = TableName("silver", "t")
        columns = (*texts.records[name_of].columns, Column(name, "STRUCT(a INTEGER)", True, ""))
        widened = Texts(tmp_path)
        widened.records[name_of] = Record(name_of, 3, columns, (), (), Built("", "", "duckdb", "2", ()))
        assert widened.meaning(one) != widened.meaning(other)


def test_a_column_beyond_ascii_is_folded_as_duckdb_folds_it(tmp_path: Path) -> None:
    texts = Texts(tmp_path)
    name = TableName("silver", "t")
    texts.records[name] = Record(
        name, 3, (Column("Ä", "STRUCT(a INTEGER)", True, ""),), (), (), Built("", "", "duckdb", "2", ())
    )
    assert texts.meaning("SELECT Ä.a FROM silver.t AS Ä") != texts.meaning("SELECT Ö.a FROM silver.t AS Ö")
