"""What to do about stale data, in words that every report uses. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medallion.review.value import StaleKind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from medallion.review.value import Reach, Review, StaleDataset

__all__ = ["NOT_REBUILT", "not_rebuilt_in_words", "reached_state", "remedy", "stale_title"]

#: Of a dataset that is stale, instead of that its data is the same.
NOT_REBUILT = "not rebuilt: its data is the base's"
_FEW = 5


def remedy(review: Review, mark: str = "") -> str:
    """``run medallion run and commit the result``: what mends the stale data; "" where none is known to be new."""
    news = [stale for stale in review.stale if not stale.before]
    if not any(stale.known for stale in news):
        return ""
    *steps, last = _steps(news, mark)
    return f"{', '.join(steps)} and {last}"


def stale_title(review: Review, mark: str = "") -> str:
    """What is to be done about the stale data of a review, with ``mark`` around what is to be typed."""
    news = [stale for stale in review.stale if not stale.before]
    if words := remedy(review, mark):
        return f"Stale data: {words}"
    return "Whether this data is stale cannot be known" if news else "Stale data, as in the base"


def _steps(news: Collection[StaleDataset], mark: str) -> Iterator[str]:
    known = [stale for stale in news if stale.known]
    kinds = {stale.kind for stale in known}
    if StaleKind.UNBUILDABLE in kinds:
        yield "mend the SQL that cannot be built"
    if StaleKind.UNREADABLE in kinds:
        yield "mend the records that cannot be read"
    if kinds - {StaleKind.ORPHANED}:
        yield f"run {mark}medallion run{mark}"
    for stale in known:
        if stale.kind is StaleKind.ORPHANED:
            rest = sum(s.kind is StaleKind.ORPHANED for s in known) - 1
            more = f" and what else no model makes ({rest:,} more)" if rest else ""
            yield f"take away what no model makes, or write its model: {mark}git rm 'data/{_path(stale)}.*'{mark}{more}"
            break
    yield "commit the result"


def _path(stale: StaleDataset) -> str:
    return f"{stale.name.layer}/{stale.name.name}"


def reached_state(review: Review, reach: Reach) -> str:
    """What is known of the data of a dataset that is downstream of changes; "" where it differs."""
    if reach.dataset in review.uncompared:
        return "could not be compared"
    if reach.dataset in review.not_rebuilt:
        return NOT_REBUILT
    return "" if reach.changed else "its data is the same"


def not_rebuilt_in_words(review: Review) -> str:
    """The datasets that are equal because nobody built them anew; "" for none."""
    names = [str(name) for name in review.not_rebuilt]
    if not names:
        return ""
    more = f" and {len(names) - _FEW:,} more" if len(names) > _FEW else ""
    return f"Not rebuilt, so equal to the base whatever the SQL gives now: {', '.join(names[:_FEW])}{more}"
