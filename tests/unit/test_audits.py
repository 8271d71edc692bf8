"""Which check guards which dataset, in what order all come, and when data has to be checked again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from medallion.config import Config
from medallion.errors import ModelError
from medallion.models.fingerprint import checks_digest, recipe
from medallion.models.graph import Graph, build_graph
from medallion.models.parse import parse_check, parse_macros, parse_model
from medallion.models.texts import graph_of
from medallion.names import TableName
from medallion.parsed import Parsed
from medallion.utf8 import decoded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from medallion.config import Variable
    from medallion.errors import MedallionError

LAYERS = ("bronze", "silver", "gold")


def graph(macros: str = "", checks: dict[str, str] | None = None, broken: tuple[str, ...] = (), **models: str) -> Graph:
    """A project of models, as in ``silver_orders="FROM bronze.orders"``, and checks that are files of their own."""
    parsed = []
    for key, sql in models.items():
        name = TableName(*key.split("_", 1))
        parsed.append(parse_model(name, f"sql/{name.layer}/{name.name}.sql", sql, LAYERS))
    queries = [parse_check(f"sql/checks/{name}.sql", sql, LAYERS) for name, sql in (checks or {}).items()]
    problems = {TableName.parse(name): ModelError("it cannot be read") for name in broken}
    return build_graph(parsed, parse_macros("sql/macros/m.sql", macros, LAYERS), LAYERS, problems, queries)


def guards(found: Graph) -> dict[str, list[str]]:
    return {str(name): [check.text for check in audit.checks] for name, audit in found.audits.items()}


def reads(found: Graph, name: str) -> list[str]:
    return [str(read) for read in found.audits[TableName.parse(name)].reads]


def order(found: Graph) -> list[str]:
    return [str(name) for name in found.order]


def problem(found: Graph, name: str) -> tuple[str, str, str]:
    """Message, hint, and what the place in the file shows."""
    error = found.problems[TableName.parse(name)]
    place = error.location
    assert place is not None
    return error.message, error.hint, place.text[place.column - 1 : place.column - 1 + place.length]


# Who guards whom


def test_an_annotation_guards_its_own_dataset_and_one_without_checks_has_no_audit() -> None:
    found = graph(bronze_a="-- @not_null x\nSELECT 1 AS x", silver_b="FROM bronze.a")
    assert guards(found) == {"bronze.a": ["not_null x"]}
    assert reads(found, "bronze.a") == []


def test_a_query_guards_the_last_of_the_datasets_that_it_reads() -> None:
    found = graph(
        checks={"one": "FROM bronze.a", "both": "FROM bronze.a, gold.c", "siblings": "FROM silver.b, silver.a"},
        bronze_a="SELECT 1 AS x", silver_a="FROM bronze.a", silver_b="FROM bronze.a", gold_c="FROM silver.b",
    )  # fmt: skip
    assert guards(found) == {"bronze.a": ["one"], "gold.c": ["both"], "silver.b": ["siblings"]}
    assert reads(found, "gold.c") == ["bronze.a"]
    assert reads(found, "silver.b") == ["silver.a"]


def test_what_a_check_looks_at_comes_before_what_it_guards() -> None:
    plain = graph(silver_a="SELECT 1 AS x", silver_b="SELECT 1 AS x", silver_c="SELECT 1 AS x")
    assert order(plain) == ["silver.a", "silver.b", "silver.c"]
    found = graph(
        silver_a="SELECT 1 AS x -- @relationships silver.c(x)", silver_b="SELECT 1 AS x", silver_c="SELECT 1 AS x"
    )
    assert order(found) == ["silver.b", "silver.c", "silver.a"]
    assert reads(found, "silver.a") == ["silver.c"]
    assert found.problems == {}


def test_a_check_may_look_at_a_higher_layer_and_at_itself() -> None:
    found = graph(
        silver_a="-- @check x IN (SELECT x FROM gold.c)\nSELECT 1 AS x -- @relationships silver.a(x)",
        gold_c="SELECT 1 AS x",
    )
    assert order(found) == ["gold.c", "silver.a"]
    assert reads(found, "silver.a") == ["gold.c"]


def test_datasets_and_macros_are_seen_through_macros() -> None:
    macros = """
    CREATE MACRO known() AS TABLE SELECT x FROM deeper();
    CREATE MACRO deeper() AS TABLE SELECT x FROM silver.b;
    CREATE MACRO other() AS 1;
    """
    found = graph(
        macros, {"q": "FROM known() WHERE x IN (SELECT x FROM bronze.z)"},
        silver_a="-- @check x IN (SELECT x FROM known())\nSELECT 1 AS x", silver_b="SELECT 1 AS x",
        bronze_z="SELECT 1 AS x",
    )  # fmt: skip
    assert reads(found, "silver.a") == ["silver.b"]
    assert [m.name for m in found.audits[TableName("silver", "a")].macros] == ["deeper", "known"]
    assert guards(found) == {"silver.a": ["x IN (SELECT x FROM known())"], "silver.b": ["q"]}
    assert order(found).index("silver.b") < order(found).index("silver.a")


# Circles


def test_two_datasets_whose_checks_look_at_each_other_are_a_problem_of_one_of_them_at_the_check() -> None:
    found = graph(
        silver_a="SELECT 1 AS x -- @relationships silver.b(x)", silver_b="SELECT 1 AS x -- @relationships silver.a(x)"
    )
    (name,) = found.problems
    other = "silver.b" if str(name) == "silver.a" else "silver.a"
    message, hint, place = problem(found, str(name))
    assert message.startswith(f"a check of {name} looks at {other}, which comes after it: ")
    assert place == f"@relationships {other}(x)"
    assert hint
    assert order(found) == [other, str(name)] or order(found) == [str(name), other]


def test_a_check_that_looks_at_what_reads_its_own_dataset_is_a_problem_of_it() -> None:
    found = graph(
        silver_a="-- @check x < (SELECT max(x) FROM gold.c)\nSELECT 1 AS x",
        silver_b="FROM silver.a",
        gold_c="FROM silver.b",
    )
    assert [str(name) for name in found.problems] == ["silver.a"]
    message, _, place = problem(found, "silver.a")
    assert message.endswith("silver.a → gold.c → silver.b → silver.a")
    assert place == "@check x < (SELECT max(x) FROM gold.c)"
    assert order(found) == ["silver.a", "silver.b", "gold.c"]


def test_a_circle_through_a_macro_is_told_at_the_check_that_calls_it() -> None:
    found = graph(
        "CREATE MACRO later() AS TABLE SELECT x FROM gold.c",
        silver_a="-- @not_null x @check x IN (SELECT x FROM later())\nSELECT 1 AS x",
        gold_c="FROM silver.a",
    )
    _, _, place = problem(found, "silver.a")
    assert place == "@check x IN (SELECT x FROM later())"


def test_datasets_that_read_each_other_in_a_circle_and_are_checked_against_each_other_are_told_once() -> None:
    found = graph(
        silver_a="-- @relationships x silver.b(x)\nSELECT x FROM silver.b",
        silver_b="-- @unique x\nSELECT x FROM silver.a",
    )
    assert sorted(map(str, found.problems)) == ["silver.a", "silver.b"]
    assert all(error.message.startswith("these datasets read each other") for error in found.problems.values())


def test_three_circles_are_all_undone() -> None:
    found = graph(
        silver_a="SELECT 1 AS x -- @relationships silver.b(x) @relationships silver.c(x)",
        silver_b="SELECT 1 AS x -- @relationships silver.a(x) @relationships silver.c(x)",
        silver_c="SELECT 1 AS x -- @relationships silver.a(x) @relationships silver.b(x)",
    )
    assert 1 <= len(found.problems) <= 2
    assert sorted(order(found)) == ["silver.a", "silver.b", "silver.c"]
    done: list[TableName] = []
    for name in found.order:
        if name not in found.problems:
            waits = [r for r in found.audits[name].reads if r not in found.problems]
            assert set(waits) <= set(done)
        done.append(name)


# Mistakes


@pytest.mark.parametrize(
    ("annotation", "place"),
    [
        ("@relationships x silver.bb(x)", "@relationships x silver.bb(x)"),
        ("@check x IN (SELECT x FROM silver.bb)", "@check x IN (SELECT x FROM silver.bb)"),
    ],
)
def test_a_dataset_that_is_not_there_is_told_at_the_check_with_the_nearest(annotation: str, place: str) -> None:
    found = graph(silver_a=f"-- {annotation}\nSELECT 1 AS x", silver_b="SELECT 1 AS x")
    assert problem(found, "silver.a") == ("there is no dataset silver.bb", 'did you mean "silver.b"?', place)
    assert sorted(map(str, found.problems)) == ["silver.a"]


def test_a_query_that_reads_an_unknown_dataset_besides_is_a_problem_of_what_it_guards() -> None:
    found = graph(checks={"q": "SELECT 1\nFROM silver.a, gold.zzz"}, silver_a="SELECT 1 AS x")
    message, hint, place = problem(found, "silver.a")
    assert (message, place) == ("there is no dataset gold.zzz", "SELECT 1")
    assert hint == "write sql/gold/zzz.sql"


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("SELECT 1 AS x", "the check reads no dataset, so it guards none"),
        ("FROM silver.aa", "there is no dataset silver.aa"),
    ],
)
def test_a_query_that_guards_nothing_is_misplaced(sql: str, message: str) -> None:
    found = graph(checks={"q": sql}, silver_a="SELECT 1 AS x")
    (error,) = found.misplaced
    assert error.message == message
    assert error.location is not None
    assert error.location.path == "sql/checks/q.sql"
    assert (found.audits, found.problems) == ({}, {})


def test_a_query_of_a_dataset_whose_file_cannot_be_read_is_no_second_mistake() -> None:
    found = graph(checks={"q": "FROM silver.a, gold.c"}, broken=("gold.c",), silver_a="SELECT 1 AS x")
    assert found.misplaced == ()
    assert [str(name) for name in found.problems] == ["gold.c"]
    assert guards(found) == {}


def test_a_macro_that_hides_a_read_is_refused_in_a_check_too() -> None:
    found = graph(
        "CREATE MACRO hides(t) AS TABLE FROM query_tables(t)",
        silver_a="-- @check x IN (FROM hides('b'))\nSELECT 1 AS x",
    )
    assert "silver.a" in map(str, found.problems)


def read_texts(texts: Mapping[str, bytes]) -> tuple[Graph, list[MedallionError]]:
    reader = Parsed(Config(Path("nowhere")))
    return graph_of(texts, lambda path: decoded(texts[path], path), reader, LAYERS, "medallion.toml")


def test_the_checks_of_a_commit_are_read_from_its_texts() -> None:
    texts = {
        "sql/silver/a.sql": b"-- @unique x\nSELECT 1 AS x",
        "sql/checks/deep/q.sql": b"FROM silver.a WHERE x < 0",
        "sql/checks/lost.sql": b"SELECT 1",
        "sql/other/z.sql": b"no SQL",
    }
    found, errors = read_texts(texts)
    assert guards(found) == {"silver.a": ["unique x", "q"]}
    assert found.problems == {}
    assert [error.location.path for error in errors if error.location] == ["sql/other/", "sql/checks/lost.sql"]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("sql/checks/bad.sql", b"DELETE FROM silver.a"),
        ("sql/macros/bad.sql", b"no macro"),
        ("sql/checks/b.sql", b"\xff"),
    ],
)
def test_a_shared_file_of_a_commit_that_cannot_be_read_stops_every_model_there_as_here(path: str, text: bytes) -> None:
    found, errors = read_texts({"sql/silver/a.sql": b"SELECT 1 AS x", path: text})
    assert [str(name) for name in found.problems] == ["silver.a"]
    assert [p.location.path for p in found.problems.values() if p.location] == [path]
    assert errors == []


def test_two_files_of_a_commit_that_make_one_dataset_are_a_problem_of_it() -> None:
    found, _ = read_texts({"sql/silver/a.sql": b"SELECT 1 AS x", "sql/silver/deep/a.sql": b"SELECT 2 AS x"})
    assert [p.message for p in found.problems.values()] == [
        "two files make silver.a: sql/silver/a.sql and sql/silver/deep/a.sql"
    ]


# When data has to be checked again

MODEL = "-- @key x\n-- @check x > getvariable('low') AND known(x)\n-- @range x 0 to 9\nSELECT 1 AS x FROM bronze.b"
MACROS = "CREATE MACRO known(x) AS x > 1; CREATE MACRO other(x) AS x"
QUERY = "SELECT x FROM silver.a WHERE x < 0"


def digest(
    model: str = MODEL,
    macros: str = MACROS,
    query: str = QUERY,
    name: str = "q",
    variables: dict[str, Variable] | None = None,
) -> str:
    found = graph(macros, {name: query}, silver_a=model, bronze_b="SELECT 1 AS y")
    assert found.problems == {}
    return checks_digest(found, TableName("silver", "a"), {"low": 0, "unused": 1, **(variables or {})})


@pytest.mark.parametrize(
    "other",
    [
        digest(MODEL.replace("0 to 9", "0 to 8")),
        digest(MODEL.replace("@range", "@warn range")),
        digest(MODEL.replace("0 to 9", "0 to 9 at most 1%")),
        digest(MODEL.replace("0 to 9", "0 to 9 at most 1")),
        digest(MODEL.replace("x > getvariable", "x >= getvariable")),
        digest(MODEL.replace("-- @range x 0 to 9\n", "")),
        digest(MODEL.replace("@range", "@unique x @range")),
        digest(MODEL.replace("@range", "@check key y @range")),
        digest(MODEL.replace("@range", "@relationships x bronze.b(y) @range")),
        digest(macros=MACROS.replace("x > 1", "x > 2")),
        digest(query=QUERY.replace("< 0", "< 1")),
        digest(query="-- @warn\n" + QUERY),
        digest(query="-- @check at most 1%\n" + QUERY),
        digest(variables={"low": 1}),
        digest(variables={"low": "0"}),
    ],
)
def test_what_is_asked_changes_the_digest(other: str) -> None:
    assert other != digest()
    assert len(other) == 64


@pytest.mark.parametrize(
    "other",
    [
        digest(MODEL.replace("-- @check", "-- Prose. @owner me @check")),
        digest(MODEL.replace("x > getvariable", "x   >   getvariable")),
        digest(MODEL.replace("known(x)\n", "known(x) -- and why\n")),
        digest(MODEL.replace("SELECT 1 AS x", "SELECT 2 AS x")),
        digest(MODEL.replace("@range", "@expect nothing removed @range")),
        digest(MODEL.replace("-- @key x\n", "")),
        digest("-- @range x 0 to 9\n" + MODEL.replace("-- @range x 0 to 9\n", "")),
        digest(macros=MACROS.replace("x > 1", "x > 1 -- why\n")),
        digest(query="-- Why.\n" + QUERY.replace(" WHERE", "\n  WHERE") + ";\n"),
        digest(name="renamed"),
        digest(variables={"unused": 2}),
    ],
)
def test_what_asks_the_same_does_not(other: str) -> None:
    assert other == digest()


def test_white_space_in_a_text_is_asked_for() -> None:
    assert digest("-- @check x <> 'a  b'\nSELECT 1 AS x") != digest("-- @check x <> 'a b'\nSELECT 1 AS x")
    assert digest("-- @regex x a  b\nSELECT 1 AS x") != digest("-- @regex x a b\nSELECT 1 AS x")


@pytest.mark.parametrize("model", ["SELECT 1 AS x", "-- @key x @expect nothing changed\nSELECT 1 AS x"])
def test_without_anything_that_lasts_there_is_no_digest(model: str) -> None:
    found = graph(silver_a=model)
    assert checks_digest(found, TableName("silver", "a"), {}) == ""


def test_a_variable_without_a_value_is_told_at_the_check() -> None:
    found = graph(MACROS, silver_a=MODEL, bronze_b="SELECT 1 AS y")
    with pytest.raises(ModelError) as caught:
        checks_digest(found, TableName("silver", "a"), {})
    assert caught.value.message == 'variable "low" has no value'
    assert caught.value.location is not None
    assert caught.value.location.line == 2


def test_checks_are_in_no_fingerprint() -> None:
    plain, checked = (
        graph(MACROS, silver_a=sql, bronze_b="SELECT 1 AS y")
        for sql in ("-- @key x\nSELECT 1 AS x", "-- @key x\n-- @check known(x)\nSELECT 1 AS x -- @unique")
    )
    name = TableName("silver", "a")
    made = [recipe(g, name, {}, "duckdb", "2", g.models[name].digest) for g in (plain, checked)]
    assert made[0] == made[1]
