"""Write the files by which GitHub Actions or GitLab CI reviews pull requests. None that is there is changed."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, distribution
from importlib.resources import files
from typing import TYPE_CHECKING

from medallion.errors import ConfigError, GitError, MedallionError
from medallion.git.repository import Repository
from medallion.installed import version_of
from medallion.names import nearest
from medallion.publish import write_file
from medallion.redaction import redact
from medallion.setup import Change

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = [
    "Origin",
    "Provider",
    "installed_from",
    "needed_origin",
    "origin_of",
    "provider_of",
    "refuse_origin",
    "write_pipeline",
]

_ORIGIN = re.compile(r"(https://[\w.-]+(?::\d+)?)/((?:[\w.-]+/)+[\w.-]+?)(?:\.git)?(?:@([\w./-]+))?", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}")
_GITHUB = ("medallion.yml", "medallion-comment.yml")
_INCLUDED = ".gitlab/medallion-review.yml"
_OWNER_AND_NAME = re.compile(r"(?!\.)[\w.-]+/(?!\.)[\w.-]+", re.ASCII)
# With a scheme, or as ssh has it: git@github.example.org:shop/data.git.
_REMOTE = re.compile(r"(?:[a-z][a-z0-9+.-]*://(?:[^/]*@)?|(?:[^/@]+@)?(?=[^/:]+:(?!/)))([^/:@]+)", re.IGNORECASE)
# Where a remote may well lie, and no GitHub Enterprise Server does.
_OTHER_FORGES = ("gitlab.com", "bitbucket.org", "codeberg.org")


class Provider(StrEnum):
    """Who runs the jobs."""

    GITHUB = "github"
    GITLAB = "gitlab"


@dataclass(frozen=True, slots=True)
class Origin:
    """The Git repository that medallion itself is taken from, and a revision of it."""

    host: str
    path: str
    revision: str

    @property
    def pinned(self) -> bool:
        """Whether it is a commit, which nobody can move."""
        return bool(_COMMIT.fullmatch(self.revision))

    @property
    def hostname(self) -> str:
        """The host's name alone, in lower case."""
        return self.host.partition("://")[2].partition(":")[0].lower()

    def __str__(self) -> str:
        return f"{self.host}/{self.path}@{self.revision}"


def provider_of(word: str) -> Provider:
    """``github`` or ``gitlab``; ``MedallionError`` for another word."""
    if word.lower() not in set(Provider):
        near = nearest(word.lower(), Provider)
        raise MedallionError(
            f'there is no CI called "{word}"', hint=f'did you mean "{near}"?' if near else "it is github or gitlab"
        )
    return Provider(word.lower())


def origin_of(url: str) -> Origin:
    """What ``https://HOST/OWNER/NAME@REVISION`` names; ``MedallionError`` where it is no such URL.

    Without a revision it is the tag of this version.
    """
    found = _ORIGIN.fullmatch(url)
    if not found:
        raise MedallionError(
            f"{redact(url)} is no address of a Git repository that a job could install medallion from",
            hint="write it as https://github.com/OWNER/NAME@COMMIT",
        )
    return Origin(found[1], found[2], found[3] or f"v{version_of('medallion')}")


def installed_from() -> str:
    """The Git repository and commit that this medallion was installed from, as a URL; "" where it was not from one."""
    try:
        told = json.loads(distribution("medallion").read_text("direct_url.json") or "{}")
    except (PackageNotFoundError, ValueError):
        return ""
    version = told.get("vcs_info") or {}
    return f"{told['url']}@{version['commit_id']}" if version.get("vcs") == "git" and "commit_id" in version else ""


def needed_origin(url: str = "") -> Origin:
    """What ``url`` names, or where this medallion was installed from; ``ConfigError`` where neither is known."""
    url = url or installed_from()
    if not url:
        raise ConfigError(
            "it is not known where a job in CI can get medallion: this one was not installed from a Git repository",
            hint="name its repository: --ci-from https://github.com/OWNER/NAME@COMMIT",
        )
    return origin_of(url)


