"""A table four times as large as the memory that DuckDB may take.

How: 33,554,432 different rows of four 8-byte columns, 1.1 GB, with a ``memory_limit`` of 256 MB. They are made in
random order, go through a DISTINCT and are stored sorted by their key, so that neither fits into memory. The floor is a
bare DuckDB program with the same limit that copies the same rows in that order. Both are measured once.

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

_LIMIT = "256MB"
_ROWS = 2**25
# Multiplied by an odd number, the numbers below a power of two come in another order, each once.
_SQL = f"""-- @key id
SELECT DISTINCT
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
    for path in (file, project / "data" / "silver" / "large.parquet"):
        rows = f"read_parquet('{path}', file_row_number = true)"
        counted = f"SELECT count(*) = {_ROWS} AND bool_and(id = file_row_number) AS right_ones FROM {rows}"
        bench.loop(
            [f"SELECT error('rows are missing or not sorted') FROM ({counted}) WHERE NOT right_ones"], bench.root
        )
    peaks = f"peak {ours.peak / 1e6:,.0f} MB, floor {floor.peak / 1e6:,.0f} MB"
    return [Figure(f"{_ROWS * 32 / 1e9:.1f} GB with {_LIMIT}", [ours.seconds], [floor.seconds], note=f"built; {peaks}")]
