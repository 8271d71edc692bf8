"""Stop what a DuckDB computes: once it has had its time, or at Ctrl-C."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

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
        from concurrent.futures import Future, wait
        from threading import Thread

        started = time.monotonic()
        future: Future[T] = Future()
        begun = False
        try:
            Thread(target=_work, args=(future, work), name="statement").start()
            begun = True
            wait([future], timeout=self._left if self.seconds else None)
            self.passed = not future.done()
        finally:
            # An interrupt that comes before the statement has begun is lost, so it is said until that has ended. Where
            # Ctrl-C comes while the thread is started, the work may not have begun: then it need not.
            while not future.done() and (begun or not future.cancel()):
                self._connection.interrupt()
                wait([future], timeout=_AGAIN)
        self._left = max(0.0, self._left - (time.monotonic() - started))
        return future.result()


def _work(future: Future[T], work: Callable[[], T]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(work())
    except BaseException as error:
        future.set_exception(error)
