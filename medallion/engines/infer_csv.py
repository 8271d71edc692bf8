"""Infer a CSV: DuckDB guesses the dialect from a sample, all rows decide the types.

What DuckDB 2.0 does in silence is kept from happening. A broken row makes its sniffer prefer a dialect in which the
row is not broken: another delimiter (then the table has one column), no quotes, or rows skipped. A value of a late
row is bent to the column's type: 1.5 to the BIGINT 2, 007 to 7, a time of day cut off a DATE. Types inferred with
``sample_size = -1`` hold the whole file in memory. And of several ways to read a date or a number it takes one.
"""

from __future__ import annotations

import codecs
import csv
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from medallion.engines.csv_errors import csv_error, encoding_error
from medallion.engines.infer_types import MISSING, Typed, find_types, list_of
from medallion.engines.inferred import Inferred, count_rows, exact
from medallion.engines.source_files import open_source, unreadable
from medallion.engines.sql import literal
from medallion.errors import Location, SourceError
from medallion.models.scaffold import Kind, SourceColumn, SourceFormat, aliases, model_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import duckdb

__all__ = ["infer_csv"]

_DELIMITERS = (",", ";", "\t", "|")
_HEAD = 1 << 16


@dataclass(frozen=True, slots=True)
class _Sniffed:
    """DuckDB's guess from a sample."""

    format: SourceFormat
    types: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Source:
    """One file under inspection; ``head`` is its beginning as text."""

    connection: duckdb.DuckDBPyConnection
    path: Path
    relative: str
    kind: Kind
    encoding: str
    head: str

    def error(self, error: Exception) -> SourceError:
        """What DuckDB said about this file."""
        message = str(error)
        if "not utf-8 encoded" in message:
            precise = encoding_error(self.path, self.relative)
            if precise:
                return _told_apart(precise)
        known = csv_error(message, self.relative)
        if known:
            return known
        return SourceError(message.splitlines()[0].replace(exact(self.path), self.relative), location=self.place)

    @property
    def place(self) -> Location:
        return Location(self.relative)


def infer_csv(
    connection: duckdb.DuckDBPyConnection, path: Path, relative: str, kind: Kind, encoding: str = ""
) -> Inferred:
    """Describe a CSV or TSV file; ``SourceError`` says which line of it is broken, and how."""
    source = _Source(connection, path, relative, kind, encoding, _head(path, relative, encoding))
    if not source.head.strip():
        raise SourceError("the file is empty", location=source.place)
    sniffed = _dialect(source)
    return _proved(source, _header(source, sniffed), _types(source, sniffed))


def _head(path: Path, relative: str, encoding: str) -> str:
    try:
        with open_source(path) as file:
            start = file.read(_HEAD)
    except (OSError, EOFError) as error:
        raise unreadable(error, relative) from error
    if not encoding and start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        # DuckDB's sniffer takes its bytes for a table of some kind.
        raise _told_apart(encoding_error(path, relative) or SourceError("the file is not UTF-8"))
    return start.decode(encoding or "utf-8", errors="replace").lstrip("\ufeff")


def _told_apart(error: SourceError) -> SourceError:
    """The error of an encoding, with the option of `medallion add` in place of read_csv's."""
    hint = re.sub(
        r"^say so in read_csv: encoding = '(.*?)' \(or '(.*?)'", r"add it with --encoding \1 (or \2", error.hint
    )
    return SourceError(error.message, location=error.location, hint=hint)


def _dialect(source: _Source) -> _Sniffed:
    import duckdb

    given = {"delim": "\t"} if source.kind is Kind.TSV else {}
    if told := re.match(r"sep=(.)\r?\n", source.head):  # Excel's own first line.
        given = {"delim": told[1], "skip": "1"}
    delimiter = given.get("delim") or _delimiter(source.head)
    try:
        free = _sniff(source, **given)
    except duckdb.Error:
        free = None
    if free and not _dubious(free, delimiter, source.head):
        if free.format.quote:
            return free
        delimiter = free.format.delimiter
    # The standard way to quote, unless the file proves that it has another: so a quote that is never closed is an
    # error, not a value.
    plain = SourceFormat(source.kind, delimiter or ",", encoding=source.encoding)
    try:
        strict = _sniff(source, **given | {"delim": plain.delimiter, "quote": '"', "escape": '"'})
    except duckdb.Error as error:
        raise _broken(source, plain, error) from error
    if _dubious(strict, delimiter, source.head):
        raise _broken(source, plain, None)
    return strict


def _sniff(source: _Source, **options: str) -> _Sniffed:
    given = dict(options, encoding=source.encoding) if source.encoding else options
    arguments = f", nullstr = {list_of(['', *MISSING])}"
    arguments += "".join(f", {name} = {literal(value)}" for name, value in given.items())
    cursor = source.connection.execute(f"FROM sniff_csv({literal(exact(source.path))}{arguments})")
    names = [column[0] for column in cursor.description or ()]
    found: dict[str, Any] = dict(zip(names, cursor.fetchall()[0], strict=True))
    text = {key: "" if value in ("(empty)", None) else str(value) for key, value in found.items()}
    quote = text["Quote"]
    return _Sniffed(
        SourceFormat(
            kind=source.kind,
            delimiter=text["Delimiter"],
            quote=quote,
            escape=text["Escape"] or quote,
            comment=text["Comment"],
            header=found["HasHeader"],
            skip=found["SkipRows"],
            encoding=source.encoding,
        ),
        tuple(column["type"] for column in found["Columns"]),
    )


