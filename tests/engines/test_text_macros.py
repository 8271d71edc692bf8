"""The macros of ``sql/macros/text.sql`` in the real DuckDB, case by case."""

from __future__ import annotations

import html
from html.entities import name2codepoint
from typing import Any

import duckdb
import pytest

from medallion.sample.files import sql_folder

TEXT_MACROS = [
    "tidy_whitespace",
    "remove_invisible",
    "remove_tags",
    "decode_entities",
    "html_to_text",
    "html_title",
    "remove_non_printable",
    "remove_emojis",
    "remove_punctuation",
    "remove_numbers",
    "remove_special_characters",
    "fold_to_ascii",
    "remove_non_ascii",
    "remove_other_scripts",
    "normalise_url",
    "normalise_percent",
    "remove_dot_segments",
    "sort_query",
]


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(config={"threads": 2})
    connection.execute((sql_folder() / "macros" / "text.sql").read_text(encoding="utf-8"))
    return connection


@pytest.fixture(scope="module")
def call(connection: duckdb.DuckDBPyConnection) -> Any:
    """``call("macro", argument, …)`` is what the macro makes of the arguments."""

    def run(macro: str, *arguments: object) -> Any:
        places = ", ".join("?::VARCHAR" if a is None or isinstance(a, str) else "?::VARCHAR[]" for a in arguments)
        # From a column, not a constant: that is how models call it.
        names = [f"a{i}" for i in range(len(arguments))]
        rows = connection.execute(
            f"SELECT {macro}({', '.join(names)}) FROM (VALUES ({places})) AS given({', '.join(names)})", list(arguments)
        ).fetchall()
        return rows[0][0]

    return run


@pytest.mark.parametrize("macro", TEXT_MACROS)
def test_null_stays_null_and_an_empty_text_stays_empty(call: Any, macro: str) -> None:
    assert call(macro, None) is None
    assert call(macro, "") == ""


@pytest.mark.parametrize("macro", ["html_links", "words"])
def test_a_list_of_nothing_is_empty_and_of_null_is_null(call: Any, macro: str) -> None:
    assert call(macro, None) is None
    assert call(macro, "") == []


