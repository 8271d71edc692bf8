"""``medallion test``: what it writes, where, and how it ends; and the tests that it writes itself."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from medallion.project import Project

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Ended

WRONG = """\
- name: the latest export wins
  given:
    bronze.orders: [{order_id: 1, status: placed}]
  expect: [{order_id: 1, status: shipped}]
"""


@pytest.fixture
def mine(shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the project that `init` makes, built, to change."""
    shutil.copytree(shop, tmp_path / "shop", symlinks=True)
    monkeypatch.chdir(tmp_path / "shop")
    return tmp_path / "shop"


def write_tests(root: Path, name: str, text: str) -> Path:
    file = root / f"tests/sql/{name.replace('.', '/')}.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


@pytest.mark.usefixtures("shop")
def test_the_tests_of_a_new_project_pass(medallion: Callable[..., Ended]) -> None:
    ended = medallion("test")
    assert (ended.code, ended.err) == (0, "")
    lines = ended.out.splitlines()
    assert lines[:-1] == ["gold.revenue  2 tests passed", "silver.orders  1 test passed"]
    assert lines[-1].startswith("passed 3, failed 0 in ")


def test_a_failed_test_shows_its_place_and_its_rows(mine: Path, medallion: Callable[..., Ended]) -> None:
    write_tests(mine, "silver.orders", WRONG)
    ended = medallion("test")
    assert (ended.code, ended.err) == (1, "")
    assert ended.out.splitlines()[1:-1] == [
        "failed: tests/sql/silver/orders.yaml:1: the latest export wins",
        "    order_id  status",
        "  -        1  shipped",
        "  +        1  placed",
        "              ^^^^^^^",
        "  1 row expected (-), 1 came out (+)",
        "",
    ]
    assert ended.out.splitlines()[-1].startswith("passed 2, failed 1 in ")


def test_an_error_of_the_model_is_shown_below_the_test_that_it_fails(
    mine: Path, medallion: Callable[..., Ended]
) -> None:
    (mine / "sql/silver/orders.sql").write_text("SELECT order_id, error('no luck') AS status FROM bronze.orders\n")
    write_tests(mine, "silver.orders", WRONG)
    ended = medallion("test", "silver.orders")
    assert ended.code == 1
    assert "  sql/silver/orders.sql:" in ended.out
    assert "no luck" in ended.out


def test_a_mistake_in_a_file_is_an_error_and_the_other_tests_are_run(
    mine: Path, medallion: Callable[..., Ended]
) -> None:
    write_tests(mine, "silver.orders", "- name: a\n  given: {}\n  expct: []\n")
    ended = medallion("test")
    assert ended.code == 2
    assert ended.err.startswith('error: tests/sql/silver/orders.yaml:3:3: unknown key "expct"\n')
    assert 'hint: did you mean "expect"?' in ended.err
    assert ended.out.splitlines()[-1].startswith("passed 2, failed 0, broken 1 in ")


def test_a_test_that_does_not_fit_its_model_is_an_error(mine: Path, medallion: Callable[..., Ended]) -> None:
    write_tests(mine, "silver.orders", "- name: a\n  given: {}\n  expect: [{orderid: 1}]\n")
    ended = medallion("test", "silver.orders")
    assert ended.code == 2
    assert 'error: tests/sql/silver/orders.yaml:3:13: silver.orders has no column "orderid"' in ended.err


@pytest.mark.usefixtures("shop")
def test_tests_are_chosen_by_model_and_by_name(medallion: Callable[..., Ended]) -> None:
    assert medallion("test", "gold.*", "-k", "MONTH").out.startswith("gold.revenue  1 test passed\npassed 1, failed 0")
    assert medallion("test", "--exclude", "gold.*").out.startswith("silver.orders  1 test passed\n")
    ended = medallion("test", "-k", "zzz")
    assert (ended.code, ended.out) == (2, "")
    assert 'error: no test has a name that holds "zzz"\nhint: ' in ended.err
    ended = medallion("test", "silver.ordres")
    assert (ended.code, ended.out) == (2, "")
    assert 'did you mean "silver.orders"?' in ended.err


def test_without_tests_it_says_how_to_write_the_first(mine: Path, medallion: Callable[..., Ended]) -> None:
    ended = medallion("test", "bronze.orders")
    assert (ended.code, ended.out) == (2, "")
    assert "there are no unit tests for bronze.orders in tests/sql/" in ended.err
    assert "`medallion test --create bronze.orders` writes the first" in ended.err
    shutil.rmtree(mine / "tests")
    ended = medallion("test")
    assert (ended.code, ended.out) == (0, "")
    assert "`medallion test --create silver.orders` writes the first" in ended.err
    assert medallion("test", "silver.orders", "-k", "zzz").code == 0


