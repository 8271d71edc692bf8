"""DuckDB as the engine: models run verbatim in a locked-down, in-memory instance."""

from __future__ import annotations

import contextlib
import os
import re
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from medallion.engines.empty_tables import create_empty, needs_data, stored_type
from medallion.engines.macros import callees_first, create_macro
from medallion.engines.model_run import ModelRun
from medallion.engines.progress import Progress
from medallion.engines.reader import DatasetReader
from medallion.engines.row_delta import row_delta
from medallion.engines.sandbox import SCHEMAS, connect, schema_cursors, unreadable
from medallion.engines.sql import identifier, read_parquet
from medallion.errors import BuildError, MedallionError
from medallion.installed import version_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from queue import SimpleQueue

    import duckdb

    from medallion.config import Config
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


def _share(limit: str | None) -> str:
    """Half of a memory limit: two instances compute side by side, one of them single-threaded."""
    if limit is None:
        return "40%"
    number, unit = re.fullmatch(r"([\d.]+) ?(\D+)", limit).groups()  # type: ignore[union-attr]
    return f"{float(number) / 2:g}{unit}"


class DuckDBEngine:
    """Opens sessions for one project."""

    name = "duckdb"

    def __init__(self, config: Config, folders: Sequence[Path]) -> None:
        """``folders`` are those, besides the project's data and sources, whose Parquet may be read (the LFS store)."""
        self.config = config
        self.version = engine_version()
        self.folders = tuple(folders)

    @contextmanager
    def open(self) -> Iterator[Session]:
        """Start a session. The process works in the project's root meanwhile.

        DuckDB takes relative paths from the working directory and hands them on as they are written; from
        anywhere else the checkout's path would get into columns such as ``filename``.
        """
        session = _DuckDBSession(self.config, self.folders)
        with contextlib.chdir(self.config.root):
            try:
                yield session
            finally:
                session.close()


@dataclass
class _Instance:
    """One DuckDB with what was registered in it."""

    connection: duckdb.DuckDBPyConnection
    cursors: SimpleQueue[duckdb.DuckDBPyConnection]
    lock: threading.Lock = field(default_factory=threading.Lock)
    macros: dict[str, MedallionError | None] = field(default_factory=dict)
    views: set[TableName] = field(default_factory=set)


@dataclass
class _Schemas:
    """Where models are bound: every dataset as an empty table, and the macros."""

    cursors: SimpleQueue[duckdb.DuckDBPyConnection]
    lock: threading.Lock = field(default_factory=threading.Lock)
    macros: dict[str, MedallionError | None] = field(default_factory=dict)
    tables: dict[TableName, dict[str, str]] = field(default_factory=dict)


