"""A report keeps to its bytes, is whole, and says what it leaves out."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medallion.review.budget import LEAST, Block, block, fit
from medallion.review.diff_markdown import diff_markdown
from medallion.review.review_markdown import review_markdown
from tests.rendered import meaning
from tests.review_examples import (
    hostile_review,
    hostile_table,
    keyless,
    many_tables,
    orders,
    shop_diff,
    shop_review,
    troubled_review,
    wide_table,
)

REVIEWS = {
    "shop": shop_review(),
    "troubled": troubled_review(),
    "hostile": hostile_review(),
    "many": many_tables(100),
    "wide": replace(shop_review(), diff=shop_diff(wide_table(5_000))),
}


@settings(max_examples=30)
@given(st.sampled_from(sorted(REVIEWS)), st.integers(LEAST, 70_000))
def test_a_review_is_never_over_its_budget_and_always_whole(name: str, budget: int) -> None:
    text = review_markdown(REVIEWS[name], budget, "medallion review main...refunds")
    assert len(text.encode()) <= budget
    meaning(text)
    assert len(re.findall("^```", text, re.MULTILINE)) in (0, 2)


@settings(max_examples=20)
@given(st.integers(LEAST, 70_000))
def test_a_difference_is_never_over_its_budget_and_always_whole(budget: int) -> None:
    text = diff_markdown(shop_diff(hostile_table(), keyless(), wide_table(50)), budget)
    assert len(text.encode()) <= budget
    meaning(text)


def test_without_a_bound_nothing_is_left_out() -> None:
    text = review_markdown(REVIEWS["many"], None)
    assert "Left out" not in text
    assert text.count("<details>") == 100 + 1


def test_what_is_left_out_is_counted() -> None:
    text = review_markdown(REVIEWS["many"], 10_000)
    notice = next(line for line in text.splitlines() if line.startswith("Left out to keep within 10,000 bytes: "))
    shown = len(re.findall(r"^\| `gold\.table_\d+` \|", text, re.MULTILINE))
    folded = text.count("<details><summary><code>gold.table")
    assert 0 < shown < 100
    assert f"{100 - shown} datasets of the table" in notice
    assert f"{100 - folded} datasets' details" in notice


def test_what_matters_most_is_in_the_smallest_report() -> None:
    text = review_markdown(troubled_review(), LEAST)
    assert "input changed: silver.orders" in text
    assert "could not be compared" in text
    assert "**1 dataset stale" in text


def test_hardly_any_room_is_refused() -> None:
    with pytest.raises(ValueError, match="2,000 bytes at least, not 1,999"):
        diff_markdown(shop_diff(orders()), LEAST - 1)


def test_a_long_block_leaves_room_for_those_after_it() -> None:
    long = block(["x" * 50] * 1_000, 1, ("line", "lines"))
    short = block(["y"], 2, ("letter", "letters"))
    text = fit([Block((("verdict",),), 0), long, short, Block((("end",),), 0)], LEAST)
    assert "\n\ny\n\n" in text
    assert len(text.encode()) > LEAST * 0.9


def test_the_more_important_item_has_room_first_and_items_stay_in_order() -> None:
    items = [letter * 700 for letter in "abcd"]
    text = fit([block(items, 1, ("item", "items"), order=(3, 1, 0, 2))], LEAST)
    assert re.findall(r"^([a-d])\1+$", text, re.MULTILINE) == ["b", "d"]
    assert "Left out to keep within 2,000 bytes: 2 items." in text
