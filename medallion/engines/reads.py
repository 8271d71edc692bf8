"""What a statement reads, calls and does according to DuckDB's own parser, before anything of it is bound or run.

The text of a model or query is looked at with another parser first (``medallion.models``). Two parsers may differ, and
whoever writes hostile SQL looks for the place where they do; so DuckDB has the last word. To bind is too late: a reader
opens its file then. What is not known here to be harmless is refused.
"""

from __future__ import annotations

import glob
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from medallion.models.functions import FILE_READERS, HIDDEN_READERS, PURE_TABLE_FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    import duckdb

__all__ = ["Allowed", "Objection", "files_named", "objection"]

_PARSE = "SELECT json_serialize_sql(?::VARCHAR, skip_null := true, skip_empty := true)"

_NODES = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"})
_NODE = re.compile(r'"type":"(\w+_NODE)"')
# Inside of a text in the tree each quote is escaped, so that none of it looks like this.
_FUNCTION = re.compile(r'"function_name":"((?:[^"\\]|\\.)*)"')
# A table's name. A function's, which may be an operator such as *, is followed by more.
_TABLE = re.compile(r'"qualified_name":\{"path":(\[(?:"(?:[^"\\]|\\.)*",?)+\])\}(?!,"is_legacy_function_call")')
_CTE = re.compile(r'\{"key":"((?:[^"\\]|\\.)*)","value":\{"')
_TABLE_FUNCTION = '"type":"TABLE_FUNCTION"'

_WRITES = frozenset({"COPY", "CREATE", "DELETE", "INSERT", "MERGE", "UPDATE"})
_IN_SYSTEM = re.compile(r"(?:.*\.)?(?:information_schema|pg_catalog)\.")
_SYSTEM = re.compile(r"(?:.*\.)?(?:information_schema|pg_catalog)\..+|(?:.*\.)?(?:duckdb|pragma|pg|sqlite)_\w+")

# These make tables of what a reader could not read, which the next model would find.
_REJECTS = frozenset({"store_rejects", "rejects_table", "rejects_scan", "rejects_limit"})


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a statement may name: ``tables`` and ``sources`` as its text shows them, and table functions.

    ``functions`` come on top of those that read nothing; ``system`` are tables of DuckDB's own.
    """

    tables: Collection[str] = ()
    sources: Collection[str] = ()
    functions: Collection[str] = ()
    system: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a statement is not run. ``offset`` counts its bytes, -1 where no place is known; ``word`` is to find one."""

    message: str
    hint: str
    offset: int = -1
    word: str = ""


def objection(cursor: duckdb.DuckDBPyConnection, sql: str, allowed: Allowed) -> Objection | None:
    """The first thing in ``sql`` that is not ``allowed``; None where all is, or where it is no SQL at all.

    Nothing is bound, so no file is opened. A PIVOT that takes its columns from the data has no tree in DuckDB: its
    words are looked at instead, once it is sure that DuckDB finds the same strings and comments between them.
    """
    import duckdb

    try:
        statements = cursor.extract_statements(sql)
    except duckdb.Error:
        return None  # It cannot run either, and who runs it says why.
    kinds = {statement.type for statement in statements}
    if len(statements) != 1 or kinds - {duckdb.StatementType.SELECT, duckdb.StatementType.MULTI}:
        return Objection("to DuckDB this is not one SELECT", "write one SELECT, without a semicolon in it", 0)
    tree = cursor.execute(_PARSE, [sql]).fetchall()[0][0] or ""
    if tree.startswith('{"error":false'):
        return _first(cursor, tree, allowed)
    if kinds != {duckdb.StatementType.MULTI}:
        return Objection("DuckDB shows no syntax tree of this, so what it reads cannot be seen", "write it simpler", 0)
    if not _reads_alike(sql):
        return _DIFFERENT
    return _of_words(cursor, sql, allowed)


def files_named(sql: str) -> Iterator[str]:
    """Texts in quotes, and names joined by dots as ``"sources/o".csv``, that are files: DuckDB could read no others."""
    from medallion.models.tokens import lex

    name = ""
    for token in lex(sql, "the statement").tokens:
        if token.raw == ".":
            name += "."
            continue
        name = name + token.value if name.endswith(".") else token.value
        if "." in name and glob.glob(name):  # noqa: PTH207  # DuckDB globs, too
            yield name


