"""A small project as values, and what may happen to it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from medallion.models.fingerprint import Recipe, checks_digest, fingerprint, recipe
from medallion.models.graph import Graph, build_graph
from medallion.models.parse import parse_macros, parse_model
from medallion.names import TableName
from medallion.plan import DataState, Observed, SourceState, Step, plan
from medallion.reasons import looked_at
from medallion.records import Built, Checked, Column, DataFile, Input, InputKind, Record

if TYPE_CHECKING:
    from medallion.config import Variable
    from medallion.errors import MedallionError, ModelError

__all__ = [
    "CORPUS",
    "FILES",
    "LAYERS",
    "LINKS",
    "MACROS",
    "MODELS",
    "PAGES",
    "READ",
    "SOURCE",
    "TEXT",
    "Project",
    "changed_pages",
    "oid",
    "set_source",
]


LAYERS = ("bronze", "silver", "gold")

SOURCE = "sources/pages/*.html"
FILES = {f"sources/pages/{i}.html": f"{i:064x}" for i in range(312)}
MODELS = {
    "bronze.pages": f"SELECT * FROM read_text('{SOURCE}')",
    "silver.text": "-- @key path\nSELECT clean(content) AS t, path FROM bronze.pages WHERE at >= getvariable('since')",
    "silver.links": "SELECT path FROM bronze.pages",
    "gold.corpus": "SELECT t FROM silver.text",
}
MACROS = "CREATE MACRO clean(x) AS trim(x)"
READ = ("a",)


def oid(name: object, version: int = 0) -> str:
    return hashlib.sha256(f"{name} {version}".encode()).hexdigest()


@dataclass
class Project:
    """A project in which everything is up to date, to be changed by a test."""

    models: dict[str, str] = field(default_factory=lambda: dict(MODELS))
    macros: str = MACROS
    variables: dict[str, Variable] = field(default_factory=lambda: {"since": "2026-01-01"})
    version: str = "2.0.0"
    sources: dict[str, SourceState] = field(default_factory=lambda: {SOURCE: SourceState(SOURCE, "a" * 64, FILES)})
    records: dict[TableName, Record] = field(default_factory=dict)
    broken: dict[TableName, MedallionError] = field(default_factory=dict)
    data: dict[TableName, DataState] = field(default_factory=dict)
    problems: dict[TableName, ModelError] = field(default_factory=dict)
    listings: dict[str, dict[str, str]] = field(default_factory=lambda: {"a" * 64: dict(FILES)})

    def __post_init__(self) -> None:
        for name in self.graph().order:
            self.build(name)

    def graph(self) -> Graph:
        parsed = [
            parse_model(TableName.parse(n), f"sql/{n.replace('.', '/')}.sql", sql, LAYERS)
            for n, sql in self.models.items()
            if TableName.parse(n) not in self.problems
        ]
        return build_graph(parsed, parse_macros("sql/macros/m.sql", self.macros, LAYERS), LAYERS, self.problems)

    def recipe(self, name: TableName) -> Recipe:
        graph = self.graph()
        return recipe(graph, name, self.variables, "duckdb", self.version, graph.models[name].digest)

    def observed(self) -> Observed:
        graph = self.graph()
        recipes = {name: self.recipe(name) for name in graph.models}
        checks = {name: digest for name in graph.audits if (digest := checks_digest(graph, name, self.variables))}
        return Observed(self.records, self.broken, self.data, self.sources, recipes, self.listings, checks)

    def seen(self, name: TableName, read: TableName) -> str:
        return self.records[read].seen(READ, self.graph().names(name))

    def build(self, name: TableName, content: int = 0) -> None:
        """Record ``name`` as built from what is there now; ``content`` tells one result from another."""
        graph, made = self.graph(), self.recipe(name)
        inputs = [
            Input(str(i), InputKind.DATASET, self.records[i].content_id, READ, identity=self.seen(name, i))
            for i in graph.inputs[name]
        ]
        for source in graph.models[name].sources:
            state = self.sources[source.path]
            content_id = str(state.content_id)
            inputs.append(Input(source.path, InputKind.SOURCE, content_id, (), len(state.files), content_id))
        built = Built(
            fingerprint(made, [(i.name, i.identity) for i in inputs]),
            graph.models[name].path,
            "duckdb",
            self.version,
            tuple(inputs),
            made.sql,
            made.macros,
            made.variables,
            made.text,
        )
        file = DataFile(f"{name.name}.parquet", oid(name, content), 9, 3)
        columns = (Column("a", "INTEGER", False, oid(name, content)), Column("unread", "INTEGER", False, oid(name)))
        audit, digest = graph.audits.get(name), checks_digest(graph, name, self.variables)
        record = Record(name, 3, columns, made.key, (file,), built)
        if audit and digest:
            record = replace(record, checked=Checked.of(digest, record.content_id, looked_at(self.records, audit)))
        self.records[name] = record
        self.data[name] = DataState.PRESENT

    def plan(self, *selected: TableName, force: bool = False, volatile: bool = True) -> dict[str, Step]:
        steps = plan(self.graph(), self.observed(), selected or None, force=force, volatile=volatile)
        return {str(step.name): step for step in steps}


PAGES, TEXT, LINKS, CORPUS = (TableName.parse(name) for name in MODELS)


def changed_pages(count: int) -> dict[str, str]:
    return {path: ("f" * 64 if i < count else file) for i, (path, file) in enumerate(FILES.items())}


def set_source(project: Project, files: dict[str, str], content_id: str = "b" * 64) -> None:
    project.sources[SOURCE] = SourceState(SOURCE, content_id, files)
