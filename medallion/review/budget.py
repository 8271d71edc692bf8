"""A text of blocks within a number of bytes: what matters most goes in first, and what is left out is counted. Pure.

Blocks stand in the order in which they are read; ``rank`` says which of them get room first. A block gets half of what
is left, so that a long one does not silence those after it; what then remains is given out again, by rank. Only whole
items are taken, so a table or an element is never cut in two.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from medallion.review.figures import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["LEAST", "Block", "block", "fit"]

#: Bytes within which the first block, which has to be short, and the count of what is left out always fit.
LEAST = 2_000
_GAP = "\n\n"


@dataclass(frozen=True, slots=True)
class Block:
    """Items between ``before`` and ``after``, which are there when an item is.

    An item is a text, or several of which the first that fits is taken, longest first. ``noun`` is what the items are,
    in singular and plural, and ``shorter`` what is said of those of which a shorter one was taken. ``order`` are the
    places of the items, the most important first; none where that is the order they stand in. A block without a noun
    has to be there: it has one item.
    """

    items: tuple[tuple[str, ...], ...]
    rank: int
    noun: tuple[str, str] = ("", "")
    before: str = ""
    after: str = ""
    between: str = "\n"
    shorter: tuple[str, str] = ("", "")
    order: tuple[int, ...] = ()


def block(
    items: Sequence[str | tuple[str, ...]],
    rank: int,
    noun: tuple[str, str],
    *,
    before: str = "",
    after: str = "",
    between: str = "\n",
    shorter: tuple[str, str] = ("", ""),
    order: tuple[int, ...] = (),
) -> Block:
    """A block of items that are single texts, or tuples of texts."""
    texts = tuple((item,) if isinstance(item, str) else item for item in items)
    return Block(texts, rank, noun, before, after, between, shorter, order)


@dataclass(slots=True)
class _Filled:
    """A block, and which version of each item is taken."""

    block: Block
    taken: dict[int, int] = field(default_factory=dict)

    def add(self, room: int) -> int:
        """Take further items into ``room`` bytes, the most important first; how many bytes that takes."""
        used = 0
        for number in self.block.order or range(len(self.block.items)):
            if number in self.taken:
                continue
            versions = self.block.items[number]
            cost = _size(self.block.between) if self.taken else _size(_GAP + self.block.before + self.block.after)
            fitting = (v for v, text in enumerate(versions) if used + cost + _size(text) <= room)
            if (version := next(fitting, None)) is not None:
                self.taken[number] = version
                used += cost + _size(versions[version])
        return used

    def text(self) -> str:
        """Those that are taken."""
        items = [self.block.items[number][version] for number, version in sorted(self.taken.items())]
        return self.block.before + self.block.between.join(items) + self.block.after

    def left_out(self) -> Iterator[str]:
        """What is not there, counted."""
        if missing := len(self.block.items) - len(self.taken):
            yield counted(missing, *self.block.noun)
        if self.block.shorter[0] and (shortened := sum(version > 0 for version in self.taken.values())):
            yield counted(shortened, *self.block.shorter)


def fit(blocks: Sequence[Block], budget: int | None) -> str:
    """The blocks with an empty line between them, in at most ``budget`` bytes of UTF-8, and a line on what is missing.

    The line stands before the last block. ``ValueError`` where the budget is below ``LEAST``.
    """
    filled = [_Filled(part) for part in blocks if part.items]
    if budget is None:
        for part in filled:
            part.taken = dict.fromkeys(range(len(part.block.items)), 0)
        return _GAP.join(part.text() for part in filled) + "\n"
    if budget < LEAST:
        raise ValueError(f"a report needs {LEAST:,} bytes at least, not {budget:,}")
    room = budget - _reserve(filled, budget)
    by_rank = sorted(filled, key=lambda part: part.block.rank)
    for part in by_rank:
        room -= part.add(room if not part.block.noun[0] else room // 2)
    for part in by_rank:
        room -= part.add(room)
    parts = [part.text() for part in filled if part.taken]
    missing = [words for part in filled for words in part.left_out()]
    if missing:
        parts.insert(max(1, len(parts) - 1), _notice(missing, budget))
    return _GAP.join(parts) + "\n"


def _notice(missing: Sequence[str], budget: int) -> str:
    return f"Left out to keep within {budget:,} bytes: {' · '.join(missing)}."


def _reserve(filled: Sequence[_Filled], budget: int) -> int:
    """Bytes for the longest notice there can be, and the end of the last line."""
    words = []
    for part in filled:
        count = len(part.block.items)
        words += [counted(count, noun, many) for noun, many in (part.block.noun, part.block.shorter) if noun]
    return _size(_GAP + _notice(words, budget) + "\n") + len(words)


def _size(text: str) -> int:
    return len(text.encode())
