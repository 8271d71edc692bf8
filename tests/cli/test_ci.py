"""``init --ci``: wiring, and what a person is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.git.conftest import isolated_git

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Ended

__all__ = ["isolated_git"]

ORIGIN = f"https://github.com/acme/medallion@{'0123456789' * 4}"


def test_a_project_gets_its_workflows_and_nothing_that_it_did_not_ask_for(
    medallion: Callable[..., Ended], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert medallion("init", "--no-example").code == 0
    ended = medallion("init", "--ci", "github", "--ci-from", ORIGIN)
    assert ended.code == 0
    assert "created   .github/workflows/medallion-comment.yml" in ended.err
    assert not (tmp_path / "sql").exists()
    again = medallion("init", "--ci", "github", "--ci-from", ORIGIN)
    assert "this is a medallion project already; nothing had to be changed" in again.err


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--ci", "githb"], 'did you mean "github"?'),
        (["--ci-from", ORIGIN], "goes with --ci"),
        (["--ci", "gitlab", "--ci-from", "acme"], "https://github.com/OWNER/NAME@COMMIT"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_written(
    medallion: Callable[..., Ended], tmp_path: Path, args: list[str], words: str
) -> None:
    ended = medallion("init", str(tmp_path / "new"), *args)
    assert ended.code == 2
    assert words in ended.err
    assert not (tmp_path / "new").exists()
