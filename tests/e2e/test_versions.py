"""``commit``, ``log``, ``restore``, ``lineage`` and the catalog, on one small project and its history."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.e2e.conftest import SLOW

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.conftest import Project

NEW_ROW = "5,Barbara,placed,1.00,2026-03-01 00:00:00,2026-03-01 23:00:00\n"


def change_source(project: Project) -> None:
    """One order more, in a month of its own."""
    project.write("sources/orders.csv", project.read("sources/orders.csv").decode() + NEW_ROW)


@pytest.fixture
def two_versions(project: Project) -> Project:
    """v1, and v2 with one order more."""
    project.git("tag", "v1")
    change_source(project)
    project.run("run").ok()
    project.run("commit", "-m", "one order more").ok()
    project.git("tag", "v2")
    return project


def test_stale_data_is_refused_with_the_list_and_committed_when_allowed(project: Project) -> None:
    change_source(project)
    before = project.git("rev-parse", "HEAD")
    project.run("commit", "-m", "no").refused("bronze.orders", "silver.orders", "gold.revenue", "--allow-stale", code=1)
    assert project.git("rev-parse", "HEAD") == before
    project.run("commit", "-m", "yes", "--allow-stale").ok()
    assert project.git("status", "--porcelain") == ""


def test_volatile_data_can_be_committed(project: Project) -> None:
    project.write("sql/gold/stamped.sql", "-- @volatile\nSELECT count(*) AS orders, now() AS at FROM silver.orders\n")
    project.write("sql/gold/reader.sql", "SELECT orders FROM gold.stamped\n")
    project.run("run").ok()
    project.run("commit", "-m", "stamped").ok()
    assert project.actions()["gold.stamped"] == "build", "a run builds it each time"


def test_nothing_to_commit_is_said_plainly(project: Project) -> None:
    project.run("commit", "-m", "again").refused("nothing to commit", hint="")


def test_a_query_joins_two_versions_of_one_table(two_versions: Project) -> None:
    found = two_versions.rows(
        "SELECT n.month, n.revenue, o.revenue FROM gold.revenue n "
        "LEFT JOIN gold.revenue AT (VERSION => 'v1') AS o USING (month) ORDER BY month"
    )
    assert found == [["2026-01-01", "12.00", "12.00"], ["2026-02-01", "107.15", "107.15"], ["2026-03-01", "1.00", ""]]


def test_at_reads_every_table_as_of_a_revision_and_macros_too(two_versions: Project) -> None:
    assert two_versions.rows("SELECT count(*) FROM silver.orders", "--at", "v1") == [["4"]]
    assert two_versions.rows("SELECT count(*) FROM silver.orders") == [["5"]]
    moment = two_versions.git("log", "-1", "--format=%cI", "v1")
    assert two_versions.rows(f"SELECT count(*) FROM silver.orders AT (TIMESTAMP => '{moment}')")[0][0] in ("4", "5")
    assert two_versions.git("status", "--porcelain") == "", "nothing is checked out"


MACROS = """
CREATE MACRO latest(n) AS TABLE SELECT order_id FROM silver.orders ORDER BY order_id DESC LIMIT n;
CREATE MACRO newest() AS (SELECT max(order_id) FROM latest(1));
CREATE MACRO unbuilt() AS TABLE FROM gold.later;
"""


def test_macros_that_read_datasets_read_them_at_the_version_of_the_query(project: Project) -> None:
    project.write("sql/macros/orders.sql", MACROS)
    project.run("commit", "-m", "macros").ok()
    project.git("tag", "v1")
    change_source(project)
    project.run("run").ok()
    last = project.rows("SELECT max(order_id) FROM silver.orders")
    assert last == [["5"]]
    for sql in ("FROM latest(1)", "SELECT newest()", "SELECT n.order_id FROM latest(1) AS n"):
        assert project.rows(sql) == last
        assert project.rows(sql, "--at", "v1") == [["4"]]
    both = "SELECT o.order_id, newest() FROM silver.orders AT (VERSION => 'v1') o ORDER BY ALL DESC LIMIT 1"
    assert project.rows(both) == [["4", "5"]]
    project.write("sql/gold/later.sql", "SELECT 1 AS a")
    project.run("query", "FROM unbuilt()").refused("query:1:6", "gold.later has not been built yet")


def test_status_names_every_file_that_is_not_committed_and_what_happened_to_it(project: Project) -> None:
    project.write("sql/gold/more.sql", "SELECT 1 AS a")
    project.write("medallion.toml", project.read("medallion.toml").decode() + "\n")
    project.write("notes.txt", "of no concern to medallion")
    change_source(project)
    project.git("rm", "--quiet", "sql/gold/revenue.sql")
    ran = project.run("status")
    assert ran.code == 1
    document = json.loads(project.run("status", "--json").stdout)
    assert document["files"] == [
        {"path": "medallion.toml", "kind": "config", "state": "changed"},
        {"path": "sources/orders.csv", "kind": "source", "state": "changed"},
        {"path": "sql/gold/more.sql", "kind": "sql", "state": "new"},
        {"path": "sql/gold/revenue.sql", "kind": "sql", "state": "deleted"},
    ]
    for file in document["files"]:
        assert [line for line in ran.stdout.splitlines() if line.split() == [file["path"], file["state"]]]
    assert "4 other files uncommitted" in ran.stderr
    assert "notes.txt" not in ran.stdout


def test_status_is_not_clean_where_only_the_configuration_changed(project: Project) -> None:
    project.write("medallion.toml", project.read("medallion.toml").decode() + "\n")
    ran = project.run("status").ok()
    assert ran.stdout.split() == ["medallion.toml", "changed"]
    assert "medallion commit" in ran.stderr


def test_a_dataset_that_existed_only_then_can_be_queried(two_versions: Project) -> None:
    two_versions.git("rm", "-q", "sql/gold/revenue.sql", "data/gold/revenue.json", "data/gold/revenue.parquet")
    two_versions.git("commit", "-qm", "no revenue any more")
    assert two_versions.rows("SELECT count(*) FROM gold.revenue AT (VERSION => 'v2')") == [["3"]]
    two_versions.run("query", "FROM gold.revenue").refused("gold.revenue")


def test_log_lists_the_versions_newest_first(two_versions: Project) -> None:
    rows = json.loads(two_versions.run("log", "silver.orders", "--json").ok().stdout)
    assert [(row["subject"], row["rows"]) for row in rows] == [("one order more", 5), ("first version", 4)]
    text = two_versions.run("log", "silver.orders").ok().stdout.splitlines()
    assert "5 rows" in text[0]
    assert "+1" in text[0]


def test_restore_takes_data_and_record_of_a_version_and_run_takes_them_back(two_versions: Project) -> None:
    two_versions.run("restore", "gold.revenue", "--from", "v1").ok()
    two_versions.check()
    assert two_versions.rows("SELECT count(*) FROM gold.revenue") == [["2"]]
    assert two_versions.actions()["gold.revenue"] == "reuse"
    two_versions.run("run").ok()
    assert two_versions.git("status", "--porcelain") == ""


def test_restore_keeps_data_that_no_commit_holds(two_versions: Project) -> None:
    two_versions.write("data/gold/revenue.parquet", b"made by hand")
    two_versions.run("run").refused("changed by something other than medallion", "restore")
    assert two_versions.read("data/gold/revenue.parquet") == b"made by hand"
    said = two_versions.run("restore", "gold.revenue").ok().stderr
    kept = next((two_versions.root / ".medallion/replaced").iterdir())
    assert kept.read_bytes() == b"made by hand"
    assert kept.name in said
    assert two_versions.is_up_to_date()


def test_lineage_of_a_table_and_of_a_column_in_three_forms(two_versions: Project) -> None:
    tree = two_versions.run("lineage", "silver.orders").ok().stdout
    assert [line.split("─ ")[-1].split()[0] for line in tree.splitlines() if line] == [
        "silver.orders", "bronze.orders", "sources/orders.csv", "feeds", "gold.revenue",
    ]  # fmt: skip
    document = json.loads(two_versions.run("lineage", "gold.revenue.revenue", "--json").ok().stdout)
    kinds = {(edge["from"], edge["kind"]) for edge in document["edges"] if edge["to"] == "gold.revenue.revenue"}
    assert {
        ("silver.orders.total", "AGGREGATION"),
        ("silver.orders.status", "FILTER"),
        ("silver.orders.ordered_at", "GROUP_BY"),
    } <= kinds
    mermaid = two_versions.run("lineage", "gold.revenue", "--mermaid").ok().stdout
    assert mermaid.startswith("flowchart LR\n")
    two_versions.run("lineage", "gold.revenue.revenu").refused('did you mean "revenue"?')


READ_CATALOG = """
import duckdb, sys
with duckdb.connect(sys.argv[1], read_only=True) as con:
    print(con.execute("SELECT count(*) FROM gold.revenue").fetchall()[0][0])
    print(con.execute("SELECT count(DISTINCT commit) FROM lineage WHERE dataset = 'gold.revenue'").fetchall()[0][0])
    print(con.execute("SELECT count(*) FROM runs").fetchall()[0][0])
