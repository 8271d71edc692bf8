from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from medallion.catalog import open_catalog, read_versions, update, update_history
from medallion.catalog.versions import dataset_of
from medallion.names import TableName
from medallion.records import Built, Column, DataFile, Input, InputKind, Record, record_path

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.git.conftest import Work

ORDERS, CUSTOMERS, REVENUE = (TableName(*n.split(".")) for n in ("silver.orders", "silver.customers", "gold.revenue"))


def oid(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()


def record(name: TableName, content: str, *inputs: Input) -> Record:
    return Record(
        dataset=name,
        rows=len(content),
        columns=(Column("id", "INTEGER", nullable=False, hash=oid("id")), Column("é", "VARCHAR", True, oid("é"))),
        key=("id",),
        files=(DataFile(f"{name.name}.parquet", oid(content), 100, len(content)),),
        built=Built(oid(content + "f"), f"sql/{name.layer}/{name.name}.sql", "duckdb", "2.0.0", inputs),
    )


def read(name: TableName, content: str) -> Input:
    return Input(str(name), InputKind.DATASET, oid(content), ("id",))


def write(work: Work, *records: Record) -> None:
    for one in records:
        work.write(record_path(one.dataset), one.encode())
        work.write(one.built.model, f"SELECT '{one.content_id}'")


@dataclass
class Catalog:
    """A catalog of ``work``, with what it is made from besides the history."""

    work: Work
    target: Path
    edges: list[tuple[str, str, str, str, str]] = field(default_factory=list)
    views: dict[TableName, list[Path]] = field(default_factory=dict)

    @property
    def runs(self) -> Path:
        return self.work.root / ".medallion/runs.jsonl"

    def update(self) -> None:
        edges: dict[TableName, list[tuple[str, str, str, str, str]]] = {}
        for edge in self.edges:
            edges.setdefault(TableName.parse(edge[0]), []).append(edge)
        update(
            self.work.repo,
            self.target,
            models={name: repr(listed) for name, listed in edges.items()},
            column_edges=lambda names: [edge for name in names for edge in edges[name]],
            views=self.views,
            runs=self.runs,
        )

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """What a client of DuckDB is told, which may read the views as well."""
        self.update()
        with duckdb.connect(self.target, read_only=True) as con:
            return con.execute(sql).fetchall()

    def contents(self) -> dict[str, list[str]]:
        """All rows of all tables, in no order."""
        with open_catalog(self.target) as con:
            tables = con.execute("SELECT schema_name || '.' || table_name FROM duckdb_tables()").fetchall()
            return {name: sorted(map(repr, con.execute(f"FROM {name}").fetchall())) for (name,) in tables}

    def rebuilt(self) -> dict[str, list[str]]:
        """What a catalog made from nothing holds."""
        other = Catalog(self.work, self.target.with_name("rebuilt.duckdb"), self.edges, self.views)
        for leftover in other.target.parent.glob("rebuilt*"):
            leftover.unlink()
        other.update()
        return other.contents()


@pytest.fixture
def catalog(work: Work) -> Catalog:
    return Catalog(work, work.root / ".medallion/catalog.duckdb")


# Versions and lineage


def test_a_version_is_the_commit_that_changed_the_record(catalog: Catalog) -> None:
    work = catalog.work
    write(work, record(ORDERS, "one"), record(CUSTOMERS, "c"))
    first = work.commit("first", at="2026-01-01T12:00:00+0200")
    work.commit("nothing")
    write(work, record(ORDERS, "two!"))
    second = work.commit("second")
    assert catalog.ask(
        "SELECT commit, parent_version, dataset, content_id, rows, bytes FROM versions ORDER BY ALL"
    ) == (
        sorted(
            [
                (first, None, "silver.customers", oid("c"), 1, 100),
                (first, None, "silver.orders", oid("one"), 3, 100),
                (second, first, "silver.orders", oid("two!"), 4, 100),
            ]
        )
    )
    about = catalog.ask("SELECT committed_at::VARCHAR, author, subject, schema, record_oid FROM versions ORDER BY 1")[0]
    assert about[:3] == ("2026-01-01 10:00:00", "Ada", "first")
    assert about[3] == [{"name": "id", "type": "INTEGER"}, {"name": "é", "type": "VARCHAR"}]
    assert about[4] in work.repo.list(first, ["data"]).values()


def test_lineage_says_which_version_of_each_input_was_read_and_by_which_model(catalog: Catalog) -> None:
    work = catalog.work
    source = Input("sources/orders.csv", InputKind.SOURCE, oid("csv"), files=1)
    write(work, record(ORDERS, "o1", source), record(CUSTOMERS, "c1"))
    first = work.commit("first")
    write(work, record(REVENUE, "r1", read(ORDERS, "o1"), read(CUSTOMERS, "c1")))
    second = work.commit("second")
    # Orders change, and revenue is committed although it was built from what they were before.
    write(work, record(ORDERS, "o2", source), record(REVENUE, "r2", read(ORDERS, "o1"), read(CUSTOMERS, "c1")))
    third = work.commit("third")
    models = {c: work.git("rev-parse", f"{c}:sql/gold/revenue.sql") for c in (second, third)}
    rows = catalog.ask(
        "SELECT commit, input, input_kind, input_content_id, input_commit, model_oid FROM lineage "
        "WHERE dataset = 'gold.revenue'"
    )
    assert set(rows) == {
        (second, "silver.orders", "dataset", oid("o1"), first, models[second]),
        (second, "silver.customers", "dataset", oid("c1"), first, models[second]),
        (third, "silver.orders", "dataset", oid("o1"), None, models[third]),
        (third, "silver.customers", "dataset", oid("c1"), first, models[third]),
    }
    of_orders = catalog.ask(
        "SELECT commit, input, input_kind, input_content_id, input_commit, rows, model_path, fingerprint, engine, "
        f"author FROM lineage WHERE content_id = '{oid('o1')}'"
    )
    about = (2, "sql/silver/orders.sql", oid("o1f"), "duckdb 2.0.0", "Ada")
    assert of_orders == [(first, "sources/orders.csv", "source", oid("csv"), None, *about)]
    assert catalog.ask("SELECT input FROM lineage WHERE dataset = 'silver.customers'") == [(None,)]


def test_a_merge_passes_versions_on_and_makes_one_only_of_what_is_new_in_it(catalog: Catalog) -> None:
    work = catalog.work
    write(work, record(ORDERS, "o1"), record(CUSTOMERS, "c1"))
    base = work.commit("base")
    work.git("checkout", "--quiet", "-b", "side")
    write(work, record(ORDERS, "side"), record(CUSTOMERS, "c2"))
    side = work.commit("side")
    work.git("checkout", "--quiet", "main")
    write(work, record(ORDERS, "main"))
    main = work.commit("main")
    assert work.repo.process.attempt("merge", "--no-ff", "side").returncode != 0
    write(work, record(ORDERS, "merged"))
    merge = work.commit("merge")
    write(work, record(REVENUE, "r", read(ORDERS, "merged"), read(CUSTOMERS, "c2")))
    after = work.commit("after")
    assert set(catalog.ask("SELECT commit, dataset, parent_version FROM versions")) == {
        (base, "silver.orders", None),
        (base, "silver.customers", None),
        (side, "silver.orders", base),
        (side, "silver.customers", base),
        (main, "silver.orders", base),
        (merge, "silver.orders", main),
        (after, "gold.revenue", None),
    }
    assert set(catalog.ask("SELECT input, input_commit FROM lineage WHERE dataset = 'gold.revenue'")) == {
        ("silver.orders", merge),
        ("silver.customers", side),
    }


def test_a_deleted_dataset_has_a_last_version_without_content(catalog: Catalog) -> None:
    work = catalog.work
    write(work, record(ORDERS, "o1"))
    first = work.commit("first")
    work.git("mv", record_path(ORDERS), "data/silver/renamed.json")
    write(work, record(TableName("silver", "renamed"), "o1"))
    renamed = work.commit("renamed")
    rows = catalog.ask(f"SELECT dataset, parent_version, content_id, rows FROM versions WHERE commit = '{renamed}'")
    assert set(rows) == {("silver.orders", first, None, None), ("silver.renamed", None, oid("o1"), 2)}
    assert catalog.ask(f"SELECT count(*) FROM lineage WHERE commit = '{renamed}'") == [(1,)]


def test_a_record_that_cannot_be_read_is_named_and_the_rest_is_there(catalog: Catalog) -> None:
    work = catalog.work
    work.write(record_path(ORDERS), "<<<<<<< no record")
    work.write(record_path(REVENUE), record(ORDERS, "o").encode())
    write(work, record(CUSTOMERS, "c"))
    first = work.commit()
    write(work, record(ORDERS, "mended"))
    second = work.commit()
    assert catalog.ask("SELECT commit, dataset, error FROM unreadable ORDER BY dataset") == [
        (first, "gold.revenue", "the record says that it is of silver.orders"),
        (first, "silver.orders", "the record is not JSON: Expecting value"),
    ]
    assert catalog.ask("SELECT dataset, commit FROM versions ORDER BY 1") == [
        ("silver.customers", first),
        ("silver.orders", second),
    ]


def test_other_files_below_data_are_no_records() -> None:
    assert dataset_of("data/silver/orders.json") == ORDERS
    for path in ("data/silver/Orders.json", "data/silver/a/b.json", "data/a.json", "x/silver/orders.json", "data/s/a"):
        assert dataset_of(path) is None


def test_an_empty_repository_has_an_empty_catalog(catalog: Catalog) -> None:
    assert catalog.ask("FROM versions") == []


# Incremental


def test_rewritten_history_leaves_no_trace(catalog: Catalog) -> None:
    work = catalog.work
    write(work, record(ORDERS, "o1"))
    work.commit("first")
    write(work, record(ORDERS, "o2"))
    work.commit("second")
    catalog.update()
    write(work, record(ORDERS, "o3"))
    work.git("add", "--all")
    work.git("commit", "--quiet", "--amend", "--message", "second, better")
    assert [row[0] for row in catalog.ask("SELECT subject FROM versions ORDER BY rows, subject")] == [
        "first",
        "second, better",
    ]
    work.git("reflog", "expire", "--expire=now", "--all")
    work.git("gc", "--quiet", "--prune=now")
    catalog.update()
    assert catalog.contents() == catalog.rebuilt()


def test_branches_that_begin_anywhere_in_the_known_history_go_on_from_there(catalog: Catalog) -> None:
    work = catalog.work
    commits = []
    for number in range(4):
        write(work, record(ORDERS, f"o{number}"), *([record(CUSTOMERS, "c")] if number == 1 else []))
        commits.append(work.commit(f"{number}"))
    catalog.update()
    for number, commit in enumerate(commits[:3]):
        work.git("checkout", "--quiet", "-b", f"from{number}", commit)
        write(work, record(REVENUE, f"r{number}", read(ORDERS, f"o{number}"), read(CUSTOMERS, "c")))
        work.commit(f"from {number}")
    assert set(catalog.ask("SELECT content_id, input, input_commit FROM lineage WHERE dataset = 'gold.revenue'")) == {
        (oid("r0"), "silver.orders", commits[0]),
        (oid("r0"), "silver.customers", None),
        (oid("r1"), "silver.orders", commits[1]),
        (oid("r1"), "silver.customers", commits[1]),
        (oid("r2"), "silver.orders", commits[2]),
        (oid("r2"), "silver.customers", commits[1]),
    }
    assert catalog.contents() == catalog.rebuilt()


def test_history_alone_is_brought_up_to_date_and_the_rest_follows_when_asked(catalog: Catalog) -> None:
    work = catalog.work
    write(work, record(ORDERS, "o1"))
    work.commit("first")
    update_history(work.repo, catalog.target)
    with open_catalog(catalog.target) as con:
        assert con.execute("SELECT dataset FROM versions").fetchall() == [("silver.orders",)]
    catalog.edges = [("gold.revenue", "total", "silver.orders", "amount", "AGGREGATION")]
    catalog.update()
    write(work, record(ORDERS, "o2"))
    work.commit("second")
    update_history(work.repo, catalog.target)
    with open_catalog(catalog.target) as con:
        assert con.execute("SELECT count(*) FROM versions").fetchall() == [(2,)]
        assert con.execute("FROM column_lineage").fetchall() == catalog.edges
    before = catalog.target.stat()
    catalog.update()
    update_history(work.repo, catalog.target)
    assert catalog.target.stat() == before


def test_a_shallow_clone_that_gets_deeper_is_indexed_anew(catalog: Catalog, tmp_path: Path) -> None:
    work = catalog.work
    for content in ("o1", "o2", "o3"):
        write(work, record(ORDERS, content))
        work.commit(content)
    work.git("clone", "--quiet", "--depth=1", work.root.as_uri(), str(tmp_path / "clone"))
    clone = Catalog(type(work)(tmp_path / "clone"), tmp_path / "clone/.medallion/catalog.duckdb")
    assert clone.ask("SELECT count(*) FROM versions") == [(1,)]
    clone.work.git("fetch", "--quiet", "--unshallow")
    assert clone.ask("SELECT count(*), count(parent_version) FROM versions") == [(3, 2)]


def test_a_catalog_that_history_made_anew_gets_what_the_work_tree_says_with_the_next_update(
    catalog: Catalog, tmp_path: Path
) -> None:
    work = catalog.work
    for content in ("o1", "o2"):
        write(work, record(ORDERS, content))
        work.commit(content)
    work.git("clone", "--quiet", "--depth=1", work.root.as_uri(), str(tmp_path / "clone"))
    clone = Catalog(type(work)(tmp_path / "clone"), tmp_path / "clone/.medallion/catalog.duckdb")
    clone.edges = [("gold.revenue", "total", "silver.orders", "amount", "AGGREGATION")]
    assert clone.ask("SELECT count(*) FROM column_lineage") == [(1,)]
    clone.work.git("fetch", "--quiet", "--unshallow")
    update_history(clone.work.repo, clone.target)
    assert clone.ask("SELECT count(*) FROM column_lineage") == [(1,)]


def test_records_are_told_once_and_to_whoever_was_not_told_yet_all_of_them(catalog: Catalog) -> None:
    work = catalog.work
    told: list[tuple[str, str, int]] = []

    def tell(who: str) -> list[tuple[str, str, int]]:
        told.clear()
        update_history(
            work.repo,
            catalog.target,
            told=who,
            on_records=lambda made: told.extend(
                (who, commit, r.rows) for commit, r, text in made if Record.decode(text, "x") == r
            ),
        )
        return list(told)

    write(work, record(ORDERS, "o1"))
    first = work.commit("o1")
    assert [(who, commit) for who, commit, _ in tell("ada")] == [("ada", first)]
    assert tell("ada") == []
    write(work, record(ORDERS, "o2"))
    second = work.commit("o2")
    assert [commit for _, commit, _ in tell("ada")] == [second]
    assert sorted(commit for _, commit, _ in tell("bob")) == sorted([first, second])


STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "change",
                "change",
                "delete",
                "rename",
                "branch",
                "switch",
                "back",
                "merge",
                "amend",
                "reset",
                "break",
                "update",
            ]
        ),
        st.integers(0, 3),
        st.integers(0, 3),
    ),
    min_size=4,
    max_size=14,
)


