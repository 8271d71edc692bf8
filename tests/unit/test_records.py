"""The record: read back as it was written, the same bytes for the same dataset, and nothing believed blindly."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medallion.errors import RecordError
from medallion.names import TableName
from medallion.records import Built, Column, DataFile, Input, InputKind, Record, content_id, record_path

HEX = st.text("0123456789abcdef", min_size=64, max_size=64)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
COUNT = st.integers(0, 2**62)
SOME_TEXTS = st.lists(TEXT, max_size=3).map(tuple)
FILES = st.builds(
    DataFile,
    st.from_regex(r"[a-z0-9_ é-]{1,8}(/part-[0-9]{1,3})?\.parquet", fullmatch=True),
    HEX,
    COUNT,
    COUNT,
    st.none() | st.tuples(TEXT, TEXT),
)
INPUTS = st.builds(Input, TEXT, st.just(InputKind.DATASET), HEX, SOME_TEXTS, identity=HEX) | st.builds(
    lambda name, content_id, files: Input(name, InputKind.SOURCE, content_id, (), files, content_id), TEXT, HEX, COUNT
)
RECORDS = st.builds(
    Record,
    st.builds(TableName, st.just("silver"), st.from_regex("[a-z][a-z0-9_]{0,9}", fullmatch=True)),
    COUNT,
    st.lists(st.builds(Column, TEXT, TEXT, st.booleans(), HEX), max_size=3).map(tuple),
    SOME_TEXTS,
    st.lists(FILES, min_size=1, max_size=3).map(tuple),
    st.builds(
        Built,
        HEX,
        TEXT,
        TEXT,
        TEXT,
        st.lists(INPUTS, max_size=3).map(tuple),
        HEX,
        st.dictionaries(TEXT, HEX, max_size=3),
        st.dictionaries(TEXT, TEXT | st.integers() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False)),
        HEX,
    ),
)

GOLDEN = """{
  "built": {
    "engine": {
      "name": "duckdb",
      "version": "2.0.0"
    },
    "fingerprint": "f",
    "inputs": [
      {
        "columns": [
          "a"
        ],
        "content_id": "c1",
        "identity": "i1",
        "kind": "dataset",
        "name": "bronze.orders"
      },
      {
        "content_id": "c2",
        "files": 3,
        "kind": "source",
        "name": "sources/größe/*.csv"
      }
    ],
    "macros": {
      "clean": "m"
    },
    "model": "sql/silver/orders.sql",
    "sql": "s",
    "text": "t",
    "variables": {
      "a": 1,
      "b": "x"
    }
  },
  "columns": [
    {
      "hash": "h",
      "name": "größe",
      "nullable": false,
      "type": "DECIMAL(12,2)"
    }
  ],
  "dataset": "silver.orders",
  "files": [
    {
      "key_range": [
        "1",
        "9"
      ],
      "oid": "0000000000000000000000000000000000000000000000000000000000000000",
      "path": "orders.parquet",
      "rows": 3,
      "size": 1234
    }
  ],
  "format": 1,
  "key": [
    "größe"
  ],
  "rows": 3
}
"""


def golden() -> Record:
    built = Built(
        "f",
        "sql/silver/orders.sql",
        "duckdb",
        "2.0.0",
        (
            Input("bronze.orders", InputKind.DATASET, "c1", ("a",), identity="i1"),
            Input("sources/größe/*.csv", InputKind.SOURCE, "c2", files=3, identity="c2"),
        ),
        "s",
        {"clean": "m"},
        {"b": "x", "a": 1},
        "t",
    )
    file = DataFile("orders.parquet", "0" * 64, 1234, 3, ("1", "9"))
    column = Column("größe", "DECIMAL(12,2)", False, "h")
    return Record(TableName("silver", "orders"), 3, (column,), ("größe",), (file,), built)


def document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(GOLDEN)
    return found


def refused(data: bytes | str | dict[str, Any]) -> RecordError:
    text = json.dumps(data) if isinstance(data, dict) else data
    with pytest.raises(RecordError) as caught:
        Record.decode(text.encode() if isinstance(text, str) else text, "data/silver/orders.json")
    assert caught.value.location is not None
    assert caught.value.location.path == "data/silver/orders.json"
    assert caught.value.hint
    return caught.value


def test_the_bytes_of_a_record_are_these() -> None:
    assert golden().encode().decode() == GOLDEN


@given(RECORDS)
def test_a_record_is_read_back_as_it_was_written(record: Record) -> None:
    assert Record.decode(record.encode(), "x.json") == record


@given(RECORDS)
def test_the_same_record_has_the_same_bytes_however_its_mappings_are_ordered(record: Record) -> None:
    turned = document_turned(json.loads(record.encode()))
    assert Record.decode(json.dumps(turned).encode(), "x.json").encode() == record.encode()


def document_turned(value: Any) -> Any:
    """The same JSON with every mapping in the opposite order."""
    if isinstance(value, dict):
        return {key: document_turned(value[key]) for key in reversed(list(value))}
    return [document_turned(item) for item in value] if isinstance(value, list) else value


def test_the_content_id_of_one_file_is_its_oid_and_of_several_a_sha256_over_them_in_order() -> None:
    assert content_id(["a" * 64]) == "a" * 64
    assert content_id(["a", "b"]) == hashlib.sha256(b"a\nb\n").hexdigest()
    assert content_id(["b", "a"]) != content_id(["a", "b"])


def test_the_size_of_a_dataset_is_that_of_all_its_files() -> None:
    record = golden()
    assert record.size == 1234
    assert record.content_id == "0" * 64


def test_a_record_lies_beside_its_data() -> None:
    assert record_path(TableName("gold", "x")) == "data/gold/x.json"


@pytest.mark.parametrize("text", ["", "{", "not json", '{"a": 1,}', "[1, 2", "\ufeff{}"])
def test_what_is_no_json_is_an_error(text: str) -> None:
    assert "is not JSON" in refused(text).message


def test_what_is_no_json_is_an_error_with_line_and_column() -> None:
    error = refused('{\n  "rows": oops\n}')
    assert error.location is not None
    assert (error.location.line, error.location.column) == (2, 11)


def test_what_is_no_utf_8_is_an_error() -> None:
    assert refused(b'{"a": "\xff"}').message == "the record is not UTF-8"


def test_json_that_is_nested_too_deeply_is_an_error() -> None:
    assert "nested" in refused("[" * 100_000).message


def test_conflict_markers_are_named_at_their_line_with_a_way_out() -> None:
    ours = GOLDEN.replace('  "rows": 3\n', '<<<<<<< HEAD\n  "rows": 3\n=======\n  "rows": 4\n>>>>>>> other\n')
    error = refused(ours)
    assert error.message == "the record holds merge conflict markers"
    assert "git checkout HEAD -- data" in error.hint
    assert error.location is not None
    assert error.location.text == "<<<<<<< HEAD"


@pytest.mark.parametrize("text", ["[]", "3", "null", '"x"', "{}", '{"format": "1"}', '{"format": null}'])
def test_json_without_a_format_number_is_an_error(text: str) -> None:
    assert refused(text).message == "the record has no format number"


def test_a_newer_format_is_an_error_that_says_to_upgrade() -> None:
    error = refused(document() | {"format": 2})
    assert error.message == "the record has format 2; this medallion reads up to 1"
    assert "upgrade" in error.hint


def test_a_format_that_never_was_is_an_error() -> None:
    assert refused(document() | {"format": 0}).message == "format 0 has never existed"


@pytest.mark.parametrize("field", ["built", "columns", "dataset", "files", "key", "rows"])
def test_a_missing_field_is_named(field: str) -> None:
    broken = document()
    del broken[field]
    assert refused(broken).message == f"the record is incomplete: missing '{field}'"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("rows",), "many"),
        (("rows",), None),
        (("dataset",), "Silver Orders"),
        (("dataset",), "../orders"),
        (("columns",), 3),
        (("columns", 0), "a"),
        (("columns", 0, "name"), 3),
        (("key",), 3),
        (("key", 0), None),
        (("built",), []),
        (("built", "engine"), "duckdb"),
        (("built", "fingerprint"), 3),
        (("built", "inputs", 0, "kind"), "other"),
        (("built", "inputs", 0, "content_id"), None),
        (("files",), []),
        (("files", 0, "size"), "big"),
        (("files", 0, "key_range"), ["1"]),
    ],
)
def test_a_value_of_another_kind_is_an_error(path: tuple[str | int, ...], value: object) -> None:
    broken: Any = document()
    holder = broken
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    assert refused(broken).message.startswith("the record is incomplete: ")


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Where a document holds anything, and the places of what that holds."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [*([path] if path else []), *(found for name, held in inner for found in leaves(held, (*path, name)))]


@pytest.mark.parametrize("value", ["canary4711", ["canary4711"], {"canary4711": "canary4711"}, [["canary4711"]]])
def test_no_message_about_a_record_quotes_it(value: object) -> None:
    said = []
    for path in leaves(document()):
        broken: Any = document()
        holder = broken
        for step in path[:-1]:
            holder = holder[step]
        holder[path[-1]] = value
        try:
            Record.decode(json.dumps(broken).encode(), "x.json")
        except RecordError as error:
            said.append(str(error))
    assert len(said) > 10
    assert [text for text in said if "canary4711" in text] == []


@pytest.mark.parametrize(
    "path",
    [
        "../x.parquet",
        "../../etc/x.parquet",
        "/etc/x.parquet",
        "a/../../x.parquet",
        "a/..",
        "",
        ".",
        "..",
        "orders.json",
        "orders",
        "orders.parquet/",
        "x\0.parquet",
    ],
)
def test_a_path_that_leaves_the_layer_or_is_no_parquet_is_not_believed(path: str) -> None:
    broken = document()
    broken["files"][0]["path"] = path
    assert "is no path of a data file" in refused(broken).message


@pytest.mark.parametrize("path", ["orders.parquet", "orders/part-0.parquet", "a b/é.parquet", "..orders.parquet"])
def test_a_path_inside_the_layer_is_believed(path: str) -> None:
    found = document()
    found["files"][0]["path"] = path
    assert Record.decode(json.dumps(found).encode(), "x.json").files[0].path == path


@pytest.mark.parametrize("oid", ["", "0" * 63, "0" * 65, "G" * 64, "A" * 64, "0" * 63 + "/"])
def test_an_oid_that_is_no_sha256_is_not_believed(oid: str) -> None:
    broken = document()
    broken["files"][0]["oid"] = oid
    assert "is no sha256" in refused(broken).message
