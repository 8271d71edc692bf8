"""Which rows go together, and how a person sees in what they differ."""

from __future__ import annotations

import pytest

from medallion.cli.text import cells
from medallion.cli.unittest_view import difference_lines
from medallion.unittests.compare import Difference, Pair, Row, compare

COLUMNS, TYPES = ["id", "status", "total"], ["BIGINT", "VARCHAR", "DECIMAL(12,2)"]
MANY = [f"column_number_{i}" for i in range(20)]


def compared(expected: list[Row], actual: list[Row], key: list[str] | None = None) -> Difference | None:
    return compare(COLUMNS, TYPES, key or [], expected, actual)


def shown(found: Difference | None, width: int = 80) -> list[str]:
    assert found is not None
    return [line.plain for line in difference_lines(found, width)]


def test_the_same_rows_in_another_order_differ_in_nothing() -> None:
    rows: list[Row] = [("1", "a", None), ("1", "a", None), ("2", "b", "1.00")]
    assert compared(rows, rows[::-1]) is None


def test_a_row_counts_as_often_as_it_is_there() -> None:
    found = compared([("1", "a", None)], [("1", "a", None)] * 3)
    assert found is not None
    assert (found.equal, found.expected, found.actual) == (1, 1, 3)
    assert found.pairs == (Pair(None, ("1", "a", None)),) * 2


def test_null_is_equal_to_null_and_to_no_text() -> None:
    assert compared([("1", None, None)], [("1", None, None)]) is None
    assert compared([("1", None, None)], [("1", "NULL", None)]) is not None


def test_a_key_pairs_rows_that_share_nothing_else_and_none_that_share_the_rest() -> None:
    found = compared([("1", "a", "1.00"), ("2", "b", "2.00")], [("1", "x", "9.00"), ("3", "b", "2.00")], ["ID"])
    assert found is not None
    assert found.key == (0,)
    assert [(p.expected and p.expected[0], p.actual and p.actual[0]) for p in found.pairs] == [
        ("1", "1"),
        ("2", None),
        (None, "3"),
    ]


def test_a_key_that_is_not_expected_as_a_whole_pairs_nothing() -> None:
    found = compared([("1", "a", None)], [("1", "b", None)], ["id", "shop"])
    assert found is not None
    assert found.key == ()
    assert len(found.pairs) == 1


def test_the_rows_that_share_most_go_together_first() -> None:
    found = compared([("1", "a", "1.00"), ("2", "a", "1.00")], [("2", "a", "5.00"), ("1", "b", "5.00")])
    assert found is not None
    assert [(p.expected, p.actual) for p in found.pairs] == [
        (("1", "a", "1.00"), ("1", "b", "5.00")),
        (("2", "a", "1.00"), ("2", "a", "5.00")),
    ]


def test_very_many_rows_go_together_by_their_order() -> None:
    found = compared([(str(i), "a", None) for i in range(600)], [(str(i), "b", None) for i in range(601)])
    assert found is not None
    assert len(found.pairs) == 601
    assert found.pairs[7] == Pair(("7", "a", None), ("7", "b", None))


def test_only_the_cells_that_differ_are_marked() -> None:
    found = compared([("1", "paid", "5.00"), ("2", "x", None)], [("1", "placed", "5.00"), ("2", "x", "1.00")], ["id"])
    assert shown(found) == [
        "    id  status  total",
        "  -  1  paid     5.00",
        "  +  1  placed   5.00",
        "        ^^^^^^",
        "  -  2  x        NULL",
        "  +  2  x        1.00",
        "                 ^^^^",
        "  2 rows expected (-), 2 came out (+)",
    ]


def test_a_row_without_a_partner_stands_alone() -> None:
    found = compared([("1", "a", "1.00"), ("4", "b", None)], [("1", "a", "1.00")], ["id"])
    assert shown(found) == [
        "    id  status  total",
        "  -  4  b        NULL",
        "  2 rows expected (-), 1 came out (+), 1 the same",
    ]


def test_what_looks_like_null_or_nothing_is_in_quotes_and_nothing_moves_the_terminal() -> None:
    found = compared([("1", "NULL", None), ("2", "", None)], [("1", None, None), ("2", "\x1b[2J\n ", None)], ["id"])
    text = "\n".join(shown(found))
    assert "'NULL'" in text
    assert "''" in text
    assert "'\\x1b[2J\\n '" in text
    assert "\x1b" not in text


def test_long_texts_are_cut_around_their_first_difference() -> None:
    text = "The quick brown fox jumps over the lazy dog. " * 9
    found = compared([("1", f"{text}end", None)], [("1", f"{text}End", None)])
    lines = shown(found)
    assert "lazy dog. end" in lines[1]
    assert "lazy dog. End" in lines[2]


@pytest.mark.parametrize("width", [40, 80, 160])
def test_what_is_shown_fits_the_terminal(width: int) -> None:
    one: Row = tuple(f"日本語 {i}" * 9 for i in range(20))
    other: Row = tuple(f"日本語 {i if i % 2 else 0}" * 9 for i in range(20))
    for expected, actual in (([one], [other]), ([one], []), ([], [one])):
        lines = shown(compare(MANY, ["VARCHAR"] * 20, MANY[:1], expected, actual), width)
        assert [line for line in lines if cells(line) > width] == []


def test_a_row_too_wide_for_a_line_is_shown_cell_below_cell() -> None:
    one: Row = tuple(f"v{i}" for i in range(20))
    found = compare(MANY, ["VARCHAR"] * 20, MANY[:1], [one], [(*one[:1], *("x" for _ in one[1:]))])
    lines = shown(found)
    assert lines[0] == "    row: column_number_0 v0"
    assert lines[1:3] == ["  - column_number_1   v1", "  +                   x"]
    assert lines[-2] == "    … 7 more columns"


def test_of_many_rows_the_first_are_shown_and_the_rest_counted() -> None:
    lines = shown(compared([(str(i), "a", None) for i in range(15)], []))
    assert len([line for line in lines if line.startswith("  - ")]) == 10
    assert "… 5 more rows that differ" in lines[-2]