def test_a_program_gets_everything_as_json(mine: Path, medallion: Callable[..., Ended]) -> None:
    write_tests(mine, "silver.orders", WRONG + "- name: b\n")
    ended = medallion("test", "--json")
    assert ended.code == 2
    document = json.loads(ended.out)
    assert (document["passed"], document["failed"], document["broken"]) == (2, 1, 1)
    (failed,) = (test for test in document["tests"] if test["outcome"] == "failed")
    assert failed["dataset"] == "silver.orders"
    assert (failed["path"], failed["line"]) == ("tests/sql/silver/orders.yaml", 1)
    assert failed["difference"] == {
        "columns": ["order_id", "status"],
        "equal": 0,
        "rows": [{"expected": ["1", "shipped"], "actual": ["1", "placed"]}],
    }
    assert 'has no "expect"' in document["errors"][0]


def test_a_variable_of_the_command_line_counts_in_tests(mine: Path, medallion: Callable[..., Ended]) -> None:
    (mine / "sql/silver/it.sql").write_text("SELECT getvariable('who') AS who\n")
    write_tests(mine, "silver.it", "- name: a\n  expect: [{who: Ada}]\n")
    assert medallion("test", "silver.it", "--var", "who=Ada").code == 0
    assert medallion("test", "silver.it").code == 2


# --create


def test_a_test_is_written_from_real_rows_and_passes(mine: Path, medallion: Callable[..., Ended]) -> None:
    (mine / "tests/sql/silver/orders.yaml").unlink()
    ended = medallion("test", "--create", "silver.orders")
    assert (ended.code, ended.out) == (0, "")
    assert "created   tests/sql/silver/orders.yaml" in ended.err
    assert "before you trust it" in ended.err
    text = (mine / "tests/sql/silver/orders.yaml").read_text()
    assert text.startswith("- name: as it is for rows of bronze.orders\n  given:\n    bronze.orders:\n")
    assert "customer: Ada" in text
    assert medallion("test", "silver.orders").code == 0


def test_a_test_is_appended_and_overwrites_nothing(mine: Path, medallion: Callable[..., Ended]) -> None:
    file = mine / "tests/sql/silver/orders.yaml"
    before = file.read_text()
    assert "added to  tests/sql/silver/orders.yaml" in medallion("test", "--create", "silver.orders").err
    once = file.read_text()
    assert once.startswith(before)
    medallion("test", "--create", "silver.orders")
    assert file.read_text().startswith(once)
    assert "- name: as it is for rows of bronze.orders 2\n" in file.read_text()
    assert "3 tests passed" in medallion("test", "silver.orders").out
    created = Project.open().create_test("silver.orders")
    assert file.read_text().splitlines()[created.line - 1] == f"- name: {created.name}"


def test_a_file_that_cannot_be_read_is_not_appended_to(mine: Path, medallion: Callable[..., Ended]) -> None:
    file = write_tests(mine, "silver.orders", "- name: a\n")
    assert medallion("test", "--create", "silver.orders").code == 2
    assert file.read_text() == "- name: a\n"


def test_rows_of_other_inputs_are_those_that_go_with_the_first(mine: Path, medallion: Callable[..., Ended]) -> None:
    (mine / "sql/bronze/customers.sql").write_text(
        "-- @key customer\nFROM (VALUES ('Zoe', 'ZZ'), ('Ada', 'UK'), ('Grace', 'US')) AS t(customer, country)\n"
    )
    (mine / "sql/gold/by_country.sql").write_text(
        "SELECT country, count(*) AS orders FROM silver.orders JOIN bronze.customers USING (customer) GROUP BY ALL\n"
    )
    medallion("run")
    assert medallion("test", "--create", "gold.by_country").code == 0
    text = (mine / "tests/sql/gold/by_country.yaml").read_text()
    assert "country: UK" in text
    assert "ZZ" not in text
    assert "status" not in text, "a column that the model does not name"
    assert medallion("test", "gold.by_country").code == 0


def test_private_columns_are_neither_read_nor_written(mine: Path, medallion: Callable[..., Ended]) -> None:
    (mine / "sql/bronze/people.sql").write_text(
        "SELECT\n    id,\n    name,   -- @private\n    city\n"
        "FROM (VALUES (1, 'Ada Lovelace', 'London')) AS t(id, name, city)\n"
    )
    (mine / "sql/silver/people.sql").write_text(
        "SELECT\n    id,\n    name,   -- @private\n    city,\n    city AS home   -- @private\nFROM bronze.people\n"
    )
    medallion("run")
    assert medallion("test", "--create", "silver.people").code == 0
    text = (mine / "tests/sql/silver/people.yaml").read_text()
    assert "Lovelace" not in text
    assert "name:" not in text.replace("- name: as it is", "")
    assert "home" not in text
    assert "{id: 1, city: London}" in text


