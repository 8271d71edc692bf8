"""Inference on JSON: arrays and lines, nested values, keys of every kind."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from tests.engines.inferred import described, refusal, run, types

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.json", '[{"id": 1, "name": "a"},\n {"id": 2}]'),
        ("x.json", '{"id": 1, "name": "a"}\n{"id": 2}\n'),
        ("x.json", '{\n  "id": 1,\n  "name": "a"\n}\n{\n  "id": 2\n}\n'),
        ("x.jsonl", '{"id": 1, "name": "a"}\n\n{"id": 2}'),
        ("x.ndjson", '\ufeff{"id": 1, "name": "a"}\n{"id": 2, "name": null}\n'),
    ],
)
def test_json_is_read_as_an_array_or_one_object_after_the_other(tmp_path: Path, name: str, content: str) -> None:
    inferred = described(tmp_path, name, content)
    assert types(inferred) == {"id": "BIGINT", "name": "VARCHAR"}
    assert run(inferred, tmp_path, name) == [(1, "a"), (2, None)]


def test_nested_json_has_nested_types(tmp_path: Path) -> None:
    row = {
        "id": 1, "tags": ["a", "b"], "to": {"zip": "1", "it's": [{"x": 1.5}]}, "none": None, "empty": [],
        "big": 2**64 - 1, "day": "2024-01-01", "mixed": [1, "a"],
    }  # fmt: skip
    inferred = described(tmp_path, "x.jsonl", json.dumps(row) + "\n")
    assert types(inferred) == {
        "id": "BIGINT", "tags": "VARCHAR[]", "to": 'STRUCT("zip" VARCHAR, "it\'s" STRUCT("x" DOUBLE)[])',
        "none": "VARCHAR", "empty": "JSON[]", "big": "DECIMAL(38,0)", "day": "DATE", "mixed": "JSON[]",
    }  # fmt: skip
    read = run(inferred, tmp_path, "x.jsonl")[0]
    assert read[:3] == (1, ["a", "b"], {"zip": "1", "it's": [{"x": 1.5}]})
    assert read[5] == Decimal(2**64 - 1)


def test_a_late_object_decides_as_much_as_an_early_one(tmp_path: Path) -> None:
    content = '{"a": 1}\n' * 30_000 + '{"a": "x", "b": 1}\n'
    assert types(described(tmp_path, "x.jsonl", content)) == {"a": "JSON", "b": "BIGINT"}


def test_integers_beyond_64_bits_keep_their_digits(tmp_path: Path) -> None:
    inferred = described(tmp_path, "x.jsonl", '{"a/b": 12345678901234567890123}\n{"a/b": -1}\n{"n": 1.5}\n')
    assert run(inferred, tmp_path, "x.jsonl")[:2] == [(Decimal(12345678901234567890123), None), (Decimal(-1), None)]


def test_a_key_that_an_array_of_objects_has_twice_is_named(tmp_path: Path) -> None:
    assert refusal(tmp_path, "x.json", '[{"b": 1},{"a": 1, "a": 2}]').message.endswith('has the key "a" twice')


def test_dates_in_json_that_are_not_iso_stay_text(tmp_path: Path) -> None:
    assert types(described(tmp_path, "x.jsonl", '{"a": "01/02/25", "b": "01.02.2025", "c": "01067"}\n')) == {
        "a": "VARCHAR", "b": "VARCHAR", "c": "VARCHAR",
    }  # fmt: skip


def test_rare_keys_are_columns_too(tmp_path: Path) -> None:
    content = "".join(json.dumps({"id": number, f"k{number}": 1}) + "\n" for number in range(300))
    assert len(described(tmp_path, "x.jsonl", content).columns) == 301


def test_keys_that_sql_cannot_tell_apart_are_read_by_key(tmp_path: Path) -> None:
    keys = ["a", "A", "", "select", "$z", "x.y", "/q", "~t", 'a"b', "it's", "12", "é", "*", "[0]", "@key"]
    row = {key: position for position, key in enumerate(keys)}
    inferred = described(tmp_path, "x.json", json.dumps([row, {"a": None, "A": 2**63}, {"n": {"b": 1, "B": [2]}}]))
    assert [column.name for column in inferred.columns] == [*keys, "n"]
    first, second, third = run(inferred, tmp_path, "x.json")
    assert first == (*range(len(keys)), None)
    assert second[:3] == (None, 2**63, None)
    assert json.loads(third[-1]) == {"b": 1, "B": [2]}


def test_nested_keys_that_differ_only_in_case_stay_json(tmp_path: Path) -> None:
    inferred = described(tmp_path, "x.jsonl", '{"id": 1, "n": {"a": 1, "A": 2}}\n')
    assert types(inferred) == {"id": "BIGINT", "n": "JSON"}


@pytest.mark.parametrize(
    ("name", "content", "line", "column"),
    [
        ("x.jsonl", '{"a": 1}\n{"a": 2, "b": "x}\n{"a": 3}\n', 2, 15),
        ("x.json", '[{"a": 1},\n {"a": 2 "b": 3}]', 2, 10),
        ("x.json", '[{"a": 1},\n{"a": ]', 2, 7),
    ],
)
def test_broken_json_is_shown_with_line_and_column(
    tmp_path: Path, name: str, content: str, line: int, column: int
) -> None:
    error = refusal(tmp_path, name, content)
    assert error.message.startswith("this is no JSON: ")
    assert error.location is not None
    assert (error.location.line, error.location.column) == (line, column)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('[{"a": 1},\n{"a": 2}', "the file is truncated: its JSON array is not closed"),
        ("[1, 2]", "not every value is an object: ubigint"),
        ('[{"a": 1}, [2]]', "not every value is an object: array"),
        ("[]", "the file holds no values"),
        ("[{}]", "the file holds no values"),
        ("  \n", "the file is empty"),
        ('{"a": 1, "a": 2}', 'the object has the key "a" twice'),
        (b'{"a": "x"}\n{"a": "caf\xe9"}\n', "the file is not UTF-8: byte 22 (0xe9) on line 2"),
    ],
)
def test_json_that_is_no_table_is_refused(tmp_path: Path, content: str | bytes, message: str) -> None:
    assert refusal(tmp_path, "x.json", content).message == message
