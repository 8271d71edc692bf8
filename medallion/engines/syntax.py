"""DuckDB's own reading of a statement, as a tree."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

from medallion.engines.faults import Fault

if TYPE_CHECKING:
    import duckdb

__all__ = ["Parser"]


class Parser:
    """Parses statements without running or binding anything. It may be used from several threads."""

    def __init__(self) -> None:
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._lock = threading.Lock()

    def tree(self, sql: str) -> list[dict[str, Any]] | Fault | None:
        """The statement as ``json_serialize_sql`` gives it, without defaults; the fault where it is no SQL.

        None where DuckDB has no such form of it.
        """
        with self._lock:
            row = self._connect().execute(_SERIALIZE, [sql]).fetchall()[0]
        try:
            document = json.loads(row[0])
        except RecursionError:  # Python's parser takes no tree as deep as DuckDB's.
            return None
        if not document["error"]:
            statements: list[dict[str, Any]] = document["statements"]
            return statements
        if document.get("error_type") != "parser":
            return None
        offset, length = json.loads(document.get("location") or "[-1, 1]")
        return Fault("Parser", document["error_message"], offset, max(1, length), document.get("error_subtype", ""))

    def _connect(self) -> duckdb.DuckDBPyConnection:
        if self._connection is None:
            import duckdb

            self._connection = duckdb.connect(":memory:", config={"threads": 1, "enable_external_access": False})
        return self._connection


_SERIALIZE = "SELECT json_serialize_sql(?::VARCHAR, skip_null := true, skip_empty := true, skip_default := true)"
