"""What is imported when, and what every module offers."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import medallion
from medallion.project import Project
from medallion.setup import initialise
from tests.git.conftest import isolate

HEAVY = [
    "duckdb", "sqlglot", "pyarrow", "git", "numpy", "pandas", "polars", "urllib.request", "http.client", "asyncio",
    "yaml", "pyspark", "obstore", "jinja2", "starlette",
]  # fmt: skip
# They run as processes of their own, whose output another program reads.
PROGRAMS = {"medallion.git.clean_filter", "medallion.sample.pages"}
ROOT = Path(medallion.__file__).parent


def modules() -> list[str]:
    found = [m.name for m in pkgutil.walk_packages([str(ROOT)], "medallion.") if not m.name.endswith("__main__")]
    return ["medallion", *found]


def imported(code: str) -> set[str]:
    """Which heavy modules a fresh interpreter has loaded after ``code``."""
    return loaded(code, HEAVY)


def loaded(code: str, names: list[str]) -> set[str]:
    """Which of ``names`` a fresh interpreter has loaded after ``code``."""
    program = f"{code}\nimport sys\nprint('loaded', *(m for m in {names} if m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split()[1:])


def run(*args: str) -> str:
    """Code that runs the command line as the program does, and goes on when it exits."""
    return (
        f"import sys\nsys.argv = {['medallion', *args]}\nfrom medallion.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert end.code == 0, end.code"
    )


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in which everything is built and committed."""
    root = tmp_path_factory.mktemp("finished") / "shop"
    with pytest.MonkeyPatch.context() as patch:
        isolate(tmp_path_factory.mktemp("home"), patch)
        for _ in initialise(root):
            pass
        (root / "sql").mkdir(exist_ok=True)
        for model in root.glob("sql/*/*.sql"):
            model.unlink()
        (root / "sql" / "bronze").mkdir(exist_ok=True)
        (root / "sql" / "bronze" / "hello.sql").write_text("SELECT 1 AS id")
        patch.chdir(root)
        assert all(step.error is None for step in Project.open().run().steps)
        Project.open().commit("First version")
    return root


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert imported("import medallion\nmedallion.__version__") == set()


@pytest.mark.parametrize(
    "args", [["--help"], ["--version"], ["run", "--help"], ["query", "--help"], ["diff", "--help"], ["demo", "--help"]]
)
def test_help_and_version_load_nothing_heavy(args: list[str]) -> None:
    assert imported(run(*args)) == set()


def test_the_version_is_said_without_the_library_of_the_command_line() -> None:
    assert loaded(run("--version"), ["typer", "rich", "pydantic"]) == set()


@pytest.mark.parametrize(
    "args", [["plan"], ["run"], ["log"], ["query", "SELECT 1 AS one"], ["show", "bronze.hello"], ["diff"]]
)
def test_plain_lines_are_printed_without_rich_and_arguments_read_without_pydantic(
    args: list[str], finished: Path
) -> None:
    assert loaded(f"import os\nos.chdir({str(finished)!r})\n{run(*args)}", ["rich", "pydantic", "pyarrow"]) == set()


def test_the_guard_against_heavy_imports_sees_one() -> None:
    assert imported("import duckdb") >= {"duckdb"}


@pytest.mark.parametrize(
    ("module", "allowed"),
    [
        ("medallion.errors", set()),
        ("medallion.config", set()),
        ("medallion.records", set()),
        ("medallion.plan", set()),
        ("medallion.models.graph", set()),
        ("medallion.splice", {"sqlglot"}),
        ("medallion.git.repository", set()),
        ("medallion.engines.duckdb", set()),
        ("medallion.project", set()),
    ],
)
def test_a_module_loads_heavy_libraries_only_where_it_works_with_them(module: str, allowed: set[str]) -> None:
    assert imported(f"import {module}") <= allowed


@pytest.fixture(scope="module")
def unchanged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project outside of Git in which everything is up to date, and was looked at since."""
    root = tmp_path_factory.mktemp("unchanged")
    files = {
        "medallion.toml": "[variables]\nleast = 1\n",
        "sources/a.csv": "a,b\n1,2\n3,4\n",
        "sql/macros/m.sql": "CREATE MACRO twice(p) AS p * 2;\n",
        "sql/bronze/a.sql": "SELECT * FROM read_csv('sources/a.csv')\n",
        "sql/silver/a.sql": (
            "-- @key a\n-- @contract\nSELECT a, twice(b) AS b FROM bronze.a WHERE a >= getvariable('least')\n"
        ),
    }
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    for _ in range(2):  # The first run writes files, whose identity only a later look may remember.
        subprocess.run([sys.executable, "-m", "medallion", "run"], cwd=root, capture_output=True, check=True)
    return root


@pytest.mark.parametrize("args", [["run"], ["plan"], ["plan", "--json"], ["run", "silver.a"]])
def test_where_nothing_changed_nothing_heavy_is_loaded(
    unchanged: Path, args: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(unchanged)
    assert imported(run(*args)) == set()


def test_where_only_comments_changed_no_engine_is_loaded(unchanged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(unchanged)
    file = unchanged / "sql" / "silver" / "a.sql"
    file.write_text(f"-- A word more.\n{file.read_text()}")
    assert imported(run("run")) <= {"sqlglot"}
    assert imported(run("run")) == set()


def test_the_public_names_of_the_package_are_these() -> None:
    assert medallion.__all__ == ["__version__", "open"]


@pytest.mark.parametrize("name", modules())
def test_a_module_says_what_it_holds_and_offers_only_what_it_has(name: str) -> None:
    module = importlib.import_module(name)
    source = Path(str(module.__file__)).read_text(encoding="utf-8")
    if source.strip():
        assert module.__doc__, f"{name} has no docstring"
    offered = getattr(module, "__all__", [])
    assert [n for n in offered if not hasattr(module, n)] == []
    assert list(offered) == sorted(offered, key=lambda n: (not n.isupper(), not n[0].isupper(), n))


@pytest.mark.parametrize("name", modules())
def test_what_a_module_offers_is_documented(name: str) -> None:
    module = importlib.import_module(name)
    for offered in getattr(module, "__all__", []):
        thing = getattr(module, offered)
        if callable(thing) and getattr(thing, "__module__", "") == name:
            assert thing.__doc__, f"{name}.{offered} has no docstring"


@pytest.mark.parametrize("name", modules())
def test_only_the_command_line_writes_to_the_terminal(name: str) -> None:
    if name.startswith("medallion.cli") or name in PROGRAMS:
        return
    tree = ast.parse(Path(str(importlib.import_module(name).__file__)).read_text(encoding="utf-8"))
    said = [
        ast.unparse(node)
        for node in ast.walk(tree)
        if (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print")
        or (isinstance(node, ast.Attribute) and ast.unparse(node) in ("sys.stdout", "sys.stderr"))
    ]
    assert said == []
