"""AT clauses: found anywhere, taken out by position, and every place mapped back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medallion.errors import MedallionError, QueryError
from medallion.splice import Version, splice

LAYERS = ("bronze", "silver", "gold")
V1 = "AT (VERSION => 'v1')"


def spliced(sql: str) -> str:
    return splice(sql, LAYERS).sql


def versions(sql: str) -> list[tuple[str, str | None, str]]:
    return [(str(t.name), t.version.text if t.version else None, t.catalog) for t in splice(sql, LAYERS).tables]


def refused(sql: str) -> tuple[str, str]:
    """The message, and the word at the place."""
    with pytest.raises(QueryError) as caught:
        splice(sql, LAYERS)
    place = caught.value.location
    return caught.value.message, place.text[place.column - 1 : place.column - 1 + place.length] if place else ""


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("FROM silver.orders", "FROM silver.orders"),
        (f"FROM silver.orders {V1}", 'FROM "@1".silver.orders'),
        (f"FROM silver.orders {V1} o WHERE o.a = 1", 'FROM "@1".silver.orders o WHERE o.a = 1'),
        (f"FROM silver.orders {V1} AS o(a, b)", 'FROM "@1".silver.orders AS o(a, b)'),
        (
            f"SELECT * FROM silver.a n JOIN silver.a {V1} o USING (id)",
            'SELECT * FROM silver.a n JOIN "@1".silver.a o USING (id)',
        ),
        (
            "FROM silver.a AT (VERSION => 'x') JOIN silver.a AT (VERSION => 'y') USING (id)",
            'FROM "@1".silver.a JOIN "@2".silver.a USING (id)',
        ),
        (f"FROM silver.a {V1}, gold.b {V1}", 'FROM "@1".silver.a, "@1".gold.b'),
        (
            f"WITH c AS (FROM silver.a {V1}) SELECT (SELECT max(x) FROM c), 'AT (VERSION => ''v2'')' FROM silver.b",
            "WITH c AS (FROM \"@1\".silver.a) SELECT (SELECT max(x) FROM c), 'AT (VERSION => ''v2'')' FROM silver.b",
        ),
        (f'FROM "Silver"."Orders"{V1}', 'FROM "@1"."Silver"."Orders"'),
        ("FROM silver.a /* c */ at /* d */ ( -- e\n version => 'v1' ) o", 'FROM "@1".silver.a o'),
        (f"PIVOT silver.a {V1} ON x USING sum(y)", 'PIVOT "@1".silver.a ON x USING sum(y)'),
        (f"SUMMARIZE silver.a {V1}", 'SUMMARIZE "@1".silver.a'),
        (f"  FROM silver.a {V1} ; -- end", '  FROM "@1".silver.a'),
        ("SELECT 'é' FROM silver.a AT (VERSION => 'größe') é", "SELECT 'é' FROM \"@1\".silver.a é"),
        ("SELECT at(1), t.at FROM silver.t", "SELECT at(1), t.at FROM silver.t"),
    ],
)
def test_the_clause_goes_a_catalog_comes_and_all_else_stays(sql: str, expected: str) -> None:
    assert spliced(sql) == expected


@pytest.mark.parametrize(
    ("clause", "version"),
    [
        ("AT (VERSION => 'v1')", Version("v1")),
        ("AT(VERSION=>'HEAD~2')", Version("HEAD~2")),
        ("at (version => 'it''s')", Version("it's")),
        ("AT (TIMESTAMP => '2026-01-31 12:00')", Version("2026-01-31 12:00", is_moment=True)),
        ("AT (TIMESTAMP => TIMESTAMP '2026-01-31')", Version("2026-01-31", is_moment=True)),
        ("AT (TIMESTAMP => DATE '2026-01-31')", Version("2026-01-31", is_moment=True)),
        ("AT (TIMESTAMP => TIMESTAMPTZ '2026-01-31 12:00+02')", Version("2026-01-31 12:00+02", is_moment=True)),
        ("AT (TIMESTAMP => '2026-01-31'::TIMESTAMP)", Version("2026-01-31", is_moment=True)),
        ("AT (TIMESTAMP => '2026-01-31' :: date)", Version("2026-01-31", is_moment=True)),
    ],
)
def test_a_version_is_a_revision_or_a_moment_as_written(clause: str, version: Version) -> None:
    (table,) = splice(f"FROM silver.a {clause} WHERE true", LAYERS).tables
    assert table.version == version
    assert spliced(f"FROM silver.a {clause} WHERE true") == 'FROM "@1".silver.a WHERE true'


def test_tables_of_one_version_share_a_catalog_and_a_moment_is_not_a_revision() -> None:
    assert versions(
        "FROM silver.a AT (VERSION => '2026'), silver.b AT (VERSION => '2026'), silver.b,"
        " silver.a AT (TIMESTAMP => '2026')"
    ) == [
        ("silver.a", "2026", '"@1"'),
        ("silver.b", "2026", '"@1"'),
        ("silver.b", None, ""),
        ("silver.a", "2026", '"@2"'),
    ]


@pytest.mark.parametrize(
    ("value", "word"),
    [
        ("'v' || '1'", "'v'"), ("v1", "v1"), ("getvariable('v')", "getvariable"), ("$$v1$$", "$$v1$$"),
        ("1", "1"), ("upper('v1')", "upper"), ("now()", "now"), ("TIMESTAMP '2026' + INTERVAL '1 day'", "TIMESTAMP"),
        ("'2026'::VARCHAR", "'2026'"),
    ],
)  # fmt: skip
def test_a_version_that_is_no_literal_is_refused_at_its_place(value: str, word: str) -> None:
    assert refused(f"FROM silver.a AT (VERSION => {value})") == (
        "a version must be a text in quotes: it is looked up before the query runs", word,
    )  # fmt: skip


@pytest.mark.parametrize("inside", ["", "'v1'", "VERSION = 'v1'", "VERSION 'v1'", "COMMIT => 'v1'", "VERSION =>"])
def test_a_clause_that_is_written_otherwise_is_refused_with_the_right_form(inside: str) -> None:
    with pytest.raises(QueryError, match="this AT clause is not understood") as caught:
        splice(f"FROM silver.a AT ({inside})", LAYERS)
    assert "AT (VERSION => 'v1.2')" in caught.value.hint


@pytest.mark.parametrize(
    "sql",
    [f"FROM orders {V1}", f"FROM silver.a AS t {V1}", f"FROM (FROM silver.a) {V1}", f"FROM other.a {V1}",
     f"FROM silver.a {V1} {V1}"],
)  # fmt: skip
def test_a_clause_behind_anything_but_a_dataset_is_refused(sql: str) -> None:
    assert refused(sql) == ("AT must follow the name of a dataset, layer and all", "AT")


def test_two_statements_are_refused_at_the_second() -> None:
    assert refused("SELECT 1;\nSELECT 2") == ("this is more than one statement", "SELECT")


@pytest.mark.parametrize("sql", ["", " ", "-- a comment", ";"])
def test_no_statement_is_refused(sql: str) -> None:
    assert refused(sql) == ("there is no statement", "")


def test_a_quote_that_is_not_closed_is_refused() -> None:
    with pytest.raises(MedallionError, match="cannot be read"):
        splice("SELECT 'a", LAYERS)


WORDS = st.sampled_from(
    ["SELECT", "é", "日本", "'x'", "silver.a", "gold.b AT (VERSION => 'v1')", '"Silver"."A" AT (TIMESTAMP => \'2026\')',
     "\n", "-- c\n", ",", "FROM", "silver.a AT (VERSION => 'a longer one') o"]
)  # fmt: skip


@given(st.lists(WORDS, min_size=1, max_size=12))
def test_every_character_that_stays_is_mapped_back_to_itself(words: list[str]) -> None:
    sql = " ".join(words)
    try:
        found = splice(sql, LAYERS)
    except QueryError:
        return  # Only comments, say.
    inserted = set()
    shift = 0
    for start, end, text in found.edits:
        inserted |= set(range(start + shift, start + shift + len(text)))
        shift += len(text) - (end - start)
    offsets = [found.original_offset(i) for i in range(len(found.sql))]
    assert offsets == sorted(offsets)
    for i, c in enumerate(found.sql):
        if i not in inserted:
            assert sql[offsets[i]] == c
        else:
            assert sql[offsets[i]].isalpha() or sql[offsets[i]] == '"', "a catalog belongs to the name behind it"


def test_a_place_is_told_in_the_query_as_it_was_written() -> None:
    sql = f"SELECT é,\n  o.nope FROM silver.a {V1} o"
    found = splice(sql, LAYERS)
    place = found.locate(found.sql.index("o.nope"), 6)
    assert (place.path, place.line, place.column, place.text) == ("query", 2, 3, sql.splitlines()[1])
