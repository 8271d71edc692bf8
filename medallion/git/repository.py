"""The repository that a project lies in: what it holds, what changed, and committing to it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from medallion.errors import GitError
from medallion.git import revisions
from medallion.git.objects import identify, read_objects
from medallion.git.process import Git, last_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

__all__ = ["Entry", "FileStatus", "Index", "Repository"]

# Paths are names here, never patterns.
_LITERAL = {"GIT_LITERAL_PATHSPECS": "1"}


@dataclass(frozen=True, slots=True)
class FileStatus:
    """A file that differs from the last commit; ``path`` is relative to the project.

    ``index`` and ``worktree`` are git's letters: M modified, A added, D deleted, T another kind of file, ``?``
    untracked, U unmerged, and a dot for unchanged.
    """

    path: str
    index: str
    worktree: str
    conflicted: bool = False

    @property
    def untracked(self) -> bool:
        return self.worktree == "?"


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of a commit: the oid and size (bytes) of its blob, and whether it is a symbolic link."""

    oid: str
    size: int
    is_link: bool = False


@dataclass(frozen=True, slots=True)
class Index:
    """What the next commit would hold: ``path -> blob oid``, and the paths that a merge left in conflict."""

    blobs: Mapping[str, str]
    conflicted: frozenset[str]


