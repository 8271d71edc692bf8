"""Where a dataset or a column comes from and what it feeds: lineage as a tree and as edges."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from medallion.errors import MedallionError
from medallion.lineage import model_lineage
from medallion.models.columns import ColumnEdge, Kind
from medallion.names import TableName, nearest
from medallion.records import InputKind, Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from medallion.models.graph import Graph
    from medallion.workspace import Workspace

__all__ = ["Edge", "Node", "Trace", "column_edges", "edges_keys", "trace"]


@dataclass(frozen=True, slots=True)
class Node:
    """A dataset, column or source in a tree. ``kinds`` say how the node next to the root uses it, or is used.

    ``again``: its own children stand elsewhere in the tree.
    """

    label: str
    kinds: tuple[str, ...]
    detail: str
    children: tuple[Node, ...]
    again: bool = False


@dataclass(frozen=True, slots=True, order=True)
class Edge:
    """``source`` goes into ``target``; ``kind`` is one of OpenLineage's words, or "reads" between datasets."""

    source: str
    target: str
    kind: str


@dataclass(frozen=True, slots=True)
class Trace:
    """Upstream and downstream of one dataset or column. ``notes`` say where column lineage had to be widened."""

    target: str
    upstream: Node
    downstream: Node
    notes: tuple[str, ...]

    def edges(self) -> tuple[Edge, ...]:
        """All edges of both trees, sorted."""
        found = {Edge(c.label, p.label, k) for p, c in _pairs(self.upstream) for k in c.kinds or ("reads",)}
        found |= {Edge(p.label, c.label, k) for p, c in _pairs(self.downstream) for k in c.kinds or ("reads",)}
        return tuple(sorted(found))


def _pairs(node: Node) -> Iterator[tuple[Node, Node]]:
    for child in node.children:
        yield node, child
        yield from _pairs(child)


def edges_keys(workspace: Workspace) -> dict[TableName, str]:
    """For each dataset with column edges, what they follow from, as a digest: other edges have another key."""
    graph, records = workspace.graph, workspace.observed.records
    columns = {name: [c.name for c in record.columns] for name, record in records.items()}
    keys = {}
    for name in _with_edges(workspace):
        about = [
            graph.models[name].digest,
            [macro.digest for macro in graph.macros[name]],
            columns[name],
            [(str(read), columns.get(read)) for read in graph.inputs[name]],
        ]
        keys[name] = hashlib.sha256(repr(about).encode(errors="surrogateescape")).hexdigest()
    return keys


def _with_edges(workspace: Workspace) -> list[TableName]:
    """The datasets with a model and a record."""
    graph, records = workspace.graph, workspace.observed.records
    return [name for name in graph.models if name in records and name not in graph.problems]


def column_edges(
    graph: Graph, records: Mapping[TableName, Record], names: Iterable[TableName]
) -> tuple[dict[TableName, tuple[ColumnEdge, ...]], dict[TableName, str]]:
    """The column edges of datasets with a model and a record, and why those that are not exact are wide."""
    edges: dict[TableName, tuple[ColumnEdge, ...]] = {}
    notes: dict[TableName, str] = {}
    for name in names:
        lineage = model_lineage(graph, name, [c.name for c in records[name].columns], records)
        edges[name] = lineage.edges
        if not lineage.exact:
            notes[name] = lineage.reason
    return edges, notes


def trace(workspace: Workspace, target: str) -> Trace:
    """The lineage of ``layer.name`` or ``layer.name.column``; ``MedallionError`` where there is no such thing."""
    parts = target.split(".", 2)
    name = TableName.parse(".".join(parts[:2]))
    known = set(workspace.graph.order)
    if name not in known:
        near = nearest(str(name), map(str, known))
        raise MedallionError(
            f"there is no dataset {name}",
            hint=f'did you mean "{near}"?' if near else f"there are {', '.join(map(str, sorted(known))) or 'none yet'}",
        )
    if len(parts) < 3:
        return Trace(target, _up(workspace, name, set()), _down(workspace, name, set()), ())
    return _trace_column(workspace, name, parts[2])


def _trace_column(workspace: Workspace, name: TableName, asked: str) -> Trace:
    record = workspace.observed.records.get(name)
    if record is None:
        raise MedallionError(
            f"{name} has not been built, so its columns are not known", hint="`medallion run` builds it"
        )
    names = [c.name for c in record.columns]
    column = next((c for c in names if c.lower() == asked.lower()), None)
    if column is None:
        near = nearest(asked, names)
        raise MedallionError(
            f'{name} has no column "{asked}"',
            hint=f'did you mean "{near}"?' if near else f"it has {', '.join(names)}",
        )
    edges, notes = column_edges(workspace.graph, workspace.observed.records, _with_edges(workspace))
    columns = _Columns(workspace, edges)
    up, down = columns.up(name, column, (), set()), columns.down(name, column, (), set())
    reached = {node.label.rsplit(".", 1)[0] for tree in (up, down) for _, node in _pairs(tree)} | {str(name)}
    return Trace(
        f"{name}.{column}", up, down, tuple(f"{n}: {why}" for n, why in sorted(notes.items()) if str(n) in reached)
    )


