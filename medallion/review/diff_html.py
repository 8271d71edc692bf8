"""A difference as one page of HTML. Pure, but for the style and script that are shipped with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medallion.diff.value import Status
from medallion.review.figures import counted
from medallion.review.markup import Child, Markup, data, element, sentence
from medallion.review.page import filtered_table, page, section
from medallion.review.table_html import dataset_section, overview_row
from medallion.review.verdict import diff_verdict

if TYPE_CHECKING:
    from medallion.diff.value import Diff, Side

__all__ = ["datasets", "diff_html", "heading", "side_html"]

_HEADS = ("dataset", "rows before", "after", "change", "added", "removed", "changed", "schema")
_NUMBERS = (1, 2, 3, 4, 5, 6)
# Up to so many datasets are shown unfolded.
_UNFOLDED = 8


def side_html(side: Side) -> Markup:
    """A side as it was asked for, and its commit."""
    commit = element("code", side.commit[:7], class_="dim") if side.commit else None
    left = ["where ", data(side.left_by, 80), " left "] if side.left_by else None
    return element("span", left, data(side.short, 80), " " if commit else None, commit)


def heading(kind: str, diff: Diff, verdict: str, tone: str) -> Child:
    """The top of a page: what is held against what, and the one line that sums it up."""
    return [
        element("p", f"Medallion {kind}", class_="kind"),
        element("h1", side_html(diff.head), element("span", " against ", class_="dim"), side_html(diff.base)),
        element("p", verdict, class_=f"verdict {tone}"),
    ]


def datasets(diff: Diff, checks: dict[str, str] | None = None, remark: str = "") -> list[Markup]:
    """The sections on datasets: the overview, and each that differs.

    ``checks`` says how a dataset's came out, ``remark`` what is to be known of those that are equal.
    """
    differing = diff.differing
    rows = [(*overview_row(table), *([checks.get(str(table.name), "")] if checks else [])) for table in differing]
    heads = (*_HEADS, "checks") if checks else _HEADS
    equal = len(diff.datasets) - len(differing)
    words = f"{counted(equal, 'dataset')} equal." if equal else ""
    rewritten = [
        element("li", str(t.name), f" is {t.equal_in_words}; ", sentence(note))
        for t in diff.rewritten
        for note in t.notes
    ]
    overview = section(
        "overview",
        "Overview",
        filtered_table("Datasets that differ", heads, rows, _NUMBERS) if rows else None,
        element("p", words, class_="dim") if words else None,
        element("p", sentence(remark), ".") if remark else None,
        element("ul", rewritten, class_="notes") if rewritten else None,
    )
    unfolded = len(differing) <= _UNFOLDED
    sections = [dataset_section(table, diff, unfolded=unfolded) for table in differing]
    return [overview, section("datasets", "Datasets", sections)] if sections else [overview]


def diff_html(diff: Diff) -> str:
    """The difference as one file of HTML that needs nothing else. Every value of the data is literal text in it."""
    lost = any(table.status is Status.UNAVAILABLE for table in diff.datasets)
    header = heading("diff", diff, diff_verdict(diff), "bad" if lost else "plain")
    notes = (
        element("ul", [element("li", sentence(note)) for note in diff.notes], class_="notes") if diff.notes else None
    )
    parts = datasets(diff)
    contents = [("overview", "Overview"), ("datasets", "Datasets")][: len(parts)]
    footer = element("p", side_html(diff.head), " against ", side_html(diff.base))
    return page(
        f"Diff of {diff.head.short[:80]} against {diff.base.short[:80]}", header, contents, [notes, *parts], footer
    )
