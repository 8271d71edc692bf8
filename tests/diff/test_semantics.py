"""What a difference says is what the rows of two versions say: held against an oracle that compares them in Python."""

from __future__ import annotations

import math
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medallion.diff.asked import Asked
from medallion.diff.value import KeyOrigin, RowStatus, TableDiff
from medallion.engines.rows import differing, partitions
from tests.diff.compared import compared

if TYPE_CHECKING:
    import duckdb

    from medallion.engines.rows.pair import Pair

# Values of a type, and how each is written in SQL.
_KINDS: dict[str, list[str]] = {
    "VARCHAR": ["NULL", "'paid'", "'refunded'", "''", "'ü|`<@'"],
    "DOUBLE": ["NULL", "0.0", "-0.0", "'nan'", "'inf'", "1.5", "1.6"],
    "DECIMAL(12, 2)": ["NULL", "0.00", "1.50", "99999999.99"],
    "TIMESTAMP WITH TIME ZONE": ["NULL", "'2024-01-01 00:00:00+00'", "'2024-01-01 01:00:00+00'"],
    "DOUBLE[]": ["NULL", "[]", "[NULL]", "[0.0]", "[-0.0]", "['nan'::DOUBLE]", "[1.0, 2.0]"],
    "STRUCT(a INTEGER, b VARCHAR)": ["NULL", "{'a': 1, 'b': 'x'}", "{'a': NULL, 'b': 'x'}", "{'a': NULL, 'b': NULL}"],
    "MAP(VARCHAR, INTEGER)": ["NULL", "MAP{}", "MAP{'a': 1, 'b': 2}", "MAP{'b': 2, 'a': 1}", "MAP{'a': 2, 'b': 1}"],
    "INTERVAL": ["NULL", "INTERVAL '1 month'", "INTERVAL '30 days'", "INTERVAL '720 hours'"],
    "INTERVAL[]": ["NULL", "[INTERVAL '1 month']", "[INTERVAL '30 days']", "[NULL]"],
    "ENUM('x', 'y')": ["NULL", "'x'", "'y'"],
    "BLOB": ["NULL", "'\\x00'::BLOB", "'\\x00a'::BLOB"],
}
# What is written otherwise and is the same value.
_SAME = {"-0.0": "0.0", "[-0.0]": "[0.0]", "MAP{'b': 2, 'a': 1}": "MAP{'a': 1, 'b': 2}"}

_Row = tuple[str, ...]


@st.composite
def _versions(draw: st.DrawFn) -> tuple[list[str], list[_Row], list[_Row]]:
    """Types of the columns after the key, and the rows of two versions: many rows of the second are of the first."""
    kinds = draw(st.lists(st.sampled_from(list(_KINDS)), min_size=1, max_size=3))
    key = st.sampled_from(["NULL", *map(str, range(8))])
    row = st.tuples(key, *(st.sampled_from(_KINDS[kind]) for kind in kinds))
    base = draw(st.lists(row, max_size=10))
    kept = [r for r in base if draw(st.integers(0, 3))]
    return kinds, base, kept + draw(st.lists(row, max_size=4))


def _sql(kinds: list[str], rows: list[_Row]) -> str:
    types = ["INTEGER", *kinds]
    listed = [", ".join(f"CAST({v} AS {t})" for v, t in zip(row, types, strict=True)) for row in rows]
    names = ", ".join(["id", *(f"v{i}" for i in range(len(kinds)))])
    nothing = ", ".join(f"CAST(NULL AS {t})" for t in types)
    values = " UNION ALL ".join(f"SELECT {row}" for row in listed) or f"SELECT {nothing} WHERE false"
    return f"SELECT * FROM ({values}) v({names})"


def _plain(row: _Row) -> _Row:
    return tuple(_SAME.get(value, value) for value in row)


def _expected(base: list[_Row], head: list[_Row]) -> tuple[int, int, int, list[int]]:
    """Rows added, removed and changed, and for each column the cells changed: by key, within one as multisets."""
    old, new = [_plain(row) for row in base], [_plain(row) for row in head]
    added = removed = changed = 0
    cells: Counter[int] = Counter()
    for key in {row[0] for row in [*old, *new]}:
        was, now = [r for r in old if r[0] == key], [r for r in new if r[0] == key]
        if len(was) == len(now) == 1:
            differ = [i for i, (a, b) in enumerate(zip(was[0], now[0], strict=True)) if a != b]
            changed += bool(differ)
            cells.update(differ)
        else:
            removed += (Counter(was) - Counter(now)).total()
            added += (Counter(now) - Counter(was)).total()
    width = len((old or new or [("",)])[0])
    return added, removed, changed, [cells[i] for i in range(width)]


def _diff(kinds: list[str], base: list[_Row], head: list[_Row], key: str) -> TableDiff:
    with tempfile.TemporaryDirectory() as folder:
        return compared(Path(folder), _sql(kinds, base), _sql(kinds, head), key, Asked(limit=0))


