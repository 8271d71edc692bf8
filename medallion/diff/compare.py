"""Compare two versions of one dataset in DuckDB."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from medallion.diff.asked import CONDITION, UnfitError
from medallion.diff.export import write_rows
from medallion.diff.keys import candidates, choose_key
from medallion.diff.profile import describe_columns
from medallion.diff.renames import perhaps_renamed, renamed_by_hash, renamed_keys, renamed_values, telling
from medallion.diff.shifts import shift_note
from medallion.diff.told import cells_changed, noise, samples
from medallion.diff.tolerance_words import within_note
from medallion.diff.unpaired import differing_first, unpaired_note, unpaired_values
from medallion.diff.value import Key, Rows, Status, TableDiff
from medallion.engines.faults import read_fault
from medallion.engines.rows.cells import FLOATS, is_number
from medallion.engines.rows.columns import fold, match_columns
from medallion.engines.rows.differing import by_key, create, equal_in_place, keyless, twins
from medallion.engines.rows.pair import pair_of, read_table
from medallion.engines.sql import identifier
from medallion.errors import MedallionError
from medallion.names import TableName, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import duckdb

    from medallion.diff.asked import Asked
    from medallion.diff.told import Cells
    from medallion.diff.value import ColumnDiff
    from medallion.engines.rows.columns import Matching
    from medallion.engines.rows.pair import Pair, Table
    from medallion.models.model import Model
    from medallion.models.tolerances import Tolerance
    from medallion.records import Record

__all__ = ["Part", "compare"]


@dataclass(frozen=True, slots=True)
class Part:
    """One version of a dataset: its record, its Parquet files, and its model where there is one.

    ``hidden`` are columns of which no value is told, ``tolerances`` how far numbers may lie apart; names in lower case.
    A column is hidden where either version has it so. The tolerances of the head count. ``labels`` stand in the rows
    file for names of hidden columns (in lower case) that are values.
    """

    record: Record
    files: tuple[Path, ...]
    model: Model | None
    hidden: frozenset[str] = frozenset()
    tolerances: Mapping[str, Tolerance] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)


def compare(
    cursor: duckdb.DuckDBPyConnection,
    name: TableName,
    base: Part,
    head: Part,
    asked: Asked,
    rows: Path | None = None,
) -> TableDiff:
    """How the rows of a dataset differ; all that do are written to the Parquet file ``rows``, where one is given.

    ``duckdb.Error`` where a file cannot be read; ``UnfitError`` for a condition or column that does not fit.
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
        self.base, self.head = self._tables()

    def told(self, path: Path | None) -> TableDiff:
        """The difference; its rows are written to ``path``."""
        matching, key = self._matched()
        matching = self._only_asked(matching, key)
        pair = self._pair(matching, key, whole=path is not None)
        rows, notes, within = self._rows(pair)
        cells = cells_changed(self.cursor, pair) if pair.columns else []
        unpaired = unpaired_values(self.cursor, pair, rows) if self.asked.values else ()
        columns = describe_columns(
            self.cursor,
            pair,
            matching,
            self._records(),
            cells,
            within,
            unpaired,
            hidden=self.hidden,
            histograms=self.asked.histograms,
            values=self.asked.values,
            differs=bool(rows.added or rows.removed),
        )
        if self.asked.values:
            if pair.keys:
                notes += [*self._noise(pair, cells), *_counted_only(columns), *self._shifts(pair, columns)]
            notes += perhaps_renamed(self.cursor, matching, key, self.base, self.head, self.hidden)
        if path is not None:
            if not pair.columns:
                raise MedallionError(f"{self.name}: {notes[0]}", hint="so all rows of both versions differ")
            write_rows(self.cursor, pair, self.hidden, path, self.parts[1].labels)
        found = TableDiff(self.name, Status.CHANGED, key, rows, columns, (), (*notes, *self._notes(key)))
        found = replace(found, notes=(*found.notes, *filter(None, [within_note(found), unpaired_note(found)])))
        if found.differing_rows and pair.columns:
            if not self.asked.values:
                return found
            twice = rows.duplicate_keys != (0, 0)
            rows_told = samples(self.cursor, pair, cells, self.hidden, self.asked.limit, twice=twice, unpaired=unpaired)
            return replace(found, samples=differing_first(rows_told, pair, unpaired))
        if not found.schema_changed:
            same = "the same in what was compared" if self.asked.where or self.asked.columns else "the same rows"
            told = [] if found.within_tolerance else [f"other bytes, {same}"]
            return replace(found, status=Status.EQUAL, notes=(*found.notes, *told))
        return found

    def _records(self) -> tuple[Record, Record]:
        return self.parts[0].record, self.parts[1].record

    # What is compared

    def _tables(self) -> tuple[Table, Table]:
        """The rows of both versions, with the condition on them where it can be asked: a column may be on one side."""
        base, head = (read_table(self.cursor, [str(file) for file in part.files]) for part in self.parts)
        if not self.asked.where:
            return base, head
        problems = [self._problem(table) for table in (base, head)]
        if all(problems):
            named = _NAMED.search(problems[1])
            raise UnfitError(
                f"--where {self.asked.where}: {problems[1]}",
                column=named[1] if named else "",
                hint=self._hint(problems[1], base, head),
            )
        wheres = ["false" if problem else self.asked.where for problem in problems]
        return replace(base, where=wheres[0]), replace(head, where=wheres[1])

    def _problem(self, table: Table) -> str:
        """Why the condition cannot be asked of a version; empty where it can."""
        import duckdb

        try:
            self.cursor.execute(f"FROM {replace(table, where=self.asked.where).wanted} LIMIT 1").fetchall()
        except duckdb.InterruptException:
            raise
        except duckdb.Error as error:
            return read_fault(error).message.splitlines()[0]
        return ""

    def _hint(self, problem: str, base: Table, head: Table) -> str:
        """The column that may be meant where one is not there, else what a condition is."""
        named = _NAMED.search(problem)
        near = nearest(named[1], {*base.types, *head.types}) if named else None
        return f'did you mean "{near}"?' if near else CONDITION

    def _matched(self) -> tuple[Matching, Key]:
        """Columns and key, with the columns that were renamed found."""
        base, head = self._records()
        matching = match_columns(self.base.types, self.head.types)
        renamed: dict[str, str] = {}
        if matching.removed and matching.added:
            models = [part.model.key if part.model is not None else () for part in self.parts]
            keys = (Key(models[0] or base.key), Key(models[1] or head.key))
            renamed |= renamed_keys(self.cursor, matching, self.base, self.head, keys)
            alike = renamed_by_hash(match_columns(self.base.types, self.head.types, renamed), base, head)
            told = telling(self.cursor, self.head, alike)
            renamed |= {new: old for new, old in alike.items() if new in told}
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
                known = [names[folded] for folded in names if folded not in self.parts[1].labels]
                near = nearest(name, known)
                raise UnfitError(
                    f'{self.name} has no column "{name}"',
                    column=name,
                    hint=f'did you mean "{near}"?' if near else f"it has {', '.join(known)}",
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

    def _pair(self, matching: Matching, key: Key, *, whole: bool) -> Pair:
        """The columns to compare, those of the key first; ``whole``: all of a long text is needed."""
        tolerances = self.tolerances if key.columns else {}
        return pair_of(self.cursor, self.base, self.head, matching, key.columns, tolerances, whole=whole)

    def _notes(self, key: Key) -> list[str]:
        """What there is to say about tolerances."""
        notes = []
        if self.tolerances:
            if not key.columns:
                notes.append("@tolerance needs a key: without one, values are the same or not")
            known = {name.lower(): kind for name, kind in self.head.types.items()}
            before = {name.lower(): kind for name, kind in self.base.types.items()}
            for name in sorted(self.tolerances):
                if name not in known:
                    notes.append(f"@tolerance names a column that there is not: {name}")
                elif not is_number(known[name]):
                    notes.append(f"@tolerance is for numbers, and {name} is {known[name]}")
                elif name in before and not is_number(before[name]):
                    notes.append(f"@tolerance is for numbers, and {name} was {before[name]}")
        return notes

    def _noise(self, pair: Pair, cells: Sequence[Cells]) -> list[str]:
        """That floating-point numbers differ in their last digits, which may hide what else has changed."""
        floating = [
            place
            for place, (column, comparison) in enumerate(zip(pair.columns, pair.comparisons, strict=True))
            if cells[place][0]
            and comparison.tolerated is None
            and {column.base_type, column.head_type} & FLOATS
            and is_number(column.base_type)
            and is_number(column.head_type)
        ]
        notes = [
            f"{pair.columns[place].head}: {rows:,} of {cells[place][0]:,} changes are less than 1e-9 of the number; "
            "@tolerance leaves such out"
            for place, rows in zip(floating, noise(self.cursor, pair, floating), strict=True)
            if rows
        ]
        return notes[:_NOTES]

    def _shifts(self, pair: Pair, columns: Sequence[ColumnDiff]) -> list[str]:
        """By how much columns have moved, where that tells more than their most frequent changes."""
        places = {column.head: place for place, column in enumerate(pair.columns)}
        notes = [
            shift_note(self.cursor, pair, places[column.name], column.changed)
            for column in columns
            if column.changed and column.other_changes and not column.private
        ]
        return [note for note in notes if note][:_NOTES]

    # How it differs

    def _rows(self, pair: Pair) -> tuple[Rows, list[str], dict[str, int]]:
        """The counts of rows, what to note about them, and the cells of columns that differ within their tolerance.

        The rows that differ are in the table then.
        """
        base, head = self.base.rows, self.head.rows
        create(self.cursor, pair)
        if not pair.columns:  # All of the old is gone, all of the new is new.
            base, head = (self._count(table.wanted) for table in (self.base, self.head))
            return Rows(base, head, head, base, None), ["there is no column in both versions to compare rows by"], {}
        equal = self._may_be_equal(pair) and equal_in_place(self.cursor, pair, self._paths())
        if not pair.keys:
            if equal:
                return Rows(base, head, changed=None), [], {}
            left = keyless(self.cursor, pair, keep=True)
            return Rows(left.wanted_base, left.wanted_head, left.added, left.removed, None), [], {}
        nulls = self._null_keys(pair)
        tolerated = [pair.columns[i].head for i in pair.tolerated]
        if equal:
            return Rows(base, head, null_keys=nulls), [], dict.fromkeys(tolerated, 0)
        found, once = by_key(self.cursor, pair, self._paths(), keep=True)
        double = twins(self.cursor, pair, matched_once=once)
        notes = [] if once else [_TWICE + (", without @tolerance" if self.tolerances else "")]
        rows = found.wanted_base, found.wanted_head
        return (
            Rows(*rows, found.added, found.removed, found.changed, nulls, double),
            notes,
            dict(zip(tolerated, found.within, strict=True)),
        )

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
            and not pair.long
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
            counts.append(self._count(f"{table.wanted} WHERE {absent}"))
        return counts[0], counts[1]

    def _count(self, table: str) -> int:
        ((rows,),) = self.cursor.execute(f"SELECT count(*) FROM {table}").fetchall()
        return int(rows)


def _counted_only(columns: Sequence[ColumnDiff]) -> list[str]:
    """That there are columns of whose changes no value is told, because there are too many of them."""
    less = sum(bool(column.changed and not column.patterns and not column.private) for column in columns)
    if not less:
        return []
    words = "one more column is" if less == 1 else f"{less:,} more columns are"
    return [f"the cells of {words} counted, and not told what they are; --columns a,b tells it"]


_NOTES = 5
_NAMED = re.compile(r'Referenced column "([^"]+)"')
_TWICE = "rows whose key comes twice are compared as a multiset within the key"
