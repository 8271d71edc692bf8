"""Which column of one version is which of the other, told from their names, types and places."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Matched", "Matching", "fold", "match_columns", "moved"]


@dataclass(frozen=True, slots=True)
class Matched:
    """A column that both versions have: its names and DuckDB types there. ``renamed`` where that was detected."""

    base: str
    head: str
    base_type: str
    head_type: str
    renamed: bool = False

    @property
    def retyped(self) -> bool:
        """Whether it has another type."""
        return self.base_type != self.head_type


@dataclass(frozen=True, slots=True)
class Matching:
    """The columns of two versions: ``common`` in the order of the head, and those that one of them has alone."""

    common: tuple[Matched, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]
    moved: frozenset[str]

    def of_head(self, name: str) -> Matched | None:
        """The common column that the head calls so, in any case of letters."""
        return next((column for column in self.common if fold(column.head) == fold(name)), None)

    def of_base(self, name: str) -> Matched | None:
        """The common column that the base calls so, in any case of letters."""
        return next((column for column in self.common if fold(column.base) == fold(name)), None)


def fold(name: str) -> str:
    """A name as DuckDB compares names: of letters A to Z the case does not count, of all others it does."""
    return name.translate(_LOWER)


_LOWER = {ord(letter): ord(letter) + 32 for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}


def match_columns(
    base: Mapping[str, str], head: Mapping[str, str], renamed: Mapping[str, str] | None = None
) -> Matching:
    """Match the columns of two versions, each given as name → type in its order.

    Names are the same in any case of the letters A to Z, as for DuckDB; the same spelling comes first. ``renamed``
    are pairs that were found otherwise, as head name → base name.
    """
    pairs = {name: name for name in head if name in base}
    spelt = {fold(name): name for name in reversed(list(base)) if name not in head}
    pairs |= {name: spelt.pop(fold(name)) for name in head if name not in base and fold(name) in spelt}
    found = {name: was for name, was in (renamed or {}).items() if name not in pairs}
    both = {name: pairs.get(name, found.get(name, "")) for name in head if name in pairs or name in found}
    common = tuple(Matched(was, name, base[was], head[name], name in found) for name, was in both.items())
    places = {name: place for place, name in enumerate(base)}
    return Matching(
        common,
        added=tuple(name for name in head if name not in both),
        removed=tuple(name for name in base if name not in both.values()),
        moved=moved([(column.head, places[column.base]) for column in common]),
    )


def moved(places: Sequence[tuple[str, int]]) -> frozenset[str]:
    """The fewest names to take away so that the others stand in the order of their numbers (no number comes twice).

    They are what is not in a longest increasing subsequence, found by patience sorting (M. Fredman, 1975).
    """
    tails: list[int] = []
    piles: list[int] = []
    for _, number in places:
        pile = bisect_left(tails, number)
        tails[pile : pile + 1] = [number]
        piles.append(pile)
    wanted = len(tails) - 1
    out = set()
    for (name, _), pile in zip(reversed(places), reversed(piles), strict=True):
        if pile == wanted:
            wanted -= 1
        else:
            out.add(name)
    return frozenset(out)
