"""Data checks as a person meets them: new data that fails is kept out, and everything else goes on."""

from __future__ import annotations

import json
import shutil
import signal
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from tests.e2e.conftest import Project, wait_for
from tests.e2e.edits import NEW_ROW, add_row, annotate, document

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "-- @key order_id\n"
CHECK = "total >= 10"
FAILED = ".medallion/failed/silver.orders/total-10.parquet"
CANARY = "canary-7f3a"


def checks(project: Project, *args: str) -> dict[str, dict[str, Any]]:
    """What ``check`` finds, by the text of the check."""
    return {check["check"]: check for check in document(project, "check", *args)["checks"]}


def kept(project: Project, file: str = FAILED) -> list[tuple[Any, ...]]:
    return duckdb.connect().execute(f"FROM read_parquet('{project.root / file}')").fetchall()


# Write, audit, publish


def test_data_that_fails_is_not_published_and_what_reads_it_waits(checked: Project) -> None:
    before = checked.files("data")
    add_row(checked)
    checked.write("sql/gold/sources.sql", "SELECT count(*) AS n FROM bronze.orders\n")
    ran = checked.run("run").refused(
        "silver.orders: check failed: total >= 5   (sql/silver/orders.sql:1)", "1 of 5 rows", "1.00",
        "total-5.parquet", "the dataset keeps its last good version", "needs silver.orders", "failed 1, skipped 1",
        code=1, hint="",
    )  # fmt: skip
    assert "built 2" in ran.stderr, "bronze.orders and gold.sources"
    after = checked.files("data")
    for path in ("silver/orders", "gold/revenue"):
        for ending in ("parquet", "json"):
            assert after[f"data/{path}.{ending}"] == before[f"data/{path}.{ending}"]
    assert after["data/bronze/orders.json"] != before["data/bronze/orders.json"]
    (row,) = kept(checked, ".medallion/failed/silver.orders/total-5.parquet")
    assert (row[0], row[1], str(row[3])) == (5, "Barbara", "1.00")
    assert checked.git("status", "--porcelain", ".medallion") == ""
    checked.check()

    checked.write("sources/orders.csv", checked.read("sources/orders.csv").decode().replace(",1.00,", ",11.00,"))
    checked.run("run").ok()
    assert checked.rows("SELECT count(*) FROM silver.orders") == [["5"]]
    assert not (checked.root / ".medallion" / "failed" / "silver.orders").exists()
    assert checked.is_up_to_date()


def test_a_first_build_that_fails_leaves_nothing(project: Project) -> None:
    project.write("sql/gold/bad.sql", "-- @check n > 100\nSELECT count(*) AS n FROM silver.orders\n")
    project.run("run").refused("gold.bad: check failed: n > 100", "none was published", code=1, hint="")
    assert not list((project.root / "data" / "gold").glob("bad*"))
    project.check()


def test_a_key_that_is_none_is_a_check_that_fails(project: Project) -> None:
    project.write("sql/gold/twice.sql", "-- @key customer\nSELECT customer, total FROM silver.orders\n")
    project.run("run").refused("gold.twice: check failed: key customer", "2 of 4 rows", "Ada", code=1, hint="")
    assert len(kept(project, ".medallion/failed/gold.twice/key-customer.parquet")) == 2


def test_a_warning_is_told_and_the_data_published(project: Project) -> None:
    annotate(project, "@warn total >= 10")
    ran = project.run("run").ok()
    assert "warning: silver.orders: check failed: total >= 10" in ran.stderr
    assert "checked 1" in ran.stderr
    assert len(kept(project)) == 1
    assert project.is_up_to_date()
    assert project.run("check").ok().stderr.count("warning: ") == 1


def test_a_run_in_which_several_checks_fail_builds_all_others(project: Project) -> None:
    for i in range(6):
        bad = "-- @check n > 100\n" if i % 3 == 0 else "-- @check n > 0\n"
        project.write(f"sql/gold/m{i}.sql", f"{bad}SELECT count(*) + {i} AS n FROM silver.orders\n")
    ran = project.run("run").refused("gold.m0: check failed", "gold.m3: check failed", code=1, hint="")
    assert "built 4, unchanged 3, failed 2, skipped 0" in ran.stderr
    assert {name for name, action in project.actions().items() if action != "unchanged"} == {"gold.m0", "gold.m3"}


