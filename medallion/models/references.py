"""What a model's SQL reads: datasets, and the files behind bronze."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from medallion.errors import Location, ModelError
from medallion.models.functions import FILE_READERS
from medallion.models.model import Reference, SourceReference, TableFunction
from medallion.models.syntax import syntax_tree
from medallion.names import TableName

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from medallion.models.tokens import Lexed, Token

__all__ = ["References", "function_sources", "read_macro_references", "read_references"]


@dataclass(frozen=True)
class References:
    """Everything a statement reads."""

    datasets: tuple[Reference, ...]
    sources: tuple[SourceReference, ...]
    table_functions: tuple[TableFunction, ...]


def read_references(lexed: Lexed, sql: str, offset: int, path: str, layers: Sequence[str]) -> References:
    """Find what ``sql`` reads, where it begins at ``offset`` of the file.

    The tree decides which ``layer.name`` is a table and which a column of an alias; where there is no tree, each
    one counts. Raises ``ModelError`` for a file whose path is no literal.
    """
    tree = syntax_tree(sql)
    sources = tuple(function_sources(lexed, path))
    if tree is None:
        sources += tuple(_string_tables(lexed))
        return References(_unique(_by_tokens(lexed, layers)), sources, tuple(_called_tables(lexed)))
    named = {(table.db.lower(), table.name.lower()) for table in tree.find_all(exp.Table) if table.db}
    # Tables that only the tree sees (none are known) would be lost by position; those only tokens see are aliases.
    found = [r for r in _by_tokens(lexed, layers) if (r.name.layer, r.name.name) in named]
    sources += tuple(_literal_sources(lexed, tree, offset))
    functions = (*_table_functions(tree, offset), *_system_tables(tree, offset))
    return References(_unique(found), sources, functions)


def read_macro_references(
    lexed: Lexed, sql: str, offset: int
) -> tuple[tuple[SourceReference, ...], tuple[TableFunction, ...]]:
    """Files that stand as tables in a macro, and functions that do."""
    tree = syntax_tree(sql)
    if tree is None:
        return tuple(_string_tables(lexed)), tuple(_called_tables(lexed))
    functions = (*_table_functions(tree, offset), *_system_tables(tree, offset))
    return tuple(_literal_sources(lexed, tree, offset)), functions


def _by_tokens(lexed: Lexed, layers: Sequence[str]) -> Iterator[Reference]:
    for layer, name, first, second in lexed.tables(layers):
        yield Reference(TableName(layer, name), first.start, second.end - first.start)


def _unique(references: Iterable[Reference]) -> tuple[Reference, ...]:
    first: dict[TableName, Reference] = {}
    for reference in references:
        first.setdefault(reference.name, reference)
    return tuple(first.values())


def function_sources(lexed: Lexed, path: str) -> Iterator[SourceReference]:
    """The literal first argument of every function that reads files; ``ModelError`` where it is no literal."""
    for name, token in lexed.calls():
        if name not in FILE_READERS:
            continue
        arguments = lexed.tokens[lexed.tokens.index(token) + 2 :]
        literals = list(_leading_strings(arguments))
        if not literals:
            raise ModelError(
                f"{name}() reads a path that is no literal, so what it reads cannot be seen",
                location=Location.at(path, lexed.text, token.start, len(token.raw)),
                hint=f"write the path in quotes: {name}('sources/…'); a pattern may hold *, ? and **",
            )
        for literal in literals:
            yield SourceReference(literal.value, literal.start, len(literal.raw))


def _leading_strings(tokens: Sequence[Token]) -> Iterator[Token]:
    """The strings of ``'a'`` or ``['a', 'b']`` at the start of an argument list; nothing where it is more than that."""
    if not tokens:
        return
    if tokens[0].raw.startswith("'"):
        if len(tokens) > 1 and tokens[1].raw in (",", ")"):
            yield tokens[0]
        return
    if tokens[0].raw != "[":
        return
    inside: list[Token] = []
    for token in tokens[1:]:
        if token.raw == "]":
            break
        inside.append(token)
    if inside and all((t.raw == ",") if i % 2 else t.raw.startswith("'") for i, t in enumerate(inside)):
        yield from (t for t in inside if t.raw != ",")


def _literal_sources(lexed: Lexed, tree: exp.Expr, offset: int) -> Iterator[SourceReference]:
    """Files that stand as tables themselves: ``FROM 'sources/orders.parquet'``."""
    places = {t.start: t for t in lexed.tokens}
    for table in tree.find_all(exp.Table):
        identifier = table.this
        if not isinstance(identifier, exp.Identifier) or table.db or not set("./\\*") & set(identifier.name):
            continue
        token = places.get(offset + identifier.meta.get("start", -1))
        if token is not None and token.raw[0] in "'\"":
            yield SourceReference(token.value, token.start, len(token.raw))


def _string_tables(lexed: Lexed) -> Iterator[SourceReference]:
    """The same without a tree: a string after FROM, JOIN or a comma could be a file; the first two surely are."""
    for before, token in zip(lexed.tokens, lexed.tokens[1:], strict=False):
        if token.raw[0] == "'" and before.raw.upper() in ("FROM", "JOIN"):
            yield SourceReference(token.value, token.start, len(token.raw))


def _called_tables(lexed: Lexed) -> Iterator[TableFunction]:
    """Functions where a table surely stands, without a tree."""
    words = {after.start: before.raw.upper() for before, after in zip(lexed.tokens, lexed.tokens[1:], strict=False)}
    for name, token in lexed.calls():
        called = token.is_name and name not in FILE_READERS and name != "values"
        if called and words.get(token.start) in ("FROM", "JOIN"):
            yield TableFunction(name, token.start, len(token.raw))


# DuckDB's own tables say what else is in the database, and on which machine.
_SYSTEM = re.compile(r"(information_schema|pg_catalog)\..*|(duckdb|pragma|pg|sqlite)_\w+", re.IGNORECASE)


def _system_tables(tree: exp.Expr, offset: int) -> Iterator[TableFunction]:
    """DuckDB's own tables and views, which no file of the project stands for."""
    named = {cte.alias.lower() for cte in tree.find_all(exp.CTE)}
    for table in tree.find_all(exp.Table):
        name = f"{table.db}.{table.name}" if table.db else table.name
        identifier = table.this
        if isinstance(identifier, exp.Identifier) and _SYSTEM.fullmatch(name) and name.lower() not in named:
            yield TableFunction(name.lower(), offset + identifier.meta.get("start", 0), len(table.name))


def _table_functions(tree: exp.Expr, offset: int) -> Iterator[TableFunction]:
    """Functions that sqlglot has no class for, where a table stands."""
    for table in tree.find_all(exp.Table):
        function = table.this
        if isinstance(function, exp.Anonymous) and function.name.lower() not in FILE_READERS:
            yield TableFunction(function.name.lower(), offset + function.meta.get("start", 0), len(function.name))
