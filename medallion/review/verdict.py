"""The one line that sums up a review, and whether a review fails under given rules. Pure.

What could not be found out is never taken for fine: it is in the line, and under every rule but ``never`` it fails.
Apart from that are warnings, which never fail, and sources that are not in Git, which do under a rule of their own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from medallion.diff.value import Status
from medallion.errors import MedallionError
from medallion.names import nearest
from medallion.review.figures import counted, share
from medallion.review.privacy import shareable
from medallion.review.value import StaleKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from medallion.diff.value import Diff, TableDiff
    from medallion.review.value import Review, StaleDataset

__all__ = ["Rule", "RuleName", "diff_verdict", "failures", "parse_fail_on", "verdict"]


class RuleName(StrEnum):
    """The words of ``--fail-on``."""

    STALE = "stale"
    UNSEEN_SOURCE = "unseen-source"
    FAILED_CHECK = "failed-check"
    BREAKING = "breaking"
    REMOVED_ROWS = "removed-rows"
    UNEXPECTED = "unexpected"
    LOOSENED = "loosened"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Rule:
    """A reason to fail. ``above`` goes with removed rows: more rows than that, or more per cent of the base's."""

    name: RuleName
    above: float = 0.0
    percent: bool = False

    def __str__(self) -> str:
        """As it is written after ``--fail-on``."""
        if self.name is not RuleName.REMOVED_ROWS:
            return self.name.value
        return f"{self.name}>{self.above:g}{'%' if self.percent else ''}"


_LIMIT = re.compile(r"([a-z-]+)\s*>\s*(\d+(?:\.\d+)?)\s*(%?)")
_WORDS = "stale, unseen-source, failed-check, breaking, removed-rows>1%, removed-rows>100, unexpected, loosened, never"


def parse_fail_on(text: str) -> tuple[Rule, ...]:
    """Read a list of rules with commas between them; ``MedallionError`` for a word that is none."""
    rules = tuple(_rule(word) for part in text.split(",") if (word := part.strip().lower()))
    if not rules:
        raise MedallionError("--fail-on says nothing", hint=f"give one or more of {_WORDS}")
    if len(rules) > 1 and any(rule.name is RuleName.NEVER for rule in rules):
        raise MedallionError('"never" goes with no other rule', hint="leave it out, or leave the others out")
    return rules


def _rule(word: str) -> Rule:
    limit = _LIMIT.fullmatch(word)
    name = limit[1] if limit else word
    if not limit and name not in set(RuleName):
        name = re.split(r"[\s>]", name)[0]
    if name not in set(RuleName):
        near = nearest(name, RuleName)
        raise MedallionError(
            f'"{word}" is no rule to fail on', hint=f'did you mean "{near}"?' if near else f"there are {_WORDS}"
        )
    if (name == RuleName.REMOVED_ROWS) != bool(limit) or (not limit and name != word):
        hint = (
            "write removed-rows>0, removed-rows>100 or removed-rows>1%"
            if name == RuleName.REMOVED_ROWS
            else f"write {name} alone"
        )
        raise MedallionError(f'"{word}" is no rule to fail on', hint=hint)
    return Rule(RuleName(name), float(limit[2]), bool(limit[3])) if limit else Rule(RuleName(name))


def failures(review: Review, rules: Sequence[Rule]) -> tuple[str, ...]:
    """Why the review fails under these rules, a sentence each; none where it does not.

    They hold no more of the data than any report of the review may.
    """
    review = shareable(review)
    names = {rule.name for rule in rules} - {RuleName.NEVER}
    if not names:
        return ()
    reasons = [reason for name in RuleName if name in names for reason in _broken(review, name)]
    for rule in rules:
        if rule.name is RuleName.REMOVED_ROWS:
            reasons += [reason for table in review.diff.datasets if (reason := _removed(table, rule))]
    reasons += [f"{t.name} could not be compared" for t in _unavailable(review.diff)]
    reasons += [f"{c.dataset}: check could not be run: {c.check}" for c in review.unknown_checks if not c.warning]
    reasons += [f"could not be reviewed: {problem.message}" for problem in review.problems]
    return tuple(reasons)


def _broken(review: Review, name: RuleName) -> Iterator[str]:
    if name is RuleName.STALE:
        yield from (f"{stale.name} is stale: {stale.reason}" for stale in review.stale if _is_news(stale))
    elif name is RuleName.UNSEEN_SOURCE:
        for stale in review.stale:
            if stale.kind is StaleKind.UNSEEN_SOURCE:
                yield f"{stale.name} may be stale, which cannot be known: {stale.reason}"
    elif name is RuleName.FAILED_CHECK:
        for check in review.failed_checks:
            yield f"{check.dataset}: check failed: {check.check}"
    elif name is RuleName.BREAKING:
        yield from (f"{model.name}: breaking change: {model.summary}" for model in review.breaking)
        yield from (f"{broken.dataset}: contract broken: {broken.change}" for broken in review.contracts)
    elif name is RuleName.LOOSENED:
        words = {True: "loosened", False: "changed, perhaps loosened"}
        yield from (f"{found.dataset}: {words[found.known]}: {found.what}: {found.change}" for found in review.loosened)
    elif name is RuleName.UNEXPECTED:
        yield from (f"{table} differs, which was not announced" for table in review.unexpected)
        for expectation in review.expectations:
            if expectation.met is not True:
                state = "cannot be told" if expectation.met is None else "not met"
                yield f"{expectation.where}: expectation {state}: {expectation.text}"


