"""Carry a plan out: compute what is stale, in parallel, and publish each result as soon as it is done."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from medallion.engines.source_files import check_whole
from medallion.errors import BuildError, Location, MedallionError
from medallion.events import OnEvent, Outcome, StepFinished, StepProgress, StepStarted, ignore
from medallion.lineage import columns_read
from medallion.models.annotations import CONDITIONS
from medallion.names import TableName
from medallion.observe import Identities, real_files, source_state
from medallion.plan import Action, DataState, Decision, Observed, Step, decide, plan
from medallion.publish import dataset_files, publish
from medallion.records import Built, DataFile, Input, InputKind, Record

if TYPE_CHECKING:
    from medallion.config import Config
    from medallion.engines.protocol import Engine, Produced, Session
    from medallion.models.graph import Graph

__all__ = ["RunResult", "build"]

FindFiles = Callable[[TableName, Record], Sequence[Path]]


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a run did: one event for each dataset it looked at, in the order in which they ended.

    ``records`` and ``data`` are the project's as they stand afterwards; ``peak_memory`` is in bytes; ``errors`` are
    those that belong to no dataset, as a file whose name no dataset could have. ``untested`` counts the conditions
    that the models state and nothing tests.
    """

    steps: tuple[StepFinished, ...]
    seconds: float
    peak_memory: Mapping[TableName, int]
    records: Mapping[TableName, Record]
    data: Mapping[TableName, DataState]
    errors: tuple[MedallionError, ...] = ()
    untested: int = 0

    def count(self, outcome: Outcome) -> int:
        """How many steps ended so."""
        return sum(step.outcome is outcome for step in self.steps)


def build(
    graph: Graph,
    observed: Observed,
    config: Config,
    engine: Engine,
    identities: Identities,
    find_files: FindFiles,
    *,
    selected: Collection[TableName] | None = None,
    force: bool = False,
    on_event: OnEvent = ignore,
) -> RunResult:
    """Bring the selected datasets (all, if None) up to date. The caller holds the run lock.

    A failing dataset leaves its old data in place and its readers untouched; everything else is still built.
    ``find_files`` returns real Parquet files of a dataset, fetching them if need be. ``KeyboardInterrupt`` stops
    what runs, drops its temporary files and comes out again.
    """
    started = time.monotonic()
    steps = plan(graph, observed, selected, force=force)
    run = _Run(graph, observed, config, identities, find_files, force=force, on_event=on_event)
    todo = [step for step in steps if step.action in (Action.BUILD, Action.MAYBE)]
    for step in steps:
        if step.action not in (Action.BUILD, Action.MAYBE):
            run.settle(step.name, step.action, step.reason, step.error)
    if todo:
        with engine.open() as session:
            run.carry_out(session, todo, workers=config.threads or os.cpu_count() or 1)
    return RunResult(
        steps=tuple(run.finished),
        seconds=time.monotonic() - started,
        peak_memory=run.peak_memory,
        records=run.records,
        data=run.data,
        untested=sum(a.word in CONDITIONS for m in graph.models.values() for a in m.annotations),
    )


@dataclass(frozen=True, slots=True)
class _Ended:
    """What a worker brings back."""

    outcome: Outcome
    reason: str
    seconds: float
    record: Record | None = None
    error: MedallionError | None = None
    peak_memory: int | None = None