def _up(workspace: Workspace, name: TableName, seen: set[TableName]) -> Node:
    again = name in seen
    seen.add(name)
    children: list[Node] = []
    if not again:
        children = [_up(workspace, i, seen) for i in workspace.graph.inputs.get(name, ())]
        children += _sources(workspace, name)
    return Node(
        str(name),
        (),
        _describe(workspace.observed.records.get(name)),
        tuple(children),
        again and _has_inputs(workspace, name),
    )


def _has_inputs(workspace: Workspace, name: TableName) -> bool:
    model = workspace.graph.models.get(name)
    return bool(workspace.graph.inputs.get(name) or (model and model.sources))


def _down(workspace: Workspace, name: TableName, seen: set[TableName]) -> Node:
    readers = workspace.graph.readers.get(name, ())
    again = name in seen and bool(readers)
    children = () if name in seen else tuple(readers)
    seen.add(name)
    nodes = tuple(_down(workspace, reader, seen) for reader in children)
    return Node(str(name), (), _describe(workspace.observed.records.get(name)), nodes, again)


def _sources(workspace: Workspace, name: TableName) -> list[Node]:
    """The sources as the record knows them, or as the model names them where there is no record."""
    record = workspace.observed.records.get(name)
    if record:
        return [
            Node(i.name, (), f"{'' if i.files == 1 else f'{i.files:,} files, '}sha256 {i.content_id[:12]}…", ())
            for i in record.built.inputs
            if i.kind is InputKind.SOURCE
        ]
    model = workspace.graph.models.get(name)
    return [Node(path, (), "", ()) for path in sorted({s.path for s in model.sources})] if model else []


def _describe(record: Record | None) -> str:
    if record is None:
        return "not built"
    return f"{record.rows:,} row{'' if record.rows == 1 else 's'}, content {record.content_id[:12]}…"


class _Columns:
    """Both directions over the column edges."""

    def __init__(self, workspace: Workspace, edges: Mapping[TableName, tuple[ColumnEdge, ...]]) -> None:
        self.workspace = workspace
        self.into: dict[tuple[TableName, str], dict[tuple[TableName, str], list[Kind]]] = {}
        self.out_of: dict[tuple[TableName, str], dict[tuple[TableName, str], list[Kind]]] = {}
        for name, listed in edges.items():
            for edge in listed:
                here, there = (name, edge.column), (edge.input, edge.input_column)
                self.into.setdefault(here, {}).setdefault(there, []).append(edge.kind)
                self.out_of.setdefault(there, {}).setdefault(here, []).append(edge.kind)

    def up(self, name: TableName, column: str, kinds: tuple[str, ...], seen: set[tuple[TableName, str]]) -> Node:
        """The column and what it is made from; a column of the first layer ends at its sources."""
        children = self._walk(self.into, name, column, seen, upward=True)
        if not children and not self.into.get((name, column)):
            children = tuple(_sources(self.workspace, name))
        return Node(f"{name}.{column}", kinds, "", children, self._again(self.into, name, column, children))

    def down(self, name: TableName, column: str, kinds: tuple[str, ...], seen: set[tuple[TableName, str]]) -> Node:
        """The column and what is made from it."""
        children = self._walk(self.out_of, name, column, seen, upward=False)
        return Node(f"{name}.{column}", kinds, "", children, self._again(self.out_of, name, column, children))

    def _again(
        self, edges: Mapping[tuple[TableName, str], object], name: TableName, column: str, children: tuple[Node, ...]
    ) -> bool:
        return not children and bool(edges.get((name, column)))

    def _walk(
        self,
        edges: Mapping[tuple[TableName, str], Mapping[tuple[TableName, str], list[Kind]]],
        name: TableName,
        column: str,
        seen: set[tuple[TableName, str]],
        *,
        upward: bool,
    ) -> tuple[Node, ...]:
        if (name, column) in seen:
            return ()
        seen.add((name, column))
        step = self.up if upward else self.down
        found = edges.get((name, column), {})
        # Direct kinds first: they are what a person asks for.
        ordered = sorted(found.items(), key=lambda item: (min(_RANK[k] for k in item[1]), item[0]))
        return tuple(
            step(t, c, tuple(sorted(map(str, kinds), key=_RANK_BY_NAME.__getitem__)), seen) for (t, c), kinds in ordered
        )


_RANK = {kind: i for i, kind in enumerate(Kind)}
_RANK_BY_NAME = {str(kind): i for kind, i in _RANK.items()}
