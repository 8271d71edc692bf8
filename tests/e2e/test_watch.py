"""`run --watch`: a process that goes on, real files saved the way editors save them, and what it then says."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
import time
from contextlib import contextmanager
from queue import Empty, Queue
from typing import TYPE_CHECKING

import pytest

from tests.e2e.conftest import SLOW, Project, command, heed_ctrl_c, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATIENCE = 60.0
READY = "; Ctrl-C ends"


@pytest.fixture(autouse=True)
def _without_unit_tests(project: Project) -> None:
    """Saves of models are told without the unit tests of the starting example; one test here writes its own."""
    shutil.rmtree(project.root / "tests" / "sql")


class Watching:
    """What a `run --watch` writes, line by line; ``until`` returns the lines up to the one waited for."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: Queue[str] = Queue()
        self.all: list[str] = []
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as stream:
            for line in stream:
                self.lines.put(line.rstrip("\n"))

    def until(self, *words: str) -> str:
        """Everything up to the first line that holds all of ``words``."""
        end = time.monotonic() + PATIENCE
        seen: list[str] = []
        while not (seen and all(word in seen[-1] for word in words)):
            try:
                seen.append(self.lines.get(timeout=max(0.0, end - time.monotonic())))
            except Empty:
                raise AssertionError(f"in vain: {words} in\n" + "\n".join(self.all + seen)) from None
        self.all += seen
        return "\n".join(seen)

    def interrupt(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE)


@contextmanager
def watching(project: Project, *args: str, ready: str = READY) -> Iterator[Watching]:
    """`medallion run --watch`, once it waits for the first change."""
    process = subprocess.Popen(
        command("run", "--watch", *args),
        cwd=project.root,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heed_ctrl_c,
    )
    found = Watching(process)
    try:
        found.until(ready)
        yield found
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        found.reader.join()


def by_rename(file: Path, text: str) -> None:
    """As vim, JetBrains and `sed -i` save: another file takes the place of the old one."""
    beside = file.with_name(f".{file.name}.new")
    beside.write_text(text)
    beside.replace(file)


def in_place(file: Path, text: str) -> None:
    """As VS Code and nano save."""
    file.write_text(text)


def in_pieces(file: Path, text: str) -> None:
    """As a slow writer saves: emptied first, then written bit by bit."""
    with file.open("w") as out:
        for part in (text[:5], text[5:9], text[9:]):
            out.write(part)
            out.flush()
            os.fsync(out.fileno())


def delete_and_create(file: Path, text: str) -> None:
    """As some tools save: the file is gone for a moment."""
    file.unlink()
    file.write_text(text)


SAVES = [by_rename, in_place, in_pieces, delete_and_create]


def test_every_way_to_save_a_model_builds_it_and_what_reads_it(project: Project) -> None:
    model = project.root / "sql/silver/orders.sql"
    with watching(project) as watch:
        for factor, save in enumerate(SAVES, start=2):
            save(
                model,
                f"""-- @key order_id
SELECT order_id, customer, status, total * {factor} AS total, ordered_at FROM bronze.orders
QUALIFY row_number() OVER (PARTITION BY order_id ORDER BY exported_at DESC) = 1
""",
            )
            said = watch.until("built 2, ")
            assert "sql/silver/orders.sql saved" in said, save.__name__
            assert "failed" not in said.replace("failed 0", "").replace("0 failed", ""), said
            assert "bronze.orders" not in [line.split("  ")[0] for line in said.splitlines()]
        assert watch.interrupt() == 130
    assert project.is_up_to_date()
    project.check()


def test_an_edit_that_is_taken_back_is_reused(project: Project) -> None:
    model = project.root / "sql/gold/revenue.sql"
    before = model.read_text()
    with watching(project) as watch:
        by_rename(model, before.replace("count(*)", "count(*) + 1"))
        watch.until("built 1, ")
        by_rename(model, before)
        assert "gold.revenue   reused" in watch.until("reused 1, ")
    assert project.is_up_to_date()
    project.check()


def test_rows_that_differ_are_counted_by_key_or_as_they_are(project: Project) -> None:
    by_key = project.root / "sql/silver/orders.sql"
    with watching(project) as watch:
        by_rename(by_key, by_key.read_text().replace("    total, ", "    total + order_id // 4 AS total, "))
        said = watch.until("built 2, ")
        assert "~1, other type in column total" in line_of(said, "silver.orders")
        assert "~1" in line_of(said, "gold.revenue")
        without_key = (project.root / "sql/bronze/orders.sql").read_text()
        in_place(project.root / "sql/bronze/orders.sql", without_key.rstrip() + "\nWHERE order_id <> 3\n")
        said = watch.until("built 3, ")
        assert "  −1  " in line_of(said, "bronze.orders")
        assert "  −1  " in line_of(said, "silver.orders")
        in_place(by_key, by_key.read_text().replace("    customer,\n", "    upper(customer) AS customer, 1 AS one,\n"))
        assert "~3, new column one" in line_of(watch.until("built 1, unchanged 1"), "silver.orders")


