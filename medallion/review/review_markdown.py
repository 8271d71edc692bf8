"""A review as markdown: the comment on a pull request. Pure.

It begins with what fails it (stale data, differences that nobody announced), then comes one line that sums it up, and
from there on ever more detail.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from medallion.diff.value import Status
from medallion.review.budget import Block, block, fit
from medallion.review.diff_markdown import details_block, rewritten_block, side_markdown
from medallion.review.escape import code, prose, row
from medallion.review.figures import bytes_in_words, counted
from medallion.review.headline import by_importance, changed_names, checks_in_words, emptied_in_words, source_bytes
from medallion.review.mermaid import lineage_picture
from medallion.review.privacy import shareable, withheld_rows
from medallion.review.remedies import not_rebuilt_in_words, reached_state, stale_title
from medallion.review.table_markdown import FEW, bullet, overview_cells
from medallion.review.value import CheckTurn, ModelStatus
from medallion.review.verdict import verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from medallion.diff.value import Rows
    from medallion.review.value import Attribution, CheckChange, CheckCount, Expectation, Reach, Review, ReviewedModel

__all__ = ["review_markdown"]

_HEADS = ("dataset", "rows", "+", "−", "~", "schema", "checks")
_RULE = ("---", "---:", "---:", "---:", "---:", "---", "---")
_TURNS = (CheckTurn.NEWLY_FAILS, CheckTurn.FAILS, CheckTurn.UNKNOWN, CheckTurn.NEWLY_PASSES)
_COLUMNS = 8
_SHORT_COMMAND = 1_000
# The whole of it is told where it belongs.
_SHORT_REASON = 200


def review_markdown(
    review: Review,
    budget: int | None = 60_000,
    reproduce: str = "medallion review",
    failures: Sequence[str] = (),
) -> str:
    """The review in markdown, in at most ``budget`` bytes of UTF-8 (None for no bound); ``ValueError`` below 2,000.

    What matters most goes in first, and the text says what was left out. ``reproduce`` is the command that gives the
    same review, ``failures`` are why it fails. Every value of the data, and every name and message, is literal text.
    Without ``review.samples`` no value of a single row is in it.
    """
    shown = shareable(review)
    blocks = [
        _fails(failures),
        *_alarms(shown),
        Block(((f"**{verdict(shown)}**",),), 0),
        *_trouble(shown),
        *_overview(shown),
    ]
    blocks += [
        _checks([c for c in shown.checks if not c.is_as_before], "Checks", 6),
        *_loosened(shown),
        _contracts(shown),
        _models(shown),
        _sources(shown),
        _expectations(shown),
        _attributions(shown),
    ]
    blocks += [
        details_block(shown.diff, FEW, 10, shown.unexpected),
        _as_before(shown),
        _reach(shown),
        *_lineage(shown),
        _commits(shown),
    ]
    return fit([*blocks, _footer(review, reproduce)], budget)


def _fails(failures: Sequence[str]) -> Block:
    lines = [bullet(prose(reason, _SHORT_REASON)) for reason in failures]
    return block(lines, 1, ("reason to fail", "reasons to fail"), before="**Fails:**\n\n")


def _alarms(review: Review) -> Iterator[Block]:
    stale = [
        bullet(f"{code(str(s.name))}{'' if s.known else ' (cannot be known)'}: {prose(s.reason)}") for s in review.stale
    ]
    yield block(stale, 1, ("stale dataset", "stale datasets"), before=f"**{stale_title(review, '`')}**\n\n")
    emptied = [bullet(f"{code(str(t.name))} {emptied_in_words(t)}") for t in review.diff.datasets if t.emptied]
    yield block(emptied, 1, ("emptied dataset", "emptied datasets"), before="**Emptied: all rows are gone**\n\n")
    tables = {table.name: table for table in review.diff.datasets}
    unexpected = [bullet(code(str(name)) + _rows_in_words(tables[name].rows if name in tables else None))
                  for name in review.unexpected]  # fmt: skip
    before = "**Unexpected: these datasets differ, and the author did not announce it**\n\n"
    yield block(unexpected, 2, ("unexpected difference", "unexpected differences"), before=before)


def _rows_in_words(rows: Rows | None) -> str:
    return f": {_row_counts(rows)}" if rows else ""


def _row_counts(rows: Rows) -> str:
    """In words: GitLab makes a link to a label of ``~516``."""
    counts = ((rows.added, "added"), (rows.removed, "removed"), (rows.changed, "changed"))
    return ", ".join(f"{count:,} {what}" for count, what in counts if count) or "no rows"


def _trouble(review: Review) -> Iterator[Block]:
    lines = [
        bullet(f"{code(str(table.name))} could not be compared: {prose(table.error)}")
        for table in review.diff.datasets
        if table.status is Status.UNAVAILABLE
    ]
    for problem in review.problems:
        where = f"{code(str(problem.location))}: " if problem.location else ""
        hint = f" ({prose(problem.hint)})" if problem.hint else ""
        lines.append(bullet(f"{where}{prose(problem.message)}{hint}"))
    before = "**Not everything could be reviewed**\n\n"
    yield block(lines, 3, ("problem", "problems"), before=before)
    yield block([f"Note: {prose(note)}" for note in review.diff.notes], 4, ("note", "notes"), between="\n\n")


def _overview(review: Review) -> Iterator[Block]:
    checked = {count.dataset: count for count in review.checked}
    differing = review.diff.differing
    rows = [row((*overview_cells(table), _passed(checked.get(table.name)))) for table in differing]
    heads = row(_HEADS) + "\n" + row(_RULE) + "\n"
    yield block(
        rows,
        5,
        ("dataset of the table", "datasets of the table"),
        before=heads,
        order=by_importance(differing, review.unexpected),
    )
    if equal := len(review.diff.datasets) - len(differing):
        yield Block(((f"{counted(equal, 'dataset')} equal.",),), 0)
    if remark := not_rebuilt_in_words(review):
        yield Block(((f"{prose(remark)}.",),), 0)
    yield rewritten_block(review.diff, 10)


def _passed(count: CheckCount | None) -> str:
    if count is None:
        return ""
    failed, rest = checks_in_words(count)
    return ", ".join(filter(None, [f"**{failed}**" if failed else "", rest]))


def _checks(listed: Sequence[CheckChange], title: str, rank: int) -> Block:
    checks = sorted(listed, key=lambda c: (_TURNS.index(c.turn), c.warning))
    return block([bullet(_check(c)) for c in checks], rank, ("check", "checks"), before=f"**{title}**\n\n")


def _as_before(review: Review) -> Block:
    return _checks([c for c in review.checks if c.is_as_before], "Warnings as before", 11)


def _check(check: CheckChange) -> str:
    turn = f"**{check.turn}**" if check.turn is CheckTurn.NEWLY_FAILS and not check.warning else check.turn.value
    words = f"{turn}{' (warning)' if check.warning else ''}: {code(str(check.dataset))} {code(check.check, 200)}"
    if check.turn is not CheckTurn.NEWLY_PASSES and check.failures is not None:
        words += (
            f": {check.failures:,} of {counted(check.rows, 'row')}"
            if check.rows is not None
            else f": {check.failures:,}"
        )
        words += f"; {check.before_in_words}" if check.before else ""
    elif check.message:
        words += f": {prose(check.message)}"
    return f"{words} ({code(check.location)})" if check.location else words


def _loosened(review: Review) -> Iterator[Block]:
    for known, word, what in (
        (True, "loosened", "Loosened: what guarded the data and guards it less"),
        (False, "changed", "Changed: what guards the data in another way; whether it guards less cannot be told"),
    ):
        lines = [
            bullet(f"{code(str(f.dataset))} {code(f.what, 200)}: {_became(f.change)} ({code(f.location)})")
            for f in review.loosened
            if f.known is known
        ]
        yield block(lines, 6, (f"{word} safeguard", f"{word} safeguards"), before=f"**{what}**\n\n")


def _became(change: str) -> str:
    """What became of a safeguard; another check in its place is a whole, and one code span."""
    now, warns = "is now ", ", and is only a warning"
    if not change.startswith(now):
        return prose(change)
    ending = warns if change.endswith(warns) else ""
    return now + code(change.removeprefix(now).removesuffix(warns), 200) + ending


def _contracts(review: Review) -> Block:
    lines = [bullet(f"{code(str(c.dataset))}: {prose(c.change)}") for c in review.contracts]
    return block(lines, 7, ("contract", "contracts"), before="**Contracts broken**\n\n")


def _models(review: Review) -> Block:
    models = sorted(review.models, key=lambda model: not model.breaking)
    return block([bullet(_model(m)) for m in models], 8, ("model", "models"), before="**Models**\n\n")


def _model(model: ReviewedModel) -> str:
    status = "" if model.status is ModelStatus.CHANGED else f" {model.status}"
    words = f"{code(str(model.name))}{status}: {prose(model.summary) or 'changed'}"
    macros = ", ".join(code(macro) for macro in model.macros)
    words += f" through {macros}" if macros else ""
    return f"{words}, **breaking**" if model.breaking else words


def _sources(review: Review) -> Block:
    lines = []
    for source in review.sources:
        size = f", {words}" if (words := source_bytes(source)) else ""
        lines.append(
            bullet(f"{code(source.path)} {source.status}{size}, read by {_listed(list(map(str, source.readers)))}")
        )
    return block(lines, 8, ("source", "sources"), before="**Sources**\n\n")


def _expectations(review: Review) -> Block:
    order = (False, None, True)
    lines = [bullet(_expectation(e)) for e in sorted(review.expectations, key=lambda e: order.index(e.met))]
    return block(lines, 9, ("expectation", "expectations"), before="**Announced by the author**\n\n")


def _expectation(expectation: Expectation) -> str:
    state = {True: "met", False: "**not met**", None: "**cannot be told**"}[expectation.met]
    found = f", found {prose(expectation.found)}" if expectation.found and expectation.met is not True else ""
    return f"{state}: {code(expectation.text, 200)}{found} ({code(expectation.where)})"


def _attributions(review: Review) -> Block:
    lines = [bullet(_attribution(a)) for a in review.attributions]
    return block(lines, 11, ("attribution", "attributions"), before="**Where the differences come from**\n\n")


def _attribution(attribution: Attribution) -> str:
    parts = []
    for what, rows, columns in (
        ("inputs", attribution.inputs, attribution.input_columns),
        ("SQL", attribution.sql, attribution.sql_columns),
    ):
        names = f", columns {_listed(columns)}" if columns else ""
        parts.append(f"by its {what} {_row_counts(rows)}{names}" if rows else f"by its {what} not known")
    note = f" ({prose(attribution.note)})" if attribution.note else ""
    return f"{code(str(attribution.dataset))}: {'; '.join(parts)}{note}"


def _reach(review: Review) -> Block:
    lines = [bullet(_reached(reach, reached_state(review, reach))) for reach in review.reach]
    before = "<details><summary>Downstream of what changed</summary>\n\n"
    noun = ("downstream dataset", "downstream datasets")
    return block(lines, 12, noun, before=before, after="\n\n</details>")


def _reached(reach: Reach, state: str) -> str:
    columns = _listed(reach.columns) if reach.exact else "any of its columns: they could not be told apart"
    state = f"; {state}" if state else ""
    return f"{code(str(reach.dataset))}: {columns or 'rows'}, from {_listed(list(map(str, reach.causes)))}{state}"


def _listed(names: Sequence[str]) -> str:
    words = [code(name) for name in names[:_COLUMNS]]
    return ", ".join(words) + (f" and {len(names) - _COLUMNS:,} more" if len(names) > _COLUMNS else "")


def _lineage(review: Review) -> Iterator[Block]:
    picture = lineage_picture(review.edges, changed_names(review))
    if picture:
        yield block([picture], 13, ("lineage picture", "lineage pictures"))


def _commits(review: Review) -> Block:
    lines = [bullet(f"{code(c.hash[:7])} {code(c.subject)}, {code(c.author)}") for c in review.commits]
    summary = f"<details><summary>{counted(len(review.commits), 'commit')}</summary>\n\n"
    return block(lines, 14, ("commit", "commits"), before=summary, after="\n\n</details>")


def _footer(review: Review, reproduce: str) -> Block:
    parts = [f"{side_markdown(review.head)} against {side_markdown(review.base)}"]
    if review.bytes_added:
        parts.append(f"{bytes_in_words(review.bytes_added)} added to storage")
    short = list(parts)
    parts.append(f"reproduce: {code(reproduce, _SHORT_COMMAND)}")
    if withheld := withheld_rows(review, FEW.rows):
        words = f"{counted(withheld, 'sample row')} left out (samples are off)"
        parts, short = [*parts, words], [*short, words]
    return Block(((" · ".join(parts), " · ".join(short)),), 0)
