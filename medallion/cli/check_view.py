"""Checks as a person reads them: what failed, which rows, and where all of them are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from medallion.cli.console import columns, count, err, print_line, seconds
from medallion.cli.text import Text
from medallion.events import CheckStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from medallion.errors import CheckError
    from medallion.events import CheckResult, Sample

__all__ = ["check_document", "print_check_error", "print_checks", "print_results", "tally"]

_NUMBER = re.compile(r"[-+]?[\d.,]+(e[-+]?\d+)?|NULL", re.IGNORECASE)


def print_check_error(error: CheckError) -> None:
    """Each check that failed, and what the dataset keeps; warnings before them."""
    print_results(error.results)
    err().print(f"  {error.kept}")
    if error.hint:
        err().print(Text("hint: ", style="cyan").append(error.hint))


def print_results(results: Iterable[CheckResult]) -> None:
    """Those that did not pass, warnings first: what is worst stays visible."""
    listed = [result for result in results if result.status is not CheckStatus.PASSED]
    for result in sorted(listed, key=lambda r: r.status is CheckStatus.FAILED):
        _print_result(result)


def _print_result(result: CheckResult) -> None:
    failed = result.status is CheckStatus.FAILED
    line = Text("error: " if failed else "warning: ", style="red bold" if failed else "yellow")
    line.append(f"{result.dataset}: check failed: {result.check}")
    place = f"{result.location.path}:{result.location.line}" if result.location.line else result.location.path
    line.append(f"   ({place})", style="dim")
    err().print(line)
    if result.message:
        err().print(f"  {result.message}")
    elif result.failures is not None:
        of_all = "" if result.kind == "query" else f" of {result.rows:,}"
        shown = f"{result.failures:,}{of_all} row{'' if (result.failures if not of_all else result.rows) == 1 else 's'}"
        more = bool(result.sample and len(result.sample.rows) < result.failures)
        err().print(f"  {shown}{'; the first of them:' if more else ':' if result.sample else ''}")
    if result.sample:
        for row in _table(result.sample):
            print_line(err(), Text(f"    {row}"))
    if result.failed_rows:
        err().print(f"  {_kept(result)}: {result.failed_rows}", style="dim")


def _kept(result: CheckResult) -> str:
    return f"all {result.kept:,}" if result.kept == result.failures else f"the first {result.kept:,}"


def _table(sample: Sample) -> list[str]:
    rows = [["NULL" if value is None else _one_line(value) for value in row] for row in sample.rows]
    right = [i for i in range(len(sample.columns)) if all(_NUMBER.fullmatch(row[i]) for row in rows)]
    return columns([list(sample.columns), *rows], right=right)


def _one_line(value: str) -> str:
    """A value that stays on its line and moves no cursor."""
    return "".join(c if c.isprintable() else "·" for c in value)


def tally(results: Sequence[CheckResult]) -> str:
    """``12 passed, 1 warning, 1 failed``."""
    counts = {status: sum(result.status is status for result in results) for status in CheckStatus}
    parts = [f"{counts[CheckStatus.PASSED]:,} passed"]
    if counts[CheckStatus.WARNED]:
        parts.append(count(counts[CheckStatus.WARNED], "warning"))
    parts.append(f"{counts[CheckStatus.FAILED]:,} failed")
    return ", ".join(parts)


def print_checks(results: Sequence[CheckResult], unbuilt: int, errors: int, took: float) -> None:
    """What ``medallion check`` found: a line a dataset, what did not pass, and the sum.

    ``unbuilt`` datasets have checks and no data; ``errors`` are told besides.
    """
    by_dataset: dict[str, list[CheckResult]] = {}
    for result in results:
        by_dataset.setdefault(str(result.dataset), []).append(result)
    width = max(map(len, by_dataset), default=0)
    for name, listed in by_dataset.items():
        failed = any(result.status is CheckStatus.FAILED for result in listed)
        warned = any(result.status is CheckStatus.WARNED for result in listed)
        style = "red" if failed else "yellow" if warned else "dim"
        print_line(err(), Text(f"{name:<{width}}  ").append(tally(listed), style=style))
    if any(result.status is not CheckStatus.PASSED for result in results):
        err().print()
    print_results(results)
    if not results:
        if unbuilt:
            err().print(f"nothing to check: {count(unbuilt, 'dataset')} with checks not built yet")
        elif not errors:
            err().print("no checks: write @not_null, @check and the like in the comments of a model")
        return
    not_built = f", {count(unbuilt, 'dataset')} not built" if unbuilt else ""
    failed = any(result.status is CheckStatus.FAILED for result in results)
    of = f"{count(len(results), 'check')} on {count(len(by_dataset), 'dataset')}"
    err().print(f"{tally(results)} of {of}{not_built} in {seconds(took)}", style="red" if failed else "")


def check_document(result: CheckResult) -> dict[str, object]:
    """A result as JSON. It holds no row: those are in the file."""
    return {
        "dataset": str(result.dataset),
        "check": result.check,
        "kind": result.kind,
        "severity": result.severity,
        "columns": list(result.columns),
        "status": str(result.status),
        "failures": result.failures,
        "rows": result.rows,
        "message": result.message,
        "location": f"{result.location.path}:{result.location.line}",
        "failed_rows": result.failed_rows,
        "seconds": round(result.seconds, 3),
    }
