"""``diff``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from medallion.cli.complete import complete_difference
from medallion.cli.diff_arguments import DiffCommand, column_names, revisions_and_tables
from medallion.cli.output import FORMAT_HELP, format_of, json_text, write_lines, write_text
from medallion.errors import MedallionError, RevisionError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from medallion.diff.value import Diff

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command of this file."""
    app.command(rich_help_panel="Look", cls=DiffCommand)(diff)


def diff(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[REVISIONS] [TABLE]...",
            help="BASE is compared with the work tree, BASE..HEAD with HEAD, BASE...HEAD from where they parted; then "
            "datasets, silver.orders or 'gold.*'. Left out: HEAD, and all of them.",
            autocompletion=complete_difference,
        ),
    ] = None,
    *,
    after: Annotated[list[str] | None, typer.Option("--table", hidden=True)] = None,
    stat: Annotated[bool, typer.Option("--stat", help="One line a dataset.")] = False,
    form: Annotated[str | None, typer.Option("--format", "-f", help=FORMAT_HELP)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file.")] = None,
    where: Annotated[
        str, typer.Option("--where", metavar="CONDITION", help="Compare only the rows for which this is true.")
    ] = "",
    columns: Annotated[
        str, typer.Option("--columns", metavar="A,B", help="Compare only these columns, and the key.")
    ] = "",
    limit: Annotated[int, typer.Option("--limit", min=0, help="Rows of each dataset to show; 0 for all.")] = 20,
    rows: Annotated[
        Path | None,
        typer.Option(
            "--rows", metavar="FILE.parquet", help="Write every row of one dataset that differs to this new file."
        ),
    ] = None,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit with 1 where a dataset differs or cannot be compared.")
    ] = False,
) -> None:
    """Which rows, cells and columns differ between two versions.

    Exits with 2 when a dataset that was asked for by its name cannot be compared.

    Example: medallion diff main silver.orders
    """
    from medallion.project import Project

    chosen = _format(form, output, as_json=as_json, stat=stat)
    project = Project.open()
    revisions, tables = revisions_and_tables(words or (), after, project.config.layers)
    try:
        found = project.diff(
            revisions,
            tables,
            where=where,
            columns=column_names(columns),
            limit=limit,
            rows=rows,
            histograms=chosen == "html",
            values=not stat,
        )
    except RevisionError as error:
        if after is None and ".." not in revisions and (near := _dataset_like(revisions, project.config.root)):
            raise RevisionError(error.message, hint=f"did you mean the dataset {near}?") from error
        raise
    _write(found, chosen, output, stat=stat)
    if rows is not None:
        from medallion.cli.console import count, err

        differing = sum(table.differing_rows for table in found.datasets)
        if rows.exists():
            err().print(f"{rows}: {count(differing, 'row')} that differ{'s' if differing == 1 else ''}", style="dim")
        elif not any(table.error for table in found.datasets):
            err().print(f"{rows} was not written: no rows differ", style="dim")
    if code := _exit_code(found, tables, asked=exit_code):
        raise typer.Exit(code)


def _dataset_like(word: str, root: Path) -> str | None:
    """The dataset that somebody may have meant who wrote what is no revision."""
    from medallion.completion import datasets
    from medallion.names import nearest

    known = datasets(root)
    return " or ".join(name for name in known if name.partition(".")[2] == word) or nearest(word, known)


def _format(form: str | None, output: Path | None, *, as_json: bool, stat: bool) -> str:
    """The format that was asked for, or that a file's name says; a line a dataset is text in any file."""
    chosen = format_of(form, None if stat else output, as_json=as_json)
    if stat and chosen != "text":
        raise MedallionError(f"--stat is text, and {chosen} has it all", hint="leave one out")
    return chosen


def _write(diff: Diff, form: str, output: Path | None, *, stat: bool) -> None:
    from medallion.cli.console import err, out

    if form != "text":
        write_text(_rendered(diff, form), output)
    else:
        from medallion.cli.diff_view import WIDEST, diff_lines, stat_lines

        lines = (stat_lines if stat else diff_lines)(diff, out().width if output is None else WIDEST)
        write_lines(lines, output, styled=out().styled)
    if form != "text" or output is not None or not out().is_terminal:
        from medallion.cli.text import Text

        # On a terminal it has been read already.
        for table in diff.datasets:
            if table.error:
                line = Text("warning: ", style="yellow").append(f"{table.name} cannot be compared: ", style="default")
                err().print(line.append(table.error, style="default"))


def _rendered(diff: Diff, form: str) -> str:
    """The difference in a format that is not for a terminal."""
    if form == "json":
        from medallion.diff.document import diff_document

        return json_text(diff_document(diff))
    if form == "markdown":
        from medallion.review.diff_markdown import diff_markdown

        return diff_markdown(diff)
    from medallion.review.diff_html import diff_html

    return diff_html(diff)


def _exit_code(diff: Diff, tables: Sequence[str], *, asked: bool) -> int:
    """2 where what was asked for by name is not known; 1 where something differs and ``--exit-code`` asks; else 0."""
    if any(table.error and str(table.name) in tables for table in diff.datasets):
        return 2
    return 1 if asked and diff.differing else 0
