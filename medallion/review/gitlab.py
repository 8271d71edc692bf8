"""The comments of a merge request on GitLab, which calls them notes."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any
from urllib.parse import quote

from medallion.errors import ForgeError
from medallion.review.forge import Comment
from medallion.review.rest import Clock, Rest

__all__ = ["ACCESS", "GitLab", "gitlab_rest"]

_PAGE = 100
# GitLab carries out what a note holds in a line that begins with a slash: /merge, /close.
_QUICK_ACTION = re.compile(r"^([ \t>]*)/", re.MULTILINE)

ACCESS = (
    "the job's own token cannot write comments. Make an access token of the project (Settings, Access tokens) with the "
    "role Reporter and the scope `api`, and put it into a masked variable GITLAB_TOKEN (Settings, CI/CD)"
)


def gitlab_rest(api: str, token: str, clock: Clock) -> Rest:
    """Requests to GitLab's API with a token."""
    return Rest(api, {"PRIVATE-TOKEN": token}, token, clock)


class GitLab:
    """The notes of merge request ``number`` of a ``project``, by its id or path."""

    limit = 1_000_000

    def __init__(self, rest: Rest, project: str, number: int) -> None:
        self._rest = rest
        self._path = f"projects/{quote(project, safe='')}/merge_requests/{number}/notes"

    @cached_property
    def _me(self) -> int:
        try:
            return int(self._rest.request("GET", "user").document["id"])
        except ForgeError as error:
            raise _explained(error) from error
        except (KeyError, TypeError, ValueError):
            raise ForgeError("GitLab does not say whose the token is", hint=ACCESS) from None

    def own_comments(self) -> list[Comment]:
        """All notes that were written with the token's own name, the earliest first."""
        found: list[Comment] = []
        page = "1"
        while page:
            try:
                answer = self._rest.request("GET", self._path, query={"per_page": _PAGE, "page": page, "sort": "asc"})
            except ForgeError as error:
                raise _explained(error) from error
            if not isinstance(answer.document, list):
                raise ForgeError("GitLab does not answer with notes", hint="is CI_API_V4_URL the address of its API?")
            found += [
                _comment(entry)
                for entry in answer.document
                if not entry.get("system") and (entry.get("author") or {}).get("id") == self._me
            ]
            page = answer.headers.get("x-next-page", "")
            page = page if page.isdigit() else ""
        return sorted(found, key=lambda comment: comment.id)

    def create(self, body: str) -> Comment:
        """Write a note."""
        try:
            return _comment(self._rest.request("POST", self._path, {"body": _as_text(body)}).document)
        except ForgeError as error:
            raise _explained(error) from error

    def update(self, comment: Comment, body: str) -> Comment:
        """Replace a note's text."""
        return _comment(self._rest.request("PUT", f"{self._path}/{comment.id}", {"body": _as_text(body)}).document)

    def delete(self, comment: Comment) -> None:
        """Remove a note."""
        self._rest.request("DELETE", f"{self._path}/{comment.id}")

    def pause(self, attempt: int) -> None:
        """Let time pass before something is tried again."""
        self._rest.pause(attempt)


def _as_text(body: str) -> str:
    """The same with no line that GitLab would carry out."""
    return _QUICK_ACTION.sub("\\1\u200b/", body)


def _comment(entry: Any) -> Comment:
    try:
        return Comment(int(entry["id"]), str(entry["body"] or ""))
    except (KeyError, TypeError, ValueError):
        raise ForgeError("GitLab's answer holds no note", hint="is CI_API_V4_URL the address of its API?") from None


def _explained(error: ForgeError) -> ForgeError:
    """The same refusal, with what to do about it."""
    hint = {
        401: f"the token in GITLAB_TOKEN is wrong or has run out; {ACCESS}",
        403: f"the token in GITLAB_TOKEN may not do that; {ACCESS}",
        404: f"the token in GITLAB_TOKEN sees no such project or merge request; {ACCESS}",
    }.get(error.status or 0)
    return ForgeError(error.message, hint=hint).with_status(error.status or 0) if hint else error
