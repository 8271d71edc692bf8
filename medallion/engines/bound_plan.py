"""What DuckDB's own bound plan of a query tells about order and determinism: decided by types, not by words.

``json_serialize_plan`` gives the logical plan with the type of every expression and the bound signature of every
aggregate. What is not on a list of what is known to be safe runs with a single thread, so an operator, aggregate or
type that a new DuckDB brings is slow and not wrong.

Two values can be *lookalikes*: equal, and not the same, as -0.0 and 0.0, 30 days and a month, or texts under a
collation. Which of them stands for a group, or is the greatest, is up to the threads. So it counts whether such a type
is grouped by, kept from duplicates, or compared by ``min`` and ``max``; not whether it occurs.
"""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING, Any

from medallion.engines.query_plan import Treatment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    Node = Mapping[str, Any]

__all__ = ["NO_PLAN", "SERIALIZE", "bound_treatment", "scanned_tables", "scanning_functions"]

#: Asks for the plan of the statement that is its one parameter.
SERIALIZE = (
    "SELECT json_serialize_plan(?, skip_null := true, skip_empty := true, skip_default := true, optimize := false)"
)

#: What stands for a plan where DuckDB gives none.
NO_PLAN = '{"error": true}'

# Rows leave in the order in which they came (DuckDB's preserve_insertion_order, which is on).
_KEEPS_ORDER = frozenset({"PROJECTION", "FILTER", "GET", "DUMMY_SCAN", "EXPRESSION_GET", "EMPTY_RESULT"})

# The set of rows that leaves does not depend on the order in which rows came, with what is said below of some.
_ANY_ORDER = _KEEPS_ORDER | {
    "AGGREGATE_AND_GROUP_BY",
    "ANY_JOIN",
    "COMPARISON_JOIN",
    "CROSS_PRODUCT",
    "CTE_REF",
    "DISTINCT",
    "EXCEPT",
    "INTERSECT",
    "MATERIALIZED_CTE",
    "ORDER_BY",
    "UNION",
    "UNNEST",
}

# A larger IN becomes a join inside of DuckDB; its operator has one child more than the list has values.
_LONGEST_IN = 4

_SCANS = frozenset({"seq_scan", "range", "generate_series"})

_EXACT_NUMBERS = frozenset(
    {
        *("BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"),
        *("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT", "DECIMAL"),
    }
)

# Types of which equal values are the same value.
_PLAIN = _EXACT_NUMBERS | {
    "BLOB",
    "DATE",
    "TIME",
    "TIMESTAMP",
    "TIMESTAMP_MS",
    "TIMESTAMP_NS",
    "TIMESTAMP_S",
    "TIMESTAMP WITH TIME ZONE",
    "UUID",
}

# Aggregates by what their argument has to be for the result not to depend on the order of rows.
_OF_ANYTHING = frozenset({"count", "count_star"})
_OF_PLAIN = frozenset({"min", "max", "bool_and", "bool_or", "bit_and", "bit_or", "bit_xor", "countif", "count_if"})
_OF_EXACT_NUMBERS = frozenset({"sum", "sum_no_overflow", "avg", "mean", "median", "quantile_cont", "quantile_disc"})
# These take values in the order of rows, unless the call says the order.
_ORDERED = frozenset({"list", "array_agg", "string_agg", "group_concat", "listagg", "first", "last", "any_value"})

# Windows that give rows which the ORDER BY cannot tell apart the same value.
_PEERS_ALIKE = frozenset({"WINDOW_RANK", "WINDOW_RANK_DENSE", "WINDOW_PERCENT_RANK", "WINDOW_CUME_DIST"})
_PEER_BOUNDS = frozenset({"UNBOUNDED_PRECEDING", "CURRENT_ROW_RANGE", "UNBOUNDED_FOLLOWING"})


def bound_treatment(serialized: str, *, keyed: bool) -> Treatment | None:
    """Read what ``SERIALIZE`` gave; None where DuckDB cannot serialize the plan, as of ``read_csv``.

    ``keyed``: the result is sorted by a key, which no two rows share. Else it is sorted by all columns, and where
    lookalikes leave two rows equal, their bits decide; only those of nested values cannot be had.
    """
    root = _root(serialized)
    if root is None:
        return None
    try:
        return _treatment(root, keyed=keyed)
    except RecursionError:
        return None


