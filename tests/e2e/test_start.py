"""``init`` and ``add``: starting a project, from nothing and from what is there."""

from __future__ import annotations

import gzip
import http.server
import json
import threading
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.e2e.conftest import Project, run_medallion

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ORDERS = "order_id,note,total,placed_on\n1,first,12.50,2026-01-31\n2,,3.00,2026-02-01\n"


def test_init_in_an_empty_folder_makes_a_project_that_runs_and_commits(tmp_path: Path) -> None:
    said = run_medallion(tmp_path, "init", "shop").ok().stderr
    project = Project(tmp_path / "shop")
    assert all(word in said for word in ("medallion.toml", ".gitattributes", "git-lfs", "next: cd shop"))
    assert "built 3," in project.run("run").ok().stderr
    project.run("commit", "-m", "first").ok()
    assert project.git("status", "--porcelain") == ""
    assert project.rows("FROM gold.revenue ORDER BY month") == [
        ["2026-01-01", "1", "12.00"],
        ["2026-02-01", "2", "107.15"],
    ]


def test_init_in_a_folder_with_files_leaves_every_byte_of_them(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.write("README.md", "mine\n")
    project.write(".gitattributes", "*.png binary")
    project.write(".gitignore", "*.log\r\n")
    project.write("sql/silver/mine.sql", "SELECT 1 AS a")
    project.run("init").ok()
    assert project.read("README.md") == b"mine\n"
    assert project.read(".gitattributes").startswith(b"*.png binary\ndata/**/*.parquet filter=lfs")
    assert project.read(".gitignore") == b"*.log\r\n.medallion/\r\n"
    assert sorted(p.name for p in (tmp_path / "sql").rglob("*.sql")) == ["mine.sql"], (
        "an example among the user's models"
    )


def test_init_in_an_existing_repository_keeps_its_history_and_its_global_configuration(
    tmp_path: Path, isolated_git: Path
) -> None:
    project = Project(tmp_path)
    project.git("init", "-q")
    project.write("notes.txt", "x")
    project.git("add", "-A")
    project.git("commit", "-qm", "before")
    before, configuration = project.git("rev-parse", "HEAD"), isolated_git.read_bytes()
    project.run("init").ok()
    assert project.git("rev-parse", "HEAD") == before
    assert isolated_git.read_bytes() == configuration
    assert project.git("config", "--local", "filter.lfs.process").startswith("git-lfs")


def test_init_twice_changes_nothing_and_says_so(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.run("init").ok()
    before = project.files()
    said = project.run("init").ok().stderr
    assert project.files() == before
    assert "nothing had to be changed" in said


def test_init_inside_of_a_project_is_refused(project: Project) -> None:
    project.run("init", "sub/project").refused("lies inside of the project")
    assert not (project.root / "sub").exists()


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """A real HTTP server on loopback for the files of ``folder``."""
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _write_sources(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    rows = [
        {"order_id": 1, "note": "first", "total": 12.5, "placed_on": "2026-01-31"},
        {"order_id": 2, "note": None, "total": 3.0, "placed_on": "2026-02-01"},
    ]
    (folder / "a.csv").write_text(ORDERS)
    (folder / "b.csv.gz").write_bytes(gzip.compress(ORDERS.encode()))
    (folder / "c.csv.zst").write_bytes(pa.compress(ORDERS.encode(), codec="zstd", asbytes=True))
    (folder / "d.tsv").write_text(ORDERS.replace(",", "\t"))
    (folder / "e.json").write_text(json.dumps(rows))
    (folder / "f.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    pq.write_table(pa.Table.from_pylist(rows), folder / "g.parquet")


def test_add_reads_every_format_into_a_typed_model_that_builds_the_same_rows(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.run("init", "--no-example").ok()
    _write_sources(tmp_path / "sources")
    for file in sorted((tmp_path / "sources").iterdir()):
        name = f"bronze.{file.name[0]}_orders"
        said = project.run("add", name, f"sources/{file.name}").ok().stderr
        assert "order_id" in said
        assert "BIGINT" in said
        text = project.read(f"sql/bronze/{file.name[0]}_orders.sql").decode()
        assert "*" not in text, "every column is named"
        assert project.rows(
            f"SELECT order_id, note, total::DECIMAL(9, 2), placed_on::DATE FROM {name} ORDER BY ALL"
        ) == [
            ["1", "first", "12.50", "2026-01-31"],
            ["2", "", "3.00", "2026-02-01"],
        ], file.name
    assert project.is_up_to_date()


def test_add_fetches_a_url_into_the_sources_and_builds_from_there(tmp_path: Path) -> None:
    _write_sources(tmp_path / "web")
    project = Project(tmp_path / "shop")
    run_medallion(tmp_path, "init", "shop", "--no-example").ok()
    with served(tmp_path / "web") as url:
        project.run("add", "bronze.orders", f"{url}/a.csv").ok()
    assert project.read("sources/a.csv").decode() == ORDERS
    assert project.rows("SELECT count(*) FROM bronze.orders") == [["2"]]


def test_add_copies_a_file_from_outside_and_overwrites_none(project: Project, tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text(ORDERS)
    held = project.read("sources/orders.csv")
    project.run("add", "bronze.others", str(tmp_path / "orders.csv")).refused("exists already")
    assert project.read("sources/orders.csv") == held
    (tmp_path / "orders.csv").rename(tmp_path / "others.csv")
    project.run("add", "bronze.others", str(tmp_path / "others.csv")).ok()
    assert project.read("sources/others.csv").decode() == ORDERS


def test_add_never_touches_a_model_that_exists(project: Project) -> None:
    held = project.read("sql/bronze/orders.sql")
    project.run("add", "bronze.orders", "sources/orders.csv").refused("has a model already", "sql/bronze/orders.sql")
    assert project.read("sql/bronze/orders.sql") == held


def test_only_the_first_layer_takes_a_source(project: Project) -> None:
    project.run("add", "silver.orders2", "sources/orders.csv").refused("only bronze reads sources", "bronze.orders2")


@pytest.fixture
def large(project: Project) -> Project:
    """A project with a source of over 10 MB."""
    project.write("sources/large.csv", "id,text\n" + "".join(f"{i},{'x' * 100}\n" for i in range(100_000)))
    return project


def test_a_large_source_needs_the_authors_word(large: Project) -> None:
    large.run("add", "bronze.large", "sources/large.csv").refused("MB", "--track", "--untracked")
    assert not (large.root / "sql/bronze/large.sql").exists()


def test_a_large_source_never_becomes_a_plain_blob(large: Project) -> None:
    before = large.git("rev-parse", "HEAD")
    large.run("commit", "-m", "large").refused("MB", "--track")
    assert large.git("rev-parse", "HEAD") == before


def test_a_tracked_source_is_committed_as_a_pointer_to_its_sha256(large: Project) -> None:
    large.run("add", "bronze.large", "sources/large.csv", "--track").ok()
    large.run("commit", "-m", "large").ok()
    inputs = dict(large.record("bronze.large"))["built"]["inputs"]  # type: ignore[index]
    assert f"oid sha256:{inputs[0]['content_id']}" in large.git("show", "HEAD:sources/large.csv")
    assert large.git("status", "--porcelain") == ""


def test_an_untracked_source_may_go_once_bronze_is_there(large: Project) -> None:
    large.run("add", "bronze.large", "sources/large.csv", "--untracked").ok()
    large.run("commit", "-m", "large").ok()
    assert "sources/large.csv" not in large.git("ls-files")
    (large.root / "sources/large.csv").unlink()
    assert large.is_up_to_date()
    large.run("run").ok()
    large.run("run", "bronze.large", "--force").refused('there is no file "sources/large.csv"')
    assert large.rows("SELECT count(*) FROM bronze.large") == [["100000"]]
