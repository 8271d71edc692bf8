"""A review without samples shows no trace of a single row."""

from __future__ import annotations

import json
import re
from dataclasses import fields, is_dataclass, replace
from typing import Any

from medallion.cli.review_view import review_lines
from medallion.diff.value import ColumnDiff, ColumnStatus, Pattern, Rows, Statistics
from medallion.review.document import review_document
from medallion.review.figures import bytes_in_words, change, number, share
from medallion.review.privacy import FEWEST, shareable, withheld_rows, without_rows
from medallion.review.review_html import review_html
from medallion.review.review_markdown import review_markdown
from tests.review_examples import orders, shop_review, troubled_review

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


#: Texts of a review that are of its author, of Git or of a plan, none of which looks at data: class and field.
NO_DATA = {
    "Side": {"name", "commit", "left_by"},
    "Commit": {"hash", "author", "subject"},
    "ReviewedModel": {"path", "summary"},
    "SourceChange": {"path", "patterns"},
    "StaleDataset": {"reason"},
    "CheckChange": {"check", "location", "message"},
    "Loosened": {"what", "change", "location"},
    "ContractBreak": {"change"},
    "Reach": {"columns"},
    "LineageEdge": {"source", "target"},
    "Attribution": {"note", "sql_columns"},
    "Expectation": {"text", "where", "found"},
    "Diff": {"notes"},
    "TableDiff": {"notes", "error", "base_content", "head_content"},
    "Key": {"columns", "base", "why"},
    "ColumnDiff": {"name", "base_name", "base_type", "head_type"},
}


def planted(value: Any, place: str = "") -> Any:
    """The same value, each of its texts with its class and field in it; a message holds what it quotes."""
    if type(value) is str:
        return f"<<{place}>>"
    if type(value) is tuple:
        return tuple(planted(item, place) for item in value)
    if not is_dataclass(value) or isinstance(value, type) or (isinstance(value, Pattern) and value.count >= FEWEST):
        return value
    kind = type(value).__name__
    found = {f.name: planted(getattr(value, f.name), f"{kind}.{f.name}") for f in fields(value)}
    for message in ("message", "note", "error"):
        if "quotes" in found and message in found:
            found[message] += f": {found['quotes']}, and so on"
    return replace(value, **found)


def test_of_all_texts_of_a_review_only_those_that_quote_no_data_are_shown() -> None:
    review = replace(planted(troubled_review()), samples=False)
    reports = (
        review_markdown(review, None),
        review_html(review),
        json.dumps(review_document(review)),
        "\n".join(line.plain for line in review_lines(review, 120)),
    )
    allowed = {f"{kind}.{name}" for kind, names in NO_DATA.items() for name in names}
    assert set(re.findall(r"<<(\w+\.\w+)>>", repr(shareable(review)))) == allowed
    for text in reports:
        left = set(re.findall(r"(?:<<|&lt;&lt;)(\w+\.\w+)", text))  # Some are cut.
        assert left
        assert {place for place in left if not any(whole.startswith(place) for whole in allowed)} == set()
    assert "Attribution.quotes" in review_markdown(replace(review, samples=True), None)


def test_a_change_of_few_rows_is_counted_and_not_told() -> None:
    total = without_rows(orders()).column("total")
    assert total is not None
    assert (total.patterns, total.other_changes, total.other_patterns) == ((), 3, 2)
    assert total.changed == sum(p.count for p in total.patterns) + total.other_changes


def means(rows: Rows, base: Statistics | None, head: Statistics | None, changed: int | None) -> list[float | None]:
    """What is left of the means of a column of numbers."""
    column = ColumnDiff(
        "total",
        ColumnStatus.CHANGED,
        "total",
        "DOUBLE",
        "DOUBLE",
        changed=changed,
        base_statistics=base,
        head_statistics=head,
    )
    (left,) = without_rows(replace(orders(), rows=rows, columns=(column,))).columns
    return [statistics.mean for statistics in (left.base_statistics, left.head_statistics) if statistics]


def test_no_value_of_a_row_can_be_computed_from_means() -> None:
    hundred, seven = Rows(100, 100, changed=7), Rows(7, 7, changed=7)
    assert means(hundred, Statistics(0, mean=1.0), Statistics(0, mean=2.0), 7) == [1.0, 2.0]
    # It is values that count, not rows: three are no five.
    assert means(seven, Statistics(4, mean=1.0), Statistics(0, mean=2.0), 7) == [None, None]
    assert means(hundred, Statistics(0, mean=1.0), Statistics(97, mean=2.0), 7) == [None, None]
    # One cell changed, or one row came: from two means and a count follows its value.
    assert means(hundred, Statistics(0, mean=1.0), Statistics(0, mean=1.5), 1) == [None, None]
    assert means(Rows(100, 101, added=1), Statistics(0, mean=1.0), Statistics(0, mean=1.5), 0) == [None, None]
    assert means(Rows(101, 100, removed=1, changed=None), Statistics(0, mean=1.0), Statistics(0, mean=1.5), None) == [
        None,
        None,
    ]
    # Of nine rows that came, eight may hold NULL.
    assert means(Rows(100, 109, added=9), Statistics(0, mean=1.0), Statistics(8, mean=1.5), 0) == [None, None]
    assert means(Rows(100, 109, added=9), Statistics(0, mean=1.0), Statistics(0, mean=1.5), 0) == [1.0, 1.5]
    # Where nothing lies between them, there is nothing to compute.
    assert means(hundred, Statistics(0, mean=1.0), Statistics(0, mean=1.0), 0) == [1.0, 1.0]
    assert means(Rows(0, 9, added=9), None, Statistics(0, mean=2.0), None) == [2.0]
    assert means(Rows(0, 9, added=9), None, Statistics(6, mean=2.0), None) == [None]


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
