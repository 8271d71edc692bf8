"""Reading many objects of a repository through one ``git cat-file`` process."""

from __future__ import annotations

from itertools import chain
from typing import IO, TYPE_CHECKING

from medallion.errors import GitError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from medallion.git.process import Git

__all__ = ["identify", "read_objects"]

# A pipe holds 64 KiB: a request that fits cannot block us while git waits for us to read its answers.
_REQUEST = 32_768


def read_objects(git: Git, names: Iterable[str]) -> Iterator[tuple[str, str, str, bytes]]:
    """``(name, oid, type, content)`` for each of ``names`` that exists, in their order; absent ones are left out.

    A name is anything that git calls an object: an oid, or ``<commit>:<path from the top>``.
    """
    yield from _ask(git, names, "--batch", content=True)


def identify(git: Git, names: Iterable[str]) -> dict[str, tuple[str, str]]:
    """``name -> (oid, type)`` for each of ``names`` that exists, without reading it."""
    return {name: (oid, kind) for name, oid, kind, _ in _ask(git, names, "--batch-check", content=False)}


def _ask(git: Git, names: Iterable[str], mode: str, *, content: bool) -> Iterator[tuple[str, str, str, bytes]]:
    requests = _requests(names)
    first = next(requests, None)
    if first is None:
        return
    with git.talk("cat-file", mode, "-z") as (questions, answers):
        for request in chain([first], requests):
            try:
                questions.write(b"".join(_encode(name) + b"\0" for name in request))
                questions.flush()
            except BrokenPipeError as error:
                raise GitError("git cat-file ended early") from error
            for name in request:
                answer = _answer(answers, name, content=content)
                if answer:
                    yield name, *answer


def _requests(names: Iterable[str]) -> Iterator[list[str]]:
    request: list[str] = []
    size = 0
    for name in names:
        length = len(_encode(name)) + 1
        if request and size + length > _REQUEST:
            yield request
            request, size = [], 0
        request.append(name)
        size += length
    if request:
        yield request


def _answer(stream: IO[bytes], name: str, *, content: bool) -> tuple[str, str, bytes] | None:
    header = stream.readline()
    # git repeats the name of what it does not have, and a name may hold line breaks.
    absent = tuple(_encode(name) + word for word in (b" missing\n", b" ambiguous\n"))
    while header and header not in absent and absent[0].startswith(header):
        header += stream.readline()
    if header in absent:
        return None
    words = header.split()
    if len(words) != 3 or not header.endswith(b"\n"):
        raise GitError("git cat-file ended early")
    size = int(words[2])
    data = stream.read(size + 1)[:-1] if content else b""
    if content and len(data) != size:
        raise GitError("git cat-file ended early")
    return words[0].decode(), words[1].decode(), data


def _encode(name: str) -> bytes:
    return name.encode(errors="surrogateescape")
