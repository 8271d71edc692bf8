"""The flights project's SQL in a bare DuckDB: what is known of this data set must come out of it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from tests.projects.flights_sources import write_sources

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = Path(__file__).parent.parent / "projects" / "flights"
LAYERS = ("bronze", "silver", "gold")


def build(root: Path, threads: int) -> duckdb.DuckDBPyConnection:
    """Every model as a table; one whose inputs are not there yet waits for the next round."""
    connection = duckdb.connect(config={"threads": threads, "file_search_path": str(root)})
    connection.execute("SET TimeZone = 'UTC'")
    for layer in LAYERS:
        connection.execute(f"CREATE SCHEMA {layer}")
        waiting = sorted((PROJECT / "sql" / layer).glob("*.sql"))
        while waiting:
            later = []
            for path in waiting:
                try:
                    connection.execute(f"CREATE TABLE {layer}.{path.stem} AS\n{path.read_text()}")
                except duckdb.CatalogException:
                    later.append(path)
            assert len(later) < len(waiting), f"cannot be built: {later}"
            waiting = later
    return connection


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("flights")
    write_sources(root / "sources")
    return root


@pytest.fixture(scope="module")
def built(sources: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = build(sources, threads=1)
    yield connection
    connection.close()


def row(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[Any, ...]:
    rows: list[tuple[Any, ...]] = connection.execute(sql).fetchall()
    assert len(rows) == 1
    return rows[0]


def test_the_project_has_models_in_every_layer() -> None:
    counts = {layer: len(list((PROJECT / "sql" / layer).glob("*.sql"))) for layer in LAYERS}
    assert counts == {"bronze": 5, "silver": 6, "gold": 15}


@pytest.mark.parametrize(
    ("table", "rows"),
    [
        ("bronze.flights", 336_776),
        ("bronze.planes", 3_322),
        ("bronze.airports", 1_458),
        ("bronze.weather", 26_115),
        ("bronze.airlines", 16),
        ("silver.flights", 336_776),
        ("silver.flights_weather", 336_776),
        ("gold.delay_features", 336_776 - 8_255),
        ("gold.unknown_planes", 721),
        ("gold.unknown_airports", 4),
        ("gold.days", 365),
        ("gold.routes", 224),
    ],
)
def test_a_table_has_the_rows_that_are_known(built: duckdb.DuckDBPyConnection, table: str, rows: int) -> None:
    assert row(built, f"SELECT count(*) FROM {table}") == (rows,)


def test_the_totals_are_those_of_the_data_set(built: duckdb.DuckDBPyConnection) -> None:
    assert row(built, "FROM gold.totals") == (
        16, 1_458, 3_322, 26_115, 336_776, 8_255, 1_175, 4_043, 105, 350_217_607, 49_326_610,
        date(2013, 1, 1), date(2013, 12, 31),
    )  # fmt: skip


def test_united_flew_most_and_the_day_before_thanksgiving_was_busiest(built: duckdb.DuckDBPyConnection) -> None:
    carriers = built.execute("SELECT carrier, flights FROM gold.delays_by_carrier LIMIT 3").fetchall()
    assert carriers == [("UA", 58_665), ("B6", 54_635), ("EV", 54_173)]
    assert row(built, "SELECT flight_date, flights FROM gold.days WHERE busiest = 1") == (date(2013, 11, 27), 1_014)


def test_the_mean_delay_of_the_year_is_the_known_one(built: duckdb.DuckDBPyConnection) -> None:
    known = row(built, "SELECT sum(delay_minutes)::BIGINT, sum(flights - cancelled)::BIGINT FROM gold.days")
    assert known == (4_152_200, 328_521)
    assert known[0] / known[1] == pytest.approx(12.63907)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT sum(flights)::BIGINT FROM gold.delays_by_carrier",
        "SELECT sum(flights)::BIGINT FROM gold.delays_by_hour",
        "SELECT sum(flights)::BIGINT FROM gold.delays_by_weather",
        "SELECT sum(flights)::BIGINT FROM gold.routes",
        "SELECT sum(flights)::BIGINT FROM gold.days",
        "SELECT flights FROM gold.cancellations WHERE month IS NULL AND carrier IS NULL",
        "SELECT sum(flights)::BIGINT FROM gold.cancellations WHERE month IS NOT NULL AND carrier IS NOT NULL",
        "SELECT sum(f)::BIGINT FROM (SELECT max(flights_so_far) AS f FROM gold.delays_by_hour GROUP BY origin)",
    ],
)
def test_every_way_of_counting_finds_all_flights(built: duckdb.DuckDBPyConnection, sql: str) -> None:
    assert row(built, sql) == (336_776,)


@pytest.mark.parametrize(
    ("lower", "higher"),
    [
        ("SELECT sum(distance)::BIGINT FROM bronze.flights", "SELECT miles FROM gold.totals"),
        ("SELECT miles FROM gold.totals", "SELECT sum(miles)::BIGINT FROM gold.routes"),
        ("SELECT sum(dep_delay)::BIGINT FROM bronze.flights", "SELECT sum(delay_minutes)::BIGINT FROM gold.days"),
        ("SELECT count(*) - count(dep_time) FROM bronze.flights", "SELECT sum(cancelled)::BIGINT FROM gold.days"),
        (
            "SELECT count(*) - count(wind_gust) FROM bronze.weather",
            "SELECT missing FROM gold.missing_values WHERE column_name = 'wind_gust'",
        ),
        (
            "SELECT count(*) FROM bronze.flights WHERE tailnum NOT IN (SELECT tailnum FROM bronze.planes)",
            "SELECT sum(flights)::BIGINT FROM gold.unknown_planes",
        ),
        (
            "SELECT count(*) FROM bronze.flights WHERE tailnum IN (SELECT tailnum FROM bronze.planes)",
            "SELECT sum(flights)::BIGINT FROM gold.fleets",
        ),
        ("SELECT sum(flights)::BIGINT FROM gold.fleets", "SELECT sum(flights)::BIGINT FROM gold.planes_by_age"),
        (
            "SELECT sum(dep_delay)::BIGINT FROM bronze.flights",
            "SELECT sum(departure_delay)::BIGINT FROM gold.delay_features",
        ),
    ],
)
def test_sums_agree_between_layers(built: duckdb.DuckDBPyConnection, lower: str, higher: str) -> None:
    assert row(built, lower) == row(built, higher)


def test_weather_is_never_from_the_future(built: duckdb.DuckDBPyConnection) -> None:
    assert row(
        built, "SELECT min(weather_age_hours), count(*) FILTER (weather_age_hours = 0) FROM silver.flights_weather"
    ) == (
        0,
        336_776 - 1_556,
    )


def test_a_declared_key_is_unique(built: duckdb.DuckDBPyConnection) -> None:
    for path in sorted((PROJECT / "sql").rglob("*.sql")):
        for line in path.read_text().splitlines():
            if line.startswith("-- @key "):
                key = line.removeprefix("-- @key ")
                table = f"{path.parent.name}.{path.stem}"
                sql = f"SELECT count(*) - count(DISTINCT ({key})), count(*) FILTER (({key}) IS NULL) FROM {table}"
                assert row(built, sql) == (0, 0), table


def test_no_model_returns_a_huge_integer(built: duckdb.DuckDBPyConnection) -> None:
    sql = "SELECT table_name, column_name FROM duckdb_columns() WHERE data_type LIKE '%HUGEINT%' AND NOT internal"
    assert built.execute(sql).fetchall() == []


def test_two_builds_with_one_and_two_threads_hold_the_same_rows(
    built: duckdb.DuckDBPyConnection, sources: Path
) -> None:
    # Sums of floats depend on the order of their terms; all else must be the same to the last bit.
    floats = {"delays_by_weather"}
    other = build(sources, threads=2)
    for path in sorted((PROJECT / "sql").rglob("*.sql")):
        if path.stem not in floats:
            table = f"{path.parent.name}.{path.stem}"
            sql = f"SELECT count(*), sum(hash(t)) FROM {table} AS t"
            assert row(built, sql) == row(other, sql), table
    other.close()
