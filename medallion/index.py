"""Bring the catalog up to date with everything that it is an index of: history, work tree, runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medallion.catalog import update
from medallion.models.fingerprint import LINEAGE
from medallion.observe import data_folder
from medallion.plan import DataState
from medallion.trace import column_edges, edges_keys

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from medallion.git.lfs import Store
    from medallion.git.repository import Repository
    from medallion.names import TableName
    from medallion.workspace import Workspace

__all__ = ["index_workspace"]


def index_workspace(workspace: Workspace, repository: Repository, store: Store, catalog: Path) -> None:
    """Update the file ``catalog``, by rename. What Git's history says was built is made known to ``workspace.past``."""

    def edges(names: Iterable[TableName]) -> list[tuple[str, str, str, str, str]]:
        return [
            (str(name), edge.column, str(edge.input), edge.input_column, str(edge.kind))
            for name, listed in column_edges(workspace.graph, workspace.observed.records, names)[0].items()
            for edge in listed
        ]

    update(
        repository,
        catalog,
        models={name: f"{LINEAGE} {key}" for name, key in edges_keys(workspace).items()},
        column_edges=edges,
        views=_views(workspace, store),
        runs=workspace.config.state / "runs.jsonl",
        told=workspace.past.id,
        on_records=workspace.past.remember_history,
    )


def _views(workspace: Workspace, store: Store) -> dict[TableName, list[Path]]:
    """Files of the datasets whose data is here, in the work tree or in the LFS store."""
    views: dict[TableName, list[Path]] = {}
    for name, record in workspace.observed.records.items():
        state = workspace.observed.data.get(name)
        if state is DataState.PRESENT:
            views[name] = [workspace.config.root / data_folder(name) / file.path for file in record.files]
        elif state is DataState.UNFETCHED and all(store.has(file.oid, file.size) for file in record.files):
            views[name] = [store.path(file.oid) for file in record.files]
    return views
