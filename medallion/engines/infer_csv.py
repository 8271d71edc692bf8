"""Infer a CSV: DuckDB guesses the dialect from a sample, all rows decide the types.

Three things that DuckDB 2.0 does in silence are kept from happening. A broken row makes its sniffer prefer a dialect
in which the row is not broken: another delimiter (then the table has one column), no quotes, or rows skipped. A
value of a late row is bent to the column's type: 1.5 to the BIGINT 2, 007 to 7, a time of day cut off a DATE. And
types inferred with ``sample_size = -1`` hold the whole file in memory.
"""

from __future__ import annotations

import codecs
import csv
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from medallion.engines.csv_errors import csv_error, encoding_error
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

# Words that stand for a missing value where a column otherwise holds numbers, dates or truth values.
_MISSING = ("NA", "N/A", "n/a", "#N/A", "NULL", "null", "None", "\\N")
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
                return precise
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
    names = _header(source, sniffed)
    fmt, types = _types(source, sniffed)
    return _proved(source, fmt, names, types)


def _head(path: Path, relative: str, encoding: str) -> str:
    try:
        with open_source(path) as file:
            start = file.read(_HEAD)
    except (OSError, EOFError) as error:
        raise unreadable(error, relative) from error
    if not encoding and start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        # DuckDB's sniffer takes its bytes for a table of some kind.
        raise encoding_error(path, relative) or SourceError("the file is not UTF-8", location=Location(relative))
    return start.decode(encoding or "utf-8", errors="replace").lstrip("\ufeff")


def _dialect(source: _Source) -> _Sniffed:
    import duckdb

    given = {"delim": "\t"} if source.kind is Kind.TSV else {}
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
        strict = _sniff(source, delim=plain.delimiter, quote='"', escape='"')
    except duckdb.Error as error:
        raise _broken(source, plain, error) from error
    if _dubious(strict, delimiter, source.head):
        raise _broken(source, plain, None)
    return strict


def _sniff(source: _Source, **options: str) -> _Sniffed:
    given = dict(options, nullstr=["", *_MISSING])
    if source.encoding:
        given["encoding"] = source.encoding
    arguments = "".join(f", {name} = {_value(value)}" for name, value in given.items())
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
            date_format=text["DateFormat"],
            timestamp_format=text["TimestampFormat"],
            encoding=source.encoding,
        ),
        tuple(column["type"] for column in found["Columns"]),
    )


def _value(value: str | Sequence[str]) -> str:
    return literal(value) if isinstance(value, str) else f"[{', '.join(literal(word) for word in value)}]"


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
        if line.strip() and not line.startswith("#") and (not title or sniffed.format.delimiter in line):
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


def _types(source: _Source, sniffed: _Sniffed) -> tuple[SourceFormat, list[str]]:
    """The types that every row fits without loss, and the words for missing values that this needs."""
    import duckdb

    fmt = sniffed.format
    columns = _texts(len(sniffed.types))
    table = model_text(exact(source.path), columns, replace(fmt, date_format="", timestamp_format=""))
    types = ["VARCHAR"] * len(columns)
    nulls: set[str] = set()
    waiting = {
        position: candidates
        for position, type_ in enumerate(sniffed.types)
        if (candidates := _candidates(type_, columns[position].alias, fmt))
    }
    while waiting:
        tests = [_test(columns[position].alias, candidates[0][1]) for position, candidates in waiting.items()]
        try:
            found = source.connection.execute(f"SELECT {', '.join(tests)} FROM (\n{table}\n)").fetchall()[0]
        except duckdb.Error as error:
            raise source.error(error) from error
        later = {}
        for (position, candidates), bits in zip(waiting.items(), found, strict=True):
            if (bits or 0) & (_FITS | _FITS_NOT) == _FITS:
                types[position] = candidates[0][0]
                nulls.update(word for bit, word in enumerate(_MISSING, 1) if bits & _FITS_NOT << bit)
            elif candidates[1:]:
                later[position] = candidates[1:]
        waiting = later
    return replace(fmt, nulls=tuple(sorted(nulls))), types


_FITS, _FITS_NOT = 1, 2


def _test(column: str, condition: str) -> str:
    """What a column holds, as bits: values that meet the condition, values that do not, each word for a missing one.

    One aggregate a column: DuckDB takes ten seconds and more to plan 500 columns with three each.
    """
    words = _value(_MISSING)
    return (
        f"bit_or(CASE WHEN {column} IS NULL THEN 0 WHEN {column} IN {words} "
        f"THEN {_FITS_NOT} << list_position({words}, {column}) "
        f"WHEN {condition} THEN {_FITS} ELSE {_FITS_NOT} END)"
    )


