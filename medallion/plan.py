"""Decide what a run would do, and why. Pure: everything it looks at is handed to it.

``plan`` decides for all datasets at once, before anything runs; where an input will be built it can only say
"if". ``decide`` is the same decision for one dataset whose inputs are settled; a run asks it again at each step.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from medallion.errors import DataError, Location, MedallionError, SourceError
from medallion.models.fingerprint import Recipe, fingerprint
from medallion.records import AFTER_MERGE, InputKind, Record

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from medallion.models.graph import Graph
    from medallion.names import TableName

__all__ = ["UP_TO_DATE", "Action", "DataState", "Decision", "Observed", "SourceState", "decide", "plan"]


#: The reason of a dataset for which nothing has to be done.
UP_TO_DATE = "up to date"


class Action(StrEnum):
    """What happens to a dataset."""

    BUILD = "build"
    MAYBE = "maybe"
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
    reasons only.
    """

    records: Mapping[TableName, Record]
    broken: Mapping[TableName, MedallionError]
    data: Mapping[TableName, DataState]
    sources: Mapping[str, SourceState]
    recipes: Mapping[TableName, Recipe]
    listings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do with one dataset whose inputs are settled. ``fingerprint`` is empty where it cannot be known."""

    action: Action
    reason: str
    fingerprint: str = ""
    error: MedallionError | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """A dataset's place in a plan; ``causes`` are the datasets that its action hangs on."""

    name: TableName
    action: Action
    reason: str
    causes: tuple[TableName, ...] = ()
    error: MedallionError | None = None


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
        return Step(name, Action.SKIP, f"needs {_names(failed)}", failed)
    decision = decide(graph, observed, name, force=force, volatile=volatile)
    building = tuple(s.name for s in before if s.action in (Action.BUILD, Action.MAYBE))
    if decision.action is Action.UNCHANGED and building:
        return Step(name, Action.MAYBE, f"if the content of {_names(building)} changes", building)
    missing = {i for i in graph.inputs.get(name, ()) if i not in observed.records}
    if isinstance(decision.error, _InputMissingError) and missing <= set(building):
        if name in observed.records and not force:
            return Step(name, Action.MAYBE, f"if the content of {_names(building)} changes", building)
        return Step(name, Action.BUILD, "forced" if force else "new", building)
    return Step(name, decision.action, decision.reason, (), decision.error)


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
    inputs, problem = _inputs(graph, observed, name, record)
    if problem:
        return Decision(Action.ERROR, "an input is missing", error=problem)
    print_now = fingerprint(observed.recipes[name], [(n, c) for n, c, _ in inputs])
    reason = _reason(graph, observed, name, record, state, print_now, inputs, force=force, volatile=volatile)
    gone = [n for n, _, is_absent in inputs if is_absent]
    if not reason:
        return Decision(
            Action.UNCHANGED, f"source {gone[0]} is not here; the data is" if gone else UP_TO_DATE, print_now
        )
    if gone:
        return Decision(Action.ERROR, reason, print_now, _source_error(graph, observed, name, gone[0]))
    return Decision(Action.BUILD, reason, print_now)


def _reason(
    graph: Graph,
    observed: Observed,
    name: TableName,
    record: Record | None,
    state: DataState,
    print_now: str,
    inputs: Sequence[tuple[str, str, bool]],
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
    if record.built.fingerprint != print_now:
        return _why(record, observed.recipes[name], inputs, observed)
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
    graph: Graph, observed: Observed, name: TableName, record: Record | None
) -> tuple[list[tuple[str, str, bool]], MedallionError | None]:
    """Name, content id and "is an absent source" of each input as it stands now; or what is missing."""
    found: list[tuple[str, str, bool]] = []
    for read in graph.inputs[name]:
        upstream = observed.records.get(read)
        if upstream is None:
            broken = observed.broken.get(read)
            if broken:
                return [], _InputMissingError(broken.message, location=broken.location, hint=broken.hint)
            return [], _InputMissingError(
                f"{name} reads {read}, which has not been built",
                hint=f"`medallion run +{name}` builds what it needs as well",
            )
        found.append((str(read), upstream.content_id, False))
    built_from = {i.name: i.content_id for i in record.built.inputs if i.kind is InputKind.SOURCE} if record else {}
    data_is_here = observed.data.get(name) in (DataState.PRESENT, DataState.UNFETCHED)
    for reference in graph.models[name].sources:
        state = observed.sources[reference.path]
        if state.content_id is not None:
            found.append((reference.path, state.content_id, False))
        elif reference.path in built_from and data_is_here and state.absent:
            # The record knows what the source was; that it is gone is no change.
            found.append((reference.path, built_from[reference.path], True))
        else:
            return [], _source_error(graph, observed, name, reference.path)
    return found, None


def _why(record: Record, recipe: Recipe, inputs: Sequence[tuple[str, str, bool]], observed: Observed) -> str:
    """The first reason, in the order in which a person would look, why a fingerprint differs."""
    built = record.built
    if built.sql != recipe.sql:
        return "SQL changed"
    if built.macros != dict(recipe.macros):
        names = sorted(n for n in {*built.macros, *recipe.macros} if built.macros.get(n) != recipe.macros.get(n))
        return f"macro changed: {', '.join(names)}"
    if built.variables != dict(recipe.variables):
        names = sorted(
            n for n in {*built.variables, *recipe.variables} if built.variables.get(n) != recipe.variables.get(n)
        )
        return f"variable changed: {', '.join(names)}"
    if record.key != recipe.key:
        return "key changed"
    now = {n: c for n, c, _ in inputs}
    before = {i.name: i for i in built.inputs}
    changed = sorted(n for n in {*now, *before} if n not in now or n not in before or before[n].content_id != now[n])
    for name in changed:
        if name in before and before[name].kind is InputKind.SOURCE and name in observed.sources:
            return f"source changed: {_changed_files(before[name].content_id, observed.sources[name], observed)}"
    if changed:
        return f"input changed: {_names(changed)}"
    if (built.engine, built.engine_version) != (recipe.engine, recipe.engine_version):
        return f"{recipe.engine} {recipe.engine_version} instead of {built.engine_version}"
    return "built by another version of medallion"


def _changed_files(before: str, source: SourceState, observed: Observed) -> str:
    """``3 of 312 files in sources/pages/*.html`` where the former listing is still known."""
    listing = observed.listings.get(before)
    if len(source.files) == 1 or listing is None:
        return source.path
    paths = {*listing, *source.files}
    differing = sum(listing.get(p) != source.files.get(p) for p in paths)
    return f"{differing:,} of {len(paths):,} files in {source.path}"


def _names(names: Sequence[TableName | str]) -> str:
    listed = [str(n) for n in names[:3]]
    return ", ".join(listed) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
