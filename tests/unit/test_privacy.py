"""Which columns of a dataset are shown nowhere."""

from __future__ import annotations

from medallion.models.parse import parse_model
from medallion.names import TableName
from medallion.privacy import hidden_between, hidden_columns, private_marks
from medallion.records import Built, Column, Input, InputKind, Record

ORDERS, USERS = TableName("silver", "orders"), TableName("silver", "users")
MARKS = {USERS: frozenset({"email"})}


def record(*columns: str, reads: dict[str, tuple[str, ...]] | None = None, name: TableName = ORDERS) -> Record:
    inputs = tuple(Input(read, InputKind.DATASET, "", used) for read, used in (reads or {}).items())
    listed = tuple(Column(column, "VARCHAR", True, "") for column in columns)
    return Record(name, 1, listed, (), (), Built("", "", "duckdb", "2", inputs))


def test_the_marks_of_all_versions_of_a_model_count() -> None:
    texts = ("-- @private Email\nSELECT 1 AS id", "SELECT 1 AS id, 2 AS phone -- @private\n", "SELECT 1 AS id")
    models = [parse_model(USERS, "sql/silver/users.sql", text, ["silver"]) for text in texts]
    assert private_marks(models) == {USERS: {"email", "phone"}}


def test_all_that_comes_from_a_private_column_of_an_input_is_hidden() -> None:
    whole = record("id", "Contact", reads={"silver.users": ()})
    by_name = record("id", "Contact", reads={"silver.users": ("ID", "EMAIL")})
    apart = record("id", "Contact", reads={"silver.users": ("id",), "sources/email.csv": ()})
    assert hidden_columns(MARKS, whole) == hidden_columns(MARKS, by_name) == {"id", "contact", "email"}
    assert hidden_columns(MARKS, apart) == {"email"}
    assert hidden_columns(MARKS, record("id", "email"), [USERS]) == {"email"}
    assert hidden_columns(MARKS, record("id", "email")) == frozenset()
    assert hidden_columns(MARKS, record("id", name=USERS)) == {"email"}


def test_what_one_version_hides_is_hidden_in_both() -> None:
    old, new = record("id", "contact", reads={"silver.users": ("email",)}), record("id", "contact")
    assert hidden_between(MARKS, old, new) == hidden_between(MARKS, new, old) == {"id", "contact", "email"}


def test_a_column_that_came_where_a_private_one_is_gone_may_be_it() -> None:
    old, new = record("id", "email", name=USERS), record("id", "contact", name=USERS)
    assert hidden_between(MARKS, old, new) == {"email", "contact"}
    assert hidden_between(MARKS, old, record("id", "email", "note", name=USERS)) == {"email"}
