"""Rows that a person wrote, as YAML or CSV: texts that DuckDB has not read yet, each with its place."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from medallion.unittests.nodes import MappingNode, Node, ScalarNode, SequenceNode, expect_mapping

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from medallion.unittests.source import Place, Source

__all__ = ["Cell", "Header", "Table", "read_csv", "read_table"]

_ROWS = "- {order_id: 1, status: paid}"
_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?")


@dataclass(frozen=True, slots=True)
class Header:
    """The name of a column, as written."""

    name: str
    place: Place


@dataclass(frozen=True, slots=True)
class Cell:
    """A value: a text as it was written, NULL (both None), or a list or map of such."""

    text: str | None
    nested: Node | None
    place: Place

    @property
    def is_null(self) -> bool:
        """Whether it is NULL."""
        return self.text is None and self.nested is None

    def json(self, *, typed: bool) -> str:
        """A list or map as JSON. ``typed``: for a column of JSON; else every value is a text, for DuckDB to read."""
        assert self.nested is not None  # noqa: S101 - whoever asks has looked
        return _json(self.nested, typed=typed)


@dataclass(frozen=True, slots=True)
class Table:
    """Rows over columns; a row holds a cell for each column. ``place`` is where the rows stand."""

    columns: tuple[Header, ...]
    rows: tuple[tuple[Cell, ...], ...]
    place: Place


def read_table(node: Node, what: str, beside: Callable[[str, Place], Source], *, complete: bool) -> Table:
    """Rows as a list of maps, as CSV in a text, or as ``{csv: file}``, which ``beside`` reads.

    ``complete``: every row has to name the same columns; else what a row does not name is NULL in it.
    """
    if isinstance(node, SequenceNode):
        return _rows(node, what, complete=complete)
    if isinstance(node, MappingNode) and [key.text for key, _ in node.pairs] == ["csv"]:
        file = node.pairs[0][1]
        if not isinstance(file, ScalarNode) or file.is_null:
            raise file.place.error("csv is the name of a file beside this one", "as in {csv: orders.csv}")
        source = beside(file.text, file.place)
        return read_csv(source.text, source.place, source.place(0))
    if isinstance(node, ScalarNode) and not node.is_null:
        if not node.block:
            raise node.place.error(
                f"{what} are rows: a list, or CSV in lines below a `|`",
                f"as in {_ROWS}; for a file {{csv: {node.text[:40]}}}",
            )
        return read_csv(node.text, _BlockPlaces(node), node.place)
    if isinstance(node, ScalarNode):
        raise node.place.error(f"{what} has no rows", "write [] for none, or a list of rows below")
    raise node.place.error(f"{what} are rows, and this is a map", f"write a list of rows, as in {_ROWS}")


def _rows(node: SequenceNode, what: str, *, complete: bool) -> Table:
    columns: dict[str, Header] = {}
    listed: list[dict[str, Cell]] = []
    for item in node.items:
        row = expect_mapping(item, f"a row of {what}", _ROWS)
        cells = {key.text.lower(): cell(value) for key, value in row.pairs}
        for key, _ in row.pairs:
            columns.setdefault(key.text.lower(), Header(key.text, key.place))
        if len(cells) < len(row.pairs):
            raise row.place.error("two columns of this row differ in case only, which SQL does not tell apart")
        if complete and listed and cells.keys() != listed[0].keys():
            name = next(iter(cells.keys() ^ listed[0].keys()))
            verb = "is not in the first row" if name in cells else "is missing here, and is in the first row"
            raise row.place.error(
                f'column "{columns[name].name}" {verb}', "every expected row names the same columns; `~` is NULL"
            )
        listed.append(cells)
    # An alias may stand for a row many times: whatever is not there is one cell for all of them.
    absent = Cell(None, None, node.place)
    rows = tuple(tuple(row.get(name, absent) for name in columns) for row in listed)
    return Table(tuple(columns.values()), rows, node.place)


def cell(node: Node) -> Cell:
    """A value of a row."""
    if isinstance(node, ScalarNode):
        return Cell(None if node.is_null else node.text, None, node.place)
    return Cell(None, node, node.place)


def _json(node: Node, *, typed: bool) -> str:
    """A node as JSON. Written by hand, since Python's own would make floats of numbers: 1.10 is to stay 1.10."""
    if isinstance(node, SequenceNode):
        return f"[{', '.join(_json(item, typed=typed) for item in node.items)}]"
    if isinstance(node, MappingNode):
        pairs = (f"{json.dumps(key.text)}: {_json(value, typed=typed)}" for key, value in node.pairs)
        return f"{{{', '.join(pairs)}}}"
    if node.is_null:
        return "null"
    if typed and node.plain and (node.text in ("true", "false") or _NUMBER.fullmatch(node.text)):
        return node.text
    return json.dumps(node.text)


