"""The sample's models in a bare DuckDB, over a handful of pages made by hand."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from medallion.sample.files import sql_folder

if TYPE_CHECKING:
    from pathlib import Path

LAYERS = ("bronze", "silver", "gold")

# Sixty-three words, enough for a page to be kept.
PROSE = "The quick brown fox jumps over the lazy dog. " * 7

PAGES = {
    "alpha.html": f"""<!DOCTYPE html><html><head><title>Alpha &amp; Omega</title>
<style>p {{ color: red }}</style></head>
<body><h1>Alpha</h1><p>{PROSE}</p><script>var hidden = "<p>nope</p>";</script>
<!-- a comment --><p>It costs 42 € — “naïve” 👍🏽, <b>bo</b>ld&nbsp;&amp;lt; 世界</p>
<a href="beta.html#top">Beta</a> <a href="#here">here</a> <a href="HTTP://Example.COM:80/a/../b?y=2&amp;x=1">out</a>
<a href="missing.html">gone</a> <a href="mailto:me@example.com">mail</a> <a href="beta.html">Beta again</a></body>""",
    "beta.html": f"<title>Beta</title><p>beta 1 {PROSE}</p><p>same</p>",
    "gamma.html": f"<title>Gamma</title><p>gamma 22 {PROSE}</p><p>same</p><a href='alpha.html'></a>",
    "delta.html": "<p>The dog.</p>",
    "empty.html": "",
}


def build(project: Path, threads: int = 2) -> duckdb.DuckDBPyConnection:
    """Every model as a table, each stored in the order of its key; one whose inputs are missing waits for a round."""
    connection = duckdb.connect(config={"threads": threads, "file_search_path": str(project), "memory_limit": "1GB"})
    connection.execute((sql_folder() / "macros" / "text.sql").read_text(encoding="utf-8"))
    for layer in LAYERS:
        connection.execute(f"CREATE SCHEMA {layer}")
        waiting = sorted((sql_folder() / layer).glob("*.sql"))
        while waiting:
            later = []
            for path in waiting:
                sql = path.read_text(encoding="utf-8")
                try:
                    connection.execute(
                        f"CREATE TABLE {layer}.{path.stem} AS SELECT * FROM ({sql}\n) ORDER BY {', '.join(key_of(sql))}"
                    )
                except duckdb.CatalogException:
                    later.append(path)
            assert len(later) < len(waiting), f"none of these can be built: {later}"
            waiting = later
    return connection


def key_of(sql: str) -> list[str]:
    found = re.search(r"^-- @key (.+)$", sql, re.MULTILINE)
    assert found, "a model of the sample has a key"
    return found.group(1).split(", ")


def write_pages(project: Path, pages: dict[str, str]) -> Path:
    folder = project / "sources" / "pages"
    folder.mkdir(parents=True)
    for name, html in pages.items():
        (folder / name).write_text(html, encoding="utf-8")
    return project


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    return build(write_pages(tmp_path_factory.mktemp("project"), PAGES))


def rows(connection: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    return connection.execute(sql).fetchall()


def model_files() -> list[Path]:
    return sorted(path for layer in LAYERS for path in (sql_folder() / layer).glob("*.sql"))


def test_bronze_has_each_page_as_it_came_and_no_path_of_the_machine(built: duckdb.DuckDBPyConnection) -> None:
    assert rows(built, "SELECT page, path, size, html FROM bronze.pages") == [
        (name.removesuffix(".html"), f"sources/pages/{name}", len(html.encode()), html)
        for name, html in sorted(PAGES.items())
    ]


def test_text_is_there_in_every_version(built: duckdb.DuckDBPyConnection) -> None:
    [(title, text, clean, ascii_only, plain, topical)] = rows(
        built, "SELECT title, text, clean, ascii, plain, topical FROM silver.text WHERE page = 'alpha'"
    )
    prose = PROSE.strip()
    assert title == "Alpha & Omega"
    assert text.splitlines() == [
        "Alpha & Omega",
        "Alpha",
        prose,
        "It costs 42 € — “naïve” 👍🏽, bold &lt; 世界",
        "Beta here out",
        "gone mail Beta again",
    ]
    assert clean == text.replace("👍🏽,", ",")
    assert ascii_only.splitlines()[3] == 'It costs 42 - "naive" , bold &lt;'
    assert plain.splitlines()[3] == "it costs naïve bold lt"
    assert topical.splitlines()[2].startswith("quick brown fox jumps lazy dog quick")
    assert topical.splitlines()[3] == "costs naïve bold lt"


def test_an_empty_page_has_empty_texts(built: duckdb.DuckDBPyConnection) -> None:
    assert rows(built, "SELECT * FROM silver.text WHERE page = 'empty'") == [("empty", "", "", "", "", "", "")]


def test_links_are_normalised_and_told_apart(built: duckdb.DuckDBPyConnection) -> None:
    assert rows(built, "SELECT * FROM silver.links") == [
        ("alpha", 1, "beta.html#top", "beta.html", "Beta", "page", "beta"),
        ("alpha", 2, "#here", "", "here", "self", "alpha"),
        ("alpha", 3, "HTTP://Example.COM:80/a/../b?y=2&x=1", "http://example.com/b?x=1&y=2", "out", "web", None),
        ("alpha", 4, "missing.html", "missing.html", "gone", "page", "missing"),
        ("alpha", 5, "mailto:me@example.com", "mailto:me@example.com", "mail", "other", None),
        ("alpha", 6, "beta.html", "beta.html", "Beta again", "page", "beta"),
        ("gamma", 1, "alpha.html", "alpha.html", "", "page", "alpha"),
    ]


def test_tokens_stand_in_reading_order(built: duckdb.DuckDBPyConnection) -> None:
    assert rows(built, "SELECT * FROM silver.tokens WHERE page = 'delta'") == [
        ("delta", 1, "the"),
        ("delta", 2, "dog"),
    ]
    assert rows(built, "SELECT count(*), max(position) FROM silver.tokens WHERE page = 'beta'") == [(67, 67)]


def test_words_count_the_tokens_of_a_page(built: duckdb.DuckDBPyConnection) -> None:
    assert rows(built, "SELECT * FROM silver.words WHERE page = 'beta' AND word < 'd'") == [
        ("beta", "1", 1, 3),
        ("beta", "beta", 2, 1),
        ("beta", "brown", 7, 6),
    ]


def test_words_that_three_pages_share_are_taken_for_english(built: duckdb.DuckDBPyConnection) -> None:
    assert rows(built, "SELECT word, pages FROM silver.known_words") == [
        ("brown", 3),
        ("dog", 4),
        ("fox", 3),
        ("jumps", 3),
        ("lazy", 3),
        ("over", 3),
        ("quick", 3),
        ("the", 4),
    ]
    assert rows(built, "SELECT text FROM silver.english WHERE page IN ('delta', 'empty')") == [("the dog",), ("",)]


def test_pages_that_differ_in_name_and_numbers_alone_are_duplicates(built: duckdb.DuckDBPyConnection) -> None:
    assert rows(built, "SELECT page, original, copies FROM gold.duplicates") == [
        ("alpha", "alpha", 1),
        ("beta", "beta", 2),
        ("delta", "delta", 1),
        ("empty", "empty", 1),
        ("gamma", "beta", 2),
    ]


def test_the_corpus_has_no_near_empty_page_and_each_duplicate_once(built: duckdb.DuckDBPyConnection) -> None:
    corpus = rows(built, "SELECT page, title, words, text FROM gold.corpus")
    assert [(page, title, words) for page, title, words, _ in corpus] == [
        ("alpha", "Alpha & Omega", 80),
        ("beta", "Beta", 67),
    ]
    assert corpus[1][3] == f"Beta\nbeta 1 {PROSE.strip()}\nsame"


def test_the_vocabulary_counts_the_corpus_and_nothing_else(built: duckdb.DuckDBPyConnection) -> None:
    assert rows(built, "SELECT * FROM gold.vocabulary WHERE rank <= 3 ORDER BY rank") == [
        ("the", 28, 2, 1, Decimal("0.0000"), True, True),
        ("brown", 14, 2, 2, Decimal("0.0000"), False, True),
        ("dog", 14, 2, 3, Decimal("0.0000"), False, True),
    ]
    assert rows(
        built, "SELECT word, occurrences, idf, is_known FROM gold.vocabulary WHERE word IN ('same', 'gamma')"
    ) == [("same", 1, Decimal("0.6931"), False)]
    assert rows(built, "SELECT sum(occurrences)::INT FROM gold.vocabulary") == [(80 + 67,)]


def test_the_link_graph_knows_which_pages_exist(built: duckdb.DuckDBPyConnection) -> None:
    assert rows(built, "SELECT * FROM gold.link_graph") == [
        ("alpha", "beta", 2, "Beta", True),
        ("alpha", "missing", 1, "gone", False),
        ("gamma", "alpha", 1, "", True),
    ]


def test_the_quality_report_says_what_was_found_and_why_a_page_is_left_out(built: duckdb.DuckDBPyConnection) -> None:
    assert rows(
        built,
        "SELECT page, html_bytes, characters, words, distinct_words, stop_word_share, known_share, leftover_entities,"
        " links, broken_links, original, verdict FROM gold.quality WHERE page <> 'gamma'",
    ) == [
        (
            "alpha", len(PAGES["alpha.html"].encode()), 410, 80, 23,
            Decimal("0.3125"), Decimal("0.7875"), 1, 6, 1, "alpha", "kept",
        ),
        ("beta", 359, 331, 67, 11, Decimal("0.3284"), Decimal("0.9403"), 0, 0, 0, "beta", "kept"),
        ("delta", 15, 8, 2, 2, Decimal("0.5000"), Decimal("1.0000"), 0, 0, 0, "delta", "near-empty"),
        ("empty", 0, 0, 0, 0, None, None, 0, 0, 0, "empty", "near-empty"),
    ]  # fmt: skip
    assert rows(built, "SELECT original, verdict FROM gold.quality WHERE page = 'gamma'") == [("beta", "duplicate")]


def test_the_funnel_never_grows_from_html_to_words(built: duckdb.DuckDBPyConnection) -> None:
    funnel = rows(built, "SELECT step, pages, characters FROM gold.funnel")
    assert [step for step, _, _ in funnel] == [1, 2, 3, 4, 5, 6]
    assert [pages for _, pages, _ in funnel] == [5, 5, 5, 5, 5, 2]
    characters = [characters for _, _, characters in funnel]
    assert characters[:4] == sorted(characters[:4], reverse=True)


def test_every_dataset_is_unique_by_its_key_and_holds_no_hugeint(built: duckdb.DuckDBPyConnection) -> None:
    assert len(model_files()) == 14
    for path in model_files():
        table = f"{path.parent.name}.{path.stem}"
        key = ", ".join(key_of(path.read_text(encoding="utf-8")))
        assert rows(built, f"SELECT {key} FROM {table} GROUP BY {key} HAVING count(*) > 1") == [], table
        assert "HUGEINT" not in {row[1] for row in rows(built, f"DESCRIBE {table}")}, table


def test_any_thread_count_makes_the_same_rows(built: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    single = build(write_pages(tmp_path, PAGES), threads=1)
    for path in model_files():
        sql = f"SELECT * FROM {path.parent.name}.{path.stem}"
        assert rows(single, sql) == rows(built, sql), path.stem


def test_pages_without_a_word_build_every_dataset(tmp_path: Path) -> None:
    built = build(write_pages(tmp_path, {"empty.html": "", "blank.html": "<p> </p><!-- x -->"}))
    assert rows(built, "SELECT page, verdict FROM gold.quality") == [("blank", "near-empty"), ("empty", "duplicate")]
    assert rows(built, "SELECT count(*) FROM gold.corpus") == [(0,)]
    assert rows(built, "SELECT page, text FROM silver.english") == [("blank", ""), ("empty", "")]
