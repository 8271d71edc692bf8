"""Plain Git works as well as our commands, and ours leave nothing behind that plain Git would stumble over."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from medallion.git.lfs import Pointer
from tests.e2e.conftest import Project, at_home

if TYPE_CHECKING:
    from pathlib import Path

COUNT = "SELECT count(*) FROM silver.orders"
NEW_ORDER = "5,Alan,placed,1.00,2026-02-05 08:00:00,2026-02-05 23:00:00\n"


def add_order(project: Project) -> None:
    project.write("sources/orders.csv", project.read("sources/orders.csv") + NEW_ORDER.encode())
    project.run("run").ok()


def git_add_and_commit(project: Project, message: str) -> str:
    project.git("add", "-A")
    project.git("commit", "--quiet", "-m", message)
    return project.git("rev-parse", "HEAD")


def objects_here(project: Project) -> set[str]:
    return {file.name for file in project.store.folder.joinpath("objects").rglob("*") if file.is_file()}


@pytest.fixture
def two_branches(project: Project) -> Project:
    """On ``main`` four orders, on ``more`` five."""
    project.git("switch", "--quiet", "-c", "more")
    add_order(project)
    project.run("commit", "-m", "one more").ok()
    project.git("switch", "--quiet", "main")
    return project


@pytest.fixture
def clone(two_branches: Project, tmp_path: Path) -> Project:
    """A clone of it without any data, on ``main``."""
    two_branches.serve(tmp_path / "remote.git")
    return Project(two_branches.clone(tmp_path / "clone").root)


def test_a_commit_with_plain_git_is_a_version_like_any_other(project: Project) -> None:
    add_order(project)
    commit = git_add_and_commit(project, "with plain git")
    assert Pointer.parse((project.git("show", "HEAD:data/silver/orders.parquet") + "\n").encode())
    assert "up to date and committed" in project.run("status").ok().stderr
    assert f"{commit[:7]}" in project.run("log", "silver.orders").ok().stdout.splitlines()[0]
    assert project.rows(COUNT) == [["5"]]
    assert project.rows(COUNT, "--at", "HEAD~1") == [["4"]]
    join = "SELECT n.customer FROM silver.orders n ANTI JOIN silver.orders AT (VERSION => 'HEAD~1') o USING (order_id)"
    assert project.rows(join) == [["Alan"]]


def test_our_commit_leaves_a_clean_status_that_runs_no_filter(project: Project) -> None:
    add_order(project)
    project.run("commit", "-m", "one more").ok()
    broken = ("-c", "filter.lfs.process=false", "-c", "filter.lfs.clean=false", "-c", "filter.lfs.required=true")
    assert project.git(*broken, "status", "--porcelain") == ""
    project.git(*broken, "switch", "--quiet", "-c", "other")
    assert project.git("lfs", "fsck") == "Git LFS fsck OK"


def test_switching_branches_brings_data_and_sql_along_and_leaves_nothing_to_build(two_branches: Project) -> None:
    for branch, rows in (("more", "5"), ("main", "4"), ("more", "5")):
        two_branches.git("switch", "--quiet", branch)
        assert two_branches.is_up_to_date()
        assert two_branches.rows(COUNT) == [[rows]]
    two_branches.git("checkout", "--quiet", "main", "--", "data/silver")
    assert two_branches.rows(COUNT) == [["4"]]


def test_a_detached_head_is_a_place_like_any_other(two_branches: Project) -> None:
    two_branches.git("checkout", "--quiet", "--detach", "more")
    assert two_branches.is_up_to_date()
    assert two_branches.rows(COUNT, "--at", "main") == [["4"]]
    two_branches.write("sql/gold/many.sql", "SELECT count(*) AS n FROM silver.orders\n")
    two_branches.run("run").ok()
    two_branches.run("commit", "-m", "detached").ok()
    assert two_branches.rows("FROM gold.many", "--at", "HEAD") == [["5"]]
    assert "detached" in two_branches.run("log").ok().stdout


def test_a_stash_takes_the_data_away_and_gives_it_back(project: Project) -> None:
    before = project.files()
    add_order(project)
    changed = project.files()
    project.git("stash", "push", "--quiet", "--include-untracked")
    assert project.files() == before
    assert project.is_up_to_date()
    project.git("stash", "pop", "--quiet")
    assert project.files() == changed
    assert project.is_up_to_date()


def test_two_branches_that_touch_different_datasets_merge_without_a_word(project: Project) -> None:
    for branch, name in (("left", "customers"), ("right", "months")):
        project.git("switch", "--quiet", "-c", branch, "main")
        project.write(f"sql/gold/{name}.sql", f"SELECT '{name}' AS name, count(*) AS n FROM silver.orders\n")
        project.run("run").ok()
        project.run("commit", "-m", name).ok()
    project.git("merge", "--quiet", "--no-edit", "left")
    assert project.is_up_to_date()
    project.check()
    assert project.rows("FROM gold.customers UNION ALL FROM gold.months ORDER BY ALL") == [
        ["customers", "4"],
        ["months", "4"],
    ]
    shown = project.run("log", "gold.customers").ok().stdout
    assert len(shown.splitlines()) == 1, "a merge that changes nothing is no version"


@pytest.fixture(scope="module")
def merging(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ``conflict`` is a copy of."""
    home = tmp_path_factory.mktemp("merging")
    shutil.copytree(built, home / "shop", symlinks=True)
    project = Project(home / "shop")
    with at_home(home):
        for branch, column in (("theirs", "b"), ("ours", "a")):
            project.git("switch", "--quiet", "-c", branch, "main")
            sql = project.read("sql/silver/orders.sql").decode()
            project.write("sql/silver/orders.sql", sql.replace("ordered_at   --", f"1 AS {column}, ordered_at   --"))
            project.run("run").ok()
            project.run("commit", "-m", branch).ok()
        merged = subprocess.run(["git", "merge", "theirs"], cwd=project.root, capture_output=True, text=True)
        assert merged.returncode == 1
    return project.root


