"""DuckDB as the engine: models run verbatim in a locked-down, in-memory instance."""

from __future__ import annotations

import contextlib
import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from medallion.engines.empty_tables import create_empty, needs_data, stored_type
from medallion.engines.instances import Instances
from medallion.engines.macros import callees_first, create_macro
from medallion.engines.model_run import ModelRun
from medallion.engines.progress import Progress
from medallion.engines.reader import DatasetReader
from medallion.engines.row_delta import row_delta
from medallion.engines.sandbox import SCHEMAS, unreadable
from medallion.engines.sql import identifier, read_parquet
from medallion.installed import version_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    import duckdb

    from medallion.config import Config
    from medallion.engines.instances import Instance, Schemas
    from medallion.engines.protocol import Produced, Reader, Session
    from medallion.engines.query_plan import Treatment
    from medallion.events import RowDelta
    from medallion.models.model import Macro, Model
    from medallion.models.tolerances import Tolerance
    from medallion.names import TableName
    from medallion.records import Column
    from medallion.schemas import Schema

__all__ = ["DuckDBEngine", "engine_version"]

_PIVOT = re.compile(r"\bPIVOT", re.IGNORECASE)


def engine_version() -> str:
    """The installed DuckDB's version, found without importing it."""
    return version_of("duckdb")


class DuckDBEngine:
    """Opens sessions for one project."""

    name = "duckdb"

    def __init__(self, config: Config, folders: Sequence[Path], *, discreet: bool = False) -> None:
        """``folders`` are those, besides the project's data and sources, whose Parquet may be read (the LFS store).

        ``discreet``: no message of an error quotes a value, whatever dataset it is of.
        """
        self.config = config
        self.discreet = discreet
        self.version = engine_version()
        self.folders = tuple(folders)

    @contextmanager
    def open(self) -> Iterator[Session]:
        """Start a session. The process works in the project's root meanwhile.

        DuckDB takes relative paths from the working directory and hands them on as they are written; from
        anywhere else the checkout's path would get into columns such as ``filename``.
        """
        session = _DuckDBSession(self.config, self.folders, discreet=self.discreet)
        with contextlib.chdir(self.config.root):
            try:
                yield session
            finally:
                session.close()


