"""Bad input: a clear error, and nothing lost."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import duckdb
import pytest

from tests.e2e.conftest import SLOW, Project, Ran, run_medallion, wait_for, with_files_up_to, without_privileges

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Git, git-lfs, configuration


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder for PATH with nothing in it but what git itself needs."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("sh", "sed", "uname", "basename", "dirname", "cat"):
        if found := shutil.which(name):
            (folder / name).symlink_to(found)
    return folder


def script(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)


def real_git() -> str:
    found = shutil.which("git")
    assert found
    return found


def test_without_a_repository_data_is_built_and_versions_are_refused(project: Project) -> None:
    shutil.rmtree(project.root / ".git")
    project.run("run", "--force").ok()
    assert project.rows("SELECT count(*) FROM silver.orders") == [["4"]]
    before = project.files()
    for args in (("status",), ("commit", "-m", "x"), ("log",), ("query", "FROM silver.orders", "--at", "HEAD")):
        project.run(*args).refused("is not in a Git repository", "medallion init")
    assert project.files() == before


def test_a_missing_git_is_named_with_a_way_to_get_it(project: Project, programs: Path) -> None:
    before = project.files()
    for args in (("status",), ("commit", "-m", "x"), ("query", "FROM silver.orders", "--at", "HEAD")):
        project.run(*args, env={"PATH": str(programs)}).refused("git is not installed, or not on PATH", "install git")
    run_medallion(programs.parent, "init", "new", env={"PATH": str(programs)}).refused("install")
    assert not (programs.parent / "new").exists()
    assert project.files() == before


def test_a_missing_git_lfs_is_named_with_a_way_to_get_it(project: Project, programs: Path) -> None:
    script(programs, "git", f'[ "$5" = lfs ] && exit 1\nexec {real_git()} "$@"')
    project.write("notes.sql", "")
    project.run("commit", "-m", "x", env={"PATH": str(programs)}).refused(
        "git-lfs is not installed, or not on PATH", "apt-get install git-lfs"
    )
    run_medallion(programs.parent, "init", "new", env={"PATH": str(programs)}).refused("git-lfs is not installed")
    assert not (programs.parent / "new").exists()
    assert project.git("rev-list", "--count", "HEAD") == "1"


def test_a_git_that_is_too_old_is_refused_with_the_version_needed(project: Project, programs: Path) -> None:
    script(programs, "git", 'for word; do [ "$word" = version ] && echo git version 2.20.1 && exit; done; exit 1')
    project.run("status", env={"PATH": str(programs)}).refused("git 2.20.1 is too old", "2.39", "install git")


def test_a_git_lfs_that_is_too_old_is_refused_with_the_version_needed(project: Project, programs: Path) -> None:
    old = "git-lfs/2.13.2 (GitHub; linux amd64; go 1.15)"
    script(programs, "git", f'[ "$5" = lfs ] && echo "{old}" && exit\nexec {real_git()} "$@"')
    project.run("commit", "-m", "x", env={"PATH": str(programs)}).refused("git-lfs 2.13.2 is too old", "3.3")


def test_without_a_configuration_every_command_says_how_to_start(tmp_path: Path) -> None:
    for args in (("run",), ("status",), ("query", "SELECT 1")):
        run_medallion(tmp_path, *args).refused("no medallion project in", "`medallion init`")
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('laers = ["bronze"]\n', ["medallion.toml:1:1", 'unknown key "laers"', 'did you mean "layers"?']),
        ("[duckdb]\nthread = 2\n", ["medallion.toml:2:1", '"duckdb.thread"', 'did you mean "duckdb.threads"?']),
        ("[duckdb]\nthreads = 0\n", ["medallion.toml:2:1", "whole number"]),
        ('layers = ["Bronze"]\n', ["medallion.toml:1:1", '"Bronze" cannot be a layer']),
        ("layers = [\n", ["medallion.toml", "not valid TOML"]),
        ("# caf\xe9\n".encode("latin-1"), ["medallion.toml", "not UTF-8"]),
    ],
)
def test_a_wrong_configuration_is_refused_at_its_key(project: Project, text: str | bytes, words: list[str]) -> None:
    project.write("medallion.toml", text)
    before = project.files()
    project.run("run").refused(*words)
    assert project.files() == before


# Models: one run over many bad ones, and each error looked at on its own.

BAD_MODELS: dict[str, tuple[str | bytes, list[str]]] = {
    "sql/silver/two.sql": (
        "SELECT 1 AS a;\nSELECT 2 AS a\n",
        ["sql/silver/two.sql:2:1: the file holds more than one statement", "2 | SELECT 2 AS a", "one SELECT"],
    ),
    "sql/silver/nothing.sql": (
        "-- Later.\n",
        ["sql/silver/nothing.sql: the file holds no SQL", "hint: a model is one SELECT"],
    ),
    "sql/silver/deletes.sql": (
        "-- Tidy up.\nDELETE FROM bronze.orders\n",
        ["sql/silver/deletes.sql:2:1: a model is one SELECT; this begins with DELETE", "^^^^^^", "hint:"],
    ),
    "sql/silver/latin.sql": (
        "-- One row\n-- per caf\xe9\nSELECT 1 AS a\n".encode("latin-1"),
        ["sql/silver/latin.sql:2: the file is not UTF-8: byte 0xe9 in line 2", "hint: save it as UTF-8"],
    ),
    "sql/silver/unnamed.sql": (
        'SELECT order_id, total AS " " FROM bronze.orders\n',
        ["sql/silver/unnamed.sql", "an output column has no name", "hint: name it with AS"],
    ),
    "sql/silver/empty_name.sql": (
        'SELECT order_id, total AS "" FROM bronze.orders\n',
        ["sql/silver/empty_name.sql:1:27: a name is empty", "hint: write one"],
    ),
    "sql/silver/twice.sql": (
        "SELECT order_id, total AS order_id FROM bronze.orders\n",
        ["sql/silver/twice.sql", 'two output columns are called "order_id"', "hint: rename one with AS"],
    ),
    "sql/silver/cases.sql": (
        'SELECT order_id AS a, total AS "A" FROM bronze.orders\n',
        ["sql/silver/cases.sql", 'differ in case only: "a" and "A"', "hint: rename one with AS"],
    ),
    "sql/silver/typo.sql": (
        "SELECT\n    order_id,\n    totl\nFROM bronze.orders\n",
        ['sql/silver/typo.sql:3:5: no column "totl" in bronze.orders', "3 |     totl", 'did you mean "total"?'],
    ),
    "sql/silver/lost.sql": (
        "SELECT order_id FROM bronze.order\n",
        ["sql/silver/lost.sql:1:22: there is no dataset bronze.order", 'did you mean "bronze.orders"?'],
    ),
    "sql/silver/upward.sql": (
        "SELECT month FROM gold.revenue\n",
        ["sql/silver/upward.sql:1:19", "gold.revenue, which is in a higher layer", "bronze < silver < gold"],
    ),
    "sql/silver/huge.sql": (
        "SELECT sum(order_id) AS total FROM bronze.orders\n",
        ["sql/silver/huge.sql:1:25", "HUGEINT", "DOUBLE", "cast it to BIGINT or DECIMAL(38, 0)"],
    ),
    "sql/bronze/broken_row.sql": (
        "FROM read_csv('sources/broken.csv', header = true, columns = {'a': 'BIGINT', 'b': 'VARCHAR'})\n",
        ["sources/broken.csv:3", "the row has 3 values, the table 2 columns", "3 | 2,y,surplus", "hint: mend the line"],
    ),
    "sql/bronze/broken_value.sql": (
        "FROM read_csv('sources/value.csv', header = true, columns = {'a': 'BIGINT', 'b': 'VARCHAR'})\n",
        ["sources/value.csv:3:1", '"two" in column a is no BIGINT', "hint: mend the value"],
    ),
    "sql/bronze/vanished.sql": (
        "FROM read_csv('sources/vanished.csv', columns = {'a': 'BIGINT'})\n",
        ["sql/bronze/vanished.sql:1:15", 'there is no file "sources/vanished.csv"', "hint: put the raw data there"],
    ),
    "sql/bronze/outside.sql": (
        "FROM read_csv('/etc/passwd', columns = {'a': 'VARCHAR'})\n",
        ["sql/bronze/outside.sql:1:15", "lies outside of what this project may read", "hint:", "medallion.toml"],
    ),
    "sql/silver/Upper.sql": ("SELECT 1 AS a\n", ["sql/silver/Upper.sql", "is no dataset name", "lower-case"]),
    "sql/silver/two words.sql": ("SELECT 1 AS a\n", ["sql/silver/two words.sql", "is no dataset name", "hint:"]),
    "sql/silver/a.b.sql": ("SELECT 1 AS a\n", ["sql/silver/a.b.sql", "is no dataset name", "hint:"]),
    "sql/silver/été.sql": ("SELECT 1 AS a\n", ["sql/silver/été.sql", "is no dataset name", "hint:"]),
    "sql/silver/...sql": ("SELECT 1 AS a\n", ["sql/silver/...sql", "is no dataset name", "hint:"]),
    "sql/platinum/orders.sql": ("SELECT 1 AS a\n", ["sql/platinum/", '"platinum" is no layer', "layers", "hint:"]),
}


@pytest.fixture(scope="module")
def bad_models(built: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Ran]:
    """All of them in one project, and a run."""
    folder = tmp_path_factory.mktemp("bad") / "shop"
    shutil.copytree(built, folder, symlinks=True)
    project = Project(folder)
    project.write("sources/broken.csv", "a,b\n1,x\n2,y,surplus\n3,z\n")
    project.write("sources/value.csv", "a,b\n1,x\ntwo,y\n")
    project.write("sql/silver/good.sql", 'SELECT order_id AS "select", total AS "a b" FROM bronze.orders\n')
    for path, (text, _) in BAD_MODELS.items():
        project.write(path, text)
    return project, project.run("run")


@pytest.mark.parametrize("path", BAD_MODELS)
def test_a_model_that_cannot_be_built_is_reported_where_it_is_wrong(path: str, bad_models: tuple[Project, Ran]) -> None:
    project, ran = bad_models
    ran.refused()
    reports = ran.stderr.split("error: ")[1:]
    words = BAD_MODELS[path][1]
    about = [report for report in reports if words[0] in report]
    assert about, ran.stderr
    for word in words:
        assert word in about[0]
    assert not (project.root / path.replace("sql/", "data/").replace(".sql", ".parquet")).exists()


def test_bad_models_do_not_hinder_the_good_ones(bad_models: tuple[Project, Ran]) -> None:
    project, ran = bad_models
    assert "silver.good" in ran.stderr
    assert project.record("silver.good")["rows"] == 6
    assert "failed" in ran.stderr.splitlines()[-1]
    project.check()


def test_a_column_may_be_called_select(bad_models: tuple[Project, Ran]) -> None:
    project, _ = bad_models
    assert project.rows('SELECT "select", "a b" FROM silver.good ORDER BY ALL LIMIT 1') == [["1", "12.00"]]


def test_two_files_for_one_name_are_both_named(project: Project) -> None:
    project.write("sql/silver/new/orders.sql", "SELECT 1 AS a\n")
    before = project.files("data")
    project.run("run").refused("two files make silver.orders", "sql/silver/new/orders.sql", "sql/silver/orders.sql")
    assert project.files("data") == before


def test_a_failing_model_keeps_its_last_version_and_names_who_waits_for_it(project: Project) -> None:
    before = project.files("data")
    project.write("sql/silver/orders.sql", "SELECT nope FROM bronze.orders\n")
    ran = project.run("run").refused('no column "nope"', hint="bronze.orders")
    assert "gold.revenue" in ran.stderr
    assert "skipped 1" in ran.stderr.splitlines()[-1]
    assert project.files("data") == before
    assert project.rows("SELECT count(*) FROM silver.orders") == [["4"]]


# Sources


def test_a_source_that_vanished_is_no_loss_while_its_data_is_here_and_an_error_after(project: Project) -> None:
    before = project.files("data")
    (project.root / "sources/orders.csv").unlink()
    assert project.is_up_to_date()
    assert project.files("data") == before
    (project.root / "data/bronze/orders.parquet").unlink()
    ran = project.run("run").refused("sql/bronze/orders.sql:10:5", 'no file "sources/orders.csv"', "put the raw data")
    assert "skipped 2" in ran.stderr
    del before["data/bronze/orders.parquet"]
    assert project.files("data") == before


def test_a_source_that_may_not_be_read_is_an_error_of_its_models_alone(project: Project) -> None:
    project.write("sources/other.csv", "a\n1\n")
    project.write("sql/bronze/other.sql", "FROM read_csv('sources/other.csv', columns = {'a': 'BIGINT'})\n")
    file = project.write("sources/orders.csv", b"order_id\n")
    file.chmod(0)
    ran = project.run("run", before=without_privileges).refused(
        "sources/orders.csv", "Permission denied", "who owns it"
    )
    assert "bronze.other" in ran.stderr
    assert project.record("bronze.other")["rows"] == 1


def test_a_csv_with_a_broken_row_is_not_added_and_the_line_is_named(project: Project) -> None:
    project.write("sources/broken.csv", "a,b\n" + "".join(f"{n},x\n" for n in range(3000)) + "7,x,surplus\n")
    before = project.files()
    project.run("add", "bronze.broken", "sources/broken.csv").refused("sources/broken.csv:3002", "3 values")
    after = project.files()
    assert {path: after[path] for path in before} == before


# Data files


def test_a_pointer_whose_object_is_nowhere_says_what_to_fetch_and_from_where(project: Project) -> None:
    pointer = project.git("show", "HEAD:data/silver/orders.parquet") + "\n"
    project.write("data/silver/orders.parquet", pointer)
    shutil.rmtree(project.root / ".git" / "lfs" / "objects")
    before = project.files()
    assert project.is_up_to_date()
    project.run("status", "--json").ok()
    project.run("query", "FROM silver.orders").refused("cannot be fetched", "no remote is configured", "git lfs fetch")
    project.write("sql/gold/revenue.sql", "SELECT count(*) AS n FROM silver.orders\n")
    project.run("run").refused("cannot be fetched", "git lfs fetch")
    project.git("checkout", "sql")
    assert project.files() == before


@pytest.mark.parametrize("damage", ["truncated", "emptied", "overwritten", "conflicted"])
def test_a_damaged_data_file_is_left_alone_until_the_user_says_which_way(project: Project, damage: str) -> None:
    path = "data/silver/orders.parquet"
    whole = project.read(path)
    damaged = {
        "truncated": whole[: len(whole) // 2],
        "emptied": b"",
        "overwritten": b"x" * len(whole),
        "conflicted": b"<<<<<<< HEAD\noid sha256:1\n=======\noid sha256:2\n>>>>>>> theirs\n",
    }[damage]
    project.write(path, damaged)
    before = project.files()
    for args in (("plan",), ("status",), ("run",)):
        project.run(*args).refused(path, "git checkout HEAD -- data" if damage == "conflicted" else "--force")
    project.run("query", "FROM silver.orders").refused(path, "medallion restore silver.orders")
    project.run("commit", "-m", "damage").refused("silver.orders", code=1)
    assert project.files() == before
    project.run("restore", "silver.orders").ok()
    assert project.read(path) == whole
    assert project.is_up_to_date()
    project.write(path, damaged)
    project.run("run", "--force", "silver.orders").ok()
    assert project.read(path) == whole


def test_data_that_is_not_what_its_record_says_is_never_called_equal(project: Project) -> None:
    path = "data/silver/orders.parquet"
    whole = project.read(path)
    project.write(path, project.read("data/gold/revenue.parquet"))
    project.run("diff", "silver.orders").refused(
        path, "not the data of its record", "restore", hint="cannot be compared"
    )
    project.git("commit", "--quiet", "-am", "Another dataset's data under the old record")
    ended = project.run("diff", "HEAD~1..HEAD")
    assert "1 cannot be compared" in ended.stdout
    assert f"{path} at {project.git('rev-parse', '--short=7', 'HEAD')}: the data file is not the data" in ended.stderr
    # What is the same on both sides is equal, whatever the record says.
    project.git("commit", "--quiet", "--allow-empty", "-m", "Nothing")
    assert "3 datasets are equal" in project.run("diff", "HEAD~1..HEAD", "--exit-code").ok().stdout
    (project.root / path).unlink()
    project.run("diff", "HEAD~2", "silver.orders").refused("not there", "restore", hint="cannot be compared")
    project.write(path, whole)
    assert "3 datasets are equal" in project.run("diff", "HEAD~2", "--exit-code").ok().stdout


def object_of(project: Project, path: str) -> Path:
    """The object in the store, made so that it can be written to."""
    oid = project.pointer(path).oid
    file = project.root / ".git" / "lfs" / "objects" / oid[:2] / oid[2:4] / oid
    file.chmod(0o644)
    return file


def spoilt(whole: bytes, folder: Path) -> bytes:
    """A copy with one byte changed that DuckDB reads without a word, as other rows."""
    file = folder / "spoilt.parquet"
    file.write_bytes(whole)
    rows = duckdb.connect().execute(f"FROM '{file}'").fetchall()
    for place in range(len(whole)):
        data = whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]
        file.write_bytes(data)
        with contextlib.suppress(duckdb.Error):
            if duckdb.connect().execute(f"FROM '{file}'").fetchall() != rows:
                return data
    raise AssertionError("DuckDB notices every byte")


def test_an_object_that_rotted_in_the_store_is_an_error_and_no_bug(project: Project) -> None:
    file = object_of(project, "data/silver/orders.parquet")
    file.write_bytes(b"\0" * file.stat().st_size)
    project.run("query", "FROM silver.orders", "--at", "HEAD").refused("data/silver/orders.parquet", file.name)


def test_a_rotten_object_is_never_read_and_a_fetched_one_takes_its_place(project: Project, tmp_path: Path) -> None:
    project.git("init", "--quiet", "--bare", str(tmp_path / "remote"))
    project.git("remote", "add", "origin", str(tmp_path / "remote"))
    project.git("push", "--quiet", "origin", "main")
    sql, path = "FROM silver.orders ORDER BY ALL", "data/silver/orders.parquet"
    rows = project.rows(sql, "--at", "HEAD")
    file = object_of(project, path)
    assert file.name in (project.root / ".medallion/cache/identities.json").read_text(), "it is hashed but once"
    stat, whole = file.stat(), file.read_bytes()
    file.unlink()  # The remote's is a hard link to it.
    file.write_bytes(spoilt(whole, tmp_path))
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    project.run("query", sql, "--at", "HEAD").refused("is corrupt", path, file.name)
    project.run("query", sql.replace("orders", "orders AT (VERSION => 'HEAD')")).refused("is corrupt", path)
    project.write(path, project.git("show", f"HEAD:{path}") + "\n")
    project.run("query", sql).refused("is corrupt", path)
    project.run("run", "--force", "gold.revenue").refused("is corrupt", path)
    project.run("restore", "silver.orders").refused("is corrupt", path)
    file.unlink()
    assert project.rows(sql, "--at", "HEAD") == rows
    assert file.read_bytes() == whole


def test_a_copy_of_plain_committed_data_that_rotted_is_made_again(project: Project) -> None:
    project.write(".gitattributes", "")
    project.git("add", "--renormalize", ".")
    project.git("commit", "-qm", "without Git LFS")
    sql = "FROM silver.orders ORDER BY ALL"
    rows = project.rows(sql, "--at", "HEAD")
    (copy,) = [f for f in (project.root / ".medallion/cache/objects").iterdir() if f.suffix == ".parquet"]
    whole = copy.read_bytes()
    copy.write_bytes(spoilt(whole, project.root / ".medallion"))
    assert project.rows(sql, "--at", "HEAD") == rows
    assert copy.read_bytes() == whole


# Records

RECORD = "data/silver/orders.json"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: text[:40], ["data/silver/orders.json:", "the record is not JSON", "git checkout"]),
        (lambda _: b"\xff\xfe", ["the record is not UTF-8", "git checkout"]),
        (lambda _: b"[]", ["the record has no format number", "git checkout"]),
        (lambda text: text.replace(b'"format": 1', b'"format": 99'), ["format 99", "upgrade"]),
        (lambda text: text.replace(b'"rows": ', b'"lines": '), ["the record is incomplete: missing 'rows'"]),
        (
            lambda text: text.replace(b"silver.orders", b"silver.others"),
            ["the record is of silver.others", "rename it"],
        ),
        (lambda text: text.replace(b'"orders.parquet"', b'"../../../etc/x.parquet"'), ["is no path of a data file"]),
        (
            lambda text: b"<<<<<<< HEAD\n" + text + b"=======\n" + text + b">>>>>>> theirs\n",
            ["merge conflict markers", "git checkout HEAD -- data"],
        ),
    ],
    ids=["cut", "not UTF-8", "no object", "newer format", "incomplete", "of another", "leads out", "conflict"],
)
def test_a_record_that_cannot_be_believed_stops_its_dataset_and_is_kept(
    project: Project, change: object, words: list[str]
) -> None:
    assert callable(change)
    whole = project.read(RECORD)
    project.write(RECORD, change(whole))
    before = project.files()
    project.run("run").refused(RECORD, *words)
    project.run("query", "FROM silver.orders").refused(RECORD, *words)
    project.run("commit", "-m", "x").refused("silver.orders", code=1)
    assert project.files() == before
    project.run("run", "--force", "silver.orders").ok()
    assert project.read(RECORD) == whole


@pytest.mark.thorough
def test_no_value_in_a_record_crashes_the_program(project: Project) -> None:
    """In one process, as a program would use it: every leaf of the record replaced by something else."""
    told = subprocess.run(
        [sys.executable, "-c", _REPLACE_EVERY_LEAF], cwd=project.root, capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stderr
    assert int(told.stdout) > 300


_REPLACE_EVERY_LEAF = """
import copy, json
from pathlib import Path
from medallion.errors import MedallionError
from medallion.project import Project

