"""``medallion diff``: what it writes where, and how it ends."""

from __future__ import annotations

import json
import os
import subprocess
from importlib.resources import files
from typing import TYPE_CHECKING

import jsonschema
import pytest

from medallion.project import Project

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Ended

    Medallion = Callable[..., Ended]

SCHEMA = json.loads((files("medallion.diff") / "schema.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def edited(shop: Path) -> Path:
    """The project of `init`, its first version tagged; in the work tree an order was sent back and one came."""
    subprocess.run(["git", "tag", "v1"], cwd=shop, check=True)
    with (shop / "sources/orders.csv").open("a") as source:
        source.write("4,Edsger,returned,99.90,2026-02-04 08:30:00,2026-02-06 23:00:00\n")
        source.write("5,Barbara,placed,18.00,2026-02-05 10:00:00,2026-02-06 23:00:00\n")
    assert all(step.error is None for step in Project.open().run().steps)
    return shop


def test_a_person_reads_what_differs_from_the_last_commit(medallion: Medallion, edited: Path) -> None:
    assert edited.is_dir()
    ended = medallion("diff", "silver.*")
    assert (ended.code, ended.err) == (0, "")
    lines = ended.out.splitlines()
    assert lines[0].startswith("silver.orders  4 → 5 rows  +1  ~1    key order_id")
    assert lines[1] == "  status  1 changed  75.0 % same  placed → returned × 1"
    assert "  ~        4  status  placed  returned" in lines
    assert any(line.startswith("  +        5  ") and "customer Barbara" in line for line in lines)
    assert lines[-1] == "1 of 1 dataset differs  (HEAD → work tree)"


def test_one_line_a_dataset_and_the_sum(medallion: Medallion, edited: Path) -> None:
    assert edited.is_dir()
    ended = medallion("diff", "v1", "--stat")
    lines = [" ".join(line.split()) for line in ended.out.splitlines()]
    assert lines[0] == "bronze.orders | +2"
    assert "silver.orders | +1 ~1" in lines
    assert lines[-1].startswith("3 of 3 datasets differ, 3 rows added(+),")
    assert medallion("diff", "v1", "--stat", "-o", "/dev/null").out == ""


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (["v1..HEAD"], 0),
        (["v1..HEAD", "--exit-code"], 0),
        (["v1", "HEAD", "--exit-code"], 0),
        (["v1..."], 0),
        (["--exit-code"], 1),
        (["v1", "--exit-code", "--", "silver.orders"], 1),
        (["v1", "gold.revenue", "--exit-code", "--stat"], 1),
        (["--", "silver.orders"], 0),
    ],
)
def test_the_exit_code_tells_of_a_difference_where_it_is_asked_to(
    medallion: Medallion, edited: Path, args: list[str], code: int
) -> None:
    assert edited.is_dir()
    ended = medallion("diff", *args)
    assert (ended.code, ended.err) == (code, "")
    assert ("datasets are equal" in ended.out) == ("v1..HEAD" in args or "HEAD" in args or "v1..." in args)


def test_a_program_reads_a_document_that_is_what_the_schema_says(medallion: Medallion, edited: Path) -> None:
    assert edited.is_dir()
    document = json.loads(medallion("diff", "v1", "--json").out)
    jsonschema.validate(document, SCHEMA)
    assert (document["base"]["name"], document["head"]) == ("v1", {"name": "work tree", "commit": None})
    orders = next(table for table in document["datasets"] if table["name"] == "silver.orders")
    assert orders["key"] | {"why": ""} == {
        "columns": ["order_id"], "base_columns": ["order_id"], "origin": "declared", "why": ""
    }  # fmt: skip
    assert {name: orders["rows"][name] for name in ("base", "head", "added", "removed", "changed")} == {
        "base": 4, "head": 5, "added": 1, "removed": 0, "changed": 1
    }  # fmt: skip
    status = next(column for column in orders["columns"] if column["name"] == "status")
    assert status["patterns"] == [{"base": "placed", "head": "returned", "count": 1}]


def test_rows_and_columns_that_are_left_out_are_said_to_be(medallion: Medallion, edited: Path, tmp_path: Path) -> None:
    assert edited.is_dir()
    rows = tmp_path / "rows.parquet"
    where = ["--where", "status = 'placed'", "--columns", "status", "--rows", str(rows)]
    ended = medallion("diff", "v1", "silver.orders", *where)
    assert (ended.code, ended.err) == (0, f"{rows}: 2 rows that differ\n")
    assert "customer" not in ended.out
    assert "note: only rows where status = 'placed'\nnote: only the key and status\n" in ended.out
    assert rows.is_file()


