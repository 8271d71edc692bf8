"""``medallion blame``: a row's history over commits, a branch, a merge, a missing object and the work tree."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from medallion.diff.value import Cell, RowStatus
from medallion.errors import MedallionError
from medallion.project import Project as Facade
from tests.e2e.conftest import Project
from tests.git.conftest import isolate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from medallion.diff.blame import Blame, RowVersion

BRONZE = (
    "SELECT id, status, total, email FROM read_csv('sources/orders.csv', auto_detect = false, header = true,\n"
    "columns = {'id': 'BIGINT', 'status': 'VARCHAR', 'total': 'DECIMAL(9, 2)', 'email': 'VARCHAR'})\n"
)
SILVER = "-- @key id\nSELECT id, status, total, email -- @private\nFROM bronze.orders\n"
RETYPED = (
    "-- @key order_id\nSELECT id AS order_id, upper(status) AS state, CAST(total AS DECIMAL(12, 3)) AS total,\n"
    "email, -- @private\nid % 2 = 0 AS even\nFROM bronze.orders\n"
)
PARTS = (
    "-- @key day, part\n"
    "SELECT DATE '2026-01-01' + CAST(id AS INTEGER) AS day, status AS part, total FROM bronze.orders\n"
)


def orders(*rows: str) -> str:
    return "id,status,total,email\n" + "".join(f"{row}\n" for row in rows)


def step(project: Project, message: str, files: dict[str, str]) -> str:
    for path, text in files.items():
        project.write(path, text)
    facade = Facade.open(project.root)
    assert all(s.error is None for s in facade.run().steps)
    return facade.commit(message).commit


@pytest.fixture(scope="module")
def commits(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Project, dict[str, str]]]:
    """A project, and the hash of each commit by a word."""
    with pytest.MonkeyPatch.context() as patch:
        isolate(tmp_path_factory.mktemp("home"), patch)
        project = Project(tmp_path_factory.mktemp("blame") / "shop")
        project.start()
        patch.chdir(project.root)
        made = {}
        made["first"] = step(project, "first", {
            "medallion.toml": "",
            "sql/bronze/orders.sql": BRONZE,
            "sql/silver/orders.sql": SILVER,
            "sql/silver/parts.sql": PARTS,
            "sql/silver/twice.sql": "SELECT 1 AS a, i AS b FROM range(2) t(i)\n",
            "sql/silver/loose.sql": "SELECT status, total FROM bronze.orders\n",
            "sources/orders.csv": orders("1,open,5.00,a@x", "2,open,6.00,b@x"),
        })  # fmt: skip
        made["paid"] = step(project, "paid", {"sources/orders.csv": orders("1,paid,5.00,a@x", "2,open,6.00,b@x")})
        project.git("checkout", "--quiet", "-b", "side")
        made["side"] = step(project, "side", {
            "sources/orders.csv": orders("1,paid,5.00,a@x", "2,shipped,6.00,b@x"),
        })  # fmt: skip
        project.git("checkout", "--quiet", "main")
        made["third"] = step(project, "third", {
            "sources/orders.csv": orders("1,paid,5.00,c@x", "2,open,6.00,b@x", "3,new,,d@x"),
        })  # fmt: skip
        project.git("merge", "--quiet", "--no-commit", "-s", "ours", "side")
        made["merge"] = step(project, "merge", {
            "sources/orders.csv": orders("1,paid,5.00,c@x", "2,shipped,6.00,b@x", "3,new,,d@x"),
        })  # fmt: skip
        made["retyped"] = step(project, "retyped", {"sql/silver/orders.sql": RETYPED})
        project.write("sources/orders.csv", orders("1,paid,5.50,c@x", "2,shipped,6.00,b@x"))
        assert all(s.error is None for s in Facade.open(project.root).run().steps)
        yield project, made


def told(project: Project, *key: str, name: str = "silver.orders", limit: int = 0) -> Blame:
    return Facade.open(project.root).blame(name, list(key), limit=limit)


def names(made: dict[str, str], entries: Sequence[RowVersion]) -> list[str]:
    words = {commit: word for word, commit in made.items()} | {"": "work tree"}
    return [words[entry.commit] for entry in entries]


def test_a_row_is_told_through_inputs_renames_other_types_and_the_work_tree(
    commits: tuple[Project, dict[str, str]],
) -> None:
    project, made = commits
    found = told(project, "1")
    assert found.key == (("order_id", "1"),)
    assert names(made, found.entries) == ["work tree", "retyped", "third", "paid", "first"]
    here, retyped, third, paid, first = found.entries
    assert here.cells == (Cell("total", "5.000", "5.500"),)
    assert here.causes == ("input changed: bronze.orders",)
    # 5.00 is 5.000; status is gone and state came, with other values.
    assert retyped.cells == (Cell("state", None, "PAID"), Cell("even", None, "false"), Cell("status", "paid", None))
    assert "total was DECIMAL(9,2) and is DECIMAL(12,3)" in retyped.notes
    assert "id was renamed to order_id" in retyped.notes
    assert retyped.causes[0].startswith("SQL changed: columns order_id, state, even added, ")
    assert retyped.causes[1:] == ("key changed",)
    assert third.cells == (Cell("email", private=True),)
    assert paid.cells == (Cell("status", "open", "paid"),)
    assert (paid.author, paid.subject, paid.status) == ("Ada", "paid", RowStatus.CHANGED)
    assert first.status is RowStatus.ADDED
    assert Cell("email", private=True) in first.cells
    assert first.causes == ("the dataset is new here",)


def test_a_change_is_told_where_it_was_made_and_not_where_it_was_merged(
    commits: tuple[Project, dict[str, str]],
) -> None:
    project, made = commits
    found = told(project, "order_id=2")
    assert names(made, found.entries) == ["retyped", "side", "first"]
    assert names(made, told(project, "3").entries) == ["work tree", "retyped", "third"]
    assert told(project, "3").entries[0].status is RowStatus.REMOVED


def test_a_limit_leaves_older_versions_unread(commits: tuple[Project, dict[str, str]]) -> None:
    project, made = commits
    found = told(project, "1", limit=2)
    assert names(made, found.entries) == ["work tree", "retyped"]
    assert found.more
    assert found.looked_at == 2


def test_a_key_of_several_parts_and_a_table_without_one(commits: tuple[Project, dict[str, str]]) -> None:
    project, made = commits
    for key in (
        ["2026-01-02", "paid"],
        ["2026-01-02,paid"],
        ["day=2026-01-02,part=paid"],
        ["part=paid", "DAY=2026-01-02"],
    ):
        found = told(project, *key, name="silver.parts")
        assert names(made, found.entries)[-1] == "paid"
    assert found.entries[0].cells == (Cell("total", "5.00", "5.50"),)
    assert told(project, "total=NULL", name="silver.loose").entries[0].status is RowStatus.REMOVED


@pytest.mark.parametrize(
    ("name", "key", "words"),
    [
        ("silver.orders", ["abc"], '"abc" is no BIGINT, which order_id of silver.orders is'),
        ("silver.orders", ["1.5"], '"1.5" is no BIGINT'),
        ("silver.orders", ["1", "2"], "has 1 part (order_id); 2 were given"),
        ("silver.orders", ["ordre_id=1"], 'no column "ordre_id"'),
        ("silver.orders", ["9"], "no version of silver.orders has a row with order_id = 9\nhint: near it are 2"),
        ("silver.parts", ["2026-01-02"], "has 2 parts (day, part); 1 was given"),
        ("silver.parts", ["2026-01-02 12:00", "paid"], '"2026-01-02 12:00" is no DATE'),
        ("silver.loose", ["paid"], "silver.loose has no key"),
        ("silver.loose", ["status=payd"], "near it are paid"),
        ("silver.lose", ["1"], "no version has a dataset silver.lose"),
    ],
)
def test_what_names_no_row_is_told(
    commits: tuple[Project, dict[str, str]], name: str, key: list[str], words: str
) -> None:
    with pytest.raises(MedallionError) as raised:
        told(commits[0], *key, name=name)
    assert words in str(raised.value)


def test_several_rows_are_refused(commits: tuple[Project, dict[str, str]]) -> None:
    with pytest.raises(MedallionError, match=r"2 rows of silver\.twice have a = 1"):
        told(commits[0], "a=1", name="silver.twice")


def test_the_command_prints_cells_and_a_document(commits: tuple[Project, dict[str, str]]) -> None:
    project, made = commits
    text = project.run("blame", "silver.orders", "1", "--limit", "1").ok()
    assert text.stdout.splitlines()[0] == "silver.orders  order_id 1"
    assert "  ~ total  5.000 → 5.500" in text.stdout
    assert "1 change in 1 version; --limit 0 shows all" in text.stderr
    document: dict[str, Any] = json.loads(project.run("blame", "silver.orders", "1", "--json").ok().stdout)
    assert document["key"] == {"order_id": "1"}
    assert [change["commit"] for change in document["changes"]][:2] == [None, made["retyped"]]
    assert "c@x" not in json.dumps(document)
    project.run("blame", "silver.orders", "9").refused("no version", "near it are 2")


def test_where_a_shallow_clone_ends_a_row_is_not_told_to_be_added(
    commits: tuple[Project, dict[str, str]], tmp_path: Path
) -> None:
    project, made = commits
    project.git("clone", "--quiet", "--depth=1", "--branch", "side", project.root.as_uri(), str(tmp_path / "clone"))
    shutil.copytree(project.root / ".git/lfs/objects", tmp_path / "clone/.git/lfs/objects", dirs_exist_ok=True)
    clone = Project(tmp_path / "clone")
    (entry,) = told(clone, "1").entries
    assert (entry.commit, entry.status, entry.history_ends, entry.causes) == (made["side"], None, True, ())
    assert [cell.column for cell in entry.cells] == ["status", "total", "email"]
    ran = clone.run("blame", "silver.orders", "1").ok()
    assert "= the row is there at least since here, where the shallow clone ends" in ran.stdout
    assert "added" not in ran.stdout + ran.stderr
    assert "0 changes in 1 version" in ran.stderr
    (change,) = json.loads(clone.run("blame", "silver.orders", "1", "--json").ok().stdout)["changes"]
    assert (change["status"], change["history_ends"], change["error"]) == (None, True, None)


def test_a_version_that_cannot_be_had_is_named_and_the_rest_told(
    commits: tuple[Project, dict[str, str]], tmp_path: Path
) -> None:
    project, made = commits
    shutil.copytree(project.root, tmp_path / "copy", symlinks=True)
    copy = Project(tmp_path / "copy")
    oid = copy.pointer_at(made["third"], "data/silver/orders.parquet")
    copy.store.path(oid).unlink()
    found = told(copy, "1")
    assert names(made, found.entries) == ["work tree", "retyped", "merge", "third", "paid", "first"]
    assert found.entries[3].status is None
    assert oid[:12] in found.entries[3].error
    # What came in it, or in the version after it, is told of the latter.
    row_3 = told(copy, "3").entries[2]
    assert row_3.status is RowStatus.ADDED
    assert row_3.notes == (f"or in {made['third'][:7]}, which cannot be read",)
