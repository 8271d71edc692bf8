"""A review of a project with a hundred datasets, in which a pull request changes ten.

How: the project of ``models_100``, built and committed, with a key for each silver model. On a branch the SQL of ten
silver models is changed, so that a hundredth of their rows has another value in a column that no gold model reads, and
all is committed. ``medallion review --json`` is timed from its start to its end,
caches warm as on a second look: from HEAD's merge base with main to the work tree, and between two commits. The floor
is a bare Python program that holds the ten pairs of silver files against each other with one FULL OUTER JOIN over all
columns each.

Goal: at most 3 s.
"""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

from benchmarks.bench import BenchError, in_turns
from benchmarks.figures import Figure, Goal
from benchmarks.workload import Workload

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from benchmarks.bench import Bench

__all__ = ["measure"]

_MODELS, _CHANGED = 100, 10
_COLUMNS = ("customer_id", "category", "total", "day")


def measure(bench: Bench) -> Iterator[Figure]:
    """The two figures."""
    work = Workload.create(bench, _MODELS)
    project, before = work.project, bench.root / "before"
    silver = {name: f"-- @key order_id\n{sql}" for name, sql in work.sql().items() if name.startswith("silver.")}
    for name, sql in silver.items():
        work.write(name, sql)
    bench.build(project, built=_MODELS)
    bench.medallion(project, "commit", "-m", "first version")
    bench.git(project, "branch", "-M", "main")
    shutil.copytree(project / "data" / "silver", before)
    bench.git(project, "checkout", "-q", "-b", "pull-request")
    changed = list(silver)[:_CHANGED]
    for name in changed:
        other = "    customer_id + CAST(order_id % 100 = 0 AS BIGINT) AS customer_id,"
        work.write(name, silver[name].replace("    customer_id,", other))
    bench.build(project, built=_CHANGED)
    bench.medallion(project, "commit", "-m", "second version")
    statements = [_join(before, project, name) for name in changed]
    _review(bench, project, "main", changed)
    floor, here, commits = in_turns(
        bench.rounds,
        lambda: bench.loop(statements, project).seconds,
        lambda: _review(bench, project, "main", changed),
        lambda: _review(bench, project, "main..pull-request", changed),
    )
    yield Figure("10 of 100 datasets changed, work tree", here, floor, Goal(seconds=3))
    yield Figure("10 of 100 datasets changed, two commits", commits, floor, Goal(seconds=3))


def _review(bench: Bench, project: Path, revisions: str, changed: list[str]) -> float:
    ran = bench.medallion(project, "review", revisions, "--json", "--fail-on", "never")
    found = json.loads(ran.stdout)
    rows = {
        table["name"]: table["rows"]["changed"] for table in found["diff"]["datasets"] if table["status"] == "changed"
    }
    if found["stale"] or found["problems"] or sorted(changed) != sorted(name for name in rows if rows[name]):
        raise BenchError(f"{_CHANGED} datasets should differ in some rows, and nothing be stale: {found['verdict']}")
    return ran.seconds


def _join(before: Path, project: Path, name: str) -> str:
    file = f"{name.partition('.')[2]}.parquet"
    differs = " OR ".join(f"a.{column} IS DISTINCT FROM b.{column}" for column in ("order_id", *_COLUMNS))
    return (
        f"SELECT count(*) FROM read_parquet('{before / file}') a FULL OUTER JOIN "
        f"read_parquet('{project / 'data' / 'silver' / file}') b ON a.order_id = b.order_id WHERE {differs}"
    )
