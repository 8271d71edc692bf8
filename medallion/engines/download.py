"""Fetch a source from a URL into the project."""

from __future__ import annotations

import base64
import contextlib
import filecmp
import http.client
import os
import re
import secrets
import shutil
import socket
import ssl
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import IO, TYPE_CHECKING

from medallion.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Progress = Callable[[int, int | None], None]

__all__ = ["download", "file_name"]

_BLOCK = 1 << 20


def _ignore(_done: int, _total: int | None) -> None:
    """Progress that nobody asked for."""


def download(url: str, folder: Path, on_progress: Progress = _ignore, *, timeout: float = 30.0) -> Path:
    """Copy what ``url`` (http, https or file) names into ``folder`` and return the file's path.

    ``on_progress`` gets the bytes done so far and the total, None where the server does not say. ``timeout`` is in
    seconds, for connecting and for each read. A file that is already there and the same is left alone; one that
    differs is never overwritten. Nothing half done stays behind.

    Raises ``SourceError``; user names, passwords and queries of the URL appear in no message.
    """
    name = file_name(url)
    shown = _shown(url)
    partial = folder / f".download-{secrets.token_hex(8)}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        target = partial.open("xb")
    except OSError as error:
        raise SourceError(f"{folder} cannot be written to: {error.strerror}") from error
    try:
        with target:
            with _explained(shown), _opened(url, timeout) as (source, total):
                _copy(source, target, total, on_progress)
            target.flush()
            os.fsync(target.fileno())
        return _publish(partial, folder / name, shown)
    finally:
        partial.unlink(missing_ok=True)


def file_name(url: str) -> str:
    """The name under which a URL's file is kept: its last part, without what a path or a pattern could hold."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in ("http", "https", "file"):
        raise SourceError(
            f'"{parts.scheme}" is no kind of URL that can be fetched' if parts.scheme else "this is no URL",
            hint="write http://, https:// or file://, or the path of a file in the project",
        )
    last = urllib.parse.unquote(parts.path).replace("\\", "/").rsplit("/", 1)[-1]
    name = re.sub(r"[^\w.\- ]+", "_", last).strip(" .")
    if not name:
        raise SourceError(f"{_shown(url)} names no file", hint="give the URL of the file itself, as in …/orders.csv")
    return name


def _shown(url: str) -> str:
    """The URL as it may be printed: tokens live in user names, passwords, queries and fragments."""
    parts = urllib.parse.urlsplit(url)
    return urllib.parse.urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


@contextlib.contextmanager
def _opened(url: str, timeout: float) -> Iterator[tuple[IO[bytes], int | None]]:
    parts = urllib.parse.urlsplit(url)
    if parts.scheme == "file":
        path = Path(urllib.request.url2pathname(parts.path))
        with path.open("rb") as file:
            yield file, path.stat().st_size
        return
    user, _, host = parts.netloc.rpartition("@")
    # A path with spaces or letters beyond ASCII is quoted; what is quoted already stays so.
    path_part = urllib.parse.quote(parts.path, safe="/%:@!$&'()*+,;=~")
    query = urllib.parse.quote(parts.query, safe="/%:@!$&'()*+,;=~?")
    bare = urllib.parse.urlunsplit((parts.scheme, host.encode("idna").decode(), path_part, query, ""))
    request = urllib.request.Request(bare, headers={"User-Agent": "medallion"})  # noqa: S310 (the scheme is checked)
    if user:
        login = base64.b64encode(urllib.parse.unquote(user).encode()).decode()
        # Unredirected: another host that the server may send us to is not told the password.
        request.add_unredirected_header("Authorization", f"Basic {login}")
    with urllib.request.urlopen(request, timeout=timeout) as response:  # noqa: S310
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise SourceError(
                f"{_shown(url)} is sent compressed although that was not asked for",
                hint="fetch it by hand (curl --compressed) and add the file",
            )
        length = response.headers.get("Content-Length", "")
        yield response, int(length) if length.isdigit() else None


def _copy(source: IO[bytes], target: IO[bytes], total: int | None, on_progress: Progress) -> None:
    done = 0
    on_progress(done, total)
    while block := source.read(_BLOCK):
        target.write(block)
        done += len(block)
        on_progress(done, total)
    if total is not None and done < total:
        raise http.client.IncompleteRead(b"", total - done)


@contextlib.contextmanager
def _explained(shown: str) -> Iterator[None]:
    """Turn what can go wrong on the way into a ``SourceError``."""
    try:
        yield
    except urllib.error.HTTPError as error:
        error.close()
        hint = {401: "it wants a login", 403: "it refuses you", 404: "look at the address in a browser"}.get(error.code)
        raise SourceError(f"{shown}: {error.code} {error.reason}", hint=hint or "try again later") from None
    except urllib.error.URLError as error:
        reason = error.reason if isinstance(error.reason, Exception) else OSError(str(error.reason))
        raise _network_error(shown, reason) from None
    except (OSError, http.client.HTTPException, ValueError, UnicodeError) as error:
        raise _network_error(shown, error) from None


def _network_error(shown: str, reason: Exception) -> SourceError:
    if isinstance(reason, FileNotFoundError):
        return SourceError(f"{shown}: there is no such file")
    if isinstance(reason, socket.gaierror):
        return SourceError(f"{shown}: no such host", hint="look at the address, and whether you are online")
    if isinstance(reason, ssl.SSLError):
        detail = getattr(reason, "verify_message", "") or reason.reason or "the handshake failed"
        return SourceError(
            f"{shown}: no secure connection: {detail}", hint="the server's certificate is not trusted here"
        )
    if isinstance(reason, TimeoutError):
        return SourceError(f"{shown}: the server does not answer", hint="try again later")
    if isinstance(reason, http.client.IncompleteRead):
        return SourceError(f"{shown}: the connection broke before the end", hint="try again")
    if isinstance(reason, http.client.HTTPException | ValueError):
        return SourceError(f"{shown}: the address or the answer is not understood")
    detail = getattr(reason, "strerror", None) or str(reason)
    return SourceError(f"{shown}: {detail[:1].lower()}{detail[1:]}")


def _publish(partial: Path, target: Path, shown: str) -> Path:
    """Name the finished file; a link fails where the name is taken, so that nothing is overwritten."""
    try:
        try:
            os.link(partial, target)
        except FileExistsError:
            raise
        except OSError:  # A file system without hard links.
            with target.open("xb") as copy, partial.open("rb") as file:
                shutil.copyfileobj(file, copy)
    except FileExistsError:
        if filecmp.cmp(partial, target, shallow=False):
            return target
        raise SourceError(
            f"{target.name} is already there and differs from {shown}",
            hint=f"rename or delete {target}, or add that file itself",
        ) from None
    return target
