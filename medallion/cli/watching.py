"""``run --watch`` on a terminal: a run, and another for every save, until Ctrl-C."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from medallion.cli.console import err, print_error
from medallion.cli.run_view import RunView
from medallion.cli.unittest_view import print_unit_tests
from medallion.watch import Watcher

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from medallion.config import Config, Variable
    from medallion.watch import Change

__all__ = ["keep_running"]

_SHOWN = 3


def keep_running(
    config: Config,
    select: Iterable[str],
    exclude: Iterable[str],
    variables: Mapping[str, Variable],
    *,
    force: bool,
    accept: bool,
) -> NoReturn:
    """Run, wait, and run what was touched; ends by ``KeyboardInterrupt`` only.

    ``force`` and ``accept`` are for the first run.
    """
    watcher = Watcher(config, select, exclude, variables)
    with RunView(watcher.config) as view:
        result = watcher.run(force=force, accept=accept, on_event=view)
    for error in result.errors:
        print_error(error)
    view.summary(result)
    err().print(f"watching {', '.join(_places(watcher))}; Ctrl-C ends", style="dim")
    while True:
        _once(watcher, watcher.wait())


def _once(watcher: Watcher, changes: Sequence[Change]) -> None:
    err().print("\n" + _saved(changes), style="dim")
    with RunView(watcher.config) as view:
        done = watcher.rerun(changes, on_event=view)
    for error in done.errors:
        print_error(error)
    if done.result:
        view.summary(done.result)
    elif done.stuck and not done.errors:
        err().print("nothing is built: the error above still stands", style="yellow")
    elif watcher.failed:
        err().print(
            f"nothing else to build; still failed or skipped: {', '.join(map(str, watcher.failed))}", style="dim"
        )
    elif not done.errors and not done.tests:
        err().print("nothing to build", style="dim")
    if done.tests:
        print_unit_tests(done.tests, err())


def _places(watcher: Watcher) -> list[str]:
    """What is watched, without each single source."""
    sources = sorted(watcher.sources)
    more = [f"{len(sources) - _SHOWN} more"] if len(sources) > _SHOWN else []
    return ["sql/", "tests/sql/", watcher.config.file, *sources[:_SHOWN], *more]


def _saved(changes: Sequence[Change]) -> str:
    """``sql/silver/orders.sql saved``; of many files the first few."""
    said = [f"{change.path} {'deleted' if change.deleted else 'saved'}" for change in changes[:_SHOWN]]
    more = [f"{len(changes) - _SHOWN} more"] if len(changes) > _SHOWN else []
    return ", ".join(said + more)
