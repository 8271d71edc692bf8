"""Infer JSON: an array of objects, or objects one after the other, as columns of explicit types."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from medallion.engines.csv_errors import encoding_error
from medallion.engines.inferred import Inferred, count_rows, exact, storable
from medallion.engines.source_files import open_source, unreadable
from medallion.engines.sql import literal
from medallion.errors import Location, SourceError
from medallion.models.scaffold import Kind, SourceColumn, SourceFormat, aliases, model_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import duckdb

__all__ = ["infer_json"]


def infer_json(connection: duckdb.DuckDBPyConnection, path: Path, relative: str, kind: Kind) -> Inferred:
    """Describe a file of JSON objects; ``SourceError`` says where it is no JSON, or holds something else."""
    import duckdb

    fmt = SourceFormat(kind, layout=_layout(path, relative))
    try:
        if fmt.layout == "newline_delimited" and not _is_lines(connection, path):
            fmt = SourceFormat(kind, layout="unstructured")
        keys = _keys(connection, path, relative, fmt)
        return _by_columns(connection, path, fmt, keys) or _by_key(connection, path, fmt, keys)
    except duckdb.Error as error:
        raise _fault(path, relative, fmt, str(error)) from error


def _layout(path: Path, relative: str) -> str:
    try:
        with open_source(path) as file:
            start = file.read(1 << 16).removeprefix(b"\xef\xbb\xbf").lstrip()
    except (OSError, EOFError) as error:
        raise unreadable(error, relative) from error
    if not start:
        raise SourceError("the file is empty", location=Location(relative))
    return "array" if start.startswith(b"[") else "newline_delimited"


def _whole(path: Path, fmt: SourceFormat) -> str:
    """A query for the objects themselves, one row each, in a column ``json``."""
    whole = SourceFormat(fmt.kind, layout=fmt.layout, by_key=True)
    text = model_text(exact(path), [SourceColumn("json", "JSON", "json")], whole)
    return text[text.index("FROM ") :]


def _is_lines(connection: duckdb.DuckDBPyConnection, path: Path) -> bool:
    """Whether each line is an object of its own; else they are spread over lines, as a pretty printer does."""
    import duckdb

    lines = SourceFormat(Kind.JSONL, layout="newline_delimited")
    spread = SourceFormat(Kind.JSONL, layout="unstructured")
    try:
        connection.execute(f"SELECT count(json) {_whole(path, lines)}").fetchall()
    except duckdb.Error:
        try:
            connection.execute(f"SELECT count(json) {_whole(path, spread)}").fetchall()
        except duckdb.Error:
            return True  # It is broken either way, and a line says more.
        return False
    return True


def _keys(connection: duckdb.DuckDBPyConnection, path: Path, relative: str, fmt: SourceFormat) -> list[str]:
    whole = _whole(path, fmt)
    kinds = dict(connection.execute(f"SELECT json_type(json), count(*) {whole} GROUP BY 1 ORDER BY 1").fetchall())
    other = sorted(str(kind).lower() for kind in kinds if kind != "OBJECT")
    if other:
        raise SourceError(
            f"not every value is an object: {', '.join(other)}",
            location=Location(relative),
            hint='a table is read from objects, as in {"id": 1, "name": "a"}: one a line, or in one array',
        )
    query = f"""
        SELECT key, min(row), min(place)
        FROM (
            SELECT row, unnest(keys) AS key, generate_subscripts(keys, 1) AS place
            FROM (SELECT row_number() OVER () AS row, json_keys(json) AS keys {whole})
        )
        GROUP BY key
        ORDER BY 2, 3
    """
    keys = [str(key) for key, _, _ in connection.execute(query).fetchall()]
    if not keys:
        raise SourceError("the file holds no values", location=Location(relative))
    return keys


def _by_columns(
    connection: duckdb.DuckDBPyConnection, path: Path, fmt: SourceFormat, keys: list[str]
) -> Inferred | None:
    """Columns as DuckDB infers them from all rows; None where its names cannot tell the keys apart."""
    import duckdb

    if len({key.lower() for key in keys}) < len(keys) or "" in keys:
        return None
    # With many or rare keys DuckDB makes one MAP of the whole row; columns are what a table is about.
    for options in ("", ", records = true, map_inference_threshold = -1, field_appearance_threshold = 0"):
        try:
            relation = connection.sql(
                f"FROM read_json({literal(exact(path))}, format = {literal(fmt.layout)}, sample_size = -1, "
                f"hive_partitioning = false{options})"
            )
        except duckdb.NotImplementedException:
            return None  # Keys inside of a nested object differ only in case.
        if set(relation.columns) == set(keys):
            break
    else:
        return None
    types = dict(zip(relation.columns, (storable(type_) for type_ in relation.types), strict=True))
    for key in _long_integers(connection, path, fmt, [key for key in keys if types[key] == "DOUBLE"]):
        types[key] = "DECIMAL(38,0)"
    columns = tuple(map(SourceColumn, keys, (types[key] for key in keys), aliases(keys)))
    return Inferred(fmt, columns, count_rows(connection, path, columns, fmt))


def _long_integers(connection: duckdb.DuckDBPyConnection, path: Path, fmt: SourceFormat, keys: list[str]) -> list[str]:
    """Those of the keys that hold integers only: DuckDB takes 12345678901234567890123 for a DOUBLE."""
    if not keys:
        return []
    pointers = [literal("/" + key.replace("~", "~0").replace("/", "~1")) for key in keys]
    tests = ", ".join(f"bool_and(regexp_full_match(json ->> {pointer}, '-?[0-9]{{1,38}}'))" for pointer in pointers)
    found = connection.execute(f"SELECT {tests} {_whole(path, fmt)}").fetchall()[0]
    return [key for key, whole in zip(keys, found, strict=True) if whole]


_STRUCTURE = {"UBIGINT": "BIGINT", "HUGEINT": "DECIMAL(38,0)", "UHUGEINT": "DECIMAL(38,0)", "NULL": "VARCHAR"}


def _by_key(connection: duckdb.DuckDBPyConnection, path: Path, fmt: SourceFormat, keys: list[str]) -> Inferred:
    """Columns taken out of the objects by their exact keys; what is nested stays JSON."""
    import duckdb

    found = connection.execute(f"SELECT json_group_structure(json) {_whole(path, fmt)}").fetchall()[0][0]
    structure = json.loads(found)
    types = [_STRUCTURE.get(t, t) if isinstance(t := structure[key], str) else "JSON" for key in keys]
    by_key = SourceFormat(fmt.kind, layout=fmt.layout, by_key=True)
    note = "some keys are empty or differ only in case: values are taken by exact key, and what is nested stays JSON"

    def described() -> Inferred:
        columns = tuple(map(SourceColumn, keys, types, aliases(keys)))
        return Inferred(by_key, columns, count_rows(connection, path, columns, by_key), (note,))

    try:
        return described()
    except duckdb.ConversionException:
        # A number over 2^63: DuckDB's structure says UBIGINT of all that are not negative.
        types = ["DECIMAL(38,0)" if type_ == "BIGINT" else type_ for type_ in types]
        return described()


def _fault(path: Path, relative: str, fmt: SourceFormat, message: str) -> SourceError:
    """Where the file is no JSON. DuckDB's own line is one too high, and it gives no column."""
    if "GZIP" in message or "Unknown frame" in message:
        return SourceError(
            "the compressed file is truncated, or not compressed as its name says",
            location=Location(relative),
            hint="copy or download it again",
        )
    if encoding := encoding_error(path, relative):
        return SourceError(encoding.message, location=encoding.location, hint="JSON is UTF-8: convert it with iconv")
    for line, text in _documents(path, fmt):
        try:
            json.loads(text)
        except json.JSONDecodeError as error:
            place = Location.at(relative, text, error.pos)
            moved = Location(relative, line + place.line - 1, place.column, place.text[:200], 1)
            return SourceError(f"this is no JSON: {error.msg[:1].lower()}{error.msg[1:]}", location=moved)
    duplicate = re.search(r"in (line|record/value) (\d+): Object .* has duplicate key (.*)", message)
    if duplicate:
        line = int(duplicate[2]) if duplicate[1] == "line" else 0
        which = "the object" if line else f"object {duplicate[2]}"
        return SourceError(
            f"{which} has the key {duplicate[3]} twice", location=Location(relative, line), hint="rename or drop one"
        )
    return SourceError(message.splitlines()[0].replace(exact(path), relative), location=Location(relative))


def _documents(path: Path, fmt: SourceFormat) -> Iterator[tuple[int, str]]:
    """The texts that must be JSON, each with the line on which it begins."""
    with open_source(path) as file:
        if fmt.layout == "array":
            yield 1, file.read().decode("utf-8-sig")
        elif fmt.layout == "newline_delimited":
            for number, line in enumerate(file, 1):
                text = line.decode("utf-8-sig").rstrip("\r\n")
                if text.strip():
                    yield number, text
