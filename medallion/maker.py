"""Make one dataset: bind, compute, check, publish. A run has several made side by side."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from medallion.checks.data import Before, check_data, refuse_failed
from medallion.checks.failed import clear_failed
from medallion.checks.forms import bind_checks
from medallion.errors import BuildError, CheckError, DataError, Location, MedallionError
from medallion.events import Outcome, RowDelta, StepProgress, StepStarted
from medallion.made import Ended
from medallion.models.fingerprint import fingerprint
from medallion.names import TableName
from medallion.observe import real_files
from medallion.plan import Action, DataState, Decision, Observed
from medallion.privacy import NOTHING_HIDDEN, hidden_columns, private_marks
from medallion.publish import dataset_files, publish
from medallion.reasons import REUSED, looked_at
from medallion.records import Built, Checked, DataFile, Input, InputKind, Record
from medallion.schemas import hold_contract, schema_of
from medallion.sources import source_state

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from medallion.config import Config
    from medallion.engines.protocol import Produced, Session
    from medallion.events import CheckResult
    from medallion.made import FilesAtHand
    from medallion.meanings import Meanings
    from medallion.models.audits import Audit
    from medallion.models.graph import Graph
    from medallion.privacy import Hidden
    from medallion.schemas import Contracts, Schema

__all__ = ["Maker"]


class Maker:
    """Makes datasets, each in the thread of a worker.

    ``observed`` are the books of the run: whoever keeps them writes down there what was made, and tells ``published``.
    ``differences`` are how rows differ from the version before, where that is wanted; else None.
    """

    def __init__(
        self,
        graph: Graph,
        observed: Observed,
        config: Config,
        files: FilesAtHand,
        meanings: Meanings,
        contracts: Contracts,
        *,
        force: bool,
        accept: bool,
        differences: bool,
        emit: Callable[[StepStarted | StepProgress], None],
    ) -> None:
        self.graph = graph
        self.observed = observed
        self.records, self.data, self.recipes = observed.records, observed.data, observed.recipes
        self.config = config
        self.files = files
        self.identities = files.identities
        self.meanings = meanings
        self.contracts: Contracts = {} if accept else contracts
        self.force = force
        self.accept = accept
        self.differences: dict[TableName, RowDelta] | None = {} if differences else None
        self._emit = emit
        self._has_private = bool(private_marks(graph.models.values()))
        self._registering = threading.Lock()
        self._registered: set[TableName] = set()
        self._published: set[TableName] = set()
        self._stats: dict[TableName, list[tuple[Path, tuple[int, ...]]]] = {}

    def published(self, name: TableName) -> None:
        """Take note that a dataset's files are those that this run has written."""
        self._published.add(name)

    def meaning(self, name: TableName) -> str:
        """The digest of what a model means, given the columns of its inputs as they are now."""
        inputs = [self.records[read] for read in self.graph.inputs[name] if read in self.records]
        return self.meanings.of(self.graph.models[name], self.graph.macros[name], inputs)

    def make(self, session: Session, name: TableName, decision: Decision) -> Ended:
        """In a worker: compute and publish one dataset."""
        before = self.records.get(name)
        self._emit(StepStarted(name, before.rows if before else None))
        started = time.monotonic()
        target = self.config.state / "tmp" / f"{name}.parquet"
        ended: Ended | None = None
        try:
            if decision.action is Action.CHECK and before is not None:
                ended = self._recheck(session, name, decision, before)
            elif decision.reuse is not None:
                ended = self._reuse(session, name, decision, decision.reuse, before, target)
            if ended is None:
                decision = replace(decision, reason=decision.reason.removesuffix(REUSED))
                ended = self._build(session, name, decision, before, target)
        except MedallionError as error:
            return Ended(Outcome.FAILED, decision.reason, time.monotonic() - started, error=error)
        except OSError as error:
            refused = BuildError(
                f"{name} cannot be built: {error.strerror or error}",
                location=Location(str(error.filename)) if error.filename else None,
                hint="check who owns the file, and the space on its disk; the dataset keeps its last version",
            )
            return Ended(Outcome.FAILED, decision.reason, time.monotonic() - started, error=refused)
        finally:
            target.unlink(missing_ok=True)
        difference = self.differences.get(name) if self.differences else None
        return replace(ended, seconds=time.monotonic() - started, difference=difference)

    def _build(
        self, session: Session, name: TableName, decision: Decision, before: Record | None, target: Path
    ) -> Ended:
        from medallion.engines.source_files import check_whole

        model = self.graph.models[name]
        self._register(session, self.graph.inputs[name])
        for source in model.sources:
            files = self.observed.sources[source.path].files
            real_files(files, self.identities)
            for path in files:
                check_whole(self.config.root / path, path)

        def progress(percent: float | None) -> None:
            written = target.stat().st_size if target.exists() else 0
            self._emit(StepProgress(name, percent, written))

        def bound(columns: Schema) -> None:
            hold_contract(model, self.contracts.get(name), columns)
            self._bind_checks(session, name, columns)

        produced = session.build(model, self.graph.macros[name], target, progress, bound)
        self._check_inputs(name)
        record = self._record(name, decision.inputs, produced)
        hold_contract(model, self.contracts.get(name), schema_of(record))
        record, checks = self._audit(session, record, before, [produced.file], produced=True)
        same = self._publish(session, record, before, produced.file)
        outcome = Outcome.SAME if same else Outcome.BUILT
        return Ended(outcome, decision.reason, 0.0, record, peak_memory=produced.peak_memory, checks=checks)

    def _bind_checks(self, session: Session, name: TableName, columns: Schema) -> None:
        """Find what is wrong with a check before the model is run, which may take hours."""
        audit = self.graph.audit(name)
        schemas = {read: schema_of(self.records[read]) for read in audit.reads} | {name: columns}
        bind_checks(
            audit,
            self.graph.models[name],
            lambda probe: session.bind(probe, audit.macros, schemas, stored=False),
        )

    def _recheck(self, session: Session, name: TableName, decision: Decision, before: Record) -> Ended:
        """Run the checks on data that is there already; its record says so once it has passed them."""
        before = replace(before, built=replace(before.built, model=self.graph.models[name].path))
        files = list(self.files.find(before, self.data[name]))
        record, checks = self._audit(session, before, before, files)
        publish(self.config, record, None, self.identities)
        return Ended(Outcome.CHECKED, decision.reason, 0.0, record, checks=checks)

    def _reuse(
        self,
        session: Session,
        name: TableName,
        decision: Decision,
        past: Record,
        before: Record | None,
        target: Path,
    ) -> Ended | None:
        """Take the data of an earlier build; None where it is not to be had after all."""
        record = replace(
            past,
            files=tuple(replace(file, path=f"{name.name}.parquet") for file in past.files),
            built=replace(past.built, model=self.graph.models[name].path, text=self.recipes[name].text),
        )
        hold_contract(self.graph.models[name], self.contracts.get(name), schema_of(record))
        here = before is not None and before.content_id == record.content_id and self.data.get(name) is _PRESENT
        if not here and not self.files.copy(past.files[0], target):
            return None
        data = [self.config.root / file for file in dataset_files(record)] if here else [target]
        record, checks = self._audit(session, record, before, data)
        self._publish(session, record, before, target)
        return Ended(Outcome.REUSED, decision.reason, 0.0, record, checks=checks)

    def _audit(
        self, session: Session, record: Record, before: Record | None, files: Sequence[Path], *, produced: bool = False
    ) -> tuple[Record, tuple[CheckResult, ...]]:
        """The record with what was checked, and the results; ``CheckError`` where the data must not be published."""
        name = record.dataset
        audit = self.graph.audit(name)
        if not audit.checks:
            clear_failed(self.config.state / "failed", name)
            return replace(record, checked=None), ()
        self._register(session, audit.reads)
        results = check_data(
            session,
            self.config,
            self.graph,
            record,
            files,
            self._replaced(before, record, audit),
            secret=self._secret(record),
            now=datetime.now(UTC),
            keep=self.config.state / "failed",
            in_order=produced,
        )
        try:
            results = refuse_failed(results, record, published=before, accept=self.accept)
        except CheckError as error:
            version = (
                self.files.committed(before) if before is not None and before.content_id != record.content_id else ""
            )
            error.kept += f" ({version})" if version else ""
            raise
        digest = self.observed.checks.get(name)
        passed = Checked.of(digest, record.content_id, looked_at(self.records, audit)) if digest else None
        return replace(record, checked=passed), results

    def _replaced(self, before: Record | None, record: Record, audit: Audit) -> Before | None:
        """The version about to be replaced, where checks compare with it; its files are fetched if need be.

        Without a record that is the version of the last commit: to delete a dataset must not make its past forgotten.
        """
        if not any(check.kind.compares for check in audit.checks):
            return None
        before = before or self.files.last_committed(record.dataset)
        if before is None or before.content_id == record.content_id:
            return None
        with suppress(DataError):
            return Before(before, self.files.former(before))
        return Before(before)

    def _publish(self, session: Session, record: Record, before: Record | None, file: Path) -> bool:
        """Put data and record in place; whether the data is what it was before."""
        name = record.dataset
        same = before is not None and before.content_id == record.content_id
        if before is not None and self.data.get(name) is DataState.PRESENT and not self.force:
            self._check_untouched(name, before)
        if before is not None and not same:
            self._compare(session, before, record, file)
        in_place = same and self.data.get(name) is DataState.PRESENT
        publish(self.config, record, None if in_place else file, self.identities)
        return same

    def _compare(self, session: Session, before: Record, record: Record, produced: Path) -> None:
        """Count how rows differ from the version about to be replaced, if that is wanted and possible."""
        name = record.dataset
        if self.differences is not None and self.data.get(name) is DataState.PRESENT:
            old = [self.config.root / file for file in dataset_files(before)]
            delta = session.compare(old, [produced], record.key, self.graph.models[name].tolerances)
            if delta is not None:
                self.differences[name] = delta

    def _register(self, session: Session, names: Sequence[TableName]) -> None:
        """Make inputs readable, each once for all its readers."""
        secret = self._secret()
        with self._registering:
            for name in names:
                if name in self._registered:
                    continue
                if name in self._published:  # What this run has written needs no second look.
                    files = [self.config.root / f for f in dataset_files(self.records[name])]
                else:
                    files = list(self.files.find(self.records[name], self.data[name]))
                session.register(name, files, private=bool(secret.of(name)))
                self._stats[name] = [(file, _stamp(file)) for file in files]
                self._registered.add(name)

    def _secret(self, *made: Record) -> Hidden:
        """What is shown of no dataset, as they are now, with the one that was ``made``."""
        if not self._has_private:
            return NOTHING_HIDDEN
        return hidden_columns([(self.graph, {**self.records, **{record.dataset: record for record in made}})])

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

    def _record(self, name: TableName, before: Sequence[Input], produced: Produced) -> Record:
        model = self.graph.models[name]
        recipe = replace(self.recipes[name], sql=self.meaning(name))
        file = DataFile(f"{name.name}.parquet", produced.oid, produced.size, produced.rows, produced.key_range)
        inputs = self._inputs(name, before, [column.name for column in produced.columns])
        return Record(
            dataset=name,
            rows=produced.rows,
            columns=produced.columns,
            key=model.key,
            files=(file,),
            built=Built(
                fingerprint=fingerprint(recipe, [(i.name, i.identity) for i in inputs]),
                model=model.path,
                engine=recipe.engine,
                engine_version=recipe.engine_version,
                inputs=inputs,
                sql=recipe.sql,
                text=recipe.text,
                macros=recipe.macros,
                variables=recipe.variables,
            ),
        )

    def _inputs(self, name: TableName, taken: Sequence[Input], outputs: Sequence[str]) -> tuple[Input, ...]:
        """The inputs as they were taken before the model ran, with the columns that it reads."""
        from medallion.lineage import columns_read

        reads = columns_read(self.graph, name, outputs, self.records)
        names = self.graph.names(name)
        inputs = []
        for read in taken:
            if read.kind is InputKind.DATASET:
                upstream = TableName.parse(read.name)
                columns = reads[upstream]
                read = replace(read, columns=columns, identity=self.records[upstream].seen(columns, names))
            else:
                self.identities.remember_listing(read.content_id, self.observed.sources[read.name].files)
            inputs.append(read)
        return tuple(inputs)


def _stamp(file: Path) -> tuple[int, ...]:
    """What differs once a file was written to, replaced or removed."""
    try:
        stat = file.stat()
    except OSError:
        return ()
    return stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino


_PRESENT = DataState.PRESENT
