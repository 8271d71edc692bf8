"""A real Chromium, driven through its DevTools protocol over two pipes: no driver, no port, nothing more to install."""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Page", "chromium"]

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
_FLAGS = (
    "--headless=new",
    "--no-sandbox",  # It opens one file of ours, and tests may run as root.
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--remote-debugging-pipe",
)
_PATIENCE = 60.0
# Chromium reads from descriptor 3 and writes to 4: the pipes are put there, by way of numbers that are neither.
_START = """
import fcntl, os, sys
held = [fcntl.fcntl(int(number), fcntl.F_DUPFD, 10) for number in sys.argv[1:3]]
for place, number in enumerate(held, 3):
    os.dup2(number, place)
os.execv(sys.argv[3], sys.argv[3:])
"""


def chromium() -> str:
    """The program; ``scripts/ensure-chromium`` sees to it that there is one."""
    named = os.environ.get("MEDALLION_CHROMIUM", "")
    found = next((path for name in (named, *_NAMES, _MAC) if name and (path := shutil.which(name))), None)
    assert found, "no Chromium is installed: run scripts/ensure-chromium"
    return found


class Page:
    """A tab that holds one file. ``problems`` is what its console complained of, ``requests`` what it asked for."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        theirs_in, self._out = os.pipe()
        self._in, theirs_out = os.pipe()
        start = [sys.executable, "-c", _START, str(theirs_in), str(theirs_out), chromium()]
        self._process = subprocess.Popen(
            [*start, *_FLAGS, f"--user-data-dir={folder}", "about:blank"],
            pass_fds=(theirs_in, theirs_out),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "HOME": str(folder)},
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self._buffer = b""
        self._number = 0
        self._events: list[dict[str, Any]] = []
        target = self.send("Target.createTarget", url="about:blank", session="")["targetId"]
        self._session: str = self.send("Target.attachToTarget", targetId=target, flatten=True, session="")["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError, AssertionError):
            self.send("Browser.close", session="")
        os.close(self._out)
        try:
            self._process.wait(timeout=_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._in)

    def send(self, method: str, *, session: str | None = None, **params: object) -> dict[str, Any]:
        """Call a method of the protocol, and wait for its answer; events that come meanwhile are kept."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": params}
        if session := getattr(self, "_session", "") if session is None else session:
            message["sessionId"] = session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while (answer := self._next()).get("id") != self._number:
            self._events.append(answer)
        assert "error" not in answer, (method, answer["error"])
        result: dict[str, Any] = answer["result"]
        return result

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._in], [], [], _PATIENCE)
            assert ready, "Chromium does not answer"
            read = os.read(self._in, 1 << 16)
            assert read, "Chromium went away"
            self._buffer += read
        text, self._buffer = self._buffer.split(b"\0", 1)
        message: dict[str, Any] = json.loads(text)
        return message

    def open(self, path: Path, width: int, *, dark: bool = False) -> None:
        """Load a file in a window of this width, in light or dark colours."""
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.send("Emulation.setEmulatedMedia", features=[scheme])
        self._events.clear()
        self.send("Page.navigate", url=path.as_uri())
        while not any(event.get("method") == "Page.loadEventFired" for event in self._events):
            self._events.append(self._next())

    def ask(self, expression: str) -> Any:
        """What an expression of JavaScript is, in the page."""
        answer = self.send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def press(self, key: str, text: str = "") -> None:
        """Press a key and let it go."""
        codes = {"Tab": 9, "Enter": 13, " ": 32}
        event: dict[str, Any] = {"key": key, "windowsVirtualKeyCode": codes.get(key, 0)}
        down = {"text": text} if text else {}
        self.send("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", **event, **down)
        self.send("Input.dispatchKeyEvent", type="keyUp", **event)

    def type(self, text: str) -> None:
        """Write into what has the focus."""
        self.send("Input.insertText", text=text)

    @property
    def problems(self) -> list[str]:
        """Errors and warnings of the console, uncaught exceptions, and what the content policy refused."""
        found = []
        for event in self._events:
            method, params = event.get("method"), event.get("params", {})
            if method == "Runtime.exceptionThrown":
                found.append(json.dumps(params["exceptionDetails"]))
            elif method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
                found.append(params["entry"]["text"])
            elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning", "assert"):
                found.append(json.dumps(params["args"]))
        return found

    @property
    def requests(self) -> list[str]:
        """The addresses that were asked for since the page was opened."""
        return [
            event["params"]["request"]["url"]
            for event in self._events
            if event.get("method") == "Network.requestWillBeSent"
        ]
