"""What a report's markdown means, as a parser of GitHub's flavour reads it: for the tests that data stays data."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markdown_it.token import Token

__all__ = ["Meaning", "meaning"]

# The structure that reports have of their own.
_BLOCKS = {
    "paragraph_open",
    "paragraph_close",
    "bullet_list_open",
    "bullet_list_close",
    "list_item_open",
    "list_item_close",
    *(f"{part}_{end}" for part in ("table", "thead", "tbody", "tr", "th", "td") for end in ("open", "close")),
    "inline",
    "html_block",
    "fence",
}
_INLINE = {"text", "code_inline", "strong_open", "strong_close", "text_special"}
# What forges make of plain text after it is parsed: mentions, references of all kinds, formulas, emoji, addresses.
_LIVE = re.compile(
    r"@\w|[#!&~$^]\S|%\w|\bGH-\d|\bwww\.|://|:\w+:|\b[0-9a-f]{7,}\b|\w@\w"
    r"|[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]"
)


@dataclass(slots=True)
class Meaning:
    """The code spans in order, the plain text, lines of both, the cells of every table by row, and the tags of HTML."""

    codes: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    tables: list[list[list[str]]] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    html_codes: list[str] = field(default_factory=list)


class _Tags(HTMLParser):
    def __init__(self, found: Meaning) -> None:
        super().__init__()
        self._found = found
        self._in_code = False

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        assert not attrs
        self._found.tags.append(tag)
        self._in_code = tag == "code"

    def handle_endtag(self, tag: str) -> None:
        self._found.tags.append(f"/{tag}")
        self._in_code = False

    def handle_data(self, data: str) -> None:
        (self._found.html_codes if self._in_code else self._found.texts).append(data.strip("\n"))

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")


def meaning(markdown: str) -> Meaning:
    """Parse a report. It fails where there is any markup that reports do not have, or plain text that a forge obeys."""
    parser = MarkdownIt("commonmark", {"html": True, "linkify": True}).enable(["table", "strikethrough", "linkify"])
    assert parser.linkify is not None
    parser.linkify.set({"fuzzy_link": False})  # GitHub makes no link of ``orders.md``; ``_LIVE`` knows of ``www.``
    found = Meaning()
    tokens = parser.parse(markdown)
    for token in tokens:
        assert token.type in _BLOCKS, (token.type, token.content)
        if token.type == "html_block":
            tags = _Tags(found)
            tags.feed(token.content)
            tags.close()
        elif token.type == "fence":
            assert token.info == "mermaid"
        elif token.type == "inline":
            _read_inline(token.children or [], found)
            found.lines.append("".join(child.content for child in token.children or []))
    _read_tables(tokens, found)
    for text in found.texts:
        assert not _LIVE.search(text), text
    assert not re.search(r"^\s*/", markdown, re.MULTILINE), "GitLab takes a line that begins with / for a command"
    assert set(found.tags) <= {"details", "/details", "summary", "/summary", "code", "/code"}
    _check_nesting(found.tags)
    return found


def _read_inline(tokens: Sequence[Token], found: Meaning) -> None:
    for token in tokens:
        assert token.type in _INLINE, (token.type, token.content)
        if token.type == "code_inline":
            found.codes.append(token.content)
        elif token.type.startswith("text"):
            found.texts.append(token.content)


def _read_tables(tokens: Sequence[Token], found: Meaning) -> None:
    for place, token in enumerate(tokens):
        if token.type == "table_open":
            found.tables.append([])
        elif token.type == "tr_open":
            found.tables[-1].append([])
        elif token.type in ("th_open", "td_open"):
            children = tokens[place + 1].children or []
            found.tables[-1][-1].append("".join(child.content for child in children))
    for table in found.tables:
        assert len({len(row) for row in table}) == 1


def _check_nesting(tags: Sequence[str]) -> None:
    held: list[str] = []
    for tag in tags:
        if tag.startswith("/"):
            assert held.pop() == tag[1:]
        else:
            held.append(tag)
    assert not held
