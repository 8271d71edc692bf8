"""SQL over the layers, at any version."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from medallion.engines.duckdb import connect
from medallion.engines.faults import explain, read_fault
from medallion.engines.sql import identifier, read_parquet
from medallion.errors import MedallionError, QueryError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    import duckdb
    import pandas
    import polars
    import pyarrow

    from medallion.config import Config
    from medallion.models.model import Macro
    from medallion.names import TableName
    from medallion.splice import Spliced

__all__ = ["Binding", "Result", "run_query"]


@dataclass(frozen=True, slots=True)
class Binding:
    """What a name in the query stands for: real Parquet files, in the catalog that was spliced in ("" for none)."""

    name: TableName
    catalog: str
    files: tuple[Path, ...]
    columns: tuple[str, ...]


class Result:
    """The answer to a query. Each way of taking it runs the statement anew if it was taken before.

    Keep the result, or what you took from it, but not both longer than needed: it holds a DuckDB instance.
    """

    def __init__(self, execute: Callable[[], duckdb.DuckDBPyConnection], versions: Mapping[str, str]) -> None:
        self._execute = execute
        self._cursor: duckdb.DuckDBPyConnection | None = execute()
        description = self._cursor.description or []
        self.columns: tuple[str, ...] = tuple(column[0] for column in description)
        self.types: tuple[str, ...] = tuple(str(column[1]) for column in description)
        #: What each table was read at, by its name as the query writes it: a full hash, or "work tree".
        self.versions: Mapping[str, str] = versions

    def rows(self) -> list[tuple[Any, ...]]:
        """All rows as tuples of Python values."""
        return list(self._take().fetchall())

    def batches(self, size: int = 10_000) -> Iterable[list[tuple[Any, ...]]]:
        """The rows in lists of at most ``size``, without holding all of them."""
        cursor = self._take()
        while rows := cursor.fetchmany(size):
            yield rows

    def arrow(self) -> pyarrow.Table:
        """All rows as an Arrow table."""
        return self._take().to_arrow_table()

    def pandas(self) -> pandas.DataFrame:
        """All rows as a pandas data frame; ``MedallionError`` where pandas is not installed."""
        try:
            import pandas  # noqa: F401
        except ImportError as error:
            raise MedallionError("pandas is not installed", hint="pip install 'medallion[pandas]'") from error
        return self._take().df()

    def polars(self) -> polars.DataFrame:
        """All rows as a polars data frame; ``MedallionError`` where polars is not installed."""
        try:
            import polars
        except ImportError as error:
            raise MedallionError("polars is not installed", hint="pip install 'medallion[polars]'") from error
        frame = polars.from_arrow(self.arrow())
        return frame if isinstance(frame, polars.DataFrame) else frame.to_frame()

    def __iter__(self) -> Iterable[tuple[Any, ...]]:  # type: ignore[misc]
        for rows in self.batches():
            yield from rows

    def _take(self) -> duckdb.DuckDBPyConnection:
        cursor, self._cursor = self._cursor or self._execute(), None
        return cursor


def run_query(
    config: Config,
    spliced: Spliced,
    bindings: Sequence[Binding],
    macros: Sequence[Macro],
    folders: Sequence[Path],
    versions: Mapping[str, str],
) -> Result:
    """Run one statement over views of exactly these files, in a locked instance; ``QueryError`` where it cannot run.

    ``folders`` are those that the files lie in.
    """
    connection, cursors = connect(
        config, threads=config.threads or os.cpu_count() or 1, memory_limit=config.memory_limit, folders=folders
    )
    cursor = cursors.get()
    for catalog in sorted({b.catalog for b in bindings if b.catalog}):
        cursor.execute(f"ATTACH ':memory:' AS {catalog}")
    for binding in bindings:
        prefix = f"{binding.catalog}." if binding.catalog else ""
        cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {prefix}{identifier(binding.name.layer)}")
        cursor.execute(f"CREATE VIEW {prefix}{binding.name.sql} AS FROM {read_parquet(map(str, binding.files))}")
    _create_macros(cursor, macros)
    statement = _only_select(connection, spliced)
    schemas = {binding.name: binding.columns for binding in bindings}

    def execute() -> duckdb.DuckDBPyConnection:
        import duckdb

        try:
            # A cursor is a connection of its own and would not see this one's variables.
            return cursor.execute(statement)
        except duckdb.Error as error:
            message, place, hint = explain(read_fault(error), statement, spliced.locate, schemas)
            raise QueryError(message, location=place, hint=hint) from error

    result = Result(execute, versions)
    result._connection = connection  # type: ignore[attr-defined]  # The instance lives as long as the result.
    return result


def _only_select(connection: duckdb.DuckDBPyConnection, spliced: Spliced) -> str:
    import duckdb

    try:
        statements = connection.extract_statements(spliced.sql)
    except duckdb.Error as error:
        message, place, hint = explain(read_fault(error), spliced.sql, spliced.locate, {})
        raise QueryError(message, location=place, hint=hint) from error
    allowed = (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN)
    if len(statements) != 1 or statements[0].type not in allowed:
        raise QueryError(
            "a query reads; this is another kind of statement",
            location=spliced.locate(0, len(spliced.sql.split(maxsplit=1)[0])),
            hint="layers change by their models only: edit sql/ and `medallion run`",
        )
    return spliced.sql


def _create_macros(cursor: duckdb.DuckDBPyConnection, macros: Sequence[Macro]) -> None:
    """All macros that can be created; one that cannot matters only to a query that calls it, which then says so."""
    import duckdb

    left = list(macros)
    while left:
        failed = []
        for macro in left:
            try:
                cursor.execute(macro.sql)
            except duckdb.Error:
                failed.append(macro)
        if len(failed) == len(left):
            return
        left = failed
