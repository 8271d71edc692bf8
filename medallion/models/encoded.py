"""Models and macros as plain lists for a cache, and back. Paths and texts are not in them: the files have those."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from medallion.models.annotations import Annotation
from medallion.models.check import AtMost, Check, Kind, Severity, check_name, probe_text, query_check
from medallion.models.model import Call, Macro, Model, Reference, SourceReference, TableFunction, Word
from medallion.names import TableName

__all__ = [
    "decode_check",
    "decode_macro",
    "decode_model",
    "encode_check",
    "encode_macro",
    "encode_model",
]

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
        [_encode_condition(check, model.name) for check in model.checks],
        *_encode_reads(model),
    ]


def decode_model(encoded: Encoded, name: TableName, path: str, text: str) -> Model:
    """The model that was encoded, in this file; any error of indexing or typing where the list is of another kind."""
    start, length, digest, description, columns, annotations, sources, checks, *reads = encoded
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
        checks=tuple(_decode_condition(entry, name, path, text) for entry in checks),
        **_decode_reads(reads),
    )


def encode_check(check: Check) -> Encoded:
    """A check that is a file of its own as a list of JSON values."""
    assert check.probe is not None  # noqa: S101 - it is that file
    return [check.severity, _encode_share(check.at_most), encode_model(check.probe)]


def decode_check(encoded: Encoded, path: str, text: str) -> Check:
    """The check that was encoded, in this file; errors as for a model."""
    severity, at_most, model = encoded
    probe = decode_model(model, TableName("checks", check_name(path)), path, text)
    return query_check(path, probe, Severity(severity), AtMost(*at_most) if at_most else None)


def _encode_condition(check: Check, name: TableName) -> Encoded:
    """A check that is an annotation of a model. Its SQL is bound to the dataset's name, so that is in it."""
    return [
        check.kind,
        check.text,
        check.severity,
        check.columns,
        check.offset,
        check.length,
        check.values,
        [check.sql_offset, len(check.sql)],
        [*check.to] if check.to else None,
        check.to_columns,
        _encode_share(check.at_most),
        [*name, encode_model(check.probe)] if check.probe else None,
    ]


def _decode_condition(encoded: Encoded, name: TableName, path: str, source: str) -> Check:
    kind, text, severity, columns, offset, length, values, (at, size), to, to_columns, at_most, probe = encoded
    check = Check(
        kind=Kind(kind),
        text=text,
        severity=Severity(severity),
        columns=tuple(columns),
        path=path,
        offset=offset,
        length=length,
        values=tuple(values),
        sql=source[at : at + size],
        sql_offset=at,
        to=TableName(*to) if to else None,
        to_columns=tuple(to_columns),
        at_most=AtMost(*at_most) if at_most else None,
    )
    if probe is None:
        return check
    *bound_to, model = probe
    if bound_to != [*name]:
        raise LookupError("the same text under another name")
    query, before = probe_text(check, name)
    found = decode_model([0, len(query), *model[2:]], name, path, query)
    return replace(check, probe=replace(found, text=source, sql_offset=check.sql_offset - before))


def _encode_share(at_most: AtMost | None) -> Encoded | None:
    return [at_most.number, at_most.percent] if at_most else None


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
