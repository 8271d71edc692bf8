"""``test``: the unit tests of models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from medallion.cli.build import Exclude, Select, SelectCommand, SelectOption, Variables, parse_variables
from medallion.errors import MedallionError

if TYPE_CHECKING:
    from medallion.project import Project

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command of this file."""
    app.command("test", rich_help_panel="Build", cls=SelectCommand)(run_tests)


def run_tests(
    select: Select = None,
    *,
    also: SelectOption = None,
    exclude: Exclude = None,
    matching: Annotated[
        str, typer.Option("-k", metavar="TEXT", help="Only tests whose names hold this, in any case.")
    ] = "",
    create: Annotated[bool, typer.Option("--create", help="Write a test of one model, from a few real rows.")] = False,
    var: Variables = None,
    as_json: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
) -> None:
    """Run the unit tests of models: rows that tests/sql/ gives, and the rows that must come out.

    They run in a DuckDB that reads and writes no file, and need no data: types come from records, or from the models.
    Exits with 1 where a test fails, with 2 where one cannot be run, or where no test is selected.

    Example: medallion test silver.orders
    """
    from medallion.project import Project

    chosen, left_out = [*(select or ()), *(also or ())], exclude or []
    project = Project.open(variables=parse_variables(var))
    if create:
        _create(project, chosen)
        return
    from medallion.cli.console import print_json
    from medallion.cli.unittest_view import print_nothing, print_unit_tests, unit_test_document

    run = project.test(chosen, exclude=left_out, matching=matching)
    if as_json:
        print_json(unit_test_document(run))
    elif not run.results and not run.errors:
        print_nothing(chosen)
    else:
        print_unit_tests(run)
    if run.exit_code:
        raise typer.Exit(run.exit_code)


def _create(project: Project, names: list[str]) -> None:
    from medallion.cli.console import err
    from medallion.cli.text import Text

    if len(names) != 1:
        raise MedallionError("--create writes a test of one model", hint="as in medallion test --create silver.orders")
    created = project.create_test(names[0])
    verb = "added to  " if created.appended else "created   "
    err().print(Text(verb, style="green").append(created.path, style="default"))
    for note in created.notes:
        err().print(note, style="yellow")
    err().print(
        f'next: read "{created.name}" in line {created.line} before you trust it: it expects what the model gives '
        "today, be that right or wrong"
    )
