"""What a unit test cannot reach."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from medallion.unittests.run import UnitTestOutcome
from tests.engines.shop import GIVEN, ORDERS, Shop

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT content FROM read_text('{file}')",
        "SELECT * FROM '{file}'",
        'SELECT * FROM "{file}"',
        "SELECT (SELECT content FROM read_text('{file}')) AS x FROM bronze.orders",
        "WITH a AS (COPY (SELECT 1) TO '{stolen}') SELECT 1 AS a",
        "SELECT * FROM query('SELECT * FROM ''{file}''')",
        "SELECT * FROM glob('{folder}/*')",
        "SELECT * FROM read_csv_auto('{file}')",
        "SELECT getenv('HOME') AS h",
        "SELECT * FROM duckdb_settings()",
        "SELECT * FROM query_table('{file}')",
        "SELECT current_setting('temp_directory') AS t",
        "SELECT * FROM sniff_csv('{file}')",
        "SELECT * FROM read_blob('{file}')",
        "SELECT * FROM read_json('{file}', columns = {{'a': 'VARCHAR'}})",
        "FROM (FROM '{file}')",
        "SELECT * FROM parquet_metadata('{file}')",
    ],
)
def test_no_statement_of_a_model_reads_or_writes_a_file(shop: Shop, sql: str, tmp_path: Path) -> None:
    secret = tmp_path / "sources" / "secret.csv"
    secret.parent.mkdir(exist_ok=True)
    secret.write_text("very,secret\n1,2\n")
    stolen = tmp_path / "stolen.csv"
    text = sql.format(file=secret, stolen=stolen, folder=secret.parent)
    result = shop.of(text, "given: {}\nexpect: [{a: 1}]")
    assert result.outcome is not UnitTestOutcome.PASSED
    assert "very" not in str(result)
    assert str(os.environ["HOME"]) not in str(result.difference)
    assert not stolen.exists()


def test_a_source_in_the_sandbox_of_a_run_is_out_of_reach_of_a_test(shop: Shop) -> None:
    shop.write("sources/orders.csv", "order_id,status,total,ordered_at\n7,x,1,2026-01-01\n")
    shop.model("bronze.it", ORDERS)
    result = shop.one("bronze.it", "given: {}\nexpect: []")
    assert result.outcome is UnitTestOutcome.PASSED, "only what is given is read"


@pytest.mark.parametrize(
    "value",
    [
        "'); COPY (SELECT 1) TO ''stolen.csv''; --",
        "x'); SELECT * FROM read_text('/etc/passwd'); --",
        "$$; ATTACH 'stolen.db'; $$",
        "\\'); INSTALL httpfs; --",
        '"; DROP TABLE x; "',
        "?, ?",
        "{csv}",
    ],
)
def test_a_given_value_is_a_value_whatever_it_holds(shop: Shop, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(shop.config.root)
    before = sorted(shop.config.root.rglob("stolen*"))
    quoted = json.dumps(value)
    shop.passes(
        "SELECT status, getvariable('v') AS v FROM bronze.orders",
        f"given: {{bronze.orders: [{{status: {quoted}}}]}}\nvariables: {{v: {quoted}}}\n"
        f"expect: [{{status: {quoted}, v: {quoted}}}]",
    )
    assert sorted(shop.config.root.rglob("stolen*")) == before


def test_a_name_with_quotes_is_a_name(shop: Shop) -> None:
    shop.model("bronze.a", "SELECT * FROM read_csv('a''b.csv', columns = {'x\"y': 'INT', 'select': 'INT'})")
    result = shop.one("bronze.a", """given: {"a'b.csv": [{'x"y': 1, select: 2}]}\nexpect: [{'x"y': 1, SELECT: 2}]""")
    assert result.outcome is UnitTestOutcome.PASSED, result.error


def test_what_is_written_for_a_test_stays_in_memory(shop: Shop) -> None:
    shop.one("silver.orders", GIVEN + "    expect: []")
    kept = {path.relative_to(shop.config.root).parts[0] for path in shop.config.root.rglob("*") if path.is_file()}
    assert kept <= {"medallion.toml", "sql", "tests", ".medallion"}
    assert not list((shop.config.root / ".medallion").rglob("*.parquet"))
