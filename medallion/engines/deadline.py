"""Stop what a DuckDB computes: once it has had its time, or at Ctrl-C."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    import duckdb

__all__ = ["Deadline"]

_AGAIN = 0.05

T = TypeVar("T")


class Deadline:
    """So many ``seconds`` of computing on one connection; 0 for no end.

    Only time inside of ``run()`` counts, so whoever takes rows slowly loses none of them.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.passed = False
        self._connection = connection
        self._left = seconds

    def run(self, work: Callable[[], T]) -> T:
        """What ``work`` gives. The connection is interrupted if it takes longer than what is left (then ``passed`` is
        true), and at Ctrl-C.

        It works in a thread of its own: a thread that computes hears of Ctrl-C between two tasks of DuckDB's only, and
        one of them may take hours.
        """
        from concurrent.futures import ThreadPoolExecutor, wait

        started = time.monotonic()
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="statement") as pool:
            future = pool.submit(work)
            try:
                wait([future], timeout=self._left if self.seconds else None)
                self.passed = not future.done()
            finally:
                # An interrupt that comes before the statement has begun is lost, so it is said until that has ended.
                while not future.done():
                    self._connection.interrupt()
                    wait([future], timeout=_AGAIN)
        self._left = max(0.0, self._left - (time.monotonic() - started))
        return future.result()
