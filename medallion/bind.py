"""Find, for every table that a query names, the files it stands for: in the work tree or at a version."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from medallion.errors import DataError, Location, MedallionError, QueryError, RevisionError
from medallion.identities import Identities
from medallion.models.parse import parse_macros
from medallion.models.tokens import lex
from medallion.names import TableName, nearest
from medallion.observe import data_state, read_records
from medallion.publish import staged_record
from medallion.query import Binding
from medallion.records import record_path
from medallion.version_files import files_at, files_in_worktree
from medallion.versions import need, read_snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from medallion.config import Config
    from medallion.git.lfs import Store
    from medallion.git.repository import Repository
    from medallion.models.model import Macro
    from medallion.records import Record
    from medallion.splice import Spliced, Version

__all__ = ["Binder"]

_BEFORE_TABLES = {"FROM", "JOIN", "DESCRIBE", "SUMMARIZE", "TABLE", "PIVOT", "UNPIVOT"}

Places = dict[TableName, tuple[int, int]]


class Binder:
    """Binds the tables of one query. Without a repository (None), it must not ask for a version.

    ``versions`` says afterwards what each table was read at: a full hash, or "work tree".
    """

    def __init__(self, config: Config, repository: Repository | None, store: Store | None, spliced: Spliced) -> None:
        self.config = config
        self.repository = repository
        self.store = store
        self.spliced = spliced
        self.identities = Identities(config.root)
        self.versions: dict[str, str] = {}
        self._by_macro: dict[TableName, Macro] = {}
        self._commits: dict[Version, str] = {}

    def bind(self, at: Version | None, macros: Sequence[Macro] = ()) -> list[Binding]:
        """Files for each table; ``at`` is the version of those without an AT clause, None the work tree.

        So it is for the datasets that those of ``macros`` read which the query calls.

        What looks like a dataset's name but is none may be the column of an alias, and is left to DuckDB.
        """
        groups: dict[tuple[Version | None, str], Places] = {}
        versioned = {table.name for table in self.spliced.tables if table.version}
        for table in self.spliced.tables:
            if not table.version and table.name in versioned and not self._is_table(table.offset, comma=True):
                continue  # A column of the table that has the AT clause.
            group = groups.setdefault((table.version or at, table.catalog), {})
            # An error points at the place where it stands as a table, not at a column that is named by it.
            if table.name not in group or not self._is_table(group[table.name][0]):
                group[table.name] = (table.offset, table.length)
        read = groups.setdefault((at, ""), {}) if macros else {}
        for name, place in self._in_macros(macros).items():
            read.setdefault(name, place)
        bindings: list[Binding] = []
        for (version, catalog), places in groups.items():
            if version is None:
                bindings += self._in_worktree(places)
            else:
                bindings += self._at(version, catalog, places)
        self.identities.save()
        return bindings

    def macros(self, at: Version | None) -> list[Macro]:
        """The project's macros as of ``at``; those that cannot be read do not hinder a query."""
        texts: Mapping[str, bytes]
        if at is None:
            folder = self.config.root / "sql" / "macros"
            texts = {str(f.relative_to(self.config.root)): f.read_bytes() for f in sorted(folder.rglob("*.sql"))}
        else:
            commit, repository = self._commit(at)
            paths = [p for p in repository.list(commit, ["sql/macros"]) if p.endswith(".sql")]
            texts = repository.read(commit, paths)
        found: list[Macro] = []
        for path, data in texts.items():
            try:
                found += parse_macros(path, data.decode(), self.config.layers)
            except (MedallionError, UnicodeDecodeError):
                continue
        return found

    def _in_macros(self, macros: Sequence[Macro]) -> Places:
        """The datasets that the query reads by calling macros, or macros that these call, at the place of the call."""
        by_name = {macro.name: macro for macro in macros}
        places: Places = {}
        for called, token in lex(self.spliced.original, "query").calls():
            left, seen = [called], set()
            while left:
                if (macro := by_name.get(left.pop())) is None or macro.name in seen:
                    continue
                seen.add(macro.name)
                left += [call.name for call in macro.calls]
                for reference in macro.datasets:
                    places.setdefault(reference.name, (token.start, len(token.raw)))
                    self._by_macro.setdefault(reference.name, macro)
        return places

    def _commit(self, version: Version) -> tuple[str, Repository]:
        assert self.repository is not None  # noqa: S101 - whoever asks for a version has a repository
        if version not in self._commits:
            resolve = self.repository.resolve_at if version.is_moment else self.repository.resolve
            self._commits[version] = resolve(version.text)
        return self._commits[version], self.repository

    def _at(self, version: Version, catalog: str, places: Places) -> Iterator[Binding]:
        try:
            commit, repository = self._commit(version)
        except RevisionError as error:
            if not catalog:  # It was given apart from the query.
                raise
            raise error.at(Location.at("query", self.spliced.original, *next(iter(places.values())))) from error
        snapshot = read_snapshot(repository, self.config, commit, places)
        records: list[Record] = []
        for name, (offset, length) in places.items():
            absent = name not in snapshot.records and name not in snapshot.broken
            if absent and not catalog and not _ever_was(repository, name):
                self._refuse_unknown(name, offset, length, read_snapshot(repository, self.config, commit).records)
                continue
            try:
                records.append(need(repository, self.config, snapshot, name, version.text))
            except RevisionError as error:
                raise error.at(Location.at("query", self.spliced.original, offset, length)) from error
            self.versions[f"{name} at {version.text}"] = commit
        assert self.store is not None  # noqa: S101 - there is a repository, and with it its store
        files = files_at(repository, self.store, self.config, commit, records, self.identities)
        for record in records:
            yield _binding(record, catalog, files[record.dataset])

    def _in_worktree(self, places: Places) -> Iterator[Binding]:
        records, broken, _ = read_records(self.config.root, self.config.layers)
        for name, (offset, length) in places.items():
            if name in broken:
                raise broken[name]
            record = records.get(name)
            if record is None:
                self._refuse_unbuilt(name, offset, length)
                self._refuse_unknown(name, offset, length, records)
                continue
            self.versions[str(name)] = "work tree"
            yield self._present(record)

    def _present(self, record: Record) -> Binding:
        """A dataset as it stands; while a run publishes it, its data may be newer than its record for a moment."""
        try:
            state = data_state(record.dataset, record, self.identities)
            files = files_in_worktree(self.config, self.store, record, state, self.identities)
        except DataError:
            coming = staged_record(self.config, record.dataset)
            if coming is None:
                raise
            state = data_state(coming.dataset, coming, self.identities)
            return _binding(coming, "", files_in_worktree(self.config, self.store, coming, state, self.identities))
        return _binding(record, "", files)

    def _is_table(self, offset: int, *, comma: bool = False) -> bool:
        """Whether a table must stand at ``offset``. After a comma (or bracket) it may, and a column as well."""
        before = self.spliced.original[:offset].rstrip()
        word = re.search(r"\w*$", before)
        named = word is not None and word[0].upper() in _BEFORE_TABLES
        return named or (comma and before.endswith((",", "(")))

    def _refuse_unbuilt(self, name: TableName, offset: int, length: int) -> None:
        if (name in self._by_macro or self._is_table(offset)) and any(
            (self.config.root / "sql" / name.layer).rglob(f"{name.name}.sql")
        ):
            raise QueryError(
                f"{name} has not been built yet",
                location=Location.at("query", self.spliced.original, offset, length),
                hint=f"`medallion run +{name}` builds it",
            )

    def _refuse_unknown(self, name: TableName, offset: int, length: int, known: Mapping[TableName, Record]) -> None:
        """Raise where the name surely is meant as a dataset; return where it may be a column of an alias."""
        if name in self._by_macro or not self._is_table(offset):
            return  # A macro may have an alias that looks like a dataset; DuckDB says what is missing.
        near = nearest(str(name), map(str, known))
        listed = ", ".join(map(str, sorted(known))) or "none yet: `medallion run` builds them"
        raise QueryError(
            f"there is no dataset {name}",
            location=Location.at("query", self.spliced.original, offset, length),
            hint=f'did you mean "{near}"?' if near else f"datasets: {listed}",
        )


def _binding(record: Record, catalog: str, files: list[Path]) -> Binding:
    return Binding(record.dataset, catalog, tuple(files), tuple(c.name for c in record.columns))


def _ever_was(repository: Repository, name: TableName) -> bool:
    """Whether any commit that can be reached has a dataset of this name."""
    return bool(repository.git("log", "--all", "-1", "--format=%H", "--", record_path(name)).strip())
