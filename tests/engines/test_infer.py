"""Inference on real files: what is found, that the model written from it runs, and how broken files are refused."""

from __future__ import annotations

import csv
import gzip
import json
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlglot
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from medallion.engines.csv_errors import csv_error
from medallion.engines.infer import Inferred, infer
from medallion.engines.source_files import check_whole
from medallion.errors import SourceError
from medallion.models.scaffold import Kind, SourceColumn, SourceFormat, aliases, model_text
from tests.projects.flights_sources import write_sources

if TYPE_CHECKING:
    from pathlib import Path

PROPERTY = settings(
    derandomize=True,
    deadline=None,
    max_examples=30,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def run(inferred: Inferred, root: Path, relative: str) -> list[tuple[Any, ...]]:
    """The model's rows: its text verbatim, with paths relative to ``root``."""
    with duckdb.connect(config={"file_search_path": str(root)}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        rows: list[tuple[Any, ...]] = connection.execute(
            model_text(relative, inferred.columns, inferred.format)
        ).fetchall()
    return rows


def described(root: Path, name: str, content: bytes | str, encoding: str = "") -> Inferred:
    """Write a file and infer it; its model must run and give as many rows as inference counted."""
    path = root / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    inferred = infer(path, name, encoding=encoding)
    if not any(column.type == "TIMESTAMPTZ" for column in inferred.columns):  # Python needs pytz to fetch those.
        assert len(run(inferred, root, name)) == inferred.rows
    return inferred


def types(inferred: Inferred) -> dict[str, str]:
    return {column.alias: column.type for column in inferred.columns}


def refusal(root: Path, name: str, content: bytes | str) -> SourceError:
    with pytest.raises(SourceError) as caught:
        described(root, name, content)
    assert caught.value.location is not None
    assert caught.value.location.path == name
    assert str(root) not in str(caught.value)
    return caught.value


# --- CSV: what is found -----------------------------------------------------------------------------------------


def test_a_csv_is_described_with_types_and_dialect(tmp_path: Path) -> None:
    text = "id;Name;day;at;price;ok\n1;a;31.12.2024;2024-12-31 10:00:00;1.5;true\n2;;01.01.2025;;2;false\n"
    inferred = described(tmp_path, "x.csv", text)
    assert types(inferred) == {
        "id": "BIGINT", "name": "VARCHAR", "day": "DATE", "at": "TIMESTAMP", "price": "DOUBLE", "ok": "BOOLEAN",
    }  # fmt: skip
    assert (inferred.format.delimiter, inferred.format.date_format) == (";", "%d.%m.%Y")
    assert run(inferred, tmp_path, "x.csv")[1][:3] == (2, None, date(2025, 1, 1))


@pytest.mark.parametrize(
    ("values", "type_"),
    [
        (["1", "2"], "BIGINT"),
        (["1", "1.5"], "DOUBLE"),
        (["1", "x"], "VARCHAR"),
        (["1", "007"], "VARCHAR"),
        (["1", "+4912345"], "VARCHAR"),
        (["1", "0x10"], "VARCHAR"),
        (["1", "1_000"], "VARCHAR"),
        (["1", "99999999999999999999"], "DECIMAL(38,0)"),
        (["1", "9" * 39], "VARCHAR"),
        (["1.5", "9" * 39], "VARCHAR"),
        (["1.5", "007"], "VARCHAR"),
        (["1.5", "007.5"], "VARCHAR"),
        (["1.5", "-0.5"], "DOUBLE"),
        (["1", " 2 "], "BIGINT"),
        (["10.357019999999999", "1e-3"], "DOUBLE"),
        (["1", "1e+5"], "DOUBLE"),
        (["123", "1E5"], "VARCHAR"),
        (["1e5", "2e5"], "VARCHAR"),
        (["2024-01-01", "2024-01-02"], "DATE"),
        (["2024-01-01", "2024-01-02 10:00:00"], "VARCHAR"),
        (["2024-01-01 10:00:00", "2024-01-01 10:00:00.5"], "TIMESTAMP"),
        (["2024-01-01T10:00:00Z", "2024-01-01T10:00:00+02:00"], "TIMESTAMPTZ"),
        (["2024-01-01 10:00:00", "2024-01-01 10:00:00+02:00"], "TIMESTAMPTZ"),
        (["10:00:00", "11:30:00"], "TIME"),
        (["true", "FALSE"], "BOOLEAN"),
        (["true", "1"], "VARCHAR"),
        (["", ""], "VARCHAR"),
    ],
)
@pytest.mark.parametrize("between", [0, 30_000])
def test_a_late_row_decides_as_much_as_an_early_one(
    tmp_path: Path, values: list[str], type_: str, between: int
) -> None:
    first, last = values
    text = "id,v\n" + f"1,{first}\n" * (1 + between) + f"2,{last}\n"
    assert types(described(tmp_path, "x.csv", text))["v"] == type_


@pytest.mark.parametrize("word", ["NA", "N/A", "NULL", "null", "\\N"])
def test_a_word_for_a_missing_value_is_null_where_it_stands_among_numbers(tmp_path: Path, word: str) -> None:
    inferred = described(tmp_path, "x.csv", "id,v\n" + "1,2\n" * 30_000 + f"2,{word}\n")
    assert types(inferred)["v"] == "BIGINT"
    assert inferred.format.nulls == (word,)
    assert inferred.notes == (f'"{word}" is read as NULL, in every column',)
    assert run(inferred, tmp_path, "x.csv")[-1] == (2, None)


def test_a_word_among_texts_stays_a_text(tmp_path: Path) -> None:
    inferred = described(tmp_path, "x.csv", "id,country\n1,NA\n2,DE\n")
    assert run(inferred, tmp_path, "x.csv") == [(1, "NA"), (2, "DE")]


def test_names_of_every_kind_become_columns(tmp_path: Path) -> None:
    text = 'id,a,a,A,"select",,"q""x",with space,é,"two\nlines",@key\n1,2,3,4,5,6,7,8,9,10,11\n'
    inferred = described(tmp_path, "x.csv", text)
    assert [column.name for column in inferred.columns] == [
        "id", "a", "a", "A", "select", "", 'q"x', "with space", "é", "two\nlines", "@key",
    ]  # fmt: skip
    assert [column.alias for column in inferred.columns] == [
        "id", "a", "a_2", "a_3", "select", "column_6", "q_x", "with_space", "é", "two_lines", "key",
    ]  # fmt: skip
    assert run(inferred, tmp_path, "x.csv") == [(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.tsv", "id\tname\n1\ta,b\n2\tc\n"),
        ("x.txt", "id|name\n1|a,b\n2|c\n"),
        ("x.csv", 'id,name\r\n1,"a,b"\r\n2,c\r\n'),
        ("x.csv", '\ufeffid,name\n1,"a,b"\n2,c'),
        ("x.csv", '"id";"name"\n"1";"a,b"\n"2";"c"\n'),
        ("x.csv", "id,name\n1,'a,b'\n2,c\n"),
        ("x.csv", '# from the shop\nid,name\n1,"a,b"\n2,c\n'),
        ("x.csv", 'Orders of the shop\n\nid,name\n1,"a,b"\n2,c\n'),
        ("x.CSV", 'id,name\n1,"a,b"\n2,c\n'),
    ],
)
def test_dialects_are_told_apart(tmp_path: Path, name: str, content: str) -> None:
    inferred = described(tmp_path, name, content)
    assert run(inferred, tmp_path, name) == [(1, "a,b"), (2, "c")]


def test_a_quote_within_a_text_is_a_character(tmp_path: Path) -> None:
    inferred = described(tmp_path, "x.csv", 'id,name\n1,5" pipe\n2,"say ""hi"", please"\n')
    assert run(inferred, tmp_path, "x.csv") == [(1, '5" pipe'), (2, 'say "hi", please')]


def test_a_backslash_may_escape_a_quote(tmp_path: Path) -> None:
    inferred = described(tmp_path, "x.csv", 'id,name\n1,"say \\"hi\\", please"\n2,"b"\n')
    assert run(inferred, tmp_path, "x.csv") == [(1, 'say "hi", please'), (2, "b")]


def test_a_csv_without_a_header_has_numbered_columns(tmp_path: Path) -> None:
    inferred = described(tmp_path, "x.csv", "1,a,2024-01-01\n2,b,2024-01-02\n")
    assert types(inferred) == {"column_1": "BIGINT", "column_2": "VARCHAR", "column_3": "DATE"}
    assert inferred.notes == ("the file has no header: its columns are numbered",)


def test_a_header_without_rows_is_a_table_of_text_and_says_so(tmp_path: Path) -> None:
    inferred = described(tmp_path, "x.csv", "id,name\n")
    assert types(inferred) == {"id": "VARCHAR", "name": "VARCHAR"}
    assert inferred.notes == ("the file has a header and no rows: every column is VARCHAR",)


def test_one_column_needs_no_delimiter(tmp_path: Path) -> None:
    assert run(described(tmp_path, "x.csv", "id\n1\n2\n"), tmp_path, "x.csv") == [(1,), (2,)]


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_an_encoding_that_is_told_is_used(tmp_path: Path, encoding: str) -> None:
    inferred = described(tmp_path, "x.csv", "id,name\n1,café\n2,b\n".encode(encoding), encoding)
    assert run(inferred, tmp_path, "x.csv") == [(1, "café"), (2, "b")]


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
@pytest.mark.parametrize(
    ("name", "content"), [("x.csv", b"id,name\n1,a\n2,b\n"), ("x.jsonl", b'{"id": 1}\n{"id": 2}\n')]
)
def test_compressed_text_is_read(tmp_path: Path, suffix: str, name: str, content: bytes) -> None:
    inferred = described(tmp_path, name + suffix, compressed(content, suffix))
    assert [row[0] for row in run(inferred, tmp_path, name + suffix)] == [1, 2]


def compressed(content: bytes, suffix: str) -> bytes:
    if suffix == ".gz":
        return gzip.compress(content)
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(content)
    return bytes(sink.getvalue())


def test_a_path_with_spaces_quotes_and_letters_beyond_ascii_is_read(tmp_path: Path) -> None:
    assert types(described(tmp_path, "it's ö x.csv", "id\n1\n")) == {"id": "BIGINT"}


def test_a_project_in_a_folder_with_brackets_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "a[1]*"
    folder.mkdir()
    (folder / "x.csv").write_text("id\n1\n")
    assert infer(folder / "x.csv", "x.csv").rows == 1


def test_flights_are_inferred_as_a_person_typed_them(tmp_path: Path) -> None:
    write_sources(tmp_path)
    found = {name: infer(tmp_path / f"{name}.csv", f"{name}.csv") for name in ("flights", "planes", "weather")}
    assert {name: inferred.rows for name, inferred in found.items()} == {
        "flights": 336_776, "planes": 3_322, "weather": 26_115,
    }  # fmt: skip
    assert {name: inferred.format.nulls for name, inferred in found.items()} == dict.fromkeys(found, ("NA",))
    flights = types(found["flights"])
    assert {name for name, type_ in flights.items() if type_ == "VARCHAR"} == {"carrier", "tailnum", "origin", "dest"}
    assert flights["time_hour"] == "TIMESTAMPTZ"


# --- CSV: dates -------------------------------------------------------------------------------------------------


def column(root: Path, values: list[str]) -> tuple[SourceColumn, list[str | None], tuple[str, ...]]:
    """A file of these values in a column ``v``: the column, its values as ISO texts, and what is said."""
    inferred = described(root, "x.csv", "id;v\n" + "".join(f"{n};{value}\n" for n, value in enumerate(values)))
    read = [None if row[1] is None else str(row[1]) for row in run(inferred, root, "x.csv")]
    return inferred.columns[1], read, inferred.notes


@pytest.mark.parametrize(
    ("values", "dates"),
    [
        (["31.01.2025", "01.02.2025"], ["2025-01-31", "2025-02-01"]),
        (["01.02.2025", "03.04.2025"], ["2025-02-01", "2025-04-03"]),
        (["1.2.2025", "11.12.2025"], ["2025-02-01", "2025-12-11"]),
        (["2025.01.31", "2025.02.01"], ["2025-01-31", "2025-02-01"]),
        (["2025/01/02", "2025/11/12"], ["2025-01-02", "2025-11-12"]),
        (["01/02/2025", "31/01/2025"], ["2025-02-01", "2025-01-31"]),
        (["01/02/2025", "01/31/2025"], ["2025-01-02", "2025-01-31"]),
        (["01-02-2025", "31-01-2025"], ["2025-02-01", "2025-01-31"]),
        (["01.02.2025 10:00", "31.01.2025 09:30"], ["2025-02-01 10:00:00", "2025-01-31 09:30:00"]),
        (["01/31/2025 1:00:05 PM"], ["2025-01-31 13:00:05"]),
    ],
)
def test_dates_that_the_rows_or_the_dots_decide_are_read_without_a_word(
    tmp_path: Path, values: list[str], dates: list[str]
) -> None:
    found, read, notes = column(tmp_path, values)
    assert found.type in ("DATE", "TIMESTAMP")
    assert (read, notes) == (dates, ())


@pytest.mark.parametrize(
    ("values", "formats"),
    [
        (["01/02/2025", "03/04/2025"], "%d/%m/%Y and %m/%d/%Y"),
        (["01-02-2025", "03-04-2025"], "%d-%m-%Y and %m-%d-%Y"),
        (["01/02/25", "03/04/25"], "%d/%m/%y, %m/%d/%y and %y/%m/%d"),
        (["13/02/25", "03/04/25"], "%d/%m/%y and %y/%m/%d"),
        (["01/02/2025 10:00", "03/04/2025 11:00"], "%d/%m/%Y %H:%M and %m/%d/%Y %H:%M"),
        (["01/02/25 10:00", "03/04/25 11:00"], "%d/%m/%y %H:%M, %m/%d/%y %H:%M and %y/%m/%d %H:%M"),
    ],
)
def test_dates_that_fit_several_formats_stay_text_and_the_model_says_why(
    tmp_path: Path, values: list[str], formats: str
) -> None:
    found, read, notes = column(tmp_path, values)
    assert (found.type, read) == ("VARCHAR", values)
    assert notes == (f"v: kept as text: its dates fit {formats} alike. strptime can say which",)
    assert f"-- Kept as text: its dates fit {formats} alike." in model_text("x", [found], SourceFormat(Kind.CSV))


@pytest.mark.parametrize(
    ("last", "format_", "date_"),
    [("31/01/2025", "%d/%m/%Y", date(2025, 2, 1)), ("01/31/2025", "%m/%d/%Y", date(2025, 1, 2))],
)
def test_one_late_row_decides_how_all_dates_are_read(tmp_path: Path, last: str, format_: str, date_: date) -> None:
    inferred = described(tmp_path, "x.csv", "id,v\n" + "1,01/02/2025\n" * 30_000 + f"2,{last}\n")
    assert (types(inferred)["v"], inferred.format.date_format) == ("DATE", format_)
    assert run(inferred, tmp_path, "x.csv")[0][1] == date_


def test_rows_that_contradict_each_other_leave_a_text(tmp_path: Path) -> None:
    inferred = described(tmp_path, "x.csv", "id,v\n1,31/01/2025\n" + "1,01/02/2025\n" * 30_000 + "2,01/31/2025\n")
    assert types(inferred)["v"] == "VARCHAR"


@pytest.mark.parametrize(
    ("values", "dates", "doubt"),
    [
        (["01.02.25", "03.04.25"], ["2025-02-01", "2025-04-03"], "%y.%m.%d"),
        (["31.01.25", "01.02.99"], ["2025-01-31", "1999-02-01"], ""),
        (["97.12.31", "68.01.02"], ["1997-12-31", "2068-01-02"], ""),
    ],
)
def test_dotted_dates_with_two_digits_for_the_year_are_read_day_first_and_said_to_be(
    tmp_path: Path, values: list[str], dates: list[str], doubt: str
) -> None:
    found, read, notes = column(tmp_path, values)
    assert (found.type, read) == ("DATE", dates)
    assert f"though every row fits {doubt} too" in notes[0] if doubt else "though" not in notes[0]
    assert "69 to 99 are read as 1969 to 1999" in notes[0]
    assert "69 to 99" in found.note


def test_another_column_of_the_file_decides_what_a_column_leaves_open(tmp_path: Path) -> None:
    inferred = described(tmp_path, "x.csv", "due,paid\n01/02/2025,31/12/2024\n03/04/2025,01/01/2025\n")
    assert run(inferred, tmp_path, "x.csv")[0] == (date(2025, 2, 1), date(2024, 12, 31))
    assert inferred.notes == ("due: read as %d/%m/%Y, though every row fits %m/%d/%Y too",)


def test_each_column_may_write_its_dates_in_its_own_way(tmp_path: Path) -> None:
    text = "a;b;c;d;e\n31.12.2024;2024-12-30;12/29/2024;2024-12-28 10:00:00.5;27.12.2024 10:00\n"
    inferred = described(tmp_path, "x.csv", text)
    assert list(types(inferred).values()) == ["DATE", "DATE", "DATE", "TIMESTAMP", "TIMESTAMP"]
    assert [str(value) for value in run(inferred, tmp_path, "x.csv")[0]] == [
        "2024-12-31", "2024-12-30", "2024-12-29", "2024-12-28 10:00:00.500000", "2024-12-27 10:00:00",
    ]  # fmt: skip


@pytest.mark.parametrize("value", ["31.02.2025", "32.01.2025", "1.2.3", "01.02/2025", "192.168.1.10"])
def test_what_only_looks_like_a_date_stays_text(tmp_path: Path, value: str) -> None:
    assert column(tmp_path, [value, value])[:2] == (SourceColumn("v", "VARCHAR", "v"), [value, value])


# --- CSV: decimal marks -----------------------------------------------------------------------------------------


def test_a_decimal_comma_anywhere_in_the_file_makes_points_stand_between_thousands(tmp_path: Path) -> None:
    text = "n;price;total;big\n1.000;1,5;1.234,56;1.234.567\n12;,25;-2,5;7\n"
    inferred = described(tmp_path, "x.csv", text)
    assert types(inferred) == {"n": "BIGINT", "price": "DOUBLE", "total": "DOUBLE", "big": "BIGINT"}
    assert run(inferred, tmp_path, "x.csv") == [(1000, 1.5, 1234.56, 1234567), (12, 0.25, -2.5, 7)]
    assert inferred.notes[:2] == (
        "decimals have a comma: 1,5 is read as 1.5, and 1.000 as 1000",
        "n: a point stands between thousands, as decimals have a comma in this file: 1.000 is 1000",
    )


@pytest.mark.parametrize("between", [0, 30_000])
def test_a_late_decimal_comma_decides_as_much_as_an_early_one(tmp_path: Path, between: int) -> None:
    inferred = described(tmp_path, "x.csv", "n;p\n" + "1.000;1\n" * (between + 1) + "2.000;1,5\n")
    assert run(inferred, tmp_path, "x.csv")[-1] == (2000, 1.5)


@pytest.mark.parametrize(
    ("text", "type_", "note"),
    [
        ("id;v\n1;1.000\n2;2.000\n", "VARCHAR", "nothing in the file tells whether 1.000 is 1 or 1000"),
        ("id;v\n" + "1;1\n" * 30_000 + "2;1.000\n", "VARCHAR", "nothing in the file tells whether 1.000 is 1"),
        ("id;v\n1;1.000\n2;2.5\n", "DOUBLE", ""),
        ("id;v\n1;0.125\n2;2.000\n", "DOUBLE", ""),
        ("id;v;w\n1;1.000;2.5\n2;2.000;3.5\n", "DOUBLE", ""),
        ("id,v\n1,1.000\n2,2.000\n", "DOUBLE", ""),
        ("id;v\n1;1,234\n2;2,000\n", "VARCHAR", "nothing in the file tells which marks are of decimals"),
        ('id,v\n1,"1,234"\n2,"2,000"\n', "VARCHAR", "nothing in the file tells which marks are of decimals"),
        ('id,v\n1,"1,234.50"\n2,3\n', "DOUBLE", '"," stands between thousands'),
        ("id;v\n1;192.168.100\n2;10.100.200\n", "VARCHAR", "nothing in the file tells which marks"),
        ("id;v;w\n1;1,5;1.5\n2;2,5;2.5\n", "VARCHAR", "decimals have a comma here, and a point in other columns"),
        ("id;v;w\n1;007,5;1,5\n", "VARCHAR", "decimals have a comma: 1,5 is read as 1.5"),
    ],
)
def test_a_mark_that_may_be_of_decimals_or_thousands_is_decided_by_the_file_or_said(
    tmp_path: Path, text: str, type_: str, note: str
) -> None:
    inferred = described(tmp_path, "x.csv", text)
    assert types(inferred)["v"] == type_
    assert note in " ".join(inferred.notes) if note else inferred.notes == ()


@PROPERTY
@given(st.lists(st.decimals(-(10**9), 10**9, places=2), min_size=1, max_size=6))
def test_numbers_come_back_from_a_german_file_as_they_went_in(tmp_path: Path, numbers: list[Decimal]) -> None:
    written = [f"{number:,}".translate(str.maketrans(",.", ".,")) for number in numbers]
    inferred = described(tmp_path, "x.csv", "v;w\n" + "".join(f"{value};0,5\n" for value in written))
    assert [row[0] for row in run(inferred, tmp_path, "x.csv")] == [float(number) for number in numbers]


# --- CSV: what people have --------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_line_in_which_excel_names_the_delimiter_is_skipped(tmp_path: Path, end: str) -> None:
    inferred = described(tmp_path, "x.csv", end.join(["sep=;", "id;v", "1;a,b", "2;c", ""]))
    assert run(inferred, tmp_path, "x.csv") == [(1, "a,b"), (2, "c")]


def test_codes_with_leading_zeros_stay_text_and_words_of_truth_are_truth(tmp_path: Path) -> None:
    inferred = described(tmp_path, "x.csv", "zip,phone,active\n01067,+49123,Yes\n10115,030123,No\n80331,,\n")
    assert run(inferred, tmp_path, "x.csv") == [
        ("01067", "+49123", True), ("10115", "030123", False), ("80331", None, None),
    ]  # fmt: skip


def test_a_table_of_many_columns_is_planned_in_parts(tmp_path: Path) -> None:
    header, row = ";".join(f"c{n}" for n in range(120)), ";".join(["1,5"] * 119 + ["1.000"])
    inferred = described(tmp_path, "x.csv", f"{header}\n{row}\n")
    assert run(inferred, tmp_path, "x.csv") == [(1.5,) * 119 + (1000,)]


# --- CSV: what is refused ---------------------------------------------------------------------------------------

ROWS = "".join(f"{number},name{number},2024-01-{number:02}\n" for number in range(1, 11))


@pytest.mark.parametrize(
    ("row", "message", "note"),
    [
        ("11,x", "the row has 2 values, the table 3 columns", "too few values"),
        ("11,x,2024-01-01,4", "the row has 4 values, the table 3 columns", "too many values"),
        ('11,"x,2024-01-01', "a quote is opened and not closed as it should be", "the value that begins here"),
        ('11,"x"y,2024-01-01', "a quote is opened and not closed as it should be", "the value that begins here"),
    ],
)
@pytest.mark.parametrize("before", [1, 5_000])
def test_a_broken_row_is_shown_with_its_line(tmp_path: Path, row: str, message: str, note: str, before: int) -> None:
    error = refusal(tmp_path, "x.csv", "id,name,day\n" + ROWS * before + row + "\n" + ROWS)
    assert error.message == message
    assert error.hint
    assert error.location is not None
    assert error.location.line == 10 * before + 2
    assert error.location.text == row
    assert error.location.note == note


def test_a_caret_points_at_the_quote_that_is_never_closed(tmp_path: Path) -> None:
    error = refusal(tmp_path, "x.csv", "id,name,day\n" + ROWS + '11,"x,2024-01-01\n' + ROWS)
    assert str(error) == (
        "x.csv:12:4: a quote is opened and not closed as it should be\n"
        "   |\n"
        '12 | 11,"x,2024-01-01\n'
        "   |    ^ the value that begins here\n"
        "hint: close it; a quote inside of a quoted value is written twice"
    )


@pytest.mark.parametrize("content", ["text\nhello, world\nbye; all\n", "a,b\n1,2\n3;4\n5;6\n", "x\ny\na,b\n1,2\n3,4\n"])
def test_no_row_is_skipped_so_that_the_rest_fits(tmp_path: Path, content: str) -> None:
    assert ", the table" in refusal(tmp_path, "x.csv", content).message


@pytest.mark.parametrize("second", ["1,2,3", "1"])
def test_a_header_that_does_not_fit_its_rows_is_refused(tmp_path: Path, second: str) -> None:
    error = refusal(tmp_path, "x.csv", "a,b\n" + f"{second}\n" * 20)
    assert "the table 2 columns" in error.message
    assert error.location is not None
    assert error.location.line == 2


@pytest.mark.parametrize(
    ("content", "line", "byte", "encoding"),
    [
        ("id,name\n1,ä\n2,café\n".encode("latin-1"), 2, "byte 11 (0xe4)", "latin-1"),
        ("id,name\n1,a\n".encode("utf-16"), 1, "byte 1 (0xff)", "utf-16"),
        (("id,name\n" + "1,aé\n" * 500_000).encode() + b"2,\xff\n", 500_002, "byte 3,000,011 (0xff)", "latin-1"),
    ],
)
def test_text_that_is_not_utf8_is_shown_by_line_and_byte(
    tmp_path: Path, content: bytes, line: int, byte: str, encoding: str
) -> None:
    error = refusal(tmp_path, "x.csv", content)
    assert error.message == f"the file is not UTF-8: {byte} on line {line:,}"
    assert error.hint.startswith(f"add it with --encoding {encoding} (or ")
    assert error.location is not None
    assert error.location.line == line


def test_lines_that_end_in_different_ways_are_refused(tmp_path: Path) -> None:
    assert "lines end in different ways" in refusal(tmp_path, "x.csv", "id,v\r\n1,a\n2,c\r\n").message


def test_a_line_beyond_what_duckdb_reads_is_refused_and_cut(tmp_path: Path) -> None:
    error = refusal(tmp_path, "x.csv", "x,y\n1," + "a" * 3_000_000 + "\n2,b\n")
    assert "longer than DuckDB reads" in error.message
    assert len(str(error)) < 1_000


@pytest.mark.parametrize("content", ["", "\n\n", "\r\n", "   \n"])
def test_an_empty_csv_is_said_to_be_empty(tmp_path: Path, content: str) -> None:
    assert refusal(tmp_path, "x.csv", content).message == "the file is empty"


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
@pytest.mark.parametrize("name", ["x.csv", "x.jsonl"])
@pytest.mark.parametrize("keep", [0.1, 0.5, 0.999])
def test_a_truncated_compressed_file_is_refused(tmp_path: Path, suffix: str, name: str, keep: float) -> None:
    rows = [f"{number * number % 9973},{number}" for number in range(100_000)]
    text = "id,v\n" + "\n".join(rows) if name == "x.csv" else "\n".join(json.dumps({"v": row}) for row in rows)
    whole = compressed(text.encode(), suffix)
    assert described(tmp_path, name + suffix, whole).rows == 100_000
    error = refusal(tmp_path, name + suffix, whole[: int(len(whole) * keep)])
    assert "truncated" in error.message or "ended before" in error.message


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_a_file_that_is_not_compressed_as_its_name_says_is_refused(tmp_path: Path, suffix: str) -> None:
    assert refusal(tmp_path, f"x.csv{suffix}", "id\n1\n").message


@pytest.mark.parametrize("size", [0, 1, 200_000])
@pytest.mark.parametrize("repeat", [1, 3])
def test_a_whole_zstd_file_is_known_to_be_whole_and_a_part_is_not(tmp_path: Path, size: int, repeat: int) -> None:
    frame = compressed(bytes(number * number % 251 for number in range(size)), ".zst")
    skippable = b"\x50\x2a\x4d\x18\x03\x00\x00\x00abc"
    whole = skippable + frame * repeat
    path = tmp_path / "x.csv.zst"
    path.write_bytes(whole)
    check_whole(path, "x.csv.zst")
    for cut in {1, 4, len(frame) // 2, len(frame) - 1} - {0, len(frame)}:
        path.write_bytes(whole[: len(whole) - cut])
        with pytest.raises(SourceError):
            check_whole(path, "x.csv.zst")


@pytest.mark.parametrize("name", ["x", "x.xlsx", "x.gz", "x.parquet.gz", "x.csv.bz2"])
def test_an_unknown_format_is_refused_with_the_known_ones(tmp_path: Path, name: str) -> None:
    assert ".parquet" in refusal(tmp_path, name, "id\n1\n").hint


@pytest.mark.parametrize("name", ["x.csv", "x.parquet", "x.json", "x.csv.gz"])
def test_a_pointer_of_git_lfs_is_recognised(tmp_path: Path, name: str) -> None:
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'a' * 64}\nsize 12345\n"
    error = refusal(tmp_path, name, pointer)
    assert "Git LFS pointer" in error.message
    assert "git lfs pull" in error.hint


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file"):
        infer(tmp_path / "none.csv", "none.csv")
    with pytest.raises(SourceError, match="folder"):
        infer(tmp_path, "sources")


@pytest.mark.parametrize("name", ["a*.csv", "a?.csv", "a[1].csv"])
def test_a_name_that_is_a_pattern_is_refused(tmp_path: Path, name: str) -> None:
    assert refusal(tmp_path, name, "id\n1\n").hint == "rename it"


# --- csv_error on what DuckDB says at run time ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        ("id,day\n1,2024-01-01\nx,2024-01-01\n", 3, '"x" in column id is no BIGINT'),
        ("id,day\n1,2024-13-01\n", 2, '"2024-13-01" in column day is no DATE'),
        ("id,day\n1\n", 2, "the row has 1 value, the table 2 columns"),
        ("id,day\n1,2024-01-01,x\n", 2, "the row has 3 values, the table 2 columns"),
        ('id,day\n1,"2024-01-01\n', 2, "a quote is opened and not closed as it should be"),
    ],
)
@pytest.mark.parametrize("as_json", [False, True])
def test_what_a_build_is_told_becomes_an_error_with_a_place(
    tmp_path: Path, content: str, line: int, message: str, as_json: bool
) -> None:
    (tmp_path / "x.csv").write_text(content)
    columns = [SourceColumn("id", "BIGINT", "id"), SourceColumn("day", "DATE", "day")]
    model = model_text("x.csv", columns, SourceFormat(Kind.CSV, date_format="%Y-%m-%d"))
    with duckdb.connect(config={"file_search_path": str(tmp_path)}) as connection:
        connection.execute(f"SET errors_as_json = {as_json}")
        with pytest.raises(duckdb.Error) as caught:
            connection.execute(model).fetchall()
    text = str(caught.value)
    told = json.loads(text[text.index("{") :])["exception_message"] if as_json else text
    error = csv_error(told, "sources/x.csv")
    assert error is not None
    assert error.message == message
    assert error.location is not None
    assert (error.location.path, error.location.line) == ("sources/x.csv", line)
    assert error.location.text == content.splitlines()[line - 1]
    named = csv_error(told)
    assert named is not None
    assert named.location is not None
    assert named.location.path.endswith("x.csv")


