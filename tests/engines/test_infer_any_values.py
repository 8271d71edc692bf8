"""Inference on any names and any values: what the model reads is what was written."""

from __future__ import annotations

import csv
import json
from datetime import date
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import sqlglot
from hypothesis import given
from hypothesis import strategies as st

from medallion.engines.infer import infer
from medallion.models.scaffold import aliases, model_text
from tests.engines.inferred import PROPERTY, described, run

if TYPE_CHECKING:
    from pathlib import Path


SPECIAL = st.sampled_from(list("aA0_ ,;|\t\"'#@-.\né"))

NAMES = st.text(SPECIAL | st.characters(codec="utf-8", exclude_characters="\x00\r"), max_size=8)
WORDS = st.text(SPECIAL | st.characters(codec="utf-8", categories=["L", "P", "S", "Zs"]), min_size=1, max_size=8)
VALUES = st.sampled_from(
    [
        st.integers(-(2**62), 2**62),
        st.floats(allow_nan=False, allow_infinity=False, width=32),
        st.booleans(),
        st.dates(date(1900, 1, 1), date(2100, 1, 1)),
        WORDS,
    ]
)


@st.composite
def tables(draw: st.DrawFn, names: st.SearchStrategy[str]) -> tuple[list[str], list[list[Any]]]:
    """A header and rows; the first column counts the rows, so that no row is an empty line."""
    header = ["id", *draw(st.lists(names, max_size=4))]
    kinds = [draw(VALUES) for _ in header[1:]]
    count = draw(st.integers(1, 6))
    return header, [[number, *(draw(st.none() | kind) for kind in kinds)] for number in range(count)]


def as_written(value: Any, type_: str) -> Any:
    """A value of the model as the CSV writes it."""
    if value is None:
        return ""
    if type_ == "DOUBLE":
        return float(value)
    return str(value)


@PROPERTY
@given(tables(NAMES))
def test_any_csv_comes_back_as_it_was_written(tmp_path: Path, table: tuple[list[str], list[list[Any]]]) -> None:
    header, rows = table
    with (tmp_path / "x.csv").open("w", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_MINIMAL, lineterminator="\n").writerows([header, *rows])
    inferred = infer(tmp_path / "x.csv", "x.csv")
    assert inferred.rows == len(rows)
    assert [column.name for column in inferred.columns] == [name.strip() for name in header]
    for read, written in zip(run(inferred, tmp_path, "x.csv"), rows, strict=True):
        for column, got, value in zip(inferred.columns, read, written, strict=True):
            text = "" if value is None else str(value)
            expected = float(text) if column.type == "DOUBLE" and text else text
            if text not in inferred.format.nulls:
                assert as_written(got, column.type) == expected, column


@PROPERTY
@given(
    st.lists(
        st.dictionaries(
            st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=6),
            st.recursive(
                st.none() | st.booleans() | st.integers(-(2**62), 2**62) | st.text("abcxyzé '\"", max_size=5),
                lambda inner: (
                    st.lists(inner, max_size=3) | st.dictionaries(st.text("abA", max_size=2), inner, max_size=2)
                ),
                max_leaves=4,
            ),
            min_size=1,
            max_size=4,
        ),
        min_size=1,
        max_size=4,
    ),
    st.sampled_from([".json", ".jsonl"]),
)
def test_any_json_comes_back_as_it_was_written(tmp_path: Path, rows: list[dict[str, Any]], suffix: str) -> None:
    name = f"x{suffix}"
    text = json.dumps(rows) if suffix == ".json" else "\n".join(json.dumps(row) for row in rows)
    inferred = described(tmp_path, name, text)
    assert {column.name for column in inferred.columns} == {key for row in rows for key in row}
    model = model_text(name, inferred.columns, inferred.format)
    with duckdb.connect(config={"file_search_path": str(tmp_path)}) as connection:
        read = connection.execute(
            f"SELECT {', '.join(f'to_json(#{n + 1})' for n in range(len(inferred.columns)))} FROM (\n{model}\n)"
        ).fetchall()
    for got, row in zip(read, rows, strict=True):
        for column, value in zip(inferred.columns, got, strict=True):
            assert bare(json.loads(value) if value else None) == bare(row.get(column.name)), column


def bare(value: Any) -> Any:
    """A JSON value without what a typed column adds or cannot keep: keys that are null, at any depth."""
    if isinstance(value, dict):
        return {key: bare(inner) for key, inner in value.items() if inner is not None}
    return [bare(inner) for inner in value] if isinstance(value, list) else value


@PROPERTY
@given(tables(st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8)))
def test_any_parquet_comes_back_as_it_was_written(tmp_path: Path, table: tuple[list[str], list[list[Any]]]) -> None:
    header, rows = table
    arrays = [pa.array([row[position] for row in rows]) for position in range(len(header))]
    pq.write_table(pa.table(arrays, names=header), tmp_path / "x.parquet")
    inferred = infer(tmp_path / "x.parquet", "x.parquet")
    assert [list(row) for row in run(inferred, tmp_path, "x.parquet")] == rows


def test_every_word_of_sql_can_be_a_columns_name(tmp_path: Path) -> None:
    words = [word for (word,) in duckdb.execute("SELECT keyword_name FROM duckdb_keywords() ORDER BY 1").fetchall()]
    words += ["current_date", "current_timestamp", "current_user", "date", "timestamp", "map", "struct", "rowid"]
    (tmp_path / "x.csv").write_text(",".join(words) + "\n" + ",".join("1" for _ in words) + "\n")
    inferred = infer(tmp_path / "x.csv", "x.csv")
    text = model_text("x.csv", inferred.columns, inferred.format)
    assert [column.alias for column in inferred.columns] == list(aliases(words))
    assert run(inferred, tmp_path, "x.csv") == [(1,) * len(words)]
    # The parser that finds dependencies and lineage must see columns too, not constants or functions.
    parsed = sqlglot.parse_one(text, dialect="duckdb", into=sqlglot.exp.Select)
    assert [type(column) for column in parsed.selects] == [sqlglot.exp.Column] * len(words)
    assert parsed.named_selects == list(aliases(words))
