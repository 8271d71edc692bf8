"""How many bytes a pull request adds to the storage of Git LFS.

What counts is what a remote has to keep for good once the pull request is merged: each object that a commit of it
names, also one that a later commit replaced again, and that no commit of the base's history names. Of a work tree, what
is staged and the data that lies there count as well.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from medallion.git.lfs import POINTER_LIMIT, Pointer
from medallion.observe import data_folder
from medallion.plan import DataState

if TYPE_CHECKING:
    from collections.abc import Iterable

    from medallion.git.repository import Repository
    from medallion.plan import Observed

__all__ = ["bytes_added"]


def bytes_added(repo: Repository, base: str, head: str, here: Observed | None = None) -> int:
    """Bytes of the objects that ``base..head`` brings and ``base`` never had; ``here`` is the work tree on top of it.

    In a shallow clone the history that is not here counts as if it named none of them.
    """
    named = _objects(repo, base, head)
    if here is not None:
        staged = repo.blobs_in_index(["."])
        named |= {oid: repo.prefix + path for path, oid in staged.items() if oid not in named}
    tree = set(repo.git("ls-tree", "-r", "-z", "--format=%(objectname)", "--full-tree", base).decode().split("\0"))
    pointers = dict(_pointers(repo, (oid for oid in named if oid not in tree)))
    lying = _lying(repo, here) if here is not None else {}
    known = {pointer.oid for _, pointer in _pointers(repo, tree)} if lying else set()
    lying = {pointer: path for pointer, path in lying.items() if pointer.oid not in known}
    past = _ever_named(repo, base, {*(named[oid] for oid in pointers), *lying.values()})
    known |= {pointer.oid for _, pointer in _pointers(repo, past)}
    added = {pointer.oid: pointer.size for pointer in (*pointers.values(), *lying) if pointer.oid not in known}
    return sum(added.values())


def _lying(repo: Repository, here: Observed) -> dict[Pointer, str]:
    """What data the work tree holds, with its path from the top."""
    return {
        Pointer(file.oid, file.size): f"{repo.prefix}{data_folder(name) / file.path}"
        for name, record in here.records.items()
        if here.data.get(name) in (DataState.PRESENT, DataState.UNFETCHED)
        for file in record.files
    }


def _objects(repo: Repository, base: str, head: str) -> dict[str, str]:
    """``blob oid -> path from the top`` of all that commits of the range hold and the base does not."""
    listed = repo.git("rev-list", "--objects", head, f"^{base}", "--")
    return {
        oid.decode(): os.fsdecode(path)
        for oid, space, path in (line.partition(b" ") for line in listed.splitlines())
        if space and path
    }


def _pointers(repo: Repository, oids: Iterable[str]) -> Iterable[tuple[str, Pointer]]:
    """Those of the blobs that are pointers, by their oid; what is too large to be one is not read."""
    asked = "".join(f"{oid}\n" for oid in oids if oid).encode()
    checked = repo.git("cat-file", "--batch-check=%(objectname) %(objecttype) %(objectsize)", stdin=asked)
    lines = [line.split() for line in checked.decode().splitlines()]
    small = [line[0] for line in lines if len(line) == 3 and line[1] == "blob" and 0 < int(line[2]) < POINTER_LIMIT]
    for oid, content in repo.read_blobs(small):
        pointer = Pointer.parse(content)
        if pointer is not None:
            yield oid, pointer


def _ever_named(repo: Repository, base: str, paths: Iterable[str]) -> set[str]:
    """The oids of all blobs that were at these paths (from the top) in any commit of the base's history."""
    wanted = sorted(paths)
    if not wanted:
        return set()
    log = repo.git(
        *("log", "--full-history", "--format=", "--raw", "-z", "--no-abbrev", "--no-renames", "-m", "--stdin"),
        stdin="\n".join([base, "--", *(f":(top,literal){path}" for path in wanted), ""]).encode(
            errors="surrogateescape"
        ),
    )
    changes = (token.split(b" ") for token in log.split(b"\0") if token.lstrip(b"\n").startswith(b":"))
    return {oid.decode() for change in changes for oid in change[2:4]}
