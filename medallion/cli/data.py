"""``query``, ``show`` and ``lineage``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from medallion.cli.complete import complete_column, complete_revision, complete_table
from medallion.errors import MedallionError

__all__ = ["register"]

_PANEL = "Look"
_FORMATS = ("table", "csv", "json", "jsonl", "markdown", "parquet")


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    for command in (query, show, lineage):
        app.command(rich_help_panel=_PANEL)(command)


def query(
    sql: Annotated[str, typer.Argument(metavar="SQL", help="One SELECT; - reads it from standard input.")],
    *,
    at: Annotated[
        str | None,
        typer.Option(
            "--at",
            metavar="REV",
            help="The version of every table: a commit, tag or branch.",
            autocompletion=complete_revision,
        ),
    ] = None,
    form: Annotated[
        str | None, typer.Option("--format", "-f", help=f"{', '.join(_FORMATS)}; a file's name says it, too.")
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=0, help="Rows that a table shows; 0 for all.")] = 100,
    timeout: Annotated[
        float | None,
        typer.Option("--timeout", metavar="SECONDS", min=0, help="Stop it after so long; 0 for no end. Default: 300."),
    ] = None,
    var: Annotated[
        list[str] | None, typer.Option("--var", metavar="NAME=VALUE", help="Set a variable; may be given again.")
    ] = None,
) -> None:
    """SQL over the layers, at any version.

    One table's version stands after its name: AT (VERSION => 'v1.2') or AT (TIMESTAMP => '2026-01-31 12:00').

    Example: medallion query "FROM gold.revenue" --at HEAD~1
    """
    from medallion.cli.build import parse_variables
    from medallion.cli.result_view import write_result
    from medallion.project import Project

    chosen = form or _format_of(output)
    if chosen not in _FORMATS:
        raise MedallionError(f'there is no format "{chosen}"', hint=f"choose one of {', '.join(_FORMATS)}")
    if chosen == "parquet" and output is None:
        raise MedallionError("Parquet goes to a file", hint="add --output result.parquet")
    text = sys.stdin.read() if sql == "-" else sql
    project = Project.open(variables=parse_variables(var))
    write_result(project.query(text, at=at, timeout=timeout), chosen, output, 0 if output else limit)


def _format_of(output: Path | None) -> str:
    """The format that a file's name says; a table for a person where there is none."""
    if output is None:
        return "table"
    found = {"md": "markdown", "ndjson": "jsonl", "txt": "table"}.get(ending := output.suffix.lower()[1:], ending)
    if found not in _FORMATS:
        raise MedallionError(f'what format is "{output.name}"?', hint=f"say it with --format: {', '.join(_FORMATS)}")
    return found


def show(
    table: Annotated[str, typer.Argument(metavar="TABLE", help="The dataset.", autocompletion=complete_table)],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
) -> None:
    """What a dataset is: its description, columns, size, and where it stands.

    Example: medallion show silver.orders
    """
    from medallion.cli.dataset_view import dataset_document, print_dataset
    from medallion.project import Project

    model, record, status = Project.open().show(table)
    if as_json:
        from medallion.cli.console import print_json

        print_json(dataset_document(table, model, record, status))
    else:
        print_dataset(table, model, record, status)


def lineage(
    target: Annotated[
        str,
        typer.Argument(
            metavar="TABLE[.COLUMN]", help="A dataset, or one of its columns.", autocompletion=complete_column
        ),
    ],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
    mermaid: Annotated[bool, typer.Option("--mermaid", help="A diagram for Markdown.")] = False,
) -> None:
    """Where a table or column comes from, and what it feeds.

    Example: medallion lineage gold.revenue.revenue
    """
    from medallion.cli.lineage_view import lineage_document, lineage_mermaid, print_lineage
    from medallion.project import Project

    found = Project.open().lineage(target)
    if as_json:
        from medallion.cli.console import print_json

        print_json(lineage_document(found))
    elif mermaid:
        sys.stdout.write(lineage_mermaid(found))
    else:
        print_lineage(found)
