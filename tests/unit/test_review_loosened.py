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
        ("@check range total 0 to 60", "@check range total 0 to 50"),
        ("@check range total '2026-01-01' to", "@check range total '2026-02-01' to '2026-12-31'"),
        ("@check total >= 0", "@check total > 0"),
        ("@check total between 0 and 100", "@check total >= 1 and total < 100"),
        ("@check row_count > 0", "@check row_count >= 1"),
        ("@check row_count between 1 and 100", "@check row_count between 5 and 50"),
        ("@accepted_values email x, y", "@accepted_values email x"),
        ("@not_null total at most 5 rows", "@not_null total at most 3 rows"),
        ("@not_null total at most 1%", "@not_null total"),
        ("@not_null total", "@not_null total, email"),
        ("@unique total, email", "@unique email"),
        ("@unique id, email", "@key id"),
        ("@check freshness total < 2 days", "@check freshness total < 47 hours"),
        ("@check freshness total < 1 month", "@check freshness total < 4 weeks"),
        ("@check freshness total < 1 year", "@check freshness total < 12 months"),
        ("@expect removed at most 5%", "@expect nothing removed"),
        ("@key id, total", "@key total, id"),
        ("@unique id", "@key id"),
        ("@not_null id", "@key id"),
        ("", "@private email"),
    ],
)
def test_what_guards_it_more_is_not(before: str, after: str) -> None:
    base, head = (graph(*([text] if text else [])) for text in (before, after))
    assert told(base, head) == []


@pytest.mark.parametrize(
    ("before", "after", "known"),
    [
        ("@check range total 0 to 60", "@check range total 10 to 70", True),
        ("@check range total 0 to 60", "@check range total 0 to", True),
        ("@check range total 0 to 60", "@check range total 0 to 60.5", False),
        ("@check total >= 1", "@check total > 0", False),
        ("@check total >= 0", "@check total > -1 OR email = 'x'", False),
        ("@check total >= 0", "@check total >= -5", True),
        ("@check row_count >= 2", "@check row_count > 0", True),
        ("@check row_count >= 2", "@check row_count % 2 = 0", False),
        ("@check regex email a+", "@check regex email a*", False),
        ("@not_null total, email", "@not_null total", True),
        ("@unique email", "@unique total, email", True),
        ("@not_null total at most 5 rows", "@not_null total at most 1%", False),
        ("@check range total 0 to 60", "@check range total 0 to 50 at most 1 row", True),
        ("@check freshness total < 30 days", "@check freshness total < 1 month", False),
        ("@check freshness total < 31 days", "@check freshness total < 2 months", True),
        ("@expect nothing removed", "@expect removed at most 1%", True),
        ("@key id, total", "@key id", True),
    ],
)
def test_a_check_that_says_something_else_is_loosened_only_where_that_follows(
    before: str, after: str, known: bool
) -> None:
    found = loosened(graph(before), graph(after), diff())
    assert [(f.known, f.change.startswith("is now ")) for f in found] == [(known, True)]


def test_a_check_is_not_told_as_another_one_that_speaks_of_something_else() -> None:
    assert told(graph("@check total >= 0"), graph("@check id IS NOT NULL")) == [("check", "total >= 0", "removed")]


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
