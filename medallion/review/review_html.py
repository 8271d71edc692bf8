"""A review as one page of HTML. Pure, but for the style and script that are shipped with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medallion.diff.value import Status
from medallion.review.diff_html import datasets, heading, side_html
from medallion.review.figures import amount, bytes_in_words, counted
from medallion.review.headline import changed_names, checks_in_words, emptied_in_words, source_bytes
from medallion.review.lineage_svg import lineage_svg
from medallion.review.markup import Child, Markup, data, element, join, sentence
from medallion.review.page import filtered_table, page, section
from medallion.review.privacy import shareable, withheld_rows
from medallion.review.remedies import not_rebuilt_in_words, reached_state, stale_title
from medallion.review.value import CheckTurn
from medallion.review.verdict import verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from medallion.diff.value import Rows
    from medallion.names import TableName
    from medallion.review.value import Attribution, CheckChange, Expectation, Reach, Review, ReviewedModel

__all__ = ["review_html"]

_TURNS = (CheckTurn.NEWLY_FAILS, CheckTurn.FAILS, CheckTurn.UNKNOWN, CheckTurn.NEWLY_PASSES)
_SAMPLES = 5
_CHECKS = ("check", "dataset", "outcome", "rows failing", "where")
_LOOSENED = ("safeguard", "dataset", "what became of it", "where")
_MODELS = ("model", "status", "what changes", "breaking", "file")
_SOURCES = ("file", "status", "bytes", "read by")
_ANNOUNCED = ("announced", "outcome", "found", "where")
_CAUSES = ("dataset", "by", "added", "removed", "changed", "columns", "note")
_REACH = ("downstream dataset", "columns", "from", "its data")


def review_html(review: Review, reproduce: str = "medallion review", failures: Sequence[str] = ()) -> str:
    """The review as one file of HTML that needs nothing else. Every value, name and message is literal text in it.

    ``reproduce`` is the command that gives the same review, ``failures`` are why it fails. Without
    ``review.samples`` there is no value of a single row in it.
    """
    shown = shareable(review)
    parts: list[tuple[str, str, Child]] = [
        (target, name, section(target, name, *children))
        for target, name, children in _sections(shown)
        if any(child is not None for child in children)
    ]
    told = datasets(shown.diff, _checked(shown), not_rebuilt_in_words(shown))
    places = [("overview", "Overview"), ("datasets", "Datasets")][: len(told)]
    contents = [places[0], *((target, name) for target, name, _ in parts), *places[1:]]
    body = [
        *_alarm("Fails", [sentence(reason) for reason in failures]),
        _alarms(shown),
        told[0],
        *(child for _, _, child in parts),
        *told[1:],
    ]
    title = f"Review of {review.head.short[:80]} against {review.base.short[:80]}"
    header = heading("review", shown.diff, verdict(shown), _tone(shown, failures))
    return page(title, header, contents, body, _footer(review, reproduce))


def _tone(review: Review, failures: Sequence[str]) -> str:
    """Red is what fails, and green where there is nothing to look at."""
    if failures:
        return "bad"
    checks = (*review.failed_checks, *review.warnings, *review.unknown_checks)
    found = (
        *review.breaking,
        *review.contracts,
        *review.loosened,
        *review.stale,
        *review.unexpected,
        *review.problems,
        *checks,
    )
    lost = any(table.status is Status.UNAVAILABLE or table.emptied for table in review.diff.datasets)
    unmet = any(expectation.met is not True for expectation in review.expectations)
    return "warn" if found or lost or unmet else "good"


def _alarms(review: Review) -> Iterator[Markup]:
    """What is on top: stale data, what became empty, differences nobody announced, what could not be reviewed."""
    stale = [
        [_dataset(review, s.name), "" if s.known else " (cannot be known)", ": ", sentence(s.reason)]
        for s in review.stale
    ]
    yield from _alarm(stale_title(review), stale)
    emptied = [[_dataset(review, t.name), f" {emptied_in_words(t)}"] for t in review.diff.datasets if t.emptied]
    yield from _alarm("Emptied: all rows are gone", emptied)
    yield from _alarm("Differences that were not announced", [[_dataset(review, name)] for name in review.unexpected])
    lost: list[list[Child]] = [
        [_dataset(review, table.name), " could not be compared: ", sentence(table.error)]
        for table in review.diff.datasets
        if table.status is Status.UNAVAILABLE
    ]
    for problem in review.problems:
        where = [data(str(problem.location)), ": "] if problem.location else None
        hint = element("span", " (", sentence(problem.hint), ")", class_="dim") if problem.hint else None
        lost.append([where, sentence(problem.message), hint])
    yield from _alarm("Not everything could be reviewed", lost)
    if review.diff.notes:
        yield element("ul", [element("li", sentence(note)) for note in review.diff.notes], class_="notes")


def _alarm(words: str, lines: Sequence[Child]) -> Iterator[Markup]:
    if lines:
        items = element("ul", [element("li", line) for line in lines])
        yield element("section", element("h2", words), items, class_="alarm", aria_label=words)


def _dataset(review: Review, name: TableName) -> Child:
    """Its name, which leads to its part of the page where it has one."""
    differs = any(table.name == name for table in review.diff.differing)
    return element("a", str(name), href=f"#{name}") if differs else str(name)


def _checked(review: Review) -> dict[str, str]:
    return {str(count.dataset): ", ".join(filter(None, checks_in_words(count))) for count in review.checked}


def _sections(review: Review) -> Iterator[tuple[str, str, Sequence[Child]]]:
    """The sections between overview and datasets: id, name, and what is in them; None for what there is not."""
    checks = [
        _check(review, c)
        for c in sorted(review.checks, key=lambda c: (c.is_as_before, _TURNS.index(c.turn), c.warning))
    ]
    loosened, changed = (
        [
            (data(f.what), _dataset(review, f.dataset), sentence(f.change), data(f.location))
            for f in review.loosened
            if f.known is known
        ]
        for known in (True, False)
    )
    broken = [(_dataset(review, c.dataset), sentence(c.change)) for c in review.contracts]
    models = [_model(m) for m in sorted(review.models, key=lambda model: not model.breaking)]
    order = (False, None, True)
    announced = [_expectation(e) for e in sorted(review.expectations, key=lambda e: order.index(e.met))]
    causes = [line for a in review.attributions for line in _attribution(a)]
    commits = [(element("code", c.hash[:7]), sentence(c.subject), sentence(c.author)) for c in review.commits]
    yield "checks", "Checks", [_table("Checks that fail or changed", _CHECKS, checks, (3,))]
    yield "loosened", "Loosened", [_table("What guards the data less", _LOOSENED, loosened)]
    untold = "Checks that changed; whether they guard the data less cannot be told"
    yield "safeguards", "Safeguards changed", [_table(untold, _LOOSENED, changed)]
    yield "contracts", "Contracts broken", [_table("Contracts broken", ("dataset", "change"), broken)]
    yield "models", "Models", [_table("Models that changed", _MODELS, models)]
    sources = [(data(s.path), str(s.status), source_bytes(s), ", ".join(map(str, s.readers))) for s in review.sources]
    yield "sources", "Sources", [_table("Source files that changed", _SOURCES, sources)]
    yield "expectations", "Announced by the author", [_table("Announced differences", _ANNOUNCED, announced)]
    yield "attribution", "Where differences come from", [_table("Differences by cause", _CAUSES, causes, (2, 3, 4))]
    yield (
        "lineage",
        "Lineage",
        [_lineage(review), _table("Downstream", _REACH, [_reach(review, r) for r in review.reach])],
    )
    yield "commits", "Commits", [_table("Commits", ("commit", "subject", "author"), commits)]


def _lineage(review: Review) -> Markup | None:
    names = frozenset(str(table.name) for table in review.diff.differing)
    picture = lineage_svg(review.edges, changed_names(review), names)
    legend = element("p", element("span", class_="dot"), " changed in this pull request", class_="legend")
    return join(legend, picture) if picture else None


def _table(
    caption: str, heads: Sequence[Child], rows: Sequence[Sequence[Child]], numbers: Sequence[int] = ()
) -> Markup | None:
    return filtered_table(caption, heads, rows, numbers) if rows else None


def _check(review: Review, check: CheckChange) -> tuple[Child, ...]:
    kind = {CheckTurn.NEWLY_FAILS: "del", CheckTurn.FAILS: "del", CheckTurn.NEWLY_PASSES: "add"}.get(check.turn, "mod")
    warning = element("span", " warning", class_="dim") if check.warning else None
    failing = "" if check.failures is None else f"{check.failures:,}"
    if check.rows is not None and failing:
        failing += f" of {check.rows:,}"
    message = element("div", sentence(check.message), class_="dim") if check.message else None
    if check.turn is CheckTurn.FAILS and check.before:
        failing += f"; {check.before_in_words}"
    word = element("span", "as before", class_="dim") if check.is_as_before else None
    turn = [word or element("span", check.turn.value, class_=kind), warning]
    return [data(check.check), message], _dataset(review, check.dataset), turn, failing, data(check.location)


def _model(model: ReviewedModel) -> tuple[Child, ...]:
    status = model.status.value
    macros = [[", " if place else " through ", data(macro)] for place, macro in enumerate(model.macros)]
    breaking = element("strong", "breaking", class_="bad") if model.breaking else element("span", "no", class_="dim")
    return str(model.name), status, [sentence(model.summary or "changed"), macros], breaking, data(model.path)


def _expectation(expectation: Expectation) -> tuple[Child, ...]:
    word, kind = {True: ("met", "add"), False: ("not met", "del"), None: ("cannot be told", "mod")}[expectation.met]
    outcome = element("span", word, class_=kind)
    return data(expectation.text), outcome, sentence(expectation.found), data(expectation.where)


def _attribution(attribution: Attribution) -> Iterator[tuple[Child, ...]]:
    for what, rows, columns in (
        ("inputs", attribution.inputs, attribution.input_columns),
        ("SQL", attribution.sql, attribution.sql_columns),
    ):
        names = [[", " if place else None, data(name, 60)] for place, name in enumerate(columns)]
        yield str(attribution.dataset), what, *_counts(rows), names, sentence(attribution.note)


def _counts(rows: Rows | None) -> tuple[Child, Child, Child]:
    if rows is None:
        return "not known", "", ""
    return (
        amount(rows.added) or "0",
        amount(rows.removed) or "0",
        "no key" if rows.changed is None else f"{rows.changed:,}",
    )


def _reach(review: Review, reach: Reach) -> tuple[Child, ...]:
    columns = [[", " if place else None, data(name, 60)] for place, name in enumerate(reach.columns)]
    named: Child = columns if reach.exact else "any column: they could not be told apart"
    state = reached_state(review, reach).removeprefix("its data is ") or "changed"
    return str(reach.dataset), named, ", ".join(map(str, reach.causes)), state


def _footer(review: Review, reproduce: str) -> Child:
    withheld = withheld_rows(review, _SAMPLES)
    parts: list[Child] = [side_html(review.head), " against ", side_html(review.base)]
    if review.bytes_added:
        parts.append(f" · {bytes_in_words(review.bytes_added)} added to storage")
    if withheld:
        parts.append(f" · {counted(withheld, 'sample row')} left out (samples are off)")
    return [element("p", parts), element("p", "Reproduce: ", data(reproduce, 1_000))]
