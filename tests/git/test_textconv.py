"""Parquet in Git itself: what ``git diff``, ``git log -p`` and ``git show`` print, with the real git and git-lfs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import duckdb
import pytest

from medallion.git.setup import (
    CACHE_SETTING,
    DIFF_ATTRIBUTES,
    OLD_DATA_ATTRIBUTES,
    driver_fault,
    install_driver,
)
from medallion.setup import initialise
from medallion.textconv import textconv
from tests.git.conftest import Work

if TYPE_CHECKING:
    from pathlib import Path

ORDERS = "data/silver/orders.parquet"


def put(work: Work, sql: str, path: str = ORDERS, options: str = "") -> Path:
    """Write the rows of a query where a dataset would be."""
    file = work.root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    duckdb.connect().execute(f"COPY ({sql}) TO '{file}' (FORMAT parquet{options})")
    return file


def told(work: Work, path: str = ORDERS) -> str:
    return textconv(work.root / path, work.root, os.environ)


def changed_lines(diff: str) -> list[str]:
    return [line for line in diff.splitlines() if line.startswith(("+", "-")) and not line.startswith(("+++", "---"))]


@pytest.fixture
def shop(work: Work) -> Work:
    """Two versions of a small dataset in a folder with a space, and a third in the work tree."""
    install_driver(work.repo)
    put(work, "FROM (VALUES (1, 'paid', 5.00), (2, 'open', NULL)) t(id, status, total)")
    work.commit("first")
    put(work, "FROM (VALUES (1, 'paid', 5.00), (2, 'paid', NULL), (3, 'open', 7.50)) t(id, status, total)")
    work.commit("second")
    put(work, "FROM (VALUES (1, 'paid', 6.00), (2, 'paid', NULL), (3, 'open', 7.50)) t(id, status, total)")
    return work


def test_git_shows_rows_and_columns_of_staged_unstaged_and_committed_versions(shop: Work) -> None:
    unstaged = changed_lines(shop.git("--no-pager", "diff"))
    assert '-  id=1 status="paid" total=5.00' in unstaged
    assert '+  id=1 status="paid" total=6.00' in unstaged
    assert not any(line[1:].startswith(("rows", "column id", "column status", "  id=2", "  id=3")) for line in unstaged)
    shop.git("add", ORDERS)
    assert changed_lines(shop.git("diff", "--cached")) == unstaged
    assert shop.git("diff") == ""
    # The stored pointer and the file in the work tree are told alike.
    second = changed_lines(shop.git("show", "HEAD"))
    assert second[0] == "-rows 2"
    assert "+rows 3" in second
    assert '-  id=2 status="open" total=NULL' in second
    assert '+  id=3 status="open" total=7.50' in second
    log = shop.git("log", "-p", "--format=%s")
    assert set(second) <= set(log.splitlines())
    assert "+rows 2" in log
    assert "oid sha256" not in log


def test_what_programs_read_is_the_pointer_still(shop: Work) -> None:
    assert "oid sha256" in shop.git("diff", "--no-textconv", "HEAD~1", "HEAD")
    assert "oid sha256" in shop.git("format-patch", "--stdout", "-1")
    assert shop.git("diff", "--stat", "HEAD~1", "HEAD").splitlines()[0].split() == [ORDERS, "|", "4", "++--"]


def test_a_linked_work_tree_and_a_bare_repository_find_the_objects(shop: Work, tmp_path: Path) -> None:
    shop.git("worktree", "add", "--quiet", str(tmp_path / "a linked one"), "HEAD~1")
    assert "+rows 2" in Work(tmp_path / "a linked one").git("show", "HEAD")
    assert "+rows 3" in shop.git("--git-dir", str(shop.root / ".git"), "show", "HEAD")
    git_dir = str(shop.root / ".git")
    outside = subprocess.run(
        ["git", "--git-dir", git_dir, "-c", "core.bare=true", "show", "HEAD"],
        cwd=tmp_path, capture_output=True, text=True, check=True,
        env={**os.environ, "GIT_ATTR_SOURCE": "HEAD"},
    )  # fmt: skip
    assert "second" in outside.stdout
    moved = shop.root / "elsewhere"
    (shop.root / ".git/lfs").rename(moved)
    shop.git("config", "lfs.storage", str(moved))
    assert "+rows 3" in shop.git("show", "HEAD")


def test_an_object_that_is_not_here_is_named_and_not_fetched(shop: Work, tmp_path: Path) -> None:
    shop.commit("third")
    shop.serve(tmp_path / "server.git")
    other = shop.clone(tmp_path / "clone")
    install_driver(other.repo)
    pointer = shop.pointer(ORDERS)
    said = other.git("show", "HEAD", env={"GIT_LFS_SKIP_SMUDGE": "1"})
    assert f"+oid sha256:{pointer.oid}" in said
    assert f"size {pointer.size}\n" in said
    assert "git lfs fetch" in said
    assert not other.store.has(pointer.oid, pointer.size)
    # What cannot be had ends neither a log nor a diff: git-lfs, which git asks first, hands on the pointer.
    (tmp_path / "server.git/lfs").rename(tmp_path / "kept")
    assert f"+oid sha256:{pointer.oid}" in other.git("log", "-p")
    shutil.copytree(tmp_path / "kept", tmp_path / "server.git/lfs", dirs_exist_ok=True)
    other.git("lfs", "fetch", "--all")
    assert "+  id=1" in other.git("show", "HEAD")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "an empty file"),
        (b"id,total\n1,2\n", "no Parquet file: 13 bytes"),
        (b"PAR1 and then nothing that makes sense PAR1", "cannot be read as Parquet"),
        (b"PAR1" + b"\0" * 20000, "cannot be read as Parquet"),
        (b"<<<<<<< a\nversion\n=======\nsize 1\n>>>>>>> b\n", "in conflict"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:12\n\x1b[31m", "no valid Git LFS pointer"),
    ],
)
def test_whatever_a_file_holds_there_is_an_answer(work: Work, content: bytes, words: str) -> None:
    work.write(ORDERS, content)
    assert words in told(work)
    assert "\x1b" not in told(work)


def test_a_damaged_file_and_one_that_is_gone_have_an_answer(work: Work) -> None:
    whole = put(work, "SELECT i, 'x' || i AS text FROM range(5000) t(i)").read_bytes()
    work.write(ORDERS, whole[:600] + b"\xff" * 4000 + whole[4600:])
    assert told(work)
    work.write(ORDERS, whole[:-50])
    assert "cannot be read" in told(work)
    assert "cannot be read" in told(work, "data/silver/gone.parquet")


def test_the_program_ends_well_without_the_library_of_the_command_line(work: Work) -> None:
    work.write(ORDERS, b"PAR1 broken")
    code = (
        f"import sys\nsys.argv = ['medallion', 'driver', 'textconv', {ORDERS!r}]\n"
        "from medallion.cli.main import main\ntry:\n    main()\nexcept SystemExit as end:\n    code = end.code\n"
        "print(code, *[m for m in ('typer', 'rich', 'sqlglot', 'pyarrow') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=work.root, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0"
    assert done.stdout.splitlines()[0].startswith("this file cannot be read as Parquet")


def test_the_same_rows_are_sampled_in_both_versions(work: Work) -> None:
    rows = "SELECT i AS id, i % 7 AS kind, 'n' || i AS name FROM range(9000) t(i)"
    put(work, rows)
    before = told(work).splitlines()
    put(work, f"FROM ({rows}) WHERE id <> 5 UNION ALL SELECT 9001, 3, 'new' ORDER BY id")
    after = told(work).splitlines()
    sampled = [line for line in before if line.startswith("  ")]
    assert len(sampled) == 20
    assert len(set(sampled) & set(after)) >= 19
    put(work, f"SELECT * REPLACE (upper(name) AS name) FROM ({rows})")
    told_of = [line.split(" ")[1] for line in told(work).splitlines() if line.startswith("column") and line in before]
    assert told_of == ["id", "kind"]


def test_the_rows_of_a_dataset_are_sampled_by_its_key(work: Work) -> None:
    (work.root / "medallion.toml").write_text("")
    for _ in initialise(work.root, example=False):
        pass
    work.write("sql/bronze/n.sql", "-- @key id\nSELECT i AS id, i % 5 AS kind FROM range(1000) t(i)\n")
    done = subprocess.run([sys.executable, "-m", "medallion", "run"], cwd=work.root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    before = told(work, "data/bronze/n.parquet")
    assert "the 20 rows with the smallest hash of id:\n" in before
    work.write("sql/bronze/n.sql", "-- @key id\nSELECT i AS id, i % 5 + 1 AS kind FROM range(1000) t(i)\n")
    subprocess.run([sys.executable, "-m", "medallion", "run"], cwd=work.root, capture_output=True, check=True)
    after = told(work, "data/bronze/n.parquet")
    ids = [[line.split()[0] for line in text.splitlines() if line.startswith("  id=")] for text in (before, after)]
    assert ids[0] == ids[1] == sorted(ids[0], key=lambda text: int(text[3:]))
    assert len(ids[0]) == 20


def test_a_large_file_is_told_by_its_footer_and_both_ends(work: Work) -> None:
    put(work, "SELECT i AS id, i % 9 AS kind, CASE WHEN i > 9 THEN i END AS n FROM range(400000) t(i)")
    lines = told(work).splitlines()
    assert lines[0] == "rows 400,000"
    assert lines[3].startswith("column n BIGINT · 10 NULL · 10 to 399999 · data ")
    assert [line.split()[0] for line in lines if line.startswith("  ")] == [
        f"id={i}" for i in (0, 1, 2, 3, 4, 399995, 399996, 399997, 399998, 399999)
    ]


def test_no_value_of_a_private_column_is_shown(work: Work) -> None:
    put(work, "SELECT i AS id, 'ada@' || i AS \"E-Mail\", 'p' || i AS phone, i AS pin FROM range(30) t(i)")
    work.write("sql/silver/orders.sql", '-- @private "E-Mail"\nSELECT id, phone -- @private\nFROM bronze.orders\n')
    said = told(work)
    assert '"p' not in said
    assert "ada@" not in said
    assert "column phone VARCHAR · 0 NULL · 30 distinct · (private)" in said
    assert "pin=7" in said
    # A model that cannot be read hides every column that it names.
    work.write("sql/silver/orders.sql", '-- @privat pin @private phone\nSELEC pin, E-Mail "E-Mail" FROM\n')
    said = told(work)
    assert "pin=7" not in said
    assert "ada@" not in said


def test_a_terminal_obeys_nothing_that_a_value_or_a_name_says(work: Work) -> None:
    put(
        work,
        "SELECT chr(27) || '[31m' || chr(8238) || chr(10) || 'x\"' AS \"a\x1b b\", 'NULL' AS word, NULL AS nothing",
    )
    said = told(work)
    assert all(c.isprintable() or c == "\n" for c in said)
    assert r'="\x1b[31m\u202e\nx\""' in said
    assert 'word="NULL" nothing=NULL' in said


def test_types_without_bounds_and_files_without_rows_are_told(work: Work) -> None:
    put(
        work, "SELECT [1, 2] AS list, {'a': 1} AS pair, MAP {'k': 2} AS map, '\\x00'::BLOB AS blob, INTERVAL 1 DAY AS i"
    )
    said = told(work)
    assert "list=[1, 2] pair={'a': 1} map={k=2} blob=1 bytes" in said
    put(work, "SELECT 1 AS id, [2] AS list WHERE false")
    assert told(work).startswith("rows 0\ncolumn id INTEGER · data 00000000\n")


def test_without_medallion_git_shows_the_pointers(shop: Work, tmp_path: Path) -> None:
    command = shop.git("config", "diff.medallion.textconv").replace(sys.executable, str(tmp_path / "no such python"))
    shop.git("config", "diff.medallion.textconv", command)
    programs = tmp_path / "bin"
    programs.mkdir()
    for program in ("git", "git-lfs", "sh", "head", "grep", "cat"):
        (programs / program).symlink_to(str(shutil.which(program)))
    path = {"PATH": str(programs)}
    assert f"+oid sha256:{shop.pointer(ORDERS).oid}" in shop.git("diff", env=path)
    assert "+oid sha256" in shop.git("log", "-p", env=path)
    assert "no longer there" in driver_fault(shop.repo)
    # A medallion on PATH takes its place.
    (programs / "medallion").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m medallion "$@"\n')
    (programs / "medallion").chmod(0o755)
    assert '+  id=1 status="paid" total=6.00' in shop.git("diff", env=path)
    assert install_driver(shop.repo)
    assert driver_fault(shop.repo) == ""


def test_a_module_in_the_repository_takes_no_ones_place(shop: Work) -> None:
    for name in ("duckdb.py", "medallion.py", "json.py"):
        shop.write(name, "raise SystemExit('taken over')\n")
    assert '+  id=1 status="paid" total=6.00' in shop.git("diff", "--", ORDERS)


def test_a_project_that_was_started_before_is_completed_by_init(work: Work) -> None:
    held = f"# mine\n{OLD_DATA_ATTRIBUTES}\n"
    work.write(".gitattributes", held)
    assert "not set up" in driver_fault(work.repo)
    done = [change.what for change in initialise(work.root, example=False)]
    assert f".gitattributes: {DIFF_ATTRIBUTES}; sources/** -text" in done
    assert (work.root / ".gitattributes").read_text() == f"{held}{DIFF_ATTRIBUTES}\nsources/** -text\n"
    assert driver_fault(work.repo) == ""
    assert {change.action for change in initialise(work.root, example=False)} == {"kept"}
    assert work.git("check-attr", "filter", "merge", "--", ORDERS).splitlines() == [
        f"{ORDERS}: filter: lfs", f"{ORDERS}: merge: binary",
    ]  # fmt: skip
    work.git("config", CACHE_SETTING, "true")
    assert CACHE_SETTING in driver_fault(work.repo)
