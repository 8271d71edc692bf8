"""Whether the numbers of a CSV have a decimal point or a decimal comma: all rows of all columns decide.

``1.000`` is one where decimals have a point and a thousand where they have a comma. One value does not tell; 1,5
anywhere in the file does. DuckDB 2.0 always takes the point.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from medallion.engines.sql import literal

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Numbers", "marks", "read_numbers"]

# What a value proves: nothing alone (1.000 and 1,000), or a decimal point (1.5), a decimal comma (1,5), points
# between thousands (1.000.000), commas between thousands (1,000,000), both marks (1,000.5), that it is no number.
_POINT_OR_GROUP, _COMMA_OR_GROUP, _POINT, _COMMA, _POINT_GROUPS, _COMMA_GROUPS, _BOTH, _OTHER = (
    1 << bit for bit in range(8)
)
_GROUP = "[-+]?[1-9][0-9]{0,2}"
_SHAPES = (
    (rf"{_GROUP},[0-9]{{3}}", _COMMA_OR_GROUP),
    (r"[-+]?[0-9]*,[0-9]+", _COMMA),
    (rf"{_GROUP}(\.[0-9]{{3}})+,[0-9]+", _COMMA | _POINT_GROUPS),
    (rf"{_GROUP}(\.[0-9]{{3}}){{2,}}", _POINT_GROUPS),
    (rf"{_GROUP}(,[0-9]{{3}}){{2,}}", _COMMA_GROUPS),
    (rf"{_GROUP}(,[0-9]{{3}})+\.[0-9]+", _BOTH),
)
_WITH_POINT = _POINT | _BOTH
_WITH_COMMA = _COMMA | _POINT_GROUPS
_MARKED = _POINT_OR_GROUP | _COMMA_OR_GROUP | _POINT | _COMMA | _POINT_GROUPS | _COMMA_GROUPS | _BOTH


@dataclass(frozen=True, slots=True)
class Numbers:
    """How the file writes numbers: the ``decimal`` mark and the mark between ``thousands``, empty for DuckDB's own.

    ``marked`` are the columns for which this matters; ``notes`` says of a column what a person has to know, and
    the columns in ``texts`` stay text. ``said`` is about the file.
    """

    decimal: str
    thousands: str
    marked: frozenset[int]
    texts: frozenset[int]
    notes: dict[int, str]
    said: tuple[str, ...]

    def plain(self, column: str) -> str:
        """The SQL that turns a number of this file into one that DuckDB casts."""
        if self.decimal:
            return f"replace(replace({column}, '.', ''), ',', '.')"
        return f"replace({column}, ',', '')"


def marks(column: str, missing: str) -> str:
    """The SQL aggregate that tells how a column writes numbers, as bits; ``missing`` is a list of words for NULL."""
    value = f"trim({column})"
    shapes = " ".join(f"WHEN regexp_full_match({value}, {literal(shape)}) THEN {bits}" for shape, bits in _SHAPES)
    # Most values are numbers to DuckDB; patterns are slow, and left for the few that could be something else.
    may_group = f"length({value}) - position('.' IN {value}) = 3"
    grouped = rf"regexp_full_match({value}, {literal(_GROUP + '[.][0-9]{3}')})"
    return (
        f"bit_or(CASE WHEN {column} IS NULL OR {column} IN {missing} THEN 0 "
        f"WHEN try_cast({value} AS DOUBLE) IS NOT NULL THEN CASE WHEN NOT contains({value}, '.') THEN 0 "
        f"WHEN {may_group} AND {grouped} THEN {_POINT_OR_GROUP} ELSE {_POINT} END "
        f"WHEN NOT contains({value}, '.') AND NOT contains({value}, ',') THEN {_OTHER} {shapes} ELSE {_OTHER} END)"
    )


def read_numbers(found: Mapping[int, int], delimiter: str) -> Numbers:
    """Decide from the bits of ``marks`` of each column.

    Where values stand between commas a comma in a value is rather a list than a decimal, so such a file is never
    read with a decimal comma; where they do not, 1.000 alone may be either.
    """
    numbers = {position: bits for position, bits in found.items() if bits & _MARKED and not bits & _OTHER}
    points = [p for p, bits in numbers.items() if bits & _WITH_POINT and not bits & _WITH_COMMA]
    commas = [p for p, bits in numbers.items() if bits & _COMMA and not bits & (_WITH_POINT | _COMMA_GROUPS)]
    if commas and not points and delimiter != ",":
        return _with_comma(found, numbers)
    groups = any(numbers[position] & _BOTH for position in points)
    marked, notes, grouped = set(), {}, []
    for position, bits in numbers.items():
        if bits & (_COMMA_OR_GROUP | _COMMA_GROUPS | _BOTH) and groups and not bits & _WITH_COMMA:
            marked.add(position)
            grouped.append(position)
        elif bits & (_COMMA_OR_GROUP | _COMMA | _POINT_GROUPS | _COMMA_GROUPS | _BOTH):
            notes[position] = _TEXT[bool(points and bits & _COMMA)]
        elif bits & _POINT_OR_GROUP and not bits & _POINT and (commas or (not points and delimiter != ",")):
            notes[position] = _ONE_OR_THOUSAND
    said = ('"," stands between thousands: 1,000 is read as 1000',) if grouped else ()
    return Numbers("", "," if grouped else "", frozenset(marked), frozenset(notes), notes, said)


_ONE_OR_THOUSAND = (
    "Kept as text: nothing in the file tells whether 1.000 is 1 or 1000. A type and decimal_separator can say it."
)
_TEXT = (
    "Kept as text: nothing in the file tells which marks are of decimals, and which of thousands.",
    "Kept as text: decimals have a comma here, and a point in other columns.",
)


def _with_comma(found: Mapping[int, int], numbers: Mapping[int, int]) -> Numbers:
    """A file with decimal commas: there a point stands between thousands."""
    unfit = frozenset(
        position
        for position, bits in found.items()
        if bits & _MARKED and (position not in numbers or bits & (_WITH_POINT | _COMMA_GROUPS))
    )
    marked = frozenset(numbers) - unfit
    grouped = any(numbers[position] & (_POINT_OR_GROUP | _POINT_GROUPS) for position in marked)
    notes = {
        position: "A point stands between thousands, as decimals have a comma in this file: 1.000 is 1000."
        for position in marked
        if numbers[position] & _POINT_OR_GROUP and not numbers[position] & _WITH_COMMA
    }
    said = "decimals have a comma: 1,5 is read as 1.5" + (", and 1.000 as 1000" if grouped else "")
    return Numbers(",", "." if grouped else "", marked, unfit, notes, (said,))
