"""What a pull request does to models and data, as one immutable value. Every report is rendered from it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from medallion.diff.value import Status

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
    "SourceChange",
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


@dataclass(frozen=True, slots=True)
class SourceChange:
    """A file of raw data that differs. Sizes are bytes, None where it is not there or that is not known.

    ``readers`` are the models that read it, ``patterns`` the paths or patterns by which they do.
    """

    path: str
    status: ModelStatus
    base_bytes: int | None
    head_bytes: int | None
    readers: tuple[TableName, ...]
    patterns: tuple[str, ...]


class StaleKind(StrEnum):
    """What may be wrong with a dataset: its data, that its checks were not run, that nobody can look at its source.

    ``UNBUILDABLE``: its data, and its model cannot be built anew as it is. ``UNREADABLE``: its record tells nothing of
    its data. ``ORPHANED``: no model makes its data.
    """

    DATA = "data"
    UNBUILDABLE = "unbuildable"
    UNREADABLE = "unreadable"
    ORPHANED = "orphaned"
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

    ``failures`` of ``rows`` is what was counted in the head; None for a check of the whole dataset. ``before`` is that
    of the base, where it was run on it. ``quotes`` is the part of ``message`` that may hold values of the data.
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
    before: tuple[int, int] | None = None

    @property
    def is_as_before(self) -> bool:
        """Whether it is a warning that the base has as well, of no fewer rows where these were counted."""
        worse = self.failures is not None and self.before is not None and self.failures > self.before[0]
        return self.warning and self.turn is CheckTurn.FAILS and not worse

    @property
    def before_in_words(self) -> str:
        """``457 of 92,700 in the base``; "" where that was not counted."""
        return f"{self.before[0]:,} of {self.before[1]:,} in the base" if self.before else ""


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
    ``input_columns`` and ``sql_columns`` say what became of columns on the way: ``+ note``, ``type of total``.
    """

    dataset: TableName
    inputs: Rows | None
    sql: Rows | None
    note: str = ""
    quotes: str = ""
    input_columns: tuple[str, ...] = ()
    sql_columns: tuple[str, ...] = ()


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
    sources: tuple[SourceChange, ...] = ()
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
    def changes_nothing(self) -> bool:
        """Whether nothing in it comes from its head: no commit, model, data, nor anything that is found of them."""
        found = (
            self.commits,
            self.models,
            self.sources,
            self.diff.differing,
            self.diff.rewritten,
            self.contracts,
            self.loosened,
        )
        return not any(found) and not self.problems and all(stale.before for stale in self.stale)

    @property
    def uncompared(self) -> frozenset[TableName]:
        """The datasets that could not be compared: whether and where their values differ is not known."""
        return frozenset(table.name for table in self.diff.datasets if table.status is Status.UNAVAILABLE)

    @property
    def not_rebuilt(self) -> tuple[TableName, ...]:
        """The datasets whose data is that of the base though it is, or may be, not what their models give today."""
        doubtful = {s.name for s in self.stale if s.kind in (StaleKind.DATA, StaleKind.UNBUILDABLE)}
        same = self.diff.datasets
        return tuple(table.name for table in same if table.status is Status.EQUAL and table.name in doubtful)

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
