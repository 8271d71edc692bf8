"""What is shown of a difference: ``diff/NAME.80.txt``, ``.160.txt``, ``.stat.txt``, ``.colour.txt``, ``.json``.

The differences are those of ``tests/diff_examples.py``. MEDALLION_UPDATE_GOLDEN=1 writes what comes out; read it before
you commit it.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from medallion.cli.diff_view import diff_lines, stat_lines
from medallion.diff.document import diff_document
from tests.diff_examples import EXAMPLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from medallion.cli.text import Text
    from medallion.diff.value import Diff

FOLDER = Path(__file__).parent / "diff"


def text(lines: Iterable[Text], *, styled: bool = False) -> str:
    """The lines as they are written; an escape as a sign that an editor shows."""
    return "".join(f"{line.render(styled=styled)}\n" for line in lines).replace("\x1b", "␛")


FORMS: dict[str, Callable[[Diff], str]] = {
    "80.txt": lambda diff: text(diff_lines(diff, 80)),
    "160.txt": lambda diff: text(diff_lines(diff, 160)),
    "stat.txt": lambda diff: text(stat_lines(diff, 80)),
    "colour.txt": lambda diff: text(diff_lines(diff, 80), styled=True),
    "json": lambda diff: json.dumps(diff_document(diff), indent=1, ensure_ascii=False) + "\n",
}
CASES = [
    *((name, form) for name in ("refunds", "schema", "hostile") for form in ("80.txt", "160.txt", "stat.txt")),
    *((name, "80.txt") for name in ("equal", "nothing")),
    ("refunds", "colour.txt"),
    ("schema", "json"),
]


@pytest.mark.parametrize(("name", "form"), CASES)
def test_a_difference_is_shown_as_expected(name: str, form: str) -> None:
    found = FORMS[form](EXAMPLES[name])
    expected = FOLDER / f"{name}.{form}"
    if os.environ.get("MEDALLION_UPDATE_GOLDEN"):
        expected.write_text(found)
    assert found == expected.read_text()


def test_each_golden_file_is_one_of_a_case() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {f"{name}.{form}" for name, form in CASES}
