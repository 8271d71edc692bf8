"""What a query plan tells about order and determinism.

DuckDB runs most operators in parallel and gives no promise about the order in which rows leave them. Which result
could depend on that is decided here, from the names of the plan's operators, by lists of what is known to be safe:
an operator or aggregate that nobody has looked at counts as unsafe.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["Treatment", "treatment"]

# Rows leave in the order in which they came (DuckDB's preserve_insertion_order, which is on).
_KEEPS_ORDER = frozenset({"PROJECTION", "FILTER", "EMPTY_RESULT", "DUMMY_SCAN", "COLUMN_DATA_SCAN"})

# The set of rows that leaves does not depend on the order in which rows came.
_ANY_ORDER = _KEEPS_ORDER | {
    "HASH_JOIN",
    "NESTED_LOOP_JOIN",
    "PIECEWISE_MERGE_JOIN",
    "IE_JOIN",
    "CROSS_PRODUCT",
    "BLOCKWISE_NL_JOIN",
    "LEFT_DELIM_JOIN",
    "RIGHT_DELIM_JOIN",
    "DELIM_SCAN",
    "HASH_GROUP_BY",
    "PERFECT_HASH_GROUP_BY",
    "UNGROUPED_AGGREGATE",
    "SIMPLE_AGGREGATE",
    "UNION",
    "ORDER_BY",
    "CTE",
    "CTE_SCAN",
    "UNNEST",
    "INOUT_FUNCTION",
}

# Aggregates whose result does not depend on the order of their input: exact arithmetic, or none.
_EXACT = frozenset(
    ["count", "count_star", "sum_no_overflow", "min", "max", "bool_and", "bool_or", "bit_and", "bit_or", "bit_xor"]
)

# Several rows become one.
_MERGES = re.compile("GROUP_BY|AGGREGATE|DISTINCT|DELIM")

_SCAN = re.compile(r"(SEQ_SCAN|TABLE_SCAN|READ_\w+|PARQUET_SCAN|RANGE|GENERATE_SERIES|GLOB)\s*")
_CALL = re.compile(r'"?(\w+)"?\(')


@dataclass(frozen=True, slots=True)
class Treatment:
    """``keeps_order``: rows leave as they came, so no sort is needed. ``single``: run with one thread."""

    keeps_order: bool
    single: bool


def treatment(explained: str, *, floats: bool, keyed: bool) -> Treatment:
    """Read the output of ``EXPLAIN (FORMAT json)``.

    ``floats``: whether a column of the result holds floating-point numbers. -0.0 and 0.0 are equal and not the same:
    which of them stands for a group, or comes first of two rows that are else alike, is up to the threads. Rows with
    a key (``keyed``) are never alike.
    """
    nodes = [node for root in json.loads(explained) for node in _nodes(root)]
    names = [str(node.get("name", "")).strip() for node in nodes]
    keeps = all(name in _KEEPS_ORDER or _SCAN.fullmatch(name) for name in names)
    safe = all(name in _ANY_ORDER or _SCAN.fullmatch(name) for name in names)
    exact = all(_aggregates(node) <= _EXACT for node in nodes)
    merged = any(_MERGES.search(name) for name in names)
    signs = floats and not keeps and (merged or not keyed)
    return Treatment(keeps_order=keeps, single=signs or not (safe and exact))


def _nodes(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield node
    for child in node.get("children", ()):
        yield from _nodes(child)


def _aggregates(node: Mapping[str, Any]) -> set[str]:
    """The aggregate functions that an operator computes."""
    listed = node.get("extra_info", {}).get("Aggregates", "")
    texts = listed if isinstance(listed, list) else [str(listed)]
    return {name.lower() for text in texts for name in _CALL.findall(text)}
