"""Rehearse a plan: bind what it would build, in order, without running anything.

Each model is bound against empty tables. Those of an input that stays have the columns of its record, those of an input
that will be built the columns that were found just before. So a column that is gone is told at the place of every
model that reads it, and no data file is opened. What a bronze model reads is: DuckDB takes its columns from there.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

from medallion.checks.forms import bind_checks
from medallion.errors import MedallionError
from medallion.observe import real_files
from medallion.plan import Action, Observed, Step, decide
from medallion.reasons import listed, why_unchecked
from medallion.schemas import Contracts, Schema, compare_schemas, hold_contract, schema_of, told, with_schema

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from medallion.engines.protocol import Engine, Session
    from medallion.identities import Identities
    from medallion.models.graph import Graph
    from medallion.names import TableName

__all__ = ["rehearse"]


def rehearse(
    graph: Graph,
    observed: Observed,
    steps: Sequence[Step],
    engine: Callable[[], Engine],
    identities: Identities,
    contracts: Contracts,
    *,
    force: bool = False,
) -> tuple[Step, ...]:
    """The ``steps`` of a plan, with those that would fail as errors, and with the columns that come and go.

    ``engine`` is called where there is something to bind. A model whose columns only data can tell (a PIVOT that names
    no values) has unknown columns, and its readers are not bound.
    """
    with ExitStack() as stack:
        rehearsal = _Rehearsal(graph, observed, engine, identities, contracts, stack, force=force)
        for step in steps:
            rehearsal.steps[step.name] = rehearsal.rehearsed(step)
    return tuple(rehearsal.steps.values())


class _Rehearsal:
    def __init__(
        self,
        graph: Graph,
        observed: Observed,
        engine: Callable[[], Engine],
        identities: Identities,
        contracts: Contracts,
        stack: ExitStack,
        *,
        force: bool,
    ) -> None:
        self.graph = graph
        self.observed = observed
        self.identities = identities
        self.contracts = contracts
        self.force = force
        self.steps: dict[TableName, Step] = {}
        self._engine = engine
        self._stack = stack
        self._session: Session | None = None
        self._found: dict[TableName, Schema | None] = {}

    def rehearsed(self, step: Step) -> Step:
        """One step, after all that it reads."""
        name, reads = step.name, self.graph.inputs.get(step.name, ())
        failed = tuple(i for i in reads if i in self.steps and self.steps[i].action in (Action.ERROR, Action.SKIP))
        if failed and step.action is not Action.ERROR:
            return Step(name, Action.SKIP, f"needs {listed(failed)}", failed)
        try:
            if step.action is Action.REUSE:
                past = decide(self.graph, self.observed, name, force=self.force).reuse
                self._found[name] = schema_of(past) if past else None
            elif step.action is Action.BUILD or (step.action is Action.MAYBE and self._may_differ(name)):
                self._found[name] = self._bind(name)
            found = self._found.get(name)
            if found is not None:
                hold_contract(self.graph.models[name], self.contracts.get(name), found)
            if step.action not in (Action.ERROR, Action.SKIP):
                self._bind_checks(name)
        except MedallionError as error:
            return Step(name, Action.ERROR, "cannot be built", step.causes, error)
        return self._with_columns(step, found)

    def _with_columns(self, step: Step, found: Schema | None) -> Step:
        """The step with how its columns differ from those of its record."""
        record = self.observed.records.get(step.name)
        if record is None or found is None:
            return step
        columns = compare_schemas(schema_of(record), found)
        if step.change is not None:
            change = with_schema(step.change, columns)
            reason = step.reason.replace(str(step.change), told(columns, change))
            return replace(step, reason=reason, change=change, columns=columns)
        return replace(step, reason=f"{step.reason}; {columns}" if columns else step.reason, columns=columns)

    def _bind_checks(self, name: TableName) -> None:
        """Bind the checks that are to be run, where the columns of all that they look at are known."""
        audit, record = self.graph.audit(name), self.observed.records.get(name)
        touched = not self._found.keys().isdisjoint((name, *audit.reads))
        if not audit.checks or not (touched or why_unchecked(self.observed, name, record, audit)):
            return
        schemas = {read: self.columns(read) for read in (name, *audit.reads)}
        known = {read: columns for read, columns in schemas.items() if columns is not None}
        if len(known) == len(schemas):
            session = self._opened()
            bind_checks(
                audit,
                self.graph.models[name],
                lambda probe: session.bind(probe, audit.macros, known, stored=False),
            )

    def _opened(self) -> Session:
        if self._session is None:
            self._session = self._stack.enter_context(self._engine().open())
        return self._session

    def _may_differ(self, name: TableName) -> bool:
        """Whether what its inputs become may give ``name`` other columns: theirs differ, or rows turn into columns."""
        return "PIVOT" in self.graph.models[name].sql.upper() or any(
            self.columns(read) != self._standing(read) for read in self.graph.inputs[name]
        )

    def columns(self, name: TableName) -> Schema | None:
        """The columns of a dataset when its readers are built, where they are known."""
        return self._found[name] if name in self._found else self._standing(name)

    def _standing(self, name: TableName) -> Schema | None:
        record = self.observed.records.get(name)
        return schema_of(record) if record else None

    def _bind(self, name: TableName) -> Schema | None:
        model = self.graph.models[name]
        schemas = {read: self.columns(read) for read in self.graph.inputs[name]}
        known = {read: columns for read, columns in schemas.items() if columns is not None}
        if len(known) < len(schemas):
            return None
        for source in model.sources:  # A pointer would be bound as if it were the file.
            real_files(self.observed.sources[source.path].files, self.identities)
        return self._opened().bind(model, self.graph.macros[name], known)
