"""What a comparison of two versions costs, beside one FULL OUTER JOIN over all columns in bare DuckDB.

How: pairs of Parquet files of 10,000,000 rows are made once. Then a process of its own compares one pair as
``medallion diff`` does: DuckDB that is locked down and may take 800 MB, patterns, statistics and twenty rows to show
included. There are no models: a text that was read before is not parsed again. The floor is a process that runs the
join and counts rows added, removed and changed, without a limit of memory. Both are timed from their start, and their
peak is that of the whole process.

- Six columns, both sides sorted by the key, 0.065 % of the rows differ.
- Ten columns, the other side in another order, 0.05 % differ.
- Six columns, the same rows in other bytes (another compression). The records say that the values of each column are
  the same, as they do then; the files are read all the same.
- ``medallion diff`` from its start, in a project of a hundred datasets none of which differs.

Goal: 1.1 times the floor for the first two, with 0.7 times its memory and at most 1 GB; 0.5 times; 0.3 s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.bench import BenchError, in_turns
from benchmarks.figures import Figure, Goal
from benchmarks.workload import Workload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from benchmarks.bench import Bench, Ran

__all__ = ["measure"]

_ROWS = 10_000_000
_SIX = f"""
    SELECT i AS id, (hash(i) % 1000000)::INTEGER AS customer,
        ['placed', 'shipped', 'returned', 'paid', 'refunded'][1 + (hash(i * 3) % 5)::INTEGER] AS status,
        ((hash(i * 7) % 1000000) / 100)::DECIMAL(12, 2) AS total,
        TIMESTAMP '2020-01-01' + to_seconds((hash(i * 11) % 100000000)::BIGINT) AS ordered_at,
        (hash(i * 13) % 100000) / 7.0::DOUBLE AS score
    FROM range({_ROWS}) t(i)
"""
_TEN = f"""
    SELECT *, 'name ' || (hash(id * 17) % 5000000) AS name, (hash(id * 19) % 100)::TINYINT AS q,
        DATE '2020-01-01' + (hash(id * 23) % 3000)::INTEGER AS d, (hash(id * 29) % 10000000000)::BIGINT AS big
    FROM ({_SIX})
"""
# 4,239 rows of 10,000,000 changed, 500 removed; of six columns 1,000 more have another key.
_EDIT = """
    SELECT * REPLACE (
        {id} AS id,
        CASE WHEN id % 2500 = 5 THEN 'refunded' ELSE status END AS status,
        total + CASE WHEN id % 40000 = 9 THEN 1 ELSE 0 END AS total
    )
    FROM ({table}) WHERE id % 20000 <> 11
"""
_OURS = """
import os, sys, tempfile
from pathlib import Path
import duckdb
from medallion.diff.asked import Asked
from medallion.diff.compare import Part, compare
from medallion.engines.sandbox import connect
from medallion.names import TableName
from medallion.project import Project
from medallion.records import Built, Column, DataFile, Record

name, (base, head, same) = TableName("silver", "large"), sys.argv[1:]
config = Project.open(os.environ["PROJECT"]).config
connection, cursors = connect(config, threads=os.cpu_count() or 1, memory_limit="800MB", folders=[],
                              files=[Path(base), Path(head)], spill=Path(tempfile.gettempdir()))
cursor = cursors.get()

def part(path):
    described = cursor.execute(f"DESCRIBE FROM read_parquet('{path}')").fetchall()
    ((rows,),) = cursor.execute(f"SELECT count(*) FROM read_parquet('{path}')").fetchall()
    columns = tuple(Column(c[0], c[1], False, "same" if same == "same" else path) for c in described)
    file = DataFile("large.parquet", "0" * 64, Path(path).stat().st_size, rows)
    return Part(Record(name, rows, columns, ("id",), (file,), Built("", "", "duckdb", "", ())), (Path(path),), None)

rows = compare(cursor, name, part(base), part(head), Asked()).rows
print(rows.added, rows.removed, rows.changed)
"""
_FLOOR = """
import sys
import duckdb
con = duckdb.connect()
con.execute("SET enable_progress_bar = false")
base, head = sys.argv[1:]
names = [row[0] for row in con.execute(f"DESCRIBE FROM '{base}'").fetchall()]
differs = " OR ".join(f"o.{name} IS DISTINCT FROM n.{name}" for name in names if name != "id")
found = con.execute(
    f"SELECT count(*) FILTER (o.id IS NULL), count(*) FILTER (n.id IS NULL), "
    f"count(*) FILTER (o.id IS NOT NULL AND n.id IS NOT NULL AND ({differs})) "
    f"FROM '{base}' o FULL OUTER JOIN '{head}' n ON o.id = n.id"
).fetchone()
print(*found)
"""


def measure(bench: Bench) -> Iterator[Figure]:
    """The figures, in the order of the docstring."""
    project = bench.project("project")
    moved = "id + CASE WHEN id % 10000 = 77 THEN 20000000 ELSE 0 END"
    cases: tuple[tuple[str, str, str, str, Goal], ...] = (
        ("10M x 6, sorted", _SIX, f"{_EDIT.format(id=moved, table=_SIX)} ORDER BY id", "other", Goal(ratio=1.1)),
        (
            "10M x 10, shuffled",
            _TEN,
            f"{_EDIT.format(id='id', table=_TEN)} ORDER BY hash(id)",
            "other",
            Goal(ratio=1.1),
        ),
        ("10M x 6, other bytes", _SIX, f"{_SIX} ORDER BY id", "same", Goal(ratio=0.5)),
    )
    for what, base, head, same, goal in cases:
        files = bench.root / "base.parquet", bench.root / "head.parquet"
        kinds = "COMPRESSION zstd", "COMPRESSION snappy" if same == "same" else "COMPRESSION zstd"
        bench.loop(
            [
                f"COPY ({sql}) TO '{file}' (FORMAT parquet, {kind})"
                for sql, file, kind in zip((f"{base} ORDER BY id", head), files, kinds, strict=True)
            ],
            bench.root,
        )
        yield _compared(bench, project, what, files, same, goal)
    yield _nothing(bench)


def _compared(bench: Bench, project: Path, what: str, files: tuple[Path, Path], same: str, goal: Goal) -> Figure:
    peaks: dict[str, list[int]] = {"ours": [], "floor": []}
    paths = [str(file) for file in files]
    env = {"PROJECT": str(project)}
    said: set[str] = set()

    def timed(which: str, run: Callable[[], Ran]) -> float:
        ran = run()
        peaks[which].append(ran.peak)
        said.add(ran.stdout)
        return ran.seconds

    ours, floor = in_turns(
        bench.rounds,
        lambda: timed("ours", lambda: bench.script(_OURS, [*paths, same], bench.root, env)),
        lambda: timed("floor", lambda: bench.script(_FLOOR, paths, bench.root)),
    )
    if len(said) > 1:
        raise BenchError(f"the floor counts other rows: {said}")
    taken, bare = max(peaks["ours"]) / 1e6, max(peaks["floor"]) / 1e6
    note = f"peak {taken:,.0f} MB, floor {bare:,.0f} MB"
    return Figure(what, ours, floor, goal, note)


def _nothing(bench: Bench) -> Figure:
    work = Workload.create(bench, 100)
    bench.build(work.project, built=100)
    bench.medallion(work.project, "commit", "-m", "first version")
    (samples,) = in_turns(bench.rounds, lambda: bench.medallion(work.project, "diff").seconds)
    return Figure("100 datasets, none differs", samples, goal=Goal(seconds=0.3))
