"""A clone without data against a real LFS server (giftless) that speaks HTTP on the loopback."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.e2e.conftest import Project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytest.importorskip("giftless", reason="giftless, the LFS server of these tests, is not installed")

COUNT = "SELECT count(*) FROM silver.orders"
SERVER = """
import warnings
warnings.simplefilter("ignore")
from giftless.app import init_app
from giftless.auth import allow_anon
from werkzeug.serving import make_server
def anyone(request):  # With an id, without which the upload's token is refused.
    user = allow_anon.read_write(request)
    user.id = "anyone"
    return user
storage = {"factory": "giftless.transfer.basic_streaming:factory", "options": {
    "storage_class": "giftless.storage.local_storage:LocalStorage", "storage_options": {"path": "objects"}}}
app = init_app(additional_config={
    "LEGACY_ENDPOINTS": False, "AUTH_PROVIDERS": ["__main__:anyone"],
    "TRANSFER_ADAPTERS": {"basic": storage}})
server = make_server("127.0.0.1", 0, app, threaded=True)
print(server.server_port, flush=True)
server.serve_forever()
"""


@dataclass(frozen=True, slots=True)
class Server:
    """``url`` is the LFS endpoint; ``folder`` holds its objects."""

    url: str
    folder: Path
    process: subprocess.Popen[str]
    log: Path

    def object(self, oid: str) -> Path:
        (found,) = self.folder.rglob(oid)
        return found

    def downloads(self) -> set[str]:
        """The objects that were asked for, by the server's own log."""
        return set(re.findall(r'"GET [^"]*/([0-9a-f]{64})', self.log.read_text()))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    folder = tmp_path / "server"
    folder.mkdir()
    log = folder / "log"
    with (
        log.open("w") as written,
        subprocess.Popen(
            [sys.executable, "-c", SERVER], cwd=folder, stdout=subprocess.PIPE, stderr=written, text=True
        ) as process,
    ):
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        assert port, log.read_text()
        yield Server(f"http://127.0.0.1:{port}/team/shop.git/info/lfs", folder / "objects", process, log)
        process.kill()


@pytest.fixture
def clone(project: Project, server: Server, tmp_path: Path) -> Project:
    """A clone without data; all objects are on the server, none beside the Git repository."""
    project.git("config", "--file", ".lfsconfig", "lfs.url", server.url)
    project.git("config", "--file", ".lfsconfig", "lfs.locksverify", "false")
    project.git("add", ".lfsconfig")
    project.git("commit", "--quiet", "-m", "where the objects are")
    project.serve(tmp_path / "remote.git")
    assert not (tmp_path / "remote.git" / "lfs").exists()
    return Project(project.clone(tmp_path / "clone").root)


def here(project: Project) -> set[str]:
    return {file.name for file in project.store.folder.joinpath("objects").rglob("*") if file.is_file()}


def test_a_query_fetches_just_what_it_reads_over_http(clone: Project, server: Server) -> None:
    oid = clone.pointer_at("HEAD", "data/silver/orders.parquet")
    assert here(clone) == set()
    assert clone.run("status").ok().stdout.count("unfetched") == 3
    assert server.downloads() == set()
    assert clone.rows(COUNT) == [["4"]]
    assert here(clone) == server.downloads() == {oid}
    server.process.kill()
    assert clone.rows(COUNT, "--at", "HEAD") == [["4"]]
    assert clone.git("status", "--porcelain") == ""


def test_a_run_and_a_restore_fetch_over_http_what_they_need(clone: Project, server: Server) -> None:
    clone.write("sql/gold/many.sql", "SELECT count(*) AS n FROM silver.orders\n")
    clone.run("run").ok()
    assert clone.rows("FROM gold.many") == [["4"]]
    assert server.downloads() == {clone.pointer_at("HEAD", "data/silver/orders.parquet")}
    clone.run("restore", "gold.revenue").ok()
    assert clone.pointer("data/gold/revenue.parquet").oid in server.downloads()
    clone.run("commit", "-m", "many").ok()
    clone.git("push", "--quiet", "origin", "HEAD")
    assert server.object(clone.pointer_at("HEAD", "data/gold/many.parquet")).is_file()


def test_an_object_that_the_server_has_not_is_named_and_the_rest_is_served(clone: Project, server: Server) -> None:
    oid = clone.pointer_at("HEAD", "data/silver/orders.parquet")
    lost = server.object(oid)
    kept = lost.read_bytes()
    lost.unlink()
    before = clone.files()
    clone.run("query", COUNT).refused("1 object of Git LFS cannot be fetched", oid[:12], "git lfs push --all")
    clone.run("restore", "silver.orders").refused(oid[:12])
    assert clone.files() == before
    assert here(clone) == set()
    assert clone.rows("SELECT count(*) FROM bronze.orders") == [["6"]]
    lost.write_bytes(kept)
    assert clone.rows(COUNT) == [["4"]]


def test_a_server_that_is_down_is_an_error_that_says_so(clone: Project, server: Server) -> None:
    server.process.kill()
    server.process.wait()
    clone.run("query", COUNT).refused("cannot be fetched", "connection refused")
    assert here(clone) == set()
