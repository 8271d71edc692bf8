"""Models and macros as they were read before: the same text is parsed once, and not again by the next command."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from medallion.cachefile import read_entries, write_cache
from medallion.installed import version_of
from medallion.models.encoded import (
    decode_check,
    decode_macro,
    decode_model,
    encode_check,
    encode_macro,
    encode_model,
)
from medallion.redaction import redact

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from medallion.config import Config
    from medallion.models.check import Check
    from medallion.models.model import Macro, Model
    from medallion.names import TableName

__all__ = ["Parsed"]

_Read = TypeVar("_Read")
# Of what is read from a text, and how: raised with every change of medallion.models that could read it differently.
_FORMAT = "3"
# There is none, or one of another kind.
_NO_ENTRY = (LookupError, TypeError, ValueError, AttributeError)


class Parsed:
    """Reads the texts of one project, and remembers what it read in ``.medallion/cache/models.json``."""

    def __init__(self, config: Config) -> None:
        self._file = config.state / "cache" / "models.json"
        self._layers = config.layers
        self._known = read_entries(self._file, self._format, "entries")
        self._used: dict[str, Any] = {}

    @property
    def _format(self) -> list[str]:
        return [_FORMAT, version_of("sqlglot"), *self._layers]

    def model(self, name: TableName, path: str, text: str) -> Model:
        """The model in a file; ``ModelError`` as from :func:`medallion.models.parse.parse_model`."""

        def parse() -> Model:
            from medallion.models.parse import parse_model

            return parse_model(name, path, text, self._layers)

        return self._once("model", text, lambda known: decode_model(known, name, path, text), parse, encode_model)

    def macros(self, path: str, text: str) -> Sequence[Macro]:
        """The macros in a file; ``ModelError`` as from :func:`medallion.models.parse.parse_macros`."""

        def parse() -> Sequence[Macro]:
            from medallion.models.parse import parse_macros

            return parse_macros(path, text, self._layers)

        return self._once(
            "macros",
            text,
            lambda known: [decode_macro(macro, path, text) for macro in known],
            parse,
            lambda macros: [encode_macro(macro) for macro in macros],
        )

    def check(self, path: str, text: str) -> Check:
        """The check in a file; ``ModelError`` as from :func:`medallion.models.parse.parse_check`."""

        def parse() -> Check:
            from medallion.models.parse import parse_check

            return parse_check(path, text, self._layers)

        return self._once("check", text, lambda known: decode_check(known, path, text), parse, encode_check)

    def _once(
        self,
        kind: str,
        text: str,
        decode: Callable[[Any], _Read],
        parse: Callable[[], _Read],
        encode: Callable[[_Read], Any],
    ) -> _Read:
        """What was read of this text before, else what ``parse`` reads now."""
        key = _key(kind, text)
        with suppress(*_NO_ENTRY):
            known = decode(self._known[key])
            self._used[key] = self._known[key]
            return known
        read = parse()
        if redact(text) == text:  # A credential in it must not lie in yet another file.
            self._used[key] = encode(read)
        return read

    def save(self) -> None:
        """Write what was used, where that differs from what was known: texts that are gone are forgotten."""
        if self._used != self._known:
            write_cache(self._file, {"format": self._format, "entries": self._used})
            self._known = dict(self._used)


def _key(kind: str, text: str) -> str:
    return hashlib.sha256(f"{kind}\n{text}".encode(errors="surrogatepass")).hexdigest()
