"""Data in markdown, HTML and mermaid: whatever it is, it comes back as literal text."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from medallion.review.escape import apart, code, cut, has_right_to_left, html_text, mermaid_label, prose, row, visible
from tests.rendered import meaning
from tests.review_examples import HOSTILE

# All of Unicode, surrogates as well, and the characters that markdown and forges mean something by.
TEXTS = st.text(
    st.one_of(
        st.characters(exclude_categories=()),
        st.sampled_from("|`<>&@#!*_~[](){}$^%\\/:.-+=\"' \n\t1aw\u202e\u200b"),
    ),
    max_size=60,
)


@given(TEXTS)
def test_a_value_comes_back_from_a_table_as_literal_text(value: str) -> None:
    text = "\n".join([row(["a", "b"]), row(["---", "---"]), row([code(value), "end"]), "", code(value)])
    found = meaning(text)
    assert len(found.tables) == 1
    assert found.tables[0][1:] == [[visible(value) or "(empty)", "end"]]
    assert found.codes == ([visible(value)] * 2 if value else [])


@pytest.mark.parametrize("value", HOSTILE, ids=lambda value: visible(value)[:20])
def test_a_hostile_value_comes_back_from_a_table_as_literal_text(value: str) -> None:
    found = meaning("\n".join([row(["a"]), row(["---"]), row([code(value)])]))
    assert found.codes == [visible(value[:80])]


@given(TEXTS)
@example("1. one")
@example("- one")
@example("see @alice, #1 and www.example.com (14 of 99,441 rows)")
def test_a_sentence_stays_a_sentence_and_nothing_in_it_is_markup(text: str) -> None:
    words = " ".join(visible(word) for word in text.split())
    assert meaning(prose(text)).lines == ([words] if words else [])
    assert meaning(f"- {prose(text)}").lines == ([words] if words else [])
    assert meaning(f"- `x`: {prose(text)}").lines == [f"x: {words}".strip()]


def test_a_plain_sentence_has_no_code() -> None:
    for text in (
        "input changed: bronze.orders",
        "column language added (not breaking)",
        "0 → 1 rows have a NULL in the key",
        "14 of 99,441 rows (−3.5 %), the base's first",
    ):
        assert prose(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("columns a_b, c_d added", "columns `a_b`, `c_d` added"),
        ("column a_b renamed to b_c, columns d_e, id added", "column `a_b` renamed to `b_c`, columns `d_e`, id added"),
        ("sql/a_b.sql:12:5: no column x_y.", "`sql/a_b.sql:12:5`: no column `x_y`."),
        ("only where a_b >= c_d, else not", "only where `a_b >= c_d`, else not"),
        ("concat(a_b, c_d) is 'x_y, z_a', here", "`concat(a_b, c_d)` is `'x_y, z_a'`, here"),
        ("1. one", "`1`. one"),
    ],
)
def test_a_comma_stands_between_words_that_are_code(text: str, expected: str) -> None:
    assert prose(text) == expected


@given(TEXTS, TEXTS)
def test_two_texts_that_differ_look_different(one: str, other: str) -> None:
    assert (visible(one) == visible(other)) == (one == other)


@given(TEXTS)
def test_what_is_visible_is_in_sight_and_can_be_encoded(value: str) -> None:
    shown = visible(value)
    assert shown.isprintable()
    shown.encode()
    assert "  " not in shown
    assert shown == shown.strip()


def test_marks_of_direction_and_width_are_named() -> None:
    assert visible("a\u202eb\u200bc\n d ") == "a⟨U+202E⟩b⟨U+200B⟩c␊ d␠"
    assert visible("⟨U+202E⟩ ␊") == "⟨U+27E8⟩U+202E⟩ ⟨U+240A⟩"
    assert visible("\u0301e\u0301") == "⟨U+0301⟩e\u0301"


def test_null_and_the_empty_text_are_no_values() -> None:
    assert (code(None), code(""), code("NULL"), code("(empty)")) == ("NULL", "(empty)", "`NULL`", "`(empty)`")


def test_a_long_value_is_cut_and_counted() -> None:
    assert code("x" * 10_000_000, 5) == "`xxxxx`… (9,999,995 more characters)"
    assert cut("abc", 3) == ("abc", 0)


@given(TEXTS)
def test_html_gives_the_visible_value_back_and_holds_no_markup(value: str) -> None:
    text = html_text(value)
    assert html.unescape(text) == visible(value)
    assert not set(text) & set("<>\"'")


@given(TEXTS)
def test_a_label_of_mermaid_has_nothing_that_mermaid_obeys(value: str) -> None:
    assert re.fullmatch(r"(?:[A-Za-z0-9._/ -]|#\d+;)*", mermaid_label(value))


def test_right_to_left_letters_are_known() -> None:
    assert has_right_to_left("abc שלום")
    assert not has_right_to_left("abc é →")


def test_two_long_values_are_cut_so_that_they_are_seen_to_differ() -> None:
    base, head = apart("x" * 500 + "a" + "z" * 500, "x" * 500 + "b" + "z" * 500)
    assert base is not None
    assert head is not None
    assert ("xaz" in base, "xbz" in head) == (True, True)
    assert base.endswith("z… (1001 characters)")
    assert len(base) < 110
    # What a comparison has counted stays, whatever part of the value it kept.
    kept = "…" + "w" * 900 + "{}" + "w" * 90 + "… (23174 characters)"
    base, head = apart(kept.format("A"), kept.format("B"))
    assert (base or "").endswith("… (23174 characters)")
    assert ("wAw" in (base or ""), "wBw" in (head or "")) == (True, True)
    assert apart("a", None) == ("a", None)
    assert apart("short", "other") == ("short", "other")