@pytest.mark.parametrize("small", [False, True], ids=["one part", "many parts"])
def test_rows_and_cells_are_those_that_an_oracle_counts(small: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if small:  # Parts of a few rows, and rows that differ looked up again.
        monkeypatch.setattr(partitions, "_ROWS", 2)
        monkeypatch.setattr(partitions, "BUDGET", 100)
        monkeypatch.setattr(differing, "BUDGET", 400)
        monkeypatch.setattr(differing, "_TAKEN", 1)

    @settings(max_examples=30, deadline=None)
    @given(_versions())
    def holds(versions: tuple[list[str], list[_Row], list[_Row]]) -> None:
        kinds, base, head = versions
        found = _diff(kinds, base, head, "@key id")
        added, removed, changed, cells = _expected(base, head)
        assert found.rows is not None
        assert (found.rows.added, found.rows.removed, found.rows.changed) == (added, removed, changed)
        assert found.rows.base - found.rows.removed + found.rows.added == found.rows.head
        assert [c.changed for c in found.columns] == cells[: len(found.columns)] or not (base or head)
        for column in found.columns:
            assert column.changed == sum(p.count for p in column.patterns) + column.other_changes
        counted = Counter(dict.fromkeys(RowStatus, 0))
        for row in found.samples:
            counted[row.status] += row.count
        assert counted == {RowStatus.ADDED: added, RowStatus.REMOVED: removed, RowStatus.CHANGED: changed}
        assert found.rows.null_keys == tuple(sum(r[0] == "NULL" for r in rows) for rows in (base, head))
        if found.differing_rows:
            twice = [sum(n for n in Counter(r[0] for r in rows).values() if n > 1) for rows in (base, head)]
            assert found.rows.duplicate_keys == tuple(twice)

    holds()


@settings(max_examples=15, deadline=None)
@given(_versions())
def test_without_a_key_rows_are_compared_as_a_multiset(versions: tuple[list[str], list[_Row], list[_Row]]) -> None:
    kinds, base, head = versions
    # A column of lists and one of rows that come twice: nothing that could be taken for a key.
    found = _diff(kinds, [*base, *base], [*head, *head], "")
    old, new = (Counter(_plain(row) for row in [*rows, *rows]) for rows in (base, head))
    assert found.rows is not None
    assert (found.rows.added, found.rows.removed) == ((new - old).total(), (old - new).total())
    assert found.rows.base - found.rows.removed + found.rows.added == found.rows.head
    if base and head:
        assert found.key.origin is KeyOrigin.NONE
        assert found.rows.changed is None


@settings(max_examples=10, deadline=None)
@given(_versions())
def test_the_other_way_round_added_and_removed_change_places(
    versions: tuple[list[str], list[_Row], list[_Row]],
) -> None:
    kinds, base, head = versions
    there, back = _diff(kinds, base, head, "@key id"), _diff(kinds, head, base, "@key id")
    assert there.rows is not None
    assert back.rows is not None
    assert (there.rows.added, there.rows.removed, there.rows.changed) == (
        back.rows.removed,
        back.rows.added,
        back.rows.changed,
    )
    assert [c.changed for c in there.columns] == [c.changed for c in back.columns]
    assert [{(p.base, p.head, p.count) for p in c.patterns} for c in there.columns] == [
        {(p.head, p.base, p.count) for p in c.patterns} for c in back.columns
    ]


_NUMBERS = st.one_of(
    st.integers(-1000, 1000).map(float),
    st.floats(-1e6, 1e6).map(lambda x: round(x, 3)),
    st.sampled_from([math.nan, math.inf, -math.inf, 0.0, -0.0, 1e300]),
)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(_NUMBERS, _NUMBERS), min_size=1, max_size=20), st.sampled_from(["0.01", "0.1%", "1 or 1%"]))
def test_numbers_within_the_tolerance_are_the_same(pairs: list[tuple[float, float]], tolerance: str) -> None:
    parts = tolerance.split(" or ")
    absolute = next((float(part) for part in parts if "%" not in part), 0.0)
    relative = next((float(part[:-1]) / 100 for part in parts if "%" in part), 0.0)

    def differs(a: float, b: float) -> bool:
        if a == b or (math.isnan(a) and math.isnan(b)):
            return False
        if not (math.isfinite(a) and math.isfinite(b)):
            return True
        return not (abs(a - b) <= absolute or abs(a - b) <= max(abs(a), abs(b)) * relative)

    def table(side: int) -> str:
        rows = ", ".join(f"({i}, '{pair[side]!r}'::DOUBLE)" for i, pair in enumerate(pairs))
        return f"SELECT * FROM (VALUES {rows}) v(id, total)"

    with tempfile.TemporaryDirectory() as folder:
        found = compared(Path(folder), table(0), table(1), f"@key id\n@tolerance total {tolerance}")
    column: Any = found.column("total")
    assert column.changed == sum(differs(a, b) for a, b in pairs)


@pytest.mark.parametrize("order", ["id", "hash(id)"], ids=["sorted", "shuffled"])
@pytest.mark.parametrize("key", ["id", "day, id"])
def test_parts_of_the_keys_range_together_hold_each_row_once(
    order: str, key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = "SELECT i AS id, DATE '2024-01-01' + (i // 5000)::INTEGER AS day, i % 7 AS v FROM range(12000) t(i)"
    base = f"{whole} ORDER BY {key}"
    changed = f"SELECT id, day, CASE WHEN id % 100 = 3 THEN 9 ELSE v END AS v FROM ({whole}) WHERE id % 1000 <> 5"
    head = f"FROM ({changed} UNION ALL SELECT NULL, NULL, 1) ORDER BY {order}"
    monkeypatch.setattr(partitions, "_ROWS", 1000)
    monkeypatch.setattr(partitions, "BUDGET", 200_000)
    parts: list[str] = []
    cut = partitions.conditions

    def conditions(con: duckdb.DuckDBPyConnection, pair: Pair, files: tuple[list[str], list[str]]) -> list[str]:
        parts.extend(cut(con, pair, files))
        return parts

    monkeypatch.setattr(differing, "conditions", conditions)
    found = compared(tmp_path, base, head, f"@key {key}", row_group=2048)
    assert found.rows is not None
    assert (found.rows.added, found.rows.removed, found.rows.changed) == (1, 12, 120)
    assert (found.rows.base, found.rows.head, found.rows.null_keys) == (12000, 11989, (0, 1))
    assert len(parts) > 1
