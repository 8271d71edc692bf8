"""Compare two versions of one dataset in DuckDB."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from medallion.diff.cells import Comparison, can_cast
from medallion.diff.columns import fold, match_columns
from medallion.diff.differing import by_key, create, equal_in_place, keyless, twins
from medallion.diff.export import write_rows
from medallion.diff.keys import candidates, choose_key
from medallion.diff.pair import Pair, Table, source
from medallion.diff.profile import describe_columns
from medallion.diff.renames import renamed_by_hash, renamed_keys, renamed_values
from medallion.diff.told import cells_changed, row_counts, samples
from medallion.diff.value import Key, Rows, Status, TableDiff
from medallion.engines.faults import read_fault
from medallion.engines.sql import identifier, literal, no_glob
from medallion.errors import MedallionError
from medallion.models.parse import parse_model
from medallion.names import TableName, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import duckdb

    from medallion.diff.columns import Matching
    from medallion.models.model import Model
    from medallion.models.tolerances import Tolerance
    from medallion.records import Record

__all__ = ["Asked", "Part", "compare"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What to tell of each dataset.

    ``where`` is a condition in SQL: in each version only rows that it is true of are compared. ``columns`` are those to
    compare besides the key; none means all. ``limit`` is how many rows that differ are shown, 0 for all. ``discreet``:
    why a dataset cannot be compared is told without values of it. ``strictest``: numbers may lie apart as far as both
    versions allow, and not only the head.
    """

    where: str = ""
    columns: tuple[str, ...] = ()
    limit: int = 20
    histograms: bool = False
    discreet: bool = False
    strictest: bool = False

    def __post_init__(self) -> None:
        """``MedallionError`` where ``where`` is no condition, or would be another one each time that it is asked."""
        if not self.where:
            return
        try:
            model = parse_model(
                TableName("where", "rows"), "--where", f"FROM rows.any WHERE (\n{self.where}\n)", ("rows", "where")
            )
        except MedallionError as error:
            raise MedallionError(f"--where {self.where}: {error.message}", hint=_CONDITION) from error
        if model.volatile_at:
            word = model.volatile_at[0].raw
            raise MedallionError(
                f"--where {self.where}: {word} gives another result each time", hint="ask for what stays the same"
            )


_CONDITION = "a condition on the columns of the dataset, as in --where \"status = 'paid'\""


@dataclass(frozen=True, slots=True)
class Part:
    """One version of a dataset: its record, its Parquet files, and its model where there is one.

    ``hidden`` are columns of which no value is told, ``tolerances`` how far numbers may lie apart; names in lower case.
    A column is hidden where either version has it so. The tolerances of the head count.
    """

    record: Record
    files: tuple[Path, ...]
    model: Model | None
    hidden: frozenset[str] = frozenset()
    tolerances: Mapping[str, Tolerance] = field(default_factory=dict)


def compare(
    cursor: duckdb.DuckDBPyConnection,
    name: TableName,
    base: Part,
    head: Part,
    asked: Asked,
    rows: Path | None = None,
) -> TableDiff:
    """How the rows of a dataset differ; all that do are written to the Parquet file ``rows``, where one is given.

    ``duckdb.Error`` where a file cannot be read; ``MedallionError`` for a condition or column that does not fit.
    """
    return _Compared(cursor, name, base, head, asked).told(rows)


