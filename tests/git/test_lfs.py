from __future__ import annotations

import hashlib
import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from medallion.errors import DataError, GitError
from medallion.git.lfs import Pointer, Store, conflicted, git_lfs_version
from medallion.git.repository import Repository
from medallion.git.staging import materialize

if TYPE_CHECKING:
    from pathlib import Path

    from tests.git.conftest import Work

DATA = os.urandom(3000)
POINTER = Pointer(hashlib.sha256(DATA).hexdigest(), len(DATA))


# Pointers


def test_a_pointer_is_the_bytes_that_git_lfs_writes(work: Work) -> None:
    work.write("data/a.parquet", DATA)
    git_lfs = subprocess.run(["git", "lfs", "clean"], cwd=work.root, input=DATA, capture_output=True, check=True)
    assert POINTER.encode() == git_lfs.stdout
    assert Pointer.parse(git_lfs.stdout) == POINTER


def test_the_empty_file_is_its_own_pointer() -> None:
    empty = Pointer(hashlib.sha256(b"").hexdigest(), 0)
    assert empty.encode() == b""
    assert Pointer.parse(b"") == empty


@pytest.mark.parametrize(
    "data",
    [
        POINTER.encode().replace(b"\n", b"\r\n"),
        POINTER.encode()[:-1],
        POINTER.encode() + b"\n",
        POINTER.encode() + b" " * 1024,
        POINTER.encode().replace(b"size 3000", b"size 03000"),
        POINTER.encode().replace(b"sha256", b"md5"),
        POINTER.encode().upper(),
        b"\n".join(reversed(POINTER.encode().splitlines())) + b"\n",
        b"PAR1",
    ],
)
def test_what_git_lfs_would_not_write_is_no_pointer(data: bytes) -> None:
    assert Pointer.parse(data) is None


def test_a_pointer_that_git_merged_as_text_is_known_as_a_conflict(work: Work) -> None:
    work.write(".gitattributes", "data/**/*.parquet filter=lfs -text\n")
    work.write("data/a.parquet", DATA)
    work.commit()
    work.git("checkout", "--quiet", "-b", "other")
    work.write("data/a.parquet", DATA + b"1")
    work.commit()
    work.git("checkout", "--quiet", "main")
    work.write("data/a.parquet", DATA + b"2")
    work.commit()
    assert work.repo.process.attempt("merge", "other").returncode != 0
    merged = (work.root / "data/a.parquet").read_bytes()
    assert conflicted(merged)
    assert Pointer.parse(merged) is None
    assert not conflicted(POINTER.encode())
    assert not conflicted(b">>>>>>> \n=======\n<<<<<<< \n")


# The store


def media_folder(work: Work) -> str:
    """Where git-lfs itself says that it keeps objects."""
    lines = work.git("lfs", "env").splitlines()
    return next(line.partition("=")[2] for line in lines if line.startswith("LocalMediaDir="))


@pytest.mark.parametrize("place", [None, "", "elsewhere/objects", "~/objects", "/absolute"])
def test_the_store_is_where_git_lfs_has_it(work: Work, tmp_path: Path, place: str | None) -> None:
    if place == "/absolute":
        place = str(tmp_path / "absolute place")
    if place is not None:
        work.git("config", "lfs.storage", place)
    work.commit()
    assert str(work.store.folder / "objects") == media_folder(work)
    work.git("worktree", "add", "--quiet", str(tmp_path / "linked"))
    linked = type(work)(tmp_path / "linked")
    assert str(linked.store.folder / "objects") == media_folder(linked)
    assert linked.store.folder == work.store.folder


def test_a_file_in_the_repository_cannot_move_the_store(work: Work) -> None:
    work.write(".lfsconfig", "[lfs]\n\tstorage = stolen\n")
    assert str(work.store.folder / "objects") == media_folder(work)
    assert work.store.folder == work.root / ".git/lfs"


@pytest.mark.parametrize("shared", [None, "group", "all", "0660", "umask", "true"])
def test_an_object_has_the_permissions_that_git_lfs_gives(work: Work, tmp_path: Path, shared: str | None) -> None:
    theirs = type(work)(tmp_path / "theirs").start()
    for one in (work, theirs):
        if shared:
            one.git("config", "core.sharedRepository", shared)
        one.write("data/a.parquet", DATA)
    theirs.git("add", "data/a.parquet")
    work.store.insert(work.root / "data/a.parquet", POINTER.oid, POINTER.size)
    mine, other = work.store.path(POINTER.oid), theirs.store.path(POINTER.oid)
    assert mine.read_bytes() == DATA
    assert mine.relative_to(work.root) == other.relative_to(theirs.root)
    assert mine.stat().st_mode == other.stat().st_mode
    if shared != "0660":  # git-lfs forgets to undo the umask for the folder
        assert mine.parent.stat().st_mode == other.parent.stat().st_mode


