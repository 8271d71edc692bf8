"""Scaffold a bronze model from a file or URL."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from medallion.commit import LARGE_SOURCE
from medallion.engines.download import download, file_name
from medallion.engines.infer import Inferred, infer
from medallion.errors import GitError, Location, MedallionError, ModelError, SourceError
from medallion.git.setup import ensure_lines
from medallion.models.scaffold import model_text
from medallion.publish import write_file
from medallion.sources import is_allowed

if TYPE_CHECKING:
    from medallion.config import Config
    from medallion.git.repository import Repository
    from medallion.names import TableName

__all__ = ["Added", "add_source"]


@dataclass(frozen=True, slots=True)
class Added:
    """What was scaffolded: the model's path and text, the source's path, what was inferred, and what else was done."""

    name: TableName
    model: str
    text: str
    source: str
    inferred: Inferred
    notes: tuple[str, ...]


def add_source(
    config: Config,
    repo: Repository | None,
    name: TableName,
    source: str,
    *,
    track: bool = False,
    untracked: bool = False,
    encoding: str = "",
) -> Added:
    """Write ``sql/<layer>/<name>.sql`` that reads ``source``, every column named and typed.

    A URL is fetched into the project first, and a file from outside copied, because what a dataset is built from
    has to stay. Nothing that exists is overwritten. ``SourceError`` or ``ModelError`` says what is in the way.
    """
    if name.layer != config.layers[0]:
        raise ModelError(
            f"only {config.layers[0]} reads sources", hint=f"`medallion add {config.layers[0]}.{name.name} {source}`"
        )
    if track and untracked:
        raise MedallionError("--track and --untracked exclude each other", hint="choose one of them")
    model = f"sql/{name.layer}/{name.name}.sql"
    if (config.root / model).exists():
        raise ModelError(
            f"{name} has a model already", location=Location(model), hint="edit it, or choose another name"
        )
    path, origin = _find(config, source)
    _check_size(repo, path, origin, name, decided=track or untracked)
    inferred = infer(origin, path, encoding=encoding)
    notes = _bring_in(config, source, path, origin)
    notes += _settle(config, path, track=track, untracked=untracked)
    text = model_text(path, inferred.columns, inferred.format)
    write_file(config.root / model, text.encode())
    return Added(name, model, text, path, inferred, tuple(notes))


def _find(config: Config, source: str) -> tuple[str, Path]:
    """The path that the source has in the project, or will have, and where it lies now."""
    folder = _source_folder(config)
    if "://" in source:
        target = download(source, config.root / folder)
        return target.relative_to(config.root).as_posix(), target
    given = Path(source).expanduser().absolute()
    if not given.is_file():
        many = "name one file; for many of one shape write a model with a pattern, as in read_csv('sources/*.csv')"
        raise SourceError(
            "this is a folder" if given.is_dir() else "there is no such file",
            location=Location(source),
            hint=many if given.is_dir() else f"paths are taken from {Path.cwd()}",
        )
    resolved = given.parent.resolve() / given.name
    if resolved.is_relative_to(config.root):
        path = resolved.relative_to(config.root).as_posix()
        if is_allowed(path, config.sources):
            return path, given
    elif is_allowed(str(resolved), config.sources):
        return str(resolved), given
    return f"{folder}{given.name}", given


def _bring_in(config: Config, source: str, path: str, origin: Path) -> list[str]:
    """Copy a file from outside to its place, overwriting nothing; what was done."""
    target = config.root / path
    if "://" in source:
        return [f"fetched {file_name(source)} into {path}"]
    if target.exists() and target.samefile(origin):
        return []
    if target.exists():
        raise SourceError(
            f"{path} exists already",
            location=Location(source),
            hint=f"add that one, or give {origin.name} another name first",
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.tmp")
    try:
        shutil.copyfile(origin, temporary)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
    return [f"copied {source} to {path}"]


def _source_folder(config: Config) -> str:
    """The first allowed folder inside of the project."""
    for entry in config.sources:
        if entry.endswith("/") and not entry.startswith("/") and "://" not in entry:
            return entry
    raise SourceError(
        "`sources` names no folder in the project to put the file in",
        location=Location(config.file),
        hint='add one: sources = ["sources/"]',
    )


def _check_size(repo: Repository | None, path: str, origin: Path, name: TableName, *, decided: bool) -> None:
    """A large source needs the author's word on how Git shall hold it."""
    size = origin.stat().st_size
    if decided or size <= LARGE_SOURCE or repo is None or _is_settled(repo, path):
        return
    raise SourceError(
        f"the file has {size / 1e6:,.1f} MB: as a plain Git blob every clone would carry it for ever",
        location=Location(path),
        hint=f"`medallion add {name} {path} --track` gives it to Git LFS; --untracked keeps it out of Git",
    )


def _settle(config: Config, path: str, *, track: bool, untracked: bool) -> list[str]:
    """Tell Git how to hold the source; what was done."""
    if track:
        diff = "medallion" if path.lower().endswith(".parquet") else "lfs"
        line = f"{_pattern(path)} filter=lfs diff={diff} merge=binary -text"
        added = ensure_lines(config.root / ".gitattributes", [line])
        return [f"{path} is tracked with Git LFS" + (" (.gitattributes)" if added else " already")]
    if untracked:
        added = ensure_lines(config.root / ".gitignore", [f"/{_escaped(path)}"])
        return [f"{path} is kept out of Git; the record keeps its sha256" + (" (.gitignore)" if added else "")]
    return []


def _is_settled(repo: Repository, path: str) -> bool:
    """Whether Git LFS has the file already, or Git ignores it."""
    try:
        attribute = repo.git("check-attr", "-z", "filter", "--", path).split(b"\0")[2]
    except (GitError, IndexError):
        return False
    ignored = repo.git("check-ignore", "--no-index", "--", path, check=False)
    return attribute == b"lfs" or bool(ignored.strip())


def _pattern(path: str) -> str:
    """A path as .gitattributes wants it: quoted where it holds a space."""
    escaped = "/" + _escaped(path)
    return f'"{escaped}"' if any(c.isspace() or c == '"' for c in escaped) else escaped


def _escaped(path: str) -> str:
    return "".join(f"\\{c}" if c in "*?[\\" else c for c in path)
