"""The facade: everything that the command line, a program or a notebook asks of a project."""

from __future__ import annotations

import time
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from medallion.config import Config, Variable, find_project
from medallion.errors import GitError, MedallionError
from medallion.events import OnEvent, ignore
from medallion.names import TableName, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from medallion.add import Added
    from medallion.build import RunResult
    from medallion.catalog import Log
    from medallion.check import CheckRun
    from medallion.commit import Committed
    from medallion.diff.blame import Blame
    from medallion.diff.value import Diff
    from medallion.engines.protocol import Engine
    from medallion.git.lfs import Store
    from medallion.git.repository import Repository
    from medallion.models.graph import Graph
    from medallion.models.model import Model
    from medallion.observe import Identities
    from medallion.plan import Step
    from medallion.query import Result
    from medallion.records import Record
    from medallion.review.value import Review
    from medallion.schemas import Contracts
    from medallion.status import ChangedFile, DatasetStatus
    from medallion.trace import Trace
    from medallion.unittests.create import Created
    from medallion.unittests.run import Runner, UnitTestResult, UnitTestRun
    from medallion.versions import Version
    from medallion.workspace import Workspace

__all__ = ["Project"]


class Project:
    """A project, found from any folder inside of it. Nothing is read before it is asked for."""

    def __init__(self, config: Config) -> None:
        self.config = config

    @classmethod
    def open(cls, path: str | Path = ".", *, variables: Mapping[str, Variable] | None = None) -> Project:
        """The project that ``path`` lies in; ``variables`` come on top of the configured ones."""
        return cls(find_project(Path(path)).with_variables(variables or {}))

    # What it stands on

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

    # Run

    def plan(
        self,
        select: Iterable[str] = (),
        *,
        exclude: Iterable[str] = (),
        force: bool = False,
        volatile: bool = True,
        accept: bool = False,
        bind: bool = True,
    ) -> tuple[Workspace, tuple[Step, ...]]:
        """What ``run`` would do to each dataset, and why; the second of the pair, beside what it was decided on.

        ``select`` and ``exclude`` are terms as on the command line: ``silver.orders``, ``+gold.revenue``, ``tag:x``.
        ``volatile``: whether volatile models are stale, as they are for a run. ``bind``: whether what would be built is
        bound, which tells its columns, and what is wrong with its SQL. The process works in the project's folder
        meanwhile. ``accept`` does without contracts.
        """
        from medallion.plan import plan

        workspace, steps, chosen = self._chosen(select, exclude, force=force, volatile=volatile)
        if chosen is not None:
            steps = plan(workspace.graph, workspace.observed, chosen, force=force, volatile=volatile)
        return workspace, self._rehearsed(workspace, steps, force=force, accept=accept) if bind else steps

    def _chosen(
        self, select: Iterable[str], exclude: Iterable[str], *, force: bool = False, volatile: bool = True
    ) -> tuple[Workspace, tuple[Step, ...], set[TableName] | None]:
        """What the terms select, None for all; beside the plan for all, and what that was decided on."""
        from medallion.plan import plan
        from medallion.select import select as choose

        select, exclude = _listed(select), _listed(exclude)
        workspace = self.workspace()
        everything = plan(workspace.graph, workspace.observed, force=force, volatile=volatile)
        changed = self._changed(workspace, [*select, *exclude])
        return workspace, everything, choose(workspace.graph, select, everything, exclude=exclude, changed=changed)

    def _rehearsed(
        self, workspace: Workspace, steps: tuple[Step, ...], *, force: bool, accept: bool
    ) -> tuple[Step, ...]:
        """The steps with what binding them tells."""
        from medallion.plan import Action

        if all(step.action is Action.UNCHANGED for step in steps):
            return steps
        from medallion.rehearse import rehearse

        def engine() -> Engine:
            from medallion.engines.duckdb import DuckDBEngine

            return DuckDBEngine(self.config, [])

        contracts = {} if accept else self._contracts(workspace)
        return rehearse(
            workspace.graph, workspace.observed, steps, engine, workspace.identities, contracts, force=force
        )

    def _contracts(self, workspace: Workspace) -> Contracts:
        from medallion.schemas import contracted

        names = contracted(workspace.graph)
        if not names:
            return {}
        from medallion.versions import standing_contracts

        return standing_contracts(self.config, self._repository(), names, workspace.observed.records)

    def _changed(self, workspace: Workspace, terms: Sequence[str]) -> Mapping[str, set[TableName]]:
        """For each revision that the terms name, what differs from it."""
        from medallion.select import revisions

        named = list(revisions(terms))
        if not named:
            return {}
        from medallion.changes import changed_since

        return {revision: changed_since(workspace, self.repository, revision) for revision in named}

    def run(
        self,
        select: Iterable[str] = (),
        *,
        exclude: Iterable[str] = (),
        force: bool = False,
        accept: bool = False,
        differences: bool = False,
        on_event: OnEvent = ignore,
        command: str = "run",
    ) -> RunResult:
        """Bring the selected datasets (all, without a selection) up to date.

        A dataset that fails is a step of the result, not an exception. ``accept`` publishes a change that ``@expect``
        or ``@contract`` would refuse; ``differences`` counts for each rebuilt one which rows differ from before. The
        process works in the project's folder while models run. Waits while another process writes to the project.
        """
        from medallion.build import CHANGED, WORK, build
        from medallion.files import Files
        from medallion.lock import run_lock
        from medallion.observe import Identities
        from medallion.publish import recover
        from medallion.runs import Runs

        with run_lock(self.config, command, on_event):
            started, begun = datetime.now(UTC), time.monotonic()
            recover(self.config, Identities(self.config.root))
            workspace, steps = self.plan(select, exclude=exclude, force=force, bind=False)
            store = self._store() if any(step.action in WORK for step in steps) else None
            folders = [store.folder, self.config.state / "cache"] if store else []

            files = Files(workspace, self._store, self._look_back, self._descends)

            def engine() -> Engine:
                from medallion.engines.duckdb import DuckDBEngine

                return DuckDBEngine(self.config, folders)

            try:
                result = build(
                    workspace.graph,
                    workspace.observed,
                    steps,
                    self.config,
                    engine,
                    files,
                    workspace.meanings,
                    {} if accept else self._contracts(workspace),
                    force=force,
                    accept=accept,
                    differences=differences,
                    on_event=on_event,
                )
            finally:
                workspace.identities.save()
                workspace.meanings.save()
            files.mend_store(result.records[s.dataset] for s in result.steps if s.outcome in CHANGED)
            changed = [step.dataset for step in result.steps if step.outcome in CHANGED]
            workspace.past.remember((result.records[name], workspace.graph.models[name].sql) for name in changed)
            result = replace(result, seconds=time.monotonic() - begun, errors=workspace.misnamed)
            Runs(self.config).log(command, started, result.seconds, result.steps, result.peak_memory)
            if changed:
                after = replace(workspace.observed, records=result.records, data=result.data)
                self._index_if_versioned(replace(workspace, observed=after))
            return result

    def check(self, select: Iterable[str] = (), *, exclude: Iterable[str] = (), at: str | None = None) -> CheckRun:
        """Run the checks of the selected datasets (all, without a selection) on what is built.

        ``at`` is a revision: its checks on its data, with age counted from its own time. Nothing is built or changed;
        rows that fail are kept in ``.medallion/failed/``. What comes of it is in the catalog, too.
        """
        from medallion.check import check_version
        from medallion.engines.duckdb import DuckDBEngine
        from medallion.runs import Runs, check_line
        from medallion.select import asks_what_changed
        from medallion.select import select as choose
        from medallion.versions import version_at, version_of

        started = datetime.now(UTC)
        select, exclude = _listed(select), _listed(exclude)
        workspace, steps = self.plan(volatile=False, bind=False)
        if at is not None and asks_what_changed([*select, *exclude]):
            raise MedallionError("git: and stale speak of the work tree, and --at of a version", hint="leave one out")
        if at is None:
            version, changed = version_of(workspace, self._store), self._changed(workspace, [*select, *exclude])
        else:
            version, changed = version_at(self.config, self.repository, self.store, at, workspace.identities), {}
        chosen = choose(version.graph, select, steps, exclude=exclude, changed=changed)
        store = self._store()
        folders = [store.folder, self.config.state / "cache"] if store else []
        checked = check_version(self.config, version, chosen, lambda: DuckDBEngine(self.config, folders))
        workspace.identities.save()
        if checked.results:
            lines = [check_line(result) | {"version": checked.version} for result in checked.results]
            Runs(self.config).log("check", started, checked.seconds, (), {}, lines)
            self._index_if_versioned(workspace)
        return checked

    def _index_if_versioned(self, workspace: Workspace) -> None:
        """The catalog is an index over Git history; a folder without Git has none."""
        with suppress(GitError):
            self.index(workspace)

    def durations(self) -> Mapping[TableName, float]:
        """How many seconds each dataset took when it was last computed here."""
        from medallion.runs import Runs

        return Runs(self.config).seconds()

    # Test

    def test(
        self,
        select: Iterable[str] = (),
        *,
        exclude: Iterable[str] = (),
        matching: str = "",
        on_result: Callable[[UnitTestResult], None] | None = None,
    ) -> UnitTestRun:
        """Run the unit tests in ``tests/sql/`` of the selected models (all, without a selection).

        Each runs its model on the rows that it gives, in a DuckDB that reads and writes no file. ``matching``: only
        those whose names hold this text, in any case. What goes wrong is in the result, not an exception, but for a
        selection that no test answers to: ``MedallionError``, unless it asked for what is stale or has changed.
        """
        from medallion.select import asks_what_changed
        from medallion.unittests.run import say_nothing
        from medallion.unittests.suite import Wanted, run_suite

        select, exclude = _listed(select), _listed(exclude)
        terms = [*select, *exclude]
        chosen = self._chosen(select, exclude, volatile=False)[2] if terms else None
        wanted = Wanted(chosen, matching, tuple(select), may_be_none=asks_what_changed(terms))
        return run_suite(self.config, *self._told(), wanted, on_result or say_nothing)

    def _told(self) -> tuple[Graph, Mapping[TableName, Record], Mapping[TableName, MedallionError]]:
        """Models and records, without a look at any data."""
        from medallion.observe import read_records
        from medallion.workspace import load_graph

        graph, _ = load_graph(self.config)
        records, broken, _ = read_records(self.config.root, self.config.layers)
        return graph, records, broken

    def create_test(self, name: str) -> Created:
        """Write a unit test of a model from a few real rows, which expects what the model gives for them today.

        It is appended where there are tests already. No value of a column that is ``@private`` is read or written.
        """
        from medallion.unittests.create import create_test
        from medallion.unittests.database import Database

        table = TableName.parse(name)
        graph, records, broken = self._told()
        if table not in graph.order:
            near = nearest(name, map(str, graph.order))
            raise MedallionError(f"there is no model {name}", hint=f'did you mean "{near}"?' if near else "")
        with closing(Database(self.config, graph, records, broken)) as database:
            return create_test(database, table, lambda sql: self.query(sql).rows())

    @contextmanager
    def unit_test_runner(self) -> Iterator[Runner]:
        """What runs unit tests one by one, as pytest wants them."""
        from medallion.unittests.run import open_runner

        with open_runner(self.config, *self._told()) as runner:
            yield runner

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

        ``tables`` are names, or ``layer.*``; without any, all. In each version only rows that the SQL condition
        ``where`` is true of are compared, of ``columns`` those (none: all) and the key. ``limit`` is how many rows of
        each dataset are shown, 0 for all; ``rows`` a new Parquet file for all rows of one dataset that differ. Only
        objects of what differs are fetched.
        """
        from contextlib import nullcontext

        from medallion.diff.between import chosen, diff_versions
        from medallion.diff.compare import Asked
        from medallion.diff.export import new_file
        from medallion.diff.revisions import parse_range, resolve_range
        from medallion.observe import Identities

        sides = resolve_range(self.repository, parse_range(revisions))
        identities = Identities(self.config.root)
        base, head = (self._version(side.commit, identities) for side in sides)
        asked = Asked(where, tuple(_listed(columns)), limit, histograms)
        names = chosen((base, head), _listed(tables))
        with new_file(rows) if rows is not None else nullcontext() as file:
            found = diff_versions(self.config, sides, (base, head), names, asked, rows=file)
        identities.save()
        return found

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

    def _version(self, commit: str, identities: Identities) -> Version:
        """A commit, or the work tree for ""."""
        from medallion.versions import version_at, version_here

        if commit:
            return version_at(self.config, self.repository, self.store, commit, identities)
        return version_here(self.config, self._store, identities)

    # Versions

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


def _listed(terms: Iterable[str]) -> list[str]:
    """Terms as a list: one alone may be given as it is."""
    return [terms] if isinstance(terms, str) else list(terms)
