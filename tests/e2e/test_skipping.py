"""What a run skips and what it takes again, each with its reason; and that nothing false is ever skipped."""

from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.e2e.conftest import Project
from tests.e2e.edits import edit

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SOURCE, BRONZE, SILVER, GOLD = (
    "sources/orders.csv",
    "sql/bronze/orders.sql",
    "sql/silver/orders.sql",
    "sql/gold/revenue.sql",
)
ALL = ("bronze.orders", "silver.orders", "gold.revenue")


def planned(project: Project) -> dict[str, tuple[str, str]]:
    """Action and reason of each dataset, as ``plan`` tells them."""
    ran = project.run("plan", "--json")
    assert "Traceback" not in ran.stderr, ran.stderr
    return {step["dataset"]: (step["action"], step["reason"]) for step in json.loads(ran.stdout)["steps"]}


def done(project: Project) -> dict[str, tuple[str, str]]:
    """The same of the latest run, but for what was up to date; see the log of runs."""
    lines = project.read(".medallion/runs.jsonl").decode().splitlines()
    return {step["dataset"]: (step["action"], step["reason"]) for step in json.loads(lines[-1])["steps"]}


def run(project: Project, *args: str) -> dict[str, tuple[str, str]]:
    project.run("run", *args).ok()
    return done(project)


def rebuilt(project: Project, folder: Path) -> dict[str, bytes]:
    """The data that the same project gives in a place where nothing was built."""
    for path in ("sql", "sources"):
        shutil.copytree(project.root / path, folder / path)
    shutil.copy(project.root / "medallion.toml", folder)
    fresh = Project(folder)
    fresh.run("run").ok()
    return {path: data for path, data in fresh.files("data").items() if path.endswith(".parquet")}


def is_sound(project: Project, folder: Path) -> bool:
    """Nothing is left to do, and the data is what a rebuild makes."""
    here = {path: data for path, data in project.files("data").items() if path.endswith(".parquet")}
    return project.is_up_to_date() and here == rebuilt(project, folder)


# The four levels


def test_comments_and_layout_are_no_change(project: Project) -> None:
    edit(project, SILVER, "SELECT\n", "-- Another word.\nselect   ")
    assert planned(project) == dict.fromkeys(ALL, ("unchanged", "up to date"))


def test_other_words_of_the_same_meaning_are_no_change(project: Project, tmp_path: Path) -> None:
    edit(project, SILVER, "FROM bronze.orders", "FROM bronze.orders AS export")
    project.run("run").ok()
    edit(project, SILVER, "AS export", "AS e")
    edit(project, SILVER, "ORDER BY exported_at", "ORDER BY Exported_At")
    assert planned(project)["silver.orders"] == ("unchanged", "the SQL means the same as before")
    assert run(project) == {"silver.orders": ("unchanged", "the SQL means the same as before")}
    assert is_sound(project, tmp_path / "fresh")


def test_a_rebuild_with_the_same_output_leaves_its_readers_alone(project: Project, tmp_path: Path) -> None:
    with (project.root / SOURCE).open("a") as file:
        file.write("4,Edsger,placed,99.90,2026-02-04 08:30:00,2026-02-03 23:00:00\n")
    steps = planned(project)
    assert steps["bronze.orders"] == ("build", f"source changed: {SOURCE}")
    assert steps["silver.orders"][0] == "maybe"
    assert run(project) == {
        "bronze.orders": ("built", f"source changed: {SOURCE}"),
        "silver.orders": ("same output", "input changed: bronze.orders"),
        "gold.revenue": ("unchanged", "its inputs hold the same data as before"),
    }
    assert is_sound(project, tmp_path / "fresh")


def test_a_change_of_columns_that_are_not_read_is_no_change(project: Project, tmp_path: Path) -> None:
    edit(project, SOURCE, "Edsger", "Dijkstra")
    assert planned(project)["gold.revenue"] == ("maybe", "if silver.orders changes in ordered_at, status, total")
    unread = "silver.orders changed only in columns it does not read"
    assert run(project)["gold.revenue"] == ("unchanged", unread)
    assert planned(project)["gold.revenue"] == ("unchanged", unread)
    assert is_sound(project, tmp_path / "fresh")


