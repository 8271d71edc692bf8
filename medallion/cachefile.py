"""Small files of what can be made again: never believed where they are corrupt or come from somewhere else.

The first line holds the file's own inode and the sha256 of the rest. A file that was damaged, copied from another
checkout, or brought along by a commit does not fit to it, and counts as absent.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["read_cache", "read_entries", "write_cache"]


def read_cache(path: Path) -> object:
    """The document in the file, or None where there is none that can be believed."""
    try:
        with path.open("rb") as file:
            head, _, body = file.read().partition(b"\n")
            inode = os.fstat(file.fileno()).st_ino
        return json.loads(body) if head == _head(inode, body) else None
    except (OSError, ValueError, RecursionError):
        return None


def read_entries(path: Path, format_: object, name: str) -> dict[str, Any]:
    """What the document in the file has under ``name``; nothing where it is of another format than ``format_``."""
    document = read_cache(path)
    found = document.get(name) if isinstance(document, dict) and document.get("format") == format_ else None
    return found if isinstance(found, dict) else {}


def write_cache(path: Path, document: object) -> None:
    """Write the document, by rename. A folder that cannot be written to, or a full disk, only costs time later."""
    body = json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode(errors="surrogateescape")
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("xb") as file:
            file.write(_head(os.fstat(file.fileno()).st_ino, body) + b"\n" + body)
        temporary.replace(path)
    except OSError:
        with suppress(OSError):
            temporary.unlink()


def _head(inode: int, body: bytes) -> bytes:
    return f"{inode} {hashlib.sha256(body).hexdigest()}".encode()
