"""Keys, schemas and values of a comparison, on small tables."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import duckdb
import pytest

from medallion.diff import profile
from medallion.diff.asked import Asked
from medallion.diff.compare import compare
from medallion.diff.value import ColumnStatus, KeyOrigin, Status
from medallion.engines.rows import pair
from medallion.engines.rows.cells import stand_in
from tests.diff.compared import NAME, ORDERS, compared, connection, counts, edited, part, states

if TYPE_CHECKING:
    from pathlib import Path

# The key


def test_the_models_key_comes_first(tmp_path: Path) -> None:
    found = compared(tmp_path, ORDERS, edited(status="upper(status)"), "@key order_id\n@unique email")
    assert (found.key.columns, found.key.origin, found.key.why) == (("order_id",), KeyOrigin.DECLARED, "@key")
    assert counts(found) == (0, 0, 4)


def test_a_unique_check_makes_a_key_where_none_is_declared(tmp_path: Path) -> None:
    found = compared(tmp_path, ORDERS, edited(total="total + 1"), "@unique email")
    assert (found.key.columns, found.key.origin) == (("email",), KeyOrigin.UNIQUE)
    assert found.rows is not None
    assert (counts(found), found.rows.null_keys) == ((0, 0, 4), (1, 1))


def test_a_key_is_found_by_its_values_and_never_a_measure(tmp_path: Path) -> None:
    found = compared(tmp_path, ORDERS, edited(total="total + 1"))
    assert (found.key.columns, found.key.origin) == (("order_id",), KeyOrigin.INFERRED)
    none = compared(tmp_path, f"SELECT total FROM ({ORDERS})", f"SELECT total + 1 AS total FROM ({ORDERS})")
    assert (none.key.columns, none.key.origin, counts(none)) == ((), KeyOrigin.NONE, (4, 4, None))


def test_of_two_unique_columns_the_one_that_both_versions_share_is_the_key(tmp_path: Path) -> None:
    rows = "SELECT uuid() AS load_id, i AS id, i % 3 AS v FROM range(50) t(i)"
    assert compared(tmp_path, rows, rows).key.columns == ("id",)


def test_a_key_column_that_was_renamed_is_found_by_its_values(tmp_path: Path) -> None:
    con = connection()
    old = part(con, tmp_path / "base.parquet", ORDERS, "@key order_id")
    head = f"SELECT order_id AS id, * EXCLUDE (order_id) FROM ({edited(status='upper(status)')})"
    found = compare(con, NAME, old, part(con, tmp_path / "head.parquet", head, "@key id"), Asked())
    assert (found.key.columns, found.key.base) == (("id",), ("order_id",))
    assert "order_id renamed to id" in found.key.why
    assert states(found)["id"] is ColumnStatus.RENAMED
    assert counts(found) == (0, 0, 4)


def test_a_key_that_one_version_does_not_have_is_told_and_another_taken(tmp_path: Path) -> None:
    found = compared(tmp_path, ORDERS, f"SELECT *, 1 AS line FROM ({ORDERS})", "@key order_id, line")
    assert found.key.columns == ("order_id",)
    assert "line is not in both versions" in found.key.why


def test_a_key_whose_type_changed_matches_where_nothing_is_lost(tmp_path: Path) -> None:
    found = compared(tmp_path, ORDERS, edited(order_id="CAST(order_id AS VARCHAR)"), "@key order_id")
    assert (found.key.columns, counts(found)) == (("order_id",), (0, 0, 0))
    padded = compared(tmp_path, edited(order_id="'0' || order_id"), ORDERS, "@key order_id")
    assert "cannot be cast" in padded.key.why


def test_a_key_with_one_value_ends_and_is_compared_as_a_multiset(tmp_path: Path) -> None:
    rows = "SELECT 1 AS id, i AS v FROM range({}) t(i)"
    found = compared(tmp_path, rows.format(30_000), rows.format(30_001), "@key id")
    assert found.rows is not None
    assert (counts(found), found.rows.duplicate_keys) == ((1, 0, 0), (30_000, 30_001))
    assert "multiset" in found.notes[0]


def test_intervals_are_no_key_as_a_month_would_be_that_of_thirty_days(tmp_path: Path) -> None:
    rows = "SELECT INTERVAL (i) days AS span, i AS v FROM range(40) t(i)"
    head = f"SELECT CASE WHEN v = 30 THEN INTERVAL '1 month' ELSE span END AS span, v % 40 AS v FROM ({rows})"
    found = compared(tmp_path, f"SELECT span FROM ({rows})", f"SELECT span FROM ({head})", "@key span")
    assert found.key.columns == ()
    assert "span holds intervals" in found.key.why
    assert counts(found) == (1, 1, None)


# The schema


def test_columns_are_added_removed_moved_and_retyped(tmp_path: Path) -> None:
    head = f"SELECT total::DOUBLE AS total, order_id, status, 'n' AS note FROM ({ORDERS})"
    found = compared(tmp_path, ORDERS, head, "@key order_id")
    assert states(found) == {
        "total": ColumnStatus.RETYPED,
        "order_id": ColumnStatus.EQUAL,
        "status": ColumnStatus.EQUAL,
        "note": ColumnStatus.ADDED,
        "email": ColumnStatus.REMOVED,
    }
    total = found.column("total")
    assert total is not None
    assert (total.moved, total.changed, total.base_type, total.head_type) == (True, 0, "DECIMAL(3,1)", "DOUBLE")
    assert counts(found) == (0, 0, 0)
    assert found.status is Status.CHANGED


def test_a_renamed_column_is_detected_and_its_cells_compared(tmp_path: Path) -> None:
    many = "SELECT i AS id, i % 10 AS state, 1 AS one, 2 AS two FROM range(200) t(i)"
    head = f"SELECT id, CASE WHEN id = 7 THEN 99 ELSE state END AS status, 1 AS uno, 3 AS tres FROM ({many})"
    found = compared(tmp_path, many, head, "@key id")
    status = found.column("status")
    assert status is not None
    assert (status.status, status.base_name, status.changed) == (ColumnStatus.RENAMED, "state", 1)
    assert states(found)["tres"] is ColumnStatus.ADDED


@pytest.mark.parametrize(
    ("base", "head", "changed"),
    [
        ("'1.50'", "1.5::DOUBLE", 0),
        ("'1.5'", "2::INTEGER", 1),
        ("1.5::DOUBLE", "2::INTEGER", 1),
        ("9007199254740993::BIGINT", "9007199254740992::DOUBLE", 1),
        ("'abc'", "1::INTEGER", 1),
        ("NULL::VARCHAR", "NULL::INTEGER", 0),
        ("NULL::VARCHAR", "0::INTEGER", 1),
        ("DATE '2024-01-01'", "TIMESTAMP '2024-01-01 00:00:00'", 0),
        ("TIMESTAMP '2024-01-01 10:00:00'", "DATE '2024-01-01'", 1),
        ("'2024-01-01 10:00:00'", "DATE '2024-01-01'", 1),
        ("TIMESTAMP '2024-01-01 00:00:00'", "TIMESTAMPTZ '2024-01-01 01:00:00+01'", 0),
        ("[1, 2]", "1::INTEGER", 1),
        ("{'a': 1, 'b': 2}", "{'b': 2, 'a': 1}", 0),
        ("[1, 2]", "[1.0::DOUBLE, 2.0]", 0),
    ],
)
def test_a_retyped_value_is_the_same_where_nothing_was_lost(tmp_path: Path, base: str, head: str, changed: int) -> None:
    for old, new in ((base, head), (head, base)):
        found = compared(tmp_path, f"SELECT 1 AS id, {old} AS v", f"SELECT 1 AS id, {new} AS v", "@key id")
        assert counts(found) == (0, 0, changed), (old, new)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("'90071992547409.931'", "90071992547409.93::DECIMAL(16, 2)"),
        ("'12345678901234567.891'", "12345678901234567.89::DECIMAL(19, 2)"),
        ("'12:00:00.1234564'", "TIME '12:00:00.123456'"),
        ("'2024-01-01 12:00:00.1234564'", "TIMESTAMP '2024-01-01 12:00:00.123456'"),
        ("'1.00000000000000000001'", "1::INTEGER"),
        ("INTERVAL '1 month'", "INTERVAL '30 days'"),
        ("[INTERVAL '1 month']", "[INTERVAL '30 days']"),
        ("{'a': [{'b': INTERVAL '1 day'}]}", "{'a': [{'b': INTERVAL '24 hours'}]}"),
        ("MAP {1: INTERVAL '1 month'}", "MAP {1: INTERVAL '30 days'}"),
    ],
)
def test_digits_that_are_lost_make_another_value(tmp_path: Path, text: str, value: str) -> None:
    assert counts(compared(tmp_path, f"SELECT 1 AS id, {text} AS v", f"SELECT 1 AS id, {value} AS v", "@key id")) == (
        *(0, 0),
        1,
    )


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("'0.1'", "0.1::FLOAT"),
        ("'1e3'", "1000.0::DOUBLE"),
        ("'12:00'", "TIME '12:00:00'"),
        ("'7'", "7::BIGINT"),
        ("'7.50'", "7.5::DECIMAL(4, 1)"),
        ("'9999-12-31'", "DATE '9999-12-31'"),
    ],
)
def test_a_text_that_reads_as_the_value_is_the_same(tmp_path: Path, text: str, value: str) -> None:
    assert counts(compared(tmp_path, f"SELECT 1 AS id, {text} AS v", f"SELECT 1 AS id, {value} AS v", "@key id")) == (
        *(0, 0),
        0,
    )


@pytest.mark.parametrize("kind", ["DECIMAL(12, 2)[]", "DATE[]", "TIMESTAMP[]"])
def test_lists_of_numbers_and_times_are_lists(tmp_path: Path, kind: str) -> None:
    value = "2024-01-01" if (kind[0] == "D" and "DEC" not in kind) or kind[0] == "T" else "1"
    base = f"SELECT i AS id, CAST(['{value}'] AS {kind}) AS v FROM range(3) t(i)"
    head = f"SELECT i AS id, CAST(NULL AS {kind}) AS v FROM range(3) t(i)"
    found = compared(tmp_path, base, head, "@key id\n@tolerance v 1", Asked(histograms=True))
    assert counts(found) == (0, 0, 3)


def test_far_dates_are_told_without_a_histogram(tmp_path: Path) -> None:
    rows = "SELECT i AS id, DATE '5000000-01-01' + i::INTEGER + {} AS v FROM range(9) t(i)"
    found = compared(tmp_path, rows.format(0), rows.format(1), "@key id", Asked(histograms=True))
    column = found.column("v")
    assert column is not None
    assert (column.changed, column.histogram) == (9, None)


def test_names_that_only_unicode_folds_together_are_two_columns(tmp_path: Path) -> None:
    rows = 'SELECT i AS id, i AS "é", i + {} AS "É", i AS "straße", i AS strasse FROM range(4) t(i)'
    found = compared(tmp_path, rows.format(0), rows.format(1), "@key id")
    assert {c.name: c.changed for c in found.columns} == {"id": 0, "é": 0, "É": 4, "straße": 0, "strasse": 0}


def test_a_row_with_nan_in_its_key_is_compared_whoever_wrote_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pyarrow
    import pyarrow.parquet

    monkeypatch.setattr("medallion.engines.rows.partitions._ROWS", 500)
    con = connection()
    parts = []
    for name, value in (("base", 1), ("head", 2)):
        path = tmp_path / f"{name}.parquet"
        parts.append(part(con, path, "SELECT i::DOUBLE AS id, 0 AS x FROM range(2000) t(i)", "@key id"))
        ids = [*map(float, range(1999)), float("nan")]
        table = pyarrow.table({"id": ids, "x": pyarrow.array([*[0] * 1999, value], pyarrow.int32())})
        pyarrow.parquet.write_table(table, path, row_group_size=500)
    assert counts(compare(con, NAME, parts[0], parts[1], Asked())) == (0, 0, 1)


def test_a_column_called_like_a_function_of_duckdb_is_a_column(tmp_path: Path) -> None:
    rows = "SELECT i AS file_row_number, i AS n, i AS k0, i AS here, i AS c0 FROM range(9) t(i) ORDER BY {}"
    for order in ("i", "-i"):
        assert counts(compared(tmp_path, rows.format("i"), rows.format(order), "@key n")) == (0, 0, 0)


def test_rows_wider_than_memory_are_compared_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("medallion.engines.rows.partitions.BUDGET", 3_000_000)
    monkeypatch.setattr("medallion.engines.rows.differing.BUDGET", 3_000_000)
    rows = "SELECT i AS id, repeat(chr((65 + i % 20)::INTEGER), 4000) || {} AS body FROM range(3000) t(i)"
    assert counts(compared(tmp_path, rows.format("'a'"), rows.format("i % 2"), "@key id")) == (0, 0, 3000)


def test_a_key_of_one_value_does_not_make_the_search_for_renames_endless(tmp_path: Path) -> None:
    rows = "SELECT 1 AS id, i AS {} FROM range(60000) t(i)"
    found = compared(tmp_path, rows.format("a"), rows.format("b"), "@key id")
    assert found.rows is not None
    assert found.rows.base == 60_000


def test_names_in_another_case_of_letters_are_the_same_column(tmp_path: Path) -> None:
    head = f'SELECT order_id AS ORDER_ID, status AS "Status", total, email FROM ({ORDERS})'
    found = compared(tmp_path, ORDERS, head, "@key order_id")
    assert set(states(found).values()) == {ColumnStatus.EQUAL}


def test_without_a_column_in_common_all_rows_are_others(tmp_path: Path) -> None:
    found = compared(tmp_path, "SELECT 1.5 AS a FROM range(3)", "SELECT 'x' AS b FROM range(2)", "@key a")
    assert (counts(found), found.samples) == ((2, 3, None), ())


@pytest.mark.parametrize("empty", ["base", "head", "both"])
def test_a_version_without_rows_is_compared(tmp_path: Path, empty: str) -> None:
    none = f"FROM ({ORDERS}) WHERE false"
    base, head = (none if empty in (side, "both") else ORDERS for side in ("base", "head"))
    for key in ("@key order_id", ""):
        found = compared(tmp_path, base, head, key)
        assert counts(found)[:2] == ({"base": 4}.get(empty, 0), {"head": 4}.get(empty, 0))


@pytest.mark.thorough
def test_five_thousand_columns_are_compared(tmp_path: Path) -> None:
    listed = ", ".join(f"i + {n} AS c{n}" for n in range(5000))
    head = f"SELECT * REPLACE (0 AS c4999) FROM (SELECT i AS id, {listed} FROM range(20) t(i))"
    found = compared(tmp_path, f"SELECT i AS id, {listed} FROM range(20) t(i)", head, "@key id", Asked(limit=2))
    assert (counts(found), len(found.columns)) == ((0, 0, 20), 5001)
    assert [cell.column for cell in found.samples[0].cells] == ["c4999"]


def test_of_many_columns_that_change_all_are_counted_and_the_most_changed_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(profile, "_TOLD", 130)
    old = ", ".join(f"i + {n} AS c{n}" for n in range(300))
    new = ", ".join(f"i + {n} + {int(n >= 150)} * (i % 2 + {n} // 299) AS c{n}" for n in range(300))
    rows = "FROM range(20) t(i)"
    versions = f"SELECT i AS id, {old} {rows}", f"SELECT i AS id, {new} {rows}"
    found = compared(tmp_path, *versions, "@key id", Asked(limit=1))
    assert [c.changed for c in found.columns] == [0, *[0] * 150, *[10] * 149, 20]
    assert all(c.changed == sum(p.count for p in c.patterns) + c.other_changes for c in found.columns)
    told = [c for c in found.columns if c.patterns]
    assert (told[0].name, [c.name for c in told[-2:]], len(told)) == ("c150", ["c278", "c299"], 130)
    assert [(p.base, p.head, p.count) for p in told[0].patterns[:1]] == [("151", "152", 1)]
    assert told[0].base_statistics is not None
    assert "the cells of 20 more columns are counted" in " ".join(found.notes)

    stat = compared(tmp_path, *versions, "@key id", Asked(values=False))
    assert (stat.rows, [c.changed for c in stat.columns]) == (found.rows, [c.changed for c in found.columns])
    assert not stat.samples
    assert not any(c.patterns or c.base_statistics for c in stat.columns)


def test_texts_of_ten_megabytes_are_compared_whole_and_shown_cut(tmp_path: Path) -> None:
    text = "SELECT i AS id, repeat('x', 10_000_000) || {} AS body FROM range(2) t(i)"
    found = compared(tmp_path, text.format("'a'"), text.format("CASE WHEN i = 0 THEN 'a' ELSE 'b' END"), "@key id")
    assert counts(found) == (0, 0, 1)
    # What differs is beyond what is read to be shown; how long they are is told all the same.
    (cell,) = found.samples[0].cells
    assert cell.head is not None
    assert re.search(r"xx… \(10000001 characters, sha256 [0-9a-f]{12}\)$", cell.head)
    assert cell.head != cell.base
    assert len(cell.head) < 1100


def test_what_stands_in_for_a_long_text_is_the_same_for_that_text_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pair, "_WIDE", 0)
    long = "repeat('é', 2001)"
    texts = [
        ("repeat('é', 2000)", "repeat('é', 2000)", False),
        ("repeat('é', 2000)", long, True),
        (long, long, False),
        (f"{long} || 'a'", f"{long} || 'b'", True),
        (f"'a' || {long}", f"'b' || {long}", True),
        # A text that is made to be what stands in for another.
        (long, stand_in(long), True),
        (f"NULL::VARCHAR || {long}", long, True),
    ]
    base, head = (
        " UNION ALL ".join(f"SELECT {i} AS id, {text[side]} AS body" for i, text in enumerate(texts)) for side in (0, 1)
    )
    for lines in ("@key id", ""):
        found = compared(tmp_path, base, head, lines)
        assert found.rows is not None
        assert found.rows.changed == sum(differs for *_, differs in texts)
    rows = tmp_path / "rows.parquet"
    compared(tmp_path, base, head, "@key id", rows=rows)
    asked = f'SELECT max(length("head.body")) FROM \'{rows}\' WHERE "key.id" = 4'
    ((length,),) = duckdb.connect().execute(asked).fetchall()
    assert length == 2002


def test_of_long_texts_the_part_that_differs_is_shown(tmp_path: Path) -> None:
    text = "SELECT i AS id, repeat('x', 5000) || {} || repeat('z', 5000) AS body FROM range(3) t(i)"
    found = compared(tmp_path, text.format("'a'"), text.format("['b', 'c', 'b'][i + 1]"), "@key id")
    body = found.column("body")
    assert body is not None
    assert [(p.count, "xb" in (p.head or ""), "xaz" in (p.base or "")) for p in body.patterns] == [
        (2, True, True),
        (1, False, True),
    ]
    (cell,) = found.samples[1].cells
    assert "xcz" in (cell.head or "")
