"""The facade: everything that the command line, a program or a notebook asks of a project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medallion.events import OnEvent, ignore
from medallion.names import TableName
from medallion.project.running import Running

if TYPE_CHECKING:
    from pathlib import Path

    from medallion.add import Added
    from medallion.commit import Committed
    from medallion.records import Record
    from medallion.status import ChangedFile, DatasetStatus
    from medallion.workspace import Workspace

__all__ = ["Project"]


class Project(Running):
    """A project, found from any folder inside of it. Nothing is read before it is asked for."""

    def status(self) -> tuple[Workspace, tuple[DatasetStatus, ...], tuple[ChangedFile, ...]]:
        """Where each dataset stands, beside what that was read from, and the other files that are not committed."""
        from medallion.plan import plan
        from medallion.status import changed_files, dataset_status

        workspace = self.workspace()
        steps = plan(workspace.graph, workspace.observed, volatile=False)
        changed = self.repository.status()
        return workspace, dataset_status(workspace, steps, changed), changed_files(self.config, changed)

    def commit(self, message: str | None, *, allow_stale: bool = False, on_event: OnEvent = ignore) -> Committed:
        """Commit SQL, sources, data and records together, and index the new version.

        ``StaleError`` where data does not match its SQL, unless ``allow_stale``. Without a message git asks for one.
        """
        from medallion.commit import commit_project, refuse_stale
        from medallion.git.lfs import git_lfs_version
        from medallion.lock import run_lock
        from medallion.plan import plan

        git_lfs_version(self.repository)
        with run_lock(self.config, "commit", on_event):
            workspace = self.workspace()
            if workspace.misnamed:
                raise workspace.misnamed[0]
            if not allow_stale:
                refuse_stale(plan(workspace.graph, workspace.observed, volatile=False))
            committed = commit_project(workspace, self.repository, self.store, message)
            workspace.identities.save()
            self.index(workspace)
        return committed

    def prepared_message(self) -> str | None:
        """The message that Git has ready, as in a merge; None where there is none."""
        try:
            text = (self.repository.git_dir / "MERGE_MSG").read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return None
        return "\n".join(line for line in text.splitlines() if not line.startswith("#")).strip() or None

    def restore(self, name: str, revision: str = "HEAD", *, on_event: OnEvent = ignore) -> tuple[Record, Path | None]:
        """Put a dataset's data and record back as they are at ``revision``.

        Data that no commit holds is moved to ``.medallion/replaced/`` first; its path is the second of the pair.
        """
        from medallion.lock import run_lock
        from medallion.restore import restore

        with run_lock(self.config, f"restore {name}", on_event):
            return restore(self.config, self.repository, self.store, TableName.parse(name), revision)

    def add(self, name: str, source: str, *, track: bool = False, untracked: bool = False, encoding: str = "") -> Added:
        """Write a bronze model for a file or URL; ``run`` builds it.

        A source over 10 MB needs one of the two options.
        """
        from medallion.add import add_source

        return add_source(
            self.config,
            self._repository(),
            TableName.parse(name),
            source,
            track=track,
            untracked=untracked,
            encoding=encoding,
        )
