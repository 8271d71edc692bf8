"""A pull request whose author takes marks away and plants values: what its review, its diff and blame show of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.e2e.conftest import Project

CANARY = "canary4711"
ORDERS = """-- @key order_id
SELECT
    order_id,
    customer,  -- @private
    status,
    total,     -- @check total >= 0
    ordered_at
FROM bronze.orders
QUALIFY row_number() OVER (PARTITION BY order_id ORDER BY exported_at DESC) = 1
"""
PEOPLE = "-- @key order_id\nSELECT order_id, lower(customer) AS who, total FROM silver.orders\n"


@pytest.fixture
def shop(project: Project) -> Project:
    """A private column, a dataset that reads it, and a pull request that lifts the mark and brings a value."""
    project.write("sql/silver/orders.sql", ORDERS)
    project.write("sql/gold/people.sql", PEOPLE)
    project.run("run").ok()
    project.run("commit", "-m", "the shop").ok()
    project.git("branch", "-q", "-M", "main")
    project.git("checkout", "-q", "-b", "pull-request")
    source = project.read("sources/orders.csv").decode()
    project.write("sources/orders.csv", source.replace("Ada", CANARY))
    project.write("sql/silver/orders.sql", ORDERS.replace("  -- @private", ""))
    project.run("run").ok()
    project.run("commit", "-m", "no mark").ok()
    return project


def test_what_comes_from_a_private_column_is_shown_nowhere(shop: Project) -> None:
    for ran in (
        shop.run("diff", "main", "silver.orders", "gold.people"),
        shop.run("diff", "main", "silver.orders", "gold.people", "--format", "html"),
        shop.run("diff", "main", "silver.orders", "gold.people", "--json"),
        shop.run("blame", "gold.people", "1", "--limit", "1"),
        shop.run("blame", "silver.orders", "1", "--limit", "1"),
    ):
        assert CANARY not in ran.ok().stdout
        assert "who" in ran.stdout or "customer" in ran.stdout
    # A dataset that reads nothing private is told: so there was something to hide.
    assert CANARY in shop.run("diff", "main", "bronze.orders").ok().stdout
