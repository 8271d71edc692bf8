"""Which checks guard which dataset, and what has to be there before they can be run."""

from __future__ import annotations

from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from medallion.errors import Location, ModelError
from medallion.models.check import Kind
from medallion.names import TableName, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from medallion.models.check import Check
    from medallion.models.model import Macro, Model

__all__ = ["Audit", "Audits", "find_audits"]


@dataclass(frozen=True, slots=True)
class Audit:
    """The checks of one dataset, the other datasets that they look at, and the macros that they call."""

    checks: tuple[Check, ...] = ()
    reads: tuple[TableName, ...] = ()
    macros: tuple[Macro, ...] = ()


@dataclass(frozen=True, slots=True)
class Audits:
    """The audit of each dataset that has checks; ``problems`` are of datasets, ``misplaced`` of none."""

    by_name: Mapping[TableName, Audit]
    order: tuple[TableName, ...]
    problems: Mapping[TableName, ModelError]
    misplaced: tuple[ModelError, ...]


def find_audits(
    models: Mapping[TableName, Model],
    queries: Iterable[Check],
    order: Sequence[TableName],
    inputs: Mapping[TableName, Sequence[TableName]],
    macros_of: Callable[[Model], tuple[Macro, ...]],
    hidden_read: Callable[[Model, Sequence[Macro]], ModelError | None],
) -> Audits:
    """Give each check to the dataset that it guards.

    An annotation guards its own model's dataset. A query of its own guards the last in ``order`` of the datasets that
    it reads: the others are there by then. The new order has what a check looks at before what it guards; where that
    cannot be, as of two datasets whose checks look at each other, the check is a problem.
    """
    place = {name: i for i, name in enumerate(order)}
    found: dict[TableName, list[Check]] = {name: list(m.checks) for name, m in models.items() if m.checks}
    misplaced: list[ModelError] = []
    for check in queries:
        read = _reads(check, macros_of)
        known = [name for name in read if name in place]
        if not known:
            misplaced.append(_unknown(read[0], check, check.probe, place) if read else _guards_nothing(check))
            continue
        guarded = max(known, key=lambda name: place[name])
        if guarded in models:  # Else its file cannot be read, and that is told.
            found.setdefault(guarded, []).append(check)
    audits: dict[TableName, Audit] = {}
    problems: dict[TableName, ModelError] = {}
    for name, checks in found.items():
        for check in checks:
            problem = _problem(check, name, place, macros_of, hidden_read, models)
            if problem:
                problems.setdefault(name, problem)
        reads = {read for check in checks for read in _reads(check, macros_of)} - {name}
        macros = {m.name: m for check in checks if check.probe for m in macros_of(check.probe)}
        audits[name] = Audit(
            tuple(checks), tuple(sorted(reads & place.keys())), tuple(macros[m] for m in sorted(macros))
        )
    ordered, circles = _sort(order, inputs, audits, models, macros_of)
    return Audits(audits, ordered, {**circles, **problems}, tuple(misplaced))


def _reads(check: Check, macros_of: Callable[[Model], tuple[Macro, ...]]) -> list[TableName]:
    """All datasets that a check looks at, through macros too."""
    through = [r.name for macro in macros_of(check.probe) for r in macro.datasets] if check.probe else []
    return [*check.reads, *through]


def _problem(
    check: Check,
    name: TableName,
    known: Mapping[TableName, int],
    macros_of: Callable[[Model], tuple[Macro, ...]],
    hidden_read: Callable[[Model, Sequence[Macro]], ModelError | None],
    models: Mapping[TableName, Model],
) -> ModelError | None:
    for read in _reads(check, macros_of):
        if read not in known:
            return _unknown(read, check, models[name], known)
    if check.probe is None:
        return None
    problem = hidden_read(check.probe, macros_of(check.probe))
    if problem is None or check.kind is Kind.QUERY or (problem.location and problem.location.path != check.path):
        return problem
    return problem.at(check.locate(models[name]))


def _unknown(read: TableName, check: Check, model: Model | None, known: Iterable[TableName]) -> ModelError:
    near = nearest(str(read), map(str, known))
    return ModelError(
        f"there is no dataset {read}",
        location=check.locate(model) if model else Location(check.path),
        hint=f'did you mean "{near}"?' if near else f"write sql/{read.layer}/{read.name}.sql",
    )


def _guards_nothing(check: Check) -> ModelError:
    return ModelError(
        "the check reads no dataset, so it guards none",
        location=Location(check.path),
        hint="select the rows that are wrong FROM a dataset, as in silver.orders",
    )


def _sort(
    order: Sequence[TableName],
    inputs: Mapping[TableName, Sequence[TableName]],
    audits: dict[TableName, Audit],
    models: Mapping[TableName, Model],
    macros_of: Callable[[Model], tuple[Macro, ...]],
) -> tuple[tuple[TableName, ...], dict[TableName, ModelError]]:
    """An order in which what checks look at comes first, too; checks on a circle lose their claim, and are problems."""
    if not any(audit.reads for audit in audits.values()):
        return tuple(order), {}
    place = {name: i for i, name in enumerate(order)}
    # Inputs that are on a circle of their own are a problem already.
    before = {name: {r for r in inputs.get(name, ()) if place[r] < place[name]} for name in order}
    edges = {name: before[name] | {*(audits[name].reads if name in audits else ())} for name in order}
    problems: dict[TableName, ModelError] = {}
    while True:
        sorter = TopologicalSorter(edges)
        try:
            sorter.prepare()
            break
        except CycleError as error:
            cycle: list[TableName] = list(reversed(error.args[1]))[:-1]
            steps = [*zip(cycle, [*cycle[1:], cycle[0]], strict=True)]
            # One that is no step from a model to its input has to be there, since inputs alone make no circle.
            name, read = next((a, b) for a, b in steps if b not in before[a])
            edges[name].discard(read)
            check = next(c for c in audits[name].checks if read in _reads(c, macros_of))
            problems[name] = ModelError(
                f"a check of {name} looks at {read}, which comes after it: {' → '.join(map(str, [*cycle, cycle[0]]))}",
                location=check.locate(models[name]),
                hint="check it where the other one is checked, or in a file in sql/checks/",
            )
    sorted_: list[TableName] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready(), key=lambda n: place[n])
        sorted_ += ready
        sorter.done(*ready)
    return tuple(sorted_), problems
