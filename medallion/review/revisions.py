"""Which two versions a review holds against each other: what a person writes, resolved to commits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medallion.diff.value import Side
from medallion.errors import RevisionError
from medallion.review.value import Commit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from medallion.git.repository import Repository

__all__ = ["commits_between", "default_branch", "review_sides"]

#: Where the default branch is looked for: what the remote says, then its branches by their usual names, then ours.
_USUAL = (
    "refs/remotes/origin/HEAD",
    "refs/remotes/origin/main",
    "refs/remotes/origin/master",
    "refs/heads/main",
    "refs/heads/master",
)
_FORMS = "`medallion review BASE`, `medallion review A..B` or `medallion review A...B` says what to hold against what"


def review_sides(repo: Repository, revisions: str = "") -> tuple[Side, Side]:
    """Base and head of a review.

    Nothing: the merge base of HEAD and the default branch, against the work tree. ``BASE``: the merge base of HEAD and
    BASE, against the work tree. ``A..B``: these two. ``A...B``: their merge base, against B. An empty A or B is HEAD.
    ``RevisionError`` where a revision, the default branch or a common ancestor is not there.
    """
    text = revisions.strip()
    if ".." not in text:
        named = text or default_branch(repo)
        return Side(named, _merge_base(repo, named, "HEAD")), Side("", "")
    dots = "..." if "..." in text else ".."
    first, _, second = text.partition(dots)
    if ".." in second:
        raise RevisionError(f'"{text}" names more than two revisions', hint=_FORMS)
    base, head = first.strip() or "HEAD", second.strip() or "HEAD"
    commit = _merge_base(repo, base, head) if dots == "..." else repo.resolve(base)
    return Side(base, commit), Side(head, repo.resolve(head))


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
        *("-c", "log.showSignature=false", "log", "--no-color", "--no-notes", "--no-mailmap", "--encoding=UTF-8"),
        *("-z", "--format=%H%x01%an%x01%s", f"{base.commit}..{head.commit or 'HEAD'}", "--"),
    )
    listed: Sequence[str] = log.decode(errors="replace").split("\0")
    return tuple(Commit(*entry.strip("\n").split("\x01", 2)) for entry in listed if entry.strip("\n"))


def _merge_base(repo: Repository, first: str, second: str) -> str:
    one, other = repo.resolve(first), repo.resolve(second)
    found = repo.process.attempt("merge-base", one, other).stdout.decode().split()
    if found:
        return found[0]
    if repo.is_shallow:
        raise RevisionError(
            f"this clone is shallow: it does not reach back to where {second} left {first}",
            hint="`git fetch --deepen=100` gets more of it, `git fetch --unshallow` all",
        )
    raise RevisionError(
        f"{first} and {second} have no common ancestor",
        hint=f"`medallion review {first}..{second}` holds the two against each other as they are",
    )
