"""A Parquet file as a few lines of text, such that the lines of two versions tell how they differ.

One line a column, one a row, nothing aligned by what else there is: what stayed the same is the same line. Of every
column there is a checksum of its bytes in the file, so a column whose line stayed has not changed at all.

The work is bounded. The footer tells rows, types, NULLs and the least and greatest values, however large the file is;
distinct values and means are counted up to ``COUNTED`` cells, where rows are sampled by the hash of their key. Of a
larger file the first and the last rows are shown.
"""

from __future__ import annotations

import sys
import zlib
from contextlib import closing, suppress
from dataclasses import dataclass
from threading import Thread
from typing import TYPE_CHECKING, Any

from medallion.engines.footer import leaf_columns
from medallion.engines.parquet_footer import read_layout
from medallion.engines.sql import identifier, literal, read_parquet
from medallion.printable import printable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    import duckdb

    from medallion.engines.parquet_footer import Layout

__all__ = ["COUNTED", "summarise"]

COUNTED = 1_000_000
"""Up to so many cells, in 32 MB, are read; in a larger file only the footer and the rows at both ends are."""

_SAMPLE = 20
_WHOLE = 40
_ENDS = 5
_SHOWN_COLUMNS = 30
_SHOWN_LENGTH = 60
_COUNTED_COLUMNS = 200
_BOUNDED_COLUMNS = 1000  # A statement over thousands of them takes seconds.
_COUNTED_SIZE = 32 << 20  # A cell may hold megabytes.
_PRIVATE = "(private)"
_BLOCK = 1 << 20
_SWITCH = 1e-4
_NUMBERS = frozenset(
    {
        *("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL"),
        *("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"),
    }
)


def summarise(
    file: Path,
    keys: Collection[Sequence[str]] = (),
    private: Collection[str] | None = frozenset(),
    *,
    known: Collection[str] | None = None,
    unnamed: bool = False,
) -> str:
    """The summary of a Parquet file; ``MedallionError`` or an error of DuckDB where it cannot be read.

    ``keys`` are those that the file may have: rows are sampled by the only one whose columns are there. Of the columns
    in ``private`` (in lower case), or of all where it is None, no value is shown; nor of others than ``known`` ones,
    where these are given. ``unnamed``: names of these columns may be values as well.
    """
    file = file.resolve()
    layout = read_layout(file)
    large = file.stat().st_size > _BLOCK
    sums: list[int] = []
    # It takes about as long as loading DuckDB does, beside it, if it need not wait after every block for the lock that
    # an import holds.
    interval = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH)
    thread = Thread(target=_add_checksums, args=(sums, file, layout))
    thread.start()
    from medallion.config import Config
    from medallion.engines.sandbox import connect

    connection, _ = connect(
        Config(file.parent),
        threads=2 if large else 1,
        memory_limit=None,
        folders=(),
        spill=file.parent,
        files=(file,),
        cursors=0,
        bare=True,
    )
    with closing(connection):
        summary = _Summary(connection, file, layout, keys, private)
        summary.hide(known, unnamed=unnamed)
        about = summary.about()
        title, rows = summary.sample()
    thread.join()
    sys.setswitchinterval(interval)
    return "".join(f"{line}\n" for line in summary.lines(about, sums, title, rows))


@dataclass(frozen=True, slots=True)
class _About:
    """What is told of one column; None where it is not known."""

    nulls: int | None = None
    least: str | None = None
    greatest: str | None = None
    distinct: int | None = None
    mean: float | None = None


