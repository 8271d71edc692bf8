"""A difference without the names of columns that are private values: a PIVOT over a private column makes such. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from medallion.privacy import without_names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from medallion.diff.value import RowChange, TableDiff

__all__ = ["with_labels"]


def with_labels(table: TableDiff, labels: Mapping[str, str]) -> TableDiff:
    """The same, with ``labels`` in the place of these names (in lower case) of columns; they are private."""
    if not labels:
        return table

    def told(name: str) -> str:
        return labels.get(name.lower(), name)

    def row(found: RowChange) -> RowChange:
        return replace(found, cells=tuple(replace(cell, column=told(cell.column)) for cell in found.cells))

    key = table.key
    return replace(
        table,
        key=replace(
            key,
            columns=tuple(map(told, key.columns)),
            base=tuple(map(told, key.base)),
            why=without_names(key.why, labels),
        ),
        columns=tuple(
            replace(c, name=told(c.name), base_name=told(c.base_name), private=c.private or c.name.lower() in labels)
            for c in table.columns
        ),
        samples=tuple(map(row, table.samples)),
        notes=tuple(without_names(note, labels) for note in table.notes),
    )
