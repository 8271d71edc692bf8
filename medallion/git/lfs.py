"""Git LFS: pointers, the store of objects that the real git-lfs reads and writes as well, and fetching by oid."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING

from medallion.errors import DataError, GitError, Location
from medallion.git import pktline
from medallion.git.process import Git, last_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from medallion.git.repository import Repository

__all__ = ["OLDEST_GIT_LFS", "POINTER_LIMIT", "Pointer", "Refused", "Store", "conflicted", "git_lfs_version"]

OLDEST_GIT_LFS = (3, 3)
POINTER_LIMIT = 1024
"""A pointer is shorter than this many bytes; a longer file is none, whatever it says."""

_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\noid sha256:([0-9a-f]{64})\nsize (0|[1-9][0-9]{0,18})\n"
)
_EMPTY = hashlib.sha256(b"").hexdigest()
_INSTALL = (
    "install it: `apt-get install git-lfs`, `dnf install git-lfs`, `brew install git-lfs`, `winget install "
    "GitHub.GitLFS`, or https://git-lfs.com"
)

# What people exclude, by configuration or environment, is about checkouts; a fetch by oid is none. What one remote
# does not have another may: that of a fork whose branch is looked at.
_EVERYTHING = ("-c", "lfs.fetchinclude=", "-c", "lfs.fetchexclude=", "-c", "lfs.remote.searchall=true")
_SMUDGE = {"GIT_LFS_SKIP_SMUDGE": "0"}


@dataclass(frozen=True, slots=True)
class Pointer:
    """What Git holds in place of a large file: the sha256 of its bytes, in hex, and how many there are."""

    oid: str
    size: int

    def encode(self) -> bytes:
        """The one valid encoding. The empty file is its own pointer."""
        if self.size == 0:
            return b""
        return f"version https://git-lfs.github.com/spec/v1\noid sha256:{self.oid}\nsize {self.size}\n".encode()

    @classmethod
    def parse(cls, data: bytes) -> Pointer | None:
        """The pointer that ``data`` is, or None. Only what :meth:`encode` gives is one: no CRLF, no other order."""
        if not data:
            return cls(_EMPTY, 0)
        found = _POINTER.fullmatch(data) if len(data) < POINTER_LIMIT else None
        return cls(found[1].decode(), int(found[2])) if found and found[2] != b"0" else None


def conflicted(data: bytes) -> bool:
    """Whether a merge left conflict markers in ``data``, as it does where pointers are merged as text."""
    if b"<<<<<<< " not in data:
        return False
    lines = data.splitlines()
    marks = (b"<<<<<<< ", b"=======", b">>>>>>> ")
    places = [next((n for n, line in enumerate(lines) if line.startswith(mark)), -1) for mark in marks]
    return 0 <= places[0] < places[1] < places[2]


def git_lfs_version(repo: Repository | None = None) -> tuple[int, ...]:
    """The version of the git-lfs that git finds; ``GitError`` where it is missing or older than 3.3."""
    git = repo.process if repo else Git(Path(os.sep))
    asked = git.attempt("lfs", "version")
    found = re.match(r"git-lfs/(\d+)\.(\d+)\.(\d+)", asked.stdout.decode(errors="replace"))
    if asked.returncode != 0 or not found:
        raise GitError("git-lfs is not installed, or not on PATH", hint=_INSTALL)
    version = tuple(int(part) for part in found.groups())
    if version < OLDEST_GIT_LFS:
        needed = ".".join(map(str, OLDEST_GIT_LFS))
        raise GitError(
            f"git-lfs {'.'.join(found.groups())} is too old: medallion needs {needed} or newer", hint=_INSTALL
        )
    return version


@dataclass(frozen=True, slots=True)
class Refused:
    """Objects that a fetch did not get, and the reason that git-lfs gives for the first of them."""

    absent: tuple[Pointer, ...]
    reason: str
    has_remote: bool

    def error(self, some: Sequence[Pointer]) -> DataError:
        """That ``some`` of them cannot be had."""
        names = ", ".join(pointer.oid[:12] for pointer in some[:5]) + (" …" if len(some) > 5 else "")
        what = f"{len(some)} object{'s' if len(some) > 1 else ''} of Git LFS cannot be fetched: {names}"
        if not self.has_remote:
            return DataError(
                f"{what} (no remote is configured)",
                hint="`git remote add origin URL`, then `git lfs fetch --all`",
            )
        first = self.absent[0]
        of = "" if first in some else f"git-lfs says of {first.oid[:12]}: "
        return DataError(
            f"{what}\n{of}{self.reason}",
            hint="`git lfs push --all REMOTE` from a clone that has them, then `git lfs fetch --all` here",
        )


class Store:
    """The objects of a repository, where git-lfs keeps them; all its work trees share them."""

    def __init__(self, repo: Repository) -> None:
        self.repo = repo

    @cached_property
    def folder(self) -> Path:
        """``lfs`` in the common folder of git, or where ``lfs.storage`` moved it.

        Relative to that folder and with no tilde expanded, as git-lfs has it. A ``.lfsconfig`` has no say in it.
        """
        return self.repo.common_dir / (self._settings.get("lfs.storage") or "lfs")

    def path(self, oid: str) -> Path:
        """Where the object is, or would be."""
        return self.folder / "objects" / oid[:2] / oid[2:4] / oid

    def has(self, oid: str, size: int) -> bool:
        """Whether the object is here in full. The empty one always is: it has no object."""
        if size == 0:
            return True
        try:
            return self.path(oid).stat().st_size == size
        except FileNotFoundError:
            return False

    def missing(self, pointers: Iterable[Pointer]) -> list[Pointer]:
        """Those of ``pointers`` whose object is not here, each once."""
        return [pointer for pointer in dict.fromkeys(pointers) if not self.has(pointer.oid, pointer.size)]

    def insert(self, source: Path, oid: str, size: int) -> None:
        """Copy ``source``, whose sha256 the caller knows to be ``oid``, into the store; nothing where it is there.

        Never a hard link: the file is the user's to edit, the object must not follow. A file system that can share
        blocks does. ``DataError`` where the file is not of that ``size``, or changes while it is copied.
        """
        if self.has(oid, size):
            return
        target = self.path(oid)
        temporary = self.folder / "tmp" / f"medallion-{secrets.token_hex(8)}"
        for folder in (temporary.parent, target.parent):
            self._make(folder)
        try:
            with source.open("rb") as read, temporary.open("xb") as written:
                before = os.fstat(read.fileno())
                _copy(read, written)
                after = os.fstat(read.fileno())
                if (after.st_size, after.st_mtime_ns) != (size, before.st_mtime_ns) or written.tell() != size:
                    raise DataError(
                        f"the file changed: {size} bytes expected, {after.st_size} found", location=_at(source)
                    )
                os.fsync(written.fileno())
            if self._mask is not None:
                temporary.chmod(0o666 & ~self._mask)
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)

    def put_aside(self, oid: str) -> Path:
        """Move a corrupt object to where ``git lfs fsck`` moves them, so that a whole one can take its place."""
        bad = self.folder / "bad" / oid
        self._make(bad.parent)
        self.path(oid).replace(bad)
        return bad

    def extract(self, pointer: Pointer, target: Path) -> None:
        """Put a copy of the object in the place of ``target``, by rename and with its permissions."""
        temporary = target.with_name(f".{secrets.token_hex(8)}.tmp")
        try:
            with temporary.open("xb") as written:
                if pointer.size:
                    with self.path(pointer.oid).open("rb") as read:
                        _copy(read, written)
                os.fsync(written.fileno())
            temporary.chmod(target.stat().st_mode & 0o777)
            temporary.replace(target)
        except FileNotFoundError as error:
            raise DataError(f"the object {pointer.oid} of Git LFS is not here", location=_at(target)) from error
        finally:
            temporary.unlink(missing_ok=True)

    def fetch(self, pointers: Iterable[Pointer]) -> None:
        """Get the objects that are not here from the remote; ``DataError`` names what cannot be had, and why."""
        refused = self.request(pointers)
        if refused:
            raise refused.error(refused.absent)

    def request(self, pointers: Iterable[Pointer]) -> Refused | None:
        """Get the objects that are not here from the remote, however old the commit that names them; None if all came.

        The real git-lfs does it, in one process that downloads several at a time: we speak to it as git would when
        it checks out files, and never ask for the content. ``GitError`` where there is no git-lfs.
        """
        wanted = self.missing(pointers)
        if not wanted:
            return None
        git_lfs_version(self.repo)
        # Whatever goes wrong in the conversation, what counts is what is in the store afterwards. One that failed on
        # its way may have left out what could be had.
        left, before = wanted, 0
        while left and len(left) != before:
            with (
                contextlib.suppress(BrokenPipeError, GitError),
                self.repo.process.talk(*_EVERYTHING, "lfs", "filter-process", env=_SMUDGE) as (questions, answers),
            ):
                _download(questions, answers, left)
            left, before = self.missing(left), len(left)
        # The conversation tells no reasons; asking for one object alone does.
        while absent := self.missing(wanted):
            said = self.repo.process.attempt(
                *(*_EVERYTHING, "lfs", "smudge", "--", absent[0].oid[:12]), stdin=absent[0].encode(), env=_SMUDGE
            )
            if not self.has(absent[0].oid, absent[0].size):
                return Refused(tuple(absent), _reason(said.stderr), has_remote=bool(self.repo.git("remote").strip()))
        return None

    @cached_property
    def _settings(self) -> dict[str, str]:
        pattern = r"^(lfs\.storage|core\.sharedrepository)$"
        found = self.repo.git("config", "-z", "--get-regexp", pattern, check=False)
        pairs = (os.fsdecode(entry).partition("\n") for entry in found.split(b"\0")[:-1])
        return {name: value for name, _, value in pairs}

    @property
    def _mask(self) -> int | None:
        """The permissions that ``core.sharedRepository`` takes from objects, or None where the umask decides."""
        shared = self._settings.get("core.sharedrepository", "umask").lower()
        if shared in ("group", "true", "1"):
            return 0o007
        if shared in ("all", "world", "everybody", "2"):
            return 0o002
        return 0o666 & ~int(shared, 8) if re.fullmatch(r"0[0-7]{3}", shared) else None

    def _make(self, folder: Path) -> None:
        if folder.is_dir():
            return
        self._make(folder.parent)
        with contextlib.suppress(FileExistsError):
            folder.mkdir()
            if self._mask is not None:
                permissions = 0o666 & ~self._mask
                # Who may read a folder may enter it.
                folder.chmod(permissions | (permissions & 0o444) >> 2)


def _download(questions: IO[bytes], answers: IO[bytes], wanted: Sequence[Pointer]) -> None:
    """Have git-lfs download ``wanted``: ask for all as files that may come later, then wait until all have."""
    pktline.send(questions, [b"git-filter-client\n", b"version=2\n"])
    pktline.words(answers)
    pktline.send(questions, [b"capability=clean\n", b"capability=smudge\n", b"capability=delay\n"])
    pktline.words(answers)
    waiting = set()
    for pointer in wanted:
        path = f"pathname={pointer.oid}"
        pktline.send(questions, [b"command=smudge\n", f"{path}\n".encode(), b"can-delay=1\n"])
        pktline.send(questions, [pointer.encode()])
        if pktline.words(answers) == ["status=delayed"]:
            waiting.add(path)
        else:
            _drain(answers)
    while waiting:
        pktline.send(questions, [b"command=list_available_blobs\n"])
        ready = set(pktline.words(answers))
        pktline.words(answers)
        # Each is listed once when it has come, and what failed at the very end. Once all were listed git-lfs 3.3
        # must not be asked again: it crashes.
        if not ready & waiting:
            return
        waiting -= ready


def _drain(stream: IO[bytes]) -> None:
    """Read past a content and the status after it."""
    for _ in pktline.packets(stream):
        pass
    pktline.words(stream)


def _reason(stderr: bytes) -> str:
    """The innermost reason of git-lfs, whose lines repeat the oid at every level."""
    text = stderr.decode(errors="replace")
    lines = [line for line in text.splitlines() if "Smudge error" in line or line.startswith(("batch", "error"))]
    line = lines[0] if lines else last_words(stderr)
    return re.split(r"\([0-9a-f]{64}\): ", line)[-1]


def _copy(source: IO[bytes], target: IO[bytes]) -> None:
    """Copy all of ``source``, inside of the kernel where it can."""
    try:
        while os.copy_file_range(source.fileno(), target.fileno(), 1 << 30):
            pass
    except (AttributeError, OSError):
        source.seek(0)
        target.seek(0)
        target.truncate()
        shutil.copyfileobj(source, target, 1 << 20)
    target.seek(0, os.SEEK_END)


def _at(path: Path) -> Location:
    return Location(str(path))
