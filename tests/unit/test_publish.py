"""Putting a finished dataset in its place, and what is said where that stops half-way."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from medallion.config import Config
from medallion.errors import BuildError
from medallion.identities import Identities
from medallion.names import TableName
from medallion.observe import data_state
from medallion.plan import DataState
from medallion.publish import publish, recover, staged_record
from medallion.records import Built, Column, DataFile, Record

if TYPE_CHECKING:
    from pathlib import Path

NAME = TableName("silver", "orders")
DATA = b"the new rows"
RECORD = "data/silver/orders.json"


def record() -> Record:
    return Record(
        dataset=NAME,
        rows=3,
        columns=(Column("id", "BIGINT", nullable=False, hash="ab" * 32),),
        key=(),
        files=(DataFile("orders.parquet", hashlib.sha256(DATA).hexdigest(), len(DATA), 3),),
        built=Built("ff" * 32, "sql/silver/orders.sql", "duckdb", "v2.0.0", ()),
    )


def produced(root: Path) -> Path:
    file = root / ".medallion/tmp/silver.orders.parquet"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(DATA)
    return file


def fail(root: Path, file: Path | None) -> BuildError:
    with pytest.raises(BuildError) as caught:
        publish(Config(root=root), record(), file, Identities(root))
    return caught.value


def test_data_and_record_are_in_their_places_afterwards(tmp_path: Path) -> None:
    publish(Config(root=tmp_path), record(), produced(tmp_path), Identities(tmp_path))
    assert (tmp_path / "data/silver/orders.parquet").read_bytes() == DATA
    assert Record.decode((tmp_path / RECORD).read_bytes(), RECORD) == record()
    assert staged_record(Config(root=tmp_path), NAME) is None


@pytest.mark.parametrize("again", [False, True], ids=["new data", "data that is there already"])
def test_a_record_that_cannot_be_put_beside_its_new_data_is_said_to_come_later(tmp_path: Path, *, again: bool) -> None:
    if again:
        produced(tmp_path).rename(tmp_path / "kept")
        (tmp_path / "data/silver").mkdir(parents=True)
        (tmp_path / "kept").rename(tmp_path / "data/silver/orders.parquet")
    (tmp_path / RECORD).mkdir(parents=True)
    error = fail(tmp_path, None if again else produced(tmp_path))
    assert "Is a directory" in error.message
    assert str(error.location) == RECORD
    assert "the next `medallion run` puts its record beside it" in error.hint
    assert "last version" not in error.hint
    assert (tmp_path / "data/silver/orders.parquet").read_bytes() == DATA
    with pytest.raises(BuildError, match="Is a directory"):
        recover(Config(root=tmp_path), Identities(tmp_path))
    (tmp_path / RECORD).rmdir()
    recover(Config(root=tmp_path), Identities(tmp_path))
    found = Record.decode((tmp_path / RECORD).read_bytes(), RECORD)
    assert data_state(NAME, found, Identities(tmp_path)) is DataState.PRESENT


def test_data_that_cannot_be_put_in_its_place_leaves_the_last_version_as_said(tmp_path: Path) -> None:
    (tmp_path / "data/silver/orders.parquet/a").mkdir(parents=True)
    (tmp_path / RECORD).write_bytes(b"the last record")
    error = fail(tmp_path, produced(tmp_path))
    assert "the dataset keeps its last version" in error.hint
    assert (tmp_path / RECORD).read_bytes() == b"the last record"
