"""Write a first test of a model from a few real rows: what it gives for them today is what the test expects."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from medallion.engines.sql import identifier, literal
from medallion.errors import MedallionError, UnitTestError
from medallion.publish import write_file
from medallion.unittests.cases import read_tests
from medallion.unittests.files import TestFile, path_of, read_file
from medallion.unittests.run import Runner, UnitTestOutcome
from medallion.unittests.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from medallion.names import TableName
    from medallion.unittests.cases import UnitTest
    from medallion.unittests.compare import Row
    from medallion.unittests.database import Database, Subject
    from medallion.unittests.source import Place

__all__ = ["Created", "create_test"]

_ROWS = 3
_MATCHING_ROWS = 5
_MOST_EXPECTED = 100
# A page of text makes no test that a person reads; the model is run on what is kept of it.
_LONGEST_TEXT = 200
_WIDEST_LINE = 110

# What YAML takes for a text, in a list in braces too, and nobody for anything else.
_PLAIN = re.compile(r"[A-Za-z0-9_.+/()-][A-Za-z0-9_.+/() :-]*(?<![ :])")


@dataclass(frozen=True, slots=True)
class Created:
    """A test that was written: its file (``appended``: it was there before), its line, and what to know of it."""

    path: str
    name: str
    line: int
    appended: bool
    notes: tuple[str, ...]


@dataclass
class _Sample:
    """Rows of one input."""

    columns: tuple[str, ...]
    rows: list[Row] = field(default_factory=list)


def create_test(database: Database, name: TableName, query: Callable[[str], Iterable[Row]]) -> Created:
    """Write a test of ``name``; nothing that is there is overwritten. ``query`` answers SQL over the real datasets.

    Columns marked ``@private`` are neither read nor written.
    """
    config = database.config
    subject = database.subject(name)
    model = subject.model
    if model.sources:
        raise UnitTestError(
            f"{name} reads files, of which no rows are taken",
            location=model.locate(model.sources[0].offset, model.sources[0].length),
            hint=f"write its test by hand: below `given:` the rows of {model.sources[0].path}",
        )
    path = path_of(name)
    existing = _existing(database, path, name)
    samples = _samples(database, subject, query)
    title = _title(samples, existing[1])
    now = datetime.now(UTC).replace(microsecond=0, tzinfo=None) if subject.reads_clock else None
    head = _head(title, samples, now)
    result, notes = _expected(database, name, head)
    text = existing[0] + ("\n" if existing[0] else "") + result
    write_file(config.root / path, text.encode())
    line = existing[0].count("\n") + (2 if existing[0] else 1)
    if subject.reads_clock:
        notes = [*notes, "the model asks the clock, or chance: the test stops the clock, and nothing else"]
    return Created(path, title, line, bool(existing[0]), tuple(notes))


def _existing(database: Database, path: str, name: TableName) -> tuple[str, set[str]]:
    """The text of the file, which has to be right before anything is appended, and the names of its tests."""
    file = database.config.root / path
    if not file.exists():
        return "", set()
    tests, errors = read_file(database.config, TestFile(name, path))
    if errors:
        raise errors[0]
    text = file.read_text(encoding="utf-8")
    return text if text.endswith("\n") else f"{text}\n", {test.name for test in tests}


def _title(samples: dict[TableName, _Sample], taken: set[str]) -> str:
    first = next(iter(samples), None)
    title = f"as it is for rows of {first}" if first else "as it is"
    number = 2
    while (f"{title} {number}" if title in taken else title) in taken:
        number += 1
    return f"{title} {number}" if title in taken else title


# The rows of the inputs


def _samples(database: Database, subject: Subject, query: Callable[[str], Iterable[Row]]) -> dict[TableName, _Sample]:
    """The first rows of the first input, and of each other those that go with rows taken before, else its first."""
    named = [reference.name for reference in subject.model.datasets]
    inputs = sorted(subject.schemas, key=lambda name: named.index(name) if name in named else len(named))
    samples: dict[TableName, _Sample] = {}
    for name in inputs:
        columns = _columns(database, subject, name)
        listed = ", ".join(_short(column, subject.schemas[name][column]) for column in columns)
        condition = _matching(database, name, columns, samples)
        rows: list[Row] = []
        if condition:
            rows = list(query(f"SELECT {listed} FROM {name.sql} WHERE {condition} LIMIT {_MATCHING_ROWS}"))
        rows = rows or list(query(f"SELECT {listed} FROM {name.sql} LIMIT {_ROWS}"))
        samples[name] = _Sample(columns, rows)
    return samples


def _columns(database: Database, subject: Subject, name: TableName) -> tuple[str, ...]:
    """The columns of an input that the model could read, without the private ones."""
    used = database.graph.names(subject.model.name)
    model = database.graph.models.get(name)
    private = model.private if model else frozenset()
    public = [column for column in subject.schemas[name] if column.lower() not in private]
    if not public:
        raise UnitTestError(f"every column of {name} is @private", hint="write the test by hand, with rows made up")
    return tuple(column for column in public if used is None or column.lower() in used) or (public[0],)


def _short(column: str, kind: str) -> str:
    """SQL for a value as text, a long text cut."""
    name = identifier(column)
    return f"{name}[:{_LONGEST_TEXT}] AS {name}" if kind == "VARCHAR" else f"CAST({name} AS VARCHAR) AS {name}"


def _matching(database: Database, name: TableName, columns: Sequence[str], samples: dict[TableName, _Sample]) -> str:
    """A condition on the columns that an input shares with rows taken before: its key, else what looks like one."""
    model = database.graph.models.get(name)
    for sample in samples.values():
        shared = [column for column in columns if column in sample.columns]
        key = [column for column in (model.key if model else ()) if column in shared]
        if not model or key != list(model.key) or not key:
            key = [c for c in shared if c == "id" or c.endswith("_id")][:1] or shared[:1]
        if not key:
            continue
        at = [sample.columns.index(column) for column in key]
        values = {tuple(row[i] for i in at) for row in sample.rows}
        conditions = [
            " AND ".join(
                f"CAST({identifier(column)} AS VARCHAR) = {literal(value)}"
                for column, value in zip(key, row, strict=True)
                if value is not None
            )
            for row in sorted(values, key=str)
            if None not in row
        ]
        if conditions:
            return " OR ".join(f"({condition})" for condition in conditions)
    return ""


# The text


def _head(title: str, samples: dict[TableName, _Sample], now: datetime | None) -> str:
    lines = [f"- name: {_scalar(title)}"]
    if now is not None:
        lines.append(f"  now: {now}")
    if samples:
        lines.append("  given:")
    for name, sample in samples.items():
        lines.append(f"    {name}:" if sample.rows else f"    {name}: []")
        lines += _rows(sample.columns, sample.rows, "      ")
    return "\n".join(lines) + "\n"


def _expected(database: Database, name: TableName, head: str) -> tuple[str, list[str]]:
    """The test as a text, complete with what comes out of it, and notes on what is not in it."""
    test = _parse(name, f"{head}  expect: []\n")
    subject = database.subject(name)
    given = {g.name: g.table for g in test.given or ()}
    with database.filled(subject, given, {}, test.now):
        outputs = database.outputs(subject, "", subject.model)
        rows = database.rows(subject, subject.model, outputs)
    if len(rows) > _MOST_EXPECTED:
        raise UnitTestError(
            f"{name} makes {len(rows):,} rows of these few, which nobody would read",
            hint="write the test by hand, with rows made up",
        )
    kept = [i for i, (column, _) in enumerate(outputs) if column.lower() not in subject.model.private]
    notes: list[str] = []
    while True:
        names = [outputs[i][0] for i in kept]
        body = _rows(names, [tuple(row[i] for i in kept) for row in rows], "    ") if kept else []
        text = head + ("  expect:\n" + "\n".join(body) + "\n" if body else "  expect: []\n")
        result = Runner(database).run(_parse(name, text))
        if result.outcome is UnitTestOutcome.PASSED:
            return text, notes
        if result.difference is None or not kept:
            raise result.error or UnitTestError(f"{name} gives other rows each time", hint="write its test by hand")
        unsteady = {i for pair in result.difference.pairs for i in pair.differing()}
        notes.append(f"left out, since it does not come out the same: {', '.join(names[i] for i in sorted(unsteady))}")
        kept = [i for place, i in enumerate(kept) if place not in unsteady]


def _parse(name: TableName, text: str) -> UnitTest:
    def nothing_beside(_name: str, place: Place) -> Source:
        raise place.error("a test that was just written names no file")

    tests, errors = read_tests(name, Source(path_of(name), text), nothing_beside)
    if errors:
        raise MedallionError(f"the test that was to be written cannot be read: {errors[0]}")
    return tests[0]


def _rows(columns: Sequence[str], rows: Iterable[Row], indent: str) -> list[str]:
    """Each row on a line of its own, or, where that is too long, each value."""
    lines = []
    for row in rows:
        pairs = [f"{_scalar(c)}: {_scalar(v)}" for c, v in zip(columns, row, strict=True)]
        line = f"{indent}- {{{', '.join(pairs)}}}"
        if len(line) <= _WIDEST_LINE:
            lines.append(line)
        else:
            lines += [f"{indent}{'  ' if i else '- '}{pair}" for i, pair in enumerate(pairs)]
    return lines


def _scalar(value: str | None) -> str:
    """A value as YAML: as it is where that is safe, else in double quotes, as JSON is."""
    if value is None:
        return "~"
    if _PLAIN.fullmatch(value) and ": " not in value and value.lower() != "null" and not value.startswith(("- ", "-:")):
        return value
    return json.dumps(value, ensure_ascii=not value.isprintable())
