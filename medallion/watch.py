"""Run again whenever a file of the project is saved: models, macros, sources, checks, the configuration, unit tests.

Files are looked at a few times a second rather than listened to: it works alike on network disks and in containers,
and what counts is how the files stand once nobody writes to them, whichever way an editor saves. Looking takes 1/20
of the time at most, however many files there are.
"""

from __future__ import annotations

import glob
import os
import time
from dataclasses import dataclass, replace
from stat import S_ISREG
from typing import TYPE_CHECKING

from medallion.config import load_config
from medallion.errors import MedallionError
from medallion.events import OnEvent, Outcome, ignore
from medallion.plan import Action, decide
from medallion.project import Project
from medallion.sources import is_allowed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from medallion.build import RunResult
    from medallion.config import Config, Variable
    from medallion.models.graph import Graph
    from medallion.names import TableName
    from medallion.plan import Observed, Step
    from medallion.unittests.run import UnitTestRun
    from medallion.workspace import Workspace

__all__ = ["Change", "Round", "Watcher"]

# In seconds: how often files are looked at, and how long they must have stayed as they are.
_INTERVAL = 0.2
_SETTLED = 0.1
# A file that is gone or empty is most often about to be written again.
_SETTLED_AFTER_LOSS = 0.5
# What is written to without end must not keep everything else from being built.
_PATIENCE = 30.0
_SHARE = 20

_TESTS, _YAML = "tests/sql/", (".yaml", ".yml")

_Stamp = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Change:
    """A file that was saved or deleted since it was last looked at; ``path`` is relative to the project."""

    path: str
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Round:
    """What came of some changes: a run, or None where nothing had to be built, and errors that were not told yet.

    ``stuck``: the project as a whole cannot be run, as with a configuration that is half typed. ``tests`` are the unit
    tests of the models that were touched, or None where there are none.
    """

    result: RunResult | None
    errors: tuple[MedallionError, ...] = ()
    stuck: bool = False
    tests: UnitTestRun | None = None


