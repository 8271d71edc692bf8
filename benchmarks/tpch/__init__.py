"""TPC-H at scale 1: eight tables in, twenty-two queries out.

How: ``tpchgen-cli`` writes the eight tables as Parquet into ``sources/``. A bronze model takes each in. The queries of
the specification with their validation parameters (``q01.sql`` to ``q22.sql``) are gold models, ordered only where a
LIMIT needs it. Data, records and ``.medallion/`` are removed before each run. The floor is a bare Python program that
copies the same SQL to Parquet with zstd, one statement after the other. All gold tables are held against the floor's,
and four single numbers against the specification.

Goal: at most 1.2 times the floor.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.bench import in_turns
from benchmarks.figures import Figure, Goal
from benchmarks.workload import copy_statements, forget_data

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.bench import Bench

__all__ = ["measure"]

_KEYS = {
    "region": "r_regionkey",
    "nation": "n_nationkey",
    "supplier": "s_suppkey",
    "customer": "c_custkey",
    "part": "p_partkey",
    "partsupp": "ps_partkey, ps_suppkey",
    "orders": "o_orderkey",
    "lineitem": "l_orderkey, l_linenumber",
}
# The specification's answers to those queries that give a single number: what is measured is TPC-H.
_ANSWERS = (
    ("q06", "revenue", "123141078.23"),
    ("q14", "promo_revenue", "16.38"),
    ("q17", "avg_yearly", "348406.05"),
    ("q19", "revenue", "3083843.06"),
)


def measure(bench: Bench) -> list[Figure]:
    """The one figure."""
    project, bare = bench.project("project"), bench.root / "floor"
    generator = str(Path(sys.executable).with_name("tpchgen-cli"))
    bench.run([generator, "parquet", "--scale-factor", "1", "--output-dir", "sources", "--quiet"], project)
    models = _models()
    for name, sql in models.items():
        file = project / "sql" / f"{name.replace('.', '/')}.sql"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(sql, encoding="utf-8")

    def first() -> float:
        forget_data(project)
        return bench.build(project, built=len(models)).seconds

    statements = copy_statements(models, bare)
    floor, ours = in_turns(min(bench.rounds, 3), lambda: bench.loop(statements, project).seconds, first)
    for name in models:
        path = f"{name.replace('.', '/')}.parquet"
        if name.startswith("gold."):
            bench.expect_same_rows(project / "data" / path, bare / path)
    bench.loop([_wrong(bare, *answer) for answer in _ANSWERS], bench.root)
    return [Figure("first run, 8 tables and 22 queries", ours, floor, Goal(ratio=1.2))]


def _wrong(bare: Path, query: str, column: str, answer: str) -> str:
    file = bare / "gold" / f"{query}.parquet"
    return f"SELECT error('{query} is not {answer}') FROM '{file}' WHERE round({column}, 2) <> {answer}"


def _models() -> Mapping[str, str]:
    queries = sorted(Path(__file__).parent.glob("q*.sql"))
    return {
        **{f"bronze.{t}": f"-- @key {key}\nFROM 'sources/{t}.parquet'\n" for t, key in _KEYS.items()},
        **{f"gold.{query.stem}": query.read_text(encoding="utf-8") for query in queries},
    }
