"""What whoever makes a dataset is given, and brings back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from medallion.errors import MedallionError
    from medallion.events import CheckResult, Outcome, RowDelta
    from medallion.identities import Identities
    from medallion.names import TableName
    from medallion.plan import DataState
    from medallion.records import DataFile, Record

__all__ = ["Ended", "FilesAtHand"]


class FilesAtHand(Protocol):
    """Where real files come from."""

    identities: Identities

    @property
    def has_past(self) -> bool:
        """Whether any earlier build is known at all."""

    def find(self, record: Record, state: DataState) -> Sequence[Path]:
        """Real Parquet files of a dataset as it stands in the work tree, fetching them if need be."""

    def former(self, record: Record) -> Sequence[Path]:
        """Files with the data of a record that may lie in the work tree no more; ``DataError`` where it is lost."""

    def last_committed(self, name: TableName) -> Record | None:
        """The record of a dataset in the last commit; None where there is none."""

    def committed(self, record: Record) -> str:
        """Which version a record is, in words (``a1b2c3d of 2026-11-23``); empty where no commit has it."""

    def copy(self, file: DataFile, target: Path) -> bool:
        """Copy the content of a data file to ``target``; False where it cannot be had."""


@dataclass(frozen=True, slots=True)
class Ended:
    """What a worker brings back."""

    outcome: Outcome
    reason: str
    seconds: float
    record: Record | None = None
    error: MedallionError | None = None
    peak_memory: int | None = None
    checks: tuple[CheckResult, ...] = ()
    difference: RowDelta | None = None
