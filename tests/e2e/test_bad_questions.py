"""Revisions, tables, queries and options that make no sense: a clear error."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.e2e.conftest import Project


def test_a_revision_that_does_not_exist_is_refused_with_the_nearest(project: Project) -> None:
    project.git("tag", "v1.2")
    for args in (("query", "FROM silver.orders", "--at", "v1.3"), ("restore", "silver.orders", "--from", "v1.3")):
        project.run(*args).refused('no revision "v1.3"', 'did you mean "v1.2"?')
    project.run("query", "FROM silver.orders AT (VERSION => 'v1.3')").refused("query:1:", 'no revision "v1.3"')
    project.run("query", "FROM silver.orders", "--at", "HEAD~7").refused('no revision "HEAD~7"')
    project.run("query", "FROM silver.orders AT (TIMESTAMP => '2001-01-01')").refused(
        "before the first commit", hint=""
    )


def test_an_ambiguous_revision_is_refused_with_the_commits_it_could_be(project: Project) -> None:
    stream = "".join(
        f"commit refs/heads/many\ncommitter Ada <ada@example.com> {n} +0000\ndata 1\nx\n" for n in range(1500)
    )
    project.git("fast-import", "--quiet", stdin=stream)
    beginnings: dict[str, int] = {}
    for commit in project.git("rev-list", "--all").split():
        beginnings[commit[:4]] = beginnings.get(commit[:4], 0) + 1
    ambiguous = next(beginning for beginning, count in beginnings.items() if count > 1)
    project.run("query", "FROM silver.orders", "--at", ambiguous).refused("is ambiguous", "commits begin so", "digits")


def test_a_revision_before_the_dataset_says_where_it_first_appears(project: Project) -> None:
    project.write("sql/gold/late.sql", "SELECT 1 AS one\n")
    project.run("run").ok()
    project.run("commit", "-m", "late").ok()
    commit = project.git("rev-parse", "--short=7", "HEAD")
    project.run("query", "FROM gold.late AT (VERSION => 'HEAD~1')").refused(
        "query:1:6: gold.late does not exist at HEAD~1", f"first appears in {commit}", "medallion log gold.late"
    )
    before = project.files()
    project.run("restore", "gold.late", "--from", "HEAD~1").refused("gold.late does not exist at HEAD~1", commit)
    assert project.files() == before


def test_a_table_in_no_version_is_refused_with_the_nearest(project: Project) -> None:
    for args in (
        ("query", "FROM silver.orderz"),
        ("query", "FROM silver.orderz", "--at", "HEAD"),
        ("query", "FROM silver.orderz AT (VERSION => 'HEAD')"),
    ):
        project.run(*args).refused("query:1:6", "silver.orderz", 'did you mean "silver.orders"?')


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("", ["there is no statement", "one SELECT"]),
        ("SELECT 1; SELECT 2", ["query:1:11", "more than one statement"]),
        ("DELETE FROM silver.orders", ["query:1:1", "a query reads"]),
        ("COPY silver.orders TO 'x.csv'", ["query:1:1", "a query reads"]),
        ("SELECT 'open", ["quote"]),
        ("FROM silver.orders AT (VERSION => 1)", ["query:1:35", "a version must be a text in quotes"]),
    ],
)
def test_a_query_that_is_no_query_is_refused(project: Project, sql: str, words: list[str]) -> None:
    project.run("query", sql).refused(*words)
    assert not (project.root / "x.csv").exists()


def test_a_command_line_that_makes_no_sense_is_the_users_to_mend(project: Project) -> None:
    for args in (("rum",), ("run", "--nope"), ("query",), ("log", "--limit", "many"), ("run", "--var", "x")):
        project.run(*args).refused()
    project.run("query", "SELECT 1", "--format", "xml").refused("xml", "csv")


def test_without_a_terminal_no_editor_is_opened_for_a_message(project: Project) -> None:
    project.write("sources/note.txt", "new\n")
    project.run("commit").refused("a commit needs a message", "medallion commit -m")
    assert project.git("rev-list", "--count", "HEAD") == "1"
