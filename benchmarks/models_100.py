"""A hundred models of 20,000 rows: the first run, and a run that finds nothing to do.

How: ten bronze models read a CSV each, sixty silver ones project and filter, thirty gold ones join and aggregate
(``workload.py``). The floor is a bare Python program that copies the same SQL to Parquet with zstd, one statement after
the other, in a DuckDB with default threads. Data, records and ``.medallion/`` are removed before each first run. A run
with nothing changed is taken in the same rounds.

Goal: the first run in at most twice the time of the floor; with nothing changed at most 0.3 s and 0.3 times that floor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.bench import in_turns
from benchmarks.figures import Figure, Goal
from benchmarks.workload import Workload, forget_data

if TYPE_CHECKING:
    from benchmarks.bench import Bench

__all__ = ["measure"]

_MODELS = 100


def measure(bench: Bench) -> list[Figure]:
    """The two figures."""
    work = Workload.create(bench, _MODELS)
    models = work.sql()

    def first() -> float:
        forget_data(work.project)
        return bench.build(work.project, built=_MODELS).seconds

    floor, ours, nothing = in_turns(
        bench.rounds,
        lambda: work.build_bare(bench, models),
        first,
        lambda: bench.build(work.project, built=0).seconds,
    )
    work.compare(bench)
    return [
        Figure("first run, 100 models", ours, floor, Goal(ratio=2)),
        Figure("nothing changed, 100 models", nothing, floor, Goal(seconds=0.3, ratio=0.3)),
    ]
