"""Which words of a command line are revisions, and which are datasets."""

from __future__ import annotations

import pytest

from medallion.cli.diff_arguments import column_names, is_selection, revisions_and_tables
from medallion.errors import MedallionError

LAYERS = ("bronze", "silver", "gold")


@pytest.mark.parametrize(
    "word",
    ["silver.orders", "gold.*", "*", "*.orders", "+gold.revenue", "silver.orders+", "2+gold.revenue", "@silver.orders",
     "tag:nightly", "path:sql/gold", "git:main", "gold.*,tag:x", "silver.orders,+gold.revenue"],
)  # fmt: skip
def test_datasets_and_selections_are_told_by_their_look(word: str) -> None:
    assert is_selection(word, LAYERS)


@pytest.mark.parametrize(
    "word",
    ["main", "HEAD", "HEAD~2", "HEAD^", "@", "@{u}", "HEAD@{1}", "v1.2", "v1.2..main", "main...", "..main", "a1b2c3d",
     "origin/main", "feature/silver.orders", "release.next", "silver", "main:path", ":/fix*", "gold..main", "HEAD^{/x}",
     "", "tag:", "silver.", "silver..gold", "gold.*,main", "stale"],
)  # fmt: skip
def test_everything_else_is_a_revision(word: str) -> None:
    assert not is_selection(word, LAYERS)


@pytest.mark.parametrize(
    ("words", "after", "expected"),
    [
        ([], None, ("", [])),
        (["main"], None, ("main", [])),
        (["main..feature"], None, ("main..feature", [])),
        (["main...feature", "silver.orders"], None, ("main...feature", ["silver.orders"])),
        (["main", "feature"], None, ("main..feature", [])),
        (["main", "feature", "gold.*", "tag:x"], None, ("main..feature", ["gold.*", "tag:x"])),
        (["silver.orders"], None, ("", ["silver.orders"])),
        (["silver.orders"], [""], ("silver.orders", [])),
        (["gold.x"], ["stale"], ("gold.x", ["stale"])),
        ([], ["silver.orders", "gold.revenue"], ("", ["silver.orders", "gold.revenue"])),
        ([], ["orders"], ("", ["orders"])),
    ],
)
def test_revisions_stand_first_and_two_dashes_tell_them_apart(
    words: list[str], after: list[str] | None, expected: tuple[str, list[str]]
) -> None:
    assert revisions_and_tables(words, after, LAYERS) == expected


@pytest.mark.parametrize(
    ("words", "after", "message"),
    [
        (["a", "b", "c"], None, "3 revisions are too many to compare: a b c"),
        (["a..b", "c"], None, "2 revisions are too many"),
        (["a", "b", "c"], ["gold.x"], "3 revisions are too many"),
        (["silver.orders", "main"], None, '"main" is no dataset'),
    ],
)
def test_what_makes_no_sense_is_refused(words: list[str], after: list[str] | None, message: str) -> None:
    with pytest.raises(MedallionError, match=message) as raised:
        revisions_and_tables(words, after, LAYERS)
    assert raised.value.hint


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("status", ["status"]),
        (" status , total,", ["status", "total"]),
        ('"a,b", c d,"e ""f"""', ["a,b", "c d", 'e "f"']),
        ("a\nb,c", ["a\nb", "c"]),
        ('a"b,c', ['a"b', "c"]),
    ],
)
def test_columns_stand_between_commas(text: str, expected: list[str]) -> None:
    assert column_names(text) == expected
