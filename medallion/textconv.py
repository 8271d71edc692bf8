"""What Git prints of a Parquet file: ``git diff``, ``git log -p`` and ``git show`` call this for each version.

Git gives the name of a file that holds a version as Git stores it, which is a Git LFS pointer, or the file of the work
tree itself. It stops where the program that it calls fails, so there is an answer to anything. Nothing is fetched:
who reads a log does not wait for a network.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from medallion.errors import MedallionError
from medallion.git.lfs import POINTER_LIMIT, Pointer, Store, conflicted
from medallion.git.process import Git
from medallion.git.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Mapping

    from medallion.hidden_here import HiddenColumns

__all__ = ["textconv"]

# Git tells the programs that it starts which repository is meant where that cannot be told from the folder.
_REPOSITORY = ("GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR")
_MODELS = ":(glob,icase)**/sql/**/*.sql"


def textconv(path: Path, folder: Path, environ: Mapping[str, str]) -> str:
    """The text that stands for the file at ``path``; it never fails.

    ``folder`` is where Git started us: the top of the work tree, or a bare repository.
    """
    try:
        return _Converter(folder, environ).text(path)
    except Exception as error:
        return f"this file cannot be read as Parquet: {_first_line(error)}\n"


class _Converter:
    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self.git = Git(folder)
        self.folder = folder
        self.environ = {name: environ[name] for name in _REPOSITORY if name in environ}
        self._projects: list[HiddenColumns] = []

    def text(self, path: Path) -> str:
        file = self.folder / path
        with file.open("rb") as stream:
            head = stream.read(POINTER_LIMIT)
        if not head:
            return "an empty file\n"
        if conflicted(head):
            return "a Git LFS pointer that a merge left in conflict:\n" + _quoted(head)
        pointer = Pointer.parse(head)
        if pointer is None:
            return self._summary(file, path.stem) if head[:4] == b"PAR1" else _no_parquet(file, head)
        store = self._store()
        if store is None or not store.has(pointer.oid, pointer.size):
            return (
                "a Git LFS pointer; what it points to is not here, so nothing can be said of it\n"
                f"oid sha256:{pointer.oid}\nsize {pointer.size}\n"
                "`git lfs fetch --all` gets every version, `git lfs fetch origin REVISION` that of one\n"
            )
        return self._summary(store.path(pointer.oid), path.stem)

    def _summary(self, file: Path, stem: str) -> str:
        from medallion.engines.parquet_summary import summarise

        private = self._private()
        note = "" if private is not None else "values are left out: what the models mark as @private cannot be told\n"
        if not private:
            return note + summarise(file, self._keys(stem), private)
        known, unnamed = self._known(stem)
        return summarise(file, self._keys(stem), private, known=known, unnamed=unnamed)

    def _store(self) -> Store | None:
        """The objects of the repository that Git works in."""
        if self._place is None:
            return None
        common = self._place[0]
        return Store(Repository(common, common, "", common, common))

    @cached_property
    def _place(self) -> tuple[Path, bool] | None:
        """The repository's common folder, and whether this is a work tree; None outside of any."""
        asked = self._ask("rev-parse", "--path-format=absolute", "--git-common-dir", "--is-inside-work-tree")
        if asked is None:
            return None
        common, inside, _ = os.fsdecode(asked).rsplit("\n", 2)
        return Path(common), inside == "true"

    def _keys(self, stem: str) -> set[tuple[str, ...]]:
        """The keys of the datasets in the work tree that have the name that Git kept; it tells no folder."""
        from medallion.records import Record

        listed = self._ask("ls-files", "-z", "--cached", "--others", "--", f":(glob)**/data/*/{stem}.json")
        keys = set()
        for path in filter(None, os.fsdecode(listed or b"").split("\0")):
            with suppress(MedallionError, OSError):
                keys.add(Record.decode((self.folder / path).read_bytes(), path).key)
        return keys - {()}

    def _private(self) -> frozenset[str] | None:
        """The columns, in lower case, that are hidden in any dataset of the work tree; None where that cannot be told.

        Git does not say whose data it is, so what is hidden in one is hidden in every dataset.
        """
        if self._place is None:
            return frozenset()
        where = ("--untracked",) if self._place[1] else ("HEAD",)
        found = self.git.attempt(
            *("grep", "-z", "-I", "-l", "-F", "-e", "@private", *where, "--", _MODELS), env=self.environ
        )
        if found.returncode == 1 and not found.stderr:
            return frozenset()
        if found.returncode != 0:
            return frozenset() if where == ("HEAD",) else None
        if where == ("HEAD",):
            return None  # What is made of a private column is found in a work tree only.
        from medallion.hidden_here import hidden_here

        names: set[str] = set()
        paths = [*filter(None, os.fsdecode(found.stdout).split("\0"))]
        for path in paths:
            names |= _marked(self.folder, path, (self.folder / path).read_bytes())
        try:
            self._projects = [
                hidden_here(self.folder / root) for root in {f"/{path}".rpartition("/sql/")[0][1:] for path in paths}
            ]
        except (MedallionError, OSError):
            return None
        return frozenset(names).union(*(project.columns for project in self._projects))

    def _known(self, stem: str) -> tuple[frozenset[str] | None, bool]:
        """The columns of today's datasets whose files have this name, and whether private values may be names in it.

        None where no such dataset hides any: a column that has another name in an older version may be a hidden one.
        """
        known: set[str] = set()
        hides = has_names = False
        for dataset in (dataset for project in self._projects for dataset in project.datasets):
            if stem in dataset.stems:
                known |= {*dataset.columns}
                hides |= dataset.hides
                has_names |= dataset.names
        return (frozenset(known) if hides else None), has_names

    def _ask(self, *args: str) -> bytes | None:
        """What git prints, None where it fails."""
        asked = self.git.attempt(*args, env=self.environ)
        return asked.stdout if asked.returncode == 0 else None


