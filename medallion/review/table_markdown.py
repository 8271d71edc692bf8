"""The difference of one dataset as markdown: a row of the overview, and a ``<details>`` with columns, changes, rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from medallion.diff.value import RowStatus, Status
from medallion.review.column_words import (
    cells_in_words,
    changed_columns,
    nulls_in_words,
    schema_words,
    short_schema,
    statistics_words,
    with_patterns,
)
from medallion.review.escape import apart, code, html_text, prose, row
from medallion.review.figures import amount, change, counted
from medallion.review.headline import headline, key_in_words
from medallion.review.row_words import SIGNS, first_cells, key_cells, left_out, row_remarks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from medallion.diff.value import Cell, ColumnDiff, Diff, RowChange, TableDiff

__all__ = ["FEW", "MANY", "Limits", "bullet", "details", "overview_cells", "table"]

_KEY_COLUMNS = 3
_NAME = 60
# A value that is cut around what differs, with how long it is.
_APART = 130


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of one dataset is shown: columns, changes of each column and of all, rows, and cells of a row."""

    columns: int
    patterns: int
    all_patterns: int
    rows: int
    cells: int


#: What a comment shows of a dataset, and what a report of one's own does.
FEW = Limits(columns=20, patterns=3, all_patterns=20, rows=5, cells=6)
MANY = Limits(columns=500, patterns=10, all_patterns=500, rows=1_000_000, cells=100)


def bullet(text: str) -> str:
    """An item of a list."""
    return f"- {text}"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], numbers: Sequence[int] = ()) -> str:
    """A whole table; the columns in ``numbers`` are flush right."""
    rule = ["---:" if place in numbers else "---" for place in range(len(heads))]
    return "\n".join([row(heads), row(rule), *(row(cells) for cells in rows)])


def overview_cells(diff: TableDiff) -> tuple[str, ...]:
    """The dataset in the overview: its name, rows before and after, added, removed, changed, and its schema."""
    name = code(str(diff.name))
    if diff.status is Status.UNAVAILABLE or diff.rows is None:
        word = {Status.ADDED: "new", Status.REMOVED: "removed"}.get(diff.status, "**not compared**")
        return name, word, "", "", "", ""
    rows = diff.rows
    if diff.status is Status.ADDED:
        span = f"new → {rows.head:,}"
    elif diff.status is Status.REMOVED:
        span = f"{rows.base:,} → removed"
    elif rows.base == rows.head:
        span = f"{rows.head:,}"
    else:
        percent = change(rows.base, rows.head)
        span = f"{rows.base:,} → {rows.head:,}" + (f" ({percent})" if percent else "")
    changed = "no key" if rows.changed is None else amount(rows.changed)
    schema = "" if diff.one_sided else _schema(diff)
    return name, span, amount(rows.added), amount(rows.removed), changed, schema


def _schema(diff: TableDiff) -> str:
    words = [f"{word} {code(name, _NAME)}" for word, name in short_schema(diff)]
    return ", ".join(words[:3]) + (f" and {counted(len(words) - 3, 'more change')}" if len(words) > 3 else "")


def details(diff: TableDiff, sides: Diff, limits: Limits = FEW) -> tuple[str, ...]:
    """The ``<details>`` of a dataset, in versions from the longest to the shortest: the later ones show no rows.

    None where there is nothing to say that the overview does not.
    """
    names = code(sides.base.short, _NAME), code(sides.head.short, _NAME)
    first, columns = _remarks(diff), _columns(diff, limits)
    patterns, rows = _patterns(diff, names, limits), _rows(diff, names, limits)
    longest = [*first, *columns, *patterns, *rows]
    versions = [longest, [*first, *columns, *patterns], [*first, *columns]]
    told: list[str] = []
    for version in filter(None, versions):
        text = _folded(diff, version)
        if text not in told:
            told.append(text)
    return tuple(told)


def _folded(diff: TableDiff, parts: Iterable[str]) -> str:
    sentence = "".join(f"{words}<code>{html_text(data)}</code>" if data else words for words, data in _safe(diff))
    summary = f"<details><summary><code>{html_text(str(diff.name))}</code>: {sentence}</summary>"
    return "\n\n".join([summary, *parts, "</details>"])


def _safe(diff: TableDiff) -> Iterator[tuple[str, str]]:
    """The headline, with names that are too long for it cut."""
    for words, data in headline(diff):
        yield words, data if len(data) <= _NAME else data[:_NAME] + "…"


def _remarks(diff: TableDiff) -> list[str]:
    parts = []
    if diff.status is Status.CHANGED:
        columns = ", ".join(code(column, _NAME) for column in diff.key.columns)
        why = prose(key_in_words(diff.key))
        parts.append(f"Key: {columns} ({why})" if columns else f"No key: {prose(diff.key.why or 'none was found')}")
    notes = [bullet(prose(note)) for note in (*row_remarks(diff), *diff.notes)]
    return [*parts, "\n".join(notes)] if notes else parts


