"""What models mean: asked of DuckDB's parser once for a text, and remembered."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from medallion.cachefile import read_entries, write_cache
from medallion.engines.faults import Fault, explain
from medallion.errors import Location, ModelError
from medallion.models.fingerprint import MEANING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from medallion.config import Config
    from medallion.engines.syntax import Parser
    from medallion.models.model import Macro, Model
    from medallion.records import Column, Record

__all__ = ["Meanings"]

_WORD = re.compile(r"\w+")
_QUOTED = re.compile(r'"((?:[^"]|"")*)"')
_MOST = 10_000


class Meanings:
    """The digests of the canonical forms of one project's models, kept in ``.medallion/cache/meanings.json``."""

    def __init__(self, config: Config, engine_version: str) -> None:
        self._file = config.state / "cache" / "meanings.json"
        self._format = [MEANING, engine_version]
        self._parser: Parser | None = None
        self._used: dict[str, str] = {}
        self._known: dict[str, str] = read_entries(self._file, self._format, "forms")

    def of(self, model: Model, macros: Sequence[Macro], inputs: Iterable[Record]) -> str:
        """The sha256 (hex) of what ``model`` means, reading ``inputs`` and using ``macros``.

        ``ModelError`` with the place where it is no SQL. Where DuckDB has no tree of the statement, as of a PIVOT at
        the top, or one too deep for Python, it is that of its tokens.
        """
        columns = [column for record in inputs for column in record.columns]
        key = hashlib.sha256(
            "\0".join(
                [model.digest, *(m.digest for m in macros), *sorted({f"{c.name} {c.type}" for c in columns})]
            ).encode()
        ).hexdigest()
        form = self._known.get(key) or self._used.get(key) or self._ask(model, macros, columns)
        self._used[key] = form
        return form

    def _ask(self, model: Model, macros: Sequence[Macro], columns: Sequence[Column]) -> str:
        from medallion.models.meaning import fold, meaning

        if self._parser is None:
            from medallion.engines.syntax import Parser

            self._parser = Parser()
        by_words = hashlib.sha256(f"tokens {model.digest}".encode()).hexdigest()
        tree = self._parser.tree(model.sql)
        if tree is None:
            return by_words
        if isinstance(tree, Fault):
            raise _explained(tree, model)
        texts = [*(column.type for column in columns), *(macro.sql for macro in macros)]
        if model.sources:  # Their columns are not known, and could be called like anything in the statement.
            texts.append(model.sql)
        names = {fold(column.name) for column in columns}
        taken = {fold(word) for text in texts for word in _names(text)}
        try:
            return hashlib.sha256(meaning(tree, names, taken).encode()).hexdigest()
        except RecursionError:
            return by_words

    def save(self) -> None:
        """Write what was asked for the first time, and the latest of the rest."""
        if not self._used.keys() <= self._known.keys():
            kept = dict(list({**self._known, **self._used}.items())[-_MOST:])
            write_cache(self._file, {"format": self._format, "forms": kept})
            self._known = kept


def _explained(fault: Fault, model: Model) -> ModelError:
    def locate(offset: int, length: int, note: str) -> Location:
        return model.locate(model.sql_offset + offset, length, note)

    message, place, hint = explain(fault, model.sql, locate, {})
    return ModelError(message, location=place or Location(model.path), hint=hint)


def _names(text: str) -> Iterable[str]:
    """Everything in a text of SQL that could be a name."""
    yield from _WORD.findall(text)
    yield from (name.replace('""', '"') for name in _QUOTED.findall(text))
