"""The configuration: every key, its default, and what is said of a wrong one."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

import pytest

from medallion.config import DEFAULT_LAYERS, DEFAULT_SOURCES, KEYS, Config, find_project, load_config
from medallion.errors import ConfigError
from medallion.setup import CONFIG

if TYPE_CHECKING:
    from pathlib import Path


def write(folder: Path, text: str, name: str = "medallion.toml") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def refused(folder: Path, text: str, name: str = "medallion.toml") -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load_config(write(folder, text, name))
    return caught.value


def test_an_empty_file_gives_every_key_its_default(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, ""))
    assert config == Config(tmp_path.resolve())
    assert (config.layers, config.sources) == (DEFAULT_LAYERS, DEFAULT_SOURCES)
    assert (config.threads, config.memory_limit, dict(config.variables), config.review_samples) == (
        None,
        None,
        {},
        False,
    )


def test_every_key_can_be_set(tmp_path: Path) -> None:
    config = load_config(
        write(
            tmp_path,
            """
            layers = ["raw", "clean"]
            sources = ["in/", "more/*.csv"]
            [duckdb]
            threads = 2
            memory_limit = "1.5GB"
            [variables]
            since = "2026-01-01"
            n = 3
            share = 0.5
            on = true
            [checks]
            failed_rows = 5
            [review]
            samples = true
            """,
        )
    )
    assert (config.layers, config.sources, config.threads, config.memory_limit, config.review_samples) == (
        ("raw", "clean"),
        ("in/", "more/*.csv"),
        2,
        "1.5GB",
        True,
    )
    assert config.failed_rows == 5
    assert config.variables == {"since": "2026-01-01", "n": 3, "share": 0.5, "on": True}


def test_pyproject_holds_the_same_keys(tmp_path: Path) -> None:
    config = load_config(
        write(tmp_path, '[project]\nname = "x"\n[tool.medallion]\nsources = ["in/"]\n', "pyproject.toml")
    )
    assert (config.sources, config.file) == (("in/",), "pyproject.toml")


def test_every_setting_has_a_documented_key_and_every_key_a_setting() -> None:
    settings = {field.name for field in fields(Config)} - {"root", "file"}
    named = {"review.samples": "review_samples", "query.timeout": "query_timeout", "variables.<name>": "variables"}
    assert {named.get(key, key.rsplit(".", 1)[-1]) for key in KEYS} == settings


def test_what_init_writes_is_the_default_and_explains_each_key(tmp_path: Path) -> None:
    assert load_config(write(tmp_path, CONFIG)) == Config(tmp_path.resolve())
    absent = [key for key in KEYS if KEYS[key] not in CONFIG]
    assert absent == []


@pytest.mark.parametrize(
    ("text", "key", "near", "line", "column"),
    [
        ('layer = ["a"]\n', "layer", "layers", 1, 1),
        ('# hi\n\nsource = ["a"]\n', "source", "sources", 3, 1),
        ("[duckdb]\nthread = 1\n", "duckdb.thread", "duckdb.threads", 2, 1),
        ('[duckdb]\n  memory-limit = "1GB"\n', "duckdb.memory-limit", "duckdb.memory_limit", 2, 3),
        ("[review]\nsample = true\n", "review.sample", "review.samples", 2, 1),
        ("[variable]\na = 1\n", "variable", "variables", 1, 2),
        ("duckdb.thread = 1\n", "duckdb.thread", "duckdb.threads", 1, 8),
    ],
)
def test_an_unknown_key_is_an_error_at_its_place_that_names_the_nearest(
    tmp_path: Path, text: str, key: str, near: str, line: int, column: int
) -> None:
    error = refused(tmp_path, text)
    assert error.message == f'unknown key "{key}"'
    assert error.hint == f'did you mean "{near}"?'
    assert error.location is not None
    assert (error.location.path, error.location.line, error.location.column) == ("medallion.toml", line, column)


def test_an_unknown_key_that_is_near_to_none_lists_those_that_are_known(tmp_path: Path) -> None:
    assert (
        refused(tmp_path, "zzz = 1\n").hint == "known keys: layers, sources, duckdb, query, variables, checks, review"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('layers = "bronze"', "layers must be a list of strings"),
        ("layers = [1]", "layers must be a list of strings"),
        ("layers = []", "layers must hold at least one name, and none twice"),
        ('layers = ["a", "a"]', "layers must hold at least one name, and none twice"),
        ('layers = ["Bronze"]', '"Bronze" cannot be a layer'),
        ('layers = ["a.b"]', '"a.b" cannot be a layer'),
        ('layers = [".."]', '".." cannot be a layer'),
        ('layers = ["main"]', '"main" cannot be a layer'),
        ('layers = ["macros"]', '"macros" cannot be a layer'),
        ('layers = ["information_schema"]', '"information_schema" cannot be a layer'),
        ('sources = "in/"', "sources must be a list of strings"),
        ('sources = [""]', "sources must be a list of strings"),
        ("duckdb = 3", "duckdb must be a table"),
        ("[duckdb]\nthreads = 0", "duckdb.threads must be a whole number from 1"),
        ("[duckdb]\nthreads = true", "duckdb.threads must be a whole number from 1"),
        ('[duckdb]\nthreads = "2"', "duckdb.threads must be a whole number from 1"),
        ("[duckdb]\nthreads = 1.5", "duckdb.threads must be a whole number from 1"),
        ("[duckdb]\nmemory_limit = 8", "duckdb.memory_limit must be a size"),
        ('[duckdb]\nmemory_limit = "lots"', "duckdb.memory_limit must be a size"),
        ('[duckdb]\nmemory_limit = "1GB; DROP"', "duckdb.memory_limit must be a size"),
        ("[variables]\nd = 2026-01-01", "variables.d must be a string, number or boolean"),
        ("[variables]\nl = [1]", "variables.l must be a string, number or boolean"),
        ("[variables]\nf = nan", "variables.f must be a finite number"),
        ("[variables]\nf = -inf", "variables.f must be a finite number"),
        ('[variables]\n"a b" = 1', '"a b" cannot be a variable\'s name'),
        ("[review]\nsamples = 1", "review.samples must be true or false"),
        ("variables = 1", "variables must be a table"),
    ],
)
def test_a_wrong_value_is_an_error_that_names_the_key(tmp_path: Path, text: str, message: str) -> None:
    error = refused(tmp_path, text)
    assert error.message == message
    assert error.location is not None
    assert error.location.line >= 1


@pytest.mark.parametrize("size", ["8GB", "512 MB", "1.5GiB", "60%", "1000B", "8gb"])
def test_a_memory_limit_is_a_size_as_duckdb_writes_it(tmp_path: Path, size: str) -> None:
    assert load_config(write(tmp_path, f'[duckdb]\nmemory_limit = "{size}"')).memory_limit == size


def test_what_is_no_toml_is_an_error_with_the_line(tmp_path: Path) -> None:
    error = refused(tmp_path, "layers = [\n")
    assert error.message.startswith("not valid TOML")
    assert "line" in error.message or "end of document" in error.message


def test_what_is_no_utf_8_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "medallion.toml").write_bytes(b'sources = ["\xff"]')
    with pytest.raises(ConfigError, match="not UTF-8"):
        load_config(tmp_path / "medallion.toml")


def test_a_project_is_found_from_any_folder_inside_of_it(tmp_path: Path) -> None:
    write(tmp_path, "")
    inside = tmp_path / "sql" / "a folder" / "é"
    inside.mkdir(parents=True)
    assert find_project(inside).root == tmp_path.resolve()


def test_the_nearest_project_wins_and_a_pyproject_of_another_tool_is_none(tmp_path: Path) -> None:
    write(tmp_path, "")
    inner = tmp_path / "inner"
    write(inner, "[tool.ruff]\n", "pyproject.toml")
    assert find_project(inner).root == tmp_path.resolve()
    write(inner, "[tool.medallion]\n", "pyproject.toml")
    assert find_project(inner).root == inner.resolve()


def test_a_link_to_a_project_leads_to_its_real_folder(tmp_path: Path) -> None:
    write(tmp_path / "real", "")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert find_project(tmp_path / "link").root == (tmp_path / "real").resolve()


def test_two_configurations_in_one_folder_are_an_error(tmp_path: Path) -> None:
    write(tmp_path, "")
    write(tmp_path, "[tool.medallion]\n", "pyproject.toml")
    with pytest.raises(ConfigError, match="this project has two configurations") as caught:
        find_project(tmp_path)
    assert caught.value.hint == "keep one of them"


def test_no_project_is_an_error_that_says_how_to_start_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no medallion project in") as caught:
        find_project(tmp_path)
    assert "`medallion init`" in caught.value.hint
