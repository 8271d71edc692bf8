"""A comment that a stranger's job has written, made harmless: text and tables stay, nothing leads out or calls anybody.

The pull request's own workflow makes that text, and who opens the pull request can change the workflow. So it is
anything. What follows does not parse markdown, since no two parsers agree: it breaks the characters that every
construct needs, wherever they stand, by a space of no width. At worst a code block shows a little more than it should.
"""

from __future__ import annotations

import html
import re
import unicodedata
from typing import TYPE_CHECKING

from medallion.errors import ForgeError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["LARGEST", "harmless", "read_comment"]

#: Bytes that are read at most.
LARGEST = 4 * 65_536

_BREAK = "\u200b"

# What our own reports use. Attributes are none, but for what opens a fold.
_TAGS = "details|summary|table|thead|tbody|tr|th|td|b|strong|i|em|code|sub|sup|br|ins|del|p"
_TAG = re.compile(rf"<(?:/?(?:{_TAGS})|details open|br ?/)>")
_REFERENCE = re.compile(r"&(?:#[0-9]{1,8}|#[xX][0-9a-fA-F]{1,8}|[A-Za-z][A-Za-z0-9]{1,31});?")
# Characters as numbers are shown as characters; these would then mean what the characters do.
_MEANS = frozenset("@#!~$:/[]()<>`&\\")
# The lineage as our reports draw it, between lines that are empty or the text's end: boxes with plain names, arrows.
_DRAWING = re.compile(
    r"(?<![^\n])(?<![^\n]\n)```mermaid\nflowchart LR\n"
    r"(?: {4}(?:n\d+\[\"[\w ./-]*\"\](?::::changed)?|n\d+ --> n\d+)\n)*"
    r" {4}classDef changed stroke:#bf8700,stroke-width:3px\n```(?![^\n])",
    re.ASCII,
)
_CONSTRUCTS: tuple[tuple[re.Pattern[str], str], ...] = (
    # Links and pictures need "](" or "][", definitions and footnotes "]:", wherever they stand.
    (re.compile(r"\](?=[(\[:])"), f"]{_BREAK}"),
    (re.compile(r"!(?=\[)"), f"!{_BREAK}"),
    (re.compile(r"\[(?=\^)"), f"[{_BREAK}"),
    # A bare address becomes a link by its scheme, or by www.
    (re.compile(r"(?<=\w):(?=//)"), f":{_BREAK}"),
    (re.compile(r"\b(mailto|xmpp):", re.IGNORECASE), rf"\1{_BREAK}:"),
    (re.compile(r"\b(www)\.", re.IGNORECASE), rf"\1{_BREAK}."),
    # Mentions of people, issues, merge requests, commits of other projects, labels.
    (re.compile(r"(?<=\w)@"), f"{_BREAK}@"),
    (re.compile(r"@"), f"@{_BREAK}"),
    (re.compile(r"(?<!&)#(?=\w)"), f"#{_BREAK}"),
    (re.compile(r"([!~%$])(?=\d)"), rf"\1{_BREAK}"),
    (re.compile(r"\b(GH)-(?=\d)", re.IGNORECASE), rf"\1{_BREAK}-"),
    # Drawings may hold links and scripts of their own. One kind comes through, see below.
    (re.compile(r"(?<!~)(~{3,})(?!~)[^\n]+$", re.MULTILINE), r"\1text"),
    (re.compile(r"(?<!`)(`{3,})(?!`)[^`\n]+$", re.MULTILINE), r"\1text"),
    # Formulas.
    (re.compile(r"\$(?=[$`\w\\])"), f"${_BREAK}"),
    # What a forge would carry out.
    (re.compile(r"^([ \t>]*)/", re.MULTILINE), rf"\1{_BREAK}/"),
)


def read_comment(folder: Path) -> str:
    """The text of ``comment.md`` in a folder that a stranger has filled; ``ForgeError`` where it is none."""
    path = folder / "comment.md"
    if path.is_symlink() or not path.is_file():
        raise ForgeError(f"there is no file {path}", hint="did the workflow upload what `--report` has written?")
    with path.open("rb") as file:
        data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise ForgeError(f"{path} has more than {LARGEST:,} bytes", hint="no report of medallion is that long")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ForgeError(
            f"{path} is not UTF-8", hint="medallion writes UTF-8; this is not what it has written"
        ) from None


def harmless(text: str, budget: int) -> str:
    """``text`` as one may post it in one's own name, in at most ``budget`` bytes.

    No link, picture, mention, reference, comment in HTML or command is left in it, and no tag or drawing but such as
    our own reports have. Too long a text is cut at the end of a line, and says so.
    """
    text = "".join(c for c in text.replace("\r\n", "\n").replace("\r", "\n") if _is_plain(c))
    text = _REFERENCE.sub(_kept_reference, text)
    drawing = _DRAWING.search(text)
    before, drawn, after = (text[: drawing.start()], drawing[0], text[drawing.end() :]) if drawing else (text, "", "")
    return _cut((_broken(before) + drawn + _broken(after)).strip("\n"), budget)


def _broken(text: str) -> str:
    text = _without_tags(text)
    for pattern, replacement in _CONSTRUCTS:
        text = pattern.sub(replacement, text)
    return text


def _is_plain(character: str) -> bool:
    """Neither a control character nor one that turns the direction of text around it or is not seen."""
    return character in "\n\t" or unicodedata.category(character) not in ("Cc", "Cf", "Co", "Cs", "Zl", "Zp")


def _kept_reference(found: re.Match[str]) -> str:
    """A reference as it stands, or the character that it stands for where that would mean something."""
    meant = html.unescape(found[0])
    if meant in ("<", ">", "&", '"') and found[0].endswith(";"):
        return found[0]
    if all(_is_plain(c) and c not in _MEANS for c in meant):
        # Without its end a number is none: a forge may see the number of an issue in it.
        return found[0] if found[0].endswith(";") else found[0].replace("&#", f"&#{_BREAK}")
    return "".join(
        f"{c}{_BREAK}" if c in "@#!~$:[`" else f"&#{ord(c)};" if c in "<>&" else c for c in meant if _is_plain(c)
    )


def _without_tags(text: str) -> str:
    """Every ``<`` that does not begin one of our tags as text: in a code block, too, it is then shown as it is."""
    parts, last = [], 0
    for tag in _TAG.finditer(text):
        parts += [text[last : tag.start()].replace("<", f"<{_BREAK}"), tag[0]]
        last = tag.end()
    return "".join([*parts, text[last:].replace("<", f"<{_BREAK}")])


def _cut(text: str, budget: int) -> str:
    if len(text.encode()) <= budget:
        return text
    note = "\n\nThe rest of the report was left out: it is too long.\n"
    kept = text.encode()[: max(0, budget - len(note.encode()) - 200)].decode(errors="ignore")
    kept = kept.rpartition("\n")[0]
    # What the cut has left open is closed, so that the note is seen.
    open_folds = kept.count("<details") - kept.count("</details>")
    fence = "\n```" if len(re.findall(r"^[ \t>]*```", kept, re.MULTILINE)) % 2 else ""
    return kept + fence + "\n</details>" * max(0, min(open_folds, 10)) + note
