"""The difference of one dataset as HTML: a row of the overview, and columns, histograms, changes, rows."""

from __future__ import annotations

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
from medallion.review.escape import apart, cut
from medallion.review.figures import amount, change, counted
from medallion.review.headline import headline, key_in_words
from medallion.review.histogram import histogram_picture
from medallion.review.markup import Child, Markup, data, element, join, sentence
from medallion.review.page import filtered_table
from medallion.review.row_words import SIGNS, first_cells, key_cells, left_out, row_remarks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from medallion.diff.value import Cell, ColumnDiff, Diff, RowChange, TableDiff

__all__ = ["dataset_section", "overview_row"]

_COLUMNS, _PATTERNS, _ROWS, _CELLS, _HISTOGRAMS = 500, 500, 2_000, 50, 12
_NAME = 80
# How much of a value that differs is shown.
_APART = 200
_WORDS = {RowStatus.ADDED: "added", RowStatus.REMOVED: "removed", RowStatus.CHANGED: "changed"}
_PRIVATE = element("span", "private", class_="null")


def overview_row(table: TableDiff) -> tuple[Child, ...]:
    """The dataset in the overview: name, rows before, after, change, added, removed, changed, schema."""
    name = element("a", str(table.name), href=f"#{table.name}")
    if table.status is Status.UNAVAILABLE:
        return name, "", "", element("strong", "not compared"), "", "", "", ""
    rows = table.rows
    words = {Status.ADDED: "new", Status.REMOVED: "removed"}
    if rows is None:
        return name, "", "", words.get(table.status, "not compared"), "", "", "", ""
    base = "" if table.status is Status.ADDED else f"{rows.base:,}"
    head = "" if table.status is Status.REMOVED else f"{rows.head:,}"
    moved = words.get(table.status) or change(rows.base, rows.head)
    changed = element("span", "no key", class_="dim") if rows.changed is None else _tinted(rows.changed, "mod")
    schema = join(_short_schema(table)) if table.status is Status.CHANGED else ""
    return name, base, head, moved, _tinted(rows.added, "add"), _tinted(rows.removed, "del"), changed, schema


def _tinted(count: int, kind: str) -> Markup:
    return element("span", amount(count), class_=kind)


def _short_schema(table: TableDiff) -> Iterator[Child]:
    words = list(short_schema(table))
    for place, (word, name) in enumerate(words[:4]):
        yield ", " if place else None
        yield f"{word} "
        yield data(name, 40)
    if len(words) > 4:
        yield f" and {counted(len(words) - 4, 'more change')}"


def dataset_section(table: TableDiff, sides: Diff, *, unfolded: bool) -> Markup:
    """All of a dataset, in a part that folds; links to its name unfold it."""
    sentence = [[words, data(value, 60) if value else None] for words, value in headline(table)]
    summary = element(
        "summary",
        element("h3", str(table.name)),
        element("span", sentence, class_="headline"),
    )
    names = sides.base.short, sides.head.short
    body = [_facts(table), _columns(table), _histograms(table, names), _patterns(table, names), _rows(table, names)]
    inner = element("div", body, id=str(table.name), class_="inside")
    return element("details", summary, inner, class_=f"dataset {table.status}", open=unfolded)


def _facts(table: TableDiff) -> Child:
    parts: list[Child] = []
    if table.error:
        parts.append(element("p", element("strong", "Could not be compared: "), sentence(table.error), class_="bad"))
    if table.rows and table.status is Status.CHANGED:
        rows = table.rows
        facts: list[tuple[str, Child]] = [
            ("Rows", f"{rows.base:,} → {rows.head:,}" if rows.base != rows.head else f"{rows.head:,}")
        ]
        facts += [("Added", _tinted(rows.added, "add"))] if rows.added else []
        facts += [("Removed", _tinted(rows.removed, "del"))] if rows.removed else []
        facts += [("Changed", _tinted(rows.changed, "mod"))] if rows.changed else []
        facts.append(("Key", _key_fact(table)))
        parts.append(element("dl", [element("div", element("dt", n), element("dd", v)) for n, v in facts]))
    notes = [element("li", sentence(note)) for note in (*row_remarks(table), *table.notes)]
    return [*parts, element("ul", notes, class_="notes") if notes else None]


def _key_fact(table: TableDiff) -> Child:
    names = [[", " if place else None, data(name, _NAME)] for place, name in enumerate(table.key.columns)]
    why = key_in_words(table.key) if names else f"none: {table.key.why}" if table.key.why else "none"
    return [names, element("span", " ", sentence(why), class_="dim")]


def _columns(table: TableDiff) -> Child:
    if table.one_sided:
        return _all_columns(table)
    told = changed_columns(table)
    if not told or table.status is not Status.CHANGED:
        return None
    lines = [_column_row(table, column) for column in told[:_COLUMNS]]
    heads = ("column", "schema", "cells changed", "same", "NULLs", "over all rows")
    return _with_more("Columns", filtered_table("Changed columns", heads, lines, (2, 3)), len(told) - len(lines))


def _all_columns(table: TableDiff) -> Child:
    """The columns of a dataset that is on one side only."""
    rows = [(data(c.name, _NAME), data(c.head_type or c.base_type, _NAME)) for c in table.columns[:_COLUMNS]]
    if not rows:
        return None
    return _with_more("Columns", filtered_table("Columns", ("column", "type"), rows), len(table.columns) - len(rows))


