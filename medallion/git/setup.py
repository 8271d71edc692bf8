"""Setting a folder up for Git and git-lfs, without taking away anything that is there."""

from __future__ import annotations

import os
import re
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from medallion.errors import GitError
from medallion.git.lfs import git_lfs_version
from medallion.git.process import Git
from medallion.git.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "CACHE_SETTING",
    "DATA_ATTRIBUTES",
    "DIFF_ATTRIBUTES",
    "OLD_DATA_ATTRIBUTES",
    "driver_fault",
    "ensure_lines",
    "init_repository",
    "install_driver",
    "install_lfs",
]

DATA_ATTRIBUTES = "data/**/*.parquet filter=lfs diff=medallion merge=binary -text"
"""What makes Git LFS keep a project's data, and Git show it through us.

A merge is binary, because git merges pointers as text otherwise.
"""

OLD_DATA_ATTRIBUTES = "data/**/*.parquet filter=lfs diff=lfs merge=binary -text"
"""What projects have that were started before Git showed their data."""

DIFF_ATTRIBUTES = "data/**/*.parquet diff=medallion"
"""What such a project lacks: of several lines that speak of a file, the last one counts."""

_TEXTCONV = "diff.medallion.textconv"
_SKIP = "lfs.skipdownloaderrors"
CACHE_SETTING = "diff.medallion.cachetextconv"

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


def install_driver(repo: Repository) -> bool:
    """Have git show Parquet files through ``medallion driver textconv``, in this repository alone; whether it was not.

    Git keeps no answer of ours: what is said of an object that is not here must not outlive its arrival. Before git
    asks us, it has git-lfs turn the pointer into data, and dies where an object cannot be had; with ``_SKIP``, which a
    user may have set otherwise, git-lfs hands on the pointer instead.
    """
    wanted = _textconv(sys.executable)
    done = _config(repo, "--local", _TEXTCONV) != wanted
    if done:
        repo.git("config", "--local", "--replace-all", _TEXTCONV, wanted)
    if not _config(repo, _SKIP):
        repo.git("config", "--local", _SKIP, "true")
        done = True
    return done


def driver_fault(repo: Repository) -> str:
    """What keeps git from showing Parquet files through us in this clone; empty where nothing does."""
    held = _config(repo, _TEXTCONV)
    if not held:
        return "git is not set up to show Parquet files: `git diff` shows their Git LFS pointers"
    program = shlex.split(held.removeprefix("p=").split("; t()")[0]) if held.startswith("p=") else []
    if program and not os.access(program[0], os.X_OK):
        return "the medallion that git is set up to show Parquet files with is no longer there"
    asked = repo.git("check-attr", "diff", "--", "data/bronze/any.parquet")
    if not asked.strip().endswith(b": medallion"):
        return ".gitattributes does not have git show data/**/*.parquet with medallion"
    if not _config(repo, _SKIP):
        return f"{_SKIP} is not set: `git log -p` ends at an object of Git LFS that cannot be downloaded"
    if _config(repo, "--type=bool", CACHE_SETTING) == "true":
        return f"{CACHE_SETTING} is set: git would go on showing what was said before an object was fetched"
    return ""


def _config(repo: Repository, *asked: str) -> str:
    *scope, name = asked
    return os.fsdecode(repo.git("config", *scope, "--get", name, check=False)).rstrip("\n")


def _textconv(python: str) -> str:
    """The command, as git hands it to a shell with the file's name behind it.

    This very installation, else the medallion on PATH, which may be a newer one. Where there is none, what git would
    have shown without us: the pointer, also of a file that was checked out. ``-P``, as a module of the repository
    must not take the place of one of ours.
    """
    return (
        f"p={shlex.quote(python)}; "
        't() { "$p" -P -m medallion driver textconv "$1" 2>/dev/null'
        ' || medallion driver textconv "$1" 2>/dev/null'
        ' || if head -c 100 "$1" | grep -aq "^version https://git-lfs"; then cat "$1";'
        ' else git lfs pointer --file="$1" 2>/dev/null'
        ' || echo "a Parquet file; medallion, which would describe it, is not installed"; fi; }; t'
    )


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
