"""Check a dataset's files: what a run does before it publishes, and ``medallion check`` at any time."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from medallion.checks.audit import Former, Subject, audit
from medallion.checks.failed import clear_failed
from medallion.engines.sql import read_parquet
from medallion.errors import CheckError
from medallion.events import CheckResult, CheckStatus
from medallion.models.check import Kind
from medallion.privacy import without_names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from medallion.config import Config
    from medallion.engines.protocol import Session
    from medallion.models.graph import Graph
    from medallion.privacy import Hidden
    from medallion.records import Record

__all__ = ["Before", "check_data", "refuse_failed"]

_COMPARED_BY_ROWS = (Kind.EXPECT_ROWS, Kind.EXPECT_COLUMNS)


@dataclass(frozen=True, slots=True)
class Before:
    """The version that the data replaces; no ``files`` where they are not to be had."""

    record: Record
    files: Sequence[Path] = ()


def check_data(
    session: Session,
    config: Config,
    graph: Graph,
    record: Record,
    files: Sequence[Path],
    before: Before | None,
    *,
    secret: Hidden,
    now: datetime,
    keep: Path,
    in_order: bool = False,
    discreet: bool = False,
) -> tuple[CheckResult, ...]:
    """The results of all checks on ``files``, which ``record`` describes.

    The datasets that checks look at have to be registered; ``session`` has this one registered with ``files`` from now
    on. Rows that fail are kept in the folder ``keep``, and those of this dataset that failed before go.
    ``in_order``: this process has just written the rows in the order of the key. ``secret`` is what is shown of no
    dataset; ``discreet``: all columns are private. ``MedallionError``, at the check, where one cannot be evaluated.
    """
    name, found = record.dataset, graph.audit(record.dataset)
    if not found.checks:
        return ()
    session.register(name, files, private=bool(secret.of(name)))
    former = None
    if before is not None:
        by_rows = before.files and any(check.kind in _COMPARED_BY_ROWS for check in found.checks)
        tolerances = graph.models[name].tolerances
        delta = session.compare(before.files, files, record.key, tolerances) if before.files and by_rows else None
        former = Former(before.record, read_parquet(map(str, before.files)) if before.files else "", delta)
    hidden = secret.of(name, *found.reads)
    if discreet:
        hidden |= {column.name.lower() for column in record.columns}
    subject = Subject(
        model=graph.models[name],
        record=record,
        root=config.root,
        hidden=hidden,
        now=now.isoformat(),
        scratch=config.state / "tmp" / f"failed-{name}-{os.getpid()}.parquet",
        failed=keep,
        most=config.failed_rows,
        in_order=in_order,
    )
    clear_failed(keep, name)
    with session.reader([name, *found.reads], found.macros, discreet=bool(subject.hidden)) as reader:
        results = audit(reader, subject, found, former)
    labels = secret.labels(name, record, before.record if before else None)
    return tuple(_without_names(result, labels) for result in results) if labels else results


def _without_names(result: CheckResult, labels: Mapping[str, str]) -> CheckResult:
    """The result without names of columns that are private values."""
    sample = result.sample
    if sample is not None:
        sample = replace(sample, columns=tuple(labels.get(name.lower(), name) for name in sample.columns))
    return replace(result, sample=sample, message=without_names(result.message, labels))


def refuse_failed(
    results: Sequence[CheckResult], record: Record, *, published: Record | None, accept: bool
) -> tuple[CheckResult, ...]:
    """The results, where none of them forbids to publish the data; else ``CheckError``.

    ``accept``: a change that ``@expect`` does not expect is meant, and only told.
    """
    if accept:
        results = [
            replace(r, status=CheckStatus.WARNED) if Kind(r.kind).compares and _failed(r) else r for r in results
        ]
    failed = [result for result in results if _failed(result)]
    if not failed:
        return tuple(results)
    names = ", ".join(result.check for result in failed[:3]) + (f" and {len(failed) - 3} more" if failed[3:] else "")
    if published is None:
        kept = "there is no version of it yet, and none was published"
    elif published.content_id == record.content_id:
        kept = "the data stays as it is"
    else:
        kept = "the dataset keeps its last good version"
    expected = all(Kind(result.kind).compares for result in failed)
    raise CheckError(
        f"{record.dataset}: {'check failed' if len(failed) == 1 else f'{len(failed)} checks failed'}: {names}",
        location=failed[0].location,
        hint=f"`medallion run --accept {record.dataset}` publishes a change that is meant" if expected else "",
        results=tuple(results),
        kept=kept,
    )


def _failed(result: CheckResult) -> bool:
    return result.status is CheckStatus.FAILED
