"""The DuckDB instances of a session: what was registered in each, their cursors, and the memory they share."""

from __future__ import annotations

import contextlib
import os
import re
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from medallion.engines.sandbox import connect, schema_cursors
from medallion.errors import BuildError, MedallionError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from queue import SimpleQueue

    import duckdb

    from medallion.config import Config
    from medallion.names import TableName

__all__ = ["Instance", "Instances", "Schemas"]


@dataclass
class Instance:
    """One DuckDB with what was registered in it."""

    connection: duckdb.DuckDBPyConnection
    cursors: SimpleQueue[duckdb.DuckDBPyConnection]
    lock: threading.Lock = field(default_factory=threading.Lock)
    macros: dict[str, MedallionError | None] = field(default_factory=dict)
    views: set[TableName] = field(default_factory=set)


@dataclass
class Schemas:
    """Where models are bound: every dataset as an empty table, and the macros."""

    cursors: SimpleQueue[duckdb.DuckDBPyConnection]
    lock: threading.Lock = field(default_factory=threading.Lock)
    macros: dict[str, MedallionError | None] = field(default_factory=dict)
    tables: dict[TableName, dict[str, str]] = field(default_factory=dict)


class Instances:
    """Two instances, each opened when first needed: one with all threads, and one with a single thread.

    The second is for models whose result could depend on how threads interleave (DESIGN 6). ``threads`` belongs to
    an instance in DuckDB, not to a query, hence two of them. ``running`` are the cursors that :meth:`interrupt` stops;
    ``schemas`` is there once a model was bound.
    """

    def __init__(self, config: Config, folders: Sequence[Path]) -> None:
        self.config = config
        self.threads = config.threads or os.cpu_count() or 1
        self.running: set[duckdb.DuckDBPyConnection] = set()
        self._folders = [config.root / "data", *folders, *_source_folders(config)]
        self._temporary = config.state / "tmp"
        with contextlib.suppress(OSError):  # Where nothing can be written models can still be bound.
            self._temporary.mkdir(parents=True, exist_ok=True)
        self._opened: dict[bool, Instance] = {}
        self.schemas: Schemas | None = None
        self._whole_limit = False
        self._opening = threading.Lock()
        self._stopped = False

    @property
    def opened(self) -> list[Instance]:
        """Those that were needed so far."""
        return list(self._opened.values())

    def close(self) -> None:
        """Close both."""
        for instance in self._opened.values():
            instance.connection.close()

    def interrupt(self) -> None:
        """Stop everything that runs, and start nothing more."""
        self._stopped = True
        for connection in list(self.running):
            connection.interrupt()

    @contextmanager
    def cursor(self, *, single: bool) -> Iterator[tuple[Instance, duckdb.DuckDBPyConnection]]:
        """A cursor of the instance with a ``single`` thread, or of the other one; ``BuildError`` after an interrupt."""
        instance = self._instance(single=single)
        if self._stopped:
            raise BuildError("interrupted")
        cursor = instance.cursors.get()
        self.running.add(cursor)
        try:
            self._share_memory()
            yield instance, cursor
        finally:
            self.running.discard(cursor)
            instance.cursors.put(cursor)

    def _instance(self, *, single: bool) -> Instance:
        with self._opening:
            if single not in self._opened:
                threads = 1 if single else self.threads
                second = bool(self._opened)
                self._whole_limit |= second
                limit = _share(self.config.memory_limit) if second else self.config.memory_limit
                self._opened[single] = Instance(
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
            return self._opened[single]

    def schemas_of(self, instance: Instance) -> Schemas:
        """Where models are bound, which ``instance`` holds if it is the first that is asked for it."""
        with self._opening:
            if self.schemas is None:
                self.schemas = Schemas(schema_cursors(instance.connection, self.config, self.threads))
            return self.schemas

    def _share_memory(self) -> None:
        """Bring the first instance down to half of the limit once there is a second one.

        DuckDB refuses while models in it hold more than that; then it is tried again before the next model.
        """
        import duckdb

        with self._opening:
            if self._whole_limit:
                first = next(iter(self._opened.values())).connection
                with contextlib.suppress(duckdb.OutOfMemoryException), first.cursor() as cursor:
                    cursor.execute(f"SET memory_limit = '{_share(self.config.memory_limit)}'")
                    self._whole_limit = False


def _share(limit: str | None) -> str:
    """Half of a memory limit: two instances compute side by side, one of them single-threaded."""
    if limit is None:
        return "40%"
    number, unit = re.fullmatch(r"([\d.]+) ?(\D+)", limit).groups()  # type: ignore[union-attr]
    return f"{float(number) / 2:g}{unit}"


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
