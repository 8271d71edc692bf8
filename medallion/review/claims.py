"""What an author announces of a pull request's data, as values: datasets, and claims on how each differs. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from medallion.names import TableName

if TYPE_CHECKING:
    from decimal import Decimal

__all__ = ["Amount", "Became", "Bound", "Changed", "Claim", "Claims", "Counted", "Whole"]


class Bound(StrEnum):
    """How a number limits an amount."""

    AT_MOST = "at most"
    AT_LEAST = "at least"
    EXACTLY = "exactly"


@dataclass(frozen=True, slots=True)
class Amount:
    """A number of rows, or per cent of the rows that the base has."""

    bound: Bound
    number: Decimal
    percent: bool = False

    def allows(self, count: int, rows: int) -> bool:
        """Whether ``count`` is such an amount where the base has so many rows."""
        found, limit = (count * 100, self.number * rows) if self.percent else (count, self.number)
        if self.bound is Bound.AT_MOST:
            return found <= limit
        return found >= limit if self.bound is Bound.AT_LEAST else found == limit

    def __str__(self) -> str:
        return f"{self.bound} {self.number:,f}{' %' if self.percent else ' rows'}"


class Whole(StrEnum):
    """A claim on a dataset as a whole."""

    UNCHANGED = "unchanged"
    NEW = "new"
    REMOVED = "removed dataset"


@dataclass(frozen=True, slots=True)
class Counted:
    """So many rows are added, removed or changed; ``what`` is one of these words."""

    what: str
    amount: Amount


@dataclass(frozen=True, slots=True)
class Changed:
    """Values of these columns change, and with ``only`` nothing else that no claim speaks of."""

    columns: tuple[str, ...]
    only: bool
    amount: Amount | None = None


@dataclass(frozen=True, slots=True)
class Became:
    """These columns are added, removed, changed, retyped, renamed or moved; ``what`` is one of these words."""

    columns: tuple[str, ...]
    what: str


Claim = Whole | Counted | Changed | Became


@dataclass(frozen=True, slots=True)
class Claims:
    """One line: its ``text``, where it stands, and the claims on the datasets that ``pattern`` names."""

    text: str
    where: str
    pattern: str
    claims: tuple[Claim, ...]

    @property
    def dataset(self) -> TableName | None:
        """The dataset, where it is one and not a pattern."""
        return None if "*" in self.pattern else TableName(*self.pattern.split(".", 1))

    def speaks_of(self, name: TableName) -> bool:
        """Whether it is about this dataset."""
        return fnmatchcase(str(name), self.pattern)
