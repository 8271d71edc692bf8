"""Real git and git-lfs in temporary repositories, away from the configuration of whoever runs the tests."""

from __future__ import annotations

import hashlib
import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from medallion.git.lfs import Pointer, Store
from medallion.git.repository import Repository
from medallion.git.setup import DATA_ATTRIBUTES, ensure_lines, init_repository, install_lfs

if TYPE_CHECKING:
    from pathlib import Path

    from tests.git.cataloged import Catalog


def isolate(home: Path, patch: pytest.MonkeyPatch) -> Path:
    """Make ``home`` the home, with nothing in it but a name; returns the global configuration file."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        patch.delenv(name)
    patch.setenv("HOME", str(home))
    patch.setenv("XDG_CONFIG_HOME", str(home / ".config"))
    patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    patch.setenv("GIT_CONFIG_GLOBAL", str(home / ".gitconfig"))
    # Without maintenance: it would be another process after each commit, of which some go on in the background.
    (home / ".gitconfig").write_text(
        "[user]\n\tname = Ada\n\temail = ada@example.com\n"
        "[init]\n\tdefaultBranch = main\n[maintenance]\n\tauto = false\n"
    )
    return home / ".gitconfig"


@pytest.fixture(autouse=True)
def isolated_git(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of the test's own; returns the global configuration file."""
    return isolate(tmp_path_factory.mktemp("home"), monkeypatch)


class Work:
    """A project in a work tree, and a person who uses git in it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def repo(self) -> Repository:
        return Repository.open(self.root)

    @property
    def store(self) -> Store:
        return Store(self.repo)

    def git(self, *args: str, env: dict[str, str] | None = None, stdin: str | None = None) -> str:
        done = subprocess.run(
            ["git", *args], cwd=self.root, env=os.environ | (env or {}), input=stdin, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.rstrip("\n")

    def write(self, path: str, content: str | bytes) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return file

    def commit(self, message: str = "a commit", *, at: str | None = None) -> str:
        """Commit everything, with plain git; the hash."""
        self.git("add", "--all")
        dates = {"GIT_COMMITTER_DATE": at, "GIT_AUTHOR_DATE": at} if at else {}
        self.git("commit", "--quiet", "--allow-empty", "--message", message, env=dates)
        return self.git("rev-parse", "HEAD")

    def pointer(self, path: str) -> Pointer:
        data = (self.root / path).read_bytes()
        return Pointer(hashlib.sha256(data).hexdigest(), len(data))

    def start(self, *init_options: str) -> Work:
        """Make the folder a project, as `medallion init` does."""
        self.root.mkdir(parents=True, exist_ok=True)
        if init_options:
            self.git("init", "--quiet", "--initial-branch=main", *init_options)
        init_repository(self.root)
        install_lfs(self.repo)
        ensure_lines(self.root / ".gitattributes", [DATA_ATTRIBUTES])
        ensure_lines(self.root / ".gitignore", [".medallion/"])
        return self

    def serve(self, folder: Path) -> str:
        """Push everything to a new bare repository in ``folder``, which git and git-lfs reach by its URL."""
        subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", str(folder)], check=True)
        self.git("remote", "add", "origin", folder.as_uri())
        self.git("push", "--quiet", "--all", "origin")
        return folder.as_uri()

    def clone(self, folder: Path, *options: str) -> Work:
        """A clone without the data."""
        env = os.environ | {"GIT_LFS_SKIP_SMUDGE": "1"}
        url = self.git("remote", "get-url", "origin")
        subprocess.run(["git", "clone", "--quiet", *options, url, str(folder)], env=env, check=True)
        other = Work(folder)
        install_lfs(other.repo)
        return other


@pytest.fixture
def work(tmp_path: Path) -> Work:
    """A project with Git LFS set up, and no commit."""
    return Work(tmp_path / "work").start()


@pytest.fixture
def bare_work(tmp_path: Path) -> Work:
    """A repository without Git LFS, and no commit."""
    found = Work(tmp_path / "work")
    found.root.mkdir()
    init_repository(found.root)
    return found


@pytest.fixture
def catalog(work: Work) -> Catalog:
    """A catalog over that project's history, not yet made."""
    from tests.git.cataloged import Catalog

    return Catalog(work, work.root / ".medallion/catalog.duckdb")
