"""What DuckDB says about a broken CSV file, as an error with a place.

Written against the messages of DuckDB 2.0 and tested on real ones. They are only this good when the reader was told
everything (``auto_detect = false``); a failed sniff names no line.
"""

from __future__ import annotations

import codecs
import contextlib
import csv
import itertools
import re
from pathlib import Path
from typing import TYPE_CHECKING

from medallion.engines.source_files import open_source
from medallion.errors import Location, SourceError

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["csv_error", "encoding_error", "without_values"]

_LINE = re.compile(r"CSV Error on Line: (\d+)\n(?:Original Line: ?([^\n]*)\n)?")
_COUNT = re.compile(r"Expected Number of Columns: (\d+) Found: (\d+)")
_CAST = re.compile(r'Error when converting column "(.*?)"\. Could not convert string "(.*?)" to \'(.*?)\'', re.DOTALL)
_COMPRESSION = re.compile("Unexpected end of GZIP stream|Input is not a GZIP stream|Unknown frame descriptor")
_FILE = re.compile(r"^  file = (.*)$", re.MULTILINE)
_SNIFFED = re.compile(r'Error when sniffing file "(.*?)"\.')
_COLUMNS = re.compile(r"they contain: (\d+) columns")
_SNIFFED_LINES = 25_000  # DuckDB looks at 20,480 rows.
_LONGEST = 200


def csv_error(message: str, path: str = "", files: Collection[str] | None = None) -> SourceError | None:
    """The error behind a message of ``read_csv``, or None where it is about something else.

    ``path`` is how the file is called towards the user; without it, the file's name in the message. No file but
    those in ``files`` is looked into, unless that is None: a model can make up a message with error().
    """
    if not path:
        named = _FILE.search(message)
        path = named[1] if named else "the CSV file"
    if "not utf-8 encoded" in message:
        line = _LINE.search(message)
        return SourceError(
            "the file is not UTF-8", location=Location(path, int(line[1]) if line else 0), hint=_encoding()
        )
    if match := re.search(
        r"Unexpected end of GZIP stream|Input is not a GZIP stream|Unknown frame descriptor", message
    ):
        truncated = "end of" in match[0]
        return SourceError(
            "the compressed file is truncated" if truncated else "the file is not compressed as its name says",
            location=Location(path),
            hint="copy or download it again" if truncated else "rename it: .gz is gzip, .zst is zstd",
        )
    if "state machine reached an invalid state" in message:
        return SourceError(
            "the file's lines end in different ways, or quotes stand where they may not",
            location=Location(path),
            hint="give all lines the same end (dos2unix), or read it with strict_mode = false",
        )
    if line := _LINE.search(message):
        return _at_line(message, path, int(line[1]), (line[2] or "").rstrip("\r"))
    if (sniffed := _SNIFFED.search(message)) and (files is None or sniffed[1] in files):
        return _sniff_error(Path(sniffed[1]), sniffed[1], _COLUMNS.search(message))
    return None


def _sniff_error(file: Path, path: str, columns: re.Match[str] | None) -> SourceError:
    """DuckDB could not tell how the file is written and names no line: most often one has too many or few values."""
    expected = int(columns[1]) if columns else 0
    try:
        with open_source(file) as stream:
            lines = [line.decode(errors="replace") for line in itertools.islice(stream, _SNIFFED_LINES)]
    except (OSError, EOFError):
        lines = []
    first = next(csv.reader(lines[:1]), [])
    delimiter = next((d for d in ",;\t|" if len(next(csv.reader(lines[:1], delimiter=d), first)) == expected), None)
    if delimiter:
        rows = csv.reader(lines, delimiter=delimiter)
        with contextlib.suppress(csv.Error):
            for row in rows:
                if row and len(row) != expected:
                    what = f"Expected Number of Columns: {expected} Found: {len(row)}"
                    return _at_line(what, path, rows.line_num, lines[rows.line_num - 1].rstrip("\r\n"))
    return SourceError(
        "DuckDB cannot tell how this CSV file is written",
        location=Location(path),
        hint="say it in read_csv: delim, quote, header and columns, with auto_detect = false",
    )


