"""What went with a change of data: the SQL, macros and inputs that differ between two records of a dataset."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from medallion.errors import MedallionError
from medallion.models.parse import parse_model
from medallion.reasons import SQL_CHANGED, listed
from medallion.records import InputKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from medallion.git.repository import Repository
    from medallion.models.model import Model
    from medallion.names import TableName
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
        graph = workspace.graph
        inputs = graph.inputs.get(name, ())
        # A column that comes out under the name of a private one is most likely that one.
        known = [graph.models[n] for n in (name, *inputs) if n in graph.models]
        self._private = frozenset[str]().union(*(model.private for model in known))

    def between(self, old: _At | None, new: _At, *, unread: bool = False) -> tuple[tuple[str, ...], frozenset[str]]:
        """The causes, and the columns (in lower case) that are private in one of the two versions or today.

        ``unread``: versions between the two cannot be read, so the causes may be theirs.
        """
        # Marks count, too, where the text is no longer the one that the data was built from.
        models = [self._standing(at) for at in (old, new) if at]
        private = self._private.union(*(model.private for model in models if model))
        if new[1] is None:
            return ("the dataset was deleted",), private
        if old is None or old[1] is None:
            return ("before are versions that cannot be read" if unread else "the dataset is new here",), private
        return tuple(self._causes(old, new, old[1], new[1])) or ("neither SQL nor inputs changed",), private

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
        place = commit, record.built.model
        if place not in self._models:
            self._models[place] = self._read(*place)
        return self._models[place]

    def _read(self, commit: str, path: str) -> Model | None:
        if not commit:
            return self.workspace.graph.models.get(self.name)
        with suppress(MedallionError, UnicodeDecodeError):
            data = self.repo.read(commit, [path]).get(path)
            if data is not None:
                return parse_model(self.name, path, data.decode("utf-8-sig"), self.workspace.config.layers)
        return None


def _differing(before: Mapping[str, object], after: Mapping[str, object]) -> list[str]:
    return sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
