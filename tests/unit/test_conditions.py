"""The grammar of checks: what each form means, and what is wrong with what is none, at its place."""

from __future__ import annotations

import pytest

from medallion.errors import ModelError
from medallion.models.check import AtMost, Check, Kind, Severity
from medallion.models.conditions import CONDITIONS, GRAMMAR, read_at_most
from medallion.models.parse import parse_check, parse_model
from medallion.names import TableName

LAYERS = ("bronze", "silver", "gold")
X = TableName("silver", "x")
Y = TableName("silver", "y")


def read(annotation: str, *, on_column: bool = False, key: str = "") -> Check:
    """The check that an annotation states, on the dataset or on its column a."""
    return model(annotation, on_column=on_column, key=key)[-1]


def model(annotation: str, *, on_column: bool = False, key: str = "") -> tuple[Check, ...]:
    head = f"-- @key {key}\n" if key else ""
    text = f"{head}SELECT 1 AS a, -- {annotation}\n" if on_column else f"{head}-- {annotation}\nSELECT 1 AS a\n"
    return parse_model(X, "sql/silver/x.sql", text, LAYERS).checks


def refused(annotation: str, *, on_column: bool = False, key: str = "") -> tuple[str, str, str]:
    """Message, hint, and the text at the place."""
    with pytest.raises(ModelError) as caught:
        read(annotation, on_column=on_column, key=key)
    place = caught.value.location
    assert place is not None
    return caught.value.message, caught.value.hint, place.text[place.column - 1 : place.column - 1 + place.length]


DATASET = [
    ("@key a", Kind.KEY, ("a",), (), "key a"),
    ('@key a, "b c"', Kind.KEY, ("a", "b c"), (), 'key a, "b c"'),
    ("@not_null a", Kind.NOT_NULL, ("a",), (), "not_null a"),
    ("@not_null (a, b)", Kind.NOT_NULL, ("a", "b"), (), "not_null a, b"),
    ("@unique a , b", Kind.UNIQUE, ("a", "b"), (), "unique a, b"),
    ('@unique "a ""b"""', Kind.UNIQUE, ('a "b"',), (), 'unique "a ""b"""'),
    ("@accepted_values a x, y", Kind.ACCEPTED_VALUES, ("a",), ("x", "y"), "accepted_values a x, y"),
    ("@accepted_values a 'x, y', '', 'it''s'", Kind.ACCEPTED_VALUES, ("a",), ("x, y", "", "it's"),
     "accepted_values a 'x, y', '', 'it''s'"),
    ("@accepted_values a in transit,1 , -2.5", Kind.ACCEPTED_VALUES, ("a",), ("in transit", "1", "-2.5"),
     "accepted_values a in transit,1 , -2.5"),
    ("@range a 0 to 100", Kind.RANGE, ("a",), ("0", "100"), "range a 0 to 100"),
    ("@range a -1.5e3 TO .5", Kind.RANGE, ("a",), ("-1.5e3", ".5"), "range a -1.5e3 TO .5"),
    ("@range a 0 to", Kind.RANGE, ("a",), ("0", ""), "range a 0 to"),
    ("@range a to 100", Kind.RANGE, ("a",), ("", "100"), "range a to 100"),
    ("@range a 2026-01-01 to 2026-01-31 10:00:00", Kind.RANGE, ("a",), ("'2026-01-01'", "'2026-01-31 10:00:00'"),
     "range a 2026-01-01 to 2026-01-31 10:00:00"),
    ("@range a 'it''s' to 'to'", Kind.RANGE, ("a",), ("'it''s'", "'to'"), "range a 'it''s' to 'to'"),
    (r"@regex a ^[A-Z]{2}, \d+$", Kind.REGEX, ("a",), (r"^[A-Z]{2}, \d+$",), r"regex a ^[A-Z]{2}, \d+$"),
    ("@regex a ' it''s '", Kind.REGEX, ("a",), (" it's ",), "regex a ' it''s '"),
    ("@regex a ^[^@]+@x$", Kind.REGEX, ("a",), ("^[^@]+@x$",), "regex a ^[^@]+@x$"),
    ("@check freshness a < 2 days", Kind.FRESHNESS, ("a",), ("2", "day"), "freshness a < 2 days"),
    ("@warn freshness a <= 1 Month", Kind.FRESHNESS, ("a",), ("1", "month"), "freshness a <= 1 Month"),
    ("@check not_null a", Kind.NOT_NULL, ("a",), (), "not_null a"),
    ("@check key a, b", Kind.KEY, ("a", "b"), (), "key a, b"),
    ("@check a > 0", Kind.CONDITION, (), (), "a > 0"),
    ("@check notnull(a)", Kind.CONDITION, (), (), "notnull(a)"),
    ("@check row_count between 1 and 5", Kind.ROW_COUNT, (), (), "row_count between 1 and 5"),
    ("@expect removed at most 1%", Kind.EXPECT_ROWS, (), ("removed",), "expect removed at most 1%"),
    ("@expect nothing added", Kind.EXPECT_ROWS, (), ("added",), "expect nothing added"),
    ("@expect no rows removed", Kind.EXPECT_ROWS, (), ("removed",), "expect no rows removed"),
    ("@expect no column removed", Kind.EXPECT_COLUMNS, (), ("removed",), "expect no column removed"),
    ("@expect no columns retyped", Kind.EXPECT_COLUMNS, (), ("retyped",), "expect no columns retyped"),
]  # fmt: skip


