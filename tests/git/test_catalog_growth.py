"""A catalog that grows with the history equals one that is built from nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from medallion.catalog import open_catalog, update_history
from medallion.catalog.versions import dataset_of
from medallion.names import TableName
from medallion.records import Record, record_path
from tests.git.cataloged import CUSTOMERS, ORDERS, REVENUE, Catalog, oid, read, record, write

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.git.conftest import Work


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
