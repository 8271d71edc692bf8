"""The sha256 of files, and for how long it is remembered."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from medallion.cachefile import read_cache, write_cache
from medallion.identities import Identities
from tests.unit.looked_at import pointer, sha, write

if TYPE_CHECKING:
    from pathlib import Path


CACHE = ".medallion/cache/identities.json"


def remembered(root: Path, path: str, oid: str) -> None:
    """A cache in which the file at ``path``, as it stands now, has the identity ``oid``, right or wrong."""
    stat = (root / path).stat()
    entry = [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino, oid, True]
    write_cache(root / CACHE, {"format": 1, "files": {path: entry}, "listings": {}})


def cached(root: Path) -> dict[str, Any]:
    document = read_cache(root / CACHE)
    assert isinstance(document, dict)
    return document


def test_the_identity_of_a_file_is_its_sha256_and_size(tmp_path: Path) -> None:
    write(tmp_path, "a b/é.csv", b"hello")
    assert Identities(tmp_path).of("a b/é.csv") == (sha(b"hello"), 5, True)


def test_the_identity_of_a_pointer_is_what_it_points_to(tmp_path: Path) -> None:
    write(tmp_path, "a.parquet", pointer(b"data"))
    assert Identities(tmp_path).of("a.parquet") == (sha(b"data"), 4, False)


@pytest.mark.parametrize("path", ["nothing", "nothing/below", "a.csv/below"])
def test_what_is_not_there_has_no_identity(tmp_path: Path, path: str) -> None:
    write(tmp_path, "a.csv", b"x")
    assert Identities(tmp_path).of(path) is None


def test_a_file_whose_size_times_and_inode_stay_is_not_read_again(tmp_path: Path) -> None:
    write(tmp_path, "a.csv", b"hello")
    remembered(tmp_path, "a.csv", "e" * 64)
    assert Identities(tmp_path).of("a.csv") == ("e" * 64, 5, True)


def test_a_file_that_was_replaced_is_read_again_though_size_and_time_are_the_same(tmp_path: Path) -> None:
    write(tmp_path, "a.csv", b"hello")
    remembered(tmp_path, "a.csv", "e" * 64)
    write(tmp_path, "b.csv", b"world").replace(tmp_path / "a.csv")
    assert Identities(tmp_path).of("a.csv") == (sha(b"world"), 5, True)


def test_a_file_that_was_written_over_is_read_again_though_size_time_and_inode_are_the_same(tmp_path: Path) -> None:
    file = write(tmp_path, "a.csv", b"hello")
    remembered(tmp_path, "a.csv", "e" * 64)
    document = cached(tmp_path)
    document["files"]["a.csv"][2] -= 1  # The change happened a moment after the look: only the kernel's time tells.
    write_cache(tmp_path / CACHE, document)
    assert Identities(tmp_path).of("a.csv") == (sha(file.read_bytes()), 5, True)


def test_a_file_that_changed_just_now_is_not_remembered(tmp_path: Path) -> None:
    file = write(tmp_path, "a.csv", b"hello", age=False)
    os.utime(file, ns=(2**62, 2**62))  # It may change again within one tick of the clock, unseen.
    identities = Identities(tmp_path)
    identities.of("a.csv")
    identities.remember_listing("c", {})
    identities.save()
    assert cached(tmp_path)["files"] == {}


def test_the_cache_outlives_the_process_and_keeps_listings(tmp_path: Path) -> None:
    identities = Identities(tmp_path)
    file = write(tmp_path, "a.csv", b"hello")
    stat = os.stat_result(file.stat()[:10], {"st_mtime_ns": 1, "st_ctime_ns": 1})
    identities.remember("a.csv", "e" * 64, 5, stat)
    identities.remember_listing("c" * 64, {"a.csv": "e" * 64})
    identities.save()
    again = Identities(tmp_path)
    assert again.listings == {"c" * 64: {"a.csv": "e" * 64}}
    assert "e" * 64 in (tmp_path / ".medallion/cache/identities.json").read_text()
    assert [p.name for p in (tmp_path / ".medallion/cache").iterdir()] == ["identities.json"]


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", "{}", '{"files": {}}', '{"files": [], "listings": {}}',
     '{"files": {"a.csv": 3}, "listings": {}}',
     '{"files": {"a.csv": [1]}, "listings": {}}', '{"files": {}, "listings": {"a": 3}}', "\x00\xff"],
)  # fmt: skip
def test_a_damaged_cache_is_no_cache(tmp_path: Path, text: str) -> None:
    write(tmp_path, "a.csv", b"hello")
    write(tmp_path, CACHE, text.encode("latin-1"))
    assert Identities(tmp_path).of("a.csv") == (sha(b"hello"), 5, True)


def test_a_cache_of_another_format_is_no_cache(tmp_path: Path) -> None:
    write(tmp_path, "a.csv", b"hello")
    write_cache(tmp_path / CACHE, {"format": 0, "files": 3})
    assert Identities(tmp_path).of("a.csv") == (sha(b"hello"), 5, True)


def test_a_cache_that_was_copied_or_changed_is_not_believed(tmp_path: Path) -> None:
    write(tmp_path, "a.csv", b"hello")
    remembered(tmp_path, "a.csv", "e" * 64)
    cache, copy = tmp_path / CACHE, tmp_path / "copy"
    copy.write_bytes(cache.read_bytes())
    copy.replace(cache)  # As it would come with a clone, or from another folder.
    assert Identities(tmp_path).of("a.csv") == (sha(b"hello"), 5, True)
    remembered(tmp_path, "a.csv", "e" * 64)
    with cache.open("r+b") as file:
        file.seek(cache.read_bytes().index(b"eeee"))
        file.write(b"f")
    assert Identities(tmp_path).of("a.csv") == (sha(b"hello"), 5, True)


def test_nothing_is_written_where_nothing_was_learned(tmp_path: Path) -> None:
    Identities(tmp_path).save()
    assert not (tmp_path / ".medallion").exists()
