"""Put a review together: each part is decided by a module of its own, on the two trees and the diff of their data."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from medallion.diff.asked import Asked
from medallion.diff.between import chosen, diff_versions
from medallion.engines.duckdb import DuckDBEngine
from medallion.errors import ConfigError
from medallion.identities import Identities
from medallion.installed import version_of as installed
from medallion.meanings import Meanings
from medallion.privacy import hidden_columns
from medallion.review.announced import announced
from medallion.review.attribution import Between, attributions
from medallion.review.checks import check_changes, to_check
from medallion.review.expectations import evaluate
from medallion.review.loosened import loosened
from medallion.review.models import broken_contracts, reviewed_models
from medallion.review.privacy import without_private_names
from medallion.review.reach import lineage_edges, reach
from medallion.review.revisions import commits_between
from medallion.review.stale import in_doubt, stale_datasets
from medallion.review.storage import bytes_added
from medallion.review.trees import tree_at, tree_here
from medallion.review.value import Review
from medallion.versions import Snapshot, version_from, version_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from medallion.config import Config
    from medallion.diff.value import Diff, Side
    from medallion.errors import MedallionError
    from medallion.git.lfs import Store
    from medallion.git.repository import Repository
    from medallion.names import TableName
    from medallion.privacy import Hidden
    from medallion.review.trees import Tree
    from medallion.review.value import ReviewedModel
    from medallion.versions import Version
    from medallion.workspace import Workspace

__all__ = ["review", "shows_samples"]


def review(
    config: Config,
    repo: Repository,
    store: Store,
    sides: tuple[Side, Side],
    look: Callable[[], Workspace],
    *,
    attribute: bool = False,
    limit: int = 5,
    histograms: bool = False,
) -> Review:
    """What the second of two versions does, held against the first.

    ``look`` looks at the work tree, where that is the second. ``attribute`` may build datasets anew, in a temporary
    place. ``limit`` is how many rows that differ are taken along of each dataset, ``histograms`` whether those of
    changed columns are. Only the objects that are needed are fetched; what cannot be had is told in the result.
    """
    workspace = None if sides[1].commit else look()
    identities = workspace.identities if workspace else Identities(config.root)
    if workspace is not None:
        head = tree_here(workspace), version_of(workspace, lambda: store)
    else:
        now = tree_at(repo, config, sides[1].commit)
        head = now, _version(repo, store, now, identities)
    # A base that cannot be read must not be in the way of the pull request that mends it.
    then = tree_at(repo, config, sides[0].commit, files=False, instead=head[0].config)
    base = then, _version(repo, store, then, identities)
    discreet = not shows_samples(then, head[0])
    between = Between(base, head, identities, lambda config: _engine(config, store, discreet=discreet), discreet)
    versions = base[1], head[1]
    asked = Asked(limit=limit, histograms=histograms, discreet=discreet, strictest=True)
    names = chosen(versions, head[0].config.layers, ())
    secret = hidden_columns([(version.graph, version.records) for version in versions])
    diff = diff_versions(head[0].config, sides, versions, names, asked, whole=True, hidden=secret)
    if not then.is_project:
        diff = replace(diff, notes=(*diff.notes, f"{sides[0].short} is from before medallion was in this repository"))
    # What a column reaches is found by its name, so that names that are values go out at the end.
    gathered = without_private_names(
        _gathered(repo, between, diff, secret, attribute=attribute), _labels(secret, versions)
    )
    identities.save()
    return gathered


def shows_samples(base: Tree, head: Tree) -> bool:
    """Whether rows may be shown: both versions have to say so, or else a pull request would say it for itself.

    Where there was no project there is no data that anybody has kept back; a base that cannot be read says nothing.
    """
    return (
        base.unreadable is None and head.config.review_samples and (base.config.review_samples or not base.is_project)
    )


def _version(repo: Repository, store: Store, tree: Tree, identities: Identities) -> Version:
    """A commit's data, with the models that were read already."""
    blobs = {path: entry.oid for path, entry in tree.entries.items() if path.startswith("data/")}
    snapshot = Snapshot(tree.commit, tree.records, tree.observed.broken, blobs)
    return version_from(tree.config, repo, store, snapshot, identities, lambda: (tree.graph, tree.problems))


def _unconfigured(base: Tree) -> tuple[MedallionError, ...]:
    if base.unreadable is None:
        return ()
    said = f"the base's configuration cannot be read, and that of the head counts for both: {base.unreadable.message}"
    return (ConfigError(said, location=base.unreadable.location, hint=base.unreadable.hint),)


def _engine(config: Config, store: Store, *, discreet: bool) -> DuckDBEngine:
    return DuckDBEngine(config, [store.folder, config.state / "cache"], discreet=discreet)


def _models(base: Tree, head: Tree, diff: Diff) -> tuple[ReviewedModel, ...]:
    meanings = Meanings(head.config, installed("duckdb"))
    found = reviewed_models(base, head, meanings.of, diff)
    meanings.save()
    return found


def _labels(secret: Hidden, versions: tuple[Version, Version]) -> dict[TableName, dict[str, str]]:
    """What stands for names of columns that are private values, by dataset."""
    base, head = versions
    return {name: secret.labels(name, head.records.get(name), base.records.get(name)) for name in secret.names}


def _gathered(repo: Repository, between: Between, diff: Diff, secret: Hidden, *, attribute: bool) -> Review:
    base, head = between.base[0], between.head[0]
    sides = (diff.base, diff.head)
    stale = stale_datasets(repo, base, head)
    doubtful = in_doubt(stale)
    models = _models(base, head, diff)
    changed_models = {model.name for model in models}
    changed_data = {table.name for table in diff.differing}
    names = to_check(base, head, changed_data)
    checks, checked = check_changes(
        between.base, between.head, names, lambda: between.engine(head.config), secret, discreet=between.discreet
    )
    claims, unreadable, prose = announced(repo, base, head, sides)
    expectations, unexpected = evaluate(claims, diff, doubtful)
    return Review(
        base=diff.base,
        head=diff.head,
        diff=replace(diff, notes=(*diff.notes, *prose)),
        commits=commits_between(repo, *sides),
        models=models,
        stale=stale,
        checks=checks,
        checked=checked,
        contracts=broken_contracts(base, head, diff),
        loosened=loosened(base.graph, head.graph, diff),
        reach=reach(head, diff, changed_models),
        edges=lineage_edges(base, head, changed_data | changed_models),
        attributions=attributions(between, diff, doubtful) if attribute else (),
        expectations=expectations,
        unexpected=unexpected,
        bytes_added=bytes_added(
            repo, diff.base.commit, diff.head.commit or "HEAD", None if head.commit else head.observed
        ),
        problems=(*_unconfigured(base), *head.problems, *unreadable),
        samples=not between.discreet,
    )
