"""Annotations: ``@word argument`` in the comments of a model."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from medallion.errors import Location, ModelError
from medallion.names import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from medallion.models.tokens import Comment

__all__ = ["IDENTIFIER", "WORDS", "Annotation", "private_columns", "read_comment", "read_names"]


@dataclass(frozen=True, slots=True)
class Word:
    """What a word of the vocabulary means, where it may stand, and whether it takes an argument."""

    meaning: str
    on_dataset: bool
    on_column: bool
    argument: bool | None  # True: needed, False: none allowed, None: either


#: The vocabulary. The reference page is generated from it.
WORDS: Mapping[str, Word] = {
    "key": Word(
        "The columns that identify a row: never NULL, unique together. Rows are stored in their order.",
        True,
        False,
        True,
    ),
    "volatile": Word("The result may differ each time (now(), random()): built in every run.", True, False, False),
    "contract": Word("Names, order and types of the columns stay as they are.", True, False, False),
    "owner": Word("Who answers for the dataset.", True, False, True),
    "tag": Word("Words to select the dataset by.", True, False, True),
    "incremental": Word("Only new rows are computed.", True, False, None),
    "private": Word("The column's values are never shown.", True, True, None),
    "tolerance": Word("How far two versions of a number may lie apart and be the same in a diff.", True, True, True),
    "not_null": Word("The column holds no NULL.", True, True, None),
    "unique": Word("No value, or combination of these columns, comes twice.", True, True, None),
    "accepted_values": Word("The only values the column may hold.", True, True, True),
    "relationships": Word("Each value is found in that column: layer.name(column).", True, True, True),
    "range": Word("The column's values lie between two bounds.", True, True, True),
    "regex": Word("The column's values match the pattern.", True, True, True),
    "check": Word("A condition that must hold; where it does not, the new data is refused.", True, True, True),
    "warn": Word("A condition whose violation is only told.", True, True, None),
    "expect": Word("How new data may differ from the version that it replaces.", True, True, True),
}

_START = re.compile(r"(?:(?<=\s)|^)@([A-Za-z_][\w-]*)")
#: A column's name, plain or in quotes, as a regular expression.
IDENTIFIER = r'(?:[A-Za-z_]\w*|"(?:[^"]|"")+")'
_IDENTIFIER = re.compile(IDENTIFIER)
_COLUMNS = re.compile(rf"{IDENTIFIER}(\s*,\s*{IDENTIFIER})*")


@dataclass(frozen=True, slots=True)
class Annotation:
    """One annotation; ``column`` is None where it speaks of the dataset. ``offset`` is the place of its ``@``."""

    word: str
    argument: str
    column: str | None
    offset: int

    def names(self) -> tuple[str, ...]:
        """The argument as a list of column names, quoted ones without their quotes."""
        return read_names(self.argument)


def private_columns(annotations: Iterable[Annotation]) -> frozenset[str]:
    """The columns, in lower case, whose values are never shown."""
    marked = (a for a in annotations if a.word == "private")
    return frozenset(n.lower() for a in marked for n in ((a.column,) if a.column is not None else a.names()))


def read_names(text: str) -> tuple[str, ...]:
    """The column names in a text, quoted ones without their quotes."""
    return tuple(part[1:-1].replace('""', '"') if part.startswith('"') else part for part in _IDENTIFIER.findall(text))


def read_comment(comment: Comment, column: str | None, path: str, source: str) -> tuple[str, tuple[Annotation, ...]]:
    """Split a comment into its prose and its annotations; ``ModelError`` for a word that is not in the vocabulary."""
    found = list(_START.finditer(comment.text))
    prose = comment.text[: found[0].start()] if found else comment.text
    return prose.strip(), tuple(_read(comment, found, column, path, source))


def _read(
    comment: Comment, found: list[re.Match[str]], column: str | None, path: str, source: str
) -> Iterator[Annotation]:
    for i, match in enumerate(found):
        stop = found[i + 1].start() if i + 1 < len(found) else len(comment.text)
        word, argument = match.group(1), comment.text[match.end() : stop].strip()
        offset = comment.offset + match.start()

        def fail(message: str, hint: str, at: int = offset, length: int = len(word) + 1) -> ModelError:
            return ModelError(message, location=Location.at(path, source, at, length), hint=hint)

        known = WORDS.get(word)
        if known is None:
            near = nearest(word, WORDS)
            hint = f'did you mean "@{near}"?' if near else "known words: " + ", ".join(f"@{w}" for w in WORDS)
            raise fail(f'unknown annotation "@{word}"', hint)
        if column is None and not known.on_dataset:
            raise fail(f"@{word} speaks of a column", "write it in the comment after that column")
        if column is not None and not known.on_column:
            raise fail(f"@{word} speaks of the whole dataset", "write it in the comment at the top of the file")
        if (known.argument is True or (word in _COLUMNS_NEEDED and column is None)) and not argument:
            raise fail(f"@{word} needs an argument", f"{known.meaning} For example: {_EXAMPLES[word]}")
        if known.argument is False and argument:
            raise fail(f"@{word} takes no argument", f'take away "{argument}", or put it before the annotation')
        if word == "private" and column is not None and argument:
            raise fail("@private on a column takes no argument", f'take away "{argument}", or put it before it')
        listed = word == "key" or (word == "private" and column is None)
        if listed and not _COLUMNS.fullmatch(argument):
            example = f"For example: @{word} order_id, line_number"
            raise fail(f"@{word} takes column names, with commas between them", example)
        yield Annotation(word, argument, column, offset)


#: Words that need to be told their columns where they do not stand on one.
_COLUMNS_NEEDED = frozenset({"not_null", "unique", "private"})

_EXAMPLES = {
    "key": "@key order_id",
    "owner": "@owner data-team",
    "tag": "@tag nightly",
    "accepted_values": "@accepted_values placed, shipped",
    "relationships": "@relationships silver.customers(customer_id)",
    "range": "@range 0 to 100",
    "regex": "@regex ^[A-Z]{2}$",
    "check": "@check total >= 0",
    "warn": "@warn freshness ordered_at < 2 days",
    "expect": "@expect removed at most 1%",
    "private": "@private email, phone",
    "tolerance": "@tolerance 1e-9",
    "not_null": "@not_null order_id, status",
    "unique": "@unique order_id",
}
