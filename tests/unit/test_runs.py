"""The log of runs: a line each, bounded, and read past whatever is damaged in it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from medallion import runs
from medallion.config import find_project
from medallion.names import TableName
from medallion.runs import Runs

if TYPE_CHECKING:
    from pathlib import Path

X = TableName("silver", "x")


@pytest.fixture
def log(tmp_path: Path) -> Runs:
    (tmp_path / "medallion.toml").touch()
    return Runs(find_project(tmp_path))


def run(number: int, *steps: tuple[str, str, float]) -> dict[str, Any]:
    listed = [{"dataset": dataset, "action": action, "seconds": seconds} for dataset, action, seconds in steps]
    return {"id": f"r{number}", "command": "run", "seconds": 1.0, "steps": listed}


def test_a_project_that_never_ran_has_no_times(log: Runs) -> None:
    assert log.seconds() == {}


def test_the_latest_time_of_each_dataset_counts(log: Runs) -> None:
    log.append(run(1, ("silver.x", "built", 1.0), ("silver.y", "built", 5.0)))
    log.append(run(2, ("silver.x", "same output", 2.0)))
    assert log.seconds() == {X: 2.0, TableName("silver", "y"): 5.0}


@pytest.mark.parametrize("action", ["unchanged", "failed", "skipped", "reused"])
def test_a_step_that_computed_nothing_says_nothing_of_how_long_it_takes(log: Runs, action: str) -> None:
    log.append(run(1, ("silver.x", "built", 1.0)))
    log.append(run(2, ("silver.x", action, 9.0)))
    assert log.seconds() == {X: 1.0}


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"garbage \xff\xfe",
        b"[]",
        b"null",
        b'"steps"',
        b'{"steps": [{}]}',
        b'{"steps": [1, null, "x"]}',
        b'{"steps": [{"dataset": "no name", "action": "built", "seconds": 1}]}',
        b'{"steps": [{"dataset": "silver.x", "action": "built", "seconds": null}]}',
        b'{"steps": [{"dataset": "silver.x", "action": "built", "seconds": "long"}]}',
        b'{"steps": [{"dataset": 1, "action": "built", "seconds": 1}]}',
        b'{"steps": null}',
        b'{"steps": 3}',
        b"[" * 100_000,
    ],
)
def test_a_damaged_line_is_passed_over(log: Runs, line: bytes) -> None:
    log.append(run(1, ("silver.x", "built", 1.0)))
    with log.file.open("ab") as file:
        file.write(line + b"\n")
    assert log.seconds() == {X: 1.0}
    log.append(run(2, ("silver.x", "built", 2.0)))
    assert log.seconds() == {X: 2.0}


def test_the_older_half_goes_when_it_grows_too_long(log: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "_MOST", 4000)
    for number in range(200):
        log.append(run(number, ("silver.x", "built", float(number))))
        assert log.file.stat().st_size <= 4000
    kept = [json.loads(line)["id"] for line in log.file.read_text().splitlines()]
    assert kept == [f"r{number}" for number in range(200 - len(kept), 200)]
    assert len(kept) > 10
    assert log.seconds() == {X: 199.0}


def test_only_the_end_of_a_long_log_is_read(log: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "_RECENT", 500)
    log.append(run(0, ("silver.y", "built", 3.0)))
    for number in range(50):
        log.append(run(number, ("silver.x", "built", float(number))))
    assert log.seconds() == {X: 49.0}
