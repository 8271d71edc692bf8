from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from medallion.errors import GitError
from medallion.git.setup import DATA_ATTRIBUTES, ensure_lines, init_repository, install_lfs

if TYPE_CHECKING:
    from pathlib import Path

    from tests.git.conftest import Work


def test_a_repository_is_started_with_the_branch_main(tmp_path: Path) -> None:
    assert init_repository(tmp_path)
    assert (tmp_path / ".git/HEAD").read_text() == "ref: refs/heads/main\n"


def test_a_repository_that_is_there_is_used_as_it_is(bare_work: Work) -> None:
    bare_work.git("checkout", "--quiet", "-b", "other")
    sub = bare_work.root / "sub"
    sub.mkdir()
    assert not init_repository(bare_work.root)
    assert not init_repository(sub)
    assert bare_work.repo.branch() == "other"
    assert not (sub / ".git").exists()


def test_a_repository_that_git_does_not_trust_is_not_started_anew(
    bare_work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with pytest.raises(GitError, match="dubious ownership"):
        init_repository(bare_work.root)


def test_git_lfs_is_configured_for_this_repository_alone(bare_work: Work, isolated_git: Path) -> None:
    before = isolated_git.read_text()
    assert install_lfs(bare_work.repo) == []
    assert install_lfs(bare_work.repo) == []
    assert isolated_git.read_text() == before
    assert bare_work.git("config", "--local", "filter.lfs.required") == "true"
    assert "git lfs pre-push" in (bare_work.root / ".git/hooks/pre-push").read_text()


def test_a_hook_of_the_user_is_left_alone_and_the_missing_line_is_told(bare_work: Work) -> None:
    hook = bare_work.write(".git/hooks/pre-push", "#!/bin/sh\necho mine\n")
    advice = install_lfs(bare_work.repo)
    assert len(advice) == 1
    assert 'git lfs pre-push "$@"' in advice[0]
    assert str(hook) in advice[0]
    assert hook.read_text() == "#!/bin/sh\necho mine\n"
    assert bare_work.git("config", "--local", "filter.lfs.clean") == "git-lfs clean -- %f"
    hook.write_text('#!/bin/sh\necho mine\ngit lfs pre-push "$@"\n')
    assert install_lfs(bare_work.repo) == []


def test_a_folder_of_hooks_that_the_user_keeps_elsewhere_is_left_alone(bare_work: Work, tmp_path: Path) -> None:
    hooks = tmp_path / "my hooks"
    hooks.mkdir()
    bare_work.git("config", "core.hooksPath", str(hooks))
    advice = install_lfs(bare_work.repo)
    assert len(advice) == 4
    assert all(str(hooks) in sentence for sentence in advice)
    assert list(hooks.iterdir()) == []
    assert bare_work.git("config", "--local", "filter.lfs.required") == "true"


def test_git_lfs_is_configured_from_a_linked_work_tree(bare_work: Work, tmp_path: Path) -> None:
    bare_work.commit()
    bare_work.git("worktree", "add", "--quiet", str(tmp_path / "linked"))
    assert install_lfs(type(bare_work)(tmp_path / "linked").repo) == []
    assert (bare_work.root / ".git/hooks/pre-push").exists()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, b"one\ntwo\n"),
        (b"", b"one\ntwo\n"),
        (b"other\n", b"other\none\ntwo\n"),
        (b"other", b"other\none\ntwo\n"),
        (b"other\r\n", b"other\r\none\r\ntwo\r\n"),
        (b"other\r\nlast", b"other\r\nlast\r\none\r\ntwo\r\n"),
        (b"# caf\xe9\n  one \n", b"# caf\xe9\n  one \ntwo\n"),
        (b"two\r\none\r\n", b"two\r\none\r\n"),
    ],
)
def test_lines_are_appended_once_and_nothing_else_changes(tmp_path: Path, before: bytes | None, after: bytes) -> None:
    file = tmp_path / ".gitattributes"
    if before is not None:
        file.write_bytes(before)
    added = ensure_lines(file, ["one", "two"])
    assert file.read_bytes() == after
    assert ensure_lines(file, ["one", "two"]) == []
    held = (before or b"").split()
    assert added == [line for line in ("one", "two") if line.encode() not in held]


def test_the_attributes_give_the_data_of_all_layers_to_git_lfs_and_its_merge_is_binary(work: Work) -> None:
    answers = work.git("check-attr", "filter", "merge", "text", "--", "data/gold/events/part-0.parquet")
    path = "data/gold/events/part-0.parquet"
    assert answers.splitlines() == [f"{path}: filter: lfs", f"{path}: merge: binary", f"{path}: text: unset"]
    assert work.git("check-attr", "filter", "--", "data/gold/events.json").endswith("unspecified")
    assert DATA_ATTRIBUTES in (work.root / ".gitattributes").read_text()
