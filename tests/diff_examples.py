"""Differences as they happen, one a story, for the tests of whatever shows them."""

from __future__ import annotations

from medallion.diff.value import (
    Cell,
    ColumnDiff,
    ColumnStatus,
    Diff,
    Key,
    KeyOrigin,
    Pattern,
    RowChange,
    Rows,
    RowStatus,
    Side,
    Statistics,
    Status,
    TableDiff,
    Tolerance,
)
from medallion.names import TableName

__all__ = ["EXAMPLES"]

MAIN = Side("main", "3f9c2e1" + "0" * 33)
FEATURE = Side("feature", "a1b2c3d" + "0" * 33)
WORK_TREE = Side("", "")


def _equal(name: str, kind: str = "VARCHAR", *, is_key: bool = False) -> ColumnDiff:
    changed = None if is_key else 0
    return ColumnDiff(name, ColumnStatus.EQUAL, name, kind, kind, False, False, is_key=is_key, changed=changed)


ORDERS = TableDiff(
    name=TableName("silver", "orders"),
    status=Status.CHANGED,
    key=Key(("order_id",), KeyOrigin.DECLARED, "@key", ("order_id",)),
    rows=Rows(base=99_441, head=99_438, added=12, removed=15, changed=517),
    columns=(
        _equal("order_id", "BIGINT", is_key=True),
        _equal("customer_id"),
        ColumnDiff(
            name="status",
            status=ColumnStatus.CHANGED,
            base_name="status",
            base_type="VARCHAR",
            head_type="VARCHAR",
            changed=516,
            patterns=(Pattern("paid", "refunded", 510), Pattern("shipped", "returned", 6)),
        ),
        ColumnDiff(
            name="total",
            status=ColumnStatus.CHANGED,
            base_name="total",
            base_type="DECIMAL(12,2)",
            head_type="DECIMAL(12,2)",
            changed=3,
            patterns=(Pattern("12.00", "0.00", 2), Pattern("19.90", "0.00", 1)),
            base_statistics=Statistics(0, "1.50", "1204.00", 41.1987),
            head_statistics=Statistics(0, "0.00", "1204.00", 41.1942),
        ),
        ColumnDiff(
            name="note",
            status=ColumnStatus.ADDED,
            head_type="VARCHAR",
            head_statistics=Statistics(97_449),
        ),
    ),
    samples=(
        RowChange(RowStatus.CHANGED, ("8231",), (Cell("status", "paid", "refunded"), Cell("total", "12.00", "0.00"))),
        RowChange(RowStatus.CHANGED, ("9120",), (Cell("status", "shipped", "returned"),)),
        RowChange(
            RowStatus.REMOVED,
            ("10001",),
            (Cell("customer_id", "c-77"), Cell("status", "paid"), Cell("total", "8.00")),
        ),
        RowChange(
            RowStatus.ADDED,
            ("120045",),
            (
                Cell("customer_id", head="c-1093"),
                Cell("status", head="placed"),
                Cell("total", head="107.15"),
                Cell("note", head="Leave it with the neighbours, please, if nobody is at home"),
            ),
        ),
    ),
    base_content="1" * 64,
    head_content="2" * 64,
    base_bytes=4_100_000,
    head_bytes=4_120_000,
)

REVENUE = TableDiff(
    name=TableName("gold", "revenue"),
    status=Status.CHANGED,
    key=Key(("month",), KeyOrigin.UNIQUE, "@unique", ("month",)),
    rows=Rows(12, 12, changed=1),
    columns=(
        _equal("month", "DATE", is_key=True),
        ColumnDiff(
            name="revenue",
            status=ColumnStatus.CHANGED,
            base_name="revenue",
            base_type="DOUBLE",
            head_type="DOUBLE",
            changed=1,
            patterns=(Pattern("19234.1", "19210.1", 1),),
            tolerance=Tolerance(absolute=1e-9),
            within_tolerance=4,
            base_statistics=Statistics(0, "11020.0", "24501.5", 18023.4),
            head_statistics=Statistics(0, "11020.0", "24501.5", 18021.4),
        ),
    ),
    samples=(RowChange(RowStatus.CHANGED, ("2026-02-01",), (Cell("revenue", "19234.1", "19210.1"),)),),
    base_content="3" * 64,
    head_content="4" * 64,
)

SHIPPED = TableDiff(TableName("silver", "customers"), Status.EQUAL, rows=Rows(9_120, 9_120))
BY_STATUS = TableDiff(TableName("gold", "by_status"), Status.EQUAL, rows=Rows(5, 5))

REFUNDS = Diff(MAIN, WORK_TREE, (SHIPPED, ORDERS, BY_STATUS, REVENUE))

