"""How two versions differ, for a person at a terminal: dataset by dataset, the sum last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medallion.cli.console import count, size
from medallion.cli.diff_columns import MARGIN, column_lines, packed
from medallion.cli.diff_rows import MORE, row_lines, side_name
from medallion.cli.fit import shorten
from medallion.cli.text import Text, cells
from medallion.diff.value import ColumnStatus, KeyOrigin, Status
from medallion.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from medallion.diff.value import Diff, Rows, TableDiff

__all__ = ["WIDEST", "diff_lines", "stat_lines"]

#: Lines are no longer than this, also where there is more room: the eye would lose them.
WIDEST = 160
_WIDEST_NAME = 40
# So many equal datasets are named; more are counted.
_MOST_EQUAL = 10
_STYLES = {Status.ADDED: "green", Status.REMOVED: "red"}


def diff_lines(diff: Diff, width: int, more: str = MORE) -> Iterator[Text]:
    """All of it, in lines of at most ``width`` cells of a terminal (and at most ``WIDEST``).

    ``more`` is what shows the rows that are left out.
    """
    width = min(width, WIDEST)
    names = _names_width(diff.differing)
    for table in diff.differing:
        yield from _table_lines(diff, table, names, width, more)
        yield Text()
    equal = [str(table.name) for table in diff.datasets if table.status is Status.EQUAL]
    if len(equal) > _MOST_EQUAL:
        equal = [f"{len(equal):,} datasets"]
    if equal and diff.differing:
        yield from (Text(line, style="dim") for line in packed([*equal[:-1], f"{equal[-1]}: equal"], ", ", width))
    yield from _notes([f"{table.name} is equal; {note}" for table in diff.rewritten for note in table.notes], width, 0)
    yield from _notes(diff.notes, width, 0)
    yield _sum(diff, width)


def _names_width(tables: Sequence[TableDiff]) -> int:
    return min(_WIDEST_NAME, max((len(str(table.name)) for table in tables), default=0))


def _table_lines(diff: Diff, table: TableDiff, names: int, width: int, more: str) -> Iterator[Text]:
    yield from _heading(table, names, width)
    if table.status is Status.UNAVAILABLE:
        return
    yield from _key_lines(table, width)
    yield from column_lines(table, width)
    yield from _notes(table.notes, width, MARGIN)
    if table.samples:
        yield Text()
    yield from row_lines(diff, table, width, more)


def _heading(table: TableDiff, names: int, width: int) -> list[Text]:
    """The name, rows before and after, and what came, went and changed; the key, where there is room."""
    name = shorten(str(table.name), names)
    title = Text(name.ljust(names), style="bold")
    if table.status is Status.UNAVAILABLE:
        title.append("  cannot be compared", style="red")
        reasons = (part for text in table.error.split("\n") for part in _wrapped(printable(text), width - MARGIN))
        return [title, *(Text(" " * MARGIN + reason, style="red") for reason in reasons)]
    about = Text("  ").join(_about(table))
    if names + 2 + cells(about.plain) <= width:
        lines = [title.append("  ", style="default").append_text(about)]
    else:
        lines = [title, Text(" " * MARGIN).append_text(about)]  # No number is cut.
    key = _key(table)
    if key and cells(lines[-1].plain) + 4 + cells(key) <= width:
        lines[-1].append("    ", style="default").append(key, style="dim")
    elif key:
        lines += [Text(" " * MARGIN + part, style="dim") for part in _wrapped(key, width - MARGIN)]
    return lines


def _about(table: TableDiff) -> Iterator[Text]:
    """Rows before and after, and what came, went and changed."""
    whole = table.one_sided
    if whole:
        yield Text(f"{table.status} dataset", style=_STYLES[table.status])
    if table.rows:
        yield Text(_rows(table.rows, table.status))
    if whole:
        yield Text(size(table.head_bytes or table.base_bytes), style="dim")
    else:
        yield from (Text(text, style=style) for text, style in _marks(table))


def _rows(rows: Rows, status: Status) -> str:
    if status is Status.ADDED:
        return count(rows.head, "row")
    if status is Status.REMOVED:
        return count(rows.base, "row")
    return count(rows.head, "row") if rows.base == rows.head else f"{rows.base:,} → {count(rows.head, 'row')}"


def _marks(table: TableDiff) -> Iterator[tuple[str, str]]:
    """``+12``, ``−15``, ``~516``, each with its colour; or that no row differs."""
    rows = table.rows
    if rows is None:
        return
    if rows.added:
        yield f"+{rows.added:,}", "green"
    if rows.removed:
        yield f"−{rows.removed:,}", "red"
    if rows.changed:
        yield f"~{rows.changed:,}", "yellow"
    if not table.differing_rows:
        yield "no row differs", "dim"


def _key(table: TableDiff) -> str:
    """The columns that rows were matched by, and how that is known."""
    if table.status is not Status.CHANGED:
        return ""
    key, why = table.key, printable(table.key.why)
    if key.origin is KeyOrigin.NONE or not key.columns:
        return f"no key: {why or 'whole rows are compared'}"
    before = key.base if key.base and key.base != key.columns else ()
    names = ", ".join(map(printable, key.columns)) + (f", before {', '.join(map(printable, before))}" if before else "")
    return f"key {names}" + (f" ({why})" if why else "")


def _key_lines(table: TableDiff, width: int) -> list[Text]:
    """Rows that the key does not tell apart: numbers are right in spite of them, and a reader should know."""
    if table.rows is None or not table.key.columns:
        return []
    parts = []
    if any(table.rows.null_keys):
        parts.append("rows with NULL in the key: {:,} → {:,}".format(*table.rows.null_keys))
    if any(table.rows.duplicate_keys):
        parts.append("rows whose key is there more than once: {:,} → {:,}".format(*table.rows.duplicate_keys))
    return [Text(" " * MARGIN + line, style="yellow") for part in parts for line in _wrapped(part, width - MARGIN)]


def _notes(notes: Sequence[str], width: int, margin: int) -> list[Text]:
    return [
        Text(" " * margin + line, style="yellow")
        for note in notes
        for line in _wrapped(f"note: {printable(note)}", width - margin)
    ]


def _wrapped(text: str, width: int) -> list[str]:
    """A text of words in lines of at most ``width`` cells."""
    return packed(text.split(), " ", width)


def _sum(diff: Diff, width: int) -> Text:
    """How many datasets differ, between what, and how many could not be compared."""
    unavailable = sum(table.status is Status.UNAVAILABLE for table in diff.datasets)
    differing = len(diff.differing) - unavailable
    between = f"{side_name(diff.base.short)} → {side_name(diff.head.short)}"
    if not diff.datasets:
        text = "there is no dataset to compare"
    elif not diff.differing:
        text = "the dataset is equal" if len(diff.datasets) == 1 else f"all {len(diff.datasets):,} datasets are equal"
    elif not differing:
        text = f"of {count(len(diff.datasets), 'dataset')} none is known to differ"
    else:
        text = f"{differing:,} of {count(len(diff.datasets), 'dataset')} {'differs' if differing == 1 else 'differ'}"
    line = Text(text, style="bold" if differing else "")
    if unavailable:
        line.append(f", {unavailable:,} cannot be compared", style="red bold")
    room = width - cells(line.plain) - 4
    return line.append(f"  ({shorten(between, room)})", style="default dim") if room >= 12 else line


def stat_lines(diff: Diff, width: int) -> list[Text]:
    """A line for each dataset that differs, as ``git diff --stat`` has one a file, and the sum."""
    width = min(width, WIDEST)
    tables = diff.differing
    names = _names_width(tables)
    marks = [_stat_marks(table) for table in tables]
    widths = [max((len(mark[i]) for mark in marks), default=0) for i in range(3)]
    lines = []
    for table, mark in zip(tables, marks, strict=True):
        line = Text(f" {shorten(str(table.name), names).ljust(names)} |")
        if table.status is Status.UNAVAILABLE:
            line.append(" cannot be compared: ", style="red").append(printable(table.error.split("\n")[0]))
        else:
            for text, wide, style in zip(mark, widths, ("green", "red", "yellow"), strict=True):
                line.append(f" {text.rjust(wide)}" if wide else "", style=style)
            line.append(f"  {_schema(table)}" if _schema(table) else "", style="default")
        line.rstrip()
        line.cut(width)
        lines.append(line)
    return [*lines, *_notes(diff.notes, width, 1), *_stat_sum(diff, width)]


def _stat_marks(table: TableDiff) -> tuple[str, str, str]:
    rows = table.rows
    numbers = (rows.added, rows.removed, rows.changed or 0) if rows else (0, 0, 0)
    added, removed, changed = (f"{s}{n:,}" if n else "" for s, n in zip("+−~", numbers, strict=True))
    return added, removed, changed


def _schema(table: TableDiff) -> str:
    """``new dataset``, or what became of its columns: ``1 column added, 2 retyped``."""
    if table.one_sided:
        return f"{table.status} dataset"
    kinds = {
        "added": [c for c in table.columns if c.status is ColumnStatus.ADDED],
        "removed": [c for c in table.columns if c.status is ColumnStatus.REMOVED],
        "renamed": [c for c in table.columns if c.renamed],
        "retyped": [c for c in table.columns if c.retyped],
        "moved": [c for c in table.columns if c.moved],
    }
    parts = [(len(columns), word) for word, columns in kinds.items() if columns]
    return ", ".join(f"{count(n, 'column') if i == 0 else n} {word}" for i, (n, word) in enumerate(parts))


def _stat_sum(diff: Diff, width: int) -> list[Text]:
    """The sum in one line, or in two where that is too long."""
    rows = [table.rows for table in diff.differing if table.rows]
    numbers = (
        (sum(r.added for r in rows), "added", "+", "green"),
        (sum(r.removed for r in rows), "removed", "−", "red"),
        (sum(r.changed or 0 for r in rows), "changed", "~", "yellow"),
    )
    parts = [(f"{n:,}", f" {word}", f"({sign})", style) for n, word, sign, style in numbers if n]
    told = []
    for i, (number, word, sign, style) in enumerate(parts):
        unit = "" if i else " row" if number == "1" else " rows"
        told.append(Text(number + unit + word).append(sign, style=style))
    line, more = _sum(diff, 0), Text(", ").join(told)
    if not told:
        return [Text(" ").append_text(line)]
    whole = Text(" ").append_text(line).append(", ").append_text(more)
    return [whole] if cells(whole.plain) <= width else [Text(" ").append_text(more), Text(" ").append_text(line)]
