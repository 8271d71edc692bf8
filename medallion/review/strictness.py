"""Whether one check lets data pass that another one refused, where that follows from what they say. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from medallion.models.check import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from medallion.models.check import AtMost, Check

__all__ = ["allows_more"]

_NUMBER = r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)"
_COMPARISON = re.compile(
    rf"([a-z_]\w*)\s*(?:(<=|>=|<|>|=)\s*({_NUMBER})|between\s+({_NUMBER})\s+and\s+({_NUMBER}))", re.IGNORECASE
)
_AND = re.compile(r"\s+and\s+", re.IGNORECASE)
_DATE = re.compile(r"'\d{4}-\d\d-\d\d'")
_LOWEST, _HIGHEST = Decimal("-Infinity"), Decimal("Infinity")
# So many digits of a number are told apart by each type of numbers; a REAL takes two longer ones for the same.
_DIGITS = 6
_MINUTES = {"minute": 1, "hour": 60, "day": 1440, "week": 10_080}
_MONTHS = {"month": 1, "year": 12}
_SHORTEST_MONTH, _LONGEST_MONTH = 28 * 1440, 31 * 1440


def allows_more(old: Check, new: Check, now: Callable[[str], str] = str.lower) -> bool | None:
    """Whether some data that ``old`` refuses passes ``new``, which is of the same kind; None where that is not known.

    ``now`` gives a column of ``old`` the name, in lower case, that it has for ``new``.
    """
    columns = {now(name) for name in old.columns}, {name.lower() for name in new.columns}
    found = (_body(old, new, *columns), _tolerated(old.at_most, new.at_most))
    return None if None in found else any(found)


def _body(old: Check, new: Check, before: set[str], after: set[str]) -> bool | None:
    """The same without what is tolerated."""
    if old.kind in (Kind.NOT_NULL, Kind.EXPECT_UNCHANGED):
        return None if old.sql != new.sql else not before <= after
    if old.kind is Kind.UNIQUE:  # What no two rows share is not shared together with something else either.
        return not after <= before
    if before != after:
        return None
    if old.kind is Kind.ACCEPTED_VALUES:
        return not set(new.values) <= set(old.values)
    if old.kind is Kind.FRESHNESS:
        return _older(old.values, new.values)
    if old.kind is Kind.RANGE:
        return _outside(_bounds(old.values), _bounds(new.values))
    if old.kind is Kind.ROW_COUNT:
        return _fewer_or_more(_interval(old.sql), _interval(new.sql))
    if old.kind is Kind.CONDITION and old.sql != new.sql:
        first, second = _interval(old.sql), _interval(new.sql)
        return _outside(first, second) if first and second and first.is_short and second.is_short else None
    same = (old.values, old.sql, old.to, old.to_columns) == (new.values, new.sql, new.to, new.to_columns)
    return False if same else None


def _tolerated(old: AtMost | None, new: AtMost | None) -> bool | None:
    before, after = (Decimal(most.number) if most else Decimal(0) for most in (old, new))
    if not before or not after or (old and new and old.percent == new.percent):
        return after > before
    return None  # Rows and per cent of them.


@dataclass(frozen=True, slots=True)
class _Interval:
    """What lies from ``low`` to ``high``; a bound that is ``open`` is not in it. ``name`` is what it bounds."""

    low: Decimal = _LOWEST
    high: Decimal = _HIGHEST
    low_open: bool = False
    high_open: bool = False
    name: str = ""

    def __contains__(self, other: _Interval) -> bool:
        """Whether all of the other one lies in it."""
        low = other.low > self.low or (other.low == self.low and (other.low_open or not self.low_open))
        high = other.high < self.high or (other.high == self.high and (other.high_open or not self.high_open))
        return low and high

    @property
    def is_short(self) -> bool:
        """Whether each of its numbers is another in any type."""
        bounds = (bound for bound in (self.low, self.high) if bound.is_finite())
        return all(len(bound.normalize().as_tuple().digits) <= _DIGITS for bound in bounds)

    def of_integers(self) -> _Interval:
        """The whole numbers in it."""
        low, high = self.low, self.high
        if low.is_finite():
            whole = low.to_integral_value("ROUND_CEILING")
            low = whole + 1 if self.low_open and whole == low else whole
        if high.is_finite():
            whole = high.to_integral_value("ROUND_FLOOR")
            high = whole - 1 if self.high_open and whole == high else whole
        return _Interval(low, high, name=self.name)


def _outside(old: _Interval | None, new: _Interval | None) -> bool | None:
    """Whether values of the new one are not in the old one; not known where that hangs on values between integers."""
    if old is None or new is None or old.name != new.name:
        return None
    if new in old:
        return False
    return None if new.of_integers() in old.of_integers() else True


def _fewer_or_more(old: _Interval | None, new: _Interval | None) -> bool | None:
    if old is None or new is None or old.name != new.name:
        return None
    return new.of_integers() not in old.of_integers()


def _interval(condition: str) -> _Interval | None:
    """What a condition on one number says, where it is comparisons with AND between them: else None."""
    found, position, name = _Interval(), 0, ""
    while True:
        match = _COMPARISON.match(condition.strip(), position)
        if match is None or (name and match[1].lower() != name):
            return None
        name = match[1].lower()
        found = _narrowed(found, match[2] or "", *(Decimal(text) for text in match.groups()[2:] if text))
        position = match.end()
        if position == len(condition.strip()):
            return _Interval(found.low, found.high, found.low_open, found.high_open, name)
        joint = _AND.match(condition.strip(), position)
        if joint is None:
            return None
        position = joint.end()


def _narrowed(found: _Interval, sign: str, *numbers: Decimal) -> _Interval:
    first, last = numbers[0], numbers[-1]
    low = (first, sign == ">") if sign in (">", ">=", "=", "") else (_LOWEST, False)
    high = (last, sign == "<") if sign in ("<", "<=", "=", "") else (_HIGHEST, False)
    low = max((found.low, found.low_open), low)
    upper = min((found.high, not found.high_open), (high[0], not high[1]))
    return _Interval(low[0], upper[0], low[1], not upper[1])


def _bounds(values: tuple[str, ...]) -> _Interval | None:
    """The two bounds of a range, each SQL of a number or a date; None for any other."""
    if all(not value or re.fullmatch(_NUMBER, value) for value in values):
        low, high = (Decimal(value) if value else None for value in values)
    elif all(not value or _DATE.fullmatch(value) for value in values):
        low, high = (Decimal(value.strip("'").replace("-", "")) if value else None for value in values)
        return _Interval(_LOWEST if low is None else low, _HIGHEST if high is None else high, name="date")
    else:
        return None
    return _Interval(_LOWEST if low is None else low, _HIGHEST if high is None else high, name="number")


def _older(old: tuple[str, ...], new: tuple[str, ...]) -> bool | None:
    """Whether an age of a number and its unit is above another one; a month is no number of days."""
    (number, unit), (number_now, unit_now) = old, new
    if unit in _MONTHS and unit_now in _MONTHS:
        return int(number_now) * _MONTHS[unit_now] > int(number) * _MONTHS[unit]
    before, after = _length(int(number), unit), _length(int(number_now), unit_now)
    if after[1] <= before[0]:
        return False
    return True if after[0] > before[1] else None


def _length(number: int, unit: str) -> tuple[int, int]:
    """An age in minutes: at least, and at most."""
    if unit in _MINUTES:
        return number * _MINUTES[unit], number * _MINUTES[unit]
    return number * _MONTHS[unit] * _SHORTEST_MONTH, number * _MONTHS[unit] * _LONGEST_MONTH