@pytest.mark.parametrize("macro", [*TEXT_MACROS, "html_links", "words"])
def test_a_text_of_a_megabyte_goes_through_every_macro(call: Any, macro: str) -> None:
    piece = "<p class='x'>Fish &amp; chips, 12.50 € – “naïve” 世界 👍🏽 http://A/%7e?b=1\n"
    assert call(macro, piece * (1_000_000 // len(piece))) is not None


@pytest.mark.parametrize("macro", TEXT_MACROS)
@pytest.mark.parametrize("piece", ["<", "<!--", "<script>", '<a b="', "&", "&#", " ", "%", "../", "a'", "-1", "\u200d"])
def test_a_megabyte_of_what_never_ends_does_not_hang(call: Any, macro: str, piece: str) -> None:
    assert call(macro, piece * (200_000 // len(piece))) is not None


@pytest.mark.parametrize(
    ("text", "tidied"),
    [
        ("  a \t b  ", "a b"),
        ("a \r\n\r\n\n  b", "a\nb"),
        ("a\u00a0\u2003\u3000b", "a b"),
        (" \n ", ""),
        ("\n a\n", "a"),
    ],
)
def test_runs_of_whitespace_become_one(call: Any, text: str, tidied: str) -> None:
    assert call("tidy_whitespace", text) == tidied


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("<p>one<p>two", "one\ntwo"),
        ("<b>o</b>ne", "one"),
        ("one<br>two<BR/>three<br />four", "one\ntwo\nthree\nfour"),
        ("<tr><td>a</td><td>b</td></tr>", "a\nb"),
        ("<H1>Big</H1>text", "Big\ntext"),
        # Comments.
        ("a<!-- b -->c", "ac"),
        ("a<!-- <p> > -->c", "ac"),
        ("a<!-->b", "ab"),
        ("a<!--->b", "ab"),
        ("a<!-- x --!>b", "ab"),
        ("a<!-- never closed <p>b", "a"),
        # Scripts and style sheets.
        ("a<script>if (x < y) { z('<p>') }</script>b", "ab"),
        ("a<script type='x>y'>z</script >b", "ab"),
        ("a<script><!-- </script>b", "ab"),
        ("a<STYLE media=all>p > b { }</Style>b", "ab"),
        ("a<script>never closed", "a"),
        ("a<scripted>b", "ab"),
        ("a<!-- <script> -->b<!-- </script> -->c", "abc"),
        # Attributes that hold what looks like markup.
        ('<a title="a > b">c</a>', "c"),
        ("<a title='<p>'>c</a>d", "cd"),
        ('<a title="<!--">b</a> c <a title="-->">d</a>', "b c d"),
        ('<a title="<script>">b</a>', "b"),
        ('<a title="it\'s">b</a>', "b"),
        ("<p it's>b</p> don't", "b\ndon't"),
        # What is no tag.
        ("a < b and c > d", "a < b and c > d"),
        ("1<2", "1<2"),
        ("a <b", "a <b"),
        ("<3", "<3"),
        ("<!DOCTYPE html><?xml version='1.0'?>a", "a"),
        # Entities are no tags, whatever they stand for.
        ("&lt;b&gt;", "<b>"),
        ("a&nbsp;&nbsp;b", "a b"),
        # The markers that tags become on the way must not come from outside.
        ("a\ufdd0p\ufdd1b", "apb"),
    ],
)
def test_html_becomes_the_text_that_a_reader_sees(call: Any, page: str, text: str) -> None:
    assert call("html_to_text", page) == text


@pytest.mark.parametrize(
    ("text", "decoded"),
    [
        ("&lt;&gt;&amp;&quot;&apos;", "<>&\"'"),
        ("&amp;lt;", "&lt;"),
        ("&amp;amp;amp;", "&amp;amp;"),
        ("&#38;lt;", "&lt;"),
        ("&#x26;#38;", "&#38;"),
        ("&#233;&#xE9;&#XE9;&eacute;&Eacute;", "éééé\u00c9"),
        ("&#128512;&#x1F600;", "😀😀"),
        ("&#39", "'"),
        ("&#150;&#x80;&#129;", "–€\x81"),
        ("&#0;&#xD800;&#1114112;&#99999999999999999999;&#xFFFFFFFFFFFFFFFFFFFF;", "\ufffd" * 5),
        ("&copy=1&lt", "&copy=1&lt"),
        ("&unknown; & &; &#; &#x; AT&T", "&unknown; & &; &#; &#x; AT&T"),
        ("&AMP;&LT;", "&<"),
        ("&Amp;", "&Amp;"),
    ],
)
def test_entities_are_decoded_once(call: Any, text: str, decoded: str) -> None:
    assert call("decode_entities", text) == decoded


def test_every_named_entity_is_what_python_takes_it_for(connection: duckdb.DuckDBPyConnection) -> None:
    rows = connection.execute("SELECT unnest(map_entries(named_entities()), recursive := true)").fetchall()
    assert {name: chr(code) for name, code in rows} == {name: html.unescape(f"&{name};") for name, _ in rows}
    assert set(name2codepoint) <= {name for name, _ in rows}


@pytest.mark.parametrize("number", [*range(1, 160), 0xD7FF, 0xD800, 0xDFFF, 0xE000, 0xFFFD, 0x10FFFF, 0x110000])
def test_numbers_are_read_as_browsers_read_them(call: Any, number: int) -> None:
    # Python drops some control characters where browsers keep them.
    expected = html.unescape(f"&#{number};") or chr(number)
    assert call("decode_entities", f"&#{number};") == expected


@pytest.mark.parametrize(
    ("page", "title"),
    [
        ("<head><TITLE>\n Fish &amp; chips </TITLE><title>2</title>", "Fish & chips"),
        ("<!-- <title>no</title> --><title lang=en>yes</title>", "yes"),
        ("<p>none", ""),
    ],
)
def test_the_title_is_the_first_that_shows(call: Any, page: str, title: str) -> None:
    assert call("html_title", page) == title


@pytest.mark.parametrize(
    ("page", "links"),
    [
        ('<a href="a.html">one</a> <A HREF=b>two <b>bold</b></A>', [("a.html", "one"), ("b", "two bold")]),
        ("<a class=x href = 'a&amp;b' id=y>c</a>", [("a&b", "c")]),
        ("<a name=top>none</a><abbr href=no>none</abbr>", []),
        ("""<a title=" href='no'" href=yes>c</a>""", [("yes", "c")]),
        ("<a data-href=no href=yes>c</a>", [("yes", "c")]),
        ("<a title='>' href=' x y '>c<br>d</a>", [("x y", "c d")]),
        ("<!-- <a href=no>c</a> --><script>'<a href=no>'</script>", []),
        ('<a href="">self</a>', [("", "self")]),
        ("<a href=a>never closed", [("a", "never closed")]),
    ],
)
def test_links_are_found_with_their_text(call: Any, page: str, links: list[tuple[str, str]]) -> None:
    assert [(link["href"], link["text"]) for link in call("html_links", page)] == links


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("a\x00b\x07c\x7f", "abc"),
        ("exam\u00adple \ufeffword\u200b", "example word"),
        ("a\tb\nc", "a\tb\nc"),
        ("\u202eevil\u202c \ue000x\ufdd0\uffff", "evil x"),
        ("é世😀", "é世😀"),
    ],
)
def test_characters_without_a_glyph_vanish(call: Any, text: str, kept: str) -> None:
    assert call("remove_non_printable", text) == kept


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("hi 👍 there", "hi there"),
        ("a👍🏽b", "a b"),
        ("👩\u200d💻 codes", "codes"),
        ("👨\u200d👩\u200d👧\u200d👦 family", "family"),
        ("👩\u200d❤\u200d💋\u200d👩 ok", "ok"),
        ("🏳️\u200d🌈 🏴\u200d☠️ flags", "flags"),
        ("🇫🇷🇩🇪 eu", "eu"),
        ("\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f gb", "gb"),
        ("1️⃣ #️⃣ *⃣ keys 1 # *", "keys 1 # *"),
        ("☝🏽 ☝ ❤️ ❤ ☎️ ☎", "☝ ❤ ☎"),
        ("©️ © ™️ ™ ℹ️", "© ™"),
        ("✅❌⭐⏰⚡", ""),
        ("1 + 2 → 3 ∑ ♠", "1 + 2 → 3 ∑ ♠"),
        ("🫠🥹🪿", ""),
        ("क्\u200dष", "क्\u200dष"),
    ],
)
def test_emojis_go_as_whole_sequences_and_other_symbols_stay(call: Any, text: str, kept: str) -> None:
    assert call("remove_emojis", text) == kept


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Well, well-known (yes)!", "Well well known yes"),
        ("don’t can't 'quoted'", "dont cant quoted"),
        ("snake_case __init__", "snake case init"),
        ("¿Qué? «Oui» 「はい」。", "Qué Oui はい"),
        ("5 € + $3 = x^2", "5 € + $3 = x^2"),
        ("...", ""),
    ],
)
def test_punctuation_of_every_script_goes_and_symbols_stay(call: Any, text: str, kept: str) -> None:
    assert call("remove_punctuation", text) == kept


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("7 a -3.14 b 1,000,000 c", "a b c"),
        ("6e-23 1.5E+10 0xFF 0X1f", ""),
        ("utf8 utf-8 h2o 3rd v1 covid-19 x1", "utf8 utf-8 h2o 3rd v1 covid-19 x1"),
        ("(12) foo.bar[0]", "() foo.bar[]"),
        ("1 2 3", ""),
        ("½ ٣ ⅷ x²", "x²"),
        ("12:30 50%", ": %"),
        ("café2 2é 2", "café2 2é"),
        ("a_1 _1 1_000", "a_1 _1 1_000"),
        ("well-known 2024-01-15", "well-known"),
    ],
)
def test_numbers_go_and_digits_in_words_stay(call: Any, text: str, kept: str) -> None:
    assert call("remove_numbers", text) == kept


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("5 € + $3 = x^2 | `a` ~ b", "5 3 x 2 a b"),
        ("a → b ∑ ─ ☎ ✅", "a b"),
        ("Hello, (world)!", "Hello, (world)!"),
        ("e\u0301 हि", "e\u0301 हि"),
    ],
)
def test_special_characters_go_and_letters_and_punctuation_stay(call: Any, text: str, kept: str) -> None:
    assert call("remove_special_characters", text) == kept


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("“naïve” – ‘café’…", "\"naive\" - 'cafe'..."),
        ("Straße œuvre Łódź Ørsted", "Strasse oeuvre Lodz Orsted"),
        ("a\u00a0b × 世", "a b x 世"),
    ],
)
def test_folding_writes_what_ascii_can_say(call: Any, text: str, folded: str) -> None:
    assert call("fold_to_ascii", text) == folded


