"""What a review says of what nobody can know: data that was not compared, or not built anew."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from importlib.resources import files
from typing import Any

from jsonschema import Draft202012Validator

from medallion.cli.review_view import review_lines
from medallion.diff.value import Diff, Rows
from medallion.names import TableName
from medallion.review.document import review_document
from medallion.review.headline import source_bytes
from medallion.review.remedies import stale_title
from medallion.review.review_html import review_html
from medallion.review.review_markdown import review_markdown
from medallion.review.value import (
    CheckChange,
    CheckTurn,
    LineageEdge,
    ModelStatus,
    Reach,
    SourceChange,
    StaleDataset,
    StaleKind,
)
from medallion.review.verdict import verdict
from tests.review_examples import BASE, CUSTOMERS, HEAD, ORDERS, REVENUE, orders, quiet_review, shop_review, unavailable

SCHEMA: dict[str, Any] = json.loads((files("medallion.diff") / "schema.json").read_text(encoding="utf-8"))


def test_what_has_other_content_changed_even_where_it_could_not_be_compared() -> None:
    other = replace(unavailable(), base_content="a", head_content="b", recorded=(92_700, 90_760))
    review = replace(quiet_review(), diff=Diff(BASE, HEAD, (other, replace(other, name=ORDERS))))
    assert verdict(review).startswith(
        "2 datasets changed (−1,940 rows in bronze.events and in 1 more), of which 2 could not be compared, "
    )
    review = replace(quiet_review(), diff=Diff(BASE, HEAD, (other, orders(), replace(unavailable(), name=REVENUE))))
    assert verdict(review).startswith(
        "2 datasets changed (−1,940 rows in bronze.events and in 1 more, +12 rows in silver.orders), of which 1 could "
        "not be compared, 1 more could not be compared,"
    )
    assert "92,700 → 90,760, **not compared**" in review_markdown(review)
    assert "92,700 → 90,760 rows by the records" in "\n".join(line.plain for line in review_lines(review, 80))
    assert not list(Draft202012Validator(SCHEMA).iter_errors(review_document(review)["diff"]))


def test_what_mends_stale_data_is_told_by_its_kind() -> None:
    def title(*kinds: StaleKind) -> str:
        stale = tuple(StaleDataset(ORDERS, "it is", kind=kind) for kind in kinds)
        return stale_title(replace(quiet_review(), stale=stale), "`")

    assert title(StaleKind.DATA) == "Stale data: run `medallion run` and commit the result"
    assert title(StaleKind.UNBUILDABLE, StaleKind.DATA) == (
        "Stale data: mend the SQL that cannot be built, run `medallion run` and commit the result"
    )
    assert title(StaleKind.ORPHANED) == (
        "Stale data: take away what no model makes, or write its model: `git rm 'data/silver/orders.*'` and commit "
        "the result"
    )


def test_what_is_equal_only_since_nobody_rebuilt_it_is_not_called_the_same() -> None:
    stale = (StaleDataset(CUSTOMERS, "it cannot be built", kind=StaleKind.UNBUILDABLE),)
    review = replace(shop_review(), stale=stale, reach=(Reach(CUSTOMERS, ("id",), (ORDERS,), False, True),))
    for text in (
        "\n".join(line.plain for line in review_lines(review, 160)),
        review_markdown(review),
        review_html(review),
    ):
        assert "not rebuilt: its data is the base" in text
        assert "Not rebuilt, so equal to the base" in text


def test_a_warning_that_the_base_has_as_well_comes_last_and_counts_apart() -> None:
    warning = CheckChange(
        ORDERS, "total > 0", CheckTurn.FAILS, True, "sql/silver/orders.sql:7", "", 449, 90_760, before=(457, 92_700)
    )
    review = replace(shop_review(), checks=(warning,))
    assert verdict(review).endswith(", 0 checks failed, 1 warning as before")
    lines = [line.plain for line in review_lines(review, 160)]
    assert lines.index("warnings as before") > lines.index("data")
    assert any("449 of 90,760 rows; 457 of 92,700 in the base" in line for line in lines)
    text = review_markdown(review)
    assert text.index("**Warnings as before**") > text.index("| dataset |")
    assert "449 of 90,760 rows; 457 of 92,700 in the base" in text
    assert review_document(review)["checks"][0]["before"] == {"failures": 457, "rows": 92_700}
    worse = replace(review, checks=(replace(warning, failures=458),))
    assert verdict(worse).endswith(", 0 checks failed, 1 warning")
    lines = [line.plain for line in review_lines(worse, 160)]
    assert lines.index("checks") < lines.index("data")


def test_the_verdict_says_where_most_rows_came_and_went() -> None:
    keyless = Rows(200, 210, added=30, removed=20, changed=None)
    tables = (orders(), replace(orders(), name=REVENUE, rows=replace(keyless, changed=None)))
    review = replace(quiet_review(), diff=Diff(BASE, HEAD, tables))
    assert verdict(review).startswith(
        "2 datasets changed (−15 rows in silver.orders, +12 rows in silver.orders and in 1 more), "
    )


def test_a_source_file_that_differs_is_named_and_marked_in_every_format() -> None:
    clicks = TableName("bronze", "clicks")
    source = SourceChange(
        "sources/clicks.csv", ModelStatus.CHANGED, 3_200_100, 3_200_140, (clicks,), ("sources/*.csv",)
    )
    edges = (LineageEdge("sources/*.csv", "bronze.clicks"),)
    review = replace(shop_review(), sources=(source,), edges=edges)
    text = "\n".join(line.plain for line in review_lines(review, 160))
    sizes = "3,200,100 B → 3,200,140 B"
    assert f"sources\n  sources/clicks.csv  changed  {sizes}  read by bronze.clicks" in text
    markdown = review_markdown(review)
    assert f"- `sources/clicks.csv` changed, {sizes}, read by `bronze.clicks`" in markdown
    assert re.search(r'n0\["sources/.*\.csv"\]:::changed', markdown)
    page = review_html(review)
    assert sizes in page
    assert "sources/*.csv, changed</title>" in page
    assert review_document(review)["sources"][0]["readers"] == ["bronze.clicks"]
    assert source_bytes(replace(source, base_bytes=None)) == "3.2 MB"
