"""The part of the catalog that speaks of the work tree and of this machine: column lineage, runs, views.

Of each, the catalog remembers what it was made from, and it is made again only where that has changed.
"""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from medallion.catalog import rows
from medallion.catalog.schema import TABLES
from medallion.catalog.tables import insert, replace
from medallion.engines.sql import identifier, read_parquet

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from medallion.catalog.rows import Row
    from medallion.names import TableName

__all__ = ["index_column_lineage", "index_runs", "index_views", "stamp"]


def stamp(path: Path) -> str:
    """What changes when the file does; ``-`` where there is none."""
    try:
        stat = path.stat()
    except OSError:
        return "-"
    return f"{stat.st_ino}:{stat.st_size}:{stat.st_mtime_ns}"


def index_column_lineage(
    con: DuckDBPyConnection,
    scratch: Path,
    models: Mapping[TableName, str],
    edges: Callable[[Collection[TableName]], Iterable[Sequence[str]]],
) -> None:
    """The edges of today's ``models``; asked for those alone that follow from something else than what is there."""
    known = dict(con.execute("SELECT dataset, key FROM _medallion.models").fetchall())
    changed = [name for name, key in models.items() if known.get(str(name)) != key]
    stale = sorted({*map(str, changed), *known.keys()} - {str(n) for n in models if n not in set(changed)})
    if not stale:
        return
    for table in ("column_lineage", "_medallion.models"):
        con.execute(f"DELETE FROM {table} WHERE dataset IN (SELECT unnest(?::VARCHAR[]))", [stale])
    insert(con, scratch, "column_lineage", (rows.row("column_lineage", *edge) for edge in edges(changed)))
    insert(con, scratch, "_medallion.models", (rows.row("_medallion.models", str(n), models[n]) for n in changed))


def index_runs(con: DuckDBPyConnection, scratch: Path, file: Path) -> None:
    """Runs, their steps and the results of checks, from the log of this machine."""
    listed = list(_read_runs(file))
    replace(con, scratch, "runs", (run for run, _, _ in listed))
    replace(con, scratch, "run_steps", (step for _, steps, _ in listed for step in steps))
    replace(con, scratch, "check_results", (check for _, _, checks in listed for check in checks))


def _read_runs(file: Path) -> Iterator[tuple[Row, list[Row], list[Row]]]:
    """Runs, their steps and the checks that ran in them.

    A line that is no run, as one that was cut short by a crash, is passed over.
    """
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return
    for line in lines:
        with suppress(ValueError, TypeError, KeyError, AttributeError):
            run: dict[str, Any] = json.loads(line)
            started = datetime.fromisoformat(run["started_at"])
            moment = rows.moment(started if started.tzinfo else started.replace(tzinfo=UTC))
            steps = [
                rows.row("run_steps", run["id"], number, *(step.get(key) for key in list(TABLES["run_steps"])[2:]))
                for number, step in enumerate(run.get("steps", ()))
            ]
            checks = [
                rows.row("check_results", run["id"], *(check.get(key) for key in list(TABLES["check_results"])[1:]))
                for holder in (run, *run.get("steps", ()))
                for check in holder.get("checks", ())
            ]
            yield rows.row("runs", run["id"], moment, run.get("seconds"), run.get("command")), steps, checks


def index_views(con: DuckDBPyConnection, scratch: Path, views: Mapping[TableName, Sequence[Path]]) -> None:
    """One view a dataset, in a schema a layer. What cannot be read, as a pointer that is not fetched, has no view.

    A view holds the columns that its files had when it was made, and making it reads them: so those of the same files
    as before stay.
    """
    import duckdb

    wanted = {str(dataset): _files(paths) for dataset, paths in views.items() if paths}
    made = dict(con.execute("FROM _medallion.views").fetchall())
    listed = con.execute("SELECT schema_name, view_name FROM duckdb_views() WHERE NOT internal").fetchall()
    there = {f"{schema}.{view}": f"{identifier(schema)}.{identifier(view)}" for schema, view in listed}
    kept = {dataset for dataset in there if dataset in wanted and made.get(dataset) == wanted[dataset]}
    for view in there.keys() - kept:
        con.execute(f"DROP VIEW {there[view]}")
    layers = {dataset.layer for dataset in views}
    for (schema,) in con.execute("SELECT schema_name FROM duckdb_schemas() WHERE NOT internal").fetchall():
        if schema not in layers | {"main", "_medallion"}:
            con.execute(f"DROP SCHEMA IF EXISTS {identifier(schema)}")
    for layer in sorted(layers):
        con.execute(f"CREATE SCHEMA IF NOT EXISTS {identifier(layer)}")
    for dataset, paths in views.items():
        if not paths or str(dataset) in kept:
            continue
        with suppress(duckdb.Error):
            con.execute(f"CREATE VIEW {dataset.sql} AS SELECT * FROM {read_parquet(map(str, paths))}")
    changed = [(dataset, files) for dataset, files in wanted.items() if dataset not in kept]
    gone = [*(made.keys() - kept)]
    con.execute("DELETE FROM _medallion.views WHERE dataset IN (SELECT unnest(?::VARCHAR[]))", [gone])
    insert(con, scratch, "_medallion.views", (rows.row("_medallion.views", *pair) for pair in changed))


def _files(paths: Sequence[Path]) -> str:
    return "\n".join(f"{path} {stamp(path)}" for path in paths)