@pytest.fixture
def conflict(merging: Path, tmp_path: Path) -> Project:
    """In the middle of a merge of two branches that both changed silver.orders; ours has a column a, theirs b."""
    shutil.copytree(merging, tmp_path / "merging", symlinks=True)
    return Project(tmp_path / "merging")


def test_a_merge_conflict_leaves_data_whole_and_says_what_to_do(conflict: Project) -> None:
    before = conflict.files()
    data = conflict.read("data/silver/orders.parquet")
    assert data.startswith(b"PAR1")
    assert data.endswith(b"PAR1")
    for args in (("plan",), ("status",), ("run",)):
        conflict.run(*args).refused("sql/silver/orders.sql:8:1: the file holds merge conflict markers", "--theirs")
    recipe = "git checkout HEAD -- data"
    conflict.run("query", COUNT).refused("data/silver/orders.json", "merge conflict markers", recipe)
    conflict.run("commit", "-m", "x").refused("silver.orders", code=1)
    assert conflict.files() == before


def test_a_conflict_is_never_committed_not_even_as_stale(conflict: Project) -> None:
    head = conflict.git("rev-parse", "HEAD")
    conflict.run("commit", "-m", "x", "--allow-stale").refused("conflict")
    assert conflict.git("rev-parse", "HEAD") == head
    assert "UU" in conflict.git("status", "--porcelain")


@pytest.mark.parametrize(("side", "column"), [("--ours", "a"), ("--theirs", "b")])
def test_after_a_side_is_chosen_all_is_right(conflict: Project, side: str, column: str) -> None:
    conflict.git("checkout", side, "--", *conflict.git("diff", "--name-only", "--diff-filter=U").split())
    assert conflict.rows(f"SELECT sum({column}) FROM silver.orders") == [["4"]]
    conflict.run("run").ok()
    conflict.run("commit", "-m", "merged").ok()
    assert conflict.git("rev-list", "--parents", "-1", "HEAD").count(" ") == 2
    assert conflict.git("status", "--porcelain") == ""
    assert conflict.is_up_to_date()
    conflict.check()


def test_a_conflict_is_also_solved_by_building_what_the_merged_sql_says(conflict: Project) -> None:
    sql = conflict.git("show", "ours:sql/silver/orders.sql").replace("1 AS a", "1 AS a, 1 AS b")
    conflict.write("sql/silver/orders.sql", sql + "\n")
    conflict.run("run").refused("data/silver/orders.json:", "merge conflict markers", "git checkout HEAD -- data")
    conflict.run("run", "--force", "silver.orders+").ok()
    conflict.run("commit", "-m", "merged").ok()
    assert conflict.rows("SELECT sum(a) + sum(b) FROM silver.orders", "--at", "HEAD") == [["8"]]
    assert conflict.is_up_to_date()


