"""Selection on the command line: dbt's options, and what an empty selection says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Ended


def planned(medallion: Callable[..., Ended], *args: str) -> list[str]:
    ended = medallion("plan", "--json", *args)
    assert ended.code == 0, ended.err
    return [step["dataset"] for step in json.loads(ended.out)["steps"]]


@pytest.mark.parametrize(
    ("args", "names"),
    [
        (["silver.orders"], ["silver.orders"]),
        (["--select", "silver.orders"], ["silver.orders"]),
        (["-s", "silver.orders", "gold.*"], ["silver.orders", "gold.revenue"]),
        (["-s", "silver.orders gold.*"], ["silver.orders", "gold.revenue"]),
        (["-s", "silver.orders", "-s", "gold.*"], ["silver.orders", "gold.revenue"]),
        (["bronze.orders", "--select", "gold.*"], ["bronze.orders", "gold.revenue"]),
        (["+gold.revenue,silver.*"], ["silver.orders"]),
        (["--exclude", "silver.orders", "gold.*"], ["bronze.orders"]),
        (["--exclude=silver.orders", "gold.*"], ["bronze.orders"]),
        (["--exclude", "silver.orders", "--var", "x=1", "gold.*"], ["gold.revenue"]),
        (["--exclude", "silver.orders", "--", "gold.*"], ["gold.revenue"]),
        (["-s", "+gold.revenue", "--exclude", "gold.revenue", "bronze.orders"], ["silver.orders"]),
    ],
)
def test_words_after_an_option_belong_to_it_as_in_dbt(
    medallion: Callable[..., Ended], shop: Path, args: list[str], names: list[str]
) -> None:
    assert shop.is_dir()
    assert planned(medallion, *args) == names


@pytest.mark.parametrize("command", [["plan"], ["run"], ["run", "--dry-run"]])
@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["bronze.*,gold.*"], "bronze.*,gold.*"),
        (["git:HEAD"], "git:HEAD"),
        (["silver.*", "--exclude", "+gold.revenue"], "silver.* without +gold.revenue"),
        (["--exclude", "*.*"], "all without *.*"),
    ],
)
def test_an_empty_selection_says_so_and_is_no_error(
    medallion: Callable[..., Ended], shop: Path, command: list[str], args: list[str], said: str
) -> None:
    assert shop.is_dir()
    ended = medallion(*command, *args)
    assert (ended.code, ended.out, ended.err) == (0, "", f"the selection is empty: {said}\n")
    assert json.loads(medallion(*command, *args, "--json").out)["steps"] == []


@pytest.mark.parametrize(
    "args", [["tga:x"], ["glod.*"], ["--exclude", "gold.revenu"], ["git:nope"], ["@gold.revenue+"], ["gold.*,"]]
)
def test_a_selection_that_cannot_be_meant_is_the_users_to_mend(
    medallion: Callable[..., Ended], shop: Path, args: list[str]
) -> None:
    assert shop.is_dir()
    for command in ("plan", "run"):
        ended = medallion(command, *args)
        assert (ended.code, ended.out) == (2, ""), ended.err
        assert "hint: " in ended.err


def test_a_run_tells_the_difference_in_rows_if_it_is_asked_to(medallion: Callable[..., Ended], shop: Path) -> None:
    model = shop / "sql/silver/orders.sql"
    before = model.read_text()
    model.write_text(before + "AND order_id <> 3\n")
    try:
        ended = medallion("run", "silver.orders", "--diff")
        assert ended.code == 0
        assert "  −1  SQL changed: rows may change (breaking)\n" in ended.err
        model.write_text(before)
        ended = medallion("run", "--diff", "--json")
        steps = {step["dataset"]: step for step in json.loads(ended.out)["steps"]}
        assert steps["silver.orders"]["difference"] == {
            "added": 1, "removed": 0, "changed": 0, "columns_added": [], "columns_removed": [], "columns_retyped": [],
        }  # fmt: skip
        assert "difference" not in steps["bronze.orders"]
    finally:
        model.write_text(before)
        medallion("run")


def test_a_first_version_and_one_with_the_same_content_have_no_difference(
    medallion: Callable[..., Ended], shop: Path
) -> None:
    model = shop / "sql/gold/first.sql"
    model.write_text("SELECT 1 AS one\n")
    try:
        for outcome in ("built", "same output"):
            steps = json.loads(medallion("run", "gold.first", "--force", "--diff", "--json").out)["steps"]
            assert [(step["outcome"], "difference" in step) for step in steps] == [(outcome, False)]
    finally:
        model.unlink()
        for file in (shop / "data/gold").glob("first.*"):
            file.unlink()
