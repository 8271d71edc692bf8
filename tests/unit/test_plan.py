"""What a run would do and why, for each situation that a project can be in."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest

from medallion.errors import DataError, MedallionError, ModelError, RecordError, SourceError
from medallion.models.fingerprint import Recipe, checks_digest, fingerprint, recipe
from medallion.models.graph import Graph, build_graph
from medallion.models.parse import parse_macros, parse_model
from medallion.names import TableName
from medallion.plan import Action, DataState, Observed, SourceState, Step, decide, plan
from medallion.reasons import looked_at
from medallion.records import Built, Checked, Column, DataFile, Input, InputKind, Record

if TYPE_CHECKING:
    from collections.abc import Callable

    from medallion.config import Variable

LAYERS = ("bronze", "silver", "gold")
SOURCE = "sources/pages/*.html"
FILES = {f"sources/pages/{i}.html": f"{i:064x}" for i in range(312)}
MODELS = {
    "bronze.pages": f"SELECT * FROM read_text('{SOURCE}')",
    "silver.text": "-- @key path\nSELECT clean(content) AS t, path FROM bronze.pages WHERE at >= getvariable('since')",
    "silver.links": "SELECT path FROM bronze.pages",
    "gold.corpus": "SELECT t FROM silver.text",
}
MACROS = "CREATE MACRO clean(x) AS trim(x)"
READ = ("a",)


def oid(name: object, version: int = 0) -> str:
    return hashlib.sha256(f"{name} {version}".encode()).hexdigest()


@dataclass
class Project:
    """A project in which everything is up to date, to be changed by a test."""

    models: dict[str, str] = field(default_factory=lambda: dict(MODELS))
    macros: str = MACROS
    variables: dict[str, Variable] = field(default_factory=lambda: {"since": "2026-01-01"})
    version: str = "2.0.0"
    sources: dict[str, SourceState] = field(default_factory=lambda: {SOURCE: SourceState(SOURCE, "a" * 64, FILES)})
    records: dict[TableName, Record] = field(default_factory=dict)
    broken: dict[TableName, MedallionError] = field(default_factory=dict)
    data: dict[TableName, DataState] = field(default_factory=dict)
    problems: dict[TableName, ModelError] = field(default_factory=dict)
    listings: dict[str, dict[str, str]] = field(default_factory=lambda: {"a" * 64: dict(FILES)})

    def __post_init__(self) -> None:
        for name in self.graph().order:
            self.build(name)

    def graph(self) -> Graph:
        parsed = [
            parse_model(TableName.parse(n), f"sql/{n.replace('.', '/')}.sql", sql, LAYERS)
            for n, sql in self.models.items()
            if TableName.parse(n) not in self.problems
        ]
        return build_graph(parsed, parse_macros("sql/macros/m.sql", self.macros, LAYERS), LAYERS, self.problems)

    def recipe(self, name: TableName) -> Recipe:
        graph = self.graph()
        return recipe(graph, name, self.variables, "duckdb", self.version, graph.models[name].digest)

    def observed(self) -> Observed:
        graph = self.graph()
        recipes = {name: self.recipe(name) for name in graph.models}
        checks = {name: digest for name in graph.audits if (digest := checks_digest(graph, name, self.variables))}
        return Observed(self.records, self.broken, self.data, self.sources, recipes, self.listings, checks)

    def seen(self, name: TableName, read: TableName) -> str:
        return self.records[read].seen(READ, self.graph().names(name))

    def build(self, name: TableName, content: int = 0) -> None:
        """Record ``name`` as built from what is there now; ``content`` tells one result from another."""
        graph, made = self.graph(), self.recipe(name)
        inputs = [
            Input(str(i), InputKind.DATASET, self.records[i].content_id, READ, identity=self.seen(name, i))
            for i in graph.inputs[name]
        ]
        for source in graph.models[name].sources:
            state = self.sources[source.path]
            content_id = str(state.content_id)
            inputs.append(Input(source.path, InputKind.SOURCE, content_id, (), len(state.files), content_id))
        built = Built(
            fingerprint(made, [(i.name, i.identity) for i in inputs]),
            graph.models[name].path,
            "duckdb",
            self.version,
            tuple(inputs),
            made.sql,
            made.macros,
            made.variables,
            made.text,
        )
        file = DataFile(f"{name.name}.parquet", oid(name, content), 9, 3)
        columns = (Column("a", "INTEGER", False, oid(name, content)), Column("unread", "INTEGER", False, oid(name)))
        audit, digest = graph.audits.get(name), checks_digest(graph, name, self.variables)
        record = Record(name, 3, columns, made.key, (file,), built)
        if audit and digest:
            record = replace(record, checked=Checked.of(digest, record.content_id, looked_at(self.records, audit)))
        self.records[name] = record
        self.data[name] = DataState.PRESENT

    def plan(self, *selected: TableName, force: bool = False, volatile: bool = True) -> dict[str, Step]:
        steps = plan(self.graph(), self.observed(), selected or None, force=force, volatile=volatile)
        return {str(step.name): step for step in steps}


PAGES, TEXT, LINKS, CORPUS = (TableName.parse(name) for name in MODELS)


def changed_pages(count: int) -> dict[str, str]:
    return {path: ("f" * 64 if i < count else file) for i, (path, file) in enumerate(FILES.items())}


def set_source(project: Project, files: dict[str, str], content_id: str = "b" * 64) -> None:
    project.sources[SOURCE] = SourceState(SOURCE, content_id, files)


def lose_source(project: Project) -> None:
    project.sources[SOURCE] = SourceState(SOURCE, None, error=SourceError("no file matches"), absent=True)


def forbid_source(project: Project) -> None:
    project.sources[SOURCE] = SourceState(SOURCE, None, error=SourceError("lies outside"))


def change_model(name: str, old: str, new: str) -> Callable[[Project], None]:
    def change(project: Project) -> None:
        assert old in project.models[name]
        project.models[name] = project.models[name].replace(old, new)

    return change


def set_state(name: TableName, state: DataState) -> Callable[[Project], None]:
    def change(project: Project) -> None:
        project.data[name] = state

    return change


def remove(name: TableName, state: DataState = DataState.NONE) -> Callable[[Project], None]:
    def change(project: Project) -> None:
        del project.records[name]
        project.data[name] = state

    return change


def break_record(name: TableName) -> Callable[[Project], None]:
    def change(project: Project) -> None:
        del project.records[name], project.data[name]
        project.broken[name] = RecordError("not JSON")

    return change


def change_key(project: Project) -> None:
    # The key enters the fingerprint apart from the SQL: an older record may hold another one.
    project.models["silver.text"] = project.models["silver.text"].replace("@key path", "@key t")


def forget(project: Project) -> None:
    project.records.clear()
    project.data.clear()


def old_engine(project: Project) -> None:
    project.version = "2.0.1"


def several(*changes: Callable[[Project], None]) -> Callable[[Project], None]:
    def change(project: Project) -> None:
        for one in changes:
            one(project)

    return change


B, M, U, E, S = Action.BUILD, Action.MAYBE, Action.UNCHANGED, Action.ERROR, Action.SKIP

# What happened; then for pages, text, links, corpus the action; then the dataset whose reason is told, and the reason.
SITUATIONS: dict[str, tuple[Callable[[Project], None], tuple[Action, ...], TableName, str]] = {
    "nothing": (lambda _: None, (U, U, U, U), PAGES, "up to date"),
    "all new": (forget, (B, B, B, B), CORPUS, "new"),
    "new": (remove(CORPUS), (U, U, U, B), CORPUS, "new"),
    "new and read by others": (remove(TEXT), (U, B, U, M), CORPUS, "if the content of silver.text changes"),
    "SQL changed": (change_model("silver.text", "AS t", "|| '' AS t"), (U, B, U, M), TEXT, "SQL changed"),
    "comment changed": (change_model("silver.text", "@key", "Why. @key"), (U, U, U, U), TEXT, "up to date"),
    "macro changed": (
        lambda p: setattr(p, "macros", "CREATE MACRO clean(x) AS upper(x)"), (U, B, U, M), TEXT, "macro changed: clean",
    ),
    "macro added": (
        lambda p: setattr(p, "macros", "CREATE MACRO clean(x) AS c2(x); CREATE MACRO c2(x) AS x"), (U, B, U, M), TEXT,
        "macro changed: c2, clean",
    ),
    "other macro added": (
        lambda p: setattr(p, "macros", MACROS + "; CREATE MACRO other(x) AS x"), (U, U, U, U), TEXT, "up to date",
    ),
    "variable changed": (lambda p: p.variables.update(since="2027"), (U, B, U, M), TEXT, "variable changed: since"),
    "variable of another type": (
        lambda p: p.variables.update(since=2026), (U, B, U, M), TEXT, "variable changed: since",
    ),
    "other variable added": (lambda p: p.variables.update(other=1), (U, U, U, U), TEXT, "up to date"),
    "key changed": (change_key, (U, B, U, M), TEXT, "key changed"),
    "input changed": (lambda p: p.build(PAGES, 1), (U, B, B, M), LINKS, "input changed: bronze.pages"),
    "input added": (
        change_model("gold.corpus", "silver.text", "silver.text, silver.links"), (U, U, U, B), CORPUS, "SQL changed",
    ),
    "some source files changed": (
        lambda p: set_source(p, changed_pages(3)), (B, M, M, M), PAGES, f"source changed: 3 of 312 files in {SOURCE}",
    ),
    "a source file added": (
        lambda p: set_source(p, {**FILES, "sources/pages/new.html": "1" * 64}), (B, M, M, M), PAGES,
        f"source changed: 1 of 313 files in {SOURCE}",
    ),
    "a source file removed": (
        lambda p: set_source(p, dict(list(FILES.items())[1:])), (B, M, M, M), PAGES,
        f"source changed: 1 of 312 files in {SOURCE}",
    ),
    "source changed, listing forgotten": (
        several(lambda p: set_source(p, changed_pages(3)), lambda p: p.listings.clear()), (B, M, M, M), PAGES,
        f"source changed: {SOURCE}",
    ),
    "source gone, data here": (lose_source, (U, U, U, U), PAGES, f"source {SOURCE} is not here; the data is"),
    "source gone, data unfetched": (
        several(lose_source, set_state(PAGES, DataState.UNFETCHED)), (U, U, U, U), PAGES,
        f"source {SOURCE} is not here; the data is",
    ),
    "source gone, data gone": (
        several(lose_source, set_state(PAGES, DataState.MISSING)), (E, S, S, S), PAGES, "an input is missing",
    ),
    "source gone, never built": (several(lose_source, remove(PAGES)), (E, S, S, S), TEXT, "needs bronze.pages"),
    "source gone, SQL changed": (
        several(lose_source, change_model("bronze.pages", "SELECT *", "SELECT path")), (E, S, S, S), PAGES,
        "SQL changed",
    ),
    "source no longer allowed": (forbid_source, (E, S, S, S), PAGES, "an input is missing"),
    "other engine": (old_engine, (B, B, B, B), LINKS, "duckdb 2.0.1 instead of 2.0.0"),
    "SQL and input changed": (
        several(change_model("silver.links", "path", "path AS p"), lambda p: p.build(PAGES, 1)), (U, B, B, M), LINKS,
        "SQL changed",
    ),
    "missing": (set_state(TEXT, DataState.MISSING), (U, B, U, M), TEXT, "its data file is missing"),
    "unfetched": (set_state(TEXT, DataState.UNFETCHED), (U, U, U, U), TEXT, "up to date"),
    "modified": (set_state(TEXT, DataState.MODIFIED), (U, E, U, S), TEXT, "modified"),
    "conflicted": (set_state(TEXT, DataState.CONFLICTED), (U, E, U, S), TEXT, "conflicted"),
    "unrecorded": (remove(TEXT, DataState.UNRECORDED), (U, E, U, S), TEXT, "unrecorded"),
    "broken record": (break_record(TEXT), (U, E, U, S), TEXT, "its record cannot be read"),
    "broken record above": (break_record(PAGES), (E, S, S, S), CORPUS, "needs silver.text"),
    "cannot be parsed": (
        lambda p: p.problems.update({TEXT: ModelError("no")}), (U, E, U, S), CORPUS, "needs silver.text",
    ),
    "volatile": (
        several(change_model("silver.links", "SELECT", "-- @volatile\nSELECT"), lambda p: p.build(LINKS)), (U, U, B, U),
        LINKS, "volatile: built in every run",
    ),
    "older form of fingerprint": (
        lambda p: p.records.update(
            {LINKS: replace(p.records[LINKS], built=replace(p.records[LINKS].built, fingerprint="0" * 64))}
        ),
        (U, U, B, U), LINKS, "built by another version of medallion",
    ),
}  # fmt: skip


@pytest.mark.parametrize("situation", SITUATIONS)
def test_a_situation_has_its_actions_and_its_reason(situation: str) -> None:
    change, actions, name, reason = SITUATIONS[situation]
    project = Project()
    change(project)
    steps = project.plan()
    assert {n: step.action for n, step in steps.items()} == dict(zip(map(str, MODELS), actions, strict=True))
    assert steps[str(name)].reason == reason
    assert all((step.error is not None) is (step.action is E) for step in steps.values())


@pytest.mark.parametrize("situation", SITUATIONS)
def test_with_force_everything_that_can_be_built_is(situation: str) -> None:
    change, _, _, _ = SITUATIONS[situation]
    project = Project()
    change(project)
    unbuildable = TEXT in project.problems
    steps = project.plan(force=True)
    sourceless = project.sources[SOURCE].content_id is None
    expected = (E, S, S, S) if sourceless else (B, E, B, S) if unbuildable else (B, B, B, B)
    assert tuple(steps[name].action for name in MODELS) == expected


@pytest.mark.parametrize("situation", [s for s, (_, actions, _, _) in SITUATIONS.items() if E not in actions])
def test_build_then_plan_is_empty(situation: str) -> None:
    project = Project()
    SITUATIONS[situation][0](project)
    for name in project.graph().order:
        decision = decide(project.graph(), project.observed(), name, volatile=False)
        if decision.action is Action.BUILD and project.sources[SOURCE].content_id is not None:
            project.build(name, content=7)
    if project.sources[SOURCE].content_id is not None:
        assert {step.action for step in project.plan(volatile=False).values()} == {U}


@pytest.mark.parametrize("name", [PAGES, TEXT, LINKS, CORPUS])
def test_touching_one_model_makes_exactly_its_dependants_candidates(name: TableName) -> None:
    project = Project()
    project.models[str(name)] += " LIMIT 1"
    candidates = {step.name for step in project.plan().values() if step.action is not U}
    assert candidates == {name, *project.graph().downstream([name])}


def test_where_the_content_stays_the_same_readers_are_unchanged() -> None:
    project = Project()
    project.models["silver.text"] += " LIMIT 1000000"
    assert project.plan()["gold.corpus"].action is M
    project.build(TEXT)
    assert project.plan()["gold.corpus"].action is U


def test_only_what_is_selected_has_a_step() -> None:
    project = Project()
    change_model("silver.text", "AS t", "|| '' AS t")(project)
    assert list(project.plan(LINKS)) == ["silver.links"]
    steps = project.plan(CORPUS)
    assert [(n, s.action) for n, s in steps.items()] == [("gold.corpus", U)]


def test_a_selected_dataset_whose_input_was_never_built_and_is_not_selected_is_an_error() -> None:
    project = Project()
    remove(TEXT)(project)
    remove(CORPUS)(project)
    step = project.plan(CORPUS)["gold.corpus"]
    assert (step.action, step.reason) == (E, "an input is missing")
    assert isinstance(step.error, DataError)
    assert step.error.message == "gold.corpus reads silver.text, which has not been built"
    assert step.error.hint == "`medallion run +gold.corpus` builds what it needs as well"


def test_an_input_that_is_not_selected_is_an_error_even_beside_one_that_will_be_built() -> None:
    project = Project()
    project.models["gold.corpus"] = "FROM silver.links, silver.text"
    for name in (LINKS, TEXT, CORPUS):
        remove(name)(project)
    assert project.plan(LINKS, CORPUS)["gold.corpus"].action is E
    assert project.plan(LINKS, TEXT, CORPUS)["gold.corpus"].action is B


def test_the_causes_of_a_step_are_the_inputs_it_hangs_on() -> None:
    project = Project()
    set_source(project, changed_pages(1))
    causes = {n: list(map(str, step.causes)) for n, step in project.plan().items()}
    assert causes == {
        "bronze.pages": [],
        "silver.text": ["bronze.pages"],
        "silver.links": ["bronze.pages"],
        "gold.corpus": ["silver.text"],
    }


def test_many_causes_are_counted_after_the_third() -> None:
    models = {f"bronze.m{i}": f"SELECT {i} AS a" for i in range(5)}
    project = Project(
        models={**models, "silver.x": f"FROM {', '.join(models)}"}, sources={SOURCE: SourceState("", "a")}
    )
    for name in models:
        project.models[name] += " LIMIT 1"
    assert project.plan()["silver.x"].reason == ("if the content of bronze.m0, bronze.m1, bronze.m2 and 2 more changes")


def test_inputs_stand_before_their_readers() -> None:
    assert list(Project().plan()) == ["bronze.pages", "silver.links", "silver.text", "gold.corpus"]


@pytest.mark.parametrize("state", [DataState.MODIFIED, DataState.CONFLICTED, DataState.UNRECORDED])
def test_data_that_a_run_leaves_alone_is_an_error_that_says_how_to_go_on(state: DataState) -> None:
    project = Project()
    (remove(TEXT, state) if state is DataState.UNRECORDED else set_state(TEXT, state))(project)
    error = project.plan()["silver.text"].error
    assert error is not None
    assert str(error.location) == "data/silver/text.parquet"
    way = "git checkout HEAD -- data" if state is DataState.CONFLICTED else "medallion run --force silver.text"
    assert f"`{way}`" in error.hint


def test_a_missing_source_is_shown_in_the_model_that_reads_it_and_the_error_is_not_shared() -> None:
    project = Project()
    several(lose_source, remove(PAGES))(project)
    error = project.plan()["bronze.pages"].error
    assert error is not None
    assert str(error.location) == "sql/bronze/pages.sql:1:25"
    shared = project.sources[SOURCE].error
    assert shared is not None
    assert shared.location is None


def test_a_volatile_model_is_up_to_date_where_the_question_is_whether_data_matches_its_sql() -> None:
    project = Project()
    SITUATIONS["volatile"][0](project)
    assert project.plan(volatile=False)["silver.links"].action is U


def test_the_plan_looks_at_nothing_but_what_it_is_given() -> None:
    project = Project()
    graph, observed = project.graph(), project.observed()
    assert plan(graph, observed) == plan(graph, observed)


def change_record(project: Project, name: TableName, **columns: str) -> None:
    """Give columns of a dataset other values, and so its file another content."""
    record = project.records[name]
    changed = tuple(replace(c, hash=columns.get(c.name, c.hash)) for c in record.columns)
    files = (replace(record.files[0], oid=oid("changed")),)
    project.records[name] = replace(record, columns=changed, files=files)


def test_a_change_in_a_column_that_is_not_read_makes_no_reader_stale_and_is_said() -> None:
    project = Project()
    change_record(project, PAGES, unread="1" * 64)
    steps = project.plan()
    assert steps["silver.text"].action is Action.UNCHANGED
    assert steps["silver.text"].reason == "bronze.pages changed only in columns it does not read"
    assert steps["gold.corpus"].reason == "up to date"


def test_a_change_in_a_column_that_is_read_makes_its_readers_stale() -> None:
    project = Project()
    change_record(project, PAGES, a="1" * 64)
    assert project.plan()["silver.text"].reason == "input changed: bronze.pages"


def test_another_number_of_rows_makes_readers_stale_though_no_column_is_read() -> None:
    project = Project()
    project.records[PAGES] = replace(project.records[PAGES], rows=4)
    assert project.plan()["silver.links"].action is Action.BUILD


def with_column(project: Project, name: TableName, column: str) -> None:
    record = project.records[name]
    columns = (*record.columns, Column(column, "INTEGER", False, "2" * 64))
    project.records[name] = replace(record, columns=columns)


@pytest.mark.parametrize(("column", "action"), [("other", Action.UNCHANGED), ("PATH", Action.BUILD)])
def test_a_new_column_of_an_input_counts_where_the_sql_mentions_its_name(column: str, action: Action) -> None:
    project = Project()
    with_column(project, PAGES, column)
    assert project.plan()["silver.links"].action is action


def test_a_new_column_of_an_input_counts_for_a_model_with_a_star() -> None:
    project = Project({**MODELS, "silver.links": "SELECT * FROM bronze.pages"})
    with_column(project, PAGES, "other")
    assert project.plan()["silver.links"].action is Action.BUILD


def test_sql_that_means_the_same_is_not_built_and_that_is_said() -> None:
    project = Project()
    observed = project.observed()
    recipes = {**observed.recipes, LINKS: replace(observed.recipes[LINKS], text="another text")}
    decision = decide(project.graph(), replace(observed, recipes=recipes), LINKS)
    assert (decision.action, decision.reason) == (Action.UNCHANGED, "the SQL means the same as before")


def test_what_was_built_before_from_the_same_is_reused() -> None:
    project = Project()
    past = project.records[LINKS]
    project.models["silver.links"] = "SELECT path FROM bronze.pages WHERE path <> ''"
    project.build(LINKS, content=1)
    project.models["silver.links"] = MODELS["silver.links"]
    observed = replace(project.observed(), past=lambda recipe: [past] if recipe == project.recipe(LINKS) else [])
    decision = decide(project.graph(), observed, LINKS)
    assert decision.action is Action.REUSE
    assert decision.reuse == past
    assert decision.reason == "SQL changed; the same was built before"
    assert decide(project.graph(), observed, LINKS, force=True).action is Action.BUILD


def test_what_was_built_before_from_other_inputs_is_not_reused() -> None:
    project = Project()
    past = project.records.pop(LINKS)
    project.data[LINKS] = DataState.NONE
    change_record(project, PAGES, a="1" * 64)
    observed = replace(project.observed(), past=lambda _: [past])
    assert decide(project.graph(), observed, LINKS).action is Action.BUILD


def test_the_data_of_a_dataset_that_was_renamed_is_reused() -> None:
    project = Project()
    past = project.records.pop(LINKS)
    project.models["silver.hrefs"] = project.models.pop("silver.links")
    observed = replace(project.observed(), past=lambda _: [past])
    decision = decide(project.graph(), observed, TableName("silver", "hrefs"))
    assert decision.action is Action.REUSE
    assert decision.reuse == replace(past, dataset=TableName("silver", "hrefs"))


def test_a_volatile_model_is_never_reused() -> None:
    project = Project({**MODELS, "silver.links": "-- @volatile\nSELECT random() AS path FROM bronze.pages"})
    past = project.records.pop(LINKS)
    assert decide(project.graph(), replace(project.observed(), past=lambda _: [past]), LINKS).action is Action.BUILD


def test_a_change_of_sql_says_what_it_does_to_the_output_where_the_former_sql_is_known() -> None:
    project = Project()
    former = project.models["silver.links"]
    project.models["silver.links"] = "SELECT path, 1 AS language FROM bronze.pages"
    observed = replace(project.observed(), former_sql=lambda _: former)
    decision = decide(project.graph(), observed, LINKS)
    assert decision.reason == "SQL changed: column language added (not breaking)"
    assert decision.change is not None
    assert decision.change.added == ("language",)


def test_a_model_whose_file_was_moved_keeps_its_data() -> None:
    project = Project()
    record = project.records[LINKS]
    project.records[LINKS] = replace(record, built=replace(record.built, model="sql/silver/old/links.sql"))
    step = project.plan()["silver.links"]
    assert (step.action, step.reason) == (Action.UNCHANGED, "its model was moved here from sql/silver/old/links.sql")


# Checks on data that need not be built

CHECKED = {
    **MODELS,
    "silver.text": "-- @check t <> ''\n" + MODELS["silver.text"],
    "gold.corpus": "-- @relationships t silver.links(path)\n" + MODELS["gold.corpus"],
}


@pytest.fixture
def checked() -> Project:
    return Project(dict(CHECKED))


def test_data_that_passed_its_checks_is_not_checked_again(checked: Project) -> None:
    assert {s.action for s in checked.plan().values()} == {Action.UNCHANGED}


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ("t <> ''", "t <> 'x'", "its checks changed"),
        ("-- @check t <> ''\n", "", ""),
        ("@check", "@warn", "its checks changed"),
        ("t <> ''", "t <> '' at most 1%", "its checks changed"),
        ("t <> ''", "t   <>   ''", ""),
        ("@check", "@expect nothing removed @check", ""),
        ("@check", "@owner me @check", ""),
    ],
)
def test_checks_that_ask_something_else_are_run_and_nothing_is_built(
    checked: Project, before: str, after: str, reason: str
) -> None:
    checked.models["silver.text"] = CHECKED["silver.text"].replace(before, after)
    steps = checked.plan()
    assert steps["silver.text"].action is (Action.CHECK if reason else Action.UNCHANGED)
    assert steps["silver.text"].reason == (reason or "up to date")
    assert {steps[name].action for name in steps if name != "silver.text"} == {Action.UNCHANGED}


def test_data_that_was_never_checked_is(checked: Project) -> None:
    checked.records[TEXT] = replace(checked.records[TEXT], checked=None)
    step = checked.plan()["silver.text"]
    assert (step.action, step.reason) == (Action.CHECK, "its checks have not been run")


def test_a_check_is_run_again_when_what_it_looks_at_changed(checked: Project) -> None:
    checked.build(LINKS, content=1)
    step = checked.plan()["gold.corpus"]
    assert (step.action, step.reason) == (Action.CHECK, "silver.links changed, which its checks look at")


def test_a_check_waits_for_what_it_looks_at_and_says_if(checked: Project) -> None:
    checked.models["silver.links"] = "SELECT path || '' AS path FROM bronze.pages"
    steps = checked.plan()
    assert steps["silver.links"].action is Action.BUILD
    step = steps["gold.corpus"]
    assert (step.action, step.causes) == (Action.CHECK, (LINKS,))
    assert step.reason == "its checks look at silver.links, if that changes"
    assert checked.plan(CORPUS)["gold.corpus"].action is Action.UNCHANGED, "it is not built"


def test_what_will_be_built_need_not_be_checked_before(checked: Project) -> None:
    checked.models["silver.text"] = (
        CHECKED["silver.text"].replace("t <> ''", "t <> 'x'").replace("clean(content)", "'x'")
    )
    steps = checked.plan()
    assert steps["silver.text"].action is Action.BUILD
    assert steps["gold.corpus"].action is Action.MAYBE
    assert {s.action for s in checked.plan(force=True).values()} == {Action.BUILD}


def test_a_dataset_whose_input_may_change_and_whose_checks_changed_may_be_built(checked: Project) -> None:
    set_source(checked, changed_pages(3))
    checked.models["silver.text"] = CHECKED["silver.text"].replace("t <> ''", "t <> 'x'")
    assert checked.plan()["silver.text"].action is Action.MAYBE


def test_checks_that_cannot_be_run_again_here_change_nothing_else(checked: Project) -> None:
    checked.models["silver.text"] = CHECKED["silver.text"].replace("t <> ''", "t <> 'x'")
    expected = {
        DataState.UNFETCHED: Action.CHECK, DataState.PRESENT: Action.CHECK, DataState.MISSING: Action.BUILD,
        DataState.MODIFIED: Action.ERROR, DataState.CONFLICTED: Action.ERROR,
    }  # fmt: skip
    for state, action in expected.items():
        checked.data[TEXT] = state
        assert checked.plan()["silver.text"].action is action, state


def test_a_check_that_is_a_problem_stops_its_dataset_and_what_reads_it(checked: Project) -> None:
    checked.models["silver.text"] = "-- @relationships path gold.corpus(t)\n" + MODELS["silver.text"]
    steps = checked.plan()
    assert steps["silver.text"].action is Action.ERROR
    assert steps["gold.corpus"].action is Action.SKIP


def test_a_check_needs_no_source(checked: Project) -> None:
    checked.models["bronze.pages"] = "-- @check row_count > 0\n" + MODELS["bronze.pages"]
    assert checked.plan()["bronze.pages"].action is Action.CHECK
    checked.sources[SOURCE] = SourceState(SOURCE, None, {}, absent=True)
    assert checked.plan()["bronze.pages"].action is Action.CHECK
