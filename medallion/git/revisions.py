"""What people call a version, resolved to a full commit hash."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from medallion.errors import RevisionError
from medallion.git.process import Git, last_words
from medallion.names import nearest

__all__ = ["parse_moment", "resolve", "resolve_at"]

_HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SHORT_HASH = re.compile(r"(?:.*-g)?([0-9a-f]{4,64})(?![0-9A-Za-z_./-])")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def resolve(git: Git, revision: str) -> str:
    """The full hash of the commit that ``revision`` names.

    A revision is whatever git takes: a branch, tag (annotated ones too), hash or its unique beginning, ``HEAD~2``,
    ``main@{1}``, ``:/words of a subject``. ``RevisionError`` where it names nothing, several commits, or no commit.
    """
    if _HASH.fullmatch(revision):
        kind = git.attempt("cat-file", "-t", revision)
        if kind.stdout == b"commit\n":
            return revision
    if not revision or "\0" in revision or "\n" in revision:
        raise RevisionError(f"{revision!r} is no revision")
    # After `:/` everything is the text to look for, so a suffix that asks for a commit would be looked for as well.
    name = revision if revision.startswith(":/") else f"{revision}^{{commit}}"
    found = git.attempt("rev-parse", "--verify", "--end-of-options", name)
    commit = found.stdout.decode(errors="replace").strip()
    if found.returncode == 0 and _HASH.fullmatch(commit):
        return commit
    raise _explain(git, revision, last_words(found.stderr))


def resolve_at(git: Git, moment: str, start: str) -> str:
    """The last commit of ``start`` along first parents that was committed at or before ``moment``.

    Along first parents, because only what a branch itself held at that moment was its content then. See
    :func:`parse_moment` for how a moment is written. ``RevisionError`` where it is before the first commit.
    """
    wanted = parse_moment(moment)
    # A committer date is in whole seconds: the last second that has begun is the last that counts.
    limit = (wanted - _EPOCH) // timedelta(seconds=1)
    first = 0
    for line in git.run("rev-list", "--first-parent", "--timestamp", resolve(git, start)).splitlines():
        seconds, commit = line.split()
        first = int(seconds)
        if first <= limit:
            return commit.decode()
    began = _EPOCH + timedelta(seconds=first)
    shallow = git.run("rev-parse", "--is-shallow-repository").strip() == b"true"
    raise RevisionError(
        f"{moment} is before the first commit of {start}, of {began:%Y-%m-%d %H:%M:%S} UTC",
        hint=_UNSHALLOW if shallow else "",
    )


def parse_moment(text: str) -> datetime:
    """An ISO 8601 date and time, as in ``2026-01-31``, ``2026-01-31 12:00`` or ``2026-01-31T12:00:00+02:00``.

    Without a zone it is in UTC, so that the same words name the same commit on every machine; a date alone is its
    first moment, as it is in SQL. ``RevisionError`` for anything else.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise RevisionError(
            f'"{text}" is no time', hint="write 2026-01-31, 2026-01-31 12:00 or 2026-01-31T12:00:00+02:00"
        ) from error
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


_UNSHALLOW = "this clone has only part of the history: `git fetch --unshallow` gets the rest"


def _explain(git: Git, revision: str, said: str) -> RevisionError:
    """Why ``revision`` is no commit, with what the user may have meant."""
    if ".." in revision:
        return RevisionError(f'"{revision}" is a range; one commit is needed')
    if "is ambiguous" in said and (ambiguous := _ambiguous(git, revision)):
        return ambiguous
    other = git.attempt("rev-parse", "--verify", "--quiet", "--end-of-options", revision).stdout.decode().strip()
    if _HASH.fullmatch(other):
        kind = git.attempt("cat-file", "-t", other).stdout.decode().strip()
        if kind:
            return RevisionError(f'"{revision}" is a {kind}, not a commit')
    if git.attempt("rev-parse", "--verify", "--quiet", "HEAD").returncode != 0:
        return RevisionError(f'no revision "{revision}": there is no commit yet', hint="`medallion commit -m MESSAGE`")
    return RevisionError(f'no revision "{revision}"', hint=_nearest(git, revision))


def _ambiguous(git: Git, revision: str) -> RevisionError | None:
    found = _SHORT_HASH.match(revision)
    if not found:
        return None
    oids = git.run("rev-parse", f"--disambiguate={found[1]}", check=False).split()
    kinds = git.run("cat-file", "--batch-check=%(objectname) %(objecttype)", stdin=b"\n".join(oids) + b"\n")
    pairs = [line.split() for line in kinds.decode().splitlines()]
    commits = [oid for oid, *kind in pairs if kind == ["commit"]]
    if not commits:
        return None
    listed = git.run("log", "--no-walk=unsorted", "--format=%H %s", *commits, "--")
    lines = [
        f"  {commit[:16]}  {subject}"
        for commit, _, subject in (line.partition(" ") for line in listed.decode(errors="replace").splitlines())
    ]
    return RevisionError(
        "\n".join([f'"{revision}" is ambiguous; {len(commits)} commits begin so:', *lines]),
        hint="write more digits of the one you mean",
    )


def _nearest(git: Git, revision: str) -> str:
    refs = git.run("for-each-ref", "--format=%(refname:short)", "refs/heads", "refs/tags", "refs/remotes", check=False)
    near = nearest(revision, refs.decode(errors="replace").splitlines())
    if near:
        return f'did you mean "{near}"?'
    if git.run("rev-parse", "--is-shallow-repository", check=False).strip() == b"true":
        return _UNSHALLOW
    return "`git log --oneline --all` lists commits, `git branch -a` and `git tag` list names"
