"""What a change reaches: datasets and columns downstream of it, and the lineage of what changed with its neighbours.

Column lineage is that of the head. An edge too many costs precision, an edge too few would be a lie: where rows come or
go, or lineage is not exact, a reader is reached in all of its columns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from medallion.diff.value import ColumnStatus, Status
from medallion.review.value import LineageEdge, Reach

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from medallion.diff.value import Diff, TableDiff
    from medallion.names import TableName
    from medallion.review.trees import Tree

__all__ = ["lineage_edges", "reach"]


class _Reached:
    """What is known of one reader: its columns that are reached, what from, and whether that is exact."""

    def __init__(self) -> None:
        self.columns: set[str] = set()
        self.causes: set[TableName] = set()
        self.exact = True


def reach(head: Tree, diff: Diff, changed_models: Collection[TableName]) -> tuple[Reach, ...]:
    """The datasets that changed ones go into, directly or not, in the graph's order.

    Causes are where the changes begin: datasets that differ and are not built from others that do, and those whose
    models changed.
    """
    tables = {table.name: table for table in diff.differing}
    begins = {
        name for name in tables if name in changed_models or not any(i in tables for i in head.graph.upstream([name]))
    }
    found: dict[TableName, _Reached] = {}
    for name in head.graph.order:
        inputs = [i for i in head.graph.inputs.get(name, ()) if i in tables or i in found]
        if inputs:
            reached = _into(head, name, inputs, tables, found, begins)
            if reached.columns or not reached.exact:
                found[name] = reached
    return tuple(
        Reach(name, _in_order(head, name, r.columns), tuple(sorted(r.causes)), name in tables, r.exact)
        for name, r in found.items()
    )


def _into(
    head: Tree,
    name: TableName,
    inputs: Iterable[TableName],
    tables: Mapping[TableName, TableDiff],
    found: Mapping[TableName, _Reached],
    begins: Collection[TableName],
) -> _Reached:
    """How one model is reached through those of its ``inputs`` that differ or are reached themselves."""
    reached = _Reached()
    record = head.records.get(name)
    outputs = [column.name for column in record.columns] if record else []
    exact = False
    edges: dict[tuple[TableName, str], set[str]] = {}
    if record is not None and name not in head.graph.problems:
        from medallion.trace import column_edges

        listed, wide = column_edges(head.graph, head.records, [name])
        exact = name not in wide
        for edge in listed[name]:
            edges.setdefault((edge.input, edge.input_column.lower()), set()).add(edge.column)
    for read in inputs:
        table, before = tables.get(read), found.get(read)
        values = {column.lower() for column in before.columns} if before else set()
        values |= _changed_columns(table) if table else set()
        if table is not None and _rows_differ(table):
            columns = set(outputs)
        else:
            columns = {column for value in values for column in edges.get((read, value), ())}
        columns = columns if exact else set(outputs)
        if columns or not exact:
            reached.columns |= columns
            reached.causes |= ({read} if read in begins else set()) | (before.causes if before else set())
            known = table is None or table.status is not Status.UNAVAILABLE
            reached.exact &= exact and known and (before is None or before.exact)
    return reached


def _changed_columns(table: TableDiff) -> set[str]:
    """The columns of the head, in lower case, whose values or types are not those of the base."""
    same = (ColumnStatus.EQUAL, ColumnStatus.MOVED, ColumnStatus.REMOVED)
    return {
        column.name.lower() for column in table.columns if column.status not in same or column.changed or column.retyped
    }


def _rows_differ(table: TableDiff) -> bool:
    """Whether there are other rows, or that is not known: then all that is read of it may differ."""
    if table.status is not Status.CHANGED or table.rows is None:
        return True
    return table.rows.changed is None or bool(table.rows.added or table.rows.removed)


def _in_order(head: Tree, name: TableName, columns: Collection[str]) -> tuple[str, ...]:
    record = head.records.get(name)
    return tuple(column.name for column in record.columns if column.name in columns) if record else ()


def lineage_edges(base: Tree, head: Tree, changed: Collection[TableName]) -> tuple[LineageEdge, ...]:
    """The edges, in head or base, that begin or end at a changed dataset; sources among them."""
    found: set[LineageEdge] = set()
    for tree in (base, head):
        for name, inputs in tree.graph.inputs.items():
            found |= {LineageEdge(str(i), str(name)) for i in inputs if name in changed or i in changed}
            if name in changed and name in tree.graph.models:
                found |= {LineageEdge(source.path, str(name)) for source in tree.graph.models[name].sources}
    return tuple(sorted(found, key=lambda edge: (edge.target, edge.source)))
