"""Which data of a pull request's head is not what its SQL and inputs give: the plan for the head, read as a verdict.

It goes by what records say of how their data was made. Who believes no record builds the data anew and compares.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from medallion.observe import data_folder
from medallion.plan import Action, DataState, plan
from medallion.reasons import REUSED, listed
from medallion.records import InputKind, record_path
from medallion.review.same_as_base import SameAsBase
from medallion.review.source_files import matching
from medallion.review.trees import as_checked_out
from medallion.review.value import StaleDataset, StaleKind
from medallion.sources import is_allowed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from medallion.git.repository import Repository
    from medallion.names import TableName
    from medallion.plan import Step
    from medallion.records import Record
    from medallion.review.trees import Tree

__all__ = ["in_doubt", "stale_datasets"]

_STALE = (Action.BUILD, Action.REUSE)
_ORPHANS = {
    DataState.MODIFIED: "its data was changed by something other than medallion",
    DataState.CONFLICTED: "its pointer holds merge conflict markers",
    DataState.MISSING: "its data file is missing",
}


def stale_datasets(repo: Repository, base: Tree, head: Tree) -> tuple[StaleDataset, ...]:
    """The head's datasets that are stale, unchecked or cannot be built, and those of which that cannot be known.

    That a source is not there to be looked at is told of what differs from the base: for the rest nobody claims that
    anything has changed. The same holds for data that no model makes.
    """
    same = SameAsBase(repo, base, head)
    steps = _steps(base, head)
    if head.commit and any(_by_source(head, step) for step in steps):
        head = as_checked_out(repo, head)
        steps = _steps(base, head)
    found: dict[TableName, StaleDataset] = {}
    for step in steps:
        for stale in _told(step):
            before = all(cause in found and found[cause].before for cause in step.causes) and same.of(step.name)
            found[step.name] = _already(stale) if before else stale
    for name, why in _unseen(base, head):
        reason = f"{why}, so whether it changed is not known"
        found.setdefault(name, StaleDataset(name, reason, known=False, kind=StaleKind.UNSEEN_SOURCE))
    found |= {name: StaleDataset(name, why) for name, why in _orphans(base, head)}
    order = {name: place for place, name in enumerate(head.graph.order)}

    def weight(stale: StaleDataset) -> tuple[bool, bool, int, TableName]:
        return stale.before, not stale.known, order.get(stale.name, len(order)), stale.name

    return tuple(sorted(found.values(), key=weight))


def in_doubt(stale: Iterable[StaleDataset]) -> set[TableName]:
    """Those whose data may not be what is right: what the head says of their rows need not stay so."""
    return {found.name for found in stale if found.kind is StaleKind.DATA}


def _already(stale: StaleDataset) -> StaleDataset:
    state = "stale" if stale.kind is StaleKind.DATA else "so"
    return replace(stale, reason=f"already {state} in the base: {stale.reason}", before=True)


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
        yield StaleDataset(step.name, f"unchecked: {reason}", known=not step.causes, kind=StaleKind.UNCHECKED)
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


def _unseen(base: Tree, head: Tree) -> Iterator[tuple[TableName, str]]:
    """Datasets of which a source that cannot be looked at may have changed, and why it cannot be.

    Those that differ from the base; those whose source the base has in Git; and, where any source differs, those whose
    source lies behind a link that leads out of Git.
    """
    where = "not in Git" if head.commit else "not here"
    any_differs = head.commit and _source_entries(base) != _source_entries(head)
    for name, model in head.graph.models.items():
        record = head.records.get(name)
        absent = [s.path for s in model.sources if s.path in head.observed.sources and _absent(head, s.path)]
        if record is None or not absent:
            continue
        taken = [path for path in absent if matching(base.entries, path) and not matching(head.entries, path)]
        linked = [path for path in absent if path in head.lost]
        if taken:
            yield name, f"its source {taken[0]} is {where} any more"
        elif linked and (any_differs or base.records.get(name) != record):
            yield name, f"its source {linked[0]} lies behind a link that leads out of Git"
        elif base.records.get(name) != record:
            yield name, f"its source {absent[0]} is {where}"


def _absent(head: Tree, path: str) -> bool:
    return head.observed.sources[path].absent


def _source_entries(tree: Tree) -> dict[str, str]:
    """The blobs of a commit's files that its models may read."""
    allowed = tree.config.sources
    return {path: entry.oid for path, entry in tree.entries.items() if is_allowed(path, allowed)}


def _orphans(base: Tree, head: Tree) -> Iterator[tuple[TableName, str]]:
    """Data that no model of the head makes, where that is new: a model is gone, or the data is not that of the base."""
    for name in sorted({*head.records, *head.observed.broken} - set(head.graph.order)):
        broken, record = head.observed.broken.get(name), head.records.get(name)
        if name in base.graph.order:
            yield name, "no model makes it any more, and its data is still there"
        elif _is_as_in_base(base, head, name):
            continue
        elif broken:
            yield name, f"no model makes it, and its record cannot be read: {broken.message}"
        elif record != base.records.get(name):
            yield name, "no model makes it, so nobody can tell what its data should be"
        else:
            state = head.observed.data.get(name, DataState.NONE)
            yield name, f"no model makes it, and {_ORPHANS.get(state, 'its files are not those of the base')}"


def _is_as_in_base(base: Tree, head: Tree, name: TableName) -> bool:
    """Whether record and data are those of the base; of the work tree, as far as records tell."""
    record = head.records.get(name)
    if record != base.records.get(name) or (name in head.observed.broken) != (name in base.observed.broken):
        return False
    if not head.commit:
        return head.observed.data.get(name) not in _ORPHANS
    return _entries(base, name, record) == _entries(head, name, record)


def _entries(tree: Tree, name: TableName, record: Record | None) -> dict[str, str]:
    """The blobs of a commit's record of a dataset, and of the data that it names."""
    paths = [record_path(name), *(str(data_folder(name) / file.path) for file in (record.files if record else ()))]
    return {path: tree.entries[path].oid for path in paths if path in tree.entries}
