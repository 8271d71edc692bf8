"""How long the program takes to say something.

How: ``medallion --help`` and ``medallion --version`` as whole processes, beside ``python -c pass``. Each is run once
before, so that byte code is compiled.

Goal: at most 0.15 s more than Python alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.bench import in_turns
from benchmarks.figures import Figure, Goal

if TYPE_CHECKING:
    from benchmarks.bench import Bench

__all__ = ["measure"]


def measure(bench: Bench) -> list[Figure]:
    """A figure for each of the two."""

    def ask(option: str) -> float:
        return bench.medallion(bench.root, option).seconds

    ask("--help")
    ask("--version")
    floor, helped, version = in_turns(
        bench.rounds * 3,
        lambda: bench.python("pass", bench.root).seconds,
        lambda: ask("--help"),
        lambda: ask("--version"),
    )
    return [
        Figure("--help", helped, floor, Goal(over=0.15)),
        Figure("--version", version, floor, Goal(over=0.15)),
    ]
