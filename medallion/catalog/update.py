"""Bringing the catalog up to date: read what is new in Git, write a copy of the file, publish it by rename."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import secrets
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from medallion.catalog.grow import OnRecords, index_history
from medallion.catalog.schema import FORMAT, NOTHING_INSTALLED, create
from medallion.catalog.worktree import index_column_lineage, index_runs, index_views, stamp
from medallion.errors import DataError, Location

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from medallion.git.repository import Repository
    from medallion.names import TableName
    from medallion.records import Record

__all__ = ["update", "update_history"]

_UNKNOWN = "-"


def _ignore(_records: Iterable[tuple[str, Record, bytes]]) -> None:
    """Nobody wants to know which records were read."""


def update(
    repo: Repository,
    target: Path,
    *,
    models: Mapping[TableName, str],
    column_edges: Callable[[Collection[TableName]], Iterable[Sequence[str]]],
    views: Mapping[TableName, Sequence[Path]],
    runs: Path,
    told: str = "",
    on_records: OnRecords = _ignore,
) -> None:
    """Make the catalog at ``target`` say what Git's history, the models, the work tree and the runs say now.

    ``models`` are today's, with what their edges follow from; ``column_edges`` gives ``(dataset, column, input, input
    column, kind)`` of those that it is asked for: the ones that follow from something else than last time. ``views``
    gives the Parquet files of each dataset in the work tree, with absolute paths; a dataset without any, or whose files
    cannot be read, has no view. ``runs`` is a file of JSON lines, a run each; what is no run in it is passed over.
    ``on_records`` is told the records of history that were read for the first time. ``told`` names who is told: for
    another one the whole history is read again.

    Commits are read once: what an earlier call has read is kept, and what is no longer reachable is removed. A file
    that is no catalog of this format is replaced. Where nothing has changed the file is not written.
    """
    before = _made_from(target)
    files = (f"{name} {path} {stamp(path)}" for name, paths in sorted(views.items()) for path in paths)
    keys = (f"{name} {key}" for name, key in sorted(models.items()))
    now = _Sources(_history(repo, told), _hash(stamp(runs), *keys, *files))
    if now == before:
        return
    with _published(target, _identity(repo, told), before) as (con, copy, is_new):
        known = dict(con.execute("SELECT key, value FROM _medallion.about").fetchall())
        con.execute("BEGIN")
        if now.history != before.history or is_new:
            index_history(con, repo, copy, on_records)
        index_column_lineage(con, copy, models, column_edges)
        if known.get("runs") != stamp(runs):
            index_runs(con, copy, runs)
            con.execute("DELETE FROM _medallion.about WHERE key = 'runs'")
            con.execute("INSERT INTO _medallion.about VALUES ('runs', ?)", [stamp(runs)])
        con.execute("COMMIT")
        index_views(con, copy, views)
    _remember(target, now)


def update_history(repo: Repository, target: Path, *, told: str = "", on_records: OnRecords = _ignore) -> None:
    """Make the catalog say what Git's history says now; what it says of the work tree stays as it is.

    ``told`` and ``on_records`` are as for :func:`update`.
    """
    before = _made_from(target)
    now = _Sources(_history(repo, told), before.work_tree)
    if now == before:
        return
    with _published(target, _identity(repo, told), before) as (con, copy, is_new):
        con.execute("BEGIN")
        index_history(con, repo, copy, on_records)
        con.execute("COMMIT")
    # A file that had to be made anew says nothing of the work tree yet.
    _remember(target, _Sources(now.history, _UNKNOWN) if is_new else now)


# Whether there is anything to do


@dataclass(frozen=True, slots=True)
class _Sources:
    """What a catalog is made from, as digests that are had without reading any of it."""

    history: str
    work_tree: str


def _history(repo: Repository, told: str) -> str:
    refs = repo.git("for-each-ref", "--format=%(objectname) %(refname)")
    return _hash(_identity(repo, told), refs.decode(errors="replace"), str(repo.head()))


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode(errors="surrogateescape")).hexdigest()


def _identity(repo: Repository, told: str) -> str:
    """What a catalog must have in common with this project to be gone on with.

    A shallow clone that gets deeper gives parents to commits that had none.
    """
    shallow = repo.common_dir / "shallow"
    cut = hashlib.sha256(shallow.read_bytes()).hexdigest() if shallow.exists() else ""
    return json.dumps([FORMAT, repo.prefix, cut, told])


def _made_from(target: Path) -> _Sources:
    """What the file was made from, as far as it is still the file that was made."""
    try:
        history, work_tree, made = _digest_file(target).read_text().split()
    except (OSError, ValueError):
        return _Sources(_UNKNOWN, _UNKNOWN)
    return _Sources(history, work_tree) if made == stamp(target) else _Sources(_UNKNOWN, _UNKNOWN)


def _remember(target: Path, sources: _Sources) -> None:
    _digest_file(target).write_text(f"{sources.history} {sources.work_tree} {stamp(target)}\n")


def _digest_file(target: Path) -> Path:
    return target.with_name(f"{target.name}.digest")


# The file


@contextmanager
def _published(target: Path, identity: str, before: _Sources) -> Iterator[tuple[DuckDBPyConnection, Path, bool]]:
    """A copy of the catalog to work on, where it lies, and whether it is empty.

    In the end it takes the catalog's place. A file of which it is not known from what it was made ``before`` may come
    from anywhere, a commit for one: what it holds could be views that read other files. It is never opened.
    """
    import duckdb

    target.parent.mkdir(parents=True, exist_ok=True)
    if not os.access(target.parent, os.W_OK):
        raise _not_written(target, os.strerror(errno.EACCES))
    copy = target.with_name(f"{target.name}.{secrets.token_hex(8)}")
    try:
        con, is_new = _open(target if before.history != _UNKNOWN else None, copy, identity)
        try:
            yield con, copy, is_new
        finally:
            con.close()
        with copy.open("rb") as written:
            os.fsync(written.fileno())
        # A client that opened the file for writing may have left changes beside it, which fit only the old file.
        target.with_name(f"{target.name}.wal").unlink(missing_ok=True)
        copy.replace(target)
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


def _open(target: Path | None, copy: Path, identity: str) -> tuple[DuckDBPyConnection, bool]:
    """A copy of the catalog where it can be gone on with, else a new one, and whether it is that."""
    import duckdb

    if target and target.exists():
        con = None
        try:
            shutil.copyfile(target, copy)
            con = duckdb.connect(copy, config=NOTHING_INSTALLED)
            found = con.execute("SELECT value FROM _medallion.about WHERE key = 'identity'").fetchall()
            if found == [(identity,)]:
                return con, False
        except (duckdb.Error, OSError):
            pass
        if con:
            con.close()
        for leftover in copy.parent.glob(f"{copy.name}*"):
            leftover.unlink()
    con = duckdb.connect(copy, config=NOTHING_INSTALLED)
    con.execute(create())
    con.execute("INSERT INTO _medallion.about VALUES ('identity', ?)", [identity])
    return con, True
