"""Find credentials in files that Git tracks: whoever has a clone has them, also after they were taken out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from medallion.redaction import TOKENS, redact

if TYPE_CHECKING:
    from collections.abc import Iterator

    from medallion.git.repository import Repository

__all__ = ["Credential", "find_credentials"]

_MOST_PER_FILE = 20
_WIDEST = 100

_KINDS: dict[str, str] = {
    **TOKENS,
    "a password in a URL": r"[A-Za-z][A-Za-z0-9+.-]*://[^\s/:@'\"<>{}$]*:(?![0-9]+[/?#])[^\s/@'\"<>{}$*]+@",
    "a secret in a URL": r"[?&](?:X-Amz-Signature|X-Goog-Signature|sig|signature|access_token|api_?key|token)"
    r"=[A-Za-z0-9%+/_.=-]{12,}",
    "a secret of DuckDB": r"(?i:\bCREATE\b[^;]{0,80}\bSECRET\b[^;]*\b(?:SECRET|KEY_ID|PASSWORD|TOKEN)\s+'[^']+')"
    r"|(?i:^\s*\(?\s*(?:SECRET|KEY_ID)\s+'[^']{8,}')",
}

# What git looks for, in the patterns that it knows; what it finds is looked at again with the ones above.
_GREP = (
    "(AKIA|ASIA)[0-9A-Z]{16}",
    "gh[pousr]_[A-Za-z0-9]{20,}",
    "github_pat_[A-Za-z0-9_]{20,}",
    "glpat-[A-Za-z0-9_-]{16,}",
    "xox[abeoprs]-[A-Za-z0-9-]{10,}",
    "AIza[A-Za-z0-9_-]{30,}",
    "-----BEGIN [A-Z ]*PRIVATE KEY-----",
    "[A-Za-z]://[^/@ ]*:[^/@ ]+@",
    "[?&][A-Za-z_-]*([Ss]ig|[Ss]ignature|[Tt]oken|[Kk]ey)=[A-Za-z0-9%+/_.=-]{12,}",
    "([Ss][Ee][Cc][Rr][Ee][Tt]|[Kk][Ee][Yy]_[Ii][Dd]|[Pp][Aa][Ss][Ss][Ww][Oo][Rr][Dd]|[Tt][Oo][Kk][Ee][Nn])[[:space:]]+'[^']+'",
)

# In examples a password is called one.
_EXAMPLE = re.compile(r":(?:pass(?:word)?|passwd|pwd|secret|token|x+|\.+|…)@", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Credential:
    """One that was found: ``what`` it is, and its line without it."""

    path: str
    line: int
    what: str
    text: str


def find_credentials(repo: Repository) -> Iterator[Credential]:
    """Every line of a tracked text file, as it stands in the work tree, that holds what looks like a credential.

    One call of git; a file gives at most a few lines, and files of Git LFS are pointers to it that hold none.
    """
    wanted = [argument for pattern in _GREP for argument in ("-e", pattern)]
    told = repo.git(
        *("grep", "-I", "-n", "-z", "--full-name", "-E", f"--max-count={_MOST_PER_FILE}"),
        *wanted,
        *("--", ":/", ":(top,exclude,glob)**/*.parquet"),
        check=False,
    )
    for row in told.decode(errors="replace").split("\n"):
        path, _, rest = row.partition("\0")
        number, _, text = rest.partition("\0")
        if not number.isdigit():
            continue
        what = next((kind for kind, pattern in _KINDS.items() if _is(kind, pattern, text)), None)
        if what:
            shown = redact(text).strip()
            yield Credential(path, int(number), what, shown if len(shown) <= _WIDEST else shown[:_WIDEST] + "…")


def _is(kind: str, pattern: str, text: str) -> bool:
    found = re.search(pattern, text)
    return found is not None and not (kind == "a password in a URL" and _EXAMPLE.search(found[0]))
