"""Datasets at a version: their records and the files that hold them, without checking anything out."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from medallion.blob_digests import BlobDigests
from medallion.config import configures, parse_config
from medallion.errors import ConfigError, DataError, Location, MedallionError, RecordError, RevisionError
from medallion.git.lfs import Pointer
from medallion.names import TableName, nearest
from medallion.observe import data_folder, data_state, read_records
from medallion.plan import DataState
from medallion.publish import between_renames
from medallion.records import Record, record_path
from medallion.schemas import schema_of
from medallion.version_files import each_at, each_in_worktree, files_at, files_in_worktree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from medallion.config import Config
    from medallion.git.lfs import Store
    from medallion.git.repository import Repository
    from medallion.identities import Identities
    from medallion.models.graph import Graph
    from medallion.schemas import Contracts, Schema
    from medallion.version_files import Found
    from medallion.workspace import Workspace

__all__ = [
    "CONFIGURATIONS",
    "Snapshot",
    "Version",
    "config_at",
    "configured",
    "read_snapshot",
    "snapshot_of",
    "standing_contracts",
    "version_at",
    "version_from",
    "version_here",
    "version_of",
]

#: Where a configuration stands; the first that is one counts.
CONFIGURATIONS = ("medallion.toml", "pyproject.toml")


@dataclass(frozen=True)
class Version:
    """Datasets, models and checks of one moment: a full commit hash, or "" for the work tree.

    ``files`` finds the real Parquet files of datasets, or raises where one cannot be had; ``find`` finds those that can
    be had, and says why the others cannot. ``clock`` tells what the age of data is counted from: at a commit, its own
    time. A condition that asks the clock itself gets today's, and variables are today's. ``broken`` are records that
    cannot be read, ``read`` reads the models, and ``states`` tells how the files of each dataset compare with its
    record. ``blobs`` are the oids of a commit's data files by path, where they are known.
    """

    commit: str
    records: Mapping[TableName, Record]
    broken: Mapping[TableName, MedallionError]
    files: Callable[[Sequence[Record]], Mapping[TableName, Sequence[Path]]]
    find: Callable[[Sequence[Record]], Found]
    clock: Callable[[], datetime]
    read: Callable[[], tuple[Graph, Sequence[MedallionError]]]
    states: Callable[[], Mapping[TableName, DataState]]
    blobs: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The hash, or "work tree"."""
        return self.commit or "work tree"

    @cached_property
    def now(self) -> datetime:
        """What the age of data is counted from."""
        return self.clock()

    @cached_property
    def data(self) -> Mapping[TableName, DataState]:
        """How the files of each dataset compare with its record."""
        return self.states()

    @property
    def graph(self) -> Graph:
        """Its models, macros and checks."""
        return self._read[0]

    @property
    def problems(self) -> tuple[MedallionError, ...]:
        """What is wrong with files of macros and checks."""
        return tuple(self._read[1])

    @cached_property
    def _read(self) -> tuple[Graph, Sequence[MedallionError]]:
        return self.read()


def version_of(workspace: Workspace, store: Callable[[], Store | None]) -> Version:
    """The work tree, as it was looked at."""
    observed = workspace.observed
    return _work_tree(
        workspace.config,
        store,
        workspace.identities,
        (observed.records, observed.broken, observed.data),
        lambda: (workspace.graph, workspace.misnamed),
    )


def version_here(config: Config, store: Callable[[], Store | None], identities: Identities) -> Version:
    """The work tree, of which the models are read when they are asked for."""
    records, broken, _ = read_records(config.root, config.layers)
    records |= between_renames(config, identities)
    data: dict[TableName, DataState] = {}
    for name, record in list(records.items()):
        try:
            data[name] = data_state(name, record, identities)
        except OSError as error:
            broken[name] = DataError(f"cannot be read: {error.strerror}", location=Location(str(error.filename)))
            del records[name]

    def read() -> tuple[Graph, Sequence[MedallionError]]:
        from medallion.workspace import load_graph

        return load_graph(config)

    return _work_tree(config, store, identities, (records, broken, data), read)


