"""A difference as markdown, for a page or a comment. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medallion.diff.value import Status
from medallion.review.budget import Block, block, fit
from medallion.review.escape import code, prose, row
from medallion.review.figures import counted
from medallion.review.headline import by_importance
from medallion.review.table_markdown import FEW, MANY, bullet, details, overview_cells
from medallion.review.verdict import diff_verdict

if TYPE_CHECKING:
    from collections.abc import Collection

    from medallion.diff.value import Diff, Side
    from medallion.names import TableName
    from medallion.review.table_markdown import Limits

__all__ = ["details_block", "diff_markdown", "rewritten_block", "side_markdown"]

_HEADS = ("dataset", "rows", "+", "−", "~", "schema")
_RULE = ("---", "---:", "---:", "---:", "---:", "---")


def side_markdown(side: Side) -> str:
    """A side as it was asked for, and its commit where that is something else: ``main`` (3f9c2e1)."""
    name = f"where {code(side.left_by)} left {code(side.short)}" if side.left_by else code(side.short)
    return name if not side.commit or side.commit.startswith(side.name) else f"{name} ({code(side.commit[:7])})"


def rewritten_block(diff: Diff, rank: int) -> Block:
    """What there is to note of datasets that are equal though their files are not."""
    lines = [
        bullet(f"{code(str(t.name))} is {t.equal_in_words}; {prose(note)}") for t in diff.rewritten for note in t.notes
    ]
    return block(lines, rank, ("note on an equal dataset", "notes on equal datasets"))


def details_block(diff: Diff, limits: Limits, rank: int, first: Collection[TableName] = ()) -> Block:
    """The ``<details>`` of each dataset that differs; where room is short, those named ``first`` have it first."""
    told = [(table, text) for table in diff.differing if (text := details(table, diff, limits))]
    return block(
        [text for _, text in told],
        rank,
        ("dataset's details", "datasets' details"),
        between="\n\n",
        shorter=("dataset's rows or changes", "datasets' rows or changes"),
        order=by_importance([table for table, _ in told], first),
    )


def diff_markdown(diff: Diff, budget: int | None = None) -> str:
    """The difference in markdown: a verdict, a table of datasets, and a ``<details>`` for each that differs.

    ``budget`` is the most bytes of UTF-8 it may have, None for no bound; ``ValueError`` below 2,000. Equal datasets are
    counted, not listed. Every value of the data is literal text.
    """
    limits = MANY if budget is None else FEW
    differing = diff.differing
    blocks = [Block(((f"**{diff_verdict(diff)}**",),), 0)]
    lost = [t for t in differing if t.status is Status.UNAVAILABLE]
    blocks.append(
        block(
            [bullet(f"{code(str(t.name))} could not be compared: {prose(t.error)}") for t in lost],
            1,
            ("dataset that could not be compared", "datasets that could not be compared"),
        )
    )
    blocks.append(block([f"Note: {prose(note)}" for note in diff.notes], 2, ("note", "notes"), between="\n\n"))
    heads = row(_HEADS) + "\n" + row(_RULE) + "\n"
    rows = [row(overview_cells(table)) for table in differing]
    blocks.append(
        block(rows, 3, ("dataset of the table", "datasets of the table"), before=heads, order=by_importance(differing))
    )
    if equal := len(diff.datasets) - len(differing):
        blocks.append(Block(((f"{counted(equal, 'dataset')} equal.",),), 0))
    blocks += [rewritten_block(diff, 5), details_block(diff, limits, 4)]
    versions = f"{side_markdown(diff.head)} against {side_markdown(diff.base)}"
    return fit([*blocks, Block(((versions,),), 0)], budget)
