"""Stop what a DuckDB computes once it has had its time."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

__all__ = ["Deadline"]

_AGAIN = 0.05


class Deadline:
    """So many ``seconds`` of computing on one connection; 0 for no end.

    Only time inside of ``running()`` counts, so whoever takes rows slowly loses none of them.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, seconds: float) -> None:
        self.seconds = seconds
        self.passed = False
        self._connection = connection
        self._left = seconds

    @contextmanager
    def running(self) -> Iterator[None]:
        """Interrupt the connection if what runs inside takes longer than what is left; then ``passed`` is true."""
        if not self.seconds:
            yield
            return
        ended = threading.Event()
        watch = threading.Thread(target=self._watch, args=(ended,), name="deadline", daemon=True)
        started = time.monotonic()
        watch.start()
        try:
            yield
        finally:
            ended.set()
            watch.join()
            self._left = max(0.0, self._left - (time.monotonic() - started))

    def _watch(self, ended: threading.Event) -> None:
        if ended.wait(self._left):
            return
        self.passed = True
        # An interrupt that comes before the statement has begun is lost, so it is said until the statement has ended.
        while not ended.wait(_AGAIN):
            self._connection.interrupt()
