"""Reviews and differences as values, that the tests of every renderer share: a shop's orders, and hostile ones."""

from __future__ import annotations

from dataclasses import replace

from medallion.diff.value import (
    Cell,
    ColumnDiff,
    ColumnStatus,
    Diff,
    Histogram,
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
from medallion.errors import DataError, Location, SourceError
from medallion.names import TableName
from medallion.review.value import (
    Attribution,
    CheckChange,
    CheckCount,
    CheckTurn,
    Commit,
    ContractBreak,
    Expectation,
    LineageEdge,
    Loosened,
    ModelStatus,
    Reach,
    Review,
    ReviewedModel,
    Safeguard,
    SourceChange,
    StaleDataset,
    StaleKind,
)

BASE = Side("main", "3f9c2e1" + "0" * 33)
HEAD = Side("refunds", "a1b2c3d" + "0" * 33)
WORK_TREE = Side("", "")

ORDERS = TableName("silver", "orders")
REVENUE = TableName("gold", "revenue")
CUSTOMERS = TableName("silver", "customers")
TOTALS = TableName("gold", "totals")
OLD = TableName("gold", "old_totals")
EVENTS = TableName("bronze", "events")
CLICKS = TableName("bronze", "clicks")

#: What somebody may have put into data to trouble a report.
HOSTILE = (
    "a|b||c",
    "`tick` ``two`` ```three",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</details></summary></table>",
    "&lt;b&gt; &amp; &#64;",
    "@alice and @org/team, #1, org/repo#2, !3, ~label, %4, &5, $6",
    "**bold** _it_ ~~gone~~ [link](https://example.com) ![image](https://example.com/i.png)",
    "https://example.com www.example.com mail@example.com",
    "one\ntwo\r\n\n# three\n- four\n| a | b |\n|---|---|",
    "\u202egnp.exe\u202c \u2066isolated\u2069 \u200bzero\u200dwidth\ufeff",
    "\x00\x07\x1b[31mred\x1b[0m\x7f",
    "  two spaces at both ends  ",
    "\u0301mark first",
    "back\\slash \\| pipe\\",
    "$`math`$ $x$ :tada: [^1] <!-- comment --> -->",
    "שלום עולם",
    "x" * 5_000,
    "\ud800 lone surrogate",
    "/close",
)


def orders() -> TableDiff:
    """A dataset with a key, of which some rows were refunded and a column came."""
    status = ColumnDiff(
        name="status",
        base_name="status",
        status=ColumnStatus.CHANGED,
        base_type="VARCHAR",
        head_type="VARCHAR",
        base_nullable=False,
        head_nullable=False,
        changed=516,
        patterns=(Pattern("paid", "refunded", 510), Pattern("shipped", "returned", 6)),
    )
    total = ColumnDiff(
        name="total",
        base_name="total",
        status=ColumnStatus.CHANGED,
        base_type="DECIMAL(12,2)",
        head_type="DECIMAL(12,2)",
        changed=3,
        patterns=(Pattern("12.00", "0.00", 2), Pattern("7.50", None, 1)),
        nulls_gained=1,
        tolerance=Tolerance(absolute=0.001),
        base_statistics=Statistics(nulls=0, least="0.50", greatest="912.00", mean=41.2034),
        head_statistics=Statistics(nulls=1, least="0.00", greatest="912.00", mean=41.1987),
        histogram=Histogram(
            edges=(0.0, 20.0, 40.0, 60.0, 80.0, 1000.0),
            labels=("0", "20", "40", "60", "80", "1,000"),
            base=(21_000, 32_000, 28_000, 14_000, 4_441),
            head=(21_003, 31_998, 28_000, 14_000, 4_436),
        ),
    )
    return TableDiff(
        name=ORDERS,
        status=Status.CHANGED,
        key=Key(("order_id",), KeyOrigin.DECLARED, "@key", ("order_id",)),
        rows=Rows(base=99_441, head=99_438, added=12, removed=15, changed=516, null_keys=(0, 1)),
        columns=(
            ColumnDiff("order_id", ColumnStatus.EQUAL, "order_id", "BIGINT", "BIGINT", is_key=True, changed=0),
            status,
            total,
            ColumnDiff("note", ColumnStatus.ADDED, head_type="VARCHAR", head_statistics=Statistics(97_450)),
            ColumnDiff("email", ColumnStatus.CHANGED, "email", "VARCHAR", "VARCHAR", private=True, changed=2),
            ColumnDiff("placed", ColumnStatus.RENAMED, "ordered", "TIMESTAMP", "TIMESTAMPTZ", changed=0, moved=True),
        ),
        samples=(
            RowChange(
                RowStatus.CHANGED, ("8231",), (Cell("status", "paid", "refunded"), Cell("total", "12.00", "0.00"))
            ),
            RowChange(RowStatus.CHANGED, ("9120",), (Cell("total", "7.50", None), Cell("email", private=True))),
            RowChange(RowStatus.REMOVED, ("10001",), (Cell("status", "paid", None), Cell("total", "3.10", None))),
            RowChange(RowStatus.ADDED, ("99442",), (Cell("status", None, "placed"), Cell("total", None, "18.00"))),
        ),
        notes=("total is compared with a tolerance of 0.001",),
        base_content="aa" * 32,
        head_content="bb" * 32,
        base_bytes=4_100_000,
        head_bytes=4_200_000,
    )


def revenue() -> TableDiff:
    """A small dataset with one changed row."""
    return TableDiff(
        name=REVENUE,
        status=Status.CHANGED,
        key=Key(("month",), KeyOrigin.INFERRED, "unique and not NULL on both sides", ("month",)),
        rows=Rows(base=12, head=12, changed=1),
        columns=(
            ColumnDiff("month", ColumnStatus.EQUAL, "month", "DATE", "DATE", is_key=True, changed=0),
            ColumnDiff(
                "amount",
                ColumnStatus.CHANGED,
                "amount",
                "DECIMAL(38,2)",
                "DECIMAL(38,2)",
                changed=1,
                patterns=(Pattern("10412.50", "4290.50", 1),),
            ),
        ),
        samples=(RowChange(RowStatus.CHANGED, ("2026-09-01",), (Cell("amount", "10412.50", "4290.50"),)),),
    )


def keyless() -> TableDiff:
    """A dataset without a key: rows come and go, some of them several times."""
    return TableDiff(
        name=CLICKS,
        status=Status.CHANGED,
        key=Key(why="no column is unique on both sides"),
        rows=Rows(base=1_000, head=1_003, added=5, removed=2, changed=None),
        columns=(
            ColumnDiff("kind", ColumnStatus.EQUAL, "kind", "VARCHAR", "VARCHAR"),
            ColumnDiff(
                "seconds",
                ColumnStatus.EQUAL,
                "seconds",
                "DOUBLE",
                "DOUBLE",
                base_statistics=Statistics(0, "0.1", "9.5", 3.25),
                head_statistics=Statistics(0, "0.1", "11.0", 3.27),
            ),
        ),
        samples=(
            RowChange(RowStatus.ADDED, (), (Cell("kind", None, "click"),), count=5),
            RowChange(RowStatus.REMOVED, (), (Cell("kind", "", None),), count=2),
        ),
    )


def equal(name: TableName = CUSTOMERS) -> TableDiff:
    """A dataset of the same content."""
    return TableDiff(name, Status.EQUAL, base_content="cc" * 32, head_content="cc" * 32)


def unavailable() -> TableDiff:
    """A dataset that cannot be compared."""
    error = "data/bronze/events.parquet: the object 9f86d08… is not here, and the remote does not have it"
    return TableDiff(EVENTS, Status.UNAVAILABLE, error=error)


def shop_diff(*tables: TableDiff) -> Diff:
    """The shop's difference, with more datasets where they are given."""
    return Diff(BASE, HEAD, (orders(), revenue(), equal(), *tables))


def added_and_removed() -> tuple[TableDiff, TableDiff]:
    """One dataset that came and one that went."""
    return (
        TableDiff(TOTALS, Status.ADDED, rows=Rows(0, 42, added=42), head_content="dd" * 32, head_bytes=900),
        TableDiff(OLD, Status.REMOVED, rows=Rows(40, 0, removed=40), base_content="ee" * 32, base_bytes=900),
    )


def shop_review() -> Review:
    """The pull request that refunds orders: nothing of it is wrong."""
    return Review(
        base=BASE,
        head=HEAD,
        diff=shop_diff(),
        commits=(Commit(HEAD.commit, "Ada", "Take refunds from the new export"),),
        models=(
            ReviewedModel(ORDERS, "sql/silver/orders.sql", ModelStatus.CHANGED, "column note added", breaking=True),
        ),
        checked=(CheckCount(ORDERS, 9, 9), CheckCount(REVENUE, 2, 2)),
        reach=(Reach(REVENUE, ("amount",), (ORDERS,), changed=True, exact=True),),
        edges=(
            LineageEdge("sources/orders.csv", "bronze.orders"),
            LineageEdge("bronze.orders", "silver.orders"),
            LineageEdge("silver.orders", "gold.revenue"),
            LineageEdge("silver.customers", "gold.revenue"),
        ),
        expectations=(
            Expectation("silver.orders changed status only, at most 1%", "sql/expect/refunds.md:3", ORDERS, True, ""),
        ),
        bytes_added=4_205_312,
        samples=True,
    )


def troubled_review() -> Review:
    """A pull request with one of everything that can be wrong with one."""
    check = "total >= 0"
    return replace(
        shop_review(),
        diff=replace(
            shop_diff(unavailable(), *added_and_removed()), notes=("the base predates medallion in this repository",)
        ),
        sources=(
            SourceChange("sources/events.csv", ModelStatus.ADDED, None, 4_100_000, (EVENTS,), ("sources/events.csv",)),
        ),
        stale=(
            StaleDataset(REVENUE, "input changed: silver.orders"),
            StaleDataset(TOTALS, "sources/totals.csv is not in Git", known=False, kind=StaleKind.UNSEEN_SOURCE),
            StaleDataset(CUSTOMERS, "already stale in the base: SQL changed", before=True),
        ),
        checks=(
            CheckChange(ORDERS, "unique(order_id)", CheckTurn.NEWLY_PASSES, False, "sql/silver/orders.sql:4", ""),
            CheckChange(
                REVENUE, "freshness month < 40 days", CheckTurn.FAILS, True, "sql/gold/revenue.sql:2", "too old"
            ),
            CheckChange(EVENTS, "row_count > 0", CheckTurn.UNKNOWN, False, "sql/bronze/events.sql:1", "no object"),
            CheckChange(ORDERS, check, CheckTurn.NEWLY_FAILS, False, "sql/silver/orders.sql:9", "", 14, 99_438),
        ),
        checked=(CheckCount(ORDERS, 8, 9), CheckCount(REVENUE, 1, 2, warnings=1)),
        contracts=(ContractBreak(ORDERS, "column note added"),),
        loosened=(
            Loosened(ORDERS, Safeguard.CHECK, "not_null total", "removed", "sql/silver/orders.sql:7"),
            Loosened(ORDERS, Safeguard.PRIVATE, "@private email", "removed", "sql/silver/orders.sql"),
            Loosened(
                ORDERS, Safeguard.CHECK, "total <> 7", "is now total <> 8", "sql/silver/orders.sql:8", known=False
            ),
        ),
        attributions=(
            Attribution(
                ORDERS,
                Rows(99_441, 99_438, 12, 15, 0),
                Rows(99_438, 99_438, 0, 0, 516),
                sql_columns=("+ note", "renamed placed"),
            ),
            Attribution(REVENUE, None, None, "the old SQL cannot be built on the new inputs"),
        ),
        expectations=(
            Expectation("silver.orders removed none", "sql/expect/refunds.md:4", ORDERS, False, "15 rows removed"),
            Expectation("bronze.events unchanged", "a1b2c3d", EVENTS, None, "it could not be compared"),
            *shop_review().expectations,
        ),
        unexpected=(REVENUE,),
        problems=(
            DataError("no object for data/bronze/events.parquet", hint="run git lfs fetch origin refunds"),
            SourceError("cannot be read", location=Location("sources/totals.csv", 3)),
        ),
    )


def quiet_review() -> Review:
    """A pull request that changes no data and no model."""
    return Review(BASE, HEAD, Diff(BASE, HEAD, (equal(), equal(ORDERS))))


def hostile_table(values: tuple[str, ...] = HOSTILE) -> TableDiff:
    """A dataset whose columns, keys and values are all of these."""
    pairs = tuple(zip(values, values[1:] + values[:1], strict=True))
    columns = tuple(
        ColumnDiff(
            old,
            ColumnStatus.CHANGED,
            old,
            "VARCHAR",
            f"ENUM({new})",
            changed=3,
            patterns=(Pattern(old, new, 2), Pattern(None, old, 1)),
            base_statistics=Statistics(0, old, new),
            head_statistics=Statistics(0, new, old),
        )
        for old, new in pairs
    )
    samples = tuple(RowChange(RowStatus.CHANGED, (old,), (Cell(new, old, new),)) for old, new in pairs)
    return TableDiff(
        ORDERS,
        Status.CHANGED,
        Key((values[0],), KeyOrigin.DECLARED, values[-1], (values[0],)),
        Rows(100, 100, changed=3),
        columns,
        samples,
        notes=values,
    )


def hostile_review(values: tuple[str, ...] = HOSTILE) -> Review:
    """A review in which every text that comes from outside is one of these."""
    first, *_ = values
    side = Side(values[-1], "")
    lost = TableDiff(EVENTS, Status.UNAVAILABLE, error=" ".join(values))
    return Review(
        base=side,
        head=Side(first, ""),
        diff=Diff(side, Side(first, ""), (hostile_table(values), lost), notes=values),
        commits=tuple(Commit("f" * 40, value, value) for value in values),
        models=tuple(ReviewedModel(ORDERS, v, ModelStatus.CHANGED, v, breaking=True, macros=(v,)) for v in values),
        stale=tuple(StaleDataset(ORDERS, value) for value in values),
        checks=tuple(CheckChange(ORDERS, v, CheckTurn.NEWLY_FAILS, False, v, v) for v in values),
        contracts=tuple(ContractBreak(ORDERS, value) for value in values),
        loosened=tuple(Loosened(ORDERS, Safeguard.CHECK, value, value, value) for value in values),
        reach=(Reach(REVENUE, values, (ORDERS,), changed=True, exact=True),),
        edges=tuple(LineageEdge(value, "silver.orders") for value in values),
        attributions=tuple(
            Attribution(ORDERS, None, Rows(1, 1), value, sql_columns=(f"+ {value}",)) for value in values
        ),
        expectations=tuple(Expectation(v, v, ORDERS, False, v) for v in values),
        unexpected=(ORDERS,),
        problems=tuple(DataError(value, hint=value, location=Location(value, 1)) for value in values),
        samples=True,
    )


def wide_table(columns: int) -> TableDiff:
    """A dataset of which each of so many columns changed in one row."""
    names = [f"column_{n}" for n in range(columns)]
    return TableDiff(
        TableName("gold", "wide"),
        Status.CHANGED,
        Key(("column_0",), KeyOrigin.INFERRED, "unique and not NULL on both sides", ("column_0",)),
        Rows(10, 10, changed=1),
        tuple(
            ColumnDiff(n, ColumnStatus.CHANGED, n, "INTEGER", "INTEGER", changed=1, patterns=(Pattern("1", "2", 1),))
            for n in names
        ),
        (RowChange(RowStatus.CHANGED, ("0",), tuple(Cell(name, "1", "2") for name in names)),),
    )


def many_tables(count: int) -> Review:
    """A review of so many datasets, all of them changed."""
    names = [TableName("gold", f"table_{n}") for n in range(count)]
    edges = tuple(LineageEdge("silver.orders", str(name)) for name in names)
    tables = tuple(replace(orders(), name=name) for name in names)
    return replace(shop_review(), diff=Diff(BASE, HEAD, tables), edges=edges, checked=(), commits=())
