"""The sha256 of files, so that nothing is hashed twice while it does not change."""

from __future__ import annotations

import hashlib
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from medallion.cachefile import read_cache, write_cache
from medallion.git.lfs import POINTER_LIMIT, Pointer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = ["SMALL", "Identities"]

_FORMAT = 1
#: A pointer with the marks of a merge in it, three times over, is still shorter than this.
SMALL = 8 * POINTER_LIMIT
# A file that changed this shortly before it was looked at could change again without its times telling (the kernel's
# clock for them ticks every few milliseconds), so its identity is not remembered.
_RACY_NS = 20_000_000


@dataclass(frozen=True, slots=True)
class _Seen:
    size: int
    modified: int
    changed: int
    inode: int
    oid: str
    real: bool

    def fits(self, stat: os.stat_result) -> bool:
        """Whether the file is still the one that was looked at."""
        if (self.modified, self.changed, self.inode) != (stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino):
            return False
        return not self.real or self.size == stat.st_size


class Identities:
    """The sha256 of files by path, remembered in ``.medallion/cache/`` as long as size, times and inode stay.

    A cache: deleted or damaged, it is made again. ``root`` is the project's folder; paths are relative to it, or
    absolute for what lies elsewhere, such as the objects of Git LFS.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._root = str(root)
        self._file = root / ".medallion" / "cache" / "identities.json"
        self._seen: dict[str, _Seen] = {}
        self.listings: dict[str, dict[str, str]] = {}
        self._dirty = False
        document = read_cache(self._file)
        if isinstance(document, dict) and document.get("format") == _FORMAT:
            self._seen = {path: _Seen(*entry) for path, entry in document["files"].items()}
            self.listings = document["listings"]

    def of(self, path: str) -> tuple[str, int, bool] | None:
        """The sha256 of a file, its size in bytes, and whether it is real; None where there is no such file.

        For a Git LFS pointer it is the sha256 and size that the pointer names, and not real.
        """
        now = time.time_ns()
        stat = self._stat(path)
        if stat is None:
            return None
        seen = self._seen.get(path)
        if seen and seen.fits(stat):
            return seen.oid, seen.size, seen.real
        pointer = self._pointer(path, stat.st_size)
        if pointer:
            self.remember(path, pointer.oid, pointer.size, stat, real=False, now=now)
            return pointer.oid, pointer.size, False
        oid = _sha256(self.root / path)
        self.remember(path, oid, stat.st_size, stat, now=now)
        return oid, stat.st_size, True

    def differs(self, path: str, size: int) -> bool:
        """Whether a file can be told not to have ``size`` bytes without reading it: it is no pointer either."""
        stat = self._stat(path)
        if stat is None or stat.st_size == size or stat.st_size < SMALL:
            return False
        seen = self._seen.get(path)
        return not (seen and seen.fits(stat))

    def _stat(self, path: str) -> os.stat_result | None:
        try:
            return os.stat(os.path.join(self._root, path))  # noqa: PTH116, PTH118 - pathlib takes several times as long
        except (FileNotFoundError, NotADirectoryError):
            return None

    def of_all(self, paths: Sequence[str]) -> list[tuple[str, int, bool] | None]:
        """The identity of each file; two at a time where they have to be read."""
        if all(path in self._seen for path in paths):
            return list(map(self.of, paths))
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(max_workers=2) as pool:
            return list(pool.map(self.of, paths))

    def remember(
        self, path: str, oid: str, size: int, stat: os.stat_result, *, real: bool = True, now: int | None = None
    ) -> None:
        """Keep an identity that was computed while ``stat`` held; ``now`` is when it was taken, in nanoseconds."""
        if max(stat.st_ctime_ns, stat.st_mtime_ns) < (now or time.time_ns()) - _RACY_NS:
            self._seen[path] = _Seen(size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino, oid, real)
            self._dirty = True

    def remember_listing(self, content_id: str, files: Mapping[str, str]) -> None:
        """Keep which files made up a pattern's content id, to say later how many changed."""
        if self.listings.get(content_id) != dict(files):
            self.listings[content_id] = dict(files)
            self._dirty = True

    def save(self) -> None:
        """Write the cache, by rename; a folder that cannot be written to only costs time."""
        if not self._dirty:
            return
        document = {
            "format": _FORMAT,
            "files": {
                path: [s.size, s.modified, s.changed, s.inode, s.oid, s.real] for path, s in sorted(self._seen.items())
            },
            # The latest listings are the ones that a next plan compares with.
            "listings": dict(list(self.listings.items())[-50:]),
        }
        write_cache(self._file, document)
        self._dirty = False

    def _pointer(self, path: str, size: int) -> Pointer | None:
        if not 0 < size < POINTER_LIMIT:
            return None
        return Pointer.parse((self.root / path).read_bytes())


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
