"""What was built before: records by recipe, so that the same build is never done twice while its data is at hand.

A cache, ``.medallion/cache/built.sqlite``. It is filled by each build, and from Git's history by the catalog; deleted,
it is filled again. It is SQLite because Python has that at hand: a look-up must cost less than a build.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from medallion.errors import MedallionError
from medallion.models.fingerprint import Recipe, recipe_digest
from medallion.records import Record

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Sequence

    from medallion.config import Config

__all__ = ["Earlier", "Past", "recipe_of"]

_FORMAT = "3"


@dataclass(frozen=True, slots=True)
class Earlier:
    """A record of an earlier build: ``here``, in this checkout, or one that these ``commits`` hold.

    What a commit says is as good as whoever made it; what was built here is what it says.
    """

    record: Record
    here: bool
    commits: tuple[str, ...]


def recipe_of(record: Record) -> Recipe:
    """The recipe that a record's data was built from."""
    built = record.built
    return Recipe(
        text=built.text,
        sql=built.sql,
        key=record.key,
        macros=built.macros,
        variables=built.variables,
        engine=built.engine,
        engine_version=built.engine_version,
    )


class Past:
    """The records of earlier builds of one project.

    A file that is damaged, or that another checkout made, is deleted. Of each row a digest is kept, so that a damaged
    one is passed over.
    """

    def __init__(self, config: Config) -> None:
        self._file = config.state / "cache" / "built.sqlite"

    @property
    def id(self) -> str:
        """What tells this file from one that is made in its place; empty where none can be made.

        History is told once. Whoever tells it remembers by this whom it was told.
        """
        for create in (False, True):
            found = self._select("SELECT id FROM about", create=create)
            if found:
                return str(found[0][0])
        return ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is known of any build."""
        return not self._select("SELECT 1 FROM built LIMIT 1")

    def find(self, recipe: Recipe) -> Iterator[Earlier]:
        """The records that this recipe led to, the latest first."""
        for text, digest, sql, commits in self._ask("recipe = ?", recipe_digest(recipe)):
            try:
                if _digest(text) == digest:
                    record = Record.decode(text.encode(), "a record of an earlier build")
                    yield Earlier(record, sql is not None, tuple((commits or "").split()))
            except MedallionError:
                continue

    def sql(self, record: Record) -> str | None:
        """The SQL that a record's data was built from, where it was built here."""
        found = self._ask("text = ? AND sql IS NOT NULL", record.built.text)
        return next((sql for _, _, sql, _ in found), None)

    def remember(self, built: Iterable[tuple[Record, str]]) -> None:
        """Keep the records of what was built here, each with the SQL that led to it.

        Where the file cannot be written to, nothing is kept: that costs a build, and no more.
        """
        self._insert([(_row(record, record.encode(), sql), "") for record, sql in built])

    def remember_history(self, made: Iterable[tuple[str, Record, bytes]]) -> None:
        """Keep the records of history, each with a commit that made it and its text. Where that fails, as above."""
        self._insert([(_row(record, text, None), commit) for commit, record, text in made])

    def _insert(self, rows: Sequence[tuple[tuple[str | None, ...], str]]) -> None:
        import sqlite3

        connection = self._open(create=True) if rows else None
        if connection is None:
            return
        try:
            with connection:
                connection.executemany(
                    "INSERT INTO built VALUES (?, ?, ?, ?, ?) "
                    "ON CONFLICT (digest) DO UPDATE SET sql = coalesce(excluded.sql, sql)",
                    [row for row, _ in rows],
                )
                made = [(row[0], commit) for row, commit in rows if commit]
                connection.executemany("INSERT OR IGNORE INTO made VALUES (?, ?)", made)
        except sqlite3.Error:
            pass
        finally:
            connection.close()

    def _ask(self, condition: str, value: str) -> list[tuple[str, str, str | None, str | None]]:
        """Text, digest, SQL and commits of the records that meet a condition."""
        commits = "SELECT group_concat(made.commit_id, ' ') FROM made WHERE made.digest = built.digest"
        asked = f"SELECT record, digest, sql, ({commits}) FROM built WHERE {condition} ORDER BY rowid DESC"
        return self._select(asked, value)

    def _select(self, asked: str, *values: str, create: bool = False) -> list[tuple[Any, ...]]:
        """The rows; none where there is no file, or one that cannot be read."""
        import sqlite3

        connection = self._open(create=create)
        if connection is None:
            return []
        try:
            return connection.execute(asked, values).fetchall()
        except sqlite3.Error:
            return []
        finally:
            connection.close()

    def _open(self, *, create: bool) -> sqlite3.Connection | None:
        """The file, if it is one of ours; a new one where there is none and ``create`` is set."""
        import sqlite3

        for _ in range(2):
            if not create and not self._file.exists():
                return None
            connection = None
            try:
                if create:
                    self._file.parent.mkdir(parents=True, exist_ok=True)
                    connection = sqlite3.connect(self._file, timeout=10)
                    connection.execute("PRAGMA synchronous = OFF")
                    connection.executescript(_SCHEMA)
                else:  # Looking must not need a folder that can be written to.
                    address = f"{self._file.absolute().as_uri()}?mode=ro"
                    connection = sqlite3.connect(address, timeout=10, uri=True)
                about = [_FORMAT, str(self._file.stat().st_ino)]
                if create and not connection.execute("SELECT 1 FROM about").fetchall():
                    with connection:
                        connection.execute("INSERT INTO about VALUES (?, ?, ?)", [*about, secrets.token_hex(8)])
                if connection.execute("SELECT format, inode FROM about").fetchall() == [tuple(about)]:
                    return connection
                is_sound = False
            except (sqlite3.Error, OSError) as error:
                is_sound = any(word in str(error) for word in ("locked", "busy", "unable to open", "readonly"))
            if connection is not None:
                connection.close()
            if is_sound:
                return None
            self._delete()
        return None

    def _delete(self) -> None:
        try:
            for file in self._file.parent.glob(f"{self._file.name}*"):
                file.unlink(missing_ok=True)
        except OSError:
            return


_SCHEMA = """
CREATE TABLE IF NOT EXISTS about (format TEXT, inode TEXT, id TEXT);
CREATE TABLE IF NOT EXISTS built (digest TEXT PRIMARY KEY, recipe TEXT, text TEXT, record TEXT, sql TEXT);
CREATE TABLE IF NOT EXISTS made (digest TEXT, commit_id TEXT, PRIMARY KEY (digest, commit_id)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS by_recipe ON built (recipe);
CREATE INDEX IF NOT EXISTS by_text ON built (text);
"""


def _row(record: Record, encoded: bytes, sql: str | None) -> tuple[str | None, ...]:
    text = encoded.decode()
    return _digest(text), recipe_digest(recipe_of(record)), record.built.text, text, sql


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