class Watcher:
    """Keeps a project up to date while somebody works on it: ``run``, then ``wait`` and ``rerun`` again and again.

    A dataset that failed is left alone until its SQL, macros, variables or inputs differ, or its file is saved again.
    """

    def __init__(
        self,
        config: Config,
        select: Iterable[str] = (),
        exclude: Iterable[str] = (),
        variables: Mapping[str, Variable] | None = None,
    ) -> None:
        """``variables`` come on top of those that the configuration holds, now and after it was changed."""
        self.config = config.with_variables(variables or {})
        self._variables = variables or {}
        self._select = [*select]
        self._exclude = [*exclude]
        self._failed: dict[TableName, str] = {}
        self._told: set[str] = set()
        self._sources: frozenset[str] = frozenset()
        self._seen = self._look()

    @property
    def failed(self) -> tuple[TableName, ...]:
        """What was not built, for an error of its own or of what it reads, and waits for a change."""
        return tuple(sorted(self._failed))

    @property
    def sources(self) -> frozenset[str]:
        """What is looked at besides ``sql/`` and the configuration: sources, as the models write them."""
        return self._sources

    def run(self, *, force: bool = False, accept: bool = False, on_event: OnEvent = ignore) -> RunResult:
        """Bring everything that is selected up to date, as ``Project.run`` does."""
        project = Project(self.config)
        workspace = project.workspace()
        self._take_in(workspace)
        result = project.run(
            self._select, exclude=self._exclude, force=force, accept=accept, differences=True, on_event=on_event
        )
        self._note(workspace, result)
        return result

    def wait(self) -> tuple[Change, ...]:
        """Return once something was saved and nothing is being written any more."""
        now, seconds = self._timed_look()
        while now == self._seen:
            time.sleep(max(_INTERVAL, seconds * _SHARE))
            now, seconds = self._timed_look()
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end:
            time.sleep(max(_SETTLED_AFTER_LOSS if self._lost(now) else _SETTLED, seconds))
            later, seconds = self._timed_look()
            if later == now:
                break
            now = later
        before, self._seen = self._seen, now
        differing = sorted(path for path in {*before, *now} if before.get(path) != now.get(path))
        return tuple(Change(path, deleted=path not in now) for path in differing)

    def rerun(self, changes: Collection[Change], *, on_event: OnEvent = ignore) -> Round:
        """Build what is stale now and was not tried before; a volatile model only where something else makes it so."""
        try:
            return self._rerun({change.path for change in changes}, on_event)
        except MedallionError as error:
            return Round(None, self._untold([error]), stuck=True)

    def _rerun(self, paths: Collection[str], on_event: OnEvent) -> Round:
        self.config = load_config(self.config.root / self.config.file).with_variables(self._variables)
        project = Project(self.config)
        workspace, steps = project.plan(self._select, exclude=self._exclude, volatile=False, bind=False)
        self._take_in(workspace)
        for name in list(self._failed):
            if name not in workspace.graph.readers or workspace.graph.path(name) in paths:
                del self._failed[name]
        chosen = self._untried(workspace, steps)
        errors = self._untold(workspace.misnamed)
        result = None
        if chosen:
            result = project.run(map(str, chosen), differences=True, on_event=on_event)
            self._note(workspace, result)
        tested = self._touched(workspace.graph, paths)
        tests = project.test(map(str, sorted(tested))) if tested else None
        return Round(result, errors, tests=tests if tests and (tests.results or tests.errors) else None)

    def _touched(self, graph: Graph, paths: Collection[str]) -> set[TableName]:
        """The models that have unit tests, and whose SQL, macros, variables or tests were saved."""
        from medallion.unittests.files import find_files

        files, _ = find_files(self.config, graph.order)
        beside = {path.rpartition("/")[0] for path in paths if path.startswith(_TESTS) and not path.endswith(_YAML)}
        return {
            file.model
            for file in files
            if file.model not in graph.problems
            and (
                self.config.file in paths
                or file.path in paths
                or file.path.rpartition("/")[0] in beside
                or graph.path(file.model) in paths
                or any(macro.path in paths for macro in graph.macros.get(file.model, ()))
            )
        }

    def _untold(self, errors: Sequence[MedallionError]) -> tuple[MedallionError, ...]:
        """Those that the round before had not."""
        before, self._told = self._told, {str(error) for error in errors}
        return tuple(error for error in errors if str(error) not in before)

    def _untried(self, workspace: Workspace, steps: Sequence[Step]) -> list[TableName]:
        """What a run has to look at: all that is stale, but for what has failed just so, and its readers."""
        chosen: dict[TableName, None] = {}
        for step in steps:
            if step.action is Action.UNCHANGED:
                self._failed.pop(step.name, None)
                continue
            state = _state(workspace.graph, workspace.observed, step.name)
            caused = any(read in chosen for read in workspace.graph.inputs.get(step.name, ()))
            own = step.action in (Action.BUILD, Action.REUSE, Action.ERROR)
            if caused or (own and self._failed.get(step.name) != state):
                chosen[step.name] = None
            else:  # It waits for what has failed.
                self._failed[step.name] = state
        return list(chosen)

    def _note(self, workspace: Workspace, result: RunResult) -> None:
        """Remember in which state datasets failed: as they were read before the run, with inputs as they are now."""
        self._told |= {str(error) for error in result.errors}
        observed = replace(workspace.observed, records=result.records, data=result.data)
        for step in result.steps:
            if step.outcome in (Outcome.FAILED, Outcome.SKIPPED):
                self._failed[step.dataset] = _state(workspace.graph, observed, step.dataset)
            else:
                self._failed.pop(step.dataset, None)

    # Files

    def _take_in(self, workspace: Workspace) -> None:
        """Watch the sources that models read, from now on."""
        read = {source.path for model in workspace.graph.models.values() for source in model.sources}
        before, self._sources = self._sources, frozenset(p for p in read if is_allowed(p, self.config.sources))
        stamps = dict(self._stamps(self._sources))
        if before - self._sources:  # What no model reads any more was not deleted.
            own = {self.config.file, *self._sql_files(), *self._test_files()}
            self._seen = {path: stamp for path, stamp in self._seen.items() if path in own or path in stamps}
        self._seen = stamps | self._seen

    def _timed_look(self) -> tuple[dict[str, _Stamp], float]:
        started = time.monotonic()
        return self._look(), time.monotonic() - started

    def _look(self) -> dict[str, _Stamp]:
        """Size, times and inode of every file that is watched and there."""
        return dict(self._stamps([self.config.file, *self._sql_files(), *self._test_files(), *self._sources]))

    def _sql_files(self) -> Iterator[str]:
        for folder, _, files in os.walk(self.config.root / "sql"):
            within = os.path.relpath(folder, self.config.root)
            yield from (f"{within}/{file}" for file in files if file.lower().endswith(".sql"))

    def _test_files(self) -> Iterator[str]:
        for folder, _, files in os.walk(self.config.root / _TESTS):
            within = os.path.relpath(folder, self.config.root)
            yield from (f"{within}/{file}" for file in files if file.endswith((*_YAML, ".csv")))

    def _stamps(self, patterns: Iterable[str]) -> Iterator[tuple[str, _Stamp]]:
        root = self.config.root
        for pattern in patterns:
            paths = {pattern}
            if any(mark in pattern for mark in "*?["):
                # As observe finds a source's files: with hidden ones, which pathlib would leave out.
                paths.update(glob.glob(pattern, root_dir=root, recursive=True, include_hidden=True))  # noqa: PTH207
            for path in paths:
                try:
                    stat = (root / path).stat()
                except OSError:
                    continue
                if S_ISREG(stat.st_mode):
                    yield path, (stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino)

    def _lost(self, now: Mapping[str, _Stamp]) -> bool:
        """Whether a file that was there is gone or empty."""
        return any(now.get(path, (0,))[0] == 0 < stamp[0] for path, stamp in self._seen.items())


def _state(graph: Graph, observed: Observed, name: TableName) -> str:
    """What stands in a dataset's way, else the identity of what would be computed."""
    if name in graph.problems:
        return str(graph.problems[name])
    if name not in graph.models:
        return ""
    decision = decide(graph, observed, name)
    return str(decision.error) if decision.error else decision.fingerprint
