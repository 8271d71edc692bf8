"""Options of a comparison, its rows, and the columns that differ without a key, on small tables."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from medallion.config import Config
from medallion.diff.asked import Asked
from medallion.diff.compare import compare
from medallion.diff.row import RowReader
from medallion.diff.spooled import SpooledRows
from medallion.diff.value import ColumnStatus, RowStatus, Status
from medallion.errors import MedallionError
from tests.diff.compared import NAME, ORDERS, compared, connection, counts, edited, part, states

if TYPE_CHECKING:
    from pathlib import Path

# What is asked for


def test_only_rows_that_a_condition_is_true_of_are_compared(tmp_path: Path) -> None:
    head = edited(total="total + 1")
    found = compared(tmp_path, ORDERS, head, "@key order_id", Asked(where="status = 'paid'"))
    assert found.rows is not None
    assert (found.rows.base, found.rows.head, counts(found)) == (3, 3, (0, 0, 3))


@pytest.mark.parametrize(
    "where", ["state = 'paid'", "total >", "1) OR (SELECT count(*) FROM x", "'abc'::INTEGER = 1", "random() < 0.5"]
)
def test_a_condition_that_is_none_is_told(tmp_path: Path, where: str) -> None:
    with pytest.raises(MedallionError, match=re.escape(where)):
        compared(tmp_path, ORDERS, edited(total="total + 1"), "@key order_id", Asked(where=where))


def test_only_the_columns_asked_for_are_compared(tmp_path: Path) -> None:
    head = edited(total="total + 1", status="'x'")
    found = compared(tmp_path, ORDERS, head, "@key order_id", Asked(columns=("Status",)))
    assert list(states(found)) == ["order_id", "status"]
    with pytest.raises(MedallionError, match="no column") as told:
        compared(tmp_path, ORDERS, head, "@key order_id", Asked(columns=("statis",)))
    assert told.value.hint == 'did you mean "status"?'


def test_no_value_of_a_private_column_is_told(tmp_path: Path) -> None:
    head = f"{edited(email='upper(email)')} UNION ALL SELECT 9, 'new', 1.0, 'SECRET@X'"
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
    head = f"FROM ({edited(total='total + 1', email='upper(email)')}) WHERE order_id <> 4"
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
        assert states(found) == {
            "id": ColumnStatus.EQUAL,
            "shipping": ColumnStatus.ADDED,
            "discount": ColumnStatus.REMOVED,
        }


def test_a_column_that_is_mostly_null_is_renamed_where_the_rest_is_the_same(tmp_path: Path) -> None:
    rows = "SELECT i AS id, CASE WHEN i % 40 = 0 THEN {} END AS {} FROM range({}) t(i)"
    for value in ("'a' || i", "MAP {i: 1}", "INTERVAL (i) days", "[i]"):
        for more in (200, 201):
            found = compared(tmp_path, rows.format(value, "note", 200), rows.format(value, "remark", more), "@key id")
            assert states(found) == {"id": ColumnStatus.EQUAL, "remark": ColumnStatus.RENAMED}


def test_blame_takes_no_constant_column_for_another(tmp_path: Path) -> None:
    con = connection()
    new = part(con, tmp_path / "new.parquet", "SELECT i AS id, 1 AS one, NULL AS none FROM range(9) t(i)").files
    with RowReader(Config(tmp_path), [tmp_path]) as reader:
        assert reader.telling(new, ["id", "one", "none"]) == {"id"}


def test_a_tolerance_of_what_is_no_number_is_told(tmp_path: Path) -> None:
    annotations = "@key order_id\n@tolerance status 0.1\n@tolerance total 0.1\n@tolerance totl 1\n@tolerance email 1"
    head = edited(total="total + 0.01", email="order_id")
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
    assert counts(compared(tmp_path, rows, head, "@key id\n@tolerance v 1e-9")) == (0, 0, 1)


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
    assert counts(found) == (2, 2, 0)
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
    assert (states(found)["mean_load_s"], states(found)["mean_load"]) == (ColumnStatus.REMOVED, ColumnStatus.ADDED)
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
