"""Completion in the shell: what is offered for what was typed, by typer's protocol and in a real bash."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

import pytest

from medallion.completion import columns, datasets, revisions, selections

if TYPE_CHECKING:
    from collections.abc import Iterator

BIN = Path(sys.executable).parent
PROGRAM = str(BIN / "medallion")
PATIENCE = 60.0

pytestmark = pytest.mark.skipif(not Path(PROGRAM).is_file(), reason="the program is not installed beside Python")


@pytest.fixture(scope="module")
def tagged(shop: Path) -> Path:
    """The project of `init`, with tags, a model in a folder of its own and a branch."""
    model = shop / "sql/silver/orders.sql"
    model.write_text("-- @tag nightly, big\n/* @owner ada */ -- @tag shop\n" + model.read_text())
    extra = shop / "sql/silver/shop/refunds.sql"
    extra.parent.mkdir()
    extra.write_text("SELECT '@tag not_one' AS t, -- @tag neither\n1 AS n FROM silver.orders\n")
    subprocess.run(["git", "branch", "refunds"], cwd=shop, check=True)
    subprocess.run(["git", "tag", "v1.0"], cwd=shop, check=True)
    return shop


def ask(folder: Path, shell: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM],
        cwd=folder,
        env={**os.environ, **environment, "_MEDALLION_COMPLETE": f"complete_{shell}"},
        capture_output=True,
        text=True,
    )


def offered(folder: Path, *words: str) -> list[str]:
    """What bash is told when ``words`` stand on the line and the last one is being typed."""
    done = ask(folder, "bash", {"COMP_WORDS": "\n".join(["medallion", *words]), "COMP_CWORD": str(len(words))})
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


EVERY_NAME = ["bronze.orders", "gold.revenue", "silver.orders", "silver.refunds"]
EVERY_TABLE = ["bronze.orders", "silver.orders", "silver.refunds", "gold.revenue"]
TAGS = ["tag:big", "tag:nightly", "tag:shop"]


@pytest.mark.parametrize("command", [["plan"], ["run"], ["run", "-s"], ["run", "--exclude"], ["plan", "a", "--select"]])
def test_a_selection_is_offered_names_patterns_and_methods(tagged: Path, command: list[str]) -> None:
    assert offered(tagged, *command, "") == [
        *EVERY_NAME, "bronze.*", "silver.*", "gold.*", "stale", *TAGS, "git:", "path:"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("silver", ["silver.orders", "silver.refunds", "silver.*"]),
        ("+gold.r", ["+gold.revenue"]),
        ("2+gold.r", ["2+gold.revenue"]),
        ("st", ["stale"]),
        ("t", TAGS),
        ("gold.*,tag:n", ["gold.*,tag:nightly"]),
        ("gi", ["git:HEAD", "git:main", "git:refunds", "git:v1.0"]),
        ("p", ["path:sql/bronze", "path:sql/bronze/orders.sql", "path:sql/gold", "path:sql/gold/revenue.sql",
               "path:sql/silver", "path:sql/silver/orders.sql", "path:sql/silver/shop",
               "path:sql/silver/shop/refunds.sql"]),
        ("nothing", []),
    ],
)  # fmt: skip
def test_the_last_term_is_completed_with_what_stands_before_it(tagged: Path, word: str, expected: list[str]) -> None:
    assert selections(tagged, word) == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["show", "silver.o"], ["silver.orders"]),
        (["log", ""], EVERY_TABLE),
        (["restore", "gold"], ["gold.revenue"]),
        (["lineage", "gold"], ["gold.revenue"]),
        (["lineage", "gold.revenue.re"], ["gold.revenue.revenue"]),
        (["restore", "silver.orders", "--from", ""], ["HEAD", "main", "refunds", "v1.0"]),
        (["query", "'FROM silver.orders'", "--at", "r"], ["refunds"]),
        (["query", '"SELECT 1"', "--at", "=", "v"], ["v1.0"]),
        (["run", "tag", ":", "ni"], ["nightly"]),
        (["run", "tag", ":"], ["big", "nightly", "shop"]),
        (["run", "gold.*,tag", ":", "ni"], ["nightly"]),
        (["run", "--select", "=", "tag", ":", "ni"], ["nightly"]),
        (["run", "git", ":", "re"], ["refunds"]),
        (["run", "@", "gold.r"], ["@gold.revenue"]),
        (["run", "--exclude", "gold.revenue", "bronze.o"], ["bronze.orders"]),
        (["diff", "re"], ["refunds"]),
        (["diff", "silver."], ["silver.orders", "silver.refunds", "silver.*"]),
        (["diff", "main..re"], ["main..refunds"]),
        (["diff", "main...v"], ["main...v1.0"]),
        (["diff", "main", "re"], []),
        (["diff", "main", "gold"], ["gold.revenue", "gold.*"]),
        (["ru"], ["run"]),
        (["run", "--excl"], ["--exclude"]),
    ],
)  # fmt: skip
def test_bash_is_told_what_may_follow_what_it_has_taken_apart(
    tagged: Path, words: list[str], expected: list[str]
) -> None:
    assert offered(tagged, *words) == expected


def test_the_folder_that_was_asked_for_is_looked_at(tagged: Path, tmp_path: Path) -> None:
    assert offered(tmp_path, "-C", str(tagged), "show", "gold") == ["gold.revenue"]


def test_zsh_and_fish_are_told_in_their_own_way(tagged: Path) -> None:
    zsh = ask(tagged, "zsh", {"_TYPER_COMPLETE_ARGS": "medallion show silver."})
    assert zsh.stdout.split() == ["_arguments", "'*:", ':(("silver.orders"', '"silver.refunds"))\'']
    words = {"_TYPER_COMPLETE_ARGS": "medallion run tag:ni", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    assert ask(tagged, "fish", words).stdout == "tag:nightly\n"
    is_there = ask(tagged, "fish", {**words, "_TYPER_COMPLETE_FISH_ACTION": "is-args"})
    nothing = {"_TYPER_COMPLETE_ARGS": "medallion run zz", "_TYPER_COMPLETE_FISH_ACTION": "is-args"}
    assert (is_there.returncode, ask(tagged, "fish", nothing).returncode) == (0, 1)


@pytest.mark.parametrize(
    ("words", "config", "shell"),
    [
        (["run", ""], "layers = [", "bash"),
        (["run", ""], "layers = [", "zsh"),
        (["run", ""], "layers = [", "fish"),
        (["run", ""], None, "bash"),
        (["lineage", "no.such.column"], "", "bash"),
        (["restore", "x", "--from", ""], None, "bash"),
        (["-C", "no/such/folder", "show", ""], "", "bash"),
        (["no-such-command", "--nor-option", ""], "", "bash"),
        (["run", "'unbalanced"], "", "bash"),
    ],
)
def test_what_goes_wrong_is_not_written_into_the_shell(
    tmp_path: Path, words: list[str], config: str | None, shell: str
) -> None:
    if config is not None:
        (tmp_path / "medallion.toml").write_text(config)
    environment = {"COMP_WORDS": "\n".join(["medallion", *words]), "COMP_CWORD": str(len(words))}
    environment |= {"_TYPER_COMPLETE_ARGS": " ".join(["medallion", *words]), "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    done = ask(tmp_path, shell, environment)
    assert done.stderr == ""
    assert [line for line in done.stdout.splitlines() if " " in line] == []


def test_files_that_are_no_datasets_are_not_offered(tmp_path: Path) -> None:
    (tmp_path / "medallion.toml").touch()
    for path in (
        "sql/gold/good.sql",
        "sql/gold/Bad Name.sql",
        "sql/other/x.sql",
        "sql/gold/x.txt",
        "data/gold/old.json",
    ):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(b"\xff")
    assert datasets(tmp_path) == ["gold.good", "gold.old"]
    assert selections(tmp_path, "gold") == ["gold.good", "gold.*"]
    with pytest.raises(ValueError, match="utf-8"):
        columns(tmp_path, "gold.old.x")


def test_a_branch_may_be_called_as_it_likes(tagged: Path) -> None:
    subprocess.run(["git", "branch", "feature/ärger,1"], cwd=tagged, check=True)
    assert "feature/ärger,1" in revisions(tagged)
    subprocess.run(["git", "branch", "--delete", "feature/ärger,1"], cwd=tagged, check=True)


@pytest.mark.parametrize(
    "words", [["run", "tag:"], ["show", "g"], ["restore", "x", "--from", ""], ["lineage", "a.b.c"]]
)
def test_a_completion_loads_nothing_heavy(tagged: Path, words: list[str]) -> None:
    program = (
        "import sys\nsys.argv = ['medallion']\nfrom medallion.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = ['duckdb', 'sqlglot', 'pyarrow', 'pydantic', 'numpy', 'git']\n"
        "print('loaded', *(name for name in heavy if name in sys.modules), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tagged,
        env={
            **os.environ,
            "_MEDALLION_COMPLETE": "complete_bash",
            "COMP_WORDS": "\n".join(["medallion", *words]),
            "COMP_CWORD": str(len(words)),
        },
        capture_output=True,
        text=True,
    )
    assert done.stderr == "loaded\n"


# In bash itself


class Bash:
    """A bash with a terminal, in which somebody types."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.read = b""

    def complete(self, line: str) -> list[str]:
        """The words on the line after the tab key, told by letting bash print them instead of running them."""
        self.read = b""
        os.write(self.descriptor, line.encode() + b"\t\x01printf '<%s>' \x05; echo '<'end'>'\n")
        end = monotonic() + PATIENCE
        while b"<end>" not in self.read:
            ready, _, _ = select.select([self.descriptor], [], [], max(0.0, end - monotonic()))
            assert ready, f"bash says nothing more: {self.read!r}"
            self.read += os.read(self.descriptor, 65536)
        answer = self.read.decode().partition("<medallion>")[2].partition("<end>")[0]
        return re.findall(r"<(.*?)>", answer)


