"""What flows into the columns that PIVOT and UNPIVOT make."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from medallion.models.flows import NOTHING, Arity, Kind, Relation, Slot, union, via

if TYPE_CHECKING:
    from collections.abc import Iterable

    from medallion.models.expressions import Expressions
    from medallion.models.scopes import Scope

__all__ = ["pivoted"]


def pivoted(pivot: exp.Pivot, scope: Scope, expressions: Expressions) -> Relation:
    """The relation that ``pivot``, the statement or the clause, makes of what is in ``scope``."""
    make = _unpivot if pivot.args.get("unpivot") else _pivot
    return make(pivot, scope.relation.numbered(), scope, expressions).numbered()


def _pivot(pivot: exp.Pivot, relation: Relation, scope: Scope, expressions: Expressions) -> Relation:
    # The statement has ON (expressions) and USING; the clause has aggregates (expressions) and FOR (fields).
    fields = pivot.args.get("fields") or []
    values = pivot.expressions if fields else pivot.args.get("using") or []
    keys = fields or pivot.expressions
    value = via(expressions.flows(values, scope), Kind.AGGREGATION)
    key = expressions.flows(keys, scope)
    group = pivot.args.get("group")
    if group is None:
        used = _column_names([*values, *keys])
        groups = [
            slot for slot in relation.slots if slot.name is None or not slot.fixed or slot.name.lower() not in used
        ]
    else:
        groups = [Slot(column.name, expressions.flow(column, scope)) for column in group.expressions]
    by = via(union(slot.flow for slot in groups) | key, Kind.GROUP_BY)
    made = Slot(None, value | via(key, Kind.CONDITIONAL), Arity.MANY)
    return Relation((*groups, made), relation.rows | by)


def _unpivot(pivot: exp.Pivot, relation: Relation, scope: Scope, expressions: Expressions) -> Relation:
    """Rows without a value are left out, so values filter too. The new columns stand behind those that are kept."""
    fields = pivot.args.get("fields") or []
    into = pivot.args.get("into")
    cells = [cell for field in fields for cell in field.expressions] or pivot.expressions
    if fields:
        labels = [field.this.name for field in fields]
        values = [value.name for e in pivot.expressions for value in (e.expressions or [e])]
    else:
        labels = [into.this.name if into else "name"]
        values = [value.name for value in into.expressions] if into else ["value"]
    flow = via(expressions.flows(cells, scope), Kind.TRANSFORMATION)
    gone = _column_names(cells)
    unsure = any(cell.find(exp.Columns, exp.Star) for cell in cells)
    kept = [
        Slot(slot.name, slot.flow, Arity.MAYBE if unsure and slot.fixed else slot.arity)
        for slot in relation.slots
        if unsure or slot.name is None or slot.name.lower() not in gone
    ]
    made = [*(Slot(label, NOTHING) for label in labels), *(Slot(value, flow) for value in values)]
    return Relation((*kept, *made), relation.rows | via(flow, Kind.FILTER))


def _column_names(nodes: Iterable[exp.Expr]) -> set[str]:
    return {column.name.lower() for node in nodes for column in node.find_all(exp.Column)}
