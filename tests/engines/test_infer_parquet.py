"""Inference on Parquet: types that it keeps, and files that are damaged."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from medallion.engines.infer import infer
from tests.engines.inferred import refusal, run, types

if TYPE_CHECKING:
    from pathlib import Path


def test_parquet_keeps_its_types(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    columns = {
        "id": "1::BIGINT", "total": "1.50::DECIMAL(12, 2)", "day": "DATE '2024-01-01'", "tags": "['a']",
        "to": "{'a b': 1::UTINYINT}", "m": "MAP {'a': 1}", "u": "uuid()", "b": "'x'::BLOB", "i": "INTERVAL 1 DAY",
    }  # fmt: skip
    values = ", ".join(f'{value} AS "{name}"' for name, value in columns.items())
    duckdb.execute(f"COPY (SELECT {values}) TO '{path}'")
    inferred = infer(path, "x.parquet")
    assert types(inferred) == {
        "id": "BIGINT", "total": "DECIMAL(12,2)", "day": "DATE", "tags": "VARCHAR[]", "to": 'STRUCT("a b" UTINYINT)',
        "m": "MAP(VARCHAR, INTEGER)", "u": "UUID", "b": "BLOB", "i": "VARCHAR",
    }  # fmt: skip
    expected = duckdb.execute(f"SELECT * REPLACE (i::VARCHAR AS i) FROM '{path}'").fetchall()
    assert run(inferred, tmp_path, "x.parquet") == expected
    assert inferred.notes == ("i: kept as text: the file has INTERVAL, which a dataset cannot hold",)


def test_a_parquet_with_shapes_is_read_as_text_that_a_dataset_can_hold(tmp_path: Path) -> None:
    duckdb.execute(f"COPY (SELECT 'POINT(1.1 2)'::GEOMETRY AS g) TO '{tmp_path / 'x.parquet'}'")
    inferred = infer(tmp_path / "x.parquet", "x.parquet")
    assert run(inferred, tmp_path, "x.parquet") == [("POINT (1.1 2)",)]
    assert inferred.notes[0].startswith("g: kept as text: the file has GEOMETRY")


def test_a_decimal_that_duckdb_reads_as_a_double_is_said_to_be_one(tmp_path: Path) -> None:
    pq.write_table(pa.table({"d": pa.array([Decimal("1.5")], pa.decimal256(50, 2))}), tmp_path / "x.parquet")
    assert infer(tmp_path / "x.parquet", "x.parquet").notes == (
        "d: the file has DECIMAL(50,2); DuckDB reads it as DOUBLE, exact to 15 digits",
    )


@pytest.mark.parametrize("cut", [1, 20, 200])
def test_a_truncated_parquet_is_refused(tmp_path: Path, cut: int) -> None:
    pq.write_table(pa.table({"id": list(range(1_000))}), tmp_path / "x.parquet")
    whole = (tmp_path / "x.parquet").read_bytes()
    assert "truncated" in refusal(tmp_path, "x.parquet", whole[:-cut]).message


def test_a_parquet_whose_values_are_damaged_is_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": [f"{n * n}" for n in range(1_000)]}), tmp_path / "x.parquet", compression="zstd")
    whole = bytearray((tmp_path / "x.parquet").read_bytes())
    whole[30:200] = bytes(170)
    assert "cannot be read" in refusal(tmp_path, "x.parquet", bytes(whole)).message
