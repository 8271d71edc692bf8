"""A project as it stands in the work tree: its models read, its records and files looked at."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from medallion.errors import DataError, Location, MedallionError, ModelError
from medallion.git.lfs import conflicted
from medallion.identities import Identities
from medallion.meanings import Meanings
from medallion.models.fingerprint import Recipe, checks_digest, recipe
from medallion.models.texts import graph_of
from medallion.names import TableName, nearest
from medallion.observe import data_state, read_records
from medallion.parsed import Parsed
from medallion.past import Past
from medallion.plan import DataState, Observed
from medallion.publish import between_renames
from medallion.records import AFTER_MERGE
from medallion.sources import source_state
from medallion.utf8 import decoded

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from medallion.config import Config, Variable
    from medallion.git.repository import Repository
    from medallion.models.graph import Graph
    from medallion.records import Record

__all__ = [
    "Workspace",
    "asked_of",
    "graph_at",
    "graph_from",
    "load_graph",
    "look",
    "source_patterns",
]


@dataclass(frozen=True)
class Workspace:
    """Everything that a plan needs. No model makes the ``orphans``; the ``strays`` are files that belong nowhere."""

    config: Config
    graph: Graph
    observed: Observed
    identities: Identities
    meanings: Meanings
    past: Past
    misnamed: tuple[MedallionError, ...]
    orphans: tuple[TableName, ...]
    strays: tuple[str, ...]


def look(
    config: Config, engine: str, engine_version: str, variables: Mapping[str, Variable] | None = None
) -> Workspace:
    """Read the models and look at the files of the project; nothing is changed.

    ``variables`` come on top of the configured ones. Problems of single files are values in the result.
    """
    identities = Identities(config.root)
    graph, misnamed = load_graph(config)
    records, broken, strays = read_records(config.root, config.layers)
    records |= between_renames(config, identities)
    data: dict[TableName, DataState] = {}
    for name in {*graph.order, *records} - set(broken):
        try:
            data[name] = data_state(name, records.get(name), identities)
        except OSError as error:
            broken[name] = DataError(f"cannot be read: {error.strerror}", location=Location(str(error.filename)))
            records.pop(name, None)
    meanings, past = Meanings(config, engine_version), Past(config)
    known = {**config.variables, **(variables or {})}
    recipes, checks, problems = asked_of(meanings, graph, records, known, engine, engine_version)
    meanings.save()
    patterns = source_patterns(graph, config)
    observed = Observed(
        records=records,
        broken=broken,
        data=data,
        sources={pattern: source_state(pattern, config, identities) for pattern in patterns},
        recipes=recipes,
        listings=identities.listings,
        checks=checks,
    )
    graph = replace(graph, problems=problems)
    orphans = tuple(sorted({*records, *broken} - set(graph.order)))
    return Workspace(config, graph, observed, identities, meanings, past, tuple(misnamed), orphans, tuple(strays))


def source_patterns(graph: Graph, config: Config) -> set[str]:
    """The paths and patterns of raw data that models of the first layer read."""
    return {s.path for m in graph.models.values() if m.name.layer == config.layers[0] for s in m.sources}


def asked_of(
    meanings: Meanings,
    graph: Graph,
    records: Mapping[TableName, Record],
    variables: Mapping[str, Variable],
    engine: str,
    engine_version: str,
) -> tuple[dict[TableName, Recipe], dict[TableName, str], dict[TableName, ModelError]]:
    """What the models ask for: the recipe of each, the digest of the checks of those that have any, and all problems.

    The problems are those of the graph and what is found besides.
    """
    recipes, problems = _recipes(meanings, graph, records, variables, engine, engine_version)
    for name, wrong in _unknown_private(graph, records).items():
        problems.setdefault(name, wrong)
    checks = {}
    for name in graph.audits:
        try:
            if digest := checks_digest(graph, name, variables):
                checks[name] = digest
        except ModelError as error:
            problems.setdefault(name, error)
    return recipes, checks, problems


def _recipes(
    meanings: Meanings,
    graph: Graph,
    records: Mapping[TableName, Record],
    variables: Mapping[str, Variable],
    engine: str,
    engine_version: str,
) -> tuple[dict[TableName, Recipe], dict[TableName, ModelError]]:
    """What would be computed for each model, and the graph's problems with those of the models that have no recipe.

    A model whose text is that of its record means what it meant: DuckDB's parser is only asked about the others.
    """
    recipes: dict[TableName, Recipe] = {}
    problems = dict(graph.problems)
    for name, model in graph.models.items():
        record = records.get(name)
        try:
            if record is not None and (record.built.text, record.built.engine_version) == (
                model.digest,
                engine_version,
            ):
                sql = record.built.sql
            elif name in problems:
                continue
            elif records and all(read in records for read in graph.inputs[name]):
                sql = meanings.of(model, graph.macros[name], [records[read] for read in graph.inputs[name]])
            else:
                sql = ""  # It is known when its inputs are, and has to be built in any case.
            recipes[name] = recipe(graph, name, variables, engine, engine_version, sql)
        except ModelError as error:
            problems.setdefault(name, error)
    return recipes, problems


def _unknown_private(graph: Graph, records: Mapping[TableName, Record]) -> dict[TableName, ModelError]:
    """Marks that hide nothing, since no column has that name: told of data that is there, too."""
    found = {}
    for name, model in graph.models.items():
        record = records.get(name)
        if not model.private or record is None or record.built.text != model.digest:
            continue
        columns = [column.name for column in record.columns]
        absent = sorted(model.private - {column.lower() for column in columns})
        if absent:
            mark = next(a for a in model.annotations if a.word == "private")
            near = nearest(absent[0], columns)
            found[name] = ModelError(
                f'@private names a column that the model does not have: "{absent[0]}"',
                location=model.locate(mark.offset, len("@private")),
                hint=f'did you mean "{near}"?' if near else f"the columns are {', '.join(columns)}",
            )
    return found


def load_graph(config: Config) -> tuple[Graph, list[MedallionError]]:
    """The project's models, macros and checks as a graph, and what is wrong with files that belong to no dataset."""
    parsed = Parsed(config)
    found = graph_of(
        _sql_files(f"{config.root}/", "sql"),
        lambda path: _text(config.root, path),
        parsed,
        config.layers,
        config.file,
    )
    parsed.save()
    return found


