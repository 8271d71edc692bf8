"""The types of a CSV's columns: those that every row fits without loss, tried out in as few passes as possible."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from medallion.engines.infer_dates import Choice, choose, commonest, date_formats, has_time, is_written
from medallion.engines.infer_numbers import Numbers, marks, read_numbers
from medallion.engines.sql import literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from medallion.models.scaffold import SourceFormat

    # Asks for these expressions, over all rows or those that the clause leaves, with every column as text.
    Ask = Callable[[Sequence[str], str], Sequence[tuple[Any, ...]]]

__all__ = ["MISSING", "Typed", "find_types", "list_of"]

# Words that stand for a missing value where a column otherwise holds numbers, dates or truth values.
MISSING = ("NA", "N/A", "n/a", "#N/A", "NULL", "null", "None", "\\N")
_FITS, _FITS_NOT = 1, 2
_HEAD = 200
_BATCH = 50  # DuckDB takes half a minute to plan 500 of the longer tests at once.
# What is written like this loses something as a number: it identifies something. No program writes 1e5 without a
# sign or a point, but article numbers look like that.
_NO_NUMBER = r"\s*([-+]?0[0-9].*|\+.*|.*_.*|[-+]?[0-9]{16,}\s*|[0-9]+[eE][0-9]+\s*)"
_ZONE = r"(?i):[0-9.]+\s*(z|utc|[-+][0-9:]+)\s*$"
_ISO = r"\s*[0-9]{4}[-/].*"
_TRUTH = ("true", "false", "t", "f", "yes", "no", "y", "n")
_INTEGERS = ("BIGINT", "INTEGER", "HUGEINT", "BIGNUM")
_TIMESTAMPS = ("TIMESTAMP", "TIMESTAMP WITH TIME ZONE")


@dataclass(slots=True)
class Typed:
    """What was found: the format with its words for NULL and how dates and numbers are written; each column's type,
    the format that ``parse`` its text where the file's own does not, and a note; and what holds of the whole file.
    """

    format: SourceFormat
    types: list[str]
    parse: dict[int, str] = field(default_factory=dict)
    notes: dict[int, str] = field(default_factory=dict)
    said: tuple[str, ...] = ()


def list_of(words: Sequence[str]) -> str:
    """A list of texts in SQL."""
    return f"[{', '.join(literal(word) for word in words)}]"


def find_types(ask: Ask, names: Sequence[str], sniffed: Sequence[str], fmt: SourceFormat) -> Typed:
    """Types of the columns ``names``, of which a sample was ``sniffed``; whatever ``ask`` raises goes through."""
    first = _first_values(ask, names, sniffed)
    dates = _dates(ask, names, first)
    numbers = _numbers(ask, names, sniffed, first, fmt.delimiter)
    waiting = {}
    for position, (name, type_) in enumerate(zip(names, sniffed, strict=True)):
        if position in dates:
            candidates = _dated(name, dates[position])
        elif position in numbers.texts:
            candidates = []
        elif position in numbers.marked:
            candidates = _candidates("BIGINT", name, numbers.plain(name))
        else:
            candidates = _candidates(type_, name, name)
        if candidates:
            waiting[position] = candidates
    types, nulls = _try_out(ask, names, waiting)
    notes = {p: note for p, choice in dates.items() if (note := choice.note)} | numbers.notes
    # What was tried as a number and is none after all, 007,5, needs no word on how numbers are written.
    notes = {p: note for p, note in notes.items() if types[p] != "VARCHAR" or p not in numbers.marked}
    found = replace(fmt, nulls=nulls, decimal=numbers.decimal, thousands=numbers.thousands)
    return _with_formats(Typed(found, types, notes=notes, said=numbers.said), dates)


def _first_values(ask: Ask, names: Sequence[str], sniffed: Sequence[str]) -> dict[int, str]:
    """The first value of each column, where the first rows have one or the sniffer saw a date."""
    rows = ask(names, f"LIMIT {_HEAD}")
    first: dict[int, str] = {}
    for row in rows:
        for position, value in enumerate(row):
            if position not in first and value is not None and value.strip() and value not in MISSING:
                first[position] = value
    late = [p for p, type_ in enumerate(sniffed) if type_ in ("DATE", *_TIMESTAMPS) and p not in first]
    if late:
        tests = [f"min({names[p]}) FILTER ({names[p]} NOT IN {list_of(MISSING)})" for p in late]
        first |= {p: value for p, value in zip(late, ask(tests, "")[0], strict=True) if value is not None}
    return first


def _dates(ask: Ask, names: Sequence[str], first: Mapping[int, str]) -> dict[int, Choice]:
    """The columns that begin with a date, and how it is to be read."""
    possible = {position: formats for position, value in first.items() if (formats := date_formats(value))}
    if not possible:
        return {}
    tests = []
    for position, formats in possible.items():
        name = names[position]
        bits = " | ".join(
            f"CASE WHEN {is_written(name, pattern)} THEN {1 << bit} ELSE 0 END" for bit, pattern in enumerate(formats)
        )
        tests.append(f"bit_and({bits}) FILTER ({name} NOT IN {list_of(MISSING)})")
    fitting = {}
    for (position, formats), bits in zip(possible.items(), ask(tests, "")[0], strict=True):
        fitting[position] = [pattern for bit, pattern in enumerate(formats) if (bits or 0) & 1 << bit]
    return choose(fitting)


def _numbers(
    ask: Ask, names: Sequence[str], sniffed: Sequence[str], first: Mapping[int, str], delimiter: str
) -> Numbers:
    """How numbers are written, from all columns that may hold some."""
    texts = [
        position
        for position, type_ in enumerate(sniffed)
        if type_ == "VARCHAR" and re.fullmatch(r"\s*[-+]?[0-9.,]+\s*", first.get(position, ""))
    ]
    alike = texts + [position for position, type_ in enumerate(sniffed) if type_ in (*_INTEGERS, "DOUBLE")]
    if not alike or (delimiter == "," and not texts):  # Between commas a point is a decimal's, unless a text is odd.
        return read_numbers({}, delimiter)
    bits: list[int | None] = []
    for start in range(0, len(alike), _BATCH):
        bits += ask([marks(names[p], list_of(MISSING)) for p in alike[start : start + _BATCH]], "")[0]
    return read_numbers({p: found or 0 for p, found in sorted(zip(alike, bits, strict=True))}, delimiter)


def _try_out(
    ask: Ask, names: Sequence[str], waiting: dict[int, list[tuple[str, str]]]
) -> tuple[list[str], tuple[str, ...]]:
    """The first candidate of each column that all of its rows fit, and the words for NULL that this needs."""
    types = ["VARCHAR"] * len(names)
    nulls: set[str] = set()
    while waiting:
        found = ask([_test(names[position], candidates[0][1]) for position, candidates in waiting.items()], "")[0]
        later = {}
        for (position, candidates), bits in zip(waiting.items(), found, strict=True):
            if (bits or 0) & (_FITS | _FITS_NOT) == _FITS:
                types[position] = candidates[0][0]
                nulls.update(word for bit, word in enumerate(MISSING, 1) if bits & _FITS_NOT << bit)
            elif candidates[1:]:
                later[position] = candidates[1:]
        waiting = later
    return types, tuple(sorted(nulls))


def _test(column: str, condition: str) -> str:
    """What a column holds, as bits: values that meet the condition, values that do not, each word for a missing one.

    One aggregate a column: DuckDB takes ten seconds and more to plan 500 columns with three each.
    """
    words = list_of(MISSING)
    return (
        f"bit_or(CASE WHEN {column} IS NULL THEN 0 WHEN {column} IN {words} "
        f"THEN {_FITS_NOT} << list_position({words}, {column}) "
        f"WHEN {condition} THEN {_FITS} ELSE {_FITS_NOT} END)"
    )


def _dated(column: str, choice: Choice) -> list[tuple[str, str]]:
    if not choice.format:
        return []
    return [("TIMESTAMP" if has_time(choice.format) else "DATE", is_written(column, choice.format))]


def _candidates(type_: str, column: str, value: str) -> list[tuple[str, str]]:
    """Types to try, narrowest first, each with the SQL condition under which it keeps a value as it is written.

    ``value`` is the SQL of the text with the marks of a number that DuckDB casts.
    """
    double = (
        "DOUBLE",
        f"(try_cast({value} AS DOUBLE) IS NOT NULL AND NOT regexp_full_match({value}, {literal(_NO_NUMBER)}))",
    )
    if type_ in _INTEGERS:
        # What comes back as the same text was an integer: not 007, 1.5, 0x10, 1e3 or +1.
        integers = [
            (integer, f"try_cast({value} AS {integer})::VARCHAR IS NOT DISTINCT FROM trim({value})")
            for integer in ("BIGINT", "DECIMAL(38,0)")
        ]
        return [*integers, double]
    if type_ == "DOUBLE":
        return [double]
    if type_ == "BOOLEAN":
        return [("BOOLEAN", f"lower(trim({column})) IN {list_of(_TRUTH)}")]
    if type_ in _TIMESTAMPS:
        # A cast takes 01/02/25 for a day of the year 1. And read as a TIMESTAMP, 10:00+02:00 would be 10:00.
        iso = f"regexp_full_match({column}, {literal(_ISO)})"
        no_zone = f"NOT regexp_matches({column}, {literal(_ZONE)})"
        return [
            ("TIMESTAMP", f"(try_cast({column} AS TIMESTAMP) IS NOT NULL AND {iso} AND {no_zone})"),
            ("TIMESTAMPTZ", f"(try_cast({column} AS TIMESTAMPTZ) IS NOT NULL AND {iso})"),
        ][type_ == "TIMESTAMP WITH TIME ZONE" :]
    return [("TIME", f"try_cast({column} AS TIME) IS NOT NULL")] if type_ == "TIME" else []


def _with_formats(found: Typed, dates: Mapping[int, Choice]) -> Typed:
    """Give the file one format of dates and one of timestamps, and each column that has another its own."""

    def shared(kind: str) -> str:
        mine = {p: choice.format for p, choice in dates.items() if found.types[p] == kind}
        # A format for timestamps would be that of ISO timestamps too, which have none.
        iso = any(type_.startswith(kind) and p not in dates for p, type_ in enumerate(found.types))
        pattern = "" if iso else commonest(mine.values())
        found.parse.update({p: own for p, own in mine.items() if own != pattern})
        return pattern

    found.format = replace(found.format, date_format=shared("DATE"), timestamp_format=shared("TIMESTAMP"))
    return found
