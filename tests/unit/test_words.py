"""Words with a meaning to sqlglot or DuckDB are still names, and calls are told apart by their arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from medallion.config import find_project
from medallion.errors import ConfigError
from medallion.models.parse import parse_model
from medallion.models.tokens import lex
from medallion.names import TableName
from medallion.project import Project

if TYPE_CHECKING:
    from pathlib import Path

    from medallion.models.model import Model

LAYERS = ("bronze", "silver", "gold")
COMMAND_WORDS = ["show", "fetch", "execute", "command", "rename", "call", "explain", "optimize", "copy", "put"]


def model(sql: str) -> Model:
    return parse_model(TableName.parse("silver.x"), "sql/silver/x.sql", sql, LAYERS)


@pytest.mark.parametrize("word", COMMAND_WORDS)
def test_a_word_that_begins_a_command_elsewhere_leaves_the_rest_of_the_text_in_tokens(word: str) -> None:
    lexed = lex(f"{word} a FROM bronze.orders -- why", "a.sql")
    assert [token.raw for token in lexed.tokens] == [word, "a", "FROM", "bronze", ".", "orders"]
    assert [comment.text for comment in lexed.comments] == [" why"]


@pytest.mark.parametrize("word", sorted({*COMMAND_WORDS} - {"show", "fetch"}))
@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1 AS a;{word} b FROM bronze.orders",
        "WITH c AS (SELECT 1 AS {word}, now() AS b FROM bronze.orders) FROM c",
        "SELECT o.{word}, now() AS b FROM bronze.orders AS o",
        "SELECT now() AS {word} FROM bronze.{word} AS o JOIN bronze.orders ON true",
    ],
)
def test_what_stands_after_a_command_word_is_still_looked_at(sql: str, word: str) -> None:
    text = sql.format(word=word)
    if ";" in text:
        assert [len(statement) for statement in lex(text, "a.sql").statements()] == [4, 6]
        return
    read = model(text)
    assert "bronze.orders" in {str(reference.name) for reference in read.datasets}
    assert [token.raw for token in read.volatile_at] == ["now"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SELECT 1 AS order", "SELECT 1 AS ORDER"),
        ("SELECT 1 AS End", "SELECT 1 AS END"),
        ("SELECT 1 AS select, 2 AS b", "SELECT 1 AS Select, 2 AS b"),
        ("SELECT s.end FROM t AS s", "SELECT s.END FROM t AS s"),
    ],
)
def test_a_reserved_word_that_is_a_label_or_a_field_keeps_its_case(one: str, other: str) -> None:
    assert lex(one, "a.sql").digest() != lex(other, "a.sql").digest()


@pytest.mark.parametrize(
    ("call", "volatile"),
    [
        ("age(born)", True),
        ("AGE ( born )", True),
        ("age(greatest(born, died))", True),
        ("age([born, died][1])", True),
        ("age({'a': born, 'b': died}.a)", True),
        ("age(died, born)", False),
        ("age(greatest(a, b), born)", False),
        ("stage(born)", False),
    ],
)
def test_age_of_one_moment_counts_from_today_and_of_two_does_not(call: str, volatile: bool) -> None:
    found = [token.raw.lower() for token in model(f"SELECT {call} AS x FROM bronze.people").volatile_at]
    assert found == (["age"] if volatile else [])


def test_two_variables_that_differ_in_case_only_are_refused_at_the_second(tmp_path: Path) -> None:
    (tmp_path / "medallion.toml").write_text("[variables]\nsince = 1\nSince = 2\n")
    with pytest.raises(ConfigError, match="is there twice: DuckDB takes no notice of case"):
        find_project(tmp_path)


@pytest.mark.parametrize("name", ["since", "SINCE", "Since"])
def test_a_variable_given_in_another_case_takes_the_place_of_the_configured_one(tmp_path: Path, name: str) -> None:
    (tmp_path / "medallion.toml").write_text('[variables]\nSince = "configured"\nother = 1\n')
    given = Project.open(tmp_path, variables={name: "given"})
    assert given.config.variables == {"Since": "given", "other": 1}