def test_a_conflict_is_solved_by_the_recipe_that_every_message_gives(conflict: Project) -> None:
    sql = conflict.git("show", "ours:sql/silver/orders.sql").replace("1 AS a", "1 AS a, 1 AS b")
    conflict.write("sql/silver/orders.sql", sql + "\n")
    conflict.run("commit", "-m", "x", "--allow-stale").refused("data/", "git checkout HEAD -- data")
    conflict.git("checkout", "HEAD", "--", "data")
    conflict.run("run").ok()
    conflict.run("commit", "-m", "merged").ok()
    assert conflict.rows("SELECT sum(a) + sum(b) FROM silver.orders", "--at", "HEAD") == [["8"]]
    assert conflict.git("rev-list", "--parents", "-1", "HEAD").count(" ") == 2
    assert conflict.git("status", "--porcelain") == ""
    assert conflict.is_up_to_date()
    conflict.check()


@pytest.mark.thorough
def test_the_recipe_also_works_where_git_could_merge_a_record_but_not_its_data(project: Project) -> None:
    for branch, row in (("theirs", "6,Edsger,placed,2.00"), ("ours", "5,Ada,placed,3.00")):
        project.git("switch", "--quiet", "-c", branch, "main")
        text = project.read("sources/orders.csv").decode()
        project.write("sources/orders.csv", f"{text}{row},2026-03-01 00:00:00,2026-03-01 23:00:00\n")
        project.run("run").ok()
        project.run("commit", "-m", branch).ok()
    merged = subprocess.run(["git", "merge", "theirs"], cwd=project.root, capture_output=True, text=True)
    assert merged.returncode == 1
    project.git("add", "data/bronze/orders.json")  # As if it had merged: there is no side of it to take any more.
    project.write("sources/orders.csv", f"{text}6,Edsger,placed,2.00,2026-03-01 00:00:00,2026-03-01 23:00:00\n")
    sided = subprocess.run(["git", "checkout", "--ours", "data/bronze/orders.json"], cwd=project.root)
    assert sided.returncode == 0
    assert "<<<<<<<" in project.read("data/bronze/orders.json").decode(), "--ours takes no side of it"
    project.git("checkout", "HEAD", "--", "data")
    project.run("run").ok()
    project.run("commit", "-m", "merged").ok()
    assert project.rows("SELECT count(*) FROM bronze.orders", "--at", "HEAD") == [["7"]]
    assert project.is_up_to_date()
    project.check()


def test_a_linked_worktree_is_a_project_of_its_own_with_the_same_history(two_branches: Project, tmp_path: Path) -> None:
    two_branches.git("worktree", "add", "--quiet", str(tmp_path / "linked tree"), "more")
    linked = Project(tmp_path / "linked tree")
    assert linked.is_up_to_date()
    assert linked.rows(COUNT) == [["5"]]
    assert linked.rows(COUNT, "--at", "main") == [["4"]]
    linked.write("sql/gold/many.sql", "SELECT count(*) AS n FROM silver.orders\n")
    linked.run("run").ok()
    linked.run("commit", "-m", "from the linked tree").ok()
    assert linked.git("status", "--porcelain") == ""
    assert two_branches.rows("FROM gold.many", "--at", "more") == [["5"]]
    assert two_branches.is_up_to_date()


def test_a_clone_without_data_says_so_and_fetches_just_what_is_asked_for(clone: Project) -> None:
    assert clone.is_up_to_date()
    assert clone.run("status").ok().stdout.count("unfetched") == 3
    assert objects_here(clone) == set()
    assert clone.rows(COUNT) == [["4"]]
    silver = clone.pointer_at("HEAD", "data/silver/orders.parquet")
    assert objects_here(clone) == {silver}
    assert clone.rows(COUNT, "--at", "origin/more") == [["5"]]
    assert objects_here(clone) == {silver, clone.pointer_at("origin/more", "data/silver/orders.parquet")}
    assert clone.git("status", "--porcelain") == ""


def test_a_reader_of_unfetched_data_is_built_and_only_its_input_is_fetched(clone: Project) -> None:
    clone.write("sql/gold/many.sql", "SELECT count(*) AS n FROM silver.orders\n")
    clone.run("run").ok()
    assert clone.rows("FROM gold.many") == [["4"]]
    assert objects_here(clone) == {clone.pointer_at("HEAD", "data/silver/orders.parquet")}
    clone.run("commit", "-m", "many").ok()
    assert clone.git("status", "--porcelain") == ""
    clone.git("lfs", "pull")
    assert clone.run("status").ok().stdout == ""
    assert clone.is_up_to_date()
    clone.check()


