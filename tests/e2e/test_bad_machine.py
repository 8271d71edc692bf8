"""A machine that refuses to write: a clear error, and nothing lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.conftest import Project, with_files_up_to, without_privileges

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def read_only(project: Project) -> Iterator[Project]:
    """Stale, and nothing in it may be written to."""
    project.write("sql/silver/orders.sql", "SELECT order_id, total, status, ordered_at FROM bronze.orders\n")
    project.git("status")  # git looks at what has been copied, which takes writing.
    entries = [project.root, *(p for p in project.root.rglob("*") if not p.is_symlink())]
    for entry in entries:
        entry.chmod(0o555 if entry.is_dir() else 0o444)
    yield project
    for entry in entries:
        if entry.exists():
            entry.chmod(0o755 if entry.is_dir() else 0o644)


def test_a_folder_that_is_read_only_can_be_looked_at(read_only: Project) -> None:
    before = read_only.files()
    sql = "SELECT count(*) FROM silver.orders"
    for args in (("query", sql), ("query", sql, "--at", "HEAD"), ("plan",), ("show", "silver.orders")):
        read_only.run(*args, before=without_privileges).ok()
    assert read_only.run("status", before=without_privileges).code == 1
    assert read_only.files() == before


def test_what_would_write_to_a_folder_that_is_read_only_says_so(read_only: Project) -> None:
    before = read_only.files()
    for args in (("run",), ("commit", "-m", "x", "--allow-stale"), ("restore", "silver.orders"), ("log",)):
        read_only.run(*args, before=without_privileges).refused(str(read_only.root), "Permission denied")
    read_only.run("add", "bronze.more", "sources/orders.csv", before=without_privileges).refused("Permission denied")
    read_only.run("init", before=without_privileges).refused("Permission denied", hint="cannot write")
    assert read_only.files() == before


def test_a_data_folder_that_is_read_only_fails_its_datasets_and_keeps_them(project: Project) -> None:
    project.write("sql/silver/orders.sql", "SELECT order_id, total, status, ordered_at FROM bronze.orders\n")
    project.write("sql/gold/all.sql", "SELECT * FROM bronze.orders\n")
    before = project.files("data/silver")
    (project.root / "data/silver").chmod(0o555)
    ran = project.run("run", before=without_privileges).refused("data/silver", "Permission denied", "keeps its last")
    (project.root / "data/silver").chmod(0o755)
    assert "failed 1" in ran.stderr.splitlines()[-1]
    assert project.files("data/silver") == before
    assert project.record("gold.all")["rows"] == 6
    project.run("run").ok()
    project.check()


BIG = "SELECT range AS id, hash(range) AS h FROM range(500000)\n"


def test_a_disk_that_fills_up_fails_the_dataset_and_keeps_its_last_version(project: Project) -> None:
    project.write("sql/silver/orders.sql", BIG.replace("range(500000)", "range(500000) WHERE id < 10"))
    project.write("sql/gold/revenue.sql", "SELECT count(*) AS n FROM silver.orders\n")
    project.run("run").ok()
    before = project.files("data")
    project.write("sql/silver/orders.sql", BIG)
    ran = project.run("run", before=with_files_up_to(300_000)).refused("File too large", "make room on the disk")
    assert "failed 1" in ran.stderr.splitlines()[-1]
    assert project.files("data") == before
    project.check()
    project.run("run").ok()
    project.check()
    assert project.rows("FROM gold.revenue") == [["500000"]]


def test_a_disk_that_fills_up_during_a_commit_leaves_the_data_and_no_commit(project: Project) -> None:
    project.write("sql/silver/orders.sql", BIG)
    project.write("sql/gold/revenue.sql", "SELECT count(*) AS n FROM silver.orders\n")
    project.run("run").ok()
    before = project.files()
    project.run("commit", "-m", "big", before=with_files_up_to(300_000)).refused("File too large")
    assert project.files() == before
    assert project.git("rev-list", "--count", "HEAD") == "1"
    project.run("commit", "-m", "big").ok()
    assert project.git("status", "--porcelain") == ""


def test_a_query_that_cannot_write_its_output_leaves_the_old_one(project: Project) -> None:
    project.write("out.csv", "precious\n")
    for form in ("csv", "json", "parquet"):
        project.run(
            *("query", "FROM range(100000)", "--format", form, "--output", "out.csv"), before=with_files_up_to(10_000)
        ).refused("out.csv")
        assert project.read("out.csv") == b"precious\n"
    project.run("query", "FROM silver.orders", "-f", "csv", "-o", "no/such/folder.csv").refused("No such file")
    late = "SELECT CAST(CASE range WHEN 50000 THEN 'x' ELSE '1' END AS INT) AS n FROM range(100000)"
    project.run("query", late, "-f", "csv", "-o", "out.csv").refused(
        "query:1:8", "Could not convert string 'x'", hint=""
    )
    assert project.read("out.csv") == b"precious\n"
    assert [file.name for file in project.root.iterdir() if "out.csv" in file.name] == ["out.csv"]
