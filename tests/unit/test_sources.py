"""Sources as they stand: which files they name, what they are, and what may be read."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import duckdb
import pytest

from medallion.config import Config
from medallion.errors import DataError, SourceError
from medallion.identities import Identities
from medallion.observe import real_files
from medallion.sources import is_allowed, source_state
from tests.unit.looked_at import pointer, sha, write

if TYPE_CHECKING:
    from pathlib import Path


def config(root: Path, *sources: str) -> Config:
    return Config(root, sources=sources or ("sources/",))


def test_the_content_id_of_a_file_is_its_sha256(tmp_path: Path) -> None:
    write(tmp_path, "sources/a.csv", b"hello")
    state = source_state("sources/a.csv", config(tmp_path), Identities(tmp_path))
    assert (state.content_id, state.files, state.error) == (sha(b"hello"), {"sources/a.csv": sha(b"hello")}, None)


@pytest.mark.parametrize("pattern", ["sources/*.csv", "sources/?.csv", "sources/[ab].csv", "sources/*/*.csv"])
def test_the_content_id_of_a_pattern_is_what_sha256sum_gives_in_a_shell(tmp_path: Path, pattern: str) -> None:
    for path in ("b.csv", "a.csv", "B.csv", "éé.csv", "x y.csv", "c.txt", "sub/d.csv", "sub/10.csv", "sub/9.csv"):
        write(tmp_path, f"sources/{path}", path.encode())
    state = source_state(pattern, config(tmp_path), Identities(tmp_path))
    shell = subprocess.run(
        ["sh", "-c", f"sha256sum {pattern} | sha256sum"],
        cwd=tmp_path, env=os.environ | {"LC_ALL": "C"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert state.content_id == shell.stdout.split()[0]


@pytest.mark.parametrize(
    "pattern",
    [
        "sources/*.csv",
        "sources/**/*.csv",
        "sources/**",
        "sources/*/?.csv",
        "sources/[a-c].csv",
        "sources/s*/*",
        "*/a.csv",
    ],
)
def test_a_pattern_matches_the_files_that_duckdb_reads(
    tmp_path: Path, pattern: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in (
        "a.csv",
        "b.csv",
        ".hidden.csv",
        "sub/c.csv",
        "sub/.h/d.csv",
        "sub/deep/e.csv",
        "x.txt",
        "a.csv.d/f.csv",
    ):
        write(tmp_path, f"sources/{path}", b"x")
    monkeypatch.chdir(tmp_path)
    read = duckdb.connect().execute("SELECT file FROM glob(?) ORDER BY file", [pattern]).fetchall()
    state = source_state(pattern, config(tmp_path, "."), Identities(tmp_path))
    assert sorted(state.files) == [row[0] for row in read]


def test_renaming_a_file_of_a_pattern_changes_its_content_id(tmp_path: Path) -> None:
    write(tmp_path, "sources/a.csv", b"x")
    before = source_state("sources/*.csv", config(tmp_path), Identities(tmp_path)).content_id
    (tmp_path / "sources/a.csv").rename(tmp_path / "sources/b.csv")
    assert source_state("sources/*.csv", config(tmp_path), Identities(tmp_path)).content_id != before


def test_a_source_that_is_a_pointer_has_the_identity_of_what_it_points_to(tmp_path: Path) -> None:
    write(tmp_path, "sources/a.csv", pointer(b"data"))
    identities = Identities(tmp_path)
    assert source_state("sources/a.csv", config(tmp_path), identities).content_id == sha(b"data")
    with pytest.raises(DataError, match="Git LFS pointer"):
        real_files(["sources/a.csv"], identities)


@pytest.mark.parametrize(
    ("pattern", "message"),
    [("sources/a.csv", 'there is no file "sources/a.csv"'), ("sources/*.csv", 'no file matches "sources/*.csv"'),
     ("sources", 'there is no file "sources"')],
)  # fmt: skip
def test_a_source_that_is_not_there_is_absent(tmp_path: Path, pattern: str, message: str) -> None:
    (tmp_path / "sources").mkdir()
    state = source_state(pattern, config(tmp_path), Identities(tmp_path))
    assert (state.content_id, state.absent) == (None, True)
    assert state.error is not None
    assert state.error.message == message


def test_a_source_outside_of_what_is_allowed_is_an_error_and_not_absent(tmp_path: Path) -> None:
    write(tmp_path, "secret.csv", b"x")
    state = source_state("secret.csv", config(tmp_path), Identities(tmp_path))
    assert (state.content_id, state.absent) == (None, False)
    assert isinstance(state.error, SourceError)
    assert "`sources` in medallion.toml allows sources/" in state.error.hint


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources/a.csv").symlink_to("/proc/self/mem")
    state = source_state("sources/a.csv", config(tmp_path), Identities(tmp_path))
    assert (state.content_id, state.absent) == (None, False)
    assert isinstance(state.error, SourceError)


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("sources/a.csv", ["sources/"]),
        ("sources/sub/a.csv", ["sources"]),
        ("./sources/a.csv", ["sources/"]),
        ("sources//a.csv", ["sources/"]),
        ("sources/*.csv", ["sources/"]),
        ("sources/**/a*.csv", ["sources/"]),
        ("one.csv", ["one.csv"]),
        ("b.csv", ["a.csv", "b.csv"]),
        ("anything/a.csv", ["."]),
        ("/data/raw/a.csv", ["/data/raw/"]),
        ("raw/a.csv", ["raw/*.csv"]),
        ("raw/*.csv", ["raw/*.csv"]),
        ("raw/2026-*.csv", ["raw/*.csv"]),
        ("raw/2026-0?.csv", ["raw/*.csv"]),
        ("raw/a.csv", ["raw/**/*.csv"]),
        ("raw/x/y/a.csv", ["raw/**/*.csv"]),
        ("raw/**/*.csv", ["raw/**/*.csv"]),
        ("raw/x/a.csv", ["raw/**"]),
    ],
)
def test_a_path_inside_of_what_is_allowed_may_be_read(path: str, allowed: list[str]) -> None:
    assert is_allowed(path, allowed)


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("sources/a.csv", []),
        ("secret.csv", ["sources/"]),
        ("sources.csv", ["sources"]),
        ("sources2/a.csv", ["sources"]),
        ("*/a.csv", ["sources/"]),
        ("s*/a.csv", ["sources/"]),
        ("**", ["sources/"]),
        ("sources/../secret.csv", ["sources/"]),
        ("sources/x/../../secret.csv", ["sources/"]),
        ("../sources/a.csv", ["sources/"]),
        ("/etc/passwd", ["sources/"]),
        ("/etc/passwd", ["."]),
        ("/sources/a.csv", ["sources/"]),
        ("https://example.org/a.csv", ["sources/"]),
        ("https://example.org/a.csv", ["https://example.org/"]),
        ("s3://bucket/a.csv", ["sources/"]),
        ("~/a.csv", ["sources/"]),
        # A pattern is held against the whole path, not against its end.
        ("secret/a.csv", ["*.csv"]),
        ("/home/ada/a.csv", ["*.csv"]),
        ("secret/raw/a.csv", ["raw/*.csv"]),
        ("/mnt/raw/a.csv", ["raw/*.csv"]),
        ("raw/sub/a.csv", ["raw/*.csv"]),
        ("raw/**/a.csv", ["raw/*/a.csv"]),
        ("raw/**", ["raw/*.csv"]),
        ("raw/a.json", ["raw/*.csv"]),
        ("raw/a*.csv", ["raw/a?.csv"]),
        ("raw/*", ["raw/?"]),
        ("raw/[!a].csv", ["raw/[a].csv"]),
    ],
)  # fmt: skip
def test_a_path_or_pattern_that_could_lead_out_may_not_be_read(path: str, allowed: list[str]) -> None:
    assert not is_allowed(path, allowed)
