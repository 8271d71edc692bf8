"""The source files that a pull request changes, with the models that read them. Git is asked; no file is read whole."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from medallion.git.lfs import POINTER_LIMIT, Pointer
from medallion.review.source_files import matching, plain
from medallion.review.value import ModelStatus, SourceChange

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from medallion.git.repository import Repository
    from medallion.names import TableName
    from medallion.review.trees import Tree

__all__ = ["changed_sources"]

# Git would hash data that is not staged to know whether it differs: that may take long.
_WHERE = (".", ":(exclude)data")
_STATUSES = {"A": ModelStatus.ADDED, "D": ModelStatus.REMOVED}


def changed_sources(repo: Repository, base: Tree, head: Tree) -> tuple[SourceChange, ...]:
    """Files in Git that a model of base or head reads, and that differ; in the work tree, also those not added yet.

    What Git ignores is not told: nobody knows what it was in the base.
    """
    changed = _changed(repo, base.commit, head.commit)
    read = _read(changed, base, head)
    old = _sizes(repo, base, [path for path in read if path in base.entries])
    new = _sizes(repo, head, list(read))
    return tuple(
        SourceChange(
            path,
            changed[path],
            old.get(path),
            None if changed[path] is ModelStatus.REMOVED else new.get(path),
            tuple(sorted({name for name, _ in by})),
            tuple(sorted({pattern for _, pattern in by})),
        )
        for path, by in sorted(read.items())
    )


def _changed(repo: Repository, base: str, head: str) -> dict[str, ModelStatus]:
    """The files of the project that differ, by their paths in it."""
    versions = [base, head] if head else [base]
    listed = repo.git("diff", "--name-status", "-z", "--no-renames", "--relative", *versions, "--", *_WHERE)
    parts = os.fsdecode(listed).split("\0")
    found = {
        path: _STATUSES.get(status, ModelStatus.CHANGED) for status, path in zip(parts[::2], parts[1::2], strict=False)
    }
    if not head:
        others = os.fsdecode(repo.git("ls-files", "-z", "--others", "--exclude-standard", "--", *_WHERE)).split("\0")
        found |= {path: found.get(path, ModelStatus.ADDED) for path in others if path}
    return found


def _read(changed: Collection[str], base: Tree, head: Tree) -> dict[str, set[tuple[TableName, str]]]:
    """Those of the files that models read, by which model and through which path or pattern."""
    found: dict[str, set[tuple[TableName, str]]] = {}
    for tree in (base, head):
        for name, model in tree.graph.models.items():
            for pattern in {source.path for source in model.sources}:
                state = tree.observed.sources.get(pattern)
                behind = {tree.linked[path] for path in (state.files if state else ()) if path in tree.linked}
                for path in {*map(plain, matching(changed, pattern)), *(behind & set(changed))}:
                    found.setdefault(path, set()).add((name, pattern))
    return found


def _sizes(repo: Repository, tree: Tree, paths: Collection[str]) -> Mapping[str, int]:
    """The bytes of these files; of a pointer, those of what it names."""
    if not tree.commit:
        return {path: size for path in paths if (size := _size_here(tree, path)) is not None}
    entries = {path: tree.entries[path] for path in paths if path in tree.entries}
    small = {path: entry.oid for path, entry in entries.items() if entry.size < POINTER_LIMIT and not entry.is_link}
    blobs = dict(repo.read_blobs(dict.fromkeys(small.values()))) if small else {}
    pointers = {path: Pointer.parse(blobs[oid]) for path, oid in small.items() if oid in blobs}
    return {path: pointer.size if (pointer := pointers.get(path)) else entry.size for path, entry in entries.items()}


def _size_here(tree: Tree, path: str) -> int | None:
    file = tree.config.root / path
    try:
        size = file.stat().st_size
        pointer = Pointer.parse(file.read_bytes()) if 0 < size < POINTER_LIMIT else None
    except OSError:
        return None
    return pointer.size if pointer else size
