"""A thousand models: nothing changed, one comment changed, one model changed.

How: the project of ``models_100``, ten times as large, built once. Then in turns: a run with nothing changed; a run
after a silver model got another comment, which must build nothing; a run after that model got another constant, which
must build it and the three gold models that read it. The floor of the last is a bare DuckDB program that copies these
four to Parquet, and of the first two it is the start of Python with DuckDB.

Goal: nothing changed at most 0.8 s; one comment at most 1.0 s; one model at most 1.5 s more than the floor of its four
builds.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from benchmarks.bench import in_turns
from benchmarks.figures import Figure, Goal
from benchmarks.workload import Workload

if TYPE_CHECKING:
    from benchmarks.bench import Bench

__all__ = ["measure"]

_MODELS = 1000
_CHANGED = "silver.lines_000"
_READERS = tuple(f"gold.revenue_{n:03}" for n in range(3))


def measure(bench: Bench) -> list[Figure]:
    """The three figures."""
    work = Workload.create(bench, _MODELS)
    models = dict(work.sql())
    first = bench.build(work.project, built=_MODELS).seconds
    floor_of_all = work.build_bare(bench, models)
    work.compare(bench)
    turn = count(1)

    def change(name: str, sql: str, built: int) -> float:
        models[name] = sql
        work.write(name, sql)
        return bench.build(work.project, built=built).seconds

    def comment() -> float:
        return change(_CHANGED, f"-- Another word, {next(turn)}.\n{models[_CHANGED]}", 0)

    def constant() -> float:
        return change(_CHANGED, work.sql()[_CHANGED].replace("quantity + 0", f"quantity + {next(turn)}"), 4)

    start, floor, nothing, one_comment, one_model = in_turns(
        bench.rounds,
        lambda: bench.python("import duckdb", bench.root).seconds,
        lambda: work.build_bare(bench, {name: models[name] for name in (_CHANGED, *_READERS)}),
        lambda: bench.build(work.project, built=0).seconds,
        comment,
        constant,
    )
    return [
        Figure("first run, 1,000 models", [first], [floor_of_all]),
        Figure("nothing changed, 1,000 models", nothing, start, Goal(seconds=0.8)),
        Figure("one comment changed", one_comment, start, Goal(seconds=1.0)),
        Figure("one model changed, 4 built", one_model, floor, Goal(over=1.5)),
    ]
