"""All tests of a project, or those that are asked for."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from medallion.errors import MedallionError
from medallion.unittests.files import FOLDER, find_files, model_of, read_file
from medallion.unittests.run import UnitTestRun, open_runner

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence, Set

    from medallion.config import Config
    from medallion.models.graph import Graph
    from medallion.names import TableName
    from medallion.records import Record
    from medallion.unittests.cases import UnitTest
    from medallion.unittests.files import TestFile
    from medallion.unittests.run import UnitTestResult

__all__ = ["Wanted", "run_suite"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which tests are asked for: those of ``models`` (None: of all) whose names hold ``matching``, in any case.

    ``terms`` are what selected the models; ``may_be_none``: that these have no test is in good order.
    """

    models: Set[TableName] | None = None
    matching: str = ""
    terms: tuple[str, ...] = ()
    may_be_none: bool = False


def run_suite(
    config: Config,
    graph: Graph,
    records: Mapping[TableName, Record],
    broken: Mapping[TableName, MedallionError],
    wanted: Wanted,
    on_result: Callable[[UnitTestResult], None],
) -> UnitTestRun:
    """How each test ended that is wanted. ``MedallionError`` where there are tests, and none of them is."""
    began = time.monotonic()
    files, misplaced = find_files(config, graph.order)
    chosen = [file for file in files if wanted.models is None or file.model in wanted.models]
    errors = [error for error in misplaced if wanted.models is None or _tested(error, config) in wanted.models]
    if files and not chosen and not errors and not wanted.may_be_none:
        raise _no_test(wanted, files)
    tests: list[UnitTest] = []
    for file in chosen:
        read, wrong = read_file(config, file)
        tests += [test for test in read if wanted.matching.casefold() in test.name.casefold()]
        errors += wrong
    if chosen and not tests and not errors:
        raise _no_name(wanted)
    with open_runner(config, graph, records, broken) as runner:
        results = runner.run_all(tests, on_result)
    return UnitTestRun(tuple(results), tuple(errors), time.monotonic() - began)


def _tested(error: MedallionError, config: Config) -> TableName | None:
    """The model that the file of an error is named after."""
    with suppress(MedallionError):
        return model_of(error.location.path, config) if error.location else None
    return None


def _no_test(wanted: Wanted, files: Sequence[TestFile]) -> MedallionError:
    among = f" for {' '.join(wanted.terms)}" if wanted.terms else " for what is left"
    names = sorted(wanted.models or ())
    if len(names) == 1:
        hint = f"`medallion test --create {names[0]}` writes the first, from a few real rows"
    else:
        hint = f"there are tests of {', '.join(str(file.model) for file in files[:5])}{', …' if len(files) > 5 else ''}"
    return MedallionError(f"there are no unit tests{among} in {FOLDER}/", hint=hint)


def _no_name(wanted: Wanted) -> MedallionError:
    among = f" among those of {' '.join(wanted.terms)}" if wanted.terms else ""
    return MedallionError(
        f'no test has a name that holds "{wanted.matching}"{among}', hint="-k takes any part of a name, in any case"
    )
