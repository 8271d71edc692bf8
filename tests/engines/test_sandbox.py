"""What a model cannot reach, and what it can."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest

from medallion.errors import MedallionError

if TYPE_CHECKING:
    from tests.engines.bench import Bench


@pytest.mark.parametrize(
    "table",
    ["'{root}/secret.csv'", "'secret.csv'", "'sources/../secret.csv'", "'sources/link.csv'", "read_csv('/etc/passwd')",
     "read_text('/etc/hostname')", "glob('/etc/*')", "read_text('medallion.toml')",
     "read_blob('.medallion/catalog.duckdb')"],
)  # fmt: skip
def test_a_model_cannot_read_outside_of_the_sources(bench: Bench, table: str) -> None:
    (bench.root / "sources").mkdir()
    for path in ("secret.csv", "medallion.toml"):
        (bench.root / path).write_text("a\n1\n")
    (bench.root / "sources/link.csv").symlink_to(bench.root / "secret.csv")
    with pytest.raises(MedallionError):
        bench.build(f"SELECT * FROM {table.format(root=bench.root)}", "bronze.x")


def test_a_model_reads_a_source_by_a_relative_path_from_any_folder(
    bench: Bench, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    (bench.root / "sources").mkdir()
    (bench.root / "sources/größe a.csv").write_text("a\n1\n")
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    before = Path.cwd()
    assert bench.rows("SELECT a, filename FROM read_csv('sources/größe a.csv', filename = true)", "bronze.x") == [
        (1, "sources/größe a.csv")
    ]
    assert Path.cwd() == before


class _Answer(BaseHTTPRequestHandler):
    asked: list[str] = []  # noqa: RUF012  # the class is the record of what was asked

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"a\n1\n")

    do_HEAD = do_GET  # noqa: N815  # http.server's name

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


def test_a_model_asks_nothing_of_the_network(bench: Bench) -> None:
    server = HTTPServer(("127.0.0.1", 0), _Answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        with pytest.raises(MedallionError):
            bench.build(f"FROM 'http://127.0.0.1:{server.server_port}/a.csv'", "bronze.x")
        with pytest.raises(MedallionError):
            bench.build(f"FROM read_csv('http://127.0.0.1:{server.server_port}/a.csv')", "bronze.x")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert _Answer.asked == []


@pytest.mark.parametrize(
    "statement",
    [
        "SET threads = 1",
        "RESET allowed_directories",
        "ATTACH '{root}/x.duckdb'",
        "COPY (SELECT 1) TO '{root}/escape.csv'",
        "PRAGMA enable_profiling = 'json'",
        "EXPORT DATABASE '{root}/escape'",
    ],
)
def test_the_instance_that_models_run_in_is_locked(bench: Bench, statement: str) -> None:
    # No model can hold these statements; this is what stands behind that.
    with bench.engine().open() as session:
        model, macros = bench.model("SELECT 1 AS a")
        session.build(model, macros, bench.target("x"), lambda _: None)
        opened = session._instances.cursor(single=False)  # type: ignore[attr-defined]
        with opened as (_, cursor), pytest.raises(duckdb.Error):
            cursor.execute(statement.format(root=bench.root.parent))
