"""Inference on CSV: decimal marks, and marks between thousands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engines.inferred import PROPERTY, described, run, types

if TYPE_CHECKING:
    from decimal import Decimal
    from pathlib import Path


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
