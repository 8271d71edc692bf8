"""The comments of a pull request on GitHub, and the pull request that a finished workflow ran for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from medallion.errors import ForgeError
from medallion.review.forge import Comment
from medallion.review.rest import Clock, Rest

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Finished", "GitHub", "github_rest", "pull_request_of"]

_PAGE = 100
_WRITE = (
    "give the job `permissions: pull-requests: write`. The token of a pull request from a fork, or from Dependabot, "
    "can only read: there, `--report DIR` keeps the report for a second workflow, as docs/ci.md shows"
)


@dataclass(frozen=True, slots=True)
class Finished:
    """A run of a workflow that has ended, by GitHub's own account of it: what its head was, and where from."""

    event: str
    sha: str
    branch: str
    owner: str
    repository: str


def github_rest(api: str, token: str, clock: Clock) -> Rest:
    """Requests to GitHub's API with a token."""
    headers = {
        "Accept": "application/vnd.github+json",
        "Authorization": f"Bearer {token}",
        "X-GitHub-Api-Version": "2022-11-28",
    }
    return Rest(api, headers, token, clock)


class GitHub:
    """The comments of pull request ``number`` of ``repository`` (``owner/name``)."""

    limit = 65_536

    def __init__(self, rest: Rest, repository: str, number: int) -> None:
        self._rest = rest
        self._path = f"repos/{repository}"
        self._number = number

    @cached_property
    def _me(self) -> int | None:
        """The token's own user; None for the token of an app, as that of a job is: it may not ask who it is."""
        try:
            return int(self._rest.request("GET", "user").document["id"])
        except ForgeError as error:
            if error.status == 401:
                raise _explained(error) from error
            if error.status not in (403, 404):
                raise
            return None
        except (KeyError, TypeError, ValueError):
            return None

    def _is_own(self, user: Any) -> bool:
        if not isinstance(user, dict):
            return False
        # An app that may not ask for its name knows that it is no person. Should another app's comment begin with our
        # mark, GitHub refuses or allows writing to it, as for any comment.
        return user.get("type") == "Bot" if self._me is None else user.get("id") == self._me

    def own_comments(self) -> list[Comment]:
        """All comments that were written with the token's own name, the earliest first."""
        path = f"{self._path}/issues/{self._number}/comments"
        found = [_comment(entry) for entry in _pages(self._rest, path) if self._is_own(entry.get("user"))]
        return sorted(found, key=lambda comment: comment.id)

    def create(self, body: str) -> Comment:
        """Write a comment."""
        path = f"{self._path}/issues/{self._number}/comments"
        try:
            return _comment(self._rest.request("POST", path, {"body": body}).document)
        except ForgeError as error:
            raise _explained(error) from error

    def update(self, comment: Comment, body: str) -> Comment:
        """Replace a comment's text."""
        path = f"{self._path}/issues/comments/{comment.id}"
        return _comment(self._rest.request("PATCH", path, {"body": body}).document)

    def delete(self, comment: Comment) -> None:
        """Remove a comment."""
        self._rest.request("DELETE", f"{self._path}/issues/comments/{comment.id}")

    def pause(self, attempt: int) -> None:
        """Let time pass before something is tried again."""
        self._rest.pause(attempt)


def pull_request_of(rest: Rest, repository: str, run: Finished) -> int | None:
    """The open pull request of ``repository`` whose head a workflow ran for; None where it has gone on since.

    Nothing that the workflow itself has said is asked: it may be a stranger's. ``ForgeError`` where the commit is the
    head of several.
    """
    found = [
        int(entry["number"])
        for entry in _pages(rest, f"repos/{repository}/pulls", state="open", head=f"{run.owner}:{run.branch}")
        if entry["head"]["sha"] == run.sha and (entry["head"]["repo"] or {}).get("full_name") == run.repository
    ]
    if len(found) > 1:
        raise ForgeError(
            f"commit {run.sha[:7]} is the head of {len(found)} pull requests: "
            + ", ".join(f"#{number}" for number in sorted(found)),
            hint="close all but one of them, or add a commit to one",
        )
    return found[0] if found else None


def _pages(rest: Rest, path: str, **query: str) -> Iterator[dict[str, Any]]:
    """Every entry of a list, page by page. The addresses that the server gives are not followed, only counted."""
    page = 1
    while True:
        try:
            answer = rest.request("GET", path, query={"per_page": _PAGE, "page": page, **query})
        except ForgeError as error:
            raise _explained(error) from error
        if not isinstance(answer.document, list):
            raise ForgeError(f"{rest.host} does not answer {path} with a list", hint="is that the address of its API?")
        yield from answer.document
        if 'rel="next"' not in answer.headers.get("link", ""):
            return
        page += 1


def _comment(entry: Any) -> Comment:
    try:
        return Comment(int(entry["id"]), str(entry["body"] or ""), str(entry.get("html_url") or ""))
    except (KeyError, TypeError, ValueError):
        raise ForgeError("GitHub's answer holds no comment", hint="is GITHUB_API_URL the address of its API?") from None


def _explained(error: ForgeError) -> ForgeError:
    """The same refusal, with what to do about it."""
    hint = {
        401: "the token is wrong or has run out: `env: GITHUB_TOKEN: ${{ github.token }}` gives a job its own",
        403: _WRITE,
        404: "the token sees no such repository or pull request; `permissions: pull-requests: write` lets it",
    }.get(error.status or 0)
    return ForgeError(error.message, hint=hint).with_status(error.status or 0) if hint else error
