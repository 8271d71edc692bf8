"""Which columns of a dataset are shown nowhere."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from medallion.models.graph import build_graph
from medallion.models.parse import parse_macros, parse_model
from medallion.names import TableName
from medallion.privacy import Hidden, hidden_columns, private_marks, without_names
from medallion.records import Built, Column, Input, InputKind, Record

if TYPE_CHECKING:
    from medallion.models.graph import Graph
    from medallion.privacy import Datasets

LAYERS = ["bronze", "silver", "gold"]
ORDERS, USERS = TableName("silver", "orders"), TableName("silver", "users")
MARKED = {"silver.users": "SELECT 1 AS id, 'x' AS email -- @private\n"}


def graph_of(models: dict[str, str], macros: str = "") -> Graph:
    parsed = [
        parse_model(TableName.parse(name), f"sql/{name.replace('.', '/')}.sql", text, LAYERS)
        for name, text in models.items()
    ]
    return build_graph(parsed, parse_macros("sql/macros/m.sql", macros, LAYERS) if macros else [], LAYERS, {})


def record(*columns: str, reads: dict[str, tuple[str, ...]] | None = None, name: TableName = ORDERS) -> Record:
    inputs = tuple(Input(read, InputKind.DATASET, "", used) for read, used in (reads or {}).items())
    listed = tuple(Column(column, "VARCHAR", True, "") for column in columns)
    return Record(name, 1, listed, (), (), Built("", "", "duckdb", "2", inputs))


def version(*records: Record, models: dict[str, str] | None = None) -> Datasets:
    """A version of which the SQL that data was built from is not there."""
    return graph_of(MARKED if models is None else models), {r.dataset: r for r in records}


def built(models: dict[str, tuple[str, str]], macros: str = "") -> Datasets:
    """A version in which all data was built from the models: SQL and columns of each, in the order of the graph."""
    graph = graph_of({name: sql for name, (sql, _) in models.items()}, macros)
    records: dict[TableName, Record] = {}
    for text, (_, columns) in models.items():
        name = TableName.parse(text)
        read = {str(i): tuple(c.name for c in records[i].columns) for i in graph.inputs[name]}
        made = record(*columns.split(), reads=read, name=name)
        inputs = tuple(replace(i, content_id=records[TableName.parse(i.name)].content_id) for i in made.built.inputs)
        used = {macro.name: macro.digest for macro in graph.macros[name]}
        told = replace(made.built, text=graph.models[name].digest, macros=used, inputs=inputs)
        records[name] = replace(made, built=told)
    return graph, records


def of(hidden: Hidden, name: str) -> set[str]:
    return set(hidden.of(TableName.parse(name)))


def test_the_marks_of_all_versions_of_a_model_count() -> None:
    texts = ("-- @private Email\nSELECT 1 AS id", "SELECT 1 AS id, 2 AS phone -- @private\n", "SELECT 1 AS id")
    models = [parse_model(USERS, "sql/silver/users.sql", text, ["silver"]) for text in texts]
    assert private_marks(models) == {USERS: {"email", "phone"}}


def test_all_that_comes_from_a_private_column_of_an_input_is_hidden_where_the_sql_is_not_there() -> None:
    def hidden(made: Record, models: dict[str, str] | None = None) -> set[str]:
        found = hidden_columns([version(record("id", "email", name=USERS), made, models=models)])
        return set(found.of(made.dataset))

    assert hidden(record("id", "Contact", reads={"silver.users": ()})) == {"id", "contact", "email"}
    assert hidden(record("id", "Contact", reads={"silver.users": ("ID", "EMAIL")})) == {"id", "contact", "email"}
    apart = record("id", "Contact", reads={"silver.users": ("id",)})
    assert hidden(apart) == {"email"}
    assert hidden(record("id", "email")) == set()
    assert hidden(record("id", name=USERS)) == {"email"}
    # Of a column that the input has no more, nobody knows what it was.
    assert hidden(record("id", "contact", reads={"silver.users": ("mail",)})) == {"id", "contact", "email"}
    # A model that reads what its record does not speak of is another than it was built from.
    reading = {**MARKED, "silver.orders": "SELECT id FROM silver.users"}
    assert hidden(record("id", "contact"), reading) == {"id", "contact", "email"}
    assert hidden_columns([version(apart, models={})]) == Hidden()


def test_what_one_version_hides_is_hidden_in_both() -> None:
    old = version(record("id", "email", name=USERS), record("id", "contact", reads={"silver.users": ("email",)}))
    new = version(record("id", "email", name=USERS), record("id", "contact"), models={})
    expected = {"id", "contact", "email"}
    assert of(hidden_columns([old, new]), "silver.orders") == expected
    assert of(hidden_columns([new, old]), "silver.orders") == expected
    assert of(hidden_columns([new], [old]), "silver.orders") == expected


def test_a_column_that_came_where_a_private_one_is_gone_may_be_it_for_its_readers_too() -> None:
    old = version(record("id", "email", name=USERS))
    new = version(record("id", "contact", name=USERS), record("who", reads={"silver.users": ("contact",)}), models={})
    found = hidden_columns([old, new])
    assert of(found, "silver.users") == {"email", "contact"}
    assert of(found, "silver.orders") == {"who", "email"}
    kept = version(record("id", "email", "note", name=USERS))
    assert of(hidden_columns([old, kept]), "silver.users") == {"email"}


SHOP = {
    "bronze.orders": ("SELECT 1 AS id, 'x' AS customer, 2 AS total, 'x' AS raw", "id customer total raw"),
    "silver.orders": (
        "SELECT id, customer, -- @private\ntotal, lower(raw) AS note -- @private\nFROM bronze.orders",
        "id customer total note",
    ),
    "gold.a": ("SELECT id, upper(customer) AS Who, total FROM silver.orders", "id Who total"),
    "gold.b": ("SELECT id, Who AS person, total FROM gold.a", "id person total"),
    "gold.c": ("SELECT person, sum(total) AS total FROM gold.b GROUP BY person", "person total"),
    "gold.d": ("SELECT CASE WHEN person = 'x' THEN 1 ELSE 2 END AS is_x, total FROM gold.c", "is_x total"),
    "silver.others": ("SELECT id, customer AS other, raw FROM bronze.orders", "id other raw"),
}


def test_what_is_made_of_a_private_column_is_hidden_over_any_number_of_steps() -> None:
    found = hidden_columns([built(SHOP)])
    assert [of(found, f"gold.{name}") for name in "abcd"] == [
        {"who", "customer", "note"},
        {"person"},
        {"person"},
        {"is_x"},
    ]
    assert found.names == {}


def test_what_a_private_column_is_a_copy_of_is_hidden_and_so_are_its_other_readers() -> None:
    found = hidden_columns([built(SHOP)])
    # What it is computed from is other data, and needs a mark of its own.
    assert of(found, "bronze.orders") == {"customer"}
    assert of(found, "silver.others") == {"other"}


def test_nothing_is_hidden_and_no_lineage_asked_for_where_nothing_is_private() -> None:
    open_shop = {name: (sql.replace("@private", ""), columns) for name, (sql, columns) in SHOP.items()}
    assert hidden_columns([built(open_shop)]) == Hidden()


def test_names_that_a_pivot_makes_of_private_values_are_hidden_wherever_they_go() -> None:
    shop = {
        **{name: SHOP[name] for name in ("bronze.orders", "silver.orders")},
        "gold.wide": (
            "FROM (PIVOT silver.orders ON customer USING sum(total) GROUP BY id)",
            "id Ada SECRET",
        ),
        "gold.all": ("SELECT * FROM gold.wide", "id Ada SECRET"),
        "gold.few": ("SELECT COLUMNS(c -> c <> 'id') AS 'x_\\0' FROM gold.wide", "x_Ada x_SECRET"),
        "gold.some": ("FROM (PIVOT silver.orders ON customer IN ('Ada') USING sum(total) GROUP BY id)", "id Ada"),
        "gold.long": ("UNPIVOT gold.wide ON COLUMNS(* EXCLUDE id) INTO NAME who VALUE n", "id who n"),
    }
    found = hidden_columns([built(shop)])
    # Names that are in the SQL are nobody's secret.
    assert {str(name): set(names) for name, names in found.names.items()} == {
        "gold.wide": {"ada", "secret"},
        "gold.all": {"ada", "secret"},
        "gold.few": {"x_ada", "x_secret"},
    }
    assert {"ada"} <= of(found, "gold.some")
    assert {"id", "who", "n"} <= of(found, "gold.long")
    records = built(shop)[1]
    wide, few = TableName("gold", "wide"), TableName("gold", "few")
    assert found.labels(wide, records[wide], None) == {"ada": "private column 2", "secret": "private column 3"}
    assert found.labels(few, None, records[few]) == {"x_ada": "private column 1", "x_secret": "private column 2"}
    assert found.labels(ORDERS, records[ORDERS]) == {}


def test_names_that_are_values_go_out_of_a_text() -> None:
    labels = {"ada": "private column 1", "ada l": "private column 2"}
    assert without_names("Ada L was Ada; canada", labels) == "private column 2 was private column 1; canada"
