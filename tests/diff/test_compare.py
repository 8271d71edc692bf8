"""Keys, schemas and options of a comparison, on small tables."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from medallion.config import Config
from medallion.diff.asked import Asked
from medallion.diff.compare import compare
from medallion.diff.row import RowReader
from medallion.diff.spooled import SpooledRows
from medallion.diff.value import ColumnStatus, KeyOrigin, RowStatus, Status, TableDiff
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


def test_texts_of_ten_megabytes_are_compared_whole_and_shown_cut(tmp_path: Path) -> None:
    text = "SELECT i AS id, repeat('x', 10_000_000) || {} AS body FROM range(2) t(i)"
    found = compared(tmp_path, text.format("'a'"), text.format("CASE WHEN i = 0 THEN 'a' ELSE 'b' END"), "@key id")
    assert _counts(found) == (0, 0, 1)
    # What differs is beyond what is read to be shown; how long they are is told all the same.
    (cell,) = found.samples[0].cells
    assert cell.head is not None
    assert cell.head.endswith("xx (10000001 characters)")
    assert len(cell.head) < 1100


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


def test_changes_of_the_last_digits_are_told_apart(tmp_path: Path) -> None:
    rows = "SELECT i AS id, i + 0.1::DOUBLE AS v FROM range(100) t(i)"
    head = f"SELECT id, CASE WHEN id = 7 THEN 99 ELSE v * 1.0000000000000002 END AS v FROM ({rows})"
    found = compared(tmp_path, rows, head, "@key id")
    column = found.column("v")
    assert column is not None
    assert f"{(column.changed or 0) - 1} of {column.changed} changes are less than 1e-9" in " ".join(found.notes)
    # The number 7 counts as another one, and @tolerance leaves out the rest.
    assert _counts(compared(tmp_path, rows, head, "@key id\n@tolerance v 1e-9")) == (0, 0, 1)


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
