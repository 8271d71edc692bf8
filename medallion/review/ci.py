"""What a job in CI knows of itself: the forge, the pull request, the token, and where its summary and outputs go."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medallion.errors import ForgeError
from medallion.review.github import Finished, GitHub, github_rest, pull_request_of
from medallion.review.gitlab import ACCESS, GitLab, gitlab_rest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from medallion.review.forge import Forge
    from medallion.review.rest import Clock

__all__ = ["GitHubJob", "GitLabJob", "job_of"]

_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)
_NOTHING = "there is no token to post with"


@dataclass(frozen=True, slots=True)
class GitHubJob:
    """A job of GitHub Actions. ``event`` is GitHub's own account of what started it."""

    api: str
    repository: str
    ref: str
    event: Mapping[str, Any]
    token: str = field(repr=False)

    def forge(self, clock: Clock) -> Forge:
        """The comments of the pull request that started the job; ``ForgeError`` where none did."""
        number = (self.event.get("pull_request") or {}).get("number")
        found = re.fullmatch(r"refs/pull/(\d+)/\w+", self.ref)
        if not isinstance(number, int) and not found:
            raise ForgeError(
                "this job was not started by a pull request",
                hint="let the workflow run `on: pull_request`, or leave out --post",
            )
        return self._comments(number if isinstance(number, int) else int(found[1] if found else 0), clock)

    def finished_forge(self, clock: Clock) -> Forge | None:
        """The comments of the pull request whose workflow has finished, for a job that runs ``on: workflow_run``.

        None where it has got other commits since, or is closed. ``ForgeError`` where no such workflow started the job.
        """
        run = _finished(self.event)
        number = pull_request_of(github_rest(self.api, self._needed_token(), clock), self.repository, run)
        return None if number is None else self._comments(number, clock)

    @property
    def from_fork(self) -> bool:
        """Whether the workflow that has finished ran for another repository's branch; ``ForgeError`` as above."""
        return _finished(self.event).repository != self.repository

    def _comments(self, number: int, clock: Clock) -> GitHub:
        return GitHub(github_rest(self.api, self._needed_token(), clock), self.repository, number)

    def _needed_token(self) -> str:
        if not self.token:
            raise ForgeError(
                _NOTHING, hint="write `env: GITHUB_TOKEN: ${{ github.token }}` and `permissions: pull-requests: write`"
            )
        return self.token


@dataclass(frozen=True, slots=True)
class GitLabJob:
    """A job of GitLab CI; ``number`` is "" where no merge request started it."""

    api: str
    project: str
    number: str
    token: str = field(repr=False)

    def forge(self, clock: Clock) -> Forge:
        """The notes of the merge request that started the job; ``ForgeError`` where none did."""
        if not self.number.isdigit():
            raise ForgeError(
                "this job was not started by a merge request",
                hint='give it `rules: - if: $CI_PIPELINE_SOURCE == "merge_request_event"`, or leave out --post',
            )
        if not self.token:
            raise ForgeError(_NOTHING, hint=ACCESS)
        return GitLab(gitlab_rest(self.api, self.token, clock), self.project, int(self.number))


def job_of(environment: Mapping[str, str]) -> GitHubJob | GitLabJob:
    """The job that these variables describe; ``ForgeError`` where there is none."""
    if environment.get("GITHUB_ACTIONS") == "true" or "GITHUB_EVENT_PATH" in environment:
        repository = _needed(environment, "GITHUB_REPOSITORY")
        if not _REPOSITORY.fullmatch(repository):
            raise ForgeError(f"GITHUB_REPOSITORY is no name of a repository: {repository}", hint="it is owner/name")
        return GitHubJob(
            api=environment.get("GITHUB_API_URL") or "https://api.github.com",
            repository=repository,
            ref=environment.get("GITHUB_REF", ""),
            event=_event(environment.get("GITHUB_EVENT_PATH", "")),
            token=environment.get("GITHUB_TOKEN") or environment.get("GH_TOKEN") or "",
        )
    if environment.get("GITLAB_CI") or "CI_API_V4_URL" in environment:
        return GitLabJob(
            api=_needed(environment, "CI_API_V4_URL"),
            project=_needed(environment, "CI_PROJECT_ID"),
            number=environment.get("CI_MERGE_REQUEST_IID", ""),
            token=environment.get("GITLAB_TOKEN", ""),
        )
    raise ForgeError(
        "there is no pull request to post to: this is no job of GitHub Actions or GitLab CI",
        hint="leave out --post; `medallion init --ci github` or `--ci gitlab` writes a job that posts",
    )


def _finished(event: Mapping[str, Any]) -> Finished:
    run = event.get("workflow_run")
    if not isinstance(run, dict):
        raise ForgeError(
            "this job was not started by a finished workflow",
            hint="--post-from is for a workflow that runs `on: workflow_run`",
        )
    source = run.get("head_repository")
    if not isinstance(source, dict):
        raise ForgeError("the fork that the pull request comes from is gone", hint="ask its author to open it anew")
    try:
        finished = Finished(
            event=str(run["event"]),
            sha=str(run["head_sha"]),
            branch=str(run["head_branch"]),
            owner=str(source["owner"]["login"]),
            repository=str(source["full_name"]),
        )
    except (KeyError, TypeError):
        raise ForgeError("the event says too little of the workflow that finished", hint="run the job again") from None
    if finished.event != "pull_request":
        raise ForgeError(
            f"the workflow that finished was started by {finished.event}, not by a pull request",
            hint="let the job run `if: github.event.workflow_run.event == 'pull_request'`",
        )
    return finished


def _event(path: str) -> Mapping[str, Any]:
    if not path:
        return {}
    try:
        event = json.loads(Path(path).read_bytes())
    except (OSError, ValueError) as error:
        raise ForgeError(f"the event in {path} cannot be read: {error}", hint="GITHUB_EVENT_PATH names it") from error
    return event if isinstance(event, dict) else {}


def _needed(environment: Mapping[str, str], name: str) -> str:
    if not environment.get(name):
        raise ForgeError(f"{name} is not set", hint="a job in CI has it; in a container, pass it on")
    return environment[name]
