"""Where each dataset stands: fresh or stale, here or not fetched, changed by hand, committed or not."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from medallion.observe import data_folder
from medallion.plan import Action, DataState, Step
from medallion.records import record_path
from medallion.sources import is_allowed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from medallion.config import Config
    from medallion.errors import MedallionError
    from medallion.git.repository import FileStatus
    from medallion.names import TableName
    from medallion.workspace import Workspace

__all__ = ["ChangedFile", "DatasetStatus", "State", "changed_files", "dataset_status"]


class State(StrEnum):
    """What a person may have to do something about."""

    NEW = "new"
    STALE = "stale"
    UNCHECKED = "unchecked"
    FAILED = "failed"
    MISSING = "missing"
    UNFETCHED = "unfetched"
    MODIFIED = "modified"
    UNCOMMITTED = "uncommitted"
    ORPHANED = "orphaned"


@dataclass(frozen=True, slots=True)
class DatasetStatus:
    """A dataset's states (none: all is well) with a reason for each that needs one."""

    name: TableName
    states: tuple[State, ...]
    reason: str
    rows: int | None
    size: int | None
    error: MedallionError | None = None


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """A file of the project, but no data, that is not as in the last commit.

    ``kind`` is sql, source, test or config; ``state`` is new, changed, deleted or conflicted.
    """

    path: str
    kind: str
    state: str


def changed_files(config: Config, changed: Sequence[FileStatus]) -> tuple[ChangedFile, ...]:
    """What ``commit`` would take along besides data and records, by path; any other file is Git's alone."""
    found = []
    for file in sorted(changed, key=lambda file: file.path):
        if file.path.startswith("data/"):
            continue
        if file.path.startswith("sql/"):
            kind = "sql"
        elif file.path.startswith("tests/"):
            kind = "test"
        elif file.path in (config.file, ".gitattributes", ".gitignore"):
            kind = "config"
        elif is_allowed(file.path, config.sources):
            kind = "source"
        else:
            continue
        found.append(ChangedFile(file.path, kind, _file_state(file)))
    return tuple(found)


def _file_state(file: FileStatus) -> str:
    if file.conflicted:
        return "conflicted"
    if "D" in (file.index, file.worktree):
        return "deleted"
    return "new" if file.index in "?A" else "changed"


def dataset_status(
    workspace: Workspace, steps: Sequence[Step], changed: Sequence[FileStatus]
) -> tuple[DatasetStatus, ...]:
    """One entry a dataset, in the graph's order, and after them those that no model makes."""
    by_path = {file.path: file for file in changed}
    by_name = {step.name: step for step in steps}
    names = [*workspace.graph.order, *workspace.orphans]
    return tuple(_status(workspace, name, by_name.get(name), by_path) for name in names)


def _status(
    workspace: Workspace, name: TableName, step: Step | None, changed: Mapping[str, FileStatus]
) -> DatasetStatus:
    observed = workspace.observed
    record = observed.records.get(name)
    data = observed.data.get(name, DataState.NONE)
    states: list[State] = []
    reason = ""
    if step is None:
        states.append(State.ORPHANED)
        path = f"data/{name.layer}/{name.name}"
        reason = f"no model makes it: `git rm {path}.json {path}.parquet`, or write sql/{name.layer}/{name.name}.sql"
    elif step.action in (Action.ERROR, Action.SKIP):
        by_hand = data in (DataState.MODIFIED, DataState.CONFLICTED, DataState.UNRECORDED)
        states.append(State.MODIFIED if by_hand else State.FAILED)
        reason = "" if by_hand else step.reason
    elif step.action in (Action.BUILD, Action.REUSE, Action.MAYBE):
        states.append(State.NEW if record is None else State.STALE)
        reason = step.reason
    elif step.action is Action.CHECK:
        states.append(State.UNCHECKED)
        reason = step.reason
    if record is not None and data is DataState.MISSING:
        states.append(State.MISSING)
    if data is DataState.UNFETCHED:
        states.append(State.UNFETCHED)
    paths = [record_path(name)] + [str(data_folder(name) / f.path) for f in (record.files if record else ())]
    if any(path in changed for path in paths):
        states.append(State.UNCOMMITTED)
    return DatasetStatus(
        name,
        tuple(states),
        reason,
        record.rows if record else None,
        record.size if record else None,
        step.error if step else None,
    )
