"""A DuckDB that is locked down before the first statement of a user runs in it."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from queue import SimpleQueue
from typing import TYPE_CHECKING

from medallion.engines.faults import read_fault
from medallion.engines.sql import identifier, literal, no_glob
from medallion.errors import DataError, Location

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import duckdb

    from medallion.config import Config
    from medallion.names import TableName

__all__ = ["SCHEMAS", "connect", "schema_cursors", "unreadable"]

#: The database, in the same instance, that holds every dataset as an empty table: to bind there reads no file.
SCHEMAS = "medallion: schemas"

_CURSOR_SETTINGS = (
    "SET enable_progress_bar = true",
    "SET enable_progress_bar_print = false",
    "SET progress_bar_time = 0",
    "SET enable_profiling = 'no_output'",
)


def connect(
    config: Config,
    *,
    threads: int,
    memory_limit: str | None,
    folders: Sequence[Path],
    spill: Path,
    files: Sequence[Path] = (),
    cursors: int = 1,
    bare: bool = False,
) -> tuple[duckdb.DuckDBPyConnection, SimpleQueue[duckdb.DuckDBPyConnection]]:
    """An in-memory DuckDB that can read and write ``files`` and below ``folders`` only, its settings locked.

    UTC, errors as JSON, no extensions from outside, no Python variables as tables. What does not fit into memory
    goes to a folder of its own in ``spill``. With it come ``cursors`` to work on, in which the project's variables
    are set. ``bare``: only plain rows are asked for, so the part of DuckDB's package that is Python is not loaded.
    """
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
    if config.max_temp_directory_size:
        settings["max_temp_directory_size"] = config.max_temp_directory_size
    connection = _opener(bare=bare)(":memory:", config=settings)
    # Settings that belong to a cursor have to be made before the lock, hence a pool of them.
    pool: SimpleQueue[duckdb.DuckDBPyConnection] = SimpleQueue()
    for _ in range(cursors):
        cursor = _cursor(connection, config)
        for setting in _CURSOR_SETTINGS:
            cursor.execute(setting)
        pool.put(cursor)
    # What DuckDB compares with these is the pattern, before it looks for files: see no_glob.
    allowed = ", ".join(literal(f"{form}/") for folder in map(str, folders) for form in (folder, no_glob(folder)))
    connection.execute("SET GLOBAL TimeZone = 'UTC'")
    connection.execute(f"SET allowed_directories = [{allowed}]")
    if files:
        paths = ", ".join(literal(form) for file in map(str, files) for form in (file, no_glob(file)))
        connection.execute(f"SET allowed_paths = [{paths}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET allowed_configs = ['memory_limit']")  # For us: a model cannot hold a SET.
    connection.execute("SET lock_configuration = true")
    return connection, pool


def _opener(*, bare: bool) -> Callable[..., duckdb.DuckDBPyConnection]:
    if bare:
        with suppress(ImportError):  # Its name is no promise of DuckDB's.
            from _duckdb import connect as open_bare

            return open_bare
    import duckdb

    return duckdb.connect


def schema_cursors(
    connection: duckdb.DuckDBPyConnection, config: Config, cursors: int
) -> SimpleQueue[duckdb.DuckDBPyConnection]:
    """Cursors for which a dataset's name is its empty table in ``SCHEMAS``."""
    connection.execute(f"ATTACH ':memory:' AS {identifier(SCHEMAS)}")
    pool: SimpleQueue[duckdb.DuckDBPyConnection] = SimpleQueue()
    for _ in range(cursors):
        cursor = _cursor(connection, config)
        cursor.execute(f"USE {identifier(SCHEMAS)}")
        pool.put(cursor)
    return pool


def _cursor(connection: duckdb.DuckDBPyConnection, config: Config) -> duckdb.DuckDBPyConnection:
    cursor = connection.cursor()
    for name, value in config.variables.items():
        cursor.execute(f"SET VARIABLE {identifier(name)} = {literal(value)}")
    return cursor


def unreadable(name: TableName, files: Sequence[str], error: Exception) -> DataError:
    """A dataset's file is no Parquet that DuckDB can read."""
    return DataError(
        f"the data of {name} cannot be read: {read_fault(error).message.splitlines()[0]}",
        location=Location(files[0]),
        hint=f"`medallion restore {name}` takes the committed data back; `medallion run --force {name}` builds it anew",
    )
