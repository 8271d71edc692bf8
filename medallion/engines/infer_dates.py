"""How the dates of a CSV are to be read: every row decides, then the convention of writing, and then nobody.

DuckDB 2.0 takes the first format that fits a sample: 01.02.25 is 2001-02-25 to its sniffer, and to a plain cast the
year of 01/02/25 is 1. A wrong date looks like any other date, so what the rows leave open is not decided in silence.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from medallion.engines.sql import literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["Choice", "choose", "commonest", "date_formats", "has_time", "is_written"]

_WRITTEN = re.compile(
    r"\s*(\d{1,4})([-./ ])(\d{1,2})\2(\d{1,4})"
    r"(?:(?P<gap>[ T])\d{1,2}:\d\d(?P<seconds>:\d\d)?(?P<half> ?[AaPp][Mm])?)?\s*",
    re.ASCII,
)
_PARTS = {
    "%Y": "[0-9]{4}", "%y": "[0-9]{2}", "%m": "[0-9]{1,2}", "%d": "[0-9]{1,2}", "%H": "[0-9]{1,2}",
    "%I": "[0-9]{1,2}", "%M": "[0-9]{2}", "%S": "[0-9]{2}", "%p": "[AaPp][Mm]",
}  # fmt: skip
_CENTURY = "69 to 99 are read as 1969 to 1999, 00 to 68 as 2000 to 2068"


@dataclass(frozen=True, slots=True)
class Choice:
    """The format of a column, empty where it stays text, and the ``others`` that every row fits as well."""

    format: str
    others: tuple[str, ...] = ()

    @property
    def note(self) -> str:
        """What a person has to know about it, for the model's comment; empty where nothing is in doubt."""
        others = _listed(self.others)
        if not self.format:
            return f"Kept as text: its dates fit {others} alike. strptime can say which." if others else ""
        doubt = f"Read as {self.format}, though every row fits {others} too." if others else ""
        century = f"Years of two digits: {_CENTURY}." if "%y" in self.format else ""
        return " ".join(filter(None, (doubt, century)))


def date_formats(value: str) -> tuple[str, ...]:
    """The formats in which a value may be a date or a timestamp.

    An ISO timestamp has none: DuckDB casts it, with fractions and zones.
    """
    found = _WRITTEN.fullmatch(value)
    if found is None:
        return ()
    first, mark, _, last = found.groups()[:4]
    if len(first) == 4:
        orders = [] if found["gap"] and mark in "-/" else ["%Y %m %d"]
    elif len(last) == 4:
        orders = ["%d %m %Y", "%m %d %Y"]
    else:
        orders = ["%d %m %y", "%m %d %y", "%y %m %d"]
    seconds = ":%S" if found["seconds"] else ""
    time = found["gap"] or ""
    if found["half"]:
        time += f"%I:%M{seconds}{' ' if found['half'].startswith(' ') else ''}%p"
    elif time:
        time += f"%H:%M{seconds}"
    return tuple(order.replace(" ", mark) + time for order in orders)


def has_time(pattern: str) -> bool:
    """Whether a format is a timestamp's."""
    return "%M" in pattern


def is_written(column: str, pattern: str) -> str:
    """The SQL condition that a text is a date of exactly this format: strptime takes 25 for a year of four digits."""
    digits = re.sub(r"%.|[^%]", lambda part: _PARTS.get(part[0]) or re.escape(part[0]).replace("\\ ", " "), pattern)
    shape = rf"\s*{digits}\s*"
    return f"(regexp_full_match({column}, {literal(shape)}) AND try_strptime({column}, {literal(pattern)}) IS NOT NULL)"


def choose(fitting: Mapping[int, Sequence[str]]) -> dict[int, Choice]:
    """Choose a format for each column from those that all of its rows fit.

    Dots are written day first in every country that uses them. Slashes and hyphens are not: there another column of
    the file decides, if its rows leave one order only, and else the column stays text.
    """
    choices = {position: _alone(formats) for position, formats in fitting.items()}
    known = {_order(choice.format) for choice in choices.values() if choice.format}
    for position, choice in choices.items():
        alike = [pattern for pattern in choice.others if _order(pattern) in known]
        if not choice.format and len(alike) == 1:
            others = tuple(pattern for pattern in choice.others if pattern != alike[0])
            choices[position] = Choice(alike[0], others)
    return choices


def commonest(formats: Iterable[str]) -> str:
    """The format that most columns have, the first of them at a tie: a reader takes one."""
    counted = Counter(formats).most_common(1)
    return counted[0][0] if counted else ""


def _listed(formats: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(formats[:-1]), *formats[-1:])))


def _alone(formats: Sequence[str]) -> Choice:
    """What the rows of one column decide, and the convention of dots."""
    if any(pattern.startswith("%d.") for pattern in formats):
        formats = [pattern for pattern in formats if not pattern.startswith("%m.")]
        return Choice(formats[0], tuple(formats[1:]))
    return Choice(formats[0]) if len(formats) == 1 else Choice("", tuple(formats))


def _order(pattern: str) -> str:
    """The date in a format, whatever the digits of its year and whether a time follows: ``%d/%m/%y``."""
    return pattern[:8].lower()