@dataclass(frozen=True, slots=True)
class _BlockPlaces:
    """Places in a text that stands in lines of its own below a ``|``, indented."""

    node: ScalarNode

    def __call__(self, start: int, length: int) -> Place:
        held, place = self.node.place.source.text, self.node.place
        before = self.node.text[:start]
        at = held.find("\n", place.start) + 1
        lines = held[at:].split("\n")
        indent = next((len(line) - len(line.lstrip(" ")) for line in lines if line.strip()), 0)
        number = before.count("\n")
        at += sum(len(line) + 1 for line in lines[:number])
        return place.source.place(at + indent + len(before) - (before.rfind("\n") + 1), length)


def read_csv(text: str, place: Callable[[int, int], Place], whole: Place) -> Table:
    """CSV with a header. An empty field is NULL, ``""`` an empty text; lines that hold nothing do not count."""
    lines = list(_records(text, place))
    if not lines:
        raise whole.error("the CSV holds no header", "its first line names the columns")
    header = [Header(cell.text or "", cell.place) for cell in lines[0]]
    seen: set[str] = set()
    for column in header:
        if not column.name:
            raise column.place.error("a column of the CSV has no name", "name it in the first line")
        if column.name.lower() in seen:
            raise column.place.error(f'column "{column.name}" is there twice', "keep one")
        seen.add(column.name.lower())
    for cells in lines[1:]:
        if len(cells) != len(header):
            raise cells[min(len(cells), len(header) + 1) - 1].place.error(
                f"{len(cells)} fields, and the header has {len(header)}",
                'a field that holds a comma stands in quotes: "a, b"',
            )
    return Table(tuple(header), tuple(tuple(cells) for cells in lines[1:]), whole)


_FIELD = re.compile(r'"(?P<quoted>(?:[^"]|"")*)"(?=[,\r\n]|\Z)|(?P<bare>[^",\r\n][^,\r\n]*|)(?=[,\r\n]|\Z)')


def _records(text: str, place: Callable[[int, int], Place]) -> Iterator[list[Cell]]:
    """The lines of a CSV as cells (RFC 4180). A quoted field may hold commas, line ends and doubled quotes."""
    at = 0
    cells: list[Cell] = []
    while at < len(text):
        found = _FIELD.match(text, at)
        if found is None:
            raise place(at, 1).error(
                "a quote that is not closed, or with something behind it", 'within quotes a quote is written twice: ""'
            )
        quoted, bare = found.group("quoted", "bare")
        value = bare or None if quoted is None else quoted.replace('""', '"')
        cells.append(Cell(value, None, place(at, max(1, found.end() - at))))
        at = found.end()
        if text[at : at + 1] == ",":
            at += 1
            if at == len(text):
                cells.append(Cell(None, None, place(at, 1)))
            continue
        at += 2 if text.startswith("\r\n", at) else 1
        if len(cells) > 1 or cells[0].text is not None:
            yield cells
        cells = []
    if cells:
        yield cells
