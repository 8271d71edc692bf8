"""The Python API: what a program or a notebook asks of a project."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

import medallion
from medallion.errors import MedallionError, QueryError, RevisionError
from medallion.events import Event, Outcome, StepFinished
from medallion.setup import initialise
from tests.git.conftest import isolate

if TYPE_CHECKING:
    from pathlib import Path

    from medallion.project import Project

BIG = 12_345_678_901_234_567_890_123
LARGEST = 2**127 - 1
ODD = 2**53 + 1
PIVOT = "PIVOT silver.orders ON id USING sum(total)"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with two commits; the second has one order less. Its tests only read."""
    tmp_path = tmp_path_factory.mktemp("work")
    with pytest.MonkeyPatch.context() as patch:
        isolate(tmp_path_factory.mktemp("home"), patch)
        return make(tmp_path)


def make(tmp_path: Path) -> Project:
    for _ in initialise(tmp_path / "shop", example=False):
        pass
    for path, sql in {
        "bronze/orders": "SELECT * FROM read_csv('sources/orders.csv')",
        "silver/orders": "-- @key id\nSELECT id, total FROM bronze.orders WHERE total >= getvariable('least')",
    }.items():
        file = tmp_path / "shop/sql" / f"{path}.sql"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(sql)
    source = tmp_path / "shop/sources/orders.csv"
    source.parent.mkdir(exist_ok=True)
    found = medallion.open(tmp_path / "shop/sql/bronze", variables={"least": 2})
    for text in ("id,total\n1,1\n2,2\n3,3\n", "id,total\n1,1\n2,2\n"):
        source.write_text(text)
        result = found.run()
        assert [step.error for step in result.steps if step.error] == []
        found.commit(f"{len(text.splitlines()) - 1} orders")
    return found


def test_a_project_is_opened_from_any_folder_inside_of_it(project: Project, tmp_path: Path) -> None:
    assert project.config.root.name == "shop"
    with pytest.raises(MedallionError, match="no medallion project"):
        medallion.open(tmp_path)


def test_a_run_returns_its_steps_and_tells_them_while_it_goes_on(project: Project) -> None:
    events: list[Event] = []
    result = project.run(["silver.orders"], force=True, on_event=events.append)
    assert [(str(s.dataset), s.outcome, s.rows) for s in result.steps] == [("silver.orders", Outcome.SAME, 1)]
    assert [e for e in events if isinstance(e, StepFinished)] == list(result.steps)


def test_a_query_reads_the_work_tree_or_any_version(project: Project) -> None:
    sql = "SELECT count(*) AS n FROM silver.orders"
    assert project.query(sql).rows() == [(1,)]
    assert project.query(sql, at="HEAD").rows() == [(1,)]
    assert project.query(sql, at="HEAD~1").rows() == [(2,)]
    both = "FROM silver.orders AT (VERSION => 'HEAD~1') o ANTI JOIN silver.orders n USING (id) SELECT id"
    assert project.query(both).rows() == [(3,)]
    versions = project.query(both).versions
    assert versions["silver.orders"] == "work tree"
    assert len(versions["silver.orders at HEAD~1"]) == 40


def test_a_table_is_all_rows_of_a_dataset(project: Project) -> None:
    result = project.table("silver.orders", at="HEAD~1")
    assert (result.columns, result.types) == (("id", "total"), ("BIGINT", "BIGINT"))
    assert result.rows() == [(2, 2), (3, 3)]
    with pytest.raises(MedallionError, match="is no dataset name"):
        project.table("orders")


def test_a_result_can_be_taken_in_every_way_and_again(project: Project) -> None:
    result = project.table("bronze.orders", at="HEAD~1")
    rows = [(1, 1), (2, 2), (3, 3)]
    assert result.rows() == rows
    assert list(result) == rows
    assert list(result.batches(2)) == [rows[:2], rows[2:]]
    assert result.arrow().to_pydict() == {"id": [1, 2, 3], "total": [1, 2, 3]}
    assert result.pandas().to_dict("list") == {"id": [1, 2, 3], "total": [1, 2, 3]}
    assert result.polars().rows() == rows
    assert result.rows() == rows


