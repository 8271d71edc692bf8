"""Every word of the vocabulary: where it may stand and what it takes."""

from __future__ import annotations

import pytest

from medallion.errors import ModelError
from medallion.models.annotations import _EXAMPLES, WORDS, Annotation, read_comment
from medallion.models.parse import parse_model
from medallion.models.tokens import Comment
from medallion.names import TableName

# word: may stand on a dataset, on a column, and whether it takes an argument: yes, no, either.
GOLDEN = {
    "key": ("dataset", "yes"),
    "volatile": ("dataset", "no"),
    "contract": ("dataset", "no"),
    "owner": ("dataset", "yes"),
    "tag": ("dataset", "yes"),
    "incremental": ("dataset", "either"),
    "private": ("both", "either"),
    "not_null": ("both", "either"),
    "unique": ("both", "either"),
    "accepted_values": ("both", "yes"),
    "relationships": ("both", "yes"),
    "range": ("both", "yes"),
    "regex": ("both", "yes"),
    "tolerance": ("both", "yes"),
    "check": ("both", "yes"),
    "warn": ("both", "either"),
    "expect": ("both", "yes"),
}

ON_DATASET = [word for word, (place, _) in GOLDEN.items() if place != "column"]
ON_COLUMN = [word for word, (place, _) in GOLDEN.items() if place != "dataset"]


def read(text: str, column: str | None = None) -> tuple[str, list[Annotation]]:
    source = f"--{text}\nSELECT 1 AS a"
    prose, found = read_comment(Comment(text, 2, 2 + len(text)), column, "a.sql", source)
    return prose, list(found)


def refused(text: str, column: str | None = None) -> ModelError:
    with pytest.raises(ModelError) as caught:
        read(text, column)
    return caught.value


def argument(word: str) -> str:
    """Something that the word takes."""
    return "" if GOLDEN[word][1] == "no" else _EXAMPLES.get(word, "@x a").split(" ", 1)[1]


def test_the_vocabulary_is_this_one() -> None:
    kinds = {True: "yes", False: "no", None: "either"}
    places = {(True, False): "dataset", (False, True): "column", (True, True): "both"}
    assert {w: (places[k.on_dataset, k.on_column], kinds[k.argument]) for w, k in WORDS.items()} == GOLDEN


def test_every_word_that_needs_an_argument_has_an_example_that_can_be_read() -> None:
    assert set(_EXAMPLES) >= {word for word, known in WORDS.items() if known.argument}
    for word, example in _EXAMPLES.items():
        column = None if WORDS[word].on_dataset else "a"
        assert [a.word for a in read(f" {example}", column)[1]] == [word]


@pytest.mark.parametrize("word", ON_DATASET)
def test_a_word_for_datasets_is_read_in_the_leading_comment(word: str) -> None:
    prose, found = read(f" Orders. @{word} {argument(word)}")
    assert prose == "Orders."
    assert [(a.word, a.argument, a.column, a.offset) for a in found] == [(word, argument(word), None, 11)]


@pytest.mark.parametrize("word", ON_COLUMN)
def test_a_word_for_columns_is_read_after_a_column(word: str) -> None:
    _, found = read(f" @{word} {argument(word) if word != 'private' else ''}", "a")
    assert [(a.word, a.column) for a in found] == [(word, "a")]


@pytest.mark.parametrize("word", sorted(set(GOLDEN) - set(ON_DATASET)))
def test_a_word_for_columns_is_refused_on_a_dataset(word: str) -> None:
    error = refused(f" @{word} {argument(word)}")
    assert error.message == f"@{word} speaks of a column"
    assert "after that column" in error.hint


@pytest.mark.parametrize("word", sorted(set(GOLDEN) - set(ON_COLUMN)))
def test_a_word_for_datasets_is_refused_on_a_column(word: str) -> None:
    error = refused(f" @{word} {argument(word)}", "a")
    assert error.message == f"@{word} speaks of the whole dataset"
    assert "top of the file" in error.hint


