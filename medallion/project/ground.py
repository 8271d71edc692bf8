"""What everything that is asked of a project stands on: its repository, its work tree, its catalog."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Self

from medallion.config import Config, Variable, find_project
from medallion.errors import GitError, MedallionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from medallion.git.lfs import Store
    from medallion.git.repository import Repository
    from medallion.records import Record
    from medallion.workspace import Workspace

__all__ = ["Ground", "listed"]


class Ground:
    """A project, found from any folder inside of it. Nothing is read before it is asked for."""

    def __init__(self, config: Config) -> None:
        self.config = config

    @classmethod
    def open(cls, path: str | Path = ".", *, variables: Mapping[str, Variable] | None = None) -> Self:
        """The project that ``path`` lies in; ``variables`` come on top of the configured ones."""
        return cls(find_project(Path(path), _projects_below).with_variables(variables or {}))

    @cached_property
    def repository(self) -> Repository:
        """The Git repository around the project; ``GitError`` where there is none."""
        from medallion.git.repository import Repository

        return Repository.open(self.config.root)

    @cached_property
    def store(self) -> Store:
        """The Git LFS objects of the repository."""
        from medallion.git.lfs import Store

        return Store(self.repository)

    def _repository(self) -> Repository | None:
        try:
            return self.repository
        except GitError:
            return None

    def _store(self) -> Store | None:
        """The same where there is a repository: building needs none."""
        try:
            return self.store
        except GitError:
            return None

    def workspace(self) -> Workspace:
        """The models and files as they stand now."""
        from medallion.files import Files
        from medallion.installed import version_of
        from medallion.workspace import look

        found = look(self.config, "duckdb", version_of("duckdb"))
        found.identities.save()
        files = Files(found, self._store, self._look_back, self._descends)
        observed = replace(found.observed, past=files.past, former_sql=self._former_sql(found))
        return replace(found, observed=observed)

    def _former_sql(self, workspace: Workspace) -> Callable[[Record], str | None]:
        """Finds the SQL of a record: as it was built here, else as the last commit has it."""

        def find(record: Record) -> str | None:
            known = workspace.past.sql(record)
            if known is not None:
                return known
            from medallion.models.parse import parse_model

            with suppress(MedallionError, UnicodeDecodeError):
                path = record.built.model
                text = self.repository.read("HEAD", [path]).get(path, b"").decode()
                model = parse_model(record.dataset, path, text, self.config.layers)
                return model.sql if model.digest == record.built.text else None
            return None

        return find

    # Catalog

    @property
    def catalog(self) -> Path:
        """The DuckDB file that indexes the history."""
        return self.config.state / "catalog.duckdb"

    def index(self, workspace: Workspace | None = None) -> Path:
        """Bring the catalog up to date with Git's history, the work tree and the log of runs."""
        from medallion.index import index_workspace

        index_workspace(workspace or self.workspace(), self.repository, self.store, self.catalog)
        return self.catalog

    def _index_if_versioned(self, workspace: Workspace) -> None:
        """The catalog is an index over Git history; a folder without Git has none."""
        with suppress(GitError):
            self.index(workspace)

    def _look_back(self) -> None:
        """Make known what Git's history says was built."""
        from medallion.catalog import update_history
        from medallion.past import Past

        past = Past(self.config)
        with suppress(MedallionError):  # Without a repository, or a catalog that can be written, more is built.
            if self.repository.head():
                update_history(self.repository, self.catalog, told=past.id, on_records=past.remember_history)

    def _descends(self, commit: str) -> bool:
        """Whether HEAD descends from a commit."""
        try:
            return self.repository.descends_from(commit)
        except GitError:
            return False


def listed(terms: Iterable[str]) -> list[str]:
    """Terms as a list: one alone may be given as it is."""
    return [terms] if isinstance(terms, str) else list(terms)


def _projects_below(folder: Path) -> list[str]:
    """The folders below this one, relative to it, in which git knows the configuration of a project."""
    from medallion.git.process import Git

    with suppress(MedallionError):
        listed = Git(folder).run("ls-files", "-z", "--", "*medallion.toml", check=False)
        paths = [PurePosixPath(path) for path in os.fsdecode(listed).split("\0")]
        return sorted(str(path.parent) for path in paths if path.name == "medallion.toml")
    return []
