"""Whether what decides a dataset's data is in the head what it is in the base. Conservative: in doubt it is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medallion.observe import data_folder
from medallion.plan import DataState
from medallion.records import record_path
from medallion.review.trees import source_contents

if TYPE_CHECKING:
    from medallion.git.repository import Repository
    from medallion.names import TableName
    from medallion.review.trees import Tree

__all__ = ["SameAsBase"]


class SameAsBase:
    """Two trees, held against each other one dataset at a time. Sources of the base are looked at if need be."""

    def __init__(self, repo: Repository, base: Tree, head: Tree) -> None:
        self._repo, self._base, self._head = repo, base, head
        self._sources: dict[str, str | None] | None = None

    def of(self, name: TableName) -> bool:
        """Whether model, record, data and inputs of a dataset are those of the base."""
        if name not in self._base.graph.order:
            return False
        return self._model(name) and self._data(name) and self._inputs(name)

    def _model(self, name: TableName) -> bool:
        base, head = self._base, self._head
        old, new = base.graph.models.get(name), head.graph.models.get(name)
        if (old and old.digest) != (new and new.digest):
            return False
        asked = [
            (tree.observed.recipes.get(name), tree.observed.checks.get(name), _message(tree, name))
            for tree in (base, head)
        ]
        return asked[0] == asked[1]

    def _data(self, name: TableName) -> bool:
        base, head = self._base, self._head
        record = head.records.get(name)
        if record != base.records.get(name):
            return False
        if not head.commit:  # Of the work tree there are no blobs to compare, but its data may be what the record says.
            return record is not None and head.observed.data.get(name) in (DataState.PRESENT, DataState.UNFETCHED)
        folder = str(data_folder(name))
        paths = [f"{folder}/{file.path}" for file in record.files] if record else [f"{folder}/{name.name}.parquet"]
        entries = [[tree.entries.get(path) for path in (record_path(name), *paths)] for tree in (base, head)]
        return entries[0] == entries[1]

    def _inputs(self, name: TableName) -> bool:
        base, head = self._base, self._head
        reads = {*head.graph.inputs.get(name, ()), *head.graph.audit(name).reads}
        if any(base.records.get(read) != head.records.get(read) for read in reads):
            return False
        model = head.graph.models.get(name)
        paths = {source.path for source in model.sources} if model else set()
        now = head.observed.sources
        if (paths and base.config.sources != head.config.sources) or any(
            path not in now or path in head.lost for path in paths
        ):
            return False
        return all(self._source(path) == now[path].content_id for path in paths)

    def _source(self, path: str) -> str | None:
        if self._sources is None:
            self._sources = source_contents(self._repo, self._base, checked_out=not self._head.commit)
        return self._sources.get(path)


def _message(tree: Tree, name: TableName) -> str | None:
    problem = tree.graph.problems.get(name) or tree.observed.broken.get(name)
    return problem.message if problem else None