def test_killed_during_the_audit_nothing_changed_and_the_next_run_goes_on(project: Project) -> None:
    before = project.files("data")
    slow = "(SELECT max(hash(a.range, b.range)) FROM range(100000000) a, range(100000) b) > 0"
    project.write("sql/silver/orders.sql", f"-- @check {slow}\n" + project.read("sql/silver/orders.sql").decode())
    add_row(project)
    with project.background("run") as run:
        built = project.root / ".medallion" / "tmp" / "silver.orders.parquet"
        wait_for(lambda: built.exists() and built.stat().st_size > 100, "silver.orders is written, and checked")
        run.send_signal(signal.SIGKILL)
        run.wait()
    after = project.files("data")
    assert {p: after[p] for p in before if "bronze" not in p} == {p: before[p] for p in before if "bronze" not in p}
    project.write("sql/silver/orders.sql", project.read("sql/silver/orders.sql").decode().split("\n", 1)[1])
    project.run("run").ok()
    project.check()
    assert project.rows("SELECT count(*) FROM silver.orders") == [["5"]]


def test_ctrl_c_stops_a_check(project: Project) -> None:
    before = project.files("data")
    annotate(project, "@check (SELECT max(hash(a.range, b.range)) FROM range(100000000) a, range(100000) b) > 0")
    add_row(project)
    with project.background("run") as run:
        built = project.root / ".medallion" / "tmp" / "silver.orders.parquet"
        wait_for(lambda: built.exists() and built.stat().st_size > 100, "silver.orders is written, and checked")
        run.send_signal(signal.SIGINT)
        assert run.wait() == 130
    assert project.read("data/silver/orders.json") == before["data/silver/orders.json"]
    project.check()


def test_two_runs_at_once_check_and_publish_once_each(checked: Project) -> None:
    add_row(checked, NEW_ROW.replace(",1.00,", ",11.00,"))
    with checked.background("run") as first, checked.background("run") as second:
        assert (first.wait(), second.wait()) == (0, 0)
    checked.check()
    assert checked.is_up_to_date()
    assert checked.record("silver.orders")["rows"] == 5


# A check that changes


@pytest.mark.parametrize("annotation", ["@check total > 0", "@warn total > 0", "@not_null total, status"])
def test_adding_changing_and_removing_a_check_builds_nothing(project: Project, annotation: str) -> None:
    plain = project.read("sql/silver/orders.sql")
    before = project.files("data")
    annotate(project, annotation)
    assert project.actions()["silver.orders"] == "check"

    ran = project.run("run").ok()
    assert "built 0, checked 1, unchanged 2" in ran.stderr
    after = project.files("data")
    assert [path for path in before if before[path] != after[path]] == ["data/silver/orders.json"]

    project.write("sql/silver/orders.sql", plain)
    project.run("run").ok()
    assert project.files("data") == before, "no trace of what is no longer asked"


def test_a_check_that_fails_on_data_that_is_there_is_told_until_it_is_mended(project: Project) -> None:
    before = project.files("data")
    annotate(project, f"@check {CHECK}")
    assert "unchecked" in project.run("status").stdout
    for _ in range(2):
        project.run("run").refused("check failed: total >= 10", "the data stays as it is", code=1, hint="")
        assert project.files("data") == before
    project.run("commit", "-m", "unchecked").refused("silver.orders  its checks changed", "inputs and checks", code=1)
    project.write(
        "sql/silver/orders.sql", project.read("sql/silver/orders.sql").decode().replace(CHECK, CHECK + " at most 25%")
    )
    project.run("run").ok()
    assert not (project.root / FAILED).exists()
    assert project.is_up_to_date()


