"""A run as it happens: a live line for each running model on a terminal, one plain line for each finished one."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import TYPE_CHECKING

from medallion.cli.check_view import check_document, print_check_error, print_results, tally
from medallion.cli.console import count, err, print_error, print_line, seconds, size
from medallion.cli.text import Text
from medallion.errors import CheckError
from medallion.events import Event, Outcome, RowDelta, StepFinished, StepProgress, StepStarted, Waiting
from medallion.reasons import UP_TO_DATE

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.live import Live

    from medallion.build import RunResult
    from medallion.config import Config
    from medallion.errors import MedallionError
    from medallion.names import TableName

__all__ = ["RunView", "run_document"]

_STYLE = {
    Outcome.BUILT: "green",
    Outcome.SAME: "dim",
    Outcome.REUSED: "green",
    Outcome.CHECKED: "green",
    Outcome.UNCHANGED: "dim",
    Outcome.FAILED: "red",
    Outcome.SKIPPED: "yellow",
}


class RunView:
    """Listens to a run's events. Use it as a context manager around the run."""

    def __init__(self, config: Config, *, quiet: bool = False) -> None:
        self.quiet = quiet
        names = [f"{layer}.{f.stem}" for layer in config.layers for f in (config.root / "sql" / layer).rglob("*.sql")]
        self._width = max(map(len, names), default=20)
        self._running: dict[TableName, tuple[float, StepProgress | None, int | None]] = {}
        self._live: Live | None = None
        self._worked = False
        self._told: set[MedallionError] = set()

    def __enter__(self) -> RunView:
        return self

    def _come_alive(self) -> None:
        """Begin to show what runs, where a person watches. Lines that are printed meanwhile stand above it."""
        if self._live or not err().is_terminal:
            return
        from rich.console import Console
        from rich.live import Live

        console = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False, markup=False)
        self._live = Live(get_renderable=self._lines, console=console, refresh_per_second=8, transient=True)
        self._live.start()

    def __exit__(self, *_exc: object) -> None:
        if self._live:
            self._running.clear()
            self._live.stop()

    def __call__(self, event: Event) -> None:
        if self.quiet:
            return
        if isinstance(event, Waiting):
            err().print(f"waiting for another run to end: {event.holder}", style="yellow")
        elif isinstance(event, StepStarted):
            self._worked = True
            self._running[event.dataset] = (time.monotonic(), None, event.rows_before)
            self._come_alive()
        elif isinstance(event, StepProgress):
            if event.dataset in self._running:
                started, _, rows = self._running[event.dataset]
                self._running[event.dataset] = (started, event, rows)
        else:
            self._running.pop(event.dataset, None)
            self._finished(event)

    def _finished(self, event: StepFinished) -> None:
        if event.outcome is Outcome.UNCHANGED and (event.reason == UP_TO_DATE or not self._worked):
            return  # Why nothing had to be done is worth a line where something else was done.
        shown = event.outcome in (Outcome.BUILT, Outcome.REUSED)
        rows = count(event.rows, "row") if shown and event.rows is not None else ""
        line = Text(f"{event.dataset!s:<{self._width}}  ")
        line.append(f"{event.outcome:<11}", style=_STYLE[event.outcome])
        line.append(f"  {rows:>15}  {size(event.size) if shown else '':>8}")
        line.append(f"  {seconds(event.seconds) if event.seconds else '':>6}  ")
        if event.difference:
            line.append_text(_difference(event.difference)).append("  ")
        line.append(event.reason, style="dim")
        print_line(err(), line)
        if isinstance(event.error, CheckError):
            print_check_error(event.error)
        elif event.error and event.error not in self._told:  # A macro that cannot be read stops all that call it.
            self._told.add(event.error)
            print_error(event.error)
        elif not event.error:
            print_results(event.checks)

    def _lines(self) -> RenderableType:
        from rich.text import Text as RichText

        now = time.monotonic()
        text = RichText(no_wrap=True, overflow="ellipsis")
        for i, (name, (started, progress, rows)) in enumerate(list(self._running.items())):
            spin = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"[int(now * 8) % 10]
            percent = f"{progress.percent:3.0f} %" if progress and progress.percent is not None else ""
            written = f"{size(progress.written)} written" if progress and progress.written else ""
            before = f"{count(rows, 'row')} last time" if rows is not None else "first build"
            parts = "   ".join(part for part in (percent, written, before) if part)
            text.append(
                f"{'' if i == 0 else chr(10)}{name!s:<{self._width}}  {spin} {seconds(now - started):>6}  {parts}"
            )
        return text

    def summary(self, result: RunResult) -> None:
        """The last line: the one that stays visible."""
        if any(step.error for step in result.steps):
            err().print()
        counts = {outcome: result.count(outcome) for outcome in Outcome}
        if not result.steps:
            err().print("nothing to build: there are no models in sql/, or none that was selected")
            return
        if counts[Outcome.UNCHANGED] == len(result.steps):
            everything = count(len(result.steps), "dataset")
            err().print(f"everything is up to date ({everything}) in {seconds(result.seconds)}")
            return
        ran = [check for step in result.steps for check in step.checks]
        reused = f"reused {counts[Outcome.REUSED]}, " if counts[Outcome.REUSED] else ""
        same = f"same output {counts[Outcome.SAME]}, " if counts[Outcome.SAME] else ""
        checked = f"checked {counts[Outcome.CHECKED]}, " if counts[Outcome.CHECKED] else ""
        if ran:
            err().print(f"{count(len(ran), 'check')}: {tally(ran)}", style="dim")
        err().print(
            f"built {counts[Outcome.BUILT]}, {reused}{same}{checked}unchanged {counts[Outcome.UNCHANGED]}, "
            f"failed {counts[Outcome.FAILED]}, skipped {counts[Outcome.SKIPPED]} in {seconds(result.seconds)}",
            style="red" if counts[Outcome.FAILED] else "",
        )


def _difference(delta: RowDelta) -> Text:
    """``+12 −15 ~516, new column note``, in the colours of a diff."""

    counts = [("+", delta.added, "green"), ("−", delta.removed, "red"), ("~", delta.changed or 0, "yellow")]
    rows = [Text(f"{sign}{number:,}", style=style) for sign, number, style in counts if number]
    shown = Text(" ").join(rows) if rows else Text("same rows", style="dim")
    for what, names in (
        ("new", delta.columns_added),
        ("without", delta.columns_removed),
        ("other type in", delta.columns_retyped),
    ):
        if names:
            shown.append(f", {what} column{'s' if len(names) > 1 else ''} {', '.join(names)}")
    return shown


def run_document(result: RunResult) -> dict[str, object]:
    """The result as JSON."""
    return {
        "seconds": round(result.seconds, 3),
        "steps": [
            {
                "dataset": str(step.dataset),
                "outcome": str(step.outcome),
                "reason": step.reason,
                "seconds": round(step.seconds, 3),
                "rows": step.rows,
                "bytes": step.size,
                "error": str(step.error) if step.error else None,
                **({"difference": asdict(step.difference)} if step.difference else {}),
                **({"checks": [check_document(check) for check in step.checks]} if step.checks else {}),
            }
            for step in result.steps
        ],
        "errors": [str(error) for error in result.errors],
    }
