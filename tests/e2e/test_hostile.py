"""The program among strangers: hostile SQL, endless queries, links that lead out, credentials that must not show."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

import medallion
from medallion.errors import MedallionError
from tests.e2e.conftest import SLOW, Project, wait_for
from tests.engines.hostile import CANARY, NOT_SELECT, READS

TOKEN = "s3cr3tT0kenValue"


@pytest.fixture(scope="module")
def surrounded(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with a secret beside it, one in it, and one in a dataset that no query names."""
    folder = tmp_path_factory.mktemp("hostile")
    shutil.copytree(built, folder / "project", symlinks=True)
    project = Project(folder / "project")
    (folder / "outside").mkdir()
    for name in ("secret.csv", "secret.json", "secret.txt"):
        (folder / "outside" / name).write_text(f"a,b\n1,2,{CANARY}\n")
    project.write("private/p.csv", f"a,b\n1,{CANARY}\n")
    project.write("data/bronze/hidden.json", f'{{"a": "{CANARY}"}}\n')
    return project


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# A query may ask for a variable by any name: it has no record that would have to say which.
@pytest.mark.parametrize("sql", [sql for sql in (*READS, *NOT_SELECT) if "getvariable('pa' ||" not in sql])
def test_a_hostile_query_is_refused_and_nothing_is_read_or_written(surrounded: Project, sql: str) -> None:
    outside = surrounded.root.parent / "outside"
    text = sql.replace("{out}", str(outside)).replace(
        "SELECT k FROM bronze.orders", "SELECT order_id FROM bronze.orders"
    )
    before = surrounded.files(), names(outside)
    with pytest.raises(MedallionError) as caught:
        medallion.open(surrounded.root).query(text).rows()
    assert CANARY not in str(caught.value)
    assert (surrounded.files(), names(outside)) == before


def test_a_query_opens_the_files_of_the_datasets_that_it_names_and_no_other(surrounded: Project) -> None:
    """Where the parser was deceived, DuckDB itself would still refuse the file."""
    result = medallion.open(surrounded.root).query("FROM silver.orders")
    cursor = result._statement.cursor
    other = surrounded.root / "data/gold/revenue.parquet"
    assert other.is_file()
    for sql in (f"FROM '{other}'", f"COPY (SELECT 1) TO '{surrounded.root}/data/x.csv'", "FROM 'data/gold/*.parquet'"):
        with pytest.raises(duckdb.Error, match="disabled by configuration"):
            cursor.execute(sql)
    assert result.rows()


# Time


ENDLESS = {
    "recursion": "WITH RECURSIVE r AS (SELECT 1 AS x UNION ALL SELECT x FROM r) SELECT count(*) FROM r",
    "cross join": SLOW,
    "rows": "SELECT a.range FROM range(100000000) a, range(100000000) b WHERE a.range + b.range = -1",
}


@pytest.mark.parametrize("sql", ENDLESS.values(), ids=ENDLESS.keys())
def test_a_query_without_end_ends_by_its_timeout(project: Project, sql: str) -> None:
    project.run("query", sql, "--timeout", "0.3").refused(
        "the query was stopped: it had computed for 0.3 seconds", "--timeout SECONDS", "[query]"
    )


def test_the_timeout_of_the_configuration_holds_where_none_is_given(project: Project) -> None:
    project.write("medallion.toml", "[query]\ntimeout = 0.3\n")
    project.run("query", SLOW).refused("computed for 0.3 seconds")
    assert project.rows("SELECT 1 AS a", "--timeout", "0") == [["1"]]


def test_a_timeout_stops_every_way_of_taking_the_answer(project: Project) -> None:
    opened = medallion.open(project.root)
    rows = opened.query(ENDLESS["rows"], timeout=0.3)
    for take in (rows.rows, lambda: list(rows.batches()), lambda: list(rows), rows.arrow, rows.pandas, rows.polars):
        with pytest.raises(MedallionError, match="the query was stopped"):
            take()


def test_whoever_takes_rows_slowly_loses_none_to_the_timeout(project: Project) -> None:
    result = medallion.open(project.root).query("FROM range(50000)", timeout=5)
    taken = 0
    for batch in result.batches(1000):
        taken += len(batch)
    assert taken == 50_000


