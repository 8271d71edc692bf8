"""DuckDB as the engine: models run verbatim in a locked-down, in-memory instance."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import PurePosixPath
from queue import SimpleQueue
from typing import TYPE_CHECKING

from medallion.engines.csv_errors import csv_error
from medallion.engines.faults import Fault, explain, read_fault
from medallion.engines.footer import read_footer
from medallion.engines.protocol import Produced, Session
from medallion.engines.query_plan import Treatment, treatment
from medallion.engines.sql import identifier, literal, read_parquet
from medallion.errors import BuildError, DataError, Location, MedallionError, ModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    import duckdb

    from medallion.config import Config
    from medallion.models.model import Macro, Model
    from medallion.names import TableName

__all__ = ["DuckDBEngine", "connect", "engine_version", "unreadable"]

# Parquet's defaults may move with a release; the bytes of a dataset must not.
_PARQUET = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 3, ROW_GROUP_SIZE 122880"

_CURSOR_SETTINGS = (
    "SET enable_progress_bar = true",
    "SET enable_progress_bar_print = false",
    "SET progress_bar_time = 0",
    "SET enable_profiling = 'no_output'",
)

# Types that Parquet cannot hold as they are, and what to cast to: DuckDB would store another value without a word.
_UNFIT = {
    "hugeint": "DOUBLE, which changes large values: cast it to BIGINT or DECIMAL(38, 0)",
    "uhugeint": "DOUBLE, which changes large values: cast it to UBIGINT or DECIMAL(38, 0)",
    "bignum": "text: cast it to DECIMAL(38, 0) or VARCHAR",
    "interval": "milliseconds, which drops microseconds: cast it to BIGINT microseconds or VARCHAR",
    "time with time zone": "UTC, which drops the zone: cast it to TIME or VARCHAR",
    "bit": "text: cast it to VARCHAR or BLOB",
    "union": "a struct: choose one type for the column",
    "geometry": "another type: cast it to VARCHAR or BLOB",
}


def engine_version() -> str:
    """The installed DuckDB's version, found without importing it."""
    return version("duckdb")


