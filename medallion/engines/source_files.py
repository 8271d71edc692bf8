"""Reading a source's bytes, and telling a whole file from a truncated one."""

from __future__ import annotations

import gzip
from typing import IO, TYPE_CHECKING, cast

from medallion.errors import Location, SourceError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["check_whole", "open_source", "unreadable"]


def open_source(path: Path) -> IO[bytes]:
    """The bytes of a source; ``.gz`` and ``.zst`` are decompressed on the way."""
    if path.suffix == ".gz":
        return cast("IO[bytes]", gzip.open(path))
    if path.suffix == ".zst":
        import pyarrow as pa

        return cast("IO[bytes]", pa.input_stream(str(path), compression="zstd"))
    return path.open("rb")


def check_whole(path: Path, relative: str) -> None:
    """``SourceError`` when a file ends too early in a way that DuckDB 2.0 says nothing about, and rows would be lost.

    It reads a truncated zstd file up to where it breaks, and a JSON array that is never closed to its last object. (It
    does report truncated gzip and Parquet.)
    """
    if path.suffix == ".zst" and not _zstd_is_whole(path):
        raise SourceError(
            "the file is truncated, or no zstd file", location=Location(relative), hint="copy or download it again"
        )
    if ".json" in path.suffixes and not _array_is_closed(path, relative):
        raise SourceError(
            "the file is truncated: its JSON array is not closed",
            location=Location(relative),
            hint="copy or download it again",
        )


_ZSTD = 0xFD2FB528
_SKIPPABLE = 0x184D2A50
_RLE = 1


def _array_is_closed(path: Path, relative: str) -> bool:
    """Whether a file that begins with ``[`` ends with ``]``, blanks aside."""
    try:
        with open_source(path) as file:
            tail = file.read(1 << 16)
            if not tail.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"["):
                return True
            if path.suffix == ".json":
                file.seek(max(0, path.stat().st_size - len(tail)))
            while block := file.read(1 << 20):
                tail = (tail + block)[-(1 << 16) :]
            return tail.rstrip().endswith(b"]")
    except (OSError, EOFError) as error:
        raise unreadable(error, relative) from error


def unreadable(error: Exception, relative: str) -> SourceError:
    """What to say when a file, or what is compressed in it, cannot be read to its end."""
    truncated = isinstance(error, EOFError)
    what = "the compressed file is truncated" if truncated else f"the file cannot be read: {error}"
    return SourceError(what, location=Location(relative), hint="copy or download it again")


def _zstd_is_whole(path: Path) -> bool:
    """Walk the headers of all frames and blocks (RFC 8878, 3.1) without decompressing anything."""
    size = path.stat().st_size
    with path.open("rb") as file:
        while file.tell() < size:
            magic = int.from_bytes(file.read(4), "little")
            if magic & 0xFFFFFFF0 == _SKIPPABLE:
                file.seek(int.from_bytes(file.read(4), "little"), 1)
            elif magic == _ZSTD:
                _skip_frame(file, size)
            else:
                return False
        return 0 < size == file.tell()


def _skip_frame(file: IO[bytes], size: int) -> None:
    descriptor = int.from_bytes(file.read(1), "little")
    content_size, single_segment = descriptor >> 6, descriptor >> 5 & 1
    header = (0 if single_segment else 1) + (0, 1, 2, 4)[descriptor & 3]
    header += (single_segment, 2, 4, 8)[content_size]
    file.seek(header, 1)
    last = False
    while not last:
        block = file.read(3)
        if len(block) < 3:
            file.seek(size + 1)  # Beyond the end: not whole.
            return
        value = int.from_bytes(block, "little")
        last = bool(value & 1)
        file.seek(1 if value >> 1 & 3 == _RLE else value >> 3, 1)
    file.seek(4 * (descriptor >> 2 & 1), 1)
