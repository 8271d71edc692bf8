"""A difference as a document of plain values, for JSON. ``schema.json`` beside this file describes it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from medallion.diff.value import RowStatus

if TYPE_CHECKING:
    from medallion.diff.value import ColumnDiff, Diff, Histogram, RowChange, Rows, Side, Statistics, TableDiff

__all__ = ["FORMAT", "counts_document", "diff_document", "side_document", "table_document"]

#: The version of the document. It grows when a name changes its meaning or goes, not when one comes.
FORMAT = 1


def diff_document(diff: Diff) -> dict[str, Any]:
    """The whole difference, in dicts, lists, texts, numbers, booleans and None alone."""
    return {
        "format": FORMAT,
        "base": side_document(diff.base),
        "head": side_document(diff.head),
        "datasets": [table_document(table) for table in diff.datasets],
        "notes": list(diff.notes),
    }


def side_document(side: Side) -> dict[str, Any]:
    """A version that takes part; ``commit`` is None for the work tree."""
    return {"name": side.short, "commit": side.commit or None}


def table_document(table: TableDiff) -> dict[str, Any]:
    """How one dataset differs."""
    return {
        "name": str(table.name),
        "status": str(table.status),
        "error": table.error or None,
        "key": {
            "columns": list(table.key.columns),
            "base_columns": list(table.key.base),
            "origin": str(table.key.origin),
            "why": table.key.why,
        },
        "rows": _rows(table.rows) if table.rows else None,
        "schema_changed": table.schema_changed,
        "columns": [_column(column) for column in table.columns],
        "samples": [_row(row) for row in table.samples],
        "more_rows": max(0, table.more_rows),
        "content_id": {"base": table.base_content or None, "head": table.head_content or None},
        "bytes": {"base": table.base_bytes, "head": table.head_bytes},
        "notes": list(table.notes),
    }


def counts_document(rows: Rows) -> dict[str, Any]:
    """How many rows there are on both sides, and how many differ; ``changed`` is None without a key."""
    return {
        "base": rows.base,
        "head": rows.head,
        "added": rows.added,
        "removed": rows.removed,
        "changed": rows.changed,
    }


def _rows(rows: Rows) -> dict[str, Any]:
    return {
        **counts_document(rows),
        "null_keys": _sides(rows.null_keys),
        "duplicate_keys": _sides(rows.duplicate_keys),
    }


def _sides(pair: tuple[int, int]) -> dict[str, int]:
    return {"base": pair[0], "head": pair[1]}


def _column(column: ColumnDiff) -> dict[str, Any]:
    tolerance = column.tolerance
    return {
        "name": column.name,
        "status": str(column.status),
        "changed": column.changed,
        "base_name": column.base_name or None,
        "base_type": column.base_type or None,
        "head_type": column.head_type or None,
        "base_nullable": column.base_nullable if column.base_type else None,
        "head_nullable": column.head_nullable if column.head_type else None,
        "moved": column.moved,
        "private": column.private,
        "is_key": column.is_key,
        "patterns": [{"base": p.base, "head": p.head, "count": p.count} for p in column.patterns],
        "other_changes": column.other_changes,
        "other_patterns": column.other_patterns,
        "nulls_gained": column.nulls_gained,
        "nulls_lost": column.nulls_lost,
        "tolerance": tolerance
        and {"absolute": _number(tolerance.absolute), "relative": _number(tolerance.relative)},
        "base_statistics": _statistics(column.base_statistics),
        "head_statistics": _statistics(column.head_statistics),
        "histogram": _histogram(column.histogram),
    }  # fmt: skip


def _statistics(statistics: Statistics | None) -> dict[str, Any] | None:
    if statistics is None:
        return None
    return {
        "nulls": statistics.nulls,
        "least": statistics.least,
        "greatest": statistics.greatest,
        "mean": _number(statistics.mean),
    }


def _histogram(histogram: Histogram | None) -> dict[str, Any] | None:
    if histogram is None:
        return None
    return {
        "edges": [_number(edge) for edge in histogram.edges],
        "labels": list(histogram.labels),
        "base": list(histogram.base),
        "head": list(histogram.head),
    }


def _number(value: float | None) -> float | str | None:
    """A number as it is, and what JSON has no number for as DuckDB writes it: ``nan``, ``inf``, ``-inf``."""
    return value if value is None or math.isfinite(value) else str(value)


def _row(row: RowChange) -> dict[str, Any]:
    """A row; a cell has ``base`` and ``head`` only where the row is there and the value may be told."""
    has_base, has_head = row.status is not RowStatus.ADDED, row.status is not RowStatus.REMOVED
    cells = []
    for cell in row.cells:
        told: dict[str, Any] = {"column": cell.column, "private": cell.private}
        if has_base and not cell.private:
            told["base"] = cell.base
        if has_head and not cell.private:
            told["head"] = cell.head
        cells.append(told)
    return {"status": str(row.status), "count": row.count, "key": list(row.key), "cells": cells}
