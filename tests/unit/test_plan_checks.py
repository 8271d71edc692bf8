"""Checks on data that need not be built."""

from __future__ import annotations

from dataclasses import replace

import pytest

from medallion.plan import Action, DataState, SourceState
from tests.unit.planned import CORPUS, LINKS, MODELS, SOURCE, TEXT, Project, changed_pages, set_source

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
