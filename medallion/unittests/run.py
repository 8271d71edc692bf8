"""Carry unit tests out, one after the other, and say of each how it ended."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from medallion.errors import Location, MedallionError, UnitTestError, is_ctrl_c
from medallion.unittests.compare import Difference, compare
from medallion.unittests.ctes import read_ctes
from medallion.unittests.database import Database, comes_of_rows, makes_columns_of_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from medallion.config import Config
    from medallion.models.graph import Graph
    from medallion.models.model import Model
    from medallion.names import TableName
    from medallion.records import Record
    from medallion.unittests.cases import UnitTest
    from medallion.unittests.compare import Row
    from medallion.unittests.database import Subject
    from medallion.unittests.tables import Table

__all__ = ["Runner", "UnitTestOutcome", "UnitTestResult", "UnitTestRun", "open_runner", "say_nothing"]


class UnitTestOutcome(StrEnum):
    """How a unit test ended."""

    PASSED = "passed"
    FAILED = "failed"
    #: The test cannot be run as it is written, or its model cannot be run at all.
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class UnitTestResult:
    """How one test ended, and where it stands. Of a failed one, ``difference`` or ``error`` says why."""

    dataset: TableName
    name: str
    location: Location
    outcome: UnitTestOutcome
    seconds: float
    difference: Difference | None = None
    error: MedallionError | None = None


@dataclass(frozen=True, slots=True)
class UnitTestRun:
    """How all tests ended; ``errors`` are those of files or tests that could not even be read."""

    results: tuple[UnitTestResult, ...]
    errors: tuple[MedallionError, ...]
    seconds: float

    def count(self, outcome: UnitTestOutcome) -> int:
        """How many tests ended so."""
        return sum(result.outcome is outcome for result in self.results)

    @property
    def exit_code(self) -> int:
        """What a program that only ran these tests should exit with: 0, 1 where one failed, 2 for a user's mistake."""
        if self.errors or self.count(UnitTestOutcome.BROKEN):
            return 2
        return 1 if self.count(UnitTestOutcome.FAILED) else 0


def say_nothing(_result: UnitTestResult) -> None:
    """The default listener."""


@contextmanager
def open_runner(
    config: Config, graph: Graph, records: Mapping[TableName, Record], broken: Mapping[TableName, MedallionError]
) -> Iterator[Runner]:
    """A runner for the tests of one project, and the DuckDB that it needs."""
    database = Database(config, graph, records, broken)
    try:
        yield Runner(database)
    finally:
        database.close()


