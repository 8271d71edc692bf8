"""Two programs in one project at a time."""

from __future__ import annotations

from tests.e2e.conftest import SLOW, Project, wait_for


def test_a_second_run_waits_and_says_for_whom(project: Project) -> None:
    project.write("sql/gold/slow.sql", SLOW)
    with project.background("run", "gold.slow") as first:
        wait_for(lambda: b"medallion run" in project.read(".medallion/lock"), "the first run holds the lock")
        with project.background("run", "--force", "bronze.orders") as second:
            assert second.stderr is not None
            line = second.stderr.readline()
            assert f"waiting for another run to end: medallion run, process {first.pid}, since" in line
            assert second.poll() is None
            first.kill()
            first.wait()
            assert second.wait(60) == 0
            assert "same output 1" in second.stderr.read()
    project.check()


def test_what_only_looks_does_not_wait_for_a_run(project: Project) -> None:
    project.write("sql/gold/slow.sql", SLOW)
    with project.background("run", "gold.slow") as first:
        wait_for(lambda: b"medallion run" in project.read(".medallion/lock"), "the run holds the lock")
        assert project.rows("SELECT count(*) FROM silver.orders") == [["4"]]
        assert project.actions()["gold.slow"] == "build"
        assert project.run("status").code == 1
        project.run("log").ok()
        assert first.poll() is None