def _marked(folder: Path, path: str, data: bytes) -> frozenset[str]:
    """The columns that a model marks as private; of a text that is no model every word, which hides too much.

    A text that a command has read before is not read again: to load what reads it takes longer than all the rest.
    """
    from medallion.parsed import private_columns

    text = data.decode(errors="replace")
    project = path.rpartition("/sql/")[0] if "/sql/" in path else ""
    known = private_columns(folder / project / ".medallion", text)
    if known is not None:
        return known
    from medallion.config import DEFAULT_LAYERS
    from medallion.models.parse import parse_model
    from medallion.names import TableName

    try:
        # Neither layers nor the name have a say in what is marked.
        return parse_model(TableName(DEFAULT_LAYERS[0], "any"), path, text, DEFAULT_LAYERS).private
    except MedallionError:
        return frozenset({*re.findall(r"\w+", text.lower()), *re.findall(r'"([^"]+)', text.lower())})


def _no_parquet(file: Path, head: bytes) -> str:
    size = file.stat().st_size
    if head.startswith(b"version https://git-lfs") and size < POINTER_LIMIT:
        return "no valid Git LFS pointer:\n" + _quoted(head)
    import zlib

    return f"no Parquet file: {size:,} bytes, checksum {zlib.crc32(file.read_bytes()):08x}\n"


def _quoted(data: bytes) -> str:
    from medallion.printable import printable

    return "".join(f"  {printable(line)}\n" for line in data.decode(errors="replace").splitlines())


def _first_line(error: Exception) -> str:
    from medallion.engines.faults import read_fault
    from medallion.printable import printable

    message = error.message if isinstance(error, MedallionError) else read_fault(error).message
    # Git's own name for the file is another one each time, and would be a difference.
    message = re.sub(r"/[^\s\"']+", "…", message.strip().split("\n", 1)[0])
    return printable(message or type(error).__name__)
