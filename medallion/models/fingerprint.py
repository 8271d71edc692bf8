"""The fingerprint: the identity of what a model would compute from given inputs."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from medallion.errors import ModelError
from medallion.models.tokens import CANONICAL
from medallion.names import TableName, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from medallion.config import Variable
    from medallion.models.graph import Graph

__all__ = ["Recipe", "fingerprint", "recipe"]


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything but the inputs that decides a dataset's content."""

    sql: str
    key: tuple[str, ...]
    macros: Mapping[str, str]
    variables: Mapping[str, Variable]
    engine: str
    engine_version: str


def recipe(
    graph: Graph, name: TableName, variables: Mapping[str, Variable], engine: str, engine_version: str
) -> Recipe:
    """What would be computed for ``name``; ``ModelError`` where it uses a variable that has no value."""
    model = graph.models[name]
    macros = graph.macros[name]
    used = model.variables.union(*(m.variables for m in macros))
    for variable in sorted(used):
        if variable not in variables:
            token = model.text.find(f"'{variable}'")
            near = nearest(variable, variables)
            raise ModelError(
                f'variable "{variable}" has no value',
                location=model.locate(max(token, 0), len(variable) + 2) if token >= 0 else None,
                hint=(f'did you mean "{near}"? ' if near else "")
                + f"set it in [variables], or with --var {variable}=…",
            )
    return Recipe(
        sql=model.digest,
        key=model.key,
        macros={m.name: m.digest for m in macros},
        variables={v: variables[v] for v in sorted(used)},
        engine=engine,
        engine_version=engine_version,
    )


def fingerprint(recipe: Recipe, inputs: Sequence[tuple[str, str]]) -> str:
    """The sha256 (hex) over the recipe and each input's name and content id.

    Comments, formatting, descriptions, checks, paths and times are not in it; a DuckDB version and the version of
    the canonical form are.
    """
    document = {
        "canonical": CANONICAL,
        "engine": [recipe.engine, recipe.engine_version],
        "inputs": sorted(inputs),
        "key": recipe.key,
        "macros": recipe.macros,
        "sql": recipe.sql,
        "variables": recipe.variables,
    }
    encoded = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(encoded.encode()).hexdigest()
