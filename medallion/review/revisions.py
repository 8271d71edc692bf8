"""Which two versions a review holds against each other: what a person writes, resolved to commits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medallion.diff.revisions import left, parse_range
from medallion.diff.value import Side
from medallion.errors import RevisionError
from medallion.review.value import Commit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from medallion.git.repository import Repository
    from medallion.review.value import Review

__all__ = ["commits_between", "default_branch", "refuse_the_other_way_round", "review_sides"]

#: Where the default branch is looked for: what the remote says, then its branches by their usual names, then ours.
_USUAL = (
    "refs/remotes/origin/HEAD",
    "refs/remotes/origin/main",
    "refs/remotes/origin/master",
    "refs/heads/main",
    "refs/heads/master",
)


def review_sides(repo: Repository, revisions: str = "") -> tuple[Side, Side]:
    """Base and head of a review.

    Nothing: the merge base of HEAD and the default branch, against the work tree. ``BASE``: the merge base of HEAD and
    BASE, against the work tree. ``A..B``: these two. ``A...B``: their merge base, against B. An empty A or B is HEAD.
    ``RevisionError`` where a revision, the default branch or a common ancestor is not there.
    """
    text = revisions.strip()
    asked = parse_range(text)
    if asked.head is None:
        named = text or default_branch(repo)
        return left(repo, named, "HEAD"), Side("", "")
    base = left(repo, asked.base, asked.head) if asked.from_merge_base else Side(asked.base, repo.resolve(asked.base))
    return base, Side(asked.head, repo.resolve(asked.head))


def refuse_the_other_way_round(repo: Repository, revisions: str, review: Review) -> None:
    """``RevisionError`` where BASE alone was named, HEAD has nothing that BASE has not, and BASE has more.

    Who writes the branch of a colleague asks for what that branch does, and not for what it lacks. What is not
    committed yet may be reviewed in any case.
    """
    text = revisions.strip()
    if not text or parse_range(text).head is not None or not review.base.left_by or not review.changes_nothing:
        return
    head = repo.resolve("HEAD")
    if review.base.commit == head:
        raise RevisionError(
            f'HEAD has nothing that "{text}" has not, so there is nothing to review in the work tree',
            hint=f"`medallion review {repo.branch() or 'HEAD'}...{text}` reviews what {text} brings",
        )


def default_branch(repo: Repository) -> str:
    """The name of the branch that pull requests go into; ``RevisionError`` where there is none to be found."""
    listed = repo.git("for-each-ref", "--format=%(refname) %(refname:short) %(symref:short)", *_USUAL).decode()
    there = {words[0]: words[-1] for words in map(str.split, listed.splitlines())}
    found = next((there[ref] for ref in _USUAL if ref in there), None)
    if found is None:
        raise RevisionError(
            "there is no default branch to review against: no origin/HEAD, main or master",
            hint="name the branch that the change goes into, as in `medallion review origin/develop`",
        )
    return found


def commits_between(repo: Repository, base: Side, head: Side) -> tuple[Commit, ...]:
    """The commits that the head has and the base has not, the latest first."""
    log = repo.git(
        *("log", "--no-color", "--no-notes", "--no-mailmap", "--encoding=UTF-8"),
        *("-z", "--format=%H%x01%an%x01%s", f"{base.commit}..{head.commit or 'HEAD'}", "--"),
    )
    listed: Sequence[str] = log.decode(errors="replace").split("\0")
    return tuple(Commit(*entry.strip("\n").split("\x01", 2)) for entry in listed if entry.strip("\n"))
