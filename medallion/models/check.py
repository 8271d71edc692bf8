"""A check as a value: what a model's comments, or a file in ``sql/checks/``, say that data must be like."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from medallion.errors import Location

if TYPE_CHECKING:
    from medallion.models.model import Model
    from medallion.names import TableName

__all__ = ["AtMost", "Check", "Kind", "Severity", "check_name", "probe_text", "query_check"]


class Kind(StrEnum):
    """What a check asks. The words are those of the annotations, and ``expect`` has three kinds."""

    KEY = "key"
    NOT_NULL = "not_null"
    UNIQUE = "unique"
    ACCEPTED_VALUES = "accepted_values"
    RELATIONSHIPS = "relationships"
    RANGE = "range"
    REGEX = "regex"
    ROW_COUNT = "row_count"
    FRESHNESS = "freshness"
    CONDITION = "condition"
    QUERY = "query"
    EXPECT_ROWS = "expect rows"
    EXPECT_COLUMNS = "expect columns"
    EXPECT_UNCHANGED = "expect unchanged"

    @property
    def compares(self) -> bool:
        """Whether it compares the new data with the version that it replaces."""
        return self in (Kind.EXPECT_ROWS, Kind.EXPECT_COLUMNS, Kind.EXPECT_UNCHANGED)


class Severity(StrEnum):
    """What a failed check does: an error keeps the new data out, a warning is only told."""

    ERROR = "error"
    WARN = "warn"


@dataclass(frozen=True, slots=True)
class AtMost:
    """How many failures are tolerated: a number of rows, or per cent of all rows. ``number`` is as written."""

    number: str
    percent: bool

    def allows(self, failures: int, rows: int) -> bool:
        """Whether so many failures of so many rows are within it."""
        from decimal import Decimal

        most = Decimal(self.number)
        return failures * 100 <= most * rows if self.percent else failures <= most


@dataclass(frozen=True, slots=True)
class Check:
    """One check. ``text`` says it in full, as it could be written at the top of the model.

    ``columns`` are those that it speaks of. ``sql`` is an expression, a condition in ``WHERE``, or a whole query, as
    written at ``sql_offset`` of the file; ``values`` are what else its kind needs: the accepted values, the two bounds
    as SQL (empty: none), the pattern, a number with its unit, or the word of ``@expect``. ``to`` and ``to_columns``
    are what ``relationships`` refers to. ``probe`` is the query that ``sql`` is bound in, with all that it reads.
    """

    kind: Kind
    text: str
    severity: Severity
    columns: tuple[str, ...]
    path: str
    offset: int
    length: int
    values: tuple[str, ...] = ()
    sql: str = ""
    sql_offset: int = 0
    to: TableName | None = None
    to_columns: tuple[str, ...] = ()
    at_most: AtMost | None = None
    probe: Model | None = None

    @property
    def reads(self) -> tuple[TableName, ...]:
        """The datasets that its own text names."""
        named = tuple(reference.name for reference in self.probe.datasets) if self.probe else ()
        return (self.to, *named) if self.to else named

    @property
    def compares_by_key(self) -> bool:
        """Whether it has to know which row of the version before is which."""
        rows_changed = self.kind is Kind.EXPECT_ROWS and self.values == ("changed",)
        return rows_changed or self.kind is Kind.EXPECT_UNCHANGED

    def source(self, model: Model) -> str:
        """The text of the file that it stands in: one of its own, or that of the ``model`` that it guards."""
        return self.probe.text if self.kind is Kind.QUERY and self.probe else model.text

    def locate(self, model: Model) -> Location:
        """Its place; ``model`` makes the dataset that it guards."""
        return Location.at(self.path, self.source(model), self.offset, self.length)


def check_name(path: str) -> str:
    """The name of a check that is a file of its own: the file's."""
    return path.rpartition("/")[2].rpartition(".")[0]


def query_check(path: str, model: Model, severity: Severity, at_most: AtMost | None) -> Check:
    """The check that the file at ``path`` is, whose query was read as a ``model``."""
    return Check(
        kind=Kind.QUERY,
        text=check_name(path),
        severity=severity,
        columns=(),
        path=path,
        offset=model.sql_offset,
        length=len(model.sql.split("\n")[0]),
        sql=model.sql,
        sql_offset=model.sql_offset,
        at_most=at_most,
        probe=model,
    )


def probe_text(check: Check, name: TableName) -> tuple[str, int]:
    """A query that binds and means what the SQL of a check does, and where in it that SQL begins.

    New lines around it end a comment in it.
    """
    if check.kind is Kind.QUERY:
        return check.sql, 0
    if check.kind is Kind.EXPECT_UNCHANGED:  # It is asked of the version before, which has the name of the table alone.
        before, after = f'SELECT 1 FROM (FROM {name.sql}) AS "{name.name}" WHERE (\n', "\n)"
    elif check.kind is Kind.ROW_COUNT:
        before, after = "SELECT (\n", f"\n) AS holds FROM (SELECT count(*) AS row_count FROM {name.sql})"
    else:
        before, after = f"SELECT 1 FROM {name.sql} WHERE (\n", "\n)"
    return f"{before}{check.sql}{after}", len(before)
