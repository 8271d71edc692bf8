"""Committing 1 GB of new Parquet.

How: four models of 33,554,432 rows make random doubles, other ones in each round, whose 52 random bits nothing
compresses. ``medallion commit`` stages and commits them with their records. The floor is ``git add`` with git-lfs of
copies of the same files in a fresh repository, without a commit. What was written before is flushed to disk first.

Goal: at most 0.6 times the floor.
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from benchmarks.bench import BenchError
from benchmarks.figures import Figure, Goal

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.bench import Bench

__all__ = ["measure"]

_FILES = 4
_ROWS = 2**25
_SQL = f"""SELECT CAST(hash(i, getvariable('salt'), {{n}}) AS DOUBLE) AS noise
FROM range({_ROWS}) t(i)
"""


def measure(bench: Bench) -> list[Figure]:
    """The one figure; its note says how much was committed."""
    project = bench.project("project")
    (project / "sql" / "silver").mkdir(parents=True)
    for n in range(_FILES):
        (project / "sql" / "silver" / f"noise_{n}.sql").write_text(_SQL.format(n=n), encoding="utf-8")
    ours: list[float] = []
    floor: list[float] = []
    size = 0
    for turn in range(min(bench.rounds, 3)):
        (project / "medallion.toml").write_text(f"[variables]\nsalt = {turn}\n", encoding="utf-8")
        bench.build(project, built=_FILES)
        files = sorted((project / "data" / "silver").glob("*.parquet"))
        size = sum(file.stat().st_size for file in files)
        for ours_now in (turn % 2 == 0, turn % 2 == 1):
            os.sync()
            if ours_now:
                ours.append(_commit(bench, project))
            else:
                floor.append(_git_add(bench, files))
    return [Figure(f"{size / 1e9:.2f} GB in {_FILES} files", ours, floor, Goal(ratio=0.6))]


def _commit(bench: Bench, project: Path) -> float:
    seconds = bench.medallion(project, "commit", "-m", "new data").seconds
    if left := bench.git(project, "status", "--porcelain").stdout:
        raise BenchError(f"the commit left something behind:\n{left}")
    return seconds


def _git_add(bench: Bench, files: list[Path]) -> float:
    repository = bench.root / "fresh"
    repository.mkdir()
    try:
        bench.git(repository, "init", "--quiet")
        bench.git(repository, "lfs", "install", "--local")
        (repository / ".gitattributes").write_text("*.parquet filter=lfs diff=lfs merge=lfs -text\n", encoding="utf-8")
        for file in files:
            shutil.copyfile(file, repository / file.name)
        os.sync()
        return bench.git(repository, "add", "--all").seconds
    finally:
        shutil.rmtree(repository)