def _with_more(name: str, table: Markup, more: int, noun: str = "more column") -> Child:
    note = element("p", f"{counted(more, noun)} not shown.", class_="dim") if more > 0 else None
    return [element("h4", name), table, note]


def _column_row(table: TableDiff, column: ColumnDiff) -> tuple[Child, ...]:
    words: list[Child] = []
    for word, values in schema_words(column):
        told = [[" → " if place else None, data(value, _NAME)] for place, value in enumerate(values)]
        words += [", " if words else None, f"{word} ", told]
    if column.private:
        words += [", " if words else None, _PRIVATE]
    return (
        data(column.name, _NAME),
        join(words),
        *cells_in_words(table, column),
        nulls_in_words(column, table.rows),
        join(_statistics(column)),
    )


def _statistics(column: ColumnDiff) -> Iterator[Child]:
    for place, (word, old, new) in enumerate(statistics_words(column)):
        between = ", " if place else None
        was, now = (old, new) if word == "mean" else (data(old, 40), data(new, 40))
        yield [between, f"{word} ", was, " → ", now]


def _histograms(table: TableDiff, names: tuple[str, str]) -> Child:
    columns = [c for c in changed_columns(table) if c.histogram and not c.private]
    if not columns:
        return None
    base, head = (cut(name, 40)[0] for name in names)
    figures = [
        histogram_picture(column.name, column.histogram, base, head, f"{table.name}-h{place}")
        for place, column in enumerate(columns[:_HISTOGRAMS])
        if column.histogram
    ]
    legend = element(
        "p",
        element("span", class_="swatch base"),
        data(base),
        " ",
        element("span", class_="swatch head"),
        data(head),
        class_="legend",
    )
    more = len(columns) - len(figures)
    note = element("p", f"Histograms of {counted(more, 'more column')} not shown.", class_="dim") if more else None
    return [element("h4", "How values are spread"), legend, element("div", figures, class_="figures"), note]


def _patterns(table: TableDiff, names: tuple[str, str]) -> Child:
    lines: list[Sequence[Child]] = []
    more = 0
    for column in with_patterns(table, _COLUMNS):
        if len(lines) >= _PATTERNS:
            more += 1
            continue
        lines += [(data(column.name, _NAME), *_values(p.base, p.head), f"{p.count:,}") for p in column.patterns]
        if column.other_patterns:
            words = element("span", counted(column.other_patterns, "other change"), class_="dim")
            lines.append((data(column.name, _NAME), words, "", f"{column.other_changes:,}"))
    if not lines:
        return None
    heads = ("column", data(names[0], 40), data(names[1], 40), "rows")
    table_ = filtered_table("Most frequent changes", heads, lines, (3,))
    note = element("p", f"Changes of {counted(more, 'more column')} not shown.", class_="dim") if more else None
    return [element("h4", "Most frequent changes"), table_, note]


def _old(child: Child) -> Markup:
    return element("del", child)


def _new(child: Child) -> Markup:
    return element("ins", child)


def _rows(table: TableDiff, names: tuple[str, str]) -> Child:
    shown = table.samples[:_ROWS]
    if not shown:
        return None
    lines: list[Sequence[Child]] = []
    classes: list[str] = []
    for sample in shown:
        cells = list(_row_lines(table, sample))
        lines += cells
        classes += [sample.status.value] * len(cells)
    heads = ("row", *(data(key, 40) for key in table.key.columns), "column", data(names[0], 40), data(names[1], 40))
    caption = f"Rows of {table.name} that differ"
    return _with_more(
        "Rows", filtered_table(caption, heads, lines, row_classes=classes), left_out(table, _ROWS), "more row"
    )


def _row_lines(table: TableDiff, sample: RowChange) -> Iterator[Sequence[Child]]:
    count = f" × {sample.count:,}" if sample.count > 1 else ""
    sign = join(
        element("span", SIGNS[sample.status], class_="sign", aria_hidden="true"), f" {_WORDS[sample.status]}{count}"
    )
    key = [_PRIVATE if private else data(value) for _, value, private in key_cells(table, sample)]
    key += [join()] * (len(table.key.columns) - len(key))
    cells, more = first_cells(sample, _CELLS)
    if sample.status is RowStatus.CHANGED:
        for cell in cells:
            yield sign, *key, data(cell.column, _NAME), *_both(cell)
        if more:
            yield sign, *key, element("span", more, class_="dim"), "", ""
        return
    added = sample.status is RowStatus.ADDED
    whole = [element("span", data(c.column, 40), " ", _one(c, added=added), class_="pair") for c in cells]
    told = (_new if added else _old)([whole, more])
    yield sign, *key, element("span", "whole row", class_="dim"), *(("", told) if added else (told, ""))


def _one(cell: Cell, *, added: bool) -> Markup:
    return _PRIVATE if cell.private else data(cell.head if added else cell.base)


def _both(cell: Cell) -> tuple[Child, Child]:
    return (_PRIVATE, _PRIVATE) if cell.private else _values(cell.base, cell.head)


def _values(base: str | None, head: str | None) -> tuple[Markup, Markup]:
    """Two values that differ, so cut that it is seen where."""
    old, new = apart(base, head, _APART)
    return _old(data(old, 2 * _APART)), _new(data(new, 2 * _APART))
