from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from medallion.errors import GitError, RevisionError
from medallion.git.process import Git
from medallion.git.repository import FileStatus, Repository
from medallion.git.revisions import parse_moment

if TYPE_CHECKING:
    from pathlib import Path

    from tests.git.conftest import Work


# Opening


def test_a_folder_outside_of_any_repository_is_an_error_that_names_init(tmp_path: Path) -> None:
    with pytest.raises(GitError, match="not in a Git repository") as caught:
        Repository.open(tmp_path)
    assert "medallion init" in caught.value.hint


def test_a_bare_repository_is_an_error(tmp_path: Path) -> None:
    Git(tmp_path).run("init", "--bare", "--quiet")
    with pytest.raises(GitError, match="bare repository"):
        Repository.open(tmp_path)


def test_a_folder_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(GitError, match="is no folder"):
        Repository.open(tmp_path / "nowhere")


def test_a_repository_of_another_owner_is_an_error_with_gits_own_advice(
    bare_work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with pytest.raises(GitError, match="dubious ownership") as caught:
        Repository.open(bare_work.root)
    assert "safe.directory" in str(caught.value)


def test_a_machine_without_git_is_an_error_that_says_how_to_get_it(
    bare_work: Work, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GitError, match="git is not installed") as caught:
        Repository.open(bare_work.root)
    assert "apt-get" in caught.value.hint
    assert "brew" in caught.value.hint


def test_a_git_that_is_too_old_is_an_error_with_both_versions(
    bare_work: Work, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    old = tmp_path / "bin" / "git"
    old.parent.mkdir()
    old.write_text("#!/bin/sh\necho git version 2.30.2\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", f"{old.parent}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(GitError, match=r"2\.30\.2 is too old: medallion needs 2\.39"):
        Repository.open(bare_work.root)


def test_a_project_in_a_subfolder_sees_paths_relative_to_itself(bare_work: Work) -> None:
    bare_work.write("outside.txt", "1")
    bare_work.write("sub/été/sql/a b.sql", "SELECT 1")
    bare_work.commit()
    bare_work.write("sub/été/new", "")
    bare_work.write("outside.txt", "2")
    repo = Repository.open(bare_work.root / "sub/été")
    assert repo.prefix == "sub/été/"
    assert repo.top == bare_work.root
    assert repo.root == bare_work.root / "sub/été"
    assert list(repo.list("HEAD", ["."])) == ["sql/a b.sql"]
    assert list(repo.list("HEAD", ["sql", "nowhere"])) == ["sql/a b.sql"]
    assert repo.read("HEAD", ["sql/a b.sql", "outside.txt"]) == {"sql/a b.sql": b"SELECT 1"}
    assert repo.blobs_in_index(["sql"]) == repo.list("HEAD", ["sql"])
    assert repo.status() == (FileStatus("new", "?", "?"),)


def test_a_linked_work_tree_has_a_git_folder_of_its_own_and_shares_the_common_one(
    bare_work: Work, tmp_path: Path
) -> None:
    bare_work.commit()
    bare_work.git("worktree", "add", "--quiet", str(tmp_path / "linked"))
    repo = Repository.open(tmp_path / "linked")
    assert repo.common_dir == bare_work.root / ".git"
    assert repo.git_dir == bare_work.root / ".git/worktrees/linked"
    assert repo.branch() == "linked"
    assert repo.head() == bare_work.repo.head()


def test_the_environment_of_a_hook_of_another_repository_has_no_effect(
    bare_work: Work, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", "index")
    assert bare_work.repo.top == bare_work.root


def test_a_failed_call_carries_gits_own_words(bare_work: Work) -> None:
    with pytest.raises(GitError, match="git switch failed: invalid reference: nowhere"):
        bare_work.repo.git("switch", "nowhere")


# Revisions


def test_before_the_first_commit_there_is_a_branch_but_no_head(bare_work: Work) -> None:
    assert bare_work.repo.head() is None
    assert bare_work.repo.branch() == "main"
    with pytest.raises(RevisionError, match="there is no commit yet"):
        bare_work.repo.resolve("HEAD")


def test_a_detached_head_has_no_branch(bare_work: Work) -> None:
    commit = bare_work.commit()
    bare_work.git("checkout", "--quiet", "--detach")
    assert bare_work.repo.branch() is None
    assert bare_work.repo.head() == commit


@pytest.mark.parametrize("packed", [False, True], ids=["loose", "packed"])
def test_all_that_git_calls_a_revision_resolves_to_a_full_hash(bare_work: Work, packed: bool) -> None:
    first = bare_work.commit("first words")
    bare_work.git("tag", "--annotate", "v1", "--message", "a tag")
    bare_work.git("branch", "übung/eins")
    second = bare_work.commit("second")
    bare_work.git("commit", "--quiet", "--amend", "--allow-empty", "--message", "second, better")
    third = bare_work.git("rev-parse", "HEAD")
    if packed:
        bare_work.git("gc", "--quiet")
    repo = bare_work.repo
    for revision in ("v1", "HEAD~1", "übung/eins", first, first[:8], ":/first words", "v1^{}", "refs/tags/v1"):
        assert repo.resolve(revision) == first, revision
    assert repo.resolve("main@{1}") == second
    assert repo.resolve("main") == repo.resolve("@") == third


def test_an_unknown_revision_names_the_nearest(bare_work: Work) -> None:
    bare_work.commit()
    bare_work.git("tag", "release-1")
    with pytest.raises(RevisionError, match='no revision "relase-1"') as caught:
        bare_work.repo.resolve("relase-1")
    assert caught.value.hint == 'did you mean "release-1"?'


@pytest.mark.parametrize("revision", ["--all", "-h", "--output=x", "", "a\nb", "^HEAD", "HEAD..HEAD", "f" * 40])
def test_what_is_no_revision_is_an_error_and_never_an_option(bare_work: Work, revision: str) -> None:
    bare_work.commit()
    with pytest.raises(RevisionError):
        bare_work.repo.resolve(revision)


def test_a_file_and_a_folder_are_no_commits(bare_work: Work) -> None:
    bare_work.write("folder/file", "x")
    bare_work.commit()
    with pytest.raises(RevisionError, match='"HEAD:folder" is a tree, not a commit'):
        bare_work.repo.resolve("HEAD:folder")
    with pytest.raises(RevisionError, match="is a blob, not a commit"):
        bare_work.repo.resolve(bare_work.git("rev-parse", "HEAD:folder/file"))


def test_an_ambiguous_hash_lists_the_commits_that_begin_so(bare_work: Work) -> None:
    person = "Ada <ada@example.com>"
    # Four hex digits are 65,536: among 1,000 commits two that share them are all but certain, and the same each time.
    stream = "".join(
        f"commit refs/heads/c{n}\ncommitter {person} {1_000_000_000 + n} +0000\ndata <<E\ncommit {n}\nE\n\n"
        for n in range(1000)
    )
    bare_work.git("fast-import", "--quiet", stdin=stream)
    commits = bare_work.git("for-each-ref", "--format=%(objectname)").split()
    seen: dict[str, str] = {}
    pair = next((c, seen[c[:4]]) for c in commits if seen.setdefault(c[:4], c) != c)
    with pytest.raises(RevisionError, match=f'"{pair[0][:4]}" is ambiguous; 2 commits') as caught:
        bare_work.repo.resolve(pair[0][:4])
    for commit in pair:
        assert f"{commit[:16]}  commit " in str(caught.value)


def test_a_moment_is_the_last_commit_of_the_branch_itself_until_then(bare_work: Work) -> None:
    first = bare_work.commit("1", at="2026-01-10T12:00:00+0000")
    bare_work.git("checkout", "--quiet", "-b", "side")
    bare_work.commit("side", at="2026-01-12T12:00:00+0000")
    bare_work.git("checkout", "--quiet", "main")
    dates = {"GIT_COMMITTER_DATE": "2026-01-20T12:00:00+0000"}
    bare_work.git("merge", "--quiet", "--no-ff", "side", "--message", "merge", env=dates)
    merge = bare_work.git("rev-parse", "HEAD")
    at = bare_work.repo.resolve_at
    assert at("2026-01-10 12:00") == at("2026-01-10T12:00:00Z") == at("2026-01-10T13:00:00+01:00") == first
    assert at("2026-01-10T12:00:00.5") == at("2026-01-15") == at("2026-01-20 11:59:59") == first
    assert at("2026-01-20 12:00") == at("2030-01-01", "main") == merge
    with pytest.raises(RevisionError, match="before the first commit of HEAD, of 2026-01-10 12:00:00 UTC"):
        at("2026-01-10 11:59:59")


def test_a_moment_that_is_no_time_is_an_error() -> None:
    with pytest.raises(RevisionError, match='"yesterday" is no time'):
        parse_moment("yesterday")


# Content


@pytest.mark.parametrize("hashes", ["sha1", "sha256"])
def test_content_is_read_at_any_version_of_any_kind_of_repository(bare_work: Work, tmp_path: Path, hashes: str) -> None:
    other = type(bare_work)(tmp_path / hashes)
    other.root.mkdir()
    other.git("init", "--quiet", f"--object-format={hashes}")
    other.write("a", "1")
    other.write("mit leer/größe\nund \"zeile'.txt", b"\0\xff" * 100_000)
    other.write("empty", "")
    first = other.commit()
    other.write("a", "2")
    second = other.commit()
    repo = other.repo
    names = ["a", "mit leer/größe\nund \"zeile'.txt", "empty", "absent", "not\nhere", "mit leer"]
    assert repo.read(first, names) == {"a": b"1", names[1]: b"\0\xff" * 100_000, "empty": b""}
    assert repo.read("HEAD", ["a"]) == {"a": b"2"}
    blobs = repo.list(second, ["."])
    assert set(blobs) == set(names[:3])
    assert dict(repo.read_blobs([*blobs.values(), "0" * 40]))[blobs["a"]] == b"2"
    assert repo.find_blobs([(first, "a"), (second, "a"), (second, "absent")]).keys() == {(first, "a"), (second, "a")}


def test_thousands_of_objects_are_read_through_one_process(bare_work: Work) -> None:
    for number in range(1500):
        bare_work.write(f"files/{number}", f"{number} " * 20)
    bare_work.commit()
    repo = bare_work.repo
    found = repo.read("HEAD", [f"files/{number}" for number in range(1501)])
    assert len(found) == 1500
    assert found["files/1499"] == b"1499 " * 20


def test_status_tells_each_state_of_a_file(bare_work: Work) -> None:
    for name in ("same", "changed", "staged", "deleted", "moved"):
        bare_work.write(name, f"{name} before")
    bare_work.commit()
    bare_work.write("changed", "x")
    bare_work.write("staged", "x")
    bare_work.git("add", "staged")
    (bare_work.root / "deleted").unlink()
    bare_work.git("mv", "moved", "a new name")
    bare_work.write("ünbekannt/new file", "")
    assert set(bare_work.repo.status()) == {
        FileStatus("changed", ".", "M"),
        FileStatus("staged", "M", "."),
        FileStatus("deleted", ".", "D"),
        FileStatus("moved", "D", "."),
        FileStatus("a new name", "A", "."),
        FileStatus("ünbekannt/new file", "?", "?"),
    }


def test_a_conflict_is_told_apart(bare_work: Work) -> None:
    bare_work.write("data/a file.json", "1")
    bare_work.commit()
    bare_work.git("checkout", "--quiet", "-b", "other")
    bare_work.write("data/a file.json", "2")
    bare_work.commit()
    bare_work.git("checkout", "--quiet", "main")
    bare_work.write("data/a file.json", "3")
    bare_work.commit()
    assert bare_work.repo.process.attempt("merge", "other").returncode != 0
    assert bare_work.repo.status() == (FileStatus("data/a file.json", "U", "U", conflicted=True),)
    assert bare_work.repo.index(["data"]).conflicted == {"data/a file.json"}
    assert bare_work.repo.blobs_in_index(["data"]) == {}


# Committing


def test_a_commit_runs_hooks_and_returns_its_hash(bare_work: Work) -> None:
    hook = bare_work.write(".git/hooks/commit-msg", '#!/bin/sh\necho "checked: é" >> "$1"\n')
    hook.chmod(0o755)
    bare_work.write("a", "")
    bare_work.git("add", "a")
    commit = bare_work.repo.commit("Grüße\n\nA body.")
    assert commit == bare_work.git("rev-parse", "HEAD")
    assert bare_work.git("log", "-1", "--format=%B") == "Grüße\n\nA body.\nchecked: é"


def test_a_hook_that_refuses_is_an_error_in_its_own_words(bare_work: Work) -> None:
    hook = bare_work.write(".git/hooks/pre-commit", "#!/bin/sh\necho not on a Friday >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(GitError, match="git commit failed: not on a Friday"):
        bare_work.repo.commit("message", "--allow-empty")


def test_nothing_to_commit_is_an_error(bare_work: Work) -> None:
    bare_work.commit()
    with pytest.raises(GitError, match="nothing to commit"):
        bare_work.repo.commit("message")


def test_a_commit_without_a_name_says_how_to_set_one(bare_work: Work, isolated_git: Path) -> None:
    isolated_git.write_text("[user]\n\tuseConfigOnly = true\n")
    with pytest.raises(GitError, match="git does not know who you are") as caught:
        bare_work.repo.commit("message", "--allow-empty")
    assert "user.name" in caught.value.hint
    assert "user.email" in caught.value.hint


def test_a_shallow_clone_is_known_as_one(bare_work: Work, tmp_path: Path) -> None:
    bare_work.commit("first")
    bare_work.commit("second")
    bare_work.git("clone", "--quiet", "--depth=1", bare_work.root.as_uri(), str(tmp_path / "shallow"))
    repo = Repository.open(tmp_path / "shallow")
    assert repo.is_shallow
    assert not bare_work.repo.is_shallow
    with pytest.raises(RevisionError) as caught:
        repo.resolve("HEAD~1")
    assert "unshallow" in caught.value.hint
