"""What flows into a SQL expression. A kind of node that is not known here is a TRANSFORMATION of all that is in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from medallion.models.flows import NOTHING, Flow, Kind, Relation, union, via
from medallion.models.scopes import Scope

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

__all__ = ["Expressions", "aggregates", "name_parts"]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Aggregates of DuckDB that sqlglot has no class for, and others that it takes for aggregates.
_AGGREGATES = _words(
    """arbitrary arg_max_null arg_max_nulls_last arg_min_null arg_min_nulls_last bitstring_agg combine_aggr count_star
    decimal_average entropy favg fsum histogram histogram_exact kahan_sum kurtosis_pop lttb mad mean product
    reservoir_quantile sem sum_no_overflow sumkahan variant_group_object"""
)
_NO_AGGREGATES = (exp.Lag, exp.Lead, exp.FirstValue, exp.LastValue, exp.NthValue, exp.Grouping, exp.GroupingId)

_UNNESTING = frozenset({"unnest", "regexp_split_to_table", "generate_subscripts"})
_LAMBDA_TAKERS = _words(
    """list_transform array_transform list_apply array_apply apply list_filter array_filter filter list_reduce
    array_reduce reduce"""
)
# What DuckDB takes for a function without parentheses where no column has the name.
_VALUES = _words(
    """user current_user session_user current_role current_catalog current_schema current_database current_date
    current_time current_timestamp localtime localtimestamp"""
)
_UNITS = _words(
    """year month day hour minute second millisecond microsecond decade century millennium quarter week weekday
    dayofweek dow isodow dayofyear doy epoch era isoyear yearweek timezone timezone_hour timezone_minute julian all"""
)


def aggregates(node: exp.Expr) -> bool:
    """Whether an aggregate function gives this node its value; window functions do not count."""
    if isinstance(node, exp.AggFunc):
        return not isinstance(node, _NO_AGGREGATES)
    return isinstance(node, exp.Anonymous) and node.name.lower() in _AGGREGATES


def name_parts(node: exp.Expr) -> tuple[str, ...]:
    """The parts of a column's or a table's name, in lower case, since DuckDB's names have no case."""
    parts = (node.args.get(key) for key in ("catalog", "db", "table", "this"))
    return tuple(part.name.lower() for part in parts if isinstance(part, exp.Identifier))


