"""Bringing the catalog up to date: read what is new in Git, write a copy of the file, publish it by rename."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import secrets
import shutil
from contextlib import suppress
from datetime import UTC, datetime
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING, Any

from medallion.catalog.schema import FORMAT, HISTORY, TABLES, create
from medallion.catalog.versions import Node, Version, dataset_of, walk
from medallion.errors import DataError, Location, MedallionError
from medallion.git import history
from medallion.names import TableName
from medallion.records import Input, InputKind, Record, record_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from medallion.git.repository import Repository

__all__ = ["update"]

Row = dict[str, object]
Key = tuple[TableName, str | None]


def update(
    repo: Repository,
    target: Path,
    *,
    column_edges: Sequence[tuple[str, str, str, str, str]],
    views: Mapping[TableName, Sequence[Path]],
    runs: Path,
) -> None:
    """Make the catalog at ``target`` say what Git's history, the models, the work tree and the runs say now.

    ``column_edges`` are ``(dataset, column, input, input column, kind)`` of today's models. ``views`` gives the Parquet
    files of each dataset in the work tree, with absolute paths; a dataset without any, or whose files cannot be read,
    has no view. ``runs`` is a file of JSON lines, a run each; what is no run in it is passed over.

    Commits are read once: what an earlier call has read is kept, and what is no longer reachable is removed. A file
    that is no catalog of this format is replaced. Where nothing has changed the file is not written.
    """
    import duckdb

    digest_file = target.with_name(f"{target.name}.digest")
    digest = _digest(repo, column_edges, views, runs)
    if _is_current(target, digest_file, digest):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    if not os.access(target.parent, os.W_OK):
        raise _not_written(target, os.strerror(errno.EACCES))
    copy = target.with_name(f"{target.name}.{secrets.token_hex(8)}")
    try:
        con = _open(target, copy, _identity(repo))
        try:
            con.execute("BEGIN")
            _index_history(con, repo, copy)
            _replace(con, copy, "column_lineage", _edge_rows(column_edges))
            listed = list(_read_runs(runs))
            _replace(con, copy, "runs", (run for run, _ in listed))
            _replace(con, copy, "run_steps", (step for _, steps in listed for step in steps))
            con.execute("COMMIT")
            _replace_views(con, views)
        finally:
            con.close()
        with copy.open("rb") as written:
            os.fsync(written.fileno())
        # A client that opened the file for writing may have left changes beside it, which fit only the old file.
        target.with_name(f"{target.name}.wal").unlink(missing_ok=True)
        copy.replace(target)
        digest_file.write_text(f"{digest} {_stamp(target)}\n")
    except (duckdb.OperationalError, duckdb.FatalException, OSError) as error:
        raise _not_written(target, str(error).splitlines()[0]) from error
    finally:
        for leftover in target.parent.glob(f"{copy.name}*"):
            leftover.unlink(missing_ok=True)


def _not_written(target: Path, reason: str) -> DataError:
    return DataError(
        f"the catalog cannot be written: {reason}",
        location=Location(str(target)),
        hint="check who owns the folder and the space on its disk; nothing is lost, the catalog is made again from Git",
    )


# Whether there is anything to do


def _digest(
    repo: Repository,
    column_edges: Sequence[tuple[str, str, str, str, str]],
    views: Mapping[TableName, Sequence[Path]],
    runs: Path,
) -> str:
    """Of all that the catalog is made from, without reading any of it."""
    refs = repo.git("for-each-ref", "--format=%(objectname) %(refname)")
    parts = [
        *(_identity(repo), refs.decode(errors="replace"), str(repo.head())),
        *(repr(edge) for edge in column_edges),
        *(f"{name} {path} {_stamp(path)}" for name, paths in sorted(views.items()) for path in paths),
        _stamp(runs),
    ]
    return hashlib.sha256("\0".join(parts).encode(errors="surrogateescape")).hexdigest()


def _identity(repo: Repository) -> str:
    """What a catalog must have in common with this project to be gone on with.

    A shallow clone that gets deeper gives parents to commits that had none.
    """
    shallow = repo.common_dir / "shallow"
    cut = hashlib.sha256(shallow.read_bytes()).hexdigest() if shallow.exists() else ""
    return json.dumps([FORMAT, repo.prefix, cut])


def _is_current(target: Path, digest_file: Path, digest: str) -> bool:
    try:
        return target.exists() and digest_file.read_text() == f"{digest} {_stamp(target)}\n"
    except (OSError, UnicodeDecodeError):
        return False


def _stamp(path: Path) -> str:
    try:
        stat = path.stat()
    except OSError:
        return "-"
    return f"{stat.st_ino}:{stat.st_size}:{stat.st_mtime_ns}"


# The file


def _open(target: Path, copy: Path, identity: str) -> DuckDBPyConnection:
    """A copy of the catalog where it can be gone on with, else a new one."""
    import duckdb

    if target.exists():
        con = None
        try:
            shutil.copyfile(target, copy)
            con = duckdb.connect(copy)
            found = con.execute("SELECT value FROM _medallion.about WHERE key = 'identity'").fetchall()
            if found == [(identity,)]:
                return con
        except (duckdb.Error, OSError):
            pass
        if con:
            con.close()
        for leftover in copy.parent.glob(f"{copy.name}*"):
            leftover.unlink()
    con = duckdb.connect(copy)
    con.execute(create())
    con.execute("INSERT INTO _medallion.about VALUES ('identity', ?)", [identity])
    return con


def _insert(con: DuckDBPyConnection, copy: Path, table: str, rows: Iterable[Row]) -> None:
    """Insert through a file of JSON lines: by far the fastest way in that needs no other library."""
    lines = "".join(f"{json.dumps(row)}\n" for row in rows)
    if not lines:
        return
    file = copy.with_name(f"{copy.name}.jsonl")
    file.write_text(lines, encoding="utf-8")
    columns = ", ".join(f"{_text(name)}: {_text(kind)}" for name, kind in TABLES[table].items())
    con.execute(
        f"INSERT INTO {table} SELECT * FROM read_json({_text(_no_glob(file))}, format = 'newline_delimited', "
        f"columns = {{{columns}}}, maximum_object_size = 1000000000)"
    )
    file.unlink()


def _replace(con: DuckDBPyConnection, copy: Path, table: str, rows: Iterable[Row]) -> None:
    con.execute(f"DELETE FROM {table}")
    _insert(con, copy, table, rows)


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _name(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'


def _no_glob(path: Path) -> str:
    """The path as DuckDB takes it for this one file, whatever characters are in it."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in str(path))


