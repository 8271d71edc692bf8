"""Models that need more memory than they may have."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import medallion
from medallion.events import Outcome

if TYPE_CHECKING:
    from pathlib import Path

    from medallion.project import Project

ROWS = 16_000_000
#: 32 bytes a row: four times the memory that the project has.
LARGE = f"""SELECT range AS n, hash(range) AS h, hash(range + 1) AS i, hash(range + 2) AS j
FROM range({ROWS}) ORDER BY h
"""
LIMIT = "128MB"


def project(folder: Path, limit: str, sql: str) -> Project:
    """A project without Git, with one model."""
    (folder / "medallion.toml").write_text(f'[duckdb]\nthreads = 2\nmemory_limit = "{limit}"\n')
    (folder / "sql" / "bronze").mkdir(parents=True)
    (folder / "sql" / "bronze" / "large.sql").write_text(sql)
    return medallion.open(folder)


def left(folder: Path) -> list[str]:
    """What lies in the folder of temporary files."""
    return sorted(path.name for path in (folder / ".medallion" / "tmp").iterdir())


@pytest.mark.alone  # Beside other tests DuckDB sometimes cannot get its last block within so little memory.
def test_a_sort_four_times_larger_than_memory_spills_and_cleans_up(tmp_path: Path) -> None:
    large = project(tmp_path, LIMIT, LARGE)
    result = large.run()
    assert [(step.outcome, step.rows, step.error) for step in result.steps] == [(Outcome.BUILT, ROWS, None)]
    assert left(tmp_path) == []
    ordered = large.query(
        "SELECT count(*) FROM (SELECT n, lag(n) OVER () AS before FROM bronze.large) WHERE n < before"
    )
    assert ordered.rows() == [(0,)], "sorted by all columns"


# Says so once there is something in the folder that DuckDB spills to.
_RUN_AND_TELL = """
import pathlib, sys, medallion
temporary = pathlib.Path(".medallion/tmp")
def tell(event):
    if any(file.is_file() for file in temporary.glob("medallion-spill-*/*")):
        print("spilled", flush=True)
medallion.open(".").run(on_event=tell)
print("done", flush=True)
"""


def test_what_a_killed_run_has_spilled_is_gone_after_the_next(tmp_path: Path) -> None:
    project(tmp_path, LIMIT, LARGE)
    with subprocess.Popen(
        [sys.executable, "-c", _RUN_AND_TELL], cwd=tmp_path, stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "spilled\n"
        running.kill()
    assert any(name.startswith("medallion-spill-") for name in left(tmp_path))
    assert not (tmp_path / "data").exists()

    (tmp_path / "sql" / "bronze" / "large.sql").write_text("SELECT 1 AS a\n")
    (step,) = medallion.open(tmp_path).run().steps
    assert (step.outcome, step.rows) == (Outcome.BUILT, 1)
    assert left(tmp_path) == []


def test_what_cannot_be_done_within_the_limit_says_so_and_leaves_nothing(tmp_path: Path) -> None:
    wide = project(tmp_path, "20MB", "SELECT list(range) AS all_of_them FROM range(50_000_000)\n")
    (step,) = wide.run().steps
    assert step.outcome is Outcome.FAILED
    assert step.error is not None
    assert "memory_limit" in step.error.hint
    assert left(tmp_path) == []
    assert not (tmp_path / "data").exists()


def test_the_second_instance_takes_its_half_from_the_first_when_it_is_opened(tmp_path: Path) -> None:
    """Both are asked what they may use; a query of DuckDB's settings in a model would not see the other."""
    from medallion.config import Config
    from medallion.engines.duckdb import DuckDBEngine
    from tests.engines.bench import Bench

    bench = Bench(tmp_path)
    engine = DuckDBEngine(Config(tmp_path, threads=2, memory_limit="512MiB"), [])

    def limits(session: object) -> list[str]:
        connections = [instance.connection for instance in session._instances.opened]  # type: ignore[attr-defined]
        return [str(c.execute("SELECT current_setting('memory_limit')").fetchall()[0][0]) for c in connections]

    with engine.open() as session:
        session.build(*bench.model("SELECT 1 AS a"), bench.target("x"), lambda _: None)
        assert limits(session) == ["512.0 MiB"]
        session.build(*bench.model("SELECT first(range) AS a FROM range(9)"), bench.target("x"), lambda _: None)
        assert limits(session) == ["256.0 MiB", "256.0 MiB"]