def test_ctrl_c_stops_a_query_that_has_a_timeout(project: Project) -> None:
    with project.background("query", SLOW, "--timeout", "600") as process:
        # DuckDB's threads and the one that watches the time are there: it computes.
        tasks = Path(f"/proc/{process.pid}/task")
        wait_for(lambda: len(list(tasks.iterdir())) > 3, "a query that computes")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert process.returncode == 130


# Links


@pytest.mark.parametrize("path", ["data", "data/silver", ".medallion", "sql"])
def test_a_link_in_place_of_a_folder_is_refused_before_anything_is_written(
    project: Project, tmp_path: Path, path: str
) -> None:
    outside = tmp_path / "outside"
    (project.root / path).rename(outside)
    (project.root / path).symlink_to(outside)
    before = names(outside)
    for args in (("run", "--force"), ("query", "FROM silver.orders"), ("status",)):
        project.run(*args).refused(f"{path}: this is a link that leads out of the project")
    assert names(outside) == before


@pytest.mark.parametrize(
    "path", ["sql/silver/evil.sql", "sql/macros/evil.sql", "data/silver/evil.json", "medallion.toml"]
)
def test_a_link_in_place_of_a_file_shows_nothing_of_what_it_leads_to(
    project: Project, tmp_path: Path, path: str
) -> None:
    (tmp_path / "id_rsa").write_text(f'{CANARY} = "{CANARY}"\n')
    target = project.root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    target.symlink_to(tmp_path / "id_rsa")
    for args in (("run",), ("plan", "--json"), ("status",), ("doctor",)):
        ran = project.run(*args)
        assert CANARY not in ran.stdout + ran.stderr
        assert "Traceback" not in ran.stderr


# Credentials


def test_no_credential_is_in_anything_that_is_printed_or_written(project: Project) -> None:
    url = f"https://ada:{TOKEN}@localhost:1/orders.csv?token={TOKEN}&X-Amz-Signature={TOKEN}"
    said = [project.run("add", "bronze.fetched", url), project.run("add", "silver.fetched", url)]
    # In what a person wrote a credential stays, and nowhere else it may appear.
    project.write("sql/bronze/remote.sql", f"-- From {url}.\nFROM read_csv('{url}')\n")
    project.write("sql/bronze/inside.sql", f"SELECT error('{url}') AS a\n")
    project.write("sql/silver/broken.sql", f"SELECT nothing AS a, '{url}' AS b FROM bronze.orders\n")
    said += [
        project.run(*args)
        for args in (
            ("run",),
            ("run", "--var", f"url={url}"),
            ("plan",),
            ("plan", "--json"),
            ("status",),
            ("status", "--json"),
            ("lineage", "silver.orders"),
            ("show", "bronze.remote"),
            ("show", "bronze.remote", "--json"),
            ("log",),
            ("query", f"FROM '{url}'"),
            ("query", f"SELECT nothing, '{url}' FROM silver.orders"),
            ("commit", "-m", "x"),
            ("commit", "--allow-stale", "-m", "x"),
            ("doctor",),
        )
    ]
    project.git("remote", "add", "origin", f"https://ada:{TOKEN}@localhost:1/a.git")
    said.append(project.run("query", "FROM silver.orders", "--at", "origin/main"))
    for ran in said:
        assert TOKEN not in ran.stdout + ran.stderr
        assert "Traceback" not in ran.stderr
    written = {"sql/bronze/remote.sql", "sql/bronze/inside.sql", "sql/silver/broken.sql"}
    for file in project.root.rglob("*"):
        path = file.relative_to(project.root).as_posix()
        if file.is_file() and not path.startswith(".git/") and path not in written:
            assert TOKEN.encode() not in file.read_bytes(), path


def test_a_model_that_reads_a_url_is_told_how_to_get_it(project: Project) -> None:
    project.write("sql/bronze/remote.sql", "FROM read_csv('https://example.com/x.csv')\n")
    project.write("medallion.toml", 'sources = ["sources/", "https://example.com/"]\n')
    project.run("run", "bronze.remote").refused(
        "sql/bronze/remote.sql:1:15",
        "a model reads no URL",
        "medallion add bronze.NAME https://example.com/x.csv",
        code=2,
    )