_DIFFERENT = Objection(
    "DuckDB takes this text apart in another way than it looks",
    "write strings in single quotes, comments with --, and list the values of the PIVOT",
    0,
)


def _of_words(cursor: duckdb.DuckDBPyConnection, sql: str, allowed: Allowed) -> Objection | None:
    """The first thing that a statement without a tree may reach: whatever could be called or read by its words is."""
    from medallion.models.references import function_sources
    from medallion.models.tokens import lex

    lexed = lex(sql, "the statement")
    known = "SELECT DISTINCT lower(function_name) FROM duckdb_functions() WHERE function_type IN "
    rows = cursor.execute(f"{known} ('table', 'table_macro', 'pragma')").fetchall()
    tables = {row[0] for row in rows} - PURE_TABLE_FUNCTIONS - FILE_READERS - {*allowed.functions}
    for before, token in zip((None, *lexed.tokens), lexed.tokens, strict=False):
        if token.raw.upper() in _WRITES and (before is None or before.raw in ("(", ")")):
            return _writes(token.raw, len(sql[: token.start].encode()))
    for name, token in lexed.calls():
        offset = len(sql[: token.start].encode())
        if name in HIDDEN_READERS:
            return _hidden(name, offset)
        if name in tables:
            return _no_table(name, offset)
        if name in FILE_READERS and not allowed.sources:
            return _file(name, offset)
    if allowed.sources:
        for source in function_sources(lexed, "the statement"):
            if source.path not in allowed.sources:
                return _file(source.path, len(sql[: source.offset].encode()))
        if reject := next((t for t in lexed.tokens if t.value.lower() in _REJECTS), None):
            return _reject(reject.value, len(sql[: reject.start].encode()))
    seen = {*allowed.tables, *allowed.sources}
    return _system_named(cursor, sql, allowed) or next(
        (_file(name) for name in sorted(files_named(sql)) if name not in seen), None
    )


def _system_named(cursor: duckdb.DuckDBPyConnection, sql: str, allowed: Allowed) -> Objection | None:
    """DuckDB's own tables among the names and strings, each of which may stand in place of a table."""
    from medallion.models.tokens import lex

    path = ""
    tokens = lex(sql, "the statement").tokens
    for token, after in zip(tokens, (*tokens[1:], None), strict=True):
        if token.raw == ".":
            path += "."
            continue
        path = path + token.value.lower() if path.endswith(".") else token.value.lower()
        if not _SYSTEM.fullmatch(path) or path in allowed.system:
            continue
        called = after is not None and after.raw == "("  # A function, which was looked at as one.
        if _IN_SYSTEM.match(path) or (not called and _is_system(cursor, path.rpartition(".")[2])):
            return _no_table(path, len(sql[: token.start].encode()))
    return None


def _first(cursor: duckdb.DuckDBPyConnection, tree: str, allowed: Allowed) -> Objection | None:
    for node in _NODE.findall(tree):
        if node not in _NODES:
            return _writes(node.split("_")[0])
    for name in map(_text, _FUNCTION.findall(tree)):
        if name.lower() in HIDDEN_READERS:
            return _hidden(name)
    if _TABLE_FUNCTION in tree:
        try:
            calls = list(_table_functions(json.loads(tree)))
        except RecursionError:  # Python's parser takes no tree as deep as DuckDB's.
            return Objection("the statement is nested too deeply to see what it reads", "take it apart with WITH", 0)
        for call in calls:
            if found := _of_call(call, allowed):
                return found
    return _of_tables(cursor, tree, allowed)


def _writes(what: str, offset: int = -1) -> Objection:
    return Objection(
        f"this writes: {what.upper()}", "write the query alone: it reads, and changes nothing", offset, what
    )


def _hidden(name: str, offset: int = -1) -> Objection:
    return Objection(
        f"{name}() is refused: what it reads cannot be seen in the SQL, so lineage would be wrong",
        "name the table or file in the FROM clause",
        offset,
        name,
    )