def _columns(diff: TableDiff, limits: Limits) -> list[str]:
    told = changed_columns(diff)
    if diff.one_sided:
        return _all_columns(diff, limits)
    if not told:
        return []
    rows = [
        (
            code(column.name, _NAME),
            _column_words(column),
            *cells_in_words(diff, column),
            nulls_in_words(column, diff.rows),
            _statistics(column),
        )
        for column in told[: limits.columns]
    ]
    text = table(("column", "schema", "cells changed", "same", "NULLs", "over all rows"), rows, (2, 3))
    more = len(told) - len(rows)
    return [text, *([f"{counted(more, 'more changed column')} not shown."] if more else [])]


def _all_columns(diff: TableDiff, limits: Limits) -> list[str]:
    """The columns of a dataset that is on one side only."""
    words = [f"{code(c.name, _NAME)} {code(c.head_type or c.base_type, _NAME)}" for c in diff.columns[: limits.columns]]
    more = len(diff.columns) - len(words)
    return ["Columns: " + ", ".join([*words, *([f"{more:,} more"] if more else [])])] if words else []


def _column_words(column: ColumnDiff) -> str:
    words = []
    for word, data in schema_words(column):
        words.append(" ".join([word, " → ".join(code(text, _NAME) for text in data)]).strip())
    return ", ".join([*words, *(["private"] if column.private else [])])


def _statistics(column: ColumnDiff) -> str:
    words = []
    for word, old, new in statistics_words(column):
        was, now = (old, new) if word == "mean" else (code(old, 30), code(new, 30))
        words.append(f"{word} {was} → {now}")
    return ", ".join(words)


def _patterns(diff: TableDiff, names: tuple[str, str], limits: Limits) -> list[str]:
    rows: list[tuple[str, ...]] = []
    left = 0
    for column in with_patterns(diff, limits.columns):
        room = min(limits.patterns, limits.all_patterns - len(rows))
        told = column.patterns[: max(0, room)]
        name = code(column.name, _NAME)
        rows += [(name, *_codes(p.base, p.head), f"{p.count:,}") for p in told]
        kinds = len(column.patterns) - len(told) + column.other_patterns
        cells = sum(p.count for p in column.patterns[len(told) :]) + column.other_changes
        if not told:
            left += 1
        elif kinds:
            rows.append((name, f"{counted(kinds, 'other change')}", "", f"{cells:,}"))
    if not rows:
        return []
    more = [f"Changes of {counted(left, 'more column')} not shown."] if left else []
    return [table(("column", *names, "rows"), rows, (3,)), *more]


def _rows(diff: TableDiff, names: tuple[str, str], limits: Limits) -> list[str]:
    shown = diff.samples[: limits.rows]
    if not shown:
        return []
    keys = diff.key.columns
    heads = [code(key, _NAME) for key in keys] if len(keys) <= _KEY_COLUMNS else ["key"]
    lines = [line for sample in shown for line in _row_lines(diff, sample, limits)]
    more = left_out(diff, limits.rows)
    text = table(("", *heads, "column", *names), lines)
    return [text, *([f"{counted(more, 'more row')} not shown."] if more > 0 else [])]


def _row_lines(diff: TableDiff, sample: RowChange, limits: Limits) -> Iterator[tuple[str, ...]]:
    sign = SIGNS[sample.status] + (f" × {sample.count:,}" if sample.count > 1 else "")
    key = _key(diff, sample)
    cells, more = first_cells(sample, limits.cells)
    if sample.status is RowStatus.CHANGED:
        for cell in cells:
            yield sign, *key, code(cell.column, _NAME), *_both(cell)
        if more:
            yield sign, *key, more, "", ""
        return
    added = sample.status is RowStatus.ADDED
    words = [f"{code(c.column, _NAME)} {_both(c)[added]}" for c in cells]
    whole = ", ".join([*words, *([more] if more else [])])
    yield sign, *key, "whole row", *(("", whole) if added else (whole, ""))


def _both(cell: Cell) -> tuple[str, str]:
    return ("(private)", "(private)") if cell.private else _codes(cell.base, cell.head)


def _codes(base: str | None, head: str | None) -> tuple[str, str]:
    """Two values that differ, as code spans in which that is seen."""
    old, new = apart(base, head)
    return code(old, _APART), code(new, _APART)


def _key(diff: TableDiff, sample: RowChange) -> tuple[str, ...]:
    """The row's key: a cell for each of its columns, or one for all where there are many."""
    pairs = [(name, "(private)" if private else code(value)) for name, value, private in key_cells(diff, sample)]
    if len(diff.key.columns) <= _KEY_COLUMNS:
        return (*(value for _, value in pairs), *[""] * (len(diff.key.columns) - len(pairs)))
    return (", ".join(f"{code(name, _NAME)} {value}" for name, value in pairs),)
