"""The columns of a dataset that differ, a line each: how many cells, how, and what else became of the column."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medallion.cli.fit import shorten
from medallion.cli.text import Text, cells
from medallion.cli.value_text import side_by_side, told_apart
from medallion.diff.value import ColumnStatus
from medallion.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from medallion.diff.value import ColumnDiff, Pattern, Statistics, TableDiff

__all__ = ["MARGIN", "column_lines", "packed", "percent"]

MARGIN = 2
_GAP = 2
_MOST_COLUMNS = 40
_MOST_PATTERNS = 5
_WIDEST_NAME = 40
_WIDEST_VALUE = 24
# With less room than this beside a column's name, what is told of it begins on the next line.
_LEAST_ROOM = 24
_INDENT = MARGIN + 4


def column_lines(table: TableDiff, width: int) -> list[Text]:
    """What became of the columns that differ, in lines of at most ``width`` cells."""
    whole = table.one_sided
    if whole:
        return _listed(table, width)
    differing = [column for column in table.columns if _told(column)]
    shown = _foremost(differing)
    moved = [printable(column.name) for column in table.columns if column.moved and not _told(column)]
    names = _names(shown, min(_WIDEST_NAME, width // 3))
    room = width - _INDENT
    rows = [
        (name, *_state(column, table), list(_facts(column, table, room)))
        for name, column in zip(names, shown, strict=True)
    ]
    lines = list(_table(rows, width))
    if len(differing) > len(shown):
        more = f"… {len(differing) - len(shown):,} more columns differ; --columns a,b names some, --json has all"
        lines.append(Text(" " * MARGIN + shorten(more, width - MARGIN), style="dim"))
    if moved:
        lines += _words("moved: ", moved, width, style="yellow")
    return lines


def _foremost(columns: Sequence[ColumnDiff]) -> Sequence[ColumnDiff]:
    """As many as are shown, in their order: what became of the schema, then those with the most changes."""
    schema = (ColumnStatus.ADDED, ColumnStatus.REMOVED, ColumnStatus.RENAMED, ColumnStatus.RETYPED)
    ranked = sorted(columns, key=lambda column: (column.status not in schema, -(column.changed or 0)))
    chosen = {id(column) for column in ranked[:_MOST_COLUMNS]}
    return [column for column in columns if id(column) in chosen]


def _told(column: ColumnDiff) -> bool:
    """Whether it has a line of its own."""
    return (
        column.status not in (ColumnStatus.EQUAL, ColumnStatus.MOVED, ColumnStatus.UNKNOWN)
        or column.retyped
        or bool(column.changed)
        or column.base_nullable != column.head_nullable
    )


def _listed(table: TableDiff, width: int) -> list[Text]:
    """The columns of a dataset that came or went, with their types."""
    listed = table.columns[:_MOST_COLUMNS]
    words = [f"{printable(column.name)} {printable(column.head_type or column.base_type)}" for column in listed]
    if len(table.columns) > len(listed):
        words.append(f"… {len(table.columns) - len(listed):,} more")
    return _words("columns: ", words, width) if words else []


def _words(head: str, words: Sequence[str], width: int, style: str = "dim") -> list[Text]:
    room = width - MARGIN - len(head)
    lines = packed(words, ", ", room)
    before = [" " * MARGIN + head, *[" " * (MARGIN + len(head))] * (len(lines) - 1)]
    return [Text(one + line, style=style) for one, line in zip(before, lines, strict=True)]


def packed(parts: Iterable[str], between: str, room: int) -> list[str]:
    """Parts in lines of at most ``room`` cells, one after the other; a part that is longer is cut."""
    end = "," if between == ", " else ""
    lines: list[str] = []
    for part in (shorten(one, room - len(end)) for one in parts):
        if lines and cells(lines[-1]) + len(between) + cells(part) + len(end) <= room:
            lines[-1] += between + part
        else:
            lines.append(part)
    return [*(line + end for line in lines[:-1]), *lines[-1:]]


def _names(columns: Sequence[ColumnDiff], wide: int) -> list[str]:
    """The names as they are shown, in at most ``wide`` cells; of a renamed column both."""
    names = told_apart((printable(column.name) for column in columns if not column.renamed), wide)
    return [_renamed(column, wide) if column.renamed else names[printable(column.name)] for column in columns]


def _renamed(column: ColumnDiff, wide: int) -> str:
    before, now = printable(column.base_name), printable(column.name)
    room = wide - 3
    if cells(before) + cells(now) <= room:
        return f"{before} → {now}"
    half = room // 2
    first = min(cells(before), max(half, room - cells(now)))
    return " → ".join(side_by_side(before, now, first, room - first))


def _state(column: ColumnDiff, table: TableDiff) -> tuple[str, str, str]:
    """In how many rows it changed, how many are the same, and the colour of that."""
    if column.status is ColumnStatus.ADDED:
        return "new column", "", "green"
    if column.status is ColumnStatus.REMOVED:
        return "removed", "", "red"
    if column.changed is None:
        return "", "", "yellow"
    same = f"{percent(table.matched_rows - column.changed, table.matched_rows)} same" if table.matched_rows else ""
    if column.changed:
        return f"{column.changed:,} changed", same, "yellow"
    return ("renamed" if column.renamed else ""), same, "yellow"


def percent(part: int, whole: int) -> str:
    """A share with one decimal that says 0 or 100 only where it is: ``99.5 %``, ``> 99.9 %``."""
    text = f"{100 * part / whole:.1f} %" if whole else "0.0 %"
    if part < whole and text == "100.0 %":
        return ">99.9 %"
    return "<0.1 %" if part and text == "0.0 %" else text


def _facts(column: ColumnDiff, table: TableDiff, room: int) -> Iterator[str]:
    """What else there is to say in ``room`` cells each, the most important first."""
    if column.private:
        yield "(private)"
    if column.status in (ColumnStatus.ADDED, ColumnStatus.REMOVED):
        yield _alone(column, table)
        return
    if column.renamed:
        yield (
            "renamed (detected: same values)" if not column.changed else "renamed (detected: most values are the same)"
        )
    if column.retyped:
        yield " → ".join(side_by_side(column.base_type, column.head_type, max(_WIDEST_VALUE, (room - 3) // 2)))
    if column.moved:
        yield "moved"
    yield from _nulls(column)
    if not column.private:
        yield from _patterns(column, room)
        yield from _statistics(column.base_statistics, column.head_statistics)
    if column.tolerance is not None and (column.tolerance.absolute or column.tolerance.relative):
        absolute, relative = column.tolerance.absolute, column.tolerance.relative
        told = [*([f"{absolute:g}"] if absolute else []), *([f"{100 * relative:g} %"] if relative else [])]
        yield f"within {' or '.join(told).replace('e-0', 'e-')}"


def _alone(column: ColumnDiff, table: TableDiff) -> str:
    """The type of a column that came or went, and how much of it is NULL."""
    added = column.status is ColumnStatus.ADDED
    statistics = column.head_statistics if added else column.base_statistics
    kind = printable(column.head_type if added else column.base_type)
    rows = (table.rows.head if added else table.rows.base) if table.rows else 0
    if statistics is None or not rows:
        return kind
    share = percent(statistics.nulls, rows).replace(".0 %", " %")
    return f"{kind}, {share} NULL" if statistics.nulls else f"{kind}, no NULL"


def _nulls(column: ColumnDiff) -> Iterator[str]:
    if column.nulls_gained or column.nulls_lost:
        parts = (f"+{column.nulls_gained:,}", column.nulls_gained), (f"−{column.nulls_lost:,}", column.nulls_lost)
        yield " ".join(text for text, number in parts if number) + " NULL"
    if column.base_nullable != column.head_nullable:
        yield "has NULLs now" if column.head_nullable else "has no NULLs any more"


def _patterns(column: ColumnDiff, room: int) -> Iterator[str]:
    """The most frequent changes, and how many cells changed in another way."""
    if not column.patterns:
        return
    shown = column.patterns[:_MOST_PATTERNS]
    if shown[0].count == 1 and len(column.patterns) + column.other_patterns > _MOST_PATTERNS:
        shown = shown[:1]  # No change is frequent: one of them is an example.
    yield from (_pattern(pattern, room) for pattern in shown)
    rest = column.other_changes + sum(pattern.count for pattern in column.patterns[len(shown) :])
    if rest:
        yield f"others × {rest:,}"


def _pattern(pattern: Pattern, room: int) -> str:
    """A change and how often it was seen: where there is little room, the values give and never the number."""
    times = f" × {pattern.count:,}"
    wide = min(_WIDEST_VALUE, max(4, (room - len(times) - 3) // 2))
    values = " → ".join(side_by_side(pattern.base, pattern.head, wide))
    return shorten(values, room - len(times)) + times


def _statistics(base: Statistics | None, head: Statistics | None) -> Iterator[str]:
    """The mean and the bounds, where they are not as before."""
    if base is None or head is None:
        return
    if base.mean is not None and head.mean is not None and base.mean != head.mean:
        yield "mean {} → {}".format(*_numbers(base.mean, head.mean))
    for word, before, after in (("min", base.least, head.least), ("max", base.greatest, head.greatest)):
        if before != after:
            yield f"{word} " + " → ".join(side_by_side(before, after, _WIDEST_VALUE))


def _numbers(one: float, other: float) -> tuple[str, str]:
    """Two numbers with two decimals, or as many as show that they differ."""
    largest = max(abs(one), abs(other))
    form = ",.{}f" if 1e-3 <= largest < 1e15 else ".{}g"
    for digits in range(2, 18):
        texts = (f"{number:{form.format(digits)}}".replace("-", "−", 1) for number in (one, other))
        first, second = texts
        if first != second:
            break
    return first, second


def _table(rows: Sequence[tuple[str, str, str, str, Sequence[str]]], width: int) -> Iterator[Text]:
    """Names, counts and rates below each other, and what else there is beside them or on lines of its own."""
    if not rows:
        return
    name = max(cells(row[0]) for row in rows)
    state, same = max(len(row[1]) for row in rows), max(len(row[2]) for row in rows)
    start = MARGIN + name + sum(_GAP + wide for wide in (state, same) if wide) + _GAP
    for title, changed, rate, style, facts in rows:
        # What is longer than the room beside the name is told below it, and not cut.
        beside = width - start >= max([_LEAST_ROOM, *map(cells, facts)])
        indent = start if beside else _INDENT
        line = Text(" " * MARGIN).append(title + " " * (name - cells(title)), style="bold")
        if state:
            # Counts are flush right; words, as in "new column", begin where counts do.
            line.append(" " * _GAP + (changed.rjust(state) if changed[:1].isdigit() else changed.ljust(state)), style)
        if same:
            line.append(" " * _GAP + rate.rjust(same), style="dim")
        lines = packed(facts, " · ", width - indent)
        if beside and lines:
            line.append(" " * _GAP + lines.pop(0), style="default")
        line.rstrip()
        yield line
        yield from (Text(" " * indent + more) for more in lines)
