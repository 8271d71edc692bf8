"""The commands: wiring, exit codes, streams, formats."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pyarrow.parquet
import pytest
from typer.main import get_command

from medallion import __version__
from medallion.cli.main import app

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Ended

COMMANDS = sorted(get_command(app).commands)  # type: ignore[attr-defined]
FOR_GIT = ["driver"]


def test_the_commands_are_these() -> None:
    assert COMMANDS == [
        "add", "blame", "check", "commit", "demo", "diff", "doctor", "driver", "init", "lineage", "log", "plan",
        "query", "restore", "review", "run", "show", "status", "test",
    ]  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_every_command_explains_itself_with_an_example(
    medallion: Callable[..., Ended], command: str, option: str
) -> None:
    ended = medallion(command, option)
    assert (ended.code, ended.err) == (0, "")
    assert f"Example: medallion {command}" in ended.out


def test_the_program_explains_itself(medallion: Callable[..., Ended]) -> None:
    ended = medallion("--help")
    assert ended.code == 0
    listed = [command for command in COMMANDS if f"  {command} " in ended.out]
    assert listed == [command for command in COMMANDS if command not in FOR_GIT]


def test_the_version_is_data(medallion: Callable[..., Ended]) -> None:
    ended = medallion("--version")
    assert (ended.code, ended.out, ended.err) == (0, f"medallion {__version__}\n", "")


@pytest.mark.parametrize(
    "args",
    [
        ["nonsense"],
        ["run", "--nonsense"],
        ["query"],
        ["show"],
        ["log", "--limit", "many"],
        ["-C", "/no/such/folder", "plan"],
    ],
)
def test_wrong_usage_exits_with_2_and_says_so_on_stderr(medallion: Callable[..., Ended], args: list[str]) -> None:
    ended = medallion(*args)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err


def test_outside_of_a_project_a_command_exits_with_2_and_says_how_to_start_one(
    medallion: Callable[..., Ended], tmp_path: Path
) -> None:
    ended = medallion("-C", str(tmp_path), "plan")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("error: no medallion project in ")
    assert "hint: `medallion init` starts one here" in ended.err


@pytest.mark.parametrize(
    ("args", "holds"),
    [
        (["plan"], "steps"), (["run"], "steps"), (["run", "--dry-run"], "steps"), (["status"], "datasets"),
        (["show", "gold.revenue"], "columns"), (["log"], None), (["log", "gold.revenue"], None),
        (["lineage", "gold.revenue"], "edges"), (["lineage", "gold.revenue.revenue"], "edges"), (["doctor"], None),
    ],
)  # fmt: skip
def test_json_is_all_of_stdout(medallion: Callable[..., Ended], shop: Path, args: list[str], holds: str | None) -> None:
    assert shop.is_dir()
    document: Any = json.loads(medallion(*args, "--json").out)
    assert document
    assert isinstance(document, dict) is (holds is not None)
    assert holds is None or document[holds]


@pytest.mark.parametrize(
    ("args", "out", "err"),
    [
        (["plan"], "", "everything is up to date (3 datasets)\n"),
        (["status"], "", "everything is up to date and committed (3 datasets)\n"),
    ],
)
def test_with_nothing_to_tell_stdout_is_empty(
    medallion: Callable[..., Ended], shop: Path, args: list[str], out: str, err: str
) -> None:
    assert shop.is_dir()
    ended = medallion(*args)
    assert (ended.code, ended.out, ended.err) == (0, out, err)


@pytest.mark.parametrize(
    "args",
    [["plan", "--all"], ["show", "gold.revenue"], ["log"], ["lineage", "gold.revenue"], ["doctor"],
     ["lineage", "gold.revenue", "--mermaid"], ["query", "FROM gold.revenue"]],
)  # fmt: skip
def test_data_goes_to_stdout(medallion: Callable[..., Ended], shop: Path, args: list[str]) -> None:
    assert shop.is_dir()
    ended = medallion(*args)
    assert ended.code == 0
    assert ended.out


def test_a_run_tells_its_steps_on_stderr(medallion: Callable[..., Ended], shop: Path) -> None:
    assert shop.is_dir()
    ended = medallion("run", "--force")
    assert (ended.code, ended.out) == (0, "")
    assert "built 0, same output 3, unchanged 0, failed 0, skipped 0 in " in ended.err.splitlines()[-1]


@pytest.mark.parametrize(
    "args",
    [["show", "gold.nope"], ["log", "gold.nope"], ["lineage", "gold.nope"], ["lineage", "gold.revenue.nope"],
     ["plan", "gold.nope"],
     ["run", "gold.nope"], ["show", "Not A Name"], ["query", "FROM gold.nope"], ["query", "SELEC 1"],
     ["query", "FROM gold.revenue", "--at", "nope"], ["query", "SELECT 1", "--format", "xml"],
     ["query", "SELECT 1", "--format", "parquet"], ["run", "--var", "x"], ["restore", "gold.revenue", "--from", "nope"],
     ["query", "DELETE FROM gold.revenue"], ["query", "SELECT 1; SELECT 2"], ["query", "SELECT error('x')"],
     ["query", "SELECT 1", "--output", "no/such/folder/x.csv"]],
)  # fmt: skip
def test_an_error_of_the_user_exits_with_2_and_leaves_stdout_empty(
    medallion: Callable[..., Ended], shop: Path, args: list[str]
) -> None:
    assert shop.is_dir()
    ended = medallion(*args)
    assert (ended.code, ended.out) == (2, ""), ended.err
    assert "error: " in ended.err
    assert "Traceback" not in ended.err


def test_stale_data_exits_with_1_from_status_and_commit_and_0_from_plan(
    medallion: Callable[..., Ended], shop: Path
) -> None:
    model = shop / "sql/gold/revenue.sql"
    before = model.read_text()
    model.write_text(before + "LIMIT 1\n")
    try:
        assert medallion("status").code == 1
        ended = medallion("commit", "-m", "x")
        assert ended.code == 1
        assert "gold.revenue" in ended.err
        ended = medallion("plan")
        assert ended.code == 0
        assert " ".join(ended.out.split()) == "gold.revenue build SQL changed: rows may change (breaking)"
        assert ended.err.startswith("to build: 1, unchanged: 2; at most about ")
    finally:
        model.write_text(before)


def test_a_failing_model_exits_with_2_and_the_rest_is_told(medallion: Callable[..., Ended], shop: Path) -> None:
    model = shop / "sql/silver/orders.sql"
    before = model.read_text()
    model.write_text("SELECT nope FROM bronze.orders\n")
    try:
        ended = medallion("run")
        assert (ended.code, ended.out) == (2, "")
        assert 'sql/silver/orders.sql:1:8: no column "nope" in bronze.orders' in ended.err
        assert ended.err.splitlines()[-1].startswith("built 0, unchanged 1, failed 1, skipped 1 in ")
    finally:
        model.write_text(before)


# Results

ROW = (
    "SELECT NULL AS n, 'a\nb|\t\x1b[31m<i>' AS t, 1.50::DECIMAL(10, 2) AS d, 12345678901234567890123::HUGEINT AS h, "
    "DATE '2026-01-31' AS day, TIMESTAMP '2026-01-31 10:00:00.5' AS ts, TIMESTAMPTZ '2026-01-31 10:00+00' AS tz, "
    "true AS b, [1, NULL] AS l, {'k': 'é'} AS s, '\\xAA\"b'::BLOB AS x, 'nan'::DOUBLE AS f, 9007199254740993 AS i"
)


def query(medallion: Callable[..., Ended], sql: str, form: str, *more: str) -> str:
    ended = medallion("query", sql, "--format", form, *more)
    assert ended.code == 0, ended.err
    return ended.out


def test_a_table_shows_one_line_a_row_and_nothing_that_a_terminal_would_obey(
    medallion: Callable[..., Ended], shop: Path
) -> None:
    assert shop.is_dir()
    lines = query(medallion, ROW, "table").splitlines()
    assert len(lines) == 2
    assert lines[0].split() == ["n", "t", "d", "h", "day", "ts", "tz", "b", "l", "s", "x", "f", "i"]
    assert "NULL" in lines[1]
    assert r"a\nb|\t\x1b[31m<i>" in lines[1]
    assert (
        "1.50  12345678901234567890123  2026-01-31  2026-01-31 10:00:00.500000  2026-01-31 10:00:00+00:00" in lines[1]
    )


def test_a_table_is_cut_at_the_limit_and_says_so(medallion: Callable[..., Ended], shop: Path) -> None:
    assert shop.is_dir()
    ended = medallion("query", "FROM range(1234)", "--limit", "2")
    assert ended.out.splitlines()[1:] == ["     0", "     1", " … 1,232 more rows; --limit 0 shows all"]
    assert ended.err == "1,234 rows\n"
    assert len(medallion("query", "FROM range(1234)", "--limit", "0").out.splitlines()) == 1235


def test_csv_is_read_back_as_it_was_written(medallion: Callable[..., Ended], shop: Path) -> None:
    assert shop.is_dir()
    names, values = list(csv.reader(io.StringIO(query(medallion, ROW, "csv"), newline="")))
    assert dict(zip(names, values, strict=True)) == {
        "n": "", "t": "a\nb|\t\x1b[31m<i>", "d": "1.50", "h": "12345678901234567890123", "day": "2026-01-31",
        "ts": "2026-01-31 10:00:00.500000", "tz": "2026-01-31 10:00:00+00:00", "b": "true", "l": "[1, null]",
        "s": '{"k": "é"}', "x": "\\xAA\\x22b", "f": "nan", "i": "9007199254740993",
    }  # fmt: skip


@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_json_holds_every_value_exactly(medallion: Callable[..., Ended], shop: Path, form: str) -> None:
    assert shop.is_dir()
    document: Any = json.loads(query(medallion, ROW, form))
    assert (document[0] if form == "json" else document) == {
        "n": None, "t": "a\nb|\t\x1b[31m<i>", "d": "1.50", "h": 12345678901234567890123, "day": "2026-01-31",
        "ts": "2026-01-31 10:00:00.500000", "tz": "2026-01-31 10:00:00+00:00", "b": True, "l": [1, None],
        "s": {"k": "é"}, "x": "\\xAA\\x22b", "f": "nan", "i": 9007199254740993,
    }  # fmt: skip


def test_json_of_no_rows_is_an_empty_list_and_jsonl_is_empty(medallion: Callable[..., Ended], shop: Path) -> None:
    assert shop.is_dir()
    assert json.loads(query(medallion, "SELECT 1 AS a WHERE false", "json")) == []
    assert query(medallion, "SELECT 1 AS a WHERE false", "jsonl") == ""


def test_json_of_two_columns_with_one_name_is_refused(medallion: Callable[..., Ended], shop: Path) -> None:
    assert shop.is_dir()
    ended = medallion("query", "SELECT 1 AS a, 2 AS a", "--format", "json")
    assert (ended.code, ended.out) == (2, "")
    assert 'two columns are called "a"' in ended.err


def test_markdown_is_one_line_a_row_with_its_special_characters_escaped(
    medallion: Callable[..., Ended], shop: Path
) -> None:
    assert shop.is_dir()
    lines = query(medallion, "SELECT NULL AS n, 'a\nb|<i>`' AS t, 1.50::DECIMAL(10, 2) AS d", "markdown").splitlines()
    assert lines == ["| n | t | d |", "| --- | --- | ---: |", "|  | a b\\|&lt;i>\\` | 1.50 |"]


def test_parquet_goes_to_a_file_with_every_value_exact(
    medallion: Callable[..., Ended], shop: Path, tmp_path: Path
) -> None:
    assert shop.is_dir()
    file = tmp_path / "a b.parquet"
    assert query(medallion, ROW, "parquet", "--output", str(file)) == ""
    (row,) = pyarrow.parquet.read_table(file).to_pylist()
    assert (str(row["d"]), str(row["h"]), row["i"], row["n"]) == (
        "1.50",
        "12345678901234567890123",
        9007199254740993,
        None,
    )
    assert [path.name for path in tmp_path.iterdir()] == ["a b.parquet"]


def test_a_query_that_fails_leaves_the_file_as_it_was(
    medallion: Callable[..., Ended], shop: Path, tmp_path: Path
) -> None:
    assert shop.is_dir()
    file = tmp_path / "x.csv"
    file.write_text("old")
    sql = "SELECT CASE WHEN range = 20000 THEN error('late') ELSE 1 END AS a FROM range(20001)"
    ended = medallion("query", sql, "--format", "csv", "--output", str(file))
    assert ended.code == 2
    assert "late" in ended.err
    assert file.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["x.csv"]


def test_a_query_may_come_from_standard_input(
    medallion: Callable[..., Ended], shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shop.is_dir()
    monkeypatch.setattr(sys, "stdin", io.StringIO("SELECT 1 AS a\n"))
    assert query(medallion, "-", "csv") == "a\n1\n"


def test_a_variable_of_the_command_line_is_text(medallion: Callable[..., Ended], shop: Path) -> None:
    assert shop.is_dir()
    assert query(medallion, "SELECT getvariable('v') AS v", "csv", "--var", "v=1=2") == "v\n1=2\n"


def test_the_versions_that_a_query_read_are_told_on_stderr(medallion: Callable[..., Ended], shop: Path) -> None:
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=shop, capture_output=True, text=True, check=True).stdout
    ended = medallion("query", "FROM gold.revenue", "--at", "HEAD")
    assert f"(gold.revenue at HEAD = {commit[:7]})" in ended.err


# A process of its own


def process(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "medallion", *args], cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )


def test_python_m_medallion_is_the_program(shop: Path) -> None:
    done = process(shop, "--version")
    assert (done.returncode, done.stdout) == (0, f"medallion {__version__}\n")


def test_without_a_terminal_there_are_no_escape_codes_and_no_wrapped_lines(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm-256color")
    columns = ", ".join(f"{i} AS a_rather_long_name_{i}" for i in range(30))
    done = process(shop, "query", f"SELECT {columns}")
    assert len(done.stdout.splitlines()) == 2
    for args in (["plan", "--all"], ["log"], ["lineage", "gold.revenue"], ["doctor"], ["show", "gold.nope"]):
        done = process(shop, *args)
        assert "\x1b" not in done.stdout + done.stderr
    missing = "x" * 200
    done = process(shop, "query", f"SELECT {missing} FROM gold.revenue")
    assert any(len(line) > 200 for line in done.stderr.splitlines())


@pytest.mark.parametrize("command", ["query 'FROM range(1000000)' --format csv", "query 'FROM range(3)'", "--version"])
def test_output_that_nobody_reads_ends_the_program_as_sigpipe_does(shop: Path, command: str) -> None:
    line = f"{{ '{sys.executable}' -m medallion {command}; echo $? >&2; }} | true"
    done = subprocess.run(["sh", "-c", line], cwd=shop, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.stderr == "141\n"


def test_the_beginning_of_an_output_can_be_had_alone(shop: Path) -> None:
    line = f"'{sys.executable}' -m medallion query 'FROM range(1000000)' --format csv | head -n 2"
    done = subprocess.run(["sh", "-c", line], cwd=shop, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert (done.stdout, done.stderr) == ("range\n0\n", "")


@pytest.mark.usefixtures("shop")
def test_above_projects_the_hint_names_them_and_a_review_of_a_dataset_is_pointed_to_diff(
    medallion: Callable[..., Ended], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = medallion("review", "gold.revenue")
    assert asked.code == 2
    assert "`medallion diff REVISION gold.revenue` compares one" in asked.err
    below = tmp_path / "teams" / "a shop"
    below.mkdir(parents=True)
    (below / "medallion.toml").write_text("")
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    subprocess.run(["git", "add", "."], cwd=tmp_path, check=True)
    monkeypatch.chdir(tmp_path)
    assert "hint: below there is teams/a shop: `medallion -C 'teams/a shop' …` works there" in medallion("plan").err
