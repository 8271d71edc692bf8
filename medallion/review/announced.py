"""Where an author announces differences: files in ``sql/expect/`` that a pull request adds or changes, and trailers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medallion.errors import Location, MedallionError
from medallion.review.claim_texts import claims_in_markdown, claims_in_trailer, is_prose
from medallion.utf8 import decoded

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from medallion.diff.value import Side
    from medallion.git.repository import Repository
    from medallion.review.claims import Claims
    from medallion.review.trees import Tree

__all__ = ["FOLDER", "announced"]

FOLDER = "sql/expect"
_TRAILERS = "%H%x01%(trailers:key=Expect,valueonly,unfold,separator=%x02)"


def announced(
    repo: Repository, base: Tree, head: Tree, sides: tuple[Side, Side]
) -> tuple[tuple[Claims, ...], tuple[MedallionError, ...], tuple[str, ...]]:
    """What the head announces and the base did not, what of that cannot be read, and what was meant for people."""
    found: list[Claims] = []
    notes: list[str] = []
    errors: list[MedallionError] = []
    before, after = _committed(repo, base), _committed(repo, head)
    if not head.commit:
        after, errors = _here(head)
    for path, data in sorted(after.items()):
        if before.get(path, b"").replace(b"\r\n", b"\n") == data.replace(b"\r\n", b"\n"):
            continue
        try:
            claims, wrong = claims_in_markdown(path, decoded(data, path, MedallionError), head.config.layers)
        except MedallionError as error:
            claims, wrong = (), (error,)
        found += claims
        errors += wrong
    for where, value in _trailers(repo, *sides):
        try:
            found.append(claims_in_trailer(where, value, head.config.layers))
        except MedallionError as error:
            # A commit that is pushed stays as it is: what could mean nothing here must not fail for ever.
            if is_prose(value, head.config.layers):
                notes.append(f"the trailer Expect: of {where} announces nothing: it begins with no dataset")
            else:
                errors.append(error)
    return tuple(found), tuple(errors), tuple(notes)


def _is_announcement(path: str) -> bool:
    folder, _, name = path.rpartition("/")
    return folder == FOLDER and name.lower().endswith(".md")


def _committed(repo: Repository, tree: Tree) -> Mapping[str, bytes]:
    wanted = {path: e.oid for path, e in tree.entries.items() if _is_announcement(path) and not e.is_link}
    blobs = dict(repo.read_blobs(dict.fromkeys(wanted.values())))
    return {path: blobs[oid] for path, oid in wanted.items() if oid in blobs}


def _here(tree: Tree) -> tuple[Mapping[str, bytes], list[MedallionError]]:
    """The files of the work tree, committed or not, and what cannot be read.

    A link may lead anywhere, and is left alone.
    """
    found: dict[str, bytes] = {}
    errors: list[MedallionError] = []
    folder = tree.config.root / FOLDER
    try:
        names = sorted(file.name for file in folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return {}, []
    except OSError as error:
        return {}, [MedallionError(f"cannot be read: {error.strerror}", location=Location(FOLDER))]
    for name in names:
        path, file = f"{FOLDER}/{name}", folder / name
        if not _is_announcement(path) or file.is_symlink() or not file.is_file():
            continue
        try:
            found[path] = file.read_bytes()
        except OSError as error:
            errors.append(MedallionError(f"cannot be read: {error.strerror}", location=Location(path)))
    return found, errors


def _trailers(repo: Repository, base: Side, head: Side) -> Iterator[tuple[str, str]]:
    """The values of the ``Expect:`` trailers of the commits in between, the earliest commit first, with where."""
    log = repo.git(
        *("log", "--reverse", "--no-color", "--no-notes", "--encoding=UTF-8", "-z"),
        *(f"--format={_TRAILERS}", f"{base.commit}..{head.commit or 'HEAD'}", "--"),
    )
    for entry in log.decode(errors="replace").split("\0"):
        commit, _, values = entry.strip("\n").partition("\x01")
        for value in values.split("\x02") if values else ():
            yield f"commit {commit[:7]}", value.strip()
