"""The history of a project's records: every commit, and which records it changed."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from medallion.git.repository import Repository

__all__ = ["Change", "Commit", "commits", "lost", "reachable"]

# All that people see as history: not the stash, and not the commits that hold git's own notes and replacements.
_ALL = (
    *("--exclude=refs/stash", "--exclude=refs/notes/*", "--exclude=refs/replace/*"),
    "--all",
)
_MARK = "\x02"
_FORMAT = f"--format={_MARK}%H%x00%P%x00%ct%x00%an%x00%ae%x00%s"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Change:
    """A record that a commit changed; an oid is None where there is no file. ``status`` is git's A, M, D or T."""

    path: str
    old_oid: str | None
    new_oid: str | None
    status: str


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit, and what it changed against its **first** parent.

    Against the first, for a merge too: so the state of a commit is always its first parent's and these changes. (What
    a merge has that none of its parents has, git's combined diff, follows from the states of the parents; the other
    way round it does not.)
    """

    hash: str
    parents: tuple[str, ...]
    committed_at: datetime
    author: str
    email: str
    subject: str
    changes: tuple[Change, ...]


def commits(repo: Repository, exclude: Iterable[str] = ()) -> Iterator[Commit]:
    """Every commit of all branches, tags and HEAD, parents before children, but not ``exclude`` nor their ancestors.

    The changes are to ``data/**/*.json`` of the project, by paths relative to it. In a shallow clone the oldest commits
    have no parents and add everything.
    """
    log = repo.git(
        *("-c", "log.showRoot=true", "-c", "log.follow=false"),
        *("log", "--topo-order", "--reverse", "--full-history", "--sparse", "--encoding=UTF-8", _FORMAT),
        *(
            "--raw",
            "-z",
            f"-O{os.devnull}",
            "--no-abbrev",
            "--no-renames",
            "--no-relative",
            "--diff-merges=first-parent",
            "--no-color",
        ),
        *("--no-notes", "--no-mailmap", "--ignore-missing", *_ALL, "--stdin"),
        stdin="".join(f"^{commit}\n" for commit in exclude).encode() + b"--\n:(glob)data/**/*.json\n",
    )
    tokens = iter(os.fsdecode(log).split("\0"))
    token = next(tokens, None)
    while token is not None:
        if not token.lstrip("\n").startswith(_MARK):
            token = next(tokens, None)
            continue
        commit = token.lstrip("\n")[1:]
        parents, seconds, author, email, subject = (_text(next(tokens)) for _ in range(5))
        changes = []
        token = next(tokens, None)
        while token is not None and not token.lstrip("\n").startswith(_MARK):
            if token.lstrip("\n").startswith(":"):
                changes.append(_change(token.lstrip("\n"), next(tokens).removeprefix(repo.prefix)))
            token = next(tokens, None)
        moment = _EPOCH + timedelta(seconds=int(seconds))
        yield Commit(commit, tuple(parents.split()), moment, author, email, subject, tuple(changes))


def reachable(repo: Repository) -> set[str]:
    """The full hash of every commit that :func:`commits` gives."""
    return set(repo.git("rev-list", *_ALL).decode().split())


def lost(repo: Repository, commits: Sequence[str]) -> bool:
    """Whether any of ``commits`` is no longer among those that :func:`commits` gives.

    It takes no more than the way from the commits to the refs, however long the history behind them is.
    """
    if not commits:
        return False
    asked = "".join(f"{commit}\n" for commit in commits).encode()
    found = repo.process.attempt("rev-list", "--max-count=1", "--stdin", "--not", *_ALL, stdin=asked)
    # A commit that was swept away makes git fail.
    return found.returncode != 0 or bool(found.stdout.strip())


def _change(raw: str, path: str) -> Change:
    _, _, old, new, status = raw.split(" ")
    return Change(path, _oid(old), _oid(new), status[:1])


def _oid(oid: str) -> str | None:
    return oid if oid.strip("0") else None


def _text(raw: str) -> str:
    """Names of people and subjects: what is no UTF-8 after all is shown as a replacement character."""
    return os.fsencode(raw).decode(errors="replace")
