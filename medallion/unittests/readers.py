"""The files that a model reads, replaced by tables: what stands in the FROM clause, and which columns it has."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from medallion.models.functions import FILE_READERS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from medallion.models.model import Model
    from medallion.models.tokens import Token

__all__ = ["Reader", "find_readers", "replace_readers"]

_WHOLE = (("filename", "VARCHAR"), ("content", "VARCHAR"), ("size", "BIGINT"), ("last_modified", "TIMESTAMPTZ"))

# What these read has the columns that the call itself lists.
_TYPED = {"read_csv", "read_csv_auto", "read_json", "read_json_auto", "read_ndjson", "read_ndjson_auto"}


@dataclass(frozen=True, slots=True)
class Reader:
    """A call in the FROM clause; the span counts characters of the model's SQL.

    ``columns`` are names and types, or None where only the file itself could tell. The table that stands in for it has
    the function's name, which a column may be qualified with, in a ``schema`` of its own.
    """

    paths: tuple[str, ...]
    function: str
    start: int
    end: int
    columns: tuple[tuple[str, str], ...] | None
    schema: str


def find_readers(model: Model, before: int = 0) -> tuple[Reader, ...]:
    """Every call that reads files, in the order written; files that stand as tables themselves are not among them.

    ``before`` counts the readers of other models. No layer has the name of a schema: it begins with a letter.
    """
    if not model.sources:
        return ()
    from medallion.models.tokens import lex  # With it comes sqlglot, which a model that was read before needs no more.

    lexed = lex(model.sql, model.path)
    tokens = lexed.tokens
    found: list[Reader] = []
    for name, token in lexed.calls():
        if name not in FILE_READERS:
            continue
        at = tokens.index(token)
        close = _closing(tokens, at + 1)
        arguments = list(_arguments(tokens[at + 2 : close]))
        paths = tuple(t.value for t in arguments[0] if t.raw.startswith("'")) if arguments else ()
        columns = _columns(name, arguments[1:])
        found.append(Reader(paths, name, token.start, tokens[close].end, columns, f"_{before + len(found)}"))
    return tuple(found)


def replace_readers(model: Model, readers: Sequence[Reader]) -> Model:
    """The model with a table in place of each call. Where the call was longer, blanks keep every place as it is."""
    sql = model.sql
    for reader in reversed(readers):
        name = f"{reader.schema}.{reader.function}"
        sql = f"{sql[: reader.start]}{name.ljust(reader.end - reader.start)}{sql[reader.end :]}"
    return replace(model, sql=sql)


def _closing(tokens: Sequence[Token], opening: int) -> int:
    depth = 0
    for i in range(opening, len(tokens)):
        depth += {"(": 1, ")": -1}.get(tokens[i].raw, 0)
        if depth == 0:
            return i
    return len(tokens) - 1


def _arguments(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """What stands between the commas of an argument list."""
    depth = 0
    argument: list[Token] = []
    for token in tokens:
        depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(token.raw, 0)
        if token.raw == "," and depth == 0:
            yield argument
            argument = []
        else:
            argument.append(token)
    if argument:
        yield argument


def _columns(function: str, options: Sequence[list[Token]]) -> tuple[tuple[str, str], ...] | None:
    """Names and types that the reader gives, as far as the call says it."""
    named = {tokens[0].value.lower(): tokens[1:] for tokens in options if len(tokens) > 2}
    if function in ("read_text", "read_blob"):
        return tuple((n, "BLOB" if function == "read_blob" and n == "content" else t) for n, t in _WHOLE)
    if function not in _TYPED or "columns" not in named:
        return None
    found = _literal_columns(named["columns"])
    if found is None or any(option.startswith("hive_") for option in named):
        return None
    extra = named.get("filename")
    if extra is None:
        return found
    word = extra[-1]
    name = word.value if word.raw.startswith("'") else "filename"
    return found if word.is_word("FALSE") else (*found, (name, "VARCHAR"))


def _literal_columns(tokens: Sequence[Token]) -> tuple[tuple[str, str], ...] | None:
    """``= {'order_id': 'BIGINT', …}``; None where it is anything else."""
    kept = [token for token in tokens if token.raw not in ("=", ":=", ":", "=>")]
    if len(kept) < 4 or kept[0].raw != "{" or kept[-1].raw != "}":
        return None
    pairs = list(_arguments(kept[1:-1]))
    if any(len(pair) != 2 or not pair[1].raw.startswith("'") for pair in pairs):
        return None
    return tuple((pair[0].value, pair[1].value) for pair in pairs)