def test_an_iteration_that_is_left_early_hinders_nothing(project: Project) -> None:
    result = project.query("FROM range(100000)")
    assert next(iter(result)) == (0,)
    assert len(result.rows()) == 100_000


def test_a_huge_integer_is_exact_however_it_is_taken(project: Project) -> None:
    result = project.query(f"SELECT {BIG}::HUGEINT AS h, [{BIG}::HUGEINT] AS l, sum(range) AS s FROM range(3)")
    assert result.rows() == [(BIG, [BIG], 3)]
    assert result.arrow().to_pylist() == [{"h": Decimal(BIG), "l": [Decimal(BIG)], "s": Decimal(3)}]
    assert result.pandas().loc[0, "h"] == Decimal(BIG)
    assert result.polars().row(0) == (Decimal(BIG), [Decimal(BIG)], Decimal(3))


@pytest.mark.parametrize("expression", [f"{LARGEST}::HUGEINT", "1::UHUGEINT", "[1::UHUGEINT]", "1::BIGNUM"])
def test_what_arrow_cannot_hold_is_exact_in_rows_and_refused_elsewhere(project: Project, expression: str) -> None:
    result = project.query(f"SELECT {expression} AS h")
    assert str(result.rows()[0][0]).strip("[]") in (str(LARGEST), "1")
    for take in (result.arrow, result.pandas, result.polars):
        with pytest.raises(QueryError, match="has no like in Arrow") as caught:
            take()
        assert "VARCHAR" in caught.value.hint


def test_pandas_keeps_integers_with_nulls_and_decimals_exact(project: Project) -> None:
    frame = project.query(
        "SELECT unnest([9007199254740993, NULL]) AS i, 0.1::DECIMAL(38, 20) AS d, 255::UTINYINT AS u, "
        "DATE '2026-01-31' AS t"
    ).pandas()
    assert frame["i"].tolist()[0] == 9_007_199_254_740_993
    assert frame["i"].isna().tolist() == [False, True]
    assert frame["d"].tolist()[0] == Decimal("0.1")
    assert [str(kind) for kind in frame.dtypes] == ["Int64", "decimal128(38, 20)[pyarrow]", "UInt8", "datetime64[ms]"]


def test_pandas_keeps_what_lies_inside_of_lists_structs_and_maps_exact(project: Project) -> None:
    frame = project.query(
        f"SELECT unnest([{{'a': {ODD}}}, {{'a': NULL}}, NULL]) AS s, [{ODD}, NULL] AS l, "
        f"map {{'k': {ODD}, 'n': NULL}} AS m"
    ).pandas()
    assert frame["s"].tolist()[:2] == [{"a": ODD}, {"a": None}]
    assert frame["s"].isna().tolist() == [False, False, True]
    assert frame.loc[0, "l"] == [ODD, None]
    assert frame.loc[0, "m"] == [("k", ODD), ("n", None)]


def test_a_column_that_pandas_has_no_like_for_is_named(project: Project) -> None:
    with pytest.raises(QueryError, match='column "u" is a UNION'):
        project.query("SELECT 1 AS a, union_value(k := 1) AS u").pandas()


def test_moments_have_their_zone(project: Project) -> None:
    ((moment,),) = project.query("SELECT TIMESTAMPTZ '2026-01-31 10:00+02' AS t").rows()
    assert moment.isoformat() == "2026-01-31T08:00:00+00:00"


def test_an_error_while_rows_are_taken_is_one_of_ours(project: Project) -> None:
    result = project.query("SELECT CASE WHEN range = 99999 THEN error('late') ELSE range END AS a FROM range(100000)")
    with pytest.raises(QueryError, match="late"):
        result.rows()
    with pytest.raises(QueryError, match="late"):
        result.arrow()


