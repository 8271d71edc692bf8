"""Calling git: one plain subprocess per question, in a folder, with nothing of the caller's environment in the way.

GitPython is not used: its import costs more than a hundred calls of git's plumbing, and the one thing it would save
here, a new process for every object, is saved by ``git cat-file --batch`` (see :mod:`medallion.git.objects`).
"""

from __future__ import annotations

import os
import re
import subprocess
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from medallion.errors import GitError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["OLDEST_GIT", "Git", "last_words"]

OLDEST_GIT = (2, 39)

# What `git rev-parse --local-env-vars` lists, except for the configuration given with `git -c`. A hook of another
# repository sets these; the project's folder alone says which repository is meant.
_LOCAL = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_CONFIG",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
)
_ALWAYS = {
    "GIT_TERMINAL_PROMPT": "0",
    # A commit's hash must mean that commit's bytes: replacements differ from clone to clone.
    "GIT_NO_REPLACE_OBJECTS": "1",
}
_INSTALL_GIT = "install git: `apt-get install git`, `dnf install git`, `brew install git` or https://git-scm.com"


class Git:
    """git as called in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(
        self, *args: str, stdin: bytes | None = None, env: Mapping[str, str] | None = None, check: bool = True
    ) -> bytes:
        """What ``git *args`` prints; ``GitError`` with git's own last words where it fails and ``check`` is set."""
        done = self.attempt(*args, stdin=stdin, env=env)
        if check and done.returncode != 0:
            raise GitError(f"git {_verb(args)} failed: {last_words(done.stderr)}")
        return done.stdout

    def attempt(
        self,
        *args: str,
        stdin: bytes | None = None,
        env: Mapping[str, str] | None = None,
        users_locale: bool = False,
        terminal: bool = False,
    ) -> subprocess.CompletedProcess[bytes]:
        """``git *args``, whatever becomes of it.

        ``users_locale`` keeps the user's language and character set, for commands that run hooks. ``terminal`` leaves
        stdin, stdout and stderr to git, for commands that open an editor.
        """
        stream = None if terminal else subprocess.PIPE
        no_stdin = None if terminal else subprocess.DEVNULL
        command = _command(args)
        environment = _environment(env, users_locale=users_locale)
        try:
            if stdin is not None:
                return subprocess.run(
                    command, cwd=self.folder, env=environment, input=stdin, stdout=stream, stderr=stream, check=False
                )
            return subprocess.run(
                command, cwd=self.folder, env=environment, stdin=no_stdin, stdout=stream, stderr=stream, check=False
            )
        except OSError as error:
            raise self._cannot_start(error) from error

    @contextmanager
    def talk(self, *args: str, env: Mapping[str, str] | None = None) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
        """``git *args`` as a process that is talked to: what it reads, what it writes. Its stderr goes nowhere."""
        try:
            process = subprocess.Popen(
                _command(args),
                cwd=self.folder,
                env=_environment(env),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        except OSError as error:
            raise self._cannot_start(error) from error
        try:
            yield cast("IO[bytes]", process.stdin), cast("IO[bytes]", process.stdout)
        finally:
            with suppress(BrokenPipeError):
                process.communicate()

    def check_version(self) -> None:
        """``GitError`` where git is missing or older than :data:`OLDEST_GIT`."""
        found = _version(os.environ.get("PATH", ""))
        if found < OLDEST_GIT:
            raise GitError(
                f"git {_dotted(found)} is too old: medallion needs {_dotted(OLDEST_GIT)} or newer", hint=_INSTALL_GIT
            )

    def _cannot_start(self, error: OSError) -> GitError:
        if not self.folder.is_dir():
            return GitError(f"{self.folder} is no folder")
        if isinstance(error, FileNotFoundError):
            return GitError("git is not installed, or not on PATH", hint=_INSTALL_GIT)
        return GitError(f"git cannot be started: {error}", hint=_INSTALL_GIT)


def last_words(stderr: bytes | None) -> str:
    """git's own account of what went wrong: from the first ``fatal:`` or ``error:`` on, else its last line."""
    lines = [line for line in (stderr or b"").decode(errors="replace").splitlines() if line.strip()]
    for number, line in enumerate(lines):
        word, colon, rest = line.partition(": ")
        if colon and word in ("fatal", "error"):
            return "\n".join([rest, *lines[number + 1 :]])
    return lines[-1] if lines else "it said nothing"


def _command(args: tuple[str, ...]) -> list[str]:
    # What people have git show besides would be taken for what was asked.
    return ["git", "-c", "core.quotePath=false", "-c", "log.showSignature=false", *args]


def _environment(extra: Mapping[str, str] | None, *, users_locale: bool = False) -> dict[str, str]:
    environment = {name: value for name, value in os.environ.items() if name not in _LOCAL} | _ALWAYS
    if not users_locale:
        environment["LC_ALL"] = "C"
    return environment | dict(extra or {})


def _verb(args: tuple[str, ...]) -> str:
    """The subcommand among ``args``: ``-c`` takes a value, which may look like anything."""
    rest = list(args)
    while rest and rest[0].startswith("-"):
        del rest[: 2 if rest[0] == "-c" else 1]
    return " ".join(rest[:2]) if rest[:1] == ["lfs"] else "".join(rest[:1])


@cache
def _version(_path: str) -> tuple[int, ...]:
    text = Git(Path(os.sep)).run("version").decode(errors="replace")
    found = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", text)
    if not found:
        raise GitError(f"`git version` says {text.strip()!r}, which is no version", hint=_INSTALL_GIT)
    return tuple(int(part) for part in found.groups() if part)


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(str(part) for part in version)
