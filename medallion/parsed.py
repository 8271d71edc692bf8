"""Models and macros as they were read before: the same text is parsed once, and not again by the next command."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from medallion.cachefile import read_cache, write_cache
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
    from collections.abc import Sequence

    from medallion.config import Config
    from medallion.models.check import Check
    from medallion.models.model import Macro, Model
    from medallion.names import TableName

__all__ = ["Parsed"]

# Of what is read from a text, and how: raised with every change of medallion.models that could read it differently.
_FORMAT = "3"
# There is none, or one of another kind.
_NO_ENTRY = (LookupError, TypeError, ValueError, AttributeError)


class Parsed:
    """Reads the texts of one project, and remembers what it read in ``.medallion/cache/models.json``."""

    def __init__(self, config: Config) -> None:
        self._file = config.state / "cache" / "models.json"
        self._layers = config.layers
        self._known: dict[str, Any] = {}
        self._used: dict[str, Any] = {}
        document = read_cache(self._file)
        if isinstance(document, dict) and document.get("format") == self._format:
            entries = document.get("entries")
            self._known = entries if isinstance(entries, dict) else {}

    @property
    def _format(self) -> list[str]:
        return [_FORMAT, version_of("sqlglot"), *self._layers]

    def model(self, name: TableName, path: str, text: str) -> Model:
        """The model in a file; ``ModelError`` as from :func:`medallion.models.parse.parse_model`."""
        key = _key("model", text)
        with suppress(*_NO_ENTRY):
            known = decode_model(self._known[key], name, path, text)
            self._used[key] = self._known[key]
            return known
        from medallion.models.parse import parse_model

        model = parse_model(name, path, text, self._layers)
        if redact(text) == text:  # A credential in it must not lie in yet another file.
            self._used[key] = encode_model(model)
        return model

    def macros(self, path: str, text: str) -> Sequence[Macro]:
        """The macros in a file; ``ModelError`` as from :func:`medallion.models.parse.parse_macros`."""
        key = _key("macros", text)
        with suppress(*_NO_ENTRY):
            known = [decode_macro(encoded, path, text) for encoded in self._known[key]]
            self._used[key] = self._known[key]
            return known
        from medallion.models.parse import parse_macros

        macros = parse_macros(path, text, self._layers)
        if redact(text) == text:
            self._used[key] = [encode_macro(macro) for macro in macros]
        return macros

    def check(self, path: str, text: str) -> Check:
        """The check in a file; ``ModelError`` as from :func:`medallion.models.parse.parse_check`."""
        key = _key("check", text)
        with suppress(*_NO_ENTRY):
            known = decode_check(self._known[key], path, text)
            self._used[key] = self._known[key]
            return known
        from medallion.models.parse import parse_check

        check = parse_check(path, text, self._layers)
        if redact(text) == text:
            self._used[key] = encode_check(check)
        return check

    def save(self) -> None:
        """Write what was used, where that differs from what was known: texts that are gone are forgotten."""
        if self._used != self._known:
            write_cache(self._file, {"format": self._format, "entries": self._used})
            self._known = dict(self._used)


def _key(kind: str, text: str) -> str:
    return hashlib.sha256(f"{kind}\n{text}".encode(errors="surrogatepass")).hexdigest()
