"""What a version of a project holds, in the form that ``plan`` decides on: the work tree, or any commit, unchecked out.

What of a commit is stale is decided by the same function as for the work tree. It is told what a checkout would find:
records, pointers in place of data, and the content ids of the sources that are in Git.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from medallion.blob_digests import BlobDigests
from medallion.errors import ConfigError, GitError
from medallion.git.lfs import POINTER_LIMIT, Pointer, conflicted
from medallion.git.process import Git
from medallion.installed import version_of
from medallion.meanings import Meanings
from medallion.models.graph import build_graph
from medallion.observe import data_folder
from medallion.plan import DataState, Observed, SourceState
from medallion.review.source_files import LinkedFiles, plain
from medallion.sources import found_source, is_allowed, no_source, refused_source
from medallion.versions import CONFIGURATIONS, Snapshot, configured, snapshot_of
from medallion.workspace import asked_of, graph_from, source_patterns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from medallion.config import Config
    from medallion.errors import MedallionError
    from medallion.git.repository import Entry, Repository
    from medallion.models.graph import Graph
    from medallion.names import TableName
    from medallion.records import Record
    from medallion.workspace import Workspace

__all__ = ["Tree", "as_checked_out", "source_contents", "tree_at", "tree_here"]

# Enough that a pointer with the marks of a merge in it, three times over, is still shorter.
_SMALL = 8 * POINTER_LIMIT


@dataclass(frozen=True)
class Tree:
    """Models, records and data of the work tree (``commit`` is "") or of a commit (its full hash).

    ``entries`` are the files of a commit; of the work tree there are none. ``problems`` are of files that belong to no
    dataset. ``is_project`` is False for a commit from before there was a project. ``unreadable`` is what is wrong with
    its configuration, where ``config`` is another's. ``linked`` has the paths of sources that lie behind links, each
    with that of its file; ``lost`` are sources behind links that lead out of the commit.
    """

    commit: str
    config: Config
    graph: Graph
    observed: Observed
    entries: Mapping[str, Entry]
    problems: tuple[MedallionError, ...] = ()
    is_project: bool = True
    unreadable: ConfigError | None = None
    linked: Mapping[str, str] = field(default_factory=dict)
    lost: frozenset[str] = frozenset()

    @property
    def records(self) -> Mapping[TableName, Record]:
        """The records that can be read."""
        return self.observed.records


def tree_here(workspace: Workspace) -> Tree:
    """The work tree."""
    observed = as_recorded(replace(workspace.observed, past=lambda _: ()))
    return Tree("", workspace.config, workspace.graph, observed, {}, workspace.misnamed)


def tree_at(
    repo: Repository, config: Config, commit: str, *, files: bool = True, instead: Config | None = None
) -> Tree:
    """What ``commit``, a full hash, holds. ``config`` is today's, for what does not change the data.

    Without ``files``, neither data nor sources are looked at. Where its configuration cannot be read, ``instead``
    counts, and the error is told in the result; ``ConfigError`` where there is none.
    """
    entries = repo.entries(commit)
    unreadable = None
    try:
        own = _config_at(repo, config, commit, entries)
    except ConfigError as error:
        if instead is None:
            raise
        # What it said of samples is not known, so none are shown for its sake.
        own, unreadable = replace(instead, review_samples=False), error
    if own is None:
        nothing = Observed({}, {}, {}, {}, {})
        return Tree(commit, config, build_graph([], [], config.layers, {}), nothing, entries, is_project=False)
    records = tuple(f"data/{layer}/" for layer in own.layers)
    texts = _read(
        repo,
        {
            path: entry
            for path, entry in entries.items()
            if (path.startswith("sql/") and path.lower().endswith(".sql"))
            or (path.startswith(records) and path.endswith(".json") and path.count("/") == 2)
        },
    )
    graph, problems = graph_from(own, {path: data for path, data in texts.items() if path.startswith("sql/")})
    snapshot = snapshot_of(commit, {path: data for path, data in texts.items() if path.startswith("data/")})
    meanings = Meanings(config, version_of("duckdb"))
    recipes, checks, wrong = asked_of(meanings, graph, snapshot.records, own.variables, "duckdb", version_of("duckdb"))
    meanings.save()
    digests = BlobDigests(repo, config.state)
    sources = _sources(repo, digests, own, graph, entries) if files else _Sources()
    observed = Observed(
        records=dict(snapshot.records),
        broken=dict(snapshot.broken),
        data=_data(repo, digests, graph, snapshot, entries) if files else {},
        sources=sources.states,
        recipes=recipes,
        checks=checks,
    )
    return Tree(
        commit,
        own,
        replace(graph, problems=wrong),
        as_recorded(observed),
        entries,
        tuple(problems),
        linked=sources.linked,
        lost=frozenset(sources.lost),
        unreadable=unreadable,
    )


def as_checked_out(repo: Repository, tree: Tree) -> Tree:
    """The same commit, its plain sources as git would write them into a work tree here: line endings and the like.

    Git keeps text with other line endings than a file may have that was read, so a source that looks changed need not
    be. That costs a checkout of these files into a temporary folder.
    """
    behind = {
        path: tree.linked.get(path, plain(path)) for state in tree.observed.sources.values() for path in state.files
    }
    wanted = sorted({path for path in behind.values() if path in tree.entries})
    if not wanted:
        return tree
    try:
        found = _written_out(repo, tree.commit, wanted)
    except GitError:  # As where a filter of the repository is not set up here: what Git holds has to do.
        return tree
    sources = {
        pattern: found_source(pattern, {path: found.get(behind[path], oid) for path, oid in state.files.items()})
        if state.files
        else state
        for pattern, state in tree.observed.sources.items()
    }
    return replace(tree, observed=replace(tree.observed, sources=sources))


def source_contents(repo: Repository, tree: Tree, *, checked_out: bool) -> dict[str, str | None]:
    """The content ids of the sources of a commit's models; None for those it has not.

    ``checked_out``: as in :func:`as_checked_out`, and not as Git keeps them.
    """
    digests = BlobDigests(repo, tree.config.state)
    found = _sources(repo, digests, tree.config, tree.graph, tree.entries)
    observed = replace(tree.observed, sources=found.states)
    there = replace(tree, observed=observed, linked=found.linked)
    there = as_checked_out(repo, there) if checked_out else there
    return {path: state.content_id for path, state in there.observed.sources.items()}


def _written_out(repo: Repository, commit: str, paths: Sequence[str]) -> dict[str, str]:
    """The sha256 of each file as git writes it into a work tree; of a pointer, what it names."""
    with TemporaryDirectory(prefix="medallion-") as folder:
        work, index = Path(folder, "work"), Path(folder, "index")
        work.mkdir()
        env = {
            "GIT_DIR": str(repo.git_dir),
            "GIT_WORK_TREE": str(work),
            "GIT_INDEX_FILE": str(index),
            "GIT_LFS_SKIP_SMUDGE": "1",
        }
        git = Git(work)
        git.run("read-tree", commit, env=env)
        asked = b"".join(os.fsencode(repo.prefix + path) + b"\0" for path in paths)
        git.run("checkout-index", "--quiet", "-z", "--stdin", stdin=asked, env=env)
        found = {}
        for path in paths:
            file = work / repo.prefix / path
            data = file.read_bytes() if file.is_file() else None
            pointer = Pointer.parse(data) if data else None
            if data is not None:
                found[path] = pointer.oid if pointer else hashlib.sha256(data).hexdigest()
        return found


def as_recorded(observed: Observed) -> Observed:
    """The same, each recipe with the engine of its record: that another one is installed here makes nothing stale."""
    recipes = dict(observed.recipes)
    for name, recipe in recipes.items():
        record = observed.records.get(name)
        if record is not None:
            built = record.built
            recipes[name] = replace(
                recipe,
                engine=built.engine,
                engine_version=built.engine_version,
                sql=built.sql if built.text == recipe.text else recipe.sql,
            )
    return replace(observed, recipes=recipes)


def _config_at(repo: Repository, config: Config, commit: str, entries: Mapping[str, Entry]) -> Config | None:
    """Layers, sources and variables as the commit has them; None where it has no configuration."""
    there = {path: entries[path] for path in CONFIGURATIONS if path in entries}
    return configured(config, commit, _read(repo, there))


def _read(repo: Repository, entries: Mapping[str, Entry]) -> dict[str, bytes]:
    """The content of these files; links have none."""
    wanted = {path: entry.oid for path, entry in entries.items() if not entry.is_link}
    blobs = dict(repo.read_blobs(dict.fromkeys(wanted.values())))
    return {path: blobs[oid] for path, oid in wanted.items() if oid in blobs}


def _data(
    repo: Repository, digests: BlobDigests, graph: Graph, snapshot: Snapshot, entries: Mapping[str, Entry]
) -> dict[TableName, DataState]:
    """How the files of each dataset compare with its record, as in :func:`medallion.observe.data_state`."""
    paths = {str(data_folder(n) / f.path) for n, record in snapshot.records.items() for f in record.files}
    present = {path: entries[path] for path in paths if path in entries}
    pointers = _read(repo, {path: entry for path, entry in present.items() if entry.size < _SMALL})
    real = _hashes(digests, {path: entry for path, entry in present.items() if path not in pointers})
    found: dict[TableName, DataState] = {}
    for name in {*graph.order, *snapshot.records} - set(snapshot.broken):
        record = snapshot.records.get(name)
        if record is None:
            there = f"data/{name.layer}/{name.name}.parquet" in entries
            found[name] = DataState.UNRECORDED if there else DataState.NONE
        else:
            found[name] = _state(name, record, pointers, real)
    return found


def _state(name: TableName, record: Record, small: Mapping[str, bytes], real: Mapping[str, str]) -> DataState:
    state = DataState.PRESENT
    for file in record.files:
        path = str(data_folder(name) / file.path)
        if path in real:
            oid = real[path]
        elif path in small:
            pointer = Pointer.parse(small[path])
            oid = pointer.oid if pointer else hashlib.sha256(small[path]).hexdigest()
            state = DataState.UNFETCHED if pointer else state
        else:
            return DataState.MISSING
        if oid != file.oid:
            return DataState.CONFLICTED if conflicted(small.get(path, b"")) else DataState.MODIFIED
    return state


def _hashes(digests: BlobDigests, entries: Mapping[str, Entry]) -> dict[str, str]:
    """The sha256 of the content of each file; links have none."""
    wanted = {path: entry.oid for path, entry in entries.items() if not entry.is_link}
    found = digests.of(wanted.values())
    return {path: found[oid] for path, oid in wanted.items() if oid in found}


@dataclass(frozen=True, slots=True)
class _Sources:
    """What was found of sources: by pattern; the files behind links; patterns with links that lead out."""

    states: dict[str, SourceState] = field(default_factory=dict)
    linked: dict[str, str] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)


def _sources(
    repo: Repository, digests: BlobDigests, config: Config, graph: Graph, entries: Mapping[str, Entry]
) -> _Sources:
    """Each source as a checkout would have it; one that is not in Git, or lies behind a lost link, is absent."""
    found = _Sources()
    files = _linked_files(repo, entries)
    listed: dict[str, dict[str, str]] = {}
    for pattern in source_patterns(graph, config):
        refused = refused_source(pattern, config)
        behind, lost = ({}, False) if refused else files.find(pattern)
        lost |= any(real != plain(path) and not is_allowed(real, config.sources) for path, real in behind.items())
        if lost:
            found.lost.add(pattern)
        if refused or lost or not behind:
            found.states[pattern] = refused or no_source(pattern)
        else:
            listed[pattern] = behind
    oids = _content(repo, digests, {path: entries[path] for behind in listed.values() for path in behind.values()})
    for pattern, behind in listed.items():
        found.states[pattern] = found_source(pattern, {path: oids[real] for path, real in behind.items()})
        found.linked.update({path: real for path, real in behind.items() if real != plain(path)})
    return found


def _linked_files(repo: Repository, entries: Mapping[str, Entry]) -> LinkedFiles:
    """The files of a commit, with what its symbolic links say."""
    links = {path: entry.oid for path, entry in entries.items() if entry.is_link}
    blobs = dict(repo.read_blobs(dict.fromkeys(links.values()))) if links else {}
    return LinkedFiles(entries.keys(), {path: os.fsdecode(blobs[oid]) for path, oid in links.items()})


def _content(repo: Repository, digests: BlobDigests, entries: Mapping[str, Entry]) -> dict[str, str]:
    """The sha256 of each file as it would be checked out: for a pointer, what it names."""
    small = _read(repo, {path: entry for path, entry in entries.items() if entry.size < POINTER_LIMIT})
    pointers = {path: pointer.oid for path, data in small.items() if data and (pointer := Pointer.parse(data))}
    return pointers | _hashes(digests, {path: entry for path, entry in entries.items() if path not in pointers})