@pytest.mark.parametrize(
    "sql", ["DELETE FROM silver.orders", "COPY silver.orders TO 'x.csv'", "SET threads = 1", "SELECT 1; SELECT 2"]
)
def test_a_query_only_reads(project: Project, sql: str) -> None:
    with pytest.raises(QueryError):
        project.query(sql).rows()


@pytest.mark.parametrize("at", [None, "HEAD"])
@pytest.mark.parametrize("sql", ["{}", "FROM ({})", "WITH p AS ({}) FROM p ORDER BY ALL"])
def test_a_pivot_finds_its_columns_in_the_data(project: Project, sql: str, at: str | None) -> None:
    result = project.query(sql.format(PIVOT), at=at)
    assert result.columns == ("2",)
    assert result.rows() == result.rows() == [(2,)]
    assert result.arrow().to_pydict() == {"2": [Decimal(2)]}
    assert project.query(f"EXPLAIN {PIVOT}").columns == ("explain_key", "explain_value")


WRITES = "COPY (SELECT 1) TO 'data/silver/orders.parquet'"


@pytest.mark.parametrize(
    "sql",
    [
        f"EXPLAIN ANALYZE {WRITES}",
        f"EXPLAIN (ANALYZE) {WRITES}",
        f"WITH w AS ({WRITES}) FROM w",
        f"EXPLAIN ANALYZE WITH w AS ({WRITES}) FROM w",
        f"WITH w AS ({WRITES}) {PIVOT}",
        f"EXPLAIN WITH w AS (/* ( */ {WRITES}) {PIVOT}",
        f"COPY ({PIVOT}) TO 'data/silver/orders.parquet'",
        f"EXPLAIN ANALYZE COPY ({PIVOT}) TO 'data/silver/orders.parquet'",
        f"CREATE TABLE t AS {PIVOT}",
        f"WITH p AS ({PIVOT}) INSERT INTO silver.orders SELECT 1, 1 FROM p",
    ],
)
def test_no_query_writes_however_the_writing_is_wrapped(project: Project, sql: str) -> None:
    data = project.config.root / "data/silver/orders.parquet"
    before = data.read_bytes()
    with pytest.raises(QueryError, match=r"a query reads|with the word COPY"):
        project.query(sql).rows()
    assert data.read_bytes() == before


def test_an_error_behind_explain_is_told_at_its_place(project: Project) -> None:
    with pytest.raises(QueryError, match='no column "nope"') as caught:
        project.query("EXPLAIN ANALYZE SELECT id,\n  nope FROM silver.orders")
    assert (caught.value.location.line, caught.value.location.column) == (2, 3)  # type: ignore[union-attr]


def test_a_query_cannot_read_other_files(project: Project, tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("a\n1\n")
    with pytest.raises(QueryError):
        project.query(f"FROM '{tmp_path}/secret.csv'").rows()


def test_a_version_that_is_none_is_an_error(project: Project) -> None:
    with pytest.raises(RevisionError):
        project.query("FROM silver.orders", at="nope")


def test_the_log_is_newest_first(project: Project) -> None:
    assert [(row.subject, row.rows) for row in project.log("silver.orders")] == [("2 orders", 1), ("3 orders", 2)]


def test_lineage_goes_from_a_column_to_its_source(project: Project) -> None:
    edges = {(e.source, e.target, e.kind) for e in project.lineage("silver.orders.id").edges()}
    assert ("bronze.orders.id", "silver.orders.id", "IDENTITY") in edges
    assert ("bronze.orders.total", "silver.orders.id", "FILTER") in edges
    table = {(e.source, e.target) for e in project.lineage("silver.orders").edges()}
    assert table == {("bronze.orders", "silver.orders"), ("sources/orders.csv", "bronze.orders")}
