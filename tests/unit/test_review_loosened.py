"""A pull request that takes checks and annotations away, or makes them allow more, is told so."""

from __future__ import annotations

import pytest

from medallion.diff.value import ColumnDiff, ColumnStatus, Diff, Rows, Side, Status, TableDiff
from medallion.models.graph import Graph, build_graph
from medallion.models.parse import parse_check, parse_macros, parse_model
from medallion.names import TableName
from medallion.review.loosened import loosened
from medallion.review.value import Loosened, Safeguard
from medallion.review.verdict import verdict
from tests.review_examples import troubled_review

LAYERS = ("silver", "gold")
NAME = TableName("silver", "orders")
PATH = "sql/silver/orders.sql"
SIDE = Side("", "")


def graph(*annotations: str, query: str = "", macros: str = "") -> Graph:
    text = "".join(f"-- {line}\n" for line in annotations) + "SELECT 1 AS id, 2 AS total, 'x' AS email"
    checks = [parse_check("sql/checks/own.sql", query, LAYERS)] if query else []
    model = parse_model(NAME, PATH, text, LAYERS)
    return build_graph([model], parse_macros("sql/macros/m.sql", macros, LAYERS), LAYERS, {}, checks)


def diff(*columns: ColumnDiff) -> Diff:
    return Diff(SIDE, SIDE, (TableDiff(NAME, Status.CHANGED, rows=Rows(1, 1), columns=columns),))


def told(base: Graph, head: Graph, *columns: ColumnDiff) -> list[tuple[str, str, str]]:
    return [(str(f.safeguard), f.what, f.change) for f in loosened(base, head, diff(*columns))]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("@check total >= 0", "", ("check", "total >= 0", "removed")),
        ("@not_null total", "", ("check", "not_null total", "removed")),
        ("@expect nothing removed", "", ("check", "expect nothing removed", "removed")),
        ("@check total >= 0", "@warn total >= 0", ("check", "total >= 0", "is only a warning now")),
        (
            "@accepted_values email x",
            "@accepted_values email x, y",
            ("check", "accepted_values email x", "is now accepted_values email x, y"),
        ),
        (
            "@check range total 1 to 5",
            "@warn range total 1 to 9",
            ("check", "range total 1 to 5", "is now range total 1 to 9, and is only a warning"),
        ),
        (
            "@not_null total",
            "@not_null total at most 5 rows",
            ("check", "not_null total", "is now not_null total at most 5 rows"),
        ),
        ("@key id", "", ("key", "@key id", "removed")),
        ("@key id", "@key id, total", ("key", "@key id", "is now id, total")),
        ("", "@tolerance total 1e9", ("tolerance", "@tolerance total", "none → 1e+09; the stricter one counts here")),
        (
            "@tolerance total 0.1 or 1%",
            "@tolerance total 0.1 or 50%",
            ("tolerance", "@tolerance total", "0.1 or 1 % → 0.1 or 50 %; the stricter one counts here"),
        ),
        ("@private email", "", ("private", "@private email", "removed")),
        ("@contract", "", ("contract", "@contract", "removed")),
    ],
)
def test_what_guards_the_data_less_is_told(before: str, after: str, expected: tuple[str, str, str]) -> None:
    base, head = (graph(*([text] if text else [])) for text in (before, after))
    assert told(base, head) == [expected]
    assert told(base, base) == told(head, head) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "@check total >= 0"),
        ("@warn total >= 0", "@check total >= 0"),
        ("@tolerance total 0.1", "@tolerance total 0.01"),
        ("@tolerance total 0.1", ""),
        ("@unique id", "@key id"),
        ("@not_null id", "@key id"),
        ("", "@private email"),
    ],
)
def test_what_guards_it_more_is_not(before: str, after: str) -> None:
    base, head = (graph(*([text] if text else [])) for text in (before, after))
    assert told(base, head) == []


def test_what_went_with_its_column_is_not_told_and_a_renamed_column_keeps_its_marks() -> None:
    marks = ("@not_null total", "@private total", "@tolerance total 0.1")
    gone = ColumnDiff("total", ColumnStatus.REMOVED, "total")
    assert told(graph(*marks), graph(), gone) == []
    renamed = ColumnDiff("amount", ColumnStatus.RENAMED, "total")
    assert told(graph(*marks), graph(*(mark.replace("total", "amount") for mark in marks)), renamed) == []
    assert [what for what, *_ in told(graph(*marks), graph(), renamed)] == ["check", "private"]
    new = ColumnDiff("email", ColumnStatus.ADDED)
    assert told(graph(), graph("@tolerance email 1"), new) == []


def test_a_query_of_its_own_and_a_macro_of_a_check_that_change_are_told() -> None:
    strict = "SELECT * FROM silver.orders WHERE total < 0"
    assert told(graph(query=strict), graph(query=f"{strict} AND false")) == [("check", "own", "its SQL changed")]
    assert told(graph(query=strict), graph()) == [("check", "own", "removed")]
    old, new = (graph("@check fine(total)", macros=f"CREATE MACRO fine(x) AS {body};") for body in ("x > 0", "true"))
    assert told(old, new) == [("check", "macro fine", "its checks call it, and it changed")]


def test_a_check_is_placed_where_it_stood_and_the_verdict_counts() -> None:
    found = loosened(graph("@key id", "@check total >= 0"), graph("@key id"), diff())
    assert found == (Loosened(NAME, Safeguard.CHECK, "total >= 0", "removed", f"{PATH}:2"),)
    assert "2 safeguards loosened" in verdict(troubled_review())


def test_a_dataset_that_the_head_does_not_make_any_more_has_nothing_to_loosen() -> None:
    assert loosened(graph("@key id"), build_graph([], [], LAYERS, {}), diff()) == ()
