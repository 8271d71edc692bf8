"""Asking the catalog."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from medallion.names import TableName

if TYPE_CHECKING:
    from collections.abc import Iterator

    from duckdb import DuckDBPyConnection

    from medallion.git.repository import Repository

__all__ = ["VersionRow", "open_catalog", "read_versions"]


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version of a dataset: the commit that changed it. Where it was deleted there, it has no content."""

    dataset: TableName
    commit: str
    parent_version: str | None
    committed_at: datetime
    author: str
    subject: str
    content_id: str | None
    rows: int | None
    bytes: int | None

    @property
    def deleted(self) -> bool:
        return self.content_id is None


def read_versions(catalog: Path, repo: Repository, dataset: TableName | None = None) -> list[VersionRow]:
    """The versions of ``dataset``, or of all, among the commits that HEAD descends from: children before parents."""
    if repo.head() is None:
        return []
    order = {
        commit: place for place, commit in enumerate(repo.git("rev-list", "--topo-order", "HEAD").decode().split())
    }
    with open_catalog(catalog) as con:
        found = con.execute(
            "SELECT dataset, commit, parent_version, committed_at, author, subject, content_id, rows, bytes "
            "FROM versions WHERE ?::VARCHAR IS NULL OR dataset = ?::VARCHAR",
            [dataset and str(dataset)] * 2,
        ).fetchall()
    rows = [
        VersionRow(TableName.parse(name), commit, before, at.replace(tzinfo=UTC), *about)
        for name, commit, before, at, *about in found
        if commit in order
    ]
    return sorted(rows, key=lambda row: (order[row.commit], row.dataset))


@contextmanager
def open_catalog(catalog: Path) -> Iterator[DuckDBPyConnection]:
    """The catalog, to read. A client that has it open for writing locks it: then a copy is read."""
    import duckdb

    with tempfile.TemporaryDirectory() as folder:
        try:
            con = duckdb.connect(catalog, read_only=True)
        except duckdb.IOException:
            copy = Path(folder, catalog.name)
            shutil.copyfile(catalog, copy)
            con = duckdb.connect(copy, read_only=True)
        try:
            yield con
        finally:
            con.close()
