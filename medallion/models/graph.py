"""The project's models as a graph: who reads whom, in which order, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from medallion.errors import Location, ModelError
from medallion.models.audits import Audit, find_audits
from medallion.models.functions import FILE_READERS, PURE_TABLE_FUNCTIONS
from medallion.names import TableName, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from medallion.models.check import Check
    from medallion.models.model import Macro, Model, Reference, TableFunction

__all__ = ["Graph", "build_graph"]


_NO_CHECKS = Audit()


@dataclass(frozen=True)
class Graph:
    """Models in an order in which each comes after what it reads.

    ``problems`` holds the models that cannot be built and why; ``inputs`` the datasets that each reads, macros
    followed; ``macros`` those it uses, in name order. ``audits`` are the checks of those that have any, and in
    ``order`` what they look at comes first, too; ``misplaced`` are checks that guard nothing.
    """

    models: Mapping[TableName, Model]
    inputs: Mapping[TableName, tuple[TableName, ...]]
    macros: Mapping[TableName, tuple[Macro, ...]]
    hidden: Mapping[TableName, frozenset[TableName]]
    problems: Mapping[TableName, ModelError]
    order: tuple[TableName, ...]
    readers: Mapping[TableName, tuple[TableName, ...]] = field(default_factory=dict)
    audits: Mapping[TableName, Audit] = field(default_factory=dict)
    misplaced: tuple[ModelError, ...] = ()
    _names: dict[TableName, frozenset[str] | None] = field(default_factory=dict, compare=False, repr=False)

    def names(self, name: TableName) -> frozenset[str] | None:
        """All names, in lower case, by which a model or a macro that it uses could reach a column of an input.

        None where it may reach columns that it does not name.
        """
        found = self._names.get(name)
        if found is None and name not in self._names:
            listed = [self.models[name].names, *(macro.names for macro in self.macros[name])]
            known = [names for names in listed if names is not None]
            found = frozenset[str]().union(*known) if len(known) == len(listed) else None
            self._names[name] = found
        return found

    def audit(self, name: TableName) -> Audit:
        """The checks of a dataset, and what they look at; empty where it has none."""
        return self.audits.get(name, _NO_CHECKS)

    def path(self, name: TableName) -> str:
        """A dataset's SQL file, relative to the project; one that cannot be read is known by where its error lies."""
        model, problem = self.models.get(name), self.problems.get(name)
        if model:
            return model.path
        return problem.location.path if problem and problem.location else ""

    def downstream(self, names: Iterable[TableName]) -> set[TableName]:
        """Everything that reads one of ``names``, directly or not."""
        return _closure(names, self.readers)

    def upstream(self, names: Iterable[TableName]) -> set[TableName]:
        """Everything that one of ``names`` reads, directly or not."""
        return _closure(names, self.inputs)


def build_graph(
    models: Iterable[Model],
    macros: Iterable[Macro],
    layers: Sequence[str],
    problems: Mapping[TableName, ModelError],
    checks: Iterable[Check] = (),
) -> Graph:
    """Connect the models, and give each check that is a file of its own to the dataset that it guards.

    ``problems`` are the files that could not be parsed, by the name they would have.
    """
    by_name = {m.name: m for m in sorted(models, key=lambda m: m.name)}
    by_macro = {m.name: m for m in macros}
    found = dict(problems)
    inputs: dict[TableName, tuple[TableName, ...]] = {}
    used: dict[TableName, tuple[Macro, ...]] = {}
    hidden: dict[TableName, frozenset[TableName]] = {}
    known = set(by_name) | set(problems)
    for model in by_name.values():
        chain = _macros_of(model, by_macro)
        own = {r.name for r in model.datasets}
        through = {r.name for macro in chain for r in macro.datasets}
        used[model.name] = chain
        hidden[model.name] = frozenset(through)
        inputs[model.name] = tuple(sorted((own | through) & known))
        problem = _check(model, chain, known, layers) or _hidden_read(model, chain, by_macro)
        if problem:
            found.setdefault(model.name, problem)
    order, cycles = _sort(inputs, by_name)
    for name, error in cycles.items():
        found.setdefault(name, error)
    ordered = [*order, *sorted(known.difference(order))]
    audits = find_audits(
        by_name,
        checks,
        ordered,
        inputs,
        lambda model: _macros_of(model, by_macro),
        lambda probe, chain: _hidden_read(probe, chain, by_macro),
    )
    for name, error in audits.problems.items():
        found.setdefault(name, error)
    readers: dict[TableName, list[TableName]] = {name: [] for name in known}
    for name, reads in inputs.items():
        for read in reads:
            readers[read].append(name)
    return Graph(
        by_name,
        inputs,
        used,
        hidden,
        found,
        audits.order,
        {k: tuple(sorted(v)) for k, v in readers.items()},
        audits.by_name,
        audits.misplaced,
    )