def _treatment(root: Node, *, keyed: bool) -> Treatment:
    nodes = list(_nodes(root))
    keeps = _keeps_order(nodes)
    outputs = _output_types(root)
    ties = not (keeps or keyed) and not (outputs is not None and all(_is_plain(t) or _has_bits(t) for t in outputs))
    return Treatment(keeps_order=keeps, single=ties or not all(map(_is_safe, nodes)))


def scanned_tables(serialized: str) -> set[str] | None:
    """The tables that a plan reads, as ``schema.name``; None where ``SERIALIZE`` gave no plan."""
    root = _root(serialized)
    if root is None:
        return None
    paths = [n["function_data"]["qualified_name"]["path"] for n in _nodes(root) if _scan(n) == "seq_scan"]
    return {".".join(path[1:]) for path in paths}


def scanning_functions(serialized: str) -> set[str]:
    """The table functions of a plan, but for the one that reads a table."""
    root = _root(serialized)
    found = {_scan(node) for node in _nodes(root)} if root else set()
    return found - {"", "seq_scan"}


@functools.lru_cache(maxsize=8)
def _root(serialized: str) -> Node | None:
    try:
        document = json.loads(serialized)
    except (RecursionError, ValueError):  # Python's parser takes no tree as deep as DuckDB's, or DuckDB gave none.
        return None
    plans = document.get("plans", ())
    return plans[0] if len(plans) == 1 and not document.get("error") else None


def _scan(node: Node) -> str:
    """The table function that an operator scans; empty for other operators."""
    return str(node.get("qname", {}).get("path", [""])[-1]) if _kind(node) == "GET" else ""


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    for child in node.get("children", ()):
        yield from _nodes(child)


def _kind(node: Node) -> str:
    return str(node.get("type", "")).removeprefix("LOGICAL_")


def _keeps_order(nodes: Sequence[Node]) -> bool:
    """Whether only scans, filters and projections are left once DuckDB has put a CTE that is read once in its place."""
    kinds = [_kind(node) for node in nodes]
    ctes = [node for node in nodes if _kind(node) == "MATERIALIZED_CTE"]
    read_once = kinds.count("CTE_REF") == len(ctes) == len({ref.get("cte_index", 0) for ref in _refs(nodes)})
    if not read_once or any("materialize" in cte for cte in ctes):
        return False
    if any(_kind(node) == "GET" and node.get("children") for node in nodes):
        return False
    if not all(kind in _KEEPS_ORDER or kind in ("MATERIALIZED_CTE", "CTE_REF") for kind in kinds):
        return False
    return not any(len(e.get("children", ())) > _LONGEST_IN for n in nodes for e in _expressions(n) if _is_in(e))


def _refs(nodes: Sequence[Node]) -> Iterator[Node]:
    return (node for node in nodes if _kind(node) == "CTE_REF")


def _is_in(expression: Node) -> bool:
    return expression.get("type") in ("COMPARE_IN", "COMPARE_NOT_IN")


def _is_safe(node: Node) -> bool:
    """Whether the rows that leave an operator are the same ones in any order of those that come."""
    kind = _kind(node)
    if kind not in _ANY_ORDER:
        # A window adds a column to rows; its expressions say whether that is safe.
        return kind == "WINDOW" and all(map(_is_safe_expression, _expressions(node)))
    if kind == "GET" and _scan(node) not in _SCANS:
        return False
    if kind == "AGGREGATE_AND_GROUP_BY" and not all(_is_plain(e.get("return_type")) for e in node.get("groups", ())):
        return False
    if kind == "DISTINCT" and not _is_plain_distinct(node):
        return False
    if kind in ("EXCEPT", "INTERSECT"):
        sides = [_output_types(side) for side in node.get("children", ())]
        if not all(types is not None and all(map(_is_plain, types)) for types in sides):
            return False
    return all(map(_is_safe_expression, _expressions(node)))


