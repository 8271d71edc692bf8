"""A Parquet file of 150 MB as text, as ``git diff`` and ``git log -p`` ask for it.

How: 10,000,000 rows and six columns in one file, which lies in the store of Git LFS; what git hands over is a pointer.
``medallion driver textconv`` runs as a whole process in the repository. The floor is a bare DuckDB program that asks
for the columns, for NULLs and bounds of each, which stand in the footer, and for the first and the last rows. It makes
no checksum of the columns.

Goal: at most 0.5 s.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from benchmarks.bench import BenchError, in_turns
from benchmarks.figures import Figure, Goal

if TYPE_CHECKING:
    from benchmarks.bench import Bench

__all__ = ["measure"]

_ROWS = 10_000_000
_COLUMNS = ("order_id", "customer_id", "status", "total", "ordered_at", "note")
_DATA = f"""
SELECT i AS order_id, (hash(i) % 500000)::BIGINT AS customer_id,
    ['placed', 'shipped', 'returned', 'paid'][1 + (hash(i + 1) % 4)::INTEGER] AS status,
    ((hash(i + 2) % 100000) / 100)::DECIMAL(12, 2) AS total,
    TIMESTAMP '2024-01-01' + to_seconds((i * 3 + (hash(i + 3) % 1000)::BIGINT)::BIGINT) AS ordered_at,
    'note ' || (hash(i + 5) % 10000000)::VARCHAR AS note
FROM range({_ROWS}) t(i) ORDER BY i
"""


def measure(bench: Bench) -> list[Figure]:
    """The one figure."""
    project = bench.project("project")
    made = bench.root / "orders.parquet"
    bench.loop([f"COPY ({_DATA}) TO '{made}' (FORMAT parquet, COMPRESSION zstd)"], bench.root)
    with made.open("rb") as stream:
        oid = hashlib.file_digest(stream, "sha256").hexdigest()
    size = made.stat().st_size
    stored = project / ".git" / "lfs" / "objects" / oid[:2] / oid[2:4] / oid
    stored.parent.mkdir(parents=True, exist_ok=True)
    made.rename(stored)
    pointer = bench.root / "pointer.parquet"
    pointer.write_text(f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {size}\n", encoding="utf-8")

    def convert() -> float:
        ran = bench.medallion(project, "driver", "textconv", str(pointer))
        if not ran.stdout.startswith(f"rows {_ROWS:,}\n") or len(ran.stdout.splitlines()) != 2 + len(_COLUMNS) + 10:
            raise BenchError(f"this should be the summary of {_ROWS:,} rows:\n{ran.stdout}")
        return ran.seconds

    bounds = ", ".join(f"count({name}), min({name}), max({name})" for name in _COLUMNS)
    statements = [
        f"DESCRIBE FROM read_parquet('{stored}')",
        f"SELECT {bounds} FROM read_parquet('{stored}')",
        f"FROM read_parquet('{stored}') LIMIT 5",
        f"FROM read_parquet('{stored}', file_row_number = true) WHERE file_row_number >= {_ROWS - 5}",
    ]
    convert()
    floor, ours = in_turns(bench.rounds * 3, lambda: bench.loop(statements, bench.root).seconds, convert)
    return [Figure(f"{size / 1e6:,.0f} MB, {_ROWS:,} rows", ours, floor, Goal(seconds=0.5))]
