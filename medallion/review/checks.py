"""Checks that fail in a pull request's head, and whether they did so before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medallion.check import CheckRun, Unknown, check_version
from medallion.events import CheckResult, CheckStatus
from medallion.models.check import Kind, Severity
from medallion.reasons import looked_at
from medallion.records import Checked
from medallion.review.value import CheckChange, CheckCount, CheckTurn

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from medallion.engines.protocol import Engine
    from medallion.names import TableName
    from medallion.privacy import Hidden
    from medallion.review.trees import Tree
    from medallion.versions import Version

__all__ = ["check_changes", "to_check"]

_Key = tuple["TableName", str, str]


def to_check(base: Tree, head: Tree, changed: Collection[TableName]) -> set[TableName]:
    """The head's datasets whose checks may come out otherwise than in the base.

    Those whose data is ``changed``, whose checks are others, or whose checks look at data that is ``changed``.
    """
    return {
        name
        for name, audit in head.graph.audits.items()
        if name in head.records
        and (
            name in changed
            or any(read in changed for read in audit.reads)
            or head.observed.checks.get(name) != base.observed.checks.get(name)
            or set(_texts(head, name)) != set(_texts(base, name))
        )
    }


def check_changes(
    base: tuple[Tree, Version],
    head: tuple[Tree, Version],
    names: Collection[TableName],
    engine: Callable[[], Engine],
    secret: Hidden,
    *,
    discreet: bool = False,
) -> tuple[tuple[CheckChange, ...], tuple[CheckCount, ...]]:
    """What is to be told of the checks of ``names``; and for each dataset, how many of its checks pass of how many.

    The base's checks are run only where its records do not say that they passed. A record says so of errors, and of
    what does not hang on the clock. Of ``secret`` columns no message tells a value; ``discreet``: of none.
    """
    if not names:
        return (), ()
    then, now = base[0], head[0]
    ran = check_version(now.config, head[1], names, engine, keep="review", discreet=discreet, secret=secret)
    doubtful = {name for name in names if _is_doubtful(then, name)}
    before = (
        check_version(then.config, base[1], doubtful, engine, keep="review-base", discreet=discreet, secret=secret)
        if doubtful
        else None
    )
    known = {_key(result): result.status is CheckStatus.PASSED for result in (before.results if before else ())}
    for name in (set(names) - doubtful) & then.records.keys():
        known |= {(name, kind, text): True for kind, text in _texts(then, name)}
    found = [change for result in ran.results if (change := _told(result, then, known, discreet=discreet))]
    found += [_unknown(now, unknown, discreet=discreet) for unknown in ran.unknown]
    turns = [*CheckTurn]
    found.sort(key=lambda change: (turns.index(change.turn), change.warning, change.dataset))
    return tuple(found), tuple(_counted(ran))


def _is_doubtful(tree: Tree, name: TableName) -> bool:
    """Whether a dataset has checks, and its record does not say that all of them passed."""
    audit, record, digest = tree.graph.audit(name), tree.records.get(name), tree.observed.checks.get(name)
    if record is None or not audit.checks:
        return False
    clocked = any(check.severity is Severity.WARN or check.kind is Kind.FRESHNESS for check in audit.checks)
    proof = Checked.of(digest, record.content_id, looked_at(tree.records, audit)) if digest else None
    return clocked or (proof is not None and record.checked != proof)


def _told(result: CheckResult, base: Tree, known: Mapping[_Key, bool], *, discreet: bool) -> CheckChange | None:
    """What is to be said of a check; None where it passes, and is not known to have failed."""
    passed_before = known.get(_key(result))
    message = result.message
    if result.status is CheckStatus.PASSED:
        if passed_before is not False:
            return None
        turn = CheckTurn.NEWLY_PASSES
    elif passed_before is False:
        turn = CheckTurn.FAILS
    else:
        turn = CheckTurn.NEWLY_FAILS
        if passed_before is None:
            there = (result.kind, result.check) in _texts(base, result.dataset)
            note = "whether it failed before cannot be told" if there else "the check is new"
            message = f"{message}; {note}" if message else note
    return CheckChange(
        dataset=result.dataset,
        check=result.check,
        turn=turn,
        warning=result.severity == Severity.WARN,
        location=_place(result.location.path, result.location.line),
        message=message,
        failures=result.failures,
        rows=None if result.failures is None else result.rows,
        quotes="" if discreet or result.kind != Kind.FRESHNESS else result.message,
    )


def _unknown(head: Tree, unknown: Unknown, *, discreet: bool) -> CheckChange:
    """A check that cannot be run, or all of a dataset's: these are warnings where all of them are."""
    checks = [unknown.check] if unknown.check else head.graph.audit(unknown.dataset).checks
    warning = bool(checks) and all(check.severity is Severity.WARN for check in checks)
    text, they = (unknown.check.text, "it") if unknown.check else ("its checks", "they")
    place = unknown.error.location
    where = _place(place.path, place.line) if place else ""
    message = f"{they} cannot be run: {unknown.error.message}"
    quotes = "" if discreet else unknown.error.message
    return CheckChange(unknown.dataset, text, CheckTurn.UNKNOWN, warning, where, message, quotes=quotes)


def _counted(ran: CheckRun) -> Iterator[CheckCount]:
    """How many checks of each dataset there are, and how they came out; one that cannot be run did not pass."""
    single = [unknown for unknown in ran.unknown if unknown.check]
    for name in dict.fromkeys([*(result.dataset for result in ran.results), *(unknown.dataset for unknown in single)]):
        listed = [result for result in ran.results if result.dataset == name]
        broken = [unknown.check for unknown in single if unknown.dataset == name]
        passed = sum(result.status is CheckStatus.PASSED for result in listed)
        warned = sum(r.status is not CheckStatus.PASSED and r.severity == Severity.WARN for r in listed)
        warned += sum(check is not None and check.severity is Severity.WARN for check in broken)
        yield CheckCount(name, passed, len(listed) + len(broken), warned)


def _texts(tree: Tree, name: TableName) -> list[tuple[str, str]]:
    """The checks of a dataset, but for those that compare it with the version before."""
    return [(str(check.kind), check.text) for check in tree.graph.audit(name).checks if not check.kind.compares]


def _key(result: CheckResult) -> _Key:
    return result.dataset, result.kind, result.check


def _place(path: str, line: int) -> str:
    return f"{path}:{line}" if line else path
