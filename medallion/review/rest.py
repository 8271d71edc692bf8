"""A forge's REST interface: waits for limits, tries again, follows no redirect, and keeps the token to itself."""

from __future__ import annotations

import http.client
import json
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from medallion.errors import ForgeError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Answer", "Clock", "Rest"]

_ATTEMPTS = 4
_TIMEOUT = 30.0
# An answer is a page of a hundred comments, of which one may be a million characters long.
_LARGEST = 256 << 20
# What a server that is not well answers with; anything else would be answered in the same way again.
_TRANSIENT = frozenset({500, 502, 503, 504, 520, 521, 522, 524})


@dataclass(frozen=True, slots=True)
class Clock:
    """Where time comes from, and how to let it pass; in seconds. ``patience`` is how long may be waited for a limit."""

    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], float] = time.time
    patience: float = 120.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered with success: its headers, by names in lower case, and the JSON in it."""

    headers: Mapping[str, str]
    document: Any


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A token that is sent on is a token that is given away."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Follow none: the answer then is an error with its status."""


class Rest:
    """Requests to ``base``, each with ``headers``. ``token`` is what no message may hold.

    ``ForgeError`` where ``base`` is neither https nor on this machine.
    """

    def __init__(self, base: str, headers: Mapping[str, str], token: str, clock: Clock) -> None:
        parts = urllib.parse.urlsplit(base)
        if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(parts.hostname or "")):
            raise ForgeError(
                f"{parts.scheme}://{parts.netloc.rpartition('@')[2]} is no address that a token may be sent to",
                hint="give the forge's API as https://…",
            )
        if any(ord(c) < 33 or ord(c) > 126 for c in token):
            raise ForgeError("the token holds white space or other characters that no token has", hint="set it anew")
        self.host = parts.netloc.rpartition("@")[2]
        self._base = base.rstrip("/")
        self._headers = {"User-Agent": "medallion", "Content-Type": "application/json", **headers}
        self._token = token
        self._clock = clock
        self._waited = 0.0
        self._opener = urllib.request.build_opener(_NoRedirect)

    def request(
        self,
        method: str,
        path: str,
        body: Mapping[str, object] | None = None,
        query: Mapping[str, str | int] | None = None,
    ) -> Answer:
        """The answer to a request. ``ForgeError`` with its ``status``, 0 where there was no answer.

        What is no POST is tried again where the server is not well or the connection breaks. A POST is not: whether it
        was carried out is for the caller to see. Any is tried again after a limit, which says that it was not.
        """
        attempt = 0
        while True:
            try:
                return self._once(method, path, body, query)
            except _LimitedError as limited:
                self._wait_for(limited)
            except ForgeError as error:
                attempt += 1
                if method == "POST" or not error.unanswered or attempt >= _ATTEMPTS:
                    raise
                self.pause(attempt)

    def pause(self, attempt: int) -> None:
        """Let time pass before something is tried again: 1, 2, 4 … seconds."""
        self._clock.sleep(float(2 ** (attempt - 1)))

    def _once(self, method: str, path: str, body: object, query: Mapping[str, str | int] | None) -> Answer:
        url = f"{self._base}/{path}" + (f"?{urllib.parse.urlencode(query)}" if query else "")
        data = None if body is None else json.dumps(body).encode()
        # The scheme was looked at when the base was.
        request = urllib.request.Request(url, data, self._headers, method=method)  # noqa: S310
        try:
            with self._opener.open(request, timeout=_TIMEOUT) as response:
                text, headers = response.read(_LARGEST), _lower(response.headers)
        except urllib.error.HTTPError as error:
            with error:
                raise self._refusal(error, f"{method} {path}") from None
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", error)
            said = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
            raise ForgeError(
                self._clean(f"{self.host} does not answer: {said}"),
                hint="run the job again; look at the forge's status page where that does not help",
            ).with_status(0) from None
        try:
            return Answer(headers, json.loads(text) if text.strip() else None)
        except ValueError:
            raise ForgeError(
                f"{self.host} does not answer with JSON to {method} {path}", hint="is that the address of its API?"
            ).with_status(200) from None

    def _refusal(self, error: urllib.error.HTTPError, what: str) -> ForgeError:
        """What an answer without success means."""
        headers = _lower(error.headers)
        try:
            said = _message(json.loads(error.read(1 << 20)))
        except (ValueError, OSError, http.client.HTTPException):
            said = ""
        limited = error.code == 429 or "retry-after" in headers or headers.get("x-ratelimit-remaining") == "0"
        if error.code == 429 or (error.code == 403 and (limited or "rate limit" in said.lower())):
            return _LimitedError(self._seconds(headers))
        if 300 <= error.code < 400:
            where = urllib.parse.urlsplit(headers.get("location", "")).netloc.rpartition("@")[2]
            return ForgeError(
                f"{self.host} sends {what} on{f' to {where}' if where else ''}; the token is not sent after it",
                hint="was the repository renamed or moved? Run the job in the place where it is now",
            ).with_status(error.code)
        message = self._clean(f"{self.host} refuses {what}: {error.code} {said or error.reason}")
        hint = "run the job again later" if error.code in _TRANSIENT else "the forge's own words say what it wants"
        return ForgeError(message, hint=hint).with_status(error.code)

    def _seconds(self, headers: Mapping[str, str]) -> float:
        """How long a limit lasts, by the headers of GitHub and GitLab; a minute where they do not say."""
        after = headers.get("retry-after", "")
        if after.isdigit():
            return float(after)
        reset = headers.get("x-ratelimit-reset", headers.get("ratelimit-reset", ""))
        return max(0.0, float(reset) - self._clock.now()) if reset.isdigit() else 60.0

    def _wait_for(self, limited: _LimitedError) -> None:
        seconds = limited.seconds + 1
        if self._waited + seconds > self._clock.patience:
            free = datetime.fromtimestamp(self._clock.now() + limited.seconds, UTC)
            raise ForgeError(
                f"{self.host} has a limit of requests, and it is reached until {free:%Y-%m-%d %H:%M:%S} UTC",
                hint="run the job again then",
            ).with_status(429)
        self._waited += seconds
        self._clock.sleep(seconds)

    def _clean(self, text: str) -> str:
        """Without the token, which a server or a library might repeat, and as one line."""
        text = text.replace(self._token, "***") if self._token else text
        return "".join(c if c.isprintable() else " " for c in text)[:500]


class _LimitedError(ForgeError):
    """Too many requests: nothing was done, and it may be asked for again after these ``seconds``."""

    def __init__(self, seconds: float) -> None:
        super().__init__("too many requests")
        self.seconds = seconds


def _lower(headers: Any) -> dict[str, str]:
    return {str(name).lower(): str(value) for name, value in (headers or {}).items()}


def _message(document: Any) -> str:
    """What a forge says of its refusal: GitHub in ``message`` and ``errors``, GitLab in ``message`` or ``error``."""
    if not isinstance(document, dict):
        return ""
    said = [document.get("message") or document.get("error") or "", *(document.get("errors") or [])]
    return " ".join(part if isinstance(part, str) else json.dumps(part) for part in said if part)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
