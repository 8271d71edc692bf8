"""The CTEs that a statement begins with, found on its tokens: the author's text is run as it stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from medallion.models.tokens import Token

__all__ = ["Ctes", "read_ctes"]


@dataclass(frozen=True, slots=True)
class Ctes:
    """The names, as written but without quotes, and where the list of CTEs ends in the SQL."""

    names: tuple[str, ...]
    end: int


def read_ctes(sql: str, path: str) -> Ctes:
    """The CTEs of ``WITH a AS (…), b AS (…) SELECT …``; none where the statement does not begin with WITH."""
    from medallion.models.tokens import lex

    tokens = lex(sql, path).tokens
    names: list[str] = []
    if not tokens or not tokens[0].is_word("WITH"):
        return Ctes((), 0)
    at = 2 if tokens[1].is_word("RECURSIVE") else 1
    end = 0
    while at < len(tokens):
        name = tokens[at]
        body = _body(tokens, at)
        if body is None:
            break
        names.append(name.value)
        end = tokens[body].end
        at = body + 1
        if at < len(tokens) and tokens[at].raw == ",":
            at += 1
        else:
            break
    return Ctes(tuple(names), end)


def _body(tokens: Sequence[Token], at: int) -> int | None:
    """Where the body of the CTE whose name stands at ``at`` closes: after AS, in brackets of its own."""
    depth, seen_as = 0, False
    for i in range(at + 1, len(tokens)):
        raw = tokens[i].raw
        if depth == 0 and tokens[i].is_word("AS"):
            seen_as = True
        if raw in ("(", "[", "{"):
            depth += 1
        elif raw in (")", "]", "}"):
            depth -= 1
            if depth == 0 and seen_as and raw == ")":
                return i
    return None
