"""Tables that fit a terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from medallion.cli.fit import fit, shorten


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [("short", 5, "short"), ("longer", 5, "long…"), ("日本語です", 6, "日本…"), ("a bc", 3, "a…")],
)
def test_a_text_is_cut_with_an_ellipsis_only_where_it_does_not_fit(text: str, width: int, expected: str) -> None:
    assert shorten(text, width) == expected


def test_a_table_that_fits_stays_as_it_is() -> None:
    rows = [["name", "n"], ["Ada", "1"], ["Grace", "12"]]
    assert fit(rows, [1], 80) == (["name    n", "Ada     1", "Grace  12"], [])


def test_the_widest_text_gives_first_and_numbers_are_never_cut() -> None:
    rows = [["id", "title", "note"], ["1234567890123456789", "t" * 20, "n" * 60]]
    lines, dropped = fit(rows, [0], 60)
    assert dropped == []
    assert lines[1] == "1234567890123456789  " + "t" * 17 + "…  " + "n" * 18 + "…"


def test_columns_in_the_middle_go_where_shortening_is_not_enough() -> None:
    rows = [[f"column_{i}" for i in range(9)], [f"value {i} and more" for i in range(9)]]
    lines, dropped = fit(rows, [], 50)
    assert dropped == [2, 3, 4, 5, 6, 7]
    assert lines[0].split() == ["column_0", "column_1", "…", "column_8"]
    assert lines[1].startswith("value 0")


CELLS = st.text(st.characters(categories=["L", "N", "P", "Zs"]), max_size=40)


@given(st.data(), st.integers(1, 9), st.integers(15, 120))
def test_no_line_is_wider_than_the_room(data: st.DataObject, columns: int, room: int) -> None:
    rows = data.draw(st.lists(st.lists(CELLS, min_size=columns, max_size=columns), min_size=1, max_size=4))
    lines, dropped = fit(rows, [], room)
    assert all(cell_len(line) <= room for line in lines)
    assert len(lines) == len(rows)
    assert len(dropped) < columns
