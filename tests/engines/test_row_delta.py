"""How the rows of two versions differ: counted in DuckDB, held against counting in Python."""

from __future__ import annotations

import math
import threading
from collections import Counter
from itertools import count
from typing import TYPE_CHECKING

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medallion.engines.row_delta import row_delta
from medallion.errors import BuildError
from medallion.events import RowDelta

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Compare = Callable[..., RowDelta | None]


@pytest.fixture(scope="module")
def compare(tmp_path_factory: pytest.TempPathFactory) -> Compare:
    """Write two SELECTs to Parquet and compare the files."""
    folder, numbers = tmp_path_factory.mktemp("versions"), count()
    connection = duckdb.connect()

    def run(old: str, new: str, key: tuple[str, ...] = ()) -> RowDelta | None:
        files = [folder / f"{next(numbers)}.parquet" for _ in range(2)]
        for sql, file in zip((old, new), files, strict=True):
            connection.execute(f"COPY ({sql}) TO '{file}' (FORMAT parquet)")
        return row_delta(connection, files[:1], files[1:], key, {})

    return run


def rows(*values: str, names: str = "k, v") -> str:
    return f"FROM (VALUES {', '.join(values)}) t({names})"


@pytest.mark.parametrize(
    ("old", "new", "key", "expected"),
    [
        (rows("(1, 'a')", "(2, 'b')", "(3, 'c')"), rows("(2, 'x')", "(3, 'c')", "(4, 'd')", "(5, 'e')"), ("k",),
         (2, 1, 1)),
        (rows("(1, 'a')", "(2, 'b')"), rows("(2, 'b')", "(1, 'a')"), ("k",), (0, 0, 0)),
        (rows("(1, 'a')", "(2, 'b')"), rows("(2, 'x')", "(2, 'x')"), (), (2, 2, None)),
        (rows("(1, 'a')", "(1, 'a')", "(1, 'a')"), rows("(1, 'a')"), (), (0, 2, None)),
        (rows("(1, 'a')"), rows("(1, 'a')", "(1, 'a')", "(2, 'b')"), (), (2, 0, None)),
        (rows("(1, 'a')", "(1, 'b')"), rows("(1, 'a')", "(2, 'b')"), ("k",), (1, 1, 0)),
        (rows("(1, 'a')", "(2, 'b')"), rows("(1, 'a')", "(1, 'b')"), ("k",), (1, 1, 0)),
        (rows("(1, 'a')", names="old_key, v"), rows("(1, 'a')"), ("k",), (0, 0, None)),
        (rows("(1, NULL)", "(2, NULL)", "(3, 'c')"), rows("(1, NULL)", "(2, 'b')", "(3, NULL)"), ("k",), (0, 0, 2)),
        (rows("(NULL, 'a')"), rows("(NULL, 'a')"), ("k",), (0, 0, 0)),
        (rows("(NULL, NULL)", "(NULL, NULL)"), rows("(NULL, NULL)"), (), (0, 1, None)),
        (rows("(1, 1, 'a')", "(1, 2, 'b')", names="a, b, v"), rows("(1, 1, 'x')", "(2, 2, 'b')", names="a, b, v"),
         ("a", "b"), (1, 1, 1)),
        (rows("(1, 2)", names="k, n"), rows("(1, 2)", names="k, n"), ("K",), (0, 0, 0)),
        (rows("(1, 'a')") + " WHERE false", rows("(1, 'a')"), ("k",), (1, 0, 0)),
        (rows("(1, 'a')"), rows("(1, 'a')") + " WHERE false", (), (0, 1, None)),
        (rows("(1)", names="lost"), rows("(1)", "(2)", names="lost"), ("lost",), (1, 0, 0)),
        (rows("(1)", "(1)", names="c1"), rows("(1)", names="c1"), (), (0, 1, None)),
    ],
)  # fmt: skip
def test_rows_are_counted_by_key_where_there_is_one_else_as_often_as_they_are_there(
    compare: Compare, old: str, new: str, key: tuple[str, ...], expected: tuple[int, int, int | None]
) -> None:
    delta = compare(old, new, key)
    assert delta is not None
    assert (delta.added, delta.removed, delta.changed) == expected


@pytest.mark.parametrize("key", [("k",), ()])
@pytest.mark.parametrize(
    "value",
    ["'nan'::DOUBLE", "['nan'::DOUBLE, NULL]", "{'a': NULL, 'b': 'nan'::FLOAT}", "MAP {'a': NULL}", "NULL::BLOB",
     "'\\xAA'::BLOB", "INTERVAL 1 DAY", "'2026-01-31 10:00+02'::TIMESTAMPTZ",
     "uuid '12345678123456781234567812345678'"],
)  # fmt: skip
def test_a_value_equals_itself_whatever_it_is(compare: Compare, value: str, key: tuple[str, ...]) -> None:
    same = f"SELECT 1 AS k, {value} AS v"
    assert compare(same, same, key) == RowDelta(0, 0, 0 if key else None)


def test_zero_equals_minus_zero(compare: Compare) -> None:
    assert compare("SELECT 1 AS k, 0.0::DOUBLE AS v", "SELECT 1 AS k, -0.0::DOUBLE AS v", ("k",)) == RowDelta(0, 0, 0)