class _DuckDBSession:
    """Datasets, macros and models in the two instances."""

    def __init__(self, config: Config, folders: Sequence[Path], *, discreet: bool) -> None:
        self.discreet = discreet
        self._files: dict[TableName, tuple[str, ...]] = {}
        self._private: set[TableName] = set()
        self._written: dict[tuple[int, ...], tuple[Column, ...]] = {}
        self._instances = Instances(config, folders)
        self._progress = Progress()
        self.threads = self._instances.threads

    def close(self) -> None:
        """Close both instances."""
        self._progress.close()
        self._instances.close()

    def interrupt(self) -> None:
        """Stop everything that runs."""
        self._instances.interrupt()

    def register(self, name: TableName, files: Sequence[Path], *, private: bool = False) -> None:
        """Make a dataset readable; the instances create its view when a model first reads it."""
        (self._private.add if private else self._private.discard)(name)
        self._files[name] = tuple(str(file) for file in files)
        if schemas := self._instances.schemas:
            with schemas.lock:
                schemas.tables.pop(name, None)
        for instance in self._instances.opened:
            with instance.lock:
                instance.views.discard(name)

    def bind(
        self, model: Model, macros: Sequence[Macro], schemas: Mapping[TableName, Schema], *, stored: bool = True
    ) -> Schema | None:
        """Bind against empty tables, and say what Parquet makes of the types."""
        ordered = callees_first(macros)
        with self._instances.cursor(single=self.threads == 1) as (instance, cursor):
            if not self._make_tables(instance, cursor, schemas):
                return None
            with self._binder(instance, model, ordered, _reads(model, macros), cursor) as (run, binder):
                if _PIVOT.search(model.sql) and needs_data(binder, model.sql):
                    return None
                if not stored:
                    return run.describe(binder)
                run.bind(binder)
                run.check_reads(binder)
                return _as_stored(run)

    def build(
        self,
        model: Model,
        macros: Sequence[Macro],
        target: Path,
        on_progress: Callable[[float | None], None],
        on_bound: Callable[[Schema], None] = lambda _: None,
    ) -> Produced:
        """Bind, choose how to run, run, and identify what came out."""
        reads = _reads(model, macros)
        ordered = callees_first(macros)
        with self._instances.cursor(single=self.threads == 1) as (instance, cursor):
            run, how = self._decide(instance, model, ordered, reads, cursor)
            if how is None:
                self._prepare(instance, cursor, reads, ordered)
                how = run.plan_from_explain(cursor)
        on_bound(_as_stored(run))  # With no cursor held, since whoever is told may want one.
        with self._instances.cursor(single=how.single or self.threads == 1) as (instance, cursor):
            self._prepare(instance, cursor, reads, ordered)
            return self._noted(run.execute(cursor, how, target, self._progress.watch(cursor, on_progress)))

    def _decide(
        self,
        instance: Instance,
        model: Model,
        macros: Sequence[Macro],
        reads: Sequence[TableName],
        cursor: duckdb.DuckDBPyConnection,
    ) -> tuple[ModelRun, Treatment | None]:
        """Bind a model against empty tables, which reads no data, and choose how to run it, if that can be told.

        A PIVOT may make its columns of the data, so a model with one is bound against that.
        """
        with self._binder(instance, model, macros, reads, cursor) as (run, binder):
            if any(_PIVOT.search(text) for text in (model.sql, *(macro.sql for macro in macros))):
                self._prepare(instance, cursor, reads, macros)
                run.bind(cursor)
                return run, run.plan(cursor)
            run.bind(binder)
            return run, run.plan(binder)

    @contextmanager
    def _binder(
        self,
        instance: Instance,
        model: Model,
        macros: Sequence[Macro],
        reads: Sequence[TableName],
        cursor: duckdb.DuckDBPyConnection,
    ) -> Iterator[tuple[ModelRun, duckdb.DuckDBPyConnection]]:
        """A model with a place to bind it: what it reads as empty tables, and its macros."""
        schemas = self._instances.schemas_of(instance)
        binder = schemas.cursors.get()
        self._instances.running.add(binder)
        try:
            for name in reads:
                self._ensure_table(schemas, binder, cursor, name)
            for macro in macros:
                _ensure_macro(schemas, binder, macro)
            tables = {name: schemas.tables.get(name, {}) for name in reads}
            reads_private = self.discreet or not self._private.isdisjoint(reads)
            yield ModelRun(model, macros, tables, reads_private=reads_private), binder
        finally:
            self._instances.running.discard(binder)
            schemas.cursors.put(binder)

    def compare(
        self, old: Sequence[Path], new: Sequence[Path], key: Sequence[str], tolerances: Mapping[str, Tolerance]
    ) -> RowDelta | None:
        """Count how rows differ between two versions."""
        with self._instances.cursor(single=self.threads == 1) as (_, cursor):
            return row_delta(cursor, old, new, key, tolerances)

    @contextmanager
    def reader(
        self, reads: Collection[TableName], macros: Sequence[Macro], *, discreet: bool = False
    ) -> Iterator[Reader]:
        """A cursor to look at datasets with."""
        ordered = callees_first(macros)
        with self._instances.cursor(single=self.threads == 1) as (instance, cursor):
            self._prepare(instance, cursor, set(reads), ordered)

            def bind(probe: Model) -> Schema:
                with self._binder(instance, probe, ordered, sorted(reads), cursor) as (run, binder):
                    return run.describe(cursor if _PIVOT.search(probe.sql) else binder)

            yield DatasetReader(cursor, bind, discreet=discreet or self.discreet)

    def _prepare(
        self,
        instance: Instance,
        cursor: duckdb.DuckDBPyConnection,
        reads: Collection[TableName],
        macros: Sequence[Macro],
    ) -> None:
        """Views and macros that a model needs."""
        for name in sorted(reads):
            self._ensure_view(instance, cursor, name)
        for macro in macros:
            _ensure_macro(instance, cursor, macro)

    def _noted(self, produced: Produced) -> Produced:
        """Remember the schema of what was written: it is known by its inode when it is read."""
        self._written[_stamp(produced.file)] = produced.columns
        return produced

    def _ensure_table(
        self,
        schemas: Schemas,
        binder: duckdb.DuckDBPyConnection,
        cursor: duckdb.DuckDBPyConnection,
        name: TableName,
    ) -> None:
        """Create the empty table of a dataset unless it is there."""
        import duckdb

        with schemas.lock:
            if name in schemas.tables or name not in self._files:
                return
            files = self._files[name]
            written = self._written.get(_stamp(Path(files[0]))) if len(files) == 1 else None
            if written:
                schemas.tables[name] = {column.name: column.type for column in written}
                create_empty(cursor, name, schemas.tables[name].items())
                return
            table = f"{identifier(SCHEMAS)}.{name.sql}"
            binder.execute(f"CREATE SCHEMA IF NOT EXISTS {identifier(name.layer)}")
            try:
                cursor.execute(f"CREATE OR REPLACE TABLE {table} AS FROM {read_parquet(files)} LIMIT 0")
            except duckdb.Error as error:
                raise unreadable(name, files, error) from error
            described = binder.execute(f"DESCRIBE {name.sql}").fetchall()
            schemas.tables[name] = {row[0]: row[1] for row in described}

    def _make_tables(
        self, instance: Instance, cursor: duckdb.DuckDBPyConnection, given: Mapping[TableName, Schema]
    ) -> bool:
        """Create the empty tables of datasets whose columns are given; False where that is not possible."""
        import duckdb

        schemas = self._instances.schemas_of(instance)
        with schemas.lock:
            for name, columns in given.items():
                if list(schemas.tables.get(name, {}).items()) == list(columns):
                    continue
                try:
                    create_empty(cursor, name, columns)
                except duckdb.Error:  # A record that DuckDB makes nothing of.
                    return False
                schemas.tables[name] = dict(columns)
        return True

    def _ensure_view(self, instance: Instance, cursor: duckdb.DuckDBPyConnection, name: TableName) -> None:
        """Create the view of a dataset in one instance unless it is there."""
        import duckdb

        with instance.lock:
            if name in instance.views or name not in self._files:
                return
            cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {identifier(name.layer)}")
            try:
                cursor.execute(f"CREATE OR REPLACE VIEW {name.sql} AS FROM {read_parquet(self._files[name])}")
            except duckdb.Error as error:
                raise unreadable(name, self._files[name], error) from error
            instance.views.add(name)


def _as_stored(run: ModelRun) -> Schema:
    """The columns of a bound model, as readers of the Parquet file will see them."""
    return tuple((name, stored_type(kind)) for name, kind in run.outputs)


def _reads(model: Model, macros: Sequence[Macro]) -> list[TableName]:
    """The datasets that a model and its macros name."""
    return sorted({r.name for r in model.datasets}.union(*({r.name for r in macro.datasets} for macro in macros)))


def _stamp(file: Path) -> tuple[int, ...]:
    """A file as the file system knows it; a rename keeps that."""
    try:
        stat = file.stat()
    except OSError:
        return ()
    return stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns


def _ensure_macro(place: Instance | Schemas, cursor: duckdb.DuckDBPyConnection, macro: Macro) -> None:
    """Create a macro in one place unless it is there; ``ModelError`` in its file where DuckDB refuses it."""
    with place.lock:
        if macro.name not in place.macros:
            place.macros[macro.name] = create_macro(cursor, macro)
        problem = place.macros[macro.name]
    if problem:
        raise problem
