"""``blame``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from medallion.cli.complete import complete_table

if TYPE_CHECKING:
    from medallion.cli.text import Text
    from medallion.diff.blame import Blame, RowVersion

__all__ = ["register"]

_STYLES = {"added": "green", "removed": "red", "changed": "yellow", "present": "default"}
_SIGNS = {"added": "+", "removed": "−", "changed": "~", "present": "="}


def register(app: typer.Typer) -> None:
    """Add the command of this file."""
    app.command(rich_help_panel="Version")(blame)


def blame(
    table: Annotated[str, typer.Argument(metavar="TABLE", help="The dataset.", autocompletion=complete_table)],
    key: Annotated[
        list[str],
        typer.Argument(metavar="KEY…", help="The row: a value for each part of its key, or column=value."),
    ],
    *,
    limit: Annotated[int, typer.Option("--limit", "-n", min=0, help="How many changes; 0 for all.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
) -> None:
    """The versions in which one row changed, newest first: which cells, and what changed in SQL or inputs with them.

    Only versions whose content differs are read; what is not here is fetched.

    Example: medallion blame silver.orders 8231
    """
    from medallion.cli.console import print_json
    from medallion.project import Project

    found = Project.open().blame(table, key, limit=limit)
    if as_json:
        print_json(_document(found))
    else:
        _print(found)


def _document(found: Blame) -> dict[str, object]:
    return {
        "dataset": str(found.name),
        "key": dict(found.key),
        "versions": found.looked_at,
        "more": found.more,
        "notes": list(found.notes),
        "changes": [
            {
                "commit": entry.commit or None,
                "committed_at": entry.committed_at.isoformat() if entry.committed_at else None,
                "author": entry.author or None,
                "subject": entry.subject or None,
                "status": str(entry.status) if entry.status else None,
                "cells": [
                    {"column": cell.column, "base": cell.base, "head": cell.head, "private": cell.private}
                    for cell in entry.cells
                ],
                "causes": list(entry.causes),
                "notes": list(entry.notes),
                "error": entry.error or None,
                "history_ends": entry.history_ends,
            }
            for entry in found.entries
        ],
    }


def _print(found: Blame) -> None:
    from medallion.cli.console import count, err, out, print_line
    from medallion.cli.text import Text
    from medallion.printable import printable

    key = "  ".join(f"{printable(column)} {_value(value)}" for column, value in found.key)
    print_line(out(), Text(f"{found.name}  {key}", style="bold"))
    for entry in found.entries:
        out().print()
        print_line(out(), _heading(entry))
        for line in _lines(entry):
            print_line(out(), line)
    for note in found.notes:
        err().print(note, style="dim")
    changes = count(sum(entry.status is not None for entry in found.entries), "change")
    more = "; --limit 0 shows all" if found.more else ""
    err().print(f"{changes} in {count(found.looked_at, 'version')}{more}", style="dim")


def _heading(entry: RowVersion) -> Text:
    from medallion.cli.console import ago
    from medallion.cli.text import Text
    from medallion.printable import printable

    text = Text(entry.commit[:7] or "work tree", style="yellow")
    when = ago(entry.committed_at) if entry.committed_at else ""
    for part in (when, entry.author, entry.subject):
        if part:
            text.append(f"  {printable(part)}", style="default")
    return text


def _lines(entry: RowVersion) -> list[Text]:
    from medallion.cli.text import Text
    from medallion.printable import printable

    if entry.error:
        return [Text(f"  ! {printable(entry.error)}", style="yellow")]
    status = "present" if entry.history_ends else str(entry.status)
    sign = _SIGNS[status]
    width = max([len(printable(cell.column)) for cell in entry.cells], default=0)
    lines = []
    if entry.history_ends:
        lines.append(Text("  = the row is there at least since here, where the shallow clone ends", style="yellow"))
    elif status != "changed":
        lines.append(Text(f"  {sign} the row was {status}", style=_STYLES[status]))
    for cell in entry.cells:
        line = Text(f"  {sign} ", style=_STYLES[status]).append(f"{printable(cell.column):<{width}}  ", style="default")
        if cell.private:
            line.append("(private)", style="dim")
        elif status == "changed":
            line.append(f"{_value(cell.base)} → {_value(cell.head)}", style="default")
        else:
            line.append(_value(cell.base if status == "removed" else cell.head), style="default")
        lines.append(line)
    lines += [Text(f"    {printable(text)}", style="dim") for text in (*entry.notes, *entry.causes)]
    return lines


def _value(value: str | None) -> str:
    from medallion.cli.fit import shorten
    from medallion.printable import printable

    return "NULL" if value is None else shorten(printable(value), 60)
