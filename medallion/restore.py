"""Put a dataset back as it was at a version."""

from __future__ import annotations

import hashlib
import shutil
from typing import TYPE_CHECKING

from medallion.errors import DataError, Location
from medallion.git.lfs import Pointer
from medallion.git.staging import stage
from medallion.identities import Identities
from medallion.observe import data_folder
from medallion.publish import publish
from medallion.version_files import files_at
from medallion.versions import need, read_snapshot

if TYPE_CHECKING:
    from pathlib import Path

    from medallion.config import Config
    from medallion.git.lfs import Store
    from medallion.git.repository import Repository
    from medallion.names import TableName
    from medallion.records import DataFile, Record

__all__ = ["restore"]


def restore(
    config: Config, repo: Repository, store: Store, name: TableName, revision: str
) -> tuple[Record, Path | None]:
    """Replace data and record by those of ``revision``; the caller holds the run lock.

    Returns the record, and where data went that no commit holds: what a person made is kept, not overwritten.
    """
    commit = repo.resolve(revision)
    record = need(repo, config, read_snapshot(repo, config, commit, [name]), name, revision)
    identities = Identities(config.root)
    files = files_at(repo, store, config, commit, [record], identities)[name]
    kept = _keep(config, store, identities, name, record)
    produced: list[Path] = []
    for source, file in zip(files, record.files, strict=True):
        temporary = config.state / "tmp" / f"{name}-{file.oid[:12]}.parquet"
        temporary.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, temporary)
        _verify(temporary, file, name)
        produced.append(temporary)
    publish(config, record, produced[0], identities)
    _settle_index(repo, store, record)
    identities.save()
    return record, kept


def _keep(config: Config, store: Store, identities: Identities, name: TableName, record: Record) -> Path | None:
    """Move the present file aside where its content is in no object of the store."""
    path = str(data_folder(name) / record.files[0].path)
    found = identities.of(path)
    if found is None or not found[2] or found[0] == record.files[0].oid or store.has(found[0], found[1]):
        return None
    target = config.state / "replaced" / f"{name}-{found[0][:12]}.parquet"
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(config.root / path, target)
    return target


def _verify(copy: Path, file: DataFile, name: TableName) -> None:
    """An object that rotted on its disk must not become data."""
    with copy.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != file.oid:
        copy.unlink()
        raise DataError(
            f"the object of {name} is corrupt: its sha256 is {found[:12]}…, not {file.oid[:12]}…",
            location=Location(str(copy)),
            hint="try again: the object is hashed anew, and if it is corrupt the error names its file",
        )


def _settle_index(repo: Repository, store: Store, record: Record) -> None:
    """Where the index holds this very data, tell git so; it would call the file modified until somebody adds it."""
    known = {str(data_folder(record.dataset) / file.path): Pointer(file.oid, file.size) for file in record.files}
    staged = repo.blobs_in_index(list(known))
    held = dict(repo.read_blobs(set(staged.values())))
    same = {path: pointer for path, pointer in known.items() if held.get(staged.get(path, "")) == pointer.encode()}
    if same:
        stage(repo, store, list(same), same)
