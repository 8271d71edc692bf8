"""Names inside one SELECT: which column, struct field, alias or whole row a name means, as DuckDB looks it up."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from medallion.models.flows import NOTHING, Arity, Flow, Kind, Relation, Slot, union, via

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sqlglot import exp

__all__ = ["Scope", "Source"]


@dataclass(frozen=True, slots=True)
class Match:
    """What a name may mean; not ``sure`` where it may mean something else still."""

    flow: Flow
    sure: bool


@dataclass(slots=True)
class Source:
    """Something in FROM. ``path`` holds the parts of its name, in lower case; none where it has no name."""

    path: tuple[str, ...]
    relation: Relation
    merged: dict[str, Flow | None] = field(default_factory=dict)
    """What ``*`` shows for a column of USING: the merged column here, or None for nothing, on the right side."""

    def named(self, parts: Sequence[str]) -> bool:
        """Whether ``parts`` name this source: by alias, ``layer.name``, or with any catalog before."""
        return bool(parts) and bool(self.path) and (self.path[-len(parts) :] == tuple(parts) or self._in_catalog(parts))

    def _in_catalog(self, parts: Sequence[str]) -> bool:
        return len(self.path) > 1 and self.path == tuple(parts[1:])

    def holds(self, slot: Slot, name: Sequence[str]) -> bool:
        """Whether ``name``, perhaps qualified, means ``slot`` of this source."""
        mine = len(name) == 1 or self.named(name[:-1])
        return mine and slot.name is not None and slot.name.lower() == name[-1] and slot.arity is not Arity.MANY

    def column(self, name: str) -> Match | None:
        named = [slot for slot in self.relation.slots if slot.name is not None and slot.name.lower() == name]
        if any(slot.fixed for slot in named):
            return Match(union(slot.flow for slot in named), sure=True)
        rest = [slot for slot in self.relation.slots if slot.name is None or slot.arity is Arity.MANY]
        return Match(union(slot.flow for slot in (*named, *rest)), sure=False) if named or rest else None


@dataclass(frozen=True, slots=True)
class Shown:
    """A column that ``*`` shows, and whose it is."""

    source: Source
    slot: Slot


@dataclass(slots=True)
class Scope:
    """The names that an expression can see; ``outer`` is where a correlated subquery looks next."""

    outer: Scope | None = None
    ctes: Mapping[str, Relation] = field(default_factory=dict)
    sources: list[Source] = field(default_factory=list)
    using: dict[str, Flow] = field(default_factory=dict)
    aliases: dict[str, Flow] = field(default_factory=dict)
    windows: dict[str, exp.Expr] = field(default_factory=dict)
    parameters: frozenset[str] | None = None
    """The names that a lambda or a comprehension binds; such a scope adds no sources."""
    rows: Flow = NOTHING
    correlated: bool = False
    """Whether a name in here was found in an outer scope since this was last set to False."""

    @property
    def select(self) -> Scope:
        """The scope whose sources ``*`` means."""
        scope = self
        while scope.parameters is not None and scope.outer is not None:
            scope = scope.outer
        return scope

    def depends(self, flow: Flow) -> None:
        """Note that ``flow`` decides which rows there are, or how many, or in which order."""
        self.select.rows |= flow

    def window(self, name: str) -> exp.Expr | None:
        found = self.select.windows.get(name.lower())
        return found if found or self.outer is None else self.outer.window(name)

    def resolve(self, parts: Sequence[str], *, alias_too: bool = False) -> Match | None:
        """What the dotted name ``parts`` (lower case) may mean, from the inside out; None where nothing fits.

        A column comes before an alias of the same name, or beside it with ``alias_too``, where DuckDB's choice
        depends on more than names.
        """
        flows: list[Flow] = []
        within: list[Scope] = []
        scope: Scope | None = self
        sure = False
        while scope is not None and not sure:
            found = scope._own(parts)
            sure = found is not None and found.sure
            if found is not None:
                flows.append(found.flow)
            alias = scope.aliases.get(parts[0])
            if alias is not None and (alias_too or not sure):
                flows.append(alias if len(parts) == 1 else via(alias, Kind.TRANSFORMATION))
                sure = True
            if found is not None or sure:
                for inner in within:
                    inner.correlated = True
            within.append(scope)
            scope = scope.outer
        return Match(union(flows), sure) if flows else None

    def _own(self, parts: Sequence[str]) -> Match | None:
        if self.parameters is not None:
            return Match(NOTHING, sure=True) if parts[0] in self.parameters else None
        qualified = [
            (match, length + 1 == len(parts))
            for source in self.sources
            for length in range(1, len(parts))
            if source.named(parts[:length]) and (match := source.column(parts[length]))
        ]
        if any(match.sure for match, _ in qualified):
            return _merge([(match, plain) for match, plain in qualified if match.sure])
        plain = len(parts) == 1
        if parts[0] in self.using:
            return _merge([*qualified, (Match(self.using[parts[0]], sure=True), plain)])
        columns = [(match, plain) for source in self.sources if (match := source.column(parts[0]))]
        if any(match.sure for match, _ in columns):
            columns = [(match, plain) for match, plain in columns if match.sure]
        elif rows := [Match(source.relation.every, sure=True) for source in self.sources if source.named(parts)]:
            columns += [(match, False) for match in rows]
        return _merge([*qualified, *columns])

    def star(self, qualifier: Sequence[str] = (), without: Collection[Sequence[str]] = ()) -> list[Shown] | None:
        """What ``*`` or ``qualifier.*`` shows, less the columns of EXCLUDE; None where no source is called so."""
        chosen = [source for source in self.sources if not qualifier or source.named(qualifier)]
        if qualifier and not chosen:
            return None
        shown = []
        for source in chosen:
            for slot in source.relation.slots:
                flow: Flow | None = slot.flow
                if slot.name is not None and not qualifier:
                    # Without its left side, a column of USING shows its right side.
                    bare = any(len(name) > 1 and name[-1] == slot.name.lower() for name in without)
                    flow = slot.flow if bare else source.merged.get(slot.name.lower(), slot.flow)
                if flow is not None and not any(source.holds(slot, name) for name in without):
                    shown.append(Shown(source, replace(slot, flow=flow)))
        return shown

    def everything(self) -> Flow:
        return union(source.relation.every for source in self.select.sources)

    def position(self, number: int) -> Flow:
        """What ``#number`` means in a SELECT list."""
        return self.select.relation.at(number)

    @property
    def relation(self) -> Relation:
        """All that stands in FROM, as ``SELECT *`` would give it."""
        return Relation(tuple(shown.slot for shown in self.star() or ()), self.rows)


def _merge(matches: Sequence[tuple[Match, bool]]) -> Match | None:
    """All that a name may mean; a match that is not the whole name's is a struct's field or a row."""
    if not matches:
        return None
    flows = (match.flow if plain else via(match.flow, Kind.TRANSFORMATION) for match, plain in matches)
    return Match(union(flows), any(match.sure for match, _ in matches))
