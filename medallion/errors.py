"""Every error that Medallion raises on purpose, as one tree.

::

    MedallionError                exit code 2: something the user can mend
    ├── ConfigError               medallion.toml or [tool.medallion]
    ├── ModelError                a model, a macro, an annotation, the graph
    ├── SourceError               a raw file that bronze reads
    ├── RecordError               a record that cannot be read or believed
    ├── DataError                 a Parquet file or LFS object: missing, truncated, a pointer
    ├── GitError                  git or git-lfs: missing, too old, not a repository, a failed call
    │   └── RevisionError         a revision that is unknown, ambiguous, or predates the dataset
    ├── QueryError                SQL that a person typed
    ├── UnitTestError             a unit test that cannot be understood, or run as it is written
    ├── ForgeError                GitHub or GitLab: no token, no rights, no pull request, no answer
    ├── BuildError                a step of a run that failed
    │   └── CheckError            exit code 1: new data that fails its checks, and is not published
    └── StaleError                exit code 1: data does not match its SQL or inputs

A message says what failed; ``location`` where; ``hint`` what to do next. The edges render them; nobody
else prints. An exception outside of this tree is a bug of ours. ``is_ctrl_c`` knows the
one that is none, and no error either.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self
from unicodedata import combining, east_asian_width

from medallion.redaction import redact

if TYPE_CHECKING:
    from medallion.events import CheckResult

__all__ = [
    "BuildError",
    "CheckError",
    "ConfigError",
    "DataError",
    "ForgeError",
    "GitError",
    "Location",
    "MedallionError",
    "ModelError",
    "QueryError",
    "RecordError",
    "RevisionError",
    "SourceError",
    "StaleError",
    "UnitTestError",
    "is_ctrl_c",
]

_WIDEST = 120


@dataclass(frozen=True, slots=True)
class Location:
    """A place in a text: ``line`` and ``column`` count from 1; ``length`` is how many characters to underline.

    ``text`` is the whole line, ``note`` a remark that is shown beside the caret.
    """

    path: str
    line: int = 0
    column: int = 0
    text: str = ""
    length: int = 1
    note: str = ""

    @classmethod
    def at(cls, path: str, source: str, offset: int, length: int = 1, note: str = "") -> Location:
        """The place of the character at ``offset`` (counted in characters from 0) of ``source``."""
        offset = max(0, min(offset, len(source)))
        start = source.rfind("\n", 0, offset) + 1
        end = source.find("\n", offset)
        text = source[start : end if end >= 0 else len(source)].rstrip("\r")
        column = offset - start + 1
        length = max(1, min(length, len(text) - column + 1))
        return cls(path, source.count("\n", 0, offset) + 1, column, text, length, note)

    def redacted(self) -> Location:
        """The same without credentials in the path, line and note; columns stay right."""
        path, text, note = redact(self.path), redact(self.text, keep_width=True), redact(self.note)
        return self if (path, text, note) == (self.path, self.text, self.note) else replace(
            self, path=path, text=text, note=note
        )  # fmt: skip

    def excerpt(self) -> tuple[str, str, int]:
        """The line, what stands before the place in it, and the length to underline; a long line is cut around it."""
        first = 0 if len(self.text) <= _WIDEST else max(0, self.column - 1 - _WIDEST // 2)
        last = min(len(self.text), first + _WIDEST)
        left, right = "…" if first else "", "…" if last < len(self.text) else ""
        # What a terminal would obey is made visible; each character stays one, so that places stay right.
        text = "".join(c if c.isprintable() or c == "\t" else "\ufffd" for c in self.text)
        line, before = text[first:last], text[first : self.column - 1]
        return left + line + right, left + before, max(1, min(self.length, last - self.column + 1))

    def __str__(self) -> str:
        return ":".join([self.path, *(str(n) for n in (self.line, self.column) if n)])


def _blank(text: str) -> str:
    """White space as wide as ``text`` on a terminal: tabs stay tabs, wide characters count twice, marks not at all."""
    return "".join(
        c if c == "\t" else "" if combining(c) else "  " if east_asian_width(c) in "WF" else " " for c in text
    )


class MedallionError(Exception):
    """What a user can mend: ``message``, where, and a ``hint`` at what to do next.

    Errors are printed, logged and kept, so no credential gets into one: see ``medallion.redaction``.
    """

    exit_code = 2

    def __init__(self, message: str, *, location: Location | None = None, hint: str = "") -> None:
        self.message = redact(message)
        super().__init__(self.message)
        self.location = location.redacted() if location else None
        self.hint = redact(hint)

    def at(self, location: Location) -> Self:
        """The same error at another place: one missing file may stop several models."""
        return type(self)(self.message, location=location, hint=self.hint)

    def __str__(self) -> str:
        """The error as plain text: the place, the message, the line with a caret, the hint."""
        where = f"{self.location}: " if self.location else ""
        lines = [f"{where}{self.message}"]
        if self.location and self.location.text:
            number = str(self.location.line)
            gutter = " " * len(number)
            line, before, length = self.location.excerpt()
            lines += [
                f"{gutter} |",
                f"{number} | {line}",
                f"{gutter} | {_blank(before)}{'^' * length} {self.location.note}".rstrip(),
            ]
        if self.hint:
            lines.append(f"hint: {self.hint}")
        return "\n".join(lines)


class ConfigError(MedallionError):
    """The configuration is missing, malformed or has an unknown key."""


class ModelError(MedallionError):
    """A model, macro or annotation that cannot be understood, or a graph that cannot be run."""


class SourceError(MedallionError):
    """A raw file that bronze reads is missing, unreadable or not allowed."""


class RecordError(MedallionError):
    """A record that is not JSON, has another format, or disagrees with its data."""


class DataError(MedallionError):
    """A dataset's file is missing, truncated, in conflict, or a pointer whose object is not here."""


