"""SQL over the layers, at any version."""

from __future__ import annotations

import os
import re
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medallion.engines.deadline import Deadline
from medallion.engines.faults import explain, read_fault
from medallion.engines.reads import Allowed, objection
from medallion.engines.sandbox import connect, unreadable
from medallion.engines.sql import identifier, read_parquet
from medallion.errors import MedallionError, QueryError
from medallion.models.tokens import lex

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import duckdb
    import pandas
    import polars
    import pyarrow

    from medallion.config import Config
    from medallion.errors import Location
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


# DuckDB 2.0 hands the first over with the wrong sign and the second as bytes of its own.
_NOT_IN_ARROW = re.compile(r"\b(UHUGEINT|BIGNUM)\b")


def _refuse_long_numbers(table: pyarrow.Table) -> None:
    """DuckDB puts a HUGEINT of 39 digits into a DECIMAL(38, 0), where it does not fit."""
    import pyarrow

    try:
        table.validate(full=True)
    except pyarrow.ArrowInvalid as error:
        raise QueryError(
            "a HUGEINT of more than 38 digits has no like in Arrow", hint="cast the column to VARCHAR"
        ) from error


class Result:
    """The answer to a query. Each way of taking it runs the statement; DuckDB gives the same answer each time.

    It holds a DuckDB instance until it is garbage. Errors while it is taken are ``QueryError``, with the place.
    """

    def __init__(self, statement: _Statement, versions: Mapping[str, str]) -> None:
        self._statement = statement
        described = statement.describe()
        self.columns: tuple[str, ...] = tuple(name for name, _ in described)
        self.types: tuple[str, ...] = tuple(kind for _, kind in described)
        #: What each table was read at, by its name as the query writes it: a full hash, or "work tree".
        self.versions: Mapping[str, str] = versions

    def rows(self) -> list[tuple[Any, ...]]:
        """All rows as tuples of Python values."""
        return [row for batch in self.batches() for row in batch]

    def batches(self, size: int = 10_000) -> Iterator[list[tuple[Any, ...]]]:
        """The rows in lists of at most ``size``, without holding all of them."""
        deadline = self._statement.deadline()
        with self._statement.explained(deadline=deadline):
            cursor = deadline.run(self._statement.execute)
            while rows := deadline.run(lambda: cursor.fetchmany(size)):
                yield rows

    def arrow(self) -> pyarrow.Table:
        """All rows as an Arrow table, HUGEINT as DECIMAL(38, 0); ``QueryError`` where Arrow would change a value."""
        for name, kind in zip(self.columns, self.types, strict=True):
            if unfit := _NOT_IN_ARROW.search(kind):
                raise QueryError(
                    f'column "{name}" is {kind}, and {unfit[0]} has no like in Arrow',
                    hint="cast it to DECIMAL(38, 0) or VARCHAR",
                )
        deadline = self._statement.deadline()
        with self._statement.explained(deadline=deadline):
            table = deadline.run(lambda: self._statement.relation().to_arrow_table())
        if any("HUGEINT" in kind for kind in self.types):
            _refuse_long_numbers(table)
        return table

    def pandas(self) -> pandas.DataFrame:
        """All rows as a pandas data frame; ``MedallionError`` where pandas is not installed.

        Integers have pandas' own nullable types; DECIMAL, lists, structs and maps stay Arrow's (``pandas.ArrowDtype``).
        Any other conversion makes floats of integers with NULLs, of DECIMAL and of HUGEINT. ``QueryError`` names a
        column that pandas has no like for.
        """
        try:
            import pandas
        except ImportError as error:
            raise MedallionError("pandas is not installed", hint="pip install 'medallion[pandas]'") from error
        import pyarrow

        exact = {
            pyarrow.int8(): pandas.Int8Dtype(),
            pyarrow.int16(): pandas.Int16Dtype(),
            pyarrow.int32(): pandas.Int32Dtype(),
            pyarrow.int64(): pandas.Int64Dtype(),
            pyarrow.uint8(): pandas.UInt8Dtype(),
            pyarrow.uint16(): pandas.UInt16Dtype(),
            pyarrow.uint32(): pandas.UInt32Dtype(),
            pyarrow.uint64(): pandas.UInt64Dtype(),
        }

        def kept(kind: pyarrow.DataType) -> object:
            is_arrows = pyarrow.types.is_decimal(kind) or pyarrow.types.is_nested(kind)
            return pandas.ArrowDtype(kind) if is_arrows else exact.get(kind)

        table = self.arrow()
        for field in table.schema:
            if "union" in str(field.type):
                raise QueryError(
                    f'column "{field.name}" is a UNION, and pandas has no like of it', hint="cast it to VARCHAR"
                )
        frame: pandas.DataFrame = table.to_pandas(types_mapper=kept, date_as_object=False)
        return frame

    def polars(self) -> polars.DataFrame:
        """All rows as a polars data frame; ``MedallionError`` where polars is not installed."""
        try:
            import polars
        except ImportError as error:
            raise MedallionError("polars is not installed", hint="pip install 'medallion[polars]'") from error
        frame = polars.from_arrow(self.arrow())
        return frame if isinstance(frame, polars.DataFrame) else frame.to_frame()

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        for rows in self.batches():
            yield from rows


