"""Models and macros as they were read before: the same text is parsed once, and not again by the next command."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from medallion.cachefile import read_cache, read_entries, write_cache
from medallion.installed import version_of
from medallion.redaction import redact

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from medallion.config import Config
    from medallion.models.check import Check
    from medallion.models.model import Macro, Model
    from medallion.names import TableName

__all__ = ["Parsed", "private_columns"]

_Read = TypeVar("_Read")
# Of what is read from a text, and how: raised with every change of medallion.models that could read it differently.
_FORMAT = "3"
_OF_COMMITS = 2_000
# Where they stand in an encoded model.
_ANNOTATIONS = 5
# There is none, or one of another kind.
_NO_ENTRY = (LookupError, TypeError, ValueError, AttributeError)


class Parsed:
    """Reads the texts of one project, and remembers what it read in ``.medallion/cache/``.

    What is read for a commit is kept in a file of its own, beside that for the work tree: the last ``_OF_COMMITS``.
    """

    def __init__(self, config: Config, *, commit: bool = False) -> None:
        folder = config.state / "cache"
        self._layers = config.layers
        here = folder / "models.json"
        self._file = folder / "models-of-commits.json" if commit else here
        self._here = read_entries(here, self._format, "entries") if commit else {}
        self._known = read_entries(self._file, self._format, "entries")
        self._used: dict[str, Any] = {}
        self._commit = commit

    @property
    def _format(self) -> list[str]:
        return [_FORMAT, version_of("sqlglot"), *self._layers]

    def model(self, name: TableName, path: str, text: str) -> Model:
        """The model in a file; ``ModelError`` as from :func:`medallion.models.parse.parse_model`."""

        def parse() -> Model:
            from medallion.models.parse import parse_model

            return parse_model(name, path, text, self._layers)

        from medallion.models.encoded import decode_model, encode_model

        return self._once("model", text, lambda known: decode_model(known, name, path, text), parse, encode_model)

    def macros(self, path: str, text: str) -> Sequence[Macro]:
        """The macros in a file; ``ModelError`` as from :func:`medallion.models.parse.parse_macros`."""

        def parse() -> Sequence[Macro]:
            from medallion.models.parse import parse_macros

            return parse_macros(path, text, self._layers)

        from medallion.models.encoded import decode_macro, encode_macro

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

        from medallion.models.encoded import decode_check, encode_check

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
            entry = self._here[key] if key in self._here else self._known[key]
            known = decode(entry)
            self._used[key] = entry
            return known
        read = parse()
        if redact(text) == text:  # A credential in it must not lie in yet another file.
            self._used[key] = encode(read)
        return read

    def save(self) -> None:
        """Write what was used, where that differs from what was known: texts that are gone are forgotten."""
        keep = self._used
        if self._commit:
            new = {key: entry for key, entry in keep.items() if key not in self._here and key not in self._known}
            keep = dict(list((self._known | new).items())[-_OF_COMMITS:])
        if keep != self._known:
            write_cache(self._file, {"format": self._format, "entries": keep})
            self._known = dict(keep)


def private_columns(state: Path, text: str) -> frozenset[str] | None:
    """The columns, in lower case, that a model's text marks as private; None where no command has read that text yet.

    ``state`` is the ``.medallion/`` of its project. The layers have no say in it, so they need not be known.
    """
    from medallion.models import annotations

    document = read_cache(state / "cache" / "models.json")
    with suppress(*_NO_ENTRY):
        if isinstance(document, dict) and document["format"][:2] == [_FORMAT, version_of("sqlglot")]:
            marks = document["entries"][_key("model", text)][_ANNOTATIONS]
            return annotations.private_columns(annotations.Annotation(*mark) for mark in marks)
    return None


def _key(kind: str, text: str) -> str:
    return hashlib.sha256(f"{kind}\n{text}".encode(errors="surrogatepass")).hexdigest()
