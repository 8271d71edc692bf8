"""What the terminal and git's diff show of the data is printed, and never obeyed."""

from __future__ import annotations

import sys

from medallion.printable import printable


def test_every_character_is_shown_as_itself_or_as_its_escape() -> None:
    assert printable("né 'x' \\ → \U0001f600") == "né 'x' \\ → \U0001f600"
    assert printable("a\n\t\x1b[31m\u202e\xa0\udc80\U000e0001") == r"a\n\t\x1b[31m\u202e\xa0\udc80\U000e0001"
    assert all(printable(chr(point)).isprintable() for point in range(sys.maxunicode + 1))