file = Path("data/silver/orders.json")
whole = json.loads(file.read_text())

def places(value, path=()):
    if path:
        yield path
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from places(child, (*path, key))

tried = 0
for path in places(whole):
    for other in (None, "", "x", -1, 1e400, True, [], [None], {}, {"a": 1}):
        document = copy.deepcopy(whole)
        holder = document
        for key in path[:-1]:
            holder = holder[key]
        holder[path[-1]] = other
        file.write_text(json.dumps(document))
        try:
            workspace, _ = Project.open().plan()
            Project.open().table("silver.orders").rows()
            for record in workspace.observed.records.values():
                record.encode(), record.content_id, record.size, record.files[0].path
        except MedallionError:
            pass
        except Exception as error:
            raise SystemExit(f"{'.'.join(map(str, path))} = {other!r}: {error!r}")
        tried += 1
print(tried)
"""


def test_a_record_that_speaks_of_other_data_than_its_parquet_is_noticed(project: Project) -> None:
    document = project.record("silver.orders")
    files = document["files"]
    assert isinstance(files, list)
    files[0]["oid"] = "0" * 64
    project.write(RECORD, json.dumps(document))
    before = project.files()
    project.run("run").refused("data/silver/orders.parquet", "changed by something other than medallion", "restore")
    project.run("query", "FROM silver.orders").refused("the file is not the data of its record")
    assert project.files() == before


# Names


@pytest.mark.parametrize(
    "name", ["bronze.two words", "bronze.a.b", "bronze.Upper", "bronze.été", "bronze...", "..", ""]
)
def test_a_name_that_no_dataset_can_have_is_refused_with_the_rule(project: Project, name: str) -> None:
    before = project.files()
    project.run("add", name, "sources/orders.csv").refused("is no dataset name", "layer.name", "lower-case")
    assert project.files() == before


def test_a_name_that_looks_like_another_gets_a_suggestion(project: Project) -> None:
    for args in (
        ("show", "silver.order"),
        ("log", "silver.order"),
        ("run", "silver.order"),
        ("lineage", "silver.order"),
    ):
        project.run(*args).refused("silver.order", 'did you mean "silver.orders"?')


def test_spaces_and_letters_of_any_script_may_be_in_every_path(built: Path, tmp_path: Path) -> None:
    shutil.copytree(built, tmp_path / "l'été [1] 100% 数据 * Ωmega", symlinks=True)
    project = Project(tmp_path / "l'été [1] 100% 数据 * Ωmega")
    assert project.is_up_to_date()
    project.write("sources/März 2026/Bestellungen (neu).csv", "Nummer,Straße\n1,Hauptstraße\n")
    project.run("add", "bronze.neu", "März 2026/Bestellungen (neu).csv", folder="sources").ok()
    project.write("sql/silver/neu.sql", "SELECT * FROM bronze.neu\n")
    project.run("run").ok()
    project.run("commit", "-m", "März: Straße").ok()
    assert project.git("status", "--porcelain") == ""
    (project.root / "data/silver/neu.parquet").unlink()
    sql = "SELECT count(*) FROM silver.neu AT (VERSION => 'HEAD') JOIN bronze.neu USING (nummer)"
    assert project.rows(sql) == [["1"]]
    assert "März: Straße" in project.run("log", "silver.neu", folder="sources").ok().stdout
    project.run("lineage", "silver.neu").ok()


# A machine that refuses


@pytest.fixture
def read_only(project: Project) -> Iterator[Project]:
    """Stale, and nothing in it may be written to."""
    project.write("sql/silver/orders.sql", "SELECT order_id, total, status, ordered_at FROM bronze.orders\n")
    project.git("status")  # git looks at what has been copied, which takes writing.
    entries = [project.root, *(p for p in project.root.rglob("*") if not p.is_symlink())]
    for entry in entries:
        entry.chmod(0o555 if entry.is_dir() else 0o444)
    yield project
    for entry in entries:
        if entry.exists():
            entry.chmod(0o755 if entry.is_dir() else 0o644)


def test_a_folder_that_is_read_only_can_be_looked_at(read_only: Project) -> None:
    before = read_only.files()
    sql = "SELECT count(*) FROM silver.orders"
    for args in (("query", sql), ("query", sql, "--at", "HEAD"), ("plan",), ("show", "silver.orders")):
        read_only.run(*args, before=without_privileges).ok()
    assert read_only.run("status", before=without_privileges).code == 1
    assert read_only.files() == before


def test_what_would_write_to_a_folder_that_is_read_only_says_so(read_only: Project) -> None:
    before = read_only.files()
    for args in (("run",), ("commit", "-m", "x", "--allow-stale"), ("restore", "silver.orders"), ("log",)):
        read_only.run(*args, before=without_privileges).refused(str(read_only.root), "Permission denied")
    read_only.run("add", "bronze.more", "sources/orders.csv", before=without_privileges).refused("Permission denied")
    read_only.run("init", before=without_privileges).refused("Permission denied", hint="cannot write")
    assert read_only.files() == before


def test_a_data_folder_that_is_read_only_fails_its_datasets_and_keeps_them(project: Project) -> None:
    project.write("sql/silver/orders.sql", "SELECT order_id, total, status, ordered_at FROM bronze.orders\n")
    project.write("sql/gold/all.sql", "SELECT * FROM bronze.orders\n")
    before = project.files("data/silver")
    (project.root / "data/silver").chmod(0o555)
    ran = project.run("run", before=without_privileges).refused("data/silver", "Permission denied", "keeps its last")
    (project.root / "data/silver").chmod(0o755)
    assert "failed 1" in ran.stderr.splitlines()[-1]
    assert project.files("data/silver") == before
    assert project.record("gold.all")["rows"] == 6
    project.run("run").ok()
    project.check()


BIG = "SELECT range AS id, hash(range) AS h FROM range(500000)\n"


def test_a_disk_that_fills_up_fails_the_dataset_and_keeps_its_last_version(project: Project) -> None:
    project.write("sql/silver/orders.sql", BIG.replace("range(500000)", "range(500000) WHERE id < 10"))
    project.write("sql/gold/revenue.sql", "SELECT count(*) AS n FROM silver.orders\n")
    project.run("run").ok()
    before = project.files("data")
    project.write("sql/silver/orders.sql", BIG)
    ran = project.run("run", before=with_files_up_to(300_000)).refused("File too large", "make room on the disk")
    assert "failed 1" in ran.stderr.splitlines()[-1]
    assert project.files("data") == before
    project.check()
    project.run("run").ok()
    project.check()
    assert project.rows("FROM gold.revenue") == [["500000"]]


def test_a_disk_that_fills_up_during_a_commit_leaves_the_data_and_no_commit(project: Project) -> None:
    project.write("sql/silver/orders.sql", BIG)
    project.write("sql/gold/revenue.sql", "SELECT count(*) AS n FROM silver.orders\n")
    project.run("run").ok()
    before = project.files()
    project.run("commit", "-m", "big", before=with_files_up_to(300_000)).refused("File too large")
    assert project.files() == before
    assert project.git("rev-list", "--count", "HEAD") == "1"
    project.run("commit", "-m", "big").ok()
    assert project.git("status", "--porcelain") == ""


def test_a_query_that_cannot_write_its_output_leaves_the_old_one(project: Project) -> None:
    project.write("out.csv", "precious\n")
    for form in ("csv", "json", "parquet"):
        project.run(
            *("query", "FROM range(100000)", "--format", form, "--output", "out.csv"), before=with_files_up_to(10_000)
        ).refused("out.csv")
        assert project.read("out.csv") == b"precious\n"
    project.run("query", "FROM silver.orders", "-f", "csv", "-o", "no/such/folder.csv").refused("No such file")
    late = "SELECT CAST(CASE range WHEN 50000 THEN 'x' ELSE '1' END AS INT) AS n FROM range(100000)"
    project.run("query", late, "-f", "csv", "-o", "out.csv").refused(
        "query:1:8", "Could not convert string 'x'", hint=""
    )
    assert project.read("out.csv") == b"precious\n"
    assert [file.name for file in project.root.iterdir() if "out.csv" in file.name] == ["out.csv"]


# Versions


def test_a_revision_that_does_not_exist_is_refused_with_the_nearest(project: Project) -> None:
    project.git("tag", "v1.2")
    for args in (("query", "FROM silver.orders", "--at", "v1.3"), ("restore", "silver.orders", "--from", "v1.3")):
        project.run(*args).refused('no revision "v1.3"', 'did you mean "v1.2"?')
    project.run("query", "FROM silver.orders AT (VERSION => 'v1.3')").refused("query:1:", 'no revision "v1.3"')
    project.run("query", "FROM silver.orders", "--at", "HEAD~7").refused('no revision "HEAD~7"')
    project.run("query", "FROM silver.orders AT (TIMESTAMP => '2001-01-01')").refused(
        "before the first commit", hint=""
    )


def test_an_ambiguous_revision_is_refused_with_the_commits_it_could_be(project: Project) -> None:
    stream = "".join(
        f"commit refs/heads/many\ncommitter Ada <ada@example.com> {n} +0000\ndata 1\nx\n" for n in range(1500)
    )
    project.git("fast-import", "--quiet", stdin=stream)
    beginnings: dict[str, int] = {}
    for commit in project.git("rev-list", "--all").split():
        beginnings[commit[:4]] = beginnings.get(commit[:4], 0) + 1
    ambiguous = next(beginning for beginning, count in beginnings.items() if count > 1)
    project.run("query", "FROM silver.orders", "--at", ambiguous).refused("is ambiguous", "commits begin so", "digits")


def test_a_revision_before_the_dataset_says_where_it_first_appears(project: Project) -> None:
    project.write("sql/gold/late.sql", "SELECT 1 AS one\n")
    project.run("run").ok()
    project.run("commit", "-m", "late").ok()
    commit = project.git("rev-parse", "--short=7", "HEAD")
    project.run("query", "FROM gold.late AT (VERSION => 'HEAD~1')").refused(
        "query:1:6: gold.late does not exist at HEAD~1", f"first appears in {commit}", "medallion log gold.late"
    )
    before = project.files()
    project.run("restore", "gold.late", "--from", "HEAD~1").refused("gold.late does not exist at HEAD~1", commit)
    assert project.files() == before


def test_a_table_in_no_version_is_refused_with_the_nearest(project: Project) -> None:
    for args in (
        ("query", "FROM silver.orderz"),
        ("query", "FROM silver.orderz", "--at", "HEAD"),
        ("query", "FROM silver.orderz AT (VERSION => 'HEAD')"),
    ):
        project.run(*args).refused("query:1:6", "silver.orderz", 'did you mean "silver.orders"?')


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("", ["there is no statement", "one SELECT"]),
        ("SELECT 1; SELECT 2", ["query:1:11", "more than one statement"]),
        ("DELETE FROM silver.orders", ["query:1:1", "a query reads"]),
        ("COPY silver.orders TO 'x.csv'", ["query:1:1", "a query reads"]),
        ("SELECT 'open", ["quote"]),
        ("FROM silver.orders AT (VERSION => 1)", ["query:1:35", "a version must be a text in quotes"]),
    ],
)
def test_a_query_that_is_no_query_is_refused(project: Project, sql: str, words: list[str]) -> None:
    project.run("query", sql).refused(*words)
    assert not (project.root / "x.csv").exists()


def test_a_command_line_that_makes_no_sense_is_the_users_to_mend(project: Project) -> None:
    for args in (("rum",), ("run", "--nope"), ("query",), ("log", "--limit", "many"), ("run", "--var", "x")):
        project.run(*args).refused()
    project.run("query", "SELECT 1", "--format", "xml").refused("xml", "csv")


def test_without_a_terminal_no_editor_is_opened_for_a_message(project: Project) -> None:
    project.write("sources/note.txt", "new\n")
    project.run("commit").refused("a commit needs a message", "medallion commit -m")
    assert project.git("rev-list", "--count", "HEAD") == "1"


# Two at a time


def test_a_second_run_waits_and_says_for_whom(project: Project) -> None:
    project.write("sql/gold/slow.sql", SLOW)
    with project.background("run", "gold.slow") as first:
        wait_for(lambda: b"medallion run" in project.read(".medallion/lock"), "the first run holds the lock")
        with project.background("run", "--force", "bronze.orders") as second:
            assert second.stderr is not None
            line = second.stderr.readline()
            assert f"waiting for another run to end: medallion run, process {first.pid}, since" in line
            assert second.poll() is None
            first.kill()
            first.wait()
            assert second.wait(60) == 0
            assert "same output 1" in second.stderr.read()
    project.check()


def test_what_only_looks_does_not_wait_for_a_run(project: Project) -> None:
    project.write("sql/gold/slow.sql", SLOW)
    with project.background("run", "gold.slow") as first:
        wait_for(lambda: b"medallion run" in project.read(".medallion/lock"), "the run holds the lock")
        assert project.rows("SELECT count(*) FROM silver.orders") == [["4"]]
        assert project.actions()["gold.slow"] == "build"
        assert project.run("status").code == 1
        project.run("log").ok()
        assert first.poll() is None
