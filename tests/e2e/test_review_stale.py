"""Stale data in a pull request: told of a commit as of a checkout of it, with no false alarm and none left out."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from medallion.blob_digests import BlobDigests
from medallion.cachefile import write_cache
from medallion.config import load_config
from medallion.errors import RevisionError
from medallion.models.fingerprint import fingerprint
from medallion.past import recipe_of
from medallion.project import Project as Opened
from medallion.records import Record
from medallion.review.revisions import review_sides
from medallion.review.stale import stale_datasets
from medallion.review.storage import bytes_added
from medallion.review.trees import tree_at, tree_here

if TYPE_CHECKING:
    from pathlib import Path

    from medallion.review.value import StaleDataset
    from tests.e2e.conftest import Project

ALL = ("bronze.orders", "silver.orders", "gold.revenue")


def stale(project: Project, base: str = "HEAD~1", head: str = "HEAD") -> dict[str, tuple[bool, str]]:
    """What is stale at ``head`` ("" for the work tree), by name: whether that is known, and why."""
    told = [stale for stale in found(project, base, head) if not stale.before]
    return {str(stale.name): (stale.known, stale.reason) for stale in told}


def found(project: Project, base: str = "HEAD~1", head: str = "HEAD") -> tuple[StaleDataset, ...]:
    repo, config = project.repo, load_config(project.root / "medallion.toml")
    before = tree_at(repo, config, repo.resolve(base), files=False)
    after = tree_at(repo, config, repo.resolve(head)) if head else tree_here(Opened.open(project.root).workspace())
    return stale_datasets(repo, before, after)


def test_a_clean_version_has_nothing_stale_and_a_change_that_was_not_run_is_told_in_both(project: Project) -> None:
    assert stale(project, "HEAD") == {}
    assert stale(project, "HEAD", "") == {}

    text = project.read("sql/silver/orders.sql").decode()
    project.write("sql/silver/orders.sql", text.replace("    status, ", "    upper(status) AS status, "))
    told = {
        "silver.orders": (True, "SQL changed: column status changed (breaking)"),
        "gold.revenue": (False, "it is built from silver.orders, which is stale"),
    }
    assert stale(project, "HEAD", "") == told
    project.commit("change the SQL alone")
    assert stale(project) == told
    assert stale(project, "HEAD", "HEAD~1") == {}

    project.write("sql/silver/orders.sql", text.replace("-- One row", "-- Exactly one row"))
    project.commit("another comment")
    assert stale(project) == {}

    project.write(
        "sources/orders.csv", project.read("sources/orders.csv") + b"7,Ada,placed,1.00,2026-01-05,2026-01-05\n"
    )
    project.commit("change a source alone")
    assert stale(project)["bronze.orders"] == (True, "source changed: sources/orders.csv")

    project.git("revert", "--no-edit", "HEAD")
    project.write("sql/silver/orders.sql", text.replace("placed, shipped", "shipped, placed"))
    project.commit("other checks")
    assert stale(project) == {"silver.orders": (True, "unchecked: its checks changed")}

    project.write("sql/silver/orders.sql", text + "WHERE")
    project.commit("break the SQL")
    assert stale(project)["silver.orders"][1].startswith("it cannot be built: ")
    assert stale(project)["gold.revenue"] == (False, "it needs silver.orders, which cannot be built")


def test_data_that_is_not_that_of_its_record_is_told(project: Project) -> None:
    record = project.read("data/gold/revenue.json")
    data = project.read("data/gold/revenue.parquet")
    project.write("data/gold/revenue.parquet", project.read("data/silver/orders.parquet"))
    project.commit("other data")
    assert "was changed by something other than medallion" in stale(project)["gold.revenue"][1]

    project.git("rm", "-q", "--cached", "data/gold/revenue.parquet")
    project.git("commit", "-q", "-m", "no data")
    assert stale(project)["gold.revenue"] == (True, "its data file is missing")

    project.write("data/gold/revenue.parquet", data)
    project.git("add", "data")
    project.git("rm", "-q", "data/gold/revenue.json")
    project.git("commit", "-q", "-m", "no record")
    assert stale(project)["gold.revenue"][1].startswith("it cannot be built: there is a data file for gold.revenue but")

    # The smallest and largest key are values of the data, and may be private.
    project.write("data/gold/revenue.json", record.replace(b'"key_range": [', b'"key_range": [["canary4711"],', 1))
    project.commit("a record that is none")
    assert stale(project)["gold.revenue"][1] == (
        "it cannot be built: the record is incomplete: a list stands where a text should"
    )
    for form in ("text", "markdown", "html", "json"):
        said = project.run("review", "HEAD~1..HEAD", "--format", form).stdout
        assert "a list stands where a text should" in said
        assert "canary4711" not in said

    project.write("data/gold/revenue.json", record)
    (project.root / "sql/gold/revenue.sql").unlink()
    project.commit("no model")
    assert stale(project) == {"gold.revenue": (True, "no model makes it any more, and its data is still there")}


def test_data_that_was_built_by_another_duckdb_is_not_stale_for_that(project: Project) -> None:
    for name in ALL:
        path = f"data/{name.replace('.', '/')}.json"
        record = Record.decode(project.read(path), path)
        recipe = replace(recipe_of(record), engine_version="2.0.99")
        inputs = [(i.name, i.identity) for i in record.built.inputs]
        built = replace(record.built, engine_version="2.0.99", fingerprint=fingerprint(recipe, inputs))
        project.write(path, replace(record, built=built).encode())
    project.commit("built elsewhere")
    assert stale(project) == {}
    assert stale(project, "HEAD", "") == {}


def test_sources_count_as_a_checkout_has_them_and_one_that_is_not_in_git_is_not_known(project: Project) -> None:
    source = project.read("sources/orders.csv")
    # With line endings that Git takes out, as somebody on Windows has them.
    project.write(".gitattributes", b"data/**/*.parquet filter=lfs diff=lfs merge=binary -text\n*.csv text eol=crlf\n")
    project.write("sources/orders.csv", source.replace(b"\n", b"\r\n"))
    project.run("run").ok()
    project.commit("with carriage returns")
    assert b"\r" not in project.git("show", "HEAD:sources/orders.csv").encode()
    assert stale(project) == {}

    # In Git LFS, where the pointer tells its content.
    project.git("lfs", "track", "sources/*.csv")
    project.write("sources/orders.csv", source)
    project.run("run").ok()
    project.commit("with Git LFS")
    assert project.git("show", "HEAD:sources/orders.csv").startswith("version https://git-lfs")
    assert stale(project) == {}

    # Not in Git at all: that it leaves is told, then nothing is claimed of what did not change.
    project.git("rm", "-q", "--cached", "sources/orders.csv")
    project.write(".gitignore", b".medallion/\nsources/\n")
    project.commit("without its source")
    assert [known for known, _ in stale(project).values()] == [False]
    project.write("README.md", "Another file.\n")
    project.commit("nothing of it")
    assert stale(project) == {}
    project.write("sources/orders.csv", source.replace(b"12.00", b"13.00"))
    project.run("run").ok()
    project.commit("from a source that nobody sees")
    known, why = stale(project)["bronze.orders"]
    assert not known
    assert why == "its source sources/orders.csv is not in Git, so whether it changed is not known"
    assert stale(project, "HEAD~1", "") == {}


def test_variables_are_those_of_the_version(project: Project) -> None:
    text = project.read("sql/gold/revenue.sql").decode()
    project.write("sql/gold/revenue.sql", text.replace("'returned'", "getvariable('left_out')"))
    project.write("medallion.toml", "[variables]\nleft_out = 'returned'\n")
    project.run("run").ok()
    project.commit("with a variable")
    project.write("medallion.toml", "[variables]\nleft_out = 'placed'\n")
    assert stale(project) == {}
    assert stale(project, "HEAD", "") == {"gold.revenue": (True, "variable changed: left_out")}
    project.commit("another value")
    assert stale(project) == {"gold.revenue": (True, "variable changed: left_out")}


def test_the_base_is_where_the_head_left_it(project: Project, tmp_path: Path) -> None:
    first = project.git("rev-parse", "HEAD")
    branch = project.git("symbolic-ref", "--short", "HEAD")
    project.git("checkout", "-q", "-b", "pr")
    mine = project.commit("mine")
    project.git("checkout", "-q", branch)
    theirs = project.commit("theirs")
    project.git("checkout", "-q", "pr")

    def sides(text: str) -> list[tuple[str, str]]:
        return [(side.name, side.commit) for side in review_sides(project.repo, text)]

    assert sides("") == [(branch, first), ("", "")]
    assert sides(branch) == [(branch, first), ("", "")]
    assert sides(f"{branch}..pr") == [(branch, theirs), ("pr", mine)]
    assert sides(f"{branch}...pr") == [(branch, first), ("pr", mine)]
    assert sides(f"{branch}...") == [(branch, first), ("HEAD", mine)]
    with pytest.raises(RevisionError, match="no range of two versions"):
        sides("a..b..c")

    project.git("checkout", "-q", "--orphan", "alone")
    project.commit("alone")
    with pytest.raises(RevisionError, match="no common ancestor") as caught:
        sides(branch)
    assert f"{branch}..HEAD" in caught.value.hint
    project.git("checkout", "-q", "-f", "pr")
    project.git("branch", "-q", "-m", branch, "develop")
    with pytest.raises(RevisionError, match="no default branch"):
        sides("")

    project.serve(tmp_path / "server")
    shallow = project.clone(tmp_path / "shallow", "--depth=1", "--no-single-branch", "--branch=pr")
    with pytest.raises(RevisionError, match="shallow") as caught:
        review_sides(shallow.repo, "origin/develop")
    assert "git fetch --deepen" in caught.value.hint


def test_bytes_added_are_those_that_no_version_of_the_base_had(project: Project) -> None:
    first = project.git("rev-parse", "HEAD")
    source = project.read("sources/orders.csv")
    project.write("sources/orders.csv", source.replace(b"12.00", b"13.00"))
    project.run("run").ok()
    sizes = [len(project.read(f"data/{name.replace('.', '/')}.parquet")) for name in ALL]
    assert bytes_added(project.repo, first, "HEAD", Opened.open(project.root).workspace().observed) == sum(sizes)
    second = project.commit("second")
    assert bytes_added(project.repo, first, second) == sum(sizes)
    # What an earlier version of the base had is on the remote already.
    project.write("sources/orders.csv", source)
    project.run("run").ok()
    assert bytes_added(project.repo, second, "HEAD", Opened.open(project.root).workspace().observed) == 0
    third = project.commit("back to the first")
    assert bytes_added(project.repo, second, third) == 0
    # A version in between has to be stored, too.
    assert bytes_added(project.repo, first, third) == sum(sizes)
    assert bytes_added(project.repo, third, third) == 0


def test_a_source_behind_a_link_and_one_that_leaves_git_are_told(project: Project) -> None:
    source = project.read("sources/orders.csv")
    text = project.read("sql/bronze/orders.sql")
    project.write("sources/2026/v1.csv", source)
    (project.root / "sources/orders.csv").unlink()
    (project.root / "sources/orders.csv").symlink_to("2026/v1.csv")
    project.write("sources/orders.csv.bak", b"a neighbour of the same beginning")
    project.commit("behind a link")
    assert stale(project) == {}

    project.write("sources/2026/v1.csv", source.replace(b"12.00", b"13.00"))
    project.commit("change what the link leads to")
    told = {"bronze.orders": (True, "source changed: sources/orders.csv")}
    assert stale(project)["bronze.orders"] == stale(project, "HEAD~1", "")["bronze.orders"] == told["bronze.orders"]

    # What was hashed once is not read again, as long as this checkout wrote what is remembered.
    remembered = project.root / ".medallion/cache/blobs.json"
    oid = project.git("rev-parse", "HEAD:sources/2026/v1.csv")
    assert BlobDigests(project.repo, project.root / ".medallion").of([oid]) == {
        oid: hashlib.sha256(project.read("sources/2026/v1.csv")).hexdigest()
    }
    write_cache(remembered, {"format": 1, "sha256": {oid: hashlib.sha256(source).hexdigest()}})
    assert stale(project) == {}
    shutil.copy(remembered, remembered.with_name("copy"))
    remembered.unlink()
    remembered.with_name("copy").rename(remembered)
    assert stale(project)["bronze.orders"] == told["bronze.orders"]

    # As Git would check it out, also behind a link.
    project.write(".gitattributes", b"data/**/*.parquet filter=lfs diff=lfs merge=binary -text\n*.csv text eol=crlf\n")
    project.write("sources/2026/v1.csv", source.replace(b"\n", b"\r\n"))
    project.run("run").ok()
    project.commit("with carriage returns behind a link")
    assert stale(project) == {}

    # A link that leads out of Git is looked at by nobody: in doubt wherever any source differs.
    (project.root / "sources/orders.csv").unlink()
    (project.root / "sources/orders.csv").symlink_to("2026/not-in-git.csv")
    project.write(".gitignore", b".medallion/\nnot-in-git.csv\n")
    project.write("sources/2026/not-in-git.csv", source.replace(b"\n", b"\r\n"))
    project.commit("out of Git")
    linked = (
        "its source sources/orders.csv lies behind a link that leads out of Git, so whether it changed is not known"
    )
    assert stale(project) == {"bronze.orders": (False, linked)}
    project.write("README.md", "No source.\n")
    project.commit("another file")
    assert stale(project) == {}

    project.git("rm", "-q", "sources/orders.csv")
    project.git("commit", "-q", "-m", "without its source")
    gone = "its source sources/orders.csv is not in Git any more, so whether it changed is not known"
    assert stale(project) == {"bronze.orders": (False, gone)}
    assert stale(project, "HEAD~1", "") == {"bronze.orders": (False, gone.replace("in Git", "here"))}
    assert project.read("sql/bronze/orders.sql") == text


def test_data_without_a_model_and_what_was_stale_before_are_told(project: Project) -> None:
    before = project.read("data/gold/revenue.json")
    project.write("data/gold/fake.parquet", project.read("data/gold/revenue.parquet"))
    project.write("data/gold/fake.json", before.replace(b"gold.revenue", b"gold.fake").replace(b"revenue.p", b"fake.p"))
    project.commit("data that nobody made")
    assert stale(project) == {
        "gold.fake": (True, "no model makes it, so nobody can tell what its data should be"),
    }
    project.write("data/gold/fake.parquet", project.read("data/silver/orders.parquet"))
    changed = {"gold.fake": (True, "no model makes it, and its data was changed by something other than medallion")}
    assert stale(project, "HEAD", "") == changed
    project.commit("other data under the same record")
    assert stale(project) == changed
    project.write("data/gold/fake.json", b"{}")
    project.commit("no record any more")
    assert stale(project)["gold.fake"][1].startswith("no model makes it, and its record cannot be read")
    project.write("README.md", "Nothing.\n")
    project.commit("another file")
    assert stale(project) == {}

    # Stale on the base: told, and no fault of whoever branches off from it.
    text = project.read("sql/silver/orders.sql").decode()
    project.write("sql/silver/orders.sql", text.replace("    status, ", "    upper(status) AS status, "))
    project.commit("change the SQL alone")
    project.write("README.md", "Something.\n")
    here = found(project, "HEAD", "")
    project.commit("nothing of it")
    assert found(project) == here
    assert {str(f.name): (f.before, f.reason) for f in here} == {
        "silver.orders": (True, "already stale in the base: SQL changed"),
        "gold.revenue": (True, "already stale in the base: it is built from silver.orders, which is stale"),
    }
    revenue = project.read("sql/gold/revenue.sql").decode()
    project.write("sql/gold/revenue.sql", revenue.replace("sum(total)", "sum(total) + 1"))
    project.commit("and another")
    assert {str(f.name): f.before for f in found(project)} == {"silver.orders": True, "gold.revenue": False}
    source = project.read("sources/orders.csv")
    project.write("sources/orders.csv", source.replace(b"12.00", b"13.00"))
    assert {str(f.name): f.before for f in found(project, "HEAD", "")} == {
        "bronze.orders": False,
        "silver.orders": True,
        "gold.revenue": True,
    }
