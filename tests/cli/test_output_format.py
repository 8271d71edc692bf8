"""``query --output FILE``: the file's name says the format."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pyarrow.parquet
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Ended

SQL = "SELECT range AS n FROM range(150)"


@pytest.mark.parametrize(
    ("name", "first"),
    [("a.csv", "n"), ("a.CSV", "n"), ("a.jsonl", '{"n": 0}'), ("a.ndjson", '{"n": 0}'), ("a.md", "| n |"),
     ("a.markdown", "| n |"), ("a.b.csv", "n")],
)  # fmt: skip
def test_text_is_written_as_the_file_is_called(
    medallion: Callable[..., Ended], shop: Path, tmp_path: Path, name: str, first: str
) -> None:
    assert shop.is_dir()
    ended = medallion("query", SQL, "-o", str(tmp_path / name))
    assert (ended.code, ended.out) == (0, "")
    lines = (tmp_path / name).read_text().splitlines()
    assert lines[0].replace(" ", "") == first.replace(" ", "")
    assert sum("149" in line for line in lines) == 1
    assert len(lines) >= 150


def test_a_table_in_a_file_is_whole(medallion: Callable[..., Ended], shop: Path, tmp_path: Path) -> None:
    assert shop.is_dir()
    assert medallion("query", SQL, "-o", str(tmp_path / "a.txt"), "--limit", "3").code == 0
    assert "149" in (tmp_path / "a.txt").read_text()


def test_json_and_parquet_hold_every_row(medallion: Callable[..., Ended], shop: Path, tmp_path: Path) -> None:
    assert shop.is_dir()
    assert medallion("query", SQL, "-o", str(tmp_path / "a.json")).code == 0
    assert [row["n"] for row in json.loads((tmp_path / "a.json").read_text())] == list(range(150))
    assert medallion("query", SQL, "-o", str(tmp_path / "a.parquet")).code == 0
    assert pyarrow.parquet.read_table(tmp_path / "a.parquet").column("n").to_pylist() == list(range(150))


def test_a_format_that_is_said_counts_more_than_the_name(
    medallion: Callable[..., Ended], shop: Path, tmp_path: Path
) -> None:
    assert shop.is_dir()
    assert medallion("query", SQL, "-f", "jsonl", "-o", str(tmp_path / "a.csv")).code == 0
    assert json.loads((tmp_path / "a.csv").read_text().splitlines()[0]) == {"n": 0}


@pytest.mark.parametrize("name", ["a", "a.xlsx", ".csv"])
def test_a_name_that_says_no_format_is_asked_about(
    medallion: Callable[..., Ended], shop: Path, tmp_path: Path, name: str
) -> None:
    assert shop.is_dir()
    ended = medallion("query", SQL, "-o", str(tmp_path / name))
    assert ended.code == 2
    assert f'what format is "{name}"?' in ended.err
    assert "--format" in ended.err
    assert list(tmp_path.iterdir()) == []