def test_a_new_column_of_an_input_counts_where_it_can_be_seen(project: Project, tmp_path: Path) -> None:
    project.write("sql/gold/all_orders.sql", "SELECT * FROM silver.orders\n")
    project.run("run").ok()
    edit(project, SILVER, "    ordered_at   --", "    ordered_at, total > 20 AS large   --")
    steps = run(project)
    assert steps["silver.orders"] == ("built", "SQL changed: column large added (not breaking)")
    assert steps["gold.all_orders"] == ("built", "input changed: silver.orders")
    assert steps["gold.revenue"][0] == "unchanged"
    assert is_sound(project, tmp_path / "fresh")


@pytest.mark.parametrize(("column", "outcome"), [("revenue", "built"), ("unnamed", "unchanged")])
def test_a_new_column_whose_name_a_reader_uses_makes_it_stale(
    project: Project, tmp_path: Path, column: str, outcome: str
) -> None:
    edit(project, SILVER, "    ordered_at   --", f"    ordered_at, 1 AS {column}   --")
    assert run(project)["gold.revenue"][0] == outcome.replace("built", "same output")
    assert is_sound(project, tmp_path / "fresh")


# What was built before


def test_an_edit_that_is_taken_back_takes_the_old_data_back(project: Project, tmp_path: Path) -> None:
    before = project.files("data")
    edit(project, SILVER, "exported_at DESC", "exported_at")
    assert run(project)["silver.orders"][0] == "built"
    edit(project, SILVER, "ORDER BY exported_at)", "ORDER BY exported_at DESC)")
    assert planned(project)["silver.orders"][0] == "reuse"
    steps = run(project)
    assert steps["silver.orders"][0] == steps["gold.revenue"][0] == "reused"
    assert project.files("data") == before
    assert is_sound(project, tmp_path / "fresh")


def test_an_edit_that_is_taken_back_after_a_commit_is_reused_even_without_any_cache(project: Project) -> None:
    before = project.files("data")
    edit(project, SILVER, "exported_at DESC", "exported_at")
    project.run("run").ok()
    project.run("commit", "-m", "the first export wins").ok()
    edit(project, SILVER, "ORDER BY exported_at)", "ORDER BY exported_at DESC)")
    shutil.rmtree(project.root / ".medallion")
    assert planned(project)["silver.orders"][0] == "reuse"
    steps = run(project)
    assert steps["silver.orders"][0] == steps["gold.revenue"][0] == "reused"
    assert project.files("data") == before


def test_another_branch_and_back_leaves_nothing_to_build(project: Project) -> None:
    project.git("switch", "--quiet", "--create", "other")
    edit(project, SILVER, "exported_at DESC", "exported_at")
    project.run("run").ok()
    project.run("commit", "-m", "the first export wins").ok()
    for branch in ("main", "other", "main"):
        project.git("switch", "--quiet", branch)
        assert planned(project) == dict.fromkeys(ALL, ("unchanged", "up to date"))
        assert run(project) == {}


def test_a_renamed_model_takes_the_data_along(project: Project) -> None:
    project.git("mv", SILVER, "sql/silver/purchases.sql")
    edit(project, GOLD, "silver.orders", "silver.purchases")
    assert planned(project)["silver.purchases"] == ("reuse", "new; the same was built before")
    assert run(project)["silver.purchases"][0] == "reused"
    assert project.record("silver.purchases")["dataset"] == "silver.purchases"
    assert project.read("data/silver/purchases.parquet") == project.read("data/silver/orders.parquet")
    assert planned(project)["silver.purchases"] == ("unchanged", "up to date")


def test_a_moved_model_stays_as_it_is_and_its_record_names_the_new_place(project: Project) -> None:
    (project.root / "sql" / "silver" / "shop").mkdir()
    project.git("mv", SILVER, "sql/silver/shop/orders.sql")
    moved = ("unchanged", f"its model was moved here from {SILVER}")
    assert planned(project)["silver.orders"] == moved
    assert run(project) == {"silver.orders": moved}
    assert json.dumps(project.record("silver.orders")).count("sql/silver/shop/orders.sql") == 1
    assert planned(project) == dict.fromkeys(ALL, ("unchanged", "up to date"))


def test_what_is_no_longer_at_hand_is_built(project: Project, tmp_path: Path) -> None:
    edit(project, SILVER, "exported_at DESC", "exported_at")
    project.run("run").ok()
    edit(project, SILVER, "ORDER BY exported_at)", "ORDER BY exported_at DESC)")
    shutil.rmtree(project.root / ".git" / "lfs" / "objects")
    assert run(project)["silver.orders"][0] == "built"
    assert is_sound(project, tmp_path / "fresh")