def test_an_object_does_not_follow_when_the_user_edits_the_file(work: Work) -> None:
    file = work.write("data/a.parquet", DATA)
    work.store.insert(file, POINTER.oid, POINTER.size)
    with file.open("r+b") as opened:
        opened.write(b"edited")
    assert work.store.path(POINTER.oid).read_bytes() == DATA


def test_a_complete_object_is_left_alone_and_a_truncated_one_replaced(work: Work) -> None:
    file = work.write("data/a.parquet", DATA)
    store = work.store
    store.insert(file, POINTER.oid, POINTER.size)
    before = store.path(POINTER.oid).stat()
    store.insert(file, POINTER.oid, POINTER.size)
    assert store.path(POINTER.oid).stat() == before
    store.path(POINTER.oid).write_bytes(DATA[:100])
    assert not store.has(POINTER.oid, POINTER.size)
    store.insert(file, POINTER.oid, POINTER.size)
    assert store.path(POINTER.oid).read_bytes() == DATA
    assert list((store.folder / "tmp").iterdir()) == []


def test_a_file_of_another_size_is_never_stored(work: Work) -> None:
    file = work.write("data/a.parquet", DATA + b"more")
    with pytest.raises(DataError, match="3000 bytes expected, 3004 found"):
        work.store.insert(file, POINTER.oid, POINTER.size)
    assert not work.store.path(POINTER.oid).exists()
    assert list((work.store.folder / "tmp").iterdir()) == []


# git-lfs itself


def test_the_version_of_git_lfs_is_known() -> None:
    assert git_lfs_version() >= (3, 3)


def test_a_machine_without_git_lfs_is_an_error_that_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    only_git(monkeypatch, tmp_path)
    with pytest.raises(GitError, match="git-lfs is not installed") as caught:
        git_lfs_version()
    for command in ("apt-get install", "brew install", "dnf install"):
        assert command in caught.value.hint


