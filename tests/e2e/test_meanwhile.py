"""Somebody else writes to the project while a run goes on, and nothing false is written down."""

from __future__ import annotations

import signal
import subprocess
from typing import TYPE_CHECKING

import pytest

import medallion
from medallion.events import Outcome, StepFinished, StepStarted, Waiting
from medallion.lock import run_lock
from tests.e2e.conftest import SLOW, Project, command, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from medallion.build import RunResult


def run_and(project: Project, name: str, act: Callable[[], object]) -> RunResult:
    """Run, and do something at the moment at which a dataset's step starts."""

    def meanwhile(event: object) -> None:
        if isinstance(event, StepStarted) and str(event.dataset) == name:
            act()

    return medallion.open(project.root).run(on_event=meanwhile)


def outcomes(result: RunResult) -> dict[str, Outcome]:
    return {str(step.dataset): step.outcome for step in result.steps}


def failure(result: RunResult, name: str) -> StepFinished:
    (step,) = [step for step in result.steps if str(step.dataset) == name]
    assert step.outcome is Outcome.FAILED
    assert step.error is not None
    return step


def test_a_source_rewritten_while_its_model_runs_is_not_written_down_as_read(project: Project) -> None:
    text = project.read("sources/orders.csv")
    project.write("sources/orders.csv", text + b"8,Alan,placed,1.00,2026-02-05 08:00:00,2026-02-05 23:00:00\n")
    before = project.files("data")
    later = text + b"9,Alan,placed,1.00,2026-02-05 08:00:00,2026-02-05 23:00:00\n"
    assert len(later) == len(project.read("sources/orders.csv"))
    result = run_and(project, "bronze.orders", lambda: project.write("sources/orders.csv", later))
    error = failure(result, "bronze.orders").error
    assert error is not None
    assert "changed while bronze.orders was built" in error.message
    assert "nothing writes to it" in error.hint
    assert project.files("data") == before
    project.run("run").ok()
    assert project.rows("SELECT count(*) FROM bronze.orders WHERE order_id = 9") == [["1"]]
    assert project.is_up_to_date()


def test_an_input_that_plain_git_replaces_meanwhile_is_not_written_down_as_read(project: Project) -> None:
    project.git("tag", "old")
    text = project.read("sources/orders.csv")
    project.write("sources/orders.csv", text + b"8,Alan,placed,1.00,2026-02-05 08:00:00,2026-02-05 23:00:00\n")
    project.run("run").ok()
    project.run("commit", "-m", "one more").ok()
    project.write("sql/gold/more.sql", "SELECT count(*) AS n FROM silver.orders\n")
    result = run_and(project, "gold.more", lambda: project.git("checkout", "--quiet", "old", "--", "data/silver"))
    # The files were looked at when the step began; DuckDB has read either version, and nobody knows which.
    error = failure(result, "gold.more").error
    assert error is not None
    assert not (project.root / "data/gold/more.json").exists()
    project.git("checkout", "--quiet", "HEAD", "--", "data/silver")
    project.run("run").ok()
    assert project.rows("FROM gold.more") == [["5"]]
    assert project.is_up_to_date()


def test_an_input_replaced_after_it_was_registered_fails_its_reader(project: Project) -> None:
    """Two readers, one worker: the input is made readable for the first of them and replaced before the second."""
    project.write("medallion.toml", project.read("medallion.toml").replace(b"# threads = 4", b"threads = 1"))
    for name in ("m1", "m2"):
        project.write(f"sql/gold/{name}.sql", "SELECT count(*) AS n FROM silver.orders\n")
    file = project.root / "data/silver/orders.parquet"
    copy = file.with_name("copy")

    def replace() -> None:
        copy.write_bytes(file.read_bytes())
        copy.replace(file)

    result = run_and(project, "gold.m2", replace)
    assert outcomes(result)["gold.m1"] is Outcome.BUILT
    error = failure(result, "gold.m2").error
    assert error is not None
    assert error.message == "silver.orders changed while gold.m2 was built from it, so the result is not kept"
    assert error.location is not None
    assert error.location.path == str(file)
    assert not (project.root / "data/gold/m2.json").exists()
    project.run("run").ok()
    project.check()


@pytest.mark.parametrize("content", [b"edited", None], ids=["edited in place", "deleted"])
def test_data_that_somebody_changed_during_the_run_is_left_alone(project: Project, content: bytes | None) -> None:
    project.write("sql/silver/orders.sql", "SELECT order_id, total, status, ordered_at FROM bronze.orders\n")
    record = project.read("data/silver/orders.json")
    file = project.root / "data/silver/orders.parquet"
    act = file.unlink if content is None else lambda: file.write_bytes(content)
    error = failure(run_and(project, "silver.orders", act), "silver.orders").error
    assert error is not None
    assert "was changed by something else while it was built, so it is left alone" in error.message
    assert "medallion restore silver.orders" in error.hint
    assert (file.read_bytes() if file.exists() else None) == content
    assert project.read("data/silver/orders.json") == record
    project.run("restore", "silver.orders").ok()
    project.run("run").ok()
    project.check()
    assert project.is_up_to_date()


def test_a_waiter_whose_lock_file_was_deleted_takes_the_new_one(project: Project) -> None:
    project.write("sql/gold/slow.sql", SLOW)
    config = medallion.open(project.root).config
    lock = config.state / "lock"
    waiting: list[Waiting] = []
    with project.background("run", "gold.slow") as first:
        wait_for(lambda: b"medallion run" in project.read(".medallion/lock"), "the first run holds the lock")
        held = lock.stat().st_ino

        def told(event: object) -> None:
            assert isinstance(event, Waiting)
            waiting.append(event)
            lock.rename(lock.with_name("deleted"))  # As a deleted .medallion; the inode stays, to be compared.
            first.send_signal(signal.SIGINT)

        with run_lock(config, "test", told):
            assert len(waiting) == 1
            assert "medallion run" in waiting[0].holder
            assert lock.stat().st_ino != held
            assert lock.read_text().startswith("medallion test, process ")
            # Who comes now meets this lock, not a file of its own.
            with subprocess.Popen(command("run"), cwd=project.root, stderr=subprocess.PIPE, text=True) as second:
                assert second.stderr is not None
                assert "waiting for another run" in second.stderr.readline()
                second.kill()
