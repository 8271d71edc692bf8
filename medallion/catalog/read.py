"""Asking the catalog."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from medallion.catalog.schema import NOTHING_INSTALLED
from medallion.names import TableName

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from duckdb import DuckDBPyConnection

    from medallion.git.repository import Repository

__all__ = ["Log", "VersionRow", "open_catalog", "read_versions"]


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
    #: Those of the parent version, where there is one with content.
    rows_before: int | None = None

    @property
    def deleted(self) -> bool:
        return self.content_id is None


class Log(list[VersionRow]):
    """Versions, children before parents. ``total`` is how many there are, where not all of them were asked for."""

    total: int = 0


def read_versions(
    catalog: Path, repo: Repository, dataset: TableName | None = None, *, layers: Sequence[str] = (), limit: int = 0
) -> Log:
    """The versions of ``dataset``, or of all, among the commits that HEAD descends from: children before parents.

    Those of one commit are in the order of ``layers``, and by name. ``limit`` is how many at most, 0 all.
    """
    log = Log()
    if repo.head() is None:
        return log
    order = repo.git("rev-list", "--topo-order", "HEAD").decode().split()
    with open_catalog(catalog) as con:
        found = con.execute(_VERSIONS, [order, dataset and str(dataset), list(layers), limit or None]).fetchall()
    for name, commit, before, at, author, subject, content_id, rows, size, rows_before, total in found:
        about = (author, subject, content_id, rows, size, rows_before)
        log.append(VersionRow(TableName.parse(name), commit, before, at.replace(tzinfo=UTC), *about))
        log.total = total
    return log


# The details are looked up for the chosen rows only, however many versions there are.
_VERSIONS = """
WITH ordered AS (SELECT unnest($1::VARCHAR[]) AS commit, generate_subscripts($1::VARCHAR[], 1) AS place),
chosen AS (
    SELECT v.rowid AS id, v.commit, place, v.dataset, parent_version,
           coalesce(list_position($3::VARCHAR[], split_part(v.dataset, '.', 1)), 0) AS layer, count(*) OVER () AS total
    FROM versions v JOIN ordered USING (commit)
    WHERE $2::VARCHAR IS NULL OR v.dataset = $2::VARCHAR
    ORDER BY place, layer, v.dataset
    LIMIT $4::BIGINT
)
SELECT v.dataset, v.commit, v.parent_version, v.committed_at, v.author, v.subject, v.content_id, v.rows, v.bytes,
       before.rows, total
FROM chosen JOIN versions v ON v.rowid = chosen.id
LEFT JOIN versions before ON before.commit = chosen.parent_version AND before.dataset = chosen.dataset
ORDER BY place, layer, v.dataset
"""


# What is asked of it lies in its tables: nothing else is read, whoever wrote the file.
_LOCKED: dict[str, str | bool | int | float | list[str]] = {**NOTHING_INSTALLED, "enable_external_access": False}


@contextmanager
def open_catalog(catalog: Path) -> Iterator[DuckDBPyConnection]:
    """The catalog, to read. A client that has it open for writing locks it: then a copy is read."""
    import duckdb

    with tempfile.TemporaryDirectory() as folder:
        try:
            con = duckdb.connect(catalog, read_only=True, config=_LOCKED)
        except duckdb.IOException:
            copy = Path(folder, catalog.name)
            shutil.copyfile(catalog, copy)
            con = duckdb.connect(copy, read_only=True, config=_LOCKED)
        try:
            yield con
        finally:
            con.close()
