"""What each check asks, as SQL. All of it is text; nothing here runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medallion.engines.sql import identifier, literal
from medallion.models.check import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from medallion.models.check import Check
    from medallion.names import TableName

__all__ = ["breaks", "failing_rows", "has_duplicates", "has_like_neighbours", "newest", "older_rows"]


def breaks(check: Check) -> str:
    """The condition that is true for a row that fails; empty where a check is not of single rows.

    A NULL fails ``not_null`` alone, as in SQL's own CHECK.
    """
    names = [identifier(name) for name in check.columns]
    if check.kind is Kind.NOT_NULL:
        return " OR ".join(f"{name} IS NULL" for name in names)
    if check.kind is Kind.ACCEPTED_VALUES:
        return f"{names[0]} NOT IN ({', '.join(literal(value) for value in check.values)})"
    if check.kind is Kind.RANGE:
        bounds = zip(("<", ">"), check.values, strict=True)
        return " OR ".join(f"{names[0]} {sign} {bound}" for sign, bound in bounds if bound)
    if check.kind is Kind.REGEX:
        return f"NOT regexp_matches(CAST({names[0]} AS VARCHAR), {literal(check.values[0])})"
    if check.kind is Kind.CONDITION:
        return f"NOT (\n{check.sql}\n)"
    return ""


def has_duplicates(table: str, columns: Sequence[str]) -> str:
    """Asks whether rows of ``table`` share their values of ``columns``: one row, true or false.

    Rows with a NULL among them are not compared, as in SQL's UNIQUE.
    """
    if len(columns) == 1:
        name = identifier(columns[0])
        return f"SELECT count({name}) > count(DISTINCT {name}) FROM {table}"
    return f"SELECT EXISTS (FROM ({_shared(table, columns)}))"


def has_like_neighbours(table: str, columns: Sequence[str]) -> str:
    """The same of rows that are in the order of ``columns``: there each has only to be held against the one before."""
    before = ", ".join(f"lag({identifier(name)}) OVER () AS b{i}" for i, name in enumerate(columns))
    values = ", ".join(f"{identifier(name)} AS k{i}" for i, name in enumerate(columns))
    same = " AND ".join(f"k{i} = b{i}" for i in range(len(columns)))
    return f"SELECT EXISTS (FROM (SELECT {values}, {before} FROM {table}) WHERE {same})"


def _duplicated(table: str, columns: Sequence[str]) -> str:
    """The rows that share their values of ``columns`` with another row."""
    listed = ", ".join(map(identifier, columns))
    return f"SELECT * FROM {table} WHERE ({listed}) IN ({_shared(table, columns)})"


def _shared(table: str, columns: Sequence[str]) -> str:
    listed = ", ".join(map(identifier, columns))
    there = " AND ".join(f"{identifier(name)} IS NOT NULL" for name in columns)
    return f"SELECT {listed} FROM {table} WHERE {there} GROUP BY {listed} HAVING count(*) > 1"


def _unmatched_key(table: str, columns: Sequence[str]) -> str:
    """The rows that are told apart by ``columns`` from no other, or not at all because one is NULL."""
    listed = ", ".join(map(identifier, columns))
    nulls = " OR ".join(f"{identifier(name)} IS NULL" for name in columns)
    return f"SELECT * FROM {table} WHERE {nulls} OR ({listed}) IN ({_shared(table, columns)})"


def failing_rows(check: Check, table: str) -> str:
    """The rows of ``table`` that fail a check which is of rows, in their order."""
    if check.kind is Kind.KEY:
        return _unmatched_key(table, check.columns)
    if check.kind is Kind.UNIQUE:
        return _duplicated(table, check.columns)
    if check.kind is Kind.RELATIONSHIPS:
        assert check.to is not None  # noqa: S101 - the grammar has seen to it
        pairs = [*zip(map(identifier, check.columns), map(identifier, check.to_columns), strict=True)]
        there = " AND ".join(f"a.{name} IS NOT NULL" for name, _ in pairs)
        same = " AND ".join(f"b.{other} = a.{name}" for name, other in pairs)
        return f"SELECT a.* FROM {table} a WHERE {there} AND NOT EXISTS (SELECT 1 FROM {check.to.sql} b WHERE {same})"
    return f"SELECT * FROM {table} WHERE {breaks(check)}"


def newest(check: Check, table: str, now: str) -> str:
    """Asks for the newest value as text, and whether it is new enough at ``now`` (ISO 8601, with its zone).

    A column without values is not fresh.
    """
    number, unit = check.values
    value = f"max({identifier(check.columns[0])})"
    limit = f"TIMESTAMPTZ {literal(now)} - INTERVAL {literal(f'{number} {unit}')}"
    return f"SELECT CAST({value} AS VARCHAR), coalesce(CAST({value} AS TIMESTAMPTZ) >= {limit}, false) FROM {table}"


def older_rows(check: Check, old: str, name: TableName, key: Sequence[str]) -> str:
    """The rows of a dataset whose columns of ``@expect unchanged`` are not what they are in the version before.

    ``old`` is that version; its rows are matched by ``key``, and those count of which the condition held there. It
    stands first: a condition that follows the new rows could take a column from them that the old ones do not have.
    """
    joined = " AND ".join(f"o.{identifier(name)} IS NOT DISTINCT FROM n.{identifier(name)}" for name in key)
    differs = " OR ".join(f"o.{identifier(name)} IS DISTINCT FROM n.{identifier(name)}" for name in check.columns)
    before = f"SELECT * FROM {old} AS {identifier(name.name)}" + (f" WHERE (\n{check.sql}\n)" if check.sql else "")
    return f"SELECT n.* FROM ({before}) o JOIN {name.sql} n ON {joined} WHERE {differs}"
