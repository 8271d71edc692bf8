"""A difference at a terminal: whatever differs, lines fit, and nothing in the data moves a cursor."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from medallion.cli.diff_columns import column_lines, percent
from medallion.cli.diff_view import diff_lines, stat_lines
from medallion.cli.review_view import review_lines
from medallion.cli.value_text import side_by_side, told_apart
from medallion.diff.value import Cell, ColumnDiff, ColumnStatus, Pattern, RowChange, RowStatus, Status
from medallion.review.diff_html import diff_html
from medallion.review.diff_markdown import diff_markdown
from medallion.review.review_html import review_html
from medallion.review.review_markdown import review_markdown
from tests.diff_examples import EXAMPLES
from tests.diff_values import VALUES, diffs
from tests.review_examples import equal, orders, quiet_review, shop_diff

if TYPE_CHECKING:
    from medallion.diff.value import Diff


@given(diffs(), st.sampled_from([60, 80, 160]))
def test_lines_fit_and_hold_nothing_that_a_terminal_would_obey(diff: Diff, width: int) -> None:
    for lines in (diff_lines(diff, width), stat_lines(diff, width)):
        assert [line.plain for line in lines if cell_len(line.plain) > width] == []
        assert [line.plain for line in lines if not line.plain.isprintable()] == []


@given(diffs())
def test_every_dataset_is_told_of(diff: Diff) -> None:
    text = "\n".join(line.plain for line in diff_lines(diff, 160))
    if diff.differing:
        assert [str(table.name) for table in diff.datasets if str(table.name) not in text] == []
    for table in diff.datasets:
        if table.status is Status.CHANGED and table.rows and table.rows.changed:
            assert f"~{table.rows.changed:,}" in text


@pytest.mark.parametrize("name", EXAMPLES)
def test_without_colour_the_lines_are_the_same_text(name: str) -> None:
    for line in diff_lines(EXAMPLES[name], 100):
        assert line.render(styled=False) == line.plain


@given(VALUES, VALUES, st.integers(8, 40))
def test_two_values_that_differ_look_different(one: str | None, other: str | None, wide: int) -> None:
    first, second = side_by_side(one, other, wide)
    assert max(cell_len(first), cell_len(second)) <= wide
    if one != other:
        assert first != second


@given(VALUES, VALUES, st.integers(4, 12), st.integers(4, 40))
def test_two_values_of_unlike_room_look_different(one: str | None, other: str | None, wide: int, beside: int) -> None:
    first, second = side_by_side(one, other, wide, beside)
    assert cell_len(first) <= wide
    assert cell_len(second) <= beside
    if one != other:
        assert first != second


@given(st.lists(st.text("ab/", max_size=40), max_size=5), st.integers(12, 24))
def test_texts_that_differ_look_different_below_each_other(ends: list[str], wide: int) -> None:
    texts = {f"https://example.org/{end}" for end in ends}
    shown = told_apart(texts, wide)
    assert shown.keys() == texts
    assert len(set(shown.values())) == len(texts)
    assert max(map(cell_len, shown.values()), default=0) <= wide


@pytest.mark.parametrize("width", [60, 80, 160])
@pytest.mark.parametrize("count", [1, 516, 10**9])
def test_the_count_of_a_change_is_never_cut_and_no_two_values_look_alike(width: int, count: int) -> None:
    patterns = (
        Pattern("0.30000000000000004", "0.3000000000000001", count),
        Pattern("-2.2250738585072014e-308", "-2.2250738585072024e-308", count),
        Pattern("a sentence that goes on and on: one", "a sentence that goes on and on: two", count),
    )
    column = ColumnDiff(
        "a_column_with_a_long_name", ColumnStatus.CHANGED, "a_column_with_a_long_name", changed=3 * count,
        base_type="DOUBLE", head_type="DOUBLE", patterns=patterns,
    )  # fmt: skip
    table = replace(orders(), columns=(column,), samples=())
    lines = [line.plain for line in column_lines(table, width)]
    assert max(map(cell_len, lines[1:])) <= width
    told = [part.rpartition(f" × {count:,}") for line in lines for part in line.split(" · ") if " → " in part]
    assert len(told) == 3
    for values, times, rest in told:
        assert (times, rest) == (f" × {count:,}", "")
        one, other = values.split()[-3::2] if " on" not in values else values.strip().split(" → ")
        assert one != other


def test_rows_whose_keys_differ_in_their_ends_look_different() -> None:
    address = "https://example.org/a/very/long/address/of/one/and/the/same/page/"
    samples = tuple(RowChange(RowStatus.REMOVED, (f"{address}{n}",), (Cell("total", "1"),)) for n in range(3))
    diff = replace(shop_diff(), datasets=(replace(orders(), columns=(), samples=samples),))
    shown = [line.plain for line in diff_lines(diff, 80) if line.plain.startswith("  −")]
    assert len(set(shown)) == 3
    assert ["…" in line for line in shown] == [True] * 3


def test_a_difference_at_the_end_of_a_long_value_is_seen() -> None:
    assert side_by_side("x" * 10**6 + "a", "x" * 10**6 + "b", 10) == ("…xxa", "…xxb")


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    [(1, 1, "100.0 %"), (99_438, 99_441, ">99.9 %"), (1, 10**6, "<0.1 %"), (0, 5, "0.0 %"), (0, 0, "0.0 %"),
     (199, 200, "99.5 %")],
)  # fmt: skip
def test_a_share_says_all_or_nothing_only_where_it_is(part: int, whole: int, expected: str) -> None:
    assert percent(part, whole) == expected


def test_what_is_equal_in_other_files_is_noted_in_every_report() -> None:
    table = replace(equal(), head_content="dd" * 32, notes=("other bytes, the same rows",))
    diff = shop_diff()
    for found in (replace(diff, datasets=(table,)), replace(diff, datasets=(orders(), table))):
        review = replace(quiet_review(), diff=found)
        text = "\n".join(line.plain for line in diff_lines(found, 100))
        in_review = "\n".join(line.plain for line in review_lines(review, 100))
        reports = (
            text,
            in_review,
            diff_markdown(found),
            diff_html(found),
            review_markdown(review),
            review_html(review),
        )
        assert ["other bytes, the same rows" in report for report in reports] == [True] * 6
