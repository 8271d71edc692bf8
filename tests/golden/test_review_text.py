"""What is shown of a review at a terminal: ``review_text/NAME.80.txt``, ``.160.txt``, ``.colour.txt``; and its JSON.

The reviews are those of ``tests/review_examples.py``. MEDALLION_UPDATE_GOLDEN=1 writes what comes out; read it before
you commit it.
"""

from __future__ import annotations

import json
import os
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest

from medallion.cli.review_view import review_lines
from medallion.cli.text import cells
from medallion.review.document import review_document
from medallion.review.rules import DEFAULT_FAIL_ON
from medallion.review.verdict import failures, parse_fail_on
from tests import review_examples as examples

if TYPE_CHECKING:
    from collections.abc import Callable

    from medallion.review.value import Review

FOLDER = Path(__file__).parent / "review_text"
REVIEWS: dict[str, Callable[[], Review]] = {
    "shop": examples.shop_review,
    "troubled": examples.troubled_review,
    "quiet": examples.quiet_review,
}
CASES = [
    *((name, form) for name in ("shop", "troubled") for form in ("80", "160")),
    ("quiet", "80"),
    ("troubled", "colour"),
]


def reasons(review: Review) -> tuple[str, ...]:
    return failures(review, parse_fail_on(DEFAULT_FAIL_ON))


@pytest.mark.parametrize(("name", "form"), CASES)
def test_a_review_is_shown_as_expected(name: str, form: str) -> None:
    review = REVIEWS[name]()
    lines = review_lines(review, 80 if form == "colour" else int(form), reasons(review))
    found = "".join(f"{line.render(styled=form == 'colour')}\n" for line in lines).replace("\x1b", "␛")
    expected = FOLDER / f"{name}.{form}.txt"
    if os.environ.get("MEDALLION_UPDATE_GOLDEN"):
        expected.write_text(found)
    assert found == expected.read_text()


def test_each_golden_file_is_one_of_a_case() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {f"{name}.{form}.txt" for name, form in CASES}


def test_no_value_is_obeyed_by_the_terminal_and_no_line_but_the_verdict_is_too_long() -> None:
    review = examples.hostile_review()
    *lines, _ = review_lines(review, 80, reasons(review))
    assert all(line.plain.isprintable() for line in lines)
    assert max(cells(line.plain) for line in lines) <= 80


def test_the_document_is_what_its_schema_says_and_holds_no_row_without_samples() -> None:
    schema = json.loads(files("medallion.review").joinpath("schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    for make in (*REVIEWS.values(), examples.hostile_review):
        review = make()
        document = json.loads(json.dumps(review_document(review, reasons(review)), allow_nan=False))
        jsonschema.Draft202012Validator(schema).validate(document)
        assert document["samples"] or not any(table["samples"] for table in document["diff"]["datasets"])
