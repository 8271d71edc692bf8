"""What flows into the columns and rows of a query: its scopes, walked from the inside out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from medallion.models.expressions import Expressions, aggregates, name_parts
from medallion.models.flows import NOTHING, UNKNOWN, Arity, Flow, Kind, Relation, Slot, union, via
from medallion.models.pivots import pivoted
from medallion.models.scopes import Scope, Source
from medallion.models.select_lists import items, own_nodes

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from medallion.names import TableName

__all__ = ["Relations"]

_CLAUSES = frozenset(
    {
        "with_",
        "from_",
        "laterals",
        "joins",
        "windows",
        "expressions",
        "where",
        "having",
        "qualify",
        "group",
        "distinct",
        "order",
        "limit",
        "offset",
        "hint",
        "kind",
        "sample",
        "operation_modifiers",
    }
)
_ROUNDS = 100
"""How often a recursive CTE is walked before its flows must have settled: they grow by one step at least."""


class Relations:
    """Walks queries over the datasets of ``schemas``. ``seen`` and ``reasons`` fill up on the way."""

    def __init__(self, schemas: Mapping[TableName, Sequence[str]], unnesting: Collection[str] = ()) -> None:
        self.reasons: list[str] = []
        self.seen: set[TableName] = set()
        self._datasets = {
            table: Relation(tuple(Slot(c, frozenset({(table, c, Kind.IDENTITY)})) for c in columns))
            for table, columns in schemas.items()
        }
        self._expressions = Expressions(self.query, self.reasons.append, unnesting)
        self._flow = self._expressions.flow
        self._flows = self._expressions.flows

    def query(self, node: exp.Expr, outer: Scope, *, top: bool = False) -> Relation:
        """The relation of a query inside ``outer``; the order of the rows is no matter at the ``top``."""
        outer = self._with(node, outer)
        if isinstance(node, exp.Select):
            return self._select(node, outer, top=top)
        if isinstance(node, exp.SetOperation):
            relation = _united(node, self.query(node.this, outer), self.query(node.expression, outer))
            return self._limited(node, relation, outer, top=top)
        if isinstance(node, exp.Subquery):
            inner = Scope(outer, outer.ctes)
            if isinstance(node.this, exp.Table):
                self._add(node.this, inner)
                relation = inner.relation
            else:
                ordered = any(node.args.get(key) for key in ("limit", "offset"))
                relation = self.query(node.this, outer, top=top and not ordered)
            return self._limited(node, relation, outer, top=top)
        if isinstance(node, exp.Values):
            return self._values(node, outer)
        if isinstance(node, exp.Pivot):
            scope = Scope(outer, outer.ctes)
            self._add(node.this, scope)
            return pivoted(node, scope, self._expressions)
        if isinstance(node, exp.Summarize):
            scope = Scope(outer, outer.ctes)
            self._add(node.this, scope)
            flow = via(scope.everything(), Kind.AGGREGATION)
            return Relation((Slot(None, flow, Arity.MANY),), scope.rows)
        self.reasons.append(f"{type(node).__name__} is no query that is understood")
        return UNKNOWN

    # WITH

    def _with(self, node: exp.Expr, outer: Scope) -> Scope:
        """``outer`` plus the CTEs that ``node`` defines."""
        clause = node.args.get("with_")
        if clause is None:
            return outer
        ctes = dict(outer.ctes)
        scope = Scope(outer, ctes)
        for cte in clause.expressions:
            name = cte.alias.lower()
            columns = [column.name for column in cte.args["alias"].columns]
            body = cte.this
            while isinstance(body, exp.Subquery) and not body.args.get("with_"):
                body = body.this
            if clause.args.get("recursive") and isinstance(body, exp.Union):
                ctes[name] = self._recursive(cte, body, columns, scope)
            else:
                ctes[name] = self.query(cte.this, scope).renamed(columns)
        return scope

    def _recursive(self, cte: exp.CTE, body: exp.Union, columns: Sequence[str], scope: Scope) -> Relation:
        """The least relation that its own definition gives back: what flows in only ever grows."""
        name = cte.alias.lower()
        keys = [key.name.lower() for key in cte.args.get("key_expressions") or ()]
        inner = Scope(scope, scope.ctes)
        start = self.query(body.this, self._with(body, inner))
        relation = start.renamed(columns)
        for _ in range(_ROUNDS):
            inner.ctes = {**scope.ctes, name: relation}
            step = self.query(body.expression, self._with(body, inner))
            following = _united(body, start, step).renamed(columns)
            found = (match.flow for key in keys if (match := Source((), following).column(key)))
            following = Relation(following.slots, following.rows | via(union(found), Kind.GROUP_BY))
            if following == relation:
                return relation
            relation = following
        self.reasons.append(f"the recursion of {name} is not understood")
        return relation

    # FROM

    def _add(self, node: exp.Expr, scope: Scope) -> None:
        """Add to ``scope`` what stands in its FROM clause."""
        path, relation = self._table(node, scope)
        if relation is not None:
            relation = self._pivoted(node, relation, path, scope)
            alias = _alias(node)
            if alias is not None and alias.args.get("this"):
                path = (alias.name.lower(),)
            columns = [column.name for column in alias.columns] if alias is not None else []
            scope.sources.append(Source(path, relation.renamed(columns).numbered()))
            scope.depends(relation.rows)
        for join in node.args.get("joins") or ():
            self._join(join, scope)

    def _table(self, node: exp.Expr, scope: Scope) -> tuple[tuple[str, ...], Relation | None]:
        """The name and the relation of something in FROM; None for a bracket around joins, which is no relation."""
        if isinstance(node, exp.Lateral):
            return self._table(node.this, scope)
        if isinstance(node, exp.Unnest):
            flow = via(self._flows(node.expressions, scope), Kind.TRANSFORMATION)
            arity = Arity.MANY if node.args.get("offset") or len(node.expressions) != 1 else Arity.ONE
            return ("unnest",), Relation((Slot(None, flow, arity),), via(flow, Kind.JOIN))
        if isinstance(node, exp.Table):
            return self._named_table(node, scope)
        if isinstance(node, exp.Subquery) and isinstance(node.this, exp.Table) and _alias(node) is None:
            self._add(node.this, scope)
            return (), None
        if isinstance(node, exp.Func):
            return self._table_function(node, scope)
        return (("unnamed_subquery",) if isinstance(node, exp.Subquery) else ()), self.query(node, scope)

    def _named_table(self, node: exp.Table, scope: Scope) -> tuple[tuple[str, ...], Relation]:
        if not isinstance(node.this, exp.Identifier):
            return self._table_function(node.this, scope)
        path = name_parts(node)
        if (len(path) == 1 or path[:-1] == ("recurring",)) and path[-1] in scope.ctes:
            return path, scope.ctes[path[-1]]
        matches = [t for t in self._datasets if (t.layer, t.name)[-len(path) :] == path[-2:]]
        if len(matches) > 1:
            self.reasons.append(f"{path[-1]} may be more than one dataset")
        if not matches:
            return path, UNKNOWN
        self.seen.add(matches[0])
        return path, self._datasets[matches[0]]

    def _table_function(self, node: exp.Expr, scope: Scope) -> tuple[tuple[str, ...], Relation]:
        """A source, ``range(a)``, or a function that may be given the name of a table."""
        tables = {table.name for table in self._datasets}
        for word in node.find_all(exp.Literal, exp.Column):
            if word.name.lower().rsplit(".", 1)[-1] in tables:
                self.reasons.append(f"a table function is given {word.name}, which may be the name of a dataset")
        flow = via(self._flows(node.iter_expressions(), scope), Kind.TRANSFORMATION)
        arity = Arity.ONE if isinstance(node, exp.GenerateSeries) else Arity.MANY
        name = node.name.lower() if isinstance(node, exp.Anonymous) else ""
        return ((name,) if name else ()), Relation((Slot(None, flow, arity),), via(flow, Kind.JOIN))

    def _join(self, join: exp.Join, scope: Scope) -> None:
        before = len(scope.sources)
        self._add(join.this, scope)
        left, right = scope.sources[:before], scope.sources[before:]
        half = join.kind in ("SEMI", "ANTI")
        kind = Kind.FILTER if half else Kind.JOIN
        if join.args.get("on"):
            scope.depends(via(self._flow(join.args["on"], scope), kind))
        names = [name.name for name in join.args.get("using") or ()]
        if join.method == "NATURAL":
            names = self._common(left, right)
        for name in names:
            self._merge(join, name.lower(), scope, (left, right), kind)
        if half:
            del scope.sources[before:]

    def _common(self, left: Sequence[Source], right: Sequence[Source]) -> list[str]:
        slots = [[slot for source in side for slot in source.relation.slots] for side in (left, right)]
        if any(slot.name is None or not slot.fixed for side in slots for slot in side):
            self.reasons.append("a NATURAL JOIN is of columns that only DuckDB knows")
        names = [{slot.name.lower() for slot in side if slot.name is not None} for side in slots]
        return sorted(names[0] & names[1])

    def _merge(
        self,
        join: exp.Join,
        name: str,
        scope: Scope,
        sides: tuple[Sequence[Source], Sequence[Source]],
        kind: Kind,
    ) -> None:
        """Make one column ``name`` of both sides of a join."""
        owners = [source for source in sides[0] if source.merged.get(name, NOTHING) is not None and source.column(name)]
        mine = [match.flow for source in owners if (match := source.column(name))]
        left = scope.using.get(name, union(mine))
        right = union(match.flow for source in sides[1] if (match := source.column(name)))
        scope.depends(via(left | right, kind))
        if not mine:
            self.reasons.append(f"the USING column {name} is not understood")
        if kind is Kind.FILTER:
            return
        both = via(left | right, Kind.TRANSFORMATION)
        merged = both if join.side == "FULL" else right if join.side == "RIGHT" else left
        scope.using[name] = merged
        for source in owners:
            source.merged[name] = merged
        for source in sides[1]:
            source.merged[name] = None

    def _pivoted(self, node: exp.Expr, relation: Relation, path: tuple[str, ...], outer: Scope) -> Relation:
        for pivot in node.args.get("pivots") or ():
            scope = Scope(outer, outer.ctes, [Source(path, relation.numbered())], rows=relation.rows)
            relation = pivoted(pivot, scope, self._expressions)
        return relation

    # VALUES

    def _values(self, node: exp.Values, outer: Scope) -> Relation:
        rows = [row.expressions if isinstance(row, exp.Tuple) else [row] for row in node.expressions]
        columns = zip(*rows, strict=True)
        slots = [Slot(f"col{n}", self._flows(column, outer)) for n, column in enumerate(columns)]
        return Relation(tuple(slots)).renamed([c.name for c in alias.columns] if (alias := _alias(node)) else [])

    # SELECT

    def _select(self, node: exp.Select, outer: Scope, *, top: bool) -> Relation:
        scope = Scope(outer, outer.ctes)
        if node.args.get("from_"):
            self._add(node.args["from_"].this, scope)
        for lateral in node.args.get("laterals") or ():
            self._add(lateral, scope)
        for join in node.args.get("joins") or ():
            self._join(join, scope)
        scope.windows = {window.name.lower(): window for window in node.args.get("windows") or ()}
        slots: list[Slot] = []
        for item in node.expressions:
            made = items(item, scope, self._expressions)
            slots += made
            if isinstance(item, exp.Alias):
                scope.aliases[item.alias.lower()] = union(slot.flow for slot in made)
        relation = Relation(tuple(slots))
        scope.depends(self._where(node, scope))
        for clause in ("having", "qualify"):
            if node.args.get(clause):
                scope.depends(via(self._flow(node.args[clause], scope), Kind.FILTER))
        scope.depends(self._group(node, relation, scope) | self._distinct(node, relation, scope))
        scope.depends(self._sorted(node, relation, scope, top=top))
        for key, value in node.args.items():
            if key not in _CLAUSES:
                nodes = [v for v in (value if isinstance(value, list) else [value]) if isinstance(v, exp.Expr)]
                scope.depends(via(self._flows(nodes, scope), Kind.TRANSFORMATION))
        return Relation(relation.slots, scope.rows)

    def _where(self, node: exp.Select, scope: Scope) -> Flow:
        """WHERE filters; a condition on an outer query's column joins the two."""
        if not node.args.get("where"):
            return NOTHING
        flow = NOTHING
        for condition in _conjuncts(node.args["where"].this):
            scope.correlated = False
            found = self._flow(condition, scope)
            flow |= via(found, Kind.JOIN if scope.correlated else Kind.FILTER)
        return flow

    def _group(self, node: exp.Select, relation: Relation, scope: Scope) -> Flow:
        group = node.args.get("group")
        if group is None:
            return NOTHING
        if group.args.get("all"):
            keys = [item for item in node.expressions if not _aggregated(item)]
            return via(
                union(slot.flow for item in keys for slot in items(item, scope, self._expressions)), Kind.GROUP_BY
            )
        return via(self._flow(group, scope) | _positions(group, relation), Kind.GROUP_BY)

    def _distinct(self, node: exp.Select, relation: Relation, scope: Scope) -> Flow:
        distinct = node.args.get("distinct")
        if distinct is None:
            return NOTHING
        on = distinct.args.get("on")
        flow = relation.every if on is None else self._flow(on, scope) | _positions(on, relation)
        return via(flow, Kind.GROUP_BY)

    def _sorted(self, node: exp.Expr, relation: Relation, scope: Scope, *, top: bool) -> Flow:
        """ORDER BY decides where rows are chosen by it, and in a subquery, whose reader may depend on the order."""
        flow = NOTHING
        limits = [node.args[key] for key in ("limit", "offset") if node.args.get(key)]
        output = Source((), relation)
        for ordered in node.args["order"].expressions if node.args.get("order") else ():
            key = ordered.this
            if isinstance(key, (exp.Var, exp.Star)) or key.find(exp.Columns):  # ORDER BY ALL, *, COLUMNS(…)
                flow |= relation.every
            match = output.column(key.name.lower()) if isinstance(key, exp.Column) and not key.table else None
            if match is None or not match.sure:
                flow |= (match.flow if match else NOTHING) | self._flow(key, scope) | _positions(key, relation)
            else:
                flow |= match.flow
        chooses = limits or node.args.get("distinct") or not top
        return (via(flow, Kind.SORT) if chooses else NOTHING) | via(self._flows(limits, scope), Kind.FILTER)

    def _limited(self, node: exp.Expr, relation: Relation, outer: Scope, *, top: bool) -> Relation:
        """ORDER BY and LIMIT after a set operation or a bracket."""
        scope = Scope(outer, outer.ctes, [Source((), relation)])
        return Relation(relation.slots, relation.rows | self._sorted(node, relation, scope, top=top))


