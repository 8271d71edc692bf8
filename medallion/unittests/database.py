"""The DuckDB that unit tests run in: no files, every dataset as an empty table, and what a test fills in taken back."""

from __future__ import annotations

import re
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from medallion.engines.deadline import Deadline
from medallion.engines.faults import read_fault
from medallion.engines.macros import callees_first, create_macro
from medallion.engines.model_run import ModelRun
from medallion.engines.sandbox import connect
from medallion.engines.sql import identifier, literal
from medallion.errors import Location, MedallionError, UnitTestError
from medallion.names import TableName
from medallion.unittests.clock import stop_the_clock
from medallion.unittests.given_rows import GivenRows, comparable
from medallion.unittests.readers import Reader, find_readers, replace_readers
from medallion.unittests.tables import Cell
from medallion.unittests.values import column_as_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from medallion.config import Config, Variable
    from medallion.models.graph import Graph
    from medallion.models.model import Macro, Model
    from medallion.records import Record
    from medallion.unittests.compare import Row
    from medallion.unittests.tables import Table

__all__ = ["Database", "Stand", "Subject", "comes_of_rows", "makes_columns_of_rows"]

_PIVOT = re.compile(r"\bPIVOT", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Stand:
    """The table that stands in for a dataset or a file: its name as SQL, and its columns with their types."""

    sql: str
    columns: Mapping[str, str]

    def column(self, name: str) -> str | None:
        """The column of that name, in whatever case."""
        return next((column for column in self.columns if column.lower() == name.lower()), None)


@dataclass(frozen=True, slots=True)
class Subject:
    """A model ready to be run here.

    ``stands`` are by the name of what they stand in for, paths among them: one for each time that a file is read.
    """

    model: Model
    macros: tuple[Macro, ...]
    stands: Mapping[str, tuple[Stand, ...]]
    schemas: Mapping[TableName, Mapping[str, str]]
    files: Mapping[TableName, Mapping[str, str]]

    @property
    def tables(self) -> Mapping[TableName, Mapping[str, str]]:
        """The columns of everything that the SQL names as a table."""
        return {**self.schemas, **self.files}

    @property
    def reads_clock(self) -> bool:
        """Whether anything in it says that its result may differ each time."""
        return bool(self.model.volatile_at) or any(macro.volatile_at for macro in self.macros)


class Database:
    """One locked DuckDB for all tests of a project. Tables and macros are made when a test first needs them."""

    def __init__(
        self,
        config: Config,
        graph: Graph,
        records: Mapping[TableName, Record],
        broken: Mapping[TableName, MedallionError],
    ) -> None:
        self.config = config
        self.graph = graph
        self._records = records
        self._broken = broken
        self._connection, cursors = connect(
            config,
            threads=1,
            memory_limit=config.memory_limit,
            folders=(),
            spill=Path(tempfile.gettempdir()),
        )
        self._cursor = cursors.get()
        self.given = GivenRows(self._cursor)
        self._macros: dict[str, MedallionError | None] = {}
        self._subjects: dict[TableName, Subject] = {}
        self._columns: dict[TableName, Mapping[str, str]] = {}
        self._outputs: dict[tuple[TableName, str], tuple[tuple[str, str], ...]] = {}
        self._schemas: set[str] = set()
        self._readers_before = 0

    def close(self) -> None:
        """Close it, and with it everything in it."""
        self._connection.close()

    # What is there before a test

    def subject(self, name: TableName) -> Subject:
        """A model with everything it reads as an empty table; the model's own problem, where it has one."""
        if name not in self._subjects:
            self._subjects[name] = self._prepare(name)
        return self._subjects[name]

    def _prepare(self, name: TableName) -> Subject:
        problem = self.graph.problems.get(name)
        if problem is not None:
            raise problem
        model = self.graph.models.get(name)
        if model is None:
            raise UnitTestError(f"there is no model {name}", hint=f"write sql/{name.layer}/{name.name}.sql")
        inputs = self.graph.inputs[name]
        schemas = {dataset: self.columns(dataset) for dataset in inputs}
        stands = {str(dataset): (Stand(dataset.sql, schemas[dataset]),) for dataset in inputs}
        readers = self._readers_of(model)
        files: dict[TableName, Mapping[str, str]] = {}
        for reader in readers:
            table = TableName(reader.schema, reader.function)
            self._create(table.layer, table.name, dict(reader.columns or ()))
            files[table] = self._created(table)
            stand = Stand(table.sql, files[table])
            stands |= {path: (*stands.get(path, ()), stand) for path in reader.paths}
        macros = callees_first(self.graph.macros[name])
        for macro in macros:
            self._ensure_macro(macro)
        return Subject(replace_readers(model, readers), macros, stands, schemas, files)

    def _readers_of(self, model: Model) -> tuple[Reader, ...]:
        """The calls that read files, all of which can be replaced."""
        readers = find_readers(model, self._readers_before)
        self._readers_before += len(readers)
        typed = {path for reader in readers for path in reader.paths}
        typed -= {path for reader in readers if reader.columns is None for path in reader.paths}
        for source in model.sources:
            if source.path not in typed:
                raise UnitTestError(
                    f'which columns "{source.path}" has is known from the file alone, and a test reads none',
                    location=model.locate(source.offset, source.length),
                    hint="list them, as in read_csv('…', columns = {'id': 'BIGINT'}), or test the model that reads "
                    f"{model.name}",
                )
        return readers

    def columns(self, name: TableName) -> Mapping[str, str]:
        """Names and types of a dataset's columns: those of its record, or of its model where that is another one now.

        What is known this way is a table at once. ``MedallionError`` where neither says it.
        """
        if name not in self._columns:
            columns = self._find_columns(name)
            self._create(name.layer, name.name, columns)
            self._columns[name] = columns
        return self._columns[name]

    def _find_columns(self, name: TableName) -> Mapping[str, str]:
        record, model = self._records.get(name), self.graph.models.get(name)
        if record is not None and not self._differs(name, record):
            return _recorded(record)
        try:
            if model is not None and not _PIVOT.search(model.sql):  # A PIVOT makes its columns of the data.
                return dict(self._bind(self.subject(name), model.path))
        except MedallionError as error:
            if record is None:
                raise self._broken.get(name) or _unbuilt(name, error) from error
        if record is not None:
            return _recorded(record)
        raise self._broken.get(name) or self.graph.problems.get(name) or _unbuilt(name)

    def _differs(self, name: TableName, record: Record) -> bool:
        """Whether a record's columns may be other ones than its model would make now."""
        model = self.graph.models.get(name)
        if model is None or name in self.graph.problems:
            return False
        macros = {macro.name: macro.digest for macro in self.graph.macros[name]}
        if record.built.text != model.digest or dict(record.built.macros) != macros:
            return True
        return any(
            read not in self._records or self.columns(read) != _recorded(self._records[read])
            for read in self.graph.inputs[name]
        )

    def _create(self, schema: str, table: str, columns: Mapping[str, str]) -> None:
        import duckdb

        if schema not in self._schemas:
            self._cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {identifier(schema)}")
            self._schemas.add(schema)
        listed = ", ".join(f"{identifier(name)} {kind}" for name, kind in columns.items())
        statement = f"CREATE OR REPLACE TABLE {identifier(schema)}.{identifier(table)} ({listed})"
        try:
            if len(self._connection.extract_statements(statement)) != 1:  # A record comes from whoever committed it.
                raise UnitTestError(f"the columns of {schema}.{table} have no types that DuckDB knows")
            self._cursor.execute(statement)
        except duckdb.Error as error:
            raise UnitTestError(
                f"the columns of {schema}.{table} have no types that DuckDB knows: {read_fault(error).message}",
                hint=f"`medallion run --force {schema}.{table}` writes its record anew",
            ) from error

    def _created(self, table: TableName) -> Mapping[str, str]:
        """The columns of a table with its types as DuckDB calls them, whatever its author did."""
        return {row[0]: row[1] for row in self._cursor.execute(f"DESCRIBE {table.sql}").fetchall()}

    def _ensure_macro(self, macro: Macro) -> None:
        if macro.name not in self._macros:
            self._macros[macro.name] = create_macro(self._cursor, macro)
        problem = self._macros[macro.name]
        if problem is not None:
            raise problem

    # A test

    @contextmanager
    def filled(
        self, subject: Subject, given: Mapping[str, Table], variables: Mapping[str, Variable], now: datetime | None
    ) -> Iterator[None]:
        """Rows in the tables, variables set and the clock stopped, until the block ends."""
        self._cursor.execute("BEGIN")
        try:
            if now is not None:
                texts = (subject.model.sql, *(macro.sql for macro in subject.macros))
                self._cursor.execute(stop_the_clock(now, *texts) or "SELECT 1")
            for name, value in variables.items():
                self._cursor.execute(f"SET VARIABLE {identifier(name)} = {literal(value)}")
            for name, table in given.items():
                self._insert(name, subject.stands[name], table)
            yield
        finally:
            self._cursor.execute("ROLLBACK")
            for name in variables:
                self._reset(name)

    def _reset(self, name: str) -> None:
        configured = {key.casefold(): value for key, value in self.config.variables.items()}
        if name.casefold() in configured:
            value = literal(configured[name.casefold()])
            self._cursor.execute(f"SET VARIABLE {identifier(name)} = {value}")
        else:
            self._cursor.execute(f"RESET VARIABLE {identifier(name)}")

    def _insert(self, name: str, stands: Sequence[Stand], table: Table) -> None:
        """The rows into each of the tables, which may differ in their columns; any column has to be in one of them."""
        known = list(dict.fromkeys(column for stand in stands for column in stand.columns))
        for header in table.columns:
            if all(stand.column(header.name) is None for stand in stands):
                raise header.place.unknown(f"{name} has no column", header.name, known, f"it has {', '.join(known)}")
        if table.rows and not table.columns:
            raise table.place.error("the rows name no column", "name one at least")
        for stand in stands:
            found = [(stand.column(header.name), i) for i, header in enumerate(table.columns)]
            columns = {column: i for column, i in found if column is not None}
            rows = [tuple(row[i] for i in columns.values()) for row in table.rows]
            if not columns:  # As many rows as the others get, with nothing in them.
                columns = {next(iter(stand.columns)): 0}
                rows = [(Cell(None, None, table.place),)] * len(rows)
            self.given.insert(stand.sql, {column: stand.columns[column] for column in columns}, rows)

    def outputs(self, subject: Subject, cte: str, model: Model) -> tuple[tuple[str, str], ...]:
        """Names and types of what ``model`` gives: a subject's own, or that which ends with the CTE."""
        key = (subject.model.name, cte)
        if key in self._outputs:
            return self._outputs[key]
        found = self._bind(replace(subject, model=model), model.path)
        if not makes_columns_of_rows(subject, model):
            self._outputs[key] = found
        return found

    def _bind(self, subject: Subject, path: str) -> tuple[tuple[str, str], ...]:
        run = ModelRun(subject.model, subject.macros, subject.tables)
        run.bind(self._cursor)
        if not run.outputs:
            raise UnitTestError("the model has no columns", location=Location(path))
        return tuple(run.outputs)

    def rows(self, subject: Subject, model: Model, outputs: Sequence[tuple[str, str]]) -> list[Row]:
        """What ``model`` gives, by the texts of its values."""
        run = ModelRun(model, subject.macros, subject.tables)
        listed = ", ".join(column_as_text(name, kind) for name, kind in outputs)
        kinds = [kind for _, kind in outputs]
        found = Deadline(self._cursor).run(lambda: run.fetch(self._cursor, f"SELECT {listed} FROM (\n", "\n)"))
        return [comparable(row, kinds) for row in found]


def _recorded(record: Record) -> Mapping[str, str]:
    return {column.name: column.type for column in record.columns}


def _unbuilt(name: TableName, because: MedallionError | None = None) -> UnitTestError:
    return UnitTestError(
        f"which columns {name} has is not known: it was never built" + (f", and {because.message}" if because else ""),
        location=because.location if because else None,
        hint=f"`medallion run +{name}` builds it; its record, once committed, is enough for everybody",
    )


def makes_columns_of_rows(subject: Subject, model: Model) -> bool:
    """Whether a PIVOT may be in it, which makes columns of the values that it meets."""
    return any(_PIVOT.search(text) for text in (model.sql, *(macro.sql for macro in subject.macros)))


def comes_of_rows(error: MedallionError) -> bool:
    """Whether DuckDB met a value that it could not do with; else the SQL is at fault, whatever the rows."""
    import duckdb

    cause = error.__cause__
    return isinstance(cause, duckdb.Error) and read_fault(cause).kind not in ("Parser", "Syntax", "Binder", "Catalog")