def test_a_message_about_something_else_is_no_csv_error() -> None:
    assert csv_error("Binder Error: no such column", "x.csv") is None


# --- JSON -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.json", '[{"id": 1, "name": "a"},\n {"id": 2}]'),
        ("x.json", '{"id": 1, "name": "a"}\n{"id": 2}\n'),
        ("x.json", '{\n  "id": 1,\n  "name": "a"\n}\n{\n  "id": 2\n}\n'),
        ("x.jsonl", '{"id": 1, "name": "a"}\n\n{"id": 2}'),
        ("x.ndjson", '\ufeff{"id": 1, "name": "a"}\n{"id": 2, "name": null}\n'),
    ],
)
def test_json_is_read_as_an_array_or_one_object_after_the_other(tmp_path: Path, name: str, content: str) -> None:
    inferred = described(tmp_path, name, content)
    assert types(inferred) == {"id": "BIGINT", "name": "VARCHAR"}
    assert run(inferred, tmp_path, name) == [(1, "a"), (2, None)]


def test_nested_json_has_nested_types(tmp_path: Path) -> None:
    row = {
        "id": 1, "tags": ["a", "b"], "to": {"zip": "1", "it's": [{"x": 1.5}]}, "none": None, "empty": [],
        "big": 2**64 - 1, "day": "2024-01-01", "mixed": [1, "a"],
    }  # fmt: skip
    inferred = described(tmp_path, "x.jsonl", json.dumps(row) + "\n")
    assert types(inferred) == {
        "id": "BIGINT", "tags": "VARCHAR[]", "to": 'STRUCT("zip" VARCHAR, "it\'s" STRUCT("x" DOUBLE)[])',
        "none": "VARCHAR", "empty": "JSON[]", "big": "DECIMAL(38,0)", "day": "DATE", "mixed": "JSON[]",
    }  # fmt: skip
    read = run(inferred, tmp_path, "x.jsonl")[0]
    assert read[:3] == (1, ["a", "b"], {"zip": "1", "it's": [{"x": 1.5}]})
    assert read[5] == Decimal(2**64 - 1)


