"""A graph from the texts of SQL files, wherever they come from: those of a commit, say. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medallion.errors import Location, MedallionError, ModelError
from medallion.models.graph import Graph, build_graph
from medallion.models.parse import parse_check, parse_macros, parse_model
from medallion.names import TableName

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from medallion.models.check import Check
    from medallion.models.model import Macro, Model

__all__ = ["graph_of"]


def graph_of(texts: Mapping[str, bytes], layers: Sequence[str]) -> tuple[Graph, tuple[MedallionError, ...]]:
    """The graph of the files by path (``sql/silver/orders.sql``), and what is wrong with those that make no model."""
    models: list[Model] = []
    macros: list[Macro] = []
    checks: list[Check] = []
    problems: dict[TableName, ModelError] = {}
    errors: list[MedallionError] = []
    for path, data in sorted(texts.items()):
        parts = path.split("/")
        if parts[0] != "sql" or len(parts) < 3 or not path.lower().endswith(".sql"):
            continue
        name = None
        try:
            if parts[1] in layers:
                name = TableName.parse(f"{parts[1]}.{parts[-1][: -len('.sql')]}")
                models.append(parse_model(name, path, _decoded(path, data), layers))
            elif parts[1] == "macros":
                macros += parse_macros(path, _decoded(path, data), layers)
            elif parts[1] == "checks":
                checks.append(parse_check(path, _decoded(path, data), layers))
        except ModelError as error:
            if name is not None:
                problems[name] = error
            else:
                errors.append(error)
    graph = build_graph(models, macros, layers, problems, checks)
    return graph, (*errors, *graph.misplaced)


def _decoded(path: str, data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ModelError("the file is not UTF-8", location=Location(path), hint="save it as UTF-8") from error