def _of_call(call: Mapping[str, Any], allowed: Allowed) -> Objection | None:
    function = call["function"]
    name, offset = function["function_name"].lower(), call.get("query_location", -1)
    if name in PURE_TABLE_FUNCTIONS or name in allowed.functions:
        return None
    if name not in FILE_READERS:
        return _no_table(name, offset)
    arguments = function.get("arguments", [])
    paths = _paths(arguments[0]["expression"]) if arguments else None
    if paths is None or not allowed.sources:
        return _file(name if paths is None else paths[0], offset)
    for path in paths:
        if path not in allowed.sources:
            return _file(path, offset)
    for option in filter(None, map(_option, arguments)):
        if option.lower() in _REJECTS:
            return _reject(option, offset)
    return None


def _no_table(name: str, offset: int, word: str = "") -> Objection:
    return Objection(
        f"{name} is refused as a table: what it reads cannot be seen in the SQL",
        "read datasets, and in the first layer files",
        offset,
        word or name,
    )


def _reject(option: str, offset: int) -> Objection:
    return Objection(
        f"{option} is refused: it would leave tables behind for the next model",
        "mend the file, or read it with ignore_errors = true",
        offset,
        option,
    )


def _file(path: str, offset: int = -1) -> Objection:
    return Objection(
        f'it reads "{path}", which cannot be seen in the SQL as a dataset or a source',
        "name datasets as layer.name; read files with read_csv('…'), read_parquet('…') and the like",
        offset,
        path.split(".")[0],
    )


def _of_tables(cursor: duckdb.DuckDBPyConnection, tree: str, allowed: Allowed) -> Objection | None:
    ctes = {_text(key).lower() for key in _CTE.findall(tree)}
    seen = {*allowed.tables, *allowed.sources}
    for path in map(json.loads, _TABLE.findall(tree)):
        name = ".".join(path)
        if name in seen or name.lower() in seen:
            continue
        if _SYSTEM.fullmatch(name.lower()):
            if name.lower() in allowed.system or (name.lower() in ctes and not _is_system(cursor, name)):
                continue
            return _no_table(name.lower(), -1, path[-1])
        if set(name) & set("./\\*") and name.lower() not in ctes:
            return _file(name)
    return None


def _is_system(cursor: duckdb.DuckDBPyConnection, name: str) -> bool:
    """Whether DuckDB has a table of this name itself: then one place may mean the CTE, and another that."""
    found = cursor.execute("SELECT 1 FROM duckdb_views() WHERE internal AND lower(view_name) = lower(?)", [name])
    return bool(found.fetchall())


def _table_functions(document: Any) -> Iterator[Mapping[str, Any]]:
    left = [document]
    while left:
        value = left.pop()
        if isinstance(value, dict):
            if value.get("type") == "TABLE_FUNCTION" and "function" in value:
                yield value
            left += value.values()
        elif isinstance(value, list):
            left += value


def _paths(expression: Mapping[str, Any]) -> list[str] | None:
    """The texts of ``'a'`` or ``['a', 'b']``; None for anything else."""
    if expression.get("type") == "VALUE_CONSTANT":
        literal = expression.get("literal", {})
        return [literal.get("text", "")] if literal.get("kind") == "STRING" else None
    if expression.get("function_name") != "list_value":
        return None
    found = [_paths(argument["expression"]) for argument in expression.get("arguments", [])]
    return [path for paths in found if paths for path in paths] if found and None not in found else None


def _option(argument: Mapping[str, Any]) -> str:
    """The name of ``name := value`` or ``name = value``."""
    left = argument.get("expression", {}).get("left", {})
    return str(argument.get("name") or (left.get("column_names") or [""])[-1])


def _text(escaped: str) -> str:
    return str(json.loads(f'"{escaped}"'))


def _reads_alike(sql: str) -> bool:
    """Whether DuckDB's tokenizer and ours find the same strings and comments, and so the same names between them."""
    import duckdb

    from medallion.models.tokens import lex

    kinds = (duckdb.token_type.string_const, duckdb.token_type.comment)
    theirs = {offset for offset, kind in duckdb.tokenize(sql) if kind in kinds}
    lexed = lex(sql, "the statement")
    # What is no letter may be white space to DuckDB, and a part of a name to us.
    if any(not t.raw.isascii() and t.raw[0] not in "'\"$" and not t.raw.isidentifier() for t in lexed.tokens):
        return False
    starts = [token.start for token in lexed.tokens if token.raw[0] in "'$" or token.raw[:2].upper() == "E'"]
    starts += [comment.offset - 2 for comment in lexed.comments]
    return theirs == {len(sql[:start].encode()) for start in starts}