class Expressions:
    """Flows of expressions. ``query`` gives the relation of a subquery, ``widen`` takes note of what is not understood.

    ``unnesting`` holds the names of macros that multiply rows by UNNEST.
    """

    def __init__(
        self,
        query: Callable[[exp.Expr, Scope], Relation],
        widen: Callable[[str], None],
        unnesting: Collection[str] = (),
    ) -> None:
        self._query = query
        self._widen = widen
        self._unnesting = _UNNESTING.union(name.lower() for name in unnesting)
        self._known: dict[type[exp.Expr], Callable[..., Flow]] = {
            exp.Column: self._column,
            exp.Paren: self._same,
            exp.Alias: self._same,
            exp.PivotAlias: self._same,
            exp.DataType: lambda *_: NOTHING,
            exp.Exists: self._exists,
            exp.Case: self._case,
            exp.If: self._case,
            exp.Coalesce: self._coalesce,
            exp.Nullif: self._nullif,
            exp.Window: self._window,
            exp.Filter: self._filter,
            exp.WithinGroup: self._within_group,
            exp.Order: self._ordered,
            exp.Lambda: self._lambda,
            exp.Comprehension: self._comprehension,
            exp.Columns: self._columns,
            exp.Star: lambda _, scope: scope.everything(),
            exp.PositionalColumn: lambda node, scope: scope.position(int(node.name)),
            exp.Identifier: self._perhaps,
            exp.Var: self._perhaps,
            exp.Dot: self._dot,
            exp.Collate: self._same,
            exp.PropertyEQ: self._property,
        }

    def flow(self, node: exp.Expr, scope: Scope) -> Flow:
        """What flows into ``node``; IDENTITY only where it is a column as it stands."""
        handler = self._known.get(type(node))
        if handler is not None:
            return handler(node, scope)
        if isinstance(node, (exp.Query, exp.Pivot, exp.Summarize, exp.Describe)):
            relation = self._query(node, scope)
            return via(relation.every, Kind.TRANSFORMATION) | relation.rows
        if aggregates(node):
            inside = [child for child in node.iter_expressions() if not _bare_star(child)]
            return via(self.flows(inside, scope), Kind.AGGREGATION)
        flow = via(self.flows(node.iter_expressions(), scope), Kind.TRANSFORMATION)
        if isinstance(node, (exp.Explode, exp.Unnest)) or self._unnests(node):
            scope.depends(via(flow, Kind.JOIN))
        return flow

    def flows(self, nodes: Iterable[exp.Expr], scope: Scope) -> Flow:
        return union(self.flow(node, scope) for node in nodes)

    def _unnests(self, node: exp.Expr) -> bool:
        return isinstance(node, exp.Anonymous) and node.name.lower() in self._unnesting

    def _same(self, node: exp.Expr, scope: Scope) -> Flow:
        kind = Kind.TRANSFORMATION if isinstance(node, exp.Collate) else Kind.IDENTITY
        return via(self.flow(node.this, scope), kind)

    def _column(self, node: exp.Column, scope: Scope) -> Flow:
        parts = name_parts(node)
        if isinstance(node.this, exp.Star):
            shown = scope.select.star(parts)
            if shown is not None:
                return union(column.slot.flow for column in shown)
        if found := scope.resolve(parts, alias_too=_alias_too(node)):
            return found.flow
        if len(parts) > 1 or parts[0] not in _VALUES:
            self._widen(f"{'.'.join(parts)} is no column that can be seen here")
        return NOTHING

    def _columns(self, node: exp.Columns, scope: Scope) -> Flow:
        """All columns that ``COLUMNS(…)`` may stand for, where they do not make columns of their own."""
        star = node.this.this if isinstance(node.this, exp.Column) else node.this
        dropped = [name_parts(column) for column in star.args.get("except_") or ()]
        shown = scope.select.star(name_parts(node.this), dropped) or ()
        return union(column.slot.flow for column in shown) | self.flows(star.args.get("replace") or (), scope)

    def _perhaps(self, node: exp.Expr, scope: Scope) -> Flow:
        """Where sqlglot keeps an argument as a bare word, it may be a column: ``date_diff(unit, a, b)``."""
        name = node.name.lower()
        if isinstance(node, exp.Var) and name in _UNITS:
            return NOTHING
        found = scope.resolve((name,))
        return via(found.flow, Kind.TRANSFORMATION) if found else NOTHING

    def _dot(self, node: exp.Dot, scope: Scope) -> Flow:
        """``(s).field``, ``xs[1].field``, or a chain of words before a method: ``t.a.upper()``."""
        words: list[str] = []
        left: exp.Expr = node
        flow = NOTHING
        while isinstance(left, exp.Dot):
            if not isinstance(left.expression, (exp.Identifier, exp.Star)):
                flow |= self.flow(left.expression, scope)
            words.insert(0, left.expression.name.lower() if isinstance(left.expression, exp.Identifier) else "")
            left = left.this
        if not isinstance(left, exp.Identifier):
            return via(flow | self.flow(left, scope), Kind.TRANSFORMATION)
        chain = [left.name.lower(), *words]
        found = scope.resolve(chain[: chain.index("")] if "" in chain else chain)
        return via(flow | (found.flow if found else NOTHING), Kind.TRANSFORMATION)

    def _property(self, node: exp.PropertyEQ, scope: Scope) -> Flow:
        """``name := value``, or an entry of ``MAP {key: value}``, whose key is an expression."""
        sides = [node.expression] if isinstance(node.this, exp.Identifier) else [node.this, node.expression]
        return via(self.flows(sides, scope), Kind.TRANSFORMATION)

    def _exists(self, node: exp.Exists, scope: Scope) -> Flow:
        if isinstance(node.this, exp.Query):
            return self._query(node.this, scope).rows
        return via(self.flows(node.iter_expressions(), scope), Kind.TRANSFORMATION)

    def _case(self, node: exp.Case | exp.If, scope: Scope) -> Flow:
        """CASE and IF: conditions are indirect, the branches' values direct."""
        branches = node.args.get("ifs") or [node]
        conditions = [branch.this for branch in branches]
        values = [value for branch in branches for key in ("true", "false") if (value := branch.args.get(key))]
        if isinstance(node, exp.Case):
            conditions += [node.this] if node.this else []
            values += [default] if (default := node.args.get("default")) else []
        return via(self.flows(conditions, scope), Kind.CONDITIONAL) | via(
            self.flows(values, scope), Kind.TRANSFORMATION
        )

    def _coalesce(self, node: exp.Coalesce, scope: Scope) -> Flow:
        flows = [self.flow(child, scope) for child in node.iter_expressions()]
        return via(union(flows), Kind.TRANSFORMATION) | via(union(flows[:-1]), Kind.CONDITIONAL)

    def _nullif(self, node: exp.Nullif, scope: Scope) -> Flow:
        value, other = self.flow(node.this, scope), self.flow(node.expression, scope)
        return via(value, Kind.TRANSFORMATION) | via(value | other, Kind.CONDITIONAL)

    def _window(self, node: exp.Window, scope: Scope) -> Flow:
        frame = [child for child in node.iter_expressions() if child.arg_key not in ("this", "alias")]
        flow = via(self.flows(frame, scope), Kind.WINDOW)
        if node.args.get("alias"):
            base = scope.window(node.args["alias"].name)
            if base is None:
                self._widen(f"there is no window {node.args['alias'].name}")
            else:
                flow |= self._window_of(base, scope)
        return flow | via(self.flow(node.this, scope), Kind.TRANSFORMATION)

    def _window_of(self, node: exp.Expr, scope: Scope) -> Flow:
        """What a window of the WINDOW clause depends on; its ``this`` is its own name."""
        flow = via(
            self.flows((c for c in node.iter_expressions() if c.arg_key not in ("this", "alias")), scope), Kind.WINDOW
        )
        base = scope.window(node.args["alias"].name) if node.args.get("alias") else None
        return flow | (self._window_of(base, scope) if base is not None else NOTHING)

    def _filter(self, node: exp.Filter, scope: Scope) -> Flow:
        return self.flow(node.this, scope) | via(self.flow(node.expression, scope), Kind.CONDITIONAL)

    def _within_group(self, node: exp.WithinGroup, scope: Scope) -> Flow:
        """``mode() WITHIN GROUP (ORDER BY a)`` aggregates ``a``; beside an argument, the order only sorts."""
        own = self.flow(node.this, scope)
        return own | via(self.flow(node.expression, scope), Kind.SORT if own else Kind.AGGREGATION)

    def _ordered(self, node: exp.Order, scope: Scope) -> Flow:
        """``list(a ORDER BY b)``."""
        if node.this is None:
            return self.flows(node.expressions, scope)
        return self.flow(node.this, scope) | via(self.flows(node.expressions, scope), Kind.SORT)

    def _lambda(self, node: exp.Lambda, scope: Scope) -> Flow:
        """A lambda, or ``json -> 'path'`` as an argument, which looks the same to sqlglot."""
        names = frozenset(p.name.lower() for p in node.expressions)
        inner = Scope(outer=scope, parameters=names) if _is_lambda(node) else scope
        flow = self.flow(node.this, inner)
        if inner is scope:
            flow |= self.flows(node.expressions, scope)
        return via(flow, Kind.TRANSFORMATION)

    def _comprehension(self, node: exp.Comprehension, scope: Scope) -> Flow:
        names = (node.args.get("expression"), node.args.get("position"))
        inner = Scope(outer=scope, parameters=frozenset(name.name.lower() for name in names if name))
        inside = [part for part in (node.this, node.args.get("condition")) if part]
        return via(self.flows(inside, inner) | self.flow(node.args["iterator"], scope), Kind.TRANSFORMATION)


def _bare_star(node: exp.Expr) -> bool:
    return isinstance(node, exp.Star) and not node.args.get("except_") and isinstance(node.parent, exp.Count)


def _alias_too(node: exp.Expr) -> bool:
    """Whether a name here may be an alias of the SELECT list although a column has it: in all but SELECT and WHERE."""
    clause = node.find_ancestor(
        exp.Group, exp.Order, exp.Having, exp.Qualify, exp.Distinct, exp.Select, exp.SetOperation
    )
    return not isinstance(clause, (exp.Select, exp.SetOperation))


def _is_lambda(node: exp.Lambda) -> bool:
    parent = node.parent
    if isinstance(parent, exp.Columns):
        return True
    if isinstance(parent, exp.Anonymous):
        return parent.name.lower() in _LAMBDA_TAKERS and node.index == 1
    return isinstance(parent, exp.Func) and parent.sql_name().lower() in _LAMBDA_TAKERS and node.arg_key != "this"
