"""What a run would do to each dataset, and why, whatever happened to the project."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from medallion.errors import DataError, ModelError, RecordError, SourceError
from medallion.plan import Action, DataState, SourceState, decide, plan
from tests.unit.planned import (
    CORPUS,
    FILES,
    LINKS,
    MACROS,
    MODELS,
    PAGES,
    SOURCE,
    TEXT,
    Project,
    changed_pages,
    set_source,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from medallion.names import TableName


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
