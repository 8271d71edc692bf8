"""Data held against its record, and the records of a project."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from medallion.identities import Identities
from medallion.names import TableName
from medallion.observe import data_state, read_records
from medallion.plan import DataState
from medallion.records import Built, DataFile, Record
from tests.unit.looked_at import pointer, sha, write

if TYPE_CHECKING:
    from pathlib import Path


DATA = b"PAR1" + b"x" * 20_000 + b"PAR1"

ORDERS = TableName("silver", "orders")


def record(data: bytes = DATA) -> Record:
    file = DataFile("orders.parquet", sha(data), len(data), 1)
    return Record(ORDERS, 1, (), (), (file,), Built("f", "m", "duckdb", "2", ()))


@pytest.mark.parametrize(
    ("data", "state"),
    [
        (DATA, DataState.PRESENT),
        (pointer(DATA), DataState.UNFETCHED),
        (None, DataState.MISSING),
        (DATA[:-1], DataState.MODIFIED),
        (DATA.replace(b"x", b"y"), DataState.MODIFIED),
        (pointer(b"other"), DataState.MODIFIED),
        (b"", DataState.MODIFIED),
        (b"<<<<<<< HEAD\n" + pointer(b"a") + b"=======\n" + pointer(b"b") + b">>>>>>> other\n", DataState.CONFLICTED),
    ],
)
def test_data_is_compared_with_its_record(tmp_path: Path, data: bytes | None, state: DataState) -> None:
    if data is not None:
        write(tmp_path, "data/silver/orders.parquet", data)
    assert data_state(ORDERS, record(), Identities(tmp_path)) is state


def test_data_without_a_record_is_unrecorded(tmp_path: Path) -> None:
    assert data_state(ORDERS, None, Identities(tmp_path)) is DataState.NONE
    write(tmp_path, "data/silver/orders.parquet", DATA)
    assert data_state(ORDERS, None, Identities(tmp_path)) is DataState.UNRECORDED


def test_a_small_file_is_compared_by_content_too(tmp_path: Path) -> None:
    write(tmp_path, "data/silver/orders.parquet", b"PAR1")
    identities = Identities(tmp_path)
    assert data_state(ORDERS, record(b"PAR1"), identities) is DataState.PRESENT
    assert data_state(ORDERS, record(b"PAR2"), identities) is DataState.MODIFIED


def test_records_are_read_and_what_cannot_be_believed_is_set_apart(tmp_path: Path) -> None:
    write(tmp_path, "data/silver/orders.json", record().encode())
    write(tmp_path, "data/silver/copy.json", record().encode())
    write(tmp_path, "data/gold/bad.json", b"{")
    write(tmp_path, "data/gold/Not A Name.json", b"{}")
    write(tmp_path, "data/elsewhere/x.json", b"{}")
    (tmp_path / "data/gold/folder.json").mkdir()
    records, broken, foreign = read_records(tmp_path, ("bronze", "silver", "gold"))
    assert list(map(str, records)) == ["silver.orders"]
    assert sorted(map(str, broken)) == ["gold.bad", "gold.folder", "silver.copy"]
    assert broken[TableName("silver", "copy")].message == "the record is of silver.orders"
    assert foreign == ["data/gold/Not A Name.json"]
