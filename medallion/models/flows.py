"""What flows into a column, as values: the vocabulary of column lineage.

A *flow* is the set of dataset columns that a value depends on, each with how. A *relation* is what a query or a table
yields: its columns as *slots*, and the flow into its rows (which rows there are, how many, in which order).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum, StrEnum
from typing import TYPE_CHECKING

from medallion.names import TableName

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["NOTHING", "UNKNOWN", "Arity", "Flow", "Kind", "MisfitError", "Relation", "Slot", "union", "via"]


class Kind(StrEnum):
    """How an output column depends on an input column, in OpenLineage's words; the first three are direct."""

    IDENTITY = "IDENTITY"
    TRANSFORMATION = "TRANSFORMATION"
    AGGREGATION = "AGGREGATION"
    FILTER = "FILTER"
    JOIN = "JOIN"
    GROUP_BY = "GROUP_BY"
    SORT = "SORT"
    WINDOW = "WINDOW"
    CONDITIONAL = "CONDITIONAL"

    @property
    def strength(self) -> int:
        """1, 2, 3 for the direct kinds, of which the strongest on a path wins; 0 for the indirect ones."""
        return _STRENGTH.get(self, 0)


_STRENGTH = {Kind.IDENTITY: 1, Kind.TRANSFORMATION: 2, Kind.AGGREGATION: 3}

Flow = frozenset[tuple[TableName, str, Kind]]
NOTHING: Flow = frozenset()


def union(flows: Iterable[Flow]) -> Flow:
    """What any of ``flows`` holds."""
    return NOTHING.union(*flows)


def via(flow: Flow, kind: Kind) -> Flow:
    """``flow`` after one more step of ``kind``.

    Among direct kinds the strongest wins; what is indirect stays what it is, but a condition inside of a value that
    filters, joins or sorts does that too.
    """
    if kind is Kind.IDENTITY:
        return flow
    if kind.strength:
        return frozenset((t, c, kind if 0 < old.strength < kind.strength else old) for t, c, old in flow)
    return frozenset((t, c, kind if old.strength or old is Kind.CONDITIONAL else old) for t, c, old in flow)


class Arity(Enum):
    """How many columns of the result a slot stands for."""

    ONE = "one"
    MAYBE = "none or one"
    MANY = "one or more"


@dataclass(frozen=True, slots=True)
class Slot:
    """A column, or several that only DuckDB could tell apart; ``name`` is None where only DuckDB knows it."""

    name: str | None
    flow: Flow
    arity: Arity = Arity.ONE

    @property
    def fixed(self) -> bool:
        return self.arity is Arity.ONE


class MisfitError(Exception):
    """The columns found here are not the columns that DuckDB reports."""


