"""Queries over datasets, for checks: bound as models are, with errors at their place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from medallion.engines.empty_tables import needs_data
from medallion.engines.faults import hide_values, read_fault
from medallion.engines.model_run import ModelRun
from medallion.engines.sql import literal
from medallion.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import duckdb

    from medallion.models.model import Model
    from medallion.schemas import Schema

__all__ = ["DatasetReader"]


class DatasetReader:
    """A cursor in whose instance the datasets are views; a ``discreet`` one quotes no value in an error."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection, bind: Callable[[Model], Schema], *, discreet: bool) -> None:
        self._cursor = cursor
        self._bind = bind
        self._discreet = discreet

    def bind(self, probe: Model) -> Schema:
        """Names and types of what a query gives."""
        return self._bind(probe)

    def needs_data(self, sql: str) -> bool:
        """Whether values give a query's columns their names."""
        return needs_data(self._cursor, sql)

    def rows(self, sql: str, probe: Model | None = None) -> list[tuple[Any, ...]]:
        """All rows of a query; where it holds that of ``probe``, a mistake is told at its place."""
        import duckdb

        try:
            return list(self._cursor.execute(sql).fetchall())
        except duckdb.InterruptException:
            raise BuildError("interrupted") from None
        except duckdb.Error as error:
            fault = read_fault(error)
            if self._discreet:
                fault = hide_values(fault)
            if probe is None:
                raise BuildError(fault.message.splitlines()[0]) from None
            shift = max(sql.find(probe.sql), 0)
            raise ModelRun(probe, (), {}).explained(fault, sql, shift) from None

    def write(self, sql: str, target: Path) -> None:
        """Write the rows of a query to a Parquet file."""
        self.rows(f"COPY (\n{sql}\n) TO {literal(str(target))} (FORMAT parquet, COMPRESSION zstd)")
