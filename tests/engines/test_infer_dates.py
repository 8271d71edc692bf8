"""Inference on CSV: how dates are written, where the whole file decides it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from medallion.models.scaffold import Kind, SourceColumn, SourceFormat, model_text
from tests.engines.inferred import described, run, types

if TYPE_CHECKING:
    from pathlib import Path


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
