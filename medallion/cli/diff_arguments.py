"""What the words after ``medallion diff`` are: revisions, or datasets.

As Git does it, a word may be either and ``--`` tells them apart. Without it, what looks like a dataset (``layer.name``,
``layer.*``, or a term by which ``run`` selects) is one, and revisions stand first.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from typer.core import TyperCommand

from medallion.errors import MedallionError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import typer

__all__ = ["DiffCommand", "column_names", "is_selection", "one_range", "revisions_and_tables"]

_OPERATORS = re.compile(r"(@|\d*\+)?(?P<value>.*?)(\+\d*)?", re.DOTALL)
_COLUMN = re.compile(r'\s*"((?:[^"]|"")*)"\s*(?:,|$)|([^,]*)(?:,|$)', re.DOTALL)
_METHOD = re.compile(r"(tag|path|git):.")


class DiffCommand(TyperCommand):
    """A command that knows of a ``--``: the words after it come as the hidden option ``--table``."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        """Take the words after ``--`` out of the arguments."""
        if "--" in args:
            place = args.index("--")
            after = args[place + 1 :] or [""]  # Nothing, and yet there was a --: all before it are revisions.
            args = [*args[:place], *(f"--table={word}" for word in after)]
        return super().parse_args(ctx, args)


def revisions_and_tables(
    words: Sequence[str], after: Sequence[str] | None, layers: Collection[str]
) -> tuple[str, list[str]]:
    """The revisions as one text (``A..B`` for two words), and the datasets; ``after`` stood behind a ``--``.

    ``MedallionError`` where there are more revisions than two, or one stands behind a dataset.
    """
    if after is not None:
        revisions, tables = list(words), [word for word in after if word]
    else:
        number = next((i for i, word in enumerate(words) if is_selection(word, layers)), len(words))
        revisions, tables = list(words[:number]), list(words[number:])
    late = [word for word in tables if after is None and not is_selection(word, layers)]
    if late:
        raise MedallionError(
            f'"{late[0]}" is no dataset: a layer comes first, as in {next(iter(layers), "silver")}.orders',
            hint=f"revisions stand before datasets: medallion diff {late[0]} {tables[0]}",
        )
    return one_range(revisions, hint="write BASE, BASE..HEAD or BASE...HEAD, and datasets as layer.name"), tables


def one_range(words: Sequence[str], hint: str = "write BASE, BASE..HEAD or BASE...HEAD") -> str:
    """Revisions as one text, ``A..B`` for two words; ``MedallionError`` where there are more, or one is a range."""
    if len(words) > 2 or (len(words) == 2 and any(".." in word for word in words)):
        raise MedallionError(f"{len(words)} revisions are too many to compare: {' '.join(words)}", hint=hint)
    return "..".join(words)


def column_names(text: str) -> list[str]:
    """The names between commas; one with a comma in it is in double quotes, as in SQL."""
    found = ((quoted.replace('""', '"') or plain.strip()) for quoted, plain in _COLUMN.findall(text))
    return [name for name in found if name]


def is_selection(word: str, layers: Collection[str]) -> bool:
    """Whether a word selects datasets: each of its terms begins with a layer, or is what no revision can be."""
    return bool(word) and all(_is_term(term, layers) for term in word.split(","))


def _is_term(term: str, layers: Collection[str]) -> bool:
    value = _OPERATORS.fullmatch(term)["value"]  # type: ignore[index]  # it matches every text
    layer, dot, name = value.partition(".")
    if dot and layer in layers:
        return bool(name) and not name.startswith(".") and ".." not in name
    # Git allows no * in the name of a branch or tag.
    return bool(_METHOD.match(value)) or ("*" in value and not value.startswith(":"))
