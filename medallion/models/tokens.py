"""SQL as tokens with exact places in the text, and the comments between them.

Everything that must be exact about an author's text (which names it mentions, where, what its comments say,
whether two texts are the same SQL) is decided on tokens: unlike a syntax tree they lose nothing.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from sqlglot.dialects.duckdb import DuckDB
from sqlglot.errors import TokenError
from sqlglot.tokenizer_core import TokenType

from medallion.errors import Location, ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["Comment", "Lexed", "Token", "lex"]

# Words that DuckDB reserves are names only after AS and a dot; elsewhere their case carries no meaning. Any other word
# may be an output column's name, whose case the author chose.
_RESERVED = frozenset(
    [
        "ALL",
        "ANALYSE",
        "ANALYZE",
        "AND",
        "ANY",
        "ARRAY",
        "AS",
        "ASC",
        "ASYMMETRIC",
        "BOTH",
        "CASE",
        "CAST",
        "CHECK",
        "COLLATE",
        "COLUMN",
        "CONSTRAINT",
        "CREATE",
        "DEFAULT",
        "DEFERRABLE",
        "DESC",
        "DESCRIBE",
        "DISTINCT",
        "DO",
        "ELSE",
        "END",
        "EXCEPT",
        "FALSE",
        "FETCH",
        "FOR",
        "FOREIGN",
        "FROM",
        "GROUP",
        "HAVING",
        "IN",
        "INITIALLY",
        "INTERSECT",
        "INTO",
        "LAMBDA",
        "LATERAL",
        "LEADING",
        "LIMIT",
        "NOT",
        "NULL",
        "OFFSET",
        "ON",
        "ONLY",
        "OR",
        "ORDER",
        "PIVOT",
        "PIVOT_LONGER",
        "PIVOT_WIDER",
        "PLACING",
        "PRIMARY",
        "QUALIFY",
        "REFERENCES",
        "RETURNING",
        "SELECT",
        "SHOW",
        "SOME",
        "SUMMARIZE",
        "SYMMETRIC",
        "TABLE",
        "THEN",
        "TO",
        "TRAILING",
        "TRUE",
        "UNION",
        "UNIQUE",
        "UNPIVOT",
        "USING",
        "VARIADIC",
        "WHEN",
        "WHERE",
        "WINDOW",
        "WITH",
    ]
)


_DEEPEST = 500
_NESTS = {"(": 1, "[": 1, "{": 1, "CASE": 1, ")": -1, "]": -1, "}": -1, "END": -1}

_WORD = re.compile(r"[A-Za-z_]+")
_SEVERAL_WORDS = re.compile(r"[A-Za-z_]+(\s+[A-Za-z_]+)+")
# Python takes these for white space, DuckDB for names.
_NO_SPACE = frozenset("\x1c\x1d\x1e\x1f\x85")


@dataclass(frozen=True, slots=True)
class Token:
    """One token: ``raw`` is its text as written, ``value`` without quotes; offsets count characters from 0."""

    kind: TokenType
    value: str
    raw: str
    start: int
    end: int  # exclusive

    @property
    def is_name(self) -> bool:
        """Whether it could name something: a word or a quoted identifier, and no reserved word."""
        if self.raw.startswith('"'):
            return True
        return (self.raw[0].isalpha() or self.raw[0] == "_") and self.raw.upper() not in _RESERVED

    def is_word(self, word: str) -> bool:
        """Whether it is this word, in any case and without quotes."""
        return self.raw.upper() == word


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment without its markers; ``offset`` is where its text begins."""

    text: str
    offset: int
    end: int


@dataclass(frozen=True, slots=True)
class Lexed:
    """A text as tokens and comments."""

    text: str
    tokens: tuple[Token, ...]
    comments: tuple[Comment, ...]

    def statements(self) -> list[tuple[Token, ...]]:
        """The tokens of each statement, without semicolons and without empty statements."""
        found: list[list[Token]] = [[]]
        for token in self.tokens:
            if token.kind is TokenType.SEMICOLON:
                found.append([])
            else:
                found[-1].append(token)
        return [tuple(statement) for statement in found if statement]

    def tables(self, layers: Sequence[str]) -> Iterator[tuple[str, str, Token, Token]]:
        """Each ``layer.name`` in the text: layer and name in lower case with their tokens.

        Aliases may look the same, so this finds at least what is read, never less.
        """
        known = set(layers)
        tokens = self.tokens
        for i in range(len(tokens) - 2):
            first, dot, second = tokens[i : i + 3]
            if dot.kind is not TokenType.DOT or not first.is_name or second.raw[:1] in ("*", "("):
                continue
            if first.value.lower() in known and second.raw[:1] not in "0123456789'":
                yield first.value.lower(), second.value.lower(), first, second

    def calls(self) -> Iterator[tuple[str, Token]]:
        """Each name that is followed by an opening parenthesis, in lower case: functions and macros, at least."""
        for token, after in zip(self.tokens, self.tokens[1:], strict=False):
            if after.kind is TokenType.L_PAREN and (token.is_name or token.raw.upper() in _RESERVED):
                yield token.value.lower(), token

    def canonical(self, tokens: Sequence[Token] | None = None) -> str:
        """The tokens as one string in which comments, white space and the case of reserved words do not count."""
        parts: list[str] = []
        previous: Token | None = None
        for token in self.tokens if tokens is None else tokens:
            # x'AA' is a literal, x 'AA' is not: a prefix belongs to its string.
            glued = previous is not None and token.raw[0] == "'" and token.start == previous.end and previous.is_name
            parts += ["" if glued else "\x1f", token.raw.upper() if _is_reserved(token, previous) else token.raw]
            previous = token
        return "".join(parts)

    def digest(self, tokens: Sequence[Token] | None = None) -> str:
        """The sha256 of the canonical form, in hex."""
        return hashlib.sha256(self.canonical(tokens).encode()).hexdigest()


