"""A Parquet footer, read without DuckDB: where each column's bytes lie, and how many values are NULL.

It is Thrift in the compact protocol, of which the reader below knows all types
(https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md); the field numbers are those of
https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from medallion.errors import BuildError, Location

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Chunk", "Layout", "SchemaElement", "read_layout"]

_MAGIC = b"PAR1"


@dataclass(frozen=True, slots=True)
class SchemaElement:
    """A node of the schema in depth-first order; the first is the root, and leaves have no children."""

    name: str
    children: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """One leaf's bytes in one row group; ``nulls`` is None where the writer did not count them."""

    row_group: int
    leaf: int
    start: int
    length: int
    nulls: int | None


@dataclass(frozen=True, slots=True)
class Layout:
    """The schema, the rows, and the chunks by row group and leaf."""

    schema: tuple[SchemaElement, ...]
    rows: int
    chunks: tuple[Chunk, ...]


def read_layout(file: Path) -> Layout:
    """Read the footer of a Parquet file; ``BuildError`` where it has none, or one that makes no sense."""
    try:
        with file.open("rb") as stream:
            size = stream.seek(0, 2)
            stream.seek(max(0, size - 8))
            end = stream.read(8)
            length = int.from_bytes(end[:4], "little")
            if end[4:] != _MAGIC or length + 12 > size:
                raise ValueError("no footer")
            stream.seek(size - 8 - length)
            return _layout(_Compact(stream.read(length)).structure())
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, struct.error) as error:
        raise BuildError("the file that was written is no Parquet file", location=Location(str(file))) from error


def _layout(document: dict[int, Any]) -> Layout:
    schema = tuple(SchemaElement(e[4].decode(), e.get(5, 0)) for e in document[2])
    groups = [[column[3] for column in group[1]] for group in document.get(4, ())]
    return Layout(
        schema,
        document[3],
        tuple(
            Chunk(number, leaf, min(meta.get(11) or meta[9], meta[9]), meta[7], meta.get(12, {}).get(3))
            for number, group in enumerate(groups)
            for leaf, meta in enumerate(group)
        ),
    )


class _Compact:
    """A reader of Thrift's compact protocol: structures become dicts by field number."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0

    def structure(self) -> dict[int, Any]:
        found: dict[int, Any] = {}
        field = 0
        while header := self._byte():
            delta, kind = header >> 4, header & 15
            field = field + delta if delta else self._zigzag()
            # A boolean field has its value in its type.
            found[field] = kind == 1 if kind in (1, 2) else self._value(kind)
        return found

    def _value(self, kind: int) -> Any:
        match kind:
            case 1 | 2:
                return self._byte() == 1
            case 3:
                return self._byte()
            case 4 | 5 | 6:
                return self._zigzag()
            case 7:
                return struct.unpack("<d", self._take(8))[0]
            case 8:
                return self._take(self._varint())
            case 9 | 10:
                return self._list()
            case 11:
                return self._map()
            case 12:
                return self.structure()
        raise ValueError(f"Thrift has no type {kind}")

    def _list(self) -> list[Any]:
        header = self._byte()
        size, kind = header >> 4, header & 15
        return [self._value(kind) for _ in range(self._varint() if size == 15 else size)]

    def _map(self) -> dict[Any, Any]:
        size = self._varint()
        kinds = self._byte() if size else 0
        return {self._value(kinds >> 4): self._value(kinds & 15) for _ in range(size)}

    def _byte(self) -> int:
        self.position += 1
        return self.data[self.position - 1]

    def _take(self, count: int) -> bytes:
        self.position += count
        return self.data[self.position - count : self.position]

    def _varint(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            shift += 7

    def _zigzag(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)
