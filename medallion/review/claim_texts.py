"""The announcements in a file of ``sql/expect/`` or in a commit's trailer, told from the prose around them. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from medallion.errors import Location, MedallionError
from medallion.names import nearest
from medallion.review.claim_line import GRAMMAR, Line, Token, unquoted
from medallion.review.claims import Claims

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["claims_in_markdown", "claims_in_trailer", "is_prose"]

_ITEM = re.compile(r"^[ \t]*(?:[-*+]|\d+[.)])[ \t]+(?:\[[ xX]\][ \t]+)?(?P<text>\S.*?)[ \t]*$")
_FENCE = re.compile(r"^[ \t]*(```+|~~~+)")
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)


def claims_in_markdown(
    path: str, text: str, layers: Sequence[str]
) -> tuple[tuple[Claims, ...], tuple[MedallionError, ...]]:
    """The announcements of a Markdown file: its list items that start with a dataset. The rest is prose.

    An item that starts with the name of a layer and cannot be read is an error. Fenced code and comments are neither.
    """
    found: list[Claims] = []
    errors: list[MedallionError] = []
    for start, end in _items(text):
        line = Line(path, text, start, end)
        claimed = _claimed_layer(line.tokens, layers)
        if claimed is None:
            continue
        try:
            found.append(line.claims(layers))
        except MedallionError as error:
            if claimed or _is_claim(line, layers):
                errors.append(error)
    return tuple(found), tuple(errors)


def claims_in_trailer(where: str, value: str, layers: Sequence[str]) -> Claims:
    """The announcement in a trailer ``Expect:``; ``MedallionError`` where it cannot be read.

    ``where`` names its commit.
    """
    line = Line(where, value, 0, len(value.rstrip()))
    if not line.tokens:
        raise MedallionError("the trailer Expect: is empty", location=Location(where), hint=GRAMMAR)
    found = line.claims(layers)
    return Claims(found.text, where, found.pattern, found.claims)


def is_prose(text: str, layers: Sequence[str]) -> bool:
    """Whether a trailer's text begins with no dataset, nor with what was meant to be one."""
    line = Line("", text, 0, len(text.rstrip()))
    return _claimed_layer(line.tokens, layers) is None and not (line.tokens and _is_claim(line, layers))


def _claimed_layer(tokens: Sequence[Token], layers: Sequence[str]) -> bool | None:
    """Whether an item begins with a layer; False where with what looks like another dataset, None where it is prose."""
    if not tokens or tokens[0].kind not in ("word", "quoted"):
        return None
    word, dot, _ = unquoted(tokens[0]).partition(".")
    if word in layers:
        return True
    return "*" in word if dot and ("*" in word or nearest(word, layers)) else None


def _is_claim(line: Line, layers: Sequence[str]) -> bool:
    """Whether what follows a misspelt layer is a claim after all: then it was meant to be one."""
    word = unquoted(line.tokens[0]).partition(".")[0]
    try:
        Line(line.path, line.source, line.start, line.end).claims([*layers, word])
    except MedallionError:
        return False
    return True


def _items(text: str) -> Iterator[tuple[int, int]]:
    """Where the texts of list items begin and end."""
    shown = _COMMENT.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)
    offset, fence = 0, ""
    for line in shown.splitlines(keepends=True):
        mark = _FENCE.match(line)
        if fence:
            if mark and mark[1].startswith(fence):
                fence = ""
        elif mark:
            fence = mark[1]
        elif item := _ITEM.match(line.rstrip("\r\n")):
            yield offset + item.start("text"), offset + item.end("text")
        offset += len(line)
