"""Look at a project's files: records, data, sources. Nothing is hashed twice while it does not change."""

from __future__ import annotations

import glob
import hashlib
import os
import time
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from medallion.cachefile import read_cache, write_cache
from medallion.errors import DataError, Location, MedallionError, RecordError, SourceError
from medallion.git.lfs import Pointer, conflicted
from medallion.names import TableName
from medallion.plan import DataState, SourceState
from medallion.records import Record, record_path
from medallion.redaction import redact

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from medallion.config import Config

__all__ = [
    "Identities",
    "data_folder",
    "data_state",
    "found_source",
    "is_allowed",
    "is_pattern",
    "no_source",
    "read_records",
    "real_files",
    "refused_source",
    "source_state",
]

_FORMAT = 1
_POINTER_LIMIT = 1024
# A pointer with the marks of a merge in it, three times over, is still shorter than this.
_SMALL = 8 * _POINTER_LIMIT
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
        if stat is None or stat.st_size == size or stat.st_size < _SMALL:
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
        if not 0 < size < _POINTER_LIMIT:
            return None
        return Pointer.parse((self.root / path).read_bytes())


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def data_folder(name: TableName) -> PurePosixPath:
    """The folder that the paths in a record are relative to."""
    return PurePosixPath("data", name.layer)


def read_records(
    root: Path, layers: Sequence[str]
) -> tuple[dict[TableName, Record], dict[TableName, MedallionError], list[str]]:
    """All records below ``data/``, those that cannot be believed, and files whose names no dataset could have."""
    records: dict[TableName, Record] = {}
    broken: dict[TableName, MedallionError] = {}
    foreign: list[str] = []
    for layer in layers:
        for file in _names(root / "data" / layer, ".json"):
            path = f"data/{layer}/{file}"
            try:
                name = TableName.parse(f"{layer}.{file.removesuffix('.json')}")
            except MedallionError:
                foreign.append(path)
                continue
            try:
                with open(f"{root}/{path}", "rb") as stream:  # noqa: PTH123 - pathlib takes several times as long
                    record = Record.decode(stream.read(), path)
                if record.dataset != name:
                    raise RecordError(
                        f"the record is of {record.dataset}",
                        location=Location(path),
                        hint=f"rename it to {record_path(record.dataset)}, or delete it and run again",
                    )
                records[name] = record
            except MedallionError as error:
                broken[name] = error
            except OSError as error:
                broken[name] = RecordError(f"cannot be read: {error.strerror}", location=Location(path))
    return records, broken, foreign


def _names(folder: Path, ending: str) -> list[str]:
    """The names of a folder's files with this ending, sorted; none where there is no such folder."""
    try:
        return sorted(name for name in os.listdir(folder) if name.endswith(ending))  # noqa: PTH208 - as above
    except (FileNotFoundError, NotADirectoryError):
        return []


def data_state(name: TableName, record: Record | None, identities: Identities) -> DataState:
    """How the dataset's files compare with its record; reads no file whose identity is known."""
    if record is None:
        file = identities.root / data_folder(name) / f"{name.name}.parquet"
        return DataState.UNRECORDED if file.exists() else DataState.NONE
    state = DataState.PRESENT
    for data_file in record.files:
        path = f"data/{name.layer}/{data_file.path}"
        if identities.differs(path, data_file.size):
            return DataState.MODIFIED
        found = identities.of(path)
        if found is None:
            return DataState.MISSING
        oid, _, real = found
        if oid != data_file.oid:
            full = identities.root / path
            return DataState.CONFLICTED if _is_conflicted(full) else DataState.MODIFIED
        if not real:
            state = DataState.UNFETCHED
    return state


def _is_conflicted(path: Path) -> bool:
    return path.stat().st_size < _SMALL and conflicted(path.read_bytes())


def source_state(pattern: str, config: Config, identities: Identities) -> SourceState:
    """A source as it stands now: matching files and their identity, or why it cannot be read."""
    refused = refused_source(pattern, config)
    if refused:
        return refused
    paths = _matching(config.root, pattern)
    if not paths:
        return no_source(pattern)
    outside = _led_out(config, paths)
    if outside:
        led = SourceError(
            f'"{outside}" is a link that leads out of what this project may read',
            hint=f"put the file itself there, or add the folder that it lies in to `sources` in {config.file}",
        )
        return SourceState(pattern, None, error=led)
    files = {}
    try:
        for path, found in zip(paths, identities.of_all(paths), strict=True):
            if found is None:
                return source_state(pattern, config, identities)  # It went away while we looked.
            files[path] = found[0]
    except OSError as error:
        what = f'"{error.filename or pattern}" cannot be read: {error.strerror}'
        return SourceState(pattern, None, error=SourceError(what, hint="check who owns it"))
    return found_source(pattern, files)


def refused_source(pattern: str, config: Config) -> SourceState | None:
    """What no model may read, whether it is there or not; None for a source that it may."""
    if "://" in pattern:
        return SourceState(
            pattern,
            None,
            error=SourceError(
                f'a model reads no URL, and "{redact(pattern)}" is one: a run uses no network',
                hint=f"`medallion add {config.layers[0]}.NAME {redact(pattern)}` fetches it into the project",
            ),
        )
    if not is_allowed(pattern, config.sources):
        return SourceState(
            pattern,
            None,
            error=SourceError(
                f'"{pattern}" lies outside of what this project may read',
                hint=f"`sources` in {config.file} allows {', '.join(config.sources)}: put the file there, "
                "or add its folder to the list",
            ),
        )
    return None


