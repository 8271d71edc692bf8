"""Run the data checks on what is built: in the work tree, or at any version."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from medallion.checks.data import check_data
from medallion.errors import DataError, Location, MedallionError
from medallion.events import CheckResult, CheckStatus
from medallion.models.texts import graph_of
from medallion.parsed import Parsed
from medallion.utf8 import decoded
from medallion.versions import files_at, files_in_worktree, read_snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path

    from medallion.config import Config
    from medallion.engines.protocol import Engine, Session
    from medallion.git.lfs import Store
    from medallion.git.repository import Repository
    from medallion.models.graph import Graph
    from medallion.names import TableName
    from medallion.observe import Identities
    from medallion.records import Record
    from medallion.workspace import Workspace

__all__ = ["CheckRun", "Version", "check_version", "version_at", "version_here"]

WORK_TREE = "work tree"


@dataclass(frozen=True)
class Version:
    """Datasets and checks of one moment: a full commit hash, or the work tree.

    ``files`` finds the real Parquet files of datasets, ``now`` is what the age of data is counted from: at a commit,
    its own time. A condition that asks the clock itself gets today's, and variables are today's. ``problems`` are
    files of checks and macros that cannot be read.
    """

    name: str
    graph: Graph
    records: Mapping[TableName, Record]
    files: Callable[[Sequence[Record]], Mapping[TableName, Sequence[Path]]]
    now: datetime
    problems: tuple[MedallionError, ...]


@dataclass(frozen=True, slots=True)
class CheckRun:
    """What came of it. ``version`` is a full hash or "work tree"; ``errors`` are of checks that cannot be run.

    ``unknown`` has those of them that are of one dataset's checks by its name.
    """

    version: str
    results: tuple[CheckResult, ...]
    unbuilt: tuple[TableName, ...]
    errors: tuple[MedallionError, ...]
    seconds: float
    unknown: Mapping[TableName, MedallionError] = field(default_factory=dict)

    @property
    def failed(self) -> bool:
        """Whether a check failed that is no warning."""
        return any(result.status is CheckStatus.FAILED for result in self.results)


def version_here(workspace: Workspace, store: Callable[[], Store | None]) -> Version:
    """The work tree."""
    observed = workspace.observed

    def files(records: Sequence[Record]) -> Mapping[TableName, Sequence[Path]]:
        return {
            r.dataset: files_in_worktree(workspace.config, store(), r, observed.data[r.dataset], workspace.identities)
            for r in records
        }

    return Version(WORK_TREE, workspace.graph, observed.records, files, datetime.now(UTC), tuple(workspace.misnamed))


def version_at(config: Config, repo: Repository, store: Store, revision: str, identities: Identities) -> Version:
    """The models, checks and data of a commit; ``RevisionError`` where there is none of that name."""
    commit = repo.resolve(revision)
    paths = [path for path in repo.list(commit, ["sql"]) if path.lower().endswith(".sql")]
    texts = repo.read(commit, paths)
    graph, problems = graph_of(
        texts, lambda path: decoded(texts[path], path), Parsed(config), config.layers, config.file
    )
    moment = repo.git("show", "--no-patch", "--format=%ct", commit).decode().split()[0]

    def files(records: Sequence[Record]) -> Mapping[TableName, Sequence[Path]]:
        return files_at(repo, store, config, commit, records, identities)

    snapshot = read_snapshot(repo, config, commit)
    return Version(commit, graph, snapshot.records, files, datetime.fromtimestamp(int(moment), UTC), tuple(problems))


def check_version(
    config: Config,
    version: Version,
    chosen: Collection[TableName] | None,
    engine: Callable[[], Engine],
    *,
    keep: str = "check",
) -> CheckRun:
    """The results of the checks of the ``chosen`` datasets (None: all); only what they need is fetched and read.

    Rows that fail are kept in the folder ``keep`` of ``.medallion/failed``.
    """
    started = time.monotonic()
    graph = version.graph
    asked = [name for name in graph.order if chosen is None or name in chosen]
    names = [name for name in asked if name in graph.audits]
    unbuilt = tuple(name for name in names if name not in version.records)
    results: list[CheckResult] = []
    unknown: dict[TableName, MedallionError] = {name: graph.problems[name] for name in asked if name in graph.problems}
    todo = [name for name in names if name in version.records and name not in graph.problems]
    if todo:
        with engine().open() as session:
            files: dict[TableName, Sequence[Path]] = {}
            for name in todo:
                try:
                    results += _check(config, version, session, name, files, keep)
                except MedallionError as error:
                    unknown[name] = error
    # One file of macros or a check may stop many datasets.
    told = tuple(dict.fromkeys([*version.problems, *unknown.values()]))
    return CheckRun(version.name, tuple(results), unbuilt, told, time.monotonic() - started, unknown)


def _check(
    config: Config,
    version: Version,
    session: Session,
    name: TableName,
    files: dict[TableName, Sequence[Path]],
    keep: str,
) -> tuple[CheckResult, ...]:
    record = version.records[name]
    reads = version.graph.audit(name).reads
    missing = [read for read in reads if read not in version.records]
    if missing:
        raise DataError(
            f"a check of {name} looks at {missing[0]}, which is not built", location=Location(version.graph.path(name))
        )
    needed = [version.records[read] for read in (name, *reads) if read not in files]
    files.update(version.files(needed))
    for read in reads:
        session.register(read, files[read], private=version.graph.is_private(read))
    kept = config.state / "failed" / keep  # Apart from what a run has left to be looked into.
    return check_data(session, config, version.graph, record, files[name], None, now=version.now, keep=kept)