@dataclass(frozen=True, slots=True)
class Relation:
    slots: tuple[Slot, ...]
    rows: Flow = NOTHING

    @property
    def every(self) -> Flow:
        return union(slot.flow for slot in self.slots)

    @property
    def fixed(self) -> bool:
        return all(slot.fixed for slot in self.slots)

    def at(self, position: int) -> Flow:
        """The flow into the column at ``position``, from 1; into all of them where that cannot be told."""
        ahead = self.slots[:position]
        return ahead[-1].flow if len(ahead) == position > 0 and all(slot.fixed for slot in ahead) else self.every

    def renamed(self, names: Sequence[str]) -> Relation:
        """With ``names`` for the first columns, as in ``AS t(a, b)``."""
        sure = 0
        while sure < min(len(names), len(self.slots)) and self.slots[sure].fixed:
            sure += 1
        slots = [replace(slot, name=name) for slot, name in zip(self.slots, names[:sure], strict=False)]
        if sure == len(names):
            return Relation((*slots, *self.slots[sure:]), self.rows)
        rest = union(slot.flow for slot in self.slots[sure:])
        slots += [Slot(name, rest) for name in names[sure:]]
        return Relation((*slots, Slot(None, rest, Arity.MANY)), self.rows)

    def numbered(self) -> Relation:
        """As the source of another query, where DuckDB calls a second column ``a`` by the name ``a_1``."""
        seen: dict[str, int] = {}
        slots = []
        for slot in self.slots:
            name = slot.name
            if name is not None and slot.fixed:
                base, number = name.lower(), 0
                while name.lower() in seen:
                    number = seen[base] = seen[base] + 1
                    name = f"{slot.name}_{number}"
                seen[name.lower()] = 0
            slots.append(slot if name == slot.name else replace(slot, name=name))
        return Relation(tuple(slots), self.rows)

    def beside(self, other: Relation) -> Relation:
        """Both relations' columns united by position, under the names of this one (``UNION``)."""
        rows = self.rows | other.rows
        if self.fixed and other.fixed and len(self.slots) == len(other.slots):
            pairs = zip(self.slots, other.slots, strict=True)
            return Relation(tuple(replace(a, flow=a.flow | b.flow) for a, b in pairs), rows)
        return Relation((Slot(None, self.every | other.every, Arity.MANY),), rows)

    def beside_by_name(self, other: Relation) -> Relation:
        """Both relations' columns united by name (``UNION BY NAME``)."""
        rows = self.rows | other.rows
        merged: dict[str, Slot] = {}
        for slot in (*self.slots, *other.slots):
            if slot.name is None or not slot.fixed:
                return Relation((Slot(None, self.every | other.every, Arity.MANY),), rows)
            known = merged.get(slot.name.lower(), Slot(slot.name, NOTHING))
            merged[slot.name.lower()] = replace(known, flow=known.flow | slot.flow)
        return Relation(tuple(merged.values()), rows)

    def fitted(self, names: Sequence[str]) -> list[Flow]:
        """The flow into each of the columns that DuckDB calls ``names``; ``MisfitError`` where they are others."""
        head = 0
        while head < len(self.slots) and self.slots[head].fixed:
            head += 1
        tail = len(self.slots)
        while tail > head and self.slots[tail - 1].fixed:
            tail -= 1
        after = len(self.slots) - tail
        if len(names) < head + after or (head == tail and len(names) != head + after):
            raise MisfitError(f"DuckDB reports {len(names)} columns, {len(self.slots)} were found")
        end = len(names) - after
        ends = zip((*self.slots[:head], *self.slots[tail:]), (*names[:head], *names[end:]), strict=True)
        for slot, name in ends:
            if slot.name is not None and not _same(slot.name, name):
                raise MisfitError(f"DuckDB calls a column {name!r} that was taken for {slot.name!r}")
        middle = _spread(self.slots[head:tail], names[head:end])
        return [*(s.flow for s in self.slots[:head]), *middle, *(s.flow for s in self.slots[tail:])]


def _spread(slots: Sequence[Slot], names: Sequence[str]) -> list[Flow]:
    """The flow into each of ``names``, which ``slots`` of unsure arity make together."""
    if len(slots) == len(names) and not any(slot.arity is Arity.MAYBE for slot in slots):
        return [slot.flow for slot in slots]
    anywhere = union(s.flow for s in slots if s.name is None or s.arity is Arity.MANY)
    flows = []
    for name in names:
        named = [slot.flow for slot in slots if slot.name is not None and _same(slot.name, name)]
        if not named and all(slot.name is not None and slot.arity is not Arity.MANY for slot in slots):
            raise MisfitError(f"DuckDB reports a column {name!r} that was not found")
        flows.append(union(named) | anywhere)
    return flows


def _same(found: str, reported: str) -> bool:
    found, reported = found.lower(), reported.lower()
    return found == reported or re.sub(r"(_\d+)+$", "", reported) == re.sub(r"(_\d+)+$", "", found)


UNKNOWN = Relation((Slot(None, NOTHING, Arity.MANY),))
"""A relation that no dataset flows into and whose columns only DuckDB knows, such as ``read_csv(…)``."""
