"""One writer at a time in a work tree. The lock goes with its process, however that ends."""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from medallion.errors import BuildError, Location
from medallion.events import OnEvent, Waiting

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from medallion.config import Config

__all__ = ["run_lock"]


@contextmanager
def run_lock(config: Config, what: str, on_event: OnEvent) -> Iterator[None]:
    """Hold the project while something is written; wait, and say for whom, while another process holds it."""
    path = config.state / "lock"
    descriptor = _open(path)
    try:
        while True:
            _take(descriptor, on_event)
            if _is_current(descriptor, path):
                break
            # The folder was deleted while we waited, and somebody else may hold its successor.
            os.close(descriptor)
            descriptor = _open(path)
        started = time.strftime("%H:%M:%S")
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"medallion {what}, process {os.getpid()}, since {started}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _open(path: Path) -> int:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise BuildError(
            f"the project cannot be written to: {error.strerror}",
            location=Location(str(path)),
            hint="check who owns the folder, and whether it is mounted read-only",
        ) from error


def _take(descriptor: int, on_event: OnEvent) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(descriptor, 200, 0).decode(errors="replace").strip()
        on_event(Waiting(holder or "another medallion"))
        fcntl.flock(descriptor, fcntl.LOCK_EX)


def _is_current(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False
