"""The fingerprint: the identity of what a model would compute from given inputs."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from medallion.errors import Location, ModelError
from medallion.models.check import Kind
from medallion.names import TableName, nearest
from medallion.redaction import redact

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from medallion.config import Variable
    from medallion.models.check import Check
    from medallion.models.graph import Graph

__all__ = [
    "CANONICAL",
    "CHECKS",
    "LINEAGE",
    "MEANING",
    "Recipe",
    "checks_digest",
    "fingerprint",
    "recipe",
    "recipe_digest",
    "variables_of",
]

#: The names of the forms that enter a fingerprint, so that another form never compares equal: of the tokens of a
#: macro (models/tokens.py), of the meaning of a model (models/meaning.py), and of what is taken to be read of an
#: input (models/columns.py, models/names_only.py).
CANONICAL = "tokens-1"
MEANING = "duckdb-ast-3"
LINEAGE = "columns-2"
#: The same for what a check means; it enters no fingerprint.
CHECKS = "checks-1"


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything but the inputs that decides a dataset's content.

    ``sql`` is the digest of what the model means, ``text`` that of its tokens: the same text means the same.
    """

    text: str
    sql: str
    key: tuple[str, ...]
    macros: Mapping[str, str]
    variables: Mapping[str, Variable]
    engine: str
    engine_version: str


def variables_of(graph: Graph, name: TableName, variables: Mapping[str, Variable]) -> Mapping[str, Variable]:
    """The variables that a model uses with their values; ``ModelError`` where one has no value."""
    model = graph.models[name]
    used = model.variables.union(*(m.variables for m in graph.macros[name]))
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
        if redact(str(variables[variable])) != str(variables[variable]):
            raise ModelError(
                f'variable "{variable}" holds a credential, and the record of {name} would keep it',
                location=Location(model.path),
                hint="a model needs no credential: `medallion add` fetches what lies behind one",
            )
    return {v: variables[v] for v in sorted(used)}


def recipe(
    graph: Graph, name: TableName, variables: Mapping[str, Variable], engine: str, engine_version: str, sql: str
) -> Recipe:
    """What would be computed for ``name``, whose SQL has the meaning ``sql``.

    ``ModelError`` where it uses a variable that has no value.
    """
    model = graph.models[name]
    return Recipe(
        text=model.digest,
        sql=sql,
        key=model.key,
        macros={m.name: m.digest for m in graph.macros[name]},
        variables=variables_of(graph, name, variables),
        engine=engine,
        engine_version=engine_version,
    )


def checks_digest(graph: Graph, name: TableName, variables: Mapping[str, Variable]) -> str:
    """The sha256 (hex) over what the checks of ``name`` ask, empty where there are none.

    ``@key`` is not in it: data that breaks a key is never built. Nor is ``@expect``, which compares two versions and
    says nothing of one. ``ModelError`` where a check uses a variable that has no value.
    """
    audit = graph.audit(name)
    if not audit.checks:
        return ""
    key = graph.models[name].key
    lasting = [c for c in audit.checks if not c.kind.compares and not (c.kind is Kind.KEY and c.columns == key)]
    if not lasting:
        return ""
    used = frozenset[str]().union(
        *(c.probe.variables for c in lasting if c.probe), *(macro.variables for macro in audit.macros)
    )
    missing = sorted(used - {*variables})
    if missing:
        check = next((c for c in lasting if c.probe and missing[0] in c.probe.variables), None)
        raise ModelError(
            f'variable "{missing[0]}" has no value',
            location=check.locate(graph.models[name]) if check else None,
            hint=f"set it in [variables], or with --var {missing[0]}=…",
        )
    return _sha256(
        {
            "canonical": CHECKS,
            "checks": sorted(map(_asked, lasting)),
            "macros": {macro.name: macro.digest for macro in audit.macros},
            "variables": {v: variables[v] for v in sorted(used)},
        }
    )


def _asked(check: Check) -> str:
    """What a check asks, and how much of it is tolerated: the tokens of its SQL, not how they are written."""
    tolerated = [check.at_most.number, check.at_most.percent] if check.at_most else []
    referred = [str(check.to), check.to_columns] if check.to else []
    sql = check.probe.digest if check.probe else ""
    return json.dumps([check.kind, check.severity, check.columns, check.values, referred, tolerated, sql])


def recipe_digest(recipe: Recipe) -> str:
    """The sha256 (hex) over the recipe.

    Comments, formatting, descriptions, checks, paths and times are not in it; a DuckDB version and the versions of
    the canonical forms are. So are the names of the output's columns, by the meaning of the SQL.
    """
    return _sha256(
        {
            "canonical": [CANONICAL, MEANING, LINEAGE],
            "engine": [recipe.engine, recipe.engine_version],
            "key": recipe.key,
            "macros": dict(recipe.macros),
            "sql": recipe.sql,
            "variables": dict(recipe.variables),
        }
    )


def fingerprint(recipe: Recipe, inputs: Sequence[tuple[str, str]]) -> str:
    """The sha256 (hex) over the recipe, and the name of each input with the identity of what is read of it."""
    return _sha256({"recipe": recipe_digest(recipe), "inputs": sorted(inputs)})


def _sha256(document: object) -> str:
    encoded = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(encoded.encode()).hexdigest()