def test_a_variable_that_holds_a_credential_is_refused_where_a_record_would_keep_it(project: Project) -> None:
    project.write("sql/silver/v.sql", "SELECT getvariable('url') AS a\n")
    ran = project.run("run", "silver.v", "--var", f"url=https://ada:{TOKEN}@host/x")
    assert 'variable "url" holds a credential' in ran.stderr
    assert TOKEN not in ran.stderr + ran.stdout


def test_doctor_names_the_place_of_a_credential_in_a_tracked_file_without_it(project: Project) -> None:
    secrets = {
        "a.env": "KEY=AKIA" + "ABCDEFGHIJKLMNOP",
        "b.sql": f"CREATE SECRET s (TYPE s3, KEY_ID 'abcdefghij', SECRET '{TOKEN}');",
        "c.yml": f"url: postgres://ada:{TOKEN}@db/x",
        "d.pem": "-----BEGIN RSA PRIVATE KEY-----",
        "e.txt": "token ghp_" + "a1b2" * 9,
    }
    for path, text in secrets.items():
        project.write(path, f"first line\n{text}\n")
    project.git("add", *secrets)
    project.write("untracked.env", "AKIA" + "ZZZZZZZZZZZZZZZZ")
    told = project.run("doctor").stdout
    for path in secrets:
        assert f"{path}:2: " in told, path
    assert "untracked.env" not in told
    for secret in (TOKEN, "AKIA" + "ABCD", "a1b2a1b2"):
        assert secret not in told


# Private values


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT email::INTEGER AS n FROM bronze.people",
        "SELECT error('look: ' || email) AS n FROM bronze.people",
        "SELECT error(json_object('exception_type', 'IO', 'exception_message', email)) AS n FROM bronze.people",
        "SELECT strptime(email, '%Y') AS n FROM bronze.people",
        "SELECT email::DATE AS n FROM bronze.people",
        "SELECT json_extract(email, '$.a') AS n FROM bronze.people",
        "SELECT CASE WHEN email::ENUM('a', 'b') = 'a' THEN 1 END AS n FROM bronze.people",
    ],
)
def test_no_error_holds_a_value_of_a_private_column(project: Project, sql: str) -> None:
    project.write("sql/bronze/people.sql", "SELECT\n    'ada@example.com' AS email -- @private\n")
    project.write("sql/silver/people.sql", sql + "\n")
    ran = project.run("run", "+silver.people")
    assert ran.code == (1 if "@key" in sql else 2)
    assert "ada@" not in ran.stdout + ran.stderr
    assert "rivate" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert b"ada@" not in project.read(".medallion/runs.jsonl")


def test_a_key_of_private_values_that_is_none_is_told_without_them(project: Project) -> None:
    project.write("sql/bronze/people.sql", "SELECT\n    'ada@example.com' AS email -- @private\n")
    project.write("sql/silver/people.sql", "-- @key email\nSELECT email FROM bronze.people, range(2)\n")
    ran = project.run("run", "+silver.people").refused("silver.people: check failed: key email", code=1, hint="")
    assert "ada@" not in ran.stdout + ran.stderr
    assert b"ada@" not in project.read(".medallion/runs.jsonl")


def test_no_line_of_a_source_is_quoted_where_a_column_of_it_is_private(project: Project) -> None:
    project.write("sources/people.csv", "id,email\nx,ada@example.com\n")
    project.write(
        "sql/bronze/people.sql",
        "SELECT\n    id,\n    email -- @private\nFROM read_csv('sources/people.csv', header = true,\n"
        "    columns = {'id': 'BIGINT', 'email': 'VARCHAR'})\n",
    )
    ran = project.run("run", "bronze.people").refused("sources/people.csv:2", "in column id is no BIGINT")
    assert "ada@" not in ran.stdout + ran.stderr
    assert b"ada@" not in project.read(".medallion/runs.jsonl")


def test_a_bug_of_ours_shows_no_credential_in_its_traceback(project: Project) -> None:
    code = (
        "import medallion.project, medallion.cli.main as m, sys\n"
        f"def broken(*a, **k): raise RuntimeError('https://ada:{TOKEN}@host/')\n"
        "medallion.project.Project.query = broken\nsys.argv = ['medallion', 'query', 'SELECT 1']\nm.main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=project.root, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "RuntimeError" in done.stderr
    assert TOKEN not in done.stderr