@pytest.mark.parametrize(("annotation", "kind", "columns", "values", "text"), DATASET)
def test_a_check_of_the_dataset_is_read(
    annotation: str, kind: Kind, columns: tuple[str, ...], values: tuple[str, ...], text: str
) -> None:
    check = read(annotation)
    assert (check.kind, check.columns, check.values, check.text) == (kind, columns, values, text)
    assert check.severity is (Severity.WARN if annotation.startswith("@warn") else Severity.ERROR)
    assert bool(check.sql) is (kind in (Kind.CONDITION, Kind.ROW_COUNT))


@pytest.mark.parametrize(
    ("annotation", "text"),
    [
        ("@not_null", "not_null a"),
        ("@unique", "unique a"),
        ("@accepted_values x, y", "accepted_values a x, y"),
        ("@range 0 to", "range a 0 to"),
        ("@regex ^x", "regex a ^x"),
        ("@relationships silver.y(k)", "relationships a silver.y(k)"),
        ("@check a > 0", "a > 0"),
        ("@warn unique", "unique a"),
        ("@check freshness < 1 day", "freshness a < 1 day"),
    ],
)
def test_on_a_column_a_check_speaks_of_that_column(annotation: str, text: str) -> None:
    check = read(annotation, on_column=True)
    assert (check.columns, check.text) == (("a",), text)


def test_what_must_stay_unchanged_can_be_said_of_a_column_or_the_dataset() -> None:
    for check in (read("@expect unchanged b, c where a = 1", key="a"), read("@warn expect unchanged b, c", key="a")):
        assert (check.kind, check.columns) == (Kind.EXPECT_UNCHANGED, ("b", "c"))
    on_column = read("@expect unchanged where b = 'where' OR c", on_column=True, key="b")
    assert (on_column.columns, on_column.sql) == (("a",), "b = 'where' OR c")
    assert on_column.text == "expect unchanged a where b = 'where' OR c"


@pytest.mark.parametrize(
    ("annotation", "columns", "to", "to_columns"),
    [
        ("@relationships a silver.y(k)", ("a",), Y, ("k",)),
        ('@relationships a, "b c" Silver.Y(k, "l m")', ("a", "b c"), Y, ("k", "l m")),
        ("@relationships (a, b) silver.y (k, l)", ("a", "b"), Y, ("k", "l")),
        ("@relationships a silver.x(b)", ("a",), X, ("b",)),
    ],
)
def test_relationships_pair_columns_with_those_of_a_dataset(
    annotation: str, columns: tuple[str, ...], to: TableName, to_columns: tuple[str, ...]
) -> None:
    check = read(annotation)
    assert (check.columns, check.to, check.to_columns, check.reads) == (columns, to, to_columns, (to,))


@pytest.mark.parametrize(
    ("text", "rest", "at_most"),
    [
        ("a > 0 at most 5 rows", "a > 0", AtMost("5", False)),
        ("a > 0 at most 1 row", "a > 0", AtMost("1", False)),
        ("a > 0 at most 5", "a > 0", AtMost("5", False)),
        ("a > 0 AT  MOST 0.1 %", "a > 0", AtMost("0.1", True)),
        ("at most 5%", "", AtMost("5", True)),
        ("a > 0 at most five", "a > 0 at most five", None),
        ("note <> 'at most 5'", "note <> 'at most 5'", None),
        ("at_most 5", "at_most 5", None),
    ],
)
def test_what_is_tolerated_stands_last(text: str, rest: str, at_most: AtMost | None) -> None:
    assert read_at_most(text) == (rest, at_most)


