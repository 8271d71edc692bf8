"""Carry a plan out: compute what is stale, in parallel, and publish each result as soon as it is done."""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from medallion.errors import BuildError, CheckError, Location, MedallionError, ModelError
from medallion.events import OnEvent, Outcome, StepFinished, ignore
from medallion.made import Ended, FilesAtHand
from medallion.plan import Action, DataState, Observed, Step, decide
from medallion.publish import publish
from medallion.reasons import UP_TO_DATE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from concurrent.futures import Future, ThreadPoolExecutor

    from medallion.config import Config
    from medallion.engines.protocol import Engine, Session
    from medallion.events import Event
    from medallion.maker import Maker
    from medallion.meanings import Meanings
    from medallion.models.fingerprint import Recipe
    from medallion.models.graph import Graph
    from medallion.names import TableName
    from medallion.records import Record
    from medallion.schemas import Contracts

__all__ = ["CHANGED", "WORK", "FilesAtHand", "RunResult", "build"]


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a run did: one event for each dataset it looked at, in the order in which they ended.

    ``records`` and ``data`` are the project's as they stand afterwards; ``peak_memory`` is in bytes; ``errors`` are
    those that belong to no dataset, as a file whose name no dataset could have.
    """

    steps: tuple[StepFinished, ...]
    seconds: float
    peak_memory: Mapping[TableName, int]
    records: Mapping[TableName, Record]
    data: Mapping[TableName, DataState]
    errors: tuple[MedallionError, ...] = ()

    def count(self, outcome: Outcome) -> int:
        """How many steps ended so."""
        return sum(step.outcome is outcome for step in self.steps)


def build(
    graph: Graph,
    observed: Observed,
    steps: Sequence[Step],
    config: Config,
    engine: Callable[[], Engine],
    files: FilesAtHand,
    meanings: Meanings,
    contracts: Contracts,
    *,
    force: bool = False,
    accept: bool = False,
    differences: bool = False,
    on_event: OnEvent = ignore,
) -> RunResult:
    """Carry out the ``steps`` of a plan of this graph and these files. The caller holds the run lock.

    ``engine`` is called where there is something to do. A failing dataset leaves its old data in place and its readers
    untouched; everything else is still built. ``accept`` publishes a change that ``@expect`` or ``@contract`` would
    refuse. ``differences`` has each result compared with the version that it replaces, where that is here.
    ``KeyboardInterrupt`` stops what runs, drops its temporary files and comes out again.
    """
    started = time.monotonic()
    books = _Books(dict(observed.records), dict(observed.data), dict(observed.recipes))
    observed = replace(observed, records=books.records, data=books.data, recipes=books.recipes)
    tell = _in_turn(on_event)
    run = _Run(graph, observed, books, config, files, force=force, tell=tell)
    todo = [step for step in steps if step.action in WORK]
    for step in steps:
        if step.action not in WORK:
            run.settle(step.name, step.action, step.reason, step.error)
    if todo:
        from medallion.maker import Maker  # With all that checks: where nothing is to be done, nobody waits for it.

        run.maker = Maker(
            graph,
            observed,
            config,
            files,
            meanings,
            contracts,
            force=force,
            accept=accept,
            differences=differences,
            emit=tell,
        )
        with engine().open() as session:
            run.carry_out(session, todo, workers=config.threads or os.cpu_count() or 1)
    return RunResult(
        steps=tuple(run.finished),
        seconds=time.monotonic() - started,
        peak_memory=run.peak_memory,
        records=run.records,
        data=run.data,
    )


#: The actions of a plan that there is something to do for, and the outcomes that leave another record.
WORK = frozenset({Action.BUILD, Action.REUSE, Action.MAYBE, Action.CHECK})
CHANGED = frozenset({Outcome.BUILT, Outcome.SAME, Outcome.REUSED, Outcome.CHECKED})


@dataclass(frozen=True, slots=True)
class _Books:
    """What a run writes down as it goes on, for whoever decides and makes next."""

    records: dict[TableName, Record]
    data: dict[TableName, DataState]
    recipes: dict[TableName, Recipe]


def _in_turn(listener: OnEvent) -> OnEvent:
    """The listener, told one event at a time: workers have something to tell as well."""
    lock = threading.Lock()

    def tell(event: Event) -> None:
        with lock:
            listener(event)

    return tell


class _Run:
    """The main thread decides and keeps the books; workers compute and publish."""

    def __init__(
        self,
        graph: Graph,
        observed: Observed,
        books: _Books,
        config: Config,
        files: FilesAtHand,
        *,
        force: bool,
        tell: OnEvent,
    ) -> None:
        self.graph = graph
        self.observed = observed
        self.records, self.data, self.recipes = books.records, books.data, books.recipes
        self.config = config
        self.files = files
        self.maker: Maker
        self.force = force
        self.tell = tell
        self.finished: list[StepFinished] = []
        self.peak_memory: dict[TableName, int] = {}

    def finish(self, name: TableName, ended: Ended) -> None:
        """Note how a step ended."""
        record = self.records.get(name)
        if ended.peak_memory is not None:
            self.peak_memory[name] = ended.peak_memory
        event = StepFinished(
            name,
            ended.outcome,
            ended.reason,
            ended.seconds,
            record.rows if record else None,
            record.size if record else None,
            ended.error,
            ended.difference,
            ended.error.results if isinstance(ended.error, CheckError) else ended.checks,
        )
        self.finished.append(event)
        self.tell(event)

    def settle(self, name: TableName, action: Action, reason: str, error: MedallionError | None) -> None:
        """A step that needs no work, or cannot be done."""
        record, model = self.records.get(name), self.graph.models.get(name)
        if action is Action.UNCHANGED and record and model:
            # The data stays as it is; the record must not name a file that is gone, nor checks.
            checked = record.checked if name in self.observed.checks else None
            kept = replace(record, built=replace(record.built, model=model.path), checked=checked)
            if kept != record:
                self.records[name] = kept
                publish(self.config, kept, None, self.files.identities)
        self.finish(name, Ended(_SETTLED[action], reason, 0.0, error=error))

    def carry_out(self, session: Session, todo: Sequence[Step], workers: int) -> None:
        """Run each step as soon as what it reads is settled, ``workers`` at a time."""
        from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

        waiting = [step.name for step in todo]
        running: dict[Future[Ended], TableName] = {}
        with ThreadPoolExecutor(max_workers=workers, thread_name_prefix="model") as pool:
            try:
                while waiting or running:
                    self._start_ready(session, pool, waiting, running)
                    done, _ = wait(running, return_when=FIRST_COMPLETED)
                    for future in done:
                        self._take(running.pop(future), future.result(), waiting)
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                # An interrupt that comes between two statements of a model is lost, so it is said until all have ended.
                while not all(future.done() for future in running):
                    session.interrupt()
                    wait(running, timeout=0.1)
                raise

    def _start_ready(
        self,
        session: Session,
        pool: ThreadPoolExecutor,
        waiting: list[TableName],
        running: dict[Future[Ended], TableName],
    ) -> None:
        """Decide each step whose inputs are settled; hand those that must be built to the pool."""
        unsettled = {*waiting, *running.values()}
        for name in list(waiting):
            if name not in waiting or unsettled.intersection((*self.graph.inputs[name], *self.graph.audit(name).reads)):
                continue
            waiting.remove(name)
            self._renew_recipe(name)
            decision = decide(self.graph, self.observed, name, force=self.force)
            if decision.action in (Action.BUILD, Action.REUSE, Action.CHECK):
                absent = next((read for read in self.graph.audit(name).reads if read not in self.records), None)
                if absent is not None:
                    unsettled.discard(name)
                    self._leave(name, absent, waiting)
                    continue
                running[pool.submit(self.maker.make, session, name, decision)] = name
                continue
            unsettled.discard(name)
            same = decision.action is Action.UNCHANGED and decision.reason == UP_TO_DATE
            reason = "its inputs hold the same data as before" if same else decision.reason
            self.settle(name, decision.action, reason, decision.error)
            if decision.action is Action.ERROR:
                self._skip_readers(name, waiting)

    def _renew_recipe(self, name: TableName) -> None:
        """What the SQL means may hang on the columns of its inputs, which are settled now."""
        recipe, record = self.recipes[name], self.records.get(name)
        if record is None and not self.files.has_past:
            return  # It is built in any case, and what its SQL means is asked beside that, for the record.
        if record is None or record.built.text != recipe.text or not recipe.sql:
            with suppress(ModelError):  # What is no SQL is told when it is built.
                self.recipes[name] = replace(recipe, sql=self.maker.meaning(name))

    def _take(self, name: TableName, ended: Ended, waiting: list[TableName]) -> None:
        if ended.record is not None:
            self.records[name] = ended.record
            if ended.outcome is not Outcome.CHECKED:  # That wrote a record only, beside what may be a pointer still.
                self.data[name] = DataState.PRESENT
                self.maker.published(name)
        self.finish(name, ended)
        if ended.outcome is Outcome.FAILED:
            self._skip_readers(name, waiting)

    def _leave(self, name: TableName, absent: TableName, waiting: list[TableName]) -> None:
        """Do without a dataset whose checks look at what is not there: it could not be published."""
        if any(step.dataset == absent for step in self.finished):
            self.finish(name, Ended(Outcome.SKIPPED, f"its checks need {absent}", 0.0))
        else:
            error = BuildError(
                f"a check of {name} looks at {absent}, which has not been built",
                location=Location(self.graph.path(name)),
                hint=f"`medallion run {absent} {name}` builds both",
            )
            self.finish(name, Ended(Outcome.FAILED, "its checks cannot be run", 0.0, error=error))
        self._skip_readers(name, waiting)

    def _skip_readers(self, failed: TableName, waiting: list[TableName]) -> None:
        readers = self.graph.downstream([failed])
        for name in [n for n in waiting if n in readers]:
            waiting.remove(name)
            self.finish(name, Ended(Outcome.SKIPPED, f"needs {failed}", 0.0))


_SETTLED = {Action.UNCHANGED: Outcome.UNCHANGED, Action.ERROR: Outcome.FAILED, Action.SKIP: Outcome.SKIPPED}
