from __future__ import annotations

import pytest

from medallion.diff.row_key import read_key
from medallion.errors import MedallionError
from medallion.names import TableName

NAME = TableName("silver", "orders")
COLUMNS = {"id": "BIGINT", "line": "INTEGER", "Note": "VARCHAR"}


@pytest.mark.parametrize(
    ("given", "key", "read"),
    [
        (["8231"], ["id"], {"id": "8231"}),
        (["id=8231"], ["id"], {"id": "8231"}),
        (["ID = 8231"], [], {"id": " 8231"}),
        (["1,2"], ["id", "line"], {"id": "1", "line": "2"}),
        (["1", "NULL"], ["id", "line"], {"id": "1", "line": None}),
        (["line=2,id=1"], ["id", "line"], {"line": "2", "id": "1"}),
        (["note=a,b"], [], {"Note": "a,b"}),
        (["Smith, John"], ["Note"], {"Note": "Smith, John"}),
        (["x=y"], ["Note"], {"Note": "x=y"}),
        (["'NULL'"], ["Note"], {"Note": "NULL"}),
        (["note='it''s, so',id=3"], [], {"Note": "it's, so", "id": "3"}),
        (['"Note"=x'], ["id"], {"Note": "x"}),
        ([""], ["Note"], {"Note": ""}),
    ],
)
def test_a_row_is_named_by_values_in_order_or_by_column(
    given: list[str], key: list[str], read: dict[str, str | None]
) -> None:
    assert read_key(NAME, given, key, COLUMNS) == read


@pytest.mark.parametrize(
    ("given", "key", "words"),
    [
        (["1"], ["id", "line"], "has 2 parts (id, line); 1 was given"),
        (["1", "2", "3"], ["id", "line"], "3 were given"),
        (["1"], [], "has no key"),
        (["lin=1"], ["id"], 'did you mean "line"?'),
        (["id=1", "2"], ["id", "line"], "some do not"),
        (["id=1", "ID=2"], ["id"], "named twice"),
    ],
)
def test_what_does_not_fit_the_key_is_refused(given: list[str], key: list[str], words: str) -> None:
    with pytest.raises(MedallionError) as raised:
        read_key(NAME, given, key, COLUMNS)
    assert words in str(raised.value)