def test_non_ascii_leaves_a_space(call: Any) -> None:
    assert call("remove_non_ascii", "naïve 世界 ok~\n\tend") == "na ve ok~\nend"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The CAT's __init__, don't!", ["the", "cat's", "__init__", "don't"]),
        ("été—2nd 'quoted'", ["été", "2nd", "quoted"]),
        ("世界 мир", ["世界", "мир"]),
        ("... !", []),
    ],
)
def test_words_are_in_lower_case_and_in_order(call: Any, text: str, words: list[str]) -> None:
    assert call("words", text) == words


@pytest.mark.parametrize(
    ("text", "stop_words", "kept"),
    [
        ("The cat and the hat.", ["the", "and"], "cat hat."),
        ("Then théorie the's the", ["the"], "Then théorie the's"),
        ("the, the; 'the'", ["the"], ", ; ''"),
        ("l'été à la plage", ["à", "la"], "l'été plage"),
        ("a.c abc", ["a.c"], "a.c abc"),
        ("one two", [], "one two"),
        (None, ["the"], None),
    ],
)
def test_stop_words_go_as_whole_words(call: Any, text: str | None, stop_words: list[str], kept: str | None) -> None:
    assert call("remove_stop_words", text, stop_words) == kept


@pytest.mark.parametrize("macro", ["remove_stop_words", "keep_words"])
def test_without_a_list_of_words_there_is_no_answer(connection: duckdb.DuckDBPyConnection, macro: str) -> None:
    assert connection.execute(f"SELECT {macro}('one two', NULL::VARCHAR[])").fetchall() == [(None,)]


