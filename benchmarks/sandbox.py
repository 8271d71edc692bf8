"""What it costs that a model cannot do harm.

How: 100 models that join and sum two small tables, each written to Parquet, in one process and one instance. Ours is a
locked instance in which DuckDB's own parser is asked about each statement before it is bound, and the bound plan after
it. The floor is the same statements, bound and run, in a DuckDB with the same settings, without the lock and without
a question asked. Only the loop over the models is timed, by the process itself.

Goal: at most 5 ms a model more than the floor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.bench import in_turns
from benchmarks.figures import Figure, Goal

if TYPE_CHECKING:
    from benchmarks.bench import Bench

__all__ = ["measure"]

_MODELS = 100
_SECONDS_A_MODEL = 0.005

_CODE = """
import sys, time
from pathlib import Path
import duckdb
from medallion.config import Config
from medallion.engines.bound_plan import SERIALIZE, scanned_tables, scanning_functions
from medallion.engines.reads import Allowed, objection
from medallion.engines.sandbox import connect

root, locked = Path({root!r}), {locked!r}
config = Config(root, threads=2)
if locked:
    connection, cursors = connect(config, threads=2, memory_limit=None, folders=[root], spill=root)
    cursor = cursors.get()
else:
    connection = duckdb.connect(config={{
        "threads": 2, "errors_as_json": True, "temp_directory": str(root / "spill"),
        "python_enable_replacements": False, "autoinstall_known_extensions": False,
        "autoload_known_extensions": False, "allow_persistent_secrets": False,
    }})
    cursor = connection.cursor()
    for setting in ("enable_progress_bar = true", "enable_progress_bar_print = false", "progress_bar_time = 0",
                    "enable_profiling = 'no_output'"):
        cursor.execute(f"SET {{setting}}")
    connection.execute("SET GLOBAL TimeZone = 'UTC'")
cursor.execute("CREATE SCHEMA bronze")
for table in ("orders", "lines"):
    cursor.execute(f"CREATE VIEW bronze.{{table}} AS FROM read_parquet('{{root}}/{{table}}.parquet')")
allowed = Allowed(tables={{"bronze.orders", "bronze.lines"}})
started = time.perf_counter()
for n in range({models}):
    sql = (
        f"WITH big AS (SELECT * FROM bronze.orders WHERE k > {{n}})\\n"
        "SELECT o.k, count(*) AS lines, sum(l.price * l.amount) AS total, max(o.name) AS name\\n"
        "FROM big AS o JOIN bronze.lines AS l ON l.k = o.k\\n"
        "GROUP BY o.k ORDER BY o.k"
    )
    if locked:
        assert objection(cursor, sql, allowed) is None
    cursor.execute(f"DESCRIBE {{sql}}").fetchall()
    plan = cursor.execute(SERIALIZE, [sql]).fetchall()[0][0]
    if locked:
        scanned_tables(plan), scanning_functions(plan)
    cursor.execute(f"COPY ({{sql}}) TO '{{root}}/out.parquet' (FORMAT parquet)").fetchall()
print(time.perf_counter() - started)
"""


def measure(bench: Bench) -> list[Figure]:
    """The one figure: seconds for all models."""
    for table, columns in (
        ("orders", "range AS k, 'n' || range AS name"),
        ("lines", "range % 1000 AS k, 3 AS amount, 2 AS price"),
    ):
        target = bench.root / f"{table}.parquet"
        bench.loop([f"COPY (SELECT {columns} FROM range(1000)) TO '{target}' (FORMAT parquet)"], bench.root)

    def run(*, locked: bool) -> float:
        code = _CODE.format(root=str(bench.root), locked=locked, models=_MODELS)
        return float(bench.python(code, bench.root).stdout)

    floor, ours = in_turns(bench.rounds * 2, lambda: run(locked=False), lambda: run(locked=True))
    return [Figure(f"{_MODELS} models", ours, floor, Goal(over=_MODELS * _SECONDS_A_MODEL))]
