"""A query of a small table at a tag, in a repository with 10,000 commits.

How: a project with a bronze and a silver table is built, committed and tagged. 10,000 commits to other datasets follow
(``history.py``). Then ``medallion query "FROM silver.lines" --at v1`` runs as a whole process. The floor is a bare
DuckDB program that reads the same Parquet file.

Goal: at most 0.6 s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.bench import BenchError, in_turns
from benchmarks.figures import Figure, Goal
from benchmarks.history import import_commits

if TYPE_CHECKING:
    from benchmarks.bench import Bench

__all__ = ["measure"]

_COMMITS = 10_000
_ROWS = 7
_QUERY = "FROM silver.lines"


def measure(bench: Bench) -> list[Figure]:
    """The one figure."""
    project = bench.project("project")
    for path, text in {
        "sources/lines.csv": "id,total\n" + "".join(f"{n},{n}.50\n" for n in range(_ROWS)),
        "sql/bronze/lines.sql": "SELECT id, total FROM read_csv('sources/lines.csv', auto_detect = false,"
        " header = true, columns = {'id': 'BIGINT', 'total': 'DECIMAL(12, 2)'})\n",
        "sql/silver/lines.sql": "SELECT id, total * 2 AS twice FROM bronze.lines\n",
    }.items():
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        (project / path).write_text(text, encoding="utf-8")
    bench.build(project, built=2)
    bench.medallion(project, "commit", "-m", "first version")
    bench.git(project, "tag", "v1")
    kept = (project / "data/silver/lines.parquet").rename(bench.root / "lines.parquet")
    import_commits(bench, project, 0, _COMMITS, changed=1)

    def query() -> float:
        ran = bench.medallion(project, "query", _QUERY, "--at", "v1", "--format", "csv")
        if len(ran.stdout.splitlines()) != _ROWS + 1:
            raise BenchError(f"the query should give {_ROWS} rows:\n{ran.stdout}")
        return ran.seconds

    floor, ours = in_turns(
        bench.rounds * 2, lambda: bench.loop([f"FROM read_parquet('{kept}')"], bench.root).seconds, query
    )
    return [Figure("10,000 commits after the tag", ours, floor, Goal(seconds=0.6))]
