"""``plan``, ``run`` and ``check``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from typer.core import TyperCommand

from medallion.cli.complete import complete_revision, complete_select
from medallion.errors import ConfigError, MedallionError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from medallion.config import Variable

__all__ = ["Variables", "parse_variables", "register"]

_PANEL = "Build"

Select = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[SELECT]...",
        help="silver.orders, +gold.revenue, bronze.orders+, 'gold.*', tag:x, git:main, stale",
        autocompletion=complete_select,
    ),
]
SelectOption = Annotated[
    list[str] | None,
    typer.Option(
        "--select", "-s", metavar="SELECT", help="The same, as dbt writes it.", autocompletion=complete_select
    ),
]
Exclude = Annotated[
    list[str] | None,
    typer.Option("--exclude", metavar="SELECT", help="All but these.", autocompletion=complete_select),
]
Variables = Annotated[
    list[str] | None, typer.Option("--var", metavar="NAME=VALUE", help="Set a variable; may be given again.")
]


class SelectCommand(TyperCommand):
    """A command whose ``--select`` and ``--exclude`` take all words up to the next option, as those of dbt do.

    Otherwise a second word after ``--exclude`` would be an argument, and selected instead.
    """

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        """Give each of the words an option of its own."""
        spread: list[str] = []
        option = ""
        for arg in args:
            if arg.startswith("-"):
                name = arg.partition("=")[0]
                option = name if name in ("--select", "-s", "--exclude") else ""
            elif option and spread[-1] != option:
                spread.append(option)
            spread.append(arg)
        return super().parse_args(ctx, spread)


def parse_variables(given: list[str] | None) -> Mapping[str, Variable]:
    """``NAME=VALUE`` pairs; a value is text, as on every command line."""
    found = {}
    for pair in given or ():
        name, equals, value = pair.partition("=")
        if not equals or not name.isidentifier():
            raise ConfigError(f'"{pair}" sets no variable', hint="write --var since=2026-01-01")
        found[name] = value
    return found


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command(rich_help_panel=_PANEL, cls=SelectCommand)(plan)
    app.command(rich_help_panel=_PANEL, cls=SelectCommand)(run)
    app.command(rich_help_panel=_PANEL, cls=SelectCommand)(check)


def plan(
    select: Select = None,
    *,
    also: SelectOption = None,
    exclude: Exclude = None,
    force: Annotated[bool, typer.Option("--force", help="As if everything had to be built.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Show what is unchanged, too.")] = False,
    var: Variables = None,
    as_json: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
) -> None:
    """What run would do to each dataset, and why.

    Example: medallion plan +gold.revenue
    """
    chosen, left_out = [*(select or ()), *(also or ())], exclude or []
    _show_plan(chosen, left_out, parse_variables(var), force=force, everything=everything, as_json=as_json)


def _show_plan(
    chosen: Sequence[str],
    left_out: Sequence[str],
    variables: Mapping[str, Variable],
    *,
    force: bool,
    as_json: bool,
    everything: bool = False,
    accept: bool = False,
) -> None:
    from medallion.cli.plan_view import plan_document, print_plan
    from medallion.project import Project

    project = Project.open(variables=variables)
    workspace, steps = project.plan(chosen, exclude=left_out, force=force, accept=accept)
    durations = project.durations()
    if as_json:
        from medallion.cli.console import print_json

        print_json(plan_document(workspace, steps, durations))
    elif not steps and (chosen or left_out):
        _say_empty(chosen, left_out)
    else:
        print_plan(workspace, steps, durations, everything=everything)
    if workspace.misnamed or any(step.error for step in steps):
        raise typer.Exit(2)


def run(
    select: Select = None,
    *,
    also: SelectOption = None,
    exclude: Exclude = None,
    force: Annotated[
        bool, typer.Option("--force", help="Build even what is up to date or was changed by hand.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show the plan.")] = False,
    accept: Annotated[
        bool, typer.Option("--accept", help="Publish a change of the data that @expect or @contract would refuse.")
    ] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Count the rows that differ from the version before.")] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Go on: build what each saved file touches, and tell how rows differ.")
    ] = False,
    var: Variables = None,
    as_json: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
) -> None:
    """Build what is stale.

    New data is checked before it is published. A dataset that fails keeps its last version, and everything that does
    not need it is still built. --watch ends with Ctrl-C, and then exits with 130 as everything that is interrupted.

    Example: medallion run
    """
    chosen, left_out = [*(select or ()), *(also or ())], exclude or []
    variables = parse_variables(var)
    if dry_run and not watch:
        _show_plan(chosen, left_out, variables, force=force, accept=accept, as_json=as_json)
        return
    from medallion.cli.console import print_error
    from medallion.cli.run_view import RunView, run_document
    from medallion.project import Project

    if watch:
        from medallion.cli.watching import keep_running

        if as_json or dry_run:
            raise MedallionError("--watch goes with neither --json nor --dry-run", hint="leave one of them out")
        keep_running(Project.open().config, chosen, left_out, variables, force=force, accept=accept)
    project = Project.open(variables=variables)
    with RunView(project.config, quiet=as_json) as view:
        result = project.run(chosen, exclude=left_out, force=force, accept=accept, differences=diff, on_event=view)
    if as_json:
        from medallion.cli.console import print_json

        print_json(run_document(result))
    elif not result.steps and (chosen or left_out):
        _say_empty(chosen, left_out)
    else:
        for error in result.errors:
            print_error(error)
        view.summary(result)
    errors = [error.exit_code for error in (*result.errors, *(s.error for s in result.steps)) if error]
    if errors:
        raise typer.Exit(max(errors))


def check(
    select: Select = None,
    *,
    also: SelectOption = None,
    exclude: Exclude = None,
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="REV", help="Data and checks of a version.", autocompletion=complete_revision),
    ] = None,
    var: Variables = None,
    as_json: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
) -> None:
    """Run the data checks on what is built, here or at a version. Nothing is built or changed.

    Exits with 1 when a check fails. Rows that fail are kept in .medallion/failed/.

    Example: medallion check --at v1.2 silver.orders
    """
    from medallion.cli.check_view import check_document, print_checks
    from medallion.project import Project

    chosen, left_out = [*(select or ()), *(also or ())], exclude or []
    checked = Project.open(variables=parse_variables(var)).check(chosen, exclude=left_out, at=at)
    if as_json:
        from medallion.cli.console import print_json

        print_json(
            {
                "version": checked.version,
                "checks": [check_document(result) for result in checked.results],
                "unbuilt": [str(name) for name in checked.unbuilt],
                "errors": [str(error) for error in checked.errors],
            }
        )
    else:
        print_checks(checked.results, len(checked.unbuilt), len(checked.errors), checked.seconds)
        from medallion.cli.console import print_error

        for error in checked.errors:
            print_error(error)
    if checked.errors:
        raise typer.Exit(2)
    if checked.failed:
        raise typer.Exit(1)


def _say_empty(select: Sequence[str], exclude: Sequence[str]) -> None:
    """That a selection holds nothing is no error, as in dbt; nor is it to be taken for "everything is up to date"."""
    from medallion.cli.console import err

    without = f" without {' '.join(exclude)}" if exclude else ""
    err().print(f"the selection is empty: {' '.join(select) or 'all'}{without}", style="yellow")