def test_a_late_object_decides_as_much_as_an_early_one(tmp_path: Path) -> None:
    content = '{"a": 1}\n' * 30_000 + '{"a": "x", "b": 1}\n'
    assert types(described(tmp_path, "x.jsonl", content)) == {"a": "JSON", "b": "BIGINT"}


def test_integers_beyond_64_bits_keep_their_digits(tmp_path: Path) -> None:
    inferred = described(tmp_path, "x.jsonl", '{"a/b": 12345678901234567890123}\n{"a/b": -1}\n{"n": 1.5}\n')
    assert run(inferred, tmp_path, "x.jsonl")[:2] == [(Decimal(12345678901234567890123), None), (Decimal(-1), None)]


def test_a_key_that_an_array_of_objects_has_twice_is_named(tmp_path: Path) -> None:
    assert refusal(tmp_path, "x.json", '[{"b": 1},{"a": 1, "a": 2}]').message.endswith('has the key "a" twice')


def test_dates_in_json_that_are_not_iso_stay_text(tmp_path: Path) -> None:
    assert types(described(tmp_path, "x.jsonl", '{"a": "01/02/25", "b": "01.02.2025", "c": "01067"}\n')) == {
        "a": "VARCHAR", "b": "VARCHAR", "c": "VARCHAR",
    }  # fmt: skip


