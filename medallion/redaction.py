"""Take credentials out of a text before anybody else sees or keeps it: the one place that knows what they look like."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["TOKENS", "redact"]

_MASK = "***"

#: Tokens that tell by their form what they are, and whose they are.
TOKENS: dict[str, str] = {
    "an AWS access key": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "a GitHub token": r"\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_[A-Za-z0-9_]{20,}",
    "a GitLab token": r"\bglpat-[A-Za-z0-9_-]{16,}",
    "a Slack token": r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}",
    "a Google API key": r"\bAIza[A-Za-z0-9_-]{30,}",
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
}


def _lazily(pattern: str, flags: int = 0) -> Callable[[], re.Pattern[str]]:
    """A pattern that is compiled when it is first used: most commands see no text that is suspect."""
    return cache(lambda: re.compile(pattern, flags))


# A password may hold an @ or, though it should not, a slash; a port in front of a path is no password.
_USER = _lazily(r"\b([a-z][a-z0-9+.-]*://)(?:[^\s'\"/?#]*|[^\s'\"/?#:]*:(?!\d+[/?#])[^\s'\"]*)@", re.IGNORECASE)
_SSH_USER = _lazily(r"(?:git\+)?ssh://[\w.-]+@", re.IGNORECASE)

# Names of parameters: signatures of Amazon, Google and Azure, and whatever calls itself a secret.
_PARAMETER = _lazily(
    r"(?<=[?&;#])("
    r"[\w.%-]*(?:token|secret|passw|passphrase|credential|signature|authorization|apikey|accesskey)[\w.%-]*"
    r"|(?:x-amz|x-goog)-[\w-]+|(?:\w+[_-])?(?:key|auth|sig|pwd|pass)(?:[_-]?id)?|GoogleAccessId|Policy|Expires"
    r"|s[vepritsk]|spr|srt|sip|s[ck]oid|s[ck]tid|sk[tesv]|jwt|sid|session(?:_?id)?|code"
    r")=[^&;\s'\"<>)#]+",
    re.IGNORECASE,
)
# The same in what is no URL: a connection's text, a header, a CREATE SECRET.
_SETTING = _lazily(
    r"(?<![\w?&])((?:password|passwd|pwd|secret_?key|access_?token|api_?key|account_?key|client_?secret)=)"
    r"(?:'[^']*'|\"[^\"]*\"|[^\s&;,'\"]+)"
    r"|(\b(?:bearer|authorization: *(?:basic|bearer|token)) +)[\w.~+/=-]{8,}"
    r"|(\b(?:secret|key_id|session_token|password|account_key|client_secret|connection_string|bearer_token|token)\s+)"
    r"(?:'[^']+'|\$\$.+?\$\$)",
    re.IGNORECASE,
)
_TOKEN = _lazily("|".join(TOKENS.values()))
# What any of them has in it; most texts have none, and that is quick to see.
_SUSPECT = _lazily(
    r"://|[?&]\w|passw|pwd|secret|token|bearer|authorization|_?key[_ =]|apikey|accountkey|connection_string"
    r"|AKIA|ASIA|gh._|github_pat|glpat|xox|AIza|BEGIN",
    re.IGNORECASE,
)


def redact(text: str, *, keep_width: bool = False) -> str:
    """``text`` without users, passwords, tokens and signatures; hosts, paths and other parameters stay legible.

    With ``keep_width`` the result has as many characters as ``text``, so that places in it stay right.
    """
    if not _SUSPECT().search(text):
        return text

    def masked(found: re.Match[str], before: str, after: str = "") -> str:
        hidden = len(found[0]) - len(before) - len(after)
        return before + ("*" * hidden if keep_width else _MASK) + after

    def user(found: re.Match[str]) -> str:
        return found[0] if _SSH_USER().fullmatch(found[0]) else masked(found, found[1], "@")

    text = _USER().sub(user, text)
    text = _PARAMETER().sub(lambda found: masked(found, f"{found[1]}="), text)
    text = _SETTING().sub(lambda found: masked(found, next(filter(None, found.groups()))), text)
    return _TOKEN().sub(lambda found: masked(found, ""), text)
