"""Models that need more memory than they may have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import medallion
from medallion.events import Outcome

if TYPE_CHECKING:
    from pathlib import Path

    from medallion.project import Project


def project(folder: Path, limit: str, sql: str) -> Project:
    """A project without Git, with one model."""
    (folder / "medallion.toml").write_text(f'[duckdb]\nthreads = 2\nmemory_limit = "{limit}"\n')
    (folder / "sql" / "bronze").mkdir(parents=True)
    (folder / "sql" / "bronze" / "large.sql").write_text(sql)
    return medallion.open(folder)


def test_a_sort_larger_than_memory_spills_and_cleans_up(tmp_path: Path) -> None:
    """12 million rows of 32 bytes against 160 MB: each of the two DuckDB instances has half of the limit."""
    large = project(
        tmp_path, "320MB", "SELECT range AS n, hash(range) AS h, hash(range + 1) AS i, hash(range + 2) AS j\n"
        "FROM range(12_000_000) ORDER BY h\n"
    )  # fmt: skip
    result = large.run()
    assert [(step.outcome, step.rows, step.error) for step in result.steps] == [(Outcome.BUILT, 12_000_000, None)]
    assert list((tmp_path / ".medallion" / "tmp").iterdir()) == []
    ordered = large.query(
        "SELECT count(*) FROM (SELECT n, lag(n) OVER () AS before FROM bronze.large) WHERE n < before"
    )
    assert ordered.rows() == [(0,)], "sorted by all columns"


def test_what_cannot_be_done_within_the_limit_says_so_and_leaves_nothing(tmp_path: Path) -> None:
    wide = project(tmp_path, "20MB", "SELECT list(range) AS all_of_them FROM range(50_000_000)\n")
    (step,) = wide.run().steps
    assert step.outcome is Outcome.FAILED
    assert step.error is not None
    assert "memory_limit" in step.error.hint
    assert list((tmp_path / ".medallion" / "tmp").iterdir()) == []
    assert not (tmp_path / "data").exists()