class _Run:
    """The main thread decides and keeps the books; workers compute and publish."""

    def __init__(
        self,
        graph: Graph,
        observed: Observed,
        config: Config,
        identities: Identities,
        find_files: FindFiles,
        *,
        force: bool,
        on_event: OnEvent,
    ) -> None:
        self.graph = graph
        self.records = dict(observed.records)
        self.data = dict(observed.data)
        self.observed = replace(observed, records=self.records, data=self.data)
        self.config = config
        self.identities = identities
        self.find_files = find_files
        self.force = force
        self.finished: list[StepFinished] = []
        self.peak_memory: dict[TableName, int] = {}
        self._listener = on_event
        self._lock = threading.Lock()
        self._registering = threading.Lock()
        self._registered: set[TableName] = set()
        self._published: set[TableName] = set()
        self._stats: dict[TableName, list[tuple[Path, tuple[int, ...]]]] = {}

    def emit(self, event: StepStarted | StepProgress | StepFinished) -> None:
        """Tell the listener, one event at a time."""
        with self._lock:
            self._listener(event)

    def finish(self, name: TableName, ended: _Ended) -> None:
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
        )
        self.finished.append(event)
        self.emit(event)

    def settle(self, name: TableName, action: Action, reason: str, error: MedallionError | None) -> None:
        """A step that needs no work, or cannot be done."""
        self.finish(name, _Ended(_SETTLED[action], reason, 0.0, error=error))

    def carry_out(self, session: Session, todo: Sequence[Step], workers: int) -> None:
        """Run each step as soon as what it reads is settled, ``workers`` at a time."""
        waiting = [step.name for step in todo]
        running: dict[Future[_Ended], TableName] = {}
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
        running: dict[Future[_Ended], TableName],
    ) -> None:
        """Decide each step whose inputs are settled; hand those that must be built to the pool."""
        unsettled = {*waiting, *running.values()}
        for name in list(waiting):
            if name not in waiting or unsettled.intersection(self.graph.inputs[name]):
                continue
            waiting.remove(name)
            decision = decide(self.graph, self.observed, name, force=self.force)
            if decision.action is Action.BUILD:
                running[pool.submit(self._step, session, name, decision)] = name
                continue
            unsettled.discard(name)
            unchanged = decision.action is Action.UNCHANGED
            reason = "its inputs hold the same data as before" if unchanged else decision.reason
            self.settle(name, decision.action, reason, decision.error)
            if decision.action is Action.ERROR:
                self._skip_readers(name, waiting)

    def _take(self, name: TableName, ended: _Ended, waiting: list[TableName]) -> None:
        if ended.record is not None:
            self.records[name] = ended.record
            self.data[name] = DataState.PRESENT
            self._published.add(name)
        self.finish(name, ended)
        if ended.outcome is Outcome.FAILED:
            self._skip_readers(name, waiting)

    def _skip_readers(self, failed: TableName, waiting: list[TableName]) -> None:
        readers = self.graph.downstream([failed])
        for name in [n for n in waiting if n in readers]:
            waiting.remove(name)
            self.finish(name, _Ended(Outcome.SKIPPED, f"needs {failed}", 0.0))

    def _step(self, session: Session, name: TableName, decision: Decision) -> _Ended:
        """In a worker: compute and publish one dataset."""
        before = self.records.get(name)
        self.emit(StepStarted(name, before.rows if before else None))
        started = time.monotonic()
        target = self.config.state / "tmp" / f"{name}.parquet"
        try:
            outcome, record, peak = self._build(session, name, decision, before, target)
        except MedallionError as error:
            return _Ended(Outcome.FAILED, decision.reason, time.monotonic() - started, error=error)
        finally:
            target.unlink(missing_ok=True)
        return _Ended(outcome, decision.reason, time.monotonic() - started, record, peak_memory=peak)

    def _build(
        self, session: Session, name: TableName, decision: Decision, before: Record | None, target: Path
    ) -> tuple[Outcome, Record, int | None]:
        model = self.graph.models[name]
        self._register(session, self.graph.inputs[name])
        for source in model.sources:
            files = self.observed.sources[source.path].files
            real_files(files, self.identities)
            for path in files:
                check_whole(self.config.root / path, path)

        def progress(percent: float | None) -> None:
            written = target.stat().st_size if target.exists() else 0
            self.emit(StepProgress(name, percent, written))

        produced = session.build(model, self.graph.macros[name], target, progress)
        self._check_inputs(name)
        record = self._record(name, decision.fingerprint, produced)
        same = before is not None and before.content_id == record.content_id
        in_place = same and self.data.get(name) is DataState.PRESENT
        if before is not None and self.data.get(name) is DataState.PRESENT and not self.force:
            self._check_untouched(name, before)
        publish(self.config, record, None if in_place else produced.file, self.identities)
        return Outcome.SAME if same else Outcome.BUILT, record, produced.peak_memory

    def _register(self, session: Session, names: Sequence[TableName]) -> None:
        """Make inputs readable, each once for all its readers."""
        with self._registering:
            for name in names:
                if name in self._registered:
                    continue
                if name in self._published:  # What this run has written needs no second look.
                    files = [self.config.root / f for f in dataset_files(self.records[name])]
                else:
                    files = list(self.find_files(name, self.records[name]))
                session.register(name, files)
                self._stats[name] = [(file, _stamp(file)) for file in files]
                self._registered.add(name)

    def _check_inputs(self, name: TableName) -> None:
        """What changed while it was read must not be written down as what was read; plain Git asks for no lock."""
        for read in self.graph.inputs[name]:
            for file, stamp in self._stats[read]:
                if _stamp(file) != stamp:
                    raise BuildError(
                        f"{read} changed while {name} was built from it, so the result is not kept",
                        location=Location(str(file)),
                        hint="run again when nothing else writes to the project",
                    )
        for source in self.graph.models[name].sources:
            before = self.observed.sources[source.path]
            if source_state(source.path, self.config, self.identities).content_id != before.content_id:
                raise BuildError(
                    f'"{source.path}" changed while {name} was built, so its result is not kept',
                    location=self.graph.models[name].locate(source.offset, source.length),
                    hint="run again when nothing writes to it",
                )

    def _check_untouched(self, name: TableName, before: Record) -> None:
        """Data that somebody else wrote since the run began is not overwritten, nor taken for what was built."""
        for path, file in zip(dataset_files(before), before.files, strict=True):
            found = self.identities.of(path)
            if found is None or found[0] != file.oid:
                raise BuildError(
                    f"the data of {name} was changed by something else while it was built, so it is left alone",
                    location=Location(path),
                    hint=f"`medallion restore {name}` takes the recorded data back",
                )

    def _record(self, name: TableName, fingerprint: str, produced: Produced) -> Record:
        model, recipe = self.graph.models[name], self.observed.recipes[name]
        file = DataFile(f"{name.name}.parquet", produced.oid, produced.size, produced.rows, produced.key_range)
        return Record(
            dataset=name,
            rows=produced.rows,
            columns=produced.columns,
            key=model.key,
            files=(file,),
            built=Built(
                fingerprint=fingerprint,
                model=model.path,
                engine=recipe.engine,
                engine_version=recipe.engine_version,
                inputs=self._inputs(name, [column.name for column in produced.columns]),
                sql=recipe.sql,
                macros=recipe.macros,
                variables=recipe.variables,
            ),
        )

    def _inputs(self, name: TableName, outputs: Sequence[str]) -> tuple[Input, ...]:
        model = self.graph.models[name]
        reads = columns_read(self.graph, name, outputs, self.records)
        inputs = [
            Input(str(read), InputKind.DATASET, self.records[read].content_id, columns=reads[read])
            for read in self.graph.inputs[name]
        ]
        for path in sorted({source.path for source in model.sources}):
            state = self.observed.sources[path]
            self.identities.remember_listing(str(state.content_id), state.files)
            inputs.append(Input(path, InputKind.SOURCE, str(state.content_id), files=len(state.files)))
        return tuple(inputs)


def _stamp(file: Path) -> tuple[int, ...]:
    """What differs once a file was written to or replaced."""
    stat = file.stat()
    return stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino


_SETTLED = {Action.UNCHANGED: Outcome.UNCHANGED, Action.ERROR: Outcome.FAILED, Action.SKIP: Outcome.SKIPPED}
