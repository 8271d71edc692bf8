"""The grammar of checks: from annotations to :class:`Check` values."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from medallion.errors import Location, ModelError
from medallion.models.annotations import IDENTIFIER, read_names
from medallion.models.check import AtMost, Check, Kind, Severity
from medallion.names import TableName

if TYPE_CHECKING:
    from collections.abc import Callable

    from medallion.models.annotations import Annotation

__all__ = ["CONDITIONS", "GRAMMAR", "read_at_most", "read_check"]

#: How each check is written after its word. On a column the COLUMN is left out: it is the one that the comment is of.
GRAMMAR = {
    "key": "COLUMN, …",
    "not_null": "COLUMN, …",
    "unique": "COLUMN, …",
    "accepted_values": "COLUMN VALUE, 'VALUE', …",
    "relationships": "COLUMN, … LAYER.NAME(COLUMN, …)",
    "range": "COLUMN LOW to HIGH, where LOW or HIGH may be left out",
    "regex": "COLUMN PATTERN",
    "row_count": "a condition on row_count, as in row_count between 1 and 1000",
    "freshness": "COLUMN < NUMBER minutes|hours|days|weeks|months|years",
    "expect": "removed|added|changed at most NUMBER or NUMBER%; nothing removed|added|changed; "
    "no column removed|added|retyped|changed; unchanged COLUMN, … [where CONDITION]",
    "check": "a condition in SQL, or a check by its name (not_null, range …), each with `at most NUMBER rows` or "
    "`at most NUMBER%` after it",
}

#: The annotations that state a check.
CONDITIONS = frozenset({*GRAMMAR, "warn"} - {"row_count", "freshness"})

_AT_MOST = re.compile(r"(?:^|\s)at\s+most\s+(\d+(?:\.\d+)?)\s*(%|rows?)?$", re.IGNORECASE)
_NAMES = re.compile(rf"\(?\s*({IDENTIFIER}(?:\s*,\s*{IDENTIFIER})*)\s*\)?")
_COLUMN = re.compile(rf"({IDENTIFIER})(?:\s+|$)")
_RELATION = re.compile(rf"(?:\(?\s*({IDENTIFIER}(?:\s*,\s*{IDENTIFIER})*)\s*\)?\s+)??(\w+\.\w+)\s*\(([^()]*)\)")
_VALUE = re.compile(r"\s*(?:'((?:[^']|'')*)'|([^,']+?))\s*(?:,|$)")
_BOUND = r"'(?:[^']|'')*'|[-+]?\d[\w.+-]*(?:[ T]\d\d?:[\d:.]+)?|[-+]?\.\d+"
_RANGE = re.compile(rf"(?:({_BOUND})\s+)?to(?:\s+({_BOUND}))?", re.IGNORECASE)
_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?", re.IGNORECASE)
_AGE = re.compile(r"<=?\s*(\d+)\s*(minute|hour|day|week|month|year)s?", re.IGNORECASE)
_ROWS = re.compile(r"(?:(nothing|no rows)\s+)?(removed|added|changed)", re.IGNORECASE)
_NO_COLUMN = re.compile(r"no\s+columns?\s+(removed|added|retyped|changed)", re.IGNORECASE)
_UNCHANGED = re.compile(rf"unchanged(?:\s+({IDENTIFIER}(?:\s*,\s*{IDENTIFIER})*))??(?:\s+where\s+(.+))?", re.DOTALL)


def read_at_most(text: str) -> tuple[str, AtMost | None]:
    """Split ``… at most 0.1%`` into what stands before it and the tolerance."""
    found = _AT_MOST.search(text)
    if found is None:
        return text, None
    return text[: found.start()].rstrip(), AtMost(found[1], found[2] == "%")


def read_check(annotation: Annotation, path: str, source: str) -> Check:
    """The check that an annotation states; ``ModelError`` with the grammar where it is no such thing."""
    return _Reader(annotation, path, source).read()


class _Reader:
    """Reads one annotation. ``word`` is that of the check, which may follow ``@check`` or ``@warn``."""

    def __init__(self, annotation: Annotation, path: str, source: str) -> None:
        self.annotation, self.path, self.source = annotation, path, source
        self.column = annotation.column
        self.word = annotation.word
        at = source.find(annotation.argument, annotation.offset + 1 + len(annotation.word))
        self.offset = at if annotation.argument else annotation.offset
        self.end = (
            at + len(annotation.argument) if annotation.argument else annotation.offset + 1 + len(annotation.word)
        )
        self.rest, self.at_most = read_at_most(annotation.argument)
        self.severity = Severity.WARN if annotation.word == "warn" else Severity.ERROR
        if annotation.word in ("check", "warn"):
            self.word = "check"
            named = re.match(r"[a-z_]+(?=\s|$)", self.rest)
            if named and named[0] in _READERS:
                self.word = named[0]
                if self.word != "row_count":
                    rest = self.rest[named.end() :].lstrip()
                    self.offset += len(self.rest) - len(rest)
                    self.rest = rest

    def read(self) -> Check:
        """The check."""
        check = _READERS.get(self.word, _Reader.condition)(self)
        if self.at_most and check.kind in (Kind.KEY, Kind.ROW_COUNT, Kind.FRESHNESS, Kind.EXPECT_COLUMNS):
            raise self.error(f"{self.word} takes no `at most`: it does not count rows that are wrong")
        if self.at_most and self.at_most.percent and Decimal(self.at_most.number) >= 100:
            raise self.error(f"at most {self.at_most.number}% allows everything")
        tolerated = ""
        if self.at_most:
            tolerated = f" at most {self.at_most.number}{'%' if self.at_most.percent else ' rows'}"
        text = " ".join(filter(None, (line.strip() for line in check.text.splitlines())))
        return replace(check, text=text + tolerated, at_most=self.at_most)

    def made(self, kind: Kind, columns: tuple[str, ...], text: str, **rest: object) -> Check:
        """A check of this annotation."""
        a = self.annotation
        line = self.source.find("\n", a.offset)
        end = self.end
        length = min(end, line if line >= 0 else end) - a.offset
        return Check(kind, text, self.severity, columns, self.path, a.offset, max(1, length), **rest)  # type: ignore[arg-type]

    def error(self, message: str, at: int | None = None, length: int | None = None) -> ModelError:
        """The mistake with its place, and how it is written."""
        a = self.annotation
        place = a.offset if at is None else at
        grammar = GRAMMAR[self.word]
        if self.column is not None:
            grammar = re.sub(r"^COLUMN(, …)? ?", "", grammar) or "nothing: it speaks of this column"
        shown = a.word if self.word in (a.word, "check") else f"{a.word} {self.word}"
        return ModelError(
            message,
            location=Location.at(self.path, self.source, place, length or 1 + len(a.word)),
            hint=f"@{shown} takes {grammar}",
        )

    def names(self) -> tuple[str, ...]:
        """Columns with commas between them; on a column, that one and nothing more."""
        if self.column is not None:
            if self.rest:
                raise self.error(f'@{self.word} on a column takes no argument, and has "{self.rest}"')
            return (self.column,)
        found = _NAMES.fullmatch(self.rest)
        if not found:
            raise self.error(f"@{self.word} needs the columns that it speaks of")
        return read_names(found[1])

    def subject(self) -> tuple[str, str]:
        """The column that a check speaks of, and what follows it."""
        if self.column is not None:
            return self.column, self.rest
        found = _COLUMN.match(self.rest)
        if not found:
            raise self.error(f"@{self.word} needs the column that it speaks of")
        return read_names(found[1])[0], self.rest[found.end() :]

    def key(self) -> Check:
        names = self.names()
        return self.made(Kind.KEY, names, f"key {_listed(names)}")

    def not_null(self) -> Check:
        names = self.names()
        return self.made(Kind.NOT_NULL, names, f"not_null {_listed(names)}")

    def unique(self) -> Check:
        names = self.names()
        return self.made(Kind.UNIQUE, names, f"unique {_listed(names)}")

    def accepted_values(self) -> Check:
        column, rest = self.subject()
        values, position = [], 0
        while position < len(rest):
            found = _VALUE.match(rest, position)
            if found is None or (found[2] is not None and ('"' in found[2] or not found[2].strip())):
                raise self.error("these are no values with commas between them; quote one that holds a comma or '")
            values.append(found[1].replace("''", "'") if found[1] is not None else found[2])
            position = found.end()
        if not values or rest.rstrip().endswith(","):
            raise self.error("@accepted_values needs the values, with commas between them")
        return self.made(
            Kind.ACCEPTED_VALUES, (column,), f"accepted_values {_listed([column])} {rest}", values=tuple(values)
        )

    def relationships(self) -> Check:
        found = _RELATION.fullmatch(self.rest)
        if not found or (found[1] is None) is (self.column is None) or not _NAMES.fullmatch(found[3]):
            raise self.error("this names no columns of a dataset that values are found in")
        columns = (self.column,) if self.column is not None else read_names(found[1])
        there = read_names(found[3])
        if len(there) != len(columns):
            raise self.error(f"{len(columns)} of this dataset's columns cannot be found in {len(there)} of another's")
        try:
            to = TableName.parse(found[2].lower())
        except ModelError as error:
            raise self.error(error.message) from error
        text = f"relationships {_listed(columns)} {to}({_listed(there)})"
        return self.made(Kind.RELATIONSHIPS, columns, text, to=to, to_columns=there)

    def range(self) -> Check:
        column, rest = self.subject()
        found = _RANGE.fullmatch(rest.strip())
        if not found or not (found[1] or found[2]):
            raise self.error("this is no range; quote a bound that is neither a number nor a date")
        values = tuple(_literal(bound) for bound in found.groups())
        if all(_NUMBER.fullmatch(value) for value in values) and Decimal(values[0]) > Decimal(values[1]):
            raise self.error("nothing lies in this range: the first bound is above the second")
        return self.made(Kind.RANGE, (column,), f"range {_listed([column])} {rest}", values=values)

    def regex(self) -> Check:
        column, rest = self.subject()
        if not rest:
            raise self.error("@regex needs a pattern")
        quoted = re.fullmatch(r"'((?:[^']|'')*)'", rest)
        pattern = quoted[1].replace("''", "'") if quoted else rest
        return self.made(Kind.REGEX, (column,), f"regex {_listed([column])} {rest}", values=(pattern,))

    def row_count(self) -> Check:
        return self.made(Kind.ROW_COUNT, (), self.rest, sql=self.rest, sql_offset=self.offset)

    def freshness(self) -> Check:
        column, rest = self.subject()
        found = _AGE.fullmatch(rest.strip())
        if not found:
            raise self.error("this is no age")
        values = (found[1], found[2].lower())
        return self.made(Kind.FRESHNESS, (column,), f"freshness {_listed([column])} {rest}", values=values)

    def condition(self) -> Check:
        if not self.rest:
            raise self.error("the condition itself is missing")
        return self.made(
            Kind.CONDITION,
            (self.column,) if self.column is not None else (),
            self.rest,
            sql=self.rest,
            sql_offset=self.offset,
        )

    def expect(self) -> Check:
        text = f"expect {self.rest}"
        if unchanged := _UNCHANGED.fullmatch(self.rest):
            if (unchanged[1] is None) is (self.column is None):
                raise self.error("which columns are to stay as they are is not said, or said twice")
            columns = (self.column,) if self.column is not None else read_names(unchanged[1])
            if self.column is not None:
                text = text.replace("unchanged", f"unchanged {_listed(columns)}", 1)
            where = unchanged[2] or ""
            return self.made(
                Kind.EXPECT_UNCHANGED,
                columns,
                text,
                sql=where,
                sql_offset=self.offset + (unchanged.start(2) if where else 0),
            )
        if self.column is not None:
            raise self.error("@expect on a column says that it is unchanged; the rest speaks of the dataset")
        if columns_ := _NO_COLUMN.fullmatch(self.rest):
            return self.made(Kind.EXPECT_COLUMNS, (), text, values=(columns_[1].lower(),))
        rows = _ROWS.fullmatch(self.rest)
        if not rows or (rows[1] is None) is (self.at_most is None):
            raise self.error("this says nothing that can be expected of a change")
        return self.made(Kind.EXPECT_ROWS, (), text, values=(rows[2].lower(),))


_READERS: dict[str, Callable[[_Reader], Check]] = {
    word: getattr(_Reader, word) for word in GRAMMAR if word not in ("check",)
}


def _listed(names: tuple[str, ...] | list[str]) -> str:
    """Column names as they are written: in quotes where they are no plain words."""
    return ", ".join(n if re.fullmatch(r"[A-Za-z_]\w*", n) else '"' + n.replace('"', '""') + '"' for n in names)


def _literal(bound: str | None) -> str:
    """A bound as SQL: a number as it is, anything else as text, which DuckDB reads as the column's type."""
    if bound is None or bound.startswith("'") or _NUMBER.fullmatch(bound):
        return bound or ""
    return "'" + bound + "'"
