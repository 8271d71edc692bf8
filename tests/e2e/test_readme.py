"""The README's tour and the tutorial, walked through: every command is run, and prints what the page says it prints.

In a page, a ``console`` block holds commands after ``$`` with their output; a line ``…`` stands for any lines. A block
``sql file=PATH`` is a file that the reader saves there. A ``python`` block is run as a program.
``WRITE_WALKS=1 pytest tests/e2e/test_readme.py`` writes into the pages what is printed today.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]

_FENCE = re.compile(r"^```(\w+)(?: file=(\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_PATIENCE = 120.0

# What differs from day to day and from machine to machine.
_CHANGING = (
    (re.compile(r"\b[0-9a-f]{7,64}\b"), "HASH"),
    (re.compile(r"\b\d+ (second|minute|hour|day)s? ago\b"), "AGO"),
    (re.compile(r"\b20\d\d-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?"), "MOMENT"),
    (re.compile(r"\b\d+(\.\d+)?s\b|\b\d+m \d\ds\b"), "TIME"),
    (re.compile(r"\b\d[\d,.]* (B|kB|MB)(?!\w)"), "SIZE"),
    (re.compile(r"\bduckdb \d+\.\d+\.\d+"), "duckdb VERSION"),
    (re.compile(r"\s+"), " "),
)


@dataclass(frozen=True, slots=True)
class Step:
    """A command with the output that the page shows."""

    command: str
    output: str


@dataclass
class Walker:
    """A person who types what the page says; ``folder`` is where they are."""

    folder: Path
    top: Path

    def type(self, command: str) -> str:
        """What the terminal shows after the command."""
        if command.startswith("cd "):
            self.folder = (self.folder / command[3:]).resolve()
            return ""
        done = subprocess.run(
            ["sh", "-c", command],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_PATIENCE,
            check=False,
        )
        said = done.stdout.decode().replace(str(self.top), "/home/ada")
        assert "Traceback" not in said, said
        assert done.returncode in (0, 1, 2), said
        return "".join(f"{line.rstrip()}\n" for line in said.splitlines())

    def block(self, language: str, file: str, text: str) -> str:
        """Do what a block of the page says; the block as it is today."""
        if file:
            path = self.folder / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            return text
        if language == "python":
            subprocess.run([sys.executable, "-c", text], cwd=self.folder, check=True, timeout=_PATIENCE)
            return text
        steps = [(step, self.type(step.command)) for step in read_steps(text)]
        for step, said in steps:
            if not os.environ.get("WRITE_WALKS"):
                assert matches(step, said), f"$ {step.command}\n{said}\nthe page says:\n{step.output}"
        return "".join(f"$ {step.command}\n{step.output if matches(step, said) else said}" for step, said in steps)


def read_steps(text: str) -> list[Step]:
    """The commands of a block. A command goes on as long as a quote is open."""
    steps: list[Step] = []
    lines = text.splitlines(keepends=True)
    while lines:
        assert lines[0].startswith("$ "), f"no command: {lines[0]}"
        command = lines.pop(0)[2:]
        while _is_open(command):
            command += lines.pop(0)
        output = ""
        while lines and not lines[0].startswith("$ "):
            output += lines.pop(0)
        steps.append(Step(command.rstrip("\n"), output))
    return steps


def _is_open(command: str) -> bool:
    try:
        shlex.split(command)
    except ValueError:
        return True
    return False


def matches(step: Step, said: str) -> bool:
    """Whether a command said what the page says, but for what differs each time."""
    expected, found = normal(step.output), normal(said)
    if step.command.startswith("medallion run"):  # Models that do not read each other end in any order.
        expected, found = sorted(expected), sorted(found)
    pattern = "".join(r"(.*\n)*" if line == "…" else re.escape(line) + r"\n" for line in expected)
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in found)) is not None


def normal(text: str) -> list[str]:
    """The lines without what changes."""
    lines = []
    for line in text.splitlines():
        for pattern, word in _CHANGING:
            line = pattern.sub(word, line)
        lines.append(line.strip())
    return lines


@pytest.fixture
def walker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Walker:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, command in {"medallion": f"{sys.executable} -m medallion", "python": sys.executable}.items():
        (programs / name).write_text(f'#!/bin/sh\nexec {command} "$@"\n')
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    home = tmp_path / "ada"
    home.mkdir()
    return Walker(home, home)


@pytest.mark.parametrize("page", ["README.md", "docs/tutorial.md"])
def test_every_command_of_the_page_prints_what_the_page_says(page: str, walker: Walker) -> None:
    path = REPOSITORY / page
    text = path.read_text(encoding="utf-8")

    def walk(found: re.Match[str]) -> str:
        language, file, body = found.group(1), found.group(2) or "", found.group(3)
        if not file and language not in ("console", "python"):
            return found.group(0)
        return f"```{language}{f' file={file}' if file else ''}\n{walker.block(language, file, body)}```"

    written = _FENCE.sub(walk, text)
    assert written.count("```console") >= 2, "the page has no walk"
    if os.environ.get("WRITE_WALKS"):
        path.write_text(written, encoding="utf-8")


def test_a_page_that_says_something_else_is_found_out() -> None:
    step = Step("medallion run", "a.b  built  3 rows  1.2 kB  0.1s  new\nbuilt 1 in 0.1s\n")
    assert matches(step, "a.b   built     3 rows  900 B  1.7s  new\nbuilt 1 in 2m 05s\n")
    assert not matches(step, "a.b   built     4 rows  900 B  1.7s  new\nbuilt 1 in 2.0s\n")
    assert not matches(step, "a.b   built     3 rows  900 B  1.7s  new\n")
    assert matches(Step("git log", "commit abcdef0\n…\n"), "commit 1234567\nAuthor: Ada\n\n    x\n")
    assert read_steps('$ echo "a\nb"\na\nb\n$ true\n') == [Step('echo "a\nb"', "a\nb\n"), Step("true", "")]
