"""What a Parquet file says of itself: rows, columns, and the identity of the file and of each column.

A column's hash is the sha256 over its type and the bytes of its column chunks in row order. DuckDB writes the same
values in the same order to the same bytes, so equal hashes mean equal columns; the file is read once for all of them.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from medallion.engines.sql import identifier, literal
from medallion.records import Column

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

__all__ = ["Footer", "read_footer"]

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Footer:
    """A file's sha256, bytes, rows and columns; ``ranges`` holds each flat column's smallest and largest value."""

    oid: str
    size: int
    rows: int
    columns: tuple[Column, ...]
    ranges: dict[str, tuple[str, str]]


@dataclass(slots=True)
class _Leaf:
    """One column chunk: which top-level column it belongs to, and where its bytes lie."""

    column: int
    start: int
    length: int
    nulls: int
    low: str | None
    high: str | None


def read_footer(connection: duckdb.DuckDBPyConnection, file: Path) -> Footer:
    """Describe and identify a Parquet file that DuckDB wrote."""
    path = literal(str(file))
    schema = connection.execute(
        f"SELECT name, num_children, duckdb_type FROM parquet_schema({path}) ORDER BY column_id"
    ).fetchall()
    names, types, owner, flat = _columns(schema)
    chunks = connection.execute(
        "SELECT row_group_id, column_id, coalesce(dictionary_page_offset, data_page_offset), data_page_offset, "
        f"total_compressed_size, coalesce(stats_null_count, 1), stats_min_value, stats_max_value, row_group_num_rows "
        f"FROM parquet_metadata({path}) ORDER BY row_group_id, column_id"
    ).fetchall()
    leaves = [
        _Leaf(owner[leaf], min(first, data), length, nulls, low, high)
        for _, leaf, first, data, length, nulls, low, high, _ in chunks
    ]
    rows = sum({group: count for group, *_, count in chunks}.values())
    oid, hashes = _hash(file, leaves, types)
    nullable = {leaf.column for leaf in leaves if leaf.nulls and leaf.column in flat}
    nullable |= _nested_nulls(connection, path, {i: names[i] for i in range(len(names)) if i not in flat})
    columns = tuple(Column(names[i], types[i], i in nullable, hashes[i]) for i in range(len(names)))
    return Footer(oid, file.stat().st_size, rows, columns, _ranges(leaves, names, flat))


def _columns(schema: list[tuple[str, int | None, str | None]]) -> tuple[list[str], list[str], list[int], set[int]]:
    """Names and types of the top-level columns, the column that each leaf belongs to, and the columns that are flat."""
    names: list[str] = []
    types: list[str] = []
    owner: list[int] = []
    flat: set[int] = set()
    position = 1

    def descend(position: int, column: int) -> int:
        children = schema[position][1]
        if not children:
            owner.append(column)
            return position + 1
        position += 1
        for _ in range(children):
            position = descend(position, column)
        return position

    for column in range(schema[0][1] or 0):
        name, children, kind = schema[position]
        names.append(name)
        types.append(kind or "")
        if not children:
            flat.add(column)
        position = descend(position, column)
    return names, types, owner, flat


def _nested_nulls(connection: duckdb.DuckDBPyConnection, path: str, nested: dict[int, str]) -> set[int]:
    """The nested columns that hold NULL themselves: a leaf's statistics also count NULLs inside, and empty lists."""
    if not nested:
        return set()
    tests = ", ".join(f"count(*) > count({identifier(name)})" for name in nested.values())
    found = connection.execute(f"SELECT {tests} FROM read_parquet({path})").fetchall()[0]
    return {column for column, has_nulls in zip(nested, found, strict=True) if has_nulls}


def _hash(file: Path, leaves: list[_Leaf], types: list[str]) -> tuple[str, list[str]]:
    """The sha256 of the whole file and of each column's chunks, in one pass."""
    whole = hashlib.sha256()
    parts = [hashlib.sha256(f"{kind}\n".encode()) for kind in types]
    pending = sorted(leaves, key=lambda leaf: leaf.start)
    position = 0
    with file.open("rb", buffering=0) as stream:
        # Chunks lie one after the other; nested columns have several, which go to the same hash in file order.
        for leaf in pending:
            position = _feed(stream, leaf.start - position, position, (whole,))
            position = _feed(stream, leaf.length, position, (whole, parts[leaf.column]))
        while data := stream.read(_CHUNK):
            whole.update(data)
    return whole.hexdigest(), [part.hexdigest() for part in parts]


def _feed(stream: object, count: int, position: int, sinks: tuple[hashlib._Hash, ...]) -> int:
    left = count
    while left > 0:
        data = stream.read(min(left, _CHUNK))  # type: ignore[attr-defined]
        if not data:
            break
        for sink in sinks:
            sink.update(data)
        left -= len(data)
    return position + count - left


def _ranges(leaves: list[_Leaf], names: list[str], flat: set[int]) -> dict[str, tuple[str, str]]:
    """First chunk's smallest and last chunk's largest value: exact for a column that the file is sorted by."""
    found: dict[str, tuple[str, str]] = {}
    for leaf in leaves:
        if leaf.column in flat and leaf.low is not None and leaf.high is not None:
            name = names[leaf.column]
            found[name] = (found[name][0] if name in found else leaf.low, leaf.high)
    return found
