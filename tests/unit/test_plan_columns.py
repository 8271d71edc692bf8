"""Columns that are read or not, SQL that means the same, and builds that are reused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from medallion.names import TableName
from medallion.plan import Action, DataState, decide
from medallion.records import Column
from tests.unit.planned import LINKS, MODELS, PAGES, Project, oid


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
