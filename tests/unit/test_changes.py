"""What a change of a model's SQL does to its output: what is called not breaking never is."""

from __future__ import annotations

import pytest

from medallion.models.changes import compare_models


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("SELECT a FROM silver.t", "SELECT a, b FROM silver.t", "column b added (not breaking)"),
        ("SELECT a FROM silver.t", "SELECT a, b, c + 1 AS d FROM silver.t", "columns b, d added (not breaking)"),
        (
            "SELECT k, sum(a) AS s FROM silver.t GROUP BY k",
            "SELECT k, sum(a) AS s, max(b) AS m FROM silver.t GROUP BY k",
            "column m added (not breaking)",
        ),
        (
            "SELECT sum(a) AS s FROM silver.t",
            "SELECT sum(a) AS s, count(*) AS n FROM silver.t",
            "column n added (not breaking)",
        ),
        (
            "SELECT a FROM silver.t WHERE b > 1",
            "SELECT a, b FROM silver.t WHERE b > 1",
            "column b added (not breaking)",
        ),
        (
            "SELECT k, sum(a) AS s FROM silver.t GROUP BY ALL",
            "SELECT k, sum(a) AS s, count(*) FILTER (WHERE b > 1) / max(c) AS m FROM silver.t GROUP BY ALL",
            "column m added (not breaking)",
        ),
        ("SELECT a FROM silver.t", "SELECT a, 'x' AS w -- a comment\nFROM silver.t", "column w added (not breaking)"),
    ],
)
def test_columns_added_at_the_end_break_nothing(before: str, after: str, said: str) -> None:
    assert str(compare_models(before, after)) == said


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("SELECT a, b FROM silver.t", "SELECT a FROM silver.t", "column b removed"),
        ("SELECT a FROM silver.t", "SELECT a + 1 AS a FROM silver.t", "column a changed"),
        ("SELECT a FROM silver.t", "SELECT a FROM silver.t WHERE a > 1", "rows may change"),
        ("SELECT a FROM silver.t", "SELECT a, b FROM silver.t LIMIT 3", "column b added, rows may change"),
        ("SELECT a, b FROM silver.t", "SELECT b, a FROM silver.t", "columns moved"),
        ("SELECT a, b FROM silver.t", "SELECT a, c, b FROM silver.t", "column c added"),
        ("SELECT a FROM silver.t", "SELECT b, a FROM silver.t", "column b added"),
        ("SELECT a AS n FROM silver.t", "SELECT a AS N FROM silver.t", "column N added, column n removed"),
    ],
)
def test_any_other_change_breaks(before: str, after: str, said: str) -> None:
    assert str(compare_models(before, after)) == f"{said} (breaking)"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("SELECT DISTINCT a FROM silver.t", "SELECT DISTINCT a, b FROM silver.t"),
        ("SELECT DISTINCT ON (a) a FROM silver.t", "SELECT DISTINCT ON (a) a, b FROM silver.t"),
        ("SELECT a FROM silver.t GROUP BY ALL", "SELECT a, b FROM silver.t GROUP BY ALL"),
        ("SELECT a FROM silver.t GROUP BY ALL", "SELECT a, 1 AS one FROM silver.t GROUP BY ALL"),
        ("SELECT a FROM silver.t GROUP BY ALL", "SELECT a, b + sum(c) AS s FROM silver.t GROUP BY ALL"),
        ("SELECT a FROM silver.t GROUP BY ALL", "SELECT a, sum(b) OVER () AS s FROM silver.t GROUP BY ALL"),
        (
            "SELECT a FROM silver.t GROUP BY ALL",
            "SELECT a, (SELECT max(x) FROM silver.u) AS m FROM silver.t GROUP BY ALL",
        ),
        (
            "SELECT a FROM silver.t GROUP BY ALL ORDER BY ALL",
            "SELECT a, sum(b) AS s FROM silver.t GROUP BY ALL ORDER BY ALL",
        ),
        ("SELECT a FROM silver.t GROUP BY 1", "SELECT a, b FROM silver.t GROUP BY 1"),
        ("SELECT a FROM silver.t ORDER BY ALL LIMIT 1", "SELECT a, b FROM silver.t ORDER BY ALL LIMIT 1"),
        ("SELECT a FROM silver.t", "SELECT a, count(*) AS n FROM silver.t"),
        ("SELECT 1 AS a FROM silver.t", "SELECT 1 AS a, sum(b) AS n FROM silver.t"),
        ("SELECT a FROM silver.t", "SELECT a, unnest(xs) AS x FROM silver.t"),
        ("SELECT a FROM silver.t", "SELECT a, 1 + unnest(xs) AS x FROM silver.t"),
        ("SELECT a FROM silver.t", "SELECT a, some_macro(b) AS x FROM silver.t"),
        ("SELECT a FROM silver.t", "SELECT a, mode(b) AS x FROM silver.t"),
        (
            "SELECT a FROM silver.t QUALIFY row_number() OVER (ORDER BY b) = 1",
            "SELECT a, c AS b FROM silver.t QUALIFY row_number() OVER (ORDER BY b) = 1",
        ),
        ("SELECT a FROM silver.t ORDER BY b LIMIT 1", "SELECT a, c AS b FROM silver.t ORDER BY b LIMIT 1"),
        ("SELECT a FROM silver.t WHERE b > 1", "SELECT a, c AS b FROM silver.t WHERE b > 1"),
        ("SELECT sum(a) AS s FROM silver.t GROUP BY b", "SELECT sum(a) AS s, c AS b FROM silver.t GROUP BY b"),
        (
            "SELECT sum(a) AS s FROM silver.t GROUP BY b HAVING m > 1",
            "SELECT sum(a) AS s, max(c) AS m FROM silver.t GROUP BY b HAVING m > 1",
        ),
    ],
)
def test_a_new_column_that_can_change_the_rows_breaks(before: str, after: str) -> None:
    assert compare_models(before, after).breaking


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "SELECT a FROM silver.t UNION SELECT a FROM silver.u",
            "SELECT a, b FROM silver.t UNION SELECT a, b FROM silver.u",
        ),
        ("SELECT * FROM silver.t", "SELECT *, 1 AS b FROM silver.t"),
        ("FROM silver.t", "SELECT a FROM silver.t"),
        ("SELECT COLUMNS('a') FROM silver.t", "SELECT COLUMNS('a'), 1 AS b FROM silver.t"),
        ("SELECT a + 1 FROM silver.t", "SELECT a + 1, b FROM silver.t"),
        ("SELECT a FROM silver.t", "PIVOT silver.t ON a USING sum(b)"),
        ("SELECT a FROM (", "SELECT a FROM silver.t"),
    ],
)
def test_what_cannot_be_told_breaks(before: str, after: str) -> None:
    change = compare_models(before, after)
    assert change.breaking
    assert not change.known
    assert str(change) == "what it does cannot be told (breaking)"


def test_long_lists_of_columns_are_cut() -> None:
    after = "SELECT a, " + ", ".join(f"c{i}" for i in range(8)) + " FROM silver.t"
    assert str(compare_models("SELECT a FROM silver.t", after)) == ("columns c0, c1, c2, c3, c4 … added (not breaking)")


def test_the_case_of_a_columns_name_is_no_other_column() -> None:
    change = compare_models("SELECT order_id, kunde FROM silver.t", "SELECT ORDER_ID, Kunde, b FROM silver.t")
    assert (change.added, change.removed, change.changed) == (("b",), (), ())
