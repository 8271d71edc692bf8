"""Choose datasets in the language of dbt.

::

    silver.orders  gold.*           a dataset, a pattern
    tag:nightly  path:sql/gold      by annotation, by the model's file
    git:main  stale                 what differs from a revision, what is not up to date
    +x  x+  2+x  x+1  @x            with what it is made from, with what is made from it (so many steps), with both
    a b   a,b                       union, intersection
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from medallion.errors import MedallionError
from medallion.names import TableName, nearest
from medallion.plan import Action, Step

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence, Set

    from medallion.models.graph import Graph

__all__ = ["asks_what_changed", "revisions", "select"]

# What may stand before a colon, with an example of each.
_METHODS: Mapping[str, str] = {"tag": "tag:nightly", "path": "path:sql/gold", "git": "git:main"}

_TERM = re.compile(r"(?P<at>@)?((?P<up>\d*)\+)?((?P<method>[A-Za-z_]\w*):)?(?P<value>.*?)(\+(?P<down>\d*))?", re.DOTALL)
_ALL = sys.maxsize


@dataclass(frozen=True, slots=True)
class _Term:
    """One term; ``up`` and ``down`` count the steps to follow along the graph."""

    text: str
    method: str
    value: str
    up: int
    down: int
    at: bool


def select(
    graph: Graph,
    terms: Iterable[str],
    steps: Sequence[Step],
    *,
    exclude: Iterable[str] = (),
    changed: Mapping[str, Set[TableName]] | None = None,
) -> set[TableName] | None:
    """The datasets that any of ``terms`` names (all without one) and none of ``exclude``; None where both are empty.

    ``steps`` are the plan for all, which ``stale`` looks at; ``changed`` holds, for each of :func:`revisions`, what
    differs from it. ``MedallionError`` for a term that names nothing there is; that nothing is stale, has changed or
    lies in an intersection is no error, and gives an empty set.
    """
    chosen, without = _sets(terms), _sets(exclude)
    if not chosen and not without:
        return None
    universe = _Universe(graph, steps, changed or {})
    found = set().union(*map(universe.all_of, chosen)) if chosen else set(graph.order)
    return found.difference(*map(universe.all_of, without))


def revisions(terms: Iterable[str]) -> set[str]:
    """The revisions that the terms ask to compare with."""
    return {term.value for intersection in _sets(terms) for term in intersection if term.method == "git"}


def asks_what_changed(terms: Iterable[str]) -> bool:
    """Whether what the terms take in depends on what was done last, so that it may well be nothing."""
    return any(term.method == "git" or term.value == "stale" for intersection in _sets(terms) for term in intersection)


def _tags(graph: Graph, name: TableName) -> set[str]:
    """The words of a dataset's ``@tag``."""
    model = graph.models.get(name)
    found = (a.argument.replace(",", " ").split() for a in (model.annotations if model else ()) if a.word == "tag")
    return set().union(*found)


def _sets(terms: Iterable[str]) -> list[list[_Term]]:
    """Terms as a union of intersections."""
    listed = [terms] if isinstance(terms, str) else terms
    return [[_parse(part, word) for part in word.split(",")] for term in listed for word in term.split()]


def _parse(text: str, within: str) -> _Term:
    found = _TERM.fullmatch(text)
    if not text or found is None:
        raise MedallionError(
            f'"{within}" selects nothing', hint="a comma stands between two terms, as in gold.*,tag:nightly"
        )
    at, up, method, value, down = found.group("at", "up", "method", "value", "down")
    if at and (up is not None or down is not None):
        raise MedallionError(
            f'"{text}" is no selection: @ and + exclude each other',
            hint=f"@{value} takes in all that is made from it, and all that this is made from",
        )
    if method and method not in _METHODS:
        near = nearest(method, _METHODS)
        raise MedallionError(
            f'there is no method "{method}" to select by',
            hint=f'did you mean "{near}:{value}"?' if near else f"there are {', '.join(_METHODS.values())} and stale",
        )
    if method and not value:
        raise MedallionError(f'"{text}" selects nothing', hint=f"write what to look for, as in {_METHODS[method]}")
    return _Term(text, method or "", value, _depth(up), _depth(down), bool(at))


def _depth(digits: str | None) -> int:
    if digits is None:
        return 0
    return int(digits) if digits else _ALL


class _Universe:
    """What terms are looked up in."""

    def __init__(self, graph: Graph, steps: Sequence[Step], changed: Mapping[str, Set[TableName]]) -> None:
        self.graph = graph
        self.steps = steps
        self.changed = changed

    def all_of(self, terms: Sequence[_Term]) -> set[TableName]:
        """What every one of ``terms`` takes in."""
        return set.intersection(*map(self._widened, terms))

    def _widened(self, term: _Term) -> set[TableName]:
        found = self._matching(term)
        if not found and term.value != "stale" and term.method != "git":
            raise MedallionError(f'"{term.text}" selects nothing', hint=self._hint(term))
        if term.at:
            found |= self.graph.downstream(found)
            return found | self.graph.upstream(found)
        return found | _reach(found, self.graph.inputs, term.up) | _reach(found, self.graph.readers, term.down)

    def _matching(self, term: _Term) -> set[TableName]:
        if term.method == "tag":
            return {name for name in self.graph.order if term.value in _tags(self.graph, name)}
        if term.method == "path":
            return {name for name in self.graph.order if _lies_at(self.graph.path(name), term.value)}
        if term.method == "git":
            return set(self.changed[term.value]).intersection(self.graph.order)
        if term.value == "stale":
            return {s.name for s in self.steps if s.action is not Action.UNCHANGED}
        return {name for name in self.graph.order if fnmatchcase(str(name), term.value)}

    def _hint(self, term: _Term) -> str:
        every_tag = sorted(set().union(*(_tags(self.graph, name) for name in self.graph.order)))
        if term.method == "tag":
            near = nearest(term.value, every_tag)
            if near:
                return f'did you mean "tag:{near}"?'
            return f"the tags are {', '.join(every_tag)}" if every_tag else "no model has an annotation @tag"
        if term.method == "path":
            near = nearest(term.value, map(self.graph.path, self.graph.order))
            return f'did you mean "path:{near}"?' if near else "a path begins at the project's folder, as in sql/gold"
        offers = {tag: f"tag:{tag}" for tag in every_tag} | dict(self._offers()) | {"stale": "stale"}
        near = nearest(term.value, offers)
        if near:
            return f'did you mean "{offers[near]}"?'
        return "name datasets as silver.orders, +gold.revenue, gold.* or tag:x"

    def _offers(self) -> Iterator[tuple[str, str]]:
        """What a person may write, with what it should be."""
        for name in self.graph.order:
            yield name.layer, f"{name.layer}.*"
            yield f"{name.layer}.*", f"{name.layer}.*"
            yield name.name, str(name)
            yield str(name), str(name)


def _lies_at(path: str, place: str) -> bool:
    """Whether a file is at a place: the file itself, a folder around it, or a pattern."""
    place = place.removeprefix("./").rstrip("/")
    return path == place or path.startswith(f"{place}/") or fnmatchcase(path, place)


def _reach(start: Set[TableName], edges: Mapping[TableName, Iterable[TableName]], depth: int) -> set[TableName]:
    """What can be got to from ``start`` in at most ``depth`` steps."""
    found: set[TableName] = set()
    last: Set[TableName] = start
    while last and depth:
        last = {following for name in last for following in edges.get(name, ())} - found
        found |= last
        depth -= 1
    return found
