"""A model file as a value: what it says of itself, what it reads, and what could change its result.

These values carry no syntax tree, so that a plan whose models were read before needs no SQL parser.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from medallion.errors import Location
from medallion.models.annotations import private_columns

if TYPE_CHECKING:
    from collections.abc import Mapping

    from medallion.models.annotations import Annotation
    from medallion.models.check import Check
    from medallion.models.tolerances import Tolerance
    from medallion.names import TableName

__all__ = ["Call", "Macro", "Model", "Reference", "SourceReference", "TableFunction", "Word"]


@dataclass(frozen=True, slots=True)
class Reference:
    """A dataset that the SQL names, and where: character offset and length in the file."""

    name: TableName
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class SourceReference:
    """A path or glob pattern that the SQL reads, as written, and where."""

    path: str
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class TableFunction:
    """A function that stands as a table, and where."""

    name: str
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Call:
    """A function or macro that the SQL calls; ``offset`` is where its name stands."""

    name: str
    offset: int


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the SQL as written, and where it stands."""

    raw: str
    start: int


@dataclass(frozen=True, slots=True)
class Model:
    """One ``SELECT`` and what was read from its text.

    ``sql`` is the statement as written, without a closing semicolon; ``digest`` the sha256 of its tokens. ``names``
    are all words that it could name a column by, in lower case, or None where it may also reach columns without
    naming them (``*``, ``COLUMNS(…)``, ``NATURAL JOIN``, a whole row).
    """

    name: TableName
    path: str
    text: str
    sql: str
    sql_offset: int
    digest: str
    description: str
    columns: Mapping[str, str]
    annotations: tuple[Annotation, ...]
    datasets: tuple[Reference, ...]
    sources: tuple[SourceReference, ...]
    table_functions: tuple[TableFunction, ...]
    calls: tuple[Call, ...]
    variables: frozenset[str]
    volatile_at: tuple[Word, ...]
    names: frozenset[str] | None
    checks: tuple[Check, ...] = ()

    @property
    def key(self) -> tuple[str, ...]:
        """The columns of ``@key``, in the order written; empty without one."""
        return next((a.names() for a in self.annotations if a.word == "key"), ())

    @property
    def volatile(self) -> bool:
        """Whether the author says that the result may differ each time."""
        return any(a.word == "volatile" for a in self.annotations)

    @property
    def private(self) -> frozenset[str]:
        """The columns, in lower case, whose values are never shown."""
        return private_columns(self.annotations)

    @property
    def tolerances(self) -> Mapping[str, Tolerance]:
        """How far numbers of two versions may lie apart, by column in lower case."""
        from medallion.models.tolerances import read_tolerance

        return dict(read_tolerance(a, self.path, self.text) for a in self.annotations if a.word == "tolerance")

    def locate(self, offset: int, length: int = 1, note: str = "") -> Location:
        """A place in the file, from a character offset."""
        return Location.at(self.path, self.text, offset, length, note)


@dataclass(frozen=True, slots=True)
class Macro:
    """A ``CREATE MACRO`` statement; ``sql`` is the statement as written, ``names`` as for a model."""

    name: str
    path: str
    text: str
    sql: str
    offset: int
    digest: str
    calls: tuple[Call, ...]
    datasets: tuple[Reference, ...]
    table_functions: tuple[TableFunction, ...]
    variables: frozenset[str]
    volatile_at: tuple[Word, ...]
    names: frozenset[str] | None

    def locate(self, offset: int, length: int = 1, note: str = "") -> Location:
        """A place in the file, from a character offset."""
        return Location.at(self.path, self.text, offset, length, note)
