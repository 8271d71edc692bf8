"""Keys, schemas and options of a comparison, on small tables."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import duckdb
import pytest

from medallion.config import Config
from medallion.diff import profile
from medallion.diff.asked import Asked
from medallion.diff.compare import compare
from medallion.diff.row import RowReader
from medallion.diff.spooled import SpooledRows
from medallion.diff.value import ColumnStatus, KeyOrigin, RowStatus, Status, TableDiff
from medallion.engines.rows import pair
from medallion.engines.rows.cells import stand_in
from medallion.errors import MedallionError
from tests.diff.compared import NAME, compared, connection, part

if TYPE_CHECKING:
    from pathlib import Path

ORDERS = (
    "SELECT * FROM (VALUES (1, 'paid', 10.0, 'a@x'), (2, 'paid', 20.0, 'b@x'), (3, 'shipped', 30.0, NULL), "
    "(4, 'paid', 40.0, 'd@x')) v(order_id, status, total, email)"
)


def _edited(**columns: str) -> str:
    """The orders with expressions in the place of columns."""
    return f"SELECT * REPLACE ({', '.join(f'{sql} AS {name}' for name, sql in columns.items())}) FROM ({ORDERS})"


def _columns(diff: TableDiff) -> dict[str, ColumnStatus]:
    return {column.name: column.status for column in diff.columns}


def _counts(diff: TableDiff) -> tuple[int, int, int | None]:
    assert diff.rows is not None
    return diff.rows.added, diff.rows.removed, diff.rows.changed


# The key


def test_the_models_key_comes_first(tmp_path: Path) -> None:
    found = compared(tmp_path, ORDERS, _edited(status="upper(status)"), "@key order_id\n@unique email")
    assert (found.key.columns, found.key.origin, found.key.why) == (("order_id",), KeyOrigin.DECLARED, "@key")
    assert _counts(found) == (0, 0, 4)


def test_a_unique_check_makes_a_key_where_none_is_declared(tmp_path: Path) -> None:
    found = compared(tmp_path, ORDERS, _edited(total="total + 1"), "@unique email")
    assert (found.key.columns, found.key.origin) == (("email",), KeyOrigin.UNIQUE)
    assert found.rows is not None
    assert (_counts(found), found.rows.null_keys) == ((0, 0, 4), (1, 1))


def test_a_key_is_found_by_its_values_and_never_a_measure(tmp_path: Path) -> None:
    found = compared(tmp_path, ORDERS, _edited(total="total + 1"))
    assert (found.key.columns, found.key.origin) == (("order_id",), KeyOrigin.INFERRED)
    none = compared(tmp_path, f"SELECT total FROM ({ORDERS})", f"SELECT total + 1 AS total FROM ({ORDERS})")
    assert (none.key.columns, none.key.origin, _counts(none)) == ((), KeyOrigin.NONE, (4, 4, None))


def test_of_two_unique_columns_the_one_that_both_versions_share_is_the_key(tmp_path: Path) -> None:
    rows = "SELECT uuid() AS load_id, i AS id, i % 3 AS v FROM range(50) t(i)"
    assert compared(tmp_path, rows, rows).key.columns == ("id",)


def test_a_key_column_that_was_renamed_is_found_by_its_values(tmp_path: Path) -> None:
    con = connection()
    old = part(con, tmp_path / "base.parquet", ORDERS, "@key order_id")
    head = f"SELECT order_id AS id, * EXCLUDE (order_id) FROM ({_edited(status='upper(status)')})"
    found = compare(con, NAME, old, part(con, tmp_path / "head.parquet", head, "@key id"), Asked())
    assert (found.key.columns, found.key.base) == (("id",), ("order_id",))
    assert "order_id renamed to id" in found.key.why
    assert _columns(found)["id"] is ColumnStatus.RENAMED
    assert _counts(found) == (0, 0, 4)


def test_a_key_that_one_version_does_not_have_is_told_and_another_taken(tmp_path: Path) -> None:
    found = compared(tmp_path, ORDERS, f"SELECT *, 1 AS line FROM ({ORDERS})", "@key order_id, line")
    assert found.key.columns == ("order_id",)
    assert "line is not in both versions" in found.key.why


def test_a_key_whose_type_changed_matches_where_nothing_is_lost(tmp_path: Path) -> None:
    found = compared(tmp_path, ORDERS, _edited(order_id="CAST(order_id AS VARCHAR)"), "@key order_id")
    assert (found.key.columns, _counts(found)) == (("order_id",), (0, 0, 0))
    padded = compared(tmp_path, _edited(order_id="'0' || order_id"), ORDERS, "@key order_id")
    assert "cannot be cast" in padded.key.why


def test_a_key_with_one_value_ends_and_is_compared_as_a_multiset(tmp_path: Path) -> None:
    rows = "SELECT 1 AS id, i AS v FROM range({}) t(i)"
    found = compared(tmp_path, rows.format(30_000), rows.format(30_001), "@key id")
    assert found.rows is not None
    assert (_counts(found), found.rows.duplicate_keys) == ((1, 0, 0), (30_000, 30_001))
    assert "multiset" in found.notes[0]


def test_intervals_are_no_key_as_a_month_would_be_that_of_thirty_days(tmp_path: Path) -> None:
    rows = "SELECT INTERVAL (i) days AS span, i AS v FROM range(40) t(i)"
    head = f"SELECT CASE WHEN v = 30 THEN INTERVAL '1 month' ELSE span END AS span, v % 40 AS v FROM ({rows})"
    found = compared(tmp_path, f"SELECT span FROM ({rows})", f"SELECT span FROM ({head})", "@key span")
    assert found.key.columns == ()
    assert "span holds intervals" in found.key.why
    assert _counts(found) == (1, 1, None)


# The schema


def test_columns_are_added_removed_moved_and_retyped(tmp_path: Path) -> None:
    head = f"SELECT total::DOUBLE AS total, order_id, status, 'n' AS note FROM ({ORDERS})"
    found = compared(tmp_path, ORDERS, head, "@key order_id")
    assert _columns(found) == {
        "total": ColumnStatus.RETYPED,
        "order_id": ColumnStatus.EQUAL,
        "status": ColumnStatus.EQUAL,
        "note": ColumnStatus.ADDED,
        "email": ColumnStatus.REMOVED,
    }
    total = found.column("total")
    assert total is not None
    assert (total.moved, total.changed, total.base_type, total.head_type) == (True, 0, "DECIMAL(3,1)", "DOUBLE")
    assert _counts(found) == (0, 0, 0)
    assert found.status is Status.CHANGED


def test_a_renamed_column_is_detected_and_its_cells_compared(tmp_path: Path) -> None:
    many = "SELECT i AS id, i % 10 AS state, 1 AS one, 2 AS two FROM range(200) t(i)"
    head = f"SELECT id, CASE WHEN id = 7 THEN 99 ELSE state END AS status, 1 AS uno, 3 AS tres FROM ({many})"
    found = compared(tmp_path, many, head, "@key id")
    status = found.column("status")
    assert status is not None
    assert (status.status, status.base_name, status.changed) == (ColumnStatus.RENAMED, "state", 1)
    assert _columns(found)["tres"] is ColumnStatus.ADDED


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
        assert _counts(found) == (0, 0, changed), (old, new)


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
    assert _counts(compared(tmp_path, f"SELECT 1 AS id, {text} AS v", f"SELECT 1 AS id, {value} AS v", "@key id")) == (
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
    assert _counts(compared(tmp_path, f"SELECT 1 AS id, {text} AS v", f"SELECT 1 AS id, {value} AS v", "@key id")) == (
        *(0, 0),
        0,
    )


@pytest.mark.parametrize("kind", ["DECIMAL(12, 2)[]", "DATE[]", "TIMESTAMP[]"])
def test_lists_of_numbers_and_times_are_lists(tmp_path: Path, kind: str) -> None:
    value = "2024-01-01" if (kind[0] == "D" and "DEC" not in kind) or kind[0] == "T" else "1"
    base = f"SELECT i AS id, CAST(['{value}'] AS {kind}) AS v FROM range(3) t(i)"
    head = f"SELECT i AS id, CAST(NULL AS {kind}) AS v FROM range(3) t(i)"
    found = compared(tmp_path, base, head, "@key id\n@tolerance v 1", Asked(histograms=True))
    assert _counts(found) == (0, 0, 3)


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
    assert _counts(compare(con, NAME, parts[0], parts[1], Asked())) == (0, 0, 1)


def test_a_column_called_like_a_function_of_duckdb_is_a_column(tmp_path: Path) -> None:
    rows = "SELECT i AS file_row_number, i AS n, i AS k0, i AS here, i AS c0 FROM range(9) t(i) ORDER BY {}"
    for order in ("i", "-i"):
        assert _counts(compared(tmp_path, rows.format("i"), rows.format(order), "@key n")) == (0, 0, 0)


def test_rows_wider_than_memory_are_compared_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("medallion.engines.rows.partitions.BUDGET", 3_000_000)
    monkeypatch.setattr("medallion.engines.rows.differing.BUDGET", 3_000_000)
    rows = "SELECT i AS id, repeat(chr((65 + i % 20)::INTEGER), 4000) || {} AS body FROM range(3000) t(i)"
    assert _counts(compared(tmp_path, rows.format("'a'"), rows.format("i % 2"), "@key id")) == (0, 0, 3000)


def test_a_key_of_one_value_does_not_make_the_search_for_renames_endless(tmp_path: Path) -> None:
    rows = "SELECT 1 AS id, i AS {} FROM range(60000) t(i)"
    found = compared(tmp_path, rows.format("a"), rows.format("b"), "@key id")
    assert found.rows is not None
    assert found.rows.base == 60_000


def test_names_in_another_case_of_letters_are_the_same_column(tmp_path: Path) -> None:
    head = f'SELECT order_id AS ORDER_ID, status AS "Status", total, email FROM ({ORDERS})'
    found = compared(tmp_path, ORDERS, head, "@key order_id")
    assert set(_columns(found).values()) == {ColumnStatus.EQUAL}


def test_without_a_column_in_common_all_rows_are_others(tmp_path: Path) -> None:
    found = compared(tmp_path, "SELECT 1.5 AS a FROM range(3)", "SELECT 'x' AS b FROM range(2)", "@key a")
    assert (_counts(found), found.samples) == ((2, 3, None), ())


@pytest.mark.parametrize("empty", ["base", "head", "both"])
def test_a_version_without_rows_is_compared(tmp_path: Path, empty: str) -> None:
    none = f"FROM ({ORDERS}) WHERE false"
    base, head = (none if empty in (side, "both") else ORDERS for side in ("base", "head"))
    for key in ("@key order_id", ""):
        found = compared(tmp_path, base, head, key)
        assert _counts(found)[:2] == ({"base": 4}.get(empty, 0), {"head": 4}.get(empty, 0))


@pytest.mark.thorough
def test_five_thousand_columns_are_compared(tmp_path: Path) -> None:
    listed = ", ".join(f"i + {n} AS c{n}" for n in range(5000))
    head = f"SELECT * REPLACE (0 AS c4999) FROM (SELECT i AS id, {listed} FROM range(20) t(i))"
    found = compared(tmp_path, f"SELECT i AS id, {listed} FROM range(20) t(i)", head, "@key id", Asked(limit=2))
    assert (_counts(found), len(found.columns)) == ((0, 0, 20), 5001)
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
    assert _counts(found) == (0, 0, 1)
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


# What is asked for


def test_only_rows_that_a_condition_is_true_of_are_compared(tmp_path: Path) -> None:
    head = _edited(total="total + 1")
    found = compared(tmp_path, ORDERS, head, "@key order_id", Asked(where="status = 'paid'"))
    assert found.rows is not None
    assert (found.rows.base, found.rows.head, _counts(found)) == (3, 3, (0, 0, 3))


@pytest.mark.parametrize(
    "where", ["state = 'paid'", "total >", "1) OR (SELECT count(*) FROM x", "'abc'::INTEGER = 1", "random() < 0.5"]
)
def test_a_condition_that_is_none_is_told(tmp_path: Path, where: str) -> None:
    with pytest.raises(MedallionError, match=re.escape(where)):
        compared(tmp_path, ORDERS, _edited(total="total + 1"), "@key order_id", Asked(where=where))


def test_only_the_columns_asked_for_are_compared(tmp_path: Path) -> None:
    head = _edited(total="total + 1", status="'x'")
    found = compared(tmp_path, ORDERS, head, "@key order_id", Asked(columns=("Status",)))
    assert list(_columns(found)) == ["order_id", "status"]
    with pytest.raises(MedallionError, match="no column") as told:
        compared(tmp_path, ORDERS, head, "@key order_id", Asked(columns=("statis",)))
    assert told.value.hint == 'did you mean "status"?'


def test_no_value_of_a_private_column_is_told(tmp_path: Path) -> None:
    head = f"{_edited(email='upper(email)')} UNION ALL SELECT 9, 'new', 1.0, 'SECRET@X'"
    found = compared(tmp_path, ORDERS, head, "@key order_id\n@private email", Asked(histograms=True))
    email = found.column("email")
    assert email is not None
    assert (email.private, email.changed, email.patterns, email.other_changes) == (True, 3, (), 3)
    assert all(
        cell.private and cell.head is None for row in found.samples for cell in row.cells if cell.column == "email"
    )
    assert "@x" not in repr(found).lower()
    as_key = compared(tmp_path, ORDERS, head, "@key email\n@private email")
    assert "@x" not in repr(as_key).lower()


def test_few_rows_show_some_of_each_kind(tmp_path: Path) -> None:
    base = "SELECT i AS id, 1 AS v FROM range(100) t(i)"
    head = "SELECT i AS id, CASE WHEN i < 60 THEN 2 ELSE 1 END AS v FROM range(30, 130) t(i)"
    found = compared(tmp_path, base, head, "@key id", Asked(limit=6))
    assert [row.status for row in found.samples].count(RowStatus.CHANGED) == 2
    assert {row.status for row in found.samples} == set(RowStatus)
    assert [int(row.key[0] or -1) for row in found.samples] == sorted(int(row.key[0] or -1) for row in found.samples)
    assert found.more_rows == found.differing_rows - 6


def test_all_rows_that_differ_are_written_to_a_file(tmp_path: Path) -> None:
    con = connection()
    old = part(con, tmp_path / "base.parquet", ORDERS, "@key order_id\n@private email")
    head = f"FROM ({_edited(total='total + 1', email='upper(email)')}) WHERE order_id <> 4"
    new = part(con, tmp_path / "head.parquet", head, "@key order_id\n@private email")
    compare(con, NAME, old, new, Asked(limit=1), tmp_path / "rows.parquet")
    written = con.execute(f"FROM '{tmp_path}/rows.parquet'")
    assert [column[0] for column in written.description or ()] == [
        *("_status", "_times", "_changed", "key.order_id", "base.status", "head.status", "base.total", "head.total"),
    ]
    assert [row[:4] for row in written.fetchall()] == [
        ("changed", 1, ["total", "email"], 1),
        ("changed", 1, ["total", "email"], 2),
        ("changed", 1, ["total"], 3),
        ("removed", 1, [], 4),
    ]


def test_histograms_count_every_value_of_both_versions(tmp_path: Path) -> None:
    rows = "SELECT i AS id, {} AS v FROM range(100) t(i)"
    for value in ("i::DOUBLE", "(i / 3)::DECIMAL(9, 2)", "DATE '2024-01-01' + i::INTEGER", "'nan'::DOUBLE"):
        changed = value if "nan" in value else f"({value}) + 1"
        found = compared(tmp_path, rows.format(value), rows.format(changed), "@key id", Asked(histograms=True))
        drawn = found.column("v")
        assert drawn is not None
        if "nan" in value:
            assert drawn.histogram is None
        else:
            assert drawn.histogram is not None
            assert (sum(drawn.histogram.base), sum(drawn.histogram.head)) == (100, 100)
            assert len(drawn.histogram.edges) == len(drawn.histogram.labels) == len(drawn.histogram.base) + 1


def test_blame_finds_a_renamed_column_as_diff_does(tmp_path: Path) -> None:
    con = connection()
    rows = "SELECT i AS id, CASE WHEN i = {} THEN 99 ELSE i % 10 END AS {} FROM range(100) t(i)"
    files = [
        part(con, tmp_path / f"{n}.parquet", rows.format(at, n)).files for n, at in (("refund", -1), ("amount", 7))
    ]
    with RowReader(Config(tmp_path), [tmp_path]) as reader:
        assert reader.renamed(files[0], files[1], {"id": "id"}, ["id"]) == {"amount": "refund"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("i = 7", "i = 9"),
        ("CASE WHEN i % 100 = 0 THEN 1.5 ELSE 0 END", "CASE WHEN i % 100 = 1 THEN 1.5 ELSE 0 END"),
        ("CASE WHEN i % 50 = 0 THEN 'a' || i END", "CASE WHEN i % 50 = 0 THEN 'b' || i END"),
        ("CASE WHEN i < 120 THEN 1 END", "CASE WHEN i < 120 THEN 1 END"),
        ("1", "1"),
        ("NULL::INTEGER", "NULL::INTEGER"),
    ],
)
def test_that_two_columns_are_mostly_null_or_zero_makes_them_not_the_same(tmp_path: Path, old: str, new: str) -> None:
    rows = "SELECT i AS id, {} AS {} FROM range({}) t(i)"
    for more in (200, 201):  # Of as many rows the records tell that all values are the same, of more they do not.
        found = compared(tmp_path, rows.format(old, "discount", 200), rows.format(new, "shipping", more), "@key id")
        assert _columns(found) == {
            "id": ColumnStatus.EQUAL,
            "shipping": ColumnStatus.ADDED,
            "discount": ColumnStatus.REMOVED,
        }


def test_a_column_that_is_mostly_null_is_renamed_where_the_rest_is_the_same(tmp_path: Path) -> None:
    rows = "SELECT i AS id, CASE WHEN i % 40 = 0 THEN {} END AS {} FROM range({}) t(i)"
    for value in ("'a' || i", "MAP {i: 1}", "INTERVAL (i) days", "[i]"):
        for more in (200, 201):
            found = compared(tmp_path, rows.format(value, "note", 200), rows.format(value, "remark", more), "@key id")
            assert _columns(found) == {"id": ColumnStatus.EQUAL, "remark": ColumnStatus.RENAMED}


def test_blame_takes_no_constant_column_for_another(tmp_path: Path) -> None:
    con = connection()
    new = part(con, tmp_path / "new.parquet", "SELECT i AS id, 1 AS one, NULL AS none FROM range(9) t(i)").files
    with RowReader(Config(tmp_path), [tmp_path]) as reader:
        assert reader.telling(new, ["id", "one", "none"]) == {"id"}


def test_a_tolerance_of_what_is_no_number_is_told(tmp_path: Path) -> None:
    annotations = "@key order_id\n@tolerance status 0.1\n@tolerance total 0.1\n@tolerance totl 1\n@tolerance email 1"
    head = _edited(total="total + 0.01", email="order_id")
    assert compared(tmp_path, ORDERS, head, annotations).notes[:3] == (
        "@tolerance is for numbers, and email was VARCHAR",
        "@tolerance is for numbers, and status is VARCHAR",
        "@tolerance names a column that there is not: totl",
    )


def test_changes_of_the_last_digits_are_told_apart(tmp_path: Path) -> None:
    rows = "SELECT i AS id, i + 0.1::DOUBLE AS v FROM range(100) t(i)"
    head = f"SELECT id, CASE WHEN id = 7 THEN 99 ELSE v * 1.0000000000000002 END AS v FROM ({rows})"
    found = compared(tmp_path, rows, head, "@key id")
    column = found.column("v")
    assert column is not None
    assert f"{(column.changed or 0) - 1} of {column.changed} changes are less than 1e-9" in " ".join(found.notes)
    # The number 7 counts as another one, and @tolerance leaves out the rest.
    assert _counts(compared(tmp_path, rows, head, "@key id\n@tolerance v 1e-9")) == (0, 0, 1)


def test_values_within_the_tolerance_are_counted_and_their_rows_are_not_the_same(tmp_path: Path) -> None:
    rows = "SELECT i AS id, {} AS v, {} AS w, 'x' AS t FROM range(1000) t(i)"
    base = rows.format("i::DOUBLE", "i::DECIMAL(9, 3)")
    head = rows.format("i + CASE WHEN i % 4 = 0 THEN 0.0001 WHEN i = 1 THEN 5 ELSE 0 END::DOUBLE", "i::DECIMAL(9, 3)")
    found = compared(tmp_path, base, head, "@key id\n@tolerance v 0.001\n@tolerance w 0.001")
    assert found.status is Status.CHANGED
    assert {c.name: (c.changed, c.within_tolerance) for c in found.columns} == {
        "id": (0, None), "v": (1, 250), "w": (0, 0), "t": (0, None),
    }  # fmt: skip
    column = found.column("v")
    assert column is not None
    assert found.same_values(column) == 749
    assert found.notes[-1] == "250 values differ within the tolerance, and do not count as changes (v 250)"
    near = rows.format("i + 0.0001::DOUBLE * (i % 2)", "i::DECIMAL(9, 3)")
    equal = compared(tmp_path, base, near, "@key id\n@tolerance v 0.001")
    assert (equal.status, equal.notes) == (
        Status.EQUAL, ("no row differs beyond the tolerance; 500 values differ within it (v 500)",),
    )  # fmt: skip
    asked = compared(tmp_path, base, near, "@key id\n@tolerance v 0.001", Asked(where="id < 10"))
    assert asked.within_tolerance == 5
    same = compared(tmp_path, base, f"{base} ORDER BY i DESC", "@key id\n@tolerance v 0.001")
    assert same.notes == ("other bytes, the same rows",)


def test_rows_whose_key_comes_twice_have_no_values_within_the_tolerance(tmp_path: Path) -> None:
    rows = "SELECT least(i, 8) AS id, i + {} AS v FROM range(10) t(i)"
    found = compared(tmp_path, rows.format("0.0"), rows.format("0.0001::DOUBLE"), "@key id\n@tolerance v 0.001")
    assert _counts(found) == (2, 2, 0)
    assert found.within_tolerance == 8


def test_what_is_equal_within_the_tolerance_is_found_where_records_are_alike(tmp_path: Path) -> None:
    """Row by row in place, only what is the very same is equal."""
    con = connection()
    base = part(
        con, tmp_path / "base.parquet", "SELECT i AS id, i::DOUBLE AS v FROM range(9) t(i)", "@key id\n@tolerance v 1"
    )
    head = part(
        con, tmp_path / "head.parquet", "SELECT i AS id, i + 0.5 AS v FROM range(9) t(i)", "@key id\n@tolerance v 1"
    )
    alike = replace(head, record=replace(head.record, columns=base.record.columns))
    assert compare(con, NAME, base, alike, Asked()).within_tolerance == 9


# All rows


@pytest.mark.parametrize("annotations", ["@key id", "@key s", ""])
def test_all_rows_are_the_first_ones_and_the_others_in_their_order(tmp_path: Path, annotations: str) -> None:
    base = "SELECT i AS id, 'state ' || i % 3 AS s, i / 7.0 AS x FROM range(2500) t(i)"
    head = f"SELECT id + 40 AS id, s, CASE WHEN id % 11 = 0 THEN NULL ELSE x + 1 END AS x FROM ({base})"
    if not annotations:
        base, head = (f"SELECT s, x FROM ({rows})" for rows in (base, head))
    found = [compared(tmp_path, base, head, annotations, Asked(limit=limit)).samples for limit in (0, 100_000)]
    assert isinstance(found[0], SpooledRows)
    assert isinstance(found[1], tuple)
    assert found[0] == found[1]
    assert (len(found[0]), found[0][1999], found[0][-1]) == (len(found[1]), found[1][1999], found[1][-1])
    assert (found[0][990:2010], found[0][::900]) == (found[1][990:2010], found[1][::900])
    assert list(found[0]) == list(found[0])


# Which columns differ, without a key


def test_without_a_key_the_columns_that_differ_are_known_by_their_values(tmp_path: Path) -> None:
    base = "SELECT 'C' || i // 2 AS id, i % 3 AS g, 'DE' AS country, i // 2 + 0.5::DOUBLE AS v FROM range(12) t(i)"
    head = f"SELECT * REPLACE (CASE WHEN id = 'C3' THEN 'FR' ELSE country END AS country) FROM ({base})"
    found = compared(tmp_path, base, f"{head} ORDER BY country")
    assert {c.name: c.unpaired for c in found.columns} == {"id": 0, "g": 0, "country": 2, "v": 0}
    assert found.notes == ("rows removed and added differ in: country (2 or more); the other 3 need not differ",)
    assert [(row.status, row.cells[0].column) for row in found.samples] == [
        (RowStatus.REMOVED, "country"), (RowStatus.ADDED, "country"),
    ] * 2  # fmt: skip
    everything = compared(tmp_path, base, head, asked=Asked(limit=0)).samples
    assert tuple(everything) == tuple(found.samples)
    # Other rows, of the same values in each column; and rows that came alone.
    swapped = compared(tmp_path, "FROM (VALUES (1, 1), (1, 2), (2, 1), (2, 2), (1, 1), (2, 2)) t(a, b)",
                       "FROM (VALUES (1, 1), (1, 2), (2, 1), (2, 2), (1, 2), (2, 1)) t(a, b)")  # fmt: skip
    assert [column.unpaired for column in swapped.columns] == [0, 0]
    assert swapped.notes[0].startswith("no column differs by its values alone")
    came = compared(tmp_path, base, f"{base} UNION ALL {base}")
    assert ({column.unpaired for column in came.columns}, came.notes) == ({None}, ())


def test_a_sample_row_begins_with_what_differs_from_the_most_similar_one(tmp_path: Path) -> None:
    base = "SELECT i // 2 AS n, 'a' AS x, 'b' AS y, 'c' AS z FROM range(8) t(i)"
    head = f"SELECT n, CASE n WHEN 1 THEN 'X' ELSE x END AS x, y, CASE n WHEN 2 THEN 'Z' ELSE z END AS z FROM ({base})"
    found = compared(tmp_path, base, head).samples
    assert {(row.cells[0].column, row.cells[0].base or row.cells[0].head) for row in found} == {
        ("x", "a"), ("x", "X"), ("z", "c"), ("z", "Z"),
    }  # fmt: skip


@pytest.mark.parametrize("annotations", ["@key id", ""])
def test_numbers_that_differ_never_look_the_same(tmp_path: Path, annotations: str) -> None:
    rows = "SELECT i // {} AS id, (0.1 * i)::{} AS v FROM range(1, 9) t(i)"
    step = 1 if annotations else 3
    found = compared(tmp_path, rows.format(step, "DOUBLE"), rows.format(step, "FLOAT"), annotations)
    column = found.column("v")
    assert column is not None
    assert not [p for p in column.patterns if p.base == p.head]
    texts = [cell.base or "" for row in found.samples for cell in row.cells if cell.base]
    assert not {*texts} & {cell.head for row in found.samples for cell in row.cells if cell.column == "v"}
    assert "0.10000000149011612" in {cell.head for row in found.samples for cell in row.cells}


def test_values_of_two_types_that_read_the_same_are_told_with_their_types(tmp_path: Path) -> None:
    base = "SELECT i AS id, {'x': (0.1 * i)::DOUBLE} AS v FROM range(1, 3) t(i)"
    head = "SELECT i AS id, {'x': (0.1 * i)::FLOAT} AS v FROM range(1, 3) t(i)"
    found = compared(tmp_path, base, head, "@key id")
    assert found.samples[0].cells[0].base == "{'x': 0.1} (STRUCT(x DOUBLE))"
    assert found.samples[0].cells[0].head == "{'x': 0.1} (STRUCT(x FLOAT))"


def test_a_column_that_is_gone_and_nearly_the_same_under_another_name_is_perhaps_renamed(tmp_path: Path) -> None:
    base = "SELECT i AS id, sqrt(i) AS mean_load_s, i::DOUBLE AS other, i AS n FROM range(500) t(i)"
    head = "SELECT i AS id, sqrt(i)::FLOAT AS mean_load, i * 1.001::DOUBLE AS more, i + 1 AS m FROM range(500) t(i)"
    found = compared(tmp_path, base, head, "@key id")
    (note,) = [note for note in found.notes if "renamed" in note]
    how = "in 499 of 499 rows that are not 0 the values differ by no more than 1e-6 of the number"
    assert note == f"perhaps renamed: mean_load_s → mean_load ({how})"
    assert (_columns(found)["mean_load_s"], _columns(found)["mean_load"]) == (ColumnStatus.REMOVED, ColumnStatus.ADDED)
    private = compared(tmp_path, base, head, "@key id\n@private mean_load")
    assert not [note for note in private.notes if "renamed" in note]


def test_by_how_much_times_and_numbers_have_moved_is_told_where_few_amounts_explain_it(tmp_path: Path) -> None:
    base = (
        "SELECT i AS id, (TIMESTAMP '2026-01-01' + to_hours(i::INTEGER)) AS moment, i AS n, i / 3 AS x, "
        "i::DECIMAL(9, 2) AS d FROM range(60) t(i)"
    )
    head = (
        f"SELECT id, moment + to_minutes(CASE WHEN id < 20 THEN 60 ELSE 90 END) AS moment, n + 1 AS n, x * 1.5 AS x, "
        f"(d - CASE WHEN id < 2 THEN 7 ELSE 0.25 END)::DECIMAL(9, 2) AS d FROM ({base})"
    )
    notes = compared(tmp_path, base, head, "@key id").notes
    assert [note for note in notes if "head − base" in note] == [
        "moment: head − base is +1 h 30 min × 40 · +1 h × 20",
        "n: head − base is +1 × 60",
        "d: head − base is −0.25 × 58 · others × 2",
    ]
    zoned = base.replace("AS moment", "::TIMESTAMPTZ AS moment")
    assert "moment: head − base is +1 h 30 min × 40 · +1 h × 20" in compared(tmp_path, zoned, head, "@key id").notes
    private = compared(tmp_path, base, head, "@key id\n@private moment\n@private n\n@private d").notes
    assert not [note for note in private if "head − base" in note]
