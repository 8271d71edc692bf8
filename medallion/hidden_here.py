"""The columns that a project's work tree hides, worked out once for the texts and records that it has.

``git log -p`` starts a process for each version of each file. To find what is made of a private column takes every
model's lineage, which is many times the rest of such a process.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from medallion.cachefile import read_cache, write_cache
from medallion.installed import version_of

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["HiddenColumns", "HiddenDataset", "hidden_here"]

# Of how columns are hidden: raised with every change of what decides that.
_FORMAT = 1
_CONFIGURATIONS = ("medallion.toml", "pyproject.toml")


@dataclass(frozen=True, slots=True)
class HiddenDataset:
    """A dataset: the stems of its files, its columns in lower case, and what it hides.

    ``hides`` any column; ``names`` of columns are private values.
    """

    stems: tuple[str, ...]
    columns: tuple[str, ...]
    hides: bool
    names: bool


@dataclass(frozen=True, slots=True)
class HiddenColumns:
    """The columns, in lower case, that are hidden in any dataset, and the datasets."""

    columns: frozenset[str] = frozenset()
    datasets: tuple[HiddenDataset, ...] = ()


def hidden_here(root: Path) -> HiddenColumns:
    """What the project in the folder ``root`` hides; nothing where there is none.

    ``MedallionError`` or ``OSError`` where that cannot be told.
    """
    if not any((root / name).is_file() for name in _CONFIGURATIONS):
        return HiddenColumns()
    cache = root / ".medallion" / "cache" / "hidden.json"
    digest = _digest(root)
    document = read_cache(cache)
    if isinstance(document, dict) and document.get("digest") == digest:
        with suppress(LookupError, TypeError, ValueError):
            datasets = tuple(
                HiddenDataset(tuple(stems), tuple(columns), bool(hides), bool(names))
                for stems, columns, hides, names in document["datasets"]
            )
            return HiddenColumns(frozenset(document["columns"]), datasets)
    found = _worked_out(root)
    listed = [[list(d.stems), list(d.columns), d.hides, d.names] for d in found.datasets]
    write_cache(cache, {"digest": digest, "columns": sorted(found.columns), "datasets": listed})
    return found


def _worked_out(root: Path) -> HiddenColumns:
    from medallion.config import find_project
    from medallion.observe import read_records
    from medallion.privacy import hidden_columns
    from medallion.workspace import load_graph

    config = find_project(root)
    records = read_records(config.root, config.layers)[0]
    secret = hidden_columns([(load_graph(config)[0], records)])
    datasets = tuple(
        HiddenDataset(
            tuple(sorted({name.name, *(Path(file.path).stem for file in record.files)})),
            tuple(column.name.lower() for column in record.columns),
            bool(secret.of(name)),
            name in secret.names,
        )
        for name, record in records.items()
    )
    return HiddenColumns(frozenset(secret.of(*secret.columns)), datasets)


def _digest(root: Path) -> str:
    """Of everything that decides what is hidden: the configuration, the SQL, the records, and what reads them."""
    whole = hashlib.sha256(f"{_FORMAT} {version_of('sqlglot')}".encode())
    for path in sorted(_files(root)):
        file = root / path
        if not file.is_file():  # A link may lead to nothing, or to a device that never ends.
            continue
        outside = file.is_symlink() and not file.resolve().is_relative_to(root.resolve())
        content = os.fsencode(file.readlink()) if outside else file.read_bytes()
        whole.update(f"\0{path}\0{len(content)}\0".encode(errors="surrogateescape") + content)
    return whole.hexdigest()


def _files(root: Path) -> Iterator[str]:
    yield from (name for name in _CONFIGURATIONS if (root / name).is_file())
    for folder, _, names in os.walk(root / "sql"):
        yield from (os.path.relpath(f"{folder}/{name}", root) for name in names if name.lower().endswith(".sql"))
    for file in (root / "data").glob("*/*.json"):
        yield os.path.relpath(file, root)
