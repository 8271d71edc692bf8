"""When two values are the same, as SQL.

NULL is NULL, NaN is NaN, -0.0 is 0.0, also inside of lists and structs (DuckDB's ``IS NOT DISTINCT FROM``); a map is
the same in any order of its entries. Numbers may lie apart by a tolerance. A value whose column changed its type is the
same where a cast of it gives the other, and the cast back gives it again: nothing was lost on the way. A text and a
number, a date or a time are the same where the text reads as that value, however it is written.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

from medallion.engines.sql import identifier, literal

if TYPE_CHECKING:
    import duckdb

    from medallion.models.tolerances import Tolerance

__all__ = ["Comparison", "as_text", "can_cast", "is_number", "is_ordered", "normal"]

_INTEGERS = frozenset(
    {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"}
)
_FLOATS = frozenset({"FLOAT", "DOUBLE"})
_TIMES = ("DATE", "TIME", "TIMESTAMP")
# A text is read as this wider type as well, so that what the narrower one rounds away is no match.
_WIDER = {"DATE": "TIMESTAMP"}


def is_number(kind: str) -> bool:
    """Whether a type of DuckDB is one of numbers."""
    return kind in _INTEGERS or kind in _FLOATS or kind.startswith("DECIMAL")


def is_ordered(kind: str) -> bool:
    """Whether values of the type have a least and a greatest that say something: numbers, dates and times."""
    return is_number(kind) or kind.startswith(_TIMES)


@dataclass(frozen=True, slots=True)
class Comparison:
    """How the values of one column in base and head are held against each other.

    ``castable``: each type can be cast to the other at all.
    """

    base_type: str
    head_type: str
    castable: bool = True
    tolerance: Tolerance | None = None

    @property
    def tolerated(self) -> Tolerance | None:
        """The tolerance, where both sides are numbers."""
        numbers = is_number(self.base_type) and is_number(self.head_type)
        return self.tolerance if numbers else None

    def differs(self, base: str, head: str) -> str:
        """A condition, never NULL, that is true where the two expressions are not the same."""
        if self.base_type == self.head_type:
            differs = f"{normal(base, self.base_type)} IS DISTINCT FROM {normal(head, self.head_type)}"
        else:
            differs = f"NOT ({self._same(base, head)})"
        tolerance = self.tolerated
        return f"({differs} AND NOT {_within(base, head, tolerance, self)})" if tolerance else f"({differs})"

    def _same(self, base: str, head: str) -> str:
        neither = f"({base} IS NULL AND {head} IS NULL)"
        if not self.castable:
            return neither
        same = _reads(base, head, self.head_type) if self.base_type == "VARCHAR" else ""
        same = same or (_reads(head, base, self.base_type) if self.head_type == "VARCHAR" else "")
        if not same:
            there = normal(f"TRY_CAST({base} AS {self.head_type})", self.head_type)
            back = normal(f"TRY_CAST({head} AS {self.base_type})", self.base_type)
            same = (
                f"{there} IS NOT DISTINCT FROM {normal(head, self.head_type)} AND "
                f"{back} IS NOT DISTINCT FROM {normal(base, self.base_type)}"
            )
        return f"{neither} OR ({base} IS NOT NULL AND {head} IS NOT NULL AND {same})"

    def lossless(self, base: str) -> tuple[str, str]:
        """The base's value in the head's type, and a condition, never NULL, that it is another one there.

        For comparing without holding two values against each other: there a text reads as nothing but itself.
        """
        if self.base_type == self.head_type:
            return base, "false"
        if not self.castable:
            return f"CAST(NULL AS {self.head_type})", f"{base} IS NOT NULL"
        cast = f"TRY_CAST({base} AS {self.head_type})"
        return cast, f"TRY_CAST({cast} AS {self.base_type}) IS DISTINCT FROM {base}"


def _reads(text: str, value: str, kind: str) -> str:
    """A condition that a text reads as a value of a number, date or time; empty for other types."""
    wider = "DOUBLE" if is_number(kind) else _WIDER.get(kind, "")
    if not wider and not kind.startswith(_TIMES):
        return ""
    same = f"TRY_CAST({text} AS {kind}) IS NOT DISTINCT FROM {value}"
    return f"{same} AND TRY_CAST({text} AS {wider}) IS NOT DISTINCT FROM CAST({value} AS {wider})" if wider else same


def _within(base: str, head: str, tolerance: Tolerance, kinds: Comparison) -> str:
    """Whether two numbers lie within the tolerance; DECIMALs and integers are subtracted without rounding."""
    doubles = [f"CAST({side} AS DOUBLE)" for side in (base, head)]
    if _fits(kinds.base_type) and _fits(kinds.head_type):
        apart = f"abs(CAST({base} AS {_EXACT}) - CAST({head} AS {_EXACT}))"
        # The difference is a multiple of 1e-10, so a bound may be cut to one.
        bound = f"CAST({literal(str(Decimal(repr(tolerance.absolute)).quantize(_STEP, ROUND_FLOOR)))} AS {_EXACT})"
    else:
        apart = f"abs({doubles[0]} - {doubles[1]})"
        bound = f"CAST({literal(repr(tolerance.absolute))} AS DOUBLE)"
    within = f"{apart} <= {bound}"
    if tolerance.relative:
        share = f"CAST({literal(repr(tolerance.relative))} AS DOUBLE)"
        within += f" OR CAST({apart} AS DOUBLE) <= greatest(abs({doubles[0]}), abs({doubles[1]})) * {share}"
    # To infinity everything is near.
    return f"coalesce(isfinite({doubles[0]}) AND isfinite({doubles[1]}) AND ({within}), false)"


_EXACT = "DECIMAL(38, 10)"
_STEP = Decimal("1e-10")


def _fits(kind: str) -> bool:
    """Whether the difference of two such numbers fits into DECIMAL(38, 10) without rounding."""
    if kind.startswith("DECIMAL("):
        width, scale = (int(part) for part in kind[len("DECIMAL(") : -1].split(","))
        return scale <= 10 and width - scale <= 27
    return kind in _INTEGERS and "HUGE" not in kind


def can_cast(cursor: duckdb.DuckDBPyConnection, base: str, head: str) -> bool:
    """Whether DuckDB has a cast from each of two types to the other."""
    import duckdb

    try:
        cursor.execute(f"SELECT TRY_CAST(TRY_CAST(CAST(NULL AS {base}) AS {head}) AS {base})").fetchall()
    except duckdb.InterruptException:
        raise
    except duckdb.Error:
        return False
    return True


def normal(value: str, kind: str) -> str:
    """An expression for a value whose maps, at any depth, have their entries sorted by key."""
    return _normal(value, _type(kind), 0) if "MAP(" in kind else value


@cache
def _type(kind: str) -> Any:
    import duckdb

    return duckdb.sqltype(kind)


def _normal(value: str, kind: Any, depth: int) -> str:
    """``depth`` keeps the names of nested lambdas apart."""
    if "MAP(" not in str(kind):
        return value
    element = f"x{depth}"
    if kind.id == "map":
        entry = _struct(element, [("key", kind.children[0][1]), ("value", kind.children[1][1])], depth + 1)
        return f"list_sort(list_transform(map_entries({value}), lambda {element}: {entry}))"
    if kind.id in ("list", "array"):
        item = _normal(element, kind.children[0][1], depth + 1)
        return f"list_transform({value}, lambda {element}: {item})"
    if kind.id == "struct":
        return f"CASE WHEN {value} IS NOT NULL THEN {_struct(value, kind.children, depth)} END"
    return value  # What a union holds is compared as it is.


def _struct(value: str, fields: list[tuple[str, Any]], depth: int) -> str:
    parts = (f"{identifier(name)} := {_normal(f'{value}.{identifier(name)}', kind, depth)}" for name, kind in fields)
    return f"struct_pack({', '.join(parts)})"


def as_text(value: str, kind: str, most: int = 1000) -> str:
    """A value as the text that is shown of it: as DuckDB casts it, with what is over ``most`` characters counted."""
    text = f"CAST({value} AS VARCHAR)"
    if is_ordered(kind) or kind in ("BOOLEAN", "UUID"):
        return text
    cut = f"left({text}, {most}) || {literal('… (')} || length({text}) || {literal(' characters)')}"
    return f"CASE WHEN length({text}) > {most} THEN {cut} ELSE {text} END"