def _work_tree(
    config: Config,
    store: Callable[[], Store | None],
    identities: Identities,
    seen: tuple[Mapping[TableName, Record], Mapping[TableName, MedallionError], Mapping[TableName, DataState]],
    read: Callable[[], tuple[Graph, Sequence[MedallionError]]],
) -> Version:
    records, broken, data = seen

    def files(wanted: Sequence[Record]) -> Mapping[TableName, Sequence[Path]]:
        return {r.dataset: files_in_worktree(config, store(), r, data[r.dataset], identities) for r in wanted}

    def find(wanted: Sequence[Record]) -> Found:
        return each_in_worktree(config, store(), wanted, data, identities)

    return Version("", records, broken, files, find, lambda: datetime.now(UTC), read, lambda: data)


def version_at(config: Config, repo: Repository, store: Store, revision: str, identities: Identities) -> Version:
    """The models, checks and data of a commit; ``RevisionError`` where there is none of that name."""
    commit = repo.resolve(revision)
    snapshot = read_snapshot(repo, config, commit)

    def read() -> tuple[Graph, Sequence[MedallionError]]:
        from medallion.workspace import graph_at

        return graph_at(config, repo, commit)

    return version_from(config, repo, store, snapshot, identities, read)


def configured(config: Config, commit: str, files: Mapping[str, bytes]) -> Config | None:
    """Layers, sources, variables and samples as a commit's ``files`` have them; None where none of them configures.

    ``config`` is today's, for what does not change the data. ``ConfigError`` where they cannot be read.
    """
    for path in CONFIGURATIONS:
        try:
            if path not in files or not configures(files[path], path):
                continue
            then = parse_config(files[path], config.root / path)
        except ConfigError as error:
            place = replace(error.location, path=f"{path} at {commit[:7]}") if error.location else None
            raise ConfigError(error.message, location=place, hint=error.hint) from error
        return replace(
            config,
            file=then.file,
            layers=then.layers,
            sources=then.sources,
            variables=then.variables,
            review_samples=then.review_samples,
        )
    return None


def config_at(config: Config, repo: Repository, commit: str) -> Config:
    """The configuration of a commit, as :func:`configured`; today's where it has none."""
    return configured(config, commit, repo.read(commit, CONFIGURATIONS)) or config


def version_from(
    config: Config,
    repo: Repository,
    store: Store,
    snapshot: Snapshot,
    identities: Identities,
    read: Callable[[], tuple[Graph, Sequence[MedallionError]]],
) -> Version:
    """The same of a commit whose records were read and whose files were listed already; ``read`` reads the models."""
    commit = snapshot.commit

    def clock() -> datetime:
        moment = repo.git("show", "--no-patch", "--format=%ct", commit).decode().split()[0]
        return datetime.fromtimestamp(int(moment), UTC)

    def files(records: Sequence[Record]) -> Mapping[TableName, Sequence[Path]]:
        return files_at(repo, store, config, commit, records, identities)

    def find(records: Sequence[Record]) -> Found:
        return each_at(repo, store, config, commit, records, identities)

    def states() -> Mapping[TableName, DataState]:
        return _states(repo, config, snapshot)

    return Version(commit, snapshot.records, snapshot.broken, files, find, clock, read, states, snapshot.blobs)


@dataclass(frozen=True)
class Snapshot:
    """The datasets of one commit. ``commit`` is its full hash; ``records`` those that can be read.

    ``blobs`` are the oids of its data files by path, where all of them were listed.
    """

    commit: str
    records: Mapping[TableName, Record]
    broken: Mapping[TableName, MedallionError]
    blobs: Mapping[str, str] = field(default_factory=dict)


def read_snapshot(repo: Repository, config: Config, commit: str, names: Iterable[TableName] | None = None) -> Snapshot:
    """The records at ``commit``: of ``names``, or of all datasets there are."""
    if names is not None:
        return snapshot_of(commit, repo.read(commit, [record_path(name) for name in names]))
    blobs = repo.list(commit, [f"data/{layer}" for layer in config.layers])
    return replace(snapshot_of(commit, repo.read(commit, [p for p in blobs if p.endswith(".json")])), blobs=blobs)


