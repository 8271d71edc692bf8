"""One line of an announcement, read word by word: ``silver.orders changed status only, at most 1%``. Pure.

The grammar is documented in docs/review.md.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, NoReturn

from medallion.errors import Location, MedallionError
from medallion.names import nearest
from medallion.review.claims import Amount, Became, Bound, Changed, Claims, Counted, Whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from medallion.review.claims import Claim

__all__ = ["GRAMMAR", "Line", "Token", "unquoted"]

#: What a person is told who wrote a line that cannot be read.
GRAMMAR = """a line is a dataset and claims with commas between them:
  silver.orders unchanged | new | removed dataset
  silver.orders changed status, total only, at most 1%
  silver.orders added at most 100 rows, removed none, changed exactly 3 rows
  silver.* column note added | removed | changed | retyped | renamed | moved
an amount is none, or at most, at least or exactly a number of rows, or per cent of the base's; after a colon it
may say why"""

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<reason>:|\(|—|–|--|(?<=\s)-(?=\s))
    | (?P<quoted>"(?:[^"]|"")*"|`[^`]*`)
    | (?P<number>(?:\d{1,3}(?:,\d{3})+|\d[\d_]*(?:\.\d+)?)(?=$|[\s,;%:(]))
    | (?P<comma>[,;])
    | (?P<percent>%)
    | (?P<word>[^\s,;%"`:(]+)
    | (?P<open>["`].*)
    )""",
    re.VERBOSE,
)
_PATTERN = re.compile(r"[a-z*][a-z0-9_*]*\.[a-z*][a-z0-9_*]*")
_ROWS = ("added", "removed", "changed")
_BECAME = (*_ROWS, "retyped", "renamed", "moved")
_AMOUNTS = ("none", "no", "at", "exactly")
_STARTS = ("unchanged", "new", *_ROWS, "column", "columns", *_AMOUNTS)
_WORDS = ("unchanged", "new", *_BECAME, "column", "only", "none", "at most", "at least", "exactly", "rows", "dataset")


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a line, a quoted name, a number or a sign; ``start`` and ``end`` are its place in the text."""

    kind: str
    text: str
    start: int
    end: int


class Line:
    """One announcement within a text: ``start`` and ``end`` are its place."""

    def __init__(self, path: str, source: str, start: int, end: int) -> None:
        self.path, self.source, self.start, self.end = path, source, start, end
        self.tokens = list(_tokens(source, start, end))
        self.place = 0

    @property
    def where(self) -> str:
        """The file with the line."""
        return f"{self.path}:{Location.at(self.path, self.source, self.start).line}"

    def claims(self, layers: Sequence[str]) -> Claims:
        """Read it; ``MedallionError`` at the word that does not fit."""
        pattern = self._dataset(layers)
        self._take("reason", ":")
        found: list[Claim] = []
        while True:
            found.append(self._claim(found))
            if self._next is None or self._next.kind == "reason":
                break
            if not self._take("comma") and not self._take("word", "and"):
                self._fail("a comma and another claim, or the end of the line, is missing here")
        if any(isinstance(claim, Whole) for claim in found) and len(found) > 1:
            self.place = 1
            self._fail(f"nothing else can be said of a dataset that is {_whole(found)}")
        text = self.source[self.start : self.end].strip()
        return Claims(text, self.where, pattern, tuple(found))

    def _dataset(self, layers: Sequence[str]) -> str:
        token = self.tokens[0]
        pattern = unquoted(token)
        if not _PATTERN.fullmatch(pattern):
            near = nearest(pattern, layers)
            self._fail("a dataset stands first, as silver.orders" + (f"; did you mean {near}.…?" if near else ""))
        layer = pattern.split(".")[0]
        if "*" not in layer and layer not in layers:
            near = nearest(layer, layers)
            self._fail(f'there is no layer "{layer}"' + (f': did you mean "{near}"?' if near else ""))
        self.place = 1
        return pattern

    def _claim(self, before: list[Claim]) -> Claim:
        if self._take("word", "unchanged"):
            return Whole.UNCHANGED
        if self._take("word", "new"):
            self._take("word", "dataset")
            return Whole.NEW
        if self._take("word", "column") or self._take("word", "columns"):
            return self._became()
        for what in _ROWS:
            if self._take("word", what):
                return self._rows(what)
        if self._is_amount():
            return self._amount_of(before)
        word = self._next.text if self._next else ""
        near = nearest(word, _WORDS) if word and word not in _WORDS else None
        if word in _BECAME:
            return self._fail(f'"{word}" comes after a column: column NAME {word}')
        return self._fail(f'did you mean "{near}"?' if near else "a claim is missing here")

    def _became(self) -> Became:
        columns = self._columns(until=(*_BECAME, "new"))
        what = next((word for word in (*_BECAME, "new") if self._take("word", word)), None)
        if what is None:
            self._fail(f"what became of it? One of {', '.join(_BECAME)}")
        return Became(columns, "added" if what == "new" else what)

    def _rows(self, what: str) -> Claim:
        if what == "removed" and self._take("word", "dataset"):
            return Whole.REMOVED
        if self._is_amount():
            return Counted(what, self._amount())
        if what != "changed":
            self._fail(f"how many rows are {what}? As in {what} at most 100 rows, or {what} none")
        columns = self._columns(until=("only", *_STARTS))
        return Changed(columns, self._take("word", "only"))

    def _columns(self, until: Sequence[str]) -> tuple[str, ...]:
        """Names with commas or ``and`` between them, up to one of the words ``until``, which only quotes make names."""
        found: list[str] = []
        while self._next is not None and self._is_name(self._next, until):
            found.append(unquoted(self._next))
            self.place += 1
            following = self.tokens[self.place + 1 : self.place + 2]
            joined = self._next is not None and (self._next.kind == "comma" or self._next.text.lower() == "and")
            if not (joined and following and self._is_name(following[0], until)):
                break
            self.place += 1
        if not found:
            unclosed = self._next is not None and self._next.kind == "open"
            self._fail("this quote is not closed" if unclosed else "the name of a column is missing here")
        return tuple(found)

    def _is_name(self, token: Token, until: Sequence[str]) -> bool:
        return token.kind == "quoted" or (token.kind == "word" and token.text.lower() not in until)

    def _is_amount(self) -> bool:
        token = self._next
        return token is not None and (
            token.kind == "number" or (token.kind == "word" and token.text.lower() in _AMOUNTS)
        )

    def _amount_of(self, before: list[Claim]) -> Claim:
        """An amount that stands alone belongs to the claim before it."""
        last = before[-1] if before else None
        if isinstance(last, Changed) and last.amount is None:
            before.pop()
            return Changed(last.columns, last.only, self._amount())
        return self._fail("an amount of what? As in added at most 100 rows, or changed status, at most 1%")

    def _amount(self) -> Amount:
        if self._take("word", "none"):
            return Amount(Bound.EXACTLY, Decimal(0))
        if self._take("word", "no"):
            self._rows_word()
            return Amount(Bound.EXACTLY, Decimal(0))
        bound = Bound.EXACTLY
        if self._take("word", "at"):
            if self._take("word", "least"):
                bound = Bound.AT_LEAST
            elif self._take("word", "most"):
                bound = Bound.AT_MOST
            else:
                self._fail("at most, or at least?")
        else:
            self._take("word", "exactly")
        token = self._next
        if token is None or token.kind != "number":
            self._fail("a number is missing here, as in 100 rows or 1%")
        self.place += 1
        percent = self._take("percent") or self._take("word", "percent")
        if not percent:
            self._rows_word()
        return Amount(bound, Decimal(token.text.replace(",", "").replace("_", "")), percent)

    def _rows_word(self) -> None:
        if not self._take("word", "rows"):
            self._take("word", "row")

    @property
    def _next(self) -> Token | None:
        return self.tokens[self.place] if self.place < len(self.tokens) else None

    def _take(self, kind: str, text: str = "") -> bool:
        """Go past the next token where it is of this kind, and this word."""
        token = self._next
        if token is None or token.kind != kind or (text and token.text.lower() != text):
            return False
        self.place += 1
        return True

    def _fail(self, message: str) -> NoReturn:
        token = self._next
        start, end = (token.start, token.end) if token else (self.end, self.end + 1)
        place = Location.at(self.path, self.source, start, end - start)
        raise MedallionError(f"this expectation cannot be read: {message}", location=place, hint=GRAMMAR)


def _whole(claims: Sequence[Claim]) -> str:
    return next(str(claim) for claim in claims if isinstance(claim, Whole))


def _tokens(source: str, start: int, end: int) -> Iterator[Token]:
    while found := _TOKEN.match(source, start, end):
        kind = str(found.lastgroup)
        yield Token(kind, found[kind], found.start(kind), found.end(kind))
        start = found.end()


def unquoted(token: Token) -> str:
    """The text of a token, without the quotes that it may have around it."""
    if token.kind != "quoted":
        return token.text
    return token.text[1:-1].replace('""', '"') if token.text[0] == '"' else token.text[1:-1]
