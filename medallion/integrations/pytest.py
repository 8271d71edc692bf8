"""A plugin for pytest: one ``pytest`` runs the unit tests of models together with everything else.

It collects ``tests/sql/**/*.yaml`` beside a ``medallion.toml`` (or a pyproject.toml with ``[tool.medallion]``), and
nothing anywhere else. Nothing of Medallion is loaded before such a file is found.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from medallion.project import Project
    from medallion.unittests.cases import UnitTest
    from medallion.unittests.run import Runner, UnitTestResult

__all__ = ["UnitTestFile", "UnitTestItem", "pytest_collect_file", "pytest_unconfigure"]

_FOLDER = ("tests", "sql")


class _Runners:
    """A runner for each project, kept until pytest ends: they share what they know of models and tables."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._found: dict[Path, Runner] = {}

    def of(self, project: Project) -> Runner:
        root = project.config.root
        if root not in self._found:
            self._found[root] = self._stack.enter_context(project.unit_test_runner())
        return self._found[root]

    def close(self) -> None:
        self._stack.close()


_RUNNERS = pytest.StashKey[_Runners]()


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """A file of unit tests, where one of a project's is found."""
    if file_path.suffix not in (".yaml", ".yml") or file_path.name.startswith("."):
        return None
    root = _root(file_path)
    if root is None:
        return None
    made: UnitTestFile = UnitTestFile.from_parent(parent, path=file_path)
    made.root = root
    return made


def pytest_unconfigure(config: pytest.Config) -> None:
    """Close the databases."""
    runners = config.stash.get(_RUNNERS, None)
    if runners is not None:
        runners.close()


def _root(file: Path) -> Path | None:
    """The project whose ``tests/sql/`` a file lies in."""
    for folder in file.parents:
        if folder.parts[-2:] != _FOLDER:
            continue
        root = folder.parent.parent
        if (root / "medallion.toml").is_file():
            return root
        shared = root / "pyproject.toml"
        if shared.is_file() and "[tool.medallion" in shared.read_text(encoding="utf-8", errors="replace"):
            return root
    return None


class UnitTestFile(pytest.File):
    """The unit tests of one model."""

    root: Path

    def collect(self) -> Iterator[UnitTestItem]:
        """An item for each test; the first mistake of the file is an error of its collection."""
        from medallion.errors import MedallionError
        from medallion.project import Project
        from medallion.unittests.files import TestFile, model_of, read_file

        try:
            project = Project.open(self.root)
            path = self.path.relative_to(self.root).as_posix()
            tests, errors = read_file(project.config, TestFile(model_of(path, project.config), path))
        except MedallionError as error:
            raise self.CollectError(str(error)) from None
        if errors:
            raise self.CollectError("\n\n".join(map(str, errors)))
        for test in tests:
            item: UnitTestItem = UnitTestItem.from_parent(self, name=test.name)
            item.project, item.test = project, test
            yield item


class UnitTestItem(pytest.Item):
    """One unit test of a model."""

    project: Project
    test: UnitTest

    def runtest(self) -> None:
        """Run it; ``_NotPassedError`` where it does anything but pass."""
        from medallion.unittests.run import UnitTestOutcome

        result = self.config.stash.setdefault(_RUNNERS, _Runners()).of(self.project).run(self.test)
        if result.outcome is not UnitTestOutcome.PASSED:
            raise _NotPassedError(result)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: object = None) -> str:  # noqa: ARG002
        """What a person sees: rows that differ, or the error, and no traceback of ours."""
        from medallion.errors import MedallionError

        if isinstance(excinfo.value, _NotPassedError):
            return excinfo.value.shown()
        if isinstance(excinfo.value, MedallionError):
            return str(excinfo.value)
        return str(super().repr_failure(excinfo))

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where the test stands."""
        return self.path, self.test.place.location.line - 1, self.name


class _NotPassedError(Exception):
    """How a test ended that did not pass."""

    def __init__(self, result: UnitTestResult) -> None:
        super().__init__(result.name)
        self.result = result

    def shown(self) -> str:
        from medallion.cli.unittest_view import failure_lines
        from medallion.unittests.run import UnitTestOutcome

        if self.result.outcome is UnitTestOutcome.BROKEN:
            return str(self.result.error)
        return "\n".join(line.plain for line in failure_lines(self.result, _WIDTH))


_WIDTH = 100