class _Tokenizer(DuckDB.Tokenizer):
    """sqlglot's, but that no word turns the rest of a statement into one token."""

    COMMANDS: ClassVar[set[TokenType]] = set()


def lex(text: str, path: str) -> Lexed:
    """Split ``text``; ``ModelError`` where a quote or comment is not closed."""
    try:
        raw = _Tokenizer(dialect="duckdb").tokenize(text)
    except TokenError as error:
        raise ModelError(
            f"the SQL cannot be read: {str(error).splitlines()[0]}",
            location=Location(path),
            hint="a quote or a comment is probably not closed",
        ) from error
    tokens = [
        word for t in raw for word in _words(Token(t.token_type, t.text, text[t.start : t.end + 1], t.start, t.end + 1))
    ]
    comments: list[Comment] = []
    kept: list[Token] = []
    position = 0
    for token in tokens:
        kept += _gap(text, position, token.start, comments)
        kept.append(token)
        position = token.end
    kept += _gap(text, position, len(text), comments)
    found = tuple(t for t in kept if t.raw)
    _refuse_depth(found, text, path)
    return Lexed(text, found, tuple(comments))


def _refuse_depth(tokens: Sequence[Token], text: str, path: str) -> None:
    """Parsers take a time that grows with the square of the depth, and cannot be interrupted."""
    if len(tokens) <= _DEEPEST:
        return
    depth = 0
    for token in tokens:
        depth += _NESTS.get(token.raw if len(token.raw) == 1 else token.raw.upper(), 0)
        if depth > _DEEPEST:
            raise ModelError(
                f"the SQL is nested more than {_DEEPEST} deep",
                location=Location.at(path, text, token.start, len(token.raw)),
                hint="take it apart with WITH",
            )


def _is_reserved(token: Token, before: Token | None) -> bool:
    word = token.raw.upper()
    if before is not None and (before.raw == "." or before.is_word("AS")):
        return False  # There it is a label or a field, whose case the author chose.
    return word in _RESERVED or (word == "BY" and before is not None and before.raw.upper() in ("GROUP", "ORDER"))


def _words(token: Token) -> Iterator[Token]:
    """The words of a token: sqlglot reads ``GROUP  BY`` as one, whose case and inner blanks would then count."""
    if not _SEVERAL_WORDS.fullmatch(token.raw):
        yield token
        return
    for word in _WORD.finditer(token.raw):
        yield Token(TokenType.VAR, word[0], word[0], token.start + word.start(), token.start + word.end())


def _gap(text: str, start: int, end: int, comments: list[Comment]) -> Iterator[Token]:
    """Collect the comments between two tokens; yield as tokens whatever is neither comment nor white space."""
    i = start
    while i < end:
        if text[i].isspace() and text[i] not in _NO_SPACE:
            i += 1
        elif text.startswith("--", i):
            stop = text.find("\n", i)
            stop = end if stop < 0 else min(stop, end)
            comments.append(Comment(text[i + 2 : stop].rstrip("\r"), i + 2, stop))
            i = stop
        elif text.startswith("/*", i):
            stop = _block_end(text, i, end)
            comments.append(Comment(text[i + 2 : stop - 2], i + 2, stop))
            i = stop
        else:
            yield Token(TokenType.UNKNOWN, text[i], text[i], i, i + 1)
            i += 1


def _block_end(text: str, start: int, end: int) -> int:
    """Where the block comment that opens at ``start`` ends; DuckDB nests them, as PostgreSQL does."""
    depth, i = 0, start
    while i < end:
        if text.startswith("/*", i):
            depth, i = depth + 1, i + 2
        elif text.startswith("*/", i):
            depth, i = depth - 1, i + 2
            if depth == 0:
                return i
        else:
            i += 1
    return end
