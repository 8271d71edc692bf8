"""Programs that are missing or too old, and configurations that are wrong: a clear error, and nothing lost."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.e2e.conftest import Project, run_medallion

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder for PATH with nothing in it but what git itself needs."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("sh", "sed", "uname", "basename", "dirname", "cat"):
        if found := shutil.which(name):
            (folder / name).symlink_to(found)
    return folder


def script(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)


def real_git() -> str:
    found = shutil.which("git")
    assert found
    return found


def test_without_a_repository_data_is_built_and_versions_are_refused(project: Project) -> None:
    shutil.rmtree(project.root / ".git")
    project.run("run", "--force").ok()
    assert project.rows("SELECT count(*) FROM silver.orders") == [["4"]]
    before = project.files()
    for args in (("status",), ("commit", "-m", "x"), ("log",), ("query", "FROM silver.orders", "--at", "HEAD")):
        project.run(*args).refused("is not in a Git repository", "medallion init")
    assert project.files() == before


def test_a_missing_git_is_named_with_a_way_to_get_it(project: Project, programs: Path) -> None:
    before = project.files()
    for args in (("status",), ("commit", "-m", "x"), ("query", "FROM silver.orders", "--at", "HEAD")):
        project.run(*args, env={"PATH": str(programs)}).refused("git is not installed, or not on PATH", "install git")
    run_medallion(programs.parent, "init", "new", env={"PATH": str(programs)}).refused("install")
    assert not (programs.parent / "new").exists()
    assert project.files() == before


def test_a_missing_git_lfs_is_named_with_a_way_to_get_it(project: Project, programs: Path) -> None:
    script(programs, "git", f'[ "$5" = lfs ] && exit 1\nexec {real_git()} "$@"')
    project.write("notes.sql", "")
    project.run("commit", "-m", "x", env={"PATH": str(programs)}).refused(
        "git-lfs is not installed, or not on PATH", "apt-get install git-lfs"
    )
    run_medallion(programs.parent, "init", "new", env={"PATH": str(programs)}).refused("git-lfs is not installed")
    assert not (programs.parent / "new").exists()
    assert project.git("rev-list", "--count", "HEAD") == "1"


def test_a_git_that_is_too_old_is_refused_with_the_version_needed(project: Project, programs: Path) -> None:
    script(programs, "git", 'for word; do [ "$word" = version ] && echo git version 2.20.1 && exit; done; exit 1')
    project.run("status", env={"PATH": str(programs)}).refused("git 2.20.1 is too old", "2.39", "install git")


def test_a_git_lfs_that_is_too_old_is_refused_with_the_version_needed(project: Project, programs: Path) -> None:
    old = "git-lfs/2.13.2 (GitHub; linux amd64; go 1.15)"
    script(programs, "git", f'[ "$5" = lfs ] && echo "{old}" && exit\nexec {real_git()} "$@"')
    project.run("commit", "-m", "x", env={"PATH": str(programs)}).refused("git-lfs 2.13.2 is too old", "3.3")


def test_without_a_configuration_every_command_says_how_to_start(tmp_path: Path) -> None:
    for args in (("run",), ("status",), ("query", "SELECT 1")):
        run_medallion(tmp_path, *args).refused("no medallion project in", "`medallion init`")
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('laers = ["bronze"]\n', ["medallion.toml:1:1", 'unknown key "laers"', 'did you mean "layers"?']),
        ("[duckdb]\nthread = 2\n", ["medallion.toml:2:1", '"duckdb.thread"', 'did you mean "duckdb.threads"?']),
        ("[duckdb]\nthreads = 0\n", ["medallion.toml:2:1", "whole number"]),
        ('layers = ["Bronze"]\n', ["medallion.toml:1:1", '"Bronze" cannot be a layer']),
        ("layers = [\n", ["medallion.toml", "not valid TOML"]),
        ("# caf\xe9\n".encode("latin-1"), ["medallion.toml", "not UTF-8"]),
    ],
)
def test_a_wrong_configuration_is_refused_at_its_key(project: Project, text: str | bytes, words: list[str]) -> None:
    project.write("medallion.toml", text)
    before = project.files()
    project.run("run").refused(*words)
    assert project.files() == before
