"""What a benchmark found: samples of ours and of the floor, held against a goal."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["Figure", "Goal", "table"]

_HEAD = ("benchmark", "what", "medallion", "range", "floor", "ratio", "goal", "met", "note")
_RIGHT = {"medallion", "range", "floor", "ratio"}


@dataclass(frozen=True, slots=True)
class Goal:
    """At most ``seconds``, at most ``ratio`` times the floor, at most ``over`` seconds more than the floor.

    Each that is given has to hold. Without any the figure is there to be looked at.
    """

    seconds: float | None = None
    ratio: float | None = None
    over: float | None = None

    def __str__(self) -> str:
        parts = [
            f"≤ {self.seconds:g} s" if self.seconds is not None else "",
            f"≤ {self.ratio:g} × floor" if self.ratio is not None else "",
            f"≤ floor + {self.over:g} s" if self.over is not None else "",
        ]
        return ", ".join(filter(None, parts))


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing measured: seconds of each round, ours and the floor's (none, where there is no floor)."""

    what: str
    ours: Sequence[float]
    floor: Sequence[float] = ()
    goal: Goal = Goal()
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """The median of ours in medians of the floor."""
        return median(self.ours) / median(self.floor) if self.floor else None

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None without one. ``ValueError`` for a goal that needs a floor and has none."""
        goal, ours = self.goal, median(self.ours)
        if goal == Goal():
            return None
        if (goal.ratio is not None or goal.over is not None) and not self.floor:
            raise ValueError(f"{self.what}: the goal speaks of a floor, and none was measured")
        return (
            (goal.seconds is None or ours <= goal.seconds)
            and (goal.ratio is None or ours <= goal.ratio * median(self.floor))
            and (goal.over is None or ours <= goal.over + median(self.floor))
        )

    def document(self) -> Mapping[str, object]:
        """For a program: every sample, in seconds."""
        return {
            "what": self.what,
            "medallion": list(self.ours),
            "medallion_median": median(self.ours),
            "floor": list(self.floor),
            "floor_median": median(self.floor) if self.floor else None,
            "ratio": self.ratio,
            "goal": str(self.goal),
            "met": self.met,
            "note": self.note,
        }


def table(found: Iterable[tuple[str, Figure]]) -> str:
    """The figures as aligned text, a benchmark's name before each."""
    rows = [_HEAD, *(_row(name, figure) for name, figure in found)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(_cells(row, widths)).rstrip() for row in rows)


def _cells(row: Sequence[str], widths: Sequence[int]) -> Iterable[str]:
    for head, cell, width in zip(_HEAD, row, widths, strict=True):
        yield cell.rjust(width) if head in _RIGHT else cell.ljust(width)


def _row(name: str, figure: Figure) -> tuple[str, ...]:
    return (
        name,
        figure.what,
        f"{median(figure.ours):.2f} s",
        f"{min(figure.ours):.2f}–{max(figure.ours):.2f}",
        f"{median(figure.floor):.2f} s" if figure.floor else "",
        f"{figure.ratio:.2f}" if figure.ratio is not None else "",
        str(figure.goal),
        {True: "yes", False: "no", None: ""}[figure.met],
        figure.note,
    )
