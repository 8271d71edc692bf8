"""The text of a scaffolded bronze model, and the names of its columns."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medallion.models.scaffold import Kind, SourceColumn, SourceFormat, aliases, model_text


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["order_id", "total"], ["order_id", "total"]),
        (["Order ID", "orderDate", "HTTPStatus", "OrderID"], ["order_id", "order_date", "http_status", "order_id_2"]),
        (["a", "a"], ["a", "a_2"]),
        (["a", "A"], ["a", "a_2"]),
        (["a", "a", "a_2"], ["a", "a_3", "a_2"]),
        (["", "b", ""], ["column_1", "b", "column_3"]),
        (["select", "from"], ["select", "from"]),
        (["2024", "1st half", "%"], ["column_2024", "column_1st_half", "column_3"]),
        (["Größe", "名前", "Ａ１"], ["grösse", "名前", "a1"]),
        (["it's", 'the "best"', "a.b/c"], ["it_s", "the_best", "a_b_c"]),
        (["__x__", "  y  "], ["x", "y"]),
    ],
)
def test_a_columns_alias_is_snake_case_and_unique(names: list[str], expected: list[str]) -> None:
    assert list(aliases(names)) == expected


@settings(derandomize=True, deadline=None)
@given(st.lists(st.text(max_size=8)))
def test_aliases_never_collide_whatever_the_names(names: list[str]) -> None:
    given_names = aliases(names)
    assert len(given_names) == len(names)
    assert len({alias.lower() for alias in given_names}) == len(names)
    assert all(given_names)


def test_a_csv_model_reads_as_a_person_would_write_it() -> None:
    columns = [
        SourceColumn("order_id", "BIGINT", "order_id"),
        SourceColumn("Ordered At", "DATE", "ordered_at"),
        SourceColumn("select", "VARCHAR", "select"),
        SourceColumn("", "VARCHAR", "column_4"),
    ]
    fmt = SourceFormat(Kind.CSV, delimiter=";", nulls=("NA",), date_format="%d.%m.%Y")
    assert model_text("sources/orders.csv", columns, fmt) == (
        """\
-- Rows of sources/orders.csv, as they came.
SELECT
    order_id,
    ordered_at,  -- Called "Ordered At" in the file.
    "select",
    column_4     -- Without a name in the file.
FROM read_csv(
    'sources/orders.csv',
    auto_detect = false,
    header = true,
    delim = ';',
    quote = '"',
    escape = '"',
    nullstr = ['', 'NA'],
    dateformat = '%d.%m.%Y',
    columns = {
        'order_id': 'BIGINT',
        'ordered_at': 'DATE',
        'select': 'VARCHAR',
        'column_4': 'VARCHAR'
    }
)
"""
    )


def test_a_column_with_its_own_format_is_parsed_and_a_note_follows_its_name() -> None:
    columns = [
        SourceColumn("Due", "DATE", "due", "Years of two digits.", "%d.%m.%y"),
        SourceColumn("at", "TIMESTAMP", "at", parse="%d.%m.%Y %H:%M"),
    ]
    text = model_text("x.csv", columns, SourceFormat(Kind.CSV, decimal=",", thousands="."))
    assert text.splitlines()[2:4] == [
        """    CAST(strptime(due, '%d.%m.%y') AS DATE) AS due,  -- Called "Due" in the file. Years of two digits.""",
        """    strptime("at", '%d.%m.%Y %H:%M') AS "at\"""",
    ]
    assert "    decimal_separator = ',',\n    thousands = '.',\n" in text
    assert "'due': 'VARCHAR'" in text


def test_a_json_model_names_the_keys_as_the_file_has_them() -> None:
    columns = [
        SourceColumn("id", "BIGINT", "id"),
        SourceColumn("shipTo", 'STRUCT("zip" VARCHAR)', "ship_to"),
    ]
    assert model_text("sources/o.jsonl", columns, SourceFormat(Kind.JSONL, layout="newline_delimited")) == (
        """\
-- Rows of sources/o.jsonl, as they came.
SELECT
    id,
    "shipTo" AS ship_to  -- Called "shipTo" in the file.
FROM read_json(
    'sources/o.jsonl',
    auto_detect = false,
    format = 'newline_delimited',
    records = true,
    columns = {
        'id': 'BIGINT',
        'shipTo': 'STRUCT("zip" VARCHAR)'
    }
)
"""
    )


def test_a_parquet_model_casts_every_column() -> None:
    columns = [SourceColumn("id", "BIGINT", "id"), SourceColumn("Total", "DECIMAL(12,2)", "total")]
    assert model_text("sources/o.parquet", columns, SourceFormat(Kind.PARQUET)) == (
        """\
-- Rows of sources/o.parquet, as they came.
SELECT
    CAST(id AS BIGINT) AS id,
    CAST("Total" AS DECIMAL(12,2)) AS total  -- Called "Total" in the file.
FROM read_parquet('sources/o.parquet')
"""
    )


def test_a_name_can_neither_end_its_comment_nor_annotate_the_model() -> None:
    columns = [SourceColumn("x @key y\nDROP", "BIGINT", "x")]
    text = model_text("sources/x @key.csv", columns, SourceFormat(Kind.CSV))
    comments = [line.partition("--")[2] for line in text.splitlines() if "--" in line]
    assert comments == [" Rows of the source, as they came.", ' Called "x \\u0040key y\\nDROP" in the file.']


def test_quotes_in_a_path_stay_in_the_path() -> None:
    assert "'sources/it''s.csv'" in model_text(
        "sources/it's.csv", [SourceColumn("a", "BIGINT", "a")], SourceFormat(Kind.CSV)
    )
