"""What a Parquet file says of itself: rows, columns, and the identity of the file and of each column.

A column's hash is the sha256 over its type and the bytes of its column chunks in row order. DuckDB writes the same
values in the same order to the same bytes, so equal hashes mean equal columns.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from medallion.engines.parquet_footer import read_layout
from medallion.engines.sql import identifier, literal, read_parquet
from medallion.records import Column

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import duckdb

    from medallion.engines.parquet_footer import SchemaElement

__all__ = ["Footer", "leaf_columns", "read_footer"]

_CHUNK = 1 << 20
_LARGE = 8 << 20

# Types that DuckDB reads from Parquet as it wrote them.
_COME_BACK = frozenset(
    {
        *("BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"),
        *("FLOAT", "DOUBLE", "VARCHAR", "BLOB", "DATE", "TIME", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "UUID"),
    }
)


@dataclass(frozen=True, slots=True)
class Footer:
    """A file's sha256, bytes, rows and columns; ``key_range`` holds the key's smallest and largest value."""

    oid: str
    size: int
    rows: int
    columns: tuple[Column, ...]
    key_range: tuple[str, str] | None


@dataclass(slots=True)
class _Leaf:
    """One column chunk: which top-level column it belongs to, and where its bytes lie."""

    column: int
    start: int
    length: int
    nulls: int


def read_footer(
    connection: duckdb.DuckDBPyConnection, file: Path, kinds: Sequence[str] = (), key: str | None = None
) -> Footer:
    """Describe and identify a Parquet file that DuckDB wrote.

    ``kinds`` are the types that were written; DuckDB is asked for those that it reads unless they are surely the same.
    ``key`` is the column whose range is wanted.
    """
    path = literal(str(file))
    layout = read_layout(file)
    names, owner, flat = leaf_columns(layout.schema)
    types = list(kinds) if kinds and all(map(_comes_back, kinds)) else _types(connection, path)
    leaves = [
        _Leaf(owner[chunk.leaf], chunk.start, chunk.length, 1 if chunk.nulls is None else chunk.nulls)
        for chunk in layout.chunks
    ]
    oid, hashes = _hash(file, leaves, types)
    nullable = {leaf.column for leaf in leaves if leaf.nulls and leaf.column in flat}
    nullable |= _nested_nulls(connection, file, {i: names[i] for i in range(len(names)) if i not in flat})
    columns = tuple(Column(names[i], types[i], i in nullable, hashes[i]) for i in range(len(names)))
    key_range = None
    if key in names and names.index(key) in flat:
        key_range = _range(connection, path, owner.index(names.index(key)))
    return Footer(oid, file.stat().st_size, layout.rows, columns, key_range)


def _comes_back(kind: str) -> bool:
    """Whether a type comes back as itself; an ENUM, say, is read as VARCHAR."""
    return kind in _COME_BACK or kind.startswith("DECIMAL(")


def _types(connection: duckdb.DuckDBPyConnection, path: str) -> list[str]:
    """The types of the top-level columns as DuckDB reads them."""
    schema = connection.execute(
        f"SELECT num_children, duckdb_type FROM parquet_schema({path}) ORDER BY column_id"
    ).fetchall()
    types: list[str] = []
    position = 1

    def skip(position: int) -> int:
        children = schema[position][0] or 0
        position += 1
        for _ in range(children):
            position = skip(position)
        return position

    for _ in range(schema[0][0] or 0):
        types.append(schema[position][1] or "")
        position = skip(position)
    return types


def leaf_columns(schema: Sequence[SchemaElement]) -> tuple[list[str], list[int], set[int]]:
    """Names of the top-level columns, the column that each leaf belongs to, and the columns that are flat."""
    names: list[str] = []
    owner: list[int] = []
    flat: set[int] = set()
    position = 1

    def descend(position: int, column: int) -> int:
        children = schema[position].children
        if not children:
            owner.append(column)
            return position + 1
        position += 1
        for _ in range(children):
            position = descend(position, column)
        return position

    for column in range(schema[0].children):
        names.append(schema[position].name)
        if not schema[position].children:
            flat.add(column)
        position = descend(position, column)
    return names, owner, flat


def _nested_nulls(connection: duckdb.DuckDBPyConnection, file: Path, nested: dict[int, str]) -> set[int]:
    """The nested columns that hold NULL themselves: a leaf's statistics also count NULLs inside, and empty lists."""
    if not nested:
        return set()
    tests = ", ".join(f"count(*) > count({identifier(name)})" for name in nested.values())
    found = connection.execute(f"SELECT {tests} FROM {read_parquet([str(file)])}").fetchall()[0]
    return {column for column, has_nulls in zip(nested, found, strict=True) if has_nulls}


def _hash(file: Path, leaves: Sequence[_Leaf], types: Sequence[str]) -> tuple[str, list[str]]:
    """The sha256 of the whole file and of each column's chunks; of a large file side by side."""
    if file.stat().st_size < _LARGE:
        data = memoryview(file.read_bytes())
        return hashlib.sha256(data).hexdigest(), _hash_columns(io.BytesIO(data), leaves, types)
    from concurrent.futures import ThreadPoolExecutor

    with file.open("rb") as whole, file.open("rb") as parts, ThreadPoolExecutor(max_workers=1) as pool:
        oid = pool.submit(hashlib.file_digest, whole, "sha256")
        hashes = _hash_columns(parts, leaves, types)
        return oid.result().hexdigest(), hashes


def _hash_columns(stream: BinaryIO, leaves: Sequence[_Leaf], types: Sequence[str]) -> list[str]:
    """Chunks lie one after the other; nested columns have several, which go to the same hash in file order."""
    parts = [hashlib.sha256(f"{kind}\n".encode()) for kind in types]
    for leaf in sorted(leaves, key=lambda leaf: leaf.start):
        stream.seek(leaf.start)
        left = leaf.length
        while left > 0 and (data := stream.read(min(left, _CHUNK))):
            parts[leaf.column].update(data)
            left -= len(data)
    return [part.hexdigest() for part in parts]


def _range(connection: duckdb.DuckDBPyConnection, path: str, leaf: int) -> tuple[str, str] | None:
    """First chunk's smallest and last chunk's largest value: exact for a column that the file is sorted by."""
    found = connection.execute(
        f"SELECT stats_min_value, stats_max_value FROM parquet_metadata({path}) "
        f"WHERE column_id = {leaf} AND stats_min_value IS NOT NULL AND stats_max_value IS NOT NULL "
        "ORDER BY row_group_id"
    ).fetchall()
    return (found[0][0], found[-1][1]) if found else None
