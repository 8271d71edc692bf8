"""A report as HTML: data is text in it, it needs nothing from elsewhere, and it can be read in both colours."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser
from itertools import pairwise, product
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medallion.diff.value import Diff, Histogram
from medallion.review import page as page_module
from medallion.review.diff_html import diff_html
from medallion.review.escape import visible
from medallion.review.histogram import histogram_picture
from medallion.review.lineage_svg import lineage_svg
from medallion.review.markup import Markup, data, element
from medallion.review.review_html import review_html
from medallion.review.value import LineageEdge
from tests.review_examples import (
    BASE,
    HEAD,
    HOSTILE,
    added_and_removed,
    equal,
    hostile_review,
    keyless,
    quiet_review,
    shop_diff,
    shop_review,
    troubled_review,
    unavailable,
    wide_table,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

PAGES = {
    "shop": lambda: review_html(shop_review()),
    "troubled": lambda: review_html(troubled_review()),
    "quiet": lambda: review_html(quiet_review()),
    "hostile": lambda: review_html(hostile_review(), "medallion review '\"><script>'", HOSTILE),
    "diff": lambda: diff_html(shop_diff(keyless(), unavailable(), *added_and_removed())),
    "equal": lambda: diff_html(Diff(BASE, HEAD, (equal(),))),
    "empty": lambda: diff_html(Diff(BASE, HEAD, ())),
}
TAGS = {
    *("html", "head", "meta", "title", "style", "body", "header", "nav", "main", "footer", "section", "script"),
    *("a", "p", "h1", "h2", "h3", "h4", "ul", "li", "dl", "dt", "dd", "div", "span", "bdi", "code", "strong"),
    *("del", "ins", "details", "summary", "table", "caption", "thead", "tbody", "tr", "th", "td"),
    *("figure", "figcaption", "svg", "desc", "rect", "line", "text", "g", "path", "circle"),
}
VOID = {"meta"}


class Read(HTMLParser):
    """The page's elements: it fails where one is not closed, or not ours."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.held: list[str] = []
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.values: list[str] = []
        self.attributes: set[str] = set()
        self.scripts: list[str] = []
        self.policy = ""
        self.tables: list[dict[str, int]] = []
        self.feed(text)
        self.close()
        assert self.held == []

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        assert tag in TAGS, tag
        assert len(found) == len(attrs)
        assert not any("://" in (value or "") for value in found.values())
        self.attributes |= set(found)
        self.ids += [value for name, value in attrs if name == "id" and value]
        self.targets += [value for name, value in attrs if name == "href" and value]
        if found.get("http-equiv") == "Content-Security-Policy":
            self.policy = found["content"] or ""
        if tag == "bdi":
            self.values.append("")
        if tag == "table":
            self.tables.append({})
        if tag in ("caption", "th", "thead"):
            self.tables[-1][tag] = self.tables[-1].get(tag, 0) + 1
        if tag == "th":
            assert found.get("scope") in ("row", "col")
        if tag not in VOID:
            self.held.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.held.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.held and self.held[-1] in ("script", "style"):
            self.scripts.append(data)
        elif self.held and self.held[-1] == "bdi":
            self.values[-1] += data


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_page_is_whole_and_every_link_leads_somewhere_in_it(name: str) -> None:
    read = Read(PAGES[name]())
    assert len(read.ids) == len(set(read.ids))
    assert {target.removeprefix("#") for target in read.targets} <= set(read.ids)
    assert all(target.startswith("#") for target in read.targets)
    assert all(table.get("caption") == table.get("thead") == 1 for table in read.tables)
    assert not {name for name in read.attributes if name.startswith("on") or name in ("style", "src", "srcset")}


@pytest.mark.parametrize("name", sorted(PAGES))
def test_the_policy_lets_run_what_is_shipped_and_nothing_else(name: str) -> None:
    read = Read(PAGES[name]())
    assert "default-src 'none'" in read.policy
    assert "unsafe" not in read.policy
    hashes = set(re.findall(r"'(sha256-[^']+)'", read.policy))
    assert hashes == {f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}" for text in read.scripts}
    assert len(hashes) == 2


def test_every_hostile_value_is_literal_text() -> None:
    read = Read(PAGES["hostile"]())
    for value in HOSTILE:
        assert visible(value[:40]) in "\n".join(read.values), value


@settings(max_examples=50)
@given(
    st.text(st.characters(exclude_categories=()), max_size=40),
    st.text(max_size=10).filter(lambda text: "://" not in text),
)
def test_what_is_not_markup_is_text(value: str, attribute: str) -> None:
    read = Read(element("p", data(value or "x"), title=attribute))
    assert read.values == [visible(value or "x")]
    assert element("p", value, Markup("<b>")).count("<") == 3


