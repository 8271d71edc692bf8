"""What a source file holds: its format, its columns and their types, from all of its rows."""

from __future__ import annotations

import re
from contextlib import closing
from typing import TYPE_CHECKING

from medallion.engines.infer_csv import infer_csv
from medallion.engines.infer_json import infer_json
from medallion.engines.inferred import Inferred, count_rows, exact, storable
from medallion.engines.source_files import check_whole
from medallion.engines.sql import literal
from medallion.errors import Location, SourceError
from medallion.models.scaffold import Kind, SourceColumn, SourceFormat, aliases

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

__all__ = ["Inferred", "infer", "kind_of"]

_KINDS = {
    ".csv": Kind.CSV,
    ".txt": Kind.CSV,
    ".tsv": Kind.TSV,
    ".json": Kind.JSON,
    ".jsonl": Kind.JSONL,
    ".ndjson": Kind.JSONL,
    ".parquet": Kind.PARQUET,
}
_COMPRESSED = (".gz", ".zst")
_POINTER = b"version https://git-lfs.github.com/spec/"


def kind_of(path: Path) -> Kind | None:
    """What a file's name says it holds, or None; text formats may be compressed (.gz, .zst)."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in _COMPRESSED:
        kind = _KINDS.get(suffixes[-2]) if len(suffixes) > 1 else None
        return None if kind is Kind.PARQUET else kind
    return _KINDS.get(suffixes[-1]) if suffixes else None


def infer(path: Path, relative: str, *, encoding: str = "") -> Inferred:
    """Describe the file at ``path``, which the model and messages call ``relative``.

    Every row is read, with the very reader that the model will use, so that a late row cannot break the build.
    ``encoding`` is DuckDB's word for a CSV that is not UTF-8: ``latin-1`` or ``utf-16``.

    Raises ``SourceError`` with the place in the file and what to do.
    """
    import duckdb

    kind = _check(path, relative)
    with closing(duckdb.connect()) as connection:
        connection.execute("SET TimeZone = 'UTC'; SET autoinstall_known_extensions = false")
        if kind is Kind.PARQUET:
            return _infer_parquet(connection, path, relative)
        if kind in (Kind.JSON, Kind.JSONL):
            return infer_json(connection, path, relative, kind)
        return infer_csv(connection, path, relative, kind, encoding)


def _check(path: Path, relative: str) -> Kind:
    place = Location(relative)
    if path.is_dir():
        raise SourceError("this is a folder", location=place, hint="name one file in it")
    if any(character in relative for character in "*?["):
        raise SourceError("the file's name holds a character of a pattern: * ? [", location=place, hint="rename it")
    try:
        with path.open("rb") as file:
            start = file.read(1024)
    except FileNotFoundError as error:
        raise SourceError("there is no such file", location=place) from error
    except OSError as error:
        raise SourceError(f"the file cannot be read: {error.strerror}", location=place) from error
    if start.startswith(_POINTER):
        raise SourceError(
            "only a Git LFS pointer is here", location=place, hint=f'fetch it: git lfs pull --include "{relative}"'
        )
    kind = kind_of(path)
    if kind is None:
        raise SourceError(
            "the file's name ends in no format that bronze reads",
            location=place,
            hint="known are .csv, .tsv, .json, .jsonl or .parquet (text formats also .gz or .zst)",
        )
    if not start:
        raise SourceError("the file is empty", location=place)
    check_whole(path, relative)
    return kind


def _infer_parquet(connection: duckdb.DuckDBPyConnection, path: Path, relative: str) -> Inferred:
    import duckdb

    try:
        relation = connection.sql(f"FROM read_parquet({literal(exact(path))}, hive_partitioning = false)")
        names = relation.columns
        types = [storable(type_) for type_ in relation.types]
        notes = _parquet_notes(connection, path, relation)
        columns = tuple(map(SourceColumn, names, types, aliases(names), map(notes.get, names, [""] * len(names))))
        fmt = SourceFormat(Kind.PARQUET)
        rows = count_rows(connection, path, columns, fmt)
    except duckdb.Error as error:
        what = f"cannot be read: {str(error).splitlines()[0].replace(exact(path), relative)}"
        if re.search(r"magic bytes|too small to be a Parquet", str(error)):
            what = "is truncated, or no Parquet file"
        raise SourceError(f"the file {what}", location=Location(relative), hint="copy or download it again") from error
    return Inferred(
        fmt, columns, rows, tuple(f"{c.alias}: {c.note[:1].lower()}{c.note[1:-1]}" for c in columns if c.note)
    )


def _parquet_notes(
    connection: duckdb.DuckDBPyConnection, path: Path, relation: duckdb.DuckDBPyRelation
) -> dict[str, str]:
    """What a person has to know of a column that DuckDB or the dataset does not hold as the file does."""
    notes = {
        name: f"Kept as text: the file has {type_}, which a dataset cannot hold."
        for name, type_ in zip(relation.columns, relation.types, strict=True)
        if storable(type_) == "VARCHAR" and type_.id in ("interval", "geometry", "time with time zone")
    }
    wide = "SELECT name, precision, scale FROM parquet_schema(?) WHERE converted_type = 'DECIMAL' AND precision > 38"
    for name, precision, scale in connection.execute(wide, [exact(path)]).fetchall():
        told = f"The file has DECIMAL({precision},{scale}); DuckDB reads it as DOUBLE, exact to 15 digits."
        notes[name] = told
    return notes
