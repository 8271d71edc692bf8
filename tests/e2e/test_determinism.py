"""The same inputs give the same bytes: records and Parquet, at any thread count, in any folder."""

from __future__ import annotations

import json
import shutil
from functools import cache
from pathlib import Path

import duckdb
import pytest

from medallion.sample.files import sql_folder
from medallion.sample.pages import render
from tests.e2e.conftest import Project
from tests.projects.flights_sources import write_sources

FLIGHTS = Path(__file__).parent.parent / "projects" / "flights"
MODULES = (
    *(
        "abc",
        "argparse",
        "ast",
        "base64",
        "bisect",
        "calendar",
        "collections",
        "csv",
        "dataclasses",
        "datetime",
        "enum",
    ),
    *("fractions", "functools", "heapq", "html", "itertools", "json", "math", "operator", "pathlib", "random", "re"),
    *("statistics", "string", "textwrap"),
)


@pytest.fixture(scope="session")
def flights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("flights") / "first"
    shutil.copytree(FLIGHTS, folder)
    write_sources(folder / "sources")
    return folder


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample") / "first"
    shutil.copytree(sql_folder(), folder / "sql")
    (folder / "medallion.toml").write_text('sources = ["sources/"]\n')
    render(folder / "sources" / "pages", modules=MODULES)
    return folder


def build(folder: Path, threads: int) -> dict[str, bytes]:
    """All files below data/ after a run from scratch with so many threads."""
    project = Project(folder)
    settings = project.read("medallion.toml")
    assert b"threads" not in settings
    project.write("medallion.toml", settings + f"\n[duckdb]\nthreads = {threads}\n".encode())
    project.run("run").ok()
    project.write("medallion.toml", settings)
    project.check()
    return project.files("data")


@cache
def reference(folder: Path) -> dict[str, bytes]:
    """What two threads make of the project where it lies, without another run for each test."""
    return build(folder, threads=2)


def elsewhere(folder: Path, target: Path) -> Path:
    shutil.copytree(folder, target, ignore=shutil.ignore_patterns("data", ".medallion"))
    return target


def differing(a: dict[str, bytes], b: dict[str, bytes]) -> list[str]:
    """Paths, not bytes: a difference of megabytes is nothing to print."""
    return sorted(path for path in {*a, *b} if a.get(path) != b.get(path))


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["flights", "sample"])
def test_one_thread_in_another_folder_gives_the_bytes_of_two_threads_here(
    name: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    first: Path = request.getfixturevalue(name)
    other = elsewhere(first, tmp_path / "andere Kopie (ü)")
    expected, found = reference(first), build(other, threads=1)
    assert len(expected) > 20
    assert differing(expected, found) == []


@pytest.mark.parametrize("name", ["flights", "sample"])
def test_a_second_build_with_two_threads_gives_the_same_bytes(name: str, request: pytest.FixtureRequest) -> None:
    first: Path = request.getfixturevalue(name)
    before = reference(first)
    project = Project(first)
    assert project.is_up_to_date()
    ran = project.run("run", "--force").ok()
    assert "built 0, same output" in ran.stderr.splitlines()[-1]
    assert differing(before, project.files("data")) == []


def test_no_record_tells_of_the_time_the_machine_or_the_folder(flights: Path) -> None:
    for path, data in reference(flights).items():
        if path.endswith(".json"):
            text = data.decode()
            assert str(flights) not in text
            assert str(Path.home()) not in text
            assert "thread" not in text


def test_the_folders_above_a_checkout_are_no_columns(flights: Path, tmp_path: Path) -> None:
    folder = elsewhere(flights, tmp_path / "year=2024" / "month=1" / "flights")
    assert differing(reference(flights), build(folder, threads=2)) == []
    project = Project(folder)
    project.run("init").ok()
    project.write(".gitignore", b".medallion/\nsources/\n")  # They are too large to be plain blobs.
    project.run("commit", "-m", "in a folder that looks like a partition").ok()
    for at in ((), ("--at", "HEAD")):
        named = project.run("query", "FROM bronze.airlines LIMIT 1", "--format", "json", *at).ok().stdout
        assert set(json.loads(named)[0]) == {"carrier", "name"}
    with duckdb.connect(str(folder / ".medallion" / "catalog.duckdb"), read_only=True) as catalog:
        assert [column[0] for column in catalog.execute("FROM bronze.airlines").description] == ["carrier", "name"]
