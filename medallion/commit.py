"""Commit a project: SQL, sources, data and records together, and nothing stale."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from medallion.errors import DataError, GitError, Location, StaleError
from medallion.git.lfs import Pointer, Store, conflicted
from medallion.git.staging import stage
from medallion.names import TableName
from medallion.observe import data_folder
from medallion.plan import Action, DataState, Step
from medallion.records import AFTER_MERGE
from medallion.sources import is_allowed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from medallion.config import Config
    from medallion.git.repository import Repository
    from medallion.identities import Identities
    from medallion.workspace import Workspace

__all__ = ["LARGE_SOURCE", "Committed", "commit_project", "refuse_stale"]

#: A source of more bytes than this never becomes a plain Git blob: 10 MB.
LARGE_SOURCE = 10_000_000


@dataclass(frozen=True, slots=True)
class Committed:
    """What a commit holds: its full hash, the datasets and other files that changed."""

    commit: str
    datasets: tuple[TableName, ...]
    others: int


def refuse_stale(steps: Sequence[Step]) -> None:
    """``StaleError`` with the list, where a dataset does not match its SQL or its inputs."""
    stale = [s for s in steps if s.action is not Action.UNCHANGED]
    if stale:
        width = max(len(str(s.name)) for s in stale)
        listed = "\n".join(f"  {s.name!s:<{width}}  {s.reason}" for s in stale)
        what = f"{len(stale)} dataset{'s do' if len(stale) > 1 else ' does'} not match the SQL, inputs and checks"
        raise StaleError(
            f"{what}:\n{listed}",
            hint="`medallion run` mends that, or says what is in the way; --allow-stale commits them as they are",
        )


def commit_project(workspace: Workspace, repo: Repository, store: Store, message: str | None) -> Committed:
    """Stage what belongs to the project and commit it.

    Files that are staged already go along, as with ``git commit``; other files of the folder are left alone. Each
    data file is copied into the LFS store once and not hashed again.
    """
    config, identities = workspace.config, workspace.identities
    everything = repo.status()
    changed = [file for file in everything if _belongs(file.path, config)]
    if not changed and all(file.index in ".?" for file in everything) and not (repo.git_dir / "MERGE_HEAD").exists():
        raise GitError("nothing to commit: models, sources and data are as in the last commit", hint="`git status`")
    unsolved = [file.path for file in changed if file.conflicted and _is_unsolved(repo.root / file.path)]
    if unsolved:
        raise DataError(
            "a merge left this file in conflict" + (f", and {len(unsolved) - 1} more" if len(unsolved) > 1 else ""),
            location=Location(unsolved[0]),
            hint=AFTER_MERGE if unsolved[0].startswith("data/") else "edit it; `git status` lists all of them",
        )
    _refuse_lost_sources(workspace, [file.path for file in changed if file.worktree == "D"])
    paths = [file.path for file in changed if file.worktree != "." or file.conflicted]
    known = _known_data(workspace, paths)
    known |= _known_sources(repo, config, identities, [p for p in paths if p not in known])
    begun = time.time_ns()
    stage(repo, store, paths, known)
    commit = repo.commit(message)
    _remember(identities, known, begun)
    datasets = {
        TableName(parts[1], PurePosixPath(parts[2]).stem)
        for parts in (PurePosixPath(file.path).parts for file in changed)
        if len(parts) >= 3 and parts[0] == "data" and parts[1] in config.layers and parts[-1].endswith(".json")
    }
    return Committed(commit, tuple(sorted(datasets)), sum(not f.path.startswith("data/") for f in changed))


def _refuse_lost_sources(workspace: Workspace, deleted: Sequence[str]) -> None:
    """A source that a model reads must not leave the history because somebody moved the file."""
    read = {source.path: model for model in workspace.graph.models.values() for source in model.sources}
    for path in deleted:
        if path in read:
            raise DataError(
                f"this source is gone, and {read[path].name} is built from it",
                location=Location(path),
                hint=f"`git checkout -- {path}` takes it back; `git rm --cached {path}` says that it shall go",
            )


def _is_unsolved(path: Path) -> bool:
    return not path.is_file() or conflicted(path.read_bytes())


def _belongs(path: str, config: Config) -> bool:
    folders = ("sql/", "data/", "tests/")
    files = (config.file, ".gitattributes", ".gitignore")
    return path.startswith(folders) or path in files or is_allowed(path, config.sources)


def _known_data(workspace: Workspace, paths: Sequence[str]) -> dict[str, Pointer]:
    """The data files among ``paths`` whose identity their record states and a look has confirmed."""
    known = {}
    for name, record in workspace.observed.records.items():
        if workspace.observed.data.get(name) is DataState.PRESENT:
            for file in record.files:
                known[str(data_folder(name) / file.path)] = Pointer(file.oid, file.size)
    found = {path: known[path] for path in paths if path in known}
    for path, pointer in found.items():
        now = workspace.identities.of(path)  # No more than a look at its times, unless somebody wrote to it.
        if now is None or now[0] != pointer.oid:
            raise DataError("the data changed while it was committed", location=Location(path), hint="try again")
    return found


def _known_sources(
    repo: Repository, config: Config, identities: Identities, paths: Sequence[str]
) -> dict[str, Pointer]:
    """The sources among ``paths`` that Git LFS keeps; ``DataError`` for a large one that it does not keep."""
    sources = [p for p in paths if is_allowed(p, config.sources) and (repo.root / p).is_file()]
    if not sources:
        return {}
    asked = b"".join(path.encode(errors="surrogateescape") + b"\0" for path in sources)
    answers = repo.git("check-attr", "-z", "--stdin", "filter", stdin=asked).split(b"\0")[:-1]
    tracked = {path for path, value in zip(sources, answers[2::3], strict=True) if value == b"lfs"}
    known: dict[str, Pointer] = {}
    for path in sources:
        size = (repo.root / path).stat().st_size
        if path not in tracked:
            if size > LARGE_SOURCE:
                raise DataError(
                    f"this source has {size / 1e6:,.1f} MB: as a plain Git blob every clone would carry it for ever",
                    location=Location(path),
                    hint=f"`medallion add BRONZE.NAME {path} --track` gives it to Git LFS, --untracked keeps it out",
                )
            continue
        found = identities.of(path)
        if found and found[2]:
            known[path] = Pointer(found[0], found[1])
    return known


def _remember(identities: Identities, known: Mapping[str, Pointer], begun: int) -> None:
    """Staging may have moved a file's time back; a file that somebody wrote to meanwhile has a later one."""
    for path, pointer in known.items():
        stat = (identities.root / path).stat()
        if stat.st_size == pointer.size and stat.st_mtime_ns < begun:
            identities.remember(path, pointer.oid, pointer.size, stat)