def line_of(said: str, name: str) -> str:
    return next(line + "  " for line in said.splitlines() if line.startswith(f"{name} "))


def test_a_source_that_changes_appears_or_grows_is_built_from(project: Project) -> None:
    source = project.root / "sources/orders.csv"
    with watching(project) as watch:
        with source.open("a") as out:
            out.write("9,Barbara,placed,5.00,2026-03-01 00:00:00,2026-03-01 00:00:00\n")
        said = watch.until("built 3, ")
        assert "sources/orders.csv saved" in said
        assert "+1" in line_of(said, "silver.orders")
        project.write("sources/cities/a.csv", "city\nUlm\n")
        project.write("sql/bronze/cities.sql", "SELECT city FROM read_csv('sources/cities/*.csv')\n")
        assert "bronze.cities  built" in watch.until("built 1, ")
        project.write("sources/cities/b.csv", "city\nKiel\n")
        said = watch.until("built 1, ")
        assert "sources/cities/b.csv saved" in said
        assert "+1" in line_of(said, "bronze.cities")


def test_broken_sql_is_told_once_and_the_rest_goes_on(project: Project) -> None:
    silver, gold = project.root / "sql/silver/orders.sql", project.root / "sql/gold/revenue.sql"
    good = silver.read_text()
    with watching(project) as watch:
        for broken, complaint in (
            ("SELEC 1", "error: sql/silver/orders.sql:1:1"),
            ("SELECT nope FROM bronze.orders", 'no column "nope"'),
        ):
            in_place(silver, broken)
            said = watch.until("failed 1, skipped 1")
            assert complaint in said
            in_place(gold, gold.read_text() + "-- a comment\n")
            assert "error" not in watch.until("still failed or skipped: gold.revenue, silver.orders")
        project.write("sql/gold/other.sql", "SELECT 1 AS one\n")
        said = watch.until("built 1, ")
        assert "gold.other" in said
        assert "error" not in said
        in_place(silver, good.replace("ORDER BY exported_at DESC", "ORDER BY exported_at"))
        assert "error" not in watch.until("built 2, ")
        assert watch.interrupt() == 130
    assert project.is_up_to_date()


def test_a_failed_model_that_is_saved_as_it_is_is_tried_again(project: Project) -> None:
    silver = project.root / "sql/silver/orders.sql"
    with watching(project) as watch:
        in_place(silver, "SELECT nope FROM bronze.orders")
        watch.until("failed 1, ")
        by_rename(silver, "SELECT nope FROM bronze.orders")
        assert 'no column "nope"' in watch.until("failed 1, ")


def test_a_macro_builds_the_models_that_use_it(project: Project) -> None:
    project.write("sql/macros/money.sql", "CREATE MACRO gross(net) AS net * 2;\n")
    project.write("sql/gold/gross.sql", "SELECT order_id, gross(total) AS total FROM silver.orders\n")
    with watching(project) as watch:
        in_place(project.root / "sql/macros/money.sql", "CREATE MACRO gross(net) AS net * 3;\n")
        said = watch.until("built 1, ")
        assert "macro changed: gross" in line_of(said, "gold.gross")


def test_a_model_that_is_deleted_fails_its_readers_and_may_come_back(project: Project) -> None:
    silver = project.root / "sql/silver/orders.sql"
    good = silver.read_text()
    with watching(project) as watch:
        silver.unlink()
        said = watch.until("failed 1, ")
        assert "sql/silver/orders.sql deleted" in said
        assert "there is no dataset silver.orders" in said
        silver.write_text(good.replace("ORDER BY exported_at DESC", "ORDER BY exported_at"))
        assert "silver.orders  built" in watch.until("built 2, ")


def test_a_configuration_that_is_broken_for_a_moment_is_told_once_and_read_again(project: Project) -> None:
    config, gold = project.root / "medallion.toml", project.root / "sql/gold/revenue.sql"
    with watching(project) as watch:
        config.write_text("layers = [")
        assert "not valid TOML" in watch.until("hint: ")
        in_place(gold, "SELECT getvariable('since') AS since\n")
        said = watch.until("nothing is built: the error above still stands")
        assert "TOML" not in said
        config.unlink()
        assert "cannot be read" in watch.until("medallion.toml: cannot be read")
        config.write_text('[variables]\nsince = "2026"\n')
        assert "gold.revenue   built" in watch.until("built 1, ")
        config.write_text('[variables]\nsince = "2027"\n')
        assert "variable changed: since" in watch.until("gold.revenue")


