"""The program as a person runs it: processes of its own, in projects of their own, away from the tester's Git."""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests import started
from tests.git.conftest import Work, isolate, isolated_git

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

__all__ = ["isolated_git"]

_STATE = {".git", ".medallion"}
_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH = 1, 2
_PR_CAPBSET_DROP = 24
PATIENCE = 120.0


@dataclass(frozen=True, slots=True)
class Ran:
    """What a process said and how it ended."""

    code: int
    stdout: str
    stderr: str

    def ok(self) -> Ran:
        """It worked."""
        assert self.code == 0, self.stderr
        assert "Traceback" not in self.stderr
        assert "Warning" not in self.stderr
        return self

    def refused(self, *words: str, code: int = 2, hint: str = "hint:") -> Ran:
        """It told the user what to mend, in these words among others, and what to do next."""
        assert "Traceback" not in self.stderr, self.stderr
        assert self.code == code, f"exit code {self.code}\n{self.stderr}"
        for word in (*words, hint):
            assert word in self.stderr + self.stdout, f"no {word!r} in:\n{self.stderr}{self.stdout}"
        return self


def run_medallion(
    folder: Path,
    *args: str,
    env: Mapping[str, str] | None = None,
    before: Callable[[], object] | None = None,
) -> Ran:
    """``medallion *args`` in ``folder``; ``before`` runs in the child, to take something from it."""
    if before is None and not any(name.startswith(("PYTHON", "LC_", "LANG")) for name in env or {}):
        code, out, err = started.run(args, folder, {**os.environ, **(env or {})}, PATIENCE)
        return Ran(code, out.decode(), err.decode())
    # What was taken from it must not spoil the bytecode that all share: Python does not see that it was cut off.
    own = {"PYTHONDONTWRITEBYTECODE": "1"} if before else {}
    done = subprocess.run(
        command(*args),
        cwd=folder,
        env={**os.environ, **own, **(env or {})},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        preexec_fn=before,
        timeout=PATIENCE,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def command(*args: str) -> list[str]:
    """The program's command line, whatever PATH holds."""
    return [sys.executable, "-m", "medallion", *args]


def without_privileges() -> None:
    """Make permissions count for root too: in the child, a folder that nobody may write to is one."""
    if os.geteuid() == 0:
        for capability in (_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH):
            ctypes.CDLL(None).prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)


def with_files_up_to(size: int) -> Callable[[], None]:
    """No file may grow beyond ``size`` bytes: what a full disk is to a program."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def heed_ctrl_c() -> None:
    """A shell that starts the tests in the background has Ctrl-C ignored, and a child inherits that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def wait_for(condition: Callable[[], object], what: str) -> None:
    """Return as soon as ``condition`` holds."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"in vain: {what}"
        time.sleep(0.002)


class Project(Work):
    """A project, and a person who uses medallion and git in it."""

    def run(
        self,
        *args: str,
        env: Mapping[str, str] | None = None,
        folder: str = ".",
        before: Callable[[], object] | None = None,
    ) -> Ran:
        return run_medallion(self.root / folder, *args, env=env, before=before)

    def read(self, path: str) -> bytes:
        return (self.root / path).read_bytes()

    def files(self, folder: str = ".") -> dict[str, bytes]:
        """Every file by its path, but for what Git and medallion keep for themselves."""
        found = {}
        for file in sorted((self.root / folder).rglob("*")):
            path = file.relative_to(self.root)
            if file.is_file() and not _STATE.intersection(path.parts):
                found[path.as_posix()] = file.read_bytes()
        return found

    def pointer_at(self, revision: str, path: str) -> str:
        """The oid that a version's pointer names."""
        return self.git("show", f"{revision}:{path}").split("sha256:")[1].split()[0]

    def record(self, name: str) -> dict[str, object]:
        return dict(json.loads(self.read(f"data/{name.replace('.', '/')}.json")))

    def rows(self, sql: str, *args: str) -> list[list[str]]:
        """What a query answers, as CSV without its header."""
        lines = self.run("query", sql, "--format", "csv", *args).ok().stdout.splitlines()
        return [line.split(",") for line in lines[1:]]

    def actions(self) -> dict[str, str]:
        """What ``plan`` would do to each dataset."""
        ran = self.run("plan", "--json")
        assert "Traceback" not in ran.stderr, ran.stderr
        return {step["dataset"]: step["action"] for step in json.loads(ran.stdout)["steps"]}

    def is_up_to_date(self) -> bool:
        return set(self.actions().values()) == {"unchanged"}

    def check(self) -> None:
        """Every dataset's file is what its record says, and nothing temporary lies about."""
        for path, data in self.files("data").items():
            assert path.endswith((".json", ".parquet")), path
            if path.endswith(".json"):
                for file in json.loads(data)["files"]:
                    held = self.read(f"{path.rsplit('/', 1)[0]}/{file['path']}")
                    assert hashlib.sha256(held).hexdigest() == file["oid"], path
        for folder in ("tmp", "publish"):
            assert list((self.root / ".medallion" / folder).glob("*")) == []

    @contextlib.contextmanager
    def background(self, *args: str) -> Iterator[subprocess.Popen[str]]:
        """``medallion *args`` as a process that goes on while the test does something else; it ends with the test."""
        process = subprocess.Popen(
            command(*args),
            cwd=self.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=heed_ctrl_c,
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.communicate()


SLOW = "SELECT max(hash(a.range, b.range)) AS h FROM range(100000000) a, range(100000) b\n"
"""A model that takes hours, and that DuckDB can be stopped in."""


@contextlib.contextmanager
def at_home(folder: Path) -> Iterator[None]:
    """``folder`` is the home, for what is made once for many tests."""
    with pytest.MonkeyPatch.context() as patch:
        isolate(folder, patch)
        yield


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project of ``medallion init``, built and committed once; every test takes a copy."""
    folder = tmp_path_factory.mktemp("built")
    with at_home(folder):
        project = Project(folder / "shop")
        run_medallion(folder, "init", "shop").ok()
        project.run("run").ok()
        project.run("commit", "-m", "first version").ok()
    return project.root


@pytest.fixture
def project(built: Path, tmp_path: Path) -> Project:
    """bronze.orders → silver.orders → gold.revenue, built and committed."""
    shutil.copytree(built, tmp_path / "shop", symlinks=True)
    return Project(tmp_path / "shop")


@pytest.fixture
def checked(project: Project) -> Project:
    """silver.orders is checked, and passes; committed."""
    from tests.e2e.edits import annotate

    annotate(project, "@check total >= 5")
    project.run("run").ok()
    project.run("commit", "-m", "a check").ok()
    return project
