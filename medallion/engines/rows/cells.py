"""When two values are the same, as SQL.

NULL is NULL, NaN is NaN, -0.0 is 0.0, also inside of lists and structs (DuckDB's ``IS NOT DISTINCT FROM``); a map is
the same in any order of its entries. Numbers may lie apart by a tolerance. A value whose column changed its type is the
same where a cast of it gives the other, and the cast back gives it again: nothing was lost on the way. A text and a
number, a date or a time are the same where the text reads as that value, however it is written. Intervals are the same
only where they have the same months, days and microseconds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal, localcontext
from functools import cache
from typing import TYPE_CHECKING, Any

from medallion.engines.sql import identifier, literal

if TYPE_CHECKING:
    import duckdb

    from medallion.models.tolerances import Tolerance

__all__ = [
    "FLOATS",
    "STAND_IN",
    "Comparison",
    "as_text",
    "can_cast",
    "is_number",
    "is_ordered",
    "normal",
    "shown",
    "shown_apart",
    "stand_in",
]

#: How many characters of a value are read to be shown, and how many are.
READ, SHOWN = 100_000, 1000
#: A text of more characters than this may be held by its beginning and its checksum.
STAND_IN = 2000
_STANDS_IN = re.compile(rf"(.{{{STAND_IN}}})\0(\d+)\0([0-9a-f]{{64}})", re.DOTALL)

_INTEGERS = frozenset(
    {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"}
)
FLOATS = frozenset({"FLOAT", "DOUBLE"})
_TIMES = ("DATE", "TIME", "TIMESTAMP")
_DIGITS = {"TINYINT": 3, "UTINYINT": 3, "SMALLINT": 5, "USMALLINT": 5, "INTEGER": 10, "UINTEGER": 10}


def is_number(kind: str) -> bool:
    """Whether a type of DuckDB is one of numbers."""
    return kind in _INTEGERS or kind in FLOATS or (kind.startswith("DECIMAL") and not kind.endswith("]"))


def is_ordered(kind: str) -> bool:
    """Whether values of the type have a least and a greatest that say something: numbers, dates and times."""
    return is_number(kind) or (kind.startswith(_TIMES) and not kind.endswith("]"))


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
        """A condition, never NULL, that is true where the two expressions are not the same, with the tolerance."""
        tolerance = self.tolerated
        differs = self.differs_exactly(base, head)
        return f"({differs} AND NOT {_within(base, head, tolerance, self)})" if tolerance else differs

    def differs_within(self, base: str, head: str) -> str:
        """A condition, never NULL, that two expressions are not the same, and count as that by the tolerance."""
        tolerance = self.tolerated
        within = _within(base, head, tolerance, self) if tolerance else "false"
        return f"({self.differs_exactly(base, head)} AND {within})"

    def differs_exactly(self, base: str, head: str) -> str:
        """A condition, never NULL, that is true where the two expressions are not the same, whatever the tolerance."""
        if self.base_type == self.head_type:
            return f"({normal(base, self.base_type)} IS DISTINCT FROM {normal(head, self.head_type)})"
        return f"(NOT ({self._same(base, head)}))"

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
    """A condition that a text reads as a value of a number, date or time; empty for other types.

    It is read as a wider type as well: what the narrower one rounds away makes it another value.
    """
    if not is_ordered(kind):
        return ""
    same = f"TRY_CAST({text} AS {kind}) IS NOT DISTINCT FROM {value}"
    wider = _wider(kind)
    if kind == "TIME":  # Of times of day there is no wider type.
        text, value = f"('2000-01-01 ' || {text})", f"('2000-01-01 ' || CAST({value} AS VARCHAR))"
    return (
        f"{same} AND TRY_CAST({text} AS {wider}) IS NOT DISTINCT FROM TRY_CAST({value} AS {wider})" if wider else same
    )


def _wider(kind: str) -> str:
    """A type with the digits that this one rounds away; empty where there is none, or it rounds none away."""
    if kind.startswith("DECIMAL("):
        width, scale = (int(part) for part in kind[len("DECIMAL(") : -1].split(","))
        return f"DECIMAL(38, {38 - (width - scale)})"
    if kind in _INTEGERS:
        return "" if "HUGE" in kind else f"DECIMAL(38, {38 - _DIGITS.get(kind, 20)})"
    return {"DATE": "TIMESTAMP", "TIME": "TIMESTAMP_NS", "TIMESTAMP": "TIMESTAMP_NS"}.get(kind, "")


def _within(base: str, head: str, tolerance: Tolerance, kinds: Comparison) -> str:
    """Whether two numbers lie within the tolerance; DECIMALs and integers are subtracted without rounding."""
    doubles = [f"CAST({side} AS DOUBLE)" for side in (base, head)]
    if _fits(kinds.base_type) and _fits(kinds.head_type):
        apart = f"abs(CAST({base} AS {_EXACT}) - CAST({head} AS {_EXACT}))"
        # The difference is a multiple of 1e-10, so a bound may be cut to one.
        with localcontext(prec=60):
            steps = min(Decimal(repr(tolerance.absolute)), _MOST).quantize(_STEP, ROUND_FLOOR)
        bound = f"CAST({literal(f'{steps:f}')} AS {_EXACT})"
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
_STEP, _MOST = Decimal("1e-10"), Decimal("1e27")


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
    """An expression for what a value is compared by: its maps, at any depth, have their entries sorted by key.

    An INTERVAL, at any depth, is compared as text: to DuckDB a month is thirty days.
    """
    return _normal(value, _type(kind), 0) if _is_other(kind) else value


def _is_other(kind: str) -> bool:
    """Whether DuckDB may hold values of the type for the same, or for another, where they are not."""
    return "MAP(" in kind or "INTERVAL" in kind


@cache
def _type(kind: str) -> Any:
    import duckdb

    return duckdb.sqltype(kind)


def _normal(value: str, kind: Any, depth: int) -> str:
    """``depth`` keeps the names of nested lambdas apart."""
    if not _is_other(str(kind)):
        return value
    if kind.id == "interval":
        return f"CAST({value} AS VARCHAR)"
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


def as_text(value: str, kind: str, beside: str = "") -> str:
    """A value as the text that is shown of it: as DuckDB casts it, of a very long one what :func:`shown` reads.

    A FLOAT that is held ``beside`` a DOUBLE is shown as the DOUBLE that it is: with its own few digits two numbers that
    differ would look the same.
    """
    if (kind, beside) == ("FLOAT", "DOUBLE"):
        value = f"CAST({value} AS DOUBLE)"
    text = f"CAST({value} AS VARCHAR)"
    if is_ordered(kind) or kind in ("BOOLEAN", "UUID"):
        return text
    return f"CASE WHEN length({text}) > {READ} THEN left({text}, {READ}) || chr(0) || length({text}) ELSE {text} END"


def stand_in(text: str) -> str:
    """An expression for what stands in for a text of more than ``STAND_IN`` characters, else the text.

    It is the same for the same text alone: its beginning, its length and its sha256, which is longer than any text that
    stands for itself.
    """
    return (
        f"CASE WHEN length({text}) > {STAND_IN} THEN left({text}, {STAND_IN}) || chr(0) || length({text}) || chr(0) || "
        f"sha256({text}) ELSE {text} END"
    )


def shown(text: str | None) -> str | None:
    """A value's text as it is kept: of a long one its beginning, and how long it is."""
    return None if text is None else _part(text, 0)


def shown_apart(base: str | None, head: str | None) -> tuple[str | None, str | None]:
    """The texts of two values that differ as they are kept: of long ones, the part around their first difference."""
    if base is None or head is None or max(len(base), len(head)) <= SHOWN:
        return shown(base), shown(head)
    together = zip(base, head, strict=False)
    same = next((i for i, (a, b) in enumerate(together) if a != b), min(len(base), len(head)))
    start = max(0, same - SHOWN // 4)
    return _part(base, start), _part(head, start)


def _part(text: str, start: int) -> str:
    if len(text) <= SHOWN:
        return text
    if standing := _STANDS_IN.fullmatch(text):
        before, part = "…" if start else "", standing[1][start : start + SHOWN]
        return f"{before}{part}… ({standing[2]} characters, sha256 {standing[3][:12]})"
    length = text[READ + 1 :] or str(len(text))
    before, after = "…" if start else "", "…" if start + SHOWN < len(text) else ""
    return f"{before}{text[start : min(start + SHOWN, READ)]}{after} ({length} characters)"
