"""Names that no dataset can have, and those that any path may have."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.e2e.conftest import Project

if TYPE_CHECKING:
    from pathlib import Path


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