"""


def read_catalog(project: Project, folder: Path) -> list[int]:
    """What another program, in another folder, reads from the catalog: rows of a view, versions, runs."""
    file = project.root / ".medallion" / "catalog.duckdb"
    done = subprocess.run([sys.executable, "-c", READ_CATALOG, file], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return [int(line) for line in done.stdout.split()]


def test_another_process_reads_the_catalog_and_its_views_while_a_run_goes_on(
    two_versions: Project, tmp_path: Path
) -> None:
    two_versions.write("sql/gold/slow.sql", SLOW)
    with two_versions.background("run") as process:
        while not any((two_versions.root / ".medallion" / "tmp").glob("gold.slow*")) and process.poll() is None:
            pass
        assert process.poll() is None
        views, versions, runs = read_catalog(two_versions, tmp_path)
        assert process.poll() is None, "the run went on meanwhile"
    assert (views, versions) == (3, 2)
    assert runs >= 2


def test_deleting_what_medallion_keeps_for_itself_changes_no_answer(two_versions: Project) -> None:
    import shutil

    questions = (["log", "--json"], ["status", "--json"], ["lineage", "gold.revenue", "--json"], ["plan", "--json"])

    def answers() -> list[str]:
        """What is said, but for how long builds took on this machine: that is known nowhere else."""
        return [re.sub(r'"seconds": \S+', "", two_versions.run(*q).ok().stdout) for q in questions]

    before = answers()
    shutil.rmtree(two_versions.root / ".medallion")
    assert answers() == before


def test_doctor_finds_nothing_in_a_sound_project_and_names_what_is_missing_in_another(project: Project) -> None:
    assert "problem" not in project.run("doctor").ok().stdout
    project.write(".gitattributes", "")
    ran = project.run("doctor")
    assert ran.code == 1
    assert ".gitattributes does not give data/**/*.parquet to Git LFS" in ran.stdout


def test_show_tells_what_a_dataset_is(project: Project) -> None:
    said = project.run("show", "silver.orders").ok()
    assert "One row per order; the latest export wins." in said.stdout
    assert "The shop's own number." in said.stdout
    assert "up to date" in said.stderr
    project.run("show", "silver.order").refused('did you mean "silver.orders"?')


def test_a_column_may_be_named_by_its_whole_table_at_a_version(two_versions: Project) -> None:
    """Also where the table itself is not here any more."""
    two_versions.git("rm", "-q", "--cached", "data/gold/revenue.json", "data/gold/revenue.parquet")
    for ending in ("json", "parquet"):
        (two_versions.root / f"data/gold/revenue.{ending}").unlink()
    sql = "SELECT max(gold.revenue.revenue) FROM gold.revenue AT (VERSION => 'v2')"
    assert two_versions.rows(sql) == [["107.15"]]
    two_versions.run("query", "SELECT gold.revenue.revenue FROM gold.revenue").refused("has not been built yet")


def test_a_committed_record_of_another_dataset_is_not_believed(two_versions: Project) -> None:
    held = two_versions.read("data/gold/revenue.json").replace(b'"dataset": "gold.revenue"', b'"dataset": "gold.other"')
    two_versions.write("data/gold/revenue.json", held)
    two_versions.git("commit", "-qam", "a wrong record")
    two_versions.run("query", "FROM gold.revenue", "--at", "HEAD").refused("the record is of gold.other", hint="")