@pytest.mark.parametrize(
    ("name", "begins"), [("a.json", "{"), ("a.txt", "bronze.orders"), ("a.md", ""), ("a.html", "<!")]
)
def test_a_file_is_written_as_it_is_called(
    medallion: Medallion, edited: Path, tmp_path: Path, name: str, begins: str
) -> None:
    assert edited.is_dir()
    ended = medallion("diff", "v1", "-o", str(tmp_path / name))
    assert (ended.code, ended.out, ended.err) == (0, "", "")
    text = (tmp_path / name).read_text(encoding="utf-8")
    assert text.lower().startswith(begins)
    assert "returned" in text
    assert "\x1b" not in text


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["no-such"], 'no revision "no-such"'),
        (["orders"], "did you mean the dataset bronze.orders or silver.orders?"),
        (["silver.order"], "silver.orders"),
        (["a", "b", "c"], "3 revisions are too many"),
        (["--json", "--format", "text"], "exclude each other"),
        (["--stat", "--json"], "leave one out"),
        (["--format", "xml"], "choose one of text, json, markdown, html"),
        (["-o", "a.xml"], "say it with --format"),
        (["-o", "no/such/folder/a.json"], "cannot be written"),
    ],
)
def test_a_mistake_says_what_to_do_and_writes_no_data(
    medallion: Medallion, edited: Path, args: list[str], message: str
) -> None:
    assert edited.is_dir()
    ended = medallion("diff", *args)
    assert (ended.code, ended.out) == (2, "")
    assert message in ended.err
    assert "Traceback" not in ended.err


def test_what_cannot_be_compared_is_named_and_the_rest_is_shown(medallion: Medallion, edited: Path) -> None:
    pointer = subprocess.run(
        ["git", "show", "v1:data/silver/orders.parquet"], cwd=edited, capture_output=True, text=True, check=True
    ).stdout
    oid = pointer.split("sha256:")[1].split()[0]
    held = edited / ".git/lfs/objects" / oid[:2] / oid[2:4] / oid
    away = held.rename(held.with_suffix(".away"))
    try:
        ended = medallion("diff", "v1")
        assert ended.code == 0
        assert ended.err.startswith("warning: silver.orders cannot be compared: ")
        assert "silver.orders  cannot be compared" in ended.out
        assert ended.out.splitlines()[-1].startswith("2 of 3 datasets differ, 1 cannot be compared")
        assert medallion("diff", "v1", "--exit-code").code == 1
        ended = medallion("diff", "v1", "silver.orders", "gold.revenue", "--json")
        assert ended.code == 2
        assert ended.err.startswith("warning: silver.orders cannot be compared: ")
        assert [table["status"] for table in json.loads(ended.out)["datasets"]] == ["unavailable", "changed"]
    finally:
        away.rename(held)


def test_a_commit_is_read_with_the_layers_that_it_has(medallion: Medallion, edited: Path, tmp_path: Path) -> None:
    file = edited / "medallion.toml"
    today = file.read_bytes()
    try:
        file.write_text('layers = ["bronze", "silver"]\n')
        lines = medallion("diff", "v1").out.splitlines()
        assert any(line.startswith("gold.revenue") and "removed dataset" in line for line in lines)
        assert medallion("diff", "v1..v1").out.startswith("all 3 datasets are equal")
    finally:
        file.write_bytes(today)

    def git(*args: str, stdin: str = "") -> str:
        env = {**os.environ, "GIT_INDEX_FILE": str(tmp_path / "index")}
        done = subprocess.run(
            ["git", *args], cwd=edited, input=stdin, env=env, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    git("read-tree", "v1")
    unreadable = git("hash-object", "-w", "--stdin", stdin="layers = 1\n")
    git("update-index", "--add", "--cacheinfo", f"100644,{unreadable},medallion.toml")
    commit = git("commit-tree", git("write-tree"), "-m", "what cannot be read")
    assert f"note: medallion.toml at {commit[:7]}" in medallion("diff", f"{commit}..v1").out.replace("\n", " ")
