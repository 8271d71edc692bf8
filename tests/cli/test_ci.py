"""``init --ci`` and ``review --post``: wiring, and what a person is told."""

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
        (["--ci", "github", "--ci-from", "https://gitlab.com/team/medallion@v1"], "only from github.com"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_written(
    medallion: Callable[..., Ended], tmp_path: Path, args: list[str], words: str
) -> None:
    ended = medallion("init", str(tmp_path / "new"), *args)
    assert ended.code == 2
    assert words in ended.err
    assert not (tmp_path / "new").exists()


@pytest.fixture
def no_job(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing says that this is CI, wherever the tests run."""
    for name in (
        "GITHUB_ACTIONS",
        "GITHUB_EVENT_PATH",
        "GITHUB_OUTPUT",
        "GITHUB_STEP_SUMMARY",
        "GITLAB_CI",
        "CI_API_V4_URL",
    ):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("shop", "no_job")
@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["HEAD..HEAD", "--post"], "this is no job of GitHub Actions or GitLab CI"),
        (["nowhere..HEAD", "--post"], "this is no job of GitHub Actions or GitLab CI"),
        (["HEAD..HEAD", "--comment", "a"], "add --post"),
        (["--post-from", "reports", "--post"], "leave the other options out"),
        (["a", "b", "c"], "3 revisions are too many to compare: a b c"),
        (["a..b", "c"], "2 revisions are too many to compare: a..b c"),
        (["--post-from", "reports"], "this is no job of GitHub Actions or GitLab CI"),
    ],
)
def test_what_cannot_be_posted_or_reviewed_is_an_error_with_what_to_do(
    medallion: Callable[..., Ended], args: list[str], words: str
) -> None:
    ended = medallion("review", *args)
    assert ended.code == 2
    assert words in ended.err
    assert "hint:" in ended.err


@pytest.mark.usefixtures("shop", "no_job")
def test_reports_are_written_anywhere(medallion: Callable[..., Ended], tmp_path: Path) -> None:
    ended = medallion("review", "HEAD", "HEAD", "--report", str(tmp_path / "reports"))
    assert ended.code == 0
    assert "no dataset changed" in (tmp_path / "reports" / "comment.md").read_text(encoding="utf-8")
    assert "<html" in (tmp_path / "reports" / "review.html").read_text(encoding="utf-8")
