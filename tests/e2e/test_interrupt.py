"""Ctrl-C at the worst moment: between two statements of a model, where DuckDB has nothing to interrupt."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.e2e.conftest import PATIENCE, SLOW

if TYPE_CHECKING:
    from tests.e2e.conftest import Project

SCRIPT = """
import os, signal, threading
import medallion
from medallion.engines.duckdb import _DuckDBSession
from medallion.engines.model_run import ModelRun

signal.signal(signal.SIGINT, signal.default_int_handler)
execute, interrupt, asked = ModelRun.execute, _DuckDBSession.interrupt, threading.Event()

def execute_after_the_interrupt(self, *args):
    os.kill(os.getpid(), signal.SIGINT)
    asked.wait()
    return execute(self, *args)

def interrupt_and_tell(self):
    interrupt(self)
    asked.set()

ModelRun.execute, _DuckDBSession.interrupt = execute_after_the_interrupt, interrupt_and_tell
try:
    medallion.open(".").run(["gold.slow"])
except KeyboardInterrupt:
    print("interrupted")
"""


def test_an_interrupt_between_two_statements_of_a_model_is_not_lost(project: Project) -> None:
    project.write("sql/gold/slow.sql", SLOW)
    before = project.files("data")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=project.root, capture_output=True, text=True, timeout=PATIENCE
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "interrupted\n", "")
    assert project.files("data") == before
    project.check()


WITH_INTERRUPTS = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"

TEST_SCRIPT = """
import os, signal, sys, threading
from medallion.cli.main import main
from medallion.unittests.database import Database

signal.signal(signal.SIGINT, signal.default_int_handler)
rows = Database.rows

def rows_and_an_interrupt(*args):
    threading.Timer(2, os.kill, (os.getpid(), signal.SIGINT)).start()
    return rows(*args)

Database.rows = rows_and_an_interrupt
sys.argv = ["medallion", "test", "gold.slow"]
main()
"""


def test_an_interrupt_ends_a_unit_test_that_would_take_hours(project: Project) -> None:
    project.write("sql/gold/slow.sql", SLOW)
    project.write("tests/sql/gold/slow.yaml", "- name: a\n  expect: []\n- name: b\n  expect: []\n")
    done = subprocess.run(
        [sys.executable, "-c", TEST_SCRIPT], cwd=project.root, capture_output=True, text=True, timeout=PATIENCE
    )
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr == "\ninterrupted: what was finished is kept, nothing is half done\n"


QUERY_SCRIPT = """
import os, signal, sys, threading
from medallion.cli.main import main
from medallion.query import _Statement

signal.signal(signal.SIGINT, signal.default_int_handler)
execute, AFTER = _Statement.execute, sys.argv.pop()

def execute_and_an_interrupt(self):
    threading.Timer(float(AFTER), os.kill, (os.getpid(), signal.SIGINT)).start()
    return execute(self)

_Statement.execute = execute_and_an_interrupt
main()
"""


@pytest.mark.parametrize("timeout", ["0", "300"])
@pytest.mark.parametrize("after", ["0", "2"])
def test_an_interrupt_ends_a_query_that_would_take_hours(project: Project, timeout: str, after: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", QUERY_SCRIPT, "query", SLOW, "--timeout", timeout, after],
        cwd=project.root,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr == "\ninterrupted: what was finished is kept, nothing is half done\n"


@pytest.mark.parametrize("module", ["re", "typing", "typer._click.core"])
def test_an_interrupt_while_the_program_is_loaded_ends_it_without_a_traceback(module: str, project: Project) -> None:
    # Python tells of each import, and no more of them than the pipe holds: so the program waits while it is loaded.
    env = {**os.environ, "PYTHONPROFILEIMPORTTIME": "1", "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        [sys.executable, "-c", f"{WITH_INTERRUPTS}import medallion.cli.main\nmedallion.cli.main.main()", "plan"],
        cwd=project.root, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0,
    ) as program:  # fmt: skip
        assert program.stdout
        assert program.stderr
        fcntl.fcntl(program.stderr, fcntl.F_SETPIPE_SZ, 4096)
        said = b""
        while not said.endswith(f" {module}\n".encode()) and (line := program.stderr.readline()):
            said += line
        program.send_signal(signal.SIGINT)
        out, err = program.communicate(timeout=PATIENCE)
    assert (program.returncode, out) == (130, b"")
    assert err.endswith(b"\ninterrupted: what was finished is kept, nothing is half done\n")
    assert b"Traceback" not in said + err
