"""Any difference there may be: Hypothesis strategies for the values of ``medallion.diff``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from medallion.diff.value import (
    Cell,
    ColumnDiff,
    ColumnStatus,
    Diff,
    Histogram,
    Key,
    KeyOrigin,
    Pattern,
    RowChange,
    Rows,
    RowStatus,
    Side,
    Statistics,
    Status,
    TableDiff,
    Tolerance,
)
from medallion.names import TableName

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["columns", "diffs", "tables"]

# DuckDB's texts are UTF-8, which has no surrogates; what a terminal would obey is drawn often enough to matter.
TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
    st.sampled_from(
        ["", " ", "NULL", "a\nb", "\x1b[31mred", "\u202eright to left", "日本語", "x" * 500, "\\n", "| ` <b>"]
    ),
)
VALUES = st.none() | TEXTS
TYPES = st.sampled_from(
    ["INTEGER", "BIGINT", "DOUBLE", "DECIMAL(12,2)", "VARCHAR", "DATE", "STRUCT(a INTEGER)[]", 'STRUCT("\x1b[2J" DATE)']
)
COUNTS = st.integers(0, 10**9)
SMALL = st.integers(0, 5)
HASHES = st.text("0123456789abcdef", min_size=40, max_size=40)
LAYERS = st.sampled_from(["bronze", "silver", "gold"])
NAMES = st.builds(TableName, LAYERS, st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True))


@st.composite
def columns(draw: st.DrawFn, name: str, *, keyed: bool = True, is_key: bool = False) -> ColumnDiff:
    """A column; its patterns and what is in none of them are the cells changed."""
    status = draw(st.sampled_from(ColumnStatus))
    here, before = status is not ColumnStatus.REMOVED, status is not ColumnStatus.ADDED
    private = draw(st.booleans())
    told = keyed and here and before
    patterns = draw(st.lists(st.builds(Pattern, VALUES, VALUES, st.integers(1, 9999)), max_size=4))
    patterns = [] if private or not told or status is ColumnStatus.EQUAL else patterns
    other = draw(SMALL) if told and status is not ColumnStatus.EQUAL else 0
    about = [st.none()] * 3 if private else [VALUES, VALUES, st.none() | st.floats()]
    statistics = st.none() | st.builds(Statistics, COUNTS, *about)
    return ColumnDiff(
        name=name,
        status=status,
        base_name="" if not before else draw(TEXTS) if status is ColumnStatus.RENAMED else name,
        base_type=draw(TYPES) if before else "",
        head_type=draw(TYPES) if here else "",
        base_nullable=draw(st.booleans()),
        head_nullable=draw(st.booleans()),
        moved=draw(st.booleans()) and here and before,
        private=private,
        is_key=is_key,
        changed=sum(p.count for p in patterns) + other if told else None,
        patterns=tuple(sorted(patterns, key=lambda p: -p.count)),
        other_changes=other,
        other_patterns=min(other, draw(st.integers(1, 5))),
        nulls_gained=draw(SMALL) if told else 0,
        nulls_lost=draw(SMALL) if told else 0,
        tolerance=draw(st.none() | st.builds(Tolerance, st.floats(0, 1), st.floats(0, 1))),
        within_tolerance=draw(st.none() | st.integers(0, 9)),
        unpaired=draw(st.none() | st.integers(0, 9)),
        base_statistics=draw(statistics) if before else None,
        head_statistics=draw(statistics) if here else None,
        histogram=None if private else draw(st.none() | histograms()),
    )


@st.composite
def histograms(draw: st.DrawFn) -> Histogram:
    """Counts in bins, with one edge more."""
    bins = draw(st.integers(1, 4))
    edges = sorted(draw(st.lists(st.floats(-1e9, 1e9), min_size=bins + 1, max_size=bins + 1)))
    base, head = (draw(st.lists(SMALL, min_size=bins, max_size=bins)) for _ in range(2))
    return Histogram(tuple(edges), tuple(map(str, edges)), tuple(base), tuple(head))


@st.composite
def samples(draw: st.DrawFn, names: Sequence[str], key: Sequence[str], private: Sequence[str]) -> RowChange:
    """A row with some of the columns."""
    cells = []
    status = draw(st.sampled_from([RowStatus.ADDED, RowStatus.REMOVED, *([RowStatus.CHANGED] if key else [])]))
    base, head = status is not RowStatus.ADDED, status is not RowStatus.REMOVED
    for name in names:
        hidden = name in private
        one, other = (None if hidden or not there else draw(VALUES) for there in (base, head))
        cells.append(Cell(name, one, other, private=hidden))
    return RowChange(
        status,
        tuple(None if name in private else draw(VALUES) for name in key),
        tuple(cell for cell in cells if draw(st.booleans()) or status is not RowStatus.CHANGED),
        1 if key else draw(st.integers(1, 3)),
    )


@st.composite
def tables(draw: st.DrawFn) -> TableDiff:
    """A dataset in any status, with the numbers that such a one may have."""
    status = draw(st.sampled_from(Status))
    name = draw(NAMES)
    if status is Status.UNAVAILABLE:
        return TableDiff(name, status, error=draw(TEXTS))
    if status is Status.EQUAL:
        rows = draw(COUNTS)
        return TableDiff(name, status, rows=draw(st.none() | st.just(Rows(rows, rows))))
    names = draw(st.lists(TEXTS, min_size=1, max_size=6, unique=True))
    key = names[: draw(st.integers(0, len(names)))]
    listed = tuple(draw(columns(n, keyed=bool(key), is_key=n in key)) for n in names)
    private = [column.name for column in listed if column.private]
    shown = draw(st.lists(samples([n for n in names if n not in key], key, private), max_size=4))
    removed, added, same = draw(SMALL), draw(SMALL), draw(COUNTS)
    changed = draw(st.integers(0, min(same, 9))) if key else None
    return TableDiff(
        name=name,
        status=status,
        key=Key(tuple(key), draw(st.sampled_from(KeyOrigin)) if key else KeyOrigin.NONE, draw(TEXTS), tuple(key)),
        rows=Rows(same + removed, same + added, added, removed, changed, (draw(SMALL), 0), (0, draw(SMALL))),
        columns=listed,
        samples=tuple(shown[: added + removed]),
        notes=tuple(draw(st.lists(TEXTS, max_size=2))),
        base_content=draw(HASHES),
        head_content=draw(HASHES),
        base_bytes=draw(COUNTS),
        head_bytes=draw(COUNTS),
    )


def diffs() -> st.SearchStrategy[Diff]:
    """Two versions with some datasets."""
    side = st.builds(Side, TEXTS, st.just("") | HASHES)
    listed = st.lists(tables(), max_size=4, unique_by=lambda table: table.name)
    ordered = listed.map(lambda found: tuple(sorted(found, key=lambda table: table.name)))
    return st.builds(Diff, side, side, ordered, st.lists(TEXTS, max_size=2).map(tuple))