def test_a_git_lfs_that_is_too_old_is_an_error_with_both_versions(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    only_git(monkeypatch, tmp_path)
    (tmp_path / "git-lfs").write_text("#!/bin/sh\necho 'git-lfs/2.13.2 (GitHub; linux amd64; go 1.15.8)'\n")
    (tmp_path / "git-lfs").chmod(0o755)
    with pytest.raises(GitError, match=r"git-lfs 2\.13\.2 is too old: medallion needs 3\.3"):
        git_lfs_version()


def only_git(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    git = next(
        place
        for place in os.environ["PATH"].split(os.pathsep)
        if os.access(os.path.join(place, "git"), os.X_OK)  # noqa: PTH118
    )
    (folder / "git").symlink_to(f"{git}/git")
    (folder / "sh").symlink_to("/bin/sh")
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("GIT_EXEC_PATH", subprocess.check_output([f"{git}/git", "--exec-path"], text=True).strip())


# Fetching


@pytest.fixture
def origin(work: Work, tmp_path: Path) -> list[Pointer]:
    """A remote with three versions of a file, of which only the last is checked out; their pointers."""
    pointers = []
    for number in range(3):
        work.write("data/silver/a.parquet", DATA + bytes([number]))
        work.write("data/silver/b c.parquet", b"b" * 2000)
        pointers.append(work.pointer("data/silver/a.parquet"))
        work.commit()
    work.serve(tmp_path / "origin.git")
    return [*pointers, work.pointer("data/silver/b c.parquet")]


def test_objects_of_old_commits_are_fetched_by_oid_and_no_others(
    work: Work, origin: list[Pointer], tmp_path: Path
) -> None:
    clone = work.clone(tmp_path / "clone")
    wanted = [origin[0], origin[3], origin[0], Pointer(hashlib.sha256(b"").hexdigest(), 0)]
    assert clone.store.missing(wanted) == [origin[0], origin[3]]
    clone.store.fetch(wanted)
    assert clone.store.missing(origin) == [origin[1], origin[2]]
    assert clone.store.path(origin[0].oid).read_bytes() == DATA + b"\0"
    assert clone.git("status", "--short") == ""


def test_what_is_here_is_not_fetched(work: Work, origin: list[Pointer]) -> None:
    work.git("remote", "remove", "origin")
    work.store.fetch(origin)


def test_exclusions_that_are_meant_for_checkouts_do_not_stop_a_fetch(
    work: Work, origin: list[Pointer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone = work.clone(tmp_path / "clone")
    clone.git("config", "lfs.fetchexclude", "*")
    monkeypatch.setenv("GIT_LFS_SKIP_SMUDGE", "1")
    clone.store.fetch(origin)
    assert clone.store.missing(origin) == []


def test_a_fetch_works_from_a_linked_work_tree_for_a_moved_store(
    work: Work, origin: list[Pointer], tmp_path: Path
) -> None:
    clone = work.clone(tmp_path / "clone")
    clone.git("config", "lfs.storage", str(tmp_path / "moved"))
    clone.git("worktree", "add", "--quiet", "--detach", str(tmp_path / "linked"), env={"GIT_LFS_SKIP_SMUDGE": "1"})
    Store(Repository.open(tmp_path / "linked")).fetch(origin)
    assert clone.store.missing(origin) == []
    assert (tmp_path / "moved/objects").is_dir()


def test_an_object_that_the_remote_lacks_is_named_and_the_others_are_fetched(
    work: Work, origin: list[Pointer], tmp_path: Path
) -> None:
    clone = work.clone(tmp_path / "clone")
    lost = Pointer("12" * 32, 77)
    with pytest.raises(DataError, match="1 object of Git LFS cannot be fetched: 121212121212") as caught:
        clone.store.fetch([origin[0], lost, origin[1]])
    assert "remote missing object" in str(caught.value)
    assert "git lfs fetch --all" in caught.value.hint
    assert clone.store.missing([origin[0], origin[1]]) == []


def test_of_objects_that_did_not_come_each_can_be_told_by_itself(
    work: Work, origin: list[Pointer], tmp_path: Path
) -> None:
    clone = work.clone(tmp_path / "clone")
    lost, other = Pointer("12" * 32, 77), Pointer("34" * 32, 78)
    refused = clone.store.request([lost, origin[0], other])
    assert refused is not None
    assert refused.absent == (lost, other)
    assert clone.store.missing([origin[0]]) == []
    first, second = (refused.error([pointer]).message for pointer in (lost, other))
    assert first.startswith("1 object of Git LFS cannot be fetched: 121212121212 (git-lfs says: ")
    assert "remote missing object" in first
    assert "git-lfs says of" not in first
    assert second.startswith("1 object of Git LFS cannot be fetched: 343434343434 (git-lfs says of 121212121212: ")
    assert clone.store.request([origin[1]]) is None


def test_an_object_that_only_another_remote_has_is_fetched_from_there(
    work: Work, origin: list[Pointer], tmp_path: Path
) -> None:
    clone = work.clone(tmp_path / "clone")
    fork = clone.git("remote", "get-url", "origin")
    subprocess.run(["git", "init", "--quiet", "--bare", str(tmp_path / "empty")], check=True)
    clone.git("remote", "set-url", "origin", (tmp_path / "empty").as_uri())
    clone.git("remote", "add", "fork", fork)
    clone.store.fetch(origin[:2])
    assert clone.store.missing(origin[:2]) == []


def test_a_fetch_without_a_remote_says_so(work: Work, origin: list[Pointer], tmp_path: Path) -> None:
    clone = work.clone(tmp_path / "clone")
    clone.git("remote", "remove", "origin")
    with pytest.raises(DataError, match="no remote is configured"):
        clone.store.fetch(origin[:2])


def test_a_fetch_from_a_server_that_is_down_says_why(work: Work, origin: list[Pointer], tmp_path: Path) -> None:
    clone = work.clone(tmp_path / "clone")
    clone.git("remote", "set-url", "origin", "http://127.0.0.1:1/repo.git")
    with pytest.raises(DataError, match="connection refused"):
        clone.store.fetch(origin[:2])


# Pointers in the work tree


def test_materialized_pointers_are_data_and_git_knows_them_as_unchanged(
    work: Work, origin: list[Pointer], tmp_path: Path
) -> None:
    clone = work.clone(tmp_path / "clone")
    paths = ["data/silver/a.parquet", "data/silver/b c.parquet", ".gitattributes", "absent.parquet"]
    assert Pointer.parse((clone.root / paths[0]).read_bytes()) == origin[2]
    before = clone.git("ls-files", "--stage")
    assert materialize(clone.repo, clone.store, paths) == paths[:2]
    assert (clone.root / paths[0]).read_bytes() == DATA + b"\2"
    assert (clone.root / paths[1]).read_bytes() == b"b" * 2000
    assert clone.git("ls-files", "--stage") == before
    # A status that ran the filter would fail here.
    assert clone.git("-c", "filter.lfs.process=false", "-c", "filter.lfs.clean=false", "status", "--short") == ""
    assert materialize(clone.repo, clone.store, paths) == []


def test_a_pointer_that_the_index_does_not_hold_is_left_alone(
    work: Work, origin: list[Pointer], tmp_path: Path
) -> None:
    clone = work.clone(tmp_path / "clone")
    file = clone.write("data/silver/a.parquet", origin[0].encode())
    assert materialize(clone.repo, clone.store, ["data/silver/a.parquet"]) == []
    assert file.read_bytes() == origin[0].encode()
