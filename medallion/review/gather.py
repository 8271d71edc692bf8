"""Put a review together: each part is decided by a module of its own, on the two trees and the diff of their data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medallion.review.announced import announced
from medallion.review.attribution import Between, attributions
from medallion.review.checks import check_changes, to_check
from medallion.review.expectations import evaluate
from medallion.review.models import broken_contracts, reviewed_models
from medallion.review.reach import lineage_edges, reach
from medallion.review.revisions import commits_between
from medallion.review.stale import in_doubt, stale_datasets
from medallion.review.storage import bytes_added
from medallion.review.value import Review

if TYPE_CHECKING:
    from medallion.diff.value import Diff
    from medallion.git.repository import Repository

__all__ = ["gather"]


def gather(repo: Repository, between: Between, diff: Diff, *, attribute: bool = False) -> Review:
    """The review of what ``between`` holds, whose data differs by ``diff``; ``attribute`` may build datasets anew."""
    base, head = between.base[0], between.head[0]
    sides = (diff.base, diff.head)
    here = None if head.commit else head.observed
    stale = stale_datasets(repo, base, head)
    doubtful = in_doubt(stale)
    models = reviewed_models(base, head)
    changed_models = {model.name for model in models}
    changed_data = {table.name for table in diff.differing}
    names = to_check(base, head, changed_data)
    checks, checked = check_changes(between.base, between.head, names, lambda: between.engine(head.config))
    claims, unreadable = announced(repo, base, head, sides)
    expectations, unexpected = evaluate(claims, diff, doubtful)
    if unreadable and not claims:  # They announce something after all.
        unexpected = tuple(table.name for table in diff.differing)
    return Review(
        base=diff.base,
        head=diff.head,
        diff=diff,
        commits=commits_between(repo, *sides),
        models=models,
        stale=stale,
        checks=checks,
        checked=checked,
        contracts=broken_contracts(base, head),
        reach=reach(head, diff, changed_models),
        edges=lineage_edges(base, head, changed_data | changed_models),
        attributions=attributions(between, diff, doubtful) if attribute else (),
        expectations=expectations,
        unexpected=unexpected,
        bytes_added=bytes_added(repo, diff.base.commit, diff.head.commit or "HEAD", here),
        problems=(*head.problems, *unreadable),
        samples=head.config.review_samples,
    )
