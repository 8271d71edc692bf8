"""Queries over datasets, for checks: bound as models are, with errors at their place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from medallion.engines.faults import read_fault
from medallion.engines.model_run import ModelRun
from medallion.engines.sql import literal
from medallion.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import duckdb

    from medallion.models.model import Model

__all__ = ["DatasetReader"]


class DatasetReader:
    """A cursor in whose instance the datasets are views."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection, bind: Callable[[Model], list[tuple[str, str]]]) -> None:
        self._cursor = cursor
        self._bind = bind

    def bind(self, probe: Model) -> list[tuple[str, str]]:
        """Names and types of what a query gives."""
        return self._bind(probe)

    def rows(self, sql: str, probe: Model | None = None) -> list[tuple[Any, ...]]:
        """All rows of a query; where it holds that of ``probe``, a mistake is told at its place."""
        import duckdb

        try:
            return list(self._cursor.execute(sql).fetchall())
        except duckdb.InterruptException:
            raise BuildError("interrupted") from None
        except duckdb.Error as error:
            if probe is None:
                raise BuildError(read_fault(error).message.splitlines()[0]) from error
            shift = max(sql.find(probe.sql), 0)
            raise ModelRun(probe, (), {}).explained(error, sql, shift) from error

    def write(self, sql: str, target: Path) -> None:
        """Write the rows of a query to a Parquet file."""
        self.rows(f"COPY (\n{sql}\n) TO {literal(str(target))} (FORMAT parquet, COMPRESSION zstd)")
