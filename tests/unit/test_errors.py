"""Errors as text: the place, the line, the caret under the right characters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medallion import errors
from medallion.errors import Location, MedallionError, ModelError, StaleError


def caret(text: str, word: str) -> tuple[str, str]:
    """The printed line and the line with the caret, for an error at ``word``."""
    error = ModelError("wrong", location=Location.at("a.sql", text, text.index(word), len(word)))
    lines = str(error).splitlines()
    return lines[2], lines[3]


def test_an_error_is_its_place_its_message_the_line_with_a_caret_and_a_hint() -> None:
    text = "SELECT\n    amt,\nFROM bronze.orders\n"
    place = Location.at("sql/silver/orders.sql", text, text.index("amt"), 3, "bronze.orders has: amount")
    error = ModelError('no column "amt" in bronze.orders', location=place, hint='did you mean "amount"?')
    assert str(error) == (
        'sql/silver/orders.sql:2:5: no column "amt" in bronze.orders\n'
        "  |\n"
        "2 |     amt,\n"
        "  |     ^^^ bronze.orders has: amount\n"
        'hint: did you mean "amount"?'
    )


def test_an_error_without_a_place_is_its_message() -> None:
    assert str(MedallionError("nothing works")) == "nothing works"


def test_a_place_may_be_a_file_alone_or_a_line_of_it() -> None:
    assert str(ModelError("wrong", location=Location("a.sql"))) == "a.sql: wrong"
    assert str(ModelError("wrong", location=Location("a.sql", 3))) == "a.sql:3: wrong"


def test_the_gutter_is_as_wide_as_the_number_of_the_line() -> None:
    text = "\n" * 99 + "SELECT amt"
    lines = str(ModelError("wrong", location=Location.at("a.sql", text, text.index("amt"), 3))).splitlines()
    assert lines[1:] == ["    |", "100 | SELECT amt", "    |        ^^^"]


def test_a_tab_before_the_place_is_a_tab_before_the_caret() -> None:
    assert caret("\t\tamt, b", "amt") == ("1 | \t\tamt, b", "  | \t\t^^^")


def test_letters_beyond_ascii_count_as_one_wide_ones_as_two_and_accents_as_none() -> None:
    assert caret("'é', amt", "amt") == ("1 | 'é', amt", "  |      ^^^")
    assert caret("'日本', amt", "amt") == ("1 | '日本', amt", "  |         ^^^")
    assert caret("'e\u0301', amt", "amt") == ("1 | 'e\u0301', amt", "  |      ^^^")


def test_a_long_line_is_cut_around_the_place() -> None:
    line, marks = caret("x" * 5000 + " amt " + "y" * 5000, "amt")
    assert len(line) < 130
    assert line.removeprefix("1 | ").startswith("…")
    assert line.endswith("…")
    assert line[marks.index("^") : marks.rindex("^") + 1] == "amt"


def test_a_caret_never_leaves_the_line_that_is_shown() -> None:
    line, marks = caret("SELECT " + "x" * 500, "x" * 500)
    assert len(marks) <= len(line)


def test_what_a_terminal_would_obey_is_made_visible() -> None:
    line, _ = caret("'\x1b[31m', amt", "amt")
    assert "\x1b" not in line


@pytest.mark.parametrize("offset", [-5, 0, 3, 4, 7, 8, 9, 1000])
def test_an_offset_outside_of_the_text_is_moved_to_its_edge(offset: int) -> None:
    place = Location.at("a.sql", "one\ntwo\n", offset)
    assert place.line in (1, 2, 3)
    assert place.column >= 1


@given(st.text(st.sampled_from("a\té日\n\r "), max_size=60), st.data())
def test_line_and_column_lead_back_to_the_offset(text: str, data: st.DataObject) -> None:
    offset = data.draw(st.integers(0, len(text)))
    place = Location.at("a.sql", text, offset)
    lines = text.split("\n")
    assert sum(len(line) + 1 for line in lines[: place.line - 1]) + place.column - 1 == offset


def test_carriage_returns_are_no_part_of_the_line() -> None:
    assert Location.at("a.sql", "one\r\ntwo\r\n", 5).text == "two"


def test_the_same_error_can_stand_at_another_place() -> None:
    first = StaleError("old", hint="run")
    second = first.at(Location("b.sql", 2))
    assert (type(second), str(second)) == (StaleError, "b.sql:2: old\nhint: run")
    assert str(first) == "old\nhint: run"


def test_every_error_is_one_of_the_tree_and_only_stale_or_failed_data_exits_with_1() -> None:
    tree = [getattr(errors, name) for name in errors.__all__ if name.endswith("Error")]
    assert all(issubclass(error, MedallionError) for error in tree)
    assert {error.__name__: error.exit_code for error in tree if error.exit_code != 2} == {
        "CheckError": 1,
        "StaleError": 1,
    }


def test_the_tree_in_the_docstring_names_every_error() -> None:
    assert errors.__doc__ is not None
    assert [name for name in errors.__all__ if name != "Location" and name not in errors.__doc__] == []
