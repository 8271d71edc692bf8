"""A DuckDB that is locked down before the first statement of a user runs in it."""

from __future__ import annotations

import os
import secrets
from queue import SimpleQueue
from typing import TYPE_CHECKING

from medallion.engines.faults import read_fault
from medallion.engines.sql import identifier, literal, no_glob
from medallion.errors import DataError, Location

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import duckdb

    from medallion.config import Config
    from medallion.names import TableName

__all__ = ["connect", "unreadable"]

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
) -> tuple[duckdb.DuckDBPyConnection, SimpleQueue[duckdb.DuckDBPyConnection]]:
    """An in-memory DuckDB that can read and write ``files`` and below ``folders`` only, its settings locked.

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
    # What DuckDB compares with these is the pattern, before it looks for files: see no_glob.
    allowed = ", ".join(literal(f"{form}/") for folder in map(str, folders) for form in (folder, no_glob(folder)))
    connection.execute("SET GLOBAL TimeZone = 'UTC'")
    connection.execute(f"SET allowed_directories = [{allowed}]")
    if files:
        paths = ", ".join(literal(form) for file in map(str, files) for form in (file, no_glob(file)))
        connection.execute(f"SET allowed_paths = [{paths}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection, pool


def unreadable(name: TableName, files: Sequence[str], error: Exception) -> DataError:
    """A dataset's file is no Parquet that DuckDB can read."""
    return DataError(
        f"the data of {name} cannot be read: {read_fault(error).message.splitlines()[0]}",
        location=Location(files[0]),
        hint=f"`medallion restore {name}` takes the committed data back; `medallion run --force {name}` builds it anew",
    )
