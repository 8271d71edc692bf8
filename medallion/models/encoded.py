"""Models and macros as plain lists for a cache, and back. Paths and texts are not in them: the files have those."""

from __future__ import annotations

from typing import Any

from medallion.models.annotations import Annotation
from medallion.models.model import Call, Macro, Model, Reference, SourceReference, TableFunction, Word
from medallion.names import TableName

__all__ = ["decode_macro", "decode_model", "encode_macro", "encode_model"]

Encoded = list[Any]


def encode_model(model: Model) -> Encoded:
    """The model as a list of JSON values."""
    return [
        model.sql_offset,
        len(model.sql),
        model.digest,
        model.description,
        dict(model.columns),
        [[a.word, a.argument, a.column, a.offset] for a in model.annotations],
        [[s.path, s.offset, s.length] for s in model.sources],
        *_encode_reads(model),
    ]


def decode_model(encoded: Encoded, name: TableName, path: str, text: str) -> Model:
    """The model that was encoded, in this file; any error of indexing or typing where the list is of another kind."""
    start, length, digest, description, columns, annotations, sources, *reads = encoded
    return Model(
        name=name,
        path=path,
        text=text,
        sql=text[start : start + length],
        sql_offset=start,
        digest=digest,
        description=description,
        columns=columns,
        annotations=tuple(Annotation(*entry) for entry in annotations),
        sources=tuple(SourceReference(*entry) for entry in sources),
        **_decode_reads(reads),
    )


def encode_macro(macro: Macro) -> Encoded:
    """The macro as a list of JSON values."""
    return [macro.name, macro.offset, len(macro.sql), macro.digest, *_encode_reads(macro)]


def decode_macro(encoded: Encoded, path: str, text: str) -> Macro:
    """The macro that was encoded, in this file; errors as for a model."""
    name, start, length, digest, *reads = encoded
    return Macro(
        name=name,
        path=path,
        text=text,
        sql=text[start : start + length],
        offset=start,
        digest=digest,
        **_decode_reads(reads),
    )


def _encode_reads(holder: Model | Macro) -> Encoded:
    return [
        [[r.name.layer, r.name.name, r.offset, r.length] for r in holder.datasets],
        [[f.name, f.offset, f.length] for f in holder.table_functions],
        [[c.name, c.offset] for c in holder.calls],
        sorted(holder.variables),
        [[w.raw, w.start] for w in holder.volatile_at],
        None if holder.names is None else sorted(holder.names),
    ]


def _decode_reads(encoded: Encoded) -> dict[str, Any]:
    """What a model and a macro have in common, by the names of their fields."""
    datasets, functions, calls, variables, volatile, names = encoded
    return {
        "datasets": tuple(Reference(TableName(layer, name), *place) for layer, name, *place in datasets),
        "table_functions": tuple(TableFunction(*entry) for entry in functions),
        "calls": tuple(Call(*entry) for entry in calls),
        "variables": frozenset(variables),
        "volatile_at": tuple(Word(*entry) for entry in volatile),
        "names": None if names is None else frozenset(names),
    }