def _is_plain_distinct(node: Node) -> bool:
    targets = node.get("distinct_targets", ())
    return node.get("distinct_type") == "DISTINCT" and bool(targets) and all(
        target.get("expression_class") == "BOUND_REF" and _is_plain(target.get("return_type")) for target in targets
    )  # fmt: skip


def _expressions(operator: Node) -> list[Node]:
    """Every expression of an operator. What stands in ``function_data`` works on one row's value."""
    found: list[Node] = []
    left: list[Any] = [operator]
    while left:
        value = left.pop()
        if isinstance(value, dict):
            if "expression_class" in value:
                found.append(value)
            is_operator = str(value.get("type", "")).startswith("LOGICAL_")
            left += [v for k, v in value.items() if k != "function_data" and not (is_operator and k == "children")]
        elif isinstance(value, list):
            left += value
    return found


def _is_safe_expression(expression: Node) -> bool:
    kind = expression.get("expression_class")
    if kind == "BOUND_AGGREGATE":
        return _is_exact(expression)
    if kind == "BOUND_WINDOW":
        if expression.get("type") in _PEERS_ALIKE:
            return not expression.get("arg_orders")
        bounds = {expression.get("start"), expression.get("end")}
        whole_peers = bounds <= _PEER_BOUNDS and expression.get("exclude_clause") == "NO_OTHER"
        return expression.get("type") == "WINDOW_AGGREGATE" and whole_peers and _is_exact(expression)
    return kind != "BOUND_SUBQUERY"


def _is_exact(aggregate: Node) -> bool:
    """Whether an aggregate gives the same bits in any order of rows."""
    name = aggregate.get("qname", {}).get("path", [""])[-1]
    arguments = aggregate.get("children", [])
    if name in _OF_ANYTHING:
        return True
    if not arguments:
        return False
    kind = arguments[0].get("return_type")
    if name in _OF_PLAIN:
        return len(arguments) == 1 and _is_plain(kind)
    if name in _OF_EXACT_NUMBERS:
        return kind is not None and kind.get("id") in _EXACT_NUMBERS
    if name in _ORDERED and aggregate.get("expression_class") == "BOUND_AGGREGATE":
        orders = aggregate.get("order_bys", {}).get("orders", ())
        by_itself = any(_same(order.get("expression", {}), arguments[0]) for order in orders)
        constant = all(a.get("expression_class") == "BOUND_CONSTANT" for a in arguments[1:])
        return by_itself and constant and _is_plain(kind)
    return False


def _same(one: Node, other: Node) -> bool:
    """Whether two expressions are one column; DuckDB numbers the columns that come into an operator."""
    if not one.get("expression_class") == other.get("expression_class") == "BOUND_REF":
        return False
    return one.get("index", 0) == other.get("index", 0) and one.get("return_type") == other.get("return_type")


def _output_types(node: Node) -> list[Node] | None:
    """The types of an operator's columns, where it shows them."""
    kind = _kind(node)
    if kind == "PROJECTION":
        return [e.get("return_type", {}) for e in node.get("expressions", ())]
    children = node.get("children", ())
    if kind in ("DISTINCT", "ORDER_BY", "LIMIT", "UNION", "EXCEPT", "INTERSECT") and children:
        found = [_output_types(child) for child in (children if kind == "UNION" else children[:1])]
        # Both sides of a union have the same types, but for collations.
        return None if None in found else [t for types in found if types is not None for t in types]
    if kind == "MATERIALIZED_CTE" and children:
        return _output_types(children[-1])
    return None


def _is_plain(kind: Node | None) -> bool:
    """Whether equal values of a type are the same value."""
    if not kind:
        return False
    info, name = kind.get("type_info") or {}, kind.get("id")
    if name in _PLAIN:
        return True
    if name == "VARCHAR":
        return not info.get("collation")
    if name in ("LIST", "ARRAY"):
        return _is_plain(info.get("child_type"))
    if name == "STRUCT":
        fields = info.get("child_types", ())
        return bool(fields) and all(_is_plain(field.get("second")) for field in fields)
    return False


def _has_bits(kind: Node) -> bool:
    return kind.get("id") in ("FLOAT", "DOUBLE")
