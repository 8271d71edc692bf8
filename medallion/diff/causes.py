"""What went with a change of data: the SQL, macros and inputs that differ between two records of a dataset."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from medallion.errors import MedallionError
from medallion.models.parse import parse_model
from medallion.privacy import hidden_columns, private_marks
from medallion.reasons import SQL_CHANGED, listed
from medallion.records import InputKind
from medallion.versions import read_snapshot
from medallion.workspace import graph_at

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from medallion.git.repository import Repository
    from medallion.models.model import Model
    from medallion.names import TableName
    from medallion.privacy import Datasets
    from medallion.records import Record
    from medallion.workspace import Workspace

__all__ = ["Causes"]

_At = tuple[str, "Record | None"]


class Causes:
    """Tells of one dataset what changed between two of its versions, each a commit ("" for the work tree) and record.

    Texts of models are read from Git once.
    """

    def __init__(self, workspace: Workspace, repo: Repository, name: TableName) -> None:
        self.workspace, self.repo, self.name = workspace, repo, name
        self._models: dict[tuple[str, str], Model | None] = {}
        self._marked: dict[str, bool] = {}
        self._versions: dict[str, Datasets] = {}
        #: What stands for the names of columns that are private values, of the versions that were asked for last.
        self.labels: Mapping[str, str] = {}

    def between(self, old: _At | None, new: _At, *, unread: bool = False) -> tuple[tuple[str, ...], frozenset[str]]:
        """The causes, and the columns (in lower case) that are private in one of the two versions or today.

        ``unread``: versions between the two cannot be read, so the causes may be theirs.
        """
        private = self._private([at for at in (old, new) if at])
        if new[1] is None:
            return ("the dataset was deleted",), private
        if old is None or old[1] is None:
            return ("before are versions that cannot be read" if unread else "the dataset is new here",), private
        return tuple(self._causes(old, new, old[1], new[1])) or ("neither SQL nor inputs changed",), private

    def _private(self, versions: Sequence[_At]) -> frozenset[str]:
        """The columns of which no value is told, by the marks that a version or today's models have.

        Marks count, too, where the text is no longer the one that the data was built from.
        """
        today = self.workspace.graph, self.workspace.observed.records
        if not private_marks(today[0].models.values()) and not any(map(self._has_marks, versions)):
            self.labels = {}
            return frozenset()
        secret = hidden_columns([self._datasets(at) for at in versions], [today])
        self.labels = secret.labels(self.name, *(record for _, record in reversed(versions)))
        return secret.of(self.name)

    def _has_marks(self, at: _At) -> bool:
        """Whether a commit may mark any column as private."""
        commit = at[0]
        if commit not in self._marked:
            asked = ("grep", "-q", "-i", "-F", "-e", "@private", commit, "--", "sql")
            self._marked[commit] = bool(commit) and self.repo.process.attempt(*asked).returncode != 1
        return self._marked[commit]

    def _datasets(self, at: _At) -> Datasets:
        """The models and records of a version."""
        commit, record = at
        if not commit:
            found: Datasets = (self.workspace.graph, self.workspace.observed.records)
        elif commit in self._versions:
            found = self._versions[commit]
        else:
            config = self.workspace.config
            found = graph_at(config, self.repo, commit)[0], read_snapshot(self.repo, config, commit).records
            self._versions[commit] = found
        return found[0], ({**found[1], self.name: record} if record else found[1])

    def _causes(self, old: _At, new: _At, before: Record, after: Record) -> list[str]:
        found = []
        if before.built.sql != after.built.sql:
            found.append(self._sql(old, new))
        for what, was, now in (
            ("macro", before.built.macros, after.built.macros),
            ("variable", before.built.variables, after.built.variables),
        ):
            if names := _differing(was, now):
                found.append(f"{what} changed: {listed(names)}")
        if before.key != after.key:
            found.append("key changed")
        for kind, word in ((InputKind.SOURCE, "source"), (InputKind.DATASET, "input")):
            was, now = ({i.name: i.content_id for i in r.built.inputs if i.kind is kind} for r in (before, after))
            if names := _differing(was, now):
                found.append(f"{word} changed: {listed(names)}")
        engines = [(r.built.engine, r.built.engine_version) for r in (before, after)]
        if engines[0] != engines[1]:
            found.append(f"{' '.join(engines[1])} instead of {engines[0][1]}")
        return found

    def _sql(self, old: _At, new: _At) -> str:
        from medallion.models.changes import compare_models

        before, after = self._model(old), self._model(new)
        if before is None or after is None:
            return SQL_CHANGED
        return f"{SQL_CHANGED}: {compare_models(before.sql, after.sql)}"

    def _model(self, at: _At) -> Model | None:
        """The model that a record was built from; None where the commit has another text, or none."""
        model = self._standing(at)
        return model if model and at[1] and model.digest == at[1].built.text else None

    def _standing(self, at: _At) -> Model | None:
        """The model as the commit has it."""
        commit, record = at
        if record is None:
            return None
        return self._at(self.name, commit, record.built.model)

    def _at(self, name: TableName, commit: str, path: str) -> Model | None:
        place = commit, path
        if place not in self._models:
            self._models[place] = self._read(name, commit, path)
        return self._models[place]

    def _read(self, name: TableName, commit: str, path: str) -> Model | None:
        if not commit:
            return self.workspace.graph.models.get(name)
        with suppress(MedallionError, UnicodeDecodeError):
            data = self.repo.read(commit, [path]).get(path)
            if data is not None:
                return parse_model(name, path, data.decode("utf-8-sig"), self.workspace.config.layers)
        return None


def _differing(before: Mapping[str, object], after: Mapping[str, object]) -> list[str]:
    return sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
