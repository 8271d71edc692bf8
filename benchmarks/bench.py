"""Where a benchmark works: a folder of its own, processes that are timed, and nobody's Git configuration."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["Bench", "BenchError", "Ran", "in_turns", "isolated"]

_LOOP = Path(__file__).with_name("loop.py")


class BenchError(Exception):
    """A process failed, or did other work than the benchmark is about: there is no figure."""


@dataclass(frozen=True, slots=True)
class Ran:
    """A process that ended well. ``peak`` is its largest resident size in bytes."""

    seconds: float
    peak: int
    stdout: str


def isolated(home: Path) -> dict[str, str]:
    """The environment with a home of its own and no configuration of Git's but a name."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    config = home / ".gitconfig"
    config.write_text("[user]\n\tname = Ada\n\temail = ada@example.com\n[init]\n\tdefaultBranch = main\n")
    return env | {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": str(config),
    }


def in_turns(rounds: int, *subjects: Callable[[], float]) -> list[tuple[float, ...]]:
    """The seconds of each subject in each round.

    Every round runs all of them, so that a slow minute of the machine hits all. The order turns around each time.
    """
    samples: list[list[float]] = [[] for _ in subjects]
    for turn in range(rounds):
        listed = list(zip(subjects, samples, strict=True))
        for subject, taken in reversed(listed) if turn % 2 else listed:
            taken.append(subject())
    return [tuple(taken) for taken in samples]


@dataclass(frozen=True, slots=True)
class Bench:
    """A folder to work in, the environment of every process, and how often to measure.

    DuckDB is used in processes of their own only: what this process would hold is a lower bound of their peak.
    """

    root: Path
    env: Mapping[str, str]
    rounds: int

    def run(
        self, command: Sequence[str], cwd: Path, *, stdin: Path | None = None, env: Mapping[str, str] | None = None
    ) -> Ran:
        """Run a process to its end and time it from before its start; ``BenchError`` where it fails."""
        with (
            tempfile.TemporaryFile(dir=self.root) as out,
            tempfile.TemporaryFile(dir=self.root) as err,
            (stdin or Path(os.devnull)).open("rb") as given,
        ):
            started = time.perf_counter()
            process = subprocess.Popen(
                command, cwd=cwd, env={**self.env, **(env or {})}, stdin=given, stdout=out, stderr=err
            )
            _, status, usage = os.wait4(process.pid, 0)
            seconds = time.perf_counter() - started
            process.returncode = os.waitstatus_to_exitcode(status)
            out.seek(0)
            err.seek(0)
            if process.returncode:
                said = (err.read() + out.read()).decode(errors="replace")[-2000:]
                raise BenchError(f"{' '.join(command)[:200]} ended with {process.returncode}, in {cwd}:\n{said}")
            return Ran(seconds, usage.ru_maxrss * 1024, out.read().decode(errors="replace"))

    def medallion(self, project: Path, *args: str) -> Ran:
        """The program as a person runs it, start included."""
        return self.run([sys.executable, "-m", "medallion", *args], project)

    def python(self, code: str, cwd: Path) -> Ran:
        """Python code, in a process of its own."""
        return self.run([sys.executable, "-c", code], cwd)

    def script(self, code: str, arguments: Sequence[str], cwd: Path, env: Mapping[str, str] | None = None) -> Ran:
        """Python code with arguments, in a process of its own."""
        return self.run([sys.executable, "-c", code, *arguments], cwd, env=env)

    def git(self, repository: Path, *args: str) -> Ran:
        """Git, where we would be asked for nothing."""
        return self.run(["git", *args], repository)

    def loop(self, statements: Sequence[str], cwd: Path) -> Ran:
        """The statements in a bare DuckDB, start included."""
        with tempfile.NamedTemporaryFile("w", dir=self.root, suffix=".json") as file:
            json.dump(statements, file)
            file.flush()
            return self.run([sys.executable, str(_LOOP), file.name], cwd)

    def project(self, name: str, config: str = "") -> Path:
        """A new project without models, in a Git repository."""
        folder = self.root / name
        self.medallion(self.root, "init", "--no-example", str(folder))
        (folder / "medallion.toml").write_text(config, encoding="utf-8")
        return folder

    def build(self, project: Path, *, built: int | None = None) -> Ran:
        """``medallion run``, held against how many datasets it has to build."""
        ran = self.medallion(project, "run", "--json")
        steps = json.loads(ran.stdout)["steps"]
        count = sum(step["outcome"] in ("built", "same output") for step in steps)
        if built is not None and count != built:
            raise BenchError(f"{built} datasets should have been built, and {count} were")
        return ran

    def expect_same_rows(self, one: Path, other: Path) -> None:
        """``BenchError`` where two Parquet files do not hold the same rows: then their times say nothing."""
        a, b = f"read_parquet('{one}')", f"read_parquet('{other}')"
        self.loop(
            [
                f"SELECT error('{one.name}: rows differ from the floor') WHERE EXISTS (FROM {x} EXCEPT ALL FROM {y})"
                for x, y in ((a, b), (b, a))
            ],
            self.root,
        )
