"""One comment on a pull request, against small real servers that behave as GitHub and GitLab do."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from medallion.errors import ForgeError
from medallion.review.forge import Outcome, mark
from medallion.review.post import post_review
from tests.review.forges import ADA, BOT, TOKEN, Forge, served
from tests.review.posting import BODY, GITLAB_JOB, REPORT, Time, environment, outcome, refusal, send

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


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
