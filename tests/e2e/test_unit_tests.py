"""Unit tests of models in processes of their own: on a fresh clone, under pytest, and with hundreds of them."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.conftest import Project

FAILING = """\
- name: an order is as it was placed
  given:
    bronze.orders: [{order_id: 1, status: placed}]
  expect: [{order_id: 1, status: shipped}]
"""


def run_pytest(folder: Path, *args: str) -> tuple[int, str]:
    """How pytest ends in a folder, and what it says. A warning is an error there."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-W", "error", *args],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.usefixtures("isolated_git")
def test_on_a_clone_without_data_the_tests_pass(project: Project, tmp_path: Path) -> None:
    project.git(
        "clone", "-q", "--no-local", str(project.root), str(tmp_path / "clone"), env={"GIT_LFS_SKIP_SMUDGE": "1"}
    )
    ran = type(project)(tmp_path / "clone").run("test").ok()
    assert ran.stdout.splitlines()[-1].startswith("passed 3, failed 0")


def test_where_nothing_was_built_the_tests_pass_and_build_nothing(project: Project) -> None:
    for path in ("data", ".medallion"):
        subprocess.run(["rm", "-rf", str(project.root / path)], check=True)
    project.run("test").ok()
    assert not (project.root / "data").exists()


def test_a_written_test_passes_and_fails_once_the_model_is_another(project: Project) -> None:
    project.run("test", "--create", "silver.orders").ok()
    project.run("test").ok()
    model = project.root / "sql/silver/orders.sql"
    model.write_text(model.read_text().replace("DESC", "ASC"))
    ran = project.run("test", "silver.orders")
    assert ran.code == 1
    assert "failed: tests/sql/silver/orders.yaml:" in ran.stdout
    assert "^" in ran.stdout


def test_a_failed_test_is_told_in_80_columns(project: Project) -> None:
    (project.root / "tests/sql/silver/orders.yaml").write_text(FAILING)
    ran = project.run("test", env={"COLUMNS": "80"})
    assert ran.code == 1
    assert [line for line in ran.stdout.splitlines() if len(line) > 80] == []


# Under pytest


def test_one_pytest_runs_the_tests_of_models_and_all_others(project: Project) -> None:
    (project.root / "tests/test_other.py").write_text("def test_other():\n    assert True\n")
    code, said = run_pytest(project.root, "-v")
    assert code == 0, said
    assert "4 passed" in said
    assert "tests/sql/silver/orders.yaml::the latest export wins PASSED" in said


def test_a_failure_under_pytest_shows_rows_and_no_traceback(project: Project) -> None:
    (project.root / "tests/sql/silver/orders.yaml").write_text(FAILING)
    code, said = run_pytest(project.root)
    assert code == 1
    assert "  -        1  shipped\n  +        1  placed\n              ^^^^^^^\n" in said
    assert "Traceback" not in said
    assert ".py:" not in said
    assert "FAILED tests/sql/silver/orders.yaml::an order is as it was placed" in said
    assert "1 failed, 2 passed" in said


def test_a_mistake_in_a_file_is_an_error_of_collection_with_its_place(project: Project) -> None:
    (project.root / "tests/sql/silver/orders.yaml").write_text("- name: a\n  expct: []\n")
    code, said = run_pytest(project.root)
    assert code == 2
    assert 'tests/sql/silver/orders.yaml:2:3: unknown key "expct"' in said
    assert "Traceback" not in said


def test_a_test_that_does_not_fit_its_model_fails_with_its_place(project: Project) -> None:
    (project.root / "tests/sql/silver/orders.yaml").write_text("- name: a\n  given: {}\n  expect: [{orderid: 1}]\n")
    (project.root / "tests/sql/gold/nothing.yaml").write_text("- name: a\n  given: {}\n  expect: []\n")
    code, said = run_pytest(project.root)
    assert code == 1
    assert 'tests/sql/silver/orders.yaml:3:13: silver.orders has no column "orderid"' in said
    assert "there is no model gold.nothing" in said
    assert "Traceback" not in said


def test_tests_are_chosen_as_pytest_chooses_and_from_any_folder(project: Project) -> None:
    assert "1 passed, 2 deselected" in run_pytest(project.root, "-k", "month")[1]
    assert "1 passed" in run_pytest(project.root, "tests/sql/silver/orders.yaml::the latest export wins")[1]
    assert "3 passed" in run_pytest(project.root / "tests", ".")[1]


def test_several_processes_of_pytest_share_the_tests(project: Project) -> None:
    code, said = run_pytest(project.root, "-n", "2")
    assert code == 0, said
    assert "3 passed" in said


def test_pytest_finds_nothing_where_there_is_no_project(tmp_path: Path) -> None:
    (tmp_path / "tests/sql/silver").mkdir(parents=True)
    (tmp_path / "tests/sql/silver/orders.yaml").write_text("}{ no yaml at all")
    (tmp_path / "pyproject.toml").write_text("[tool.other]\n")
    (tmp_path / "tests/test_other.py").write_text(
        "import sys\n\n\ndef test_other():\n"
        "    loaded = [m for m in ('duckdb', 'yaml', 'sqlglot', 'medallion.project') if m in sys.modules]\n"
        "    assert loaded == []\n"
    )
    code, said = run_pytest(tmp_path)
    assert code == 0, said
    assert "1 passed" in said


def test_a_project_may_be_configured_in_its_pyproject(project: Project) -> None:
    config = (project.root / "medallion.toml").read_text().replace("[duckdb]", "[tool.medallion.duckdb]")
    config = config.replace("[variables]", "[tool.medallion.variables]")
    (project.root / "medallion.toml").unlink()
    (project.root / "pyproject.toml").write_text(f"[tool.medallion]\n{config}")
    assert "3 passed" in run_pytest(project.root)[1]


def test_hundreds_of_tests_run_in_one_process(project: Project) -> None:
    for number in range(30):
        (project.root / f"sql/silver/o{number}.sql").write_bytes(project.read("sql/silver/orders.sql"))
        text = project.read("tests/sql/silver/orders.yaml").decode()
        tests = [text.replace("the latest export wins", f"number {i}") for i in range(10)]
        (project.root / f"tests/sql/silver/o{number}.yaml").write_text("\n".join(tests))
    assert project.run("test").ok().stdout.splitlines()[-1].startswith("passed 303, failed 0")