class _Compared:
    def __init__(
        self, cursor: duckdb.DuckDBPyConnection, name: TableName, base: Part, head: Part, asked: Asked
    ) -> None:
        self.cursor = cursor
        self.name = name
        self.parts = (base, head)
        self.asked = asked
        self.model = head.model or base.model
        self.hidden = base.hidden | head.hidden
        self.tolerances = head.tolerances
        self.base = self._table(base)
        self.head = self._table(head)

    def told(self, path: Path | None) -> TableDiff:
        """The difference; its rows are written to ``path``."""
        matching, key = self._matched()
        matching = self._only_asked(matching, key)
        pair = self._pair(matching, key)
        rows, notes = self._rows(pair)
        cells = cells_changed(self.cursor, pair) if pair.columns else []
        columns = describe_columns(
            self.cursor, pair, matching, self._records(), cells, hidden=self.hidden, histograms=self.asked.histograms
        )
        if path is not None:
            if not pair.columns:
                raise MedallionError(f"{self.name}: {notes[0]}", hint="so all rows of both versions differ")
            write_rows(self.cursor, pair, self.hidden, path)
        found = TableDiff(self.name, Status.CHANGED, key, rows, columns, (), (*notes, *self._notes(key)))
        if found.differing_rows and pair.columns:
            twice = rows.duplicate_keys != (0, 0)
            return replace(found, samples=samples(self.cursor, pair, cells, self.hidden, self.asked.limit, twice=twice))
        if not found.schema_changed:
            same = "the same in what was compared" if self.asked.where or self.asked.columns else "the same rows"
            return replace(found, status=Status.EQUAL, notes=(*found.notes, f"other bytes, {same}"))
        return found

    def _records(self) -> tuple[Record, Record]:
        return self.parts[0].record, self.parts[1].record

    # What is compared

    def _table(self, part: Part) -> Table:
        files = [str(file) for file in part.files]
        whole = source(files, "")
        types = {row[0]: row[1] for row in self.cursor.execute(f"DESCRIBE FROM {whole}").fetchall()}
        sql = source(files, self.asked.where)
        rows = self._count(sql)
        return Table(sql, types, int(rows), self._width(files, types, max(1, part.record.rows)))

    def _count(self, sql: str) -> int:
        """How many rows there are: it is here that a condition that is none is found."""
        import duckdb

        try:
            ((rows,),) = self.cursor.execute(f"SELECT count(*) FROM {sql}").fetchall()
        except duckdb.Error as error:
            if not self.asked.where:
                raise
            raise MedallionError(
                f"--where {self.asked.where}: {read_fault(error).message.splitlines()[0]}",
                hint=_CONDITION,
            ) from error
        return int(rows)

    def _width(self, files: Sequence[str], types: Mapping[str, str], rows: int) -> int:
        """About how many bytes a row takes in a hash table: fixed sizes, and what texts hold beyond their 16 bytes."""
        listed = ", ".join(literal(no_glob(file)) for file in files)
        ((size,),) = self.cursor.execute(
            f"SELECT coalesce(sum(total_uncompressed_size), 0) FROM parquet_metadata([{listed}]) "
            "WHERE type = 'BYTE_ARRAY'"
        ).fetchall()
        return 24 + sum(_SIZES.get(kind, 16) for kind in map(_short, types.values())) + int(size) // rows

    def _matched(self) -> tuple[Matching, Key]:
        """Columns and key, with the columns that were renamed found."""
        base, head = self._records()
        matching = match_columns(self.base.types, self.head.types)
        renamed: dict[str, str] = {}
        if matching.removed and matching.added:
            models = [part.model.key if part.model is not None else () for part in self.parts]
            keys = (Key(models[0] or base.key), Key(models[1] or head.key))
            renamed |= renamed_keys(self.cursor, matching, self.base, self.head, keys)
            renamed |= renamed_by_hash(match_columns(self.base.types, self.head.types, renamed), base, head)
            matching = match_columns(self.base.types, self.head.types, renamed)
        key = choose_key(self.cursor, candidates(base, head, self.model), matching, self.base, self.head)
        if matching.removed and matching.added:
            renamed |= renamed_values(self.cursor, matching, key, self.base, self.head)
            matching = match_columns(self.base.types, self.head.types, renamed)
        return matching, key

    def _only_asked(self, matching: Matching, key: Key) -> Matching:
        """The matching cut to the columns asked for, and the key."""
        if not self.asked.columns:
            return matching
        names = {fold(name): name for name in (*self.base.types, *self.head.types)}
        wanted = set()
        for name in self.asked.columns:
            if fold(name) not in names:
                near = nearest(name, names.values())
                raise MedallionError(
                    f'{self.name} has no column "{name}"',
                    hint=f'did you mean "{near}"?' if near else f"it has {', '.join(names.values())}",
                )
            wanted.add(fold(name))
        return replace(
            matching,
            common=tuple(
                c for c in matching.common if c.head in key.columns or fold(c.head) in wanted or fold(c.base) in wanted
            ),
            added=tuple(name for name in matching.added if fold(name) in wanted),
            removed=tuple(name for name in matching.removed if fold(name) in wanted),
        )

    def _pair(self, matching: Matching, key: Key) -> Pair:
        """The columns to compare, those of the key first."""
        first = [column for name in key.columns if (column := matching.of_head(name))]
        columns = (*first, *(column for column in matching.common if column not in first))
        comparisons = tuple(
            Comparison(
                c.base_type,
                c.head_type,
                not c.retyped or can_cast(self.cursor, c.base_type, c.head_type),
                self.tolerances.get(c.head.lower()) if key.columns else None,
            )
            for c in columns
        )
        return Pair(self.base, self.head, columns, comparisons, len(first))

    def _notes(self, key: Key) -> list[str]:
        """What there is to say about tolerances."""
        notes = []
        if self.tolerances:
            if not key.columns:
                notes.append("@tolerance needs a key: without one, values are the same or not")
            known = {name.lower(): kind for name, kind in self.head.types.items()}
            absent = sorted(name for name in self.tolerances if name not in known)
            notes += [f"@tolerance names a column that there is not: {name}" for name in absent]
        return notes

    # How it differs

    def _rows(self, pair: Pair) -> tuple[Rows, list[str]]:
        """The counts of rows, with what to note about them; the rows that differ are in the table then."""
        base, head = self.base.rows, self.head.rows
        create(self.cursor, pair)
        if not pair.columns:  # All of the old is gone, all of the new is new.
            return Rows(base, head, head, base, None), ["there is no column in both versions to compare rows by"]
        equal = self._may_be_equal(pair) and equal_in_place(self.cursor, pair, self._paths())
        if not pair.keys:
            if not equal:
                keyless(self.cursor, pair)
            added, removed, _ = row_counts(self.cursor)
            return Rows(base, head, added, removed, None), []
        nulls = self._null_keys(pair)
        if equal:
            return Rows(base, head, null_keys=nulls), []
        once = by_key(self.cursor, pair, self._paths())
        added, removed, changed = row_counts(self.cursor)
        double = twins(self.cursor, pair, matched_once=once)
        notes = [] if once else [_TWICE + (", without @tolerance" if self.tolerances else "")]
        return Rows(base, head, added, removed, changed, nulls, double), notes

    def _paths(self) -> tuple[list[str], list[str]]:
        base, head = ([str(file) for file in part.files] for part in self.parts)
        return base, head

    def _may_be_equal(self, pair: Pair) -> bool:
        """Whether it is worth while to hold the files against each other row by row.

        What the records say of the values of columns is a hint here, no proof.
        """
        base, head = self._records()
        hashes = {column.name: column.hash for column in base.columns}, {c.name: c.hash for c in head.columns}
        return (
            not self.asked.where
            and not any(fold(name) == "file_row_number" for table in (self.base, self.head) for name in table.types)
            and self.base.rows == self.head.rows
            and all(len(part.files) == 1 for part in self.parts)
            and all(not c.retyped and hashes[0].get(c.base) == hashes[1].get(c.head) for c in pair.columns)
        )

    def _null_keys(self, pair: Pair) -> tuple[int, int]:
        """How many rows of base and head have a NULL in their key."""
        counts = []
        for table, names in (
            (self.base, [column.base for column in pair.key]),
            (self.head, [column.head for column in pair.key]),
        ):
            absent = " OR ".join(f"{identifier(name)} IS NULL" for name in names)
            ((count,),) = self.cursor.execute(f"SELECT count(*) FROM {table.sql} WHERE {absent}").fetchall()
            counts.append(int(count))
        return counts[0], counts[1]


_TWICE = "rows whose key comes twice are compared as a multiset within the key"


def _short(kind: str) -> str:
    """A DECIMAL of at most 18 digits is stored as a BIGINT."""
    digits = kind.removeprefix("DECIMAL(").partition(",")[0]
    return "BIGINT" if kind.startswith("DECIMAL(") and int(digits) <= 18 else kind


# Bytes of a value in a hash table of DuckDB; nested values and what is not listed take 16 and more.
_SIZES = {
    "BOOLEAN": 1,
    "TINYINT": 1,
    "UTINYINT": 1,
    "SMALLINT": 2,
    "USMALLINT": 2,
    "INTEGER": 4,
    "UINTEGER": 4,
    "FLOAT": 4,
    "DATE": 4,
    "BIGINT": 8,
    "UBIGINT": 8,
    "DOUBLE": 8,
    "TIME": 8,
    "TIMESTAMP": 8,
    "TIMESTAMP WITH TIME ZONE": 8,
}
