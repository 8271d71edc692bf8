"""What a model's comments say: the dataset's description, its columns', and the annotations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from medallion.errors import Location, ModelError
from medallion.models.annotations import WORDS, Annotation, read_comment
from medallion.redaction import redact

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from medallion.models.tokens import Comment, Lexed, Token

__all__ = ["Documentation", "output_places", "read_documentation"]

_AFTER_COLUMNS = {
    "FROM", "WHERE", "GROUP", "HAVING", "QUALIFY", "ORDER", "LIMIT", "OFFSET", "UNION", "EXCEPT", "INTERSECT", "WINDOW",
    "USING",
}  # fmt: skip
# What such a word belongs to instead, where this stands before it.
_PART_OF_A_COLUMN = {"FROM": "DISTINCT", "GROUP": "WITHIN", "UNION": "::"}
_ENDS_A_VALUE = {")", "]", "}", "END", "NULL", "TRUE", "FALSE"}


@dataclass(frozen=True, slots=True)
class Documentation:
    """``columns`` maps an output column's name to its description; only documented ones are in it."""

    description: str
    columns: Mapping[str, str]
    annotations: tuple[Annotation, ...]


def read_documentation(lexed: Lexed, tokens: Sequence[Token], path: str) -> Documentation:
    """Read the leading comment, and the comment after each column of the outermost SELECT."""
    start = tokens[0].start
    prose: list[str] = []
    annotations: list[Annotation] = []
    for comment in (c for c in lexed.comments if c.offset < start):
        text, found = read_comment(comment, None, path, lexed.text)
        _refuse_lost_condition(comment, annotations, path, lexed.text)
        prose.append(text)
        annotations += found
    columns: dict[str, str] = {}
    taken = {c.offset for c in lexed.comments if c.offset < start}
    for name, comment in _column_comments(lexed, tokens):
        text, found = read_comment(comment, name, path, lexed.text)
        columns[name] = f"{columns[name]} {text}".strip() if name in columns else text
        annotations += found
        taken.add(comment.offset)
    _refuse_lost_annotations(lexed, taken, path)
    return Documentation(
        redact("\n".join(prose).strip()),
        {name: redact(text) for name, text in columns.items() if text},
        tuple(annotations),
    )


def _refuse_lost_condition(comment: Comment, before: Sequence[Annotation], path: str, source: str) -> None:
    """Half of a condition must not be asked as if it were all: the next comment does not belong to it."""
    word = comment.text.strip().partition(" ")[0]
    goes_on = word.upper() in ("AND", "OR") and before and before[-1].word in ("check", "warn", "expect")
    if goes_on and not source[before[-1].offset : comment.offset].strip().count("\n"):
        raise ModelError(
            f"the condition before ends with its line, and this goes on with {word}",
            location=Location.at(path, source, comment.offset + comment.text.index(word), len(word)),
            hint="write it in one line, or all of it in one comment between /* and */",
        )


def _refuse_lost_annotations(lexed: Lexed, taken: set[int], path: str) -> None:
    """An annotation that nothing would read must not look as if it worked."""
    for comment in lexed.comments:
        if comment.offset in taken:
            continue
        for word in WORDS:
            at = comment.text.find(f"@{word}")
            if at >= 0 and (at == 0 or comment.text[at - 1].isspace()):
                raise ModelError(
                    f"@{word} stands where nothing reads it",
                    location=Location.at(path, lexed.text, comment.offset + at, len(word) + 1),
                    hint="annotations stand in the comment at the top, or after a column on the column's own line",
                )


def output_places(tokens: Sequence[Token]) -> Mapping[str, Token]:
    """Where the outermost SELECT spells out the names of its output columns."""
    found = {}
    for item in _items(tokens):
        name = _output_name(item)
        if name:
            found[name] = item[0] if len(item) > 1 and item[1].raw == ":" else item[-1]
    return found


def _column_comments(lexed: Lexed, tokens: Sequence[Token]) -> Iterator[tuple[str, Comment]]:
    """Each output column with the comment that begins on the line where the column ends."""
    for item in _items(tokens):
        name = _output_name(item)
        following = (t.start for t in tokens if t.start >= item[-1].end and t.raw != ",")
        before = next(following, len(lexed.text))
        for comment in lexed.comments:
            inside = item[0].start <= comment.offset < item[-1].end
            after = item[-1].end <= comment.offset < before
            same_line = after and "\n" not in lexed.text[item[-1].end : comment.offset]
            if name and (inside or same_line):
                yield name, comment


def _items(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """The expressions of the first SELECT that stands outside of parentheses, each as its tokens."""
    depth = 0
    item: list[Token] | None = None
    before = tokens[0]
    for token in tokens:
        depth -= token.raw in (")", "]", "}")
        outside = depth == 0 and token.raw not in (")", "]", "}")
        depth += token.raw in ("(", "[", "{")
        if item is None:
            if outside and token.is_word("SELECT"):
                item = []
        elif outside and _ends_columns(before, token):
            break
        elif outside and token.raw == ",":
            if item:
                yield item
            item = []
        elif item or not outside or token.raw.upper() not in ("DISTINCT", "ALL"):
            item.append(token)
        before = token
    if item:
        yield item


def _ends_columns(before: Token, token: Token) -> bool:
    """Whether a clause begins here: not in ``t.from``, ``IS DISTINCT FROM``, ``WITHIN GROUP``, ``::UNION(…)``."""
    word = token.raw.upper()
    return word in _AFTER_COLUMNS and before.raw != "." and _PART_OF_A_COLUMN.get(word) != before.raw.upper()


def _output_name(item: Sequence[Token]) -> str:
    """The name an expression gets: after AS or a last plain name; before a colon; empty where there is none."""
    if len(item) > 2 and item[1].raw == ":" and item[0].is_name:
        return item[0].value
    last = item[-1]
    if len(item) > 1 and item[-2].raw == ".":
        return last.value if last.raw != "*" else ""
    if not last.is_name:
        return ""
    if len(item) == 1 or item[-2].is_word("AS"):
        return last.value
    # An alias without AS follows a value: a name, a literal, or a closing bracket.
    before = item[-2]
    value = before.is_name or before.raw.upper() in _ENDS_A_VALUE or before.raw[0] in "'0123456789"
    return last.value if value else ""