@pytest.mark.parametrize("word", [word for word, (_, takes) in GOLDEN.items() if takes == "yes"])
def test_a_missing_argument_is_an_error_with_an_example(word: str) -> None:
    error = refused(f" @{word}", None if word in ON_DATASET else "a")
    assert error.message == f"@{word} needs an argument"
    assert f"For example: @{word} " in error.hint


@pytest.mark.parametrize("word", [word for word, (_, takes) in GOLDEN.items() if takes == "no"])
def test_an_argument_that_nothing_would_read_is_an_error(word: str) -> None:
    error = refused(f" @{word} now and then", None if word in ON_DATASET else "a")
    assert error.message == f"@{word} takes no argument"
    assert '"now and then"' in error.hint


def test_an_optional_argument_may_be_there_or_not() -> None:
    assert [a.argument for a in read(" @incremental")[1] + read(" @incremental a, b")[1]] == ["", "a, b"]


@pytest.mark.parametrize("word", ["not_null", "unique", "private"])
def test_a_word_that_speaks_of_columns_needs_them_on_a_dataset_and_not_on_a_column(word: str) -> None:
    assert [a.argument for a in read(f" @{word} a, b")[1] + read(f" @{word}", "a")[1]] == ["a, b", ""]
    assert refused(f" @{word}").message == f"@{word} needs an argument"


def test_a_private_column_is_no_other_column() -> None:
    assert refused(" @private b", "a").message == "@private on a column takes no argument"
    assert refused(" @private a b").message == "@private takes column names, with commas between them"


@pytest.mark.parametrize(
    ("wrong", "near"),
    [("keys", "key"), ("notnull", "not_null"), ("Key", "key"), ("accepted-values", "accepted_values")],
)
def test_an_unknown_word_is_an_error_at_its_place_that_names_the_nearest(wrong: str, near: str) -> None:
    error = refused(f" Orders. @{wrong} a")
    assert (error.message, error.hint) == (f'unknown annotation "@{wrong}"', f'did you mean "@{near}"?')
    assert error.location is not None
    assert (error.location.line, error.location.column, error.location.length) == (1, 12, len(wrong) + 1)


def test_an_unknown_word_that_is_near_to_none_lists_the_vocabulary() -> None:
    hint = refused(" @zzzzzz").hint
    assert hint.startswith("known words: @key, ")
    assert all(f"@{word}" in hint for word in WORDS)


def test_several_annotations_in_a_comment_each_have_their_argument() -> None:
    prose, found = read(" In euros, tax included. @not_null @check total >= 0 @range 0 to 9", "total")
    assert prose == "In euros, tax included."
    assert [(a.word, a.argument) for a in found] == [("not_null", ""), ("check", "total >= 0"), ("range", "0 to 9")]


@pytest.mark.parametrize("text", [" write to a@key.example", " @ noon", " @1st", " price@", " @"])
def test_an_at_sign_that_begins_no_word_is_prose(text: str) -> None:
    assert read(text) == (text.strip(), [])


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("order_id", ("order_id",)),
        ("order_id, line", ("order_id", "line")),
        ("a,b ,  c", ("a", "b", "c")),
        ('"Order Id", "a""b"', ("Order Id", 'a"b')),
        ('"a,b", c', ("a,b", "c")),
    ],
)
def test_a_key_is_column_names_with_commas_between_them(text: str, names: tuple[str, ...]) -> None:
    assert read(f" @key {text}")[1][0].names() == names


@pytest.mark.parametrize("text", ["a b", "a,", ",a", "a + b", "(a)", "a; b", '"a'])
def test_a_key_that_is_anything_else_is_an_error(text: str) -> None:
    assert refused(f" @key {text}").message == "@key takes column names, with commas between them"


def test_two_keys_are_an_error_at_the_second() -> None:
    with pytest.raises(ModelError, match="@key is written twice") as caught:
        parse_model(TableName("silver", "x"), "a.sql", "-- @key a\n-- @key b\nSELECT 1 AS a", ("silver",))
    assert caught.value.location is not None
    assert caught.value.location.line == 2