@dataclass(frozen=True)
class Repository:
    """A work tree as seen from the project inside of it. All paths are relative to the project, with ``/``.

    ``root`` is the project's folder, ``top`` the work tree's, and ``prefix`` the way from top to root: empty, or
    ``sub/folder/``. ``git_dir`` is this work tree's own folder of git, ``common_dir`` the one that it shares with
    other work trees of the repository.
    """

    root: Path
    top: Path
    prefix: str
    git_dir: Path
    common_dir: Path
    # Full hashes of commits that were seen to be here: git is not asked for one again.
    _commits: set[str] = field(default_factory=set, compare=False, repr=False)

    @classmethod
    def open(cls, project_root: Path) -> Repository:
        """The repository around ``project_root``; ``GitError`` where there is none, or git is missing or too old."""
        git = Git(project_root)
        git.check_version()
        asked = git.attempt(
            *("rev-parse", "--is-inside-work-tree", "--path-format=absolute", "--git-dir", "--git-common-dir"),
            *("--show-prefix", "--show-toplevel"),
        )
        answers = os.fsdecode(asked.stdout).split("\n")
        if asked.returncode != 0 or answers[0] != "true":
            raise _no_work_tree(project_root, answers, asked.stderr)
        _, git_dir, common_dir, prefix, top = answers[:5]
        return cls(Path(top, prefix), Path(top), prefix, Path(git_dir), Path(common_dir))

    def git(
        self, *args: str, stdin: bytes | None = None, env: Mapping[str, str] | None = None, check: bool = True
    ) -> bytes:
        """What ``git *args`` prints, called in the project's folder; ``GitError`` carries git's own last words."""
        return self.process.run(*args, stdin=stdin, env=env, check=check)

    @property
    def process(self) -> Git:
        """git, called in the project's folder."""
        return Git(self.root)

    @property
    def is_shallow(self) -> bool:
        """Whether this is a clone of only the latest part of the history."""
        return (self.common_dir / "shallow").exists()

    @property
    def oldest(self) -> frozenset[str]:
        """The full hashes of the commits at which a shallow clone ends: their parents are not here."""
        try:
            return frozenset((self.common_dir / "shallow").read_text(encoding="ascii").split())
        except FileNotFoundError:
            return frozenset()

    def head(self) -> str | None:
        """The full hash of the commit checked out, or None before the first commit."""
        found = self.git("rev-parse", "--verify", "--quiet", "HEAD^{commit}", check=False).decode().strip()
        return found or None

    def descends_from(self, commit: str) -> bool:
        """Whether HEAD is this commit, or descends from it."""
        return self.process.attempt("merge-base", "--is-ancestor", commit, "HEAD").returncode == 0

    def branch(self) -> str | None:
        """The branch checked out, which may have no commit yet, or None on a detached HEAD."""
        found = os.fsdecode(self.git("symbolic-ref", "--quiet", "--short", "HEAD", check=False)).strip()
        return found or None

    def resolve(self, revision: str) -> str:
        """The full hash of the commit that ``revision`` names: see :func:`medallion.git.revisions.resolve`."""
        if revision not in self._commits:
            revision = revisions.resolve(self.process, revision)
            self._commits.add(revision)
        return revision

    def resolve_at(self, moment: str, start: str = "HEAD") -> str:
        """What ``start`` was at ``moment``: see :func:`medallion.git.revisions.resolve_at`."""
        return revisions.resolve_at(self.process, moment, start)

    def read(self, revision: str, paths: Sequence[str]) -> dict[str, bytes]:
        """The files at ``paths`` as they are at ``revision``, as git stores them; absent ones are left out."""
        commit = self.resolve(revision)
        names = {f"{commit}:{self.prefix}{path}": path for path in paths}
        found = read_objects(self.process, names)
        return {names[name]: content for name, _, kind, content in found if kind == "blob"}

    def read_blobs(self, oids: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """``(oid, content)`` of each of ``oids`` that is here."""
        for _, oid, kind, content in read_objects(self.process, oids):
            if kind == "blob":
                yield oid, content

    def find_blobs(self, places: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
        """The oid of the file at each ``(commit, path)``, unread; absent ones are left out."""
        names = {f"{commit}:{self.prefix}{path}": (commit, path) for commit, path in places}
        return {names[name]: oid for name, (oid, kind) in identify(self.process, names).items() if kind == "blob"}

    def list(self, revision: str, folders: Sequence[str]) -> dict[str, str]:
        """``path -> blob oid`` of all files below ``folders`` at ``revision``; ``"."`` is the whole project."""
        args = ("ls-tree", "-r", "-z", "--full-tree", self.resolve(revision), "--", *self._from_top(folders))
        blobs = {}
        for entry in self.git(*args, env=_LITERAL).split(b"\0")[:-1]:
            about, _, path = entry.partition(b"\t")
            _, kind, oid = about.split()
            if kind == b"blob":
                blobs[os.fsdecode(path).removeprefix(self.prefix)] = oid.decode()
        return blobs

    def entries(self, revision: str) -> dict[str, Entry]:
        """Every file of the project at ``revision`` by its path."""
        folders = self._from_top(["."])
        args = ("ls-tree", "-r", "-l", "-z", "--full-tree", self.resolve(revision), "--", *folders)
        found = {}
        for entry in self.git(*args, env=_LITERAL).split(b"\0")[:-1]:
            about, _, path = entry.partition(b"\t")
            mode, kind, oid, size = about.split()
            if kind == b"blob":
                name = os.fsdecode(path).removeprefix(self.prefix)
                found[name] = Entry(oid.decode(), int(size), mode == b"120000")
        return found

    def status(self) -> tuple[FileStatus, ...]:
        """Every file of the project that differs from the last commit, untracked ones too, ignored ones not."""
        args = ("status", "--porcelain=v2", "-z", "--no-renames", "--untracked-files=all", "--", ".")
        statuses = []
        for entry in self.git(*args).split(b"\0")[:-1]:
            sort, _, rest = os.fsdecode(entry).partition(" ")
            if sort == "?":
                path, states, conflicted = rest, "??", False
            elif sort in ("1", "u"):
                # XY, submodule, modes and hashes: seven fields before the path, nine where there are three sides.
                states, path = rest[:2], rest.split(" ", 7 if sort == "1" else 9)[-1]
                conflicted = sort == "u"
            else:
                continue
            statuses.append(FileStatus(path.removeprefix(self.prefix), states[0], states[1], conflicted))
        return tuple(statuses)

    def index(self, folders: Sequence[str]) -> Index:
        """What is staged below ``folders``; ``"."`` is the whole project."""
        blobs, conflicted = {}, set()
        for entry in self.git("ls-files", "--stage", "-z", "--", *folders, env=_LITERAL).split(b"\0")[:-1]:
            about, _, raw = entry.partition(b"\t")
            _, oid, stage = about.decode().split()
            path = os.fsdecode(raw)
            if stage == "0":
                blobs[path] = oid
            else:
                conflicted.add(path)
        return Index(blobs, frozenset(conflicted))

    def blobs_in_index(self, folders: Sequence[str]) -> dict[str, str]:
        """``path -> blob oid`` of what is staged below ``folders``, without paths in conflict."""
        return dict(self.index(folders).blobs)

    def commit(self, message: str | None, *options: str) -> str:
        """Commit what is staged with git itself, hooks, signing and all; the new commit's full hash.

        ``options`` are git's, as ``--amend`` or ``--no-verify``. Without a ``message`` git asks for one in the
        user's editor, on the terminal.
        """
        if message is None:
            done = self.process.attempt("commit", *options, users_locale=True, terminal=True)
        else:
            text = message.encode(errors="surrogateescape")
            done = self.process.attempt("commit", *options, "--file=-", stdin=text, users_locale=True)
        if done.returncode != 0:
            raise self._commit_failed(done.stdout, done.stderr)
        head = self.head()
        if head is None:
            raise GitError("git commit made no commit")
        return head

    def _commit_failed(self, stdout: bytes | None, stderr: bytes | None) -> GitError:
        for identity in ("GIT_AUTHOR_IDENT", "GIT_COMMITTER_IDENT"):
            asked = self.process.attempt("var", identity)
            if asked.returncode != 0:
                return GitError(
                    f"git does not know who you are: {last_words(asked.stderr)}",
                    hint='`git config --global user.name "Your Name"` and '
                    '`git config --global user.email "you@example.com"`',
                )
        # A hook speaks in its own words, and `nothing to commit` goes to stdout.
        said = (stderr or b"").strip() or (stdout or b"").strip()
        return GitError(f"git commit failed: {said.decode(errors='replace') or 'it said nothing'}")

    def _from_top(self, folders: Sequence[str]) -> Sequence[str]:
        """Folders as ``ls-tree --full-tree`` takes them: from the top, and none for everything."""
        paths = [f"{self.prefix}{'' if folder == '.' else folder}".rstrip("/") for folder in folders]
        return [] if "" in paths else paths


def _no_work_tree(folder: Path, answers: Sequence[str], stderr: bytes) -> GitError:
    said = stderr.decode(errors="replace")
    if "dubious ownership" in said:
        return GitError(f"git does not trust this repository: {last_words(stderr)}")
    if answers[0] == "false":
        return GitError(f"{folder} is in a bare repository or inside of .git, which has no files to work on")
    if "not a git repository" in said:
        return GitError(f"{folder} is not in a Git repository", hint="`medallion init` starts one")
    return GitError(f"git rev-parse failed: {last_words(stderr)}")
