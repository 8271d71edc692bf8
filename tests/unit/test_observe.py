"""What is seen of files: identities that are remembered, sources by content, and what may be read at all."""

from __future__ import annotations

import hashlib
import os
import subprocess
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from medallion.cachefile import read_cache, write_cache
from medallion.config import Config
from medallion.errors import DataError, SourceError
from medallion.identities import Identities
from medallion.names import TableName
from medallion.observe import data_state, read_records, real_files
from medallion.plan import DataState
from medallion.records import Built, DataFile, Record
from medallion.sources import is_allowed, source_state

if TYPE_CHECKING:
    from pathlib import Path

OLD = 1_700_000_000_000_000_000
CACHE = ".medallion/cache/identities.json"


def write(root: Path, path: str, data: bytes, *, age: bool = True) -> Path:
    """A file; ``age`` puts its times far into the past, except for the one that the kernel alone sets."""
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    if age:
        os.utime(file, ns=(OLD, OLD))
    return file


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def pointer(data: bytes) -> bytes:
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha(data)}\nsize {len(data)}\n".encode()


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


DATA = b"PAR1" + b"x" * 20_000 + b"PAR1"
ORDERS = TableName("silver", "orders")


def record(data: bytes = DATA) -> Record:
    file = DataFile("orders.parquet", sha(data), len(data), 1)
    return Record(ORDERS, 1, (), (), (file,), Built("f", "m", "duckdb", "2", ()))


@pytest.mark.parametrize(
    ("data", "state"),
    [
        (DATA, DataState.PRESENT),
        (pointer(DATA), DataState.UNFETCHED),
        (None, DataState.MISSING),
        (DATA[:-1], DataState.MODIFIED),
        (DATA.replace(b"x", b"y"), DataState.MODIFIED),
        (pointer(b"other"), DataState.MODIFIED),
        (b"", DataState.MODIFIED),
        (b"<<<<<<< HEAD\n" + pointer(b"a") + b"=======\n" + pointer(b"b") + b">>>>>>> other\n", DataState.CONFLICTED),
    ],
)
def test_data_is_compared_with_its_record(tmp_path: Path, data: bytes | None, state: DataState) -> None:
    if data is not None:
        write(tmp_path, "data/silver/orders.parquet", data)
    assert data_state(ORDERS, record(), Identities(tmp_path)) is state


def test_data_without_a_record_is_unrecorded(tmp_path: Path) -> None:
    assert data_state(ORDERS, None, Identities(tmp_path)) is DataState.NONE
    write(tmp_path, "data/silver/orders.parquet", DATA)
    assert data_state(ORDERS, None, Identities(tmp_path)) is DataState.UNRECORDED


def test_a_small_file_is_compared_by_content_too(tmp_path: Path) -> None:
    write(tmp_path, "data/silver/orders.parquet", b"PAR1")
    identities = Identities(tmp_path)
    assert data_state(ORDERS, record(b"PAR1"), identities) is DataState.PRESENT
    assert data_state(ORDERS, record(b"PAR2"), identities) is DataState.MODIFIED


def test_records_are_read_and_what_cannot_be_believed_is_set_apart(tmp_path: Path) -> None:
    write(tmp_path, "data/silver/orders.json", record().encode())
    write(tmp_path, "data/silver/copy.json", record().encode())
    write(tmp_path, "data/gold/bad.json", b"{")
    write(tmp_path, "data/gold/Not A Name.json", b"{}")
    write(tmp_path, "data/elsewhere/x.json", b"{}")
    (tmp_path / "data/gold/folder.json").mkdir()
    records, broken, foreign = read_records(tmp_path, ("bronze", "silver", "gold"))
    assert list(map(str, records)) == ["silver.orders"]
    assert sorted(map(str, broken)) == ["gold.bad", "gold.folder", "silver.copy"]
    assert broken[TableName("silver", "copy")].message == "the record is of silver.orders"
    assert foreign == ["data/gold/Not A Name.json"]
