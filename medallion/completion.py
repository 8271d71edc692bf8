"""What a person may be about to type: names, tags, columns and revisions, found without reading SQL as SQL.

A shell asks at every press of the tab key, so this imports neither DuckDB nor sqlglot, and looks only at the files
that the answer needs. What it offers is a help: whether it exists is checked by the command that gets it.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from medallion.config import Config, find_project
from medallion.errors import MedallionError
from medallion.git.process import Git
from medallion.names import TableName

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["columns", "datasets", "revisions", "selections"]

_OPERATOR = re.compile(r"@|\d*\+|")
_LEADING_COMMENT = re.compile(r"\A(\ufeff|\s|--[^\n]*(\n|\Z)|/\*.*?\*/)*", re.DOTALL)
_TAG = re.compile(r"(?<!\S)@tag[ \t]+([^@\n]+)")


def datasets(folder: Path) -> list[str]:
    """The datasets of the project around ``folder``: those with a model and those with only a record."""
    config = find_project(folder)
    found = {name for name, _ in _models(config)}
    for layer in config.layers:
        found.update(_names(layer, (config.root / "data" / layer).glob("*.json")))
    return [str(name) for name in sorted(found, key=lambda name: (config.layers.index(name.layer), name.name))]


def selections(folder: Path, word: str) -> list[str]:
    """Terms that begin with ``word``: its last one is completed, with its operator before it."""
    before, comma, last = word.rpartition(",")
    operator = _OPERATOR.match(last).group()  # type: ignore[union-attr]  # it matches the empty text
    begun = last[len(operator) :]
    return [f"{before}{comma}{operator}{term}" for term in _terms(folder, begun) if term.startswith(begun)]


def columns(folder: Path, word: str) -> list[str]:
    """``layer.name`` while that is typed, then ``layer.name.column`` with the columns that were last built."""
    parts = word.split(".")
    if len(parts) < 3:
        return datasets(folder)
    layer, name = parts[:2]
    record = json.loads((find_project(folder).root / "data" / layer / f"{name}.json").read_bytes())
    return [f"{layer}.{name}.{column['name']}" for column in record["columns"]]


def revisions(folder: Path) -> list[str]:
    """Branches and tags of the repository around ``folder``."""
    listed = Git(folder).run("for-each-ref", "--format=%(refname:short)", "refs/heads", "refs/tags", "refs/remotes")
    return ["HEAD", *listed.decode(errors="replace").splitlines()]


def _terms(folder: Path, begun: str) -> Iterator[str]:
    """What a term may be; a method's values where the person has begun to write the method."""
    config = find_project(folder)
    models = sorted(_models(config))
    yield from (str(name) for name, _ in models)
    yield from (f"{layer}.*" for layer in config.layers if any(name.layer == layer for name, _ in models))
    yield "stale"
    yield from (f"tag:{tag}" for tag in sorted({tag for _, file in models for tag in _tags(file)}))
    if begun and ("git:".startswith(begun) or begun.startswith("git:")):
        yield from (f"git:{revision}" for revision in revisions(folder))
    else:
        yield "git:"
    if begun and ("path:".startswith(begun) or begun.startswith("path:")):
        paths = {file.relative_to(config.root) for _, file in models}
        places = paths | {place for path in paths for place in path.parents if len(place.parts) > 1}
        yield from (f"path:{place.as_posix()}" for place in sorted(places))
    else:
        yield "path:"


def _models(config: Config) -> list[tuple[TableName, Path]]:
    found = []
    for layer in config.layers:
        for file in (config.root / "sql" / layer).rglob("*.sql"):
            found += [(name, file) for name in _names(layer, iter([file]))]
    return found


def _names(layer: str, files: Iterator[Path]) -> Iterator[TableName]:
    """The datasets that files are named after."""
    for file in files:
        try:
            yield TableName.parse(f"{layer}.{file.stem}")
        except MedallionError:
            continue


def _tags(file: Path) -> set[str]:
    """The words after ``@tag`` in the comment at the top of a model."""
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return set()
    comment = _LEADING_COMMENT.match(text).group()  # type: ignore[union-attr]  # it matches the empty text
    return {tag for line in _TAG.findall(comment) for tag in line.replace("*/", " ").replace(",", " ").split()}
