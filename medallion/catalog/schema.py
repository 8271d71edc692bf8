"""The tables of the catalog. Times are in UTC, without a zone: a client then shows the same time everywhere."""

from __future__ import annotations

__all__ = ["FORMAT", "HISTORY", "NOTHING_INSTALLED", "TABLES", "create"]

#: How the file is opened: what it holds has DuckDB fetch nothing.
NOTHING_INSTALLED: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}

FORMAT = 4
"""Of tables and of what is in them: a catalog of another format is built anew."""

TABLES: dict[str, dict[str, str]] = {
    "versions": {
        "commit": "VARCHAR",
        "parent_version": "VARCHAR",
        "committed_at": "TIMESTAMP",
        "author": "VARCHAR",
        "subject": "VARCHAR",
        "dataset": "VARCHAR",
        "content_id": "VARCHAR",
        "rows": "BIGINT",
        "bytes": "BIGINT",
        "schema": "STRUCT(name VARCHAR, type VARCHAR)[]",
        "record_oid": "VARCHAR",
    },
    "lineage": {
        "commit": "VARCHAR",
        "committed_at": "TIMESTAMP",
        "author": "VARCHAR",
        "dataset": "VARCHAR",
        "content_id": "VARCHAR",
        "rows": "BIGINT",
        "input": "VARCHAR",
        "input_kind": "VARCHAR",
        "input_content_id": "VARCHAR",
        "input_commit": "VARCHAR",
        "model_path": "VARCHAR",
        "model_oid": "VARCHAR",
        "fingerprint": "VARCHAR",
        "engine": "VARCHAR",
    },
    "unreadable": {"commit": "VARCHAR", "dataset": "VARCHAR", "record_oid": "VARCHAR", "error": "VARCHAR"},
    "column_lineage": {
        "dataset": "VARCHAR",
        "column": "VARCHAR",
        "input": "VARCHAR",
        "input_column": "VARCHAR",
        "kind": "VARCHAR",
    },
    "runs": {"id": "VARCHAR", "started_at": "TIMESTAMP", "seconds": "DOUBLE", "command": "VARCHAR"},
    "run_steps": {
        "run": "VARCHAR",
        "step": "INTEGER",
        "dataset": "VARCHAR",
        "action": "VARCHAR",
        "reason": "VARCHAR",
        "seconds": "DOUBLE",
        "rows": "BIGINT",
        "bytes": "BIGINT",
        "peak_memory": "BIGINT",
        "error": "VARCHAR",
    },
    "check_results": {
        "run": "VARCHAR",
        "dataset": "VARCHAR",
        "check": "VARCHAR",
        "kind": "VARCHAR",
        "severity": "VARCHAR",
        "status": "VARCHAR",
        "failures": "BIGINT",
        "rows": "BIGINT",
        "failed_rows": "VARCHAR",
        "location": "VARCHAR",
        "version": "VARCHAR",
        "seconds": "DOUBLE",
    },
    # What the next update needs to go on from here. No layer can have this name.
    "_medallion.about": {"key": "VARCHAR", "value": "VARCHAR"},
    "_medallion.commits": {"commit": "VARCHAR", "parents": "VARCHAR[]"},
    # What a commit changed against its first parent, and the commit that a merge took it from.
    "_medallion.changes": {
        "commit": "VARCHAR",
        "dataset": "VARCHAR",
        "record_oid": "VARCHAR",
        "version": "VARCHAR",
    },
    # The whole project at each commit without children: from there history grows.
    "_medallion.states": {
        "commit": "VARCHAR",
        "dataset": "VARCHAR",
        "record_oid": "VARCHAR",
        "version": "VARCHAR",
    },
    "_medallion.views": {"dataset": "VARCHAR", "files": "VARCHAR"},
    # What a dataset's column edges were worked out from.
    "_medallion.models": {"dataset": "VARCHAR", "key": "VARCHAR"},
}

HISTORY = ("versions", "lineage", "unreadable", "_medallion.commits", "_medallion.changes", "_medallion.states")
"""The tables whose rows each belong to a ``commit``."""


def create() -> str:
    """The SQL that makes all tables in an empty database."""
    statements = ["CREATE SCHEMA _medallion"]
    for table, columns in TABLES.items():
        listed = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
        statements.append(f"CREATE TABLE {table} ({listed})")
    return ";\n".join(statements)
