"""Posting as a job does it: a report, the environment, and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from medallion.errors import ForgeError
from medallion.review.forge import Outcome, mark
from medallion.review.post import Delivery, post_review
from medallion.review.rest import Clock
from tests.review.forges import TOKEN, Forge

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["BODY", "GITLAB_JOB", "REPORT", "Time", "environment", "outcome", "outputs", "refusal", "send"]


REPORT = "**1 dataset changed**\n\n| dataset | rows |\n| --- | ---: |\n| gold.revenue | 12 |\n"

BODY = f"{mark()}\n{REPORT}"


class Time:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def clock(self) -> Clock:
        return Clock(sleep=self.slept.append, now=lambda: 1_000_000.0 + sum(self.slept))


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


def outputs(text: str) -> dict[str, str]:
    """What a runner reads: ``name<<END``, lines of the value, ``END``."""
    found, lines = {}, iter(text.splitlines())
    for line in lines:
        name, _, end = line.partition("<<")
        found[name] = "\n".join(iter(lambda: next(lines), end))
    return found
