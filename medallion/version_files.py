"""The Parquet files of datasets at a commit or in the work tree: found, fetched where they are not here, and hashed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from medallion.errors import DataError, Location, MedallionError
from medallion.git.lfs import Pointer, Store, conflicted
from medallion.observe import data_folder
from medallion.plan import DataState
from medallion.publish import write_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from medallion.config import Config
    from medallion.git.repository import Repository
    from medallion.identities import Identities
    from medallion.names import TableName
    from medallion.records import DataFile, Record

__all__ = ["Found", "each_at", "each_in_worktree", "files_at", "files_in_worktree"]


@dataclass(frozen=True)
class Found:
    """The files of the datasets that can be had, and why the others cannot."""

    files: Mapping[TableName, Sequence[Path]]
    lost: Mapping[TableName, MedallionError]


@dataclass
class _Kept:
    """Where the files of a dataset are, or will be; ``objects`` are those that the store of Git LFS holds."""

    paths: list[Path] = field(default_factory=list)
    objects: dict[Pointer, Location] = field(default_factory=dict)


def files_at(
    repo: Repository, store: Store, config: Config, commit: str, records: Sequence[Record], identities: Identities
) -> dict[TableName, list[Path]]:
    """Real Parquet files of these datasets as of ``commit``, fetched where they are not here yet.

    ``DataError`` where what the commit holds is not what the record says, or an object cannot be had or is corrupt.
    """
    keep = _committed(repo, store, config, commit, records, identities)
    kept = {record.dataset: keep(record) for record in records}
    objects = {pointer: place for dataset in kept.values() for pointer, place in dataset.objects.items()}
    store.fetch(objects)
    _check(store, objects, identities)
    return {name: dataset.paths for name, dataset in kept.items()}


def each_at(
    repo: Repository, store: Store, config: Config, commit: str, records: Sequence[Record], identities: Identities
) -> Found:
    """The same, of each dataset for itself: git-lfs is asked once for all of them."""
    return _each(records, _committed(repo, store, config, commit, records, identities), store, identities)


def files_in_worktree(
    config: Config, store: Store | None, record: Record, state: DataState, identities: Identities
) -> list[Path]:
    """Real Parquet files of a dataset as it stands in the work tree, fetched where only pointers are there.

    ``DataError`` where the files are gone, changed, corrupt or in conflict.
    """
    kept = _standing(config, store, record, state, identities)
    if store is not None:
        store.fetch(kept.objects)
        _check(store, kept.objects, identities)
    return kept.paths


def each_in_worktree(
    config: Config,
    store: Store | None,
    records: Sequence[Record],
    states: Mapping[TableName, DataState],
    identities: Identities,
) -> Found:
    """The same, of each dataset for itself: git-lfs is asked once for all of them."""

    def keep(record: Record) -> _Kept:
        return _standing(config, store, record, states[record.dataset], identities)

    return _each(records, keep, store, identities)


def _each(
    records: Sequence[Record], keep: Callable[[Record], _Kept], store: Store | None, identities: Identities
) -> Found:
    files: dict[TableName, list[Path]] = {}
    lost: dict[TableName, MedallionError] = {}
    kept: dict[TableName, _Kept] = {}
    for record in records:
        try:
            kept[record.dataset] = keep(record)
        except MedallionError as error:
            lost[record.dataset] = error
    if store is None:
        return Found({name: dataset.paths for name, dataset in kept.items()}, lost)
    lost |= _fetch(store, kept)
    there = {name: dataset for name, dataset in kept.items() if name not in lost}
    seen = _hashed(store, dict.fromkeys(p for dataset in there.values() for p in dataset.objects), identities)
    for name, dataset in there.items():
        try:
            _check_seen(store, dataset.objects, seen)
            files[name] = dataset.paths
        except MedallionError as error:
            lost[name] = error
    return Found(files, lost)


def _fetch(store: Store, kept: Mapping[TableName, _Kept]) -> dict[TableName, MedallionError]:
    """Fetch what is not here; why it cannot be had, by the datasets that lack it."""
    wanted = {name: store.missing(dataset.objects) for name, dataset in kept.items()}
    try:
        refused = store.request(pointer for pointers in wanted.values() for pointer in pointers)
    except MedallionError as error:  # There is no git-lfs that could be asked.
        return {name: error for name, pointers in wanted.items() if pointers}
    if refused is None:
        return {}
    absent = {name: [p for p in pointers if p in refused.absent] for name, pointers in wanted.items()}
    return {name: refused.error(pointers) for name, pointers in absent.items() if pointers}


def _committed(
    repo: Repository, store: Store, config: Config, commit: str, records: Sequence[Record], identities: Identities
) -> Callable[[Record], _Kept]:
    """What tells of any of ``records`` where its files of ``commit`` are; the commit is read at once."""
    blobs = repo.read(commit, [path for record in records for path in _paths(record)])

    def keep(record: Record) -> _Kept:
        kept = _Kept()
        for path, file in _paths(record).items():
            place = Location(f"{path} at {commit[:7]}")
            if path not in blobs:
                raise DataError("the commit has a record but no data file", location=place)
            pointer = Pointer.parse(blobs[path])
            if pointer is None:
                kept.paths.append(_plain(config, blobs[path], file, place, identities))
            elif pointer.oid != file.oid:
                raise DataError("the record speaks of other data than the commit holds", location=place)
            else:
                kept.objects[pointer] = place
                kept.paths.append(store.path(pointer.oid))
        return kept

    return keep


def _paths(record: Record) -> dict[str, DataFile]:
    """The files of a dataset, by their paths in the project."""
    return {str(data_folder(record.dataset) / file.path): file for file in record.files}


def _plain(config: Config, blob: bytes, file: DataFile, place: Location, identities: Identities) -> Path:
    """A data file that was committed without Git LFS: kept beside the caches, under its sha256."""
    if hashlib.sha256(blob).hexdigest() != file.oid:
        what = "holds merge conflict markers" if conflicted(blob) else "is not the data that its record speaks of"
        raise DataError(f"the data file {what}", location=place)
    path = config.state / "cache" / "objects" / f"{file.oid}.parquet"
    if identities.of(str(path)) != (file.oid, len(blob), True):
        write_file(path, blob)
    return path


def _standing(config: Config, store: Store | None, record: Record, state: DataState, identities: Identities) -> _Kept:
    """Where the files of a dataset in the work tree are."""
    kept = _Kept()
    for path, file in _paths(record).items():
        seen = identities.of(path)
        if seen and seen[0] == file.oid and seen[2]:
            kept.paths.append(config.root / path)
            continue
        if seen and seen[0] != file.oid:
            markers = state is DataState.CONFLICTED
            raise DataError(
                "the pointer holds merge conflict markers" if markers else "the file is not the data of its record",
                location=Location(path),
                hint=f"`medallion restore {record.dataset}` takes the recorded data back",
            )
        if store is None:
            raise DataError(
                "the file is not here" if seen is None else "this is a Git LFS pointer; the file is not here",
                location=Location(path),
            )
        kept.objects[Pointer(file.oid, file.size)] = Location(path)
        kept.paths.append(store.path(file.oid))
    return kept


def _check(store: Store, objects: Mapping[Pointer, Location], identities: Identities) -> None:
    """Raise ``DataError`` for the first object that is corrupt.

    git-lfs checks what it downloads, but an object lies on its disk for years, and DuckDB reads whatever it finds.
    """
    _check_seen(store, objects, _hashed(store, objects, identities))


def _hashed(store: Store, pointers: Iterable[Pointer], identities: Identities) -> dict[Pointer, object]:
    """What the objects are found to be; none is hashed again that did not change since."""
    here = [pointer for pointer in pointers if pointer.size]
    return dict(zip(here, identities.of_all([str(store.path(p.oid)) for p in here]), strict=True))


def _check_seen(store: Store, objects: Mapping[Pointer, Location], seen: Mapping[Pointer, object]) -> None:
    for pointer, place in objects.items():
        if pointer in seen and seen[pointer] != (pointer.oid, pointer.size, True):
            raise DataError(
                f"its Git LFS object is corrupt: {store.path(pointer.oid)}",
                location=place,
                hint="move that file away; the next query fetches it from the remote again",
            )
