"""The markdown of reviews and differences: each case of ``CASES`` gives ``review/NAME.md``.

MEDALLION_UPDATE_GOLDEN=1 writes what comes out; read it before you commit it.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from medallion.diff.value import Diff, Rows, TableDiff
from medallion.review.diff_markdown import diff_markdown
from medallion.review.review_markdown import review_markdown
from medallion.review.rules import DEFAULT_FAIL_ON
from medallion.review.verdict import failures, parse_fail_on
from tests.rendered import meaning
from tests.review_examples import (
    BASE,
    HEAD,
    WORK_TREE,
    added_and_removed,
    equal,
    hostile_review,
    keyless,
    many_tables,
    orders,
    quiet_review,
    shop_diff,
    shop_review,
    troubled_review,
    unavailable,
    wide_table,
)

if TYPE_CHECKING:
    from collections.abc import Callable

REPRODUCE = "medallion review 3f9c2e1...a1b2c3d"
FOLDER = Path(__file__).parent / "review"


def nothing_before() -> TableDiff:
    """Orders, of which there was none: nothing is matched, so no cell changed."""
    columns = tuple(replace(column, changed=0, patterns=()) for column in orders().columns[:3])
    return replace(orders(), rows=Rows(0, 99_438, added=99_438), columns=columns, samples=orders().samples[-1:])


CASES: dict[str, Callable[[], str]] = {
    "review_shop": lambda: review_markdown(shop_review(), reproduce=REPRODUCE),
    "review_samples_off": lambda: review_markdown(replace(shop_review(), samples=False), reproduce=REPRODUCE),
    "review_troubled": lambda: review_markdown(
        troubled_review(), reproduce=REPRODUCE, failures=failures(troubled_review(), parse_fail_on(DEFAULT_FAIL_ON))
    ),
    "review_quiet": lambda: review_markdown(quiet_review(), reproduce=REPRODUCE),
    "review_hostile": lambda: review_markdown(
        hostile_review(), 40_000, "medallion review '`x`|@all'", failures(hostile_review(), parse_fail_on("stale"))
    ),
    "review_many_in_6000_bytes": lambda: review_markdown(many_tables(100), 6_000, REPRODUCE),
    "diff_shop": lambda: diff_markdown(shop_diff()),
    "diff_keyless_added_removed_unavailable": lambda: diff_markdown(
        shop_diff(keyless(), unavailable(), *added_and_removed())
    ),
    "diff_wide_in_20000_bytes": lambda: diff_markdown(Diff(BASE, HEAD, (wide_table(5_000),)), 20_000),
    "diff_zero_rows": lambda: diff_markdown(Diff(BASE, WORK_TREE, (nothing_before(),), ("HEAD holds no data yet",))),
    "diff_equal": lambda: diff_markdown(Diff(BASE, WORK_TREE, (equal(),))),
}


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_report_is_what_it_was(name: str) -> None:
    made = CASES[name]()
    meaning(made)
    held = FOLDER / f"{name}.md"
    if os.environ.get("MEDALLION_UPDATE_GOLDEN"):
        held.write_text(made, encoding="utf-8")
    assert made == held.read_text(encoding="utf-8")


def test_no_golden_file_is_left_over() -> None:
    assert {path.stem for path in FOLDER.glob("*.md")} == set(CASES)
