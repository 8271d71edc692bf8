"""Small servers that behave as the REST interfaces of GitHub and GitLab do, as far as comments go."""

from __future__ import annotations

import json
import re
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TOKEN = "t0ken-of-the-job"
BOT = {"id": 41898282, "login": "github-actions[bot]", "type": "Bot"}
ADA = {"id": 7, "login": "ada", "type": "User"}


@dataclass
class Reply:
    """What a test wants the next matching request to be answered with; ``None`` breaks the connection."""

    status: int | None
    document: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    done: bool = False
    """Whether what was asked for is carried out nevertheless."""


@dataclass
class Forge:
    """The state of a forge: comments of pull request 7, what was asked, and what is to go wrong."""

    comments: list[dict[str, Any]] = field(default_factory=list)
    pulls: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    faults: list[tuple[str, Reply]] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    me: dict[str, Any] = field(default_factory=lambda: BOT)
    app: bool = True
    longest: int = 65_536
    page: int = 100
    read_only: bool = False
    before: Callable[[str], None] = lambda _: None
    lock: threading.Lock = field(default_factory=threading.Lock)
    url: str = ""

    def fail(
        self, pattern: str, status: int | None, document: Any = None, *, done: bool = False, **headers: str
    ) -> None:
        """Answer the next request that matches ``pattern`` (as ``POST /repos/…``) with this instead."""
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        self.faults.append((pattern, Reply(status, document, names, done)))

    def add(self, body: str, user: dict[str, Any] | None = None) -> dict[str, Any]:
        """A comment that is there already."""
        with self.lock:
            number = max((c["id"] for c in self.comments), default=100) + 1
            user = user or self.me
            made = {"id": number, "body": body, "user": user, "author": user, "html_url": f"https://x/{number}"}
            self.comments.append(made)
        return made

    def bodies(self) -> list[str]:
        """The texts of all comments."""
        return [str(comment["body"]) for comment in self.comments]

    def writes(self) -> list[str]:
        """Which requests would change something, without their addresses."""
        return [line.split()[0] for line in self.asked if not line.startswith("GET")]


class Handler(BaseHTTPRequestHandler):
    """One request."""

    forge: Forge
    gitlab = False

    def do_GET(self) -> None:
        self.serve()

    do_POST = do_PATCH = do_PUT = do_DELETE = do_GET  # noqa: N815 (the base class asks for these names)

    def serve(self) -> None:
        forge, parts = self.forge, urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else {}
        line = f"{self.command} {parts.path}"
        forge.asked.append(line)
        forge.tokens.append(self.headers.get("PRIVATE-TOKEN") or self.headers.get("Authorization") or "")
        forge.before(line)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        with forge.lock:
            found = next(((i, reply) for i, (p, reply) in enumerate(forge.faults) if re.search(p, line)), None)
            reply = forge.faults.pop(found[0])[1] if found else None
        if reply is None or reply.done:
            status, document, headers = self.carry_out(parts.path, query, body)
        if reply is not None:
            if reply.status is None:
                self.close_connection = True
                self.connection.shutdown(2)
                return
            status, document, headers = reply.status, reply.document, reply.headers
        data = b"" if document is None else json.dumps(document).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(data)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def carry_out(self, path: str, query: dict[str, str], body: dict[str, Any]) -> tuple[int, Any, dict[str, str]]:
        forge = self.forge
        given = forge.tokens[-1].removeprefix("Bearer ")
        if given != TOKEN:
            return 401, {"message": "Bad credentials"}, {}
        if path == "/user":
            return (
                (403, {"message": "Resource not accessible by integration"}, {}) if forge.app else (200, forge.me, {})
            )
        if path == "/repos/shop/data/pulls":
            owner, _, branch = query["head"].partition(":")
            wanted = [p for p in forge.pulls if p["head"]["label"] == f"{owner}:{branch}"]
            return 200, wanted, {}
        if self.gitlab:
            there = re.fullmatch(r"/projects/12/merge_requests/7/notes(?:/(\d+))?", path)
        else:
            there = re.fullmatch(r"/repos/shop/data/issues/(?:7/comments|comments/(\d+))", path)
        if not there:
            return 404, {"message": "Not Found"}, {}
        return self.comments(int(there[1] or 0), query, body)

    def comments(self, number: int, query: dict[str, str], body: dict[str, Any]) -> tuple[int, Any, dict[str, str]]:
        forge = self.forge
        if self.command == "GET":
            page = int(query.get("page", 1))
            size = min(forge.page, int(query["per_page"]))
            more = page * size < len(forge.comments)
            link = f'<{forge.url}/elsewhere?page={page + 1}>; rel="next"' if more else ""
            paging = {"X-Next-Page": str(page + 1) if more else ""} if self.gitlab else {"Link": link}
            return 200, forge.comments[(page - 1) * size : page * size], paging
        if forge.read_only:
            return 403, {"message": "Resource not accessible by integration"}, {}
        if len(body.get("body", "")) > forge.longest:
            if self.gitlab:
                return 400, {"message": {"note": [f"is too long (maximum is {forge.longest} characters)"]}}, {}
            return 422, {"message": "Validation Failed", "errors": [{"message": "body is too long"}]}, {}
        if self.command == "POST":
            return 201, forge.add(body["body"]), {}
        comment = next((c for c in forge.comments if c["id"] == number), None)
        if comment is None:
            return 404, {"message": "Not Found"}, {}
        if comment["user"]["id"] != forge.me["id"]:
            return 403, {"message": "Must have admin rights to Repository."}, {}
        if self.command == "DELETE":
            forge.comments.remove(comment)
            return 204, None, {}
        comment["body"] = body["body"]
        return 200, comment, {}

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class's name)
        """Say nothing."""


@contextmanager
def served(*, gitlab: bool = False) -> Iterator[Forge]:
    """A forge that listens on loopback; its ``url`` is that of its interface."""
    forge = Forge()
    if gitlab:
        forge.me, forge.app, forge.longest = {"id": 99, "username": "project_12_bot"}, False, 1_000_000
    handler = type("Bound", (Handler,), {"forge": forge, "gitlab": gitlab})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    forge.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield forge
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