def refuse_origin(folder: Path, provider: Provider, origin: Origin) -> None:
    """``MedallionError`` where jobs of ``provider`` for the project in ``folder`` cannot get medallion from ``origin``.

    A workflow of GitHub names an action as OWNER/NAME, and takes it from the host that it runs on: github.com, or the
    server that ``folder``'s remote ``origin`` lies on.
    """
    if provider is not Provider.GITHUB:
        return
    hosts = ["github.com", *_own_host(folder)]
    if origin.hostname not in hosts:
        raise MedallionError(
            f"a workflow of GitHub cannot take an action from {origin.hostname}, only from {' or '.join(hosts)}",
            hint="give --ci-from a repository there, such as a copy of medallion's",
        )
    if not _OWNER_AND_NAME.fullmatch(origin.path):
        raise MedallionError(
            f"{origin.path} is no repository that a workflow of GitHub could name: it has an owner and a name",
            hint="write it as https://github.com/OWNER/NAME@COMMIT",
        )


def _own_host(folder: Path) -> list[str]:
    """The host that the repository is pushed to, where that may be a GitHub of the company's own."""
    there = next((path for path in (folder, *folder.absolute().parents) if path.is_dir()), folder)
    try:
        url = Repository.open(there).git("config", "--get", "remote.origin.url", check=False).decode().strip()
    except GitError:
        return []
    found = _REMOTE.match(url)
    host = found[1].lower() if found else ""
    return [host] if host and host not in ("github.com", *_OTHER_FORGES) else []


def write_pipeline(folder: Path, provider: Provider, origin: Origin) -> Iterator[Change]:
    """Write what makes ``provider`` review the pull requests of the project in ``folder``, telling each thing.

    ``origin`` is what jobs install medallion from. ``GitError`` where ``folder`` is in no repository;
    ``MedallionError`` as :func:`refuse_origin` has it, before anything is written.
    """
    refuse_origin(folder, provider, origin)
    repository = Repository.open(folder)
    root, inside = repository.top, repository.prefix.rstrip("/") or "."
    if provider is Provider.GITHUB:
        yield from _github(root, origin, inside)
    else:
        yield from _gitlab(root, origin, inside)
    if not origin.pinned:
        yield Change("note", f"{origin.revision} of {origin.path} can be moved to other code; a commit's hash cannot")


def _github(root: Path, origin: Origin, inside: str) -> Iterator[Change]:
    for name in _GITHUB:
        text = _template("github", name)
        text = text.replace("__ACTION__", f"{origin.path}@{origin.revision}").replace("__DIRECTORY__", _quoted(inside))
        yield from _write(root, f".github/workflows/{name}", text)
    yield Change("note", "both files do their work once they are on the default branch")


def _gitlab(root: Path, origin: Origin, inside: str) -> Iterator[Change]:
    yield from _write(root, _INCLUDED, _template("gitlab", "medallion-review.yml"))
    variables = [f"  MEDALLION_PACKAGE: {_quoted(f'git+{origin}')}"]
    if inside != ".":
        variables.append(f"  MEDALLION_DIRECTORY: {_quoted(inside)}")
    lines = ["include:", f"  - local: {_INCLUDED}", "", "variables:", *variables]
    main = root / ".gitlab-ci.yml"
    if not main.exists():
        write_file(main, ("\n".join(lines) + "\n").encode())
        yield Change("created", main.name)
    elif _INCLUDED in main.read_text(encoding="utf-8", errors="replace"):
        yield Change("kept", main.name)
    else:
        yield Change("note", f"{main.name} is yours; add this to it:\n" + "\n".join(lines))
    yield Change(
        "note",
        "comments need a masked variable GITLAB_TOKEN: an access token of the project, role Reporter, scope api",
    )


def _write(root: Path, path: str, text: str) -> Iterator[Change]:
    file = root / path
    if not file.exists():
        write_file(file, text.encode())
        yield Change("created", path)
    elif file.read_bytes() == text.encode():
        yield Change("kept", path)
    else:
        yield Change("note", f"{path} is there and not what would be written; rename or delete it to have it anew")


def _template(provider: str, name: str) -> str:
    return (files("medallion") / "starter" / "ci" / provider / name).read_text(encoding="utf-8")


def _quoted(text: str) -> str:
    """A text as YAML reads it as one, where it could be anything else: JSON is YAML."""
    return text if re.fullmatch(r"[A-Za-z][\w/-]*|\.", text, re.ASCII) else json.dumps(text)
