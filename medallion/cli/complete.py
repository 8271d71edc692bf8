"""Completion of what a command takes, for bash, zsh and fish, by way of typer's.

Whatever goes wrong offers nothing: a shell would print it in the middle of what is being typed.
"""

from __future__ import annotations

import io
import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

import typer  # noqa: TC002  # it reads the annotations when it runs

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "answer_shell",
    "asked_by_shell",
    "complete_column",
    "complete_difference",
    "complete_revision",
    "complete_select",
    "complete_table",
]

_VARIABLE = "_MEDALLION_COMPLETE"


def complete_select(ctx: typer.Context, incomplete: str) -> list[str]:
    """SELECT: names, patterns, tags, methods."""
    from medallion.completion import selections

    return selections(_folder(ctx), incomplete)


def complete_table(ctx: typer.Context, incomplete: str) -> list[str]:
    """TABLE."""
    from medallion.completion import datasets

    return [name for name in datasets(_folder(ctx)) if name.startswith(incomplete)]


def complete_column(ctx: typer.Context, incomplete: str) -> list[str]:
    """TABLE[.COLUMN]."""
    from medallion.completion import columns

    return columns(_folder(ctx), incomplete)


def complete_revision(ctx: typer.Context, incomplete: str) -> list[str]:
    """REV: branches and tags."""
    from medallion.completion import revisions

    return [name for name in revisions(_folder(ctx)) if name.startswith(incomplete)]


def complete_difference(ctx: typer.Context, incomplete: str) -> list[str]:
    """REVISIONS, in a range as well, and TABLE or ``layer.*``; after the first word only those."""
    from medallion.completion import datasets, revisions

    folder = _folder(ctx)
    if ".." in incomplete:
        dots = "..." if "..." in incomplete else ".."
        before, _, begun = incomplete.partition(dots)
        return [f"{before}{dots}{name}" for name in revisions(folder) if name.startswith(begun)]
    tables = datasets(folder)
    layers = dict.fromkeys(f"{name.partition('.')[0]}.*" for name in tables)
    first = [] if ctx.params.get("words") else revisions(folder)
    return [word for word in (*first, *tables, *layers) if word.startswith(incomplete)]


def _folder(ctx: typer.Context) -> Path:
    """Where the command would work."""
    return Path(ctx.find_root().params.get("directory") or ".")


def asked_by_shell(environment: Mapping[str, str]) -> bool:
    """Whether the program was started to complete a command line."""
    return environment.get(_VARIABLE, "").startswith("complete_")


def answer_shell(app: typer.Typer) -> None:
    """Print what the command line may go on with, and exit as the shell's script expects."""
    bash = os.environ[_VARIABLE] == "complete_bash"
    taken = _join_words() if bash else ""
    written = io.StringIO()
    code: object = 0
    try:
        with redirect_stdout(written), redirect_stderr(io.StringIO()):
            app(standalone_mode=False)
    except SystemExit as end:
        code = end.code
    except Exception:  # Even a bug of ours is no reason to write into what a person types.
        code = 1
    sys.stdout.write("".join(f"{line.removeprefix(taken)}\n" for line in written.getvalue().splitlines() if line))
    sys.exit(code if isinstance(code, int) else 0)


def _join_words() -> str:
    """Put together again what bash takes apart, and say which part of the last word it will leave as it is.

    To bash a colon, an equals sign and an at sign are words of their own. What is completed begins after the last
    colon, so that much must not be in the answer.
    """
    words = os.environ.get("COMP_WORDS", "").split("\n")[: int(os.environ.get("COMP_CWORD", "0")) + 1]
    joined: list[str] = []
    goes_on = False
    for word in words:
        belongs = word == ":" or (word == "=" and joined[-1:] != [] and joined[-1].startswith("--"))
        if joined and word and (belongs or goes_on):
            joined[-1] += word
        else:
            joined.append(word)
        goes_on = belongs or word == "@"
    os.environ["COMP_WORDS"] = "\n".join(joined)
    os.environ["COMP_CWORD"] = str(len(joined) - 1)
    last = joined[-1]
    value = last.partition("=")[2] if last.startswith("--") else last
    return value[: value.rfind(":") + 1]
