"""What DuckDB says of a CSV at run time, as an error with a place."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import duckdb
import pytest

from medallion.engines.csv_errors import csv_error
from medallion.models.scaffold import Kind, SourceColumn, SourceFormat, model_text

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        ("id,day\n1,2024-01-01\nx,2024-01-01\n", 3, '"x" in column id is no BIGINT'),
        ("id,day\n1,2024-13-01\n", 2, '"2024-13-01" in column day is no DATE'),
        ("id,day\n1\n", 2, "the row has 1 value, the table 2 columns"),
        ("id,day\n1,2024-01-01,x\n", 2, "the row has 3 values, the table 2 columns"),
        ('id,day\n1,"2024-01-01\n', 2, "a quote is opened and not closed as it should be"),
    ],
)
@pytest.mark.parametrize("as_json", [False, True])
def test_what_a_build_is_told_becomes_an_error_with_a_place(
    tmp_path: Path, content: str, line: int, message: str, as_json: bool
) -> None:
    (tmp_path / "x.csv").write_text(content)
    columns = [SourceColumn("id", "BIGINT", "id"), SourceColumn("day", "DATE", "day")]
    model = model_text("x.csv", columns, SourceFormat(Kind.CSV, date_format="%Y-%m-%d"))
    with duckdb.connect(config={"file_search_path": str(tmp_path)}) as connection:
        connection.execute(f"SET errors_as_json = {as_json}")
        with pytest.raises(duckdb.Error) as caught:
            connection.execute(model).fetchall()
    text = str(caught.value)
    told = json.loads(text[text.index("{") :])["exception_message"] if as_json else text
    error = csv_error(told, "sources/x.csv")
    assert error is not None
    assert error.message == message
    assert error.location is not None
    assert (error.location.path, error.location.line) == ("sources/x.csv", line)
    assert error.location.text == content.splitlines()[line - 1]
    named = csv_error(told)
    assert named is not None
    assert named.location is not None
    assert named.location.path.endswith("x.csv")


def test_a_message_about_something_else_is_no_csv_error() -> None:
    assert csv_error("Binder Error: no such column", "x.csv") is None
