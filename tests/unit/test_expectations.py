"""What an author announces: how it is read, and how it is held against a difference."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from medallion.diff.value import ColumnDiff, ColumnStatus, Diff, Key, KeyOrigin, Rows, Side, Status, TableDiff
from medallion.errors import MedallionError
from medallion.names import TableName
from medallion.review.claim_texts import claims_in_markdown, claims_in_trailer, is_prose
from medallion.review.claims import Amount, Became, Bound, Changed, Claims, Counted, Whole
from medallion.review.expectations import evaluate, what_differs

LAYERS = ("bronze", "silver", "gold")
ORDERS, REVENUE, TOTALS = TableName("silver", "orders"), TableName("gold", "revenue"), TableName("gold", "totals")


def read(line: str) -> Claims:
    return claims_in_trailer("commit abc1234", line, LAYERS)


def at_most(number: str, *, percent: bool = False) -> Amount:
    return Amount(Bound.AT_MOST, Decimal(number), percent)


def exactly(number: int) -> Amount:
    return Amount(Bound.EXACTLY, Decimal(number))


@pytest.mark.parametrize(
    ("line", "claims"),
    [
        ("gold.revenue unchanged", (Whole.UNCHANGED,)),
        ("gold.totals new", (Whole.NEW,)),
        ("gold.totals new dataset", (Whole.NEW,)),
        ("gold.old removed dataset", (Whole.REMOVED,)),
        ("silver.orders: unchanged", (Whole.UNCHANGED,)),
        ("`silver.orders` changed `status` only", (Changed(("status",), True),)),
        ("silver.orders changed status only, at most 1%", (Changed(("status",), True, at_most("1", percent=True)),)),
        ("silver.orders changed a only, at most 0.5 percent", (Changed(("a",), True, at_most("0.5", percent=True)),)),
        ("silver.orders changed status", (Changed(("status",), False),)),
        ("silver.orders changed status, total and note only", (Changed(("status", "total", "note"), True),)),
        ('silver.orders changed "only", "a ""b""" only', (Changed(("only", 'a "b"'), True),)),
        ("silver.orders changed status, added none", (Changed(("status",), False), Counted("added", exactly(0)))),
        ("silver.orders added at most 1,000 rows", (Counted("added", at_most("1000")),)),
        ("silver.orders added at most 1_000", (Counted("added", at_most("1000")),)),
        ("silver.orders removed no rows", (Counted("removed", exactly(0)),)),
        ("silver.orders changed exactly 1 row", (Counted("changed", exactly(1)),)),
        ("silver.orders changed 3 rows", (Counted("changed", exactly(3)),)),
        ("silver.orders added at least 2%, removed none", (
            Counted("added", Amount(Bound.AT_LEAST, Decimal(2), True)),
            Counted("removed", exactly(0)),
        )),
        ("silver.* column note added", (Became(("note",), "added"),)),
        ("gold.x columns a, b removed, column c moved", (Became(("a", "b"), "removed"), Became(("c",), "moved"))),
        ("silver.orders changed status only: refunds, at last", (Changed(("status",), True),)),
        ("silver.orders changed status only (at most a few)", (Changed(("status",), True),)),
        ("silver.orders changed status only - as agreed", (Changed(("status",), True),)),
        ("SILVER.orders unchanged".lower(), (Whole.UNCHANGED,)),
        ("silver.orders Unchanged", (Whole.UNCHANGED,)),
    ],
)  # fmt: skip
def test_a_line_is_read_as_its_claims(line: str, claims: tuple[object, ...]) -> None:
    assert read(line).claims == claims


@pytest.mark.parametrize(
    ("line", "message", "at"),
    [
        ("silver.orders", "a claim is missing", 14),
        ("silver.orders unchnged", 'did you mean "unchanged"', 15),
        ("silver.orders changed", "name of a column is missing", 22),
        ("silver.orders changed status only,", "a claim is missing", 35),
        ("silver.orders changed status only at most 1%", "a comma and another claim", 35),
        ("silver.orders added", "how many rows are added?", 20),
        ("silver.orders added at 3", "at most, or at least?", 24),
        ("silver.orders added at most many", "a number is missing", 29),
        ("silver.orders column note", "what became of it?", 26),
        ("silver.orders column note vanished", "what became of it?", 27),
        ("silver.orders at most 3", "an amount of what?", 15),
        ("silver.orders changed a, at most 1%, at most 2%", "an amount of what?", 38),
        ("silver.orders unchanged, added 3 rows", "nothing else can be said", 15),
        ("slver.orders unchanged", 'there is no layer "slver": did you mean "silver"?', 1),
        ("silver unchanged", "a dataset stands first", 1),
        ("Silver.Orders unchanged", "a dataset stands first", 1),
        ('silver.orders changed "status', "this quote is not closed", 23),
    ],
)
def test_what_cannot_be_read_is_an_error_at_its_place_with_the_grammar(line: str, message: str, at: int) -> None:
    with pytest.raises(MedallionError) as caught:
        read(line)
    assert message in caught.value.message
    assert caught.value.location is not None
    assert caught.value.location.path == "commit abc1234"
    assert caught.value.location.column == at
    assert "silver.orders changed status, total only" in caught.value.hint


