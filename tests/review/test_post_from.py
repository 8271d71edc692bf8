"""A report that a job on a fork has left, posted by a job that may: what of it is believed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from medallion.errors import ForgeError
from medallion.review.forge import Outcome, mark
from medallion.review.post import post_from
from tests.review.posting import REPORT, Time, environment, outcome

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.review.forges import Forge


@pytest.fixture
def finished(github: Forge, job: Mapping[str, str], tmp_path: Path) -> dict[str, str]:
    """The environment of a job that runs when the workflow of eve's pull request 7 has finished."""
    run = {
        "event": "pull_request",
        "head_sha": "5" * 40,
        "head_branch": "better",
        "head_repository": {"full_name": "eve/data", "owner": {"login": "eve"}},
        "pull_requests": [],
    }
    (tmp_path / "event.json").write_text(json.dumps({"workflow_run": run}))
    github.pulls = [
        pull(6, "4" * 40, "eve/data"),
        pull(8, "5" * 40, "eve/other"),
        pull(7, "5" * 40, "eve/data"),
    ]
    return environment(github, job)


def pull(number: int, sha: str, repository: str) -> dict[str, object]:
    return {"number": number, "head": {"sha": sha, "label": "eve:better", "repo": {"full_name": repository}}}


def leave(folder: Path, text: str | bytes) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "comment.md").write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def test_a_stranger_s_report_is_posted_to_the_pull_request_that_github_names(
    github: Forge, finished: dict[str, str], time: Time, tmp_path: Path
) -> None:
    folder = leave(tmp_path / "reports", f"{mark('other')}\n{REPORT}Thanks, @everyone! PR: 3\n")
    assert outcome(post_from(folder, finished, clock=time.clock())) is Outcome.CREATED
    body = github.bodies()[0]
    said = "> Made by the job of a fork; its author could have changed it.\n\n"
    assert body.startswith(f"{mark()}\n{said}<\u200b!-- medallion-review: other -->\n")
    assert "| gold.revenue | 12 |" in body
    assert "@everyone" not in body
    assert outcome(post_from(folder, finished, clock=time.clock())) is Outcome.UNCHANGED


def test_a_stranger_s_report_that_fills_its_room_still_says_whose_it_is(
    github: Forge, finished: dict[str, str], time: Time, tmp_path: Path
) -> None:
    post_from(leave(tmp_path / "reports", "a line\n" * 20_000), finished, clock=time.clock())
    body = github.bodies()[0]
    assert "> Made by the job of a fork; its author could have changed it.\n\na line\n" in body
    assert body.endswith("it is too long.\n")
    assert len(body) <= github.longest


def test_a_report_of_a_branch_is_not_said_to_be_a_fork_s(
    github: Forge, finished: dict[str, str], time: Time, tmp_path: Path
) -> None:
    event = tmp_path / "event.json"
    run = json.loads(event.read_text())["workflow_run"]
    run["head_repository"] = {"full_name": "shop/data", "owner": {"login": "shop"}}
    event.write_text(json.dumps({"workflow_run": run}))
    head = {"sha": "5" * 40, "label": "shop:better", "repo": {"full_name": "shop/data"}}
    github.pulls = [{"number": 7, "head": head}]
    post_from(leave(tmp_path / "reports", REPORT), finished, clock=time.clock())
    assert github.bodies()[0].startswith(f"{mark()}\n> Made by the job of this pull request; its author could")


def test_nothing_is_posted_to_a_pull_request_that_has_gone_on(
    github: Forge, finished: dict[str, str], time: Time, tmp_path: Path
) -> None:
    github.pulls = [pull(7, "6" * 40, "eve/data")]
    delivery = post_from(leave(tmp_path / "reports", REPORT), finished, clock=time.clock())
    assert delivery.posted is None
    assert "newer commits" in delivery.note
    assert github.writes() == []


def test_a_head_of_two_pull_requests_is_ambiguous(
    github: Forge, finished: dict[str, str], time: Time, tmp_path: Path
) -> None:
    github.pulls.append(pull(9, "5" * 40, "eve/data"))
    with pytest.raises(ForgeError, match="head of 2 pull requests: #7, #9"):
        post_from(leave(tmp_path / "reports", REPORT), finished, clock=time.clock())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"event": "push"}, "started by push"),
        ({"head_repository": None}, "fork .* is gone"),
        ({"head_repository": {}}, "says too little"),
    ],
)
def test_a_workflow_that_no_pull_request_started_is_refused(
    finished: dict[str, str], time: Time, tmp_path: Path, change: dict[str, object], words: str
) -> None:
    event = tmp_path / "event.json"
    run = json.loads(event.read_text())["workflow_run"]
    event.write_text(json.dumps({"workflow_run": run | change}))
    with pytest.raises(ForgeError, match=words) as caught:
        post_from(leave(tmp_path / "reports", REPORT), finished, clock=time.clock())
    assert caught.value.hint


@pytest.mark.parametrize(
    ("content", "words"), [(b"\xff\xfe", "not UTF-8"), (b"x" * 300_000, "more than"), (None, "no file")]
)
def test_what_is_no_report_is_refused(
    finished: dict[str, str], time: Time, tmp_path: Path, content: bytes | None, words: str
) -> None:
    folder = tmp_path / "reports"
    if content is not None:
        leave(folder, content)
    with pytest.raises(ForgeError, match=words):
        post_from(folder, finished, clock=time.clock())


def test_a_report_that_is_a_link_is_not_read(finished: dict[str, str], time: Time, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("the runner's")
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "comment.md").symlink_to(tmp_path / "secret")
    with pytest.raises(ForgeError, match="no file"):
        post_from(tmp_path / "reports", finished, clock=time.clock())


def test_gitlab_has_no_second_workflow(gitlab: Forge, job: Mapping[str, str], tmp_path: Path) -> None:
    with pytest.raises(ForgeError, match="for GitHub"):
        post_from(tmp_path, environment(gitlab, job))
