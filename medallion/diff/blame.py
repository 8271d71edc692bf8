"""The versions in which one row changed, cell by cell, and what went with each change.

Versions are compared along Git's history, newest first: each with the one that it was made from. A merge is told only
where the row is like none of what was merged. Versions with the same content are not read.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from medallion.diff.causes import Causes
from medallion.diff.renames import renamed_in_record
from medallion.diff.row import Row, RowReader, read_error
from medallion.diff.row_key import read_key
from medallion.diff.states import History
from medallion.diff.value import Cell, RowStatus
from medallion.errors import MedallionError
from medallion.git.lfs import Pointer
from medallion.privacy import without_names
from medallion.version_files import files_at, files_in_worktree

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from medallion.catalog import VersionRow
    from medallion.diff.states import State, Step
    from medallion.git.lfs import Store
    from medallion.git.repository import Repository
    from medallion.names import TableName
    from medallion.workspace import Workspace

__all__ = ["Blame", "RowVersion", "blame"]


@dataclass(frozen=True, slots=True)
class RowVersion:
    """A version in which the row changed; ``status`` is None where that is not known, and ``error`` says why.

    ``commit`` is a full hash, "" for what is not committed. ``cells`` are as in a difference, ``causes`` what else
    changed with it, ``notes`` what became of columns.

    ``history_ends``: the row is there where a shallow clone ends, and may be older. Whether anything changed there is
    not known, and ``cells`` are all of it.
    """

    commit: str
    status: RowStatus | None
    committed_at: datetime | None = None
    author: str = ""
    subject: str = ""
    cells: tuple[Cell, ...] = ()
    causes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    error: str = ""
    history_ends: bool = False


@dataclass(frozen=True)
class Blame:
    """A row's history, newest first. ``key`` are its columns and their values (None for NULL).

    ``looked_at`` counts the versions that were compared; ``more`` is whether there are older ones that were not.
    """

    name: TableName
    key: tuple[tuple[str, str | None], ...]
    entries: tuple[RowVersion, ...]
    looked_at: int
    more: bool = False
    notes: tuple[str, ...] = ()


def blame(
    workspace: Workspace,
    repo: Repository,
    store: Store,
    name: TableName,
    given: Sequence[str],
    log: Sequence[VersionRow],
    *,
    limit: int = 0,
) -> Blame:
    """The history of the row that ``given`` names, of at most ``limit`` changes (0: all).

    ``log`` holds all versions of the dataset, children before parents. ``MedallionError`` where the key is none, names
    several rows, or no version has such a row.
    """
    history = History(workspace, repo, name, log)
    newest = next((s for s in history.newest_first() if s.record), None)
    if newest is None or newest.record is None:
        raise MedallionError(f"no version of {name} can be read", hint=f"`medallion run {name}` builds it")
    with RowReader(workspace.config, [store.folder, workspace.config.root / "data", workspace.config.state]) as reader:
        search = _Search(workspace, repo, store, reader, history, newest)
        search.take_key(given)
        if not limit:
            search.fetch_all()
        found = search.run(limit)
    workspace.identities.save()
    return found


@dataclass
class _Search:
    """Looks for the row in one version after the other."""

    workspace: Workspace
    repo: Repository
    store: Store
    reader: RowReader
    history: History
    newest: State
    key: dict[str, str | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.name = self.history.name
        self.causes = Causes(self.workspace, self.repo, self.name)
        self._names: dict[str, tuple[str, ...] | None] = {}
        self._rows: dict[str, Row | int | str] = {}
        self._renamed: dict[tuple[str, str], Mapping[str, str]] = {}
        self._files: dict[str, list[Path]] = {}
        self._oldest = self.repo.oldest

    def take_key(self, given: Sequence[str]) -> None:
        """Read what was given as values of the newest version's columns."""
        record = self.newest.record
        assert record is not None  # noqa: S101 - it was chosen for having one
        model = self.workspace.graph.models.get(self.name)
        key = record.key or (model.key if model else ())
        types = {column.name: column.type for column in record.columns}
        spelt = {column.lower(): column for column in types}
        self.key = read_key(self.name, given, [spelt.get(column.lower(), column) for column in key], types)
        self._names = {self.newest.content: tuple(self.key)}
        if isinstance(self._look(self.newest), str):
            return  # What cannot be read is told with its version.
        kinds = self.reader.types(self._files_of(self.newest))
        for column, value in self.key.items():
            if fault := self.reader.fault(value, kinds[column]):
                raise MedallionError(f"{fault}, which {column} of {self.name} is", hint="NULL is written as NULL")

    def fetch_all(self) -> None:
        """Get what is not here in one go; what cannot be had is told with its version."""
        records = [s.record for s in self.history.newest_first() if s.record]
        with suppress(MedallionError):
            self.store.fetch(Pointer(file.oid, file.size) for record in records for file in record.files)

    def run(self, limit: int) -> Blame:
        entries: list[RowVersion] = []
        looked_at = 0
        more = False
        for step in self.history.steps:
            if limit and sum(entry.status is not None for entry in entries) >= limit:
                more = True
                break
            looked_at += 1
            if entry := self._entry(step):
                entries.append(entry)
        if not any(entry.status or entry.history_ends for entry in entries):
            raise self._never(unread=sum(entry.status is None for entry in entries))
        notes = []
        if self.repo.is_shallow and not more:
            notes.append("a shallow clone: older versions are not here; `git fetch --unshallow` gets them")
        return Blame(self.name, tuple(self.key.items()), tuple(entries), looked_at, more, tuple(notes))

    def _entry(self, step: Step) -> RowVersion | None:
        old, skipped = self._readable(step)
        if step.new.content == (old.content if old else "") and not skipped:
            return None
        new, before = self._row(step.new), self._row(old) if old else 0
        if isinstance(new, str):
            return self._told(step, None, error=new)
        assert not isinstance(before, str)  # noqa: S101 - only what can be read was taken
        status, names = self._status(before, new, old, step.new)
        if status is None or any(self._is_as_in(merged, step.new) for merged in step.merged):
            return None
        # Nothing is known to be older than where a shallow clone ends.
        ends = old is None and (skipped[-1] if skipped else step.new).commit in self._oldest
        causes, private = self.causes.between(
            (old.commit, old.record) if old else None, (step.new.commit, step.new.record), unread=bool(skipped)
        )
        notes = [f"or in {s.commit[:7]}, which cannot be read" for s in skipped]
        cells: tuple[Cell, ...] = ()
        if isinstance(before, Row) and isinstance(new, Row):
            cells = self.reader.compare(before, new, names, private)
            notes = [*_of_columns(before, new, names), *notes]
        elif isinstance(new, Row):
            cells = self._cells(step.new, new, private, added=True)
        elif isinstance(before, Row) and old:
            cells = self._cells(old, before, private, added=False)
        labels = self.causes.labels
        cells = tuple(replace(cell, column=labels.get(cell.column.lower(), cell.column)) for cell in cells)
        notes = [without_names(note, labels) for note in notes]
        if ends:
            return replace(self._told(step, None, cells, (), tuple(notes)), history_ends=True)
        return self._told(step, status, cells, causes, tuple(notes))

    def _cells(self, state: State, row: Row, private: frozenset[str], *, added: bool) -> tuple[Cell, ...]:
        """All cells but those of the key."""
        key = self._names.get(state.content) or ()
        return tuple(cell for cell in self.reader.cells(row, private, added=added) if cell.column not in key)

    def _status(
        self, before: Row | int, after: Row | int, old: State | None, new: State
    ) -> tuple[RowStatus | None, Mapping[str, str]]:
        """What became of the row, None where nothing did; and the columns that both have, with their names before."""
        if not isinstance(before, Row):
            return (RowStatus.ADDED if isinstance(after, Row) else None), {}
        if not isinstance(after, Row):
            return RowStatus.REMOVED, {}
        names = self._names_between(old, new)
        return (RowStatus.CHANGED if self.reader.compare(before, after, names, ()) else None), names

    def _names_between(self, old: State | None, new: State) -> Mapping[str, str]:
        """The columns that both have, with their names before: as the records tell, else as the data does."""
        names = renamed_in_record(new.record, old.record if old else None)
        if old is None or old.record is None or new.record is None:
            return names
        gone = {column.type for column in old.record.columns if column.name not in names.values()}
        if not any(column.type in gone for column in new.record.columns if column.name not in names):
            return names
        pair = old.content, new.content
        if pair not in self._renamed:
            key = [column for column in new.record.key if column in names] or [c for c in self.key if c in names]
            self._renamed[pair] = self.reader.renamed(self._files_of(old), self._files_of(new), names, key)
        return {**names, **self._renamed[pair]}

    def _is_as_in(self, merged: State, new: State) -> bool:
        """Whether a version that was merged has the row as it came out."""
        before, after = self._row(merged), self._row(new)
        if isinstance(before, str) or isinstance(after, str):
            return False
        return self._status(before, after, merged, new)[0] is None

    def _told(
        self,
        step: Step,
        status: RowStatus | None,
        cells: tuple[Cell, ...] = (),
        causes: tuple[str, ...] = (),
        notes: tuple[str, ...] = (),
        error: str = "",
    ) -> RowVersion:
        row = step.row
        return RowVersion(
            step.new.commit,
            status,
            row.committed_at if row else None,
            row.author if row else "",
            row.subject if row else "not committed",
            cells,
            causes,
            notes,
            error,
        )

    def _readable(self, step: Step) -> tuple[State | None, list[State]]:
        """The newest version before it that can be read, and those between them that cannot."""
        skipped: list[State] = []
        newer = step.new
        old = self.history.at(step.parent)
        while old is not None:
            self._follow(newer, old)
            if not isinstance(self._row(old), str):
                break
            skipped.append(old)
            newer, old = old, self.history.at(self.history.parent_of(old.commit))
        for merged in step.merged:
            self._follow(step.new, merged)
        return old, skipped

    def _follow(self, newer: State, older: State) -> None:
        """What the columns of the key are called in an older version."""
        if older.content in self._names:
            return
        names = self._names.get(newer.content) or tuple(self.key)
        if older.record is None or newer.record is None:
            self._names[older.content] = names
            return
        known = renamed_in_record(newer.record, older.record)
        found = [known.get(column) for column in names]
        self._names[older.content] = tuple(c for c in found if c is not None) if all(found) else None

    def _row(self, state: State) -> Row | int | str:
        """The row at a version; 0 where it has none, a text where that cannot be told."""
        if state.content not in self._rows:
            self._rows[state.content] = self._look(state)
        return self._rows[state.content]

    def _look(self, state: State) -> Row | int | str:
        import duckdb

        if state.record is None:
            return state.error or 0
        names = self._names.setdefault(state.content, tuple(self.key))
        columns = {column.name for column in state.record.columns}
        if names is None or not columns.issuperset(names):
            lacking = next((c for c in self.key if c not in columns), "")
            return f"it has no column {lacking}, and none that became it"
        try:
            found = self.reader.find(self._files_of(state), dict(zip(names, self.key.values(), strict=True)))
        except (MedallionError, OSError, duckdb.Error) as error:
            return read_error(error)
        if isinstance(found, int) and found > 1:
            if state is self.newest:
                raise MedallionError(
                    f"{found:,} rows of {self.name} have {_spoken(self.key)}",
                    hint="name one row: `medallion blame` takes column=value for as many columns as it needs",
                )
            return f"{found:,} rows have this key there"
        return found

    def _files_of(self, state: State) -> list[Path]:
        record = state.record
        assert record is not None  # noqa: S101 - only what exists has files
        if state.content not in self._files:
            workspace, identities = self.workspace, self.workspace.identities
            if state.commit:
                found = files_at(self.repo, self.store, workspace.config, state.commit, [record], identities)
                self._files[state.content] = found[self.name]
            else:
                data = workspace.observed.data[self.name]
                self._files[state.content] = files_in_worktree(workspace.config, self.store, record, data, identities)
        return self._files[state.content]

    def _never(self, *, unread: int) -> MedallionError:
        rest = f" that can be read ({unread} cannot)" if unread else ""
        return MedallionError(
            f"no version of {self.name}{rest} has a row with {_spoken(self.key)}", hint="; ".join(self._near())
        )

    def _near(self) -> Iterator[str]:
        import duckdb

        (column, value), *others = self.key.items()
        _, private = self.causes.between(None, (self.newest.commit, self.newest.record))
        if others or value is None or column.lower() in private:
            return
        with suppress(MedallionError, OSError, duckdb.Error):
            near = self.reader.near(self._files_of(self.newest), column, value)
            if near:
                yield f"near it are {' and '.join(near)}"


def _of_columns(old: Row, new: Row, names: Mapping[str, str]) -> Iterator[str]:
    """What became of columns, as far as it is not plain from the cells."""
    for name, kind in new.columns.items():
        if name not in names:
            yield f"{name} is a new column"
        elif names[name].lower() != name.lower():
            yield f"{names[name]} was renamed to {name}"
        elif old.columns[names[name]] != kind:
            yield f"{name} was {old.columns[names[name]]} and is {kind}"
    for name in old.columns:
        if name not in names.values():
            yield f"the column {name} went"


def _spoken(key: Mapping[str, str | None]) -> str:
    return ", ".join(f"{column} = {'NULL' if value is None else value}" for column, value in key.items())
