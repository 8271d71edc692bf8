"""Which data of a pull request's head is not what its SQL and inputs give: the plan for the head, read as a verdict."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from medallion.plan import Action, plan
from medallion.reasons import REUSED, listed
from medallion.records import InputKind
from medallion.review.trees import as_checked_out
from medallion.review.value import StaleDataset

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from medallion.git.repository import Repository
    from medallion.names import TableName
    from medallion.plan import Step
    from medallion.records import Record
    from medallion.review.trees import Tree

__all__ = ["in_doubt", "stale_datasets"]

_STALE = (Action.BUILD, Action.REUSE)
_UNCHECKED, _UNSEEN = "unchecked: ", "its source "


def stale_datasets(repo: Repository, base: Tree, head: Tree) -> tuple[StaleDataset, ...]:
    """The head's datasets that are stale, unchecked or cannot be built, and those of which that cannot be known.

    That a source is not there to be looked at is told of what differs from the base: for the rest nobody claims that
    anything has changed.
    """
    steps = _steps(base, head)
    if head.commit and any(_by_source(head, step) for step in steps):
        head = as_checked_out(repo, head)
        steps = _steps(base, head)
    found = {stale.name: stale for step in steps for stale in _told(step)}
    for name, path in _unseen(base, head):
        where = "not in Git" if head.commit else "not here"
        reason = f"{_UNSEEN}{path} is {where}, so whether it changed is not known"
        found.setdefault(name, StaleDataset(name, reason, known=False))
    left = base.graph.models.keys() & head.records.keys() - set(head.graph.order)
    found |= {name: StaleDataset(name, "no model makes it any more, and its data is still there") for name in left}
    order = {name: place for place, name in enumerate(head.graph.order)}
    return tuple(sorted(found.values(), key=lambda s: (not s.known, order.get(s.name, len(order)), s.name)))


def in_doubt(stale: Iterable[StaleDataset]) -> set[TableName]:
    """Those whose data may not be what is right: what the head says of their rows need not stay so."""
    return {found.name for found in stale if not found.reason.startswith((_UNCHECKED, _UNSEEN))}


def _steps(base: Tree, head: Tree) -> tuple[Step, ...]:
    def former_sql(record: Record) -> str | None:
        model = base.graph.models.get(record.dataset)
        return model.sql if model and model.digest == record.built.text else None

    return plan(head.graph, replace(head.observed, former_sql=former_sql), volatile=False)


def _told(step: Step) -> Iterator[StaleDataset]:
    reason = step.reason.removesuffix(REUSED)
    if step.action in _STALE:
        yield StaleDataset(step.name, "it has never been built" if reason == "new" else reason)
    elif step.action is Action.MAYBE:
        yield StaleDataset(step.name, f"it is built from {listed(step.causes)}, which is stale", known=False)
    elif step.action is Action.CHECK:
        yield StaleDataset(step.name, f"{_UNCHECKED}{reason}", known=not step.causes)
    elif step.action is Action.ERROR:
        yield StaleDataset(step.name, f"it cannot be built: {step.error.message}" if step.error else reason)
    elif step.action is Action.SKIP:
        yield StaleDataset(step.name, f"it {reason}, which cannot be built", known=False)


def _by_source(head: Tree, step: Step) -> bool:
    """Whether a source looks other than the record has it."""
    record = head.records.get(step.name)
    if step.action not in _STALE or record is None:
        return False
    known = {i.name: i.content_id for i in record.built.inputs if i.kind is InputKind.SOURCE}
    now = {path: head.observed.sources[path].content_id for path in known if path in head.observed.sources}
    return any(content is not None and content != known[path] for path, content in now.items())


def _unseen(base: Tree, head: Tree) -> Iterable[tuple[TableName, str]]:
    """Datasets that differ from the base and read a source that cannot be looked at, with its path."""
    for name, model in head.graph.models.items():
        record = head.records.get(name)
        absent = [s.path for s in model.sources if s.path in head.observed.sources and _absent(head, s.path)]
        if record is not None and absent and base.records.get(name) != record:
            yield name, absent[0]


def _absent(head: Tree, path: str) -> bool:
    return head.observed.sources[path].absent