class Runner:
    """Runs tests; each sees what it gives and nothing of the others."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def run_all(self, tests: Sequence[UnitTest], on_result: Callable[[UnitTestResult], None]) -> list[UnitTestResult]:
        """How each test ended, in their order."""
        results = []
        for test in tests:
            results.append(self.run(test))
            on_result(results[-1])
        return results

    def run(self, test: UnitTest) -> UnitTestResult:
        """How one test ended. What went wrong is in the result."""
        began = time.monotonic()
        difference: Difference | None = None
        error: MedallionError | None = None
        outcome = UnitTestOutcome.PASSED
        try:
            difference = self._difference(test)
            if difference is not None:
                outcome = UnitTestOutcome.FAILED
        except _FailedError as failure:
            outcome, error = UnitTestOutcome.FAILED, failure.error
        except MedallionError as mistake:
            outcome, error = UnitTestOutcome.BROKEN, mistake
        except RuntimeError as stopped:
            if is_ctrl_c(stopped):
                raise KeyboardInterrupt from stopped
            raise
        seconds = time.monotonic() - began
        return UnitTestResult(test.model, test.name, test.place.location, outcome, seconds, difference, error)

    def _difference(self, test: UnitTest) -> Difference | None:
        database = self._database
        subject = database.subject(test.model)
        given = _given(test, subject, database.graph)
        _refuse_unset(test, subject, database.config)
        model = _with_cte(test, subject.model) if test.cte else subject.model
        with database.filled(subject, given, test.variables, test.now):
            if test.rows is None:
                self._expect_error(test, subject, model)
                return None
            outputs = self._outputs(test, subject, model)
            wanted = _wanted(test.rows, outputs, test.cte or str(test.model))
            with _runtime():
                rows = database.rows(subject, model, outputs)
            places = [outputs.index(column) for column in wanted]
            kinds = [kind for _, kind in wanted]
            actual: list[Row] = [tuple(row[i] for i in places) for row in rows]
            expected = database.given.texts(test.rows, kinds)
        if not wanted and not test.rows.rows:  # `expect: []` speaks of rows, whatever columns they have.
            wanted, kinds, actual = [*outputs], [kind for _, kind in outputs], rows
        key = () if test.cte else model.key
        return compare([name for name, _ in wanted], kinds, key, expected, actual)

    def _outputs(self, test: UnitTest, subject: Subject, model: Model) -> tuple[tuple[str, str], ...]:
        """The columns that come out. To bind a PIVOT is to run a part of it, so that its rows may fail here already."""
        try:
            return self._database.outputs(subject, test.cte, model)
        except MedallionError as error:
            if makes_columns_of_rows(subject, model) and comes_of_rows(error):
                raise _FailedError(error) from error
            raise

    def _expect_error(self, test: UnitTest, subject: Subject, model: Model) -> None:
        """Only what comes of the rows can be expected: a model that cannot even be bound proves nothing."""
        try:
            outputs = self._outputs(test, subject, model)
            with _runtime():
                rows = self._database.rows(subject, model, outputs)
        except _FailedError as failure:
            error = failure.error
            if test.error in error.message:
                return
            wrong = type(error)(
                f'another error than one that holds "{test.error}": {error.message}',
                location=error.location,
                hint=error.hint,
            )
            raise _FailedError(wrong) from failure
        count = f"{len(rows):,} row{'' if len(rows) == 1 else 's'}"
        raise _FailedError(test.place.error(f'no error that holds "{test.error}", but {count}'))


class _FailedError(Exception):
    """The model was run, and did not do what the test expects."""

    def __init__(self, error: MedallionError) -> None:
        super().__init__(error.message)
        self.error = error


@contextmanager
def _runtime() -> Iterator[None]:
    """An error while a bound model runs comes of its rows: the test fails, and is not at fault."""
    try:
        yield
    except MedallionError as error:
        raise _FailedError(error) from error


def _given(test: UnitTest, subject: Subject, graph: Graph) -> Mapping[str, Table]:
    """The rows by what they stand in for; ``UnitTestError`` for what the model does not read."""
    if test.given is None and subject.stands:
        raise test.place.error(
            f'the test has no "given", and {test.model} reads {", ".join(subject.stands)}',
            "write `given: {}` where there are to be no rows at all",
        )
    for given in test.given or ():
        if given.name in subject.stands:
            continue
        if any(str(name) == given.name for name in graph.order):
            reads = ", ".join(subject.stands) or "nothing"
            raise given.place.error(f"{test.model} does not read {given.name}", f"it reads {reads}")
        known = [*subject.stands, *map(str, graph.order)]
        otherwise = f"{test.model} reads {', '.join(subject.stands) or 'nothing'}"
        raise given.place.unknown("there is no dataset or source", given.name, known, otherwise)
    return {given.name: given.table for given in test.given or ()}


def _refuse_unset(test: UnitTest, subject: Subject, config: Config) -> None:
    """A variable without a value is an error in a run, and no NULL."""
    used = subject.model.variables.union(*(macro.variables for macro in subject.macros))
    known = {name.casefold() for name in (*config.variables, *test.variables)}
    for name in sorted(used):
        if name.casefold() not in known:
            raise test.place.error(
                f'variable "{name}" has no value',
                f"write `variables: {{{name}: …}}` in the test, or set it in {config.file}",
            )


def _with_cte(test: UnitTest, model: Model) -> Model:
    """The model's own text up to the end of its CTEs, and then all rows of one."""
    ctes = read_ctes(model.sql, model.path)
    name = next((name for name in ctes.names if name.lower() == test.cte.lower()), None)
    if name is None:
        assert test.cte_place is not None  # noqa: S101 - it was read where the name was
        listed = ", ".join(ctes.names)
        otherwise = f"its CTEs are {listed}" if listed else f"{test.model} does not begin with WITH"
        raise test.cte_place.unknown(f"{test.model} has no CTE", test.cte, list(ctes.names), otherwise)
    quoted = name.replace('"', '""')
    return replace(model, sql=f'{model.sql[: ctes.end]}\nFROM "{quoted}"', annotations=(), checks=())


def _wanted(rows: Table, outputs: Sequence[tuple[str, str]], what: str) -> list[tuple[str, str]]:
    """The output columns that a test compares, in its order."""
    found = []
    for header in rows.columns:
        column = next((c for c in outputs if c[0].lower() == header.name.lower()), None)
        if column is None:
            names = [name for name, _ in outputs]
            raise header.place.unknown(f"{what} has no column", header.name, names, f"it has {', '.join(names)}")
        found.append(column)
    if rows.rows and not found:
        raise UnitTestError("the expected rows name no column", location=rows.place.location, hint="name one at least")
    return found
