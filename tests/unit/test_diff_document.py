"""The JSON of a difference is what its schema says, whatever differs."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from hypothesis import given

from medallion.diff.document import FORMAT, diff_document
from medallion.diff.value import Cell, ColumnDiff, ColumnStatus, Diff, RowChange, RowStatus, Side, Status, TableDiff
from medallion.names import TableName
from tests.diff_values import diffs

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMA: dict[str, Any] = json.loads((files("medallion.diff") / "schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def objects(node: Any, path: str = "#") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema of an object, with where it stands."""
    if isinstance(node, dict):
        if node.get("type") == "object":
            yield path, node
        for key, value in node.items():
            yield from objects(value, f"{path}/{key}")


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["properties"]["format"]["const"] == FORMAT


def test_every_field_is_described_and_no_other_is_allowed() -> None:
    found = dict(objects(SCHEMA))
    assert len(found) == 1 + len(SCHEMA["$defs"])
    for path, schema in found.items():
        assert schema["additionalProperties"] is False, path
        assert schema["description"], path
        assert [name for name, field in schema["properties"].items() if not field.get("description")] == [], path


@given(diffs())
def test_every_difference_makes_a_document_that_is_valid_as_json(diff: Diff) -> None:
    document = diff_document(diff)
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    VALIDATOR.validate(document)


def small(**more: Any) -> Diff:
    table = TableDiff(TableName("silver", "orders"), Status.CHANGED, **more)
    return Diff(Side("main", "a" * 40), Side("", ""), (table,))


def test_the_work_tree_is_called_so_and_has_no_commit() -> None:
    document = diff_document(small())
    assert document["base"] == {"name": "main", "commit": "a" * 40}
    assert document["head"] == {"name": "work tree", "commit": None}


def test_a_null_can_be_told_from_a_side_that_has_no_row_and_from_what_is_private() -> None:
    rows = (
        RowChange(RowStatus.ADDED, ("1",), (Cell("note", None, None), Cell("mail", private=True))),
        RowChange(RowStatus.CHANGED, ("2",), (Cell("note", None, "x"),)),
        RowChange(RowStatus.REMOVED, ("3",), (Cell("note", "y", None),)),
    )
    cells = [row["cells"] for row in diff_document(small(samples=rows))["datasets"][0]["samples"]]
    assert cells == [
        [{"column": "note", "private": False, "head": None}, {"column": "mail", "private": True}],
        [{"column": "note", "private": False, "base": None, "head": "x"}],
        [{"column": "note", "private": False, "base": "y"}],
    ]


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (ColumnDiff("a", ColumnStatus.ADDED, head_type="INTEGER"), (None, None, None, "INTEGER", True)),
        (ColumnDiff("a", ColumnStatus.REMOVED, "a", "INTEGER"), ("a", "INTEGER", True, None, None)),
    ],
)
def test_what_a_side_does_not_have_is_null(column: ColumnDiff, expected: tuple[object, ...]) -> None:
    told = diff_document(small(columns=(column,)))["datasets"][0]["columns"][0]
    names = ("base_name", "base_type", "base_nullable", "head_type", "head_nullable")
    assert tuple(told[name] for name in names) == expected


def test_a_document_of_another_shape_is_refused() -> None:
    document = diff_document(small())
    document["datasets"][0]["colour"] = "red"
    with pytest.raises(jsonschema.ValidationError, match="colour"):
        VALIDATOR.validate(document)