def test_a_dataset_that_a_check_looks_at_has_it_run_again(project: Project) -> None:
    project.write("sql/bronze/known.sql", "SELECT unnest(['Ada', 'Grace', 'Edsger']) AS name\n")
    annotate(project, "@relationships customer bronze.known(name)")
    project.run("run").ok()
    project.write("sql/bronze/known.sql", "SELECT unnest(['Ada', 'Grace']) AS name\n")
    assert project.actions() == {
        "bronze.known": "build", "bronze.orders": "unchanged", "silver.orders": "check", "gold.revenue": "unchanged",
    }  # fmt: skip
    before = project.read("data/silver/orders.json")
    project.run("run").refused("check failed: relationships customer bronze.known(name)", "Edsger", code=1, hint="")
    assert project.read("data/silver/orders.json") == before
    assert project.actions()["silver.orders"] == "check"

    project.write("sql/bronze/known.sql", "SELECT unnest(['Ada', 'Grace', 'Edsger', 'Barbara']) AS name\n")
    project.run("run").ok()
    assert project.is_up_to_date()


def test_without_the_folder_of_state_the_answers_are_the_same(checked: Project) -> None:
    shutil.rmtree(checked.root / ".medallion")
    assert checked.is_up_to_date()
    assert checks(checked)["total >= 5"]["status"] == "passed"


# Checks of their own, variables and macros


def test_a_query_in_a_folder_of_its_own_guards_the_last_dataset_that_it_reads(project: Project) -> None:
    project.write(
        "sql/checks/revenue.sql",
        "-- What a month earned is what its orders say.\nSELECT r.month, r.revenue, sum(o.total) AS said\n"
        "FROM gold.revenue r JOIN silver.orders o ON date_trunc('month', o.ordered_at) = r.month\n"
        "GROUP BY ALL HAVING revenue <> sum(o.total)\n",
    )
    assert project.actions() == {"bronze.orders": "unchanged", "silver.orders": "unchanged", "gold.revenue": "check"}
    project.run("run").refused(
        "gold.revenue: check failed: revenue   (sql/checks/revenue.sql:2)", "2026-01-01", "12.00", "42.50",
        code=1, hint="",
    )  # fmt: skip
    project.write("sql/checks/revenue.sql", "-- @warn\n" + project.read("sql/checks/revenue.sql").decode())
    project.run("run").ok()
    assert checks(project, "gold.revenue")["revenue"]["status"] == "warned"


def test_variables_and_macros_are_part_of_what_is_asked(project: Project) -> None:
    project.write("sql/macros/money.sql", "CREATE MACRO enough(x) AS x >= getvariable('least');\n")
    annotate(project, "@check enough(total)")
    project.run("run").refused('variable "least" has no value', hint="hint: set it in [variables]")
    project.write(
        "medallion.toml", project.read("medallion.toml").decode().replace("[variables]", "[variables]\nleast = 1")
    )
    assert "checked 1" in project.run("run").ok().stderr
    assert project.is_up_to_date()
    project.run("run", "--var", "least=10").refused("check failed: enough(total)", code=1, hint="")
    project.write("sql/macros/money.sql", "CREATE MACRO enough(x) AS x >= 2 * getvariable('least');\n")
    assert "checked 1" in project.run("run").ok().stderr


@pytest.mark.parametrize(
    ("annotation", "place", "words"),
    [
        ("@check totl > 0", "sql/silver/orders.sql:1:11", 'did you mean "total"?'),
        ("@chek total > 0", "sql/silver/orders.sql:1:4", 'did you mean "@check"?'),
        ("@relationships customer bronze.order(name)", "sql/silver/orders.sql:1:4", 'did you mean "bronze.orders"?'),
        ("@check customer::INTEGER > 0", "sql/silver/orders.sql:1:19", "Could not convert string"),
        ("@check total > 0) OR (true", "sql/silver/orders.sql:1:11", "brackets are not in pairs"),
    ],
)
def test_a_check_that_is_none_is_told_at_its_place_and_nothing_is_published(
    project: Project, annotation: str, place: str, words: str
) -> None:
    before = project.files("data")
    annotate(project, annotation)
    project.run("run").refused(place, words, hint="")
    assert project.files("data") == before
    assert "Traceback" not in project.run("check").stderr


# What is expected of a change


