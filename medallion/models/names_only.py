"""Whether a statement can reach a column without naming it.

Where it cannot, a column of an input that is not named anywhere in the statement is none of its business: it may come,
go, move or change its type. Decided conservatively, on tokens and on the tree; in doubt the answer is "it can".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from medallion.models.syntax import syntax_tree

if TYPE_CHECKING:
    from collections.abc import Sequence

    from medallion.models.tokens import Token

__all__ = ["names_in"]

# Words that read columns by their place or all of them at once.
_WHOLE = {
    "COLUMNS",
    "NATURAL",
    "POSITIONAL",
    "PIVOT",
    "UNPIVOT",
    "PIVOT_WIDER",
    "PIVOT_LONGER",
    "SUMMARIZE",
    "DESCRIBE",
    "TABLE",
    "LATERAL",
}
_CLOSES_A_VALUE = {")", "]", "}"}


def names_in(tokens: Sequence[Token], sql: str) -> frozenset[str] | None:
    """Every word of a statement that could name a column, in lower case; None where it may reach others as well.

    ``tokens`` are those of the statement ``sql``. A macro's ``CREATE MACRO`` counts as its body.
    """
    if any(token.raw.upper() in _WHOLE for token in tokens) or any(map(_is_star, *_with_neighbours(tokens))):
        return None
    if any(token.raw.startswith("#") for token in tokens) or _calls_method(tokens):
        return None
    tree = syntax_tree(sql)
    if tree is None or not _names_all(tree):
        return None
    return frozenset(token.value.lower() for token in tokens if _could_name(token.raw))


def _could_name(raw: str) -> bool:
    """A word or a quoted name; to DuckDB every character beyond ASCII is a letter."""
    return raw[0].isalpha() or raw[0] in '_"' or not raw.isascii()


def _calls_method(tokens: Sequence[Token]) -> bool:
    """Whether a function stands behind a dot, as in ``t.to_json()``, where ``t`` may be a whole row."""
    return any(
        dot.raw == "." and after.raw == "(" for dot, _, after in zip(tokens, tokens[1:], tokens[2:], strict=False)
    )


def _with_neighbours(tokens: Sequence[Token]) -> tuple[list[Token | None], Sequence[Token], list[Token | None]]:
    return [None, *tokens[:-1]], tokens, [*tokens[1:], None]


def _is_star(before: Token | None, token: Token, after: Token | None) -> bool:
    """Whether a ``*`` stands for columns: not where it multiplies, nor in ``count(*)``."""
    if token.raw != "*":
        return token.raw not in ("**",) and token.raw.startswith("*") and len(token.raw) > 1
    if before is None:
        return True
    if before.raw == "(":
        return after is None or after.raw != ")"
    multiplies = before.raw in _CLOSES_A_VALUE or before.raw[0].isdigit() or before.raw[0] in "'\"" or before.is_name
    return not multiplies


def _names_all(tree: exp.Expr) -> bool:
    """Whether the tree has no implicit star, no columns renamed by place, and no whole row as a value."""
    tables: set[str] = set()
    for table in tree.find_all(exp.Table, exp.Subquery, exp.CTE, exp.Unnest, exp.Values):
        alias = table.args.get("alias")
        if isinstance(alias, exp.TableAlias) and alias.args.get("columns") and not isinstance(table, exp.CTE):
            return False
        tables |= {name.lower() for name in (table.alias, table.name) if name}
    for star in tree.find_all(exp.Star):
        if not isinstance(star.parent, exp.Count):
            return False
    return all(column.name.lower() not in tables for column in tree.find_all(exp.Column))
