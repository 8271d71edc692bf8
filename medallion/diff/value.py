"""How two versions of a project's data differ, as immutable values.

Everything that shows a difference is rendered from these. Values of data are texts, as DuckDB casts them to VARCHAR,
and None for NULL; a value of a column that is ``@private`` never gets here. Of a dataset that is compared by a key::

    rows.base - rows.removed + rows.added == rows.head
    column.changed == sum(pattern.count for pattern in column.patterns) + column.other_changes
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

from medallion.models.tolerances import Tolerance

if TYPE_CHECKING:
    from collections.abc import Sequence

    from medallion.names import TableName

__all__ = [
    "Cell",
    "ColumnDiff",
    "ColumnStatus",
    "Diff",
    "Histogram",
    "Key",
    "KeyOrigin",
    "Pattern",
    "RowChange",
    "RowStatus",
    "Rows",
    "Side",
    "Statistics",
    "Status",
    "TableDiff",
    "Tolerance",
]


class Status(StrEnum):
    """What became of a dataset. ``UNAVAILABLE``: it cannot be compared, and ``error`` says why."""

    EQUAL = "equal"
    CHANGED = "changed"
    ADDED = "added"
    REMOVED = "removed"
    UNAVAILABLE = "unavailable"


class ColumnStatus(StrEnum):
    """The first of these that is true of a column; what else is true of it stands in its other fields.

    ``UNKNOWN``: rows differ, and without a key nobody can say in which columns.
    """

    ADDED = "added"
    REMOVED = "removed"
    RENAMED = "renamed"
    RETYPED = "retyped"
    CHANGED = "changed"
    MOVED = "moved"
    EQUAL = "equal"
    UNKNOWN = "unknown"


class RowStatus(StrEnum):
    """What became of a row."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


class KeyOrigin(StrEnum):
    """How it is known which row of one version is which of the other."""

    DECLARED = "declared"
    UNIQUE = "unique"
    INFERRED = "inferred"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Side:
    """A version that takes part. ``name`` is as it was asked for; ``commit`` a full hash, "" for the work tree."""

    name: str
    commit: str

    @property
    def short(self) -> str:
        """As a person would call it: ``main``, or ``work tree``."""
        return self.name or "work tree"


@dataclass(frozen=True, slots=True)
class Key:
    """The columns by which rows are matched, as the head names them; none where rows are compared as a multiset.

    ``base`` are their names in the base. ``why`` says in a few words where the key comes from, or why there is none.
    """

    columns: tuple[str, ...] = ()
    origin: KeyOrigin = KeyOrigin.NONE
    why: str = ""
    base: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rows:
    """How many rows there are and how many differ; ``changed`` is None without a key: each is one added, one removed.

    ``null_keys`` and ``duplicate_keys`` count the rows, in base and head, whose key holds a NULL or stands elsewhere
    as well; where no row differs the latter are not counted. Rows of one key that is there several times are matched
    as a multiset: what is equal cancels out, and what is left is removed and added.
    """

    base: int
    head: int
    added: int = 0
    removed: int = 0
    changed: int | None = 0
    null_keys: tuple[int, int] = (0, 0)
    duplicate_keys: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class Pattern:
    """A change of a cell from one value to another, and in how many rows it was seen."""

    base: str | None
    head: str | None
    count: int


@dataclass(frozen=True, slots=True)
class Statistics:
    """Over all rows of a version: NULLs, the least and greatest value of numbers and times, the mean of numbers."""

    nulls: int
    least: str | None = None
    greatest: str | None = None
    mean: float | None = None


@dataclass(frozen=True, slots=True)
class Histogram:
    """How many rows of each version have a value in each of the equally wide bins between ``edges``.

    There is one edge more than bins. ``labels`` are the edges as a person reads them.
    """

    edges: tuple[float, ...]
    labels: tuple[str, ...]
    base: tuple[int, ...]
    head: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ColumnDiff:
    """What became of a column.

    ``name`` is its name in the head, or in the base where it was removed; ``base_name`` that in the base ("" where it
    was added). Types are DuckDB's, "" on the side that does not have it. ``changed`` counts the rows on both sides
    whose values differ; None where none were matched: without a key, or on one side only. That a column was renamed is
    detected by its values; where ``changed`` is not 0, not all of them are the same. ``nullable`` is whether there are
    NULLs in it.

    ``patterns`` are the most frequent changes; ``other_changes`` are the cells in ``other_patterns`` further ones. Of a
    ``private`` column, and of what was not asked for, there are no values.
    """

    name: str
    status: ColumnStatus
    base_name: str = ""
    base_type: str = ""
    head_type: str = ""
    base_nullable: bool = True
    head_nullable: bool = True
    moved: bool = False
    private: bool = False
    is_key: bool = False
    changed: int | None = None
    patterns: tuple[Pattern, ...] = ()
    other_changes: int = 0
    other_patterns: int = 0
    nulls_gained: int = 0
    nulls_lost: int = 0
    tolerance: Tolerance | None = None
    base_statistics: Statistics | None = None
    head_statistics: Statistics | None = None
    histogram: Histogram | None = None

    @property
    def retyped(self) -> bool:
        """Whether both sides have it, with other types."""
        return bool(self.base_type and self.head_type) and self.base_type != self.head_type

    @property
    def renamed(self) -> bool:
        """Whether both sides have it, under other names."""
        return self.status is ColumnStatus.RENAMED