def test_a_corrupt_object_is_not_taken(project: Project, tmp_path: Path) -> None:
    edit(project, SILVER, "exported_at DESC", "exported_at")
    project.run("run").ok()
    edit(project, SILVER, "ORDER BY exported_at)", "ORDER BY exported_at DESC)")
    for file in (project.root / ".git" / "lfs" / "objects").rglob("*"):
        if file.is_file():
            file.chmod(0o644)
            file.write_bytes(file.read_bytes()[:-1] + b"\0")
    project.run("run").ok()
    project.check()
    assert is_sound(project, tmp_path / "fresh")


# What lies about


def test_a_model_deleted_under_its_readers_stops_them_and_nothing_else(project: Project) -> None:
    (project.root / SILVER).unlink()
    before = project.files("data")
    assert planned(project)["gold.revenue"][0] == "error"
    project.run("run").refused("there is no dataset silver.orders", f"{GOLD}:", hint="did you mean")
    assert project.files("data") == before


@pytest.mark.parametrize("moment", [0, 4_000_000_000])
@pytest.mark.parametrize("folder", ["sources", "data", "sql", ".medallion/cache"])
def test_the_times_of_files_are_no_identity(project: Project, folder: str, moment: int) -> None:
    """As after a clock was set back or forth, a copy, or a checkout."""
    for file in (project.root / folder).rglob("*"):
        os.utime(file, (moment, moment))
    assert project.is_up_to_date()
    assert run(project) == {}
    edit(project, SOURCE, "Edsger", "Dijkst")
    os.utime(project.root / SOURCE, (moment, moment))
    assert planned(project)["bronze.orders"] == ("build", f"source changed: {SOURCE}")


def test_a_source_of_the_same_size_and_time_with_other_content_is_seen(project: Project, tmp_path: Path) -> None:
    assert project.is_up_to_date()
    file = project.root / SOURCE
    stat = file.stat()
    with file.open("r+b") as changed:  # The same inode, too.
        changed.write(file.read_bytes().replace(b"99.90", b"99.91"))
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    after = file.stat()
    assert (after.st_size, after.st_mtime_ns, after.st_ino) == (stat.st_size, stat.st_mtime_ns, stat.st_ino)
    assert run(project)["bronze.orders"] == ("built", f"source changed: {SOURCE}")
    assert is_sound(project, tmp_path / "fresh")


def test_data_changed_by_hand_is_left_alone_until_somebody_decides(project: Project) -> None:
    path = "data/silver/orders.parquet"
    before = project.read(path)
    project.write(path, project.read("data/gold/revenue.parquet"))
    assert planned(project)["silver.orders"] == ("error", "modified")
    project.run("run").refused("changed by something other than medallion", "medallion restore silver.orders")
    assert project.read(path) == project.read("data/gold/revenue.parquet")
    project.run("restore", "silver.orders").ok()
    assert project.read(path) == before
    assert project.is_up_to_date()
    project.write(path, project.read("data/gold/revenue.parquet"))
    project.run("run", "--force", "silver.orders").ok()
    assert project.read(path) == before
    assert project.is_up_to_date()


