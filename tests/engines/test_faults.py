"""What is told of an error of DuckDB's where its text may hold a value that is not to be shown."""

from __future__ import annotations

import duckdb
import pytest

from medallion.engines.faults import Fault, hide_values, read_fault
from tests.engines.hostile import CANARY


def fault_of(sql: str) -> Fault:
    connection = duckdb.connect(config={"errors_as_json": True})
    connection.execute(f"CREATE TABLE people AS SELECT '{CANARY}' AS email")
    with pytest.raises(duckdb.Error) as caught:
        connection.execute(sql)
    return read_fault(caught.value)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (
            "json_deserialize_sql(json_object('error', true, 'error_type', 'x', 'error_message', email))",
            "Parser",
        ),
        ("error(email)", "Invalid Input"),
        *(
            (f"error(json_object('exception_type', '{kind}', 'exception_message', email))", "Invalid Input")
            for kind in ("IO", "Out of Memory", "Interrupt", "Binder")
        ),
    ],
)
def test_no_error_of_rows_that_are_read_shows_what_is_in_them(value: str, kind: str) -> None:
    fault = fault_of(f"SELECT {value} FROM people")
    assert fault.kind == kind
    assert CANARY in fault.message
    assert CANARY not in repr(hide_values(fault))


def test_an_error_of_the_text_of_a_statement_is_told_as_long_as_none_of_it_runs() -> None:
    fault = fault_of("SELECT emial FROM people")
    assert hide_values(fault, reading=False) == fault
    assert "emial" not in hide_values(fault).message
    machine = fault_of("FROM read_csv('there/is/none.csv')")
    assert machine.kind == "IO"
    assert hide_values(machine) == machine
