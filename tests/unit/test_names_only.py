"""Whether a statement can reach columns that it does not name."""

from __future__ import annotations

import pytest

from medallion.models.names_only import names_in
from medallion.models.parse import parse_macros
from medallion.models.tokens import lex


def names(sql: str) -> frozenset[str] | None:
    return names_in(lex(sql, "sql/silver/x.sql").tokens, sql)


@pytest.mark.parametrize(
    ("sql", "named"),
    [
        ("SELECT a FROM silver.t", {"a"}),
        ('SELECT A, "b c", x."D""e" FROM silver.t x', {"a", "b c", 'd"e'}),
        ("SELECT €x, ❄, ä FROM silver.t", {"€x", "❄", "ä"}),
        ("SELECT count(*) AS n FROM silver.t WHERE a * 2 > b*c", {"a", "b", "c", "n"}),
        ("SELECT 2 * a, 'x' * 3, (a) * b, l[1] * 2 FROM silver.t", {"a", "b", "l"}),
        ("SELECT a FROM silver.t JOIN silver.u USING (k)", {"a", "k"}),
        ("WITH c(p, q) AS (SELECT a, b FROM silver.t) SELECT p FROM c", {"a", "b", "p", "q"}),
        ("SELECT a FROM silver.t GROUP BY ALL ORDER BY ALL", {"a"}),
        ("SELECT s.f.g FROM silver.t", {"s", "f", "g"}),
    ],
)
def test_every_word_that_could_name_a_column_is_found(sql: str, named: set[str]) -> None:
    found = names(sql)
    assert found is not None
    assert named <= found


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM silver.t",
        "FROM silver.t",
        "SELECT a, * FROM silver.t",
        "SELECT DISTINCT * FROM silver.t",
        "SELECT t.* FROM silver.t",
        "SELECT * EXCLUDE (a) FROM silver.t",
        "SELECT COLUMNS('a.*') FROM silver.t",
        "SELECT columns(c -> c LIKE 'a%') FROM silver.t",
        "SELECT hash(*) FROM silver.t",
        "SELECT count(DISTINCT *) FROM silver.t",
        "SELECT row(t.*) FROM silver.t",
        "SELECT a FROM (FROM silver.t)",
        "SELECT a FROM silver.t WHERE a IN (FROM silver.u)",
        "SELECT a FROM silver.t WHERE EXISTS (FROM silver.u)",
        "SELECT a FROM silver.t UNION ALL FROM silver.u",
        "WITH c AS (FROM silver.t) SELECT a FROM c",
        "TABLE silver.t",
        "SELECT a FROM silver.t NATURAL JOIN silver.u",
        "SELECT a FROM silver.t POSITIONAL JOIN silver.u",
        "PIVOT silver.t ON a USING sum(b)",
        "UNPIVOT silver.t ON a, b",
        "SUMMARIZE silver.t",
        "DESCRIBE silver.t",
    ],
)
def test_a_star_in_any_form_reaches_all_columns(sql: str) -> None:
    assert names(sql) is None


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT t FROM silver.t",
        "SELECT x FROM silver.t AS x",
        "SELECT X FROM silver.t AS x",
        "SELECT silver.t FROM silver.t",
        "SELECT hash(t) FROM silver.t",
        "SELECT t::VARCHAR FROM silver.t",
        "SELECT {'x': t} FROM silver.t",
        "SELECT [t FOR i IN [1]] FROM silver.t",
        "SELECT a FROM silver.t WHERE t IS NOT NULL",
        "SELECT a FROM silver.t ORDER BY t",
        "SELECT a, (SELECT t) FROM silver.t",
        "SELECT list(c) FROM (SELECT a FROM silver.t) AS c",
        "SELECT t.to_json() FROM silver.t",
        "SELECT x.hash().add(1) FROM silver.t x",
    ],
)
def test_a_row_as_a_value_reaches_all_columns(sql: str) -> None:
    assert names(sql) is None


@pytest.mark.parametrize(
    "sql", ["SELECT a FROM silver.t AS x(a, b)", "SELECT #1 FROM silver.t", "SELECT a FROM silver.t ORDER BY # 2"]
)
def test_a_place_reaches_a_column_without_its_name(sql: str) -> None:
    assert names(sql) is None


def test_what_sqlglot_cannot_read_may_reach_anything() -> None:
    assert names("SELECT a FROM silver.t WHERE (") is None


def test_a_macro_counts_as_its_body() -> None:
    found = parse_macros(
        "sql/macros/m.sql",
        "CREATE MACRO plus(p) AS p + 1; CREATE MACRO all_of() AS TABLE SELECT * FROM silver.t",
        ("bronze", "silver"),
    )
    listed = {macro.name: macro.names for macro in found}
    assert listed["all_of"] is None
    assert "p" in (listed["plus"] or ())
