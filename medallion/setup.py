"""Start a project in a folder, adding what is missing and changing nothing that is there."""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

from medallion.config import KEYS, find_project, load_config
from medallion.errors import ConfigError, GitError, Location
from medallion.git.lfs import git_lfs_version
from medallion.git.repository import Repository
from medallion.git.setup import (
    DATA_ATTRIBUTES,
    DIFF_ATTRIBUTES,
    OLD_DATA_ATTRIBUTES,
    ensure_lines,
    init_repository,
    install_driver,
    install_lfs,
)
from medallion.publish import write_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.resources.abc import Traversable
    from pathlib import Path

__all__ = ["CONFIG", "Change", "initialise"]

CONFIG = f"""\
# Medallion's settings. Every key has a default; what stands here as a comment is that default.

# {KEYS["layers"]}
layers = ["bronze", "silver", "gold"]

# {KEYS["sources"]}
sources = ["sources/"]

[duckdb]
# {KEYS["duckdb.threads"]}
# threads = 4

# {KEYS["duckdb.memory_limit"]}
# memory_limit = "8GB"

# {KEYS["duckdb.max_temp_directory_size"]}
# max_temp_directory_size = "50GB"

[query]
# {KEYS["query.timeout"]}
# timeout = 300

[variables]
# {KEYS["variables.<name>"]}
# since = "2026-01-01"

[checks]
# {KEYS["checks.failed_rows"]}
# failed_rows = 1000

[review]
# {KEYS["review.samples"]}
# samples = false
"""

_IGNORE = ".medallion/"

# A source is known by its sha256, so Git must not give it other line ends on another machine.
SOURCE_ATTRIBUTES = "sources/** -text"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that was done, or found done: ``created``, ``added``, ``kept`` or ``note``."""

    action: str
    what: str


def initialise(folder: Path, *, example: bool = True) -> Iterator[Change]:
    """Make ``folder`` a project, telling each thing as it is done. Doing it twice changes nothing.

    Git and git-lfs are checked before anything is written. ``GitError`` where they are missing or too old.
    """
    git_lfs_version()
    _refuse_nesting(folder)
    try:
        if not folder.is_dir():
            folder.mkdir(parents=True)
            yield Change("created", f"{folder}/")
        if not os.access(folder, os.W_OK):
            raise PermissionError(13, "Permission denied", str(folder))
        yield (
            Change("created", ".git/ (branch main)")
            if init_repository(folder)
            else Change("kept", "the Git repository")
        )
        repo = Repository.open(folder)
        had_lfs = bool(repo.git("config", "--local", "filter.lfs.process", check=False).strip())
        advice = install_lfs(repo)
        yield Change("kept" if had_lfs else "set up", "git-lfs for this repository only")
        yield from (Change("note", text) for text in advice)
        yield Change("set up" if install_driver(repo) else "kept", "git diff of Parquet files, in this repository only")
        yield from _config(folder)
        yield from _lines(folder / ".gitattributes", [_data_attributes(folder), SOURCE_ATTRIBUTES])
        yield from _lines(folder / ".gitignore", [_IGNORE])
        if example and not (folder / "sql").exists():
            yield from _example(folder)
    except OSError as error:
        raise GitError(
            f"cannot write here: {error.strerror}", location=Location(str(error.filename or folder))
        ) from error


def _refuse_nesting(folder: Path) -> None:
    """Two projects in one repository would fight over its files; one with a repository of its own may lie anywhere."""
    if (folder / ".git").exists():
        return
    try:
        outer = find_project(folder.parent if not folder.exists() else folder)
    except ConfigError:
        return
    if outer.root != folder.resolve():
        raise ConfigError(
            f"{folder} lies inside of the project {outer.root}", hint="run it there, or choose a folder outside of it"
        )


def _config(folder: Path) -> Iterator[Change]:
    shared = folder / "pyproject.toml"
    if (folder / "medallion.toml").exists():
        load_config(folder / "medallion.toml")
        yield Change("kept", "medallion.toml")
    elif shared.is_file() and "[tool.medallion" in shared.read_text(encoding="utf-8", errors="replace"):
        load_config(shared)
        yield Change("kept", "[tool.medallion] in pyproject.toml")
    else:
        write_file(folder / "medallion.toml", CONFIG.encode())
        yield Change("created", "medallion.toml")


def _data_attributes(folder: Path) -> str:
    """The line for data files; where that of an older medallion stands, which is the user's by now, what it lacks."""
    try:
        held = (folder / ".gitattributes").read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return DATA_ATTRIBUTES
    return DIFF_ATTRIBUTES if OLD_DATA_ATTRIBUTES.split() in [line.split() for line in held] else DATA_ATTRIBUTES


def _lines(path: Path, lines: list[str]) -> Iterator[Change]:
    existed = path.exists()
    added = ensure_lines(path, lines)
    if not added:
        yield Change("kept", path.name)
    else:
        yield Change("added to" if existed else "created", f"{path.name}: {'; '.join(added)}")


def _example(folder: Path) -> Iterator[Change]:
    """A first source, three models and their tests, to run, read and replace."""
    for path, data in _files(files("medallion") / "starter", ""):
        target = folder / path
        if not target.exists():
            write_file(target, data)
            yield Change("created", path)


def _files(folder: Traversable, prefix: str) -> Iterator[tuple[str, bytes]]:
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        if entry.is_dir():
            yield from _files(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith((".sql", ".csv", ".yaml")):
            yield f"{prefix}{entry.name}", entry.read_bytes()
