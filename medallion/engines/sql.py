"""Quoting: the one place where names and values become SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["identifier", "literal", "no_glob", "read_parquet"]


def identifier(name: str) -> str:
    """A quoted identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str | float | bool) -> str:  # noqa: FBT001  # a boolean is a value here
    """A literal of DuckDB: text, number or boolean."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    return "'" + value.replace("'", "''") + "'"


def read_parquet(files: Iterable[str], *options: str) -> str:
    """A table that reads exactly these files. The folders of a path are no columns, whatever they are called."""
    listed = ", ".join(literal(no_glob(file)) for file in files)
    return f"read_parquet([{listed}], {', '.join(['hive_partitioning = false', *options])})"


def no_glob(path: str) -> str:
    """A path in which no character is a pattern: in brackets each stands for itself."""
    return path.replace("[", "[[]").replace("*", "[*]").replace("?", "[?]")
