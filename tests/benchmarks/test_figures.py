"""A figure is held against its goal by medians, and a benchmark's work is what it says."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

import pytest

from benchmarks import history
from benchmarks.__main__ import ALL
from benchmarks.bench import in_turns
from benchmarks.figures import Figure, Goal, table

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    ("goal", "met"),
    [
        (Goal(), None),
        (Goal(seconds=3), True),
        (Goal(seconds=2.9), False),
        (Goal(ratio=1.5), True),
        (Goal(ratio=1.4), False),
        (Goal(over=1), True),
        (Goal(over=0.9), False),
        (Goal(seconds=3, ratio=1.4), False),
        (Goal(seconds=2.9, ratio=1.5), False),
    ],
)
def test_every_part_of_a_goal_has_to_hold_for_the_medians(goal: Goal, met: bool | None) -> None:
    assert Figure("x", [9, 3, 1], [1, 2, 8], goal).met is met


def test_a_goal_beside_a_floor_that_was_not_measured_is_an_error() -> None:
    with pytest.raises(ValueError, match="none was measured"):
        _ = Figure("x", [1], goal=Goal(ratio=2)).met


def test_the_table_has_a_line_for_each_figure_with_aligned_columns() -> None:
    head, first, second = table(
        [("a", Figure("short", [1.25], [0.5], Goal(ratio=2))), ("longer", Figure("x", [11.5]))]
    ).splitlines()
    assert first.split() == ["a", "short", "1.25", "s", "1.25–1.25", "0.50", "s", "2.50", "≤", "2", "×", "floor", "no"]
    assert second.split() == ["longer", "x", "11.50", "s", "11.50–11.50"]
    assert head.index("medallion") + len("medallion") == first.index("1.25 s") + len("1.25 s")


def test_each_round_runs_every_subject_and_turns_the_order_around() -> None:
    ran: list[str] = []

    def subject(name: str, seconds: float) -> Callable[[], float]:
        def run() -> float:
            ran.append(name)
            return seconds

        return run

    assert in_turns(3, subject("floor", 1.0), subject("ours", 2.0)) == [(1.0,) * 3, (2.0,) * 3]
    assert ran == ["floor", "ours", "ours", "floor", "floor", "ours"]


def test_a_history_has_twenty_datasets_that_read_lower_ones() -> None:
    assert len(history.DATASETS) == 20
    assert [name.layer for name in history.DATASETS] == ["bronze"] * 5 + ["silver"] * 10 + ["gold"] * 5


def test_every_benchmark_says_how_it_measures_and_its_goal() -> None:
    for name in ALL:
        said = importlib.import_module(f"benchmarks.{name}").__doc__ or ""
        assert "\nHow: " in said, name
        assert "\nGoal: " in said, name
