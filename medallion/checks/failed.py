"""The rows that fail a check: a few of them to show, and a Parquet file of them to look into."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING

from medallion.engines.sql import identifier
from medallion.errors import BuildError
from medallion.events import Sample
from medallion.models.check import Check, Kind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from medallion.checks.audit import Subject
    from medallion.engines.protocol import Reader
    from medallion.names import TableName

__all__ = ["clear_failed", "keep_failed", "sample_of"]

_SHOWN_ROWS, _SHOWN_COLUMNS, _SHOWN_LENGTH = 3, 6, 60
_WORD = re.compile(r'"((?:[^"]|"")+)"|([A-Za-z_]\w*)')


def sample_of(
    reader: Reader, query: str, columns: Sequence[str], masked: frozenset[str], check: Check, subject: Subject
) -> Sample:
    """The first rows that fail, as text: the key, and what the check speaks of. ``masked`` values are not even read."""
    key = {name.lower() for name in subject.record.key}
    spoken = key | {name.lower() for name in check.columns}
    spoken |= {(quoted or word).lower() for quoted, word in _WORD.findall(check.sql)}
    listed = [*columns] if check.kind is Kind.QUERY else [name for name in columns if name.lower() in spoken]
    shown = sorted(listed or columns, key=lambda name: name.lower() not in key)[:_SHOWN_COLUMNS]
    values = [
        "'(private)'" if name.lower() in masked else f"left(CAST({identifier(name)} AS VARCHAR), {_SHOWN_LENGTH})"
        for name in shown
    ]
    found = reader.rows(f"SELECT {', '.join(values)} FROM (\n{query}\n) LIMIT {_SHOWN_ROWS}")
    return Sample(tuple(shown), tuple(tuple(row) for row in found))


def keep_failed(reader: Reader, subject: Subject, check: str, query: str) -> str | None:
    """Write the rows that fail, all their columns; the file's path, or None where they are not kept."""
    if subject.most == 0:
        return None
    folder = subject.failed / str(subject.record.dataset)
    folder.mkdir(parents=True, exist_ok=True)
    stem = re.sub(r"[^a-z0-9]+", "-", check.lower()).strip("-")[:60] or "check"
    target, number = folder / f"{stem}.parquet", 1
    while target.exists():
        number += 1
        target = folder / f"{stem}-{number}.parquet"
    try:
        reader.write(f"FROM (\n{query}\n) LIMIT {subject.most}", subject.scratch)
        subject.scratch.replace(target)
    except (BuildError, FileNotFoundError):
        # A query may give what no Parquet holds, and a run that begins meanwhile clears the folder of the scratch file.
        subject.scratch.unlink(missing_ok=True)
        return None
    return target.relative_to(subject.root).as_posix()


def clear_failed(folder: Path, name: TableName) -> None:
    """Remove what the checks of a dataset left when they last failed."""
    for file in (folder / str(name)).glob("*.parquet"):
        file.unlink(missing_ok=True)
    with suppress(OSError):  # There is none, or something else is in it.
        (folder / str(name)).rmdir()
