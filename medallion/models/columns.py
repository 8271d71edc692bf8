"""Column lineage: which columns of its inputs each column of a model depends on, and how.

The rule above all others: what cannot be understood *widens* to every column of every input, and is said so in
``reason``; an edge too many costs precision, an edge too few would be a lie.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from medallion.models.flows import NOTHING, Flow, Kind, MisfitError, union
from medallion.models.relations import Relations
from medallion.models.scopes import Scope

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from sqlglot import exp

    from medallion.names import TableName

__all__ = ["ColumnEdge", "ColumnLineage", "Kind", "column_lineage"]


@dataclass(frozen=True, slots=True, order=True)
class ColumnEdge:
    """Output ``column`` depends on ``input_column`` of ``input``. ``kind`` is one direct kind or an indirect one."""

    column: str
    input: TableName
    input_column: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class ColumnLineage:
    """The edges of one model, sorted and unique.

    ``exact`` is False where something had to be widened, and ``reason`` then says what. ``inputs`` are all datasets
    read, those included of which no column is (``count(*)``).
    """

    edges: tuple[ColumnEdge, ...]
    exact: bool
    reason: str
    inputs: tuple[TableName, ...]

    def reads(self) -> Mapping[TableName, tuple[str, ...]]:
        """For each input, the columns that the result depends on, sorted."""
        columns: dict[TableName, set[str]] = {table: set() for table in self.inputs}
        for edge in self.edges:
            columns[edge.input].add(edge.input_column)
        return {table: tuple(sorted(names)) for table, names in columns.items()}


def column_lineage(
    query: exp.Expr | None,
    outputs: Sequence[str],
    schemas: Mapping[TableName, Sequence[str]],
    *,
    whole: Collection[TableName] = (),
    unnesting: Collection[str] = (),
) -> ColumnLineage:
    """The column lineage of a parsed model; never raises for a query that DuckDB accepts, and leaves it unchanged.

    ``query`` is None where sqlglot cannot read what DuckDB can; then all is widened.
    ``outputs`` are the result's column names as DuckDB reports them, ``schemas`` the columns of every input dataset.
    An input of ``whole`` is read where this cannot look (inside a macro), so all its columns are edges of all outputs.
    ``unnesting`` names the macros that contain UNNEST, directly or through another macro: they multiply rows.
    """
    relations = Relations(schemas, unnesting)
    try:
        if query is None:
            raise MisfitError("sqlglot cannot read the query")
        relation = relations.query(query, Scope(), top=True)
        flows = [flow | relation.rows for flow in relation.fitted(outputs)]
    except MisfitError as misfit:
        relations.reasons.append(str(misfit))
        flows = [NOTHING] * len(outputs)
    except Exception as error:  # A tree that sqlglot builds in a way unknown here must not stop a run.
        relations.reasons.append(f"the query is not understood ({type(error).__name__}: {error})")
        flows = [NOTHING] * len(outputs)
    hidden = {table for table in schemas if table in whole or (table not in relations.seen)}
    reasons = [*relations.reasons, *(f"{table} is read where it cannot be seen" for table in sorted(hidden))]
    wide = _all_columns(schemas, schemas if relations.reasons else hidden)
    return ColumnLineage(
        edges=tuple(sorted(_edges(outputs, [flow | wide for flow in flows]), key=_order)),
        exact=not reasons,
        reason="; ".join(dict.fromkeys(reasons)),
        inputs=tuple(sorted({*schemas, *whole})),
    )


def _all_columns(schemas: Mapping[TableName, Sequence[str]], tables: Iterable[TableName]) -> Flow:
    return union(frozenset((table, c, Kind.TRANSFORMATION) for c in schemas[table]) for table in tables)


def _edges(outputs: Sequence[str], flows: Sequence[Flow]) -> set[ColumnEdge]:
    """One edge for each indirect kind, and one for the strongest direct kind."""
    edges = set()
    for column, flow in zip(outputs, flows, strict=True):
        direct: dict[tuple[TableName, str], Kind] = {}
        for table, name, kind in flow:
            if not kind.strength:
                edges.add(ColumnEdge(column, table, name, kind))
            elif kind.strength > direct.get((table, name), kind).strength or (table, name) not in direct:
                direct[table, name] = kind
        edges |= {ColumnEdge(column, table, name, kind) for (table, name), kind in direct.items()}
    return edges


def _order(edge: ColumnEdge) -> tuple[str, ...]:
    """The order of the fields, much faster than comparing the edges themselves."""
    return (edge.column, edge.input.layer, edge.input.name, edge.input_column, edge.kind)
