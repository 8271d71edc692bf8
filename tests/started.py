"""Start the program a thousand times without importing it a thousand times.

A process that has imported everything waits for work. For each start it forks, and the fork is what a new process
would be: its own arguments, folder, environment and streams, and ``main()`` from its first line to the end of the
interpreter. What a start costs is measured elsewhere, and that imports are late is tested in processes of their own.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = ["run"]

_LARGEST = 1 << 20
_MODULES = (
    *("duckdb", "sqlglot", "sqlglot.optimizer.annotate_types", "sqlglot.optimizer.qualify", "sqlglot.optimizer.scope"),
    *("medallion.cli.app", "medallion.project", "medallion.engines.duckdb", "medallion.build", "medallion.catalog"),
    *("medallion.query", "medallion.bind", "medallion.commit", "medallion.rehearse", "medallion.check", "rich.cells"),
    *("medallion.diff.between", "medallion.diff.compare", "medallion.review.gather", "medallion.unittests.suite"),
)
_waiting: subprocess.Popen[bytes] | None = None
_line: socket.socket | None = None


def run(args: Sequence[str], folder: Path, env: Mapping[str, str], patience: float) -> tuple[int, bytes, bytes]:
    """``medallion *args`` in ``folder``: its exit code, negative for a signal, and what it wrote.

    ``subprocess.TimeoutExpired`` where it takes longer than ``patience`` seconds; it is killed then.
    """
    line = _server()
    with (
        open(os.devnull, "rb") as nothing,  # noqa: PTH123 - a device
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as err,
    ):
        asked = json.dumps([list(args), str(folder), dict(env)]).encode(errors="surrogateescape")
        streams = [nothing.fileno(), out.fileno(), err.fileno()]
        line.send(len(asked).to_bytes(8, "big"))
        socket.send_fds(line, [asked[:1]], streams)
        line.sendall(asked[1:])
        pid = int(_read(line, 16))
        line.settimeout(patience)
        try:
            status = int(_read(line, 16))
        except TimeoutError:
            os.kill(pid, signal.SIGKILL)
            line.settimeout(None)
            _read(line, 16)
            raise subprocess.TimeoutExpired(["medallion", *args], patience) from None
        line.settimeout(None)
        out.seek(0)
        err.seek(0)
        return os.waitstatus_to_exitcode(status), out.read(), err.read()


def _server() -> socket.socket:
    global _waiting, _line
    if _line is None or _waiting is None or _waiting.poll() is not None:
        _line, theirs = socket.socketpair()
        with theirs:
            _waiting = subprocess.Popen(
                [sys.executable, __file__, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd="/",
            )
    return _line


def _read(line: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        part = line.recv(size - len(found))
        if not part:
            raise EOFError("the process that starts the program is gone")
        found += part
    return found


def _serve(line: socket.socket) -> None:
    """Fork for each start that is asked for. The fork returns from here; the server never does but at the end."""
    while True:
        try:
            size = int.from_bytes(_read(line, 8), "big")
        except EOFError:
            os._exit(0)
        first, streams, _, _ = socket.recv_fds(line, 1, 3)
        args, folder, env = json.loads((first + _read(line, size - 1)).decode(errors="surrogateescape"))
        pid = os.fork()
        if pid == 0:
            line.close()
            for number, stream in enumerate(streams):
                os.dup2(stream, number)
                os.close(stream)
            os.chdir(folder)
            os.environ.clear()
            os.environ.update(env)
            time.tzset()
            sys.argv = [sys.argv[0], *args]
            return
        for stream in streams:
            os.close(stream)
        line.sendall(f"{pid:16}".encode())
        _, status = os.waitpid(pid, 0)
        line.sendall(f"{status:16}".encode())


if __name__ == "__main__":
    import importlib

    # As with `python -m medallion`: the folder of this file is no place for imports.
    sys.path.pop(0)
    sys.argv[0] = "medallion"
    asked_by = socket.socket(fileno=int(sys.argv.pop()))
    for module in _MODULES:
        importlib.import_module(module)
    _serve(asked_by)
    from medallion.cli.main import main

    main()
