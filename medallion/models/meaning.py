"""What a statement means to DuckDB, as one string: statements with the same string give the same result.

The input is DuckDB's own syntax tree (``json_serialize_sql``), so comments, layout, the case of reserved words,
redundant parentheses and the several ways to write a cast or a comparison are gone before anything here decides. On top
of that, three things are taken to be the same, each only where it is sure not to matter:

- the case of names that do not name an output column (DuckDB ignores the case of names, but keeps it in outputs),
- the names of table aliases and of CTEs, where a name is declared once and stands nowhere else (alpha conversion),
- the order of conditions joined by AND.

An output column's name is kept as it is written, and so is the text that DuckDB makes a name of. With another form
the name ``MEANING`` in models/fingerprint.py changes.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

__all__ = ["fold", "meaning"]

Node = dict[str, Any]

_WORD = re.compile(r"\w+")
_PLACES = ("query_location", "query_location_length")

# How the names begin that DuckDB gives to tables without one.
_MADE_UP = ("unnamed_", "valueslist")

# Functions that make data of the names of their arguments.
_NAMES_AS_DATA = {"alias", "struct_pack", "struct_insert", "struct_update", "row", "struct_concat"}


def _renamable(tree: Node | list[Node], nodes: Sequence[Node]) -> frozenset[str]:
    """The table aliases and CTEs, in lower case, whose name has no part in what the statement means.

    Each is declared once, and else only stands before the dot of a column, or as the table that it declares. A name
    that DuckDB makes up for a table (``unnamed_subquery``) may be declared without a word.
    """
    declared: dict[str, int] = {}
    for node in nodes:
        for name in _declares(node):
            declared[fold(name)] = declared.get(fold(name), 0) + 1
    if not declared:
        return frozenset()
    other = {fold(word) for word in _other_words(tree)}
    return frozenset(
        name for name, times in declared.items() if times == 1 and name not in other and not name.startswith(_MADE_UP)
    )


def meaning(tree: Node | list[Node], columns: Collection[str], taken: Collection[str] = ()) -> str:
    """The canonical form of a statement.

    ``columns`` are the names of its inputs' columns, ``taken`` other names that an alias could be mistaken for (fields
    of their types, words in macros), all in lower case.
    """
    nodes = _nodes(tree)
    if any(map(_takes_names, nodes)):
        return _text(_without_places(tree))
    names = _renamable(tree, nodes).difference(columns, taken)
    order: dict[str, str] = {}
    for node in nodes if names else ():
        for name in _declares(node):
            if fold(name) in names:
                order.setdefault(fold(name), f"\x00{len(order)}")
    labels = {fold(name) for node in nodes for name in (*_declares(node), *_labels(node))}
    form = _Form(order, frozenset(columns) - labels, unordered=_is_unordered(nodes, taken))
    return _text(form.node(tree, outermost=True))


class _Form:
    """Rewrites a tree.

    ``names`` are new names by old ones; ``columns`` the names that can only be a table's columns. ``unordered``:
    nothing in the statement depends on the order in which rows come.
    """

    def __init__(self, names: dict[str, str], columns: frozenset[str], *, unordered: bool) -> None:
        self.names = names
        self.columns = columns
        self.unordered = unordered

    def node(self, value: Any, *, filters: bool = False, outermost: bool = False) -> Any:
        """``filters``: the conditions in ``value`` only filter the rows of one table. ``outermost``: no query that
        this one could take columns from is around it.
        """
        if isinstance(value, list):
            return [self.node(item, filters=filters, outermost=outermost) for item in value]
        if not isinstance(value, dict):
            return value
        found = {key: item for key, item in value.items() if key not in _PLACES}
        if found.get("type") == "CONJUNCTION_AND":
            return self._conditions(found, filters=filters)
        if found.get("type") == "COLUMN_REF":
            return self._column(found)
        form = {key: self._field(found, key, item, outermost=outermost) for key, item in found.items()}
        if "select_list" in form:
            form["select_list"] = [self._output(item, outermost=outermost) for item in found["select_list"]]
        return form

    def _field(self, parent: Node, key: str, value: Any, *, outermost: bool) -> Any:
        if key in ("where_clause", "having"):  # In QUALIFY the order of windows decides between equal rows.
            return self.node(value, filters=_is_dataset(parent.get("from_table")))
        if key == "alias" and "type" in parent and _is_table(parent):
            return self._renamed(value)
        if key in ("table_name", "schema_name", "catalog_name") and parent.get("type") == "BASE_TABLE":
            return self._table(value, alone=key == "table_name" and not parent.get("schema_name"))
        if key == "qualified_name" and parent.get("type") == "BASE_TABLE":
            return [self._table(name, alone=len(value["path"]) == 1) for name in value["path"]]
        if key in ("relation_name", "cte_name"):
            return self._renamed(value)
        if key == "cte_map":
            return [
                [self._renamed(entry["key"]), self.node(entry["value"], outermost=outermost)]
                for entry in value.get("map", ())
            ]
        if key == "using_columns":
            return [fold(name) for name in value]
        return self.node(value, outermost=outermost and key in ("node", "query_node"))

    def _output(self, item: Node, *, outermost: bool) -> Any:
        """An expression with the name that DuckDB gives the column, or what it makes that name of."""
        if item.get("alias"):
            return self.node(item)
        if item.get("type") == "COLUMN_REF":
            # A column's name is the table's to spell; that of a whole row, a field or an alias is as written here.
            *qualifiers, name = item["column_names"]
            spelt = outermost and not qualifiers and fold(name) in self.columns
            return {"named": fold(name) if spelt else name, "as": self.node(item)}
        return {"named": _without_places(item), "as": self.node(item)}

    def _column(self, column: Node) -> Node:
        """What follows a table is a column; what follows a column may be a key of JSON or a MAP, where case counts."""
        first, *rest = column["column_names"]
        if not rest:
            return {**column, "column_names": [fold(first)]}
        if fold(first) in self.names:
            rest[0] = fold(rest[0])
        return {**column, "column_names": [self._renamed(first), *rest]}

    def _conditions(self, conjunction: Node, *, filters: bool) -> Node:
        children = [self.node(child, filters=filters) for child in conjunction["children"]]
        nested = any(node.get("class") == "SUBQUERY" for node in _nodes(conjunction))
        if self.unordered or (filters and not nested):
            children.sort(key=_text)
        return {**conjunction, "children": children}

    def _table(self, name: str, *, alone: bool) -> str:
        if alone and fold(name) in self.names:
            return self.names[fold(name)]
        return fold(name) if name.isidentifier() and not alone else name  # It may be the path of a file.

    def _renamed(self, name: str) -> str:
        return self.names.get(fold(name), fold(name))


def _is_table(node: Node) -> bool:
    # After the alias of a table function DuckDB may call its column.
    return node["type"] in ("BASE_TABLE", "SUBQUERY", "JOIN", "EXPRESSION_LIST") and node.get("class") is None


def _is_dataset(table: Node | None) -> bool:
    """Whether rows come from one table as it lies on disk: then conditions only decide which of them stay."""
    return table is not None and table.get("type") == "BASE_TABLE" and bool(table.get("schema_name"))


def _declares(node: Node) -> Iterator[str]:
    if node.get("alias") and "type" in node and _is_table(node):
        yield node["alias"]
    for entry in node.get("cte_map", {}).get("map", ()):
        yield entry["key"]


def _labels(node: Node) -> Iterator[str]:
    """Names that a statement gives itself, and those of its tables."""
    if node.get("alias"):
        yield node["alias"]
    if node.get("type") == "BASE_TABLE":
        yield node["table_name"]
    for key in ("column_name_alias", "aliases"):
        yield from (word for word in node.get(key, ()) if isinstance(word, str))


def _other_words(value: Any) -> Iterator[str]:
    """Every text in a tree, and the words in it, but for the places in which a table alias or a CTE's name stands."""
    if isinstance(value, str):
        yield value
        yield from _WORD.findall(value)
    elif isinstance(value, list):
        for item in value:
            yield from _other_words(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _other_words(_elsewhere(value, key, item))


def _elsewhere(node: Node, key: str, value: Any) -> Any:
    """What a node holds under a key, without the names of tables that it declares or refers to."""
    if key in ("class", "type"):
        return None
    if key == "column_names" and len(value) > 1:
        return value[1:]
    if key == "cte_map":
        return [entry["value"] for entry in value.get("map", ())]
    if key == "alias" and "type" in node and _is_table(node):
        return None
    if key in ("table_name", "qualified_name") and node.get("type") == "BASE_TABLE" and not node.get("schema_name"):
        return None
    return None if key == "cte_name" else value


def _takes_names(node: Node) -> bool:
    """Whether a function makes data of an argument's name, or a clause makes data of columns' names."""
    if node.get("type") in ("PIVOT", "SHOW_REF") or node.get("class") in ("LAMBDA", "LAMBDA_REF"):
        return True
    if node.get("function_name") in _NAMES_AS_DATA:
        return not all(argument.get("name") for argument in node.get("arguments", ()))
    return False


def _is_unordered(nodes: Sequence[Node], taken: Collection[str]) -> bool:
    """Whether each row of the result is made of one row of each table, so that their order does not matter to it.

    The order of conditions may decide in which order tables are joined, and that in which order rows come. A function
    of a name that is ``taken`` may be a macro, which could hold anything.
    """
    for node in nodes:
        if str(node.get("type", "")).endswith("_MODIFIER") and node["type"] != "ORDER_MODIFIER":
            return False
        if node.get("type") in ("RECURSIVE_CTE_NODE", "SET_OPERATION_NODE") or node.get("group_expressions"):
            return False
        if node.get("class") == "WINDOW" or node.get("sample") or node.get("ref_type") in ("POSITIONAL", "ASOF"):
            return False
        if node.get("class") == "FUNCTION" and node.get("function_name") not in _SCALAR.difference(taken):
            return False
    return True


# Scalar functions that models filter by most often; any other could be an aggregate, for all that the tree tells.
_SCALAR = {
    *("+", "-", "*", "/", "//", "%", "||", "~~", "!~~", "~~*", "!~~*", "^@"),
    *(
        "lower",
        "upper",
        "trim",
        "ltrim",
        "rtrim",
        "length",
        "strlen",
        "substring",
        "substr",
        "left",
        "right",
        "replace",
    ),
    *("starts_with", "ends_with", "contains", "prefix", "suffix", "regexp_matches", "regexp_replace", "split_part"),
    *("coalesce", "ifnull", "nullif", "abs", "round", "floor", "ceil", "greatest", "least", "concat", "concat_ws"),
    *("date_trunc", "date_part", "date_diff", "datediff", "year", "month", "day", "hour", "strftime", "strptime"),
    *("make_date", "list_value", "list_contains", "len", "timezone", "to_days", "to_months", "to_years"),
}


def _nodes(tree: Any) -> list[Node]:
    """Every mapping of a tree, each before those inside of it, in the order of the text."""
    found: list[Node] = []
    left = [tree]
    while left:
        value = left.pop()
        if isinstance(value, dict):
            found.append(value)
            left.extend(reversed(value.values()))
        elif isinstance(value, list):
            left.extend(reversed(value))
    return found


def _without_places(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_places(item) for key, item in value.items() if key not in _PLACES}
    if isinstance(value, list):
        return [_without_places(item) for item in value]
    return value


_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


def fold(name: str) -> str:
    """DuckDB ignores the case of ASCII letters in names, and of no others."""
    return name.lower() if name.isascii() else name.translate(_LOWER)


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
