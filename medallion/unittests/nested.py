"""Lists, structs and maps: the values in them, each with the type that it is to have."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from medallion.unittests.nodes import MappingNode, Node, ScalarNode, SequenceNode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from medallion.unittests.source import Place

__all__ = ["is_nested", "leaves", "node_of_json", "of_texts"]

_LIST = re.compile(r"(?P<inner>.*)(?P<size>\[\d*\])", re.DOTALL)
_COMPOUND = re.compile(r"(?P<word>STRUCT|MAP)\((?P<inside>.*)\)", re.DOTALL)
_FIELD = re.compile(r'(?P<name>"(?:[^"]|"")*"|\S+)\s+(?P<kind>.*)', re.DOTALL)
# A name or a value of an ENUM may hold any bracket or comma, within its quotes.
_PIECE = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|.""", re.DOTALL)


def is_nested(kind: str) -> bool:
    """Whether values of a type hold others whose types are known; those of a UNION are not looked into."""
    return kind.endswith("]") or kind.startswith(("STRUCT(", "MAP("))


def leaves(node: Node, kind: str) -> Iterator[tuple[ScalarNode, str]]:
    """The values within one, without NULL. What does not fit its type is left out: DuckDB says so itself."""
    if isinstance(node, ScalarNode):
        if not node.is_null and not is_nested(kind):
            yield node, kind
    elif isinstance(node, SequenceNode):
        if found := _LIST.fullmatch(kind):
            for item in node.items:
                yield from leaves(item, found["inner"])
    elif found := _COMPOUND.fullmatch(kind):
        parts = _parts(found["inside"])
        fields = dict(map(_field, parts)) if found["word"] == "STRUCT" else {}
        for key, value in node.pairs:
            if found["word"] == "MAP":
                yield from leaves(key, parts[0])
                yield from leaves(value, parts[1])
            elif key.text in fields:
                yield from leaves(value, fields[key.text])


def of_texts(kind: str) -> str:
    """The type with VARCHAR for everything that its values hold in the end."""
    if found := _LIST.fullmatch(kind):
        return of_texts(found["inner"]) + found["size"]
    if not (found := _COMPOUND.fullmatch(kind)):
        return "VARCHAR"
    parts = _parts(found["inside"])
    if found["word"] == "MAP":
        return f"MAP({', '.join(map(of_texts, parts))})"
    fields = (f"{_quoted(name)} {of_texts(inner)}" for name, inner in map(_field, parts))
    return f"STRUCT({', '.join(fields)})"


def node_of_json(text: str, place: Place) -> Node:
    """JSON whose values are texts or NULL as a node; all of it stands at one place."""

    def node(value: Any) -> Node:
        if isinstance(value, list):
            return SequenceNode(tuple(map(node, value)), place)
        if isinstance(value, dict):
            return MappingNode(tuple((_text(key, place), node(inner)) for key, inner in value.items()), place)
        return _text(value, place)

    return node(json.loads(text))


def _text(value: str | None, place: Place) -> ScalarNode:
    return ScalarNode(value or "", plain=value is None, block=False, place=place)


def _parts(inside: str) -> list[str]:
    """What stands between the commas of a type, without those in brackets or quotes."""
    parts, depth = [""], 0
    for found in _PIECE.finditer(inside):
        piece = found[0]
        depth += {"(": 1, ")": -1}.get(piece, 0)
        if piece == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += piece
    return [part.strip() for part in parts]


def _field(part: str) -> tuple[str, str]:
    """The name of a field, and its type."""
    found = _FIELD.fullmatch(part)
    if found is None:
        return part, ""
    name = found["name"]
    return (name[1:-1].replace('""', '"') if name.startswith('"') else name), found["kind"]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