def test_english_stop_words_are_lower_case_sorted_and_unique(connection: duckdb.DuckDBPyConnection) -> None:
    [(words,)] = connection.execute("SELECT english_stop_words()").fetchall()
    assert words == sorted(set(words))
    assert all(word.isascii() and word.islower() for word in words)
    assert {"the", "and", "of"} <= set(words)
    assert not {"no", "not", "nor"} & set(words)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("hello 世界 world мир", "hello world"),
        ("pyтhon тest 3 naïve ça", "3 naïve ça"),
        ("5 µm, (да)", "5 µm, ( )"),
    ],
)
def test_words_of_other_scripts_go(call: Any, text: str, kept: str) -> None:
    assert call("remove_other_scripts", text) == kept


@pytest.mark.parametrize(
    ("text", "vocabulary", "kept"),
    [
        ("The cat saß on the mat.", ["the", "cat", "on", "mat"], "the cat on the mat"),
        ("nothing known", ["cat"], ""),
        ("cat", [], ""),
        ("", ["cat"], ""),
        (None, ["cat"], None),
    ],
)
def test_only_words_of_the_vocabulary_are_kept(
    call: Any, text: str | None, vocabulary: list[str], kept: str | None
) -> None:
    assert call("keep_words", text, vocabulary) == kept


def test_the_vocabulary_may_be_a_query(connection: duckdb.DuckDBPyConnection) -> None:
    rows = connection.execute(
        "SELECT keep_words(text, (SELECT list(word) FROM (VALUES ('a'), ('b')) AS known(word)))"
        " FROM (VALUES (1, 'c b a'), (2, NULL), (3, 'c')) AS given(place, text) ORDER BY place"
    ).fetchall()
    assert rows == [("b a",), (None,), ("",)]


