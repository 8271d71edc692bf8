"""A bronze model as a person would write it, from a description of its source."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["Kind", "SourceColumn", "SourceFormat", "aliases", "model_text"]


class Kind(StrEnum):
    """What a source file holds."""

    CSV = "csv"
    TSV = "tsv"
    JSON = "json"
    JSONL = "jsonl"
    PARQUET = "parquet"


@dataclass(frozen=True, slots=True)
class SourceColumn:
    """A column of a source: the ``name`` the file gives it (empty where it gives none), its DuckDB ``type``, and
    the ``alias`` under which the model returns it.

    ``note`` is a sentence about it for the model's reader. ``parse`` is the strptime format of a date or timestamp
    in a CSV that is written otherwise than the format's own.
    """

    name: str
    type: str
    alias: str
    note: str = ""
    parse: str = ""


@dataclass(frozen=True, slots=True)
class SourceFormat:
    """How a source is to be read; what does not concern its ``kind`` keeps its default.

    ``layout`` is read_json's ``format``. ``by_key`` reads each JSON object whole and takes its values by key: the
    only way to tell ``"A"`` from ``"a"`` and to reach an empty key, as DuckDB's column names are case-insensitive.
    """

    kind: Kind
    delimiter: str = ","
    quote: str = '"'
    escape: str = '"'
    comment: str = ""
    header: bool = True
    skip: int = 0
    nulls: tuple[str, ...] = ()
    date_format: str = ""
    timestamp_format: str = ""
    decimal: str = ""
    thousands: str = ""
    encoding: str = ""
    layout: str = ""
    by_key: bool = False


# What DuckDB or sqlglot cannot read bare as a column's name; a test holds it against duckdb_keywords().
_RESERVED = frozenset({
    "all", "alter", "analyse", "analyze", "and", "anti", "any", "array", "as", "asc", "asof", "asymmetric", "at",
    "authorization", "between", "binary", "both", "by", "case", "cast", "check", "collate", "collation", "column",
    "concurrently", "constraint", "create", "cross", "current_date", "current_time", "current_timestamp",
    "current_user", "default", "deferrable", "desc", "describe", "distinct", "do", "drop", "else", "end", "except",
    "false", "fetch", "for", "force", "foreign", "freeze", "from", "full", "generated", "glob", "grant", "group",
    "having", "ilike", "in", "initially", "inner", "insert", "install", "intersect", "into", "is", "isnull", "join",
    "lambda", "lateral", "leading", "left", "like", "limit", "localtime", "localtimestamp", "map", "natural", "not",
    "notnull", "null", "offset", "on", "only", "or", "order", "outer", "overlaps", "pivot", "pivot_longer",
    "pivot_wider", "placing", "positional", "primary", "qualify", "references", "returning", "revoke", "right",
    "rollback", "select", "semi", "session_user", "show", "similar", "some", "struct", "summarize", "symmetric",
    "table", "tablesample", "then", "to", "trailing", "true", "try_cast", "union", "unique", "unpack", "unpivot",
    "user", "using", "variadic", "verbose", "when", "where", "window", "with"
})  # fmt: skip

_LONGEST = 63


def aliases(names: Iterable[str]) -> tuple[str, ...]:
    """A snake_case name for each column, no two of which differ only in case.

    ``Order ID`` → ``order_id``, ``orderId`` → ``order_id``, the empty name of the third column → ``column_3``;
    ``a``, ``A`` → ``a``, ``a_2``.
    """
    listed = list(names)
    wanted = [_snake(name) or f"column_{position}" for position, name in enumerate(listed, 1)]
    # A name that the file itself uses is left to the column that has it: a, a, a_2 → a, a_3, a_2.
    spoken_for = set(wanted)
    given: set[str] = set()
    result: list[str] = []
    for alias in wanted:
        unique, number = alias, 2
        while unique in given or (unique != alias and unique in spoken_for):
            unique, number = f"{alias}_{number}", number + 1
        given.add(unique)
        result.append(unique)
    return tuple(result)


def model_text(source: str, columns: Sequence[SourceColumn], fmt: SourceFormat) -> str:
    """The SQL of a bronze model that reads ``source`` (a path relative to the project's root), every column named and
    typed. DuckDB runs it verbatim.
    """
    selected = [_selected(column, fmt) for column in columns]
    commas = [f"    {text}," for text in selected[:-1]] + [f"    {text}" for text in selected[-1:]]
    notes = [_note(column, fmt) for column in columns]
    width = max((len(line) for line, note in zip(commas, notes, strict=True) if note), default=0)
    lines = [f"{line:<{width}}  -- {note}" if note else line for line, note in zip(commas, notes, strict=True)]
    return "\n".join([*_description(source), "SELECT", *lines, *_reader(source, columns, fmt), ""])


def _snake(name: str) -> str:
    text = unicodedata.normalize("NFKC", name)
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", text)
    text = re.sub(r"[\W_]+", "_", text.casefold()).strip("_")[:_LONGEST].rstrip("_")
    return f"column_{text}" if text[:1].isdigit() else text


def _description(source: str) -> list[str]:
    # A word that begins with @ would be read as an annotation, and a line break would end the comment.
    shown = source if source.isprintable() and "@" not in source else "the source"
    return [f"-- Rows of {shown}, as they came."]


def _note(column: SourceColumn, fmt: SourceFormat) -> str:
    return " ".join(filter(None, (_naming(column, fmt), column.note)))


def _naming(column: SourceColumn, fmt: SourceFormat) -> str:
    if not column.name:
        return "Without a name in the file." if fmt.header else ""
    if column.name == column.alias:
        return ""
    shown = json.dumps(column.name, ensure_ascii=not column.name.isprintable()).replace("@", "\\u0040")
    return f"Called {shown} in the file."


def _selected(column: SourceColumn, fmt: SourceFormat) -> str:
    alias = _name(column.alias)
    if fmt.kind in (Kind.CSV, Kind.TSV):
        parsed = f"strptime({alias}, {_literal(column.parse)})"
        if column.parse and column.type == "DATE":
            return f"CAST({parsed} AS DATE) AS {alias}"
        return f"{parsed} AS {alias}" if column.parse else alias
    if fmt.kind is Kind.PARQUET:
        return f"CAST({_name(column.name)} AS {column.type}) AS {alias}"
    if not fmt.by_key:
        return alias if column.name == column.alias else f"{_name(column.name)} AS {alias}"
    if column.type == "JSON":
        return f"json -> {_key(column.name)} AS {alias}"
    if column.type == "VARCHAR":
        return f"json ->> {_key(column.name)} AS {alias}"
    return f"CAST(json ->> {_key(column.name)} AS {column.type}) AS {alias}"


def _reader(source: str, columns: Sequence[SourceColumn], fmt: SourceFormat) -> list[str]:
    if fmt.kind is Kind.PARQUET:
        return [f"FROM read_parquet({_literal(source)})"]
    if fmt.kind in (Kind.JSON, Kind.JSONL):
        options = [
            "auto_detect = false",
            f"format = {_literal(fmt.layout)}",
            f"records = {str(not fmt.by_key).lower()}",
        ]
        schema = [("json", "JSON")] if fmt.by_key else [(c.name, c.type) for c in columns]
        function = "read_json"
    else:
        options = _csv_options(fmt)
        # Columns of a CSV go by position, so the reader itself can give them their new names.
        schema = [(c.alias, "VARCHAR" if c.parse else c.type) for c in columns]
        function = "read_csv"
    typed = [f"        {_literal(name)}: {_literal(type_)}" for name, type_ in schema]
    return [
        f"FROM {function}(",
        *(f"    {argument}," for argument in (_literal(source), *options)),
        "    columns = {",
        ",\n".join(typed),
        "    }",
        ")",
    ]


def _csv_options(fmt: SourceFormat) -> list[str]:
    options = [
        "auto_detect = false",
        f"header = {str(fmt.header).lower()}",
        f"delim = {_literal(fmt.delimiter)}",
        f"quote = {_literal(fmt.quote)}",
        f"escape = {_literal(fmt.escape)}",
    ]
    if fmt.skip:
        options.append(f"skip = {fmt.skip}")
    if fmt.nulls:
        options.append(f"nullstr = [{', '.join(_literal(word) for word in ('', *fmt.nulls))}]")
    texts = {
        "comment": fmt.comment,
        "dateformat": fmt.date_format,
        "timestampformat": fmt.timestamp_format,
        "decimal_separator": fmt.decimal,
        "thousands": fmt.thousands,
        "encoding": fmt.encoding,
    }
    return options + [f"{option} = {_literal(value)}" for option, value in texts.items() if value]


def _name(text: str) -> str:
    if re.fullmatch(r"[a-z_][a-z0-9_]*", text) and text not in _RESERVED:
        return text
    return '"' + text.replace('"', '""') + '"'


def _key(text: str) -> str:
    """A JSON key for ``->``: itself where it is plain, else a JSON pointer (RFC 6901)."""
    if re.fullmatch(r"[^\W\d]\w*", text):
        return _literal(text)
    return _literal("/" + text.replace("~", "~0").replace("/", "~1"))


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
