"""Run the data checks on what is built: in the work tree, or at any version."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from medallion.checks.data import check_data
from medallion.errors import DataError, Location, MedallionError
from medallion.events import CheckResult, CheckStatus
from medallion.privacy import hidden_columns

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path

    from medallion.config import Config
    from medallion.engines.protocol import Engine, Session
    from medallion.models.check import Check
    from medallion.names import TableName
    from medallion.privacy import Hidden
    from medallion.versions import Version

__all__ = ["CheckRun", "Unknown", "check_version"]


@dataclass(frozen=True, slots=True)
class Unknown:
    """Why a check of a dataset cannot be run; None for all of its checks."""

    dataset: TableName
    check: Check | None
    error: MedallionError


@dataclass(frozen=True, slots=True)
class CheckRun:
    """What came of it. ``version`` is a full hash or "work tree"; ``errors`` are of checks that cannot be run.

    ``unknown`` says which checks these are, where they are of a dataset.
    """

    version: str
    results: tuple[CheckResult, ...]
    unbuilt: tuple[TableName, ...]
    errors: tuple[MedallionError, ...]
    seconds: float
    unknown: tuple[Unknown, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether a check failed that is no warning."""
        return any(result.status is CheckStatus.FAILED for result in self.results)


def check_version(
    config: Config,
    version: Version,
    chosen: Collection[TableName] | None,
    engine: Callable[[], Engine],
    *,
    keep: str = "check",
    discreet: bool = False,
    secret: Hidden | None = None,
) -> CheckRun:
    """The results of the checks of the ``chosen`` datasets (None: all); only what they need is fetched and read.

    Rows that fail are kept in the folder ``keep`` of ``.medallion/failed``. ``discreet``: no result tells a value.
    ``secret`` are the columns of which none does, where that is more than this version says.
    """
    started = time.monotonic()
    graph = version.graph
    asked = [name for name in graph.order if chosen is None or name in chosen]
    names = [name for name in asked if name in graph.audits]
    unbuilt = tuple(name for name in names if name not in version.records)
    results: list[CheckResult] = []
    unknown = [Unknown(name, None, graph.problems[name]) for name in asked if name in graph.problems]
    todo = [name for name in names if name in version.records and name not in graph.problems]
    if todo:
        secret = secret or hidden_columns([(graph, version.records)])
        with engine().open() as session:
            files: dict[TableName, Sequence[Path]] = {}
            for name in todo:
                try:
                    made, broken = _check(config, version, session, name, files, keep, secret, discreet=discreet)
                    results += made
                    unknown += broken
                except MedallionError as error:
                    unknown.append(Unknown(name, None, error))
    # One file of macros or a check may stop many datasets.
    told = tuple(dict.fromkeys([*version.problems, *(found.error for found in unknown)]))
    return CheckRun(version.name, tuple(results), unbuilt, told, time.monotonic() - started, tuple(unknown))


def _check(
    config: Config,
    version: Version,
    session: Session,
    name: TableName,
    files: dict[TableName, Sequence[Path]],
    keep: str,
    secret: Hidden,
    *,
    discreet: bool,
) -> tuple[tuple[CheckResult, ...], list[Unknown]]:
    """The results of a dataset's checks, and those that cannot be run: a broken one says nothing of the others."""
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
        session.register(read, files[read], private=bool(secret.of(read)))
    kept = config.state / "failed" / keep  # Apart from what a run has left to be looked into.
    graph, found = version.graph, version.graph.audit(name)

    def results(checks: Sequence[Check]) -> tuple[CheckResult, ...]:
        some = replace(graph, audits={**graph.audits, name: replace(found, checks=tuple(checks))})
        return check_data(
            session,
            config,
            some,
            record,
            files[name],
            None,
            secret=secret,
            now=version.now,
            keep=kept,
            discreet=discreet,
        )

    try:
        return results(found.checks), []
    except MedallionError:
        broken = []
        for check in found.checks:
            try:
                results([check])
            except MedallionError as error:
                broken.append(Unknown(name, check, error))
        if not broken:
            raise
    # Together, so that the rows that fail are kept of all.
    stopped = {id(unknown.check) for unknown in broken}
    return results([check for check in found.checks if id(check) not in stopped]), broken