def _lines(head: str) -> list[str]:
    return re.split(r"\r\n|\n|\r", head)


def _delimiter(head: str) -> str:
    """The delimiter that the first line uses most, outside of quotes; empty where it uses none."""
    first = next((line for line in _lines(head) if line.strip() and not line.startswith("#")), "")
    bare = re.sub(r'"[^"]*"', "", first)
    best = max(_DELIMITERS, key=bare.count)
    return best if best in bare else ""


def _dubious(sniffed: _Sniffed, delimiter: str, head: str) -> bool:
    """Whether the guess explains a broken row away."""
    skipped = _lines(head)[: sniffed.format.skip]
    # Comments, and a title above an empty line, may be skipped; anything else is a header or a row.
    title = bool(skipped) and not skipped[-1].strip()
    for line in skipped:
        if line.strip() and not line.startswith(("#", "sep=")) and (not title or sniffed.format.delimiter in line):
            return True
    return bool(delimiter) and not skipped and sniffed.format.delimiter != delimiter


def _broken(source: _Source, fmt: SourceFormat, error: Exception | None) -> SourceError:
    """Which row is broken: read the file with the columns of its first line, and DuckDB says so."""
    import duckdb

    first = next(csv.reader([line for line in _lines(source.head) if line.strip()], delimiter=fmt.delimiter))
    try:
        count_rows(source.connection, source.path, _texts(len(first)), fmt)
    except duckdb.Error as precise:
        return source.error(precise)
    if error:
        return source.error(error)
    return SourceError(
        "it is not clear where the table begins: the first lines have another number of values than the rest",
        location=source.place,
        hint="take away what stands before the header, or write the model by hand with skip = …",
    )


def _texts(count: int) -> tuple[SourceColumn, ...]:
    """As many columns of text, named by their position."""
    return tuple(SourceColumn("", "VARCHAR", f"c{position}") for position in range(count))


def _header(source: _Source, sniffed: _Sniffed) -> tuple[str, ...]:
    """The names as the file has them: DuckDB itself would make ``a,a`` unique and name what has no name."""
    import duckdb

    if not sniffed.format.header:
        return ("",) * len(sniffed.types)
    query = model_text(exact(source.path), _texts(len(sniffed.types)), replace(sniffed.format, header=False))
    try:
        rows = source.connection.execute(f"{query} LIMIT 1").fetchall()
    except duckdb.Error as error:
        raise source.error(error) from error
    return tuple("" if name is None else str(name).strip() for name in rows[0])


def _types(source: _Source, sniffed: _Sniffed) -> Typed:
    import duckdb

    columns = _texts(len(sniffed.types))
    table = model_text(exact(source.path), columns, sniffed.format)

    def ask(expressions: Sequence[str], clause: str) -> Sequence[tuple[Any, ...]]:
        try:
            return source.connection.execute(f"SELECT {', '.join(expressions)} FROM (\n{table}\n) {clause}").fetchall()
        except duckdb.Error as error:
            raise source.error(error) from error

    return find_types(ask, [column.alias for column in columns], sniffed.types, sniffed.format)


def _proved(source: _Source, names: tuple[str, ...], found: Typed) -> Inferred:
    """Read the file as the model will; a column whose values the reader refuses after all is text."""
    import duckdb

    given = aliases(names)
    fmt = replace(found.format, quote=found.format.quote or '"', escape=found.format.escape or '"')
    while True:
        columns = tuple(
            SourceColumn(name, type_, alias, found.notes.get(position, ""), found.parse.get(position, ""))
            for position, (name, type_, alias) in enumerate(zip(names, found.types, given, strict=True))
        )
        kept = replace(
            fmt,
            date_format=fmt.date_format if "DATE" in found.types else "",
            timestamp_format=fmt.timestamp_format if any(t.startswith("TIMESTAMP") for t in found.types) else "",
        )
        try:
            rows = count_rows(source.connection, source.path, columns, kept)
        except duckdb.ConversionException as error:
            refused = re.search(r'Error when converting column "(.*?)"\.', str(error), re.DOTALL)
            if refused is None or refused[1] not in given or found.types[given.index(refused[1])] == "VARCHAR":
                raise source.error(error) from error
            position = given.index(refused[1])
            found.types[position] = "VARCHAR"
            found.notes.pop(position, None)
        except duckdb.Error as error:
            raise source.error(error) from error
        else:
            return Inferred(kept, columns, rows, (*_notes(kept, rows), *found.said, *_doubts(columns)))


def _doubts(columns: Sequence[SourceColumn]) -> list[str]:
    return [
        f"{column.alias}: {column.note[:1].lower()}{column.note[1:].rstrip('.')}" for column in columns if column.note
    ]


def _notes(fmt: SourceFormat, rows: int) -> tuple[str, ...]:
    notes = []
    if rows == 0:
        notes.append("the file has a header and no rows: every column is VARCHAR")
    if not fmt.header:
        notes.append("the file has no header: its columns are numbered")
    if fmt.nulls:
        words = ", ".join(f'"{word}"' for word in fmt.nulls)
        notes.append(f"{words} {'is' if len(fmt.nulls) == 1 else 'are'} read as NULL, in every column")
    if fmt.skip:
        notes.append("the first line is skipped" if fmt.skip == 1 else f"the first {fmt.skip} lines are skipped")
    return tuple(notes)
