"""How far the running statements are, told by one thread for all of them."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import duckdb

__all__ = ["Progress"]

_SECONDS = 0.5


class Progress:
    """Reports on what is watched, twice a second; its thread starts with the first statement."""

    def __init__(self) -> None:
        self._watched: dict[duckdb.DuckDBPyConnection, Callable[[float | None], None]] = {}
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    @contextmanager
    def watch(self, cursor: duckdb.DuckDBPyConnection, on_progress: Callable[[float | None], None]) -> Iterator[None]:
        """Report on the statement that runs on ``cursor``; nothing is reported after the block."""
        with self._lock:
            self._watched[cursor] = on_progress
            if self._thread is None:
                self._thread = threading.Thread(target=self._report, name="progress", daemon=True)
                self._thread.start()
        try:
            yield
        finally:
            with self._lock:
                del self._watched[cursor]

    def close(self) -> None:
        """Stop reporting."""
        self._closed.set()
        if self._thread:
            self._thread.join()

    def _report(self) -> None:
        while not self._closed.wait(_SECONDS):
            with self._lock:
                for cursor, on_progress in self._watched.items():
                    percent = cursor.query_progress()
                    on_progress(percent if percent >= 0 else None)
