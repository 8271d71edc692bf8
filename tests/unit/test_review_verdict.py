"""The line that sums a review up, and what fails one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from medallion.cli.review_view import review_lines
from medallion.diff.value import Diff, Rows, Status, TableDiff
from medallion.errors import MedallionError
from medallion.review.review_html import review_html
from medallion.review.review_markdown import review_markdown
from medallion.review.rules import DEFAULT_FAIL_ON
from medallion.review.value import CheckTurn, StaleKind
from medallion.review.verdict import Rule, RuleName, diff_verdict, failures, parse_fail_on, verdict
from tests.review_examples import (
    BASE,
    HEAD,
    ORDERS,
    added_and_removed,
    quiet_review,
    shop_diff,
    shop_review,
    troubled_review,
    unavailable,
)


def test_the_verdict_counts_what_a_reviewer_asks_for() -> None:
    assert verdict(shop_review()) == (
        "2 datasets changed (−15 rows in silver.orders, +12 rows in silver.orders), 1 breaking change, 0 checks failed"
    )
    assert verdict(quiet_review()) == "no dataset changed, 0 breaking changes, 0 checks failed"


def test_the_verdict_names_every_trouble_and_stale_data_first() -> None:
    assert verdict(troubled_review()) == (
        "1 dataset stale, 1 dataset perhaps stale, 1 dataset already stale in the base, 1 unexpected difference, "
        "2 datasets changed (−15 rows in silver.orders, +12 rows in silver.orders), "
        "1 added, 1 removed, 1 could not be compared, 1 breaking change, 1 check failed, "
        "1 warning as before, 1 check could not be run, 1 contract broken, 2 safeguards loosened, 1 safeguard changed, "
        "1 expectation not met, 1 expectation cannot be told, 2 problems"
    )


def test_a_difference_says_how_many_differ_and_of_how_many_it_does_not_know() -> None:
    assert diff_verdict(shop_diff(unavailable())) == "2 of 4 datasets differ, 1 could not be compared"
    assert diff_verdict(shop_diff()) == "2 of 3 datasets differ"


def test_rules_are_read_with_their_limits() -> None:
    assert parse_fail_on("stale, removed-rows > 1%,REMOVED-ROWS>100") == (
        Rule(RuleName.STALE),
        Rule(RuleName.REMOVED_ROWS, 1.0, percent=True),
        Rule(RuleName.REMOVED_ROWS, 100.0),
    )
    for text in ("never", DEFAULT_FAIL_ON, "removed-rows>0.5%", "failed-check, breaking, unexpected"):
        assert ", ".join(map(str, parse_fail_on(text))) == text


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("stael", 'did you mean "stale"?'),
        ("failed_checks", 'did you mean "failed-check"?'),
        ("removed-rows", "removed-rows>1%"),
        ("removed-row>1%", 'did you mean "removed-rows"?'),
        ("removed-rows>x", "removed-rows>100"),
        ("stale>1", "write stale alone"),
        ("zzz", "there are stale"),
        ("", "give one or more"),
        (" , ", "give one or more"),
        ("never, stale", "leave"),
    ],
)
def test_what_is_no_rule_is_refused_with_the_nearest_one(text: str, hint: str) -> None:
    with pytest.raises(MedallionError) as caught:
        parse_fail_on(text)
    assert hint in caught.value.hint


def reasons(text: str, **changes: object) -> tuple[str, ...]:
    run = tuple(check for check in troubled_review().checks if check.turn is not CheckTurn.UNKNOWN)
    sound = replace(troubled_review(), problems=(), diff=shop_diff(*added_and_removed()), checks=run)
    return failures(replace(sound, **changes), parse_fail_on(text))  # type: ignore[arg-type]


def test_each_rule_finds_its_own() -> None:
    assert reasons("stale") == ("gold.revenue is stale: input changed: silver.orders",)
    assert reasons("unseen-source") == (
        "gold.totals may be stale, which cannot be known: sources/totals.csv is not in Git",
    )
    assert reasons("failed-check") == ("silver.orders: check failed: total >= 0",)
    assert reasons("breaking") == (
        "silver.orders: breaking change: column note added",
        "silver.orders: contract broken: column note added",
    )
    assert reasons("unexpected") == (
        "gold.revenue differs, which was not announced",
        "sql/expect/refunds.md:4: expectation not met: silver.orders removed none",
        "a1b2c3d: expectation cannot be told: bronze.events unchanged",
    )
    assert reasons("removed-rows>1%") == ("gold.old_totals: 40 rows removed, 100 %, more than 1 %",)
    assert reasons("removed-rows>14")[0] == "silver.orders: 15 rows removed, 0.02 %, more than 14"
    assert reasons("removed-rows>40") == ()
    assert reasons("loosened") == (
        "silver.orders: loosened: not_null total: removed",
        "silver.orders: loosened: @private email: removed",
        "silver.orders: changed, perhaps loosened: total <> 7: is now total <> 8",
    )
    assert reasons("never") == ()


def test_a_warning_fails_nothing() -> None:
    checks = tuple(replace(check, warning=True) for check in troubled_review().checks)
    assert reasons("failed-check", checks=checks) == ()


def test_a_check_that_passes_now_fails_nothing() -> None:
    checks = tuple(c for c in troubled_review().checks if c.turn is CheckTurn.NEWLY_PASSES)
    assert checks
    assert reasons("failed-check", checks=checks) == ()


@pytest.mark.parametrize(
    "rule", ["stale", "unseen-source", "failed-check", "breaking", "removed-rows>1%", "unexpected", "loosened"]
)
def test_what_could_not_be_found_out_is_never_fine(rule: str) -> None:
    review = replace(quiet_review(), problems=troubled_review().problems[:1])
    assert failures(review, parse_fail_on(rule)) == ("could not be reviewed: no object for data/bronze/events.parquet",)
    review = replace(quiet_review(), diff=Diff(BASE, HEAD, (unavailable(),)))
    (reason,) = failures(review, parse_fail_on(rule))
    assert reason == "bronze.events could not be compared"
    assert failures(review, parse_fail_on("never")) == ()
    unknown = troubled_review().unknown_checks
    review = replace(quiet_review(), checks=unknown)
    assert failures(review, parse_fail_on(rule)) == ("bronze.events: check could not be run: row_count > 0",)
    assert failures(review, parse_fail_on("never")) == ()
    warned = replace(quiet_review(), checks=tuple(replace(check, warning=True) for check in unknown))
    assert failures(warned, parse_fail_on(rule)) == ()


def test_a_share_of_removed_rows_is_exact_at_its_limit() -> None:
    for removed, expected in ((100, 0), (101, 1)):
        table = TableDiff(ORDERS, Status.CHANGED, rows=Rows(10_000, 10_000 - removed, removed=removed))
        review = replace(quiet_review(), diff=Diff(BASE, HEAD, (table,)))
        assert len(failures(review, parse_fail_on("removed-rows>1%"))) == expected


def test_what_is_stale_through_others_or_was_before_fails_nothing() -> None:
    (stale, _, before) = troubled_review().stale
    assert reasons("stale", stale=(replace(stale, known=False), before)) == ()
    assert reasons("stale", stale=(replace(stale, kind=StaleKind.UNCHECKED),)) != ()


def test_rows_without_a_key_that_changed_are_not_removed() -> None:
    changed = TableDiff(ORDERS, Status.CHANGED, rows=Rows(100, 98, added=50, removed=52, changed=None))
    review = replace(quiet_review(), diff=Diff(BASE, HEAD, (changed,)))
    assert failures(review, parse_fail_on("removed-rows>2%")) == ()
    (reason,) = failures(review, parse_fail_on("removed-rows>1%"))
    assert reason == "silver.orders: 2 rows fewer (there is no key to tell which), 2.0 %, more than 1 %"
    more = replace(changed, rows=Rows(98, 100, added=52, removed=50, changed=None))
    review = replace(quiet_review(), diff=Diff(BASE, HEAD, (more,)))
    assert failures(review, parse_fail_on("removed-rows>0")) == ()


@pytest.mark.parametrize("changed", [0, None])
def test_a_dataset_that_became_empty_is_told_in_every_report(changed: int | None) -> None:
    emptied = TableDiff(ORDERS, Status.CHANGED, rows=Rows(1_200, 0, removed=1_200, changed=changed))
    review = replace(quiet_review(), diff=Diff(BASE, HEAD, (emptied,)))
    gone = "1 dataset changed (−1,200 rows in silver.orders)"
    assert verdict(review) == f"1 dataset emptied, {gone}, 0 breaking changes, 0 checks failed"
    text = "\n".join(line.plain for line in review_lines(review, 80))
    assert "emptied\n  silver.orders  had 1,200 rows and has none any more\n" in text
    assert "- `silver.orders` had 1,200 rows and has none any more" in review_markdown(review)
    assert "</a> had 1,200 rows and has none any more</li>" in review_html(review)
    for rule in ("removed-rows>0", "removed-rows>99%", "removed-rows>1000"):
        assert len(failures(review, parse_fail_on(rule))) == 1
    for rows, status in ((Rows(0, 0), Status.CHANGED), (Rows(3, 1, removed=2), Status.CHANGED),
                         (Rows(3, 0, removed=3), Status.REMOVED)):  # fmt: skip
        assert not TableDiff(ORDERS, status, rows=rows).emptied


def test_a_dataset_that_is_gone_without_a_count_has_lost_its_rows() -> None:
    review = replace(quiet_review(), diff=Diff(BASE, HEAD, (TableDiff(ORDERS, Status.REMOVED),)))
    assert failures(review, parse_fail_on("removed-rows>50%")) == ("silver.orders is removed, with all of its rows",)


def test_a_quiet_review_fails_under_no_rule() -> None:
    rules = parse_fail_on("stale, unseen-source, failed-check, breaking, removed-rows>0, unexpected, loosened")
    assert failures(quiet_review(), rules) == ()
