"""SQL as tokens: nothing is lost, and two texts are equal only where they are the same SQL."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medallion.errors import ModelError
from medallion.models.tokens import lex

LAYERS = ("bronze", "silver", "gold")


def digest(sql: str) -> str:
    return lex(sql, "a.sql").digest()


def raws(sql: str) -> list[str]:
    return [token.raw for token in lex(sql, "a.sql").tokens]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SELECT a FROM t", "select a from t"),
        ("SELECT a FROM t", "  SELECT\n\ta\r\nFROM\u00a0t  "),
        ("SELECT a FROM t", "-- a comment\nSELECT a /* b */ FROM t -- c"),
        ("SELECT a FROM t", "SELECT /* a /* nested */ one */ a FROM t"),
        ("SELECT a GROUP BY b ORDER BY c", "select a group  by b order\nby c"),
        ("SELECT a GROUP BY b", "SELECT a GROUP /* why */ BY b"),
        ("SELECT a,b", "SELECT a , b"),
        ("SELECT f(a)", "SELECT f ( a )"),
        ("SELECT t.a", "SELECT t . a"),
        ("SELECT a::INT", "SELECT a :: INT"),
        ("SELECT CASE WHEN a THEN 1 ELSE 2 END", "select case when a then 1 else 2 end"),
    ],
)
def test_comments_white_space_and_the_case_of_reserved_words_do_not_count(one: str, other: str) -> None:
    assert digest(one) == digest(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SELECT a", "SELECT b"),
        ("SELECT a", "SELECT A"),
        ("SELECT 1 AS total", "SELECT 1 AS Total"),
        ('SELECT "a"', 'SELECT "A"'),
        ('SELECT "a b"', 'SELECT "a  b"'),
        ("SELECT 'a'", "SELECT 'A'"),
        ("SELECT 'a b'", "SELECT 'a  b'"),
        ("SELECT 'select'", "SELECT 'SELECT'"),
        ("SELECT ' -- a'", "SELECT ' '"),
        ("SELECT '/* a */'", "SELECT ''"),
        ("SELECT 'it''s'", "SELECT 'it' 's'"),
        ("SELECT x'AA'", "SELECT x 'AA'"),
        ("SELECT x'AA'", "SELECT 'AA'"),
        ("SELECT e'\\n'", "SELECT '\\n'"),
        ("SELECT $$a b$$", "SELECT $$a  b$$"),
        ("SELECT $$a$$", "SELECT $x$a$x$"),
        ("SELECT $$ -- a\n$$", "SELECT $$ $$"),
        ("SELECT 1_000", "SELECT 1 _000"),
        ("SELECT 1e5", "SELECT 1 e5"),
        ("SELECT 1", "SELECT 1.0"),
        ("SELECT 1", "SELECT 1 \x85"),
        ("SELECT a - - b", "SELECT a -- b"),
        ("SELECT a ^@ b", "SELECT a ^ @ b"),
        ("SELECT a -> b", "SELECT a - > b"),
        ("SELECT a; SELECT b", "SELECT a SELECT b"),
        ("SELECT (a + b) * c", "SELECT a + (b * c)"),
        ("SELECT ab", "SELECT a b"),
        ("SELECT sum(a)", "SELECT SUM(a)"),
    ],
)
def test_whatever_could_change_the_result_or_a_name_in_it_counts(one: str, other: str) -> None:
    assert digest(one) != digest(other)


PIECES = st.sampled_from(
    ["SELECT", "from", "a", '"b c"', "'x''y'", "$$d$$", "x'AA'", "1e5", "1_000", ".5", "(", ")", ",", ".", "+", "-",
     "->", "::", "é", "日", "😀", "{%", "`", "#1", "?", "[", "]", "^@", "GROUP  BY", "-- c\n", "/* d /* e */ */", " ",
     "\n", "\t"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=30))
def test_tokens_comments_and_white_space_together_are_the_whole_text(pieces: list[str]) -> None:
    text = "".join(pieces)
    try:
        lexed = lex(text, "a.sql")
    except ModelError:
        return  # Two pieces may begin a string that never ends.
    spans = [(t.start, t.end) for t in lexed.tokens]
    assert all(text[t.start : t.end] == t.raw for t in lexed.tokens)
    spans += [(c.offset - 2, c.end) for c in lexed.comments]
    covered = [False] * len(text)
    for start, end in spans:
        for i in range(start, end):
            assert not covered[i], "two tokens share a character"
            covered[i] = True
    assert all(done or c.isspace() for done, c in zip(covered, text, strict=True))


@given(st.lists(PIECES, max_size=20), st.lists(st.sampled_from([" ", "\n", "\t", " -- c\n", " /* c */ "]), min_size=20))
def test_what_stands_between_tokens_never_changes_the_digest(pieces: list[str], gaps: list[str]) -> None:
    words = [p for p in pieces if p.strip() and not p.startswith(("--", "/*", "x'", "`", "{%"))]
    one = " ".join(words)
    other = "".join(word + gap for word, gap in zip(words, gaps, strict=False))
    assert digest(one) == digest(other)


def test_statements_are_split_at_semicolons_and_empty_ones_left_out() -> None:
    lexed = lex(";; SELECT ';' ; SELECT $$;$$ /* ; */ -- ;\n;", "a.sql")
    assert [[t.raw for t in s] for s in lexed.statements()] == [["SELECT", "';'"], ["SELECT", "$$;$$"]]


def test_a_quoted_name_is_one_token_whose_value_has_no_quotes() -> None:
    token = lex('SELECT "a""b"', "a.sql").tokens[1]
    assert (token.raw, token.value, token.is_name) == ('"a""b"', 'a"b', True)


@pytest.mark.parametrize("word", ["select", "FROM", "Group", "1", "'a'", "+"])
def test_reserved_words_and_values_are_no_names(word: str) -> None:
    assert not lex(word, "a.sql").tokens[0].is_name


@pytest.mark.parametrize("word", ["a", "_a", "é", "日本", '"select"', "date", "by"])
def test_words_and_quoted_words_are_names(word: str) -> None:
    assert lex(word, "a.sql").tokens[0].is_name


@pytest.mark.parametrize("text", ["SELECT 'a", 'SELECT "a', "SELECT $$a", "SELECT 1 /* a"])
def test_a_quote_that_is_not_closed_is_an_error(text: str) -> None:
    with pytest.raises(ModelError, match="the SQL cannot be read") as caught:
        lex(text, "a.sql")
    assert "not closed" in caught.value.hint


def test_a_line_comment_ends_with_its_line_whatever_the_line_ending() -> None:
    assert [c.text for c in lex("SELECT 1 -- one\r\n, 2 -- two\n-- three", "a.sql").comments] == [
        " one",
        " two",
        " three",
    ]


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("FROM silver.orders", ["silver.orders"]),
        ('FROM "Silver"."ORDERS", SILVER.Other', ["silver.orders", "silver.other"]),
        ("FROM silver . /* c */ orders", ["silver.orders"]),
        ("FROM memory.silver.orders", ["silver.orders"]),
        ("SELECT silver.*, other.orders", []),
        ("SELECT 'silver.orders' -- silver.orders", []),
        ('FROM "silver.orders"', []),
        ("FROM gold.order", ["gold.order"]),
    ],
)
def test_layer_dot_name_is_found_in_any_case_and_with_quotes(sql: str, found: list[str]) -> None:
    assert [f"{layer}.{name}" for layer, name, _, _ in lex(sql, "a.sql").tables(LAYERS)] == found


def test_a_name_before_a_bracket_is_a_call() -> None:
    calls = [name for name, _ in lex('SELECT Sum (a), "F"(b), main.g(c), d.h, 1 + (2) FROM t', "a.sql").calls()]
    assert calls == ["sum", "f", "g"]


def test_words_that_sqlglot_reads_as_one_token_are_apart() -> None:
    assert raws("GROUP  BY a") == ["GROUP", "BY", "a"]