def test_rare_keys_are_columns_too(tmp_path: Path) -> None:
    content = "".join(json.dumps({"id": number, f"k{number}": 1}) + "\n" for number in range(300))
    assert len(described(tmp_path, "x.jsonl", content).columns) == 301


def test_keys_that_sql_cannot_tell_apart_are_read_by_key(tmp_path: Path) -> None:
    keys = ["a", "A", "", "select", "$z", "x.y", "/q", "~t", 'a"b', "it's", "12", "é", "*", "[0]", "@key"]
    row = {key: position for position, key in enumerate(keys)}
    inferred = described(tmp_path, "x.json", json.dumps([row, {"a": None, "A": 2**63}, {"n": {"b": 1, "B": [2]}}]))
    assert [column.name for column in inferred.columns] == [*keys, "n"]
    first, second, third = run(inferred, tmp_path, "x.json")
    assert first == (*range(len(keys)), None)
    assert second[:3] == (None, 2**63, None)
    assert json.loads(third[-1]) == {"b": 1, "B": [2]}


def test_nested_keys_that_differ_only_in_case_stay_json(tmp_path: Path) -> None:
    inferred = described(tmp_path, "x.jsonl", '{"id": 1, "n": {"a": 1, "A": 2}}\n')
    assert types(inferred) == {"id": "BIGINT", "n": "JSON"}