@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
def test_what_grows_with_the_history_equals_what_is_built_from_nothing(
    steps: list[tuple[str, int, int]], bare_work: Work, tmp_path_factory: pytest.TempPathFactory
) -> None:
    work = type(bare_work)(tmp_path_factory.mktemp("random"))
    work.git("init", "--quiet")
    work.write(".gitignore", ".medallion/\n")
    work.commit("base")
    catalog = Catalog(work, work.root / ".medallion/catalog.duckdb")
    for step in steps:
        carry_out(work, catalog, *step)
    catalog.update()
    assert catalog.contents() == catalog.rebuilt()
    assert catalog.ask("SELECT commit, dataset FROM versions UNION ALL SELECT commit, dataset FROM unreadable") == (
        unordered(changed_in(work))
    )


class unordered(list[tuple[str, str]]):  # noqa: N801  # it reads as a word of the assertion
    """Equal to the same rows in another order."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, list) and sorted(self) == sorted(other)

    __hash__ = None


def changed_in(work: Work) -> list[tuple[str, str]]:
    """Each commit with each dataset that it holds, or lacks, like none of its parents: git is asked for each commit."""
    held: dict[str, dict[str, str]] = {}
    found = []
    for line in work.git("rev-list", "--all", "--parents", "--topo-order", "--reverse").splitlines():
        commit, *parents = line.split()
        held[commit] = {p: oid for p, oid in work.repo.list(commit, ["data"]).items() if p.endswith(".json")}
        before = [held[parent] for parent in parents] or [{}]
        found += [
            (commit, str(dataset_of(path)))
            for path in {path for records in (held[commit], *before) for path in records}
            if all(held[commit].get(path) != records.get(path) for records in before)
        ]
    return found


def carry_out(work: Work, catalog: Catalog, action: str, one: int, two: int) -> None:  # noqa: C901  # a table of actions
    names = (ORDERS, CUSTOMERS, REVENUE, TableName("gold", "other"))
    branches = work.git("for-each-ref", "--format=%(refname:short)", "refs/heads").split()
    if action == "change":
        write(work, record(names[one], f"content {two}", read(names[two], f"content {one}")))
        work.commit(f"change {one} {two}")
    elif action == "delete":
        (work.root / record_path(names[one])).unlink(missing_ok=True)
        work.commit(f"delete {one}")
    elif action == "rename":
        if (work.root / record_path(names[one])).exists() and one != two:
            (work.root / record_path(names[two])).parent.mkdir(exist_ok=True)
            (work.root / record_path(names[one])).rename(work.root / record_path(names[two]))
        work.commit(f"rename {one} {two}")
    elif action == "back":
        work.repo.process.attempt("checkout", "--quiet", "-B", f"b{one}", f"HEAD~{two}")
    elif action == "break":
        work.write(record_path(names[one]), "{")
        work.commit(f"break {one}")
    elif action == "branch":
        work.git("checkout", "--quiet", "-B", f"b{one}")
    elif action == "switch":
        work.git("checkout", "--quiet", branches[one % len(branches)])
    elif action == "merge":
        other = branches[one % len(branches)]
        if work.repo.process.attempt("merge", "--quiet", "--no-ff", "--no-edit", other).returncode:
            write(work, record(names[two], f"merged {one}"))
            work.commit("merge")
    elif action == "amend":
        write(work, record(names[one], f"amended {two}"))
        work.git("add", "--all")
        work.git("commit", "--quiet", "--amend", "--allow-empty", "--message", f"amend {one} {two}")
    elif action == "reset":
        work.repo.process.attempt("reset", "--quiet", "--hard", "HEAD~1")
    else:
        catalog.update()


# The file


def test_nothing_is_written_when_nothing_changed(catalog: Catalog) -> None:
    work = catalog.work
    write(work, record(ORDERS, "o1"))
    work.commit()
    catalog.views = {ORDERS: [parquet(work.root / "data/silver/orders.parquet", "SELECT 1 AS id")]}
    catalog.update()
    before = catalog.target.stat()
    catalog.update()
    assert catalog.target.stat() == before
    parquet(work.root / "data/silver/orders.parquet", "SELECT 1 AS id, 2 AS more")
    assert catalog.ask("FROM silver.orders") == [(1, 2)]
    assert {file.name for file in catalog.target.parent.iterdir()} == {"catalog.duckdb", "catalog.duckdb.digest"}


def parquet(path: Path, sql: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    duckdb.sql(f"COPY ({sql}) TO '{str(path).replace(chr(39), chr(39) * 2)}' (FORMAT parquet)")
    return path


def in_another_process(code: str, *args: str) -> str:
    return subprocess.check_output([sys.executable, "-c", code, *args], cwd="/", text=True)


def test_the_views_open_from_another_process_in_another_folder(catalog: Catalog, tmp_path: Path) -> None:
    odd = tmp_path / "it's [1] a*b? year=2020/données"
    catalog.views = {
        ORDERS: [parquet(odd / "orders.parquet", "SELECT 1 AS id")],
        TableName("gold", "order"): [parquet(odd / f"o/{n}.parquet", f"SELECT {n} AS id") for n in range(3)],
        CUSTOMERS: [],
        REVENUE: [catalog.work.write("data/gold/revenue.parquet", "version https://git-lfs…")],
    }
    catalog.update()
    code = (
        "import duckdb, sys; con = duckdb.connect(sys.argv[1], read_only=True); "
        "print(con.execute('FROM silver.orders').fetchall(), con.execute('FROM gold.\"order\"').fetchall())"
    )
    assert in_another_process(code, str(catalog.target)) == "[(1,)] [(0,), (1,), (2,)]\n"
    assert catalog.ask("SELECT view_name FROM duckdb_views() WHERE NOT internal ORDER BY 1") == [
        ("order",),
        ("orders",),
    ]
    catalog.views = {ORDERS: catalog.views[ORDERS]}
    assert catalog.ask("SELECT schema_name || view_name FROM duckdb_views() WHERE NOT internal") == [("silverorders",)]


@pytest.mark.parametrize("mode", ["True", "False"], ids=["reader", "writer"])
def test_an_update_neither_waits_for_another_process_nor_disturbs_it(catalog: Catalog, mode: str) -> None:
    work = catalog.work
    write(work, record(ORDERS, "o1"))
    work.commit()
    catalog.update()
    code = (
        "import duckdb, sys; con = duckdb.connect(sys.argv[1], read_only=sys.argv[2] == 'True')\n"
        "print('open', flush=True)\n"
        "for line in sys.stdin: print(con.execute('SELECT count(*) FROM versions').fetchall(), flush=True)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(catalog.target), mode],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        write(work, record(ORDERS, "o2"))
        work.commit()
        assert catalog.ask("SELECT count(*) FROM versions") == [(2,)]
        other.stdin.write("\n")
        other.stdin.flush()
        assert other.stdout.readline() == "[(1,)]\n"
        other.stdin.close()
    assert catalog.ask("SELECT count(*) FROM versions") == [(2,)]


@pytest.mark.parametrize("damage", ["garbage", "truncated", "foreign", "empty", "older format"])
def test_a_file_that_is_no_catalog_is_replaced(catalog: Catalog, damage: str) -> None:
    work = catalog.work
    write(work, record(ORDERS, "o1"))
    work.commit()
    catalog.update()
    data = catalog.target.read_bytes()
    if damage == "foreign":
        catalog.target.unlink()
        duckdb.connect(catalog.target).execute("CREATE TABLE versions (a INT)").close()
    elif damage == "older format":
        duckdb.connect(catalog.target).execute("UPDATE _medallion.about SET value = '[0]'").close()
    else:
        content = {"garbage": b"x" * 5000, "truncated": data[: len(data) // 2], "empty": b""}[damage]
        catalog.target.write_bytes(content)
    assert catalog.ask("SELECT dataset FROM versions") == [("silver.orders",)]
    assert {file.name for file in catalog.target.parent.iterdir()} == {"catalog.duckdb", "catalog.duckdb.digest"}


def test_a_catalog_that_somebody_else_wrote_is_neither_believed_nor_opened(catalog: Catalog, tmp_path: Path) -> None:
    write(catalog.work, record(ORDERS, "o1"))
    catalog.work.commit()
    catalog.update()
    truth = catalog.ask("SELECT dataset, rows FROM versions")
    forged = tmp_path / "forged.duckdb"
    forged.write_bytes(catalog.target.read_bytes())
    with duckdb.connect(forged) as con:  # As a commit could bring it along, with the identity that it must have.
        con.execute("UPDATE versions SET rows = 1_000_000")
    forged.replace(catalog.target)
    assert catalog.ask("SELECT dataset, rows FROM versions") == truth
    with open_catalog(catalog.target) as con, pytest.raises(duckdb.PermissionException):
        con.execute("FROM read_text($1)", [str(catalog.work.root / ".gitattributes")])


def test_a_reader_is_served_while_a_client_has_the_file_open_for_writing(catalog: Catalog) -> None:
    write(catalog.work, record(ORDERS, "o1"))
    commit = catalog.work.commit("first")
    catalog.update()
    code = "import duckdb, sys; con = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(catalog.target)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        assert [row.commit for row in read_versions(catalog.target, catalog.work.repo)] == [commit]
        other.communicate()


def test_versions_are_read_newest_first_and_only_those_of_this_branch(catalog: Catalog) -> None:
    work = catalog.work
    assert read_versions(catalog.target, work.repo) == []
    write(work, record(ORDERS, "o1"), record(CUSTOMERS, "c1"))
    first = work.commit("first")
    work.git("checkout", "--quiet", "-b", "side")
    write(work, record(ORDERS, "o2"))
    work.commit("side")
    work.git("checkout", "--quiet", "main")
    (work.root / record_path(ORDERS)).unlink()
    second = work.commit("second")
    catalog.update()
    found = read_versions(catalog.target, work.repo, ORDERS)
    assert [(row.commit, row.parent_version, row.deleted) for row in found] == [
        (second, first, True),
        (first, None, False),
    ]
    assert len(read_versions(catalog.target, work.repo)) == 3
    newest = read_versions(catalog.target, work.repo, limit=1)
    assert [(row.commit, row.rows, row.rows_before) for row in newest] == [(second, None, 2)]
    assert newest.total == 3


# What is not history


def test_column_lineage_is_what_the_models_say_today(catalog: Catalog) -> None:
    catalog.edges = [("gold.revenue", "total", "silver.orders", "amount", "AGGREGATION")]
    assert catalog.ask("FROM column_lineage") == [tuple(catalog.edges[0])]
    catalog.edges = [("gold.revenue", "total", "silver.orders", "it's \"ü", "IDENTITY")]
    assert catalog.ask("FROM column_lineage") == [tuple(catalog.edges[0])]


def test_runs_and_their_steps_are_indexed_and_broken_lines_passed_over(catalog: Catalog) -> None:
    step = {"dataset": "silver.orders", "action": "build", "reason": "SQL changed", "seconds": 0.5, "rows": 3}
    run = {"id": "r1", "started_at": "2026-01-01T12:00:00+02:00", "seconds": 1.5, "command": "run", "steps": [step]}
    lines: Sequence[str] = (
        json.dumps(run),
        "",
        "{}",
        "null",
        '{"id": "r2"',
        json.dumps(run | {"id": "r3", "steps": []}),
    )
    catalog.work.write(".medallion/runs.jsonl", "\n".join(lines))
    assert catalog.ask("SELECT id, started_at::VARCHAR, seconds, command FROM runs ORDER BY id") == [
        ("r1", "2026-01-01 10:00:00", 1.5, "run"),
        ("r3", "2026-01-01 10:00:00", 1.5, "run"),
    ]
    assert catalog.ask("FROM run_steps") == [
        ("r1", 0, "silver.orders", "build", "SQL changed", 0.5, 3, None, None, None)
    ]
    catalog.work.write(".medallion/runs.jsonl", "")
    assert catalog.ask("SELECT count(*) FROM runs") == [(0,)]
