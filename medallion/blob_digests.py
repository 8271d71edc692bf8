"""The sha256 of files that Git keeps as they are, remembered by the oid of their blobs: that never changes."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from medallion.cachefile import read_entries, write_cache

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from medallion.git.repository import Repository

__all__ = ["BlobDigests"]

_FORMAT, _MOST = 1, 20_000


class BlobDigests:
    """Kept in ``.medallion/cache/blobs.json`` below ``state``. A cache: deleted or damaged, it is made again."""

    def __init__(self, repo: Repository, state: Path) -> None:
        self._repo = repo
        self._file = state / "cache" / "blobs.json"
        self._known: dict[str, str] = read_entries(self._file, _FORMAT, "sha256")

    def of(self, oids: Collection[str]) -> dict[str, str]:
        """The sha256 of the content of each blob, by its oid; what is not known is read, one in memory at a time."""
        missing = [oid for oid in dict.fromkeys(oids) if oid not in self._known]
        if missing:
            for oid, content in self._repo.read_blobs(missing):
                self._known[oid] = hashlib.sha256(content).hexdigest()
            latest = dict(list(self._known.items())[-_MOST:])
            write_cache(self._file, {"format": _FORMAT, "sha256": latest})
        return {oid: self._known[oid] for oid in oids if oid in self._known}
