"""A disk that is really full: a small file system in memory, where the tests may mount one."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.e2e.conftest import Project


@pytest.fixture
def mount() -> Iterator[Callable[[Path, str], None]]:
    """Mount a file system of a size on a folder, and move what the folder holds into it."""
    mounted: list[Path] = []

    def small(folder: Path, size: str) -> None:
        if os.geteuid() != 0 or shutil.which("mount") is None:
            pytest.skip("only root may mount a file system")
        aside = folder.with_name(f"{folder.name}.aside")
        folder.mkdir(parents=True, exist_ok=True)
        folder.rename(aside)
        folder.mkdir()
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], capture_output=True, text=True
        )
        if done.returncode != 0:
            pytest.skip(f"no file system may be mounted here: {done.stderr.strip()}")
        mounted.append(folder)
        shutil.copytree(aside, folder, symlinks=True, dirs_exist_ok=True)
        shutil.rmtree(aside)

    yield small
    for folder in mounted:
        subprocess.run(["umount", str(folder)], check=True)


LARGE = "SELECT range AS id, hash(range) AS h FROM range(1000000)\n"
SORTED = """SELECT range AS n, hash(range) AS h, hash(range + 1) AS i, hash(range + 2) AS j
FROM range(6_000_000) ORDER BY h
"""


def test_no_space_for_the_data_fails_the_dataset_and_keeps_its_last_version(
    project: Project, mount: Callable[[Path, str], None]
) -> None:
    mount(project.root, "6m")
    before = project.files("data")
    project.write("sql/silver/orders.sql", LARGE)
    project.write("sql/gold/revenue.sql", "SELECT count(*) AS n FROM silver.orders\n")
    ran = project.run("run").refused("No space left on device", "make room on the disk")
    assert "failed 1" in ran.stderr.splitlines()[-1]
    assert project.files("data") == before
    project.check()
    subprocess.run(["mount", "-o", "remount,size=200m", str(project.root)], check=True)
    project.run("run").ok()
    assert project.rows("FROM gold.revenue") == [["1000000"]]
    project.check()


def test_no_space_in_the_layer_that_is_published_to_keeps_its_last_version(
    project: Project, mount: Callable[[Path, str], None]
) -> None:
    """data/silver alone lies on the full disk, so that the result is written and cannot be put in place."""
    mount(project.root / "data" / "silver", "1m")
    before = project.files("data")
    project.write("sql/silver/orders.sql", LARGE)
    project.write("sql/gold/revenue.sql", "SELECT count(*) AS n FROM silver.orders\n")
    project.run("run").refused("silver.orders cannot be written: No space left on device", "space on its disk")
    assert project.files("data") == before
    subprocess.run(["mount", "-o", "remount,size=100m", str(project.root / "data" / "silver")], check=True)
    project.run("run").ok()
    assert project.rows("FROM gold.revenue") == [["1000000"]]
    project.check()


def test_no_space_to_spill_fails_the_model_with_the_reason_and_leaves_nothing(
    project: Project, mount: Callable[[Path, str], None]
) -> None:
    project.write(
        "medallion.toml", project.read("medallion.toml").replace(b"[duckdb]", b'[duckdb]\nmemory_limit = "120MB"')
    )
    project.write("sql/gold/sorted.sql", SORTED)
    mount(project.root / ".medallion", "40m")
    before = project.files("data")
    project.run("run").refused("sql/gold/sorted.sql", "make room on the disk")
    assert project.files("data") == before
    project.check()


def test_no_space_for_an_object_leaves_the_data_and_no_commit(
    project: Project, mount: Callable[[Path, str], None]
) -> None:
    project.write("sql/silver/orders.sql", LARGE)
    project.write("sql/gold/revenue.sql", "SELECT count(*) AS n FROM silver.orders\n")
    project.run("run").ok()
    before = project.files()
    mount(project.root / ".git", "2m")
    project.run("commit", "-m", "large").refused("No space left on device")
    assert project.files() == before
    assert project.git("rev-list", "--count", "HEAD") == "1"
    subprocess.run(["mount", "-o", "remount,size=200m", str(project.root / ".git")], check=True)
    project.run("commit", "-m", "large").ok()
    assert project.git("status", "--porcelain") == ""