# History


def _index_history(con: DuckDBPyConnection, repo: Repository, copy: Path) -> None:
    reachable = history.reachable(repo)
    known = {node.commit: node for node in _stored_nodes(con)}
    gone = known.keys() - reachable
    if gone:
        con.execute("CREATE TEMP TABLE gone AS SELECT unnest(?::VARCHAR[]) AS commit", [sorted(gone)])
        for table in HISTORY:
            con.execute(f"DELETE FROM {table} WHERE commit IN (SELECT commit FROM gone)")
        con.execute("DROP TABLE gone")
    kept = {commit: node for commit, node in known.items() if commit in reachable}
    if kept.keys() == reachable:
        return
    tips = kept.keys() - {parent for node in kept.values() for parent in node.parents}
    new = {commit.hash: _node(commit) for commit in history.commits(repo, exclude=tips)}
    versions = list(walk([*_parents_first(kept), *new.values()], new))
    records, errors = _read_records(repo, versions)
    content_ids = {key: record.content_id for key, record in records.items()}
    stored = con.execute("SELECT DISTINCT dataset, record_oid, content_id FROM versions").fetchall()
    content_ids |= {(TableName.parse(dataset), oid): content_id for dataset, oid, content_id in stored}
    models = repo.find_blobs(
        sorted({(v.node.commit, records[v.key].built.model) for v in versions if v.key in records})
    )
    tables: dict[str, Iterable[Row]] = {
        "_medallion.commits": map(_commit_row, new.values()),
        "_medallion.changes": (row for node in new.values() for row in _change_rows(node)),
        "versions": (_version_row(v, records.get(v.key)) for v in versions if v.key not in errors),
        "unreadable": (_unreadable_row(v, errors[v.key]) for v in versions if v.key in errors),
        "lineage": (
            row for v in versions if v.key in records for row in _lineage_rows(v, records[v.key], content_ids, models)
        ),
    }
    for table, rows in tables.items():
        _insert(con, copy, table, rows)


def _stored_nodes(con: DuckDBPyConnection) -> Iterator[Node]:
    changes: dict[str, dict[TableName, str | None]] = {}
    for commit, dataset, oid in con.execute("FROM _medallion.changes").fetchall():
        changes.setdefault(commit, {})[TableName.parse(dataset)] = oid
    for commit, parents, at, author, subject in con.execute("FROM _medallion.commits").fetchall():
        yield Node(commit, tuple(parents), at.replace(tzinfo=UTC), author, subject, changes.get(commit, {}))


def _parents_first(nodes: Mapping[str, Node]) -> list[Node]:
    order = TopologicalSorter({commit: node.parents for commit, node in nodes.items()}).static_order()
    return [nodes[commit] for commit in order if commit in nodes]


def _node(commit: history.Commit) -> Node:
    changes = {d: c.new_oid for c in commit.changes if (d := dataset_of(c.path))}
    return Node(commit.hash, commit.parents, commit.committed_at, commit.author, commit.subject, changes)


