"""Put a dataset back as it was at a version."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from medallion.observe import Identities, data_folder
from medallion.publish import publish
from medallion.versions import files_at, need, read_snapshot

if TYPE_CHECKING:
    from pathlib import Path

    from medallion.config import Config
    from medallion.git.lfs import Store
    from medallion.git.repository import Repository
    from medallion.names import TableName
    from medallion.records import Record

__all__ = ["restore"]


def restore(
    config: Config, repo: Repository, store: Store, name: TableName, revision: str
) -> tuple[Record, Path | None]:
    """Replace data and record by those of ``revision``; the caller holds the run lock.

    Returns the record, and where data went that no commit holds: what a person made is kept, not overwritten.
    """
    commit = repo.resolve(revision)
    record = need(repo, config, read_snapshot(repo, config, commit, [name]), name, revision)
    files = files_at(repo, store, config, commit, [record])[name]
    identities = Identities(config.root)
    kept = _keep(config, store, identities, name, record)
    produced: list[Path] = []
    for source, file in zip(files, record.files, strict=True):
        temporary = config.state / "tmp" / f"{name}-{file.oid[:12]}.parquet"
        temporary.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, temporary)
        produced.append(temporary)
    publish(config, record, produced[0], identities)
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
