"""Inference on CSV: the types, dialects, encodings and odd files that people have."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from medallion.engines.infer import infer
from tests.engines.inferred import compressed, described, run, types
from tests.projects.flights_sources import write_sources

if TYPE_CHECKING:
    from pathlib import Path


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
