"""A difference at a terminal: whatever differs, lines fit, and nothing in the data moves a cursor."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from medallion.cli.diff_columns import percent
from medallion.cli.diff_view import diff_lines, stat_lines
from medallion.cli.review_view import review_lines
from medallion.cli.value_text import quoted, side_by_side
from medallion.diff.value import ColumnDiff, ColumnStatus, Status
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
    if one != other and max(cell_len(quoted(one)), cell_len(quoted(other))) <= wide // 2:
        assert first != second


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


def test_what_is_equal_within_a_tolerance_is_never_called_the_same() -> None:
    note = "no row differs beyond the tolerance; 48 values differ within it (v 48)"
    column = ColumnDiff("v", ColumnStatus.EQUAL, changed=0, within_tolerance=48)
    table = replace(equal(), head_content="dd" * 32, columns=(column,), notes=(note,))
    diff = replace(shop_diff(), datasets=(table,))
    text = "\n".join(line.plain for line in diff_lines(diff, 160))
    assert f"{table.name} is equal within the tolerance; {note}" in text
    assert "the dataset is equal within the tolerance" in text
    for report in (diff_markdown(diff), diff_html(diff)):
        assert "is equal within the tolerance" in report
        assert "no row differs beyond the tolerance" in report
