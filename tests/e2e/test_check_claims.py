"""What is said to have passed has passed: after a merge, after a loss, and where a check cannot be read."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.e2e.edits import NEW_ROW, add_row, annotate, document, edit

if TYPE_CHECKING:
    from tests.e2e.conftest import Project

SILVER = "sql/silver/orders.sql"
KEPT = ".medallion/failed/silver.orders/total-5.parquet"


@pytest.mark.parametrize("favoured", ["ours", "theirs"])
def test_no_merge_of_texts_claims_that_new_data_has_passed_a_new_check(checked: Project, favoured: str) -> None:
    branch = checked.git("branch", "--show-current")
    checked.git("checkout", "--quiet", "-b", "stricter")
    edit(checked, SILVER, "total >= 5", "total >= 6")
    checked.run("run").ok()
    checked.run("commit", "-m", "a stricter check").ok()
    checked.git("checkout", "--quiet", branch)
    add_row(checked, NEW_ROW.replace(",1.00,", ",5.50,"))
    checked.run("run").ok()
    checked.run("commit", "-m", "new data").ok()

    plain = subprocess.run(["git", "merge", "stricter"], cwd=checked.root, capture_output=True, text=True, check=False)
    assert "CONFLICT (content): Merge conflict in data/silver/orders.json" in plain.stdout
    checked.git("merge", "--abort")
    # Whoever resolves the conflict by taking a side gets no claim that holds.
    checked.git("merge", "--quiet", "--no-edit", "-X", favoured, "stricter")
    assert "total >= 6" in checked.read(SILVER).decode()
    assert "5.50" in checked.read("sources/orders.csv").decode()
    assert checked.actions()["silver.orders"] in ("check", "build")
    checked.run("run").refused("silver.orders: check failed: total >= 6", "5.50", code=1, hint="")


@pytest.mark.parametrize("lost", ["*.parquet", "*"])
def test_to_delete_a_dataset_does_not_get_a_change_around_what_is_expected(checked: Project, lost: str) -> None:
    edit(checked, SILVER, "@check total >= 5", "@expect nothing removed")
    checked.run("run").ok()
    checked.run("commit", "-m", "nothing goes").ok()
    source = checked.read("sources/orders.csv").decode().splitlines(keepends=True)
    checked.write("sources/orders.csv", "".join(line for line in source if "Edsger" not in line))
    for file in (checked.root / "data" / "silver").glob(lost):
        file.unlink()
    checked.run("run").refused("silver.orders: check failed: expect nothing removed", "of 4 rows removed", code=1)
    assert not (checked.root / "data" / "silver" / "orders.parquet").exists()
    checked.run("run", "--accept").ok()
    assert checked.is_up_to_date()


def test_a_check_says_that_a_model_has_an_annotation_that_cannot_be_read(checked: Project) -> None:
    annotate(checked, "@chek total > 0", model="gold/revenue")
    checked.run("check").refused("sql/gold/revenue.sql:1:4", 'did you mean "@check"?')
    assert document(checked, "check")["errors"]


def test_a_check_says_that_a_query_of_checks_cannot_be_read(checked: Project) -> None:
    checked.write("sql/checks/broken.sql", "SELECT FROM WHERE\n")
    checked.run("check").refused("sql/checks/broken.sql", "reads no dataset")
    assert document(checked, "check")["errors"]


def test_a_source_that_is_gone_keeps_no_changed_check_from_data_that_is_there(project: Project) -> None:
    (project.root / "sources" / "orders.csv").unlink()
    annotate(project, "@check total >= 10", model="bronze/orders")
    assert project.actions()["bronze.orders"] == "check"
    project.run("run").refused("bronze.orders: check failed: total >= 10", code=1, hint="")
    edit(project, "sql/bronze/orders.sql", "total >= 10", "total >= 5")
    assert "checked 1" in project.run("run").stderr
    assert json.loads(project.read("data/bronze/orders.json"))["checked"]


def test_a_check_leaves_the_rows_alone_that_a_run_kept(checked: Project) -> None:
    add_row(checked)
    checked.run("run").refused("check failed: total >= 5", code=1, hint="")
    before = checked.read(KEPT)
    checked.run("check").ok()
    assert checked.read(KEPT) == before


def test_a_private_mark_that_hides_nothing_is_told_of_data_that_is_built(project: Project) -> None:
    annotate(project, "@private custmer")
    project.run("plan").refused(
        "sql/silver/orders.sql:1:4", 'a column that the model does not have: "custmer"', 'did you mean "customer"?'
    )
