"""The framing in which git and its filters talk: packets with their length before them, lists ended by a flush."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

from medallion.errors import GitError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["packets", "send", "words"]


def packets(stream: IO[bytes]) -> Iterator[bytes]:
    """The packets up to the next flush; ``GitError`` where the other side has gone."""
    while True:
        head = stream.read(4)
        if len(head) < 4:
            raise GitError("the other side of a Git LFS conversation ended early")
        length = int(head, 16)
        if length == 0:
            return
        yield stream.read(length - 4)


def words(stream: IO[bytes]) -> list[str]:
    """A list of ``key=value`` lines."""
    return [packet.decode(errors="replace").rstrip("\n") for packet in packets(stream)]


def send(stream: IO[bytes], lines: Iterable[bytes]) -> None:
    """A list, each line a packet of its own, and its flush."""
    for line in lines:
        stream.write(b"%04x" % (len(line) + 4) + line)
    stream.write(b"0000")
    stream.flush()
