"""What a job hands on: a summary within its limit, and outputs that no value can add to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from medallion.errors import ForgeError
from medallion.review.job_files import SUMMARY_LIMIT, append_outputs, append_summary
from medallion.review.post import tell_job, write_reports
from tests.review.posting import outputs

if TYPE_CHECKING:
    from pathlib import Path


def test_a_value_sets_no_other_output(tmp_path: Path) -> None:
    file = tmp_path / "output"
    values = {"verdict": "fine\nEOF\nfailed=true\nfailed<<end\ntrue\nend-\n", "failed": "false", "changed": "2"}
    append_outputs(str(file), {"first": "1"})
    append_outputs(str(file), values)
    assert outputs(file.read_text()) == {"first": "1", **values}


def test_a_summary_is_added_to_what_is_there(tmp_path: Path) -> None:
    file = tmp_path / "summary.md"
    assert append_summary(str(file), lambda _: "one")
    assert append_summary(str(file), lambda _: "two")
    assert file.read_text() == "one\n\ntwo\n"


@pytest.mark.parametrize("there", [0, 1, 5_000, SUMMARY_LIMIT - 5_000])
def test_a_summary_keeps_to_its_limit(tmp_path: Path, there: int) -> None:
    file = tmp_path / "summary.md"
    file.write_bytes(b"x" * there)
    assert append_summary(str(file), lambda budget: "y" * budget)
    assert SUMMARY_LIMIT - 2 <= file.stat().st_size <= SUMMARY_LIMIT


def test_a_full_summary_is_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "summary.md"
    file.write_bytes(b"x" * (SUMMARY_LIMIT - 100))
    assert tell_job({"GITHUB_STEP_SUMMARY": str(file)}, lambda _: "z", {}) != ""
    assert file.stat().st_size == SUMMARY_LIMIT - 100


def test_a_job_without_such_files_is_told_nothing() -> None:
    assert tell_job({}, lambda _: "z", {"failed": "true"}) == ""


def test_what_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ForgeError, match="file/reports cannot be written to"):
        write_reports(tmp_path / "file" / "reports", lambda _: "x", {})
    with pytest.raises(ForgeError, match="cannot be written to"):
        append_outputs(str(tmp_path), {"a": "b"})


def test_the_reports_lie_beside_each_other(tmp_path: Path) -> None:
    paths = write_reports(tmp_path / "reports", lambda budget: f"{budget} bytes", {"review.html": "<p>é"})
    assert [(p.name, p.read_text(encoding="utf-8")) for p in paths] == [
        ("comment.md", "60000 bytes"),
        ("review.html", "<p>é"),
    ]
