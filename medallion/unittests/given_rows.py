"""The rows that a test gives, on their way through DuckDB: as values of a column's types, with nothing lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medallion.engines.faults import read_fault
from medallion.engines.sql import identifier
from medallion.errors import UnitTestError
from medallion.unittests.nested import is_nested, leaves, node_of_json, of_texts
from medallion.unittests.values import as_text, as_written, cast, loss, same_nan

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import duckdb

    from medallion.unittests.compare import Row
    from medallion.unittests.tables import Cell, Table

__all__ = ["GivenRows", "comparable"]

# A statement takes some thousand parameters in its stride; a CSV file may hold more rows than that.
_ROWS_A_STATEMENT = 200


class GivenRows:
    """Reads rows with one cursor of DuckDB, within a transaction where they are kept."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self._cursor = cursor

    def insert(self, table: str, columns: Mapping[str, str], rows: Sequence[Sequence[Cell]]) -> None:
        """Put rows into a table (as SQL names it): a cell for each of ``columns``, which are names and types.

        ``UnitTestError`` at the cell that is no value of its column, or would lose something.
        """
        kinds = list(columns.values())
        names = ", ".join(map(identifier, columns))
        for batch, values, parameters in self._batches(rows, kinds):
            self._read(f"INSERT INTO {table} ({names}) VALUES {values}", parameters, batch, kinds)

    def texts(self, table: Table, kinds: Sequence[str]) -> list[Row]:
        """The values of a table, as values of these types, by their texts."""
        found: list[Row] = []
        if all(as_written(cell, kind) for row in table.rows for cell, kind in zip(row, kinds, strict=True)):
            return [tuple(cell.text for cell in row) for row in table.rows]
        for rows, values, parameters in self._batches(table.rows, kinds):
            listed = ", ".join(as_text(f"c{i}", kind) for i, kind in enumerate(kinds))
            names = ", ".join(f"c{i}" for i in range(len(kinds)))
            statement = f"SELECT {listed} FROM (VALUES {values}) AS rows({names})"
            found += self._read(statement, parameters, rows, kinds)
        return [comparable(row, kinds) for row in found]

    def _batches(
        self, every: Sequence[Sequence[Cell]], kinds: Sequence[str]
    ) -> Iterator[tuple[Sequence[Sequence[Cell]], str, list[str]]]:
        """Rows, with the SQL of their values and its parameters, so many at a time."""
        for start in range(0, len(every), _ROWS_A_STATEMENT):
            rows = every[start : start + _ROWS_A_STATEMENT]
            parameters: list[str] = []
            listed = []
            for row in rows:
                values = []
                for cell, kind in zip(row, kinds, strict=True):
                    self._refuse_loss(cell, kind)
                    value, bound = cast(cell, kind)
                    values.append(value)
                    parameters += bound
                listed.append(f"({', '.join(values)})")
            yield rows, ", ".join(listed), parameters

    def _refuse_loss(self, cell: Cell, kind: str) -> None:
        """Refuse a value that its type would change without a word, be it within a list, a struct or a map."""
        node = cell.nested
        if cell.text is not None:
            if not is_nested(kind):
                if lost := loss(cell.text, kind):
                    raise cell.place.error(f"{cell.text} cannot be kept: {lost}", f"the column is {kind}")
                return
            # A list may stand in a text, as CSV has it: what is in it DuckDB alone can tell.
            asked = f"SELECT CAST(to_json(TRY_CAST(? AS {of_texts(kind)})) AS VARCHAR)"
            (found,) = self._cursor.execute(asked, [cell.text]).fetchall()
            node = node_of_json(found[0], cell.place) if found[0] is not None else None
        for leaf, inner in leaves(node, kind) if node else ():
            if lost := loss(leaf.text, inner):
                raise leaf.place.error(f"{leaf.text} cannot be kept: {lost}", f"the column is {kind}")

    def _read(
        self, statement: str, parameters: Sequence[str], rows: Sequence[Sequence[Cell]], kinds: Sequence[str]
    ) -> list[Row]:
        import duckdb

        try:
            return list(self._cursor.execute(statement, parameters).fetchall())
        except duckdb.Error as error:
            self._cursor.execute("ROLLBACK")
            self._cursor.execute("BEGIN")
            for row in rows:
                for cell, kind in zip(row, kinds, strict=True):
                    self._refuse_uncastable(cell, kind)
            raise UnitTestError(f"the rows cannot be read: {read_fault(error).message}") from error

    def _refuse_uncastable(self, cell: Cell, kind: str) -> None:
        import duckdb

        value, parameters = cast(cell, kind)
        try:
            self._cursor.execute(f"SELECT {value}", parameters).fetchall()
        except duckdb.Error as error:
            raise cell.place.error(
                f"this is no {kind}: {read_fault(error).message.splitlines()[0]}",
                "a quoted text is no NULL: for NULL write ~" if cell.text in ("", "null", "NULL") else "",
            ) from error


def comparable(row: Row, kinds: Sequence[str]) -> Row:
    """A row of texts in which the same values have the same text."""
    return tuple(same_nan(text, kind) for text, kind in zip(row, kinds, strict=True))
