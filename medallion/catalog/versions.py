"""From commits to versions of datasets: which commit last changed what, over branches and merges. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from medallion.errors import ModelError
from medallion.names import TableName

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

__all__ = ["Changes", "Node", "State", "Version", "Visit", "dataset_of", "state_at", "walk"]

State = dict[TableName, tuple[str, str]]
"""Of each dataset at one commit: the blob of its record, and the commit that last changed it."""

Changes = Mapping[str, Sequence[tuple[TableName, str | None, str]]]
"""Of each commit: the datasets that it changed, their new blob (None when deleted), and the commit that made that."""


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
    """A dataset that ``node`` changed; ``record_oid`` is None when it was deleted there."""

    node: Node
    dataset: TableName
    record_oid: str | None
    parent_version: str | None

    @property
    def key(self) -> tuple[TableName, str | None]:
        """What identifies the record."""
        return self.dataset, self.record_oid


@dataclass(frozen=True, slots=True)
class Visit:
    """A commit on the way through history: the whole project as of then, and the versions that it made."""

    node: Node
    state: State
    versions: tuple[Version, ...]


def dataset_of(path: str) -> TableName | None:
    """The dataset whose record lies at ``path``, ``data/<layer>/<name>.json``; None for any other file."""
    parts = path.split("/")
    if len(parts) != 3 or parts[0] != "data" or not path.endswith(".json"):
        return None
    try:
        return TableName.parse(f"{parts[1]}.{parts[2].removesuffix('.json')}")
    except ModelError:
        return None


def walk(nodes: Iterable[Node], states: dict[str, State]) -> Iterator[Visit]:
    """Visit each of ``nodes``: commits, parents before children.

    ``states`` holds the state of each parent that is not among them; one that is in neither has no datasets. In the
    end it holds the states of the commits without children, and of nothing else.

    A merge makes a version only of what it holds like none of its parents; else the version is that of the first
    parent that holds the same record.
    """
    nodes = list(nodes)
    children = Counter(parent for node in nodes for parent in node.parents)
    for node in nodes:
        parents = [states.get(parent, {}) for parent in node.parents]
        state, changed = _step(node, parents)
        states[node.commit] = state
        versions = (
            Version(node, d, node.changes[d], next((p[d][1] for p in parents if d in p), None)) for d in changed
        )
        yield Visit(node, state, tuple(versions))
        # A state is needed until the last child has been seen: memory grows with the branches, not with the history.
        for parent in node.parents:
            children[parent] -= 1
            if not children[parent]:
                states.pop(parent, None)


def state_at(
    commit: str, first_parents: Mapping[str, str | None], changes: Changes, known: Mapping[str, State]
) -> State:
    """The state at ``commit``, from what it and the commits before it changed.

    Along first parents, as far as one whose state is ``known``; ``changes`` says of each commit what it changed and
    which version that is.
    """
    newest: dict[TableName, tuple[str | None, str]] = {}
    at: str | None = commit
    while at is not None and at not in known:
        for dataset, oid, version in changes.get(at, ()):
            newest.setdefault(dataset, (oid, version))
        at = first_parents.get(at)
    state = dict(known[at]) if at is not None else {}
    for dataset, (oid, version) in newest.items():
        if oid is None:
            state.pop(dataset, None)
        else:
            state[dataset] = oid, version
    return state


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