def _closure(names: Iterable[TableName], edges: Mapping[TableName, Iterable[TableName]]) -> set[TableName]:
    found: set[TableName] = set()
    todo = list(names)
    while todo:
        for following in edges.get(todo.pop(), ()):
            if following not in found:
                found.add(following)
                todo.append(following)
    return found


def _macros_of(model: Model, by_name: Mapping[str, Macro]) -> tuple[Macro, ...]:
    """The macros a model uses, directly or through other macros."""
    found: dict[str, Macro] = {}
    todo = [call.name for call in model.calls]
    while todo:
        macro = by_name.get(todo.pop())
        if macro is not None and macro.name not in found:
            found[macro.name] = macro
            todo += [call.name for call in macro.calls]
    return tuple(found[name] for name in sorted(found))


def _check(model: Model, chain: Sequence[Macro], known: set[TableName], layers: Sequence[str]) -> ModelError | None:
    """The first thing that is wrong with what a model reads, or None."""
    references: list[tuple[Reference, Model | Macro]] = [(r, model) for r in model.datasets]
    references += [(r, macro) for macro in chain for r in macro.datasets]
    for reference, holder in references:
        place = Location.at(holder.path, holder.text, reference.offset, reference.length)
        if reference.name not in known:
            near = nearest(str(reference.name), map(str, known))
            hint = f'did you mean "{near}"?' if near else f"write sql/{reference.name.layer}/{reference.name.name}.sql"
            return ModelError(f"there is no dataset {reference.name}", location=place, hint=hint)
        if layers.index(reference.name.layer) > layers.index(model.name.layer):
            return ModelError(
                f"{model.name} reads {reference.name}, which is in a higher layer",
                location=place,
                hint=f"layers are ordered {' < '.join(layers)}: move one of the two",
            )
    if model.sources and model.name.layer != layers[0]:
        source = model.sources[0]
        return ModelError(
            f'only {layers[0]} reads sources; {model.name} reads "{source.path}"',
            location=model.locate(source.offset, source.length),
            hint=f"`medallion add {layers[0]}.NAME {source.path}` makes a dataset of it",
        )
    if not model.volatile:
        return _volatile_problem(model, chain)
    return None


def _hidden_read(model: Model, chain: Sequence[Macro], macros: Mapping[str, Macro]) -> ModelError | None:
    """A table function that is neither known to read nothing nor a macro of the project, or a table of DuckDB's own."""
    called: list[tuple[Model | Macro, TableFunction]] = [(model, f) for f in model.table_functions]
    called += [(macro, f) for macro in chain for f in macro.table_functions]
    for holder, function in called:
        if function.name not in PURE_TABLE_FUNCTIONS and function.name not in macros:
            near = nearest(function.name, [*macros, *PURE_TABLE_FUNCTIONS, *FILE_READERS])
            return ModelError(
                f"{function.name} is refused as a table: what it reads cannot be seen in the SQL",
                location=holder.locate(function.offset, function.length),
                hint=f'did you mean "{near}"?' if near else "read datasets, and in the first layer files",
            )
    return None


def _volatile_problem(model: Model, chain: Sequence[Macro]) -> ModelError | None:
    holders: list[Model | Macro] = [model, *chain]
    for holder in holders:
        for token in holder.volatile_at:
            return ModelError(
                f"{token.raw} gives another result each time, so the dataset could not be reproduced",
                location=Location.at(holder.path, holder.text, token.start, len(token.raw)),
                hint="take it out, pass it in as a variable, or write `-- @volatile` at the top of the model",
            )
    return None


def _sort(
    inputs: Mapping[TableName, tuple[TableName, ...]], models: Mapping[TableName, Model]
) -> tuple[list[TableName], dict[TableName, ModelError]]:
    """An order in which inputs come first (ties by name), and the models that lie on a cycle."""
    edges = {name: set(reads) for name, reads in inputs.items()}
    problems: dict[TableName, ModelError] = {}
    while True:
        try:
            sorter = TopologicalSorter(edges)
            sorter.prepare()
            break
        except CycleError as error:
            cycle = list(reversed(error.args[1]))[:-1]
            names = " → ".join(str(n) for n in [*cycle, cycle[0]])
            for i, name in enumerate(cycle):
                following = cycle[(i + 1) % len(cycle)]
                reference = next((r for r in models[name].datasets if r.name == following), None)
                place = (
                    models[name].locate(reference.offset, reference.length)
                    if reference
                    else Location(models[name].path)
                )
                problems[name] = ModelError(
                    f"these datasets read each other in a circle: {names}",
                    location=place,
                    hint="take the shared part into a dataset of its own that both read",
                )
                edges[name] = set()
    order: list[TableName] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        order += ready
        sorter.done(*ready)
    return order, problems