def _united(node: exp.SetOperation, left: Relation, right: Relation) -> Relation:
    """UNION, EXCEPT or INTERSECT of two relations."""
    if not isinstance(node, exp.Union):
        rows = via(left.every, Kind.GROUP_BY) | via(right.every, Kind.FILTER)
        return Relation(left.slots, left.rows | right.rows | rows)
    both = left.beside_by_name(right) if node.args.get("by_name") else left.beside(right)
    same = via(left.every | right.every, Kind.GROUP_BY) if node.args.get("distinct") else NOTHING
    return Relation(both.slots, both.rows | same)


def _alias(node: exp.Expr) -> exp.TableAlias | None:
    """The alias of something in FROM; a PIVOT carries its own."""
    holders = [*reversed(node.args.get("pivots") or []), node, node.this if isinstance(node, exp.Lateral) else None]
    found = (holder.args.get("alias") for holder in holders if holder is not None)
    return next((alias for alias in found if isinstance(alias, exp.TableAlias)), None)


def _aggregated(item: exp.Expr) -> bool:
    """Whether GROUP BY ALL leaves this item out of its keys."""
    nodes = list(own_nodes(item))
    return any(aggregates(n) for n in nodes) and not any(isinstance(n, exp.Window) for n in nodes)


def _positions(node: exp.Expr, relation: Relation) -> Flow:
    """The columns that numbers mean in GROUP BY, ORDER BY and DISTINCT ON: a number alone, not one in an expression."""
    if isinstance(node, (exp.Literal, exp.PositionalColumn)):
        return relation.at(int(node.name)) if node.name.isdigit() else NOTHING
    if isinstance(node, (exp.Group, exp.Tuple, exp.Paren, exp.Rollup, exp.Cube, exp.GroupingSets)):
        return union(_positions(child, relation) for child in node.iter_expressions())
    return NOTHING


def _conjuncts(node: exp.Expr) -> list[exp.Expr]:
    return list(node.flatten()) if isinstance(node, exp.And) else [node]
