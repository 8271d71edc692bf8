"""``@contract``: columns that are frozen stay as they are, until a person says otherwise."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.e2e.edits import edit

if TYPE_CHECKING:
    from tests.e2e.conftest import Project

BRONZE, SILVER, GOLD = "sql/bronze/orders.sql", "sql/silver/orders.sql", "sql/gold/revenue.sql"
COLUMNS = ["order_id BIGINT", "customer VARCHAR", "status VARCHAR", "total DECIMAL(12,2)", "ordered_at TIMESTAMP"]
TO_DOUBLE = ("    total, ", "    total::DOUBLE AS total, ")


@pytest.fixture
def project(project: Project) -> Project:
    """silver.orders has a contract; it stands for what is committed."""
    edit(project, SILVER, "-- @key order_id", "-- @key order_id\n-- @contract")
    assert project.is_up_to_date()  # A contract is no part of what is computed.
    return project


def columns(project: Project, name: str = "silver.orders") -> list[str]:
    return [f"{c['name']} {c['type']}" for c in project.record(name)["columns"]]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("old", "new", "said", "place"),
    [
        (*TO_DOUBLE, 'column "total" is DOUBLE, the contract says DECIMAL(12,2)', "8:22"),
        (
            "    status, ",
            "    status, upper(status) AS code, ",
            'column "code" (VARCHAR) is not in the contract',
            "7:30",
        ),
        ("    customer,\n", "", 'column "customer" is gone, the contract has it as VARCHAR', "3:4"),
        (
            "    order_id,    -- The shop's own number.\n    customer,\n",
            "    customer,\n    order_id,\n",
            'column "customer" is number 1, the contract says 2; column "order_id" is number 2, the contract says 1',
            "5:5",
        ),
        ("    customer,\n", "    customer AS client,\n", 'column "client" (VARCHAR) is not in the contract', "6:17"),
    ],
)
def test_each_kind_of_difference_fails_before_anything_is_written_at_its_place(
    project: Project, old: str, new: str, said: str, place: str
) -> None:
    edit(project, SILVER, old, new)
    before = project.files("data")
    for command in ("plan", "run"):
        project.run(command).refused(f"{SILVER}:{place}", said, hint="`medallion run --accept silver.orders` makes it")
    assert project.files("data") == before
    assert project.actions() == {"bronze.orders": "unchanged", "silver.orders": "error", "gold.revenue": "skip"}


def test_what_keeps_to_the_contract_is_built_whatever_its_values(project: Project) -> None:
    edit(project, SILVER, "    total, ", "    (total + 1)::DECIMAL(12, 2) AS total, ")
    edit(project, SILVER, "    customer,\n", "    nullif(customer, 'Ada') AS customer,\n")
    project.run("run").ok()
    assert columns(project) == COLUMNS


def test_a_change_that_comes_from_upstream_breaks_the_contract_too(project: Project) -> None:
    edit(project, BRONZE, "    total,\n", "    total::DECIMAL(9, 2) AS total,\n")
    project.run("plan").refused(f"{SILVER}:8:5", 'column "total" is DECIMAL(9,2), the contract says DECIMAL(12,2)')
    project.run("run").refused(f"{SILVER}:8:5", 'column "total" is DECIMAL(9,2), the contract says DECIMAL(12,2)')
    assert columns(project) == COLUMNS
    assert "total DECIMAL(9,2)" in columns(project, "bronze.orders")


def test_force_is_no_way_around_it_and_accept_is(project: Project) -> None:
    edit(project, SILVER, *TO_DOUBLE)
    project.run("run", "--force").refused('column "total" is DOUBLE')
    project.run("plan", "--force").refused('column "total" is DOUBLE')
    assert columns(project) == COLUMNS
    assert project.run("run", "--dry-run", "--accept").ok().stdout.split()[:2] == ["silver.orders", "build"]
    project.run("run", "--accept", "silver.orders").ok()
    assert "total DOUBLE" in columns(project)
    # What was accepted is the contract from then on.
    edit(project, SILVER, TO_DOUBLE[1], TO_DOUBLE[0])
    project.run("run").refused('column "total" is DECIMAL(12,2), the contract says DOUBLE')


def test_what_was_built_before_has_to_keep_to_it_too(project: Project) -> None:
    edit(project, SILVER, *TO_DOUBLE)
    project.run("run", "--accept").ok()
    edit(project, SILVER, TO_DOUBLE[1], TO_DOUBLE[0])
    assert "the same was built before" in project.run("run", "--dry-run", "--accept").ok().stdout
    for command in ("plan", "run"):
        project.run(command).refused('column "total" is DECIMAL(12,2), the contract says DOUBLE')
    project.run("run", "--accept").ok()
    assert columns(project) == COLUMNS


@pytest.mark.parametrize("lost", ["data/silver/orders.json", "data/silver", "data"])
def test_to_delete_the_record_or_the_data_does_not_lift_it(project: Project, lost: str) -> None:
    edit(project, SILVER, *TO_DOUBLE)
    if lost.endswith(".json"):
        (project.root / lost).unlink()
    else:
        shutil.rmtree(project.root / lost)
    said = 'column "total" is DOUBLE, the contract says DECIMAL(12,2)'
    project.run("run", "--force").refused(said)
    assert not (project.root / "data/silver/orders.json").exists()
    project.run("plan", "--force").refused(said)
    project.run("run", "--force", "--accept").ok()
    assert "total DOUBLE" in columns(project)


def test_a_contract_whose_version_cannot_be_read_is_not_taken_for_none(project: Project) -> None:
    project.write("data/silver/orders.json", "{}")
    project.commit("a broken record")
    (project.root / "data/silver/orders.json").unlink()
    project.run("run", "--force").refused(f"{SILVER}:3:4", "what the contract says cannot be read")
    project.run("run", "--force", "--accept").ok()
    project.run("run", "--force").ok()


def test_the_first_build_sets_the_contract_under_a_new_name_as_well(project: Project) -> None:
    project.write("sql/gold/first.sql", "-- @contract\nSELECT order_id AS id FROM silver.orders\n")
    project.run("run").ok()
    edit(project, "sql/gold/first.sql", "order_id AS id", "customer AS id")
    project.run("run").refused("sql/gold/first.sql:2:20", 'column "id" is VARCHAR, the contract says BIGINT')
    (project.root / "sql/gold/first.sql").rename(project.root / "sql/gold/second.sql")
    project.run("run").ok()
    assert columns(project, "gold.second") == ["id VARCHAR"]


def test_columns_that_only_data_can_tell_are_held_to_it_before_they_are_published(project: Project) -> None:
    wide = "-- @contract\nPIVOT silver.orders ON status USING count(*) GROUP BY customer\n"
    project.write("sql/gold/wide.sql", wide)
    project.run("run").ok()
    before = project.files("data/gold")
    edit(project, SILVER, "@accepted_values placed, shipped, returned", "")
    edit(project, "sources/orders.csv", "shipped", "lost")
    project.run("plan").ok()
    project.run("run").refused("sql/gold/wide.sql:1:4", 'column "lost" (BIGINT) is not in the contract')
    after = project.files("data/gold")
    assert [after[f"data/gold/wide.{kind}"] for kind in ("json", "parquet")] == [
        before[f"data/gold/wide.{kind}"] for kind in ("json", "parquet")
    ]
    project.check()


def test_the_type_of_an_enum_is_the_one_that_readers_see(project: Project) -> None:
    edit(project, SILVER, "    status, ", "    status::ENUM('placed', 'shipped', 'returned') AS status, ")
    project.run("plan").ok()
    project.run("run").ok()
    assert columns(project) == COLUMNS


def test_without_git_the_record_alone_says_what_the_contract_is(project: Project) -> None:
    shutil.rmtree(project.root / ".git")
    edit(project, SILVER, *TO_DOUBLE)
    project.run("run").refused('column "total" is DOUBLE, the contract says DECIMAL(12,2)')
    shutil.rmtree(project.root / "data")
    project.run("run").ok()
    assert "total DOUBLE" in columns(project)


def test_a_contract_takes_no_argument_and_belongs_to_the_dataset(project: Project) -> None:
    edit(project, SILVER, "-- @contract", "-- @contract strict")
    project.run("plan").refused(f"{SILVER}:3:4", "@contract takes no argument")
    edit(project, SILVER, "-- @contract strict", "--")
    edit(project, SILVER, "-- In euros, tax included.", "-- @contract")
    project.run("plan").refused("@contract speaks of the whole dataset")
