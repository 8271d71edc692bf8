from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from medallion.errors import DataError, GitError
from medallion.git.lfs import Pointer
from medallion.git.staging import stage

if TYPE_CHECKING:
    from pathlib import Path

    from tests.git.conftest import Work

ODD = 'data/silver/it\'s "ödd" $HOME `x` %f\\n/a b.parquet'


def stage_all(work: Work, *paths: str) -> None:
    """Stage ``paths``; the pointers of the Parquet files among them are known."""
    known = {path: work.pointer(path) for path in paths if path.endswith(".parquet") and (work.root / path).exists()}
    stage(work.repo, work.store, paths, known)


def objects(work: Work) -> dict[str, bytes]:
    """What the store holds, by oid."""
    return {file.name: file.read_bytes() for file in (work.store.folder / "objects").rglob("*") if file.is_file()}


def status_without_filter(work: Work) -> str:
    """What `git status` says where any use of the filter is an error and leaves a trace."""
    trace = work.root / ".medallion/filter-ran"
    trace.unlink(missing_ok=True)
    said = work.git("-c", f"filter.lfs.process=touch '{trace}'; false", "-c", "filter.lfs.clean=", "status", "--short")
    assert not trace.exists(), "git status ran the filter"
    return said


def stat_data(work: Work) -> list[str]:
    """The index entries with the stat data that does not depend on which file it is."""
    lines = work.git("ls-files", "--debug").splitlines()
    return [line for line in lines if "ctime" not in line and "ino:" not in line and "flags" not in line]


def test_what_is_staged_is_what_git_add_with_git_lfs_stages(work: Work, tmp_path: Path) -> None:
    theirs = type(work)(tmp_path / "theirs").start()
    content = {
        "data/silver/orders.parquet": os.urandom(1_000_000),
        ODD: os.urandom(5000),
        "data/gold/empty.parquet": b"",
        "data/gold/events/part-0.parquet": b"PAR1" * 100,
        "data/silver/orders.json": b"{}\n",
        "sql/silver/orders.sql": b"SELECT 1\n",
    }
    for one in (work, theirs):
        for path, data in content.items():
            file = one.write(path, data)
            os.utime(file, ns=(1_700_000_000_123_456_789, 1_700_000_000_123_456_789))
    theirs.git("add", "--", *content)
    stage_all(work, *content)
    assert work.git("ls-files", "--stage") == theirs.git("ls-files", "--stage")
    assert stat_data(work) == stat_data(theirs)
    assert objects(work) == objects(theirs)
    assert work.git("ls-files", "--others", "--exclude-standard") == ".gitattributes\n.gitignore"
    work.commit()
    assert status_without_filter(work) == ""
    assert "ok" in work.git("lfs", "fsck").lower()
    assert len(work.git("lfs", "ls-files").splitlines()) == 3


@pytest.mark.parametrize("fresh", [False, True], ids=["settled", "written in this second"])
def test_a_status_after_staging_and_after_a_commit_runs_no_filter(work: Work, fresh: bool) -> None:
    file = work.write("data/silver/a.parquet", b"x" * 4000)
    if fresh:
        # From the future, as with a clock that is wrong: git would take it for changed for ever.
        os.utime(file, (4_000_000_000, 4_000_000_000))
    stage_all(work, "data/silver/a.parquet")
    assert status_without_filter(work).startswith("A  data/silver/a.parquet")
    work.commit()
    assert status_without_filter(work) == ""


def test_a_change_right_after_staging_is_noticed(work: Work) -> None:
    stage_all(work, work.write("data/silver/a.parquet", b"x" * 4000).relative_to(work.root).as_posix())
    work.write("data/silver/a.parquet", b"y" * 4000)
    assert work.git("status", "--short", "data") == "AM data/silver/a.parquet"


