"""A review for a person at a terminal: what needs attention first, the data in the middle, the verdict last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medallion.cli.console import count, size
from medallion.cli.diff_columns import packed
from medallion.cli.diff_view import WIDEST, diff_lines
from medallion.cli.text import Text, cells
from medallion.printable import printable
from medallion.review.headline import emptied_in_words, source_bytes
from medallion.review.privacy import shareable
from medallion.review.remedies import not_rebuilt_in_words, reached_state, remedy
from medallion.review.value import CheckTurn, ModelStatus
from medallion.review.verdict import verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from medallion.diff.value import Rows
    from medallion.review.value import CheckChange, Review, ReviewedModel, SourceChange

__all__ = ["WIDEST", "review_lines"]

_MOST = 20
# So many columns that came or went are named.
_MOST_COLUMNS = 4
_MARGIN, _GAP = 2, 2
#: Cells of a row with the style of each; a row is one line of a section.
_Row = list[tuple[str, str]]
_TURNS = {
    CheckTurn.NEWLY_FAILS: "red",
    CheckTurn.FAILS: "red",
    CheckTurn.UNKNOWN: "yellow",
    CheckTurn.NEWLY_PASSES: "green",
}
_STATUSES = {ModelStatus.ADDED: "green", ModelStatus.REMOVED: "red", ModelStatus.CHANGED: "yellow"}


def review_lines(review: Review, width: int, failures: Sequence[str] = ()) -> list[Text]:
    """All of it, in lines of at most ``width`` cells; ``failures`` are why it fails."""
    width = min(width, WIDEST)
    review = shareable(review)
    lines: list[Text] = []
    for title, style, rows in _urgent(review):
        lines += _section(title, rows, width, style)
        if rows and title == "stale":
            hint = packed(f"hint: {remedy(review, '`')}".split(), " ", width - _MARGIN)
            lines[-1:] = [*(Text(" " * _MARGIN + part, style="dim") for part in hint), Text()]
    lines += _section("models", _models(review), width)
    lines += _section("sources", _sources(review), width)
    if review.diff.differing or review.diff.rewritten:
        lines += [
            Text("data", style="bold"),
            *list(diff_lines(review.diff, width, f"`{_look_closer(review)}` shows them"))[:-1],
        ]
        remark = not_rebuilt_in_words(review)
        lines += (
            [Text(part, style="yellow") for part in packed(printable(remark).split(), " ", width)] if remark else []
        )
        lines += [] if lines[-1].plain == "" else [Text()]
    for title, rows in _after(review):
        lines += _section(title, rows, width)
    return [*lines, *_reasons(failures, width), _about(review, width), *_verdict(review, failures)]


def _section(title: str, rows: Sequence[_Row], width: int, style: str = "bold") -> list[Text]:
    """A title and its lines, with their cells one below the other; none where there is nothing to tell."""
    if not rows:
        return []
    shown = [[(printable(text), how) for text, how in row] for row in rows[:_MOST]]
    widths = [max(cells(row[i][0]) for row in shown) for i in range(len(shown[0]))]
    lines = [Text(title, style=style)]
    if _MARGIN + sum(wide + _GAP for wide in widths if wide) - _GAP <= width:
        lines += [_line(row, widths) for row in shown]
    else:  # What a row says comes below what it is about, in as many lines as it takes.
        for row in shown:
            lines += _folded(row, width)
    if len(rows) > _MOST:
        lines.append(Text(f"{' ' * _MARGIN}… {len(rows) - _MOST:,} more; --json lists all", style="dim"))
    return [*lines, Text()]


def _line(row: _Row, widths: Sequence[int]) -> Text:
    line = Text(" " * _MARGIN)
    for (text, style), wide in zip(row, widths, strict=True):
        if wide:
            line.append(text, style=style or "default").append(" " * (wide - cells(text) + _GAP), style="default")
    line.rstrip()
    return line


def _folded(row: _Row, width: int) -> Iterator[Text]:
    head, rest = Text(" " * _MARGIN), [cell for cell in row if cell[0]]
    used = _MARGIN
    while rest and (used == _MARGIN or used + cells(rest[0][0]) <= width):
        text, style = rest.pop(0)
        head.append(text, style=style or "default").append(" " * _GAP, style="default")
        used += cells(text) + _GAP
    head.rstrip()
    head.cut(width)
    yield head
    for text, style in rest:
        for part in packed(text.split(), " ", width - 2 * _MARGIN):
            yield Text(" " * 2 * _MARGIN + part, style=style)


def _urgent(review: Review) -> Iterator[tuple[str, str, list[_Row]]]:
    """What a reviewer has to know before anything else."""
    known = [[(str(s.name), ""), (s.reason, "")] for s in review.stale if s.known and not s.before]
    perhaps = [[(str(s.name), ""), (s.reason, "")] for s in review.stale if not s.known and not s.before]
    before = [[(str(s.name), "dim"), (s.reason, "dim")] for s in review.stale if s.before]
    problems = [[(f"{p.location}: {p.message}" if p.location else p.message, "")] for p in review.problems]
    unexpected = [[(str(name), ""), ("differs, which was not announced", "")] for name in review.unexpected]
    yield "stale", "red bold", known
    yield "perhaps stale", "yellow bold", perhaps
    yield "stale before", "bold", before
    yield "could not be reviewed", "red bold", problems
    yield (
        "emptied",
        "red bold",
        [[(str(t.name), ""), (emptied_in_words(t), "")] for t in review.diff.datasets if t.emptied],
    )
    yield "unexpected", "red bold", unexpected
    yield "expectations", "bold", _expectations(review)
    yield "checks", "bold", [_check(check) for check in review.checks if not check.is_as_before]
    for told, heading in ((True, "loosened"), (False, "changed, cannot be told whether it guards less")):
        rows: list[_Row] = [
            [(str(f.dataset), ""), (f.what, ""), (f.change, ""), (f.location, "dim")]
            for f in review.loosened
            if f.known is told
        ]
        yield heading, "yellow bold", rows
    yield "contracts broken", "red bold", [[(str(c.dataset), ""), (c.change, "")] for c in review.contracts]


def _expectations(review: Review) -> list[_Row]:
    words = {True: ("met", "green"), False: ("not met", "red"), None: ("cannot be told", "yellow")}
    order = (False, None, True)
    return [
        [words[e.met], (e.text, ""), (e.found, "dim" if e.met else ""), (e.where, "dim")]
        for e in sorted(review.expectations, key=lambda e: order.index(e.met))
    ]


def _check(check: CheckChange) -> _Row:
    turn = "as before" if check.is_as_before else f"{check.turn}{' (warning)' if check.warning else ''}"
    style = "yellow" if check.warning and check.turn is not CheckTurn.NEWLY_PASSES else _TURNS[check.turn]
    found = check.message
    if check.failures is not None and check.turn is not CheckTurn.NEWLY_PASSES:
        rows = f"{check.failures:,} of {count(check.rows or 0, 'row')}"
        found = "; ".join(filter(None, [rows, check.before_in_words, found]))
    return [(turn, style), (str(check.dataset), ""), (check.check, ""), (found, ""), (check.location, "dim")]


def _models(review: Review) -> list[_Row]:
    return [
        [(str(m.name), ""), (str(m.status), _STATUSES[m.status]), (m.summary, ""), _breaking(m)] for m in review.models
    ]


def _sources(review: Review) -> list[_Row]:
    return [
        [(s.path, ""), (str(s.status), _STATUSES[s.status]), (source_bytes(s), ""), (_readers(s), "dim")]
        for s in review.sources
    ]


def _readers(source: SourceChange) -> str:
    return f"read by {', '.join(map(str, source.readers))}"


def _breaking(model: ReviewedModel) -> tuple[str, str]:
    return ("breaking", "red") if model.breaking else ("not breaking", "dim")


def _after(review: Review) -> Iterator[tuple[str, list[_Row]]]:
    """What follows from the data: where it comes from, and what it reaches."""
    yield (
        "comes from",
        [
            [
                (str(a.dataset), ""),
                (f"inputs {_rows(a.inputs, a.input_columns)}", ""),
                (f"SQL {_rows(a.sql, a.sql_columns)}", ""),
                (a.note, "dim"),
            ]
            for a in review.attributions
        ],
    )
    reached = []
    for found in review.reach:
        names = ", ".join(found.columns[:8]) + (" …" if len(found.columns) > 8 else "")
        what = names if found.exact else f"{names or 'all columns'} (at most)"
        known = reached_state(review, found).removeprefix("its ")
        state = (known or "data differs", "dim" if known == "data is the same" else "yellow")
        causes = f"from {', '.join(map(str, found.causes))}"
        reached.append([(str(found.dataset), ""), state, (what, ""), (causes, "dim")])
    yield "reaches", reached
    yield "warnings as before", [_check(check)[1:] for check in review.checks if check.is_as_before]


def _rows(rows: Rows | None, columns: Sequence[str]) -> str:
    """``+12 −15 ~516``, and what became of columns; without a key nothing counts as changed."""
    if rows is None:
        return "unknown"
    marks = (("+", rows.added), ("−", rows.removed), ("~", rows.changed or 0))
    counts = " ".join(f"{mark}{number:,}" for mark, number in marks if number)
    told = [*columns[:_MOST_COLUMNS], *(["…"] if len(columns) > _MOST_COLUMNS else [])]
    schema = f"{'column' if len(columns) == 1 else 'columns'} {', '.join(told)}" if columns else ""
    return ", ".join(filter(None, [counts, schema])) or "nothing"


def _look_closer(review: Review) -> str:
    return f"medallion diff {review.base.commit[:7]}{f'..{review.head.commit[:7]}' if review.head.commit else ''}"


def _about(review: Review, width: int) -> Text:
    """What was held against what."""
    head = review.head.commit[:7] if review.head.commit else "work tree"
    left = f"where {printable(review.base.left_by)} left " if review.base.left_by else ""
    between = f"{left}{printable(review.base.short)} ({review.base.commit[:7]}) → {head}"
    added = f"{size(review.bytes_added)} added to storage" if review.bytes_added else "nothing added to storage"
    line = Text(f"{between}, {count(len(review.commits), 'commit')}, {added}", style="dim")
    line.cut(width)
    return line


def _reasons(failures: Sequence[str], width: int) -> Iterator[Text]:
    """Why it fails, each in as many lines as it takes."""
    if not failures:
        return
    yield Text("why it fails", style="red bold")
    for reason in failures[:_MOST]:
        for place, part in enumerate(packed(printable(reason).split(), " ", width - 2 * _MARGIN)):
            yield Text(" " * (2 * _MARGIN if place else _MARGIN) + part)
    if len(failures) > _MOST:
        yield Text(f"{' ' * _MARGIN}… {len(failures) - _MOST:,} more; --json lists all", style="dim")
    yield Text()


def _verdict(review: Review, failures: Sequence[str]) -> list[Text]:
    if not failures:
        return [Text(verdict(review), style="bold")]
    return [Text(f"fails: {verdict(review)}", style="red bold")]