@pytest.mark.parametrize(
    ("line", "prose"),
    [
        ("nonsense", True),
        ("that nothing changes", True),
        ("", True),
        ("silver.orders nonsense", False),
        ("slver.orders unchanged", False),
        ("silver.*", False),
    ],
)
def test_a_trailer_that_begins_with_no_dataset_is_for_people(line: str, prose: bool) -> None:
    assert is_prose(line, LAYERS) is prose


def test_an_empty_trailer_is_an_error() -> None:
    with pytest.raises(MedallionError, match="is empty"):
        read("  ")


def test_of_a_markdown_file_only_list_items_that_start_with_a_dataset_are_claims() -> None:
    text = """# Refunds

silver.orders unchanged is prose here.
- silver.orders changed status only, at most 1%
  * `gold.revenue` unchanged
1. gold.totals new
- [x] gold.* removed none: see above
- Orders are cleaner now.
- orders.csv came from the shop
<!-- - silver.orders unchanged
- silver.orders broken in a comment -->
```
- silver.orders not a claim
```
- silver.orders removed none
"""
    found, errors = claims_in_markdown("sql/expect/refunds.md", text, LAYERS)
    assert [(claims.pattern, claims.where) for claims in found] == [
        ("silver.orders", "sql/expect/refunds.md:4"),
        ("gold.revenue", "sql/expect/refunds.md:5"),
        ("gold.totals", "sql/expect/refunds.md:6"),
        ("gold.*", "sql/expect/refunds.md:7"),
        ("silver.orders", "sql/expect/refunds.md:15"),
    ]
    assert errors == ()
    assert found[0].text == "silver.orders changed status only, at most 1%"


@pytest.mark.parametrize(
    "item", ["silver.orders chnged x", "silver orders unchanged", "silver.orders", "slver.orders unchanged"]
)
def test_an_item_that_was_meant_to_be_a_claim_is_an_error_with_file_line_and_column(item: str) -> None:
    found, errors = claims_in_markdown("sql/expect/a.md", f"Text.\r\n- gold.revenue unchanged\r\n- {item}\r\n", LAYERS)
    assert [claims.pattern for claims in found] == ["gold.revenue"]
    assert len(errors) == 1
    assert str(errors[0].location).startswith("sql/expect/a.md:3:")
    assert "^" in str(errors[0])


# Held against a difference

STATUS = ColumnDiff("status", ColumnStatus.CHANGED, "status", "VARCHAR", "VARCHAR", changed=516)
TOTAL = ColumnDiff("total", ColumnStatus.EQUAL, "total", "DOUBLE", "DOUBLE", changed=0)
CHANGED = TableDiff(
    ORDERS,
    Status.CHANGED,
    Key(("order_id",), KeyOrigin.DECLARED),
    Rows(base=99_441, head=99_441, changed=516),
    (STATUS, TOTAL),
)
EQUAL = TableDiff(REVENUE, Status.EQUAL, rows=Rows(12, 12))
NEW = TableDiff(TOTALS, Status.ADDED, rows=Rows(0, 7, added=7))
KEYLESS = replace(
    CHANGED,
    key=Key(),
    rows=Rows(100, 100, 5, 5, changed=None),
    columns=(replace(STATUS, changed=None), replace(TOTAL, changed=None)),
)


def diff_of(*tables: TableDiff) -> Diff:
    return Diff(Side("main", "a" * 40), Side("", ""), tables)


def met(line: str, *tables: TableDiff) -> bool | None:
    ((found,), _) = evaluate([read(line)], diff_of(*tables))
    assert found.found, line
    return found.met


ROWS_TOO = replace(CHANGED, rows=Rows(99_441, 99_438, added=12, removed=15, changed=516))
NOTE_TOO = replace(CHANGED, columns=(STATUS, TOTAL, ColumnDiff("note", ColumnStatus.ADDED, head_type="VARCHAR")))
RETYPED = replace(CHANGED, columns=(replace(TOTAL, status=ColumnStatus.RETYPED, head_type="INTEGER"),))