@pytest.mark.parametrize(
    ("at_most", "failures", "rows", "allowed"),
    [
        (AtMost("2", False), 2, 10, True), (AtMost("2", False), 3, 10, False), (AtMost("0.1", True), 1, 1000, True),
        (AtMost("0.1", True), 1, 999, False), (AtMost("33.3", True), 333, 1000, True),
        (AtMost("100", True), 5, 5, True),
        (AtMost("33.3", True), 1, 3, False), (AtMost("50", True), 0, 0, True), (AtMost("0", False), 0, 0, True),
    ],
)  # fmt: skip
def test_a_share_is_exact_on_its_border(at_most: AtMost, failures: int, rows: int, allowed: bool) -> None:
    assert at_most.allows(failures, rows) is allowed


@pytest.mark.parametrize(
    "annotation", ["@not_null a at most 5%", "@warn range a 0 to at most 2 rows", "@check a at most 1"]
)
def test_a_tolerated_share_is_part_of_the_text(annotation: str) -> None:
    assert (
        read(annotation).text
        == {
            "@not_null a at most 5%": "not_null a at most 5%",
            "@warn range a 0 to at most 2 rows": "range a 0 to at most 2 rows",
            "@check a at most 1": "a at most 1 rows",
        }[annotation]
    )


WRONG = [
    ("@unique a b", "@unique needs the columns that it speaks of", "@unique takes COLUMN, …"),
    ("@not_null a,", "@not_null needs the columns that it speaks of", "@not_null takes COLUMN, …"),
    ("@accepted_values a", "@accepted_values needs the values, with commas between them", "COLUMN VALUE, 'VALUE', …"),
    ("@accepted_values a x,", "@accepted_values needs the values, with commas between them", "COLUMN VALUE"),
    ("@accepted_values a x, , y", "these are no values with commas between them; quote one", "COLUMN VALUE"),
    ("@accepted_values a it's", "these are no values with commas between them; quote one", "COLUMN VALUE"),
    ('@accepted_values a "x"', "these are no values with commas between them; quote one", "COLUMN VALUE"),
    ("@accepted_values 1, 2", "@accepted_values needs the column that it speaks of", "COLUMN VALUE"),
    ("@relationships a silver.y", "this names no columns of a dataset", "COLUMN, … LAYER.NAME(COLUMN, …)"),
    ("@relationships silver.y(k)", "this names no columns of a dataset", "COLUMN, … LAYER.NAME(COLUMN, …)"),
    ("@relationships a silver.y()", "this names no columns of a dataset", "COLUMN, … LAYER.NAME(COLUMN, …)"),
    ("@relationships a y(k)", "this names no columns of a dataset", "COLUMN, … LAYER.NAME(COLUMN, …)"),
    ("@relationships a silver.y(k, l)", "1 of this dataset's columns cannot be found in 2 of another's", "LAYER.NAME"),
    ("@range a", "this is no range; quote a bound that is neither a number nor a date", "COLUMN LOW to HIGH"),
    ("@range a to", "this is no range", "COLUMN LOW to HIGH"),
    ("@range a low to high", "this is no range", "COLUMN LOW to HIGH"),
    ("@range a 1 - 2", "this is no range", "COLUMN LOW to HIGH"),
    ("@range a 1 to 2 OR true", "this is no range", "COLUMN LOW to HIGH"),
    ("@regex a", "@regex needs a pattern", "COLUMN PATTERN"),
    ("@check freshness a", "this is no age", "@check freshness takes COLUMN < NUMBER minutes|hours|days"),
    ("@check freshness a < 2 fortnights", "this is no age", "@check freshness takes COLUMN < NUMBER"),
    ("@check freshness a > 2 days", "this is no age", "@check freshness takes COLUMN < NUMBER"),
    ("@warn", "the condition itself is missing", "@warn takes a condition in SQL"),
    ("@check at most 5%", "the condition itself is missing", "@check takes a condition in SQL"),
    ("@check row_count > 1 at most 5%", "row_count takes no `at most`", "a condition on row_count"),
    ("@check freshness a < 2 days at most 5%", "freshness takes no `at most`", "COLUMN < NUMBER"),
    ("@check key a at most 5%", "key takes no `at most`", "@check key takes COLUMN, …"),
    ("@expect removed", "this says nothing that can be expected of a change", "removed|added|changed at most NUMBER"),
    ("@expect nothing removed at most 5%", "this says nothing that can be expected", "nothing removed|added|changed"),
    ("@expect no column removed at most 5", "expect takes no `at most`", "no column removed|added|retyped|changed"),
    ("@expect fewer rows", "this says nothing that can be expected of a change", "COLUMN, … [where CONDITION]"),
    ("@expect unchanged", "which columns are to stay as they are is not said", "unchanged COLUMN, …"),
    ("@expect unchanged where a = 1", "which columns are to stay as they are is not said", "unchanged COLUMN, …"),
]  # fmt: skip


