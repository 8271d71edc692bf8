"""``medallion demo``: the whole main job on real data, told as it happens. Every command shown is really run."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

from medallion.cli.console import err, out, size
from medallion.cli.text import Text
from medallion.errors import Location, MedallionError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.status import Status

__all__ = ["Tour"]

_WIDTH = 78


class Tour:
    """Makes the sample project in ``folder`` and leads through it; ``pages`` are raw pages rendered before."""

    def __init__(self, folder: Path, pages: Path | None) -> None:
        self.shown = folder
        self.folder = folder.absolute()
        self.pages = pages.absolute() if pages else None
        self._stop = 0

    def take(self) -> None:
        """The tour, from an empty folder to a second version. ``MedallionError`` where the folder is in use."""
        if self.folder.exists() and (not self.folder.is_dir() or any(self.folder.iterdir())):
            raise MedallionError(
                "the demo needs a new or empty folder",
                location=Location(str(self.shown)),
                hint="name another one: medallion demo another-folder",
            )
        if self.pages is not None and not any(self.pages.glob("*.html")):
            raise MedallionError(
                "there are no pages here", location=Location(str(self.pages)), hint="leave --pages out to render them"
            )
        home = Path.cwd()
        try:
            self._begin()
            self._build()
            self._change()
            self._compare()
            self._lineage()
        finally:
            os.chdir(home)
        self._farewell()

    def _begin(self) -> None:
        self._heading("A project")
        self._say(
            "Medallion keeps data the way you keep code: Parquet files in Git LFS, made by SQL files. "
            "Here is a project for a real job: cleaning web pages for language models."
        )
        self.folder.mkdir(parents=True, exist_ok=True)
        os.chdir(self.folder)
        self._git("init", "--quiet", "--initial-branch=main")
        self._medallion("init", "--no-example")
        self._identity()
        self._copy_sql()
        self._raw_pages()

    def _build(self) -> None:
        self._heading("Build the layers")
        self._say(
            "bronze holds the pages as they came, silver their text in several versions, gold what people use. "
            "Each table is one SELECT in sql/; what it reads decides the order."
        )
        self._medallion("run")
        self._say("And a second time? Nothing is computed that would come out the same:")
        self._medallion("run")
        self._say(
            "Is the SQL right? tests/sql/ gives rows by hand, and says which must come out. No test reads any data:"
        )
        self._medallion("test")
        self._heading("Version it with a commit")
        self._medallion("commit", "-m", "Clean the standard library's pages")
        self._git("tag", "v1")
        self._say("The Parquet files are in Git LFS; each has a small record beside it that Git can diff:")
        self._git("ls-files", "data/gold")

    def _change(self) -> None:
        self._heading("Change a source and a model")
        self._edit_source()
        self._edit_model()
        self._say("What does that make stale? plan knows before anything runs:")
        self._medallion("plan")
        self._medallion("run")
        self._say(
            "Only what could differ was built. A stale table cannot be committed by accident, and this one is not:"
        )
        self._medallion("commit", "-m", "Ask for longer pages in the corpus")
        self._git("tag", "v2")

    def _compare(self) -> None:
        self._heading("Query any version")
        self._say("Nothing is checked out: a version stands behind the table's name.")
        self._medallion(
            "query",
            "SELECT verdict, now.pages, before.pages AS pages_v1\n"
            "FROM (SELECT verdict, count(*) AS pages FROM gold.quality GROUP BY ALL) AS now\n"
            "FULL JOIN (SELECT verdict, count(*) AS pages\n"
            "           FROM gold.quality AT (VERSION => 'v1') GROUP BY ALL) AS before USING (verdict)\n"
            "ORDER BY verdict",
        )
        self._medallion("query", "SELECT page, words, title FROM gold.corpus ORDER BY words DESC LIMIT 5", "--at", "v1")
        self._medallion("log", "gold.corpus")

    def _lineage(self) -> None:
        self._heading("Where does it come from?")
        self._medallion("lineage", "gold.corpus")
        self._medallion("lineage", "gold.corpus.words")
        self._say("The same for every version is in a DuckDB file that any DuckDB client can open:")
        self._catalog()

    def _farewell(self) -> None:
        self._heading("Yours to play with")
        self._say(f"The project is in {self.shown}. Try:")
        # Under make the program is in .venv, which no shell knows of.
        bin_folder = Path(sys.executable).parent
        path = [] if shutil.which("medallion") else [f'export PATH="{bin_folder}:$PATH"']
        for line in (
            *path,
            f"cd {shlex.quote(str(self.shown))}",
            "medallion status",
            "medallion show silver.text",
            'medallion query "FROM gold.vocabulary LIMIT 10" --format markdown',
            "git log --stat",
        ):
            out().print(f"  {line}")
        out().print()

    # What the tour does

    def _raw_pages(self) -> None:
        target = self.folder / "sources" / "pages"
        if self.pages is not None:
            shutil.copytree(self.pages, target)
        else:
            from medallion.sample.pages import render

            target.parent.mkdir(exist_ok=True)
            status = _spinner("rendering pages") if err().is_terminal else None
            if status:
                status.start()
            try:
                render(
                    target,
                    lambda module, done, total: status.update(f"{done} of {total}  {module}") if status else None,
                )
            finally:
                if status:
                    status.stop()
        files = list(target.glob("*.html"))
        total = size(sum(f.stat().st_size for f in files))
        self._say(
            f"The raw data are the {len(files):,} pages ({total}) that Python's own pydoc makes of its "
            "standard library: real HTML, already on your machine, now in sources/pages/."
        )

    def _copy_sql(self) -> None:
        from medallion.sample.files import sql_folder, tests_folder

        shutil.copytree(tests_folder(), self.folder / "tests" / "sql")
        shutil.copytree(sql_folder(), self.folder / "sql", ignore=shutil.ignore_patterns("__pycache__"))
        models = len([f for f in (self.folder / "sql").rglob("*.sql") if f.parent.name != "macros"])
        self._say(f"Its {models} models are in sql/: plain SQL that DuckDB runs as it stands.")

    def _identity(self) -> None:
        """Commits need an author; where Git knows none, the demo's repository gets one of its own."""
        for key, value in (("user.name", "Medallion Demo"), ("user.email", "demo@example.com")):
            if subprocess.run(["git", "config", key], cwd=self.folder, capture_output=True, check=False).returncode:
                subprocess.run(["git", "config", "--local", key, value], cwd=self.folder, check=True)

    def _edit_source(self) -> None:
        page = self.folder / "sources" / "pages" / "json.html"
        if not page.exists():
            page = sorted(page.parent.glob("*.html"))[0]
        addition = "<p>JSON was once said to be <b>easy for humans</b> &amp; machines; see also tomllib.</p>\n"
        page.write_text(page.read_text(encoding="utf-8") + addition, encoding="utf-8")
        self._say(f"A page changes: sources/pages/{page.name} gets a sentence more.")

    def _edit_model(self) -> None:
        model = self.folder / "sql" / "gold" / "corpus.sql"
        text = model.read_text(encoding="utf-8")
        model.write_text(text.replace(">= 50", ">= 200").replace("fewer than 50", "fewer than 200"), encoding="utf-8")
        self._say("And a model: gold.corpus now asks for 200 words instead of 50.")
        self._git("diff", "--stat")

    def _catalog(self) -> None:
        import duckdb

        from medallion.cli.console import columns
        from medallion.project import Project

        sql = (
            "SELECT commit[:7] AS commit, dataset, rows, input, input_commit[:7] AS built_on\n"
            "FROM lineage WHERE dataset = 'gold.corpus' ORDER BY committed_at, input"
        )
        self._prompt(f'duckdb .medallion/catalog.duckdb "{sql}"')
        with duckdb.connect(str(Project.open().index()), read_only=True) as connection:
            found = connection.execute(sql)
            names = [column[0] for column in found.description or ()]
            rows = [[str(value) for value in row] for row in found.fetchall()]
        for line in columns([names, *rows], right=[2]):
            out().print(f" {line}")
        out().print()

    # How it speaks

    def _heading(self, text: str) -> None:
        self._stop += 1
        out().print()
        out().print(Text(f"{self._stop}. {text}", style="bold"))
        out().print(Text("─" * min(_WIDTH, len(text) + 3), style="dim"))

    def _say(self, text: str) -> None:
        out().print(textwrap.fill(text, _WIDTH))
        out().print()

    def _prompt(self, command: str) -> None:
        self._flush()
        out().print(Text("$ ", style="dim").append(command, style="cyan"))
        self._flush()

    def _medallion(self, *args: str) -> None:
        """Run one of our own commands, in this process; what it prints is what a person would see."""
        from medallion.cli.main import app

        self._prompt(_shown(["medallion", *args]))
        app(list(args), standalone_mode=False)
        self._flush()
        out().print()

    def _git(self, *args: str) -> None:
        self._prompt(_shown(["git", *args]))
        done = subprocess.run(["git", "--no-pager", *args], cwd=self.folder, stdout=subprocess.PIPE, check=True)
        if done.stdout:
            out().print(done.stdout.decode(errors="replace").rstrip("\n"))
        out().print()

    @staticmethod
    def _flush() -> None:
        sys.stdout.flush()
        sys.stderr.flush()


def _spinner(text: str) -> Status:
    from rich.console import Console

    return Console(stderr=True, highlight=False).status(text)


def _shown(command: Sequence[str]) -> str:
    """A command as a person would type it: double quotes, because SQL and messages hold single ones."""
    plain = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./=+:@%,")
    return " ".join(word if word and not set(word) - plain else f'"{word}"' for word in command)