def _is_news(stale: StaleDataset) -> bool:
    return stale.known and not stale.before


def _removed(table: TableDiff, rule: Rule) -> str:
    if table.status is Status.UNAVAILABLE:
        return ""  # It is told for every rule.
    if table.rows is None:
        return f"{table.name} is removed, with all of its rows" if table.status is Status.REMOVED else ""
    removed, base, how = table.rows.removed, table.rows.base, "removed"
    if table.rows.changed is None:  # Without a key, a row that changed is one that went and one that came.
        removed, how = max(0, base - table.rows.head), "fewer (there is no key to tell which)"
    too_many = removed * 100 > rule.above * base if rule.percent else removed > rule.above
    if not too_many:
        return ""
    return f"{table.name}: {counted(removed, 'row')} {how}, {share(removed, base)}, more than {_limit(rule)}"


def _limit(rule: Rule) -> str:
    return f"{rule.above:g} %" if rule.percent else f"{rule.above:,g}"


def _unavailable(diff: Diff) -> list[TableDiff]:
    return [table for table in diff.datasets if table.status is Status.UNAVAILABLE]


def diff_verdict(diff: Diff) -> str:
    """``2 of 4 datasets differ, 1 could not be compared``: a difference in one line."""
    unavailable = len(_unavailable(diff))
    differing = len(diff.differing) - unavailable
    line = f"{differing:,} of {counted(len(diff.datasets), 'dataset')} {'differs' if differing == 1 else 'differ'}"
    return line + (f", {unavailable:,} could not be compared" if unavailable else "")


def verdict(review: Review) -> str:
    """``2 datasets changed, 1 breaking change, 0 checks failed``: a review in one line of plain text."""
    return ", ".join([*_first(review), *_changes(review), *_doubts(review)])


def _first(review: Review) -> Iterator[str]:
    known = sum(_is_news(stale) for stale in review.stale)
    before = sum(stale.before for stale in review.stale)
    if known:
        yield f"{counted(known, 'dataset')} stale"
    if perhaps := len(review.stale) - known - before:
        yield f"{counted(perhaps, 'dataset')} perhaps stale"
    if before:
        yield f"{counted(before, 'dataset')} already stale in the base"
    if emptied := sum(table.emptied for table in review.diff.datasets):
        yield f"{counted(emptied, 'dataset')} emptied"
    if review.unexpected:
        yield counted(len(review.unexpected), "unexpected difference")


def _changes(review: Review) -> Iterator[str]:
    tables = review.diff.datasets
    by_status = {status: sum(table.status is status for table in tables) for status in Status}
    changed = sum(table.is_other for table in tables)
    lost = changed - by_status[Status.CHANGED]
    words = f"{counted(changed, 'dataset')} changed" if changed else "no dataset changed"
    if moved := ", ".join(_most_rows(tables)):
        words += f" ({moved})"
    yield f"{words}, of which {lost:,} could not be compared" if lost else words
    for status, word in ((Status.ADDED, "added"), (Status.REMOVED, "removed")):
        if by_status[status]:
            yield f"{by_status[status]:,} {word}"
    if rest := by_status[Status.UNAVAILABLE] - lost:
        yield f"{rest:,}{' more' if lost else ''} could not be compared"
    yield counted(len(review.breaking), "breaking change")
    yield f"{counted(len(review.failed_checks), 'check')} failed"
    as_before = sum(check.is_as_before for check in review.warnings)
    if news := len(review.warnings) - as_before:
        yield counted(news, "warning")
    if as_before:
        yield f"{counted(as_before, 'warning')} as before"


def _most_rows(tables: Sequence[TableDiff]) -> Iterator[str]:
    """``−1,940 rows in silver.orders and in 1 more``: the dataset that lost most rows, then the one that gained most.

    Without a key, or where nothing was compared, only how many more or fewer there are is known.
    """
    moves = [(_moved(table), table.name) for table in tables if table.is_other]
    for place, sign in enumerate("−+"):
        found = sorted(((moved[place], name) for moved, name in moves if moved[place]), key=lambda one: -one[0])
        if found:
            more = f" and in {len(found) - 1:,} more" if len(found) > 1 else ""
            yield f"{sign}{counted(found[0][0], 'row')} in {found[0][1]}{more}"


def _moved(table: TableDiff) -> tuple[int, int]:
    """How many rows a dataset lost and gained, as far as that is known."""
    rows = table.rows
    if rows is not None and rows.changed is not None:
        return rows.removed, rows.added
    base, head = (rows.base, rows.head) if rows else table.recorded or (0, 0)
    return max(0, base - head), max(0, head - base)


def _doubts(review: Review) -> Iterator[str]:
    if review.unknown_checks:
        yield f"{counted(len(review.unknown_checks), 'check')} could not be run"
    if review.contracts:
        yield f"{counted(len(review.contracts), 'contract')} broken"
    if loosened := sum(found.known for found in review.loosened):
        yield f"{counted(loosened, 'safeguard')} loosened"
    if changed := len(review.loosened) - loosened:
        yield f"{counted(changed, 'safeguard')} changed"
    unmet = sum(expectation.met is False for expectation in review.expectations)
    if unmet:
        yield f"{counted(unmet, 'expectation')} not met"
    untold = sum(expectation.met is None for expectation in review.expectations)
    if untold:
        yield f"{counted(untold, 'expectation')} cannot be told"
    if review.problems:
        yield counted(len(review.problems), "problem")
