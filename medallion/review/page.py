"""A page of HTML in one file: no network, no need of JavaScript, and nothing runs but what is shipped here.

The style and the script stand in the page, and its Content-Security-Policy names them by their hash: what a value could
bring in does not run even if it got through. The script adds sorting, filtering and a choice of colours.
"""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from medallion.review.markup import Child, Markup, element, join, void

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["filtered_table", "page", "section"]


def page(title: str, header: Child, contents: Sequence[tuple[str, str]], body: Child, footer: Child) -> str:
    """The whole document. ``contents`` are the sections' ids and names, for the list of contents."""
    style, script = _shipped("page.css"), _shipped("page.js")
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    links = [element("li", element("a", name, href=f"#{target}")) for target, name in contents]
    head = element(
        "head",
        void("meta", charset="utf-8"),
        void("meta", http_equiv="Content-Security-Policy", content=policy),
        void("meta", name="viewport", content="width=device-width, initial-scale=1"),
        void("meta", name="color-scheme", content="light dark"),
        void("meta", name="referrer", content="no-referrer"),
        element("title", title),
        element("style", Markup(style)),
    )
    content = element(
        "body",
        element("a", "Skip to the report", href="#report", class_="skip"),
        element("header", header, class_="top"),
        element("nav", element("ul", links), aria_label="Contents") if len(links) > 1 else None,
        element("main", body, id="report", tabindex="-1"),
        element("footer", footer),
        element("script", Markup(script)),
    )
    return f"<!DOCTYPE html>\n{element('html', head, content, lang='en')}\n"


@cache
def _shipped(name: str) -> str:
    return (Path(__file__).parent / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


def section(target: str, name: str, *children: Child) -> Markup:
    """A part of the page, with its heading."""
    heading = element("h2", name, id=f"{target}-heading")
    return element("section", heading, *children, id=target, aria_labelledby=f"{target}-heading")


def filtered_table(
    caption: str,
    heads: Sequence[Child],
    rows: Sequence[Sequence[Child]],
    numbers: Sequence[int] = (),
    *,
    row_heads: bool = True,
    row_classes: Sequence[str] = (),
) -> Markup:
    """A table that scrolls within itself, and that the script lets people sort and filter.

    ``numbers`` are the columns that are flush right. The first column heads its row unless ``row_heads`` is False.
    """

    def cell(place: int, child: Child) -> Markup:
        kind = "n" if place in numbers else None
        return element("th", child, scope="row", class_=kind) if row_heads and not place else element(
            "td", child, class_=kind
        )  # fmt: skip

    header = [
        element("th", head, scope="col", class_="n" if place in numbers else None) for place, head in enumerate(heads)
    ]
    classes = [*row_classes, *[None] * (len(rows) - len(row_classes))]
    lines = [
        element("tr", [cell(place, child) for place, child in enumerate(row)], class_=kind)
        for row, kind in zip(rows, classes, strict=True)
    ]
    table = element(
        "table",
        element("caption", caption),
        element("thead", element("tr", header)),
        element("tbody", lines),
    )
    return element("div", join(table), class_="scroll", role="region", aria_label=caption, tabindex="0")