def _read_records(repo: Repository, versions: Sequence[Version]) -> tuple[dict[Key, Record], dict[Key, str]]:
    """The records of ``versions``, and why some cannot be read."""
    wanted: dict[str, set[Key]] = {}
    for version in versions:
        if version.record_oid:
            wanted.setdefault(version.record_oid, set()).add(version.key)
    records: dict[Key, Record] = {}
    errors: dict[Key, str] = {version.key: "it is not in this clone" for version in versions if version.record_oid}
    for oid, content in repo.read_blobs(wanted):
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
    return records, errors


def _row(table: str, *values: object) -> Row:
    return dict(zip(TABLES[table], values, strict=True))


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat()


def _commit_row(node: Node) -> Row:
    return _row("_medallion.commits", node.commit, node.parents, _time(node.committed_at), node.author, node.subject)


def _change_rows(node: Node) -> Iterator[Row]:
    for dataset, oid in node.changes.items():
        yield _row("_medallion.changes", node.commit, str(dataset), oid)


def _unreadable_row(version: Version, error: str) -> Row:
    return _row("unreadable", version.node.commit, str(version.dataset), version.record_oid, error)


def _version_row(version: Version, record: Record | None) -> Row:
    node = version.node
    content: tuple[object, ...] = (None, None, None, None)
    if record:
        columns = [{"name": column.name, "type": column.type} for column in record.columns]
        content = (record.content_id, record.rows, record.size, columns)
    return _row(
        *("versions", node.commit, version.parent_version, _time(node.committed_at), node.author, node.subject),
        *(str(version.dataset), *content, version.record_oid),
    )


def _lineage_rows(
    version: Version, record: Record, content_ids: Mapping[Key, str], models: Mapping[tuple[str, str], str]
) -> Iterator[Row]:
    node, built = version.node, record.built
    inputs: list[tuple[object, ...]] = [
        (i.name, str(i.kind), i.content_id, _input_commit(i, version, content_ids)) for i in built.inputs
    ]
    # A dataset that reads nothing has a row too: its model and fingerprint are part of where it comes from.
    for about in inputs or [(None, None, None, None)]:
        yield _row(
            *("lineage", node.commit, _time(node.committed_at), node.author, str(version.dataset)),
            *(record.content_id, record.rows, *about),
            *(built.model, models.get((node.commit, built.model)), built.fingerprint),
            f"{built.engine} {built.engine_version}",
        )


def _input_commit(read: Input, version: Version, content_ids: Mapping[Key, str]) -> str | None:
    """The version of the input that was read, where the commit holds the same content as was read."""
    if read.kind is not InputKind.DATASET:
        return None
    dataset = dataset_of(f"data/{read.name.replace('.', '/')}.json")
    if dataset is None or dataset not in version.state:
        return None
    oid, commit = version.state[dataset]
    return commit if content_ids.get((dataset, oid)) == read.content_id else None


# The work tree


def _edge_rows(column_edges: Sequence[tuple[str, str, str, str, str]]) -> Iterator[Row]:
    for edge in column_edges:
        yield _row("column_lineage", *edge)


def _read_runs(file: Path) -> Iterator[tuple[Row, list[Row]]]:
    """Runs and their steps; a line that is no run, as one that was cut short by a crash, is passed over."""
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return
    for line in lines:
        with suppress(ValueError, TypeError, KeyError, AttributeError):
            run: dict[str, Any] = json.loads(line)
            started = datetime.fromisoformat(run["started_at"])
            moment = _time(started if started.tzinfo else started.replace(tzinfo=UTC))
            steps = [
                _row("run_steps", run["id"], number, *(step.get(key) for key in list(TABLES["run_steps"])[2:]))
                for number, step in enumerate(run.get("steps", ()))
            ]
            yield _row("runs", run["id"], moment, run.get("seconds"), run.get("command")), steps


def _replace_views(con: DuckDBPyConnection, views: Mapping[TableName, Sequence[Path]]) -> None:
    """One view a dataset, in a schema a layer. What cannot be read, as a pointer that is not fetched, has no view."""
    import duckdb

    for schema, view in con.execute("SELECT schema_name, view_name FROM duckdb_views() WHERE NOT internal").fetchall():
        con.execute(f"DROP VIEW {_name(schema)}.{_name(view)}")
    found = con.execute("SELECT schema_name FROM duckdb_schemas() WHERE NOT internal").fetchall()
    layers = {name.layer for name in views}
    for (schema,) in found:
        if schema not in layers | {"main", "_medallion"}:
            con.execute(f"DROP SCHEMA IF EXISTS {_name(schema)}")
    for layer in sorted(layers):
        con.execute(f"CREATE SCHEMA IF NOT EXISTS {_name(layer)}")
    for name, paths in views.items():
        if not paths:
            continue
        files = ", ".join(_text(_no_glob(path)) for path in paths)
        # The folders of a path are no columns, whatever they are called.
        with suppress(duckdb.Error):
            con.execute(f"CREATE VIEW {name.sql} AS SELECT * FROM read_parquet([{files}], hive_partitioning = false)")