# What is written like this loses something as a number: it identifies something.
_NO_NUMBER = r"\s*([-+]?0[0-9].*|\+.*|.*_.*|[-+]?[0-9]{16,}\s*)"
_ZONE = r"(?i):[0-9.]+\s*(z|utc|[-+][0-9:]+)\s*$"
_TRUTH = ("true", "false", "t", "f", "yes", "no", "y", "n")


def _candidates(type_: str, column: str, fmt: SourceFormat) -> list[tuple[str, str]]:
    """Types to try, narrowest first, each with the SQL condition under which it keeps a value as it is written."""
    # What comes back as the same text was an integer: not 007, 1.5, 0x10, 1e3 or +1.
    integers = [
        (integer, f"try_cast({column} AS {integer})::VARCHAR IS NOT DISTINCT FROM trim({column})")
        for integer in ("BIGINT", "DECIMAL(38,0)")
    ]
    double = _parsed(column, "DOUBLE", "")
    if type_ in ("BIGINT", "INTEGER", "HUGEINT", "BIGNUM"):
        return [*integers, ("DOUBLE", f"({double} AND NOT regexp_full_match({column}, {literal(_NO_NUMBER)}))")]
    if type_ == "DOUBLE":
        return [("DOUBLE", f"({double} AND NOT regexp_full_match({column}, {literal(_NO_NUMBER)}))")]
    if type_ == "BOOLEAN":
        return [("BOOLEAN", f"lower(trim({column})) IN {_value(_TRUTH)}")]
    if type_ == "DATE":
        return [("DATE", _parsed(column, "DATE", fmt.date_format or "%Y-%m-%d"))]
    if type_ == "TIMESTAMP":
        # Read as a TIMESTAMP, 10:00+02:00 would be 10:00.
        no_zone = f"NOT regexp_matches({column}, {literal(_ZONE)})"
        return [
            ("TIMESTAMP", f"({_parsed(column, 'TIMESTAMP', fmt.timestamp_format)} AND {no_zone})"),
            ("TIMESTAMPTZ", _parsed(column, "TIMESTAMPTZ", fmt.timestamp_format)),
        ]
    if type_ == "TIMESTAMP WITH TIME ZONE":
        return [("TIMESTAMPTZ", _parsed(column, "TIMESTAMPTZ", fmt.timestamp_format))]
    return [("TIME", _parsed(column, "TIME", ""))] if type_ == "TIME" else []


def _parsed(column: str, type_: str, pattern: str) -> str:
    if pattern:
        return f"try_strptime({column}, {literal(pattern)}) IS NOT NULL"
    return f"try_cast({column} AS {type_}) IS NOT NULL"


def _proved(source: _Source, fmt: SourceFormat, names: tuple[str, ...], types: list[str]) -> Inferred:
    """Read the file as the model will; a column whose values the reader refuses after all is text."""
    import duckdb

    given = aliases(names)
    while True:
        kept = replace(
            fmt,
            date_format=fmt.date_format if "DATE" in types else "",
            timestamp_format=fmt.timestamp_format if any(t.startswith("TIMESTAMP") for t in types) else "",
            quote=fmt.quote or '"',
            escape=fmt.escape or '"',
        )
        columns = tuple(map(SourceColumn, names, types, given))
        try:
            rows = count_rows(source.connection, source.path, columns, kept)
        except duckdb.ConversionException as error:
            refused = re.search(r'Error when converting column "(.*?)"\.', str(error), re.DOTALL)
            if refused is None or refused[1] not in given or types[given.index(refused[1])] == "VARCHAR":
                raise source.error(error) from error
            types[given.index(refused[1])] = "VARCHAR"
        except duckdb.Error as error:
            raise source.error(error) from error
        else:
            return Inferred(kept, columns, rows, _notes(kept, rows))


def _notes(fmt: SourceFormat, rows: int) -> tuple[str, ...]:
    notes = []
    if rows == 0:
        notes.append("the file has a header and no rows: every column is VARCHAR")
    if not fmt.header:
        notes.append("the file has no header: its columns are numbered")
    if fmt.nulls:
        words = ", ".join(f'"{word}"' for word in fmt.nulls)
        notes.append(f"{words} is read as NULL, in every column")
    if fmt.skip:
        notes.append("the first line is skipped" if fmt.skip == 1 else f"the first {fmt.skip} lines are skipped")
    return tuple(notes)
