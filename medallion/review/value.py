"""What a pull request does to models and data, as one immutable value. Every report is rendered from it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from medallion.diff.value import Diff, Rows, Side
    from medallion.errors import MedallionError
    from medallion.names import TableName

__all__ = [
    "Attribution",
    "CheckChange",
    "CheckCount",
    "CheckTurn",
    "Commit",
    "ContractBreak",
    "Expectation",
    "LineageEdge",
    "Loosened",
    "ModelStatus",
    "Reach",
    "Review",
    "ReviewedModel",
    "Safeguard",
    "StaleDataset",
    "StaleKind",
]


class ModelStatus(StrEnum):
    """What became of a model's SQL."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


class CheckTurn(StrEnum):
    """How a check came out in the head, held against the base. ``FAILS`` did so before; ``UNKNOWN`` cannot be run."""

    NEWLY_FAILS = "newly fails"
    NEWLY_PASSES = "newly passes"
    FAILS = "fails"
    UNKNOWN = "unknown"


_FAILING = (CheckTurn.NEWLY_FAILS, CheckTurn.FAILS)


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit of the pull request: its full hash, author and subject."""

    hash: str
    author: str
    subject: str


@dataclass(frozen=True, slots=True)
class ReviewedModel:
    """A model that the pull request changes. ``summary`` says what the change does to its output.

    ``macros`` are macros of its that changed, where its own text did not.
    """

    name: TableName
    path: str
    status: ModelStatus
    summary: str
    breaking: bool
    macros: tuple[str, ...] = ()


class StaleKind(StrEnum):
    """What may be wrong with a dataset: its data, that its checks were not run, that nobody can look at its source."""

    DATA = "data"
    UNCHECKED = "unchecked"
    UNSEEN_SOURCE = "unseen source"


@dataclass(frozen=True, slots=True)
class StaleDataset:
    """A dataset whose data is not what its SQL and inputs give, or of which that cannot be known (not ``known``).

    ``before``: it was so in the base, and nothing that decides it has changed.
    """

    name: TableName
    reason: str
    known: bool = True
    kind: StaleKind = StaleKind.DATA
    before: bool = False


@dataclass(frozen=True, slots=True)
class CheckChange:
    """A check that fails in the head, or failed in the base. ``warning``: it is one of ``@warn``.

    ``failures`` of ``rows`` is what was counted in the head; None for a check of the whole dataset. ``quotes`` is the
    part of ``message`` that may hold values of the data.
    """

    dataset: TableName
    check: str
    turn: CheckTurn
    warning: bool
    location: str
    message: str
    failures: int | None = None
    rows: int | None = None
    quotes: str = ""


@dataclass(frozen=True, slots=True)
class CheckCount:
    """So many of a dataset's ``checks`` passed in the head; of those that did not, so many are ``warnings``."""

    dataset: TableName
    passed: int
    checks: int
    warnings: int = 0


@dataclass(frozen=True, slots=True)
class ContractBreak:
    """A dataset under ``@contract`` whose columns are not those of the base."""

    dataset: TableName
    change: str


class Safeguard(StrEnum):
    """What guards data, or what is told of it."""

    CHECK = "check"
    KEY = "key"
    TOLERANCE = "tolerance"
    PRIVATE = "private"
    CONTRACT = "contract"


@dataclass(frozen=True, slots=True)
class Loosened:
    """A check or an annotation that the base had and the head has not, or allows more; a tolerance that is wider.

    ``what`` is it as written, ``change`` what became of it, ``location`` where it stands or stood. ``known`` is False
    where it is another, and whether it guards less cannot be told.
    """

    dataset: TableName
    safeguard: Safeguard
    what: str
    change: str
    location: str
    known: bool = True


@dataclass(frozen=True, slots=True)
class Reach:
    """A dataset downstream of what changed, and its columns that changed columns go into.

    ``exact`` is False where that could only be told for all columns. ``changed``: its own data differs, too.
    """

    dataset: TableName
    columns: tuple[str, ...]
    causes: tuple[TableName, ...]
    changed: bool
    exact: bool


@dataclass(frozen=True, slots=True)
class Attribution:
    """How much of a dataset's difference comes from its inputs, and how much from its SQL.

    The rows of ``inputs`` are base to old SQL on new inputs, those of ``sql`` from there to the head. None where that
    could not be built; then ``note`` says why, and ``quotes`` is the part of it that may hold values of the data.
    """

    dataset: TableName
    inputs: Rows | None
    sql: Rows | None
    note: str = ""
    quotes: str = ""


@dataclass(frozen=True, slots=True)
class Expectation:
    """A difference that the author announced. ``where`` is a file with its line, or a commit; ``found`` what there is.

    ``met`` is None where that cannot be told.
    """

    text: str
    where: str
    dataset: TableName | None
    met: bool | None
    found: str


@dataclass(frozen=True, slots=True)
class LineageEdge:
    """``source`` goes into ``target``; both are datasets, or ``source`` is a path of raw data."""

    source: str
    target: str


@dataclass(frozen=True)
class Review:
    """A pull request: what its head does to models and data, held against its base.

    ``bytes_added`` are those of Git LFS objects that its commits bring and the base does not have. ``edges`` are the
    lineage of what changed and its neighbours. ``unexpected`` are datasets that differ though the author announced
    differences and not theirs. ``checked`` has a count for each dataset whose checks were run. ``problems`` are what
    could not be reviewed. ``samples``: whether rows of the data may be shown.
    """

    base: Side
    head: Side
    diff: Diff
    commits: tuple[Commit, ...] = ()
    models: tuple[ReviewedModel, ...] = ()
    stale: tuple[StaleDataset, ...] = ()
    checks: tuple[CheckChange, ...] = ()
    checked: tuple[CheckCount, ...] = ()
    contracts: tuple[ContractBreak, ...] = ()
    loosened: tuple[Loosened, ...] = ()
    reach: tuple[Reach, ...] = ()
    edges: tuple[LineageEdge, ...] = ()
    attributions: tuple[Attribution, ...] = ()
    expectations: tuple[Expectation, ...] = ()
    unexpected: tuple[TableName, ...] = ()
    bytes_added: int = 0
    problems: tuple[MedallionError, ...] = ()
    samples: bool = False

    @property
    def breaking(self) -> tuple[ReviewedModel, ...]:
        """The models whose change readers can notice."""
        return tuple(model for model in self.models if model.breaking)

    @property
    def failed_checks(self) -> tuple[CheckChange, ...]:
        """Checks that fail in the head and are no warnings."""
        return tuple(check for check in self.checks if check.turn in _FAILING and not check.warning)

    @property
    def warnings(self) -> tuple[CheckChange, ...]:
        """Checks that fail in the head and are of ``@warn``."""
        return tuple(check for check in self.checks if check.turn in _FAILING and check.warning)

    @property
    def unknown_checks(self) -> tuple[CheckChange, ...]:
        """Checks that cannot be run in the head."""
        return tuple(check for check in self.checks if check.turn is CheckTurn.UNKNOWN)
