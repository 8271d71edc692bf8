"""Killed or interrupted at any moment: each dataset is as before or as after, and the next run goes on."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from tests.e2e.conftest import PATIENCE, SLOW, Project, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MANY = 12


def grow(project: Project, factor: int) -> None:
    """A chain of large datasets, whose content the factor decides."""
    project.write("sql/bronze/d00.sql", f"SELECT range AS id, range * {factor} AS x FROM range(200000)\n")
    for n in range(1, MANY):
        project.write(f"sql/silver/d{n:02}.sql", f"SELECT id, x + {n} AS x FROM {layer(n - 1)}.d{n - 1:02}\n")


def layer(n: int) -> str:
    return "silver" if n else "bronze"


@pytest.fixture
def grown(project: Project) -> Project:
    grow(project, 1)
    project.run("run").ok()
    return project


@pytest.fixture(scope="session")
def after(built: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What an undisturbed run makes of the changed models."""
    project = Project(tmp_path_factory.mktemp("undisturbed"))
    project.write("medallion.toml", (built / "medallion.toml").read_bytes())
    grow(project, 2)
    project.run("run").ok()
    return project.files("data")


def appears(place: str) -> Callable[[Project], Callable[[], object]]:
    return lambda project: lambda: any(project.root.glob(place))


def has_changed(name: str) -> Callable[[Project], Callable[[], object]]:
    def watch(project: Project) -> Callable[[], object]:
        file = project.root / name
        before = file.stat().st_ino
        return lambda: file.stat().st_ino != before

    return watch


@pytest.mark.parametrize(
    "moment",
    [
        appears(".medallion/tmp/bronze.d00.parquet"),
        appears(".medallion/publish/*.json"),
        has_changed("data/bronze/d00.parquet"),
        has_changed("data/bronze/d00.json"),
        appears(".medallion/tmp/silver.d03.parquet"),
        has_changed("data/silver/d06.parquet"),
        has_changed("data/silver/d11.parquet"),
    ],
    ids=["writing", "publishing", "first data", "first record", "in the middle", "half done", "last data"],
)
def test_a_run_killed_at_any_moment_leaves_old_or_new_and_the_next_one_goes_on(
    grown: Project, after: dict[str, bytes], moment: Callable[[Project], Callable[[], object]]
) -> None:
    before = grown.files("data")
    grow(grown, 2)
    reached = moment(grown)
    with grown.background("run") as run:
        wait_for(lambda: reached() or run.poll() is not None, "the moment to kill it")
        run.kill()
    left = grown.files("data")
    assert set(left) == set(before)
    for path, data in left.items():
        assert data in (before[path], after.get(path)), f"{path} is neither old nor new"
    grown.run("run").ok()
    grown.check()
    assert {path: data for path, data in grown.files("data").items() if path in after} == after
    assert grown.is_up_to_date()


def test_a_kill_between_data_and_record_is_finished_by_the_next_run(grown: Project, after: dict[str, bytes]) -> None:
    """The moment is too short to be hit from outside, so its traces are put together from both versions."""
    grow(grown, 2)
    grown.write("data/bronze/d00.parquet", after["data/bronze/d00.parquet"])
    grown.write(".medallion/publish/bronze.d00.json", after["data/bronze/d00.json"])
    ran = grown.run("run", "bronze.d00").ok()
    assert "up to date" in ran.stderr
    assert grown.read("data/bronze/d00.json") == after["data/bronze/d00.json"]
    grown.check()


def test_a_record_that_cannot_be_put_beside_its_data_is_no_crash_and_comes_later(
    grown: Project, after: dict[str, bytes]
) -> None:
    grow(grown, 2)
    grown.write("data/bronze/d00.parquet", after["data/bronze/d00.parquet"])
    grown.write(".medallion/publish/bronze.d00.json", after["data/bronze/d00.json"])
    (grown.root / "data/bronze/d00.json").unlink()
    (grown.root / "data/bronze/d00.json").mkdir()
    grown.run("run", "bronze.d00").refused("data/bronze/d00.json", "Is a directory", "the new data is in place")
    (grown.root / "data/bronze/d00.json").rmdir()
    grown.run("run", "bronze.d00").ok()
    assert grown.read("data/bronze/d00.json") == after["data/bronze/d00.json"]
    grown.check()


def test_a_kill_before_the_data_was_put_in_place_drops_the_new_record(grown: Project, after: dict[str, bytes]) -> None:
    before = grown.files("data")
    grown.write(".medallion/publish/bronze.d00.json", after["data/bronze/d00.json"])
    grown.write(".medallion/publish/.bronze.d00.json.1.tmp", b"{")
    grown.write(".medallion/tmp/bronze.d00.parquet", after["data/bronze/d00.parquet"][:1000])
    grown.run("run").ok()
    assert grown.files("data") == before
    grown.check()


def test_ctrl_c_stops_at_once_keeps_what_is_finished_and_cleans_up(project: Project) -> None:
    before = project.files("data")
    project.write("sql/gold/quick.sql", "SELECT count(*) AS n FROM silver.orders\n")
    project.write("sql/gold/slow.sql", SLOW)
    project.write("sql/gold/waits.sql", "SELECT * FROM gold.slow\n")
    with project.background("run") as run:
        wait_for(lambda: (project.root / "data/gold/quick.json").exists(), "the quick model is done")
        run.send_signal(signal.SIGINT)
        assert run.wait(PATIENCE) == 130
        assert run.stderr is not None
        said = run.stderr.read()
    assert "interrupted: what was finished is kept" in said
    assert "Traceback" not in said
    after = project.files("data")
    assert {path: after[path] for path in before} == before
    assert set(after) - set(before) == {"data/gold/quick.json", "data/gold/quick.parquet"}
    project.check()
    project.write("sql/gold/slow.sql", "SELECT 1 AS h\n")
    ran = project.run("run").ok()
    assert "built 2, unchanged 4" in ran.stderr


def test_ctrl_c_while_waiting_for_another_run_gives_up_the_wait_only(project: Project) -> None:
    project.write("sql/gold/slow.sql", SLOW)
    with project.background("run", "gold.slow") as first:
        wait_for(lambda: b"medallion run" in project.read(".medallion/lock"), "the first run holds the lock")
        with project.background("run") as second:
            assert second.stderr is not None
            assert "waiting for another run" in second.stderr.readline()
            second.send_signal(signal.SIGINT)
            assert second.wait(PATIENCE) == 130
        assert first.poll() is None


def test_a_commit_killed_at_any_moment_can_be_repeated(grown: Project) -> None:
    data = grown.files("data")
    with grown.background("commit", "-m", "killed") as commit:
        objects = grown.root / ".git" / "lfs" / "objects"
        oid = grown.pointer("data/silver/d05.parquet").oid
        wait_for(
            lambda: (objects / oid[:2] / oid[2:4] / oid).exists() or commit.poll() is not None, "an object is stored"
        )
        commit.kill()
    lock = grown.root / ".git" / "index.lock"
    lock.unlink(missing_ok=True)  # As git tells people to do after a crash.
    assert grown.files("data") == data
    if grown.git("rev-list", "--count", "HEAD") == "1":
        grown.run("commit", "-m", "again").ok()
    assert grown.git("status", "--porcelain") == ""
    assert grown.git("lfs", "fsck") == "Git LFS fsck OK"
    assert grown.rows("SELECT count(*) FROM silver.d05", "--at", "HEAD") == [["200000"]]
