"""Sources and data files that are gone, damaged or refused: a clear error, and nothing lost."""

from __future__ import annotations

import contextlib
import os
import shutil
from typing import TYPE_CHECKING

import duckdb
import pytest

from tests.e2e.conftest import Project, without_privileges

if TYPE_CHECKING:
    from pathlib import Path


# Sources


def test_a_source_that_vanished_is_no_loss_while_its_data_is_here_and_an_error_after(project: Project) -> None:
    before = project.files("data")
    (project.root / "sources/orders.csv").unlink()
    assert project.is_up_to_date()
    assert project.files("data") == before
    (project.root / "data/bronze/orders.parquet").unlink()
    ran = project.run("run").refused("sql/bronze/orders.sql:10:5", 'no file "sources/orders.csv"', "put the raw data")
    assert "skipped 2" in ran.stderr
    del before["data/bronze/orders.parquet"]
    assert project.files("data") == before


def test_a_source_that_may_not_be_read_is_an_error_of_its_models_alone(project: Project) -> None:
    project.write("sources/other.csv", "a\n1\n")
    project.write("sql/bronze/other.sql", "FROM read_csv('sources/other.csv', columns = {'a': 'BIGINT'})\n")
    file = project.write("sources/orders.csv", b"order_id\n")
    file.chmod(0)
    ran = project.run("run", before=without_privileges).refused(
        "sources/orders.csv", "Permission denied", "who owns it"
    )
    assert "bronze.other" in ran.stderr
    assert project.record("bronze.other")["rows"] == 1


def test_a_csv_with_a_broken_row_is_not_added_and_the_line_is_named(project: Project) -> None:
    project.write("sources/broken.csv", "a,b\n" + "".join(f"{n},x\n" for n in range(3000)) + "7,x,surplus\n")
    before = project.files()
    project.run("add", "bronze.broken", "sources/broken.csv").refused("sources/broken.csv:3002", "3 values")
    after = project.files()
    assert {path: after[path] for path in before} == before


# Data files


def test_a_pointer_whose_object_is_nowhere_says_what_to_fetch_and_from_where(project: Project) -> None:
    pointer = project.git("show", "HEAD:data/silver/orders.parquet") + "\n"
    project.write("data/silver/orders.parquet", pointer)
    shutil.rmtree(project.root / ".git" / "lfs" / "objects")
    before = project.files()
    assert project.is_up_to_date()
    project.run("status", "--json").ok()
    project.run("query", "FROM silver.orders").refused("cannot be fetched", "no remote is configured", "git lfs fetch")
    project.write("sql/gold/revenue.sql", "SELECT count(*) AS n FROM silver.orders\n")
    project.run("run").refused("cannot be fetched", "git lfs fetch")
    project.git("checkout", "sql")
    assert project.files() == before


