"""What a dataset was at each of its versions along Git's history, and what each version was made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from medallion.diff.row import read_error
from medallion.errors import MedallionError
from medallion.git.objects import read_objects
from medallion.records import Record, record_path

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from medallion.catalog import VersionRow
    from medallion.git.repository import Repository
    from medallion.names import TableName
    from medallion.workspace import Workspace

__all__ = ["History", "State", "Step"]


@dataclass(frozen=True, slots=True)
class State:
    """A dataset at a commit, or ("") in the work tree. ``record`` is None where it does not exist there."""

    commit: str
    record: Record | None
    error: str = ""

    @property
    def content(self) -> str:
        """Equal where the data is; "" where there is none."""
        return self.record.content_id if self.record else self.error and f"{self.commit}: {self.error}"


@dataclass(frozen=True, slots=True)
class Step:
    """A version, what it was made from, and what else it was merged from."""

    new: State
    parent: str | None
    merged: tuple[State, ...]
    row: VersionRow | None = None


class History:
    """The states of a dataset along the history, read in one go.

    ``log`` holds its versions, children before parents.
    """

    def __init__(self, workspace: Workspace, repo: Repository, name: TableName, log: Sequence[VersionRow]) -> None:
        self.workspace, self.repo, self.name = workspace, repo, name
        commits = [row.commit for row in log]
        asked = "".join(f"{commit}\n" for commit in commits).encode()
        listed = repo.git("rev-list", "--no-walk=unsorted", "--parents", "--stdin", stdin=asked) if commits else b""
        parents = {words[0]: words[1:] for words in (line.split() for line in listed.decode().splitlines())}
        head = repo.head()
        others = [parent for found in parents.values() if len(found) > 1 for parent in found]
        self._states = self._read(dict.fromkeys([*commits, *others, *([head] if head else [])]))
        self.steps = [
            Step(
                self._states[row.commit],
                row.parent_version,
                tuple(self._states[p] for p in parents.get(row.commit, ()) if len(parents[row.commit]) > 1),
                row,
            )
            for row in log
        ]
        at_head = self._states.get(head or "", State(head or "", None))
        here = self._in_worktree()
        if here.content != at_head.content:
            version = next((s.new.commit for s in self.steps if s.new.content == at_head.content), at_head.commit)
            self.steps.insert(0, Step(here, version or None, ()))
        self._parents = {step.new.commit: step.parent for step in self.steps}

    def newest_first(self) -> list[State]:
        """Its versions; the work tree is the first where it differs from HEAD."""
        return [step.new for step in self.steps]

    def at(self, commit: str | None) -> State | None:
        """What it was at a commit of ``log``, at one that was merged, or at HEAD; None for any other."""
        return self._states.get(commit) if commit else None

    def parent_of(self, commit: str) -> str | None:
        """The version that the one at ``commit`` was made from; None where it is the first."""
        return self._parents.get(commit)

    def _in_worktree(self) -> State:
        if self.name in self.workspace.observed.broken:
            return State("", None, read_error(self.workspace.observed.broken[self.name]))
        return State("", self.workspace.observed.records.get(self.name))

    def _read(self, commits: Mapping[str, object]) -> dict[str, State]:
        path = record_path(self.name)
        names = {f"{commit}:{self.repo.prefix}{path}": commit for commit in commits}
        found = {commit: State(commit, None) for commit in commits}
        for asked, _, kind, data in read_objects(self.repo.process, names):
            commit = names[asked]
            try:
                if kind == "blob":
                    found[commit] = State(commit, Record.decode(data, f"{path} at {commit[:7]}"))
            except MedallionError as error:
                found[commit] = State(commit, None, read_error(error))
        return found