class _Summary:
    """The lines of one file."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        file: Path,
        layout: Layout,
        keys: Collection[Sequence[str]],
        private: Collection[str] | None,
    ) -> None:
        self.connection = connection
        self.file = str(file)
        self.table = read_parquet([self.file])
        self.rows = layout.rows
        self.types: Mapping[str, str] = {name: kind for name, kind, *_ in self._ask(f"DESCRIBE FROM {self.table}")}
        spelt = {name.lower(): name for name in self.types}
        fitting = [key for key in keys if all(name.lower() in spelt for name in key)]
        self.key = tuple(spelt[name.lower()] for name in fitting[0]) if len(fitting) == 1 else ()
        self.private = {name for name in self.types if private is None or name.lower() in private}
        self.labels: dict[str, str] = {}
        small = self.rows * len(self.types) <= COUNTED and file.stat().st_size <= _COUNTED_SIZE
        self.counted = small and len(self.types) <= _COUNTED_COLUMNS

    def hide(self, known: Collection[str] | None, *, unnamed: bool) -> None:
        """Hide columns that are not ``known``, and, where it is ``unnamed``, the names of all that are hidden."""
        if known is not None:
            self.private |= {name for name in self.types if name.lower() not in known}
        if unnamed:
            places = {name: place for place, name in enumerate(self.types, 1)}
            self.labels = {name: f"private column {places[name]}" for name in self.private}

    def lines(
        self, about: Mapping[str, _About], sums: Sequence[int], title: str, rows: Sequence[Sequence[str | None]]
    ) -> Iterator[str]:
        """The text, of what is known of each column, the checksums, and the sampled rows with a line about them."""
        yield f"rows {self.rows:,}"
        checksums = dict(zip(self.types, sums, strict=False))
        for name, kind in self.types.items():
            yield _column(
                self.labels.get(name, name),
                kind,
                about.get(name, _About()),
                checksums.get(name),
                private=name in self.private,
            )
        if title:
            yield title
        for row in rows:
            yield self._row(row)

    def about(self) -> Mapping[str, _About]:
        """What is known of each column."""
        if len(self.types) > _BOUNDED_COLUMNS:
            return {}
        known = self._in_footer()
        asked = [name for name in self.types if name in known]
        found = dict.fromkeys(asked, _About())
        if not self.rows or not asked:
            return found
        # DuckDB answers this from the footer, in the column's own type.
        parts = [f"count({c}), CAST(min({c}) AS VARCHAR), CAST(max({c}) AS VARCHAR)" for c in map(identifier, asked)]
        row = self._ask(f"SELECT {', '.join(parts)} FROM {self.table}")[0]
        for i, name in enumerate(asked):
            filled, least, greatest = row[3 * i : 3 * i + 3]
            found[name] = _About(self.rows - filled, least, greatest)
        return self._counted(found) if self.counted else found

    def _counted(self, found: Mapping[str, _About]) -> Mapping[str, _About]:
        """The same with distinct values, and the means of numbers."""
        parts = []
        for name in found:
            column = identifier(name)
            # In the order of the file: a sum of floating-point numbers depends on it.
            mean = f"avg(CAST({column} AS DOUBLE))" if self.types[name].split("(")[0] in _NUMBERS else "NULL"
            parts.append(f"count(DISTINCT {column}), {mean}")
        row = self._ask(f"SELECT {', '.join(parts)} FROM {self.table}")[0]
        return {
            name: _About(about.nulls, about.least, about.greatest, row[2 * i], row[2 * i + 1])
            for i, (name, about) in enumerate(found.items())
        }

    def _in_footer(self) -> set[str]:
        """The flat columns whose bounds and NULLs the footer tells, or that may be read for them."""
        flat = {name for name, kind in self.types.items() if not kind.endswith("]") and "(" not in kind.split()[0]}
        flat |= {name for name, kind in self.types.items() if kind.startswith("DECIMAL(") and kind.endswith(")")}
        flat -= {name for name, kind in self.types.items() if kind in ("BLOB", "GEOMETRY", "VARIANT", "INTERVAL")}
        if self.counted:
            return flat
        exact = self._ask(
            "SELECT path_in_schema FROM parquet_metadata(" + literal(self.file) + ") GROUP BY path_in_schema "
            "HAVING bool_and(stats_null_count IS NOT NULL AND (stats_null_count = num_values OR (stats_min_value IS "
            "NOT NULL AND stats_max_value IS NOT NULL AND min_is_exact IS NOT false AND max_is_exact IS NOT false)))"
        )
        return flat & {path for (path,) in exact}

    def sample(self) -> tuple[str, list[tuple[str | None, ...]]]:
        """A line that says which rows these are, and the rows with their values as text."""
        values = ", ".join(self._value(name) for name in self._shown())
        if self.rows <= _WHOLE:
            return "", self._ask(f"SELECT {values} FROM {self.table}")
        if not self.counted:
            first = self._ask(f"SELECT {values} FROM {self.table} LIMIT {_ENDS}")
            last = self._ask(f"SELECT {values} FROM {self._numbered()} >= {self.rows - _ENDS}")
            return f"the first {_ENDS} and the last {_ENDS} rows:", first + last
        columns = ", ".join(map(identifier, self.key or self.types))
        by = ", ".join(self.labels.get(name, name) for name in self.key) if self.key else "all columns"
        order = ", ".join(map(identifier, self.key)) or "ALL"
        chosen = f"FROM {self.table} ORDER BY hash(row({columns})) LIMIT {_SAMPLE}"
        found = self._ask(f"SELECT {values} FROM ({chosen}) ORDER BY {order}")
        return f"the {_SAMPLE} rows with the smallest hash of {printable(by)}:", found

    def _numbered(self) -> str:
        """The rows from a place in the file on, up to a comparison with that; DuckDB jumps to it."""
        place = "file_row_number"
        if any(name.lower() == place for name in self.types):  # Then DuckDB's own cannot be had.
            own = identifier("medallion: place")
            return f"(SELECT *, row_number() OVER () - 1 AS {own} FROM {self.table}) WHERE {own}"
        return f"{read_parquet([self.file], f'{place} = true')} WHERE {place}"

    def _shown(self) -> list[str]:
        rest = [name for name in self.types if name not in self.key]
        return [*self.key, *rest][:_SHOWN_COLUMNS]

    def _value(self, name: str) -> str:
        column = identifier(name)
        if name in self.private:
            return literal(_PRIVATE)
        if self.types[name] == "BLOB":
            return f"CASE WHEN {column} IS NOT NULL THEN octet_length({column})::VARCHAR || ' bytes' END"
        return f"left(CAST({column} AS VARCHAR), {_SHOWN_LENGTH + 1})"

    def _row(self, row: Sequence[str | None]) -> str:
        shown = self._shown()
        cells = [
            f"{printable(self.labels.get(name, name))}="
            f"{_cell(value, quoted=self.types[name] == 'VARCHAR' and name not in self.private)}"
            for name, value in zip(shown, row, strict=True)
        ]
        more = len(self.types) - len(shown)
        return "  " + " ".join(cells) + (f" … {more} more columns" if more else "")

    def _ask(self, sql: str) -> list[Any]:
        return self.connection.execute(sql).fetchall()


def _column(name: str, kind: str, about: _About, checksum: int | None, *, private: bool) -> str:
    parts = [f"column {printable(name)} {printable(kind)}"]
    if about.nulls is not None:
        parts.append(f"{about.nulls:,} NULL")
    if about.distinct is not None:
        parts.append(f"{about.distinct:,} distinct")
    if private:
        parts.append(_PRIVATE)
    else:
        if about.least is not None and about.greatest is not None:
            parts.append(f"{_cell(about.least)} to {_cell(about.greatest)}")
        if about.mean is not None:
            parts.append(f"mean {about.mean:.6g}")
    if checksum is not None:
        parts.append(f"data {checksum:08x}")
    return " · ".join(parts)


def _cell(value: str | None, *, quoted: bool = False) -> str:
    if value is None:
        return "NULL"
    short = value if len(value) <= _SHOWN_LENGTH else value[:_SHOWN_LENGTH] + "…"
    text = printable(short.replace("\\", "\\\\") if quoted else short)
    return '"' + text.replace('"', '\\"') + '"' if quoted else text


def _add_checksums(sums: list[int], file: Path, layout: Layout) -> None:
    """Where a footer makes no sense there are none."""
    with suppress(OSError, ValueError, LookupError):
        sums += _checksums(file, layout)


def _checksums(file: Path, layout: Layout) -> list[int]:
    """The CRC-32 of each column's bytes in the file, in row order."""
    _, owner, _ = leaf_columns(layout.schema)
    sums = [0] * layout.schema[0].children
    buffer = memoryview(bytearray(_BLOCK))
    with file.open("rb", buffering=0) as stream:
        for chunk in sorted(layout.chunks, key=lambda chunk: chunk.start):
            stream.seek(chunk.start)
            left = chunk.length
            while left > 0 and (count := stream.readinto(buffer[: min(left, _BLOCK)])):
                sums[owner[chunk.leaf]] = zlib.crc32(buffer[:count], sums[owner[chunk.leaf]])
                left -= count
    return sums
