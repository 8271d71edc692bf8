"""What is asked of a comparison."""

from __future__ import annotations

from dataclasses import dataclass

from medallion.errors import MedallionError
from medallion.names import TableName

__all__ = ["CONDITION", "Asked", "UnfitError"]

#: What ``where`` is, said as a hint.
CONDITION = "a condition on the columns of the dataset, as in --where \"status = 'paid'\""


class UnfitError(MedallionError):
    """What is asked does not fit a dataset: it has no such ``column``, or ("") a condition fails on it otherwise."""

    def __init__(self, message: str, *, column: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.column = column


@dataclass(frozen=True, slots=True)
class Asked:
    """What to tell of each dataset.

    ``where`` is a condition in SQL: only rows are compared of which it is true in either version, or without a key, in
    their own; it may name a column that one version has alone. ``columns`` are those to compare besides the key; none
    means all. ``limit`` is how many rows that differ are shown, 0 for all. ``histograms``: whether to count values in
    bins. ``discreet``: why a dataset cannot be compared is told without values of it.
    ``strictest``: numbers may lie apart as far as both versions allow, and not only the head. ``values``: whether
    to tell how columns and rows changed, and not only how many rows and cells.
    """

    where: str = ""
    columns: tuple[str, ...] = ()
    limit: int = 20
    histograms: bool = False
    discreet: bool = False
    strictest: bool = False
    values: bool = True

    def __post_init__(self) -> None:
        """``MedallionError`` where ``where`` is no condition, or would be another one each time that it is asked."""
        if not self.where:
            return
        from medallion.models.parse import parse_model

        try:
            model = parse_model(
                TableName("where", "rows"), "--where", f"FROM rows.any WHERE (\n{self.where}\n)", ("rows", "where")
            )
        except MedallionError as error:
            raise MedallionError(f"--where {self.where}: {error.message}", hint=CONDITION) from error
        if model.volatile_at:
            word = model.volatile_at[0].raw
            raise MedallionError(
                f"--where {self.where}: {word} gives another result each time", hint="ask for what stays the same"
            )
