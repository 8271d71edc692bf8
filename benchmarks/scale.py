"""A table four times as large as the memory that DuckDB may take.

How: 67,108,864 rows of four 8-byte columns, 2.1 GB, made in random order and stored sorted by their key, with a
``memory_limit`` of 512 MB. The floor is a bare DuckDB program with the same limit that copies the same rows in that
order. Both are measured once.

Goal: it succeeds, and nothing that was spilled stays. The peak is that of the whole process; DuckDB's limit does not
cover Python, libraries and allocations outside of its buffers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.bench import BenchError
from benchmarks.figures import Figure

if TYPE_CHECKING:
    from benchmarks.bench import Bench

__all__ = ["measure"]

_LIMIT = "512MB"
_ROWS = 2**26
# Multiplied by an odd number, the numbers below a power of two come in another order, each once.
_SQL = f"""-- @key id
SELECT
    (i * 40503071) % {_ROWS} AS id,
    hash(i) AS a,
    hash(i, 1) AS b,
    hash(i, 2) AS c
FROM range({_ROWS}) t(i)
"""


def measure(bench: Bench) -> list[Figure]:
    """The one figure; its note holds both peaks."""
    project = bench.project("project", f'[duckdb]\nmemory_limit = "{_LIMIT}"\n')
    (project / "sql" / "silver").mkdir(parents=True)
    (project / "sql" / "silver" / "large.sql").write_text(_SQL, encoding="utf-8")
    ours = bench.build(project, built=1)
    spilled = list((project / ".medallion").rglob("*.tmp*"))
    spilled += [path for folder in ("tmp", "publish") for path in (project / ".medallion" / folder).glob("*")]
    if spilled:
        raise BenchError(f"{spilled[0]} was left behind")
    file = bench.root / "floor.parquet"
    floor = bench.loop(
        [
            f"SET memory_limit = '{_LIMIT}'",
            f"COPY (FROM (\n{_SQL}) ORDER BY id) TO '{file}' (FORMAT parquet, COMPRESSION zstd)",
        ],
        bench.root,
    )
    counted = f"SELECT error('rows are missing') WHERE (SELECT count(*) <> {_ROWS} FROM '{{}}')"
    bench.loop([counted.format(path) for path in (file, project / "data/silver/large.parquet")], bench.root)
    peaks = f"peak {ours.peak / 1e6:,.0f} MB, floor {floor.peak / 1e6:,.0f} MB"
    return [Figure(f"{_ROWS * 32 / 1e9:.1f} GB with {_LIMIT}", [ours.seconds], [floor.seconds], note=f"built; {peaks}")]
