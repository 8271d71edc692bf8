"""Bring a report to where a pull request is read: its comment, the job's summary and outputs, files to upload."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from medallion.errors import ForgeError
from medallion.review.ci import GitHubJob, job_of
from medallion.review.escape import cut
from medallion.review.forge import Posted, post
from medallion.review.job_files import append_outputs, append_summary
from medallion.review.rest import Clock
from medallion.review.untrusted import harmless, read_comment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from medallion.review.value import Review

    Render = Callable[[int], str]

__all__ = [
    "COMMENT",
    "REPORT",
    "Delivery",
    "Wanted",
    "check_job",
    "deliver",
    "deliver_unfinished",
    "post_from",
    "post_review",
    "tell_job",
    "told",
    "write_reports",
]

#: The file in a folder of reports that a second workflow posts, and how many bytes it has at most.
COMMENT = "comment.md"
REPORT = "review.html"
_COMMENT_LIMIT = 60_000
# What fails a review goes into one variable of the environment, and into one line of a log.
_MOST_REASONS, _LONGEST_REASON = 20, 300
_UNFINISHED = "**The review of the latest commit could not be finished.** The log of its job says why.\n"
_OF_A_FORK = "Made by the job of a fork; its author could have changed it."
# As that of Dependabot, whose token may only read.
_OF_A_BRANCH = "Made by the job of this pull request; its author could have changed it."


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a comment; ``posted`` is None where there is none, and ``note`` says why."""

    posted: Posted | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Where a review is to go: a folder of ``reports``, and a ``comment``, by its name where there are several or "".

    None is nowhere. ``reproduce`` is the command that gives the same review.
    """

    comment: str | None = None
    reports: Path | None = None
    reproduce: str = "medallion review"


def deliver(
    review: Review,
    failures: Sequence[str],
    wanted: Wanted,
    environment: Mapping[str, str],
    clock: Clock | None = None,
) -> tuple[str, ...]:
    """Write the reports, tell the job, and post the comment; what became of that, as lines for whoever reads the log.

    ``failures`` are the reasons for which the review fails. The comment comes last, so that nothing else depends on the
    forge. A limit, or a forge that is not well, does not change what was found: that there is no comment is then a
    line, and an output ``unposted``. ``ForgeError`` where something else is in the way of writing or posting.
    """
    from medallion.review.review_html import review_html
    from medallion.review.review_markdown import review_markdown
    from medallion.review.verdict import verdict

    def render(budget: int) -> str:
        return review_markdown(review, budget, wanted.reproduce, failures)

    said = []
    if wanted.reports:
        write_reports(wanted.reports, render, {REPORT: review_html(review, wanted.reproduce, failures)})
        said.append(f"wrote {wanted.reports / COMMENT} and {REPORT}")
    outputs = {
        "verdict": verdict(review),
        "failed": "true" if failures else "false",
        "reasons": _listed(failures),
        "changed": str(len(review.diff.differing)),
        "reports": str(wanted.reports.resolve()) if wanted.reports else "",
    }
    said.append(tell_job(environment, render, outputs))
    if wanted.comment is not None:
        try:
            said.append(told(post_review(render, environment, name=wanted.comment, kept=wanted.reports, clock=clock)))
        except ForgeError as error:
            if not error.passing:
                raise
            note = f"the comment could not be posted: {error.message}"
            said.append(f"{note}; {error.hint}")
            tell_job(environment, None, {"unposted": note})
    return tuple(line for line in said if line)


def deliver_unfinished(wanted: Wanted, environment: Mapping[str, str], clock: Clock | None = None) -> tuple[str, ...]:
    """Say where a report was to go that there is none, lest one of an older commit stands there as if it were new.

    Why is for the log: an error may quote what is not for everybody. Otherwise as :func:`deliver`.
    """
    said = []
    if wanted.reports:
        write_reports(wanted.reports, lambda _: _UNFINISHED, {})
    if wanted.comment is not None:
        try:
            delivery = post_review(
                lambda _: _UNFINISHED, environment, name=wanted.comment, kept=wanted.reports, clock=clock
            )
            said.append(told(delivery))
        except ForgeError as error:  # The review's own error is the one to tell.
            said.append(f"the comment could not be posted: {error.message}")
    return tuple(said)


def _listed(reasons: Sequence[str]) -> str:
    """One a line, for a log."""
    shown = [" ".join(cut(reason, _LONGEST_REASON)[0].split()) for reason in reasons[:_MOST_REASONS]]
    more = len(reasons) - len(shown)
    return "\n".join([*shown, *([f"and {more:,} more"] if more else [])])


def check_job(environment: Mapping[str, str]) -> None:
    """``ForgeError`` where a review could not be posted for want of a job, a pull request or a token."""
    job_of(environment).forge(Clock())


def told(delivery: Delivery) -> str:
    """What became of a comment, in a line."""
    if delivery.posted is None:
        return delivery.note
    return f"{delivery.posted.outcome} the comment {delivery.posted.url}".rstrip()


def write_reports(folder: Path, render: Render, others: Mapping[str, str]) -> tuple[Path, ...]:
    """Write the comment as ``comment.md``, and ``others`` by their names, into ``folder``; their paths.

    ``ForgeError`` where that cannot be written to.
    """
    texts = {COMMENT: render(_COMMENT_LIMIT), **others}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise ForgeError(f"{folder} cannot be written to: {error.strerror}", hint="give another folder") from error
    return tuple(folder / name for name in texts)


def tell_job(environment: Mapping[str, str], render: Render | None, outputs: Mapping[str, str]) -> str:
    """Write the summary and the outputs of a step, where the job is one that has them; a note, or "".

    Without ``render`` there is nothing to summarise. ``ForgeError`` where a file of the runner cannot be written to.
    """
    if path := environment.get("GITHUB_OUTPUT"):
        append_outputs(path, outputs)
    path = environment.get("GITHUB_STEP_SUMMARY")
    if path and render and not append_summary(path, render):
        return "the summary of this step is full, so the report is not in it"
    return ""


def post_review(
    render: Render,
    environment: Mapping[str, str],
    *,
    name: str = "",
    kept: Path | None = None,
    clock: Clock | None = None,
) -> Delivery:
    """Make the one comment of the pull request that the job runs for say what ``render`` gives.

    ``environment`` is the job's. ``name`` tells several comments on one pull request apart. ``kept`` is the folder
    that the report lies in already: a token that may only read, as that of a fork's pull request, is then no error.

    ``ForgeError`` where there is no job, pull request, token or answer.
    """
    job = job_of(environment)
    try:
        return Delivery(post(job.forge(clock or Clock()), render, name))
    except ForgeError as error:
        if kept is None or error.status != 403 or not isinstance(job, GitHubJob):
            raise
        return Delivery(None, f"nothing was posted, and the report is kept in {kept}: {error.message}")


def post_from(folder: Path, environment: Mapping[str, str], *, name: str = "", clock: Clock | None = None) -> Delivery:
    """Post what the job of a stranger's pull request has left in ``folder``, as text that can do no harm.

    A line above it says who has made it.
    Which pull request it belongs to is GitHub's to say. ``ForgeError`` as above, and where the folder holds no report.
    """
    job = job_of(environment)
    if not isinstance(job, GitHubJob):
        raise ForgeError(
            "--post-from is for GitHub: it needs to be told by whom a finished workflow was started",
            hint="in GitLab, run the pipeline of a fork's merge request in the parent project, and use --post there",
        )
    text = read_comment(folder)
    forge = job.finished_forge(clock or Clock())
    if forge is None:
        return Delivery(None, "the pull request is closed or has newer commits, so nothing was posted")
    # Our own words stand first, outside of what the stranger has written, and an empty line ends them.
    origin = f"> {_OF_A_FORK if job.from_fork else _OF_A_BRANCH}\n\n"
    return Delivery(post(forge, lambda budget: origin + harmless(text, budget - len(origin)), name))
