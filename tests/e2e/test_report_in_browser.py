"""A report in a real Chromium: nothing leaves the page, nothing is wider than it, and the keyboard does everything."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from medallion.diff.value import Diff
from medallion.review.diff_html import diff_html
from medallion.review.review_html import review_html
from tests.e2e.chromium import Page
from tests.review_examples import BASE, HEAD, hostile_review, many_tables, troubled_review, wide_table

if TYPE_CHECKING:
    from pathlib import Path

WIDTHS = (400, 900, 1440)
FOCUSED = "document.activeElement"
CAPTION = f"{FOCUSED}.closest('.scroll')?.querySelector('caption')?.textContent"
FIRST_CELLS = "[...{}.tBodies[0].rows].filter(r => !r.hidden).map(r => r.cells[{}].textContent)"
ROWS = "document.querySelector('#silver\\\\.orders [aria-label^=\"Rows of\"] table')"


def tab_to(page: Page, expression: str) -> None:
    """Press Tab until the focus is where ``expression`` holds."""
    for _ in range(200):
        page.press("Tab")
        if page.ask(expression):
            return
    raise AssertionError(f"the keyboard never gets to where {expression}")


def test_a_report_works_in_a_browser(tmp_path: Path) -> None:
    reports = {
        "troubled": review_html(troubled_review(), "medallion review main...refunds"),
        "hostile": review_html(hostile_review(), "medallion review '<script>alert(1)</script>'"),
        "many": review_html(many_tables(40)),
        "wide": diff_html(Diff(BASE, HEAD, (wide_table(5_000),))),
    }
    with Page(tmp_path / "profile") as page:
        for name, text in reports.items():
            path = tmp_path / f"{name}.html"
            path.write_text(text, encoding="utf-8")
            for width in WIDTHS if name == "troubled" else WIDTHS[:1]:
                page.open(path, width, dark=width == WIDTHS[0])
                wide = page.ask("document.documentElement.scrollWidth")
                assert wide <= width, f"{name} is {wide} px wide in a window of {width}"
                assert page.problems == [], name
                assert page.requests == [path.as_uri()], name
            assert page.ask("document.querySelectorAll('img, iframe, object, embed, form, link, script').length") == 1

        page.open(tmp_path / "troubled.html", WIDTHS[1])
        sorts_by_keyboard(page)
        filters_by_keyboard(page)
        chooses_colours(page)
        is_told_to_a_screen_reader(page)
        assert page.problems == []

        page.open(tmp_path / "many.html", WIDTHS[1])
        assert page.ask("document.querySelectorAll('details[open]').length") == 0
        tab_to(page, f"{FOCUSED}.getAttribute('href') === '#gold.table_0' && {FOCUSED}.closest('table') !== null")
        page.press("Enter", "\r")
        page.ask("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        assert page.ask("document.getElementById('gold.table_0').closest('details').open"), "a link unfolds its dataset"


def sorts_by_keyboard(page: Page) -> None:
    before = page.ask(FIRST_CELLS.format(ROWS, 1))
    assert before == ["8231", "8231", "9120", "9120", "10001", "99442"]
    page.ask(f"{ROWS}.closest('.scroll').focus()")
    tab_to(page, f"({CAPTION} ?? '').startsWith('Rows of') && {FOCUSED}.textContent === 'order_id'")
    ring = page.ask(f"getComputedStyle({FOCUSED}).outlineStyle + getComputedStyle({FOCUSED}).outlineWidth")
    assert ring == "solid2px"
    sort = f"{FOCUSED}.closest('th').getAttribute('aria-sort')"
    for key, text, direction, expected in (
        ("Enter", "\r", "ascending", before),
        (" ", " ", "descending", ["99442", "10001", "9120", "9120", "8231", "8231"]),
        ("Enter", "\r", None, before),
    ):
        page.press(key, text)
        assert page.ask(sort) == direction
        assert page.ask(FIRST_CELLS.format(ROWS, 1)) == expected


def filters_by_keyboard(page: Page) -> None:
    page.ask(
        f"[...document.querySelectorAll('.scroll')].at([...document.querySelectorAll('.scroll')].indexOf({ROWS}"
        ".closest('.scroll')) - 1).focus()"
    )
    tab_to(page, f"({FOCUSED}.getAttribute('aria-label') ?? '').startsWith('Filter: Rows of')")
    page.type("REFUND")
    assert page.ask(FIRST_CELLS.format(ROWS, 1)) == ["8231"]
    assert page.ask(f"{FOCUSED}.closest('.filter').querySelector('[role=status]').textContent") == "1 of 6 lines"
    page.ask(f"{FOCUSED}.select()")
    page.type("no such text")
    assert page.ask(FIRST_CELLS.format(ROWS, 1)) == []


def chooses_colours(page: Page) -> None:
    background = "getComputedStyle(document.body).backgroundColor"
    light = page.ask(background)
    page.ask("document.querySelector('.skip').focus()")
    tab_to(page, f"{FOCUSED}.className === 'theme'")
    page.press("Enter", "\r")
    assert page.ask(background) != light
    assert page.ask(f"{FOCUSED}.textContent") == "Light"
    page.press("Enter", "\r")
    assert page.ask(background) == light


def is_told_to_a_screen_reader(page: Page) -> None:
    """By the tree of accessibility that Chromium builds: landmarks, one heading of level 1, names for what scrolls."""
    page.send("Accessibility.enable")
    nodes = page.send("Accessibility.getFullAXTree")["nodes"]
    shown = [node for node in nodes if not node["ignored"]]
    roles = [node["role"]["value"] for node in shown]
    for role in ("banner", "navigation", "main", "contentinfo"):
        assert roles.count(role) == 1, role
    levels = [
        next(p["value"]["value"] for p in node["properties"] if p["name"] == "level")
        for node in shown
        if node["role"]["value"] == "heading"
    ]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    named = {"table", "region", "button", "searchbox", "link", "image", "img"}
    unnamed = [n for n in shown if n["role"]["value"] in named and not n.get("name", {}).get("value")]
    assert unnamed == []
    assert "columnheader" in roles
    assert "rowheader" in roles
