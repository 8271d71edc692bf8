"""The footer as we read it, held against DuckDB's own reading of the same file."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import duckdb
import pytest

from medallion.engines import footer
from medallion.engines.footer import read_footer
from medallion.engines.parquet_footer import read_layout
from medallion.errors import BuildError

if TYPE_CHECKING:
    from pathlib import Path

    from medallion.records import Column

ROWS = """
    SELECT i AS id, CASE WHEN i % 3 = 0 THEN NULL ELSE 'text ' || i END AS t, [i, NULL, i + 1] AS l,
        {'a': i, 'b': [{'c': hash(i)}]} AS s, MAP {i: 'v'} AS m, NULL::INTEGER AS nothing, hash(i)::DOUBLE AS d
    FROM range(260000) r(i)
"""


def written(path: Path, sql: str = ROWS) -> Path:
    duckdb.connect().execute(f"COPY ({sql}) TO '{path}' (FORMAT parquet, COMPRESSION zstd)")
    return path


@pytest.mark.parametrize("sql", [ROWS, f"{ROWS} LIMIT 0", "SELECT 1 AS a", "SELECT repeat('größe ', 300) AS a"])
def test_rows_schema_and_places_are_those_that_duckdb_reads(tmp_path: Path, sql: str) -> None:
    file = written(tmp_path / "a.parquet", sql)
    layout = read_layout(file)
    connection = duckdb.connect()
    schema = connection.execute(
        f"SELECT name, coalesce(num_children, 0) FROM parquet_schema('{file}') ORDER BY column_id"
    ).fetchall()
    assert [(element.name, element.children) for element in layout.schema] == schema
    chunks = connection.execute(
        "SELECT row_group_id, column_id, least(coalesce(dictionary_page_offset, data_page_offset), data_page_offset), "
        f"total_compressed_size, stats_null_count FROM parquet_metadata('{file}') ORDER BY 1, 2"
    ).fetchall()
    assert [(c.row_group, c.leaf, c.start, c.length, c.nulls) for c in layout.chunks] == chunks
    assert connection.execute(f"SELECT count(*) FROM '{file}'").fetchall() == [(layout.rows,)]


def test_a_file_without_a_footer_is_no_parquet_file(tmp_path: Path) -> None:
    cut = tmp_path / "cut.parquet"
    cut.write_bytes(written(tmp_path / "a.parquet").read_bytes()[:-9])
    with pytest.raises(BuildError, match="is no Parquet file"):
        read_layout(cut)


@pytest.mark.parametrize("kind", [*sorted(footer._COME_BACK), "DECIMAL(4,1)", "DECIMAL(18,3)", "DECIMAL(38,0)"])
def test_a_type_that_is_not_asked_for_again_is_the_one_that_duckdb_reads(tmp_path: Path, kind: str) -> None:
    file = written(tmp_path / "a.parquet", f"SELECT NULL::{kind} AS a")
    connection = duckdb.connect()
    assert connection.execute(f"SELECT duckdb_type FROM parquet_schema('{file}') WHERE name = 'a'").fetchall() == [
        (kind,)
    ]
    assert connection.execute(f"SELECT column_type FROM (DESCRIBE FROM '{file}')").fetchall() == [(kind,)]


@pytest.mark.parametrize("kind", ["ENUM('a', 'b')", "TIMESTAMP_S", "TIMESTAMP_MS", "INTEGER[]", "JSON"])
def test_any_other_type_is_the_one_that_duckdb_reads_back(tmp_path: Path, kind: str) -> None:
    file = written(tmp_path / "a.parquet", f"SELECT NULL::{kind} AS a, 1 AS b")
    connection = duckdb.connect()
    described = connection.execute(f"SELECT column_type FROM (DESCRIBE FROM '{file}')").fetchall()
    found = read_footer(connection, file, [kind, "INTEGER"])
    assert [(column.type,) for column in found.columns] == described


def test_a_large_file_has_the_hashes_that_it_has_when_hashed_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = written(tmp_path / "a.parquet")
    results: list[tuple[str, tuple[Column, ...]]] = []
    for large in (1, 1 << 40):
        monkeypatch.setattr(footer, "_LARGE", large)
        found = read_footer(duckdb.connect(), file)
        results.append((found.oid, found.columns))
    assert results[0] == results[1]
    assert results[0][0] == hashlib.sha256(file.read_bytes()).hexdigest()
    layout = read_layout(file)
    data = file.read_bytes()
    first = b"".join(data[c.start : c.start + c.length] for c in layout.chunks if c.leaf == 0)
    assert results[0][1][0].hash == hashlib.sha256(b"BIGINT\n" + first).hexdigest()
