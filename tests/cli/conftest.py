"""The command line inside of the test's own process: what it writes, and how it ends."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from medallion.cli.main import main
from medallion.project import Project
from medallion.setup import initialise
from tests.git.conftest import isolate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Ended:
    """What a command wrote and its exit code."""

    code: int
    out: str
    err: str


@pytest.fixture
def medallion(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ended]:
    """Run the program with these arguments."""

    def run(*args: str) -> Ended:
        monkeypatch.setattr(sys, "argv", ["medallion", *args])
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main()
        written = capsys.readouterr()
        assert isinstance(end.value.code, int)
        return Ended(end.value.code, written.out, written.err)

    return run


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The project that `init` makes, built and committed; the process works in it, away from the tester's Git."""
    root = tmp_path_factory.mktemp("work") / "shop"
    with pytest.MonkeyPatch.context() as patch:
        isolate(tmp_path_factory.mktemp("home"), patch)
        for _ in initialise(root):
            pass
        patch.chdir(root)
        project = Project.open()
        assert all(step.error is None for step in project.run().steps)
        project.commit("First version")
        yield root