def test_columns_that_are_private_at_the_top_of_the_file_are_not_written_either(
    mine: Path, medallion: Callable[..., Ended]
) -> None:
    (mine / "sql/bronze/people.sql").write_text(
        "-- @private Name, phone\nSELECT * FROM (VALUES (1, 'Lovelace', '555', 'London')) AS t(id, name, phone, city)\n"
    )
    (mine / "sql/silver/people.sql").write_text(
        "-- @private home\nSELECT id, name || phone AS who, city, city AS home FROM bronze.people\n"
    )
    medallion("run")
    assert medallion("test", "--create", "silver.people").code == 0
    text = (mine / "tests/sql/silver/people.yaml").read_text()
    assert [word for word in ("Lovelace", "555", "phone", "home") if word in text] == []
    assert "{id: 1, city: London}" in text
    assert "who: ~" in text


def test_a_test_of_a_volatile_model_stops_the_clock(mine: Path, medallion: Callable[..., Ended]) -> None:
    (mine / "sql/gold/it.sql").write_text("-- @volatile\nSELECT order_id, now() AS at FROM silver.orders\n")
    ended = medallion("test", "--create", "gold.it")
    assert ended.code == 0
    assert "asks the clock" in ended.err
    assert "\n  now: 20" in (mine / "tests/sql/gold/it.yaml").read_text()
    assert medallion("test", "gold.it").code == 0


def test_a_column_that_comes_out_differently_each_time_is_left_out(mine: Path, medallion: Callable[..., Ended]) -> None:
    (mine / "sql/gold/it.sql").write_text("-- @volatile\nSELECT order_id, random() AS r FROM silver.orders\n")
    ended = medallion("test", "--create", "gold.it")
    assert (ended.code, "left out, since it does not come out the same: r" in ended.err) == (0, True)
    assert "r:" not in (mine / "tests/sql/gold/it.yaml").read_text().replace("orders:", "").replace("for:", "")
    assert medallion("test", "gold.it").code == 0


VALUES = (
    "(1, NULL, '', 'null', '~', ' x ', E'a\\nb', 'a: b', '#', '日本', E'\\x01', '- x', '{}', 'yes', '1_0', '''', '\"')"
)


def test_every_value_is_written_as_it_is(mine: Path, medallion: Callable[..., Ended]) -> None:
    (mine / "sql/bronze/odd.sql").write_text(
        f"SELECT *, [1, NULL] AS l, {{'a': 'x, y', 'b': DATE '2026-01-01'}} AS s, 'nan'::DOUBLE AS f,\n"
        f"    '\\xAA'::BLOB AS bl, TIMESTAMPTZ '2026-01-01 00:00:00Z' AS tz FROM (VALUES {VALUES}) AS t\n"
    )
    (mine / "sql/silver/odd.sql").write_text("FROM bronze.odd\n")
    assert medallion("run", "+silver.odd").code == 0
    ended = medallion("test", "--create", "silver.odd")
    assert (ended.code, "left out" in ended.err) == (0, False), ended.err
    ended = medallion("test", "silver.odd")
    assert ended.code == 0, ended.out + ended.err


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    ("args", "message"),
    [
        ([], "--create writes a test of one model"),
        (["silver.orders", "gold.revenue"], "--create writes a test of one model"),
        (["silver.ordres"], 'did you mean "silver.orders"?'),
        (["orders"], '"orders" is no dataset name'),
        (["bronze.orders"], "bronze.orders reads files, of which no rows are taken"),
    ],
)
def test_what_no_test_can_be_written_of_is_told(args: list[str], message: str, medallion: Callable[..., Ended]) -> None:
    ended = medallion("test", "--create", *args)
    assert ended.code == 2
    assert message in ended.err


def test_a_test_of_what_was_not_built_cannot_be_written(mine: Path, medallion: Callable[..., Ended]) -> None:
    (mine / "sql/silver/new.sql").write_text("SELECT 1 AS a\n")
    (mine / "sql/gold/new.sql").write_text("SELECT a FROM silver.new\n")
    ended = medallion("test", "--create", "gold.new")
    assert ended.code == 2
    assert "silver.new has not been built yet" in ended.err
    assert not (mine / "tests/sql/gold/new.yaml").exists()