def _states(repo: Repository, config: Config, snapshot: Snapshot) -> dict[TableName, DataState]:
    """How the files of each dataset in a commit compare with its record.

    A pointer that says what the record says is known by its oid; what is anything else is hashed, once in its life.
    """
    hashing = hashlib.sha1 if len(snapshot.commit) == 40 else hashlib.sha256
    found: dict[TableName, DataState] = {}
    others: dict[TableName, list[tuple[str, str]]] = {}
    for name, record in snapshot.records.items():
        found[name] = DataState.UNFETCHED
        for file in record.files:
            blob = snapshot.blobs.get(str(data_folder(name) / file.path))
            pointer = Pointer(file.oid, file.size).encode()
            if blob is None:
                found[name] = DataState.MISSING
            elif blob != hashing(b"blob %d\0%b" % (len(pointer), pointer)).hexdigest():
                others.setdefault(name, []).append((blob, file.oid))
    digests = BlobDigests(repo, config.state).of([blob for blobs in others.values() for blob, _ in blobs])
    for name, blobs in others.items():
        fits = all(digests.get(blob) == oid for blob, oid in blobs)
        found[name] = found[name] if fits or found[name] is DataState.MISSING else DataState.MODIFIED
    return found


def snapshot_of(commit: str, files: Mapping[str, bytes]) -> Snapshot:
    """The records of ``commit`` among its files, which were read already."""
    records: dict[TableName, Record] = {}
    broken: dict[TableName, MedallionError] = {}
    for path, data in files.items():
        _, layer, *folders, file = path.split("/")
        if folders:  # A file of anybody's, in a folder of part files.
            continue
        try:
            name = TableName.parse(f"{layer}.{file.removesuffix('.json')}")
        except MedallionError:
            continue
        try:
            record = Record.decode(data, f"{path} at {commit[:7]}")
            if record.dataset != name:
                raise RecordError(f"the record is of {record.dataset}", location=Location(f"{path} at {commit[:7]}"))
            records[name] = record
        except MedallionError as error:
            broken[name] = error
    return Snapshot(commit, records, broken)


def standing_contracts(
    config: Config, repo: Repository | None, names: Iterable[TableName], records: Mapping[TableName, Record]
) -> Contracts:
    """What the datasets ``names`` have to keep to: the columns of their ``records``, else of those in the last commit.

    So a contract outlives data that was deleted and not yet committed so.
    """
    wanted = list(names)
    found: dict[TableName, Schema | MedallionError] = {n: schema_of(records[n]) for n in wanted if n in records}
    missing = [name for name in wanted if name not in records]
    commit = repo.head() if missing and repo else None
    if repo and commit:
        snapshot = read_snapshot(repo, config, commit, missing)
        found |= {name: schema_of(record) for name, record in snapshot.records.items()}
        found |= snapshot.broken
    return found


def need(repo: Repository, config: Config, snapshot: Snapshot, name: TableName, called: str) -> Record:
    """The record of a dataset that has to exist there; ``RevisionError`` says where it does exist.

    ``called`` is the version as the person wrote it.
    """
    if name in snapshot.broken:
        raise snapshot.broken[name]
    if name in snapshot.records:
        return snapshot.records[name]
    path = record_path(name)
    first = repo.git("log", "--all", "--format=%H%x09%cs", "--diff-filter=A", "--", path).decode().splitlines()
    if not first:
        known = read_snapshot(repo, config, snapshot.commit).records
        near = nearest(str(name), map(str, known))
        hint = f'did you mean "{near}"?' if near else f"there are {', '.join(map(str, known)) or 'no datasets'}"
        raise RevisionError(f"no version has a dataset {name}", hint=hint)
    commit, date = first[-1].split("\t")
    raise RevisionError(
        f"{name} does not exist at {called}",
        hint=f"it first appears in {commit[:7]} of {date}; `medallion log {name}` lists its versions",
    )
