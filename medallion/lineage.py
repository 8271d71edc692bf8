"""Column lineage of a project: each model's edges, with the columns of its inputs taken from their records."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from medallion.models.columns import ColumnLineage, column_lineage
from medallion.models.syntax import syntax_tree

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from medallion.models.graph import Graph
    from medallion.models.model import Macro
    from medallion.names import TableName
    from medallion.records import Record

__all__ = ["columns_read", "model_lineage"]


def model_lineage(
    graph: Graph, name: TableName, outputs: Sequence[str], records: Mapping[TableName, Record]
) -> ColumnLineage:
    """The column edges of one model whose inputs have records."""
    model = graph.models[name]
    schemas = {i: [c.name for c in records[i].columns] for i in graph.inputs[name] if i in records}
    if not schemas:
        return ColumnLineage(edges=(), exact=True, reason="", inputs=())
    return _column_lineage(
        model.sql,
        tuple(outputs),
        tuple((i, tuple(columns)) for i, columns in schemas.items()),
        graph.hidden[name],
        frozenset(_unnesting(graph.macros[name])),
    )


@lru_cache(maxsize=4096)
def _column_lineage(
    sql: str,
    outputs: tuple[str, ...],
    schemas: tuple[tuple[TableName, tuple[str, ...]], ...],
    whole: frozenset[TableName],
    unnesting: frozenset[str],
) -> ColumnLineage:
    """A run asks for what is read, and the catalog then for the edges: it is worked out once."""
    return column_lineage(syntax_tree(sql), outputs, dict(schemas), whole=whole, unnesting=unnesting)


def _unnesting(macros: Sequence[Macro]) -> set[str]:
    """The macros that contain UNNEST, directly or through another macro."""
    found: set[str] = set()
    while True:
        more = {m.name for m in macros if any(c.name == "unnest" or c.name in found for c in m.calls)}
        if more <= found:
            return found
        found |= more


def columns_read(
    graph: Graph, name: TableName, outputs: Sequence[str], records: Mapping[TableName, Record]
) -> dict[TableName, tuple[str, ...]]:
    """For each input of a model, the columns that its result depends on; all of them where that cannot be known."""
    reads = model_lineage(graph, name, outputs, records).reads()
    return {i: tuple(reads.get(i, tuple(c.name for c in records[i].columns))) for i in graph.inputs[name]}
