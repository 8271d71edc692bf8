"""Models in DuckDB: errors at their places, macros, variables, several at a time, and stopping."""

from __future__ import annotations

import threading

import pytest

from medallion.errors import BuildError, ModelError
from tests.engines.bench import Bench, refused

# Errors


@pytest.mark.parametrize(
    ("sql", "message", "hint", "place"),
    [
        (
            "SELECT 'größe 日本',\n  nott FROM bronze.orders",
            'no column "nott" in bronze.orders',
            'did you mean "note"?',
            "nott",
        ),
        ("SELECT é FROM (SELECT 1 AS e)", 'no column "é"', "", "é"),
        ("-- größe\nSELECT 'ü' AS a, lowr(note) FROM bronze.orders", None, None, "lowr(note)"),
        ("SELECT 'ü' AS a,, 1", None, "", ","),
        ("SELECT 'ü' AS a, note + 1 FROM bronze.orders", None, None, None),
        ("SELECT id FROM bronze.orders WHERE 'ü' = nope", 'no column "nope" in bronze.orders', None, "nope"),
    ],
)
def test_an_error_in_the_sql_points_to_its_place_whatever_letters_stand_before(
    bench: Bench, sql: str, message: str | None, hint: str | None, place: str | None
) -> None:
    said, advice, shown = refused(bench, sql)
    assert message is None or said == message
    assert hint is None or advice == hint
    assert place is None or shown == place


def test_an_error_while_it_runs_points_to_its_place(bench: Bench) -> None:
    sql = "SELECT 'größe' AS a,\n  CAST(note AS INTEGER) AS n\nFROM bronze.orders"
    with pytest.raises(ModelError) as caught:
        bench.build(sql)
    assert "Could not convert string 'größe 0' to INT32" in caught.value.message
    place = caught.value.location
    assert place is not None
    assert (place.path, place.line) == ("sql/silver/x.sql", 2)
    assert place.text[place.column - 1 :].startswith("CAST(note")


def test_an_unqualified_table_is_refused_with_the_right_form(bench: Bench) -> None:
    message, hint, _ = refused(bench, "SELECT 1 AS a FROM orders")
    assert (message, hint) == ('there is no table "orders"', "name datasets with their layer, as in silver.orders")


def test_a_failed_model_leaves_the_session_usable(bench: Bench) -> None:
    with bench.engine().open() as session:
        bench.register(session)
        for sql in ("SELECT nope FROM bronze.orders", "SELECT note::INTEGER AS n FROM bronze.orders"):
            with pytest.raises(ModelError):
                session.build(*bench.model(sql), bench.target("x"), lambda _: None)
        model, macros = bench.model("SELECT id FROM bronze.orders")
        assert session.build(model, macros, bench.target("x"), lambda _: None).rows == 10


# Macros and variables


def test_macros_are_created_with_those_they_call_first(bench: Bench) -> None:
    bench.macros = "CREATE MACRO a(x) AS b(x) + 1; CREATE MACRO b(x) AS z(x) * 2; CREATE MACRO z(x) AS x + 3"
    assert bench.rows("SELECT a(1) AS n") == [(9,)]


def test_a_table_macro_reads_a_dataset(bench: Bench) -> None:
    bench.macros = "create  or replace macro cheap(most) as table select id from bronze.orders where total <= most"
    assert bench.rows("FROM cheap(0.2)") == [(0,), (1,)]


def test_an_error_in_a_macro_is_shown_in_its_file(bench: Bench) -> None:
    bench.macros = (
        "-- größe\nCREATE OR REPLACE MACRO fine(x) AS x;\nCREATE MACRO bad(x) AS (SELECT nope FROM bronze.orders)"
    )
    with pytest.raises(ModelError) as caught:
        bench.build("SELECT bad(1) AS n")
    place = caught.value.location
    assert place is not None
    assert (place.path, place.line) == ("sql/macros/m.sql", 3)
    assert place.text[place.column - 1 :].startswith("nope")
    assert caught.value.message.startswith("macro bad: ")


def test_variables_have_the_values_and_types_of_the_configuration(bench: Bench) -> None:
    bench.variables = {"s": "it's é", "n": 3, "f": 0.5, "b": True, "big": 2**62}
    assert bench.rows("SELECT getvariable('s') AS s, getvariable('n') AS n, getvariable('f') AS f") == [
        ("it's é", 3, 0.5)
    ]
    assert bench.rows("SELECT getvariable('b') AS b, getvariable('big') AS big") == [(True, 2**62)]


# Stopping


def test_interrupt_stops_a_running_query_and_every_later_one(bench: Bench) -> None:
    endless = "SELECT count(*) AS n FROM range(100000000000) a, range(1000000) b WHERE a.range + b.range = -1"
    with bench.engine().open() as session:
        running = threading.Event()
        ended: list[BaseException] = []

        def run() -> None:
            try:
                session.build(*bench.model(endless), bench.target("x"), lambda _: running.set())
            except BaseException as error:
                ended.append(error)

        worker = threading.Thread(target=run)
        worker.start()
        assert running.wait(60), "the query reports that it runs"
        session.interrupt()
        worker.join(60)
        assert not worker.is_alive()
        (error,) = ended
        assert isinstance(error, BuildError)
        assert error.message == "interrupted"
        with pytest.raises(BuildError, match="interrupted"):
            session.build(*bench.model("SELECT 1 AS a"), bench.target("y"), lambda _: None)


def test_models_of_several_threads_share_a_session(bench: Bench) -> None:
    with bench.engine().open() as session:
        bench.register(session)
        results: dict[int, int] = {}

        def run(n: int) -> None:
            sql = (
                f"SELECT id, {n} AS n FROM bronze.orders WHERE id < {n}"
                if n % 2
                else (f"SELECT shop, list(id) AS l FROM bronze.orders WHERE id < {n} GROUP BY shop")
            )
            results[n] = session.build(*bench.model(sql), bench.target(f"{n}"), lambda _: None).rows

        workers = [threading.Thread(target=run, args=(n,)) for n in range(1, 7)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(60)
    assert results == {n: (n if n % 2 else min(n, 3)) for n in range(1, 7)}