@pytest.mark.parametrize(
    ("name", "content", "line", "column"),
    [
        ("x.jsonl", '{"a": 1}\n{"a": 2, "b": "x}\n{"a": 3}\n', 2, 15),
        ("x.json", '[{"a": 1},\n {"a": 2 "b": 3}]', 2, 10),
        ("x.json", '[{"a": 1},\n{"a": ]', 2, 7),
    ],
)
def test_broken_json_is_shown_with_line_and_column(
    tmp_path: Path, name: str, content: str, line: int, column: int
) -> None:
    error = refusal(tmp_path, name, content)
    assert error.message.startswith("this is no JSON: ")
    assert error.location is not None
    assert (error.location.line, error.location.column) == (line, column)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('[{"a": 1},\n{"a": 2}', "the file is truncated: its JSON array is not closed"),
        ("[1, 2]", "not every value is an object: ubigint"),
        ('[{"a": 1}, [2]]', "not every value is an object: array"),
        ("[]", "the file holds no values"),
        ("[{}]", "the file holds no values"),
        ("  \n", "the file is empty"),
        ('{"a": 1, "a": 2}', 'the object has the key "a" twice'),
        (b'{"a": "x"}\n{"a": "caf\xe9"}\n', "the file is not UTF-8: byte 22 (0xe9) on line 2"),
    ],
)
def test_json_that_is_no_table_is_refused(tmp_path: Path, content: str | bytes, message: str) -> None:
    assert refusal(tmp_path, "x.json", content).message == message


