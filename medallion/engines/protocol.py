"""The contract between a build and the engine that computes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from medallion.events import RowDelta
    from medallion.models.model import Macro, Model
    from medallion.models.tolerances import Tolerance
    from medallion.names import TableName
    from medallion.records import Column
    from medallion.schemas import Schema

__all__ = ["Engine", "Produced", "Reader", "Session"]


@dataclass(frozen=True, slots=True)
class Produced:
    """A Parquet file that an engine wrote: its sha256, bytes, rows, columns as readers see them, and key range."""

    file: Path
    oid: str
    size: int
    rows: int
    columns: tuple[Column, ...]
    key_range: tuple[str, str] | None
    peak_memory: int | None


class Reader(Protocol):
    """Where checks look at data: queries over datasets that are registered."""

    def bind(self, probe: Model) -> Schema:
        """Names and types of what a query gives, which is looked at as a model is before it runs.

        ``ModelError`` with the place in the file that the query was written in.
        """

    def needs_data(self, sql: str) -> bool:
        """Whether values give a query's columns their names, as in a PIVOT that lists none."""

    def rows(self, sql: str, probe: Model | None = None) -> list[tuple[Any, ...]]:
        """All rows of a query. Where it holds the query of ``probe`` as it stands, a mistake is told at its place."""

    def write(self, sql: str, target: Path) -> None:
        """Write the rows of a query to a Parquet file."""


class Session(Protocol):
    """An engine at work. Every method may be called from several threads; each model runs in the caller's thread."""

    def register(self, name: TableName, files: Sequence[Path], *, private: bool = False) -> None:
        """Make a dataset readable under its name."""

    def bind(
        self, model: Model, macros: Sequence[Macro], schemas: Mapping[TableName, Schema], *, stored: bool = True
    ) -> Schema | None:
        """The columns that the model gives, as readers will see them, found without running it.

        ``schemas`` are those of the datasets that it reads and that are not registered: no file of theirs is opened.
        None where only data can tell. Where the result is not to be ``stored``, its names and types may be any. Raises
        as ``build`` does for what is wrong with the SQL.
        """

    def build(
        self,
        model: Model,
        macros: Sequence[Macro],
        target: Path,
        on_progress: Callable[[float | None], None],
        on_bound: Callable[[Schema], None] = ...,
    ) -> Produced:
        """Run the model's SQL as it stands and write its result to ``target``.

        ``on_bound`` is told the columns before anything is computed; an error of its own ends the build.
        Raises ``ModelError`` with the place in the model where the SQL is at fault, ``BuildError`` for the rest.
        """

    def compare(
        self, old: Sequence[Path], new: Sequence[Path], key: Sequence[str], tolerances: Mapping[str, Tolerance]
    ) -> RowDelta | None:
        """How rows differ between two versions' Parquet files; None where one cannot be read.

        ``tolerances`` are those of columns, by their names in lower case.

        Raises ``BuildError`` where it is interrupted.
        """

    def reader(
        self, reads: Collection[TableName], macros: Sequence[Macro], *, discreet: bool = False
    ) -> AbstractContextManager[Reader]:
        """A place to look at the datasets ``reads``, which are registered, with these macros.

        ``discreet``: there are values in them that must not be shown, so no message of an error quotes any.
        """

    def interrupt(self) -> None:
        """Stop everything that runs; the ``build`` calls raise ``BuildError``."""


class Engine(Protocol):
    """Opens sessions; ``name`` and ``version`` are part of every fingerprint."""

    name: str
    version: str

    def open(self) -> AbstractContextManager[Session]:
        """Start a session; leaving the context frees everything it held."""
