"""Raw data as it stands: the files that a source names, and what of them a project may read."""

from __future__ import annotations

import glob
import hashlib
import os
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from medallion.errors import SourceError
from medallion.plan import SourceState
from medallion.redaction import redact

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from medallion.config import Config
    from medallion.identities import Identities

__all__ = ["found_source", "is_allowed", "is_pattern", "no_source", "refused_source", "source_state"]


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