# --- Parquet ----------------------------------------------------------------------------------------------------


def test_parquet_keeps_its_types(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    columns = {
        "id": "1::BIGINT", "total": "1.50::DECIMAL(12, 2)", "day": "DATE '2024-01-01'", "tags": "['a']",
        "to": "{'a b': 1::UTINYINT}", "m": "MAP {'a': 1}", "u": "uuid()", "b": "'x'::BLOB", "i": "INTERVAL 1 DAY",
    }  # fmt: skip
    values = ", ".join(f'{value} AS "{name}"' for name, value in columns.items())
    duckdb.execute(f"COPY (SELECT {values}) TO '{path}'")
    inferred = infer(path, "x.parquet")
    assert types(inferred) == {
        "id": "BIGINT", "total": "DECIMAL(12,2)", "day": "DATE", "tags": "VARCHAR[]", "to": 'STRUCT("a b" UTINYINT)',
        "m": "MAP(VARCHAR, INTEGER)", "u": "UUID", "b": "BLOB", "i": "VARCHAR",
    }  # fmt: skip
    expected = duckdb.execute(f"SELECT * REPLACE (i::VARCHAR AS i) FROM '{path}'").fetchall()
    assert run(inferred, tmp_path, "x.parquet") == expected
    assert inferred.notes == ("i: kept as text: the file has INTERVAL, which a dataset cannot hold",)


def test_a_parquet_with_shapes_is_read_as_text_that_a_dataset_can_hold(tmp_path: Path) -> None:
    duckdb.execute(f"COPY (SELECT 'POINT(1.1 2)'::GEOMETRY AS g) TO '{tmp_path / 'x.parquet'}'")
    inferred = infer(tmp_path / "x.parquet", "x.parquet")
    assert run(inferred, tmp_path, "x.parquet") == [("POINT (1.1 2)",)]
    assert inferred.notes[0].startswith("g: kept as text: the file has GEOMETRY")


def test_a_decimal_that_duckdb_reads_as_a_double_is_said_to_be_one(tmp_path: Path) -> None:
    pq.write_table(pa.table({"d": pa.array([Decimal("1.5")], pa.decimal256(50, 2))}), tmp_path / "x.parquet")
    assert infer(tmp_path / "x.parquet", "x.parquet").notes == (
        "d: the file has DECIMAL(50,2); DuckDB reads it as DOUBLE, exact to 15 digits",
    )


@pytest.mark.parametrize("cut", [1, 20, 200])
def test_a_truncated_parquet_is_refused(tmp_path: Path, cut: int) -> None:
    pq.write_table(pa.table({"id": list(range(1_000))}), tmp_path / "x.parquet")
    whole = (tmp_path / "x.parquet").read_bytes()
    assert "truncated" in refusal(tmp_path, "x.parquet", whole[:-cut]).message


def test_a_parquet_whose_values_are_damaged_is_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": [f"{n * n}" for n in range(1_000)]}), tmp_path / "x.parquet", compression="zstd")
    whole = bytearray((tmp_path / "x.parquet").read_bytes())
    whole[30:200] = bytes(170)
    assert "cannot be read" in refusal(tmp_path, "x.parquet", bytes(whole)).message


# --- Any names and any values -----------------------------------------------------------------------------------

SPECIAL = st.sampled_from(list("aA0_ ,;|\t\"'#@-.\né"))
NAMES = st.text(SPECIAL | st.characters(codec="utf-8", exclude_characters="\x00\r"), max_size=8)
WORDS = st.text(SPECIAL | st.characters(codec="utf-8", categories=["L", "P", "S", "Zs"]), min_size=1, max_size=8)
VALUES = st.sampled_from(
    [
        st.integers(-(2**62), 2**62),
        st.floats(allow_nan=False, allow_infinity=False, width=32),
        st.booleans(),
        st.dates(date(1900, 1, 1), date(2100, 1, 1)),
        WORDS,
    ]
)


@st.composite
def tables(draw: st.DrawFn, names: st.SearchStrategy[str]) -> tuple[list[str], list[list[Any]]]:
    """A header and rows; the first column counts the rows, so that no row is an empty line."""
    header = ["id", *draw(st.lists(names, max_size=4))]
    kinds = [draw(VALUES) for _ in header[1:]]
    count = draw(st.integers(1, 6))
    return header, [[number, *(draw(st.none() | kind) for kind in kinds)] for number in range(count)]


def as_written(value: Any, type_: str) -> Any:
    """A value of the model as the CSV writes it."""
    if value is None:
        return ""
    if type_ == "DOUBLE":
        return float(value)
    return str(value)


@PROPERTY
@given(tables(NAMES))
def test_any_csv_comes_back_as_it_was_written(tmp_path: Path, table: tuple[list[str], list[list[Any]]]) -> None:
    header, rows = table
    with (tmp_path / "x.csv").open("w", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_MINIMAL, lineterminator="\n").writerows([header, *rows])
    inferred = infer(tmp_path / "x.csv", "x.csv")
    assert inferred.rows == len(rows)
    assert [column.name for column in inferred.columns] == [name.strip() for name in header]
    for read, written in zip(run(inferred, tmp_path, "x.csv"), rows, strict=True):
        for column, got, value in zip(inferred.columns, read, written, strict=True):
            text = "" if value is None else str(value)
            expected = float(text) if column.type == "DOUBLE" and text else text
            if text not in inferred.format.nulls:
                assert as_written(got, column.type) == expected, column


@PROPERTY
@given(
    st.lists(
        st.dictionaries(
            st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=6),
            st.recursive(
                st.none() | st.booleans() | st.integers(-(2**62), 2**62) | st.text("abcxyzé '\"", max_size=5),
                lambda inner: (
                    st.lists(inner, max_size=3) | st.dictionaries(st.text("abA", max_size=2), inner, max_size=2)
                ),
                max_leaves=4,
            ),
            min_size=1,
            max_size=4,
        ),
        min_size=1,
        max_size=4,
    ),
    st.sampled_from([".json", ".jsonl"]),
)
def test_any_json_comes_back_as_it_was_written(tmp_path: Path, rows: list[dict[str, Any]], suffix: str) -> None:
    name = f"x{suffix}"
    text = json.dumps(rows) if suffix == ".json" else "\n".join(json.dumps(row) for row in rows)
    inferred = described(tmp_path, name, text)
    assert {column.name for column in inferred.columns} == {key for row in rows for key in row}
    model = model_text(name, inferred.columns, inferred.format)
    with duckdb.connect(config={"file_search_path": str(tmp_path)}) as connection:
        read = connection.execute(
            f"SELECT {', '.join(f'to_json(#{n + 1})' for n in range(len(inferred.columns)))} FROM (\n{model}\n)"
        ).fetchall()
    for got, row in zip(read, rows, strict=True):
        for column, value in zip(inferred.columns, got, strict=True):
            assert bare(json.loads(value) if value else None) == bare(row.get(column.name)), column


