"""Models that cannot be built: a clear error at its place, and nothing lost."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.e2e.conftest import Project, Ran

if TYPE_CHECKING:
    from pathlib import Path


BAD_MODELS: dict[str, tuple[str | bytes, list[str]]] = {
    "sql/silver/two.sql": (
        "SELECT 1 AS a;\nSELECT 2 AS a\n",
        ["sql/silver/two.sql:2:1: the file holds more than one statement", "2 | SELECT 2 AS a", "one SELECT"],
    ),
    "sql/silver/nothing.sql": (
        "-- Later.\n",
        ["sql/silver/nothing.sql: the file holds no SQL", "hint: a model is one SELECT"],
    ),
    "sql/silver/deletes.sql": (
        "-- Tidy up.\nDELETE FROM bronze.orders\n",
        ["sql/silver/deletes.sql:2:1: a model is one SELECT; this begins with DELETE", "^^^^^^", "hint:"],
    ),
    "sql/silver/latin.sql": (
        "-- One row\n-- per caf\xe9\nSELECT 1 AS a\n".encode("latin-1"),
        ["sql/silver/latin.sql:2: the file is not UTF-8: byte 0xe9 in line 2", "hint: save it as UTF-8"],
    ),
    "sql/silver/unnamed.sql": (
        'SELECT order_id, total AS " " FROM bronze.orders\n',
        ["sql/silver/unnamed.sql", "an output column has no name", "hint: name it with AS"],
    ),
    "sql/silver/empty_name.sql": (
        'SELECT order_id, total AS "" FROM bronze.orders\n',
        ["sql/silver/empty_name.sql:1:27: a name is empty", "hint: write one"],
    ),
    "sql/silver/twice.sql": (
        "SELECT order_id, total AS order_id FROM bronze.orders\n",
        ["sql/silver/twice.sql", 'two output columns are called "order_id"', "hint: rename one with AS"],
    ),
    "sql/silver/cases.sql": (
        'SELECT order_id AS a, total AS "A" FROM bronze.orders\n',
        ["sql/silver/cases.sql", 'differ in case only: "a" and "A"', "hint: rename one with AS"],
    ),
    "sql/silver/typo.sql": (
        "SELECT\n    order_id,\n    totl\nFROM bronze.orders\n",
        ['sql/silver/typo.sql:3:5: no column "totl" in bronze.orders', "3 |     totl", 'did you mean "total"?'],
    ),
    "sql/silver/lost.sql": (
        "SELECT order_id FROM bronze.order\n",
        ["sql/silver/lost.sql:1:22: there is no dataset bronze.order", 'did you mean "bronze.orders"?'],
    ),
    "sql/silver/upward.sql": (
        "SELECT month FROM gold.revenue\n",
        ["sql/silver/upward.sql:1:19", "gold.revenue, which is in a higher layer", "bronze < silver < gold"],
    ),
    "sql/silver/huge.sql": (
        "SELECT sum(order_id) AS total FROM bronze.orders\n",
        ["sql/silver/huge.sql:1:25", "HUGEINT", "DOUBLE", "cast it to BIGINT or DECIMAL(38, 0)"],
    ),
    "sql/bronze/broken_row.sql": (
        "FROM read_csv('sources/broken.csv', header = true, columns = {'a': 'BIGINT', 'b': 'VARCHAR'})\n",
        ["sources/broken.csv:3", "the row has 3 values, the table 2 columns", "3 | 2,y,surplus", "hint: mend the line"],
    ),
    "sql/bronze/broken_value.sql": (
        "FROM read_csv('sources/value.csv', header = true, columns = {'a': 'BIGINT', 'b': 'VARCHAR'})\n",
        ["sources/value.csv:3:1", '"two" in column a is no BIGINT', "hint: mend the value"],
    ),
    "sql/bronze/vanished.sql": (
        "FROM read_csv('sources/vanished.csv', columns = {'a': 'BIGINT'})\n",
        ["sql/bronze/vanished.sql:1:15", 'there is no file "sources/vanished.csv"', "hint: put the raw data there"],
    ),
    "sql/bronze/outside.sql": (
        "FROM read_csv('/etc/passwd', columns = {'a': 'VARCHAR'})\n",
        ["sql/bronze/outside.sql:1:15", "lies outside of what this project may read", "hint:", "medallion.toml"],
    ),
    "sql/silver/Upper.sql": ("SELECT 1 AS a\n", ["sql/silver/Upper.sql", "is no dataset name", "lower-case"]),
    "sql/silver/two words.sql": ("SELECT 1 AS a\n", ["sql/silver/two words.sql", "is no dataset name", "hint:"]),
    "sql/silver/a.b.sql": ("SELECT 1 AS a\n", ["sql/silver/a.b.sql", "is no dataset name", "hint:"]),
    "sql/silver/été.sql": ("SELECT 1 AS a\n", ["sql/silver/été.sql", "is no dataset name", "hint:"]),
    "sql/silver/...sql": ("SELECT 1 AS a\n", ["sql/silver/...sql", "is no dataset name", "hint:"]),
    "sql/platinum/orders.sql": ("SELECT 1 AS a\n", ["sql/platinum/", '"platinum" is no layer', "layers", "hint:"]),
}


@pytest.fixture(scope="module")
def bad_models(built: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Ran]:
    """All of them in one project, and a run."""
    folder = tmp_path_factory.mktemp("bad") / "shop"
    shutil.copytree(built, folder, symlinks=True)
    project = Project(folder)
    project.write("sources/broken.csv", "a,b\n1,x\n2,y,surplus\n3,z\n")
    project.write("sources/value.csv", "a,b\n1,x\ntwo,y\n")
    project.write("sql/silver/good.sql", 'SELECT order_id AS "select", total AS "a b" FROM bronze.orders\n')
    for path, (text, _) in BAD_MODELS.items():
        project.write(path, text)
    return project, project.run("run")


@pytest.mark.parametrize("path", BAD_MODELS)
def test_a_model_that_cannot_be_built_is_reported_where_it_is_wrong(path: str, bad_models: tuple[Project, Ran]) -> None:
    project, ran = bad_models
    ran.refused()
    reports = ran.stderr.split("error: ")[1:]
    words = BAD_MODELS[path][1]
    about = [report for report in reports if words[0] in report]
    assert about, ran.stderr
    for word in words:
        assert word in about[0]
    assert not (project.root / path.replace("sql/", "data/").replace(".sql", ".parquet")).exists()


def test_bad_models_do_not_hinder_the_good_ones(bad_models: tuple[Project, Ran]) -> None:
    project, ran = bad_models
    assert "silver.good" in ran.stderr
    assert project.record("silver.good")["rows"] == 6
    assert "failed" in ran.stderr.splitlines()[-1]
    project.check()


def test_a_column_may_be_called_select(bad_models: tuple[Project, Ran]) -> None:
    project, _ = bad_models
    assert project.rows('SELECT "select", "a b" FROM silver.good ORDER BY ALL LIMIT 1') == [["1", "12.00"]]


def test_two_files_for_one_name_are_both_named(project: Project) -> None:
    project.write("sql/silver/new/orders.sql", "SELECT 1 AS a\n")
    before = project.files("data")
    project.run("run").refused("two files make silver.orders", "sql/silver/new/orders.sql", "sql/silver/orders.sql")
    assert project.files("data") == before


def test_a_failing_model_keeps_its_last_version_and_names_who_waits_for_it(project: Project) -> None:
    before = project.files("data")
    project.write("sql/silver/orders.sql", "SELECT nope FROM bronze.orders\n")
    ran = project.run("run").refused('no column "nope"', hint="bronze.orders")
    assert "gold.revenue" in ran.stderr
    assert "skipped 1" in ran.stderr.splitlines()[-1]
    assert project.files("data") == before
    assert project.rows("SELECT count(*) FROM silver.orders") == [["4"]]
