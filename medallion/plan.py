"""Decide what a run would do, and why. Pure: everything it looks at is handed to it.

``plan`` decides for all datasets at once, before anything runs; where an input will be built it can only say
"if". ``decide`` is the same decision for one dataset whose inputs are settled; a run asks it again at each step.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from medallion.errors import DataError, Location, MedallionError, SourceError
from medallion.models.fingerprint import Recipe, fingerprint
from medallion.reasons import REUSED, SQL_CHANGED, if_changed, listed, why, why_not, why_unchecked
from medallion.records import AFTER_MERGE, Input, InputKind, Record

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from medallion.models.changes import ModelChange
    from medallion.models.graph import Graph
    from medallion.names import TableName
    from medallion.schemas import SchemaChange

__all__ = ["Action", "DataState", "Decision", "Observed", "SourceState", "decide", "plan"]


class Action(StrEnum):
    """What happens to a dataset."""

    BUILD = "build"
    REUSE = "reuse"
    MAYBE = "maybe"
    CHECK = "check"
    UNCHANGED = "unchanged"
    ERROR = "error"
    SKIP = "skip"


class DataState(StrEnum):
    """How the files of a dataset compare with its record."""

    PRESENT = "present"
    UNFETCHED = "unfetched"
    MISSING = "missing"
    MODIFIED = "modified"
    CONFLICTED = "conflicted"
    UNRECORDED = "unrecorded"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class SourceState:
    """A source as found: its content id and its files' sha256 by path, or why it cannot be read.

    ``absent``: no file is there, which is no error while the data built from it is.
    """

    path: str
    content_id: str | None
    files: Mapping[str, str] = field(default_factory=dict)
    error: MedallionError | None = None
    absent: bool = False


@dataclass(frozen=True)
class Observed:
    """Everything a plan looks at besides the graph.

    ``listings`` maps the content id of a pattern, where it is still known, to the files it then had: it serves the
    reasons only. ``past`` gives the records, of any dataset and time, that a recipe is known to have led to and whose
    data is at hand, ``former_sql`` the SQL that a record's data was built from, where it is known. ``checks`` are the
    digests of the checks of each dataset that has any.
    """

    records: Mapping[TableName, Record]
    broken: Mapping[TableName, MedallionError]
    data: Mapping[TableName, DataState]
    sources: Mapping[str, SourceState]
    recipes: Mapping[TableName, Recipe]
    listings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    checks: Mapping[TableName, str] = field(default_factory=dict)
    past: Callable[[Recipe], Iterable[Record]] = lambda _: ()
    former_sql: Callable[[Record], str | None] = lambda _: None


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do with one dataset whose inputs are settled.

    ``inputs`` are those inputs as they are taken. ``reuse`` is the record of a build that gave what this one would,
    ``change`` what a change of the SQL does to the output. ``fingerprint`` is empty where an input is missing.
    """

    action: Action
    reason: str
    inputs: tuple[Input, ...] = ()
    error: MedallionError | None = None
    reuse: Record | None = None
    change: ModelChange | None = None
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """A dataset's place in a plan; ``causes`` are the datasets that its action hangs on.

    ``change`` tells what a change of its SQL does to its output, where that is the reason. ``columns`` says how its
    columns will differ from those of its record, where the plan was bound and both are known.
    """

    name: TableName
    action: Action
    reason: str
    causes: tuple[TableName, ...] = ()
    error: MedallionError | None = None
    change: ModelChange | None = None
    columns: SchemaChange | None = None


def plan(
    graph: Graph,
    observed: Observed,
    selected: Collection[TableName] | None = None,
    *,
    force: bool = False,
    volatile: bool = True,
) -> tuple[Step, ...]:
    """A step for each selected dataset (all, if None), inputs before readers.

    ``volatile``: whether volatile models count as stale. They do for a run, which builds them each time; not where
    the question is whether data matches its SQL.
    """
    steps: dict[TableName, Step] = {}
    for name in graph.order:
        if selected is not None and name not in selected:
            continue
        steps[name] = _step(graph, observed, name, steps, force=force, volatile=volatile)
    return tuple(steps.values())