def test_a_variable_of_the_command_line_stays_when_the_configuration_changes(project: Project) -> None:
    project.write("sql/gold/revenue.sql", "SELECT getvariable('since') AS since, getvariable('other') AS other\n")
    config = project.root / "medallion.toml"
    config.write_text('[variables]\nsince = "2025"\nother = "a"\n')
    with watching(project, "--var", "since=2030") as watch:
        config.write_text('[variables]\nsince = "2026"\nother = "b"\n')
        assert "variable changed: other" in watch.until("built 1, ")
    assert project.rows("SELECT since, other FROM gold.revenue") == [["2030", "b"]]


def test_only_what_is_selected_is_built(project: Project) -> None:
    with watching(project, "--exclude", "gold.*") as watch:
        model = project.root / "sql/silver/orders.sql"
        in_place(model, model.read_text().replace("ORDER BY exported_at DESC", "ORDER BY exported_at"))
        watch.until("built 1, unchanged 0")
    assert project.actions()["gold.revenue"] == "build"


def test_a_volatile_model_is_not_built_by_every_save(project: Project) -> None:
    project.write("sql/gold/now.sql", "-- @volatile\nSELECT now() AS now\n")
    with watching(project) as watch:
        gold = project.root / "sql/gold/revenue.sql"
        in_place(gold, gold.read_text() + "-- a comment\n")
        assert "gold.now" not in watch.until("nothing to build")


def test_files_that_are_no_part_of_the_project_start_nothing(project: Project) -> None:
    with watching(project) as watch:
        for path in (
            "sql/silver/.orders.sql.swp",
            "sql/silver/orders.sql~",
            "sql/silver/4913",
            "README.md",
            "notes.sql",
        ):
            project.write(path, "x")
        (project.root / "sql/silver/.#orders.sql").symlink_to("nobody@nowhere:1")
        gold = project.root / "sql/gold/revenue.sql"
        in_place(gold, gold.read_text() + "-- a comment\n")
        assert [line for line in watch.until("nothing to build").splitlines() if line] == [
            "sql/gold/revenue.sql saved",
            "nothing to build",
        ]


def test_a_branch_that_is_switched_to_is_one_change(project: Project) -> None:
    project.git("switch", "--quiet", "--create", "other")
    for path in ("sql/silver/orders.sql", "sql/gold/revenue.sql"):
        project.write(path, (project.root / path).read_text() + "LIMIT 1\n")
    project.run("run").ok()
    project.commit("fewer")
    project.git("switch", "--quiet", "main")
    with watching(project) as watch:
        project.git("switch", "--quiet", "other")
        said = watch.until("nothing to build")
        assert "sql/gold/revenue.sql saved, sql/silver/orders.sql saved" in said


def test_an_interrupt_while_a_model_runs_leaves_the_old_data(project: Project) -> None:
    before = project.files("data")
    with watching(project) as watch:
        in_place(project.root / "sql/silver/orders.sql", SLOW)
        watch.until("sql/silver/orders.sql saved")
        temporary = project.root / ".medallion/tmp"
        wait_for(lambda: list(temporary.glob("medallion-spill-*")) or list(temporary.glob("*.parquet")), "it runs")
        assert watch.interrupt() == 130
    assert project.files("data") == before
    project.check()


@pytest.mark.parametrize("option", ["--json", "--dry-run"])
def test_watching_goes_with_no_single_result(project: Project, option: str) -> None:
    project.run("run", "--watch", option).refused("--watch goes with neither --json nor --dry-run")


def test_what_cannot_be_run_at_all_is_not_watched(project: Project) -> None:
    project.run("run", "--watch", "gold.revenu").refused('"gold.revenu" selects nothing')


def test_a_saved_test_or_model_runs_the_unit_tests_of_that_model(project: Project) -> None:
    tests = project.root / "tests" / "sql" / "silver" / "orders.yaml"
    tests.parent.mkdir(parents=True, exist_ok=True)
    tests.unlink(missing_ok=True)
    given = "- name: one order\n  given:\n    bronze.orders: [{order_id: 1, status: placed}]\n"
    with watching(project) as watch:
        tests.write_text(f"{given}  expect: [{{order_id: 1, status: shipped}}]\n")
        said = watch.until("passed 0, failed 1")
        assert "tests/sql/silver/orders.yaml saved" in said
        assert "failed: tests/sql/silver/orders.yaml:1: one order" in said
        tests.write_text(f"{given}  expect: [{{order_id: 1, status: placed}}]\n")
        watch.until("passed 1, failed 0")
        model = project.root / "sql" / "silver" / "orders.sql"
        text = model.read_text()
        model.write_text(text.replace("    status, ", "    upper(status) AS status, "))
        assert model.read_text() != text
        assert "one order" in watch.until("passed 0, failed 1")
        assert watch.interrupt() == 130
