"""``plan`` and ``run``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from medallion.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from medallion.config import Variable

__all__ = ["Variables", "parse_variables", "register"]

_PANEL = "Build"

Select = Annotated[
    list[str] | None,
    typer.Argument(metavar="[SELECT]...", help="silver.orders, +gold.revenue, bronze.orders+, 'gold.*', tag:x, stale"),
]
Variables = Annotated[
    list[str] | None, typer.Option("--var", metavar="NAME=VALUE", help="Set a variable; may be given again.")
]


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
    app.command(rich_help_panel=_PANEL)(plan)
    app.command(rich_help_panel=_PANEL)(run)


def plan(
    select: Select = None,
    *,
    force: Annotated[bool, typer.Option("--force", help="As if everything had to be built.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Show what is unchanged, too.")] = False,
    var: Variables = None,
    as_json: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
) -> None:
    """What run would do to each dataset, and why.

    Example: medallion plan +gold.revenue
    """
    from medallion.cli.plan_view import plan_document, print_plan
    from medallion.project import Project

    project = Project.open(variables=parse_variables(var))
    workspace, steps = project.plan(select or (), force=force)
    durations = project.durations()
    if as_json:
        from medallion.cli.console import print_json

        print_json(plan_document(workspace, steps, durations))
    else:
        print_plan(workspace, steps, durations, everything=everything)
    if workspace.misnamed or any(step.error for step in steps):
        raise typer.Exit(2)


def run(
    select: Select = None,
    *,
    force: Annotated[
        bool, typer.Option("--force", help="Build even what is up to date or was changed by hand.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show the plan.")] = False,
    var: Variables = None,
    as_json: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
) -> None:
    """Build what is stale.

    A dataset that fails keeps its last version, and everything that does not need it is still built.

    Example: medallion run
    """
    if dry_run:
        plan(select, force=force, var=var, as_json=as_json)
        return
    from medallion.cli.console import print_error
    from medallion.cli.run_view import RunView, run_document
    from medallion.project import Project

    project = Project.open(variables=parse_variables(var))
    with RunView(project.config, quiet=as_json) as view:
        result = project.run(select or (), force=force, on_event=view)
    if as_json:
        from medallion.cli.console import print_json

        print_json(run_document(result))
    else:
        for error in result.errors:
            print_error(error)
        view.summary(result)
    errors = [error.exit_code for error in (*result.errors, *(s.error for s in result.steps)) if error]
    if errors:
        raise typer.Exit(max(errors))
