"""Setting a folder up for Git and git-lfs, without taking away anything that is there."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from medallion.errors import GitError
from medallion.git.lfs import git_lfs_version
from medallion.git.process import Git
from medallion.git.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["DATA_ATTRIBUTES", "ensure_lines", "init_repository", "install_lfs"]

DATA_ATTRIBUTES = "data/**/*.parquet filter=lfs diff=lfs merge=binary -text"
"""What makes Git LFS keep a project's data. A merge is binary, because git merges pointers as text otherwise."""

_HOOKS = ("pre-push", "post-checkout", "post-commit", "post-merge")


def init_repository(folder: Path) -> bool:
    """Start a repository in ``folder``, with the branch main, unless one is around it; whether it did."""
    git = Git(folder)
    git.check_version()
    asked = git.attempt("rev-parse", "--is-inside-work-tree")
    if asked.returncode == 0 or b"not a git repository" not in asked.stderr:
        Repository.open(folder)
        return False
    git.run("init", "--quiet", "--initial-branch=main")
    return True


def install_lfs(repo: Repository) -> list[str]:
    """Configure git-lfs for this repository alone; what the user has to do by hand, a sentence each.

    The filters go into the repository's own configuration, the hooks where git looks for them. A hook that is there
    already, and a folder of hooks that is not the repository's own, are the user's: left alone, and said so.
    """
    git_lfs_version(repo)
    hooks = Path(os.fsdecode(repo.git("rev-parse", "--path-format=absolute", "--git-path", "hooks")).rstrip("\n"))
    own = hooks.resolve() == (repo.common_dir / "hooks").resolve()
    if not own or not _install(repo):
        _install(repo, "--skip-repo")
    missing = [hook for hook in _HOOKS if not _calls_lfs(hooks / hook, hook)]
    return [_advice(hooks / hook, hook) for hook in missing if not own or (hooks / hook).exists()]


def ensure_lines(path: Path, lines: Sequence[str]) -> list[str]:
    """Append those of ``lines`` that the file at ``path`` lacks, and return them; the file is made where it is not.

    What the file holds stays as it is, in its own line endings. Spaces between words do not make a line another.
    """
    data = path.read_bytes() if path.exists() else b""
    held = {_words(line) for line in data.decode(errors="replace").splitlines()}
    added = [line for line in dict.fromkeys(lines) if _words(line) not in held]
    if added:
        end = b"\r\n" if b"\r\n" in data else b"\n"
        bridge = end if data and not data.endswith(b"\n") else b""
        with path.open("ab") as file:
            file.write(bridge + b"".join(line.encode() + end for line in added))
    return added


def _install(repo: Repository, *options: str) -> bool:
    """Whether git-lfs could install itself; not where a hook is in its way, be there its own line in it or not."""
    done = repo.process.attempt("lfs", "install", "--local", *options)
    said = (done.stderr + done.stdout).decode(errors="replace").strip()
    if done.returncode != 0 and "Hook already exists" not in said:
        raise GitError(f"git lfs install --local failed: {said}")
    return done.returncode == 0


def _calls_lfs(path: Path, hook: str) -> bool:
    try:
        return re.search(rf"git[ -]lfs\s+{hook}\b", path.read_text(errors="replace")) is not None
    except OSError:
        return False


def _advice(path: Path, hook: str) -> str:
    line = f'git lfs {hook} "$@"'
    if path.exists():
        return f"{path} is your own hook and was left alone: add the line `{line}` to it"
    return f"{path.parent} is your own folder of hooks and was left alone: add a hook {hook} with the line `{line}`"


def _words(line: str) -> str:
    return " ".join(line.split())
