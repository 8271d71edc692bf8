"""A text that a person wrote, and how to point into it."""

from __future__ import annotations

from dataclasses import dataclass

from medallion.errors import Location, UnitTestError
from medallion.names import nearest

__all__ = ["Place", "Source"]


@dataclass(frozen=True, slots=True)
class Source:
    """A file's path, relative to the project, and its text."""

    path: str
    text: str

    def place(self, start: int, length: int = 1) -> Place:
        """A place, from a character offset."""
        return Place(self, start, length)


@dataclass(frozen=True, slots=True)
class Place:
    """Some characters of a text."""

    source: Source
    start: int
    length: int = 1

    @property
    def location(self) -> Location:
        """The same with line and column, which are counted only when they are shown."""
        first = self.source.text[self.start : self.start + self.length].split("\n", 1)[0]
        return Location.at(self.source.path, self.source.text, self.start, max(1, len(first.rstrip())))

    def error(self, message: str, hint: str = "") -> UnitTestError:
        """An error here."""
        return UnitTestError(message, location=self.location, hint=hint)

    def unknown(self, what: str, word: str, known: list[str], otherwise: str) -> UnitTestError:
        """An error about a name that is none of ``known``; the hint has the nearest, else says ``otherwise``."""
        near = nearest(word, known)
        return self.error(f'{what} "{word}"', f'did you mean "{near}"?' if near else otherwise)
