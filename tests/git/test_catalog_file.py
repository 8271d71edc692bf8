"""The catalog as a file: views, readers and writers beside each other, damage, and what is not history."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import duckdb
import pytest

from medallion.catalog import open_catalog, read_versions
from medallion.names import TableName
from medallion.records import record_path
from tests.git.cataloged import CUSTOMERS, ORDERS, REVENUE, Catalog, record, write

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


# The file


def test_nothing_is_written_when_nothing_changed(catalog: Catalog) -> None:
    work = catalog.work
    write(work, record(ORDERS, "o1"))
    work.commit()
    catalog.views = {ORDERS: [parquet(work.root / "data/silver/orders.parquet", "SELECT 1 AS id")]}
    catalog.update()
    before = catalog.target.stat()
    catalog.update()
    assert catalog.target.stat() == before
    parquet(work.root / "data/silver/orders.parquet", "SELECT 1 AS id, 2 AS more")
    assert catalog.ask("FROM silver.orders") == [(1, 2)]
    assert {file.name for file in catalog.target.parent.iterdir()} == {"catalog.duckdb", "catalog.duckdb.digest"}


def parquet(path: Path, sql: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    duckdb.sql(f"COPY ({sql}) TO '{str(path).replace(chr(39), chr(39) * 2)}' (FORMAT parquet)")
    return path


def in_another_process(code: str, *args: str) -> str:
    return subprocess.check_output([sys.executable, "-c", code, *args], cwd="/", text=True)


def test_the_views_open_from_another_process_in_another_folder(catalog: Catalog, tmp_path: Path) -> None:
    odd = tmp_path / "it's [1] a*b? year=2020/données"
    catalog.views = {
        ORDERS: [parquet(odd / "orders.parquet", "SELECT 1 AS id")],
        TableName("gold", "order"): [parquet(odd / f"o/{n}.parquet", f"SELECT {n} AS id") for n in range(3)],
        CUSTOMERS: [],
        REVENUE: [catalog.work.write("data/gold/revenue.parquet", "version https://git-lfs…")],
    }
    catalog.update()
    code = (
        "import duckdb, sys; con = duckdb.connect(sys.argv[1], read_only=True); "
        "print(con.execute('FROM silver.orders').fetchall(), con.execute('FROM gold.\"order\"').fetchall())"
    )
    assert in_another_process(code, str(catalog.target)) == "[(1,)] [(0,), (1,), (2,)]\n"
    assert catalog.ask("SELECT view_name FROM duckdb_views() WHERE NOT internal ORDER BY 1") == [
        ("order",),
        ("orders",),
    ]
    catalog.views = {ORDERS: catalog.views[ORDERS]}
    assert catalog.ask("SELECT schema_name || view_name FROM duckdb_views() WHERE NOT internal") == [("silverorders",)]


@pytest.mark.parametrize("mode", ["True", "False"], ids=["reader", "writer"])
def test_an_update_neither_waits_for_another_process_nor_disturbs_it(catalog: Catalog, mode: str) -> None:
    work = catalog.work
    write(work, record(ORDERS, "o1"))
    work.commit()
    catalog.update()
    code = (
        "import duckdb, sys; con = duckdb.connect(sys.argv[1], read_only=sys.argv[2] == 'True')\n"
        "print('open', flush=True)\n"
        "for line in sys.stdin: print(con.execute('SELECT count(*) FROM versions').fetchall(), flush=True)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(catalog.target), mode],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        write(work, record(ORDERS, "o2"))
        work.commit()
        assert catalog.ask("SELECT count(*) FROM versions") == [(2,)]
        other.stdin.write("\n")
        other.stdin.flush()
        assert other.stdout.readline() == "[(1,)]\n"
        other.stdin.close()
    assert catalog.ask("SELECT count(*) FROM versions") == [(2,)]


@pytest.mark.parametrize("damage", ["garbage", "truncated", "foreign", "empty", "older format"])
def test_a_file_that_is_no_catalog_is_replaced(catalog: Catalog, damage: str) -> None:
    work = catalog.work
    write(work, record(ORDERS, "o1"))
    work.commit()
    catalog.update()
    data = catalog.target.read_bytes()
    if damage == "foreign":
        catalog.target.unlink()
        duckdb.connect(catalog.target).execute("CREATE TABLE versions (a INT)").close()
    elif damage == "older format":
        duckdb.connect(catalog.target).execute("UPDATE _medallion.about SET value = '[0]'").close()
    else:
        content = {"garbage": b"x" * 5000, "truncated": data[: len(data) // 2], "empty": b""}[damage]
        catalog.target.write_bytes(content)
    assert catalog.ask("SELECT dataset FROM versions") == [("silver.orders",)]
    assert {file.name for file in catalog.target.parent.iterdir()} == {"catalog.duckdb", "catalog.duckdb.digest"}


def test_a_catalog_that_somebody_else_wrote_is_neither_believed_nor_opened(catalog: Catalog, tmp_path: Path) -> None:
    write(catalog.work, record(ORDERS, "o1"))
    catalog.work.commit()
    catalog.update()
    truth = catalog.ask("SELECT dataset, rows FROM versions")
    forged = tmp_path / "forged.duckdb"
    forged.write_bytes(catalog.target.read_bytes())
    with duckdb.connect(forged) as con:  # As a commit could bring it along, with the identity that it must have.
        con.execute("UPDATE versions SET rows = 1_000_000")
    forged.replace(catalog.target)
    assert catalog.ask("SELECT dataset, rows FROM versions") == truth
    with open_catalog(catalog.target) as con, pytest.raises(duckdb.PermissionException):
        con.execute("FROM read_text($1)", [str(catalog.work.root / ".gitattributes")])


def test_a_reader_is_served_while_a_client_has_the_file_open_for_writing(catalog: Catalog) -> None:
    write(catalog.work, record(ORDERS, "o1"))
    commit = catalog.work.commit("first")
    catalog.update()
    code = "import duckdb, sys; con = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(catalog.target)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        assert [row.commit for row in read_versions(catalog.target, catalog.work.repo)] == [commit]
        other.communicate()


def test_versions_are_read_newest_first_and_only_those_of_this_branch(catalog: Catalog) -> None:
    work = catalog.work
    assert read_versions(catalog.target, work.repo) == []
    write(work, record(ORDERS, "o1"), record(CUSTOMERS, "c1"))
    first = work.commit("first")
    work.git("checkout", "--quiet", "-b", "side")
    write(work, record(ORDERS, "o2"))
    work.commit("side")
    work.git("checkout", "--quiet", "main")
    (work.root / record_path(ORDERS)).unlink()
    second = work.commit("second")
    catalog.update()
    found = read_versions(catalog.target, work.repo, ORDERS)
    assert [(row.commit, row.parent_version, row.deleted) for row in found] == [
        (second, first, True),
        (first, None, False),
    ]
    assert len(read_versions(catalog.target, work.repo)) == 3
    newest = read_versions(catalog.target, work.repo, limit=1)
    assert [(row.commit, row.rows, row.rows_before) for row in newest] == [(second, None, 2)]
    assert newest.total == 3


# What is not history


def test_column_lineage_is_what_the_models_say_today(catalog: Catalog) -> None:
    catalog.edges = [("gold.revenue", "total", "silver.orders", "amount", "AGGREGATION")]
    assert catalog.ask("FROM column_lineage") == [tuple(catalog.edges[0])]
    catalog.edges = [("gold.revenue", "total", "silver.orders", "it's \"ü", "IDENTITY")]
    assert catalog.ask("FROM column_lineage") == [tuple(catalog.edges[0])]


def test_runs_and_their_steps_are_indexed_and_broken_lines_passed_over(catalog: Catalog) -> None:
    step = {"dataset": "silver.orders", "action": "build", "reason": "SQL changed", "seconds": 0.5, "rows": 3}
    run = {"id": "r1", "started_at": "2026-01-01T12:00:00+02:00", "seconds": 1.5, "command": "run", "steps": [step]}
    lines: Sequence[str] = (
        json.dumps(run),
        "",
        "{}",
        "null",
        '{"id": "r2"',
        json.dumps(run | {"id": "r3", "steps": []}),
    )
    catalog.work.write(".medallion/runs.jsonl", "\n".join(lines))
    assert catalog.ask("SELECT id, started_at::VARCHAR, seconds, command FROM runs ORDER BY id") == [
        ("r1", "2026-01-01 10:00:00", 1.5, "run"),
        ("r3", "2026-01-01 10:00:00", 1.5, "run"),
    ]
    assert catalog.ask("FROM run_steps") == [
        ("r1", 0, "silver.orders", "build", "SQL changed", 0.5, 3, None, None, None)
    ]
    catalog.work.write(".medallion/runs.jsonl", "")
    assert catalog.ask("SELECT count(*) FROM runs") == [(0,)]
