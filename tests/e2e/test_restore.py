"""Restoring takes what a version holds, or says why it cannot, and the catalog follows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pytest

if TYPE_CHECKING:
    from tests.e2e.conftest import Project

NAME = "data/silver/orders.parquet"


@pytest.fixture
def two(project: Project) -> Project:
    """Four orders at HEAD~1, five at HEAD."""
    text = project.read("sources/orders.csv")
    project.write("sources/orders.csv", text + b"8,Alan,placed,1.00,2026-02-05 08:00:00,2026-02-05 23:00:00\n")
    project.run("run").ok()
    project.run("commit", "-m", "one more").ok()
    return project


@pytest.mark.parametrize("rot", ["one byte", "shorter"])
def test_a_corrupt_object_is_refused_and_what_is_here_stays(two: Project, rot: str) -> None:
    oid = two.pointer_at("HEAD~1", NAME)
    file = two.store.path(oid)
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.chmod(0o644)
    file.write_bytes(data if rot == "one byte" else data[:-1])
    before = two.files()
    words = (
        ("Git LFS object is corrupt", "fetches it from the remote again") if rot == "one byte" else (oid[:12], "hint")
    )
    two.run("restore", "silver.orders", "--from", "HEAD~1").refused(*words)
    assert two.files() == before
    two.check()
    two.run("restore", "silver.orders").ok()


def test_the_catalog_shows_the_restored_data_at_once(two: Project) -> None:
    def seen() -> int:
        with duckdb.connect(str(two.root / ".medallion/catalog.duckdb"), read_only=True) as catalog:
            return int(catalog.execute("SELECT count(*) FROM silver.orders").fetchall()[0][0])

    two.run("log").ok()
    assert seen() == 5
    two.run("restore", "silver.orders", "--from", "HEAD~1").ok()
    assert two.rows("SELECT count(*) FROM silver.orders") == [["4"]]
    assert seen() == 4
    two.run("restore", "silver.orders").ok()
    assert seen() == 5
    assert two.git("status", "--porcelain") == ""
    two.run("log").ok()
    assert seen() == 5


def test_git_knows_restored_data_that_the_index_holds_without_running_a_filter(two: Project) -> None:
    (two.root / NAME).write_bytes(b"edited")
    two.run("restore", "silver.orders").ok()
    assert NAME not in two.git("diff-files", "--name-only").splitlines()
