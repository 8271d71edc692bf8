"""One comment on a pull request: found again by a mark in it, and updated instead of written anew."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from medallion.errors import ForgeError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["MARK", "Comment", "Forge", "Outcome", "Posted", "mark", "post"]

#: How every mark begins. It is hidden on both forges, being a comment in HTML.
MARK = "<!-- medallion-review"

_ATTEMPTS = 4
_LEAST = 2_000


class Outcome(StrEnum):
    """What became of the comment."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment of a pull request. A higher ``id`` is a later one."""

    id: int
    body: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Posted:
    """Where the comment is, and what became of it."""

    outcome: Outcome
    url: str


class Forge(Protocol):
    """The comments of one pull request. Each method raises ``ForgeError``.

    ``limit`` is how many characters a comment may have.
    """

    limit: int

    def own_comments(self) -> list[Comment]:
        """All comments that were written with the token's own name, the earliest first."""

    def create(self, body: str) -> Comment:
        """Write a comment."""

    def update(self, comment: Comment, body: str) -> Comment:
        """Replace a comment's text."""

    def delete(self, comment: Comment) -> None:
        """Remove a comment."""

    def pause(self, attempt: int) -> None:
        """Let time pass before something is tried again."""


def mark(key: str = "") -> str:
    """The line that a comment is known by. ``key`` tells apart the projects of one repository, by their folder."""
    safe = re.sub(r"[^\w./]+", "-", key, flags=re.ASCII).strip("-./")
    return f"{MARK}: {safe} -->" if safe else f"{MARK} -->"


def post(forge: Forge, render: Callable[[int], str], key: str = "") -> Posted:
    """Make the comment of the pull request say what ``render`` gives for a budget of bytes.

    It is updated where it is there. Where the forge says that it is too long, it is rendered again for half as much.
    ``ForgeError``, whose ``status`` is 403 where the token may only read.
    """
    marked = mark(key)
    # No text has more characters than bytes, so a budget of bytes keeps to a limit of characters.
    budget = forge.limit - len(marked) - 1
    while True:
        try:
            return _put(forge, marked, f"{marked}\n{render(budget)}")
        except ForgeError as error:
            budget //= 2
            if not _too_long(error) or budget < _LEAST:
                raise


def _too_long(error: ForgeError) -> bool:
    return error.status == 413 or (error.status in (400, 422) and "too long" in error.message.lower())


def _put(forge: Forge, marked: str, body: str) -> Posted:
    """Find the comment and update it, or write it. What may or may not have been written is looked for again."""
    refused: set[int] = set()
    attempt = 0
    while True:
        found = [c for c in forge.own_comments() if c.body.startswith(marked) and c.id not in refused]
        if found:
            try:
                return _update(forge, found, body)
            except ForgeError as error:
                # Another's comment after all, or deleted in the meantime: it is not ours to write to.
                if error.status not in (403, 404):
                    raise
                refused.add(found[0].id)
                continue
        try:
            made = forge.create(body)
        except ForgeError as error:
            attempt += 1
            if not error.unanswered or attempt >= _ATTEMPTS:
                raise
            forge.pause(attempt)
            continue
        return _settle(forge, marked, made, body, refused)


def _update(forge: Forge, found: list[Comment], body: str) -> Posted:
    first, *others = found
    same = _plain(first.body) == _plain(body)
    comment = first if same else forge.update(first, body)
    for other in others:
        _delete(forge, other)
    return Posted(Outcome.UNCHANGED if same else Outcome.UPDATED, comment.url or first.url)


def _settle(forge: Forge, marked: str, made: Comment, body: str, refused: set[int]) -> Posted:
    """Two jobs at once both find no comment, and both write one. The earlier one stays, and says what came last."""
    all_marked = [c for c in forge.own_comments() if c.body.startswith(marked) and c.id not in refused]
    earlier = [c for c in all_marked if c.id < made.id]
    if not earlier:
        return Posted(Outcome.CREATED, made.url)
    posted = _update(forge, [earlier[0]], body)
    _delete(forge, made)
    return posted


def _delete(forge: Forge, comment: Comment) -> None:
    """Remove a double. One that cannot be removed is in nobody's way; the other job may have done it."""
    try:
        forge.delete(comment)
    except ForgeError as error:
        if error.status not in (403, 404):
            raise


def _plain(body: str) -> str:
    """As a forge may give back what it was given: with other line ends, and without space at the end."""
    return body.replace("\r\n", "\n").strip()