@pytest.mark.parametrize(("annotation", "message", "grammar"), WRONG)
def test_what_is_no_check_is_an_error_at_its_word_with_the_grammar(annotation: str, message: str, grammar: str) -> None:
    said, hint, place = refused(annotation)
    assert said.startswith(message)
    assert grammar in hint
    assert place == annotation.split()[0]


@pytest.mark.parametrize(
    ("annotation", "message", "hint"),
    [
        ("@not_null b", '@not_null on a column takes no argument, and has "b"', "nothing: it speaks of this column"),
        ("@relationships a silver.y(k)", "this names no columns of a dataset", "LAYER.NAME(COLUMN, …)"),
        ("@range a 1 to 2", "this is no range", "@range takes LOW to HIGH"),
        ("@expect nothing removed", "@expect on a column says that it is unchanged", "unchanged"),
        ("@expect unchanged b", "which columns are to stay as they are is not said, or said twice", "unchanged"),
    ],
)
def test_on_a_column_the_grammar_is_told_without_the_column(annotation: str, message: str, hint: str) -> None:
    said, told, place = refused(annotation, on_column=True, key="b")
    assert said.startswith(message)
    assert hint in told
    assert place == annotation.split()[0]


@pytest.mark.parametrize("annotation", ["@expect nothing changed", "@expect changed at most 5%", "@expect unchanged a"])
def test_what_changed_cannot_be_told_without_a_key(annotation: str) -> None:
    message, hint, place = refused(annotation)
    assert (message, place) == ("which rows changed cannot be told without a key", annotation)
    assert hint.startswith("name it with @key")
    assert read(annotation, key="a").kind.compares


HOSTILE = [
    ("@check 1=1) OR (1=1", "this is no condition in SQL"),
    ("@check (a > 0", "this is no condition in SQL"),
    ("@check a = 1; DROP TABLE x", "this is no condition in SQL"),
    ("@check a = 'x", "the SQL cannot be read"),
    ('@check a = "x', "the SQL cannot be read"),
    ("@check a = $$x", "the SQL cannot be read"),
    ("@check a = 1 /* and more", "the SQL cannot be read"),
    (
        "@check a IN (SELECT a FROM read_csv('sources/a.csv'))",
        'a check reads datasets only, and this reads "sources/a.csv"',
    ),
    ("@check a IN (FROM 'x.parquet')", 'a check reads datasets only, and this reads "x.parquet"'),
    ("@check a IN (FROM query('SELECT 1'))", "query() is refused"),
    ("@check a IN (FROM query_table('silver.x'))", "query_table() is refused"),
    ("@check (DELETE FROM silver.y RETURNING true)", "a model is one SELECT; this writes: DELETE"),
    ("@check a = getvariable(a)", "getvariable() needs a name in quotes"),
    ("@check row_count > 0) FROM silver.y --", "this is no condition in SQL"),
    ("@check row_count > (SELECT count(*) FROM read_text('/etc/passwd'))", "a check reads datasets only"),
]


@pytest.mark.parametrize(("annotation", "message"), HOSTILE)
def test_sql_that_is_no_condition_is_refused_at_its_place(annotation: str, message: str) -> None:
    said, hint, place = refused(annotation)
    assert said.startswith(message)
    assert place == annotation.removeprefix("@check ")
    assert hint


def test_the_condition_of_expect_is_looked_at_as_any_other() -> None:
    said, _, place = refused("@expect unchanged a where 1=1) OR (1=1", key="a")
    assert (said, place) == ("this is no condition in SQL", "1=1) OR (1=1")


