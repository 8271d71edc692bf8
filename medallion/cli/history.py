"""``status``, ``commit``, ``log`` and ``restore``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from medallion.cli.complete import complete_revision, complete_table
from medallion.errors import MedallionError

if TYPE_CHECKING:
    from medallion.catalog import VersionRow

__all__ = ["register"]

_PANEL = "Version"
_AUTHOR, _SUBJECT = 2, 3


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    for command in (status, commit, log, restore):
        app.command(rich_help_panel=_PANEL)(command)


def status(*, as_json: Annotated[bool, typer.Option("--json", help="For a program.")] = False) -> None:
    """What is stale, missing, not fetched, changed by hand or not committed: datasets, SQL, sources, configuration.

    Exits with 1 when something is stale.

    Example: medallion status
    """
    from medallion.cli.status_view import print_status, status_document
    from medallion.project import Project

    workspace, statuses, files = Project.open().status()
    if as_json:
        from medallion.cli.console import print_json

        print_json(status_document(workspace, statuses, files))
    else:
        print_status(workspace, statuses, files)
    if workspace.misnamed or any(s.error for s in statuses):
        raise typer.Exit(2)
    if any(
        {"new", "stale", "failed", "missing", "modified", "unchecked"} & {str(x) for x in s.states} for s in statuses
    ):
        raise typer.Exit(1)


def commit(
    message: Annotated[
        str | None, typer.Option("--message", "-m", metavar="MSG", help="Without it Git asks in your editor.")
    ] = None,
    *,
    allow_stale: Annotated[
        bool, typer.Option("--allow-stale", help="Commit data that does not match its SQL or inputs.")
    ] = False,
) -> None:
    """Commit SQL, sources, data and records together; refuse stale data.

    Files outside of the project's folders are left alone, unless they are staged already.

    Example: medallion commit -m "Refunds from the new export"
    """
    from medallion.cli.console import count, err
    from medallion.project import Project

    project = Project.open()
    if message is None and not sys.stdin.isatty():
        message = project.prepared_message()
    if message is None and not sys.stdin.isatty():
        raise MedallionError("a commit needs a message", hint="`medallion commit -m MSG`; an editor needs a terminal")
    done = project.commit(message, allow_stale=allow_stale)
    held = f"{count(len(done.datasets), 'dataset')}, {count(done.others, 'other file')}"
    err().print(f"committed {done.commit[:7]}: {held}")


def log(
    table: Annotated[
        str | None,
        typer.Argument(metavar="[TABLE]", help="A dataset; all of them, if left out.", autocompletion=complete_table),
    ] = None,
    *,
    limit: Annotated[int, typer.Option("--limit", "-n", min=0, help="How many; 0 for all.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
) -> None:
    """The versions of a dataset, newest first.

    Example: medallion log silver.orders
    """
    from medallion.cli.console import print_json
    from medallion.project import Project

    rows = Project.open().log(table, limit=limit)
    if as_json:
        print_json([_document(row) for row in rows])
        return
    _print_log(rows, with_names=table is None)
    if len(rows) < rows.total:
        from medallion.cli.console import err

        err().print(f"… {rows.total - len(rows):,} more; --limit 0 shows all", style="dim")


def _document(row: VersionRow) -> dict[str, object]:
    return {
        "dataset": str(row.dataset),
        "commit": row.commit,
        "parent_version": row.parent_version,
        "committed_at": row.committed_at.isoformat(),
        "author": row.author,
        "subject": row.subject,
        "content_id": row.content_id,
        "rows": row.rows,
        "bytes": row.bytes,
    }


def _print_log(rows: list[VersionRow], *, with_names: bool) -> None:
    from medallion.cli.console import ago, columns, count, err, out, print_line, size
    from medallion.cli.fit import shorten
    from medallion.cli.text import Text

    if not rows:
        err().print("no versions yet: `medallion commit -m MSG` makes one")
        return
    table = []
    for row in rows:
        before = row.rows_before
        more = "" if before is None or row.rows is None or before == row.rows else f"{row.rows - before:+,}"
        table.append([
            row.commit[:7],
            ago(row.committed_at),
            row.author,
            row.subject,
            str(row.dataset) if with_names else "",
            "deleted" if row.rows is None else count(row.rows, "row"),
            more.replace("-", "−"),
            size(row.bytes),
        ])  # fmt: skip
    table = [
        [shorten(cell, limit) for cell, limit in zip(line, _limits(table, out().width), strict=True)] for line in table
    ]
    keep = [i for i in range(len(table[0])) if any(line[i] for line in table)]
    right = [place for place, i in enumerate(keep) if i >= 5]
    for line in columns([[cells[i] for i in keep] for cells in table], right=right):
        print_line(out(), Text(line[:7], style="yellow").append(line[7:], style="default"))


def _limits(table: list[list[str]], room: int) -> list[int]:
    """How wide each column may be: what does not fit is taken from the subjects, then from the authors."""
    limits = [max(map(len, cells)) for cells in zip(*table, strict=True)]
    used = sum(limits) + 2 * (sum(limit > 0 for limit in limits) - 1)
    for column, least in ((_SUBJECT, 20), (_AUTHOR, 8), (_SUBJECT, 8)):
        taken = max(0, min(used - room, limits[column] - least))
        limits[column] -= taken
        used -= taken
    return limits


def restore(
    table: Annotated[str, typer.Argument(metavar="TABLE", help="The dataset.", autocompletion=complete_table)],
    revision: Annotated[
        str, typer.Option("--from", metavar="REV", help="The version to take.", autocompletion=complete_revision)
    ] = "HEAD",
) -> None:
    """Put a dataset's data and record back as they are at a version.

    Data that no commit holds is moved to .medallion/replaced/ first.

    Example: medallion restore silver.orders --from v1.2
    """
    from medallion.cli.console import count, err
    from medallion.project import Project

    record, kept = Project.open().restore(table, revision)
    if kept is not None:
        err().print(f"the data that was there is in no commit; it is now {kept}", style="yellow")
    err().print(
        f"{table} is as at {revision}: {count(record.rows, 'row')}. `medallion plan` says whether the SQL agrees."
    )
