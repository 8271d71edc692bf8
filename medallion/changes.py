"""Which datasets differ between the work tree and a revision: in their model, a macro that it uses, or their data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medallion.errors import MedallionError, ModelError
from medallion.models.graph import build_graph
from medallion.models.parse import parse_macros
from medallion.observe import data_folder
from medallion.plan import DataState
from medallion.versions import read_snapshot

if TYPE_CHECKING:
    from collections.abc import Mapping

    from medallion.config import Config
    from medallion.git.repository import Repository
    from medallion.identities import Identities
    from medallion.models.graph import Graph
    from medallion.models.model import Macro
    from medallion.names import TableName
    from medallion.records import Record
    from medallion.workspace import Workspace

__all__ = ["changed_since"]


def changed_since(workspace: Workspace, repo: Repository, revision: str) -> set[TableName]:
    """The work tree's datasets that are not at ``revision`` what they are here.

    A model's file counts with its comments, which hold annotations, but not with its line endings; a macro counts
    for the models that use it. Data counts as it lies in the work tree, whatever its record says; data that is
    neither here nor there is equal. ``RevisionError`` where there is no such revision.
    """
    commit = repo.resolve(revision)
    graph, config = workspace.graph, workspace.config
    here = {name: path for name in graph.order if (path := graph.path(name))}
    blobs = repo.read(commit, list(here.values()))
    then = read_snapshot(repo, config, commit).records
    changed = {name for name in graph.order if name not in here}
    changed |= {name for name, path in here.items() if not _same_file(config, path, blobs.get(path))}
    changed |= _with_other_macros(graph, _macros_at(repo, config, commit), config)
    changed |= {
        name
        for name in graph.order
        if workspace.observed.data.get(name) is DataState.UNRECORDED
        or not _same_data(name, workspace.observed.records.get(name), then.get(name), workspace.identities)
    }
    return changed


def _same_file(config: Config, path: str, blob: bytes | None) -> bool:
    try:
        here = (config.root / path).read_bytes()
    except OSError:
        return False
    return blob is not None and here.replace(b"\r\n", b"\n") == blob.replace(b"\r\n", b"\n")


def _macros_at(repo: Repository, config: Config, commit: str) -> list[Macro]:
    """The macros of a commit; a file that cannot be understood has none, so its users count as changed."""
    paths = [path for path in repo.list(commit, ["sql/macros"]) if path.endswith(".sql")]
    found: dict[str, Macro] = {}
    for path, blob in repo.read(commit, paths).items():
        try:
            found |= {macro.name: macro for macro in parse_macros(path, blob.decode("utf-8-sig"), config.layers)}
        except (ModelError, UnicodeDecodeError):
            continue
    return list(found.values())


def _with_other_macros(graph: Graph, macros: list[Macro], config: Config) -> set[TableName]:
    """The models that, as they are now, would have used other macros then."""
    before = build_graph(graph.models.values(), macros, config.layers, {})
    return {name for name in graph.models if _digests(graph.macros[name]) != _digests(before.macros[name])}


def _digests(macros: tuple[Macro, ...]) -> Mapping[str, str]:
    return {macro.name: macro.digest for macro in macros}


def _same_data(name: TableName, now: Record | None, then: Record | None, identities: Identities) -> bool:
    """Whether the files of a dataset, looked at and not only as recorded, are those of then."""
    if then is None or now is None:
        return then is now
    if [file.path for file in now.files] != [file.path for file in then.files]:
        return False
    found = []
    for file in then.files:
        try:
            seen = identities.of(str(data_folder(name) / file.path))
        except (OSError, MedallionError):
            return False
        found.append(seen[0] if seen else "")
    return found == [file.oid for file in then.files]
