"""What checks cost on a table of 10,000,000 rows and six columns.

How: the table is built once. Then ``Project.check`` runs in a process of its own, and what it says of its own time
counts: opening DuckDB, binding every check, and looking. The floors are bare DuckDB programs on the same file, their
connection and statement timed in the same way. All checks hold, as they do on most days.

- Ten checks of single rows: two not_null, two ranges, accepted values, a pattern on a text of 100,000 different values,
  and four conditions. The floor is one scan: an aggregate over every column. The pattern costs as much as the scan, so
  the same is measured with a fifth condition in its place.
- A key: ``unique`` on a column that is one, for rows in any order. The floor is ``count(*), count(DISTINCT key)``.

Goal: ten checks of rows at most 1.5 times the scan, and the key at most 1.2 times its floor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.bench import BenchError, in_turns
from benchmarks.figures import Figure, Goal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from benchmarks.bench import Bench

__all__ = ["measure"]

_ROWS = 10_000_000
_COLUMNS = f"""
    range AS id,{{id}}
    (range * 7) % 1000 AS amount,{{amount}}
    ['placed', 'paid', 'shipped', 'returned'][range % 4 + 1] AS status,{{status}}
    'user-' || range % 100000 AS name,{{name}}
    range * 1.5::DOUBLE AS weight,{{weight}}
    TIMESTAMP '2026-01-01' + to_seconds(range % 100000) AS seen{{seen}}
FROM range({_ROWS})
"""
_BARE = dict.fromkeys(("id", "amount", "status", "name", "weight", "seen"), "")
_TEN = {
    "id": "  -- @not_null @check id >= 0",
    "amount": "  -- @range 0 to 1000 @check amount % 7 < 7",
    "status": "  -- @accepted_values placed, paid, shipped, returned",
    "name": "  -- @not_null @regex ^user-[0-9]+$",
    "weight": "  -- @range 0 to @check weight >= id",
    "seen": "  -- @check seen >= '2026-01-01'",
}
_NO_PATTERN = _TEN | {"name": "  -- @not_null @check name > 'user'"}
_OURS = """
import json, sys
from medallion.project import Project
checked = Project.open(sys.argv[1] if len(sys.argv) > 1 else '.').check()
bad = [str(e) for e in checked.errors] + [r.check for r in checked.results if str(r.status) != 'passed']
print(json.dumps({'seconds': checked.seconds, 'checks': len(checked.results), 'bad': bad}))
"""
_FLOOR = """
import duckdb, time
started = time.monotonic()
con = duckdb.connect()
con.execute('SET enable_progress_bar = false')
con.execute({sql!r}).fetchall()
print(time.monotonic() - started)
"""
_SCAN = (
    "SELECT sum(id), sum(amount), sum(strlen(status)), sum(strlen(name)), sum(weight), sum(epoch_us(seen)) FROM {table}"
)


def measure(bench: Bench) -> Iterator[Figure]:
    """The figures, in the order of the docstring."""
    project = bench.project("project")
    model = project / "sql" / "silver" / "large.sql"
    model.parent.mkdir(parents=True)
    file = project / "data" / "silver" / "large.parquet"
    table = f"read_parquet('{file}')"
    cases = (
        ("ten checks of rows", "", _TEN, 10, _SCAN, Goal(ratio=1.5)),
        ("ten without a pattern", "", _NO_PATTERN, 10, _SCAN, Goal(ratio=1.5)),
        ("unique", "-- @unique id\n", _BARE, 1, "SELECT count(*), count(DISTINCT id) FROM {table}", Goal(ratio=1.2)),
    )
    for what, head, comments, count, floor, goal in cases:
        model.write_text(f"{head}SELECT{_COLUMNS.format(**comments)}", encoding="utf-8")
        bench.medallion(project, "run")
        ours, floors = in_turns(
            bench.rounds,
            lambda count=count: _ours(bench, project, count),  # type: ignore[misc]
            lambda floor=floor: _floor(bench, floor.format(table=table)),  # type: ignore[misc]
        )
        yield Figure(what, ours, floors, goal)


def _ours(bench: Bench, project: Path, count: int) -> float:
    import json

    found = json.loads(bench.python(_OURS, project).stdout)
    if found["bad"] or found["checks"] != count:
        raise BenchError(f"{count} checks should have passed: {found}")
    return float(found["seconds"])


def _floor(bench: Bench, sql: str) -> float:
    return float(bench.python(_FLOOR.format(sql=sql), bench.root).stdout)