def no_source(pattern: str) -> SourceState:
    """A source of which no file is there."""
    what = "no file matches" if is_pattern(pattern) else "there is no file"
    missing = SourceError(f'{what} "{pattern}"', hint="put the raw data there, then run again")
    return SourceState(pattern, None, error=missing, absent=True)


def found_source(pattern: str, files: Mapping[str, str]) -> SourceState:
    """A source whose ``files`` (sha256 by path, sorted by path) are there."""
    if not is_pattern(pattern):
        return SourceState(pattern, files[pattern], files)
    listing = "".join(f"{oid}  {path}\n" for path, oid in files.items())
    return SourceState(pattern, hashlib.sha256(listing.encode()).hexdigest(), files)


def _led_out(config: Config, paths: Sequence[str]) -> str:
    """The first of ``paths`` that a link, of its own or of a folder above it, takes out of the allowed sources."""
    root = str(config.root)
    folders: dict[str, bool] = {}
    entries: list[str] = []
    for path in paths:
        folder, _, name = f"{root}/{path}".rpartition("/") if not path.startswith("/") else path.rpartition("/")
        if folder not in folders:
            folders[folder] = os.path.realpath(folder) == os.path.normpath(folder)
        if folders[folder] and not os.path.islink(f"{folder}/{name}"):  # noqa: PTH114 - pathlib takes several times as long
            continue
        entries = entries or [_real_entry(config, entry) for entry in config.sources if "://" not in entry]
        real = os.path.realpath(f"{folder}/{name}")
        if not any(entry and (real == entry or real.startswith(entry.rstrip("/") + "/")) for entry in entries):
            return path
    return ""


def _real_entry(config: Config, entry: str) -> str:
    """The folder or file that an entry of ``sources`` opens, links followed; empty where a relative one leads out."""
    fixed = PurePosixPath(*_fixed_parts(PurePosixPath(entry)))
    real = os.path.realpath(config.root / fixed)
    within = real == str(config.root) or real.startswith(f"{config.root}/")
    return real if within or fixed.is_absolute() else ""


def is_pattern(path: str) -> bool:
    """Whether a path stands for all files that it fits, rather than for one."""
    return any(c in path for c in "*?[")


def _matching(root: Path, pattern: str) -> list[str]:
    """The files that DuckDB's glob finds for a pattern, sorted; hidden ones included, as there."""
    if not is_pattern(pattern):
        return [pattern] if (root / pattern).is_file() else []
    # pathlib's glob leaves out what DuckDB's finds: hidden files, and links on the way of a **.
    found = glob.glob(pattern, root_dir=root, recursive=True, include_hidden=True)  # noqa: PTH207
    files = {p for p in found if (root / p).is_file()}
    if "**" in pattern:  # DuckDB's ** does not go through links, so that a loop of them has an end.
        files = {p for p in files if not any((root / parent).is_symlink() for parent in PurePosixPath(p).parents)}
    return sorted(files)


def is_allowed(pattern: str, allowed: Iterable[str]) -> bool:
    """Whether a path or pattern stays inside one of the allowed folders, files or patterns."""
    path = PurePosixPath(pattern)
    if ".." in path.parts:
        return False
    fixed = PurePosixPath(*_fixed_parts(path))
    for entry in allowed:
        if "://" in entry:
            continue
        if is_pattern(entry):
            if _lies_within(path.parts, PurePosixPath(entry).parts):
                return True
        elif fixed.is_relative_to(PurePosixPath(entry)):
            return True
    return False


def _lies_within(parts: Sequence[str], allowed: Sequence[str]) -> bool:
    """Whether all files of one pattern, or a file, are of the other pattern, part by part from the root."""
    if not parts or not allowed:
        return not parts and not allowed
    if allowed[0] == "**":
        return len(allowed) == 1 or _lies_within(parts, allowed[1:]) or _lies_within(parts[1:], allowed)
    return parts[0] != "**" and _is_covered(parts[0], allowed[0]) and _lies_within(parts[1:], allowed[1:])


def _is_covered(part: str, allowed: str) -> bool:
    """The same for one part: what a * stands for may be anything, so it is tried empty, short and long."""
    if part == allowed:
        return True
    if "[" in part:
        return False
    texts = (part.replace("*", text).replace("?", "\0") for text in ("", "\0", "\0\0"))
    return all(fnmatchcase(text, allowed) for text in texts)


def _fixed_parts(path: PurePosixPath) -> list[str]:
    """The leading parts that hold no wildcard."""
    parts: list[str] = []
    for part in path.parts:
        if is_pattern(part):
            break
        parts.append(part)
    return parts


def real_files(paths: Iterable[str], identities: Identities) -> None:
    """Raise ``DataError`` for the first of ``paths`` that is a Git LFS pointer instead of the file itself."""
    for path in paths:
        found = identities.of(path)
        if found is not None and not found[2]:
            raise DataError(
                "this is a Git LFS pointer; the file itself has not been fetched",
                location=Location(path),
                hint=f'`git lfs pull --include "{path}"` fetches it',
            )
