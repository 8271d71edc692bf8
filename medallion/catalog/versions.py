"""From commits to versions of datasets: which commit last changed what, over branches and merges. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from medallion.errors import ModelError
from medallion.names import TableName

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from datetime import datetime

__all__ = ["Node", "State", "Version", "dataset_of", "walk"]

State = dict[TableName, tuple[str, str]]
"""Of each dataset at one commit: the blob of its record, and the commit that last changed it."""


@dataclass(frozen=True, slots=True)
class Node:
    """A commit; ``changes`` is what it changed against its first parent: the new blob, None for a deletion."""

    commit: str
    parents: tuple[str, ...]
    committed_at: datetime
    author: str
    subject: str
    changes: Mapping[TableName, str | None]


@dataclass(frozen=True, slots=True)
class Version:
    """A dataset that ``node`` changed; ``state`` is the whole project as of then, ``record_oid`` None when deleted."""

    node: Node
    dataset: TableName
    record_oid: str | None
    parent_version: str | None
    state: State

    @property
    def key(self) -> tuple[TableName, str | None]:
        """What identifies the record."""
        return self.dataset, self.record_oid


def dataset_of(path: str) -> TableName | None:
    """The dataset whose record lies at ``path``, ``data/<layer>/<name>.json``; None for any other file."""
    parts = path.split("/")
    if len(parts) != 3 or parts[0] != "data" or not path.endswith(".json"):
        return None
    try:
        return TableName.parse(f"{parts[1]}.{parts[2].removesuffix('.json')}")
    except ModelError:
        return None


def walk(nodes: Iterable[Node], wanted: Collection[str]) -> Iterator[Version]:
    """The versions that the commits in ``wanted`` made. ``nodes`` are all commits, parents before children.

    A merge makes a version only of what it holds like none of its parents; else the version is that of the first
    parent that holds the same record.
    """
    nodes = list(nodes)
    children = Counter(parent for node in nodes for parent in node.parents)
    states: dict[str, State] = {}
    for node in nodes:
        parents = [states.get(parent, {}) for parent in node.parents]
        state, changed = _step(node, parents)
        states[node.commit] = state
        if node.commit in wanted:
            for dataset in changed:
                before = next((parent[dataset][1] for parent in parents if dataset in parent), None)
                yield Version(node, dataset, node.changes[dataset], before, state)
        # A state is needed until the last child has been seen: memory grows with the branches, not with the history.
        for parent in node.parents:
            children[parent] -= 1
            if not children[parent]:
                states.pop(parent, None)


def _step(node: Node, parents: list[State]) -> tuple[State, list[TableName]]:
    """The state at ``node``, and the datasets that it holds like none of its parents."""
    first, *others = parents or [{}]
    if not node.changes:
        return first, []
    state = dict(first)
    changed = []
    for dataset, oid in node.changes.items():
        if oid is None:
            state.pop(dataset, None)
            if all(dataset in parent for parent in others):
                changed.append(dataset)
            continue
        inherited = next((known for other in others if (known := other.get(dataset)) and known[0] == oid), None)
        state[dataset] = inherited or (oid, node.commit)
        if not inherited:
            changed.append(dataset)
    return state, changed
