"""Look a project and its machine over, and say what to mend."""

from __future__ import annotations

import platform
import shutil
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from medallion import __version__
from medallion.config import Config, find_project
from medallion.credentials import find_credentials
from medallion.errors import ConfigError, MedallionError
from medallion.git.lfs import git_lfs_version
from medallion.git.process import Git
from medallion.git.repository import Repository
from medallion.git.setup import CACHE_SETTING, driver_fault
from medallion.plan import DataState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["Finding", "examine"]

_LOW_SPACE = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. ``level`` is ok, note or problem; ``advice`` says what to do about it."""

    level: str
    what: str
    advice: str = ""


def examine(folder: Path) -> Iterator[Finding]:
    """Look at the machine, then at the project around ``folder``, if there is one."""
    yield Finding("ok", f"medallion {__version__}, Python {platform.python_version()} on {platform.system()}")
    yield _packages()
    config: Config | None = None
    try:
        config = find_project(folder)
        yield Finding("ok", f"project {config.root} ({config.file})")
    except ConfigError as error:
        yield Finding("problem", str(error.message), error.hint)
    repo: Repository | None = None
    for check in (lambda: _git(folder), lambda: _lfs()):
        yield _caught(check)
    if config is None:
        return
    try:
        repo = Repository.open(config.root)
        yield Finding("ok", f"Git repository {repo.top}, {repo.branch() or 'no branch'}")
    except MedallionError as error:
        yield Finding("problem", error.message, error.hint)
    if repo is not None:
        yield from _repository(repo)
    yield _disk(config)
    yield from _project(config)


def _caught(check: Callable[[], Finding]) -> Finding:
    try:
        return check()
    except MedallionError as error:
        return Finding("problem", error.message, error.hint)


def _packages() -> Finding:
    found = []
    for package in ("duckdb", "sqlglot", "pyarrow"):
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            return Finding("problem", f"{package} is not installed", "install medallion again")
    return Finding("ok", ", ".join(found))


def _git(folder: Path) -> Finding:
    git = Git(folder)
    git.check_version()
    return Finding("ok", git.run("version").decode().strip())


def _lfs() -> Finding:
    return Finding("ok", f"git-lfs {'.'.join(map(str, git_lfs_version()))}")


def _repository(repo: Repository) -> Iterator[Finding]:
    clean = repo.git("config", "filter.lfs.process", check=False).strip()
    yield (
        Finding("ok", "git-lfs filters are set up for this repository")
        if clean
        else Finding("problem", "git-lfs is not set up here: data would be committed as plain blobs", "medallion init")
    )
    asked = repo.git("check-attr", "filter", "--", "data/bronze/any.parquet")
    yield (
        Finding("ok", ".gitattributes gives data/**/*.parquet to Git LFS")
        if asked.strip().endswith(b": lfs")
        else Finding("problem", ".gitattributes does not give data/**/*.parquet to Git LFS", "medallion init")
    )
    merge = repo.git("check-attr", "merge", "--", "data/bronze/any.parquet").decode().strip().rsplit(": ", 1)[-1]
    if merge not in ("binary", "unset"):
        driver = repo.git("config", f"merge.{merge}.driver", check=False).strip()
        if not driver:
            yield Finding(
                "problem",
                f"data files merge with {merge}, which is not set up here: git would merge pointers as text",
                "write merge=binary in .gitattributes",
            )
    fault = driver_fault(repo)
    if not fault:
        yield Finding("ok", "git shows Parquet files with medallion in this clone")
    elif fault.startswith(CACHE_SETTING):
        yield Finding("problem", fault, f"git config --unset {CACHE_SETTING}")
    else:
        yield Finding("note", fault, "medallion init")
    if repo.git("check-ignore", "--", ".medallion/x", check=False).strip() == b"":
        yield Finding("problem", "Git does not ignore .medallion/", "medallion init")
    for found in find_credentials(repo):
        yield Finding(
            "problem",
            f"{found.path}:{found.line}: {found.what} in a file that Git tracks: {found.text}",
            "revoke it, then take it out: history keeps it. Credentials come from the environment",
        )
    if repo.is_shallow:
        yield Finding("note", "a shallow clone: older versions are not here", "git fetch --unshallow")


def _disk(config: Config) -> Finding:
    free = shutil.disk_usage(config.root).free
    text = f"{free / 1e9:,.1f} GB free on the project's disk"
    return Finding("ok", text) if free > _LOW_SPACE else Finding("problem", text, "make room before the next run")


def _project(config: Config) -> Iterator[Finding]:
    from medallion.project import Project

    try:
        workspace = Project(config).workspace()
    except MedallionError as error:
        yield Finding("problem", error.message, error.hint)
        return
    models = len(workspace.graph.models)
    problems = [*workspace.misnamed, *workspace.graph.problems.values(), *workspace.observed.broken.values()]
    if not problems:
        yield Finding("ok", f"{models} models and {len(workspace.observed.records)} records read")
    for problem in problems:
        where = f"{problem.location}: " if problem.location else ""
        yield Finding("problem", f"{where}{problem.message}", problem.hint)
    for state in (DataState.MODIFIED, DataState.CONFLICTED, DataState.MISSING, DataState.UNRECORDED):
        names = sorted(str(n) for n, s in workspace.observed.data.items() if s is state)
        if names:
            yield Finding("problem", f"data {state}: {', '.join(names)}", "medallion status says what to do")
    for name in workspace.orphans:
        yield Finding("note", f"{name} has data but no model", "medallion status")
    for path in workspace.strays:
        yield Finding("note", f"{path} is the record of no dataset", "move it away")