def test_git_lfs_pull_completes_a_clone(clone: Project) -> None:
    clone.git("lfs", "pull")
    assert "up to date and committed" in clone.run("status").ok().stderr
    clone.check()


def test_a_moved_store_of_git_lfs_is_found(project: Project, tmp_path: Path) -> None:
    project.git("config", "lfs.storage", str(tmp_path / "objects elsewhere"))
    shutil.move(project.root / ".git" / "lfs", tmp_path / "objects elsewhere")
    add_order(project)
    project.run("commit", "-m", "one more").ok()
    assert project.rows(COUNT, "--at", "HEAD~1") == [["4"]]
    assert project.rows(COUNT, "--at", "HEAD") == [["5"]]
    assert project.git("status", "--porcelain") == ""
    assert project.git("lfs", "fsck") == "Git LFS fsck OK"
    assert not (project.root / ".git" / "lfs" / "objects").exists()


def test_packed_refs_and_objects_are_read(two_branches: Project) -> None:
    two_branches.git("tag", "-a", "v1", "-m", "first", "main")
    two_branches.git("pack-refs", "--all", "--prune")
    two_branches.git("gc", "--quiet")
    assert two_branches.rows(COUNT, "--at", "more") == [["5"]]
    assert two_branches.rows(COUNT, "--at", "v1") == [["4"]]
    assert "first version" in two_branches.run("log").ok().stdout


def test_every_command_works_from_a_folder_inside_of_the_project(project: Project) -> None:
    add_order(project)
    for args in (("plan",), ("run",), ("status",), ("show", "silver.orders"), ("lineage", "gold.revenue")):
        project.run(*args, folder="sql/gold").ok()
    project.run("commit", "-m", "from inside", folder="data").ok()
    assert project.git("status", "--porcelain") == ""
    assert project.run("query", COUNT, "--at", "HEAD~1", "-f", "csv", folder="sql").ok().stdout.split() == [
        "count_star()",
        "4",
    ]
    assert "from inside" in project.run("log", folder="sources").ok().stdout


def test_a_project_may_be_a_folder_of_a_larger_repository(built: Path, tmp_path: Path) -> None:
    larger = Project(tmp_path / "larger")
    larger.root.mkdir()
    larger.git("init", "--quiet")
    shutil.copytree(built, larger.root / "our data", ignore=shutil.ignore_patterns(".git"))
    project = Project(larger.root / "our data")
    project.run("init").ok()
    project.run("commit", "-m", "in a larger one").ok()
    assert larger.git("status", "--porcelain") == ""
    add_order(project)
    git_add_and_commit(larger, "with plain git")
    assert project.rows(COUNT, "--at", "HEAD~1") == [["4"]]
    assert project.is_up_to_date()
    assert len(project.run("log", "silver.orders").ok().stdout.splitlines()) == 2


@pytest.mark.thorough
def test_a_model_renamed_with_git_mv_is_a_new_dataset_and_the_old_one_is_named(project: Project) -> None:
    project.git("mv", "sql/gold/revenue.sql", "sql/gold/income.sql")
    assert project.actions()["gold.income"] == "reuse"
    project.run("run").ok()
    ran = project.run("status")
    assert "orphaned" in ran.stdout
    assert "git rm data/gold/revenue.json data/gold/revenue.parquet" in ran.stdout
    project.git("rm", "--quiet", "data/gold/revenue.json", "data/gold/revenue.parquet")
    project.run("commit", "-m", "renamed").ok()
    assert project.git("status", "--porcelain") == ""
    assert project.rows("SELECT count(*) FROM gold.income") == [["2"]]
    assert project.rows("SELECT count(*) FROM gold.revenue", "--at", "HEAD~1") == [["2"]]
    project.run("query", "FROM gold.revenue", "--at", "HEAD").refused("gold.revenue does not exist at HEAD")
    assert "deleted" in project.run("log", "gold.revenue").ok().stdout


def test_what_is_in_git_is_what_git_lfs_itself_would_have_put_there(project: Project) -> None:
    add_order(project)
    project.run("commit", "-m", "ours").ok()
    ours = project.git("rev-parse", "HEAD^{tree}")
    project.git("reset", "--quiet", "--soft", "HEAD~1")
    project.git("reset", "--quiet")
    git_add_and_commit(project, "git's")
    assert project.git("rev-parse", "HEAD^{tree}") == ours
    for oid in objects_here(project):
        assert hashlib.sha256(project.store.path(oid).read_bytes()).hexdigest() == oid
