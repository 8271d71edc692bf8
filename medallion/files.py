"""The files behind records: where the data of a dataset, or of an earlier build, is at hand."""

from __future__ import annotations

import hashlib
import shutil
from functools import cache, cached_property
from typing import TYPE_CHECKING

from medallion.errors import DataError, GitError, Location, RecordError
from medallion.git.lfs import Pointer
from medallion.models.fingerprint import recipe_digest
from medallion.observe import data_folder
from medallion.past import recipe_of
from medallion.plan import DataState
from medallion.records import Record, record_path
from medallion.version_files import files_in_worktree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from medallion.git.lfs import Store
    from medallion.models.fingerprint import Recipe
    from medallion.names import TableName
    from medallion.records import DataFile
    from medallion.workspace import Workspace

__all__ = ["Files"]


class Files:
    """Finds and copies the files of one project.

    ``store`` gives the Git LFS objects, None outside of Git. ``look_back`` makes known what Git's history says was
    built; it is called at most once, where nothing else is known of a recipe. ``descends`` tells whether HEAD descends
    from a commit.
    """

    def __init__(
        self,
        workspace: Workspace,
        store: Callable[[], Store | None],
        look_back: Callable[[], None] = lambda: None,
        descends: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self.workspace = workspace
        self.identities = workspace.identities
        self._store = cache(store)
        self._look_back: Callable[[], None] | None = look_back
        self._descends = cache(descends)
        self._lost: set[str] = set()

    def find(self, record: Record, state: DataState) -> Sequence[Path]:
        """Real Parquet files of a dataset, fetched where only pointers are there; ``DataError`` where that fails."""
        return files_in_worktree(self.workspace.config, self._store(), record, state, self.identities)

    def past(self, recipe: Recipe) -> Iterator[Record]:
        """The records that ``recipe`` led to and whose data is at hand, of any dataset: the present ones first."""
        present = self._by_recipe.get(recipe_digest(recipe), ())
        yield from filter(self._is_at_hand, present)
        yield from self._earlier(recipe)
        if self._look_back is not None:
            look_back, self._look_back = self._look_back, None
            look_back()
            yield from self._earlier(recipe)

    def _earlier(self, recipe: Recipe) -> Iterator[Record]:
        """What was built here, or is of a commit that HEAD descends from: any other may have been made by anybody."""
        for earlier in self.workspace.past.find(recipe):
            if self._is_at_hand(earlier.record) and (earlier.here or any(map(self._descends, earlier.commits))):
                yield earlier.record

    @cached_property
    def has_past(self) -> bool:
        """Whether any earlier build is known at all; in a new project none is, and nothing has to be looked up."""
        if self.workspace.observed.records:
            return True
        if self._look_back is not None:
            look_back, self._look_back = self._look_back, None
            look_back()
        return not self.workspace.past.is_empty

    def _is_at_hand(self, record: Record) -> bool:
        return len(record.files) == 1 and self._source(record.files[0]) is not None

    def copy(self, file: DataFile, target: Path) -> bool:
        """Copy the content of a data file to ``target``; False where it is not at hand, or not what it should be."""
        source = self._source(file)
        if source is None:
            return False
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
            with target.open("rb") as copy:
                whole = hashlib.file_digest(copy, "sha256").hexdigest() == file.oid
            store = self._store()
            if not whole and store is not None and source == store.path(file.oid):
                store.put_aside(file.oid)
                self._lost.add(file.oid)
            return whole
        except OSError:  # What cannot be copied can be built.
            return False

    def former(self, record: Record) -> Sequence[Path]:
        """Files with the data of a record: those of the work tree if they hold it, else of the store, fetched if need
        be; ``DataError`` where it is lost.
        """
        try:
            return self.find(record, DataState.PRESENT)
        except DataError:
            store = self._store()
            if store is None:
                raise
            pointers = [Pointer(file.oid, file.size) for file in record.files]
            store.fetch(dict.fromkeys(pointers, Location(record_path(record.dataset))))
            paths = [store.path(file.oid) for file in record.files]
            found = self.identities.of_all([str(path) for path in paths])
            if [seen and seen[0] for seen in found] != [file.oid for file in record.files]:
                raise
            return paths

    def last_committed(self, name: TableName) -> Record | None:
        """The record of a dataset in the last commit; None where there is none, or none that can be read."""
        store, path = self._store(), record_path(name)
        try:
            data = store.repo.read("HEAD", [path]).get(path) if store else None
            return Record.decode(data, path) if data is not None else None
        except (GitError, RecordError):
            return None

    def committed(self, record: Record) -> str:
        """Which version a record is: its commit and that one's date; empty where HEAD has another record or none."""
        store = self._store()
        path = record_path(record.dataset)
        try:
            if store is None or store.repo.read("HEAD", [path]).get(path) != record.encode():
                return ""
            found = store.repo.git("log", "-1", "--format=%h of %cs", "--", path).decode().strip()
        except GitError:
            return ""
        return found

    def mend_store(self, records: Iterable[Record]) -> None:
        """Give the store anew what was found corrupt in it and has been built since, byte for byte."""
        store = self._store() if self._lost else None
        for record in records if store is not None else ():
            for file in record.files:
                if file.oid in self._lost and store is not None:
                    path = self.workspace.config.root / data_folder(record.dataset) / file.path
                    store.insert(path, file.oid, file.size)

    def _source(self, file: DataFile) -> Path | None:
        store = self._store()
        if store is not None and store.has(file.oid, file.size):
            return store.path(file.oid)
        return self._present.get(file.oid)

    @cached_property
    def _present(self) -> Mapping[str, Path]:
        """The data files of the work tree by their oid."""
        observed = self.workspace.observed
        return {
            file.oid: self.workspace.config.root / data_folder(name) / file.path
            for name, record in observed.records.items()
            if observed.data.get(name) is DataState.PRESENT
            for file in record.files
        }

    @cached_property
    def _by_recipe(self) -> Mapping[str, list[Record]]:
        found: dict[str, list[Record]] = {}
        for record in self.workspace.observed.records.values():
            found.setdefault(recipe_digest(recipe_of(record)), []).append(record)
        return found