def test_a_page_is_red_where_the_review_fails_and_says_why() -> None:
    text = review_html(troubled_review(), failures=("gold.revenue is stale: <b>",))
    assert 'class="verdict bad"' in text
    assert '<section class="alarm" aria-label="Fails">' in text
    assert Read(text).values[:2] != []
    assert "gold.revenue is stale: &lt;b&gt;" in text
    # Not under the rules that were given: then there is something to look at.
    assert 'class="verdict warn"' in review_html(troubled_review())
    assert 'class="verdict good"' in review_html(quiet_review())
    assert 'aria-label="Fails"' not in review_html(troubled_review())


def test_without_samples_a_page_has_no_value_of_a_single_row() -> None:
    text = review_html(replace(shop_review(), samples=False))
    told = re.sub(r"<style>.*?</style>|<script>.*?</script>|<[^>]*>", " ", text, flags=re.DOTALL)
    for secret in ("8231", "9120", "10001", "99442", "18.00", "3.10", "912.00", "0.50", "12.00"):
        assert secret not in told, secret
    assert " to 1,000" not in text
    assert "sample rows left out (samples are off)" in text
    assert 'class="histogram"' in text


def test_long_tables_are_cut_and_say_so() -> None:
    text = diff_html(Diff(BASE, HEAD, (wide_table(5_000),)))
    assert "4,500 more columns not shown." in text
    assert "4,950 more columns" in text
    assert len(text) < 400_000


def test_a_histogram_has_a_bar_for_each_version_and_its_counts_in_words() -> None:
    histogram = Histogram((0.0, 1.0, 2.0), ("0", "1", "2"), (10, 0), (5, 20))
    figure = ET.fromstring(histogram_picture("<total>", histogram, "main", "now", "h"))  # noqa: S314 - our own text
    bars = figure.findall(".//rect")
    assert [bar.get("class") for bar in bars] == ["base", "head"] * 2
    heights = [float(bar.get("height", "")) for bar in bars]
    assert heights[3] == max(heights) == 2 * heights[0] == 4 * heights[1]
    assert heights[2] == 0
    assert figure.findtext(".//desc") == "Rows in main → now. bin 1, 0 to 1: 10 → 5; bin 2, 1 to 2: 0 → 20"
    assert figure.findtext("figcaption") == "<total>"


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=50))
def test_a_lineage_with_any_edges_is_drawn_without_overlap(pairs: list[tuple[int, int]]) -> None:
    edges = [LineageEdge(f"gold.t{a}", f"gold.t{b}") for a, b in pairs]
    drawn = lineage_svg(edges, {"gold.t1"}, {"gold.t2"})
    assert drawn is not None
    svg = ET.fromstring(drawn).find(".//svg")  # noqa: S314 - our own text
    assert svg is not None
    boxes = [tuple(float(r.get(k, "")) for k in ("x", "y", "width", "height")) for r in svg.iter("rect")]
    assert len(boxes) == len({name for pair in pairs for name in pair})
    for (x, y, w, h), (x2, y2, w2, h2) in product(boxes, boxes):
        assert (x, y) == (x2, y2) or x + w <= x2 or x2 + w2 <= x or y + h <= y2 or y2 + h2 <= y
    assert max(x + w for x, _, w, _ in boxes) <= float(svg.get("width", ""))
    assert len(svg.findall("path")) == len(edges)


def test_a_source_stands_left_of_what_reads_it() -> None:
    drawn = lineage_svg(shop_review().edges, (), ())
    assert drawn is not None
    tree = ET.fromstring(drawn)  # noqa: S314 - our own text
    places = {g.findtext("title"): float(r.get("x", "")) for g in tree.iter("g") for r in g.iter("rect")}
    order = ["sources/orders.csv", "bronze.orders", "silver.orders", "gold.revenue"]
    assert all(places[left] < places[right] for left, right in pairwise(order))
    assert places["silver.customers"] == places["silver.orders"]


def test_a_long_lineage_is_pruned_around_what_changed() -> None:
    edges = [LineageEdge(f"silver.a{n}", f"gold.b{n}") for n in range(500)]
    drawn = lineage_svg(edges, {"silver.a499", "gold.b499"}, ())
    assert drawn is not None
    assert "silver.a499, changed" in drawn
    assert "440 edges further away not drawn." in drawn


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_text_has_the_contrast_that_wcag_asks_for() -> None:
    css = (Path(page_module.__file__).parent / "page.css").read_text(encoding="utf-8")
    colours = dict(re.findall(r"--([\w-]+): light-dark\(([^)]+)\)", css))
    grounds = ("page", "card", "hover")
    pairs = [*product(("ink", "dim", "link", "add", "del", "mod"), grounds)]
    pairs += [(name, f"{name}-soft") for name in ("add", "del", "mod")]
    pairs += [("ink", "del-soft"), ("link", "del-soft"), ("ink", "mod-soft")]
    for (ink, ground), scheme in product(pairs, (0, 1)):
        one, other = (luminance(colours[name].split(", ")[scheme]) for name in (ink, ground))
        contrast = (max(one, other) + 0.05) / (min(one, other) + 0.05)
        assert contrast >= 4.5, f"{ink} on {ground}, {('light', 'dark')[scheme]}: {contrast:.2f}"