@pytest.mark.parametrize(
    ("expect", "words"),
    [
        ("@expect nothing added", "1 of 4 rows added"),
        ("@expect added at most 20%", "1 of 4 rows added"),
        ("@expect changed at most 0 rows", "1 of 4 rows changed"),
        ("@expect unchanged total where status = 'shipped'", "1 of 5 rows"),
        ("@expect no column added", "column extra"),
        ("@expect unchanged extra", 'it has no column "extra"'),
    ],
)
def test_a_change_that_is_not_expected_is_kept_out_until_it_is_accepted(
    project: Project, expect: str, words: str
) -> None:
    annotate(project, expect)
    before = project.files("data")
    source = project.read("sources/orders.csv").decode() + NEW_ROW
    project.write("sources/orders.csv", source.replace("1,Ada,shipped,12.00", "1,Ada,shipped,13.00"))
    model = project.read("sql/silver/orders.sql").decode()
    project.write("sql/silver/orders.sql", model.replace("    customer,\n", "    customer, 1 AS extra,\n"))
    project.run("run").refused(words, "run --accept silver.orders", code=1)
    assert project.read("data/silver/orders.json") == before["data/silver/orders.json"]
    ran = project.run("run", "--accept").ok()
    assert f"warning: silver.orders: check failed: {expect.removeprefix('@')}" in ran.stderr
    assert project.rows("SELECT count(*) FROM silver.orders") == [["5"]]
    assert project.is_up_to_date()


def test_accepting_a_change_accepts_no_wrong_data(project: Project) -> None:
    annotate(project, "@expect nothing added", "@check total >= 5")
    add_row(project)
    project.run("run", "--accept").refused("check failed: total >= 5", code=1, hint="")


# At any version, on data that is not here


def test_checks_run_at_a_version_with_its_own_checks_and_data(checked: Project) -> None:
    checked.git("tag", "v1")
    annotate(checked, "@check total < 0", "@check freshness ordered_at < 1 day")
    found = checks(checked, "--at", "v1", "silver.orders")
    assert {text: check["status"] for text, check in found.items()} == {
        "key order_id": "passed",
        "total >= 5": "passed",
        "total >= 0": "passed",
        "accepted_values status placed, shipped, returned": "passed",
    }
    assert document(checked, "check", "--at", "v1")["version"] == checked.git("rev-parse", "v1")
    checked.run("check").refused("check failed: total < 0", "the newest is", code=1, hint="")
    checked.run("check", "--at", "nope").refused("nope")


def test_a_version_is_as_fresh_as_it_was(project: Project) -> None:
    annotate(project, "@warn freshness ordered_at < 2 years")
    project.run("run").ok()
    project.git("add", "--all")
    for name, moment, status in (
        ("then", "2026-02-05T00:00:00Z", "passed"),
        ("late", "2029-01-01T00:00:00Z", "warned"),
    ):
        project.git(
            "commit", "--quiet", "--allow-empty", "-m", name,
            env={"GIT_COMMITTER_DATE": moment, "GIT_AUTHOR_DATE": moment},
        )  # fmt: skip
        assert checks(project, "--at", "HEAD")["freshness ordered_at < 2 years"]["status"] == status


def test_a_check_fetches_what_it_reads_and_a_run_after_it_reads_real_data(checked: Project, tmp_path: Path) -> None:
    checked.serve(tmp_path / "remote.git")
    checked.git("lfs", "push", "--all", "origin")
    clone = Project(checked.clone(tmp_path / "clone").root)
    assert checks(clone, "silver.orders")["total >= 5"]["failures"] == 0
    assert checks(clone, "--at", "HEAD", "silver.orders")["total >= 5"]["failures"] == 0
    assert clone.run("status").stdout.count("unfetched") == 3
    annotate(clone, "@check total > 0")
    clone.write("sql/gold/many.sql", "SELECT count(*) AS n FROM silver.orders\n")
    ran = clone.run("run").ok()
    assert "built 1, checked 1" in ran.stderr
    assert clone.rows("FROM gold.many") == [["4"]]
    assert clone.run("status").stdout.count("unfetched") == 3, "only the record was written"


def test_what_is_not_built_is_not_checked_and_that_is_said(project: Project) -> None:
    project.write("sql/gold/new.sql", "-- @check n > 0\nSELECT count(*) AS n FROM silver.orders\n")
    assert document(project, "check", "gold.new") == {
        "version": "work tree", "checks": [], "unbuilt": ["gold.new"], "errors": [],
    }  # fmt: skip
    assert "1 dataset with checks not built yet" in project.run("check", "gold.new").stderr