@pytest.mark.parametrize(
    ("old", "new", "differ"),
    [
        ("12.50::DECIMAL(12, 2)", "12.5::DECIMAL(18, 3)", False),
        ("12.50::DECIMAL(12, 2)", "25.00::DECIMAL(18, 3)", True),
        ("1.234::DOUBLE", "1.23::DECIMAL(12, 2)", True),
        ("5", "'5'", False),
        ("5", "'5.5'", True),
        ("'abc'", "NULL::INTEGER", True),
        ("NULL::VARCHAR", "NULL::INTEGER", False),
        ("3000000000", "NULL::INTEGER", True),
        ("TIMESTAMP '2026-01-31 10:00'", "DATE '2026-01-31'", True),
        ("TIMESTAMP '2026-01-31 00:00'", "DATE '2026-01-31'", False),
        ("{'a': 1}", "1", True),
        ("[1, 2]", "[1, 2]::BIGINT[]", False),
    ],
)
def test_a_value_in_another_type_is_the_same_if_nothing_was_lost(
    compare: Compare, old: str, new: str, differ: bool
) -> None:
    pair = f"SELECT 1 AS k, {old} AS v", f"SELECT 1 AS k, {new} AS v"
    assert compare(*pair, ("k",)) == RowDelta(0, 0, int(differ), columns_retyped=("v",))
    assert compare(*pair) == RowDelta(int(differ), int(differ), None, columns_retyped=("v",))


def test_columns_that_came_and_went_are_named_and_do_not_make_rows_differ(compare: Compare) -> None:
    old, new = rows("(1, 'a', 9)", names="k, v, gone"), rows("(1, true, 'a')", names="k, come, v")
    expected = {"columns_added": ("come",), "columns_removed": ("gone",)}
    assert compare(old, new, ("k",)) == RowDelta(0, 0, 0, **expected)
    assert compare(old, new) == RowDelta(0, 0, None, **expected)


def test_without_a_column_in_common_all_rows_differ(compare: Compare) -> None:
    delta = compare(rows("(1)", "(1)", names="a"), rows("(1)", names="b"), ("b",))
    assert delta == RowDelta(1, 2, None, columns_added=("b",), columns_removed=("a",))


def test_a_key_in_another_type_is_one_where_nothing_is_lost(compare: Compare) -> None:
    new = "SELECT '1' AS k, 'b' AS v"
    assert compare("SELECT 1 AS k, 'a' AS v", new, ("k",)) == RowDelta(0, 0, 1, columns_retyped=("k",))
    old = "SELECT TIMESTAMP '2026-01-31 10:00' AS k, 'a' AS v"
    dates = "SELECT DATE '2026-01-31' AS k, 'a' AS v"
    assert compare(old, dates, ("k",)) == RowDelta(1, 1, None, columns_retyped=("k",))


def test_names_that_sql_would_take_apart_are_names(compare: Compare) -> None:
    old, new = (f'SELECT 1 AS "select", {value} AS "a""; --"' for value in ("1", "2"))
    assert compare(old, new, ("select",)) == RowDelta(0, 0, 1)


def test_a_file_that_cannot_be_read_is_not_compared(tmp_path: Path) -> None:
    file = tmp_path / "broken.parquet"
    file.write_bytes(b"PAR1 is not all of it")
    assert row_delta(duckdb.connect(), [file], [file], (), {}) is None


def test_an_interrupt_stops_the_comparison_and_is_no_result(tmp_path: Path) -> None:
    file = tmp_path / "many.parquet"
    connection = duckdb.connect()
    connection.execute(f"COPY (FROM range(3000000)) TO '{file}' (FORMAT parquet)")
    ended = threading.Event()

    def interrupt() -> None:
        while not ended.is_set():
            connection.interrupt()

    other = threading.Thread(target=interrupt)
    other.start()
    try:
        with pytest.raises(BuildError, match="interrupted"):
            row_delta(connection, [file], [file], (), {})
    finally:
        ended.set()
        other.join()


VALUES = st.none() | st.integers(-1, 1) | st.just(math.nan) | st.just(0.5)
ROWS = st.lists(st.tuples(st.integers(0, 3), VALUES), max_size=8)


def written(pairs: list[tuple[int, float | None]]) -> str:
    listed = [f"({k}, CAST({'NULL' if v is None else repr(str(v))} AS DOUBLE))" for k, v in pairs]
    return rows(*listed) if listed else rows("(0, CAST(1 AS DOUBLE))") + " WHERE false"


@settings(deadline=None, derandomize=True, database=None)
@given(old=ROWS, new=ROWS, keyed=st.booleans())
def test_counts_agree_with_counting_in_python(
    compare: Compare, old: list[tuple[int, float | None]], new: list[tuple[int, float | None]], keyed: bool
) -> None:
    delta = compare(written(old), written(new), ("k",) if keyed else ())
    before, after = ([(k, str(v) if v is None else str(float(v))) for k, v in pairs] for pairs in (old, new))
    if not keyed:
        more, fewer = Counter(after) - Counter(before), Counter(before) - Counter(after)
        assert delta == RowDelta(more.total(), fewer.total(), None)
        return
    added = removed = changed = 0
    for key in {k for k, _ in (*before, *after)}:
        was, now = ([v for k, v in side if k == key] for side in (before, after))
        if len(was) == len(now) == 1:
            changed += was != now
        else:
            added += (Counter(now) - Counter(was)).total()
            removed += (Counter(was) - Counter(now)).total()
    assert delta == RowDelta(added, removed, changed)
