"""A graph from SQL files, wherever they lie: in the work tree, or in a commit. Pure: texts are handed over."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from medallion.errors import Location, MedallionError, ModelError
from medallion.models.graph import Graph, build_graph
from medallion.names import TableName

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from medallion.models.check import Check
    from medallion.models.model import Macro, Model

__all__ = ["Reader", "graph_of"]


class Reader(Protocol):
    """Reads the text of one file; ``ModelError`` with the place in it where it cannot."""

    def model(self, name: TableName, path: str, text: str) -> Model:
        """A model."""

    def macros(self, path: str, text: str) -> Sequence[Macro]:
        """The macros of a file."""

    def check(self, path: str, text: str) -> Check:
        """A check that is a file of its own."""


def graph_of(
    paths: Iterable[str], text: Callable[[str], str], reader: Reader, layers: Sequence[str], config: str
) -> tuple[Graph, list[MedallionError]]:
    """The graph of the files below ``sql/`` (``sql/silver/orders.sql``), and what is wrong with those of no dataset.

    ``text`` gives that of a path, or raises ``ModelError``. ``config`` is the file that lists the ``layers``. A folder
    of a layer may have folders of its own, which name nothing.
    """
    listed: dict[str, list[str]] = {}
    for path in sorted(paths):
        _, folder, *rest = path.split("/")
        if rest:
            listed.setdefault(folder, []).append(path)
    errors: list[MedallionError] = [
        ModelError(
            f'"{folder}" is no layer, so its models belong nowhere',
            location=Location(f"sql/{folder}/"),
            hint=f"the layers are {', '.join(layers)}: see `layers` in {config}",
        )
        for folder in listed.keys() - {*layers, "macros", "checks"}
    ]
    shared: list[ModelError] = []
    macros = _macros(listed.get("macros", ()), text, reader, shared)
    models: list[Model] = []
    problems: dict[TableName, ModelError] = {}
    for name, files in _by_name(listed, layers, errors).items():
        try:
            models.append(reader.model(name, _only(name, files), text(files[0])))
        except ModelError as error:
            problems[name] = error
    checks: list[Check] = []
    for path in listed.get("checks", ()):
        try:
            checks.append(reader.check(path, text(path)))
        except ModelError as error:
            shared.append(error)
    graph = build_graph(models, macros, layers, problems, checks)
    return _blame_shared(shared, graph), [*errors, *graph.misplaced]


def _by_name(
    listed: Mapping[str, Sequence[str]], layers: Sequence[str], errors: list[MedallionError]
) -> dict[TableName, list[str]]:
    """The files of each dataset; ``errors`` gets those that no dataset can be named after."""
    found: dict[TableName, list[str]] = {}
    for layer in layers:
        for path in listed.get(layer, ()):
            file = path.rpartition("/")[2]
            try:
                found.setdefault(TableName.parse(f"{layer}.{file[: -len('.sql')]}"), []).append(path)
            except ModelError as error:
                error.location = Location(path)
                error.message = f'the file\'s name, "{file}", is no dataset name'
                errors.append(error)
    return found


def _only(name: TableName, files: Sequence[str]) -> str:
    if len(files) > 1:
        raise ModelError(
            f"two files make {name}: {' and '.join(files)}",
            location=Location(files[0]),
            hint="rename one: a dataset is named after its layer and its file",
        )
    return files[0]


def _macros(
    paths: Iterable[str], text: Callable[[str], str], reader: Reader, errors: list[ModelError]
) -> Iterable[Macro]:
    found: dict[str, Macro] = {}
    for path in paths:
        try:
            for macro in reader.macros(path, text(path)):
                other = found.get(macro.name)
                if other:
                    raise ModelError(
                        f"macro {macro.name} is defined twice: here and in {other.path}",
                        location=Location.at(path, macro.text, macro.offset, 6),
                        hint="rename one",
                    )
                found[macro.name] = macro
        except ModelError as error:
            errors.append(error)
    return found.values()


def _blame_shared(errors: Sequence[ModelError], graph: Graph) -> Graph:
    """A file of macros or a check that cannot be read stops every model: which of them it concerns is not known."""
    if not errors:
        return graph
    problems = {name: graph.problems.get(name, errors[0]) for name in graph.order}
    return replace(graph, problems=problems)