def test_changes_and_deletions_are_staged_and_nothing_else(work: Work) -> None:
    for name in ("changed", "deleted", "left"):
        work.write(f"data/silver/{name}.parquet", name)
        work.write(f"data/silver/{name}.json", name)
    work.commit()
    for path in ("data/silver/changed.parquet", "data/silver/changed.json", "data/silver/left.json"):
        work.write(path, "new content")
    work.write("untracked", "")
    (work.root / "data/silver/deleted.parquet").unlink()
    (work.root / "data/silver/deleted.json").unlink()
    names = [f"data/silver/{name}.{kind}" for name in ("changed", "deleted", "never") for kind in ("json", "parquet")]
    stage_all(work, *names)
    assert set(work.git("status", "--short").splitlines()) == {
        "M  data/silver/changed.json",
        "M  data/silver/changed.parquet",
        "D  data/silver/deleted.json",
        "D  data/silver/deleted.parquet",
        " M data/silver/left.json",
        "?? untracked",
    }


def test_files_that_git_compares_on_the_way_are_left_as_they_are(work: Work) -> None:
    for name in ("data", "pointer", "empty", "staged"):
        work.write(f"data/silver/{name}.parquet", "" if name == "empty" else name)
    pointer = work.write("data/silver/pointer.parquet", Pointer("ab" * 32, 3000).encode())
    work.git("add", "--all")
    before = work.git("ls-files", "--stage").splitlines()
    # As old as the index is, which makes git look into all of them.
    moment = (work.root / ".git/index").stat().st_mtime_ns
    for name in ("data", "pointer", "empty"):
        os.utime(work.root / f"data/silver/{name}.parquet", ns=(moment, moment))
    work.git("add", "--refresh", ".")
    work.write("data/silver/staged.parquet", "other")
    stage_all(work, "data/silver/staged.parquet")
    after = work.git("ls-files", "--stage").splitlines()
    assert [line for line in after if line not in before] == [after[-1]]
    assert Pointer.parse(pointer.read_bytes()) == Pointer("ab" * 32, 3000)
    assert work.git("diff", "--stat") == ""


def test_a_dataset_that_becomes_a_folder_of_parts_is_staged(work: Work) -> None:
    work.write("data/gold/events.parquet", "one file")
    work.commit()
    (work.root / "data/gold/events.parquet").unlink()
    work.write("data/gold/events/part-0.parquet", "part 0")
    stage_all(work, "data/gold/events.parquet", "data/gold/events/part-0.parquet")
    assert work.git("status", "--short", "--no-renames").splitlines() == [
        "D  data/gold/events.parquet",
        "A  data/gold/events/part-0.parquet",
    ]


def test_a_path_is_a_name_and_never_a_pattern(work: Work) -> None:
    work.write("data/a*.json", "")
    work.write("data/ab.json", "")
    stage_all(work, "data/a*.json")
    assert work.git("ls-files") == "data/a*.json"


def test_an_lfs_file_that_is_not_known_goes_through_the_real_filter(work: Work) -> None:
    work.write("data/silver/a.parquet", "unknown to us")
    stage(work.repo, work.store, ["data/silver/a.parquet"], {})
    staged = work.git("cat-file", "-p", ":data/silver/a.parquet") + "\n"
    assert Pointer.parse(staged.encode()) == work.pointer("data/silver/a.parquet")
    assert len(objects(work)) == 1


def test_a_project_in_a_subfolder_has_its_own_attributes(bare_work: Work) -> None:
    sub = type(bare_work)(bare_work.root / "über uns/project").start()
    sub.write("data/silver/a b.parquet", b"x" * 3000)
    stage_all(sub, "data/silver/a b.parquet")
    sub.commit()
    assert status_without_filter(sub) == ""
    assert len(objects(sub)) == 1
    assert bare_work.git("lfs", "ls-files", "--name-only") == "über uns/project/data/silver/a b.parquet"


def test_a_linked_work_tree_and_a_moved_store_are_staged_to(work: Work, tmp_path: Path) -> None:
    work.git("config", "lfs.storage", str(tmp_path / "moved"))
    work.commit()
    work.git("worktree", "add", "--quiet", str(tmp_path / "linked"))
    linked = type(work)(tmp_path / "linked")
    linked.write("data/silver/a.parquet", b"x" * 3000)
    stage_all(linked, "data/silver/a.parquet")
    linked.commit()
    assert status_without_filter(linked) == ""
    assert len(list((tmp_path / "moved/objects").rglob("*/*/*"))) == 1
    assert "ok" in linked.git("lfs", "fsck").lower()


