"""Choose datasets the way dbt does: names, ``+upstream``, ``downstream+``, ``layer.*``, ``tag:word``, ``stale``."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from medallion.errors import MedallionError
from medallion.names import TableName, nearest
from medallion.plan import Action, Step

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from medallion.models.graph import Graph

__all__ = ["select"]


def select(graph: Graph, terms: Iterable[str], steps: Sequence[Step]) -> set[TableName] | None:
    """The datasets that any of ``terms`` names; None (all of them) without terms.

    ``steps`` are the plan for all, which ``stale`` looks at. ``MedallionError`` for a term that names nothing.
    """
    listed = [terms] if isinstance(terms, str) else [term for term in terms if term]
    if not listed:
        return None
    found: set[TableName] = set()
    for term in listed:
        found |= _one(graph, term, steps)
    return found


def _one(graph: Graph, term: str, steps: Sequence[Step]) -> set[TableName]:
    word = term.strip("+")
    chosen = _matching(graph, word, steps)
    if not chosen and word != "stale":
        near = nearest(word, map(str, graph.order))
        raise MedallionError(
            f'"{term}" selects nothing',
            hint=f'did you mean "{near}"?'
            if near
            else "name datasets as silver.orders, +gold.revenue, gold.* or tag:x",
        )
    if term.startswith("+"):
        chosen |= graph.upstream(chosen)
    if term.endswith("+"):
        chosen |= graph.downstream(_matching(graph, word, steps))
    return chosen


def _matching(graph: Graph, word: str, steps: Sequence[Step]) -> set[TableName]:
    if word == "stale":
        return {s.name for s in steps if s.action is not Action.UNCHANGED}
    if word.startswith("tag:"):
        tag = word.removeprefix("tag:")
        return {
            m.name
            for m in graph.models.values()
            if any(a.word == "tag" and tag in a.argument.replace(",", " ").split() for a in m.annotations)
        }
    return {name for name in graph.order if fnmatchcase(str(name), word)}
