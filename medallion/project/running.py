"""What a project does with its models: plan, run, check, test."""

from __future__ import annotations

import time
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from medallion.errors import MedallionError
from medallion.events import OnEvent, ignore
from medallion.names import TableName, nearest
from medallion.project.ground import listed
from medallion.project.looking import Looking

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from medallion.build import RunResult
    from medallion.check import CheckRun
    from medallion.engines.protocol import Engine
    from medallion.models.graph import Graph
    from medallion.plan import Step
    from medallion.records import Record
    from medallion.schemas import Contracts
    from medallion.unittests.create import Created
    from medallion.unittests.run import Runner, UnitTestResult, UnitTestRun
    from medallion.workspace import Workspace

__all__ = ["Running"]


class Running(Looking):
    """What is built, checked and tested."""

    # Run

    def plan(
        self,
        select: Iterable[str] = (),
        *,
        exclude: Iterable[str] = (),
        force: bool = False,
        volatile: bool = True,
        accept: bool = False,
        bind: bool = True,
    ) -> tuple[Workspace, tuple[Step, ...]]:
        """What ``run`` would do to each dataset, and why; the second of the pair, beside what it was decided on.

        ``select`` and ``exclude`` are terms as on the command line: ``silver.orders``, ``+gold.revenue``, ``tag:x``.
        ``volatile``: whether volatile models are stale, as they are for a run. ``bind``: whether what would be built is
        bound, which tells its columns, and what is wrong with its SQL. The process works in the project's folder
        meanwhile. ``accept`` does without contracts.
        """
        from medallion.plan import plan

        workspace, steps, chosen = self._chosen(select, exclude, force=force, volatile=volatile)
        if chosen is not None:
            steps = plan(workspace.graph, workspace.observed, chosen, force=force, volatile=volatile)
        return workspace, self._rehearsed(workspace, steps, force=force, accept=accept) if bind else steps

    def _chosen(
        self, select: Iterable[str], exclude: Iterable[str], *, force: bool = False, volatile: bool = True
    ) -> tuple[Workspace, tuple[Step, ...], set[TableName] | None]:
        """What the terms select, None for all; beside the plan for all, and what that was decided on."""
        from medallion.plan import plan
        from medallion.select import select as choose

        select, exclude = listed(select), listed(exclude)
        workspace = self.workspace()
        everything = plan(workspace.graph, workspace.observed, force=force, volatile=volatile)
        changed = self._changed(workspace, [*select, *exclude])
        return workspace, everything, choose(workspace.graph, select, everything, exclude=exclude, changed=changed)

    def _rehearsed(
        self, workspace: Workspace, steps: tuple[Step, ...], *, force: bool, accept: bool
    ) -> tuple[Step, ...]:
        """The steps with what binding them tells."""
        from medallion.plan import Action

        if all(step.action is Action.UNCHANGED for step in steps):
            return steps
        from medallion.rehearse import rehearse

        def engine() -> Engine:
            from medallion.engines.duckdb import DuckDBEngine

            return DuckDBEngine(self.config, [])

        contracts = {} if accept else self._contracts(workspace)
        return rehearse(
            workspace.graph, workspace.observed, steps, engine, workspace.identities, contracts, force=force
        )

    def _contracts(self, workspace: Workspace) -> Contracts:
        from medallion.schemas import contracted

        names = contracted(workspace.graph)
        if not names:
            return {}
        from medallion.versions import standing_contracts

        return standing_contracts(self.config, self._repository(), names, workspace.observed.records)

    def _changed(self, workspace: Workspace, terms: Sequence[str]) -> Mapping[str, set[TableName]]:
        """For each revision that the terms name, what differs from it."""
        from medallion.select import revisions

        named = list(revisions(terms))
        if not named:
            return {}
        from medallion.changes import changed_since

        return {revision: changed_since(workspace, self.repository, revision) for revision in named}

    def run(
        self,
        select: Iterable[str] = (),
        *,
        exclude: Iterable[str] = (),
        force: bool = False,
        accept: bool = False,
        differences: bool = False,
        on_event: OnEvent = ignore,
        command: str = "run",
    ) -> RunResult:
        """Bring the selected datasets (all, without a selection) up to date.

        A dataset that fails is a step of the result, not an exception. ``accept`` publishes a change that ``@expect``
        or ``@contract`` would refuse; ``differences`` counts for each rebuilt one which rows differ from before. The
        process works in the project's folder while models run. Waits while another process writes to the project.
        """
        from medallion.build import CHANGED, WORK, build
        from medallion.files import Files
        from medallion.identities import Identities
        from medallion.lock import run_lock
        from medallion.publish import recover
        from medallion.runs import Runs

        with run_lock(self.config, command, on_event):
            started, begun = datetime.now(UTC), time.monotonic()
            recover(self.config, Identities(self.config.root))
            workspace, steps = self.plan(select, exclude=exclude, force=force, bind=False)
            store = self._store() if any(step.action in WORK for step in steps) else None
            folders = [store.folder, self.config.state / "cache"] if store else []

            files = Files(workspace, self._store, self._look_back, self._descends)

            def engine() -> Engine:
                from medallion.engines.duckdb import DuckDBEngine

                return DuckDBEngine(self.config, folders)

            try:
                result = build(
                    workspace.graph,
                    workspace.observed,
                    steps,
                    self.config,
                    engine,
                    files,
                    workspace.meanings,
                    {} if accept else self._contracts(workspace),
                    force=force,
                    accept=accept,
                    differences=differences,
                    on_event=on_event,
                )
            finally:
                workspace.identities.save()
                workspace.meanings.save()
            files.mend_store(result.records[s.dataset] for s in result.steps if s.outcome in CHANGED)
            changed = [step.dataset for step in result.steps if step.outcome in CHANGED]
            workspace.past.remember((result.records[name], workspace.graph.models[name].sql) for name in changed)
            result = replace(result, seconds=time.monotonic() - begun, errors=workspace.misnamed)
            Runs(self.config).log(command, started, result.seconds, result.steps, result.peak_memory)
            if changed:
                after = replace(workspace.observed, records=result.records, data=result.data)
                self._index_if_versioned(replace(workspace, observed=after))
            return result

    def check(self, select: Iterable[str] = (), *, exclude: Iterable[str] = (), at: str | None = None) -> CheckRun:
        """Run the checks of the selected datasets (all, without a selection) on what is built.

        ``at`` is a revision: its checks on its data, with age counted from its own time. Nothing is built or changed;
        rows that fail are kept in ``.medallion/failed/``. What comes of it is in the catalog, too.
        """
        from medallion.check import check_version
        from medallion.engines.duckdb import DuckDBEngine
        from medallion.runs import Runs, check_line
        from medallion.select import asks_what_changed
        from medallion.select import select as choose
        from medallion.versions import version_at, version_of

        started = datetime.now(UTC)
        select, exclude = listed(select), listed(exclude)
        workspace, steps = self.plan(volatile=False, bind=False)
        if at is not None and asks_what_changed([*select, *exclude]):
            raise MedallionError("git: and stale speak of the work tree, and --at of a version", hint="leave one out")
        if at is None:
            version, changed = version_of(workspace, self._store), self._changed(workspace, [*select, *exclude])
        else:
            version, changed = version_at(self.config, self.repository, self.store, at, workspace.identities), {}
        chosen = choose(version.graph, select, steps, exclude=exclude, changed=changed)
        store = self._store()
        folders = [store.folder, self.config.state / "cache"] if store else []
        checked = check_version(self.config, version, chosen, lambda: DuckDBEngine(self.config, folders))
        workspace.identities.save()
        if checked.results:
            lines = [check_line(result) | {"version": checked.version} for result in checked.results]
            Runs(self.config).log("check", started, checked.seconds, (), {}, lines)
            self._index_if_versioned(workspace)
        return checked

    def durations(self) -> Mapping[TableName, float]:
        """How many seconds each dataset took when it was last computed here."""
        from medallion.runs import Runs

        return Runs(self.config).seconds()

    # Test

    def test(
        self,
        select: Iterable[str] = (),
        *,
        exclude: Iterable[str] = (),
        matching: str = "",
        on_result: Callable[[UnitTestResult], None] | None = None,
    ) -> UnitTestRun:
        """Run the unit tests in ``tests/sql/`` of the selected models (all, without a selection).

        Each runs its model on the rows that it gives, in a DuckDB that reads and writes no file. ``matching``: only
        those whose names hold this text, in any case. What goes wrong is in the result, not an exception, but for a
        selection that no test answers to: ``MedallionError``, unless it asked for what is stale or has changed.
        """
        from medallion.select import asks_what_changed
        from medallion.unittests.run import say_nothing
        from medallion.unittests.suite import Wanted, run_suite

        select, exclude = listed(select), listed(exclude)
        terms = [*select, *exclude]
        chosen = self._chosen(select, exclude, volatile=False)[2] if terms else None
        wanted = Wanted(chosen, matching, tuple(select), may_be_none=asks_what_changed(terms))
        return run_suite(self.config, *self._told(), wanted, on_result or say_nothing)

    def create_test(self, name: str) -> Created:
        """Write a unit test of a model from a few real rows, which expects what the model gives for them today.

        It is appended where there are tests already. No value of a column that is ``@private`` is read or written.
        """
        from medallion.unittests.create import create_test
        from medallion.unittests.database import Database

        table = TableName.parse(name)
        graph, records, broken = self._told()
        if table not in graph.order:
            near = nearest(name, map(str, graph.order))
            raise MedallionError(f"there is no model {name}", hint=f'did you mean "{near}"?' if near else "")
        with closing(Database(self.config, graph, records, broken)) as database:
            return create_test(database, table, lambda sql: self.query(sql).rows())

    @contextmanager
    def unit_test_runner(self) -> Iterator[Runner]:
        """What runs unit tests one by one, as pytest wants them."""
        from medallion.unittests.run import open_runner

        with open_runner(self.config, *self._told()) as runner:
            yield runner

    def _told(self) -> tuple[Graph, Mapping[TableName, Record], Mapping[TableName, MedallionError]]:
        """Models and records, without a look at any data."""
        from medallion.observe import read_records
        from medallion.workspace import load_graph

        graph, _ = load_graph(self.config)
        records, broken, _ = read_records(self.config.root, self.config.layers)
        return graph, records, broken