@pytest.mark.parametrize(
    "config",
    [
        ("index.version", "4"),
        ("core.splitIndex", "true"),
        ("core.untrackedCache", "true"),
        ("index.threads", "2"),
        ("core.quotePath", "true"),
        ("add.ignoreErrors", "true"),
        ("core.autocrlf", "true"),
    ],
    ids=lambda pair: "=".join(pair),
)
def test_every_kind_of_index_and_configuration_works(work: Work, config: tuple[str, str]) -> None:
    work.git("config", *config)
    work.write(ODD, b"\r\nx\n" * 1000)
    stage_all(work, ODD)
    work.commit()
    assert status_without_filter(work) == ""
    assert work.store.has(work.pointer(ODD).oid, 4000)


def test_a_sha256_repository_works(tmp_path: Path, bare_work: Work) -> None:
    other = type(bare_work)(tmp_path / "sha256").start("--object-format=sha256")
    other.write("data/silver/a.parquet", b"x" * 3000)
    stage_all(other, "data/silver/a.parquet")
    other.commit()
    assert status_without_filter(other) == ""


def test_a_user_who_configured_git_lfs_globally_and_in_info_attributes_is_served(bare_work: Work) -> None:
    bare_work.git("lfs", "install", "--skip-repo")
    bare_work.write(".git/info/attributes", "*.parquet filter=lfs -text\n")
    bare_work.write("data/silver/a.parquet", b"x" * 3000)
    stage_all(bare_work, "data/silver/a.parquet")
    bare_work.commit()
    assert Pointer.parse(
        (bare_work.git("cat-file", "-p", "HEAD:data/silver/a.parquet") + "\n").encode()
    ) == bare_work.pointer("data/silver/a.parquet")


def test_data_that_git_would_keep_as_a_plain_file_is_refused(work: Work) -> None:
    work.write(".gitattributes", "")
    work.write("data/silver/a.parquet", b"x" * 3000)
    with pytest.raises(GitError, match=r"data/silver/a\.parquet would be committed as a plain file") as caught:
        stage_all(work, "data/silver/a.parquet", ".gitattributes")
    assert "medallion init" in caught.value.hint
    assert work.git("ls-files") == ""


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"other bytes", "the file has 11 bytes, its record says 3000"),
        (Pointer("ab" * 32, 3000).encode(), "is a Git LFS pointer, not data"),
        (b"<<<<<<< HEAD\noid 1\n=======\noid 2\n>>>>>>> other\n", "merge conflict markers"),
    ],
)
def test_a_file_that_is_not_what_its_record_says_is_refused(work: Work, content: bytes, message: str) -> None:
    work.write("data/silver/a.parquet", content)
    with pytest.raises(DataError, match=message):
        stage(work.repo, work.store, ["data/silver/a.parquet"], {"data/silver/a.parquet": Pointer("ab" * 32, 3000)})
    assert work.git("ls-files") == ""
    assert not (work.store.folder / "objects").exists()


def test_an_index_that_is_locked_is_an_error_in_gits_words(work: Work) -> None:
    work.write("data/silver/a.parquet", b"x" * 3000)
    work.write(".git/index.lock", "")
    with pytest.raises(GitError, match=r"index\.lock"):
        stage_all(work, "data/silver/a.parquet")


def test_nothing_is_left_in_the_temporary_folder(work: Work) -> None:
    work.write("data/silver/a.parquet", b"x" * 3000)
    stage_all(work, "data/silver/a.parquet")
    assert list((work.root / ".medallion/tmp").iterdir()) == []


def test_a_clone_of_what_was_staged_has_the_same_data(work: Work, tmp_path: Path) -> None:
    data = os.urandom(100_000)
    work.write(ODD, data)
    stage_all(work, ODD, ".gitattributes")
    work.repo.commit("data")
    work.serve(tmp_path / "origin.git")
    shutil.rmtree(work.store.folder)
    clone = work.clone(tmp_path / "clone")
    clone.git("lfs", "pull")
    assert (clone.root / ODD).read_bytes() == data
