"""What a model may return: names that can be told apart, and types that Parquet holds as they are."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from medallion.errors import Location, ModelError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

    from medallion.models.model import Model

__all__ = ["check_names", "unfit_type"]

# Types that Parquet cannot hold as they are, and what to cast to: DuckDB would store another value without a word.
_UNFIT = {
    "hugeint": "DOUBLE, which changes large values: cast it to BIGINT or DECIMAL(38, 0)",
    "uhugeint": "DOUBLE, which changes large values: cast it to UBIGINT or DECIMAL(38, 0)",
    "bignum": "text: cast it to DECIMAL(38, 0) or VARCHAR",
    "interval": "milliseconds, which drops microseconds: cast it to BIGINT microseconds or VARCHAR",
    "time with time zone": "UTC, which drops the zone: cast it to TIME or VARCHAR",
    "bit": "text: cast it to VARCHAR or BLOB",
    "union": "a struct: choose one type for the column",
    "tuple": "a struct with invented names: name its fields, as in {'a': …, 'b': …}",
    "geometry": "another type: cast it to VARCHAR or BLOB",
}

# Python follows a type part by part, and other programs do, too.
_DEEPEST = 64


def check_names(model: Model, names: Sequence[str]) -> None:
    """Output names that Parquet and every reader can tell apart."""
    seen: dict[str, str] = {}
    for name in names:
        if not name.strip():
            raise ModelError("an output column has no name", location=Location(model.path), hint="name it with AS")
        other = seen.get(name.lower())
        if other is not None:
            what = f'two output columns are called "{name}"'
            if other != name:
                what = f'two output columns differ in case only: "{other}" and "{name}"'
            raise ModelError(
                what, location=Location(model.path), hint="rename one with AS: SQL does not tell them apart"
            )
        seen[name.lower()] = name
    for annotation in (a for a in model.annotations if a.word == "private" and a.column is None):
        absent = [column for column in annotation.names() if column.lower() not in seen]
        if absent:
            raise ModelError(
                f'@private names a column that the model does not have: "{absent[0]}"',
                location=model.locate(annotation.offset, len("@private")),
                hint=f"the columns are {', '.join(names)}",
            )
    for check in model.checks:
        absent = [column for column in check.columns if column.lower() not in seen]
        if absent:
            word = check.text.partition(" ")[0]
            raise ModelError(
                f'@{word} names a column that the model does not have: "{absent[0]}"',
                location=check.locate(model),
                hint=f"the columns are {', '.join(names)}",
            )


@functools.cache
def unfit_type(kind: str) -> str | None:
    """What Parquet would make of a type, where that is another type; nested types are looked into."""
    import duckdb

    def visit(found: duckdb.sqltypes.DuckDBPyType, depth: int) -> str | None:
        if depth > _DEEPEST:
            return "what few programs can read: nest it less deeply"
        if found.id in _UNFIT:
            return _UNFIT[found.id]
        if found.id in ("list", "array", "map", "struct"):
            for _, child in found.children:
                unfit = visit(child, depth + 1) if isinstance(child, duckdb.sqltypes.DuckDBPyType) else None
                if unfit:
                    return unfit
        return None

    return visit(duckdb.sqltype(kind), 0)
