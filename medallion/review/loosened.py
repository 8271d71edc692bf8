"""What guarded the data in a pull request's base and guards it less in its head: checks and annotations. Pure.

A pull request may change them for good reasons. But what they would have said of its data is then not said, so that
they went is. What guards the data as much or more is not told; where that cannot be told, this is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from medallion.diff.value import ColumnStatus, Status
from medallion.models.check import Kind, Severity
from medallion.reasons import listed
from medallion.review.strictness import allows_more
from medallion.review.value import Loosened, Safeguard
from medallion.schemas import contracted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from medallion.diff.value import Diff, TableDiff, Tolerance
    from medallion.models.check import Check
    from medallion.models.graph import Graph
    from medallion.models.model import Model
    from medallion.names import TableName

__all__ = ["loosened"]

_GONE = "removed"
# Of these, what is left of the columns is still the same check.
_OF_COLUMNS = (Kind.NOT_NULL, Kind.UNIQUE, Kind.EXPECT_UNCHANGED)
_WORD = re.compile(r"[^\W\d]\w*")
_SQL = frozenset({"and", "or", "not", "is", "null", "in", "between", "like", "true", "false", "case", "when", "end"})


def loosened(base: Graph, head: Graph, diff: Diff) -> tuple[Loosened, ...]:
    """What was removed or loosened of the datasets whose models both have, in the order in which they are built.

    What spoke of a column that the data no longer has went with it, and is not told.
    """
    tables = {table.name: table for table in diff.datasets}
    contracts = set(contracted(base)) - set(contracted(head))
    found: list[Loosened] = []
    for name in head.order:
        if name not in base.models or name not in head.models:
            continue
        both = _Both(name, base, head, _Columns.of(tables.get(name)))
        found += [*both.checks(), *both.macros(), *both.key(), *both.tolerances(), *both.private()]
        if name in contracts:
            found.append(both.told(Safeguard.CONTRACT, "@contract", _GONE))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Columns:
    """What became of columns, in lower case: those that are gone, new names by old ones, and those that came."""

    gone: frozenset[str]
    renamed: Mapping[str, str]
    new: frozenset[str]

    @classmethod
    def of(cls, table: TableDiff | None) -> _Columns:
        columns = table.columns if table and table.status is Status.CHANGED else ()
        return cls(
            frozenset(c.name.lower() for c in columns if c.status is ColumnStatus.REMOVED),
            {c.base_name.lower(): c.name.lower() for c in columns if c.renamed},
            frozenset(c.name.lower() for c in columns if c.status is ColumnStatus.ADDED),
        )

    def now(self, name: str) -> str:
        """What the head calls a column of the base."""
        return self.renamed.get(name.lower(), name.lower())


@dataclass(frozen=True, slots=True)
class _Both:
    """A dataset's models in base and head."""

    name: TableName
    base: Graph
    head: Graph
    columns: _Columns

    @property
    def old(self) -> Model:
        return self.base.models[self.name]

    @property
    def new(self) -> Model:
        return self.head.models[self.name]

    def told(self, safeguard: Safeguard, what: str, change: str, location: str = "", *, known: bool = True) -> Loosened:
        return Loosened(self.name, safeguard, what, change, location or self.new.path, known)

    def checks(self) -> Iterator[Loosened]:
        """Checks of the base that the head has not, or only as warnings, and in whose place nothing asks as much."""
        there = [check for check in self.head.audit(self.name).checks if check.kind is not Kind.KEY]
        left = {_identity(check): check for check in there}
        renamed = {self._meaning(check, renamed=False): check for check in there}
        lost: list[Check] = []
        for check in self.base.audit(self.name).checks:
            kept = left.pop(_identity(check), None) or renamed.get(self._meaning(check, renamed=True))
            if kept is None:
                lost.append(check)
            elif _only_warns(check, kept):
                yield self._check(check, "is only a warning now")
        for check in lost:
            if not self._is_covered(check, there):
                yield self._instead(check, left)

    def _check(self, check: Check, change: str, *, known: bool = True) -> Loosened:
        place = check.locate(self.old)
        return self.told(Safeguard.CHECK, check.text, change, f"{place.path}:{place.line}", known=known)

    def _meaning(self, check: Check, *, renamed: bool) -> object:
        """What a check without SQL of its own asks; of one with SQL, itself."""
        if check.sql or not check.columns:
            return id(check)
        columns = tuple(self.columns.now(name) if renamed else name.lower() for name in check.columns)
        return check.kind, columns, check.values, check.to, check.to_columns, check.at_most

    def _is_covered(self, check: Check, there: Sequence[Check]) -> bool:
        """Whether its columns are gone, or the key or another check says as much."""
        if check.kind is Kind.KEY or {name.lower() for name in check.columns} & self.columns.gone:
            return True
        columns = {self.columns.now(name) for name in check.columns}
        key = {name.lower() for name in self.new.key}
        if check.kind is Kind.UNIQUE and key and key <= columns:
            return True
        if check.kind is Kind.NOT_NULL and columns <= key | self._never_null():
            return True
        return any(
            other.kind is check.kind
            and not _only_warns(check, other)
            and allows_more(check, other, self.columns.now) is False
            for other in there
        )

    def _never_null(self) -> set[str]:
        """Columns in which a NULL is an error in the head."""
        return {
            name.lower()
            for check in self.head.audit(self.name).checks
            if check.kind is Kind.NOT_NULL and check.severity is Severity.ERROR and check.at_most is None
            for name in check.columns
        }

    def _instead(self, check: Check, left: dict[tuple[str, str, str], Check]) -> Loosened:
        """What the head has in its place, if that can be told."""
        for identity, other in left.items():
            if not self._is_alike(check, other):
                continue
            del left[identity]
            change = "its SQL changed" if other.text == check.text else f"is now {other.text}"
            if _only_warns(check, other):
                return self._check(check, f"{change}, and is only a warning")
            return self._check(check, change, known=allows_more(check, other, self.columns.now) is True)
        return self._check(check, _GONE)

    def _is_alike(self, check: Check, other: Check) -> bool:
        """Whether a check of the head is of the same kind and speaks of the same."""
        if other.kind is not check.kind:
            return False
        before = {self.columns.now(name) for name in check.columns}
        after = {name.lower() for name in other.columns}
        if before != after and not (check.kind in _OF_COLUMNS and before & after):
            return False
        if check.kind is Kind.QUERY:
            return other.text == check.text
        if check.kind is Kind.EXPECT_ROWS:
            return other.values == check.values
        return check.kind is not Kind.CONDITION or bool(
            before or self._names(check.sql, renamed=True) & self._names(other.sql)
        )

    def _names(self, sql: str, *, renamed: bool = False) -> set[str]:
        names = {name.lower() for name in _WORD.findall(sql)} - _SQL
        return {self.columns.now(name) for name in names} if renamed else names

    def macros(self) -> Iterator[Loosened]:
        """Macros that checks call and that say something else."""
        old, new = ({m.name: m.digest for m in graph.audit(self.name).macros} for graph in (self.base, self.head))
        for macro in sorted(name for name in old.keys() & new.keys() if old[name] != new[name]):
            yield self.told(Safeguard.CHECK, f"macro {macro}", "its checks call it, and it changed", known=False)

    def key(self) -> Iterator[Loosened]:
        """The key, where it is none or another, which does not say as much."""
        old, new = self.old.key, self.new.key
        before, after = {self.columns.now(name) for name in old}, {name.lower() for name in new}
        if old and not (new and after <= before <= after | self._never_null()):
            yield self.told(Safeguard.KEY, f"@key {listed(old)}", f"is now {listed(new)}" if new else _GONE)

    def tolerances(self) -> Iterator[Loosened]:
        """Tolerances that are new or wider; the review compares by those of the base."""
        old = {self.columns.now(name): tolerance for name, tolerance in self.old.tolerances.items()}
        for name, now in self.new.tolerances.items():
            before = old.get(name)
            if name in self.columns.new or (before and now.strictest(before) == now):
                continue
            change = f"{_number(before) if before else 'none'} → {_number(now)}; the stricter one counts here"
            yield self.told(Safeguard.TOLERANCE, f"@tolerance {name}", change)

    def private(self) -> Iterator[Loosened]:
        """Columns that are not marked as private any more."""
        for name in sorted(self.old.private - self.new.private - self.columns.gone):
            if self.columns.now(name) not in self.new.private:
                yield self.told(Safeguard.PRIVATE, f"@private {name}", _GONE)


def _only_warns(check: Check, other: Check) -> bool:
    """Whether what was an error is a warning."""
    return check.severity is Severity.ERROR and other.severity is Severity.WARN


def _identity(check: Check) -> tuple[str, str, str]:
    """A query of its own is called by its file, so what it asks is in its SQL."""
    own = f"{check.sql}\n{check.at_most}" if check.kind is Kind.QUERY else ""
    return str(check.kind), check.text, own


def _number(tolerance: Tolerance) -> str:
    parts = [f"{tolerance.absolute:g}"] if tolerance.absolute or not tolerance.relative else []
    return " or ".join([*parts, *([f"{tolerance.relative * 100:g} %"] if tolerance.relative else [])])
