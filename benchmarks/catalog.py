"""The catalog over a long history: made from nothing, and brought up to date after one commit.

How: 10,000 commits over twenty datasets (``history.py``), once with each commit changing one of the datasets, and once
with each changing all of them, which are 200,000 versions. ``medallion.open().index()`` runs as a whole process. From
nothing, the floor is Git alone listing what each commit changed; after one commit, the start of Python with DuckDB.

Goal: at most 20 s from nothing, at most 0.3 s after one commit.
"""

from __future__ import annotations

import json
import shutil
from itertools import count
from typing import TYPE_CHECKING

from benchmarks.bench import BenchError, in_turns
from benchmarks.figures import Figure, Goal
from benchmarks.history import DATASETS, import_commits, write_models

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from benchmarks.bench import Bench

__all__ = ["measure"]

_COMMITS = 10_000
_INDEX = "import medallion; medallion.open().index()"


def measure(bench: Bench) -> Iterator[Figure]:
    """Two figures for each of the two histories."""
    for changed in (1, len(DATASETS)):
        yield from _measure(bench, changed)


def _measure(bench: Bench, changed: int) -> list[Figure]:
    project = bench.project(f"changing-{changed}")
    write_models(project)
    bench.git(project, "add", "--all")
    bench.git(project, "commit", "--quiet", "--message", "models")
    import_commits(bench, project, 0, _COMMITS, changed=changed)

    def from_nothing() -> float:
        shutil.rmtree(project / ".medallion", ignore_errors=True)
        return bench.python(_INDEX, project).seconds

    log = ("log", "--raw", "--first-parent", "--no-renames", "--format=%H %P %ct %an %s")
    git, nothing = in_turns(min(bench.rounds, 3), lambda: bench.git(project, *log).seconds, from_nothing)
    _expect_versions(bench, project, _COMMITS * changed)
    numbers = count(_COMMITS)

    def after_a_commit() -> float:
        import_commits(bench, project, next(numbers), 1, changed=changed)
        return bench.python(_INDEX, project).seconds

    python, one = in_turns(bench.rounds, lambda: bench.python("import duckdb", project).seconds, after_a_commit)
    _expect_versions(bench, project, (_COMMITS + bench.rounds) * changed)
    said = f"10,000 commits, {_COMMITS * changed:,} versions"
    size = (project / ".medallion" / "catalog.duckdb").stat().st_size / 1e6
    return [
        Figure(f"from nothing, {said}", nothing, git, Goal(seconds=20), note=f"catalog of {size:,.0f} MB"),
        Figure(f"after one commit, {said}", one, python, Goal(seconds=0.3)),
    ]


def _expect_versions(bench: Bench, project: Path, expected: int) -> None:
    """The catalog holds what was imported: a catalog that leaves something out is quick."""
    found = len(json.loads(bench.medallion(project, "log", "--limit", "0", "--json").stdout))
    if found != expected:
        raise BenchError(f"the catalog should hold {expected:,} versions, and log lists {found:,}")