def _step(
    graph: Graph,
    observed: Observed,
    name: TableName,
    steps: Mapping[TableName, Step],
    *,
    force: bool,
    volatile: bool,
) -> Step:
    if name in graph.problems:
        return Step(name, Action.ERROR, "cannot be built", error=graph.problems[name])
    before = [steps[i] for i in graph.inputs.get(name, ()) if i in steps]
    failed = tuple(s.name for s in before if s.action in (Action.ERROR, Action.SKIP))
    if failed:
        return Step(name, Action.SKIP, f"needs {listed(failed)}", failed)
    decision = decide(graph, observed, name, force=force, volatile=volatile)
    building = _building((s.name for s in before), steps)
    if decision.action in (Action.UNCHANGED, Action.CHECK) and building:
        return Step(name, Action.MAYBE, if_changed(observed, name, building), building)
    if decision.action is Action.UNCHANGED and (looked_at := _building(graph.audit(name).reads, steps)):
        return Step(name, Action.CHECK, f"its checks look at {listed(looked_at)}, if that changes", looked_at)
    missing = {i for i in graph.inputs.get(name, ()) if i not in observed.records}
    if isinstance(decision.error, _InputMissingError) and missing <= set(building):
        if name in observed.records and not force:
            return Step(name, Action.MAYBE, f"if the content of {listed(building)} changes", building)
        return Step(name, Action.BUILD, "forced" if force else "new", building)
    if decision.action is Action.REUSE and building:  # What is at hand fits today's inputs, and those may change.
        return Step(name, Action.BUILD, decision.reason.removesuffix(REUSED), building, change=decision.change)
    return Step(name, decision.action, decision.reason, (), decision.error, decision.change)


def _building(names: Iterable[TableName], steps: Mapping[TableName, Step]) -> tuple[TableName, ...]:
    """Those of ``names`` that may come out with other data."""
    may_change = (Action.BUILD, Action.REUSE, Action.MAYBE)
    return tuple(name for name in names if name in steps and steps[name].action in may_change)


class _InputMissingError(DataError):
    """An input has never been built, or its record cannot be read; in a plan it may be by then."""


def decide(
    graph: Graph, observed: Observed, name: TableName, *, force: bool = False, volatile: bool = True
) -> Decision:
    """What to do with ``name`` given its inputs as they stand now."""
    if name in observed.broken:
        if not force:
            return Decision(Action.ERROR, "its record cannot be read", error=observed.broken[name])
        record, state = None, DataState.NONE
    else:
        record, state = observed.records.get(name), observed.data.get(name, DataState.NONE)
    blocked = None if force else _blocked(name, state)
    if blocked:
        return Decision(Action.ERROR, f"{state}", error=blocked)
    built = record.built if record else None
    inputs, problem = _inputs(graph, observed, name, built.inputs if built else (), record)
    if problem:
        return Decision(Action.ERROR, "an input is missing", error=problem)
    now = _fingerprint(observed.recipes[name], inputs)
    reason = _reason(graph, observed, name, record, state, now, inputs, force=force, volatile=volatile)
    change = None
    if reason == SQL_CHANGED and record is not None:
        change = _change(graph, observed, name, record)
        reason += f": {change}" if change else ""
    gone = [i for i in inputs if i.kind is InputKind.SOURCE and observed.sources[i.name].absent]
    if not reason:
        unchecked = why_unchecked(observed, name, record, graph.audit(name))
        if unchecked:
            return Decision(Action.CHECK, unchecked, inputs, fingerprint=now)
        return Decision(Action.UNCHANGED, why_not(graph, observed, name, record, inputs, gone), inputs, fingerprint=now)
    if gone:
        return Decision(Action.ERROR, reason, inputs, _source_error(graph, observed, name, gone[0].name))
    if not force and not graph.models[name].volatile:
        past = _reusable(graph, observed, name, record)
        if past:
            return Decision(Action.REUSE, reason + REUSED, inputs, reuse=past, change=change, fingerprint=now)
    return Decision(Action.BUILD, reason, inputs, change=change, fingerprint=now)


def _fingerprint(recipe: Recipe, inputs: Iterable[Input]) -> str:
    return fingerprint(recipe, [(i.name, i.identity) for i in inputs])


