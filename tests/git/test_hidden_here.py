"""What a work tree hides is worked out again for every change of what decides it, and for nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from medallion import hidden_here as module
from medallion.hidden_here import hidden_here
from medallion.project import Project

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "medallion.toml").touch()
    for path, text in {
        "sql/bronze/a.sql": "SELECT 1 AS id, 'Ada' AS who\n",
        "sql/silver/b.sql": "-- @private who\nSELECT id, who FROM bronze.a\n",
        "sql/gold/c.sql": "SELECT id, who AS person FROM silver.b\n",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    assert all(step.error is None for step in Project.open(tmp_path).run().steps)
    return tmp_path


def test_it_is_worked_out_once_and_again_for_another_text(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = hidden_here(root)
    assert {"who", "person"} <= first.columns
    assert {dataset.stems: dataset.hides for dataset in first.datasets}[("c",)]
    (root / "sql/notes.txt").write_text("not SQL")
    with monkeypatch.context() as patch:
        patch.setattr(module, "_worked_out", lambda _: pytest.fail("nothing has changed"))
        assert hidden_here(root) == first
    (root / "sql/gold/c.sql").write_text("SELECT id, who AS name FROM silver.b\n")
    assert all(step.error is None for step in Project.open(root).run().steps)
    assert "name" in hidden_here(root).columns


def test_a_link_is_followed_no_further_than_where_models_are_read(root: Path) -> None:
    first = hidden_here(root)
    (root / "sql/bronze/lost.sql").symlink_to("/nowhere/at/all.sql")
    (root / "sql/bronze/endless.sql").symlink_to("/dev/zero")
    (root / "data/bronze/endless.json").symlink_to("/dev/zero")
    assert hidden_here(root) == first


def test_a_cache_that_came_with_a_commit_is_not_believed(root: Path) -> None:
    hidden_here(root)
    cache = root / ".medallion/cache/hidden.json"
    text = cache.read_text().replace("person", "nobody")
    cache.unlink()
    cache.write_text(text)
    assert "person" in hidden_here(root).columns
