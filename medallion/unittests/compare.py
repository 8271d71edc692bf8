"""Rows that should have come out beside those that did: which go together, and in what they differ."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Difference", "Pair", "Row", "compare"]

Row = tuple[str | None, ...]

# Beyond this many pairs of rows, which goes with which is decided by their order alone.
_MOST = 250_000


@dataclass(frozen=True, slots=True)
class Pair:
    """An expected row and the one that came out in its place; None where there is no such."""

    expected: Row | None
    actual: Row | None

    def differing(self) -> tuple[int, ...]:
        """The places of the cells that differ; all of them where one of the rows is missing."""
        if self.expected is None or self.actual is None:
            return tuple(range(len(self.expected or self.actual or ())))
        both = zip(self.expected, self.actual, strict=True)
        return tuple(i for i, (one, other) in enumerate(both) if one != other)


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs between two bags of rows. ``equal`` counts the rows that are in both; ``key`` are places of columns.

    Values are the texts that DuckDB makes of them.
    """

    columns: tuple[str, ...]
    types: tuple[str, ...]
    key: tuple[int, ...]
    equal: int
    pairs: tuple[Pair, ...]

    @property
    def expected(self) -> int:
        """How many rows were expected."""
        return self.equal + sum(pair.expected is not None for pair in self.pairs)

    @property
    def actual(self) -> int:
        """How many rows came out."""
        return self.equal + sum(pair.actual is not None for pair in self.pairs)


def compare(
    columns: Sequence[str], types: Sequence[str], key: Sequence[str], expected: Sequence[Row], actual: Sequence[Row]
) -> Difference | None:
    """None where both hold the same rows, each as often; the order does not count.

    ``key`` are the names of the columns that tell rows apart, as far as they are among ``columns``.
    """
    common = Counter(expected) & Counter(actual)
    missing, extra = _without(expected, common), _without(actual, common)
    if not missing and not extra:
        return None
    folded = [column.lower() for column in columns]
    places = tuple(folded.index(name.lower()) for name in key) if {n.lower() for n in key} <= set(folded) else ()
    partners = _by_key(missing, extra, places) if places else _by_likeness(missing, extra)
    pairs = [Pair(row, extra[partners[i]] if i in partners else None) for i, row in enumerate(missing)]
    paired = set(partners.values())
    pairs += [Pair(None, row) for i, row in enumerate(extra) if i not in paired]
    return Difference(tuple(columns), tuple(types), places, common.total(), tuple(pairs))


def _without(rows: Sequence[Row], common: Counter[Row]) -> list[Row]:
    """The rows in their order, without those that the other side has as well."""
    left = Counter(common)
    kept = []
    for row in rows:
        if left[row]:
            left[row] -= 1
        else:
            kept.append(row)
    return kept


def _by_key(missing: Sequence[Row], extra: Sequence[Row], places: Sequence[int]) -> dict[int, int]:
    """Rows with the same key, where it comes once on either side."""

    def once(rows: Sequence[Row]) -> dict[Row, int]:
        keys = [tuple(row[i] for i in places) for row in rows]
        count = Counter(keys)
        return {key: i for i, key in enumerate(keys) if count[key] == 1}

    others = once(extra)
    return {i: others[key] for key, i in once(missing).items() if key in others}


def _by_likeness(missing: Sequence[Row], extra: Sequence[Row]) -> dict[int, int]:
    """The rows that share most cells, the most alike first; they share one at least, where there are several."""
    if len(missing) * len(extra) > _MOST:
        return {i: i for i in range(min(len(missing), len(extra)))}
    likeness = [
        (-sum(a == b for a, b in zip(one, other, strict=True)), i, j)
        for i, one in enumerate(missing)
        for j, other in enumerate(extra)
    ]
    if len(missing) == len(extra) == 1:
        return {0: 0}
    found: dict[int, int] = {}
    used: set[int] = set()
    for score, i, j in sorted(likeness):
        if score and i not in found and j not in used:
            found[i] = j
            used.add(j)
    return found
