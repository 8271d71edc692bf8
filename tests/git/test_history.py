from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from medallion.git.history import Change, commits, reachable
from medallion.git.repository import Repository

if TYPE_CHECKING:
    from pathlib import Path

    from tests.git.conftest import Work

RECORD = "data/silver/a.json"


def test_commits_come_parents_first_with_what_they_changed(bare_work: Work) -> None:
    empty = bare_work.commit("nothing", at="2026-01-01T12:00:00+0200")
    bare_work.write(RECORD, "1")
    bare_work.write("data/silver/a.parquet", "no record")
    bare_work.write("elsewhere/data/silver/b.json", "none either")
    added = bare_work.commit("added", at="2026-01-02T12:00:00+0000")
    bare_work.write(RECORD, "2")
    changed = bare_work.commit("changed")
    (bare_work.root / RECORD).unlink()
    deleted = bare_work.commit("deleted")
    found = list(commits(bare_work.repo))
    assert [commit.hash for commit in found] == [empty, added, changed, deleted]
    assert [commit.parents for commit in found] == [(), (empty,), (added,), (changed,)]
    assert found[0].committed_at == datetime(2026, 1, 1, 10, tzinfo=UTC)
    assert (found[0].author, found[0].email, found[0].subject) == ("Ada", "ada@example.com", "nothing")
    one, two = (bare_work.git("rev-parse", f"{commit}:{RECORD}") for commit in (added, changed))
    assert [commit.changes for commit in found] == [
        (),
        (Change(RECORD, None, one, "A"),),
        (Change(RECORD, one, two, "M"),),
        (Change(RECORD, two, None, "D"),),
    ]
    assert reachable(bare_work.repo) == {empty, added, changed, deleted}


def test_a_repository_without_a_commit_has_no_history(bare_work: Work) -> None:
    assert list(commits(bare_work.repo)) == []
    assert reachable(bare_work.repo) == set()


def test_what_is_known_already_is_left_out(bare_work: Work) -> None:
    first = bare_work.commit("first")
    second = bare_work.commit("second")
    assert [commit.hash for commit in commits(bare_work.repo, exclude=[first])] == [second]
    assert list(commits(bare_work.repo, exclude=[second, "0" * 39 + "1"])) == []


def test_a_merge_of_any_number_of_branches_tells_what_it_has_against_its_first_parent(bare_work: Work) -> None:
    base = bare_work.commit("base")
    sides = []
    for name in ("b", "c", "d"):
        bare_work.git("checkout", "--quiet", "-b", name, base)
        bare_work.write(f"data/silver/{name}.json", name)
        sides.append(bare_work.commit(name))
    bare_work.git("checkout", "--quiet", "main")
    bare_work.git("merge", "--quiet", "--no-ff", "b", "c", "d", "--message", "octopus")
    octopus = list(commits(bare_work.repo))[-1]
    assert octopus.parents == (base, *sides)
    assert [change.path for change in octopus.changes] == [f"data/silver/{name}.json" for name in "bcd"]


def test_all_branches_tags_and_a_detached_head_count_and_the_stash_does_not(bare_work: Work) -> None:
    base = bare_work.commit("base")
    bare_work.git("checkout", "--quiet", "--detach")
    tagged = bare_work.commit("tagged")
    bare_work.git("tag", "v1")
    bare_work.git("checkout", "--quiet", "--detach", base)
    detached = bare_work.commit("detached")
    bare_work.write("file", "1")
    bare_work.git("stash", "push", "--quiet", "--include-untracked")
    bare_work.git("notes", "add", "--message", "a note", base)
    assert reachable(bare_work.repo) == {base, tagged, detached} == {c.hash for c in commits(bare_work.repo)}


def test_odd_names_and_encodings_of_people_are_read(bare_work: Work) -> None:
    latin = b"tree %s\nauthor J\xf6rg \x02 <j@x> 1000000000 +0000\ncommitter J\xf6rg <j@x> 1000000000 +0000\n" % (
        bare_work.git("write-tree").encode()
    )
    commit = bare_work.repo.git(
        *("hash-object", "-t", "commit", "-w", "--stdin"),
        stdin=latin + b"encoding ISO-8859-1\n\nGr\xfc\xdfe\nzweite Zeile\n\nbody\n",
    )
    bare_work.git("update-ref", "refs/heads/latin", commit.decode().strip())
    broken = bare_work.repo.git("hash-object", "-t", "commit", "-w", "--stdin", stdin=latin + b"\n\xff\n")
    bare_work.git("update-ref", "refs/heads/broken", broken.decode().strip())
    found = {commit.hash: commit for commit in commits(bare_work.repo)}
    assert found[commit.decode().strip()].author == "Jörg \x02"
    assert found[commit.decode().strip()].subject == "Grüße zweite Zeile"
    assert found[broken.decode().strip()].author.startswith("J")


def test_the_users_configuration_of_git_log_has_no_effect(bare_work: Work) -> None:
    bare_work.write(RECORD, "1")
    bare_work.commit("one")
    bare_work.git("mv", RECORD, "data/silver/b.json")
    bare_work.commit("moved")
    before = list(commits(bare_work.repo))
    for key, value in {
        "log.showSignature": "true",
        "log.follow": "true",
        "log.showRoot": "false",
        "log.decorate": "full",
        "log.diffMerges": "combined",
        "diff.renames": "copies",
        "diff.relative": "true",
        "diff.noprefix": "true",
        "diff.orderFile": "nowhere",
        "i18n.logOutputEncoding": "UTF-16",
        "color.ui": "always",
        "core.pager": "false",
    }.items():
        bare_work.git("config", key, value)
    assert list(commits(bare_work.repo)) == before
    assert [change.status for change in before[1].changes] == ["D", "A"]


def test_a_project_in_a_subfolder_has_paths_of_its_own(bare_work: Work) -> None:
    bare_work.write("sub [1]/für/data/gold/ö b.json", "1")
    bare_work.write(RECORD, "not of this project")
    bare_work.commit()
    found = list(commits(Repository.open(bare_work.root / "sub [1]/für")))
    assert [change.path for change in found[0].changes] == ["data/gold/ö b.json"]


def test_a_shallow_clone_begins_with_all_there_is(bare_work: Work, tmp_path: Path) -> None:
    bare_work.write(RECORD, "1")
    bare_work.commit("first")
    bare_work.commit("second")
    last = bare_work.commit("third")
    bare_work.git("clone", "--quiet", "--depth=1", bare_work.root.as_uri(), str(tmp_path / "shallow"))
    found = list(commits(Repository.open(tmp_path / "shallow")))
    assert [(commit.hash, commit.parents, len(commit.changes)) for commit in found] == [(last, (), 1)]


def test_a_replaced_commit_is_read_as_it_was_made(bare_work: Work) -> None:
    bare_work.write(RECORD, "1")
    first = bare_work.commit("first")
    bare_work.git("checkout", "--quiet", "--orphan", "other")
    other = bare_work.commit("other")
    bare_work.git("replace", first, other)
    assert {commit.subject for commit in commits(bare_work.repo)} == {"first", "other"}
    assert reachable(bare_work.repo) == {first, other}
    assert bare_work.repo.read(first, [RECORD]) == {RECORD: b"1"}
