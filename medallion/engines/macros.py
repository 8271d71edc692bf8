"""The project's macros in a DuckDB."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from medallion.engines.faults import explain, read_fault
from medallion.errors import Location, MedallionError, ModelError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

    from medallion.models.model import Macro

__all__ = ["callees_first", "create_macro"]


_OWN_FUNCTIONS: set[str] = set()


def _own_functions(cursor: duckdb.DuckDBPyConnection) -> set[str]:
    """DuckDB's own functions, asked for once: the answer is long, and the same in every instance."""
    if not _OWN_FUNCTIONS:
        found = cursor.execute("SELECT DISTINCT lower(function_name) FROM duckdb_functions() WHERE internal").fetchall()
        _OWN_FUNCTIONS.update(name for (name,) in found)
    return _OWN_FUNCTIONS


def create_macro(cursor: duckdb.DuckDBPyConnection, macro: Macro) -> MedallionError | None:
    """Create a macro, or say at its place in the file why DuckDB refuses it."""
    import duckdb

    if macro.name in _own_functions(cursor):
        return ModelError(
            f"macro {macro.name} hides a function of DuckDB, which operators and other models call as well",
            location=Location.at(macro.path, macro.text, macro.offset, len("CREATE")),
            hint="give it another name",
        )
    statement = re.sub(r"^\s*CREATE\s+(OR\s+REPLACE\s+)?", "CREATE OR REPLACE ", macro.sql, flags=re.IGNORECASE)
    shift = len(macro.sql) - len(statement)
    try:
        cursor.execute(statement)
    except duckdb.Error as error:
        message, place, hint = explain(
            read_fault(error),
            statement,
            lambda o, n, note: Location.at(macro.path, macro.text, macro.offset + o + shift, n, note),
            {},
        )
        place = place or Location.at(macro.path, macro.text, macro.offset, 6)
        return ModelError(f"macro {macro.name}: {message}", location=place, hint=hint)
    return None


def callees_first(macros: Sequence[Macro]) -> tuple[Macro, ...]:
    """Macros in an order in which each comes after those it calls; DuckDB binds a macro when it is created."""
    by_name = {m.name: m for m in macros}
    done: dict[str, Macro] = {}

    def visit(macro: Macro, path: tuple[str, ...]) -> None:
        if macro.name in done or macro.name in path:
            return
        for call in macro.calls:
            if call.name in by_name:
                visit(by_name[call.name], (*path, macro.name))
        done[macro.name] = macro

    for macro in macros:
        visit(macro, ())
    return tuple(done.values())
