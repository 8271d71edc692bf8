"""What inference finds out, and what its formats share."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from medallion.engines.sql import identifier
from medallion.models.scaffold import SourceColumn, SourceFormat, model_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import duckdb
    from duckdb.sqltypes import DuckDBPyType

__all__ = ["Inferred", "count_rows", "exact", "storable"]


@dataclass(frozen=True, slots=True)
class Inferred:
    """A source: how it is read, its columns, how many ``rows`` it holds (all were read), and ``notes``: sentences
    about what a person may want to look at.
    """

    format: SourceFormat
    columns: tuple[SourceColumn, ...]
    rows: int
    notes: tuple[str, ...] = ()


def exact(path: Path) -> str:
    """The path as DuckDB must be told, which takes ``*``, ``?`` and ``[`` for patterns."""
    return re.sub(r"[*?\[]", r"[\g<0>]", str(path))


def count_rows(
    connection: duckdb.DuckDBPyConnection, path: Path, columns: Sequence[SourceColumn], fmt: SourceFormat
) -> int:
    """Run the model that will be written over the whole file, every value of it; a ``duckdb.Error`` says it cannot."""
    model = model_text(exact(path), columns, fmt)
    # count(*) alone would let the reader skip the values.
    values = ", ".join(f"bit_xor(hash({identifier(column.alias)}))" for column in columns)
    row = connection.execute(f"SELECT count(*), {values} FROM (\n{model}\n)").fetchall()[0]
    return int(row[0])


_SCALARS = {
    '"NULL"': "VARCHAR",
    "BIGNUM": "VARCHAR",
    "HUGEINT": "DECIMAL(38,0)",
    "INTERVAL": "VARCHAR",
    "TIME WITH TIME ZONE": "VARCHAR",
    "TIMESTAMP WITH TIME ZONE": "TIMESTAMPTZ",
}


def storable(type_: DuckDBPyType) -> str:
    """The name of a type in which Parquet keeps its values, also deep inside: it would store a HUGEINT as DOUBLE.

    The type of what is always NULL is VARCHAR.
    """
    name = str(type_)
    if type_.id == "struct":
        return f"STRUCT({', '.join(f'{identifier(field)} {child}' for field, child in _children(type_))})"
    if type_.id in ("list", "array"):
        return f"{_children(type_)[0][1]}{name[name.rindex('[') :]}"
    if type_.id == "map":
        return f"MAP({', '.join(child for _, child in _children(type_))})"
    return "VARCHAR" if type_.id == "geometry" else _SCALARS.get(name, name)


def _children(type_: DuckDBPyType) -> list[tuple[str, str]]:
    # A DECIMAL's children are numbers, an ENUM's are texts; those are asked of neither.
    return [(name, storable(child)) for name, child in type_.children if not isinstance(child, int | list)]
