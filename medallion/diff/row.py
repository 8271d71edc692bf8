"""One row of a dataset, looked up by its key in the files of a version, and compared with itself in another."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from medallion.diff.renames import renamed_values, telling
from medallion.diff.value import Cell, Key, KeyOrigin
from medallion.engines.rows.cells import Comparison, can_cast
from medallion.engines.rows.columns import match_columns
from medallion.engines.rows.pair import read_table
from medallion.engines.sandbox import connect
from medallion.engines.sql import identifier, literal, read_parquet
from medallion.errors import MedallionError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from medallion.config import Config

__all__ = ["Row", "RowReader", "Value"]

Value = str | None
"""A value as a person writes it; None for NULL."""

_INTEGERS = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?")
_WHOLE = re.compile(r"[+-]?\d+")
_COMPARED = 200_000


@dataclass(frozen=True, slots=True)
class Row:
    """A row that was found: kept in ``table`` under the names and DuckDB types of its version's columns."""

    table: str
    columns: Mapping[str, str]


class RowReader:
    """Looks rows up in Parquet files, in a DuckDB that reads below ``folders`` only. It is a context manager."""

    def __init__(self, config: Config, folders: Sequence[Path]) -> None:
        self._connection, _ = connect(
            config,
            threads=config.threads or 2,
            memory_limit=config.memory_limit,
            folders=folders,
            spill=config.state / "tmp",
            cursors=0,
        )
        self._tables = 0

    def __enter__(self) -> RowReader:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def types(self, files: Sequence[Path]) -> dict[str, str]:
        """Names and types of the columns."""
        return {row[0]: row[1] for row in self._ask(f"DESCRIBE FROM {read_parquet(map(str, files))}")}

    def fault(self, value: Value, kind: str) -> str:
        """Why a value cannot be one of this type; empty where it can. Rounded or cut off it would be another value."""
        if value is None or kind == "VARCHAR":
            return ""
        plain = literal(value)
        found = self._ask(f"SELECT CAST(TRY_CAST({plain} AS {kind}) AS VARCHAR)")[0][0]
        if found is None or not self._is_exact(value.strip(), found, kind):
            return f'"{value}" is no {kind}'
        return ""

    def _is_exact(self, value: str, found: str, kind: str) -> bool:
        if _INTEGERS.fullmatch(kind):
            return _WHOLE.fullmatch(value) is not None
        if kind.startswith("DECIMAL"):
            try:
                return Decimal(value) == Decimal(found)
            except InvalidOperation:
                return False
        if kind == "DATE":
            moment = f"TRY_CAST({literal(value)} AS TIMESTAMP) IS NOT DISTINCT FROM CAST({literal(found)} AS TIMESTAMP)"
            return bool(self._ask(f"SELECT {moment}")[0][0])
        return True

    def find(self, files: Sequence[Path], key: Mapping[str, Value]) -> Row | int:
        """The one row in ``files`` whose columns have these values, or how many there are: 0, or several.

        A value that cannot be one of a column's type is in no row.
        """
        types = self.types(files)
        if any(self.fault(value, types[name]) for name, value in key.items()):
            return 0
        source = f"{read_parquet(map(str, files))} WHERE {_condition(key, types)}"
        table = f"row_{self._tables}"
        self._tables += 1
        self._ask(f"CREATE TABLE {table} AS SELECT * FROM {source} LIMIT 2")
        count = int(self._ask(f"SELECT count(*) FROM {table}")[0][0])
        if count < 2:
            return Row(table, types) if count else 0
        return int(self._ask(f"SELECT count(*) FROM {source}")[0][0])

    def near(self, files: Sequence[Path], column: str, value: str) -> list[str]:
        """The values of a column that are next to one that it does not have."""
        kind = self.types(files)[column]
        source, name = read_parquet(map(str, files)), identifier(column)
        if kind == "VARCHAR":
            return self._alike(source, name, value)
        wanted = f"CAST({literal(value)} AS {kind})"
        found = self._ask(
            f"SELECT CAST(max({name}) FILTER ({name} < {wanted}) AS VARCHAR), "
            f"CAST(min({name}) FILTER ({name} > {wanted}) AS VARCHAR) FROM {source}"
        )[0]
        return [near for near in found if near is not None]

    def _alike(self, source: str, name: str, value: str) -> list[str]:
        most = max(1, len(value) // 3)
        distance = f"levenshtein(lower({name}), {literal(value.lower())})"
        found = self._ask(
            f"SELECT DISTINCT {name}, {distance} AS d FROM (SELECT {name} FROM {source} LIMIT {_COMPARED}) "
            f"WHERE length({name}) <= {2 * len(value)} AND {distance} <= {most} ORDER BY d, 1 LIMIT 3"
        )
        return [near for near, _ in found]

    def cells(self, row: Row, private: Collection[str], *, added: bool) -> tuple[Cell, ...]:
        """All cells of a row that was ``added``, or removed. Of columns in ``private`` (in lower case) no value."""
        texts = self._texts(row)
        return tuple(
            _cell(name, None if added else text, text if added else None, private) for name, text in texts.items()
        )

    def compare(self, old: Row, new: Row, names: Mapping[str, str], private: Collection[str]) -> tuple[Cell, ...]:
        """The cells that differ, NULL being equal to NULL, NaN to NaN, and -0.0 to 0.0.

        ``names`` are the columns of ``new`` that ``old`` has, with their names there. A column that only one of them
        has differs where its value is not NULL. Where the type changed, a value is the same if it is so in both types.
        """
        before, after = self._texts(old), self._texts(new)
        same = self._unchanged(old, new, names)
        cells = []
        for name, text in after.items():
            if name not in names:
                if text is not None:
                    cells.append(_cell(name, None, text, private))
            elif name not in same:
                cells.append(_cell(name, before[names[name]], text, private, also=names[name]))
        gone = [name for name, text in before.items() if name not in names.values() and text is not None]
        return (*cells, *(_cell(name, before[name], None, private) for name in gone))

    def _unchanged(self, old: Row, new: Row, names: Mapping[str, str]) -> set[str]:
        """The columns of ``new`` that hold what they held in ``old``."""
        tests = []
        for name, before in names.items():
            old_type, new_type = old.columns[before], new.columns[name]
            castable = old_type == new_type or can_cast(self._connection, old_type, new_type)
            differs = Comparison(old_type, new_type, castable).differs(
                f"o.{identifier(before)}", f"n.{identifier(name)}"
            )
            tests.append(differs)
        found = self._ask(f"SELECT {', '.join(tests)} FROM {old.table} o, {new.table} n")[0] if tests else ()
        return {name for name, differs in zip(names, found, strict=True) if not differs}

    def renamed(
        self, old: Sequence[Path], new: Sequence[Path], names: Mapping[str, str], key: Sequence[str]
    ) -> dict[str, str]:
        """Columns of ``new`` that ``old`` calls otherwise, besides ``names``: found by their values, as by diff."""
        base, head = (read_table(self._connection, [str(file) for file in files]) for files in (old, new))
        matching = match_columns(base.types, head.types, dict(names))
        by = Key(tuple(key), KeyOrigin.DECLARED, "", tuple(names[column] for column in key))
        return renamed_values(self._connection, matching, by, base, head)

    def telling(self, files: Sequence[Path], names: Collection[str]) -> frozenset[str]:
        """Those of the columns that hold two values, so that it tells something where another column has the same."""
        return telling(self._connection, read_table(self._connection, [str(file) for file in files]), names)

    def _texts(self, row: Row) -> dict[str, Value]:
        values = ", ".join(f"CAST({identifier(name)} AS VARCHAR)" for name in row.columns)
        return dict(zip(row.columns, self._ask(f"SELECT {values} FROM {row.table}")[0], strict=True))

    def _ask(self, sql: str) -> list[Any]:
        return self._connection.execute(sql).fetchall()


def _condition(key: Mapping[str, Value], types: Mapping[str, str]) -> str:
    """A test that DuckDB can hold against the bounds of a row group: a column beside a constant of its own type."""
    return " AND ".join(
        f"{identifier(name)} IS NULL"
        if value is None
        else f"{identifier(name)} = CAST({literal(value)} AS {types[name]})"
        for name, value in key.items()
    )


def _cell(name: str, base: Value, head: Value, private: Collection[str], also: str = "") -> Cell:
    if name.lower() in private or also.lower() in private:
        return Cell(name, private=True)
    return Cell(name, base, head)


def read_error(error: Exception) -> str:
    """What keeps a version from being read, in a line."""
    from medallion.engines.faults import hide_values, read_fault

    if isinstance(error, MedallionError):
        where = f"{error.location}: " if error.location else ""
        return f"{where}{error.message}"
    return hide_values(read_fault(error)).message.splitlines()[0]
