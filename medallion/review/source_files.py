"""Which files of a commit a source's path or pattern names: as a file system would, through links. Pure."""

from __future__ import annotations

from collections import deque
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from medallion.sources import is_pattern

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

__all__ = ["LinkedFiles", "matching", "plain"]

# As many links in a row as Linux follows.
_HOPS = 40


class LinkedFiles:
    """The files of a commit by path, with ``links``: what each symbolic link among them says."""

    def __init__(self, paths: Collection[str], links: Mapping[str, str]) -> None:
        self._links = links
        self._files = {path for path in paths if path not in links}
        self._paths = paths
        self._children: dict[str, list[str]] = {}
        if links:
            self._list_folders()

    def _list_folders(self) -> None:
        seen: dict[str, set[str]] = {"": set()}
        for path in self._paths:
            folder = ""
            for part in path.split("/"):
                seen.setdefault(folder, set()).add(part)
                folder = _joined(folder, part)
        self._children = {folder: sorted(names) for folder, names in seen.items()}

    def find(self, pattern: str) -> tuple[dict[str, str], bool]:
        """The path of the file behind each path that ``pattern`` names, and whether a link on the way is lost.

        A link is lost that leads to nothing in the commit: what it names cannot be known.
        """
        if not self._links:
            return {path: plain(path) for path in matching(self._paths, pattern)}, False
        parts = PurePosixPath(pattern).parts
        if is_pattern(pattern) and "**" in pattern:
            found, lost = self._below(pattern)
        else:
            found, lost = self._walked(parts)
        prefix = "./" if pattern.startswith("./") else ""
        named = {
            pattern if not is_pattern(pattern) else f"{prefix}{path}": real for path, real in sorted(found.items())
        }
        return named, lost

    def _below(self, pattern: str) -> tuple[dict[str, str], bool]:
        """With ``**``, which goes through no link to a folder, as in DuckDB."""
        found, lost = {}, any(part in self._links for part in _above(PurePosixPath(pattern).parts))
        for path in matching(self._paths, pattern):
            real = self._real(plain(path))
            lost |= real is None
            if real in self._files:
                found[plain(path)] = real
        return found, lost

    def _walked(self, parts: Sequence[str]) -> tuple[dict[str, str], bool]:
        """Part by part, through links to files and folders."""
        level, lost = {"": ""}, False
        for part in parts:
            below = {}
            for path, real in level.items():
                names = self._children.get(real, ())
                for name in names if is_pattern(part) else [part] if part in names else []:
                    if not is_pattern(part) or fnmatchcase(name, part):
                        leads = self._real(_joined(real, name))
                        if leads is None:
                            lost = True
                        else:
                            below[_joined(path, name)] = leads
            level = below
        return {path: real for path, real in level.items() if real in self._files}, lost

    def _real(self, path: str) -> str | None:
        """The file or folder that a path leads to; None where a link leads out of the commit, or in a circle."""
        todo, done, hops = deque(path.split("/")), list[str](), 0
        while todo:
            part = todo.popleft()
            if part == "/" or (part == ".." and not done):
                return None
            if part == "..":
                done.pop()
                continue
            target = self._links.get("/".join([*done, part]))
            if target is None:
                done.append(part)
                continue
            hops += 1
            if hops > _HOPS:
                return None
            todo.extendleft(reversed(PurePosixPath(target).parts))
        real = "/".join(done)
        return real if real in self._files or real in self._children else None


def _joined(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _above(parts: Sequence[str]) -> Iterator[str]:
    """The folders of a pattern up to its first part with a wildcard."""
    for end, part in enumerate(parts):
        if is_pattern(part):
            return
        yield "/".join(parts[: end + 1])


def matching(paths: Collection[str], pattern: str) -> list[str]:
    """Those of ``paths`` that a source's path or pattern names, sorted, written as the file system would give them."""
    prefix = "./" if pattern.startswith("./") else ""
    wanted = PurePosixPath(pattern).parts
    if not is_pattern(pattern):
        return [pattern] if "/".join(wanted) in paths else []
    *_, folder = ["", *_above(wanted)]
    return sorted(prefix + path for path in paths if path.startswith(folder) and _fits(path.split("/"), wanted))


def _fits(parts: Sequence[str], pattern: Sequence[str]) -> bool:
    """Part by part; ``**`` stands for any number of folders, and at the end for all that is in them."""
    if not pattern:
        return not parts
    if pattern[0] == "**":
        return any(_fits(parts[i:], pattern[1:]) for i in range(len(parts) + 1))
    return bool(parts) and fnmatchcase(parts[0], pattern[0]) and _fits(parts[1:], pattern[1:])


def plain(path: str) -> str:
    """A path as Git writes it."""
    return str(PurePosixPath(path))