@pytest.mark.parametrize(
    "sql",
    [
        "a <> ')'",
        "a <> ';'",
        'a = "("',
        "a = '--'",
        "a > 0 -- and (more",
        "a /* ) */ > 0",
        "a IN (1, (2))",
        "a = $$)$$",
    ],
)
def test_brackets_in_texts_and_comments_are_none(sql: str) -> None:
    assert read(f"@check {sql}").sql == sql


def test_a_condition_goes_over_the_lines_of_its_comment_and_is_shown_on_one() -> None:
    text = "/* Rows.\n   @check a > 0\n      AND a <> 'x  y'\n*/\nSELECT 1 AS a"
    model = parse_model(X, "sql/silver/x.sql", text, LAYERS)
    (check,) = model.checks
    assert check.text == "a > 0 AND a <> 'x  y'"
    assert text[check.sql_offset :].startswith(check.sql)
    place = check.locate(model)
    assert (place.line, place.column, place.length) == (2, 4, len("@check a > 0"))


def test_each_check_knows_its_place_and_that_of_its_sql() -> None:
    text = "-- é @not_null a @warn  a > 0 at most 5%\nSELECT 1 AS a, -- @check range 1 to 2\n2 AS b -- @unique\n"
    model = parse_model(X, "sql/silver/x.sql", text, LAYERS)
    places = [check.locate(model) for check in model.checks]
    assert [(p.line, p.column, p.text[p.column - 1 : p.column - 1 + p.length]) for p in places] == [
        (1, 6, "@not_null a"),
        (1, 18, "@warn  a > 0 at most 5%"),
        (2, 19, "@check range 1 to 2"),
        (3, 11, "@unique"),
    ]
    assert text[model.checks[1].sql_offset :].startswith("a > 0 at")


def test_what_a_condition_reads_is_known() -> None:
    check = read("@check a IN (SELECT k FROM silver.y WHERE v = getvariable('v'))")
    assert check.reads == (X, Y)
    assert check.probe is not None
    assert check.probe.variables == {"v"}


# Files of their own


def query(text: str) -> Check:
    return parse_check("sql/checks/deep/orphans.sql", text, LAYERS)


@pytest.mark.parametrize(
    ("head", "severity", "at_most"),
    [
        ("", Severity.ERROR, None),
        ("-- @warn\n", Severity.WARN, None),
        ("-- Orders without a customer.\n-- @warn at most 5 rows\n", Severity.WARN, AtMost("5", False)),
        ("-- @check at most 0.5% @owner data-team @tag nightly\n", Severity.ERROR, AtMost("0.5", True)),
    ],
)
def test_a_query_of_its_own_says_how_bad_it_is_and_what_is_tolerated(
    head: str, severity: Severity, at_most: AtMost | None
) -> None:
    check = query(f"{head}SELECT * FROM silver.x WHERE a < 0;\n")
    assert (check.kind, check.text, check.severity, check.at_most) == (Kind.QUERY, "orphans", severity, at_most)
    assert check.sql == "SELECT * FROM silver.x WHERE a < 0"
    assert check.reads == (X,)


@pytest.mark.parametrize(
    ("text", "message", "place"),
    [
        ("-- @check a > 0\nFROM silver.x", "in a file of its own, a check is the SQL", "@check"),
        ("-- @warn not_null a\nFROM silver.x", "in a file of its own, a check is the SQL", "@warn"),
        ("-- @key a\nFROM silver.x", "@key speaks of a dataset", "@key"),
        ("SELECT a -- @not_null\nFROM silver.x", "@not_null speaks of a dataset", "@not_null"),
        ("FROM 'sources/a.csv'", 'a check reads datasets only, and this reads "sources/a.csv"', "'sources/a.csv'"),
        ("FROM silver.x; FROM silver.y", "the file holds more than one statement", "FROM"),
        ("DELETE FROM silver.x", "a check is one SELECT; this begins with DELETE", "DELETE"),
        ("-- @wran\nFROM silver.x", 'unknown annotation "@wran"', "@wran"),
    ],
)
def test_a_file_that_is_no_query_of_wrong_rows_is_refused_at_its_place(text: str, message: str, place: str) -> None:
    with pytest.raises(ModelError) as caught:
        query(text)
    found = caught.value.location
    assert found is not None
    assert caught.value.message == message
    assert found.text[found.column - 1 : found.column - 1 + found.length] == place


def test_every_word_that_states_a_check_has_a_grammar() -> None:
    assert {*GRAMMAR} - {"row_count", "freshness"} == CONDITIONS - {"warn"}
