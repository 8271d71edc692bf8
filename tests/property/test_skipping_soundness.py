"""What a run skips, a rebuild from nothing would make the same: rows, column names, types, and bytes.

A random project is built and then edited again and again. After each edit it is brought up to date, and the same
project is built in a fresh folder, where nothing can be skipped. Both must be alike.
"""

from __future__ import annotations

import json
import random
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from medallion.config import find_project
from medallion.errors import MedallionError
from medallion.events import Outcome
from medallion.meanings import Meanings
from medallion.models.parse import parse_macros, parse_model
from medallion.names import TableName
from medallion.plan import Action
from medallion.project import Project
from medallion.records import Built, Column, Record
from tests.property.edited_projects import LAYERS, Author, Table, mutated

if TYPE_CHECKING:
    from collections.abc import Iterator


# Holding a project against a rebuild


def write(root: Path, files: dict[str, str]) -> None:
    """Make the files of a project exactly these, and touch no other."""
    for folder in ("sql", "sources"):
        for file in (root / folder).rglob("*"):
            if file.is_file() and file.relative_to(root).as_posix() not in files:
                file.unlink()
    for path, text in files.items():
        file = root / path
        if not file.exists() or file.read_text() != text:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)


def content(connection: duckdb.DuckDBPyConnection, file: Path) -> Table:
    """Names, types and rows of a Parquet file."""
    relation = f"read_parquet('{file}')"
    described = connection.execute(f"DESCRIBE FROM {relation}").fetchall()
    return [(row[0], row[1]) for row in described], connection.execute(f"FROM {relation}").fetchall()


def difference(connection: duckdb.DuckDBPyConnection, root: Path, fresh: Path) -> str:
    """Bring ``root`` up to date, build the same in ``fresh``, and say how they differ; "" where they do not."""
    ran = Project.open(root).run()
    built = Project.open(fresh).run()
    outcomes = {step.dataset: step for step in ran.steps}
    for step in built.steps:
        mine, name = outcomes[step.dataset], step.dataset
        failed = step.outcome in (Outcome.FAILED, Outcome.SKIPPED)
        if failed != (mine.outcome in (Outcome.FAILED, Outcome.SKIPPED)):
            return f"{name} {mine.outcome} ({mine.reason}), from nothing {step.outcome}: {step.error} {mine.error}"
        if failed:
            continue
        path = f"data/{name.layer}/{name.name}.parquet"
        if (root / path).read_bytes() != (fresh / path).read_bytes():
            is_, should = content(connection, root / path), content(connection, fresh / path)
            return f"{name} {mine.outcome} ({mine.reason}):\n{is_}\nfrom nothing:\n{should}"
    failing = {s.dataset for s in built.steps if s.outcome in (Outcome.FAILED, Outcome.SKIPPED)}
    _, steps = Project.open(root).plan()
    left = [f"{s.name} {s.action} ({s.reason})" for s in steps if s.action is not Action.UNCHANGED]
    left = [text for text in left if text.split()[0] not in map(str, failing)]
    return f"left to do: {left}" if left else ""


def counterexample(connection: duckdb.DuckDBPyConnection, seed: int, edits: int) -> str:
    """How a run differs from a rebuild somewhere in a random project's life; "" where it never does."""
    author = Author(random.Random(seed))  # noqa: S311
    with tempfile.TemporaryDirectory() as folder:
        root, fresh, said = Path(folder, "p"), Path(folder, "fresh"), ["start"]
        for number in range(edits + 1):
            if number:
                said += [author.edit() for _ in range(author.r.choice([1, 1, 2, 3]))]
            files = author.state.files()
            root.mkdir(exist_ok=True)
            fresh.mkdir()
            write(root, files)
            write(fresh, files)
            found = difference(connection, root, fresh)
            if found:
                shown = "\n".join(f"{path}: {text}" for path, text in sorted(files.items()))
                return f"seed {seed}\n" + "\n".join(said) + f"\n{shown}\n{found}"
            shutil.rmtree(fresh)
    return ""


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 1}) as opened:
        yield opened


@settings(max_examples=5, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(min_value=0, max_value=2**32))
def test_what_is_skipped_is_what_a_rebuild_from_nothing_would_make(
    connection: duckdb.DuckDBPyConnection, seed: int
) -> None:
    found = counterexample(connection, seed, edits=6)
    assert not found, found


# Two texts, without a project around them


class Reader:
    """Runs statements over tables of one random project, and tells what they mean to :class:`Meanings`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, author: Author, folder: Path) -> None:
        self.connection = connection
        self.meanings = Meanings(find_project(folder), "2")
        self.macros = parse_macros("m.sql", ";\n".join(author.state.macros.values()), LAYERS)
        self.records = []
        connection.execute("DROP SCHEMA IF EXISTS bronze CASCADE; CREATE SCHEMA bronze")
        for name, source in author.state.sources.items():
            (folder / f"{name}.json").write_text("".join(json.dumps(row) + "\n" for row in source.rows))
            table = f"bronze.{name}"
            connection.execute(f"CREATE TABLE {table} AS {source.sql(str(folder / f'{name}.json'))}")
            columns = [
                Column(n, t, True, "")
                for n, t in connection.execute(f"SELECT column_name, column_type FROM (DESCRIBE {table})").fetchall()
            ]
            built = Built("", "", "duckdb", "2", ())
            self.records.append(Record(TableName.parse(table), 0, tuple(columns), (), (), built))
        for macro in author.state.macros.values():
            connection.execute(macro.replace("CREATE", "CREATE OR REPLACE", 1))
        for name, value in author.state.variables.items():
            connection.execute(f"SET VARIABLE {name} = {value!r}")

    def meaning(self, sql: str) -> str | None:
        try:
            model = parse_model(TableName("silver", "m"), "m.sql", sql, LAYERS)
        except MedallionError:
            return None
        try:
            return self.meanings.of(model, self.macros, self.records)
        except MedallionError:
            return None

    def result(self, sql: str) -> object:
        try:
            relation = self.connection.execute(sql)
        except duckdb.Error as error:
            return f"error: {str(error).split(':')[0]}"
        described = [(column[0], str(column[1])) for column in relation.description]
        return described, relation.fetchall()


def pairs_of_one_meaning(connection: duckdb.DuckDBPyConnection, seed: int, folder: Path) -> tuple[int, str]:
    """How many edited statements mean what they meant, and the first that gives something else; "" if none does."""
    r = random.Random(seed)  # noqa: S311
    author = Author(r)
    reader = Reader(connection, author, folder)
    tables = {str(record.dataset): [(c.name, c.type) for c in record.columns] for record in reader.records}
    same = 0
    for _ in range(6):
        first, _ = author.model(tables)
        before, result = reader.meaning(first), reader.result(first)
        if before is None or isinstance(result, str):
            continue
        for _ in range(12):
            second = mutated(r, first)
            for _ in range(r.choice([0, 0, 1, 2])):
                second = mutated(r, second)
            if second != first and reader.meaning(second) == before:
                same += 1
                if repr(reader.result(second)) != repr(result):
                    return same, f"seed {seed}\n{first}\n{result}\n{second}\n{reader.result(second)}"
    return same, ""


@settings(max_examples=40, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(min_value=0, max_value=2**32))
def test_edits_that_leave_the_meaning_leave_the_result(connection: duckdb.DuckDBPyConnection, seed: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "medallion.toml").touch()
        _, found = pairs_of_one_meaning(connection, seed, Path(folder))
    assert not found, found
