from __future__ import annotations

import io
from contextlib import redirect_stderr, redirect_stdout
from typing import TYPE_CHECKING

import pytest
from rich.console import Console as RichConsole
from rich.text import Text as RichText

from medallion.cli.console import print_error, print_line
from medallion.cli.text import Console, Text
from medallion.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Callable

PARTS = [("silver.orders", "bold"), ("  stale, ", "red"), ("日本語のテキスト", "dim"), ("  because é ", "cyan")]


class Terminal(io.StringIO):
    """What a terminal is sent."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    return Terminal()


def made() -> Text:
    text = Text(*PARTS[0])
    for part in PARTS[1:]:
        text.append(*part)
    return text


@pytest.mark.parametrize("width", [*range(2, 46), 80])
def test_a_line_is_cut_and_styled_as_rich_would(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    with redirect_stdout(terminal):
        print_line(Console(stderr=False), made())
    rich = RichText("")
    for part in PARTS:
        rich.append(*part)
    rich.rstrip()
    theirs = io.StringIO()
    console = RichConsole(file=theirs, force_terminal=True, width=width, highlight=False, color_system="standard")
    console.print(rich, no_wrap=True, overflow="ellipsis", crop=True)
    assert visible(terminal.getvalue()) == visible(theirs.getvalue())
    if width >= 80:
        assert terminal.getvalue() == theirs.getvalue()


def visible(written: str) -> str:
    """Without styles, and without the space that may stand before an ellipsis."""
    plain = RichText.from_ansi(written).plain.rstrip("\n")
    return plain.removesuffix("…").rstrip() + ("…" if plain.endswith("…") else "")


def test_a_pipe_gets_the_whole_line_without_styles(capsys: pytest.CaptureFixture[str]) -> None:
    print_line(Console(stderr=False), made().append("x" * 500))
    assert capsys.readouterr().out == "".join(text for text, _ in PARTS) + "x" * 500 + "\n"


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_a_terminal_without_colours_gets_none(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with redirect_stdout(terminal):
        Console(stderr=False).print("plain", style="red")
    assert terminal.getvalue() == "plain\n"


def test_what_a_terminal_would_obey_is_not_sent(terminal: Terminal) -> None:
    with redirect_stdout(terminal):
        Console(stderr=False).print("over\rwritten\b\a")
    assert terminal.getvalue() == "overwritten\n"


def test_an_error_that_quotes_data_prints_no_control_and_no_mark_of_direction(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    with redirect_stderr(terminal):
        print_error(BuildError('cannot read "a\u202eb\x1b[31mc\x9b"\n\tso it is', hint="look at \u2066it"))
    assert terminal.getvalue() == (
        'error: cannot read "a\\u202eb\\x1b[31mc\\x9b"\n\tso it is\nhint: look at \\u2066it\n'
    )


@pytest.mark.parametrize("build", [lambda a, b: Text(", ").join([a, b]), lambda a, b: a.append(", ").append_text(b)])
def test_texts_are_put_together_with_their_styles(build: Callable[[Text, Text], Text]) -> None:
    text = build(Text("one", "red"), Text("two", "bold"))
    assert text.plain == "one, two"
    assert "\033[31mone\033[0m" in text.render(styled=True)
    assert text.render(styled=True).endswith("\033[1mtwo\033[0m")