def connect(
    config: Config, *, threads: int, memory_limit: str | None, folders: Sequence[Path], spill: Path, cursors: int = 1
) -> tuple[duckdb.DuckDBPyConnection, SimpleQueue[duckdb.DuckDBPyConnection]]:
    """An in-memory DuckDB that can read and write below ``folders`` only and whose settings are locked.

    UTC, errors as JSON, no extensions from outside, no Python variables as tables. What does not fit into memory
    goes to a folder of its own in ``spill``. With it come ``cursors`` to work on, in which the project's variables
    are set.
    """
    import duckdb

    settings: dict[str, str | bool | int | float | list[str]] = {
        "threads": threads,
        "errors_as_json": True,
        "temp_directory": str(spill / f"medallion-spill-{os.getpid()}-{secrets.token_hex(3)}"),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "python_enable_replacements": False,
        "allow_persistent_secrets": False,
    }
    if memory_limit:
        settings["memory_limit"] = memory_limit
    connection = duckdb.connect(":memory:", config=settings)
    # Settings that belong to a cursor have to be made before the lock, hence a pool of them.
    pool: SimpleQueue[duckdb.DuckDBPyConnection] = SimpleQueue()
    for _ in range(cursors):
        cursor = connection.cursor()
        for setting in _CURSOR_SETTINGS:
            cursor.execute(setting)
        for name, value in config.variables.items():
            cursor.execute(f"SET VARIABLE {identifier(name)} = {literal(value)}")
        pool.put(cursor)
    allowed = ", ".join(literal(f"{folder}/") for folder in folders)
    connection.execute("SET GLOBAL TimeZone = 'UTC'")
    connection.execute(f"SET allowed_directories = [{allowed}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection, pool


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
        self._temporary.mkdir(parents=True, exist_ok=True)
        self._files: dict[TableName, tuple[str, ...]] = {}
        self._schemas: dict[TableName, tuple[str, ...]] = {}
        self._instances: dict[bool, _Instance] = {}
        self._opening = threading.Lock()
        self._running: set[duckdb.DuckDBPyConnection] = set()
        self._stopped = False

    def close(self) -> None:
        """Close both instances."""
        for instance in self._instances.values():
            instance.connection.close()

    def interrupt(self) -> None:
        """Stop everything that runs."""
        self._stopped = True
        for connection in list(self._running):
            connection.interrupt()

    def register(self, name: TableName, files: Sequence[Path]) -> None:
        """Make a dataset readable; the instances create its view when a model first reads it."""
        self._files[name] = tuple(str(file) for file in files)
        for instance in self._instances.values():
            with instance.lock:
                instance.views.discard(name)

    def build(
        self, model: Model, macros: Sequence[Macro], target: Path, on_progress: Callable[[float | None], None]
    ) -> Produced:
        """Bind, choose how to run, run, and identify what came out."""
        run = _ModelRun(self, model, macros)
        with self._cursor(single=self.threads == 1) as (instance, cursor):
            run.prepare(instance, cursor)
            run.bind(cursor)
            how = run.plan(cursor)
            if not how.single or self.threads == 1:
                return run.execute(cursor, how, target, on_progress)
        with self._cursor(single=True) as (instance, cursor):
            run.prepare(instance, cursor)
            return run.execute(cursor, how, target, on_progress)

    @contextmanager
    def _cursor(self, *, single: bool) -> Iterator[tuple[_Instance, duckdb.DuckDBPyConnection]]:
        instance = self._instance(single=single)
        if self._stopped:
            raise BuildError("interrupted")
        cursor = instance.cursors.get()
        self._running.add(cursor)
        try:
            yield instance, cursor
        finally:
            self._running.discard(cursor)
            instance.cursors.put(cursor)

    def _instance(self, *, single: bool) -> _Instance:
        with self._opening:
            if single not in self._instances:
                threads = 1 if single else self.threads
                limit = self.config.memory_limit if self.threads == 1 else _share(self.config.memory_limit)
                self._instances[single] = _Instance(
                    *connect(
                        self.config,
                        threads=threads,
                        memory_limit=limit,
                        folders=[self._temporary, *self._folders],
                        spill=self._temporary,
                        cursors=self.threads,
                    )
                )
            return self._instances[single]

    def columns_of(self, name: TableName) -> tuple[str, ...]:
        """The columns of a registered dataset, for suggestions."""
        return self._schemas.get(name, ())

    def ensure_view(self, instance: _Instance, cursor: duckdb.DuckDBPyConnection, name: TableName) -> None:
        """Create the view of a dataset in one instance unless it is there."""
        import duckdb

        with instance.lock:
            if name in instance.views or name not in self._files:
                return
            cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {identifier(name.layer)}")
            try:
                cursor.execute(f"CREATE OR REPLACE VIEW {name.sql} AS FROM {read_parquet(self._files[name])}")
                described = cursor.execute(f"DESCRIBE {name.sql}").fetchall()
            except duckdb.Error as error:
                raise unreadable(name, self._files[name], error) from error
            self._schemas[name] = tuple(row[0] for row in described)
            instance.views.add(name)

    def ensure_macro(self, instance: _Instance, cursor: duckdb.DuckDBPyConnection, macro: Macro) -> None:
        """Create a macro in one instance unless it is there; ``ModelError`` in its file where DuckDB refuses it."""
        with instance.lock:
            if macro.name not in instance.macros:
                instance.macros[macro.name] = _create_macro(cursor, macro)
            problem = instance.macros[macro.name]
        if problem:
            raise problem


def unreadable(name: TableName, files: Sequence[str], error: Exception) -> DataError:
    """A dataset's file is no Parquet that DuckDB can read."""
    return DataError(
        f"the data of {name} cannot be read: {read_fault(error).message.splitlines()[0]}",
        location=Location(files[0]),
        hint=f"`medallion restore {name}` takes the committed data back; `medallion run --force {name}` builds it anew",
    )


def _source_folders(config: Config) -> list[Path]:
    """The folders that the configured sources lie in, as DuckDB's sandbox wants them."""
    found = []
    for entry in config.sources:
        if "://" in entry:
            continue
        fixed = re.split(r"[*?\[]", entry)[0]
        path = config.root / (fixed if fixed.endswith("/") or fixed == entry else PurePosixPath(fixed).parent)
        found.append(path.parent if path.is_file() else path)
    return found


def _create_macro(cursor: duckdb.DuckDBPyConnection, macro: Macro) -> MedallionError | None:
    import duckdb

    statement = re.sub(r"^\s*CREATE\s+(OR\s+REPLACE\s+)?", "CREATE OR REPLACE ", macro.sql, flags=re.IGNORECASE)
    shift = len(macro.sql) - len(statement)
    try:
        cursor.execute(statement)
    except duckdb.Error as error:
        message, place, hint = explain(
            read_fault(error),
            statement,
            lambda o, n, note: Location.at(macro.path, macro.text, macro.offset + o + shift, n, note),
            {},
        )
        place = place or Location.at(macro.path, macro.text, macro.offset, 6)
        return ModelError(f"macro {macro.name}: {message}", location=place, hint=hint)
    return None


class _ModelRun:
    """One model on its way through an instance."""

    def __init__(self, session: _DuckDBSession, model: Model, macros: Sequence[Macro]) -> None:
        self.session = session
        self.model = model
        self.macros = _callees_first(macros)
        self.columns: list[tuple[str, str]] = []
        reads = {r.name: None for r in model.datasets}
        reads.update({r.name: None for macro in macros for r in macro.datasets})
        self.reads = tuple(reads)

    def prepare(self, instance: _Instance, cursor: duckdb.DuckDBPyConnection) -> None:
        """Views and macros that the model needs."""
        for name in self.reads:
            self.session.ensure_view(instance, cursor, name)
        for macro in self.macros:
            self.session.ensure_macro(instance, cursor, macro)

    def bind(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Names and types of the output, checked; every mistake in the SQL that DuckDB finds without running it."""
        rows = self._execute(cursor, "DESCRIBE ", self.model.sql, "")
        self.columns = [(row[0], row[1]) for row in rows]
        _check_names(self.model, [name for name, _ in self.columns])
        for name, kind in self.columns:
            unfit = _unfit(kind)
            if unfit:
                raise ModelError(
                    f'column "{name}" is {kind}, which Parquet stores as {unfit.split(":")[0]}',
                    location=self._column_place(name),
                    hint=unfit.split(": ", 1)[1],
                )

    def plan(self, cursor: duckdb.DuckDBPyConnection) -> Treatment:
        """How the model has to run for its bytes to be the same each time."""
        rows = self._execute(cursor, "EXPLAIN (FORMAT json) ", self.model.sql, "")
        return treatment(rows[0][1])

    def execute(
        self,
        cursor: duckdb.DuckDBPyConnection,
        how: Treatment,
        target: Path,
        on_progress: Callable[[float | None], None],
    ) -> Produced:
        """Write the result and describe the file."""
        order = self._order(how)
        before, after = ("COPY (SELECT * FROM (\n", f"\n) ORDER BY {order})") if order else ("COPY (\n", "\n)")
        with _watch(cursor, on_progress):
            self._execute(cursor, before, self.model.sql, f"{after} TO {literal(str(target))} ({_PARQUET})")
        import duckdb

        # DuckDB has no profile of a statement that it answered from a file's metadata, as a bare count(*).
        peak_memory = json.loads(cursor.get_profiling_information()).get("system", {}).get("peak_buffer_memory")
        try:
            footer = read_footer(cursor, target)
            self._check_key(cursor, target)
        except duckdb.Error as error:
            raise self._explained(read_fault(error), "", 0) from error
        return Produced(
            target,
            footer.oid,
            footer.size,
            footer.rows,
            footer.columns,
            footer.ranges.get(self.model.key[0]) if self.model.key else None,
            peak_memory,
        )

    def _order(self, how: Treatment) -> str:
        """The key, else all columns; nothing where the plan keeps the order of its input."""
        if self.model.key:
            return ", ".join(identifier(name) for name in self.model.key)
        return "" if how.keeps_order else "ALL"

    def _check_key(self, cursor: duckdb.DuckDBPyConnection, target: Path) -> None:
        """Rows are stored in the key's order and told apart by it, so it has to be a key."""
        if not self.model.key:
            return
        key = ", ".join(identifier(name) for name in self.model.key)
        nulls = " OR ".join(f"{identifier(name)} IS NULL" for name in self.model.key)
        wrong = cursor.execute(
            f"SELECT {key}, count(*) FROM {read_parquet([str(target)])} GROUP BY {key} "
            f"HAVING count(*) > 1 OR {nulls} ORDER BY ALL LIMIT 3"
        ).fetchall()
        if wrong:
            shown = "; ".join(
                f"({', '.join('NULL' if v is None else str(v)[:40] for v in row[:-1])}) in {row[-1]:,} rows"
                for row in wrong
            )
            annotation = next(a for a in self.model.annotations if a.word == "key")
            raise BuildError(
                f"@key {', '.join(self.model.key)} is no key: {shown}",
                location=self.model.locate(annotation.offset, len("@key")),
                hint="a key is never NULL and comes once: name more columns, or keep one row of each",
            )

    def _execute(self, cursor: duckdb.DuckDBPyConnection, before: str, sql: str, after: str) -> list[tuple[str, ...]]:
        import duckdb

        statement = f"{before}{sql}{after}"
        try:
            return list(cursor.execute(statement).fetchall())
        except duckdb.InterruptException:
            raise BuildError("interrupted") from None
        except duckdb.Error as error:
            raise self._explained(read_fault(error), statement, len(before)) from error

    def _explained(self, fault: Fault, statement: str, shift: int) -> MedallionError:
        broken_row = csv_error(fault.message)
        if broken_row:
            return broken_row
        schemas = {name: self.session.columns_of(name) for name in self.reads}

        def locate(offset: int, length: int, note: str) -> Location:
            at = offset - shift
            if not 0 <= at < len(self.model.sql):
                return Location(self.model.path)
            return self.model.locate(self.model.sql_offset + at, length, note)

        message, place, hint = explain(fault, statement, locate, schemas)
        if fault.kind in ("IO", "Out of Memory"):
            hint = hint or _resource_hint(fault)
            return BuildError(message, location=place or Location(self.model.path), hint=hint)
        return ModelError(message, location=place or Location(self.model.path), hint=hint)

    def _column_place(self, name: str) -> Location:
        found = list(re.finditer(rf"\b{re.escape(name)}\b", self.model.sql))
        if not found:
            return Location(self.model.path)
        # An output's name is most often its alias, which stands last before the FROM clause.
        head = re.search(r"\bfrom\b", self.model.sql, re.IGNORECASE)
        before = [m for m in found if head is None or m.start() < head.start()]
        return self.model.locate(self.model.sql_offset + (before or found)[-1].start(), len(name))


def _resource_hint(fault: Fault) -> str:
    if fault.kind == "Out of Memory":
        return "raise [duckdb] memory_limit, or let the model do its work in smaller steps"
    if "No space left" in fault.message or "File too large" in fault.message:
        return "make room on the disk and run again; the dataset keeps its last version"
    return ""


def _callees_first(macros: Sequence[Macro]) -> tuple[Macro, ...]:
    """Macros in an order in which each comes after those it calls; DuckDB binds a macro when it is created."""
    by_name = {m.name: m for m in macros}
    done: dict[str, Macro] = {}

    def visit(macro: Macro, path: tuple[str, ...]) -> None:
        if macro.name in done or macro.name in path:
            return
        for call in macro.calls:
            if call.name in by_name:
                visit(by_name[call.name], (*path, macro.name))
        done[macro.name] = macro

    for macro in macros:
        visit(macro, ())
    return tuple(done.values())


def _check_names(model: Model, names: Sequence[str]) -> None:
    """Output names that Parquet and every reader can tell apart."""
    seen: dict[str, str] = {}
    for name in names:
        if not name.strip():
            raise ModelError("an output column has no name", location=Location(model.path), hint="name it with AS")
        other = seen.get(name.lower())
        if other is not None:
            what = f'two output columns are called "{name}"'
            if other != name:
                what = f'two output columns differ in case only: "{other}" and "{name}"'
            raise ModelError(
                what, location=Location(model.path), hint="rename one with AS: SQL does not tell them apart"
            )
        seen[name.lower()] = name
    missing = [column for column in model.key if column.lower() not in seen]
    if missing:
        annotation = next(a for a in model.annotations if a.word == "key")
        raise ModelError(
            f'@key names a column that the model does not have: "{missing[0]}"',
            location=model.locate(annotation.offset, len("@key")),
            hint=f"the columns are {', '.join(names)}",
        )


def _unfit(kind: str) -> str | None:
    """What Parquet would make of a type, where that is another type; nested types are looked into."""
    import duckdb

    def visit(found: duckdb.sqltypes.DuckDBPyType) -> str | None:
        if found.id in _UNFIT:
            return _UNFIT[found.id]
        if found.id in ("list", "array", "map", "struct"):
            for _, child in found.children:
                unfit = visit(child) if isinstance(child, duckdb.sqltypes.DuckDBPyType) else None
                if unfit:
                    return unfit
        return None

    return visit(duckdb.sqltype(kind))


@contextmanager
def _watch(cursor: duckdb.DuckDBPyConnection, on_progress: Callable[[float | None], None]) -> Iterator[None]:
    """Report how far the statement that runs on ``cursor`` is, twice a second."""
    done = threading.Event()

    def report() -> None:
        while not done.wait(0.5):
            percent = cursor.query_progress()
            on_progress(percent if percent >= 0 else None)

    watcher = threading.Thread(target=report, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