def graph_at(config: Config, repo: Repository, commit: str) -> tuple[Graph, list[MedallionError]]:
    """The same of a commit, given by its full hash."""
    paths = [path for path in repo.list(commit, ["sql"]) if path.lower().endswith(".sql")]
    return graph_from(config, repo.read(commit, paths))


def graph_from(config: Config, texts: Mapping[str, bytes]) -> tuple[Graph, list[MedallionError]]:
    """The same of SQL files that were read already, by their paths."""
    parsed = Parsed(config, commit=True)
    found = graph_of(texts, lambda path: decoded(texts[path], path), parsed, config.layers, config.file)
    parsed.save()
    return found


def _sql_files(root: str, folder: str) -> Iterator[str]:
    """The SQL files below a folder; both, and ``folder``, are relative to ``root``."""
    try:
        entries = list(os.scandir(root + folder))
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in entries:
        path = f"{folder}/{entry.name}"
        if entry.is_dir(follow_symlinks=False):
            yield from _sql_files(root, path)
        elif entry.name.lower().endswith(".sql") and entry.is_file():
            yield path


def _text(root: Path, path: str) -> str:
    # An error quotes the line, and who reads it may not be who may read the file.
    if os.path.islink(f"{root}/{path}") and not (root / path).resolve().is_relative_to(root):  # noqa: PTH114
        raise ModelError(
            "this is a link that leads out of the project", location=Location(path), hint="put the file itself there"
        )
    try:
        with open(f"{root}/{path}", "rb") as file:  # noqa: PTH123 - pathlib takes several times as long
            data = file.read()
    except OSError as error:
        raise ModelError(f"cannot be read: {error.strerror}", location=Location(path)) from error
    text = decoded(data, path)
    if conflicted(data):  # To SQL the marks are operators, so DuckDB would complain of something else.
        raise ModelError(
            "the file holds merge conflict markers",
            location=Location.at(path, text, re.search("^<<<<<<< ", text, re.MULTILINE).start(), len("<<<<<<<")),  # type: ignore[union-attr]
            hint=f"edit it, or choose a side with `git checkout --ours` or `--theirs`; {AFTER_MERGE}",
        )
    return text
