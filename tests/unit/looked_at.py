"""Files as they lie in a project that is looked at."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["OLD", "pointer", "sha", "write"]


OLD = 1_700_000_000_000_000_000


def write(root: Path, path: str, data: bytes, *, age: bool = True) -> Path:
    """A file; ``age`` puts its times far into the past, except for the one that the kernel alone sets."""
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    if age:
        os.utime(file, ns=(OLD, OLD))
    return file


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def pointer(data: bytes) -> bytes:
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha(data)}\nsize {len(data)}\n".encode()
