"""The columns that one item of a SELECT list makes: one, or as many as ``*``, ``COLUMNS(…)`` and UNNEST stand for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from medallion.models.expressions import name_parts
from medallion.models.flows import Arity, Kind, Slot, union, via
from medallion.models.scopes import Scope

if TYPE_CHECKING:
    from collections.abc import Iterable

    from medallion.models.expressions import Expressions

__all__ = ["items", "own_nodes"]

_HOLE = "columns(…)"
"""The name that stands for the column at hand while an expression is repeated for each column."""


def items(item: exp.Expr, scope: Scope, expressions: Expressions) -> list[Slot]:
    """The slots that ``item`` of the SELECT list of ``scope`` makes, in order."""
    value = item.this if isinstance(item, exp.Alias) else item
    alias = item.alias if isinstance(item, exp.Alias) else None
    if _is_star(value):
        return _star(value, scope, expressions)
    if isinstance(value, exp.Column):
        return [Slot(alias or value.name, expressions.flow(value, scope))]
    repeated = _repeated(value)
    if repeated is not None:
        return _each(value, repeated, alias, scope, expressions)
    flow = expressions.flow(value, scope)
    if any(isinstance(node, (exp.Explode, exp.Unnest)) for node in (value, value.this)) or _holds_star(value):
        return [Slot(alias, flow, Arity.MANY)]
    return [Slot(alias or _name(value), flow)]


def own_nodes(node: exp.Expr) -> Iterable[exp.Expr]:
    """The nodes of an expression without those of its subqueries."""
    return node.walk(prune=lambda n: isinstance(n, exp.Query))


def _is_star(node: exp.Expr) -> bool:
    return isinstance(node, exp.Star) or (isinstance(node, exp.Column) and isinstance(node.this, exp.Star))


def _holds_star(value: exp.Expr) -> bool:
    """``(struct).*``, or a star in a place that is not known; in an aggregate it makes no columns."""
    return any(
        isinstance(node, exp.Star) and node.find_ancestor(exp.AggFunc, exp.Columns) is None for node in own_nodes(value)
    )


def _repeated(value: exp.Expr) -> exp.Expr | None:
    """The part of ``value`` that repeats it for each of several columns: ``COLUMNS(…)``, or a star with LIKE."""
    for node in own_nodes(value):
        if isinstance(node, exp.Columns) and not node.args.get("unpack"):
            return node
        if _is_star(node) and isinstance(node.parent, (exp.Like, exp.ILike, exp.SimilarTo, exp.Not)):
            return node
    return None


def _name(value: exp.Expr) -> str | None:
    """The name that DuckDB gives a column without alias, where that is certain."""
    while isinstance(value, exp.Paren):
        value = value.this
    return value.name if isinstance(value, exp.Column) else None


def _star(value: exp.Expr, scope: Scope, expressions: Expressions) -> list[Slot]:
    """``*`` or ``t.*`` with EXCLUDE, REPLACE and RENAME; the fields of a struct where ``t`` is no table."""
    star = value.this if isinstance(value, exp.Column) else value
    dropped = [_parts(column) for column in star.args.get("except_") or ()]
    shown = scope.star(name_parts(value) if isinstance(value, exp.Column) else (), dropped)
    if shown is None:
        return [Slot(None, via(expressions.flow(value, scope), Kind.TRANSFORMATION), Arity.MANY)]
    replaced = {new.alias.lower(): expressions.flow(new.this, scope) for new in star.args.get("replace") or ()}
    renamed = [(_parts(new.this), new.alias) for new in star.args.get("rename") or ()]
    made: list[Slot] = []
    met: set[str] = set()
    for column in shown:
        slot = column.slot
        name = slot.name.lower() if slot.name is not None else ""
        if slot.name is None or slot.arity is Arity.MANY:
            made.append(Slot(slot.name, slot.flow | union(replaced.values()), slot.arity))
        elif name not in replaced:
            new = next((new for old, new in renamed if column.source.holds(slot, old)), slot.name)
            made.append(Slot(new, slot.flow, slot.arity))
        elif name not in met:  # DuckDB keeps one of several columns that REPLACE means.
            met.add(name)
            made.append(Slot(slot.name, replaced[name], slot.arity))
    return made


def _parts(node: exp.Expr) -> tuple[str, ...]:
    return name_parts(node) or (node.name.lower(),)


def _each(value: exp.Expr, part: exp.Expr, alias: str | None, scope: Scope, expressions: Expressions) -> list[Slot]:
    """``value`` once for each column that ``part`` of it may stand for; it keeps the column's name."""
    inside = part.this if isinstance(part, exp.Columns) else part
    slots = _star(inside, scope, expressions) if _is_star(inside) else list(scope.relation.slots)
    plain = part is value or not isinstance(part, exp.Columns)
    sure = isinstance(part, exp.Columns) and _is_star(inside)
    made = []
    for slot in slots:
        flow = slot.flow
        if not plain:
            flow = expressions.flow(
                _with_hole(value), Scope(scope, scope.ctes, aliases={_HOLE: flow}, parameters=frozenset())
            )
        arity = slot.arity if sure or not slot.fixed else Arity.MAYBE
        if isinstance(value, (exp.Explode, exp.Unnest)):
            arity = Arity.MANY
        made.append(Slot(None if alias else slot.name, flow, arity))
    return made


def _with_hole(value: exp.Expr) -> exp.Expr:
    copy = value.copy()
    for columns in list(copy.find_all(exp.Columns)):
        columns.replace(exp.column(_HOLE))
    return copy
