"""What was built before: found by its recipe, never more than what was written, and never believed blindly."""

from __future__ import annotations

import shutil
import sqlite3
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from medallion.config import find_project
from medallion.names import TableName
from medallion.past import Past, recipe_of
from medallion.records import Built, Column, DataFile, Input, InputKind, Record

if TYPE_CHECKING:
    from pathlib import Path

    from medallion.models.fingerprint import Recipe
SQL = "SELECT 1 AS k"


def record(version: int, *, text: str = "t", sql: str = "s") -> Record:
    read = Input("bronze.a", InputKind.DATASET, f"{version:064x}", ("k",), identity=f"{version:064x}")
    return Record(
        dataset=TableName("silver", "x"),
        rows=version,
        columns=(Column("k", "INTEGER", False, f"{version:064x}"),),
        key=("k",),
        files=(DataFile("x.parquet", f"{version:064x}", 10, version),),
        built=Built(f"f{version}", "sql/silver/x.sql", "duckdb", "2.0.0", (read,), sql, {"m": "1"}, {"v": 1}, text),
    )


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "medallion.toml").touch()
    return tmp_path / "p"


def past(root: Path) -> Past:
    return Past(find_project(root))


def found(known: Past, recipe: Recipe) -> list[Record]:
    return [earlier.record for earlier in known.find(recipe)]


def file(root: Path) -> Path:
    return root / ".medallion" / "cache" / "built.sqlite"


def test_the_records_of_a_recipe_are_found_the_latest_first(root: Path) -> None:
    past(root).remember([(record(1), SQL), (record(2), SQL)])
    past(root).remember([(record(3), SQL)])
    assert found(past(root), recipe_of(record(9))) == [record(3), record(2), record(1)]


@pytest.mark.parametrize(
    "other",
    [
        replace(record(1), key=()),
        record(1, sql="another"),
        replace(record(1), built=replace(record(1).built, macros={})),
        replace(record(1), built=replace(record(1).built, variables={"v": "1"})),
        replace(record(1), built=replace(record(1).built, variables={"v": True})),
        replace(record(1), built=replace(record(1).built, engine_version="2.0.1")),
    ],
)
def test_another_recipe_finds_nothing(root: Path, other: Record) -> None:
    past(root).remember([(record(1), SQL)])
    assert found(past(root), recipe_of(other)) == []


def test_another_text_of_the_same_meaning_finds_the_record(root: Path) -> None:
    past(root).remember([(record(1), SQL)])
    assert found(past(root), recipe_of(record(1, text="other words"))) == [record(1)]


def test_a_record_is_kept_once(root: Path) -> None:
    for _ in range(3):
        past(root).remember([(record(1), SQL), (record(1), SQL)])
    assert found(past(root), recipe_of(record(1))) == [record(1)]


def test_the_sql_of_a_record_is_found_by_its_text_and_not_lost_again(root: Path) -> None:
    past(root).remember([(record(1), "SELECT 1 AS k")])
    past(root).remember_history([("c" * 40, record(1), record(1).encode())])
    assert past(root).sql(record(1)) == "SELECT 1 AS k"
    assert past(root).sql(record(1, text="u")) is None


def test_it_is_empty_until_something_is_remembered(root: Path) -> None:
    assert past(root).is_empty
    assert found(past(root), recipe_of(record(1))) == []
    assert past(root).sql(record(1)) is None
    past(root).remember([])
    assert past(root).is_empty
    assert not file(root).exists()
    past(root).remember([(record(1), SQL)])
    assert not past(root).is_empty


@pytest.mark.parametrize("content", [b"", b"garbage", b"SQLite format 3\x00" + b"\xff" * 4000])
def test_a_damaged_file_counts_as_absent_and_is_made_anew(root: Path, content: bytes) -> None:
    past(root).remember([(record(1), SQL)])
    file(root).write_bytes(content)
    assert found(past(root), recipe_of(record(1))) == []
    assert past(root).is_empty
    past(root).remember([(record(2), SQL)])
    assert found(past(root), recipe_of(record(1))) == [record(2)]


def test_a_file_that_was_cut_short_anywhere_gives_nothing_wrong(root: Path) -> None:
    past(root).remember([(record(n), "SELECT 1 AS k") for n in range(1, 40)])
    whole = file(root).read_bytes()
    for size in range(0, len(whole), 1024):
        with file(root).open("wb") as cut:
            cut.write(whole[:size])
        assert all(earlier == record(earlier.rows) for earlier in found(past(root), recipe_of(record(1))))


def test_a_row_that_was_changed_is_passed_over(root: Path) -> None:
    past(root).remember([(record(1), SQL), (record(2), SQL)])
    with sqlite3.connect(file(root)) as connection:
        connection.execute("UPDATE built SET record = replace(record, '\"rows\": 2', '\"rows\": 7')")
    connection.close()
    assert found(past(root), recipe_of(record(1))) == [record(1)]


def test_what_came_with_a_clone_is_not_believed(root: Path, tmp_path: Path) -> None:
    past(root).remember([(record(1), SQL)])
    shutil.copytree(root, tmp_path / "clone")
    assert found(past(tmp_path / "clone"), recipe_of(record(1))) == []
    assert found(past(root), recipe_of(record(1))) == [record(1)]


def test_a_format_of_another_version_is_not_believed(root: Path) -> None:
    past(root).remember([(record(1), SQL)])
    with sqlite3.connect(file(root)) as connection:
        connection.execute("UPDATE about SET format = '999'")
    connection.close()
    assert found(past(root), recipe_of(record(1))) == []


def test_a_folder_that_cannot_be_written_to_costs_nothing_but_the_memory(root: Path) -> None:
    (root / ".medallion").mkdir()
    (root / ".medallion" / "cache").write_text("a file where the folder should be")
    past(root).remember([(record(1), SQL)])
    assert found(past(root), recipe_of(record(1))) == []


def test_what_was_built_here_and_what_commits_say_is_told_apart(root: Path) -> None:
    made = [("a" * 40, record(1)), ("b" * 40, record(1)), ("c" * 40, record(2))]
    past(root).remember_history((commit, found, found.encode()) for commit, found in made)
    past(root).remember([(record(2), SQL), (record(3), SQL)])
    told = {e.record.rows: (e.here, sorted(e.commits)) for e in past(root).find(recipe_of(record(1)))}
    assert told == {1: (False, ["a" * 40, "b" * 40]), 2: (True, ["c" * 40]), 3: (True, [])}


def test_a_file_that_is_made_in_place_of_another_has_another_id(root: Path) -> None:
    first = past(root).id
    past(root).remember([(record(1), SQL)])
    assert past(root).id == first != ""
    file(root).unlink()
    assert past(root).id not in ("", first)
