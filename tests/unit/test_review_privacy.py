"""A review without samples shows no trace of a single row."""

from __future__ import annotations

from dataclasses import replace

from medallion.review.figures import bytes_in_words, change, number, share
from medallion.review.privacy import shareable, withheld_rows, without_rows
from medallion.review.review_markdown import review_markdown
from tests.review_examples import orders, shop_review

SECRETS = ("8231", "9120", "10001", "99442", "18.00", "3.10", "912.00", "0.50", "12.00", "7.50")


def test_without_samples_no_value_of_a_single_row_is_told() -> None:
    with_samples = review_markdown(shop_review())
    without = review_markdown(replace(shop_review(), samples=False))
    assert all(secret in with_samples for secret in SECRETS if secret != "912.00")
    assert not any(secret in without for secret in SECRETS)
    assert "`paid` | `refunded` | 510" in without
    assert "`shipped` | `returned` | 6" in without
    assert "6 sample rows left out (samples are off)" in without
    assert "samples are off" not in with_samples


def test_a_change_of_few_rows_is_counted_and_not_told() -> None:
    total = without_rows(orders()).column("total")
    assert total is not None
    assert (total.patterns, total.other_changes, total.other_patterns) == ((), 3, 2)
    assert total.changed == sum(p.count for p in total.patterns) + total.other_changes


def test_a_mean_and_a_histogram_of_few_rows_are_not_told() -> None:
    table = orders()
    assert table.rows is not None
    few = without_rows(replace(table, rows=replace(table.rows, head=4))).column("total")
    many = without_rows(table).column("total")
    assert few is not None
    assert many is not None
    assert few.head_statistics is not None
    assert many.head_statistics is not None
    assert few.head_statistics.mean is None
    assert few.histogram is None
    assert many.head_statistics.mean is not None
    assert many.histogram is not None
    assert not many.histogram.labels
    assert not many.histogram.edges


def test_with_samples_a_review_is_shown_as_it_is() -> None:
    assert shareable(shop_review()) == shop_review()
    assert withheld_rows(shop_review(), 5) == 0


def test_a_share_never_claims_more_than_it_is() -> None:
    assert [share(99_438, 99_441), share(98_925, 99_441), share(0, 5), share(5, 5), share(1, 10**12)] == [
        "99.997 %",
        "99.5 %",
        "0 %",
        "100 %",
        "almost 0 %",
    ]
    assert [change(99_441, 99_438), change(100, 101), change(5, 5), change(0, 5)] == ["−0.003 %", "+1.0 %", "", ""]


def test_two_means_that_differ_look_different() -> None:
    assert (number(41.2, 41.2001), number(41.2001, 41.2)) == ("41.2", "41.2001")
    assert (number(1_234_567.5), number(-3.0), number(float("nan"))) == ("1,234,567.5", "−3", "nan")


def test_sizes_have_a_unit() -> None:
    assert [bytes_in_words(n) for n in (1, 999, 1_000, 999_949, 999_950, 4_205_312)] == [
        "1 B",
        "999 B",
        "1.0 kB",
        "1.0 MB",
        "1.0 MB",
        "4.2 MB",
    ]
