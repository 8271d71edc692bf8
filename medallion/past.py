"""What was built before: records by recipe, so that the same build is never done twice while its data is at hand.

A cache in ``.medallion/cache/built/``, one file a recipe. It is filled by each build, and from Git's history by the
catalog's update; deleted, it is filled again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from medallion.cachefile import read_cache, write_cache
from medallion.errors import MedallionError
from medallion.models.fingerprint import Recipe, recipe_digest
from medallion.records import Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from medallion.config import Config

__all__ = ["Past", "recipe_of"]

# A recipe whose inputs change with every run would grow without end; the latest are what is gone back to.
_MOST = 50


def recipe_of(record: Record) -> Recipe:
    """The recipe that a record's data was built from."""
    built = record.built
    return Recipe(
        text=built.text,
        sql=built.sql,
        key=record.key,
        macros=built.macros,
        variables=built.variables,
        engine=built.engine,
        engine_version=built.engine_version,
    )


class Past:
    """The records of earlier builds of one project."""

    def __init__(self, config: Config) -> None:
        self._folder = config.state / "cache" / "built"

    def find(self, recipe: Recipe) -> Iterator[Record]:
        """The records that this recipe led to, the latest first; one of each fingerprint."""
        for text, *_ in reversed(self._read(self._file(recipe))):
            try:
                yield Record.decode(text.encode(), "a record of an earlier build")
            except MedallionError:
                continue

    def sql(self, record: Record) -> str | None:
        """The SQL that a record's data was built from, where it was built here."""
        return next(
            (sql for _, sql, text in self._read(self._file(recipe_of(record))) if text == record.built.text), None
        )

    def remember(self, built: Iterable[tuple[Record, str | None]]) -> None:
        """Keep these records for later, each with the SQL that led to it where that is known."""
        by_file: dict[Path, list[tuple[str, str | None, str]]] = {}
        for record, sql in built:
            entry = (record.encode().decode(), sql, record.built.text)
            by_file.setdefault(self._file(recipe_of(record)), []).append(entry)
        for file, entries in by_file.items():
            known = self._read(file)
            seen = {text for text, *_ in known}
            new = {entry[0]: entry for entry in entries if entry[0] not in seen}
            if new:
                write_cache(file, [*known, *new.values()][-_MOST:])

    @property
    def is_empty(self) -> bool:
        """Whether nothing is known: nothing was built here yet, or somebody emptied the cache."""
        return not self._folder.is_dir()

    def _file(self, recipe: Recipe) -> Path:
        digest = recipe_digest(recipe)
        return self._folder / digest[:2] / f"{digest}.json"

    def _read(self, file: Path) -> list[tuple[str, str | None, str]]:
        document = read_cache(file)
        return [(text, sql, digest) for text, sql, digest in document] if isinstance(document, list) else []