def _reusable(graph: Graph, observed: Observed, name: TableName, record: Record | None) -> Record | None:
    """The record of an earlier build from the same recipe, whose inputs looked then as they look now."""
    for past in observed.past(observed.recipes[name]):
        inputs, problem = _inputs(graph, observed, name, past.built.inputs, record)
        if not problem and _fingerprint(observed.recipes[name], inputs) == past.built.fingerprint:
            return replace(past, dataset=name, built=replace(past.built, inputs=inputs))
    return None


def _change(graph: Graph, observed: Observed, name: TableName, record: Record) -> ModelChange | None:
    """What a change of the SQL does, where the former SQL is known."""
    before = observed.former_sql(record)
    if before is None:
        return None
    from medallion.models.changes import compare_models

    return compare_models(before, graph.models[name].sql)


def _reason(
    graph: Graph,
    observed: Observed,
    name: TableName,
    record: Record | None,
    state: DataState,
    now: str,
    inputs: Sequence[Input],
    *,
    force: bool,
    volatile: bool,
) -> str:
    """Why a dataset has to be built; empty where it has not."""
    if record is None:
        return "new"
    if force:
        return "forced"
    if state is DataState.MISSING:
        return "its data file is missing"
    if record.built.fingerprint != now:
        return why(record, observed.recipes[name], inputs, observed)
    if volatile and graph.models[name].volatile:
        return "volatile: built in every run"
    return ""


def _source_error(graph: Graph, observed: Observed, name: TableName, path: str) -> MedallionError:
    """Why a source cannot be read, at the place in the model that reads it."""
    model = graph.models[name]
    reference = next(source for source in model.sources if source.path == path)
    error = observed.sources[path].error or SourceError(f'"{path}" cannot be read')
    return error.at(model.locate(reference.offset, reference.length))


def _blocked(name: TableName, state: DataState) -> MedallionError | None:
    """Files that a run must not overwrite without being asked."""
    path = f"data/{name.layer}/{name.name}.parquet"
    if state is DataState.MODIFIED:
        return DataError(
            f"the data of {name} was changed by something other than medallion, so it is left alone",
            location=Location(path),
            hint=f"`medallion restore {name}` takes the recorded data back; "
            f"`medallion run --force {name}` builds it anew over the change",
        )
    if state is DataState.CONFLICTED:
        return DataError(
            "the pointer holds merge conflict markers",
            location=Location(path),
            hint=AFTER_MERGE,
        )
    if state is DataState.UNRECORDED:
        return DataError(
            f"there is a data file for {name} but no record, so it is left alone",
            location=Location(path),
            hint=f"move it away, or build over it with `medallion run --force {name}`",
        )
    return None


def _inputs(
    graph: Graph, observed: Observed, name: TableName, before: Sequence[Input], record: Record | None
) -> tuple[tuple[Input, ...], MedallionError | None]:
    """Each input as it stands now, with the columns that were read ``before``; or what is missing.

    An input that was not read before has the identity of its whole content: it differs in any case.
    """
    built = {i.name: i for i in before}
    names = graph.names(name)
    found: list[Input] = []
    for read in graph.inputs[name]:
        upstream = observed.records.get(read)
        if upstream is None:
            broken = observed.broken.get(read)
            if broken:
                return (), _InputMissingError(broken.message, location=broken.location, hint=broken.hint)
            return (), _InputMissingError(
                f"{name} reads {read}, which has not been built",
                hint=f"`medallion run +{name}` builds what it needs as well",
            )
        columns = built[str(read)].columns if str(read) in built else tuple(c.name for c in upstream.columns)
        seen = upstream.seen(columns, names)
        found.append(Input(str(read), InputKind.DATASET, upstream.content_id, columns, identity=seen))
    data_is_here = observed.data.get(name) in (DataState.PRESENT, DataState.UNFETCHED)
    known = {i.name: i for i in record.built.inputs if i.kind is InputKind.SOURCE} if record else {}
    for path in sorted({source.path for source in graph.models[name].sources}):
        state = observed.sources[path]
        if state.content_id is not None:
            source = Input(path, InputKind.SOURCE, state.content_id, files=len(state.files), identity=state.content_id)
        elif path in known and data_is_here and state.absent:
            source = known[path]  # The record knows what the source was; that it is gone is no change.
        else:
            return (), _source_error(graph, observed, name, path)
        found.append(source)
    return tuple(found), None
