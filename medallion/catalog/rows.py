"""The rows of the catalog's tables, as JSON has them. Pure."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from medallion.catalog.schema import TABLES
from medallion.names import TableName
from medallion.records import Input, InputKind, Record

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from medallion.catalog.versions import Node, State, Version, Visit

__all__ = ["Key", "Row", "change_rows", "lineage_rows", "moment", "row", "state_rows", "unreadable_row", "version_row"]

Row = dict[str, object]
Key = tuple[TableName, str | None]
"""Of a record: its dataset, and its blob."""


def row(table: str, *values: object) -> Row:
    """A row of ``table``, with a value for each of its columns."""
    return dict(zip(TABLES[table], values, strict=True))


def moment(time: datetime) -> str:
    """A time in UTC, without a zone."""
    return time.astimezone(UTC).replace(tzinfo=None).isoformat()


def change_rows(visit: Visit) -> Iterator[Row]:
    """What a commit changed, and which version that is."""
    commit = visit.node.commit
    for dataset, oid in visit.node.changes.items():
        version = commit if oid is None else visit.state[dataset][1]
        yield row("_medallion.changes", commit, str(dataset), oid, version)


def state_rows(commit: str, state: State) -> Iterator[Row]:
    """All datasets at a commit."""
    for dataset, (oid, version) in state.items():
        yield row("_medallion.states", commit, str(dataset), oid, version)


def unreadable_row(version: Version, error: str) -> Row:
    """A version whose record cannot be read."""
    return row("unreadable", version.node.commit, str(version.dataset), version.record_oid, error)


def version_row(version: Version, record: Record | None) -> Row:
    """A version; without a record, its deletion."""
    node = version.node
    content: tuple[object, ...] = (None, None, None, None)
    if record:
        columns = [{"name": column.name, "type": column.type} for column in record.columns]
        content = (record.content_id, record.rows, record.size, columns)
    return row(
        *("versions", node.commit, version.parent_version, moment(node.committed_at), node.author, node.subject),
        *(str(version.dataset), *content, version.record_oid),
    )


def lineage_rows(node: Node, record: Record, state: State, content_ids: Mapping[Key, str]) -> Iterator[Row]:
    """A row for each input, still without ``model_oid``; ``state`` is the project at the commit."""
    built = record.built
    inputs: list[tuple[object, ...]] = [
        (i.name, str(i.kind), i.content_id, _input_commit(i, state, content_ids)) for i in built.inputs
    ]
    # A dataset that reads nothing has a row too: its model and fingerprint are part of where it comes from.
    for about in inputs or [(None, None, None, None)]:
        yield row(
            *("lineage", node.commit, moment(node.committed_at), node.author, str(record.dataset)),
            *(record.content_id, record.rows, *about),
            *(built.model, None, built.fingerprint, f"{built.engine} {built.engine_version}"),
        )


def _input_commit(read: Input, state: State, content_ids: Mapping[Key, str]) -> str | None:
    """The version of the input that was read, where the commit holds the same content as was read."""
    if read.kind is not InputKind.DATASET:
        return None
    dataset = TableName(*read.name.split(".")) if read.name.count(".") == 1 else None
    if dataset is None or dataset not in state:
        return None
    oid, commit = state[dataset]
    return commit if content_ids.get((dataset, oid)) == read.content_id else None