class GitError(MedallionError):
    """git or git-lfs is missing, too old, or refused what was asked."""


class RevisionError(GitError):
    """A revision that does not exist, is ambiguous, or has no such dataset."""


class QueryError(MedallionError):
    """SQL that a person typed and DuckDB or the version resolver refused."""


class UnitTestError(MedallionError):
    """A unit test that cannot be understood, or cannot be run as it is written."""


class ForgeError(MedallionError):
    """GitHub or GitLab refused, did not answer, or was not asked because something is missing.

    ``status`` is that of its answer over HTTP, 0 where there was none.
    """

    status: int | None = None

    def with_status(self, status: int) -> Self:
        """The same error, with the status of the answer."""
        self.status = status
        return self

    @property
    def unanswered(self) -> bool:
        """Whether what was asked for may have been done or not: the connection broke, or the server is not well."""
        return self.status is not None and (self.status == 0 or self.status >= 500)

    @property
    def passing(self) -> bool:
        """Whether it is over some time later, with nothing to be mended: a limit, or a server that is not well."""
        return self.unanswered or self.status == 429


class BuildError(MedallionError):
    """A step of a run that failed."""


class CheckError(BuildError):
    """Data that does not pass its checks. ``results`` are those of all checks, ``kept`` says what stands."""

    exit_code = 1

    def __init__(
        self,
        message: str,
        *,
        location: Location | None = None,
        hint: str = "",
        results: tuple[CheckResult, ...] = (),
        kept: str = "",
    ) -> None:
        super().__init__(message, location=location, hint=hint)
        self.results = results
        self.kept = kept


class StaleError(MedallionError):
    """Data that does not match its SQL or its inputs."""

    exit_code = 1


def is_ctrl_c(error: RuntimeError) -> bool:
    """Whether it is what DuckDB's Python package makes of Ctrl-C while a statement runs; no ``duckdb.Error``."""
    return str(error) == "Query interrupted"