def encoding_error(path: Path, relative: str) -> SourceError | None:
    """Where a file stops being UTF-8, by line and byte, and which encoding it may have; None when it is UTF-8.

    Reads the file once, in blocks.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    read = lines = 0
    with open_source(path) as file:
        start = block = file.read(1 << 20)
        while True:
            pending = len(decoder.getstate()[0])
            try:
                decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                offset, byte = read - pending + error.start, error.object[error.start]
                lines += error.object[: error.start].count(b"\n")
                break
            if not block:
                return None
            read += len(block)
            lines += block.count(b"\n")
            block = file.read(1 << 20)
    wide = start.startswith((b"\xff\xfe", b"\xfe\xff")) or start[:1000].count(0) > len(start[:1000]) // 4
    return SourceError(
        f"the file is not UTF-8: byte {offset + 1:,} (0x{byte:02x}) on line {lines + 1:,}",
        location=Location(relative, lines + 1),
        hint=_encoding("utf-16" if wide else "latin-1"),
    )


def without_values(error: SourceError) -> SourceError:
    """The error with its place, but neither the line nor a value of it."""
    place = error.location and Location(error.location.path, error.location.line, error.location.column)
    column = re.search(r'^".*" in column (.*) is no (.*)$', error.message, re.DOTALL)
    if column:
        return SourceError(
            f"(private) in column {column[1]} is no {column[2]}",
            location=place,
            hint="mend the value, or read the column as VARCHAR",
        )
    known = error.message.startswith(_SAFE)
    return SourceError(error.message if known else "the row cannot be read", location=place, hint=error.hint)


# How our own messages begin that hold no value.
_SAFE = ("the row has ", "a quote is opened", "the line is longer", "the file", "the compressed file", "DuckDB cannot")


def _encoding(likely: str = "latin-1") -> str:
    other = "utf-16" if likely == "latin-1" else "latin-1"
    return (
        f"say so in read_csv: encoding = '{likely}' (or '{other}'; DuckDB knows no other), "
        "or convert the file: iconv -f ENCODING -t UTF-8"
    )


def _at_line(message: str, path: str, line: int, text: str) -> SourceError:
    shown = text if len(text) <= _LONGEST else text[:_LONGEST] + "…"

    def at(column: int = 1, length: int = 0, note: str = "") -> Location:
        if column > len(shown):
            column, length = 1, len(shown)
        length = max(1, min(length or len(shown), len(shown) - column + 1))
        return Location(path, line, column if shown else 0, shown, length, note)

    if match := _COUNT.search(message):
        expected, found = int(match[1]), int(match[2])
        kind = "few" if found < expected else "many"
        return SourceError(
            f"the row has {found} {'value' if found == 1 else 'values'}, the table {expected} columns",
            location=at(note=f"too {kind} values"),
            hint="mend the line, or fill missing values with NULL: null_padding = true"
            if kind == "few"
            else "mend the line; a value that holds the delimiter must stand in quotes"
            + (", and nothing above the header" if expected == 1 else ""),
        )
    if "unterminated quote" in message:
        column = shown.find('"') + 1
        return SourceError(
            "a quote is opened and not closed as it should be",
            location=at(column or 1, 1, "the value that begins here") if column else at(),
            hint="close it; a quote inside of a quoted value is written twice",
        )
    if match := _CAST.search(message):
        name, value, type_ = match.groups()
        column = shown.find(value) + 1 if value else 0
        return SourceError(
            f'"{value}" in column {name} is no {type_}',
            location=at(column or 1, len(value) if column else 0),
            hint=f"mend the value, read the column as VARCHAR, or read the word as NULL: nullstr = ['', '{value}']",
        )
    reason = re.sub(r"^(Original Line|Possible|CSV Error).*|.*CSV Error on Line.*", "", message, flags=re.MULTILINE)
    lines = [part.strip() for part in reason.splitlines() if part.strip() and part.strip() != text.strip()]
    if "maximum line size" in message.lower():
        return SourceError(
            "the line is longer than DuckDB reads", location=at(), hint="raise max_line_size in read_csv (in bytes)"
        )
    return SourceError(lines[0] if lines else "the row cannot be read", location=at())