@dataclass(frozen=True)
class _Statement:
    """A statement that is ready to run, on a connection of its own."""

    connection: duckdb.DuckDBPyConnection
    cursor: duckdb.DuckDBPyConnection
    spliced: Spliced
    schemas: Mapping[TableName, Sequence[str]]
    timeout: float = 0.0

    def deadline(self) -> Deadline:
        """The time that the statement has, once."""
        return Deadline(self.cursor, self.timeout)

    def describe(self) -> list[tuple[str, str]]:
        """Names and types of the columns."""
        inner = _explained(self.spliced.sql)
        shift = len("DESCRIBE ") - (self.spliced.sql.rindex(inner) if inner else 0)
        deadline = self.deadline()
        with self.explained(shift, deadline):
            found = deadline.run(lambda: self.cursor.execute(f"DESCRIBE {inner or self.spliced.sql}").fetchall())
        if inner:
            return [("explain_key", "VARCHAR"), ("explain_value", "VARCHAR")]
        return [(row[0], row[1]) for row in found]

    def execute(self) -> duckdb.DuckDBPyConnection:
        """Run it; rows are fetched from what this returns."""
        return self.cursor.execute(self.spliced.sql)

    def relation(self) -> duckdb.DuckDBPyRelation:
        """Run it as a relation, which hands whole columns over without a copy."""
        return self.cursor.sql(self.spliced.sql)

    @contextmanager
    def explained(self, shift: int = 0, deadline: Deadline | None = None) -> Iterator[None]:
        """Turn DuckDB's errors into ours; its places are ``shift`` characters late."""
        import duckdb

        def locate(offset: int, length: int, note: str) -> Location:
            return self.spliced.locate(max(0, offset - shift), length, note)

        try:
            yield
        except duckdb.InterruptException as error:
            if deadline is None or not deadline.passed:
                raise KeyboardInterrupt from error
            raise QueryError(
                f"the query was stopped: it had computed for {deadline.seconds:g} seconds",
                hint="--timeout SECONDS or timeout in [query] of medallion.toml gives it longer; 0 means no end",
            ) from error
        except duckdb.Error as error:
            if "WITH clause containing a" in str(error):  # DuckDB takes COPY, INSERT and others there.
                raise _writes(self.spliced) from error
            statement = " " * shift + self.spliced.sql if shift >= 0 else self.spliced.sql[-shift:]
            message, place, hint = explain(read_fault(error), statement, locate, self.schemas)
            raise QueryError(message, location=place, hint=hint) from error


def run_query(
    config: Config,
    spliced: Spliced,
    bindings: Sequence[Binding],
    macros: Sequence[Macro],
    versions: Mapping[str, str],
    *,
    timeout: float | None = None,
) -> Result:
    """Run one statement over views of exactly these files, in a locked instance; ``QueryError`` where it cannot run.

    The instance can open these files and no other. ``timeout`` is how many seconds the statement may compute each time
    that it is run, 0 for no end, None for what the configuration says.
    """
    import duckdb

    connection, cursors = connect(
        config,
        threads=config.threads or os.cpu_count() or 1,
        memory_limit=config.memory_limit,
        folders=[],
        files=[file for binding in bindings for file in binding.files],
        spill=Path(tempfile.gettempdir()),
    )
    cursor = cursors.get()
    for catalog in sorted({b.catalog for b in bindings if b.catalog}):
        cursor.execute(f"ATTACH ':memory:' AS {catalog}")
    for binding in bindings:
        prefix = f"{binding.catalog}." if binding.catalog else ""
        files = [str(file) for file in binding.files]
        try:
            cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {prefix}{identifier(binding.name.layer)}")
            cursor.execute(f"CREATE VIEW {prefix}{binding.name.sql} AS FROM {read_parquet(files)}")
        except duckdb.Error as error:
            raise unreadable(binding.name, files, error) from error
    _create_macros(cursor, macros)
    _refuse_all_but_select(connection, spliced)
    _refuse_other_reads(connection, spliced, bindings, macros)
    schemas = {binding.name: binding.columns for binding in bindings}
    limit = config.query_timeout if timeout is None else timeout
    return Result(_Statement(connection, cursor, spliced, schemas, limit), versions)


