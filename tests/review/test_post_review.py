"""A whole review that is posted: what it says of itself where the forge is not well."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from medallion.errors import ForgeError
from medallion.review.forge import mark
from medallion.review.post import Wanted, deliver, deliver_unfinished
from medallion.review.verdict import verdict
from tests.review.posting import Time, environment, outputs, send
from tests.review_examples import quiet_review

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tests.review.forges import Forge


def handed_on(forge: Forge, job: Mapping[str, str], time: Time, folder: Path, reasons: Sequence[str] = ()) -> list[str]:
    """What is told when a review is delivered with a comment; outputs and reports are in ``folder``."""
    places = {"GITHUB_OUTPUT": str(folder / "output"), "GITHUB_STEP_SUMMARY": str(folder / "summary.md")}
    wanted = Wanted("", folder / "reports")
    return list(deliver(quiet_review(), reasons, wanted, {**environment(forge, job), **places}, time.clock()))


def test_a_review_is_finished_though_the_forge_is_not_well(
    forge: Forge, job: Mapping[str, str], time: Time, tmp_path: Path
) -> None:
    for _ in range(50):
        forge.fail("GET .*(comments|notes)$", 502, {"message": "Server Error"})
    wrote, unposted = handed_on(forge, job, time, tmp_path)
    assert "comment.md" in wrote
    assert unposted.startswith("the comment could not be posted: ")
    assert "502 Server Error" in unposted
    assert "run the job again later" in unposted
    told = outputs((tmp_path / "output").read_text())
    assert (told["failed"], told["verdict"]) == ("false", verdict(quiet_review()))
    assert told["unposted"] in unposted
    assert (tmp_path / "reports" / "comment.md").exists()
    assert told["verdict"] in (tmp_path / "summary.md").read_text().replace("*", "")


def test_so_it_is_where_a_limit_lasts(github: Forge, job: Mapping[str, str], time: Time, tmp_path: Path) -> None:
    github.fail("POST", 403, None, x_ratelimit_remaining="0", x_ratelimit_reset="1003600")
    assert "1970-01-12 14:46:40 UTC; run the job again then" in handed_on(github, job, time, tmp_path)[1]
    assert "unposted" in outputs((tmp_path / "output").read_text())


def test_what_is_for_somebody_to_mend_stays_an_error_and_the_rest_is_told(
    forge: Forge, job: Mapping[str, str], time: Time, tmp_path: Path
) -> None:
    forge.fail("", 401, {"message": "Bad credentials"})
    with pytest.raises(ForgeError, match="Bad credentials"):
        handed_on(forge, job, time, tmp_path)
    assert outputs((tmp_path / "output").read_text())["verdict"] == verdict(quiet_review())


def test_the_reasons_of_a_failure_are_handed_on_a_line_each(
    github: Forge, job: Mapping[str, str], time: Time, tmp_path: Path
) -> None:
    reasons = ["gold.a is stale: SQL\nchanged", "x" * 1_000, *(f"reason {number}" for number in range(1_000))]
    handed_on(github, job, time, tmp_path, reasons)
    lines = outputs((tmp_path / "output").read_text())["reasons"].splitlines()
    assert lines[:3] == ["gold.a is stale: SQL changed", "x" * 300, "reason 0"]
    assert lines[-1] == "and 982 more"
    assert len(lines) == 21


def test_a_review_that_could_not_be_finished_takes_the_place_of_an_older_one(
    forge: Forge, job: Mapping[str, str], time: Time, tmp_path: Path
) -> None:
    send(forge, job, time)
    (line,) = deliver_unfinished(Wanted("", tmp_path / "reports"), environment(forge, job), time.clock())
    assert line.startswith("updated the comment")
    (comment,) = forge.comments
    assert comment["body"].splitlines()[1:] == [
        "**The review of the latest commit could not be finished.** The log of its job says why."
    ]
    assert (tmp_path / "reports" / "comment.md").read_text() == comment["body"].removeprefix(mark() + "\n")
