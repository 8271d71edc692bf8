"""Data as literal text in markdown, HTML and mermaid: a value never becomes markup, a link, a mention or a direction.

What nobody sees, or what changes how the rest is seen, is made visible first (``visible``). In markdown a value is then
a code span: there is no other place where GitHub and GitLab leave mentions, references, addresses and formulas alone. A
sentence that may name data (``prose``) stays a sentence, and only its words that are not plainly harmless are code.

Characters that mean something in a row of a table are left to ``row``, which writes all of them.
"""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING
from unicodedata import bidirectional, category

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["apart", "code", "cut", "has_right_to_left", "html_text", "mermaid_label", "prose", "row", "visible"]

# Characters that are printable by their category, and show nothing.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
_PICTURES = range(0x2400, 0x2422)
_SPACE, _DELETE = "\u2420", "\u2421"
_INVISIBLE = re.compile(r"^ +| +\Z|  +|[^ -~]")

_OPEN, _CLOSE = "[\"'(]*", "[\"')]*"
_WORD = re.compile(rf"{_OPEN}[+−-]?[^\W_]+(?:[.,'’/-][^\W_]+)*%?{_CLOSE}[.,;:]?{_CLOSE}|[→·–—−×…]|%{_CLOSE}[.,;:]?")
# What forges make links of without being asked: addresses, commits, tickets. And what begins a numbered list.
_LINKED = re.compile(r"\W*(?:www\.|[0-9a-f]{7,64}\W*$|[a-z]+-\d)", re.IGNORECASE)
_NUMBERED = re.compile(r"\d+[.)]")
# What parts words of a sentence, and what ends a clause: no part of the word before it.
_PARTS, _ENDS = ",;", ",;.:"
_TICKS = re.compile("`+")
_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})
_MERMAID = re.compile(r"[^A-Za-z0-9._/ -]")


def visible(text: str) -> str:
    """The text with everything in sight, and no two texts alike.

    Control characters are their pictures (``␊`` for a newline), spaces at the ends and in a row ``␠``; zero-width
    characters, direction marks, other spaces and what no font has are ``⟨U+202E⟩``, and so are the pictures themselves.
    """
    return _INVISIBLE.sub(_shown, text)


def _shown(found: re.Match[str]) -> str:
    text = found[0]
    if text[0] == " ":
        return _SPACE * len(text)
    point = ord(text)
    if point < 0x20:
        return chr(0x2400 + point)
    if point == 0x7F:
        return _DELETE
    leading_mark = found.start() == 0 and category(text).startswith("M")
    following = found.string[found.end() : found.end() + 2]
    if leading_mark or not text.isprintable() or text in _BLANK or _selects(point) or point in _PICTURES:
        return f"⟨U+{point:04X}⟩"
    return f"⟨U+{point:04X}⟩" if text == "⟨" and following == "U+" else text


def _selects(point: int) -> bool:
    """Whether it is a variation selector: a mark without a look of its own."""
    return 0xFE00 <= point <= 0xFE0F or 0xE0100 <= point <= 0xE01EF


def cut(text: str, length: int) -> tuple[str, int]:
    """The beginning of a text, at most ``length`` characters; and how many are left out."""
    return text[:length], max(0, len(text) - length)


def apart(base: str | None, head: str | None, length: int = 80) -> tuple[str | None, str | None]:
    """Two values that differ, so cut that their first difference is seen: about ``length`` characters of each.

    How long they are stays with them, as the comparison has counted it or as they are here.
    """
    if base is None or head is None or max(len(base), len(head)) <= length:
        return base, head
    bodies = [_COUNTED.sub("", text) for text in (base, head)]
    together = zip(*bodies, strict=False)
    same = next((i for i, (a, b) in enumerate(together) if a != b), min(map(len, bodies)))
    start = max(0, same - length // 4)
    return _from(base, start, length), _from(head, start, length)


def _from(text: str, start: int, length: int) -> str:
    counted = _COUNTED.search(text)
    body = text[: counted.start()] if counted else text
    if len(body) <= length and not counted:
        return text
    shown, end = body[start : start + length], start + length < len(body)
    before = "" if not start or shown.startswith("…") else "…"
    return f"{before}{shown}{'…' if end else ''}{counted[0] if counted else f' ({len(body)} characters)'}"


# What a comparison adds to a value of which it keeps a part.
_COUNTED = re.compile(r" \(\d+ characters\)\Z")


def has_right_to_left(text: str) -> bool:
    """Whether some of it is written from right to left, so that what stands beside it may be seen in another order."""
    return not text.isascii() and any(bidirectional(character) in _RIGHT_TO_LEFT for character in text)


def code(value: str | None, length: int = 80) -> str:
    """A value as a code span of markdown, on one line; what is beyond ``length`` characters is counted.

    NULL and the empty text are words outside of a code span, where no value can be.
    """
    if value is None:
        return "NULL"
    if not value:
        return "(empty)"
    kept, more = cut(value, length)
    return _span(visible(kept)) + (f"… ({more:,} more characters)" if more else "")


def _span(text: str) -> str:
    runs = {len(run) for run in _TICKS.findall(text)}
    ticks = "`" * next(n for n in range(1, len(runs) + 2) if n not in runs)
    pad = " " if text[0] == "`" or text[-1] == "`" else ""
    return f"{ticks}{pad}{text}{pad}{ticks}"


def prose(text: str, length: int = 500) -> str:
    """A sentence in markdown, on one line: words that could be more than words are code spans.

    White space is a space; what is beyond ``length`` characters is counted.
    """
    kept, more = cut(text, length)
    parts: list[str] = []
    suspects: list[str] = []
    for number, word in enumerate(kept.split()):
        if _is_plain(word) and not (number == 0 and _NUMBERED.match(word)):
            parts += [*_joined(suspects), word]
            suspects = []
        else:
            suspects.append(word)
    parts += _joined(suspects)
    return " ".join(parts) + (f"… ({more:,} more characters)" if more else "")


def _is_plain(word: str) -> bool:
    return bool(_WORD.fullmatch(word)) and not _LINKED.match(word) and word.isprintable()


def _joined(words: list[str]) -> list[str]:
    """The words as code: in one span, as in ``a < b``, but for what a comma outside of brackets and quotes parts."""
    spans: list[str] = []
    run: list[str] = []
    for number, word in enumerate(words):
        last = number == len(words) - 1
        run.append(word)
        ends = len(word) > 1 and word[-1] in (_ENDS if last else _PARTS) and _is_closed(" ".join(run))
        if ends or last:
            text = " ".join([*map(visible, run[:-1]), visible(word[:-1] if ends else word)])
            spans.append(_span(text) + (word[-1] if ends else ""))
            run = []
    return spans


def _is_closed(text: str) -> bool:
    """Whether each bracket and quote in it has its other."""
    pairs = all(text.count(one) == text.count(other) for one, other in ("()", "[]", "{}"))
    return pairs and not any(text.count(quote) % 2 for quote in "\"'`")


def row(cells: Iterable[str]) -> str:
    """A row of a markdown table. The cells are markdown on one line; a ``|`` is only ever inside of a code span."""
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def html_text(text: str) -> str:
    """A text in HTML, inside of an element or an attribute in double quotes."""
    return escape(visible(text), quote=True)


def mermaid_label(text: str, length: int = 60) -> str:
    """A label of mermaid, without its quotes: all but letters, digits and ``._/ -`` are mermaid's numeric entities."""
    kept, more = cut(text, length)
    return _MERMAID.sub(lambda found: f"#{ord(found[0])};", visible(kept) + ("…" if more else ""))
