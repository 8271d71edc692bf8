"""What is asked of a project without changing it: queries, differences, versions, lineage."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from medallion.errors import ConfigError, GitError, MedallionError
from medallion.names import TableName, nearest
from medallion.project.ground import Ground, listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from medallion.catalog import Log
    from medallion.diff.blame import Blame
    from medallion.diff.value import Diff
    from medallion.identities import Identities
    from medallion.models.model import Model
    from medallion.query import Result
    from medallion.records import Record
    from medallion.review.value import Review
    from medallion.status import DatasetStatus
    from medallion.trace import Trace
    from medallion.versions import Version

__all__ = ["Looking"]


class Looking(Ground):
    """What is looked at, at any version. Nothing of the project is changed."""

    # Query

    def query(self, sql: str, *, at: str | None = None, timeout: float | None = None) -> Result:
        """Run one SELECT over the layers.

        ``at`` is the version of every table without an AT clause of its own: a revision, or None for the work tree.
        ``timeout`` is how many seconds it may compute, 0 for no end, None for the configured number.
        Nothing is checked out; objects that are not here are fetched. ``QueryError`` points into ``sql``.
        """
        from medallion.bind import Binder
        from medallion.query import run_query
        from medallion.splice import Version, splice

        spliced = splice(sql, self.config.layers)
        versioned = at is not None or any(table.version for table in spliced.tables)
        store = self.store if versioned else self._store()
        binder = Binder(self.config, self.repository if store else None, store, spliced)
        version = Version(at) if at else None
        macros = binder.macros(version)
        bindings = binder.bind(version, macros)
        return run_query(self.config, spliced, bindings, macros, binder.versions, timeout=timeout)

    def table(self, name: str, *, at: str | None = None) -> Result:
        """All rows of one dataset at a version."""
        return self.query(f"FROM {TableName.parse(name).sql}", at=at)

    # Differences

    def diff(
        self,
        revisions: str = "",
        tables: Iterable[str] = (),
        *,
        where: str = "",
        columns: Iterable[str] = (),
        limit: int = 20,
        rows: Path | None = None,
        histograms: bool = False,
    ) -> Diff:
        """How datasets differ between two versions: ``BASE`` (HEAD) and the work tree, ``BASE..HEAD``, ``BASE...HEAD``.

        ``tables`` are names, or ``layer.*``; without any, all. Only rows are compared of which the SQL condition
        ``where`` is true in either version, of ``columns`` those (none: all) and the key. ``limit`` is how many rows of
        each dataset are shown, 0 for all; ``rows`` a new Parquet file for all rows of one dataset that differ. Only
        objects of what differs are fetched.
        """
        from contextlib import ExitStack

        from medallion.diff.asked import Asked
        from medallion.diff.between import chosen, diff_versions
        from medallion.diff.revisions import parse_range, resolve_range
        from medallion.identities import Identities

        sides = resolve_range(self.repository, parse_range(revisions))
        identities = Identities(self.config.root)
        notes: list[str] = []
        base, head = (self._version(side.commit, identities, notes) for side in sides)
        asked = Asked(where, tuple(listed(columns)), limit, histograms)
        names = chosen((base, head), self.config.layers, listed(tables))
        with ExitStack() as stack:
            if rows is not None:
                from medallion.diff.export import new_file

                rows = stack.enter_context(new_file(rows))
            found = diff_versions(self.config, sides, (base, head), names, asked, rows=rows)
        identities.save()
        return replace(found, notes=(*notes, *found.notes))

    def review(
        self, revisions: str = "", *, attribute: bool = False, limit: int = 5, histograms: bool = False
    ) -> Review:
        """What a pull request does to models and data.

        ``revisions``: nothing holds the work tree against the merge base of HEAD and the default branch, ``BASE``
        against that of HEAD and BASE; ``A..B`` are these two, ``A...B`` the merge base of the two and B.
        ``attribute``: whether to tell what comes from SQL and what from inputs, for which datasets may be built, in a
        temporary place. ``limit`` is how many rows that differ are taken along of each dataset, ``histograms`` whether
        those of changed columns are. Nothing of the project is changed; only objects that are needed are fetched.
        """
        from medallion.review.gather import review
        from medallion.review.revisions import review_sides

        return review(
            self.config,
            self.repository,
            self.store,
            review_sides(self.repository, revisions),
            self.workspace,
            attribute=attribute,
            limit=limit,
            histograms=histograms,
        )

    def _version(self, commit: str, identities: Identities, notes: list[str]) -> Version:
        """A commit, with the layers and variables that it has itself, or the work tree for "".

        Where its configuration cannot be read, today's counts, and ``notes`` get to say so.
        """
        from medallion.versions import config_at, version_at, version_here

        if commit:
            try:
                config = config_at(self.config, self.repository, commit)
            except ConfigError as error:
                config = self.config
                notes.append(f"{error.location}: {error.message}; today's configuration counts instead")
            return version_at(config, self.repository, self.store, commit, identities)
        return version_here(self.config, self._store, identities)

    def blame(self, name: str, key: Sequence[str], *, limit: int = 0) -> Blame:
        """The versions in which one row changed, newest first, cell by cell, with what else changed there.

        ``key`` is as on the command line: ``["8231"]``, ``["order_id=8231"]``, ``["a=1,b=2"]``. ``limit`` is how many
        changes at most, 0 all. ``MedallionError`` where it names no row or several.
        """
        from medallion.diff.blame import blame

        table = TableName.parse(name)
        log = self.log(name)
        listed = [key] if isinstance(key, str) else list(key)
        return blame(self.workspace(), self.repository, self.store, table, listed, log, limit=limit)

    # What there is

    def log(self, name: str | None = None, *, limit: int = 0) -> Log:
        """The versions of a dataset, or of all, that HEAD descends from, newest first; a list with a ``total``.

        ``limit`` is how many at most, 0 all.
        """
        from medallion.catalog import read_versions, update_history
        from medallion.past import Past

        past = Past(self.config)
        table = TableName.parse(name) if name else None
        update_history(self.repository, self.catalog, told=past.id, on_records=past.remember_history)
        rows = read_versions(self.catalog, self.repository, table, layers=self.config.layers, limit=limit)
        if not rows and table is not None:
            workspace = self.workspace()
            known = {*map(str, workspace.graph.order)}
            if name not in known:
                near = nearest(str(name), known)
                raise MedallionError(
                    f"no version has a dataset {name}", hint=f'did you mean "{near}"?' if near else "`medallion status`"
                )
        return rows

    def lineage(self, target: str) -> Trace:
        """Where a dataset (``layer.name``) or a column (``layer.name.column``) comes from and what it feeds."""
        from medallion.trace import trace

        return trace(self.workspace(), target)

    def show(self, name: str) -> tuple[Model | None, Record | None, DatasetStatus | None]:
        """What a dataset is: its model, its record, and where it stands."""
        from medallion.plan import plan
        from medallion.status import dataset_status

        table = TableName.parse(name)
        workspace = self.workspace()
        known = {*workspace.graph.order, *workspace.orphans}
        if table not in known:
            near = nearest(name, map(str, known))
            raise MedallionError(
                f"there is no dataset {name}",
                hint=f'did you mean "{near}"?'
                if near
                else f"there are {', '.join(map(str, sorted(known))) or 'none yet'}",
            )
        if table in workspace.observed.broken:
            raise workspace.observed.broken[table]
        steps = plan(workspace.graph, workspace.observed, volatile=False)
        try:
            changed = self.repository.status()
        except GitError:
            changed = ()
        states = dataset_status(workspace, steps, changed)
        return (
            workspace.graph.models.get(table),
            workspace.observed.records.get(table),
            next(s for s in states if s.name == table),
        )