@dataclass(frozen=True, slots=True)
class Cell:
    """One value of a row in both versions. ``private``: it is not told."""

    column: str
    base: str | None = None
    head: str | None = None
    private: bool = False


@dataclass(frozen=True, slots=True)
class RowChange:
    """A row that differs. ``key`` holds its key's values in the order of the key.

    ``cells`` are those that changed; of a row that was added or removed, all of its columns but the key's. ``count``
    is how many such rows there are, which may be more than one without a key.
    """

    status: RowStatus
    key: tuple[str | None, ...] = ()
    cells: tuple[Cell, ...] = ()
    count: int = 1


@dataclass(frozen=True)
class TableDiff:
    """How a dataset differs between two versions.

    ``rows`` is None where it could not be compared. Content ids and sizes (bytes of its files) are "" and 0 on a side
    that does not have it. ``samples`` are the first rows that differ, in the order of the key; where they are very
    many, they are read from a file each time. ``notes`` say what a reader must know to read the numbers. ``quotes``
    is the part of ``error`` that may hold values of the data.
    """

    name: TableName
    status: Status
    key: Key = Key()
    rows: Rows | None = None
    columns: tuple[ColumnDiff, ...] = ()
    samples: Sequence[RowChange] = ()
    notes: tuple[str, ...] = ()
    error: str = ""
    base_content: str = ""
    head_content: str = ""
    base_bytes: int = 0
    head_bytes: int = 0
    quotes: str = ""

    @property
    def one_sided(self) -> bool:
        """Whether it came or went as a whole, so that there is one side only to tell of."""
        return self.status in (Status.ADDED, Status.REMOVED)

    @property
    def differing_rows(self) -> int:
        """Rows that were added, removed or changed."""
        return self.rows.added + self.rows.removed + (self.rows.changed or 0) if self.rows else 0

    @property
    def more_rows(self) -> int:
        """Those of them that ``samples`` does not show."""
        return self.differing_rows - sum(row.count for row in self.samples)

    @property
    def matched_rows(self) -> int:
        """Rows that are on both sides."""
        return self.rows.base - self.rows.removed if self.rows else 0

    @property
    def emptied(self) -> bool:
        """Whether it had rows and has none any more, though it is still there."""
        return self.status is Status.CHANGED and self.rows is not None and self.rows.base > 0 == self.rows.head

    @cached_property
    def schema_changed(self) -> bool:
        """Whether a column was added, removed, renamed, retyped or moved."""
        same = (ColumnStatus.EQUAL, ColumnStatus.CHANGED, ColumnStatus.UNKNOWN)
        return any(c.status not in same or c.retyped or c.moved for c in self.columns)

    def column(self, name: str) -> ColumnDiff | None:
        """The column of this name (in the head, or in the base where it was removed)."""
        return next((column for column in self.columns if column.name == name), None)


@dataclass(frozen=True)
class Diff:
    """How the datasets of two versions differ. ``datasets`` are those asked for, in the order of layers and names.

    ``notes`` say what holds for all of it, as that the base predates medallion.
    """

    base: Side
    head: Side
    datasets: tuple[TableDiff, ...]
    notes: tuple[str, ...] = ()

    @property
    def differing(self) -> tuple[TableDiff, ...]:
        """Those that are not equal, or of which that is not known."""
        return tuple(table for table in self.datasets if table.status is not Status.EQUAL)

    @property
    def rewritten(self) -> tuple[TableDiff, ...]:
        """Those that are equal though their files are not, and of which there is something to note."""
        return tuple(
            table
            for table in self.datasets
            if table.status is Status.EQUAL and table.notes and table.base_content != table.head_content
        )
