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
from medallion.models.audits import Audit
from medallion.models.check import Kind, Severity

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from medallion.config import Config
    from medallion.engines.protocol import Session
    from medallion.models.graph import Graph
    from medallion.records import Record

__all__ = ["Before", "audit_of", "check_data", "refuse_failed"]

_NONE = Audit()
_COMPARED_BY_ROWS = (Kind.EXPECT_ROWS, Kind.EXPECT_COLUMNS)


@dataclass(frozen=True, slots=True)
class Before:
    """The version that the data replaces. ``files`` is None where they are not to be had."""

    record: Record
    files: Sequence[Path] | None


def audit_of(graph: Graph, record: Record) -> Audit:
    """The checks of a dataset; none where there are none."""
    return graph.audits.get(record.dataset, _NONE)


def check_data(
    session: Session,
    config: Config,
    graph: Graph,
    record: Record,
    files: Sequence[Path],
    before: Before | None,
    *,
    now: datetime,
    keep: Path,
    in_order: bool = False,
) -> tuple[CheckResult, ...]:
    """The results of all checks on ``files``, which ``record`` describes.

    The datasets that checks look at have to be registered; ``session`` has this one registered with ``files`` from now
    on. Rows that fail are kept in the folder ``keep``, and those of this dataset that failed before go.
    ``in_order``: this process has just written the rows in the order of the key. ``MedallionError``, at the check,
    where one cannot be evaluated.
    """
    name, found = record.dataset, audit_of(graph, record)
    if not found.checks:
        return ()
    session.register(name, files, private=bool(graph.models[name].private))
    former, delta = None, None
    if before is not None and before.files is not None:
        if any(check.kind in _COMPARED_BY_ROWS for check in found.checks):
            delta = session.compare(before.files, files, record.key)
        former = Former(before.record, read_parquet(map(str, before.files)), delta)
    # A column that comes out of its model under the name of a private one is most likely that one.
    models = [graph.models[n] for n in (name, *found.reads, *graph.inputs.get(name, ())) if n in graph.models]
    subject = Subject(
        model=graph.models[name],
        record=record,
        root=config.root,
        hidden=_passed_on(graph, record).union(*(model.private for model in models)),
        now=now.isoformat(),
        scratch=config.state / "tmp" / f"failed-{name}-{os.getpid()}.parquet",
        failed=keep,
        most=config.failed_rows,
        in_order=in_order,
    )
    clear_failed(keep, name)
    with session.reader([name, *found.reads], found.macros, discreet=bool(subject.hidden)) as reader:
        results = audit(reader, subject, found, former)
    if before is not None and former is None:
        results += _not_compared(subject, found)
    return results


def _passed_on(graph: Graph, record: Record) -> frozenset[str]:
    """The columns that may hold private values of inputs: all of them, in lower case, where such a column is read."""
    private = {
        str(name): graph.models[name].private for name in graph.inputs.get(record.dataset, ()) if name in graph.models
    }
    for read in record.built.inputs:
        hidden = private.get(read.name)
        # An input of which no column is named was read as a whole.
        if hidden and not (read.columns and hidden.isdisjoint(column.lower() for column in read.columns)):
            return frozenset(column.name.lower() for column in record.columns)
    return frozenset()


def _not_compared(subject: Subject, found: Audit) -> tuple[CheckResult, ...]:
    """What cannot be compared, because the version before is lost: nobody can say that it holds."""
    return tuple(
        CheckResult(
            dataset=subject.record.dataset,
            check=check.text,
            kind=str(check.kind),
            severity=str(check.severity),
            columns=check.columns,
            status=CheckStatus.WARNED if check.severity is Severity.WARN else CheckStatus.FAILED,
            failures=None,
            rows=subject.record.rows,
            location=check.locate(subject.model.text),
            message="it cannot be compared: the data of the version before is lost",
        )
        for check in found.checks
        if check.kind.compares
    )


def refuse_failed(
    results: Sequence[CheckResult], record: Record, *, published: Record | None, accept: bool
) -> tuple[CheckResult, ...]:
    """The results, where none of them forbids to publish the data; else ``CheckError``.

    ``accept``: a change that ``@expect`` does not expect is meant, and only told.
    """
    if accept:
        results = [
            replace(r, status=CheckStatus.WARNED) if r.kind.startswith("expect ") and _failed(r) else r for r in results
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
    expected = all(result.kind.startswith("expect ") for result in failed)
    raise CheckError(
        f"{record.dataset}: {'check failed' if len(failed) == 1 else f'{len(failed)} checks failed'}: {names}",
        location=failed[0].location,
        hint=f"`medallion run --accept {record.dataset}` publishes a change that is meant" if expected else "",
        results=tuple(results),
        kept=kept,
    )


def _failed(result: CheckResult) -> bool:
    return result.status is CheckStatus.FAILED
