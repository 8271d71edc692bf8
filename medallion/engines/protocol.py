"""The contract between a build and the engine that computes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from medallion.events import RowDelta
    from medallion.models.model import Macro, Model
    from medallion.names import TableName
    from medallion.records import Column

__all__ = ["Engine", "Produced", "Session"]


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


class Session(Protocol):
    """An engine at work. Every method may be called from several threads; each model runs in the caller's thread."""

    def register(self, name: TableName, files: Sequence[Path], *, private: bool = False) -> None:
        """Make a dataset readable under its name."""

    def build(
        self, model: Model, macros: Sequence[Macro], target: Path, on_progress: Callable[[float | None], None]
    ) -> Produced:
        """Run the model's SQL as it stands and write its result to ``target``.

        Raises ``ModelError`` with the place in the model where the SQL is at fault, ``BuildError`` for the rest.
        """

    def compare(self, old: Sequence[Path], new: Sequence[Path], key: Sequence[str]) -> RowDelta | None:
        """How rows differ between two versions' Parquet files; None where one cannot be read.

        Raises ``BuildError`` where it is interrupted.
        """

    def interrupt(self) -> None:
        """Stop everything that runs; the ``build`` calls raise ``BuildError``."""


class Engine(Protocol):
    """Opens sessions; ``name`` and ``version`` are part of every fingerprint."""

    name: str
    version: str

    def open(self) -> AbstractContextManager[Session]:
        """Start a session; leaving the context frees everything it held."""
