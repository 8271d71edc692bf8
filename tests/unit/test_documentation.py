"""Which comment belongs to which column."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from medallion.errors import ModelError
from medallion.models.parse import parse_model
from medallion.names import TableName

if TYPE_CHECKING:
    from medallion.models.model import Model


def model(text: str) -> Model:
    return parse_model(TableName("silver", "x"), "sql/silver/x.sql", text, ("bronze", "silver", "gold"))


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        # Commas behind the column, and in front of it.
        ("SELECT a, -- of a\n b -- of b\nFROM bronze.t", {"a": "of a", "b": "of b"}),
        ("SELECT a -- of a\n, b -- of b\nFROM bronze.t", {"a": "of a", "b": "of b"}),
        ("SELECT a, -- of a\n b, -- of b\nFROM bronze.t", {"a": "of a", "b": "of b"}),
        ("SELECT a, -- of a\r\n b -- of b\r\nFROM bronze.t", {"a": "of a", "b": "of b"}),
        # Two columns on a line: the comment is the last one's.
        ("SELECT a, b, -- of b\n c FROM bronze.t", {"b": "of b"}),
        ("SELECT a, b -- of b\nFROM bronze.t", {"b": "of b"}),
        # Block comments stand between the columns they speak of.
        ("SELECT a /* of a */, b /* of b */ FROM bronze.t", {"a": "of a", "b": "of b"}),
        ("SELECT a, /* of a */\n b /* of b */\nFROM bronze.t", {"a": "of a", "b": "of b"}),
        # A comment on a line of its own, or behind another clause, is no column's.
        ("SELECT\n -- before a\n a,\n -- before b\n b\nFROM bronze.t", {}),
        ("SELECT a -- of a\n -- and on\nFROM bronze.t", {"a": "of a"}),
        ("SELECT a FROM bronze.t -- of t", {}),
        ("SELECT a\nFROM bronze.t -- of t\nWHERE b -- of b", {}),
        ("SELECT a -- of a\nLIMIT 3 -- few", {"a": "of a"}),
        # FROM first, and no FROM at all.
        ("FROM bronze.t SELECT a, -- of a\n b -- of b", {"a": "of a", "b": "of b"}),
        ("FROM bronze.t SELECT a, b -- of b\nORDER BY a -- sorted", {"b": "of b"}),
        ("SELECT 1 AS a, -- of a\n 2 AS b -- of b", {"a": "of a", "b": "of b"}),
        # Expressions over several lines, with names in every style.
        ("SELECT sum(\n  t.amount\n) AS total -- of total\nFROM bronze.t AS t", {"total": "of total"}),
        ("SELECT\n CASE WHEN a THEN 1\n ELSE 2 END kind -- of kind\nFROM bronze.t", {"kind": "of kind"}),
        ("SELECT t.a, -- of a\n a b, -- of b\n a::INT c, -- of c\n 'x' d -- of d\nFROM bronze.t AS t",
         {"a": "of a", "b": "of b", "c": "of c", "d": "of d"}),
        ("SELECT a: 1, -- of a\n b: 2 -- of b", {"a": "of a", "b": "of b"}),
        ('SELECT x AS "Order Id", -- of it\n "a""b" -- of the other\nFROM bronze.t',
         {"Order Id": "of it", 'a"b': "of the other"}),
        ("SELECT [1, 2] AS a, -- of a\n {'k': 1, 'l': 2} AS b -- of b", {"a": "of a", "b": "of b"}),
        ("SELECT sample, -- of sample\n t.using, -- of using\n a -- of a\nFROM bronze.t AS t",
         {"sample": "of sample", "using": "of using", "a": "of a"}),
        # Words inside an expression that elsewhere begin a clause.
        ("SELECT a IS DISTINCT FROM b AS c, -- of c\n d -- of d\nFROM bronze.t", {"c": "of c", "d": "of d"}),
        ("SELECT quantile_cont(0.5) WITHIN GROUP (ORDER BY a) AS m, -- of m\n d -- of d\nFROM bronze.t",
         {"m": "of m", "d": "of d"}),
        ("SELECT extract(year FROM a) AS y, -- of y\n sum(b) OVER (ORDER BY c) AS z -- of z\nFROM bronze.t",
         {"y": "of y", "z": "of z"}),
        # Without a name there is nothing to document.
        ("SELECT count(*) -- of what?\n, * -- all\n, t.* -- all of t\n, a + b -- a sum\nFROM bronze.t AS t", {}),
        # The outermost SELECT counts, and the first of a UNION, which names the columns.
        ("WITH c AS (SELECT a -- inner\n FROM bronze.t) SELECT a -- outer\nFROM c", {"a": "outer"}),
        ("SELECT a -- outer\nFROM (SELECT a -- inner\n FROM bronze.t)", {"a": "outer"}),
        ("SELECT (SELECT b -- inner\n FROM bronze.t) AS a -- outer\nFROM bronze.u", {"a": "inner outer"}),
        ("SELECT a -- first\nFROM bronze.t UNION ALL SELECT b -- second\nFROM bronze.u", {"a": "first"}),
        ("SELECT DISTINCT a, -- of a\n b -- of b\nFROM bronze.t", {"a": "of a", "b": "of b"}),
        ("SELECT DISTINCT ON (a, c) a, -- of a\n b -- of b\nFROM bronze.t", {"a": "of a", "b": "of b"}),
        # No columns to be seen.
        ("FROM bronze.t -- all of it", {}),
        ("PIVOT bronze.t ON a USING sum(b) -- wide", {}),
        ("VALUES (1) -- one", {}),
        # What DuckDB will refuse is its to refuse.
        ("SELECT a,, b -- of b\nFROM bronze.t", {"b": "of b"}),
        ("SELECT FROM bronze.t -- of t", {}),
        ("SELECT , -- of what?\nFROM bronze.t", {}),
    ],
)  # fmt: skip
def test_a_comment_belongs_to_the_column_that_ends_on_its_line(text: str, columns: dict[str, str]) -> None:
    assert model(text).columns == columns


@pytest.mark.parametrize(
    ("text", "description"),
    [
        ("SELECT 1 AS a", ""),
        ("-- One row per order.\nSELECT 1 AS a", "One row per order."),
        ("-- One.\n--\n-- Two.\nSELECT 1 AS a", "One.\n\nTwo."),
        ("/* One.\n   Two. */\nSELECT 1 AS a", "One.\n   Two."),
        ("\n\n-- One.\n\n-- Two.\n\nSELECT 1 AS a", "One.\nTwo."),
        ("-- One. @owner ada\n-- Two.\n-- @key a\nSELECT 1 AS a", "One.\nTwo."),
        ("-- Größe in cm\r\nSELECT 1 AS a", "Größe in cm"),
        ("SELECT 1 AS a -- of a\n\n-- the end", ""),
    ],
)
def test_the_leading_comment_is_the_description(text: str, description: str) -> None:
    assert model(text).description == description


def test_annotations_know_their_column_and_their_place() -> None:
    text = "-- @key a\nSELECT\n a, -- The key. @not_null\n b -- @check b > 0 @private\nFROM bronze.t"
    found = [(a.word, a.argument, a.column) for a in model(text).annotations]
    assert found == [("key", "a", None), ("not_null", "", "a"), ("check", "b > 0", "b"), ("private", "", "b")]
    assert all(text[a.offset :].startswith(f"@{a.word}") for a in model(text).annotations)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT a FROM bronze.t -- @not_null",
        "SELECT\n -- @not_null\n a FROM bronze.t",
        "SELECT a\nFROM bronze.t\n-- @unique",
        "WITH c AS (SELECT a -- @not_null\n FROM bronze.t) SELECT a FROM c",
        "SELECT count(*) -- @not_null\nFROM bronze.t",
        "FROM bronze.t -- @key a",
    ],
)
def test_an_annotation_that_nothing_would_read_is_an_error_at_its_place(text: str) -> None:
    with pytest.raises(ModelError, match="stands where nothing reads it") as caught:
        model(text)
    place = caught.value.location
    assert place is not None
    assert place.text[place.column - 1 :].startswith("@")


def test_prose_with_an_at_sign_may_stand_anywhere() -> None:
    assert model("SELECT a FROM bronze.t -- ask data@example.org, or @ada").description == ""