# What tells about the query's own tables and about DuckDB, and nothing about the machine.
_FUNCTIONS = frozenset(
    {
        "duckdb_columns",
        "duckdb_functions",
        "duckdb_keywords",
        "duckdb_tables",
        "duckdb_types",
        "pragma_version",
    }
)
_SYSTEM = frozenset(
    {"duckdb_columns", "duckdb_tables", "duckdb_types", "information_schema.columns", "information_schema.tables"}
)


def _refuse_other_reads(
    connection: duckdb.DuckDBPyConnection, spliced: Spliced, bindings: Sequence[Binding], macros: Sequence[Macro]
) -> None:
    """A query reads datasets: no file, nothing about the machine, and no SQL in a text.

    Macros need no second look: what they read is looked at when they are read, and no file is open to them.
    """
    inner = _explained(spliced.sql)
    allowed = Allowed(
        tables={f"{b.catalog}.{b.name}".replace('"', "").lstrip(".") for b in bindings},
        functions={*_FUNCTIONS, *(macro.name for macro in macros)},
        system=_SYSTEM,
    )
    found = objection(connection, inner or spliced.sql, allowed)
    if found is None:
        return
    if found.word and found.offset < 0:
        at = re.search(rf"(?<!\w){re.escape(found.word)}(?!\w)", spliced.sql, re.IGNORECASE)
        offset = at.start() if at else -1
    else:
        head = len(spliced.sql) - len(inner) if inner else 0
        offset = head + len((inner or spliced.sql).encode()[: found.offset].decode(errors="ignore"))
    place = spliced.locate(offset, max(1, len(found.word))) if offset >= 0 else None
    raise QueryError(found.message, location=place, hint=_HINT)


_HINT = "a query reads datasets, as layer.name; `medallion add` makes one of a file"


def _refuse_all_but_select(connection: duckdb.DuckDBPyConnection, spliced: Spliced) -> None:
    """Refuse what is no reading statement; a WITH that writes is refused by DuckDB when the statement is described.

    A PIVOT without IN is several statements to DuckDB: the first collects the values, and would run a COPY in its WITH.
    """
    import duckdb

    try:
        connection.extract_statements(spliced.sql)
    except duckdb.Error as error:
        message, place, hint = explain(read_fault(error), spliced.sql, spliced.locate, {})
        raise QueryError(message, location=place, hint=hint) from error
    kinds = (duckdb.StatementType.SELECT, duckdb.StatementType.MULTI)
    inner = _explained(spliced.sql) or spliced.sql
    try:
        # In brackets only what reads can be parsed, however it begins.
        texts = (inner, f"FROM ({inner}\n)")
        found = {statement.type for text in texts for statement in connection.extract_statements(text)}
    except duckdb.Error:
        found = set()
    if not found or found - set(kinds):
        raise _writes(spliced)
    if duckdb.StatementType.MULTI in found and (copy := _COPY.search(spliced.sql)):
        raise QueryError(
            "a PIVOT without IN cannot stand in one query with the word COPY",
            location=spliced.locate(copy.start(), 4),
            hint="list the values, as in PIVOT silver.orders ON status IN ('paid', 'open'), or rename that",
        )


# In the text and not in its tokens: what the two readings of a text may differ in must not matter here.
_COPY = re.compile(r"\bcopy\b", re.IGNORECASE)


def _writes(spliced: Spliced) -> QueryError:
    return QueryError(
        "a query reads; this is another kind of statement",
        location=spliced.locate(0, len(spliced.sql.split(maxsplit=1)[0])),
        hint="layers change by their models only: edit sql/ and `medallion run`",
    )


def _explained(sql: str) -> str:
    """The statement behind EXPLAIN, ANALYZE and options in brackets; empty where there is no EXPLAIN."""
    tokens = lex(sql, "query").tokens
    if not tokens or not tokens[0].is_word("EXPLAIN"):
        return ""
    i = 1
    if [t.raw for t in tokens[i : i + 1]] == ["("] and tokens[i + 1].raw.upper() in ("ANALYZE", "FORMAT", "VERBOSE"):
        i = next((n for n, token in enumerate(tokens) if token.raw == ")"), len(tokens)) + 1
    while i < len(tokens) and tokens[i].raw.upper() in ("ANALYZE", "ANALYSE", "VERBOSE"):
        i += 1
    return sql[tokens[i].start :] if i < len(tokens) else ""


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
