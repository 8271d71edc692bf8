"""What guarded the data in a pull request's base and guards it less in its head: checks and annotations. Pure.

A pull request may change them for good reasons. But what they would have said of its data is then not said, so that
they went is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from medallion.diff.value import ColumnStatus, Status
from medallion.models.check import Kind, Severity
from medallion.reasons import listed
from medallion.review.value import Loosened, Safeguard
from medallion.schemas import contracted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from medallion.diff.value import Diff, TableDiff, Tolerance
    from medallion.models.check import Check
    from medallion.models.graph import Graph
    from medallion.models.model import Model
    from medallion.names import TableName

__all__ = ["loosened"]

_GONE = "removed"


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

    def told(self, safeguard: Safeguard, what: str, change: str, location: str = "") -> Loosened:
        return Loosened(self.name, safeguard, what, change, location or self.new.path)

    def checks(self) -> Iterator[Loosened]:
        """Checks of the base that the head has not, or only as warnings."""
        there = [check for check in self.head.audit(self.name).checks if check.kind is not Kind.KEY]
        left = {_identity(check): check for check in there}
        renamed = {self._meaning(check, renamed=False): check for check in there}
        lost: list[Check] = []
        for check in self.base.audit(self.name).checks:
            kept = left.pop(_identity(check), None) or renamed.get(self._meaning(check, renamed=True))
            if kept is None:
                lost.append(check)
            elif check.severity is Severity.ERROR and kept.severity is Severity.WARN:
                yield self._check(check, "is only a warning now")
        for check in lost:
            if not self._is_covered(check):
                yield self._check(check, self._instead(check, left))

    def _check(self, check: Check, change: str) -> Loosened:
        place = check.locate(self.old)
        return self.told(Safeguard.CHECK, check.text, change, f"{place.path}:{place.line}")

    def _meaning(self, check: Check, *, renamed: bool) -> object:
        """What a check without SQL of its own asks; of one with SQL, itself."""
        if check.sql or not check.columns:
            return id(check)
        columns = tuple(self.columns.now(name) if renamed else name.lower() for name in check.columns)
        return check.kind, columns, check.values, check.to, check.to_columns, check.at_most

    def _is_covered(self, check: Check) -> bool:
        """Whether its columns are gone, or the key says as much."""
        columns = {name.lower() for name in check.columns}
        key = {name.lower() for name in self.new.key}
        if check.kind is Kind.KEY or columns & self.columns.gone:
            return True
        return (check.kind is Kind.UNIQUE and columns == key) or (check.kind is Kind.NOT_NULL and columns <= key)

    def _instead(self, check: Check, left: dict[tuple[str, str, str], Check]) -> str:
        """What the head has in its place, if that can be told."""
        columns = {self.columns.now(name) for name in check.columns}
        for identity, other in left.items():
            alike = other.kind is check.kind and {name.lower() for name in other.columns} == columns
            if alike and (check.kind is not Kind.QUERY or other.text == check.text):
                del left[identity]
                warns = check.severity is Severity.ERROR and other.severity is Severity.WARN
                change = "its SQL changed" if other.text == check.text else f"is now {other.text}"
                return f"{change}, and is only a warning" if warns else change
        return _GONE

    def macros(self) -> Iterator[Loosened]:
        """Macros that checks call and that say something else."""
        old, new = ({m.name: m.digest for m in graph.audit(self.name).macros} for graph in (self.base, self.head))
        for macro in sorted(name for name in old.keys() & new.keys() if old[name] != new[name]):
            yield self.told(Safeguard.CHECK, f"macro {macro}", "its checks call it, and it changed")

    def key(self) -> Iterator[Loosened]:
        """The key, where it is another or none."""
        old, new = self.old.key, self.new.key
        if old and [self.columns.now(name) for name in old] != [name.lower() for name in new]:
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


def _identity(check: Check) -> tuple[str, str, str]:
    """A query of its own is called by its file, so what it asks is in its SQL."""
    own = f"{check.sql}\n{check.at_most}" if check.kind is Kind.QUERY else ""
    return str(check.kind), check.text, own


def _number(tolerance: Tolerance) -> str:
    parts = [f"{tolerance.absolute:g}"] if tolerance.absolute or not tolerance.relative else []
    return " or ".join([*parts, *([f"{tolerance.relative * 100:g} %"] if tolerance.relative else [])])
