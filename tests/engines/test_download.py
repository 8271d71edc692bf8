"""Fetching a source from a URL, against real servers on loopback."""

from __future__ import annotations

import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from medallion.engines.download import download, file_name
from medallion.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONTENT = b"id,name\n" + b"1,a\n" * 300_000


class Handler(BaseHTTPRequestHandler):
    """A shop that exports its orders."""

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/moved":
            self.answer(302, b"", Location="/orders.csv")
        elif path == "/elsewhere.csv":
            # The same server under another name: a client must not tell it the password.
            self.answer(302, b"", Location=f"http://localhost:{self.server.server_port}/who.csv")  # type: ignore[attr-defined]
        elif path in ("/who.csv", "/private.csv"):
            given = self.headers.get("Authorization")
            if path == "/private.csv" and not given:
                self.answer(401, b"")
            else:
                self.answer(200, str(given).encode())
        elif path in ("/orders.csv", "/my%20orders%20%C3%A9.csv"):
            self.answer(200, CONTENT, **{"Content-Disposition": 'attachment; filename="../../evil.csv"'})
        elif path == "/short.csv":
            self.answer(200, b"id", **{"Content-Length": "1000"})
        elif path == "/zipped.csv":
            self.answer(200, b"\x1f\x8b", **{"Content-Encoding": "gzip"})
        else:
            self.answer(404, b"no such thing")

    def answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class's name)
        """Say nothing."""


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server's address, reached without any proxy."""
    monkeypatch.setenv("no_proxy", "*")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def refusal(url: str, folder: Path, timeout: float = 30.0) -> SourceError:
    with pytest.raises(SourceError) as caught:
        download(url, folder, timeout=timeout)
    assert not folder.exists() or not [p for p in folder.iterdir() if p.name.startswith(".")], (
        "something half done is left"
    )
    return caught.value


def test_a_file_is_fetched_under_its_own_name_with_progress(url: str, tmp_path: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    path = download(f"{url}/orders.csv", tmp_path / "sources", lambda done, total: seen.append((done, total)))
    assert path == tmp_path / "sources" / "orders.csv"
    assert path.read_bytes() == CONTENT
    assert seen[0] == (0, len(CONTENT))
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert [p.name for p in path.parent.iterdir()] == ["orders.csv"]


def test_a_redirect_is_followed_and_the_name_is_the_one_that_was_asked_for(url: str, tmp_path: Path) -> None:
    assert download(f"{url}/moved", tmp_path).name == "moved"
    assert (tmp_path / "moved").read_bytes() == CONTENT


def test_spaces_and_letters_beyond_ascii_are_quoted_on_the_way(url: str, tmp_path: Path) -> None:
    assert download(f"{url}/my orders é.csv", tmp_path).name == "my orders é.csv"
    assert download(f"{url}/my%20orders%20%C3%A9.csv", tmp_path).name == "my orders é.csv"


def test_fetching_the_same_file_again_changes_nothing(url: str, tmp_path: Path) -> None:
    first = download(f"{url}/orders.csv", tmp_path)
    before = first.stat()
    assert download(f"{url}/orders.csv", tmp_path) == first
    assert (first.stat().st_ino, first.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_file_that_differs_is_never_overwritten(url: str, tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("mine")
    error = refusal(f"{url}/orders.csv", tmp_path)
    assert "already there and differs" in error.message
    assert (tmp_path / "orders.csv").read_text() == "mine"


def test_a_file_url_is_copied(tmp_path: Path) -> None:
    (tmp_path / "my orders.csv").write_bytes(CONTENT)
    path = download((tmp_path / "my orders.csv").as_uri(), tmp_path / "sources")
    assert path == tmp_path / "sources" / "my orders.csv"
    assert path.read_bytes() == CONTENT


def test_credentials_open_the_server_and_are_told_to_no_other(url: str, tmp_path: Path) -> None:
    login = url.replace("://", "://ada:s%40cret@")
    assert download(f"{login}/private.csv", tmp_path).read_text() == "Basic YWRhOnNAY3JldA=="
    assert download(f"{login}/elsewhere.csv", tmp_path).read_text() == "None"


def test_no_error_repeats_a_password_or_a_token(url: str, tmp_path: Path) -> None:
    login = url.replace("://", "://ada:secret@")
    for address in (f"{login}/none.csv?token=secret", f"{login}/?secret", "http://ada:secret@nowhere.invalid/x.csv"):
        assert "secret" not in str(refusal(address, tmp_path))


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/none.csv", "404 Not Found"),
        ("/private.csv", "401 Unauthorized"),
        ("/short.csv", "the connection broke before the end"),
        ("/zipped.csv", "is sent compressed"),
        ("/", "names no file"),
        ("", "names no file"),
    ],
)
def test_what_a_server_refuses_is_told_with_the_address(url: str, path: str, message: str, tmp_path: Path) -> None:
    error = refusal(url + path, tmp_path)
    assert message in error.message
    assert url in error.message


def test_a_host_that_does_not_exist_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("no_proxy", "*")
    assert "no such host" in refusal("http://nowhere.invalid/x.csv", tmp_path).message


def test_https_to_a_server_that_speaks_http_is_no_secure_connection(url: str, tmp_path: Path) -> None:
    error = refusal(url.replace("http:", "https:") + "/orders.csv", tmp_path)
    assert "no secure connection" in error.message


def test_a_server_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("no_proxy", "*")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        error = refusal(f"http://127.0.0.1:{silent.getsockname()[1]}/x.csv", tmp_path, timeout=0.05)
    assert "does not answer" in error.message


def test_a_closed_port_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("no_proxy", "*")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert "connection refused" in refusal(f"http://127.0.0.1:{port}/x.csv", tmp_path).message


def test_a_missing_file_url_is_said(tmp_path: Path) -> None:
    assert "no such file" in refusal((tmp_path / "none.csv").as_uri(), tmp_path / "sources").message


@pytest.mark.parametrize("url", ["ftp://example.org/x.csv", "s3://bucket/x.csv", "orders.csv", ""])
def test_other_kinds_of_url_are_refused(url: str) -> None:
    with pytest.raises(SourceError, match="URL"):
        file_name(url)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://example.org/a/orders.csv?x=1#y", "orders.csv"),
        ("https://example.org/..%2F..%2Fetc%2Fpasswd.csv", "passwd.csv"),
        ("https://example.org/..%5Cwin.csv", "win.csv"),
        ("https://example.org/a%00b.csv", "a_b.csv"),
        ("https://example.org/.hidden.csv", "hidden.csv"),
        ("https://example.org/a[1]*?.csv", "a_1_"),
        ("https://example.org/名前.csv", "名前.csv"),
    ],
)
def test_a_files_name_is_safe_in_any_folder(url: str, name: str) -> None:
    assert file_name(url) == name
