"""``review``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from medallion.cli.complete import complete_revision
from medallion.cli.diff_arguments import one_range
from medallion.cli.output import FORMAT_HELP, format_of, json_text, write_lines, write_text
from medallion.errors import MedallionError, RevisionError
from medallion.review.rules import DEFAULT_FAIL_ON

if TYPE_CHECKING:
    from collections.abc import Sequence

    from medallion.review.value import Review

__all__ = ["register", "rendered", "reproduce"]

_ROWS, _ROWS_OF_A_PAGE = 5, 2_000


def register(app: typer.Typer) -> None:
    """Add the command of this file."""
    app.command(rich_help_panel="Look")(review)


def review(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[REVISIONS]",
            help="BASE: from where HEAD left it to the work tree. A..B, or A B: these two. A...B: from where B left A. "
            "Left out: the default branch.",
            autocompletion=complete_revision,
        ),
    ] = None,
    *,
    form: Annotated[str | None, typer.Option("--format", "-f", help=FORMAT_HELP)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file.")] = None,
    attribute: Annotated[
        bool,
        typer.Option("--attribute", help="Say how much comes from SQL and how much from inputs; may build datasets."),
    ] = False,
    fail_on: Annotated[
        str,
        typer.Option(
            "--fail-on",
            metavar="RULES",
            help="Exit with 1 for these: stale, unseen-source, failed-check, breaking, removed-rows>1%, unexpected, "
            "loosened; or never.",
        ),
    ] = DEFAULT_FAIL_ON,
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit", min=1, help="Rows of each dataset to show, where samples are on. Default: 5; HTML 2,000."
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option("--report", metavar="DIR", help="Write comment.md and review.html there; tell a CI job, too."),
    ] = None,
    post: Annotated[
        bool, typer.Option("--post", help="In CI: keep one comment on the pull request, on GitHub or GitLab.")
    ] = False,
    comment: Annotated[
        str, typer.Option("--comment", metavar="NAME", help="Which comment, where projects have one each.")
    ] = "",
    post_from: Annotated[
        Path | None,
        typer.Option("--post-from", metavar="DIR", help="Review nothing; post what a fork's job has left there."),
    ] = None,
) -> None:
    """What a pull request does: stale data, models, rows and cells, checks, and what is downstream of it.

    Exits with 1 when it fails by --fail-on.

    Example: medallion review origin/main
    """
    from medallion.project import Project
    from medallion.review.privacy import shareable
    from medallion.review.verdict import failures, parse_fail_on

    revisions = one_range(words or ())
    if post_from is not None:
        _post_from(
            post_from, comment, alone=not (revisions or form or as_json or output or attribute or report or post)
        )
        return
    if comment and not post:
        raise MedallionError("--comment names a comment, and nothing is posted", hint="add --post")
    rules = parse_fail_on(fail_on)
    chosen = format_of(form, output, as_json=as_json)
    if post:
        _check_job()
    page = chosen == "html" or report is not None
    shown = limit or (_ROWS_OF_A_PAGE if page else _ROWS)
    try:
        found = Project.open().review(revisions, attribute=attribute, limit=shown, histograms=page)
    except MedallionError as error:
        if post or report:
            _deliver_unfinished(report, comment if post else None)
        if isinstance(error, RevisionError) and (table := _dataset_in(revisions)):
            hint = f"a review takes revisions, and is of all datasets; `medallion diff REVISION {table}` compares one"
            raise RevisionError(error.message, hint=hint) from error
        raise
    reasons = failures(shareable(found), rules)
    write_review(found, chosen, output, reasons)
    if post or report:
        _deliver(found, reasons, report, comment if post else None)
    if reasons:
        raise typer.Exit(1)


def _dataset_in(revisions: str) -> str:
    """The dataset that is among what should be revisions, if there is one."""
    from medallion.completion import datasets

    words = set(revisions.replace("..", " ").replace(" .", " ").lower().split())
    return next((name for name in datasets(Path.cwd()) if name in words), "")


def _check_job() -> None:
    """What a comment cannot do without is asked for before a review that takes minutes."""
    from medallion.review.post import check_job

    check_job(os.environ)


def _deliver(found: Review, reasons: Sequence[str], report: Path | None, comment: str | None) -> None:
    """Reports, summary, outputs, and a comment unless that is None; what became of them goes to stderr."""
    from medallion.cli.console import err
    from medallion.review.post import Wanted, deliver

    wanted = Wanted(comment, report, reproduce(found))
    for line in deliver(found, reasons, wanted, os.environ):
        err().print(line)


def _deliver_unfinished(report: Path | None, comment: str | None) -> None:
    from medallion.cli.console import err
    from medallion.review.post import Wanted, deliver_unfinished

    for line in deliver_unfinished(Wanted(comment, report), os.environ):
        err().print(line)


def _post_from(folder: Path, name: str, *, alone: bool) -> None:
    """Post the report that another job has left."""
    from medallion.cli.console import err
    from medallion.review.post import post_from, told

    if not alone:
        raise MedallionError(
            "--post-from posts what was reviewed elsewhere, and reviews nothing", hint="leave the other options out"
        )
    err().print(told(post_from(folder, os.environ, name=name)))


def write_review(review: Review, form: str, output: Path | None, reasons: Sequence[str]) -> None:
    """The review in a format, to a file or to stdout."""
    from medallion.cli.console import out

    if form != "text":
        write_text(rendered(review, form, reasons), output)
        return
    from medallion.cli.review_view import WIDEST, review_lines

    lines = review_lines(review, out().width if output is None else WIDEST, reasons)
    write_lines(lines, output, styled=out().styled)


def rendered(review: Review, form: str, reasons: Sequence[str] = ()) -> str:
    """The review in a format that is not for a terminal."""
    if form == "json":
        from medallion.review.document import review_document

        return json_text(review_document(review, reasons))
    if form == "markdown":
        from medallion.review.review_markdown import review_markdown

        return review_markdown(review, reproduce=reproduce(review), failures=reasons)
    from medallion.review.review_html import review_html

    return review_html(review, reproduce(review), reasons)


def reproduce(review: Review) -> str:
    """The command that gives this review again, wherever branches have moved to meanwhile."""
    head = f"..{review.head.commit[:12]}" if review.head.commit else ""
    return f"medallion review {review.base.commit[:12]}{head}"
