"""`git:REV`: which datasets differ between the work tree and a revision."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from medallion.changes import changed_since
from medallion.errors import GitError, RevisionError
from medallion.project import Project

if TYPE_CHECKING:
    from pathlib import Path

    from tests.git.conftest import Work

MODELS = {
    "sql/macros/text.sql": "CREATE MACRO shout(t) AS upper(t);\nCREATE MACRO loud(t) AS shout(t) || '!';\n",
    "sql/macros/numbers.sql": "CREATE MACRO twice(n) AS 2 * n;\n",
    "sql/bronze/a.sql": "SELECT 1 AS x, 'a' AS t\n",
    "sql/silver/a.sql": "SELECT twice(x) AS x, t FROM bronze.a\n",
    "sql/silver/b.sql": "SELECT x, loud(t) AS t FROM bronze.a\n",
    "sql/gold/c.sql": "SELECT a.x + b.x AS x FROM silver.a AS a, silver.b AS b\n",
}


@pytest.fixture
def project(work: Work) -> Project:
    """Two macros files and four models, built and committed on main."""
    work.write("medallion.toml", "")
    for path, sql in MODELS.items():
        work.write(path, sql)
    found = Project.open(work.root)
    assert all(step.error is None for step in found.run().steps)
    work.commit("first")
    return found


def changed(project: Project, revision: str = "main") -> list[str]:
    return sorted(map(str, changed_since(project.workspace(), project.repository, revision)))


def selected(project: Project, *terms: str) -> list[str]:
    return [str(step.name) for step in project.plan(terms)[1]]


def test_right_after_a_commit_nothing_differs(project: Project) -> None:
    assert changed(project) == []
    assert selected(project, "git:main") == []


def test_a_model_whose_file_differs_has_changed_its_comments_too(project: Project, work: Work) -> None:
    work.write("sql/silver/a.sql", "-- What it is.\n" + MODELS["sql/silver/a.sql"])
    assert changed(project) == ["silver.a"]
    assert selected(project, "git:main+") == ["silver.a", "gold.c"]


def test_line_endings_are_no_change(project: Project, work: Work) -> None:
    work.write("sql/silver/a.sql", MODELS["sql/silver/a.sql"].replace("\n", "\r\n"))
    assert changed(project) == []


def test_a_macro_that_differs_has_changed_the_models_that_use_it_through_another_one_too(
    project: Project, work: Work
) -> None:
    work.write("sql/macros/text.sql", MODELS["sql/macros/text.sql"].replace("upper", "lower"))
    assert changed(project) == ["silver.b"]


def test_a_macro_that_is_only_written_or_placed_differently_has_changed_nothing(project: Project, work: Work) -> None:
    (work.root / "sql/macros/text.sql").unlink()
    work.write("sql/macros/moved.sql", "-- Loud.\n" + MODELS["sql/macros/text.sql"])
    assert changed(project) == []


def test_a_macro_that_came_or_went_has_changed_its_users(project: Project, work: Work) -> None:
    (work.root / "sql/macros/numbers.sql").unlink()
    assert changed(project) == ["silver.a"]
    work.write("sql/macros/numbers.sql", MODELS["sql/macros/numbers.sql"])
    assert changed(project) == []
    work.git("rm", "--quiet", "sql/macros/text.sql")
    work.commit("without it")
    work.write("sql/macros/text.sql", MODELS["sql/macros/text.sql"])
    assert changed(project) == ["silver.b"]
    assert changed(project, "HEAD~1") == []


def test_a_macros_file_that_could_not_be_read_then_counts_as_another(project: Project, work: Work) -> None:
    work.write("sql/macros/text.sql", "CREATE MACRO (\n")
    work.commit("broken")
    work.write("sql/macros/text.sql", MODELS["sql/macros/text.sql"])
    assert changed(project) == ["silver.b"]


def test_a_new_dataset_has_changed_and_one_that_is_gone_is_not_selected(project: Project, work: Work) -> None:
    work.write("sql/gold/d.sql", "FROM silver.a\n")
    assert changed(project) == ["gold.d"]
    (work.root / "sql/gold/c.sql").unlink()
    assert changed(project) == ["gold.d"]


def test_a_model_that_cannot_be_read_has_changed_only_if_its_file_has(project: Project, work: Work) -> None:
    work.write("sql/gold/c.sql", "SELECT 1; SELECT 2\n")
    assert changed(project) == ["gold.c"]
    work.commit("broken")
    assert changed(project) == []
    assert changed(project, "HEAD~1") == ["gold.c"]


def test_data_that_was_rebuilt_to_something_else_has_changed(project: Project, work: Work) -> None:
    work.write("sql/bronze/a.sql", "SELECT 2 AS x, 'a' AS t\n")
    assert all(step.error is None for step in project.run().steps)
    assert changed(project) == ["bronze.a", "gold.c", "silver.a", "silver.b"]
    assert selected(project, "git:main,gold.*", "git:HEAD,bronze.*") == ["bronze.a", "gold.c"]
    work.commit("second")
    work.git("tag", "v2")
    assert changed(project, "v2") == []
    assert changed(project, "v2~1") == ["bronze.a", "gold.c", "silver.a", "silver.b"]


def test_data_that_was_changed_by_hand_has_changed_whatever_its_record_says(project: Project, work: Work) -> None:
    (work.root / "data/gold/c.parquet").write_bytes((work.root / "data/silver/a.parquet").read_bytes())
    (work.root / "data/silver/b.parquet").unlink()
    assert changed(project) == ["gold.c", "silver.b"]


def test_data_that_was_not_fetched_is_the_same(project: Project, work: Work) -> None:
    path = work.root / "data/gold/c.parquet"
    path.write_text(work.git("show", "main:data/gold/c.parquet") + "\n")
    assert changed(project) == []


def test_data_without_a_record_that_the_revision_has_not_either_has_changed(project: Project, work: Work) -> None:
    work.write("sql/gold/d.sql", "FROM silver.a\n")
    work.commit("not built")
    assert changed(project, "HEAD") == []
    work.write("data/gold/d.parquet", b"PAR1")
    assert changed(project, "HEAD") == ["gold.d"]


def test_a_project_in_a_folder_of_the_repository_is_compared_with_itself(work: Work) -> None:
    inner = work.root / "teams/shop"
    inner.mkdir(parents=True)
    for path, sql in {"medallion.toml": "", **MODELS}.items():
        work.write(f"teams/shop/{path}", sql)
    found = Project.open(inner)
    found.run()
    work.commit("first")
    assert changed(found) == []
    work.write("teams/shop/sql/silver/a.sql", "FROM bronze.a\n")
    assert changed(found) == ["silver.a"]


def test_a_revision_that_is_not_there_is_named_with_the_nearest(project: Project) -> None:
    with pytest.raises(RevisionError) as caught:
        project.plan(["git:mian"])
    assert (caught.value.message, caught.value.hint) == ('no revision "mian"', 'did you mean "main"?')


def test_without_a_repository_there_is_nothing_to_compare_with(tmp_path: Path) -> None:
    (tmp_path / "medallion.toml").touch()
    with pytest.raises(GitError):
        Project.open(tmp_path).plan(["git:main"])