@pytest.mark.parametrize(
    ("line", "table", "expected"),
    [
        ("silver.orders changed status only, at most 1%", CHANGED, True),
        ("silver.orders changed STATUS only", CHANGED, True),
        ("silver.orders changed status only, at most 0.5%", CHANGED, False),
        ("silver.orders changed status only", ROWS_TOO, False),
        ("silver.orders changed status only, added at most 12 rows, removed at most 15 rows", ROWS_TOO, True),
        ("silver.orders changed status only, added none", ROWS_TOO, False),
        ("silver.orders changed status only", NOTE_TOO, False),
        ("silver.orders changed status only, column note added", NOTE_TOO, True),
        ("silver.orders changed status", NOTE_TOO, True),
        ("silver.orders changed total", CHANGED, False),
        ("silver.orders changed status, total only", CHANGED, True),
        ("silver.orders changed sttus", CHANGED, False),
        ("silver.orders changed at most 516 rows", CHANGED, True),
        ("silver.orders changed exactly 515 rows", CHANGED, False),
        ("silver.orders added none", CHANGED, True),
        ("silver.orders removed at least 15", ROWS_TOO, True),
        ("silver.orders unchanged", CHANGED, False),
        ("silver.orders new", CHANGED, False),
        ("silver.orders removed dataset", CHANGED, False),
        ("silver.orders removed dataset", replace(CHANGED, status=Status.REMOVED), True),
        ("silver.orders removed none", replace(CHANGED, status=Status.REMOVED), False),
        ("silver.orders column note added", NOTE_TOO, True),
        ("silver.orders column status changed", CHANGED, True),
        ("silver.orders column status added", CHANGED, False),
        ("silver.orders column total retyped", RETYPED, True),
        ("silver.orders column nothing removed", CHANGED, False),
        ("gold.revenue unchanged", EQUAL, True),
        ("gold.revenue changed at most 1%", EQUAL, True),
        ("gold.revenue changed amount only", EQUAL, False),
        ("gold.totals new", NEW, True),
        ("gold.totals added at most 7 rows", NEW, True),
        ("gold.totals added at most 6 rows", NEW, False),
        ("gold.totals changed amount", NEW, False),
        ("silver.nothing unchanged", CHANGED, False),
        ("silver.orders changed status only", KEYLESS, None),
        ("silver.orders column status changed", KEYLESS, None),
        ("silver.orders changed at most 1%", KEYLESS, None),
        ("silver.orders added at most 5%", KEYLESS, True),
        ("silver.orders unchanged", replace(CHANGED, status=Status.UNAVAILABLE, error="no object"), None),
    ],
)
def test_a_claim_is_met_or_not_or_cannot_be_told(line: str, table: TableDiff, expected: bool | None) -> None:
    assert met(line, table) is expected


def test_a_claim_on_several_datasets_is_met_by_all_of_them() -> None:
    other = replace(NOTE_TOO, name=TableName("silver", "returns"))
    assert met("silver.* column note added", NOTE_TOO, other) is True
    assert met("silver.* column note added", CHANGED, other) is False
    ((found,), _) = evaluate([read("silver.* column note added")], diff_of(CHANGED, other))
    assert found.dataset is None
    assert found.found == "silver.orders: there is no column note"


def test_only_allows_for_what_another_line_speaks_of() -> None:
    lines = [read("silver.orders changed status only"), read("silver.orders column note added")]
    found, _ = evaluate(lines, diff_of(NOTE_TOO))
    assert [expectation.met for expectation in found] == [True, True]


def test_what_is_not_met_says_what_there_is() -> None:
    (found,), _ = evaluate([read("silver.orders changed status only, at most 0.1%")], diff_of(ROWS_TOO))
    assert found.found == "also 12 rows added, 15 rows removed; 516 of 99,441 rows (0.519 %) changed"


def test_a_claim_that_stale_data_meets_cannot_be_told() -> None:
    (found,), _ = evaluate([read("silver.orders changed status only")], diff_of(CHANGED), {ORDERS})
    assert (found.met, found.found) == (None, "its data is stale")


def test_what_differs_and_no_line_speaks_of_is_unexpected() -> None:
    lines = [read("silver.orders changed status only")]
    assert evaluate(lines, diff_of(CHANGED, EQUAL, NEW))[1] == (TOTALS,)
    assert evaluate([], diff_of(CHANGED, NEW))[1] == ()
    assert evaluate([*lines, read("gold.* added at most 7 rows")], diff_of(CHANGED, NEW))[1] == ()


def test_a_difference_is_told_in_a_few_words() -> None:
    assert what_differs(ROWS_TOO) == (
        "12 rows added, 15 rows removed, 516 rows changed (of 99,441); column status changed"
    )
    assert what_differs(EQUAL) == "it is unchanged"
