"""The lists of functions in medallion.models.functions, held against the installed DuckDB."""

from __future__ import annotations

import duckdb
import pytest

from medallion.errors import ModelError
from medallion.models.functions import FILE_READERS, HIDDEN_READERS, PURE_TABLE_FUNCTIONS, VOLATILE, VOLATILE_WORDS
from medallion.models.graph import build_graph
from medallion.models.parse import parse_model
from medallion.names import TableName

LAYERS = ("bronze", "silver", "gold")
NAME = TableName("bronze", "x")

# Volatile by DuckDB's word, and no danger here: the configuration knows variables, and error() returns nothing.
KNOWN_OTHERWISE = {"getvariable", "error"}

# What takes arguments and has to do with a zone depends on the session's time zone, which is UTC in every instance.
ZONED = """(len(parameter_types) > 0 AND regexp_matches(
    concat_ws(',', return_type, parameter_types::VARCHAR), 'TIME ZONE|TIMESTAMPTZ'))"""


def functions(condition: str) -> set[str]:
    rows = (
        duckdb.connect().execute(f"SELECT DISTINCT function_name FROM duckdb_functions() WHERE {condition}").fetchall()
    )
    return {row[0] for row in rows}


def refusal(sql: str) -> str:
    """What is said against a model with this SQL; empty where nothing is."""
    try:
        model = parse_model(NAME, "sql/bronze/x.sql", sql, LAYERS)
    except ModelError as error:
        return error.message
    problem = build_graph([model], (), LAYERS, {}).problems.get(NAME)
    return problem.message if problem else ""


def test_every_scalar_function_that_is_not_consistent_is_volatile() -> None:
    found = functions(f"function_type = 'scalar' AND stability <> 'CONSISTENT' AND NOT {ZONED}")
    assert {name.lower() for name in found} - VOLATILE - VOLATILE_WORDS - KNOWN_OTHERWISE == set()


def test_every_macro_of_duckdb_that_is_built_on_a_volatile_function_is_volatile() -> None:
    rows = duckdb.connect().execute(
        "SELECT function_name, macro_definition FROM duckdb_functions() WHERE function_type = 'macro'"
    )
    volatile = [f"{name}(" for name in VOLATILE] + [word for word in VOLATILE_WORDS if word != "tablesample"]
    built = {name for name, definition in rows.fetchall() if any(v in (definition or "").lower() for v in volatile)}
    assert {name for name in built if name not in VOLATILE | VOLATILE_WORDS | HIDDEN_READERS} == set()


def test_nothing_is_called_volatile_that_duckdb_does_not_know() -> None:
    assert functions("true") >= VOLATILE


@pytest.mark.parametrize("name", sorted(VOLATILE - HIDDEN_READERS))
def test_a_volatile_function_is_refused_in_a_model(name: str) -> None:
    assert "gives another result each time" in refusal(f"SELECT {name}()")


@pytest.mark.parametrize("word", sorted(VOLATILE_WORDS - {"tablesample"}))
def test_a_volatile_word_is_refused_in_a_model(word: str) -> None:
    assert "gives another result each time" in refusal(f"SELECT {word}")


def test_every_table_function_is_a_file_reader_or_pure_or_refused() -> None:
    names = functions("function_type IN ('table', 'table_macro')")
    allowed = {name for name in names if not refusal(f"SELECT * FROM {name}('sources/a.csv')")}
    assert len(names) > 60
    assert allowed <= FILE_READERS | PURE_TABLE_FUNCTIONS


@pytest.mark.parametrize("name", sorted(FILE_READERS))
def test_a_file_reader_of_the_list_is_one_in_duckdb_and_its_file_is_seen(name: str) -> None:
    assert name in functions("function_type IN ('table', 'table_macro')")
    model = parse_model(NAME, "sql/bronze/x.sql", f"SELECT * FROM {name}('sources/a.csv')", LAYERS)
    assert [source.path for source in model.sources] == ["sources/a.csv"]


@pytest.mark.parametrize("name", sorted(PURE_TABLE_FUNCTIONS))
def test_a_pure_table_function_reads_no_file(name: str) -> None:
    assert not refusal(f"SELECT * FROM {name}('sources/a.csv')")
    model = parse_model(NAME, "sql/bronze/x.sql", f"SELECT * FROM {name}('sources/a.csv')", LAYERS)
    assert model.sources == ()


@pytest.mark.parametrize("name", sorted(HIDDEN_READERS))
def test_a_hidden_reader_is_refused_wherever_it_stands(name: str) -> None:
    assert "is refused" in refusal(f"SELECT * FROM {name}('x')")
    assert "is refused" in refusal(f"SELECT {name}('x')")


def test_the_lists_do_not_overlap() -> None:
    assert not FILE_READERS & PURE_TABLE_FUNCTIONS
    assert not FILE_READERS & HIDDEN_READERS
    assert not PURE_TABLE_FUNCTIONS & HIDDEN_READERS


def test_every_view_and_schema_of_duckdbs_own_is_refused_as_a_table() -> None:
    rows = (
        duckdb.connect().execute("SELECT DISTINCT schema_name, view_name FROM duckdb_views() WHERE internal").fetchall()
    )
    assert len(rows) > 20
    names = [f"{schema}.{view}" if schema != "main" else view for schema, view in rows]
    assert [name for name in names if "is refused as a table" not in refusal(f"SELECT * FROM {name}")] == []