@pytest.mark.parametrize("damage", ["truncated", "emptied", "overwritten", "conflicted"])
def test_a_damaged_data_file_is_left_alone_until_the_user_says_which_way(project: Project, damage: str) -> None:
    path = "data/silver/orders.parquet"
    whole = project.read(path)
    damaged = {
        "truncated": whole[: len(whole) // 2],
        "emptied": b"",
        "overwritten": b"x" * len(whole),
        "conflicted": b"<<<<<<< HEAD\noid sha256:1\n=======\noid sha256:2\n>>>>>>> theirs\n",
    }[damage]
    project.write(path, damaged)
    before = project.files()
    for args in (("plan",), ("status",), ("run",)):
        project.run(*args).refused(path, "git checkout HEAD -- data" if damage == "conflicted" else "--force")
    project.run("query", "FROM silver.orders").refused(path, "medallion restore silver.orders")
    project.run("commit", "-m", "damage").refused("silver.orders", code=1)
    assert project.files() == before
    project.run("restore", "silver.orders").ok()
    assert project.read(path) == whole
    assert project.is_up_to_date()
    project.write(path, damaged)
    project.run("run", "--force", "silver.orders").ok()
    assert project.read(path) == whole


def test_data_that_is_not_what_its_record_says_is_never_called_equal(project: Project) -> None:
    path = "data/silver/orders.parquet"
    whole = project.read(path)
    project.write(path, project.read("data/gold/revenue.parquet"))
    project.run("diff", "silver.orders").refused(
        path, "not the data of its record", "restore", hint="cannot be compared"
    )
    project.git("commit", "--quiet", "-am", "Another dataset's data under the old record")
    ended = project.run("diff", "HEAD~1..HEAD")
    assert "1 cannot be compared" in ended.stdout
    assert f"{path} at {project.git('rev-parse', '--short=7', 'HEAD')}: the data file is not the data" in ended.stderr
    # What is the same on both sides is equal, whatever the record says.
    project.git("commit", "--quiet", "--allow-empty", "-m", "Nothing")
    assert "3 datasets are equal" in project.run("diff", "HEAD~1..HEAD", "--exit-code").ok().stdout
    (project.root / path).unlink()
    project.run("diff", "HEAD~2", "silver.orders").refused("not there", "restore", hint="cannot be compared")
    project.write(path, whole)
    assert "3 datasets are equal" in project.run("diff", "HEAD~2", "--exit-code").ok().stdout


def object_of(project: Project, path: str) -> Path:
    """The object in the store, made so that it can be written to."""
    oid = project.pointer(path).oid
    file = project.root / ".git" / "lfs" / "objects" / oid[:2] / oid[2:4] / oid
    file.chmod(0o644)
    return file


def spoilt(whole: bytes, folder: Path) -> bytes:
    """A copy with one byte changed that DuckDB reads without a word, as other rows."""
    file = folder / "spoilt.parquet"
    file.write_bytes(whole)
    rows = duckdb.connect().execute(f"FROM '{file}'").fetchall()
    for place in range(len(whole)):
        data = whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]
        file.write_bytes(data)
        with contextlib.suppress(duckdb.Error):
            if duckdb.connect().execute(f"FROM '{file}'").fetchall() != rows:
                return data
    raise AssertionError("DuckDB notices every byte")


def test_an_object_that_rotted_in_the_store_is_an_error_and_no_bug(project: Project) -> None:
    file = object_of(project, "data/silver/orders.parquet")
    file.write_bytes(b"\0" * file.stat().st_size)
    project.run("query", "FROM silver.orders", "--at", "HEAD").refused("data/silver/orders.parquet", file.name)


def test_a_rotten_object_is_never_read_and_a_fetched_one_takes_its_place(project: Project, tmp_path: Path) -> None:
    project.git("init", "--quiet", "--bare", str(tmp_path / "remote"))
    project.git("remote", "add", "origin", str(tmp_path / "remote"))
    project.git("push", "--quiet", "origin", "main")
    sql, path = "FROM silver.orders ORDER BY ALL", "data/silver/orders.parquet"
    rows = project.rows(sql, "--at", "HEAD")
    file = object_of(project, path)
    assert file.name in (project.root / ".medallion/cache/identities.json").read_text(), "it is hashed but once"
    stat, whole = file.stat(), file.read_bytes()
    file.unlink()  # The remote's is a hard link to it.
    file.write_bytes(spoilt(whole, tmp_path))
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    project.run("query", sql, "--at", "HEAD").refused("is corrupt", path, file.name)
    project.run("query", sql.replace("orders", "orders AT (VERSION => 'HEAD')")).refused("is corrupt", path)
    project.write(path, project.git("show", f"HEAD:{path}") + "\n")
    project.run("query", sql).refused("is corrupt", path)
    project.run("run", "--force", "gold.revenue").refused("is corrupt", path)
    project.run("restore", "silver.orders").refused("is corrupt", path)
    file.unlink()
    assert project.rows(sql, "--at", "HEAD") == rows
    assert file.read_bytes() == whole


def test_a_copy_of_plain_committed_data_that_rotted_is_made_again(project: Project) -> None:
    project.write(".gitattributes", "")
    project.git("add", "--renormalize", ".")
    project.git("commit", "-qm", "without Git LFS")
    sql = "FROM silver.orders ORDER BY ALL"
    rows = project.rows(sql, "--at", "HEAD")
    (copy,) = [f for f in (project.root / ".medallion/cache/objects").iterdir() if f.suffix == ".parquet"]
    whole = copy.read_bytes()
    copy.write_bytes(spoilt(whole, project.root / ".medallion"))
    assert project.rows(sql, "--at", "HEAD") == rows
    assert copy.read_bytes() == whole
