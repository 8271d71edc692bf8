"""A Git filter that answers ``clean`` with pointers prepared beforehand; a program for :mod:`medallion.git.staging`.

``python clean_filter.py LIST``, where LIST is a file of ``<oid> <size> <path from the top>``, each ended by NUL. git
sends every file's content, because that is how it reads a file and its stat data in one; we only count it, which takes
a tenth of the time of hashing it. A file that is not as long as its pointer says is refused, and so is the ``git add``.

git asks about other files too: those in the index that may have changed in the second when it was last written. These
get the answer that git-lfs would give, but nothing is stored: they are compared, not added.

It runs as a script, in isolation: standard library only, and as little of that as possible.
"""

from __future__ import annotations

import sys
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize %d\n"


def main(listing: str) -> None:
    known: dict[bytes, tuple[bytes, int]] = {}
    for entry in Path(listing).read_bytes().split(b"\0")[:-1]:
        oid, length, path = entry.split(b" ", 2)
        known[path] = oid, int(length)
    _words()
    _send([b"git-filter-server\n", b"version=2\n"])
    _words()
    _send([b"capability=clean\n"])
    while True:
        request = _words()
        path = next(word[9:] for word in request if word.startswith(b"pathname="))
        pointer = _prepared(path, *known[path]) if path in known else _measured()
        if pointer is None:
            _send([b"status=error\n"])
            continue
        _send([b"status=success\n"])
        _send([pointer] if pointer else [])
        _send([])


def _prepared(path: bytes, oid: bytes, size: int) -> bytes | None:
    found = sum(len(content) for content in _content())
    if found == size:
        return _POINTER % (oid, size) if size else b""
    sys.stderr.write(f"{path.decode(errors='replace')}: {found} bytes, its record says {size}\n")
    sys.stderr.flush()
    return None


def _measured() -> bytes:
    """What git-lfs makes of what git sends: a pointer stays what it is."""
    import hashlib

    digest = hashlib.sha256()
    size = 0
    start = b""
    for content in _content():
        digest.update(content)
        size += len(content)
        start = start or content
    if size < 1024 and start.startswith(b"version https://git-lfs"):
        return start
    return _POINTER % (digest.hexdigest().encode(), size) if size else b""


def _packet() -> bytes | None:
    head = sys.stdin.buffer.read(4)
    if len(head) < 4:
        sys.exit(0)
    length = int(head, 16)
    return sys.stdin.buffer.read(length - 4) if length else None


def _words() -> list[bytes]:
    words = []
    while (packet := _packet()) is not None:
        words.append(packet.rstrip(b"\n"))
    return words


def _content() -> Iterator[bytes]:
    while (packet := _packet()) is not None:
        yield packet


def _send(lines: list[bytes]) -> None:
    for line in lines:
        sys.stdout.buffer.write(b"%04x%s" % (len(line) + 4, line))
    sys.stdout.buffer.write(b"0000")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(sys.argv[1])