def truncate(file: Path) -> None:
    with file.open("r+b") as cut:
        cut.truncate(file.stat().st_size // 2)


def fill(file: Path) -> None:
    with file.open("r+b") as garbage:
        garbage.write(b"\xff" * file.stat().st_size)


def empty(file: Path) -> None:
    with file.open("r+b") as cut:
        cut.truncate(0)


def grow(file: Path) -> None:
    with file.open("ab") as longer:
        longer.write(b"{}")


@pytest.mark.thorough
@pytest.mark.parametrize("damage", [truncate, fill, empty, grow])
def test_damaged_caches_change_no_answer(project: Project, tmp_path: Path, damage: Callable[[Path], None]) -> None:
    edit(project, SILVER, "exported_at DESC", "exported_at")
    project.run("run").ok()
    for file in (project.root / ".medallion").rglob("*"):
        if file.is_file() and file.name != "lock":
            damage(file)
    assert planned(project) == dict.fromkeys(ALL, ("unchanged", "up to date"))
    edit(project, SOURCE, "99.90", "99.91")
    edit(project, SILVER, "ORDER BY exported_at)", "ORDER BY exported_at DESC)")
    project.run("run").ok()
    assert is_sound(project, tmp_path / "fresh")


def test_caches_under_each_others_names_change_no_answer(project: Project, tmp_path: Path) -> None:
    edit(project, SILVER, "exported_at DESC", "exported_at")
    project.run("run").ok()
    files = sorted(file for file in (project.root / ".medallion" / "cache").rglob("*") if file.is_file())
    assert len(files) > 2
    for file in files:
        file.rename(file.with_name(f"{file.name}.moved"))
    for file, other in zip(files, files[1:] + files[:1], strict=True):
        other.with_name(f"{other.name}.moved").rename(file)
    assert planned(project) == dict.fromkeys(ALL, ("unchanged", "up to date"))
    edit(project, SOURCE, "99.90", "99.91")
    edit(project, SILVER, "ORDER BY exported_at)", "ORDER BY exported_at DESC)")
    project.run("run").ok()
    assert is_sound(project, tmp_path / "fresh")


def test_the_caches_of_another_checkout_change_no_answer(project: Project, tmp_path: Path) -> None:
    other = Project(tmp_path / "other")
    shutil.copytree(project.root, other.root, symlinks=True)
    edit(other, SILVER, "exported_at DESC", "exported_at")
    other.run("run").ok()
    shutil.rmtree(project.root / ".medallion")
    shutil.copytree(other.root / ".medallion", project.root / ".medallion")
    edit(project, SOURCE, "99.90", "99.91")
    project.run("run").ok()
    assert is_sound(project, tmp_path / "fresh")


def test_two_runs_at_once_build_once_and_both_are_content(project: Project, tmp_path: Path) -> None:
    edit(project, SILVER, "exported_at DESC", "exported_at")
    with project.background("run") as one, project.background("run") as other:
        errors = [process.communicate()[1] for process in (one, other)]
        assert (one.returncode, other.returncode) == (0, 0), errors
    logged = [json.loads(line) for line in project.read(".medallion/runs.jsonl").decode().splitlines()[-2:]]
    built = [step["dataset"] for entry in logged for step in entry["steps"] if step["action"] == "built"]
    assert built.count("silver.orders") == 1
    project.check()
    assert is_sound(project, tmp_path / "fresh")


def test_what_a_branch_that_was_not_merged_says_was_built_is_not_believed(project: Project) -> None:
    project.write("sql/silver/answer.sql", "SELECT 42 AS answer\n")
    project.run("run").ok()
    project.run("commit", "-m", "the answer").ok()
    project.git("switch", "--quiet", "-c", "theirs")
    honest = json.loads(project.read("data/silver/answer.json"))
    project.write("sql/silver/answer.sql", "SELECT 666 AS answer\n")
    project.run("run").ok()
    planted = json.loads(project.read("data/silver/answer.json"))
    planted["built"], planted["columns"] = honest["built"], honest["columns"]
    project.write("data/silver/answer.json", json.dumps(planted, indent=2, sort_keys=True) + "\n")
    project.git("add", "-A")
    project.git("commit", "--quiet", "-m", "planted")
    project.git("switch", "--quiet", "main")
    shutil.rmtree(project.root / ".medallion")
    project.git("rm", "--quiet", "--cached", "data/silver/answer.json", "data/silver/answer.parquet")
    for gone in ("data/silver/answer.json", "data/silver/answer.parquet"):
        (project.root / gone).unlink()
    project.git("commit", "--quiet", "-m", "without the answer")
    project.run("log").ok()
    assert project.run("run").ok()
    assert project.rows("SELECT answer FROM silver.answer") == [["42"]]


def test_plan_and_status_tell_a_mistake_in_the_sql_at_its_place(project: Project) -> None:
    edit(project, GOLD, "GROUP BY ALL", "GROUP BY ALL WHRE 1")
    for command in ("plan", "status"):
        assert "error: sql/gold/revenue.sql:9:14: syntax error" in project.run(command).stderr, command


def test_a_corrupt_object_is_put_aside_when_it_would_be_reused(project: Project) -> None:
    pointer = project.pointer("data/gold/revenue.parquet")
    stored = project.root / ".git/lfs/objects" / pointer.oid[:2] / pointer.oid[2:4] / pointer.oid
    data = bytearray(stored.read_bytes())
    data[40] ^= 1
    stored.chmod(0o644)
    stored.write_bytes(data)
    (project.root / "data/gold/revenue.parquet").unlink()
    assert run(project)["gold.revenue"][0] == "same output"
    assert (project.root / ".git/lfs/bad" / pointer.oid).read_bytes() == data
    assert stored.read_bytes() == project.read("data/gold/revenue.parquet")
    project.run("query", "FROM gold.revenue", "--at", "HEAD").ok()
    project.check()
