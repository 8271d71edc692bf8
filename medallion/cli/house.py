"""``init``, ``demo``, ``add`` and ``doctor``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from medallion.errors import MedallionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from medallion.setup import Change

__all__ = ["register", "register_start"]

_PANEL = "Start"


def register_start(app: typer.Typer) -> None:
    """Add the commands that come first in the help."""
    app.command(rich_help_panel=_PANEL)(demo)
    app.command(rich_help_panel=_PANEL)(init)
    app.command(rich_help_panel=_PANEL)(add)


def register(app: typer.Typer) -> None:
    """Add the commands that come last."""
    app.command(rich_help_panel="Keep house")(doctor)


def demo(
    directory: Annotated[Path, typer.Argument(metavar="[DIR]", help="A new or empty folder.")] = Path("medallion-demo"),
    pages: Annotated[
        Path | None, typer.Option("--pages", help="Take the raw pages from this folder instead of rendering them.")
    ] = None,
) -> None:
    """Make a finished sample project with history, as a guided tour.

    Example: medallion demo my-demo
    """
    from medallion.cli.tour import Tour

    Tour(directory, pages).take()


def init(
    directory: Annotated[Path, typer.Argument(metavar="[DIR]", help="The project's folder.")] = Path(),
    *,
    example: Annotated[bool, typer.Option(help="Write a first source, three models and their tests.")] = True,
    ci: Annotated[
        str, typer.Option("--ci", metavar="github|gitlab", help="Write the jobs that review pull requests, too.")
    ] = "",
    ci_from: Annotated[
        str, typer.Option("--ci-from", metavar="URL", help="The Git repository that jobs get medallion from, @COMMIT.")
    ] = "",
) -> None:
    """Start a project, or complete one: Git, git-lfs, configuration, an example, CI. Nothing is overwritten.

    Example: medallion init shop
    """
    from medallion.cli.console import err

    pipeline = _asked_pipeline(directory, ci, ci_from)
    # Where CI is added to a project, an example is not what was asked for.
    example = example and not (pipeline and (directory / "medallion.toml").exists())
    done = _print_changes(directory, example=example)
    if pipeline:
        done += _print_each(pipeline(directory))
    if all(action in ("kept", "note") for action in done):
        err().print("this is a medallion project already; nothing had to be changed")
    else:
        into = "" if directory == Path() else f"cd {directory} && "
        err().print(f"next: {into}medallion run")


def _print_changes(directory: Path, *, example: bool) -> list[str]:
    from medallion.setup import initialise

    return _print_each(initialise(directory, example=example))


def _asked_pipeline(directory: Path, provider: str, origin: str) -> Callable[[Path], Iterable[Change]] | None:
    """What writes the jobs that were asked for; what cannot be meant is refused before anything is written."""
    if not provider:
        if origin:
            raise MedallionError("--ci-from says where jobs get medallion, and goes with --ci", hint="add --ci github")
        return None
    from medallion.pipelines import needed_origin, provider_of, refuse_origin, write_pipeline

    known, place = provider_of(provider), needed_origin(origin)
    refuse_origin(directory, known, place)
    return lambda directory: write_pipeline(directory, known, place)


def _print_each(changes: Iterable[Change]) -> list[str]:
    from medallion.cli.console import err
    from medallion.cli.text import Text

    actions = []
    for change in changes:
        style = {"created": "green", "added to": "green", "note": "yellow"}.get(change.action, "dim")
        err().print(Text(f"{change.action:<9} ", style=style).append(change.what, style="default"))
        actions.append(change.action)
    return actions


def add(
    name: Annotated[str, typer.Argument(metavar="BRONZE.NAME", help="The dataset to make.")],
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="A file (CSV, TSV, JSON, JSON lines, Parquet) or URL.")
    ],
    *,
    track: Annotated[bool, typer.Option("--track", help="Let Git LFS keep the source.")] = False,
    untracked: Annotated[bool, typer.Option("--untracked", help="Keep the source out of Git.")] = False,
    encoding: Annotated[
        str, typer.Option("--encoding", metavar="NAME", help="Of a CSV that is not UTF-8: latin-1 or utf-16.")
    ] = "",
) -> None:
    """Make a bronze model from a file or URL, with every column named and typed, and build it.

    Example: medallion add bronze.orders sources/orders.csv
    """
    from medallion.cli.console import columns, err
    from medallion.cli.run_view import RunView
    from medallion.cli.text import Text
    from medallion.project import Project

    project = Project.open()
    added = project.add(name, source, track=track, untracked=untracked, encoding=encoding)
    for note in added.notes:
        err().print(note)
    err().print(Text("created   ", style="green").append(added.model, style="default"))
    rows = [
        (f"  {c.alias}", c.type, "" if c.name in ("", c.alias) else f'"{c.name}" in the source')
        for c in added.inferred.columns
    ]
    for line in columns(rows):
        err().print(line)
    for note in added.inferred.notes:
        err().print(Text(note, style="yellow"))
    with RunView(project.config) as view:
        result = project.run([str(added.name)], on_event=view, command="add")
    view.summary(result)
    if any(step.error for step in result.steps):
        raise typer.Exit(2)
    err().print(f"next: read {added.model}, add an @key if there is one, and write sql/silver/ models on top of it")


def doctor(*, as_json: Annotated[bool, typer.Option("--json", help="For a program.")] = False) -> None:
    """Look the machine and the project over, and say what to mend.

    Example: medallion doctor
    """
    from medallion.cli.console import out, print_json
    from medallion.cli.text import Text
    from medallion.doctor import examine

    findings = list(examine(Path.cwd()))
    if as_json:
        print_json([{"level": f.level, "what": f.what, "advice": f.advice} for f in findings])
    else:
        for finding in findings:
            style = {"ok": "green", "note": "yellow", "problem": "red"}[finding.level]
            line = Text(f"{finding.level:<8} ", style=style).append(finding.what, style="default")
            if finding.advice:
                line.append(f"\n         {finding.advice}", style="cyan")
            out().print(line)
    if any(f.level == "problem" for f in findings):
        raise typer.Exit(1)
