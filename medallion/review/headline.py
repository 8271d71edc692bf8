"""What a person wants to know first about a dataset's difference, in words that every report uses. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medallion.diff.value import KeyOrigin, Status
from medallion.review.escape import has_right_to_left
from medallion.review.figures import counted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from medallion.diff.value import ColumnDiff, Key, Pattern, TableDiff
    from medallion.names import TableName
    from medallion.review.value import CheckCount, Review

__all__ = ["by_importance", "changed_names", "checks_in_words", "emptied_in_words", "headline", "key_in_words"]

_ORIGINS = {
    KeyOrigin.DECLARED: "declared",
    KeyOrigin.UNIQUE: "from a unique check",
    KeyOrigin.INFERRED: "inferred",
    KeyOrigin.NONE: "none",
}
_SHORT = 30


def changed_names(review: Review) -> frozenset[str]:
    """The names of datasets that differ, or whose model does."""
    names: list[TableName] = [table.name for table in review.diff.differing]
    return frozenset(map(str, [*names, *(model.name for model in review.models)]))


def checks_in_words(count: CheckCount) -> tuple[str, str]:
    """How checks came out: what a reader has to look at ("" for nothing), and the rest. A warning is no failure.

    ``("1 of 9 did not pass", "")``, ``("", "8 passed, 1 warning")``
    """
    failed = count.checks - count.passed - count.warnings
    rest = [counted(count.warnings, "warning")] if count.warnings else []
    if failed:
        return f"{failed:,} of {count.checks:,} did not pass", "".join(rest)
    return "", ", ".join([f"{count.passed:,} passed", *rest])


def emptied_in_words(table: TableDiff) -> str:
    """What is said of a dataset that became empty, which is seldom meant."""
    rows = table.rows.base if table.rows else 0
    return f"had {counted(rows, 'row')} and has none any more"


def by_importance(tables: Sequence[TableDiff], first: Collection[TableName] = ()) -> tuple[int, ...]:
    """Places of the datasets, the most important one first.

    Those named ``first``, then what cannot be compared, what is gone or empty, whose schema changed, and by the share
    of rows that differ.
    """

    def weight(place: int) -> tuple[bool, bool, bool, bool, float]:
        table = tables[place]
        share = table.differing_rows / max(1, table.rows.base) if table.rows else 0.0
        status = table.status
        return (
            table.name not in first,
            status is not Status.UNAVAILABLE,
            status is not Status.REMOVED and not table.emptied,
            not table.schema_changed,
            -share,
        )

    return tuple(sorted(range(len(tables)), key=weight))


def key_in_words(key: Key) -> str:
    """Where the key comes from: ``declared: @key``, or why there is none."""
    word = _ORIGINS[key.origin]
    return f"{word}: {key.why}" if key.why else word


def headline(table: TableDiff) -> tuple[tuple[str, str], ...]:
    """The most telling change, as parts of a sentence: plain words, each with the data that follows it ("" for none).

    ``("", "status"), (" changed in 516 rows, mostly ", "paid"), (" → ", "refunded")``
    """
    if table.status is Status.UNAVAILABLE:
        return (("could not be compared", ""),)
    if table.one_sided:
        rows = (table.rows.head if table.status is Status.ADDED else table.rows.base) if table.rows else None
        word = "new" if table.status is Status.ADDED else "removed"
        return ((word if rows is None else f"{word}, {counted(rows, 'row')}", ""),)
    cells = [column for column in table.columns if column.changed]
    if cells:
        return tuple(_cells_headline(cells))
    return ((_rows_headline(table), ""),)


def _cells_headline(cells: Sequence[ColumnDiff]) -> Iterator[tuple[str, str]]:
    column = max(cells, key=lambda c: c.changed or 0)
    changed = column.changed or 0
    yield "", column.name
    words = f" changed in {counted(changed, 'row')}"
    if pattern := _telling(column.patterns, changed):
        how = ":" if changed == 1 else ", all" if pattern.count == changed else ", mostly"
        yield f"{words}{how} {_bare(pattern.base)}", pattern.base or ""
        yield f" → {_bare(pattern.head)}", pattern.head or ""
        words = ""
    if len(cells) > 1:
        words += f"; {counted(len(cells) - 1, 'more column')}"
    if words:
        yield words, ""


def _bare(value: str | None) -> str:
    return "NULL" if value is None else "" if value else "(empty)"


def _telling(patterns: Iterable[Pattern], changed: int) -> Pattern | None:
    """The change that most of a column's cells share, where it is short and reads in one direction."""
    first = next(iter(patterns), None)
    if first is None or first.count * 2 <= changed:
        return None
    texts = [text for text in (first.base, first.head) if text is not None]
    if any(len(text) > _SHORT or has_right_to_left(text) for text in texts):
        return None
    return first


def _rows_headline(table: TableDiff) -> str:
    parts = []
    if table.rows:
        parts += [f"{counted(table.rows.added, 'row')} added"] if table.rows.added else []
        parts += [f"{counted(table.rows.removed, 'row')} removed"] if table.rows.removed else []
        parts += [f"{counted(table.rows.changed, 'row')} changed"] if table.rows.changed else []
    if table.schema_changed:
        parts.append("columns changed")
    return ", ".join(parts) or "same rows, other files"
