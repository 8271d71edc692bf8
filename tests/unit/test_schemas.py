"""How columns differ between two versions, and what a contract says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from medallion.errors import ModelError, RecordError
from medallion.models.changes import ModelChange
from medallion.models.graph import build_graph
from medallion.models.parse import parse_model
from medallion.names import TableName
from medallion.schemas import (
    Schema,
    SchemaChange,
    compare_schemas,
    contracted,
    hold_contract,
    told,
    with_schema,
)

if TYPE_CHECKING:
    from medallion.models.model import Model

LAYERS = ("bronze", "silver", "gold")
BEFORE: Schema = (("id", "BIGINT"), ("total", "DECIMAL(12,2)"), ("note", "VARCHAR"))
SQL = """\
-- One row per order.
-- @contract
SELECT
    id,
    cast(total AS DOUBLE) AS "total",
    upper(note) note,
    extract(year FROM day) AS extra
FROM bronze.orders"""


def model(sql: str = SQL, name: str = "silver.orders") -> Model:
    return parse_model(TableName.parse(name), f"sql/{name.replace('.', '/')}.sql", sql, LAYERS)


def breach(contract: Schema, columns: Schema, sql: str = SQL) -> tuple[str, str, str]:
    """Message, hint, and the text at the place."""
    with pytest.raises(ModelError) as caught:
        hold_contract(model(sql), contract, columns)
    place = caught.value.location
    assert place is not None
    return caught.value.message, caught.value.hint, place.text[place.column - 1 : place.column - 1 + place.length]


@pytest.mark.parametrize(
    ("after", "change", "said"),
    [
        (BEFORE, SchemaChange(), ""),
        ((*BEFORE, ("day", "DATE")), SchemaChange(added=("day",)), "column day added"),
        (BEFORE[:1], SchemaChange(removed=("total", "note")), "columns total, note removed"),
        (
            (BEFORE[0], ("total", "DOUBLE"), BEFORE[2]),
            SchemaChange(retyped=(("total", "DECIMAL(12,2)", "DOUBLE"),)),
            "column total DECIMAL(12,2) → DOUBLE",
        ),
        ((BEFORE[1], BEFORE[0], BEFORE[2]), SchemaChange(moved=("total", "id")), "columns total, id moved"),
        # What another column was put before keeps its place among the others.
        ((("first", "DATE"), *BEFORE), SchemaChange(added=("first",)), "column first added"),
        (BEFORE[1:], SchemaChange(removed=("id",)), "column id removed"),
        # SQL takes the two names for one, other readers do not.
        (
            (("ID", "BIGINT"), *BEFORE[1:]),
            SchemaChange(added=("ID",), removed=("id",)),
            "column ID added, column id removed",
        ),
    ],
)
def test_columns_that_came_went_changed_their_type_or_their_place_are_told_apart(
    after: Schema, change: SchemaChange, said: str
) -> None:
    found = compare_schemas(BEFORE, after)
    assert found == change
    assert str(found) == said
    assert bool(found) is bool(said)


def test_of_many_columns_the_first_five_are_named() -> None:
    assert str(SchemaChange(added=tuple("abcdef"))) == "columns a, b, c, d, e … added"


@pytest.mark.parametrize(
    ("columns", "change", "said"),
    [
        # The bound plan knows what the text only says has changed.
        (
            SchemaChange(retyped=(("total", "DOUBLE", "INTEGER"),)),
            ModelChange(changed=("total", "note"), rows=True),
            "column total DOUBLE → INTEGER, column note changed, rows may change (breaking)",
        ),
        (SchemaChange(added=("day",)), ModelChange(added=("day",), breaking=False), "column day added (not breaking)"),
        # A type that a macro or an input changed is seen by no look at the model's text.
        (
            SchemaChange(added=("day",), retyped=(("id", "INTEGER", "BIGINT"),)),
            ModelChange(added=("day",), breaking=False),
            "column day added, column id INTEGER → BIGINT (breaking)",
        ),
        (
            SchemaChange(removed=("note",)),
            ModelChange(known=False),
            "column note removed, what else it does cannot be told (breaking)",
        ),
        (SchemaChange(), ModelChange(known=False), "what it does cannot be told (breaking)"),
        (SchemaChange(), ModelChange(changed=("a",)), "column a changed (breaking)"),
        (SchemaChange(), ModelChange(), "no column differs (breaking)"),
        (SchemaChange(added=("day",)), None, "column day added"),
    ],
)
def test_what_binding_tells_completes_what_the_text_tells_and_never_makes_it_less_breaking(
    columns: SchemaChange, change: ModelChange | None, said: str
) -> None:
    assert told(columns, with_schema(change, columns) if change else None) == said


def test_a_contract_holds_for_the_same_names_types_and_order() -> None:
    hold_contract(model(), BEFORE, BEFORE)


def test_without_a_version_that_stands_a_contract_asks_for_nothing() -> None:
    hold_contract(model(), None, BEFORE)


@pytest.mark.parametrize(
    ("columns", "message", "place"),
    [
        (
            (BEFORE[0], ("total", "DOUBLE"), BEFORE[2]),
            'column "total" is DOUBLE, the contract says DECIMAL(12,2)',
            '"total"',
        ),
        ((*BEFORE, ("extra", "BIGINT")), 'column "extra" (BIGINT) is not in the contract', "extra"),
        (BEFORE[:2], 'column "note" is gone, the contract has it as VARCHAR', "note"),
        (
            (BEFORE[0], BEFORE[2], BEFORE[1]),
            'column "note" is number 2, the contract says 3; column "total" is number 3, the contract says 2',
            "note",
        ),
        ((("star", "DATE"), *BEFORE), 'column "star" (DATE) is not in the contract', "@contract"),
    ],
)
def test_a_breach_names_the_column_and_how_it_differs_at_its_place_else_at_the_word(
    columns: Schema, message: str, place: str
) -> None:
    said, hint, at = breach(BEFORE, columns)
    assert (said, at) == (message, place)
    assert hint == "if the change is meant, `medallion run --accept silver.orders` makes it the new contract"


def test_a_column_that_is_gone_is_told_at_the_word_where_the_sql_does_not_name_it() -> None:
    said, _, at = breach(BEFORE, BEFORE[:2], "-- @contract\nSELECT * EXCLUDE (note) FROM bronze.orders")
    assert said == 'column "note" is gone, the contract has it as VARCHAR'
    assert at == "@contract"


def test_of_many_differences_five_are_told_and_the_rest_counted() -> None:
    said, _, _ = breach(BEFORE, (*BEFORE, *((f"c{i}", "DATE") for i in range(8))))
    assert said.count("is not in the contract") == 5
    assert said.endswith("; 3 more")


def test_a_contract_that_cannot_be_read_is_not_taken_for_none() -> None:
    with pytest.raises(ModelError, match="what the contract says cannot be read: the record is not JSON") as caught:
        hold_contract(model(), RecordError("the record is not JSON"), BEFORE)
    assert str(caught.value.location) == "sql/silver/orders.sql:2:4"


def test_only_models_that_say_so_have_a_contract() -> None:
    models = [model(), model("SELECT 1 AS id", "bronze.orders")]
    assert contracted(build_graph(models, [], LAYERS, {})) == (TableName("silver", "orders"),)
