"""Run the checks of a dataset on data that is to be published, or that is there.

All checks of single rows are counted in one scan. Only for what failed are the rows themselves fetched.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from medallion.checks.compiled import breaks, failing_rows, has_duplicates, has_like_neighbours, newest, older_rows
from medallion.checks.failed import keep_failed, sample_of
from medallion.checks.forms import Form, bound_once, form_of, placed
from medallion.engines.sql import identifier
from medallion.errors import BuildError, MedallionError
from medallion.events import CheckResult, CheckStatus
from medallion.models.check import Check, Kind, Severity, probe_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from medallion.engines.protocol import Reader
    from medallion.events import RowDelta
    from medallion.models.audits import Audit
    from medallion.models.model import Macro, Model
    from medallion.records import Record

__all__ = ["Former", "Subject", "audit"]

_HOLDS = identifier("medallion: holds")


@dataclass(frozen=True, slots=True)
class Former:
    """The version that is about to be replaced: a table expression of it, and how the new rows differ from it.

    ``table`` is empty where its data is lost.
    """

    record: Record
    table: str
    delta: RowDelta | None


@dataclass(frozen=True, slots=True)
class Subject:
    """What is checked: a registered dataset with the record that it has or is going to have.

    ``hidden`` are the columns, in lower case, whose values are not shown: its own private ones, and those of the
    datasets that its model and its checks look at; the reader of the data then has to be discreet. ``now`` is what age
    is counted from (ISO 8601, with its zone). Rows that fail go to ``failed``, at most ``most`` of a check, by way of
    ``scratch``. ``in_order``: the rows are surely in the order of the key.
    """

    model: Model
    record: Record
    root: Path
    hidden: frozenset[str]
    now: str
    scratch: Path
    failed: Path
    most: int
    in_order: bool


def audit(reader: Reader, subject: Subject, audit: Audit, former: Former | None = None) -> tuple[CheckResult, ...]:
    """The result of each check, in the order in which they are written.

    Without ``former``, what compares with it is left out: nothing is replaced. ``MedallionError``, at the check, where
    one cannot be evaluated.
    """
    return _Audit(reader, subject, audit.macros, former).run(audit.checks)


class _Audit:
    def __init__(self, reader: Reader, subject: Subject, macros: Sequence[Macro], former: Former | None) -> None:
        self.reader = reader
        self.subject = subject
        self.macros = macros
        self.former = former
        self.table = subject.record.dataset.sql
        # A record may be of anybody; what it says of the data counts where this process wrote both.
        columns = subject.record.columns if subject.in_order else ()
        self.rows = subject.record.rows
        if not subject.in_order:
            self.rows = int(reader.rows(f"SELECT count(*) FROM {self.table}")[0][0])
        self.nullable = {column.name.lower(): column.nullable for column in columns}

    def run(self, checks: Sequence[Check]) -> tuple[CheckResult, ...]:
        """Evaluate all, then look at what failed."""
        bind = bound_once(self.reader.bind)
        # Also of those that there is nothing to compare with: a mistake in them is told before it is needed.
        found = {id(check): form_of(check, self.subject.model, bind) for check in checks}
        checks = [check for check in checks if self.former is not None or not check.kind.compares]
        forms = [found[id(check)] for check in checks]
        counted = self._count(checks, forms)
        results = []
        for check, form in zip(checks, forms, strict=True):
            started = time.monotonic()
            try:
                result = self._result(check, form, counted.get(id(check)))
            except MedallionError as error:
                raise placed(check, error, self.subject.model) from error
            results.append(replace(result, seconds=time.monotonic() - started))
        return tuple(results)

    # How a check is evaluated

    def _count(self, checks: Sequence[Check], forms: Sequence[Form]) -> dict[int, int]:
        """The failures of every check of single rows, in one scan."""
        together = [c for c, form in zip(checks, forms, strict=True) if form is Form.ROWS and not self._is_sure(c)]
        if not together:
            return {}
        # Takes a third less than count(*) FILTER (WHERE …), which splits each vector of rows for each check.
        counts = ", ".join(f"sum(CASE WHEN {breaks(check)} THEN 1 ELSE 0 END)" for check in together)
        try:
            (found,) = self.reader.rows(f"SELECT {counts} FROM {self.table}")
        except MedallionError:
            if len(together) > 1:  # One by one, to find which it is.
                return {id(check): self._count([check], [Form.ROWS])[id(check)] for check in together}
            try:
                self.reader.rows(f"SELECT {counts} FROM {self.table}", self._own_sql(together[0]))
            except MedallionError as error:
                raise placed(together[0], error, self.subject.model) from error
            raise
        return {id(check): int(number or 0) for check, number in zip(together, found, strict=True)}

    def _is_sure(self, check: Check) -> bool:
        """Whether the file's own statistics say that no column holds a NULL."""
        return check.kind is Kind.NOT_NULL and not any(self.nullable.get(c.lower(), True) for c in check.columns)

    def _own_sql(self, check: Check) -> Model | None:
        """The SQL of a check alone, to find where in it a mistake is."""
        return replace(check.probe, sql=check.sql, sql_offset=check.sql_offset) if check.probe else None

    # What came of it

    def _result(self, check: Check, form: Form, counted: int | None) -> CheckResult:
        if check.kind.compares and self.former and not self.former.table:  # Then nobody can say that it holds.
            return self._made(check, False, None, "it cannot be compared: the data of the version before is lost")
        if check.kind in (Kind.ROW_COUNT, Kind.FRESHNESS, Kind.EXPECT_COLUMNS, Kind.EXPECT_ROWS) or (
            check.kind is Kind.CONDITION and form is Form.WHOLE
        ):
            holds, message, failures, total = self._whole(check)
            tolerated = check.at_most is not None and failures is not None and check.at_most.allows(failures, total)
            return self._made(check, holds or tolerated, failures, message)
        if counted is None and self._is_sure(check):
            return self._made(check, True, 0, "")
        if check.kind is Kind.EXPECT_UNCHANGED:
            try:
                counted = self._changed(check)
            except MedallionError as error:
                return self._made(check, False, None, f"the version before cannot be compared: {error.message}")
        query = self._failing(check, form)
        failures = counted
        if check.kind in (Kind.UNIQUE, Kind.KEY) and self._is_unique(check):
            failures = 0
        if failures is None:
            failures = int(self.reader.rows(f"SELECT count(*) FROM (\n{query}\n)", self._own_sql(check))[0][0])
        holds = failures == 0 or (check.at_most is not None and check.at_most.allows(failures, self.rows))
        result = self._made(check, holds, failures, "")
        return result if holds else self._with_rows(check, result, query)

    def _whole(self, check: Check) -> tuple[bool, str, int | None, int]:
        """Whether a check of the whole dataset holds, what was found, and for a share: how many of how many."""
        if check.kind is Kind.ROW_COUNT:
            holds = self.reader.rows(probe_text(check, self.subject.record.dataset)[0], self._own_sql(check))[0][0]
            return holds is not False, f"it has {self.rows:,} rows", None, 0
        if check.kind is Kind.FRESHNESS:
            ((found, holds),) = self.reader.rows(newest(check, self.table, self.subject.now))
            hidden = check.columns[0].lower() in self.subject.hidden
            shown = "there is no value" if found is None else f"the newest is {'(private)' if hidden else found}"
            return bool(holds), shown, None, 0
        if check.kind is Kind.CONDITION:
            ((holds,),) = self.reader.rows(f"SELECT (\n{check.sql}\n) FROM {self.table}", self._own_sql(check))
            return holds is not False, "it does not hold of the dataset as a whole", None, 0
        return self._change(check)

    def _change(self, check: Check) -> tuple[bool, str, int | None, int]:
        """Whether the new data differs from the former only as expected."""
        assert self.former is not None  # noqa: S101 - else it is not asked
        delta, (what,) = self.former.delta, check.values
        if delta is None:
            return False, "how the rows differ from the version before cannot be told: it cannot be compared", None, 0
        if check.kind is Kind.EXPECT_COLUMNS:
            named = {
                "added": delta.columns_added,
                "removed": delta.columns_removed,
                "retyped": delta.columns_retyped,
                "changed": (*delta.columns_added, *delta.columns_removed, *delta.columns_retyped),
            }[what]
            return not named, f"column{'s' if len(named) > 1 else ''} {', '.join(named)}", None, 0
        count = {"added": delta.added, "removed": delta.removed, "changed": delta.changed}[what]
        if count is None:
            return False, "which rows changed cannot be told: the version before has no such key", None, 0
        total = self.former.record.rows
        return count == 0, f"{count:,} of {total:,} rows {what}", count, total

    def _is_unique(self, check: Check) -> bool:
        if check.kind is Kind.KEY and any(self.nullable.get(name.lower(), True) for name in check.columns):
            return False
        in_order = self.subject.in_order and check.columns == self.subject.record.key
        asked = has_like_neighbours if in_order else has_duplicates
        return not self.reader.rows(asked(self.table, check.columns))[0][0]

    def _failing(self, check: Check, form: Form) -> str:
        """The rows that fail, as a query."""
        if check.kind is Kind.QUERY:
            return check.sql
        if check.kind is Kind.EXPECT_UNCHANGED:
            assert self.former is not None  # noqa: S101 - else it is not asked
            return older_rows(check, self.former.table, self.subject.record.dataset, self.subject.record.key)
        if form is Form.WINDOW:
            marked = f"SELECT *, (\n{check.sql}\n) AS {_HOLDS} FROM {self.table}"
            return f"SELECT * EXCLUDE ({_HOLDS}) FROM ({marked}) WHERE NOT {_HOLDS}"
        return failing_rows(check, self.table)

    def _changed(self, check: Check) -> int:
        """How many rows are not what they were in the version before; ``MedallionError`` where that cannot be told."""
        assert self.former is not None  # noqa: S101 - else it is not asked
        there = {column.name.lower() for column in self.former.record.columns}
        absent = [name for name in (*self.subject.record.key, *check.columns) if name.lower() not in there]
        if absent:
            raise BuildError(f'it has no column "{absent[0]}"')
        return int(self.reader.rows(f"SELECT count(*) FROM (\n{self._failing(check, Form.WHOLE)}\n)")[0][0])

    def _made(self, check: Check, holds: bool, failures: int | None, message: str) -> CheckResult:  # noqa: FBT001
        bad = CheckStatus.FAILED if check.severity is Severity.ERROR else CheckStatus.WARNED
        return CheckResult(
            dataset=self.subject.record.dataset,
            check=check.text,
            kind=str(check.kind),
            severity=str(check.severity),
            columns=check.columns,
            status=CheckStatus.PASSED if holds else bad,
            failures=failures,
            rows=self.rows,
            location=check.locate(self.subject.model),
            message="" if holds else message,
        )

    def _with_rows(self, check: Check, result: CheckResult, query: str) -> CheckResult:
        """A failed check with the rows that fail: a few to show, and a file of them."""
        columns: Sequence[tuple[str, Any]]
        if check.kind is Kind.QUERY and check.probe is not None:
            columns = self.reader.bind(check.probe)
        else:
            columns = [(column.name, column.type) for column in self.subject.record.columns]
        names = [name for name, _ in columns]
        sample = None
        # Where the columns are named by values, their names alone would show some.
        if not (self.subject.hidden and self.reader.needs_data(query)):
            sample = sample_of(self.reader, query, names, self._masked(check, names), check, self.subject)
        kept = keep_failed(self.reader, self.subject, check.text, query)
        number = min(result.failures or 0, self.subject.most) if kept else None
        return replace(result, sample=sample, failed_rows=kept, kept=number)

    def _masked(self, check: Check, names: Sequence[str]) -> frozenset[str]:
        """The columns, in lower case, of which no value is shown: private ones, and what a query makes of them."""
        hidden, probe = self.subject.hidden, check.probe
        if check.kind is not Kind.QUERY or probe is None or not hidden:
            return hidden
        everything = frozenset(name.lower() for name in names)
        if any(macro.datasets for macro in self.macros):
            return everything
        from medallion.models.columns import Kind as Lineage
        from medallion.models.columns import column_lineage
        from medallion.models.syntax import syntax_tree

        tables = {r.name: [row[0] for row in self.reader.rows(f"DESCRIBE FROM {r.name.sql}")] for r in probe.datasets}
        lineage = column_lineage(syntax_tree(probe.sql), names, tables)
        if not lineage.exact:
            return everything
        shows = [e for e in lineage.edges if e.kind.strength or e.kind in (Lineage.CONDITIONAL, Lineage.WINDOW)]
        return hidden | {edge.column.lower() for edge in shows if edge.input_column.lower() in hidden}
