"""Inference on files that are refused: what is wrong, and at which place."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from medallion.engines.infer import infer
from medallion.engines.source_files import check_whole
from medallion.errors import SourceError
from tests.engines.inferred import compressed, described, refusal

if TYPE_CHECKING:
    from pathlib import Path


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