@contextmanager
def interactive_bash(folder: Path, script: Path) -> Iterator[Bash]:
    process, descriptor = pty.fork()
    if process == 0:
        os.chdir(folder)
        environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "TERM": "dumb", "PS1": "$ "}
        words = ["bash", "--rcfile", str(script), "--noprofile", "-i"]
        os.execvpe("bash", words, environment)  # noqa: S606  # there is a terminal around it
    try:
        yield Bash(descriptor)
    finally:
        os.close(descriptor)  # The terminal is gone, so bash ends.
        os.waitpid(process, 0)


@pytest.mark.skipif(not shutil.which("bash"), reason="there is no bash")
def test_the_tab_key_completes_in_bash(tagged: Path, tmp_path: Path) -> None:
    script = tmp_path / "rc"
    source = {**os.environ, "_MEDALLION_COMPLETE": "source_bash"}
    script.write_text(subprocess.run([PROGRAM], env=source, capture_output=True, text=True, check=True).stdout)
    with interactive_bash(tagged, script) as bash:
        assert bash.complete("medallion show gold.r") == ["show", "gold.revenue"]
        assert bash.complete("medallion run tag:ni") == ["run", "tag:nightly"]
        assert bash.complete("medallion run gold.*,tag:ni") == ["run", "gold.*,tag:nightly"]
        assert bash.complete("medallion plan +silver.r") == ["plan", "+silver.refunds"]
        assert bash.complete("medallion plan @gold.r") == ["plan", "@gold.revenue"]
        assert bash.complete("medallion run --exclude bronze.orders git:ref") == [
            "run", "--exclude", "bronze.orders", "git:refunds"
        ]  # fmt: skip
        assert bash.complete("medallion restore silver.orders --from v") == [
            "restore", "silver.orders", "--from", "v1.0"
        ]  # fmt: skip
        assert bash.complete("medallion lineage gold.revenue.mo") == ["lineage", "gold.revenue.month"]
