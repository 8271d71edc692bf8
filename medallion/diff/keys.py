"""By which columns the rows of two versions are matched: declared, known to be unique, or found in the data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from medallion.diff.value import Key, KeyOrigin
from medallion.engines.rows.cells import STAND_IN, is_ordered
from medallion.engines.rows.pair import why_no_key
from medallion.engines.sql import identifier
from medallion.models.check import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

    from medallion.engines.rows.columns import Matching
    from medallion.engines.rows.pair import Table
    from medallion.models.model import Model
    from medallion.records import Record

__all__ = ["Candidate", "candidates", "choose_key"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """Columns that may be the key, by any side's names for them, and who says so."""

    columns: tuple[str, ...]
    origin: KeyOrigin
    why: str


def candidates(base: Record | None, head: Record | None, model: Model | None) -> Iterator[Candidate]:
    """What is said to be a key, the best first: the model's ``@key``, a record's, a check that they are unique."""
    if model is not None and model.key:
        yield Candidate(model.key, KeyOrigin.DECLARED, "@key")
    for record, which in ((head, "head"), (base, "base")):
        if record is not None and record.key:
            yield Candidate(record.key, KeyOrigin.DECLARED, f"@key of the {which}")
    for check in model.checks if model is not None else ():
        if check.kind is Kind.UNIQUE:
            yield Candidate(check.columns, KeyOrigin.UNIQUE, "@unique")


def choose_key(
    cursor: duckdb.DuckDBPyConnection, said: Iterator[Candidate], matching: Matching, base: Table, head: Table
) -> Key:
    """The key by which both versions can be matched: what is said to be one, where both have it, else what is found."""
    refused: list[str] = []
    for candidate in said:
        columns = [matching.of_head(name) or matching.of_base(name) for name in candidate.columns]
        lacking = [name for name, column in zip(candidate.columns, columns, strict=True) if column is None]
        found = [column for column in columns if column is not None]
        reason = f"{', '.join(lacking)} is not in both versions" if lacking else ""
        for column in found:
            reason = reason or why_no_key(cursor, base, column)
        if not reason:
            why = candidate.why + "".join(f", {c.base} renamed to {c.head}" for c in found if c.renamed)
            return Key(tuple(c.head for c in found), candidate.origin, why, tuple(c.base for c in found))
        refused.append(f"{candidate.why} ({', '.join(candidate.columns)}) cannot be it: {reason}")
    inferred = _infer(cursor, matching, base, head)
    because = f"; {refused[0]}" if refused else ""
    if inferred:
        return Key((inferred[1],), KeyOrigin.INFERRED, f"unique and not NULL in both versions{because}", (inferred[0],))
    return Key((), KeyOrigin.NONE, f"no @key, and no column is unique in both versions{because}")


_KEY_TYPES = ("VARCHAR", "UUID")
_NEVER = ("FLOAT", "DOUBLE", "DECIMAL", "BOOLEAN")
# So much of the smaller version's keys has to be in the other one: what has another value each time is no key.
_SHARED = 0.5


def _infer(cursor: duckdb.DuckDBPyConnection, matching: Matching, base: Table, head: Table) -> tuple[str, str] | None:
    """The base's and head's name of the column that is unique, without NULLs, and mostly the same on both sides.

    Of several the one with the most values on both sides, else the first.
    """
    if not base.rows or not head.rows:
        return None
    possible = [
        column
        for column in matching.common
        if not column.retyped
        and not column.head_type.startswith(_NEVER)
        and (is_ordered(column.head_type) or column.head_type in _KEY_TYPES)
    ]
    near = _nearly_unique(cursor, base, [column.base for column in possible])
    possible = [column for column, fits in zip(possible, near, strict=True) if fits]
    near = _nearly_unique(cursor, head, [column.head for column in possible])
    possible = [column for column, fits in zip(possible, near, strict=True) if fits]
    best: tuple[int, str, str] | None = None
    for column in possible:
        old, new = identifier(column.base), identifier(column.head)
        if not (_unique(cursor, base, old) and _unique(cursor, head, new)):
            continue
        ((shared,),) = cursor.execute(
            f"SELECT count(*) FROM (SELECT {new} AS k FROM {head.sql}) WHERE k IN (SELECT {old} FROM {base.sql})"
        ).fetchall()
        if shared >= _SHARED * min(base.rows, head.rows) and (best is None or shared > best[0]):
            best = (shared, column.base, column.head)
    return best[1:] if best else None


def _nearly_unique(cursor: duckdb.DuckDBPyConnection, table: Table, names: list[str]) -> list[bool]:
    """Whether each column may be unique, by an estimate of how many values it has, and has no NULL and no long text."""
    if not names:
        return []
    asked = []
    for name in names:
        column, texts = identifier(name), table.types[name] == "VARCHAR" and table.is_wide
        asked.append(f"approx_count_distinct({column}), count({column}), {f'max(length({column}))' if texts else 0}")
    (row,) = cursor.execute(f"SELECT {', '.join(asked)} FROM {table.sql}").fetchall()
    told = [row[3 * i : 3 * i + 3] for i in range(len(names))]
    return [
        count == table.rows and distinct >= 0.8 * table.rows and longest <= STAND_IN
        for distinct, count, longest in told
    ]


def _unique(cursor: duckdb.DuckDBPyConnection, table: Table, column: str) -> bool:
    return not cursor.execute(f"SELECT 1 FROM {table.sql} GROUP BY {column} HAVING count(*) > 1 LIMIT 1").fetchall()
