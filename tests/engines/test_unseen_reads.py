"""A model reads what its text shows and nothing else, however a file is written in place of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from medallion.config import Config
from medallion.engines.duckdb import DuckDBEngine
from medallion.errors import MedallionError, ModelError
from tests.engines.bench import Bench

if TYPE_CHECKING:
    from pathlib import Path


class _Open(Bench):
    """A bench whose sources are every CSV file, also those beside the configuration."""

    def engine(self) -> DuckDBEngine:
        return DuckDBEngine(Config(self.root, threads=2, sources=("sources/", "o.csv")), [])


@pytest.fixture
def bench(tmp_path: Path) -> _Open:
    made = _Open(tmp_path)
    made.table("bronze.orders", "SELECT 'x' AS k, 1 AS n")
    (tmp_path / "sources").mkdir()
    for path in ("o.csv", "sources/o.csv", "sources/it's.csv"):
        (tmp_path / path).write_text("k,a\nx,1\ny,2\n")
    return made


UNSEEN = [
    'FROM "sources/o".csv',
    'FROM "sources/o" /* why */ . csv',
    'TABLE "sources/o".csv',
    "SUMMARIZE 'sources/o.csv'",
    'SUMMARIZE "sources/o".csv',
    'SELECT k, n, a FROM bronze.orders JOIN "sources/o".csv USING (k)',
    'SELECT k, n, a FROM "sources/o".csv JOIN bronze.orders USING (k)',
    'SELECT * FROM bronze.orders WHERE k IN (SELECT k FROM "sources/o".csv)',
    'SELECT (SELECT max(a) FROM "sources/o".csv) AS a FROM bronze.orders',
    'SELECT EXISTS (FROM "sources/o".csv) AS a',
    'WITH c AS (FROM "sources/o".csv) FROM c',
    'SELECT a FROM bronze.orders, LATERAL (FROM "sources/o".csv)',
    'UNPIVOT "sources/o".csv ON a',
    "PIVOT \"sources/o\".csv ON k IN ('x') USING max(a)",
    'PIVOT "sources/o".csv ON k USING max(a)',
    'PIVOT (FROM "sources/o".csv) ON k USING max(a)',
    'PIVOT (SELECT k, a FROM bronze.orders JOIN "sources/o".csv USING (k)) ON k USING max(a)',
    'PIVOT (FROM bronze.orders WHERE k IN (SELECT k FROM "sources/o".csv)) ON k USING max(n)',
    "PIVOT o.csv ON k USING max(a)",
    "PIVOT (SELECT k, a FROM bronze.orders JOIN o.csv USING (k)) ON k USING max(a)",
    "FROM o.csv",
    "SELECT k, n, a FROM bronze.orders JOIN o.csv USING (k)",
]


@pytest.mark.parametrize("layer", ["bronze", "silver"])
@pytest.mark.parametrize("sql", UNSEEN)
def test_a_file_that_only_duckdb_takes_for_one_is_refused(bench: _Open, sql: str, layer: str) -> None:
    with pytest.raises(ModelError) as caught:
        bench.build(sql, f"{layer}.x")
    assert "which cannot be seen in the SQL as a dataset or a source" in caught.value.message
    assert "o.csv" in caught.value.message
    assert "read_csv('…')" in caught.value.hint
    assert not bench.target(f"{layer}.x").exists()


@pytest.mark.parametrize(
    ("sql", "sources"),
    [
        ("FROM 'sources/o.csv'", ["sources/o.csv"]),
        ('FROM "sources/o.csv"', ["sources/o.csv"]),
        ("FROM 'sources/it''s.csv'", ["sources/it's.csv"]),
        ('SUMMARIZE "sources/o.csv"', ["sources/o.csv"]),
        ('SELECT k, n, a FROM bronze.orders JOIN "sources/o.csv" USING (k)', ["sources/o.csv"]),
        ('SELECT * FROM bronze.orders WHERE k IN (SELECT k FROM "sources/o.csv")', ["sources/o.csv"]),
        ('PIVOT "sources/o.csv" ON k USING max(a)', ["sources/o.csv"]),
        ("PIVOT (FROM read_csv('sources/o.csv')) ON k USING max(a)", ["sources/o.csv"]),
        ("PIVOT bronze.orders ON k USING max(n)", []),
        ("FROM Bronze.ORDERS", []),
        ('SELECT o."k" AS "a/b.c", n * 2 / 1 AS "*" FROM bronze.orders AS o', []),
        ('SELECT \'"qualified_name":{"path":["a/b.csv"]}\' AS text FROM bronze.orders', []),
        # Deeper than Python's stack, and nearly as deep as DuckDB goes, which takes it the cube of the depth.
        (f"SELECT n::BIGINT{'+n' * 450} AS n FROM bronze.orders", []),
        pytest.param(f"SELECT n::BIGINT{'+n' * 900} AS n FROM bronze.orders", [], marks=pytest.mark.thorough),
    ],
)
def test_what_the_text_shows_is_read(bench: _Open, sql: str, sources: list[str]) -> None:
    model, _ = bench.model(sql, "bronze.x")
    assert [source.path for source in model.sources] == sources
    assert bench.build(sql, "bronze.x").rows


@pytest.mark.parametrize("reader", ["read_text", "read_blob"])
@pytest.mark.parametrize(
    "sql",
    ["FROM {reader}('sources/o.csv')", "SELECT last_modified AS x FROM {reader}('sources/o.csv')",
     "SELECT size FROM {reader}('sources/o.csv') WHERE LAST_MODIFIED > DATE '2020-01-01'"],
)  # fmt: skip
def test_the_time_of_a_file_is_refused(bench: _Open, reader: str, sql: str) -> None:
    with pytest.raises(ModelError, match="another one in each clone") as caught:
        bench.build(sql.format(reader=reader), "bronze.x")
    assert "leave it out" in caught.value.hint
    assert bench.build(f"SELECT filename, size, content FROM {reader}('sources/o.csv')", "bronze.x").rows == 1


def test_a_glob_lists_names_and_no_times(bench: _Open) -> None:
    assert [column.name for column in bench.build("FROM glob('sources/*')", "bronze.x").columns] == ["file"]


@pytest.mark.parametrize("macro", ["CREATE MACRO lower(x) AS upper(x)", "CREATE OR REPLACE MACRO Sum(x) AS max(x)",
    "CREATE MACRO range(n) AS TABLE SELECT n AS range", "CREATE MACRO nullif(a, b) AS a"])  # fmt: skip
def test_a_macro_that_hides_a_function_of_duckdb_is_refused_at_its_place(bench: _Open, macro: str) -> None:
    bench.macros = f"CREATE MACRO fine(x) AS x;\n{macro};"
    called = macro.split("MACRO ")[1].split("(")[0]
    call = (
        f"FROM {called}(3)"
        if "TABLE" in macro
        else f"SELECT {called}(k{', k' if ', b' in macro else ''}) AS x FROM bronze.orders"
    )
    with pytest.raises(ModelError, match=f"macro {called.lower()} hides a function of DuckDB") as caught:
        bench.build(call)
    assert caught.value.location is not None
    assert (caught.value.location.path, caught.value.location.line) == ("sql/macros/m.sql", 2)
    assert bench.rows("SELECT fine(k) AS k FROM bronze.orders") == [("x",)]


@pytest.mark.parametrize(
    ("macro", "call"),
    [
        ('CREATE MACRO hidden() AS TABLE FROM "sources/o".csv', "FROM hidden()"),
        ("CREATE MACRO hidden() AS TABLE FROM o.csv", "FROM hidden()"),
        ("CREATE MACRO hidden() AS TABLE FROM (SUMMARIZE 'sources/o.csv')", "FROM hidden()"),
        ('CREATE MACRO hidden() AS (SELECT max(a) FROM "sources/o".csv)', "SELECT hidden() AS a"),
    ],
)
def test_a_macro_through_which_a_model_would_read_a_file_is_refused(bench: _Open, macro: str, call: str) -> None:
    bench.macros = macro
    with pytest.raises(MedallionError) as caught:
        bench.build(call, "bronze.x")
    assert caught.value.location is not None
    assert caught.value.location.path == "sql/macros/m.sql"
