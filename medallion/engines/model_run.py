"""One model on its way through a DuckDB: bind, choose how to run, run, describe what came out."""

from __future__ import annotations

import glob
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from medallion.engines.bound_plan import NO_PLAN, SERIALIZE, bound_treatment, scanned_tables, scanning_functions
from medallion.engines.csv_errors import csv_error, without_values
from medallion.engines.empty_tables import needs_data
from medallion.engines.faults import Fault, explain, hide_values, read_fault
from medallion.engines.footer import read_footer
from medallion.engines.outputs import check_names, unfit_type
from medallion.engines.protocol import Produced
from medallion.engines.query_plan import Treatment, treatment
from medallion.engines.reads import Allowed, files_named, objection
from medallion.engines.sql import identifier, literal
from medallion.errors import BuildError, Location, MedallionError, ModelError
from medallion.models.functions import PURE_TABLE_FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    import duckdb

    from medallion.models.model import Macro, Model
    from medallion.names import TableName
    from medallion.schemas import Schema

__all__ = ["ModelRun"]

_LOOKALIKE = re.compile(
    r"\b(DOUBLE|FLOAT[48]?|REAL|INTERVAL|TIME WITH TIME ZONE|TIMETZ|COLLATE|SQRT|LN|LOG\d*|EXP|POW(ER)?|EPOCH)\b"
    r"|\dE[-+]?\d",
    re.IGNORECASE,
)

_BEFORE_TABLES = re.compile(
    r"\b(FROM|PIVOT|UNPIVOT|PIVOT_WIDER|PIVOT_LONGER|SUMMARIZE|DESCRIBE|TABLE|SHOW)\b", re.IGNORECASE
)

# Parquet's defaults may move with a release; the bytes of a dataset must not.
_PARQUET = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 3, ROW_GROUP_SIZE 122880"


