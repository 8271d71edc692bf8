"""Find the versions that a query asks for, and splice catalog names in by position. Pure; the SQL is not regenerated.

``silver.orders AT (VERSION => 'v1') o`` becomes ``"@1".silver.orders o``: the query keeps its text but for the clause,
so everything DuckDB understands still works, and every place in an error can be mapped back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from medallion.errors import Location, QueryError
from medallion.models.tokens import Lexed, Token, lex
from medallion.names import TableName

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Spliced", "TableAt", "Version", "splice"]


@dataclass(frozen=True, slots=True)
class Version:
    """What stands in an AT clause: a revision or a moment, as written."""

    text: str
    is_moment: bool = False


@dataclass(frozen=True, slots=True)
class TableAt:
    """A ``layer.name`` in the query. ``version`` is None without an AT clause; ``catalog`` is what is spliced in."""

    name: TableName
    version: Version | None
    catalog: str
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Spliced:
    """The query to run, the tables it may read, and what to tell about places in the query as it was written."""

    original: str
    sql: str
    tables: tuple[TableAt, ...]
    edits: tuple[tuple[int, int, str], ...]

    def original_offset(self, offset: int) -> int:
        """The character of the original query behind a character of the spliced one."""
        shift = 0
        for start, end, text in self.edits:
            at = start + shift
            if offset < at:
                break
            if offset < at + len(text):
                return start
            shift += len(text) - (end - start)
        return offset - shift

    def locate(self, offset: int, length: int = 1, note: str = "") -> Location:
        """A place in the original query."""
        return Location.at("query", self.original, self.original_offset(offset), length, note)


def splice(sql: str, layers: Sequence[str]) -> Spliced:
    """Take the AT clauses out of ``sql`` and put catalog names in.

    ``QueryError`` for more than one statement, none, or an AT clause that is no literal.
    """
    lexed = lex(sql, "query")
    statements = lexed.statements()
    if len(statements) != 1:
        second = statements[1][0] if statements else None
        raise QueryError(
            "this is more than one statement" if second else "there is no statement",
            location=Location.at("query", sql, second.start, len(second.raw)) if second else None,
            hint="a query is one SELECT",
        )
    tokens = statements[0]
    catalogs: dict[Version, str] = {}
    tables: list[TableAt] = []
    edits: list[tuple[int, int, str]] = []
    for layer, name, first, second in lexed.tables(layers):
        clause = _clause(lexed, tokens, second)
        version = clause[0] if clause else None
        catalog = catalogs.setdefault(version, f'"@{len(catalogs) + 1}"') if version else ""
        tables.append(TableAt(TableName(layer, name), version, catalog, first.start, second.end - first.start))
        if clause:
            edits += [(first.start, first.start, f"{catalog}."), (second.end, clause[1], "")]
    _refuse_other_clauses(lexed, tokens, edits)
    text, position = "", 0
    for start, end, new in edits:
        text += sql[position:start] + new
        position = end
    return Spliced(sql, text + sql[position : tokens[-1].end], tuple(tables), tuple(edits))


def _clause(lexed: Lexed, tokens: Sequence[Token], after: Token) -> tuple[Version, int] | None:
    """The AT clause that follows a table's name, and where it ends."""
    i = tokens.index(after) + 1
    head = [t.raw.upper() for t in tokens[i : i + 2]]
    if head != ["AT", "("]:
        return None
    inside: list[Token] = []
    for token in tokens[i + 2 :]:
        if token.raw == ")":
            break
        inside.append(token)
    words = [t.raw.upper() for t in inside]
    if len(words) < 3 or words[0] not in ("VERSION", "TIMESTAMP") or words[1] != "=>":
        raise QueryError(
            "this AT clause is not understood",
            location=Location.at("query", lexed.text, tokens[i].start, len("AT")),
            hint="write AT (VERSION => 'v1.2') or AT (TIMESTAMP => '2026-01-31 12:00')",
        )
    value = [t for t in inside[2:] if t.raw.startswith("'")]
    others = {w for w, t in zip(words[2:], inside[2:], strict=True) if not t.raw.startswith("'")}
    if len(value) != 1 or others - {"TIMESTAMP", "TIMESTAMPTZ", "DATE", "::"}:
        raise QueryError(
            "a version must be a text in quotes: it is looked up before the query runs",
            location=Location.at("query", lexed.text, inside[2].start, len(inside[2].raw)),
            hint="write AT (VERSION => 'v1.2') or AT (TIMESTAMP => '2026-01-31 12:00')",
        )
    closing = tokens[i + 2 + len(inside)] if i + 2 + len(inside) < len(tokens) else inside[-1]
    return Version(value[0].value, words[0] == "TIMESTAMP"), closing.end


def _refuse_other_clauses(lexed: Lexed, tokens: Sequence[Token], edits: Sequence[tuple[int, int, str]]) -> None:
    """An AT clause behind anything but a dataset would reach DuckDB, whose message would not help."""
    spliced = [(start, end) for start, end, text in edits if not text]
    for at, bracket, word in zip(tokens, tokens[1:], tokens[2:], strict=False):
        found = at.is_word("AT") and bracket.raw == "(" and word.raw.upper() in ("VERSION", "TIMESTAMP")
        if found and not any(start <= at.start < end for start, end in spliced):
            raise QueryError(
                "AT must follow the name of a dataset, layer and all",
                location=Location.at("query", lexed.text, at.start, 2),
                hint="as in silver.orders AT (VERSION => 'v1.2')",
            )