class _DuckDBSession:
    """Two instances, each opened when first needed: one with all threads, and one with a single thread.

    The second is for models whose result could depend on how threads interleave (DESIGN 6). ``threads`` belongs to
    an instance in DuckDB, not to a query, hence two of them.
    """

    def __init__(self, config: Config, folders: Sequence[Path]) -> None:
        self.config = config
        self.threads = config.threads or os.cpu_count() or 1
        self._folders = [config.root / "data", *folders, *_source_folders(config)]
        self._temporary = config.state / "tmp"
        with contextlib.suppress(OSError):  # Where nothing can be written models can still be bound.
            self._temporary.mkdir(parents=True, exist_ok=True)
        self._files: dict[TableName, tuple[str, ...]] = {}
        self._private: set[TableName] = set()
        self._written: dict[tuple[int, ...], tuple[Column, ...]] = {}
        self._instances: dict[bool, _Instance] = {}
        self._schemas: _Schemas | None = None
        self._whole_limit = False
        self._progress = Progress()
        self._opening = threading.Lock()
        self._running: set[duckdb.DuckDBPyConnection] = set()
        self._stopped = False

    def close(self) -> None:
        """Close both instances."""
        self._progress.close()
        for instance in self._instances.values():
            instance.connection.close()

    def interrupt(self) -> None:
        """Stop everything that runs."""
        self._stopped = True
        for connection in list(self._running):
            connection.interrupt()

    def register(self, name: TableName, files: Sequence[Path], *, private: bool = False) -> None:
        """Make a dataset readable; the instances create its view when a model first reads it."""
        (self._private.add if private else self._private.discard)(name)
        self._files[name] = tuple(str(file) for file in files)
        if self._schemas:
            with self._schemas.lock:
                self._schemas.tables.pop(name, None)
        for instance in self._instances.values():
            with instance.lock:
                instance.views.discard(name)

    def bind(
        self, model: Model, macros: Sequence[Macro], schemas: Mapping[TableName, Schema], *, stored: bool = True
    ) -> Schema | None:
        """Bind against empty tables, and say what Parquet makes of the types."""
        ordered = callees_first(macros)
        with self._cursor(single=self.threads == 1) as (instance, cursor):
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
        with self._cursor(single=self.threads == 1) as (instance, cursor):
            run, how = self._decide(instance, model, ordered, reads, cursor)
            if how is None:
                self._prepare(instance, cursor, reads, ordered)
                how = run.plan_from_explain(cursor)
        on_bound(_as_stored(run))  # With no cursor held, since whoever is told may want one.
        with self._cursor(single=how.single or self.threads == 1) as (instance, cursor):
            self._prepare(instance, cursor, reads, ordered)
            return self._noted(run.execute(cursor, how, target, self._progress.watch(cursor, on_progress)))

    def _decide(
        self,
        instance: _Instance,
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
        instance: _Instance,
        model: Model,
        macros: Sequence[Macro],
        reads: Sequence[TableName],
        cursor: duckdb.DuckDBPyConnection,
    ) -> Iterator[tuple[ModelRun, duckdb.DuckDBPyConnection]]:
        """A model with a place to bind it: what it reads as empty tables, and its macros."""
        schemas = self._schemas_of(instance)
        binder = schemas.cursors.get()
        self._running.add(binder)
        try:
            for name in reads:
                self._ensure_table(schemas, binder, cursor, name)
            for macro in macros:
                _ensure_macro(schemas, binder, macro)
            tables = {name: schemas.tables.get(name, {}) for name in reads}
            yield ModelRun(model, macros, tables, reads_private=not self._private.isdisjoint(reads)), binder
        finally:
            self._running.discard(binder)
            schemas.cursors.put(binder)

    def compare(
        self, old: Sequence[Path], new: Sequence[Path], key: Sequence[str], tolerances: Mapping[str, Tolerance]
    ) -> RowDelta | None:
        """Count how rows differ between two versions."""
        with self._cursor(single=self.threads == 1) as (_, cursor):
            return row_delta(cursor, old, new, key, tolerances)

    @contextmanager
    def reader(
        self, reads: Collection[TableName], macros: Sequence[Macro], *, discreet: bool = False
    ) -> Iterator[Reader]:
        """A cursor to look at datasets with."""
        ordered = callees_first(macros)
        with self._cursor(single=self.threads == 1) as (instance, cursor):
            self._prepare(instance, cursor, set(reads), ordered)

            def bind(probe: Model) -> Schema:
                with self._binder(instance, probe, ordered, sorted(reads), cursor) as (run, binder):
                    return run.describe(cursor if _PIVOT.search(probe.sql) else binder)

            yield DatasetReader(cursor, bind, discreet=discreet)

    def _prepare(
        self,
        instance: _Instance,
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

    @contextmanager
    def _cursor(self, *, single: bool) -> Iterator[tuple[_Instance, duckdb.DuckDBPyConnection]]:
        instance = self._instance(single=single)
        if self._stopped:
            raise BuildError("interrupted")
        cursor = instance.cursors.get()
        self._running.add(cursor)
        try:
            self._share_memory()
            yield instance, cursor
        finally:
            self._running.discard(cursor)
            instance.cursors.put(cursor)

    def _instance(self, *, single: bool) -> _Instance:
        with self._opening:
            if single not in self._instances:
                threads = 1 if single else self.threads
                second = bool(self._instances)
                self._whole_limit |= second
                limit = _share(self.config.memory_limit) if second else self.config.memory_limit
                self._instances[single] = _Instance(
                    *connect(
                        self.config,
                        threads=threads,
                        memory_limit=limit,
                        folders=[self._temporary, *self._folders],
                        files=_source_files(self.config),
                        spill=self._temporary,
                        cursors=self.threads,
                    )
                )
            return self._instances[single]

    def _schemas_of(self, instance: _Instance) -> _Schemas:
        with self._opening:
            if self._schemas is None:
                self._schemas = _Schemas(schema_cursors(instance.connection, self.config, self.threads))
            return self._schemas

    def _share_memory(self) -> None:
        """Bring the first instance down to half of the limit once there is a second one.

        DuckDB refuses while models in it hold more than that; then it is tried again before the next model.
        """
        import duckdb

        with self._opening:
            if self._whole_limit:
                first = next(iter(self._instances.values())).connection
                with contextlib.suppress(duckdb.OutOfMemoryException), first.cursor() as cursor:
                    cursor.execute(f"SET memory_limit = '{_share(self.config.memory_limit)}'")
                    self._whole_limit = False

    def _ensure_table(
        self,
        schemas: _Schemas,
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
        self, instance: _Instance, cursor: duckdb.DuckDBPyConnection, given: Mapping[TableName, Schema]
    ) -> bool:
        """Create the empty tables of datasets whose columns are given; False where that is not possible."""
        import duckdb

        schemas = self._schemas_of(instance)
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

    def _ensure_view(self, instance: _Instance, cursor: duckdb.DuckDBPyConnection, name: TableName) -> None:
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


def _ensure_macro(place: _Instance | _Schemas, cursor: duckdb.DuckDBPyConnection, macro: Macro) -> None:
    """Create a macro in one place unless it is there; ``ModelError`` in its file where DuckDB refuses it."""
    with place.lock:
        if macro.name not in place.macros:
            place.macros[macro.name] = create_macro(cursor, macro)
        problem = place.macros[macro.name]
    if problem:
        raise problem


def _source_folders(config: Config) -> list[Path]:
    """The folders that the configured sources lie in, as DuckDB's sandbox wants them."""
    found = []
    for entry in config.sources:
        if "://" in entry:
            continue
        fixed = re.split(r"[*?\[]", entry)[0]
        path = config.root / (fixed if fixed.endswith("/") or fixed == entry else PurePosixPath(fixed).parent)
        if not path.is_file():
            found.append(path)
    return found


def _source_files(config: Config) -> list[Path]:
    """The configured sources that are single files: they open no folder."""
    return [config.root / entry for entry in config.sources if (config.root / entry).is_file()]
