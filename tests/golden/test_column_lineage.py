"""The column lineage of one query a file: ``column_lineage/NAME.sql`` gives ``column_lineage/NAME.txt``.

A comment ``-- layer.name: column TYPE, …`` describes an input, ``-- whole: layer.name`` one that a macro reads,
``-- macro: …`` a macro. MEDALLION_UPDATE_GOLDEN=1 writes what comes out; read it before you commit it.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import duckdb
import pytest
import sqlglot

from medallion.models.columns import ColumnLineage, column_lineage
from medallion.names import TableName

CASES = sorted((Path(__file__).parent / "column_lineage").glob("*.sql"))


def lineage_of(sql: str) -> ColumnLineage:
    schemas: dict[TableName, list[str]] = {}
    whole: list[TableName] = []
    with duckdb.connect() as connection:
        for word, rest in re.findall(r"^-- ([\w.]+): (.*)$", sql, re.MULTILINE):
            if word == "macro":
                connection.execute(f"CREATE MACRO {rest}")
            elif word == "whole":
                whole = [TableName.parse(name.strip()) for name in rest.split(",")]
            else:
                table = TableName.parse(word)
                connection.execute(f"CREATE SCHEMA IF NOT EXISTS {table.layer}; CREATE TABLE {table.sql} ({rest})")
                described = connection.execute(f"SELECT * FROM {table.sql}").description
                schemas[table] = [column[0] for column in described]
        outputs = [column[0] for column in connection.execute(sql).description]
    query = sqlglot.parse_one(sql, dialect="duckdb")
    before = repr(query)
    lineage = column_lineage(query, outputs, schemas, whole=whole)
    assert repr(query) == before, "the caller's tree is its own"
    return lineage


def readable(lineage: ColumnLineage) -> str:
    """One line an input column of each output, its kinds together; then inputs of which no column is read."""
    kinds: dict[tuple[str, str], list[str]] = {}
    for edge in lineage.edges:
        kinds.setdefault((edge.column, f"{edge.input}.{edge.input_column}"), []).append(edge.kind)
    lines = [f"{column} <- {source} {' '.join(words)}" for (column, source), words in kinds.items()]
    lines += [f"only counted: {table}" for table, columns in lineage.reads().items() if not columns]
    lines += [] if lineage.exact else [f"widened: {lineage.reason}"]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_edges_are_the_expected_ones(path: Path) -> None:
    found = readable(lineage_of(path.read_text()))
    expected = path.with_suffix(".txt")
    if os.environ.get("MEDALLION_UPDATE_GOLDEN"):
        expected.write_text(found)
    assert found == expected.read_text()
