"""``BASE``, ``BASE..HEAD`` and ``BASE...HEAD``, as Git has them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from medallion.diff.value import Side
from medallion.errors import RevisionError

if TYPE_CHECKING:
    from medallion.git.repository import Repository

__all__ = ["Range", "left", "merge_base", "parse_range", "resolve_range"]


@dataclass(frozen=True, slots=True)
class Range:
    """Two versions as they were written; ``head`` is None for the work tree. ``from_merge_base``: with three dots."""

    base: str
    head: str | None
    from_merge_base: bool = False


def parse_range(text: str) -> Range:
    """The versions that a text names; ``BASE`` alone is held against the work tree, nothing means HEAD.

    ``RevisionError`` for more than one range in it.
    """
    dots = "..." if "..." in text else ".."
    if text.startswith(":/") or dots not in text:
        return Range(text or "HEAD", None)
    base, _, head = text.partition(dots)
    if ".." in head:
        raise RevisionError(f'"{text}" is no range of two versions', hint="BASE..HEAD, or BASE...HEAD")
    return Range(base or "HEAD", head or "HEAD", dots == "...")


def resolve_range(repo: Repository, asked: Range) -> tuple[Side, Side]:
    """Both versions, resolved to commits; ``RevisionError`` where one is none, or where they share no ancestor."""
    base = repo.resolve(asked.base)
    head = Side("", "") if asked.head is None else Side(asked.head, repo.resolve(asked.head))
    if not asked.from_merge_base:
        return Side(asked.base, base), head
    return left(repo, asked.base, asked.head or "HEAD"), head


def left(repo: Repository, name: str, head: str) -> Side:
    """Where ``head`` left ``name``: their merge base. ``RevisionError`` as of :func:`merge_base`."""
    commit = merge_base(repo, name, head)
    return Side(name, commit, "" if commit == repo.resolve(name) else head)


def merge_base(repo: Repository, one: str, other: str) -> str:
    """The full hash of the best common ancestor; ``RevisionError`` where there is none, or a shallow clone hides it."""
    commits = [repo.resolve(one), repo.resolve(other)]
    found = repo.git("merge-base", *commits, check=False).decode().split()
    if found:
        return found[0]
    if repo.is_shallow:
        raise RevisionError(
            f'the clone is shallow: it does not reach back to where "{one}" and "{other}" part',
            hint="`git fetch --deepen=100` gets more of the history, `git fetch --unshallow` all of it",
        )
    raise RevisionError(
        f'"{one}" and "{other}" have no common ancestor',
        hint=f"`{one}..{other}` compares them as they are",
    )
