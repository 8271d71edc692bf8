"""A cache is believed where it was written, and as it was written; else it counts as absent."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from medallion.cachefile import read_cache, write_cache

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENT = {"format": [1, "x"], "entries": {"ä": [1, 2.5, None, True, "\n"]}}
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda children: st.lists(children) | st.dictionaries(st.text("abc\n\0ä"), children),
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    write_cache(tmp_path / "cache" / "x.json", DOCUMENT)
    return tmp_path / "cache" / "x.json"


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], derandomize=True, database=None
)
@given(VALUES)
def test_what_was_written_is_read(tmp_path: Path, document: object) -> None:
    write_cache(tmp_path / "x.json", document)
    assert read_cache(tmp_path / "x.json") == document


def test_a_file_that_is_absent_or_a_folder_is_no_cache(tmp_path: Path) -> None:
    assert read_cache(tmp_path / "x.json") is None
    assert read_cache(tmp_path) is None


def test_a_file_that_lost_or_changed_a_byte_anywhere_is_no_cache(file: Path) -> None:
    data = file.read_bytes()
    for at in range(len(data)):
        with file.open("r+b") as damaged:
            damaged.truncate(at)
        assert read_cache(file) is None
        with file.open("r+b") as damaged:
            damaged.write(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        assert read_cache(file) is None
        with file.open("r+b") as mended:
            mended.write(data)
        assert read_cache(file) == DOCUMENT
    with file.open("ab") as longer:
        longer.write(b" ")
    assert read_cache(file) is None


def test_a_copy_is_no_cache(file: Path, tmp_path: Path) -> None:
    shutil.copytree(file.parent, tmp_path / "clone")
    assert read_cache(tmp_path / "clone" / file.name) is None
    assert read_cache(file) == DOCUMENT


def test_a_file_that_another_program_wrote_in_place_is_no_cache(file: Path) -> None:
    other = file.with_name("other.json")
    write_cache(other, {"format": "of another"})
    file.write_bytes(other.read_bytes())
    assert read_cache(file) is None


@pytest.mark.parametrize("content", [b"", b"\n", b"{}", b"\xff\xfe\x00", b"[" * 100_000, b"1 2\n{}"])
def test_garbage_is_no_cache(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    assert read_cache(file) is None


def test_nothing_unfinished_is_left(file: Path) -> None:
    write_cache(file, {})
    assert [entry.name for entry in file.parent.iterdir()] == [file.name]


def test_a_place_that_cannot_be_written_to_costs_nothing_but_the_cache(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    write_cache(tmp_path / "cache" / "x.json", DOCUMENT)
    assert read_cache(tmp_path / "cache" / "x.json") is None
