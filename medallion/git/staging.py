"""Putting files into the index, without hashing again what was hashed when it was built.

``git add`` with git-lfs reads a data file, hashes it, and copies it into the store; a status in the same second does so
again. Here the copy is made by :meth:`Store.insert`, and git gets its pointers from a filter that has them ready. git
itself still writes the index: every version and extension of it works, and the stat data is right by construction.
"""

from __future__ import annotations

import os
import secrets
import shlex
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from medallion.errors import DataError, GitError, Location
from medallion.git import clean_filter
from medallion.git.lfs import POINTER_LIMIT, Pointer, Store, conflicted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from medallion.git.repository import Repository

__all__ = ["materialize", "stage"]

_TEMPORARY = ".medallion/tmp"


def stage(repo: Repository, store: Store, paths: Sequence[str], known: Mapping[str, Pointer]) -> None:
    """Stage exactly the files at ``paths``, relative to the project: new, changed and deleted ones.

    ``known`` holds the pointers of data files whose content has been hashed already; their size is checked, and that is
    all. Their objects are in the store when this returns. The modification time of a data file written within the
    current second is moved back by a second, because git would else take it for one that may have changed since, and
    hash it at every status.

    ``DataError`` where a known file is not as long as its pointer says, is a pointer itself, or holds conflict markers;
    ``GitError`` where git does not keep it with Git LFS. Nothing is staged then.
    """
    data, others = _sort(repo, paths, known)
    _check_attributes(repo, list(data))
    for path, pointer in data.items():
        _check_size(repo, path, pointer)
    for path, pointer in data.items():
        if pointer.size:
            store.insert(repo.root / path, pointer.oid, pointer.size)
    if data:
        _add_known(repo, data)
    if others:
        _add(repo, others)


def materialize(repo: Repository, store: Store, paths: Sequence[str]) -> list[str]:
    """Turn those of ``paths`` that are pointers in the work tree into the files they stand for; their paths.

    Only where the index holds the same pointer, so nothing that a person wrote is lost. Objects that are not here are
    fetched (``DataError`` where they cannot be). Each file is replaced by rename, and git knows it as unchanged
    afterwards: unlike `git lfs checkout`, nothing is hashed and what is staged but not committed counts.
    """
    pointers = {path: pointer for path in dict.fromkeys(paths) if (pointer := _pointer(repo.root / path))}
    staged = repo.blobs_in_index(list(pointers)) if pointers else {}
    contents = dict(repo.read_blobs(set(staged.values())))
    pointers = {path: p for path, p in pointers.items() if contents.get(staged.get(path, "")) == p.encode()}
    _check_attributes(repo, list(pointers))
    store.fetch(pointers.values())
    for path, pointer in pointers.items():
        store.extract(pointer, repo.root / path)
    if pointers:
        _add_known(repo, pointers)
    return list(pointers)


def _sort(repo: Repository, paths: Sequence[str], known: Mapping[str, Pointer]) -> tuple[dict[str, Pointer], list[str]]:
    """The data files among ``paths``, and the other ones: git refuses a path that is neither here nor in the index."""
    data = {}
    others = []
    gone = []
    for path in dict.fromkeys(paths):
        if not os.path.lexists(repo.root / path):
            gone.append(path)
        elif path in known:
            data[path] = known[path]
        else:
            others.append(path)
    if gone:
        index = repo.index(gone)
        others += [path for path in gone if path in index.blobs or path in index.conflicted]
    return data, others


def _check_attributes(repo: Repository, paths: Sequence[str]) -> None:
    if not paths:
        return
    asked = b"".join(os.fsencode(path) + b"\0" for path in paths)
    answers = repo.git("check-attr", "-z", "--stdin", "filter", stdin=asked).split(b"\0")[:-1]
    plain = [os.fsdecode(path) for path, value in zip(answers[::3], answers[2::3], strict=True) if value != b"lfs"]
    if plain:
        more = f" and {len(plain) - 1} more" if len(plain) > 1 else ""
        raise GitError(
            f"{plain[0]}{more} would be committed as a plain file: .gitattributes does not give it to Git LFS",
            hint="`medallion init` adds the missing line; `git check-attr filter -- PATH` shows what applies",
        )


def _check_size(repo: Repository, path: str, pointer: Pointer) -> None:
    file = repo.root / path
    size = file.stat().st_size
    if file.is_symlink() or not file.is_file():
        raise DataError("the data is no regular file", location=Location(path))
    if size == pointer.size:
        return
    head = file.read_bytes() if size < POINTER_LIMIT else b""
    if conflicted(head):
        what = "the pointer holds merge conflict markers"
    elif _pointer(file):
        what = "the file is a Git LFS pointer, not data"
    else:
        what = f"the file has {size} bytes, its record says {pointer.size}"
    raise DataError(what, location=Location(path), hint="`medallion run` builds it again")


def _pointer(path: Path) -> Pointer | None:
    try:
        if path.is_symlink() or not 0 < path.stat().st_size < POINTER_LIMIT:
            return None
        return Pointer.parse(path.read_bytes())
    except OSError:
        return None


def _add_known(repo: Repository, data: Mapping[str, Pointer]) -> None:
    """One real ``git add`` whose clean filter has the pointers ready."""
    for path in data:
        _settle(repo.root / path)
    with _listing(repo, data) as listing:
        command = [sys.executable, "-I", "-S", clean_filter.__file__, str(listing)]
        _add(repo, list(data), "-c", f"filter.lfs.process={shlex.join(command)}", "-c", "filter.lfs.required=true")


def _add(repo: Repository, paths: Sequence[str], *config: str) -> None:
    done = repo.process.attempt(
        *(*config, "-c", "add.ignoreErrors=false", "--literal-pathspecs"),
        *("add", "--all", "--pathspec-from-file=-", "--pathspec-file-nul"),
        stdin=b"".join(os.fsencode(path) + b"\0" for path in paths),
    )
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip()
        raise GitError(f"git add failed: {said or 'it said nothing'}")


@contextmanager
def _listing(repo: Repository, data: Mapping[str, Pointer]) -> Iterator[Path]:
    """The list that :mod:`medallion.git.clean_filter` reads, while it is needed."""
    folder = repo.root / _TEMPORARY
    folder.mkdir(parents=True, exist_ok=True)
    listing = folder / f"staging-{secrets.token_hex(8)}"
    entries = (f"{pointer.oid} {pointer.size} {repo.prefix}{path}" for path, pointer in data.items())
    try:
        listing.write_bytes(b"".join(os.fsencode(entry) + b"\0" for entry in entries))
        yield listing
    finally:
        listing.unlink(missing_ok=True)


def _settle(path: Path) -> None:
    """Make the file older than the index will be, in git's whole seconds.

    A change after this gives the file a later time than the index knows, so that none goes unnoticed.
    """
    stat = path.stat()
    now = int(time.time())
    if stat.st_mtime_ns // 1_000_000_000 >= now:
        os.utime(path, ns=(stat.st_atime_ns, (now - 1) * 1_000_000_000))
