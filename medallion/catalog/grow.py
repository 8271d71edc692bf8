"""Letting the index over history grow by the commits that it has not seen, and shrink by those that are gone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import TYPE_CHECKING

from medallion.catalog import rows
from medallion.catalog.schema import HISTORY
from medallion.catalog.tables import insert
from medallion.catalog.versions import Node, State, dataset_of, state_at, walk
from medallion.errors import MedallionError
from medallion.git import history
from medallion.names import TableName
from medallion.records import Record, record_path

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from medallion.catalog.rows import Key, Row
    from medallion.git.repository import Repository

__all__ = ["OnRecords", "index_history"]


#: Is told records, each with a commit that made it and its text as Git has it.
OnRecords = Callable[[Iterable[tuple[str, Record, bytes]]], None]


def index_history(con: DuckDBPyConnection, repo: Repository, scratch: Path, on_records: OnRecords) -> None:
    """Bring the tables of history up to date; what is known of a commit is kept, and is not read.

    The work is that of the new commits, however long the history is. Only where commits are gone, or new ones begin in
    the middle of the history, more of it is looked at.
    """
    tips = _tips(con)
    if history.lost(repo, tips):
        _forget(con, history.reachable(repo))
        tips = _tips(con)
        _insert_states(con, scratch, _states(con, tips))
    new = [_node(commit) for commit in history.commits(repo, exclude=tips)]
    if not new:
        return
    parents = {parent for node in new for parent in node.parents}
    states = _states(con, parents.difference(node.commit for node in new))
    texts, records, errors = _read_records(repo, new)
    made = ((node.commit, (d, oid)) for node in new for d, oid in node.changes.items() if oid)
    on_records((commit, records[key], texts[key[1]]) for commit, key in made if key in records)
    content_ids = {key: record.content_id for key, record in records.items()}
    content_ids |= _stored_content_ids(con, states.values())
    tables: dict[str, list[Row]] = {table: [] for table in HISTORY}
    for visit in walk(new, states):
        tables["_medallion.commits"].append(rows.row("_medallion.commits", visit.node.commit, visit.node.parents))
        tables["_medallion.changes"] += rows.change_rows(visit)
        for version in visit.versions:
            if version.key in errors:
                tables["unreadable"].append(rows.unreadable_row(version, errors[version.key]))
                continue
            record = records.get(version.key)
            tables["versions"].append(rows.version_row(version, record))
            if record:
                tables["lineage"] += rows.lineage_rows(visit.node, record, visit.state, content_ids)
    _find_models(repo, tables["lineage"])
    for table, listed in tables.items():
        insert(con, scratch, table, listed)
    _remove(con, ["_medallion.states"], parents)
    _insert_states(con, scratch, states)


def _tips(con: DuckDBPyConnection) -> list[str]:
    """The known commits without children."""
    found = con.execute(
        "SELECT commit FROM _medallion.commits "
        "ANTI JOIN (SELECT unnest(parents) AS commit FROM _medallion.commits) USING (commit)"
    )
    return [commit for (commit,) in found.fetchall()]


def _forget(con: DuckDBPyConnection, reachable: Collection[str]) -> None:
    known = {commit for (commit,) in con.execute("SELECT commit FROM _medallion.commits").fetchall()}
    _remove(con, HISTORY, known.difference(reachable))


def _remove(con: DuckDBPyConnection, tables: Iterable[str], commits: Iterable[str]) -> None:
    for table in tables:
        con.execute(f"DELETE FROM {table} WHERE commit IN (SELECT unnest(?::VARCHAR[]))", [sorted(commits)])


def _node(commit: history.Commit) -> Node:
    changes = {d: c.new_oid for c in commit.changes if (d := dataset_of(c.path))}
    return Node(commit.hash, commit.parents, commit.committed_at, commit.author, commit.subject, changes)


def _insert_states(con: DuckDBPyConnection, scratch: Path, states: Mapping[str, State]) -> None:
    """The states of the tips, in place of those that are there of the same commits."""
    _remove(con, ["_medallion.states"], states)
    insert(con, scratch, "_medallion.states", (row for pair in states.items() for row in rows.state_rows(*pair)))


def _states(con: DuckDBPyConnection, commits: Iterable[str]) -> dict[str, State]:
    """The state at each of ``commits`` that is known: stored for the tips, put together for any other."""
    named = cache(TableName.parse)
    wanted = set(commits)
    stored: dict[str, State] = {}
    asked = "FROM _medallion.states WHERE commit IN (SELECT unnest(?::VARCHAR[]))"
    for commit, dataset, oid, version in con.execute(asked, [sorted(wanted)]).fetchall():
        stored.setdefault(commit, {})[named(dataset)] = oid, version
    if wanted <= stored.keys():
        return stored
    first_parents = dict(con.execute("SELECT commit, parents[1] FROM _medallion.commits").fetchall())
    changes: dict[str, list[tuple[TableName, str | None, str]]] = {}
    for commit, dataset, oid, version in con.execute("FROM _medallion.changes").fetchall():
        changes.setdefault(commit, []).append((named(dataset), oid, version))
    for commit in sorted(wanted & first_parents.keys() - stored.keys()):
        stored[commit] = state_at(commit, first_parents, changes, stored)
    return stored


def _read_records(
    repo: Repository, nodes: Iterable[Node]
) -> tuple[dict[str, bytes], dict[Key, Record], dict[Key, str]]:
    """The texts by blob of the records that ``nodes`` changed, the records, and why some cannot be read."""
    wanted: dict[str, set[Key]] = {}
    for node in nodes:
        for dataset, oid in node.changes.items():
            if oid is not None:
                wanted.setdefault(oid, set()).add((dataset, oid))
    texts: dict[str, bytes] = {}
    records: dict[Key, Record] = {}
    errors: dict[Key, str] = {key: "it is not in this clone" for keys in wanted.values() for key in keys}
    for oid, content in repo.read_blobs(wanted):
        texts[oid] = content
        for key in wanted[oid]:
            try:
                record = Record.decode(content, record_path(key[0]))
            except MedallionError as error:
                errors[key] = error.message
                continue
            if record.dataset == key[0]:
                records[key] = record
                del errors[key]
            else:
                errors[key] = f"the record says that it is of {record.dataset}"
    return texts, records, errors


def _stored_content_ids(con: DuckDBPyConnection, states: Iterable[State]) -> dict[Key, str]:
    """The content of what ``states`` hold."""
    oids = {oid for state in states for oid, _ in state.values()}
    found = con.execute(
        "SELECT DISTINCT dataset, record_oid, content_id FROM versions "
        "WHERE record_oid IN (SELECT unnest(?::VARCHAR[]))",
        [sorted(oids)],
    )
    return {(TableName.parse(dataset), oid): content_id for dataset, oid, content_id in found.fetchall()}


def _find_models(repo: Repository, lineage: Iterable[Row]) -> None:
    """Fill in the blob of each model, which is looked for in the commit that built from it."""
    places = {(str(row["commit"]), str(row["model_path"])): None for row in lineage}
    oids = repo.find_blobs(places)
    for row in lineage:
        row["model_oid"] = oids.get((str(row["commit"]), str(row["model_path"])))