def bare(value: Any) -> Any:
    """A JSON value without what a typed column adds or cannot keep: keys that are null, at any depth."""
    if isinstance(value, dict):
        return {key: bare(inner) for key, inner in value.items() if inner is not None}
    return [bare(inner) for inner in value] if isinstance(value, list) else value


@PROPERTY
@given(tables(st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8)))
def test_any_parquet_comes_back_as_it_was_written(tmp_path: Path, table: tuple[list[str], list[list[Any]]]) -> None:
    header, rows = table
    arrays = [pa.array([row[position] for row in rows]) for position in range(len(header))]
    pq.write_table(pa.table(arrays, names=header), tmp_path / "x.parquet")
    inferred = infer(tmp_path / "x.parquet", "x.parquet")
    assert [list(row) for row in run(inferred, tmp_path, "x.parquet")] == rows


def test_every_word_of_sql_can_be_a_columns_name(tmp_path: Path) -> None:
    words = [word for (word,) in duckdb.execute("SELECT keyword_name FROM duckdb_keywords() ORDER BY 1").fetchall()]
    words += ["current_date", "current_timestamp", "current_user", "date", "timestamp", "map", "struct", "rowid"]
    (tmp_path / "x.csv").write_text(",".join(words) + "\n" + ",".join("1" for _ in words) + "\n")
    inferred = infer(tmp_path / "x.csv", "x.csv")
    text = model_text("x.csv", inferred.columns, inferred.format)
    assert [column.alias for column in inferred.columns] == list(aliases(words))
    assert run(inferred, tmp_path, "x.csv") == [(1,) * len(words)]
    # The parser that finds dependencies and lineage must see columns too, not constants or functions.
    parsed = sqlglot.parse_one(text, dialect="duckdb", into=sqlglot.exp.Select)
    assert [type(column) for column in parsed.selects] == [sqlglot.exp.Column] * len(words)
    assert parsed.named_selects == list(aliases(words))
