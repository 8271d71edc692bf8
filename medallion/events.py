"""What happens during a run, as values: the CLI draws them, a program collects them, nobody has to listen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from medallion.errors import Location, MedallionError
    from medallion.names import TableName

__all__ = [
    "CheckResult",
    "CheckStatus",
    "Event",
    "OnEvent",
    "Outcome",
    "RowDelta",
    "Sample",
    "StepFinished",
    "StepProgress",
    "StepStarted",
    "Waiting",
    "ignore",
]


class Outcome(StrEnum):
    """How a step of a run ended."""

    BUILT = "built"
    SAME = "same output"
    CHECKED = "checked"
    REUSED = "reused"
    UNCHANGED = "unchanged"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Waiting:
    """Another run holds the project; ``holder`` describes it."""

    holder: str


@dataclass(frozen=True, slots=True)
class StepStarted:
    """A model begins to compute; ``rows_before`` is what its last version held, if there is one."""

    dataset: TableName
    rows_before: int | None


@dataclass(frozen=True, slots=True)
class StepProgress:
    """How far a running model is: ``percent`` (0 to 100, None while unknown) and bytes written so far."""

    dataset: TableName
    percent: float | None
    written: int


@dataclass(frozen=True, slots=True)
class RowDelta:
    """How many rows a new version has more and fewer than the one before it.

    With a key, ``changed`` counts the rows that are in both and differ, where the key comes once; None means that whole
    rows were compared, each as often as it is there, because there is no key or the old version has not its columns.
    Values are compared in the columns that both versions have, by the rules of ``medallion diff``.
    """

    added: int
    removed: int
    changed: int | None
    columns_added: tuple[str, ...] = ()
    columns_removed: tuple[str, ...] = ()
    columns_retyped: tuple[str, ...] = ()


class CheckStatus(StrEnum):
    """How a check came out."""

    PASSED = "passed"
    FAILED = "failed"
    WARNED = "warned"


@dataclass(frozen=True, slots=True)
class Sample:
    """A few rows as text (None: NULL), with the names of their columns."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str | None, ...], ...]


@dataclass(frozen=True, slots=True)
class CheckResult:
    """A check on a dataset of ``rows`` rows; its severity is error or warn.

    ``failures`` is how many rows fail it, also where that is tolerated; None where it is not of rows. ``message`` says
    what was found where that is no number of rows. ``sample`` are the first rows that fail, ``failed_rows`` the file
    that holds ``kept`` of them, relative to the project.
    """

    dataset: TableName
    check: str
    kind: str
    severity: str
    columns: tuple[str, ...]
    status: CheckStatus
    failures: int | None
    rows: int
    location: Location
    message: str = ""
    sample: Sample | None = None
    failed_rows: str | None = None
    kept: int | None = None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class StepFinished:
    """A step ended; ``seconds`` is its own computing time, rows and bytes are of the dataset as it stands now.

    ``difference`` is to the version before, where that was asked for and is known; ``checks`` are those that ran.
    """

    dataset: TableName
    outcome: Outcome
    reason: str
    seconds: float = 0.0
    rows: int | None = None
    size: int | None = None
    error: MedallionError | None = None
    difference: RowDelta | None = None
    checks: tuple[CheckResult, ...] = ()


Event = Waiting | StepStarted | StepProgress | StepFinished
OnEvent = Callable[[Event], None]


def ignore(_event: Event) -> None:
    """The default listener."""
