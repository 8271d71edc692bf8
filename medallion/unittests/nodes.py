"""YAML as nodes that know their place, whose values are the texts as they were written.

YAML 1.1 makes ``no`` a boolean, ``12:30`` a number and ``1_000`` another. Here DuckDB reads a value, by its column's
type, so nothing may be read before. Hence nodes from events, without the tags that PyYAML would resolve.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from medallion.unittests.source import Place, Source

__all__ = ["MappingNode", "Node", "ScalarNode", "SequenceNode", "compose", "expect_mapping", "expect_text"]

_DEEPEST = 50
# Aliases of aliases multiply: a file of a kilobyte could hold as many values as there are atoms.
_MOST = 1_000_000

_NULLS = {"", "~", "null", "Null", "NULL"}


@dataclass(frozen=True, slots=True)
class ScalarNode:
    """A text. ``plain`` is whether it stands without quotes, ``block`` whether it stands in lines below a ``|``."""

    text: str
    plain: bool
    block: bool
    place: Place
    weight: int = 1

    @property
    def is_null(self) -> bool:
        """Whether it is YAML's way to say NULL."""
        return self.plain and self.text in _NULLS


@dataclass(frozen=True, slots=True)
class SequenceNode:
    """A list."""

    items: tuple[Node, ...]
    place: Place
    weight: int = 1


@dataclass(frozen=True, slots=True)
class MappingNode:
    """A map, in the order written; no key is there twice."""

    pairs: tuple[tuple[ScalarNode, Node], ...]
    place: Place
    weight: int = 1


Node = ScalarNode | SequenceNode | MappingNode


def compose(source: Source) -> Node | None:
    """The one document of a text; None where it is empty. ``UnitTestError`` where it is no YAML, or none for us."""
    import yaml

    loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        return _Composer(source, yaml.parse(source.text, Loader=loader)).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = source.place(min(mark.index, max(0, len(source.text) - 1)) if mark else 0)
        hint = "a value with `: `, ` #` or one of []{},&*!|>'\"%@` at its start stands in quotes"
        raise place.error(f"no valid YAML: {error.problem or error.context}", hint) from error
    except yaml.reader.ReaderError as error:
        place = source.place(max(0, min(error.position, len(source.text) - 1)))
        hint = 'in double quotes it can be written, as in "\\x07"'
        raise place.error("no valid YAML: a character that cannot be printed", hint) from error


@dataclass
class _Composer:
    """Nodes from events. The anchors are those that are complete, so that no node can hold itself."""

    source: Source
    events: Iterator[Any]
    anchors: dict[str, Node] = field(default_factory=dict)

    def document(self) -> Node | None:
        found: Node | None = None
        for event in self.events:
            kind = type(event).__name__
            if kind == "DocumentStartEvent":
                if found is not None:
                    raise self._place(event).error("a second document", "write all tests as one list, without `---`")
                found = self._node(next(self.events), 0)
        return found

    def _node(self, event: Any, depth: int) -> Node:
        place, kind = self._place(event), type(event).__name__
        if depth > _DEEPEST:
            raise place.error(f"nested more than {_DEEPEST} deep", "a test's values are rows of columns")
        if kind == "AliasEvent":
            if event.anchor not in self.anchors:
                raise place.error(f"there is no anchor &{event.anchor} before this", "write the rows themselves")
            return self.anchors[event.anchor]
        if event.tag is not None and not (kind == "ScalarEvent" and event.tag == "!"):
            raise place.error(f"{event.tag} is refused", "DuckDB reads a value by its column's type: leave the tag out")
        if kind == "ScalarEvent":
            block = event.style in ("|", ">")
            node: Node = ScalarNode(event.value, event.style in (None, ""), block, place)
        elif kind == "SequenceStartEvent":
            node = self._sequence(place, depth)
        else:
            node = self._mapping(place, depth)
        if node.weight > _MOST:
            raise place.error(f"more than {_MOST:,} values, counting each alias as what it stands for")
        if event.anchor:
            self.anchors[event.anchor] = node
        return node

    def _sequence(self, place: Place, depth: int) -> SequenceNode:
        items = []
        while type(event := next(self.events)).__name__ != "SequenceEndEvent":
            items.append(self._node(event, depth + 1))
        return SequenceNode(tuple(items), self._until(place, event), 1 + sum(item.weight for item in items))

    def _mapping(self, place: Place, depth: int) -> MappingNode:
        pairs: dict[str, tuple[ScalarNode, Node]] = {}
        while type(event := next(self.events)).__name__ != "MappingEndEvent":
            key = self._node(event, depth + 1)
            if not isinstance(key, ScalarNode):
                raise key.place.error("a key is a list or a map", "a key is a name")
            if key.text in pairs:
                raise key.place.error(f'"{key.text}" is there twice', "keep one")
            pairs[key.text] = key, self._node(next(self.events), depth + 1)
        weight = 1 + sum(key.weight + value.weight for key, value in pairs.values())
        return MappingNode(tuple(pairs.values()), self._until(place, event), weight)

    def _until(self, place: Place, end: Any) -> Place:
        """From where a list or map begins to its end."""
        return self.source.place(place.start, max(1, end.end_mark.index - place.start))

    def _place(self, event: Any) -> Place:
        start = event.start_mark.index
        return self.source.place(start, max(1, event.end_mark.index - start))


def expect_mapping(node: Node, what: str, example: str) -> MappingNode:
    """The node as a map; ``UnitTestError`` says what should stand there."""
    if not isinstance(node, MappingNode):
        raise node.place.error(f"{what} is a map of names to values", f"as in {example}")
    return node


def expect_text(node: Node, what: str) -> str:
    """The node as a text that says something."""
    if not isinstance(node, ScalarNode) or node.is_null or not node.text.strip():
        raise node.place.error(f"{what} is a text", "write it on the same line, in quotes where it holds `: `")
    return node.text