SCHEMA = Diff(
    MAIN,
    FEATURE,
    (
        TableDiff(
            name=TableName("bronze", "visits"),
            status=Status.CHANGED,
            key=Key((), KeyOrigin.NONE, "no column is unique in both versions"),
            rows=Rows(1_000, 1_003, added=5, removed=2, changed=None),
            columns=(
                ColumnDiff("path", ColumnStatus.EQUAL, "path", "VARCHAR", "VARCHAR"),
                ColumnDiff("at", ColumnStatus.EQUAL, "at", "TIMESTAMP", "TIMESTAMP"),
            ),
            samples=(
                RowChange(RowStatus.ADDED, (), (Cell("path", head="/"), Cell("at", head="2026-01-01 12:00:00")), 3),
                RowChange(RowStatus.REMOVED, (), (Cell("path", "/a"), Cell("at", None))),
            ),
        ),
        TableDiff(
            name=TableName("silver", "customers"),
            status=Status.CHANGED,
            key=Key(("shop", "customer"), KeyOrigin.INFERRED, "unique in both versions", ("shop", "customer_no")),
            rows=Rows(9_120, 9_121, added=1, removed=0, changed=9_000, null_keys=(0, 2), duplicate_keys=(4, 0)),
            columns=(
                _equal("shop", is_key=True),
                ColumnDiff(
                    "customer", ColumnStatus.RENAMED, "customer_no", "INTEGER", "BIGINT", False, True, is_key=True
                ),
                ColumnDiff(
                    "mail",
                    ColumnStatus.CHANGED,
                    "mail",
                    "VARCHAR",
                    "VARCHAR",
                    private=True,
                    changed=9_000,
                    nulls_gained=12,
                    nulls_lost=3,
                ),
                ColumnDiff(
                    "score",
                    ColumnStatus.RETYPED,
                    "score",
                    "INTEGER",
                    "DOUBLE",
                    changed=1,
                    patterns=(Pattern("3", "3.5", 1),),
                ),
                ColumnDiff("country", ColumnStatus.MOVED, "country", "VARCHAR", "VARCHAR", moved=True, changed=0),
                ColumnDiff("city", ColumnStatus.MOVED, "city", "VARCHAR", "VARCHAR", moved=True, changed=0),
                ColumnDiff("fax", ColumnStatus.REMOVED, "fax", "VARCHAR", base_statistics=Statistics(9_120)),
            ),
            samples=(
                RowChange(
                    RowStatus.CHANGED,
                    ("north", "17"),
                    (Cell("mail", private=True), Cell("score", "3", "3.5")),
                ),
                RowChange(
                    RowStatus.ADDED,
                    ("south", None),
                    (
                        Cell("mail", private=True),
                        Cell("score", head="1.0"),
                        Cell("country", head="NULL"),
                        Cell("city", head=""),
                    ),
                ),
            ),
            notes=("customer_no became customer: rows are matched by both names",),
        ),
        TableDiff(
            name=TableName("gold", "visitors"),
            status=Status.ADDED,
            rows=Rows(0, 365, added=365),
            columns=(
                ColumnDiff("day", ColumnStatus.ADDED, head_type="DATE"),
                ColumnDiff("visitors", ColumnStatus.ADDED, head_type="BIGINT"),
            ),
            head_bytes=4_100,
        ),
        TableDiff(
            name=TableName("gold", "weekly"),
            status=Status.REMOVED,
            rows=Rows(52, 0, removed=52),
            columns=(ColumnDiff("week", ColumnStatus.REMOVED, "week", "DATE"),),
            base_bytes=1_800,
        ),
        TableDiff(
            name=TableName("gold", "yearly"),
            status=Status.UNAVAILABLE,
            error="the object 9f86d081 of data/gold/yearly.parquet is neither here nor on the remote\n"
            "hint: ask who made it to run `git lfs push`",
        ),
    ),
    ("the base is from before medallion came into this repository",),
)

_LONG = "a sentence that goes on and on, "

HOSTILE = Diff(
    Side("v1\u202e", "5" * 40),
    Side("6" * 40, "6" * 40),
    (
        TableDiff(
            name=TableName("silver", "a_dataset_whose_name_is_longer_than_any_ought_to_be"),
            status=Status.CHANGED,
            key=Key(("id\n", "b", "c", "d", "e"), KeyOrigin.DECLARED, "@key", ("id\n", "b", "c", "d", "e")),
            rows=Rows(10**12, 10**12 - 1, 0, 1, 10**11),
            columns=(
                ColumnDiff(
                    "text\u202e\x1b[31m",
                    ColumnStatus.CHANGED,
                    "text\u202e\x1b[31m",
                    "VARCHAR",
                    "VARCHAR",
                    changed=10**11,
                    patterns=(
                        Pattern(_LONG * 9 + "one", _LONG * 9 + "two", 10**10),
                        Pattern("\x1b[2J\x07", "\u200b\u2066x\u2069", 10**9),
                        Pattern("a\nb", "a\\nb", 500),
                        Pattern(None, "NULL", 400),
                        Pattern("", " ", 300),
                        Pattern("日本語" * 20, "日本" * 20, 200),
                    ),
                    other_changes=10**11 - 10**10 - 10**9 - 1_400,
                    other_patterns=10**6,
                ),
                *(
                    ColumnDiff(f"column_{i}", ColumnStatus.CHANGED, f"column_{i}", "DOUBLE", "DOUBLE", changed=i)
                    for i in range(1, 50)
                ),
            ),
            samples=(
                RowChange(
                    RowStatus.CHANGED,
                    ("1\n2", "x" * 300, None, "", "日本語" * 30),
                    (
                        Cell("text\u202e\x1b[31m", _LONG * 30 + "one", _LONG * 30 + "two"),
                        Cell("text2", "a\r\nb", "\x00"),
                        *(Cell(f"column_{i}", str(i), str(i + 1)) for i in range(20)),
                    ),
                ),
                RowChange(
                    RowStatus.REMOVED,
                    ("7", "8", "9", "10", "11"),
                    (Cell("text\u202e\x1b[31m", _LONG * 30), *(Cell(f"column_{i}", str(i)) for i in range(90))),
                ),
            ),
        ),
    ),
)

#: Each story by its name.
EXAMPLES = {
    "refunds": REFUNDS,
    "schema": SCHEMA,
    "hostile": HOSTILE,
    "equal": Diff(MAIN, WORK_TREE, (SHIPPED, BY_STATUS)),
    "nothing": Diff(MAIN, WORK_TREE, (), ("the base has no commit of medallion",)),
}