class ModelRun:
    """One model on its way through an instance."""

    def __init__(
        self,
        model: Model,
        macros: Sequence[Macro],
        schemas: Mapping[TableName, Mapping[str, str]],
        *,
        reads_private: bool = False,
    ) -> None:
        """``schemas`` are the columns of what the model reads, with their types.

        ``reads_private``: some of these columns hold values that no message may show.
        """
        self.masked = bool(model.private) or reads_private
        self.model = model
        self.macros = macros
        self.types = [kind for columns in schemas.values() for kind in columns.values()]
        self.schemas = {name: tuple(columns) for name, columns in schemas.items()}
        self.outputs: list[tuple[str, str]] = []

    def bind(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Names and types of the output, checked; every mistake in the SQL that DuckDB finds without running it."""
        self._refuse_unseen_reads(cursor)
        rows = self._execute(cursor, "DESCRIBE ", self.model.sql, "")
        self.outputs = [(row[0], row[1]) for row in rows]
        check_names(self.model, [row[0] for row in rows])
        self._refuse_file_times([row[0] for row in rows])
        for name, kind, *_ in rows:
            unfit = unfit_type(kind)
            if unfit:
                raise ModelError(
                    f'column "{name}" is {kind}, which Parquet stores as {unfit.split(":")[0]}',
                    location=self._column_place(name),
                    hint=unfit.split(": ", 1)[1],
                )

    def describe(self, cursor: duckdb.DuckDBPyConnection) -> Schema:
        """Names and types of what a query gives, whatever they are; what it reads is looked at as for a model."""
        self._refuse_unseen_reads(cursor)
        rows = self._execute(cursor, "DESCRIBE ", self.model.sql, "")
        self._refuse_hidden_scans(cursor, self._bound(cursor))
        return tuple((row[0], row[1]) for row in rows)

    def _may_hold_lookalikes(self) -> bool:
        """Whether values may be equal and not the same: -0.0 and 0.0, 30 days and a month, texts under a collation."""
        texts = [self.model.sql, *(macro.sql for macro in self.macros)]
        kinds = [*self.types, *(kind for _, kind in self.outputs)]
        return any(_LOOKALIKE.search(kind) for kind in (*kinds, *texts)) or any("/" in text for text in texts)

    def _refuse_unseen_reads(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """What DuckDB's own parser finds in the SQL must be what was read from its text, or lineage is wrong.

        A file in place of a table can be written in more ways than anybody lists.
        """
        for macro in filter(_reads_tables, self.macros):
            for name in files_named(macro.sql):
                raise _file_in_macro(macro, name)
        found = objection(cursor, self.model.sql, self._allowed())
        if found:
            place = self._column_place(found.word) if found.word else Location(self.model.path)
            if found.offset >= 0:
                at = len(self.model.sql.encode()[: found.offset].decode(errors="ignore"))
                place = self.model.locate(self.model.sql_offset + at, max(1, len(found.word)))
            raise ModelError(found.message, location=place, hint=found.hint)

    def _allowed(self) -> Allowed:
        return Allowed(
            tables={str(name) for name in self.schemas},
            sources={source.path for source in self.model.sources},
            functions={macro.name for macro in self.macros},
        )

    def _refuse_hidden_scans(self, cursor: duckdb.DuckDBPyConnection, serialized: str) -> None:
        """The same of what macros put into the SQL: from the bound plan, or where that has none from their text."""
        scanned = scanned_tables(serialized)
        if scanned is not None and scanned <= {str(name) for name in self.schemas}:
            if hidden := sorted(scanning_functions(serialized) - PURE_TABLE_FUNCTIONS):
                raise ModelError(
                    f"it reads {hidden[0]}(), which cannot be seen in the SQL",
                    location=Location(self.model.path),
                    hint="look at the macros that it calls",
                )
            return
        for macro in filter(_reads_tables, self.macros):
            definitions = cursor.execute(
                "SELECT if(function_type = 'macro', 'SELECT ', '') || macro_definition FROM duckdb_functions() "
                "WHERE NOT internal AND lower(function_name) = ?",
                [macro.name],
            ).fetchall()
            for (text,) in definitions:
                found = objection(cursor, text, replace(self._allowed(), sources=()))
                if found:
                    raise ModelError(f"macro {macro.name}: {found.message}", location=_place_of(macro), hint=found.hint)

    def _refuse_file_times(self, outputs: Sequence[str]) -> None:
        """When a file was written differs from clone to clone."""
        reads_whole = any(call.name in ("read_text", "read_blob") for call in self.model.calls)
        if reads_whole and ("last_modified" in map(str.lower, outputs) or "last_modified" in self.model.sql.lower()):
            raise ModelError(
                "last_modified is the time of a file, which is another one in each clone",
                location=self._column_place("last_modified"),
                hint="leave it out: name the columns, as in SELECT filename, size, content",
            )

    def plan(self, cursor: duckdb.DuckDBPyConnection) -> Treatment | None:
        """How the model has to run for its bytes to be the same each time, from its bound plan where there is one."""
        serialized = self._bound(cursor)
        self._refuse_hidden_scans(cursor, serialized)
        return bound_treatment(serialized, keyed=bool(self.model.key))

    def _bound(self, cursor: duckdb.DuckDBPyConnection) -> str:
        """DuckDB's bound plan as it serializes it; ``NO_PLAN`` where it cannot."""
        import duckdb

        try:
            return str(cursor.execute(SERIALIZE, [self.model.sql]).fetchall()[0][0])
        except duckdb.InterruptException:
            raise BuildError("interrupted") from None
        except duckdb.Error:
            return NO_PLAN

    def check_reads(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Refuse what reads more than its text shows; faster than ``plan``, which does the same."""
        self._refuse_hidden_scans(cursor, NO_PLAN)

    def plan_from_explain(self, cursor: duckdb.DuckDBPyConnection) -> Treatment:
        """The same from names and words, of what DuckDB cannot serialize: ``read_csv`` and its like."""
        rows = self._execute(cursor, "EXPLAIN (FORMAT json) ", self.model.sql, "")
        return treatment(rows[0][1], floats=self._may_hold_lookalikes(), keyed=bool(self.model.key))

    def execute(
        self,
        cursor: duckdb.DuckDBPyConnection,
        how: Treatment,
        target: Path,
        watched: AbstractContextManager[None],
    ) -> Produced:
        """Write the result, ``watched`` meanwhile, and describe the file."""
        order = self._order(how)
        before, after = ("COPY (SELECT * FROM (\n", f"\n) ORDER BY {order})") if order else ("COPY (\n", "\n)")
        with watched:
            self._execute(cursor, before, self.model.sql, f"{after} TO {literal(str(target))} ({_PARQUET})")
        import duckdb

        # DuckDB has no profile of a statement that it answered from a file's metadata, as a bare count(*).
        peak_memory = json.loads(cursor.get_profiling_information() or "{}").get("system", {}).get("peak_buffer_memory")
        try:
            shown = [name for name in self.model.key[:1] if name.lower() not in self.model.private]
            key = shown[0] if shown else None
            footer = read_footer(cursor, target, [kind for _, kind in self.outputs], key)
        except duckdb.Error as error:
            raise self._explained(read_fault(error), "", 0) from error
        return Produced(
            target,
            footer.oid,
            footer.size,
            footer.rows,
            footer.columns,
            footer.key_range,
            peak_memory,
        )

    def fetch(self, cursor: duckdb.DuckDBPyConnection, before: str, after: str) -> list[tuple[str, ...]]:
        """All rows of a statement around the model's SQL; DuckDB's errors point into the model."""
        return self._execute(cursor, before, self.model.sql, after)

    def _order(self, how: Treatment) -> str:
        """The key, else all columns; nothing where the plan keeps the order of its input.

        With several threads, bits tell apart what compares as equal: -0.0 and 0.0, one NaN and another.
        """
        if self.model.key:
            return ", ".join(identifier(name) for name in self.model.key)
        if how.keeps_order:
            return ""
        floats = [identifier(name) for name, kind in self.outputs if kind in ("FLOAT", "DOUBLE")]
        if how.single or not floats:
            return "ALL"
        bits = [f"CASE WHEN {name} = 0 OR isnan({name}) THEN {name}::BIT END" for name in floats]
        return ", ".join([*(identifier(name) for name, _ in self.outputs), *bits])

    def _execute(self, cursor: duckdb.DuckDBPyConnection, before: str, sql: str, after: str) -> list[tuple[str, ...]]:
        import duckdb

        statement = f"{before}{sql}{after}"
        try:
            return list(cursor.execute(statement).fetchall())
        except duckdb.InterruptException:
            raise BuildError("interrupted") from None
        except duckdb.Error as error:
            reading = before != "DESCRIBE " or needs_data(cursor, sql)
            raise self._explained(read_fault(error), statement, len(before), reading=reading) from error

    def explained(self, fault: Fault, statement: str, shift: int) -> MedallionError:
        """An error of DuckDB's, at its place in the model, which stands at ``shift`` of the statement."""
        return self._explained(fault, statement, shift)

    def _explained(self, fault: Fault, statement: str, shift: int, *, reading: bool = True) -> MedallionError:
        broken_row = csv_error(fault.message, files=self._source_files()) if self.model.sources else None
        if broken_row:
            return without_values(broken_row) if self.masked else broken_row
        if self.masked and (reading or self.model.sources):  # To bind reads nothing but the head of a file.
            fault = hide_values(fault, reading=reading)

        def locate(offset: int, length: int, note: str) -> Location:
            at = offset - shift
            if not 0 <= at < len(self.model.sql):
                return Location(self.model.path)
            return self.model.locate(self.model.sql_offset + at, length, note)

        message, place, hint = explain(fault, statement, locate, self.schemas)
        if fault.kind in ("IO", "Out of Memory"):
            hint = hint or _resource_hint(fault)
            return BuildError(message, location=place or Location(self.model.path), hint=hint)
        return ModelError(message, location=place or Location(self.model.path), hint=hint)

    def _source_files(self) -> set[str]:
        # DuckDB opened these already, from the same folder.
        paths = [source.path for source in self.model.sources]
        return {file for path in paths for file in (path, *glob.glob(path, recursive=True))}  # noqa: PTH207

    def _column_place(self, name: str) -> Location:
        found = list(re.finditer(rf"\b{re.escape(name)}\b", self.model.sql))
        if not found:
            return Location(self.model.path)
        # An output's name is most often its alias, which stands last before the FROM clause.
        head = re.search(r"\bfrom\b", self.model.sql, re.IGNORECASE)
        before = [m for m in found if head is None or m.start() < head.start()]
        return self.model.locate(self.model.sql_offset + (before or found)[-1].start(), len(name))


def _reads_tables(macro: Macro) -> bool:
    """Whether a macro can read a table at all: then some word of its text stands before the first."""
    return bool(_BEFORE_TABLES.search(macro.sql))


def _place_of(macro: Macro) -> Location:
    return Location.at(macro.path, macro.text, macro.offset, len("CREATE"))


def _file_in_macro(macro: Macro, name: str) -> ModelError:
    return ModelError(
        f'macro {macro.name} names "{name}", which is a file, and a macro reads none',
        location=_place_of(macro),
        hint="read the file in a bronze model, and that dataset in the macro",
    )


def _resource_hint(fault: Fault) -> str:
    if "max_temp_directory_size" in fault.message:
        return (
            "make room on the disk that .medallion/ lies on, or raise memory_limit or max_temp_directory_size "
            "in [duckdb]; the last version is kept"
        )
    if fault.kind == "Out of Memory":
        return "raise [duckdb] memory_limit, or let the model do its work in smaller steps"
    if "No space left" in fault.message or "File too large" in fault.message:
        return "make room on the disk and run again; the dataset keeps its last version"
    return ""