@pytest.mark.parametrize(
    ("url", "normalised"),
    [
        ("HTTP://Example.COM", "http://example.com/"),
        ("http://example.com:80/a", "http://example.com/a"),
        ("https://example.com:443/", "https://example.com/"),
        ("https://example.com:0443", "https://example.com/"),
        ("http://example.com:443/", "http://example.com:443/"),
        ("http://example.com:/a", "http://example.com/a"),
        ("ftp://h:21/x", "ftp://h/x"),
        ("http://h/a#top", "http://h/a"),
        ("http://h/a?#x", "http://h/a"),
        ("http://h?b=2&a=1", "http://h/?a=1&b=2"),
        ("http://h/?b=2&&a=2&a=1&", "http://h/?a=2&a=1&b=2"),
        ("http://h/?a&a=1&A=2", "http://h/?A=2&a&a=1"),
        ("http://h/?ab=1&a=2", "http://h/?a=2&ab=1"),
        ("http://h/%7euser/%41%2f%c3%a9", "http://h/~user/A%2F%C3%A9"),
        ("http://h/é a", "http://h/%C3%A9%20a"),
        ("http://h/%2541 100%", "http://h/%2541%20100%"),
        ("http://h/%zz%4", "http://h/%zz%4"),
        ("http://User:Pa%3Ass@Host/Path", "http://User:Pa%3Ass@host/Path"),
        ("http://a@b@Host:80/", "http://a@b@host/"),
        ("http://[2001:DB8::1]:80/x", "http://[2001:db8::1]/x"),
        ("http://h/a/./b/../c", "http://h/a/c"),
        ("http://h/../../a/..", "http://h/"),
        ("http://h/a/b/", "http://h/a/b/"),
        ("http://h/a/%2e%2E/b", "http://h/b"),
        ("//Host/a", "//host/a"),
        ("a.html#x", "a.html"),
        ("./a/../b.html?y=1&x=2", "b.html?x=2&y=1"),
        ("../../a", "../../a"),
        (".", "./"),
        ("/a//b", "/a//b"),
        ("#top", ""),
        ("?b=1&a=2", "?a=2&b=1"),
        ("MailTo:Me@Example.com?b=1&a=2#x", "mailto:Me@Example.com?b=1&a=2#x"),
        ("javascript:go('#A')", "javascript:go('#A')"),
        ("file:///A/../b", "file:///b"),
        ("  http://h/a\n b ", "http://h/a%20b"),
    ],
)
def test_one_address_is_written_in_one_way(call: Any, url: str, normalised: str) -> None:
    assert call("normalise_url", url) == normalised
    assert call("normalise_url", normalised) == normalised


def test_what_must_not_be_decoded_keeps_its_code(call: Any) -> None:
    every = "".join(f"%{code:02x}" for code in range(128))
    unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
    expected = "".join(chr(code) if chr(code) in unreserved else f"%{code:02X}" for code in range(128))
    assert call("normalise_percent", every) == expected


@pytest.mark.parametrize(
    "path", ["/a/b/c/./../../g", "mid/content=5/../6", "/./x/", "/..", "..", "a/..", "/a/b/..", "x"]
)
def test_dot_segments_resolve_as_the_rfc_says(call: Any, path: str) -> None:
    expected = {
        "/a/b/c/./../../g": "/a/g",
        "mid/content=5/../6": "mid/6",
        "/./x/": "/x/",
        "/..": "/",
        "..": "../",
        "a/..": "./",
        "/a/b/..": "/a/",
        "x": "x",
    }
    assert call("remove_dot_segments", path) == expected[path]


def test_no_macro_reads_a_table_or_a_file(connection: duckdb.DuckDBPyConnection) -> None:
    definitions = connection.execute(
        "SELECT function_name, lower(macro_definition) FROM duckdb_functions()"
        " WHERE NOT internal AND function_type = 'macro'"
    ).fetchall()
    assert len(definitions) >= 25
    assert [name for name, sql in definitions if "read_" in sql or "silver." in sql or "bronze." in sql] == []


def test_every_macro_has_a_comment_above_it() -> None:
    lines = (sql_folder() / "macros" / "text.sql").read_text(encoding="utf-8").splitlines()
    macros = [i for i, line in enumerate(lines) if line.startswith("CREATE MACRO")]
    assert [lines[i] for i in macros if not lines[i - 1].startswith("-- ")] == []
