"""The syntax tree of a statement, as sqlglot reads it."""

from __future__ import annotations

import logging
from functools import lru_cache

from sqlglot import exp, parse
from sqlglot.errors import SqlglotError

__all__ = ["syntax_tree"]

# What sqlglot cannot read is dealt with by whoever asks; its warnings on the way would be noise to a person.
logging.getLogger("sqlglot").setLevel(logging.CRITICAL)


@lru_cache(maxsize=4096)
def syntax_tree(sql: str) -> exp.Expr | None:
    """The tree of one statement, not to be changed; None where sqlglot cannot read what DuckDB can.

    Whoever gets None has to widen to "all".
    """
    try:
        trees = [t for t in parse(sql, read="duckdb") if t is not None]
    except (SqlglotError, RecursionError):
        return None
    if len(trees) != 1 or isinstance(trees[0], exp.Command):
        return None
    return trees[0]
