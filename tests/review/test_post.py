"""One comment on a pull request, against small real servers that behave as GitHub and GitLab do."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from medallion.errors import ForgeError
from medallion.review.forge import Outcome, mark
from medallion.review.post import Delivery, Wanted, deliver, post_from, post_review
from medallion.review.rest import Clock
from medallion.review.verdict import verdict
from tests.review.forges import ADA, BOT, TOKEN, Forge, served
from tests.review.test_job_files import outputs
from tests.review_examples import quiet_review

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

REPORT = "**1 dataset changed**\n\n| dataset | rows |\n| --- | ---: |\n| gold.revenue | 12 |\n"
BODY = f"{mark()}\n{REPORT}"


class Time:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def clock(self) -> Clock:
        return Clock(sleep=self.slept.append, now=lambda: 1_000_000.0 + sum(self.slept))


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")


@pytest.fixture
def github() -> Iterator[Forge]:
    with served() as forge:
        yield forge


@pytest.fixture
def gitlab() -> Iterator[Forge]:
    with served(gitlab=True) as forge:
        yield forge


@pytest.fixture(params=["github", "gitlab"])
def forge(request: pytest.FixtureRequest) -> Iterator[Forge]:
    with served(gitlab=request.param == "gitlab") as forge:
        yield forge


@pytest.fixture
def job(tmp_path: Path) -> Mapping[str, str]:
    """What a job of GitHub Actions has in its environment, but for the address of the API."""
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"number": 7, "pull_request": {"number": 7}}))
    return {
        "GITHUB_ACTIONS": "true",
        "GITHUB_REPOSITORY": "shop/data",
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_TOKEN": TOKEN,
    }


GITLAB_JOB = {"GITLAB_CI": "true", "CI_PROJECT_ID": "12", "CI_MERGE_REQUEST_IID": "7", "GITLAB_TOKEN": TOKEN}


def environment(forge: Forge, job: Mapping[str, str]) -> dict[str, str]:
    if "username" in forge.me:
        return {**GITLAB_JOB, "CI_API_V4_URL": forge.url}
    return {**job, "GITHUB_API_URL": forge.url}


def send(forge: Forge, job: Mapping[str, str], time: Time, text: str = REPORT, **more: str) -> Delivery:
    return post_review(lambda _: text, {**environment(forge, job), **more}, clock=time.clock())


def outcome(delivery: Delivery) -> Outcome:
    assert delivery.posted, delivery.note
    return delivery.posted.outcome


def refusal(forge: Forge, job: Mapping[str, str], time: Time, **more: str) -> ForgeError:
    with pytest.raises(ForgeError) as caught:
        send(forge, job, time, **more)
    assert caught.value.hint
    assert TOKEN not in str(caught.value)
    return caught.value


def test_the_first_time_writes_a_comment_and_the_next_ones_update_it(
    forge: Forge, job: Mapping[str, str], time: Time
) -> None:
    forge.add("Looks good.", ADA)
    assert outcome(send(forge, job, time)) is Outcome.CREATED
    assert outcome(send(forge, job, time)) is Outcome.UNCHANGED
    assert outcome(send(forge, job, time, "**nothing changed**")) is Outcome.UPDATED
    assert forge.bodies() == ["Looks good.", f"{mark()}\n**nothing changed**"]
    assert len(forge.writes()) == 2
    assert time.slept == []


def test_the_comment_is_found_on_a_later_page(forge: Forge, job: Mapping[str, str], time: Time) -> None:
    forge.page = 2
    for number in range(5):
        forge.add(f"remark {number}", ADA)
    forge.add(f"{mark()}\nold")
    forge.add("the last remark", ADA)
    assert outcome(send(forge, job, time)) is Outcome.UPDATED
    assert forge.bodies()[5] == BODY
    assert not [line for line in forge.asked if "elsewhere" in line], "an address that the server gave was followed"


def test_projects_of_one_repository_have_a_comment_each(github: Forge, job: Mapping[str, str], time: Time) -> None:
    for name in ("shop/north", "shop/south", "shop/north"):
        post_review(lambda _: REPORT, environment(github, job), name=name, clock=time.clock())
    assert [body.partition("\n")[0] for body in github.bodies()] == [mark("shop/north"), mark("shop/south")]
    assert mark("x --> <b>") == "<!-- medallion-review: x-b -->"


def test_a_comment_that_somebody_else_wrote_with_our_mark_is_left_alone(
    forge: Forge, job: Mapping[str, str], time: Time
) -> None:
    forge.add(BODY, ADA)
    assert outcome(send(forge, job, time, "**new**")) is Outcome.CREATED
    assert forge.bodies() == [BODY, f"{mark()}\n**new**"]


def test_where_editing_is_refused_a_comment_of_our_own_is_written(
    github: Forge, job: Mapping[str, str], time: Time
) -> None:
    github.add(f"{mark()}\nby another app", {**BOT, "id": 5, "login": "other[bot]"})
    assert outcome(send(github, job, time)) is Outcome.CREATED
    assert github.bodies() == [f"{mark()}\nby another app", BODY]
    assert outcome(send(github, job, time, "**new**")) is Outcome.UPDATED
    assert github.bodies()[1:] == [f"{mark()}\n**new**"]


def test_a_person_s_token_writes_in_that_person_s_name(github: Forge, job: Mapping[str, str], time: Time) -> None:
    github.me, github.app = ADA, False
    github.add(f"{mark()}\nby the job", BOT)
    assert outcome(send(github, job, time)) is Outcome.CREATED
    assert outcome(send(github, job, time, "**new**")) is Outcome.UPDATED
    assert github.bodies() == [f"{mark()}\nby the job", f"{mark()}\n**new**"]


def test_a_report_that_is_too_long_is_rendered_again_for_less(forge: Forge, job: Mapping[str, str], time: Time) -> None:
    forge.longest = 9_000
    budgets: list[int] = []

    def render(budget: int) -> str:
        budgets.append(budget)
        return "x" * budget

    delivery = post_review(render, environment(forge, job), clock=time.clock())
    assert outcome(delivery) is Outcome.CREATED
    limit = 1_000_000 if "username" in forge.me else 65_536
    assert budgets[0] == limit - len(mark()) - 1
    assert budgets[-1] <= 9_000 < budgets[-2]
    assert len(forge.bodies()[0]) <= 9_000


def test_what_is_too_long_at_any_length_ends_as_the_forge_s_refusal(
    forge: Forge, job: Mapping[str, str], time: Time
) -> None:
    forge.longest = 3
    assert "too long" in refusal(forge, job, time).message
    assert len(forge.writes()) < 12


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_that_is_not_well_is_asked_again(
    forge: Forge, job: Mapping[str, str], time: Time, status: int
) -> None:
    forge.add(f"{mark()}\nold")
    forge.fail("GET .*(comments|notes)$", status)
    forge.fail("GET .*(comments|notes)$", status)
    forge.fail("PATCH|PUT", status)
    assert outcome(send(forge, job, time)) is Outcome.UPDATED
    assert time.slept == [1, 2, 1]


def test_a_server_that_stays_ill_is_not_asked_for_ever(forge: Forge, job: Mapping[str, str], time: Time) -> None:
    for _ in range(50):
        forge.fail("GET .*(comments|notes)$", 502, {"message": "Server Error"})
    error = refusal(forge, job, time)
    assert "502 Server Error" in error.message
    assert time.slept == [1, 2, 4]


@pytest.mark.parametrize("done", [True, False])
@pytest.mark.parametrize("status", [None, 502])
def test_a_comment_that_may_have_been_written_is_looked_for_before_it_is_written_again(
    forge: Forge, job: Mapping[str, str], time: Time, status: int | None, done: bool
) -> None:
    forge.fail("POST", status, done=done)
    assert outcome(send(forge, job, time)) is (Outcome.UNCHANGED if done else Outcome.CREATED)
    assert forge.bodies() == [BODY]
    assert time.slept == [1]


def test_a_connection_that_breaks_is_made_again(forge: Forge, job: Mapping[str, str], time: Time) -> None:
    forge.fail("GET .*(comments|notes)$", None)
    assert outcome(send(forge, job, time)) is Outcome.CREATED


def test_a_server_that_is_not_there_is_said_to_be(job: Mapping[str, str], time: Time) -> None:
    with served() as forge:
        pass
    assert "does not answer" in refusal(forge, job, time).message


def test_a_limit_is_waited_for(forge: Forge, job: Mapping[str, str], time: Time) -> None:
    forge.fail("POST", 429, {"message": "slow down"}, retry_after="7")
    forge.fail("GET .*(comments|notes)$", 429, None, ratelimit_reset="1000030")
    forge.fail("GET .*(comments|notes)$", 403, None, x_ratelimit_remaining="0", x_ratelimit_reset="1000041")
    forge.fail("POST", 403, {"message": "You have exceeded a secondary rate limit."})
    assert outcome(send(forge, job, time)) is Outcome.CREATED
    assert time.slept == [31, 11, 8, 61]


def test_a_limit_that_lasts_is_told_with_its_end(forge: Forge, job: Mapping[str, str], time: Time) -> None:
    forge.fail("POST", 403, None, x_ratelimit_remaining="0", x_ratelimit_reset="1003600")
    error = refusal(forge, job, time)
    assert "1970-01-12 14:46:40 UTC" in error.message
    assert time.slept == []


def test_two_jobs_at_once_leave_one_comment(forge: Forge, job: Mapping[str, str], time: Time) -> None:
    both = threading.Barrier(2, timeout=30)
    first = threading.Semaphore(2)

    def before(line: str) -> None:
        # Both have looked for a comment, and found none, before one of them writes.
        if line.startswith("POST") and first.acquire(blocking=False):
            both.wait()

    forge.before = before
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda text: send(forge, job, time, text), ["**one**", "**two**"]))
    assert {outcome(d) for d in done} <= {Outcome.CREATED, Outcome.UPDATED}
    assert len(forge.bodies()) == 1
    assert forge.bodies()[0] in (f"{mark()}\n**one**", f"{mark()}\n**two**")


def test_a_double_is_removed_by_the_next_job(forge: Forge, job: Mapping[str, str], time: Time) -> None:
    forge.add(BODY)
    forge.add(f"{mark()}\ndouble")
    assert outcome(send(forge, job, time, "**new**")) is Outcome.UPDATED
    assert forge.bodies() == [f"{mark()}\n**new**"]


def test_a_comment_that_is_deleted_meanwhile_is_written_anew(forge: Forge, job: Mapping[str, str], time: Time) -> None:
    gone = forge.add(f"{mark()}\nold")
    forge.fail("PATCH|PUT", 404, {"message": "Not Found"})
    forge.before = lambda line: (
        forge.comments.remove(gone) if line[:3] in ("PAT", "PUT") and gone in forge.comments else None
    )
    assert outcome(send(forge, job, time)) is Outcome.CREATED
    assert forge.bodies() == [BODY]


def test_a_redirect_is_not_followed(forge: Forge, job: Mapping[str, str], time: Time) -> None:
    with served() as other:
        for status in (301, 302, 307, 308):
            forge.fail(
                "GET .*(comments|notes)$", status, None, location=f"{other.url}/repos/shop/data/issues/7/comments"
            )
            error = refusal(forge, job, time)
            assert other.url.partition("//")[2] in error.message
            assert "renamed" in error.hint
        assert other.asked == []


@pytest.mark.parametrize(
    "url", ["http://api.example.org", "ftp://127.0.0.1", "http://127.0.0.1.example.org", "file:///etc"]
)
def test_a_token_is_sent_over_https_or_to_this_machine(job: Mapping[str, str], time: Time, url: str) -> None:
    with pytest.raises(ForgeError, match="no address that a token may be sent to"):
        post_review(lambda _: REPORT, {**job, "GITHUB_API_URL": url}, clock=time.clock())


def test_a_wrong_token_is_told_and_not_shown(forge: Forge, job: Mapping[str, str], time: Time) -> None:
    error = refusal(forge, job, time, GITHUB_TOKEN="wrong-one", GITLAB_TOKEN="wrong-one")
    assert error.status == 401
    assert "wrong-one" not in str(error)
    assert "has run out" in error.hint


def test_what_a_server_repeats_of_the_token_is_masked(forge: Forge, job: Mapping[str, str], time: Time) -> None:
    forge.fail("POST", 400, {"message": f"not good: {TOKEN}\n::error::boo"})
    message = refusal(forge, job, time).message
    assert message.endswith("400 not good: *** ::error::boo")


def test_a_token_that_may_only_read_is_an_error_with_what_to_do(
    github: Forge, job: Mapping[str, str], time: Time
) -> None:
    github.read_only = True
    error = refusal(github, job, time)
    assert error.status == 403
    assert "pull-requests: write" in error.hint
    assert "--report" in error.hint


def test_it_is_none_where_the_report_is_kept_for_another_job(
    github: Forge, job: Mapping[str, str], time: Time, tmp_path: Path
) -> None:
    github.read_only = True
    delivery = post_review(lambda _: REPORT, environment(github, job), kept=tmp_path, clock=time.clock())
    assert delivery.posted is None
    assert "the report is kept in" in delivery.note
    assert "Resource not accessible by integration" in delivery.note
    assert github.bodies() == []


def test_a_gitlab_token_without_rights_is_an_error_with_what_to_do(
    gitlab: Forge, job: Mapping[str, str], time: Time, tmp_path: Path
) -> None:
    gitlab.read_only = True
    with pytest.raises(ForgeError) as caught:
        post_review(lambda _: REPORT, environment(gitlab, job), kept=tmp_path, clock=time.clock())
    assert "scope `api`" in caught.value.hint


def test_gitlab_is_never_told_to_do_something(gitlab: Forge, job: Mapping[str, str], time: Time) -> None:
    text = "/merge\n  /close\n> /approve\n| a/b | /x |\n"
    send(gitlab, job, time, text)
    send(gitlab, job, time, text + "/label ~bug")
    assert [line[:3].strip(" >") for line in gitlab.bodies()[0].splitlines()[1:]] == [
        "\u200b/m",
        "\u200b",
        "\u200b",
        "| a",
        "\u200b/l",
    ]


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({}, "no job of GitHub Actions or GitLab CI"),
        ({"GITHUB_TOKEN": TOKEN}, "no job of GitHub Actions or GitLab CI"),
        ({"GITHUB_ACTIONS": "true"}, "GITHUB_REPOSITORY is not set"),
        ({"GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "../x/y"}, "no name of a repository"),
        ({"GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "a/b", "GITHUB_TOKEN": "t"}, "not started by a pull request"),
        ({"GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "a/b", "GITHUB_REF": "refs/pull/7/merge"}, "no token"),
        ({"GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "a/b", "GITHUB_EVENT_PATH": "nowhere"}, "cannot be read"),
        ({"GITLAB_CI": "true", "CI_PROJECT_ID": "12"}, "CI_API_V4_URL is not set"),
        ({**GITLAB_JOB, "CI_API_V4_URL": "https://x", "CI_MERGE_REQUEST_IID": ""}, "not started by a merge request"),
        ({**GITLAB_JOB, "CI_API_V4_URL": "https://x", "GITLAB_TOKEN": "", "CI_JOB_TOKEN": "j"}, "no token"),
        ({**GITLAB_JOB, "CI_API_V4_URL": "https://x", "GITLAB_TOKEN": "a\nb"}, "white space"),
    ],
)
def test_what_is_missing_is_said_with_what_to_do(variables: dict[str, str], words: str) -> None:
    with pytest.raises(ForgeError, match=words) as caught:
        post_review(lambda _: REPORT, variables)
    assert caught.value.hint


# A whole review


def handed_on(forge: Forge, job: Mapping[str, str], time: Time, folder: Path, reasons: Sequence[str] = ()) -> list[str]:
    """What is told when a review is delivered with a comment; outputs and reports are in ``folder``."""
    places = {"GITHUB_OUTPUT": str(folder / "output"), "GITHUB_STEP_SUMMARY": str(folder / "summary.md")}
    wanted = Wanted("", folder / "reports")
    return list(deliver(quiet_review(), reasons, wanted, {**environment(forge, job), **places}, time.clock()))


def test_a_review_is_finished_though_the_forge_is_not_well(
    forge: Forge, job: Mapping[str, str], time: Time, tmp_path: Path
) -> None:
    for _ in range(50):
        forge.fail("GET .*(comments|notes)$", 502, {"message": "Server Error"})
    wrote, unposted = handed_on(forge, job, time, tmp_path)
    assert "comment.md" in wrote
    assert unposted.startswith("the comment could not be posted: ")
    assert "502 Server Error" in unposted
    assert "run the job again later" in unposted
    told = outputs((tmp_path / "output").read_text())
    assert (told["failed"], told["verdict"]) == ("false", verdict(quiet_review()))
    assert told["unposted"] in unposted
    assert (tmp_path / "reports" / "comment.md").exists()
    assert told["verdict"] in (tmp_path / "summary.md").read_text().replace("*", "")


def test_so_it_is_where_a_limit_lasts(github: Forge, job: Mapping[str, str], time: Time, tmp_path: Path) -> None:
    github.fail("POST", 403, None, x_ratelimit_remaining="0", x_ratelimit_reset="1003600")
    assert "1970-01-12 14:46:40 UTC; run the job again then" in handed_on(github, job, time, tmp_path)[1]
    assert "unposted" in outputs((tmp_path / "output").read_text())


def test_what_is_for_somebody_to_mend_stays_an_error_and_the_rest_is_told(
    forge: Forge, job: Mapping[str, str], time: Time, tmp_path: Path
) -> None:
    forge.fail("", 401, {"message": "Bad credentials"})
    with pytest.raises(ForgeError, match="Bad credentials"):
        handed_on(forge, job, time, tmp_path)
    assert outputs((tmp_path / "output").read_text())["verdict"] == verdict(quiet_review())


def test_the_reasons_of_a_failure_are_handed_on_a_line_each(
    github: Forge, job: Mapping[str, str], time: Time, tmp_path: Path
) -> None:
    reasons = ["gold.a is stale: SQL\nchanged", "x" * 1_000, *(f"reason {number}" for number in range(1_000))]
    handed_on(github, job, time, tmp_path, reasons)
    lines = outputs((tmp_path / "output").read_text())["reasons"].splitlines()
    assert lines[:3] == ["gold.a is stale: SQL changed", "x" * 300, "reason 0"]
    assert lines[-1] == "and 982 more"
    assert len(lines) == 21


# What a stranger's job has left


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