def test_results_are_in_the_catalog(checked: Project) -> None:
    add_row(checked)
    checked.run("run").refused("check failed", code=1, hint="")
    checked.run("check").ok()
    con = duckdb.connect(str(checked.root / ".medallion" / "catalog.duckdb"), read_only=True)
    assert con.execute(
        """SELECT command, "check", c.status, failures, failed_rows IS NOT NULL, version
        FROM check_results c JOIN runs r ON r.id = c.run WHERE "check" = 'total >= 5' ORDER BY started_at"""
    ).fetchall() == [
        ("run", "total >= 5", "passed", 0, False, None),
        ("run", "total >= 5", "failed", 1, True, None),
        ("check", "total >= 5", "passed", 0, False, "work tree"),
    ]  # fmt: skip


# Private values


def test_a_private_value_is_nowhere_but_in_the_data_and_the_kept_rows(project: Project) -> None:
    source = project.read("sources/orders.csv").decode().replace("Grace", CANARY)
    project.write("sources/orders.csv", source)
    annotate(
        project, "@private customer", "@warn customer = 'none'", "@warn unique customer, status",
        "@warn regex customer ^x",
        "@warn check_of(customer)", "@warn range customer 'x' to", model="silver/orders",
    )  # fmt: skip
    project.write("sql/macros/m.sql", "CREATE MACRO check_of(x) AS x < 'a';\n")
    project.write("sql/checks/named.sql", "-- @warn\nSELECT order_id, customer AS status FROM silver.orders\n")
    project.write(
        "sql/gold/customers.sql", "-- @key customer @private customer\nSELECT DISTINCT customer FROM silver.orders\n"
    )
    said = [project.run("run").ok(), project.run("check").ok()]
    annotate(project, "@check customer::INTEGER > 0")
    said += [project.run("run"), project.run("run", "--json"), project.run("check", "--json")]
    assert "sql/silver/orders.sql:1:19" in said[2].stderr
    assert ["(private)" in ran.stderr for ran in said[:2]] == [True, True]
    for ran in said:
        assert CANARY not in ran.stdout + ran.stderr
    holds = {
        file.relative_to(project.root).as_posix()
        for file in project.root.rglob("*")
        if file.is_file()
        and ".git" not in file.relative_to(project.root).parts
        and CANARY.encode() in file.read_bytes()
    }
    assert {path for path in holds if not path.startswith((".medallion/failed/", "data/"))} == {"sources/orders.csv"}
    assert all(path.endswith(".parquet") for path in holds if path.startswith("data/"))


# For a program


def test_json_has_what_each_check_found(project: Project) -> None:
    annotate(project, f"@check {CHECK}", "@warn row_count > 100")
    ran = project.run("run", "--json")
    assert ran.code == 1
    (step,) = [s for s in json.loads(ran.stdout)["steps"] if s["dataset"] == "silver.orders"]
    found = {check["check"]: check for check in step["checks"]}
    assert found == {
        **found,
        **{
            k: {**v, "seconds": found[k]["seconds"], "failed_rows": found[k]["failed_rows"]}
            for k, v in checks(project).items()
            if k in found
        },
    }
    failed = found[CHECK]
    assert {key: failed[key] for key in ("status", "failures", "rows", "failed_rows", "location", "severity")} == {
        "status": "failed", "failures": 1, "rows": 4, "failed_rows": FAILED, "location": "sql/silver/orders.sql:1",
        "severity": "error",
    }  # fmt: skip
    assert found["row_count > 100"]["message"] == "it has 4 rows"
    assert "Ada" not in ran.stdout, "rows are in the file"


def test_an_error_of_a_check_is_in_the_json_too(project: Project) -> None:
    annotate(project, "@check customer::INTEGER > 0")
    ran = project.run("check", "--json")
    assert ran.code == 2
    (error,) = json.loads(ran.stdout)["errors"]
    assert error.startswith("sql/silver/orders.sql:1:19: Could not convert")
