"""Hold what an author announced against what differs. Pure.

``only`` is meant: nothing else differs, no other column and no row added or removed, but for what another claim on the
same dataset speaks of.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from medallion.diff.value import ColumnStatus, Status
from medallion.names import nearest
from medallion.review.claims import Became, Changed, Claims, Counted, Whole
from medallion.review.figures import counted
from medallion.review.value import Expectation

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from medallion.diff.value import ColumnDiff, Diff, TableDiff
    from medallion.names import TableName
    from medallion.review.claims import Claim

__all__ = ["evaluate", "what_differs"]

_MOST = 5
#: Whether a claim is met, None where it cannot be told; and what is in the way.
_Found = tuple[bool | None, str]
_MET: _Found = True, ""


def evaluate(
    announced: Sequence[Claims], diff: Diff, uncertain: Collection[TableName] = ()
) -> tuple[tuple[Expectation, ...], tuple[TableName, ...]]:
    """Each line with whether it is met; and the datasets that differ though none of the lines speaks of them.

    ``uncertain`` are datasets whose data is stale: what is met by it may not be met by the right data.
    """
    expectations = tuple(_expectation(line, announced, diff, uncertain) for line in announced)
    unexpected = tuple(
        table.name
        for table in diff.datasets
        if announced and table.status is not Status.EQUAL and not any(line.speaks_of(table.name) for line in announced)
    )
    return expectations, unexpected


def what_differs(table: TableDiff) -> str:
    """A difference in a few words: ``12 rows added, 516 of 99,441 changed; column status changed``."""
    if table.status is Status.EQUAL:
        return "it is unchanged"
    if table.status is Status.UNAVAILABLE:
        return f"it cannot be compared: {table.error}"
    if table.one_sided:
        return "it is new" if table.status is Status.ADDED else "the dataset is removed"
    parts = []
    if table.rows is not None:
        counts = {"added": table.rows.added, "removed": table.rows.removed, "changed": table.rows.changed or 0}
        rows = ", ".join(f"{counted(count, 'row')} {verb}" for verb, count in counts.items() if count)
        parts.append(f"{rows} (of {table.rows.base:,})" if rows else "no row differs")
    parts += [f"column {name} {' and '.join(verbs)}" for name, verbs in _columns(table)[:_MOST]]
    return "; ".join(parts) or "its data differs"


def _expectation(
    line: Claims, announced: Sequence[Claims], diff: Diff, uncertain: Collection[TableName]
) -> Expectation:
    tables = [table for table in diff.datasets if line.speaks_of(table.name)]
    if not tables:
        near = nearest(line.pattern, (str(table.name) for table in diff.datasets))
        hint = f"; did you mean {near}?" if near else ""
        return Expectation(line.text, line.where, line.dataset, False, f"there is no dataset {line.pattern}{hint}")
    found = []
    for table in tables:
        met, why = _all(_told(table, claim, announced) for claim in line.claims)
        if met and table.name in uncertain:
            met, why = None, "its data is stale"
        said = why or what_differs(table)
        found.append((met, said if line.dataset else f"{table.name}: {said}"))
    worst = _worst(met for met, _ in found)
    telling = [text for met, text in found if met is worst]
    if worst and line.dataset is None:
        told = f"so it is with {'all ' if len(tables) > 1 else ''}{len(tables)} dataset{'s' if len(tables) > 1 else ''}"
    else:
        more = f"; and {len(telling) - _MOST} more" if len(telling) > _MOST else ""
        told = "; ".join(telling[:_MOST]) + more
    return Expectation(line.text, line.where, line.dataset, worst, told)


def _all(found: Iterator[_Found]) -> _Found:
    listed = list(found)
    worst = _worst(met for met, _ in listed)
    return worst, "; ".join(dict.fromkeys(why for met, why in listed if met is worst and why))


def _worst(found: Iterator[bool | None]) -> bool | None:
    listed = list(found)
    return False if False in listed else None if None in listed else True


def _told(table: TableDiff, claim: Claim, announced: Sequence[Claims]) -> _Found:
    """Whether a claim is met, and what there is instead where it is not."""
    if table.status is Status.UNAVAILABLE:
        return None, what_differs(table)
    if isinstance(claim, Whole):
        wanted = {Whole.UNCHANGED: Status.EQUAL, Whole.NEW: Status.ADDED, Whole.REMOVED: Status.REMOVED}[claim]
        return (True, "") if table.status is wanted else (False, what_differs(table))
    if table.status is Status.REMOVED or (table.status is Status.ADDED and not isinstance(claim, Counted)):
        return False, what_differs(table)
    if isinstance(claim, Counted):
        return _counted(table, claim)
    return _became(table, claim) if isinstance(claim, Became) else _changed(table, claim, announced)


def _counted(table: TableDiff, claim: Counted) -> _Found:
    if table.status is Status.EQUAL:
        count: int | None = 0
        base = table.rows.base if table.rows else 0
    elif table.rows is None:
        return None, "its rows were not compared"
    else:
        count = {"added": table.rows.added, "removed": table.rows.removed, "changed": table.rows.changed}[claim.what]
        base = table.rows.base
        if table.status is Status.ADDED:
            count, base = {"added": table.rows.head}.get(claim.what, 0), 0
    if count is None:
        return (True, "") if not table.differing_rows and claim.amount.allows(0, base) else (None, _NO_KEY)
    return (True, "") if claim.amount.allows(count, base) else (False, f"{_of(count, base)} {claim.what}")


_NO_KEY = "without a key a changed row is one removed and one added"


def _became(table: TableDiff, claim: Became) -> _Found:
    found: list[_Found] = []
    for name in claim.columns:
        column = _named(table, name)
        verbs = _verbs(column) if column else []
        if claim.what in verbs:
            found.append(_MET)
        elif column is not None and claim.what == "changed" and column.changed is None and table.differing_rows:
            found.append((None, _NO_KEY))
        else:
            found.append((False, _missed(table, name, verbs)))
    return _all(iter(found))


def _changed(table: TableDiff, claim: Changed, announced: Sequence[Claims]) -> _Found:
    if table.rows is None and table.status is not Status.EQUAL:
        return None, "its rows were not compared"
    if table.rows is not None and table.rows.changed is None and table.differing_rows:
        return None, _NO_KEY
    columns = {name: _named(table, name) for name in claim.columns}
    found: list[_Found] = []
    for name, column in columns.items():
        if column is None and table.columns:
            found.append((False, _missed(table, name, [])))
    if not found and not any(column and (column.changed or column.retyped) for column in columns.values()):
        found.append((False, f"no value of {', '.join(claim.columns)} is changed"))
    if claim.only:
        others = _others(table, claim, announced)
        found += [(False, f"also {', '.join(others)}")] if others else []
    if claim.amount is not None and table.rows is not None:
        counts = (
            {"row": table.rows.changed or 0} if claim.only else {n: c.changed or 0 for n, c in columns.items() if c}
        )
        for name, count in counts.items():
            if not claim.amount.allows(count, table.rows.base):
                what = "changed" if claim.only else f"changed in {name}"
                found.append((False, f"{_of(count, table.rows.base)} {what}"))
    return _all(iter(found or [_MET]))


def _others(table: TableDiff, claim: Changed, announced: Sequence[Claims]) -> list[str]:
    """What differs besides, and no claim on the dataset speaks of."""
    spoken = {name.lower() for name in claim.columns}
    rows: set[str] = set()
    for line in announced:
        for other in line.claims if line.speaks_of(table.name) else ():
            if isinstance(other, Changed | Became):
                spoken |= {name.lower() for name in other.columns}
            elif isinstance(other, Counted):
                rows.add(other.what)
    others = [f"column {name} {' and '.join(verbs)}" for name, verbs in _columns(table) if name.lower() not in spoken]
    if table.rows is not None:
        counts = {"added": table.rows.added, "removed": table.rows.removed}
        others += [f"{counted(count, 'row')} {what}" for what, count in counts.items() if count and what not in rows]
    return others[:_MOST] + (["more"] if len(others) > _MOST else [])


def _named(table: TableDiff, name: str) -> ColumnDiff | None:
    """A column by its name in either version, in any case, as in SQL."""
    names = [(column, (column.name.lower(), column.base_name.lower())) for column in table.columns]
    exact = next((column for column in table.columns if column.name == name), None)
    return exact or next((column for column, known in names if name.lower() in known), None)


def _missed(table: TableDiff, name: str, verbs: Sequence[str]) -> str:
    if verbs:
        return f"column {name} is {' and '.join(verbs)}"
    if _named(table, name) is None and table.columns:
        near = nearest(name, (column.name for column in table.columns))
        return f"there is no column {name}" + (f"; did you mean {near}?" if near else "")
    return f"column {name} is as before"


def _columns(table: TableDiff) -> list[tuple[str, list[str]]]:
    """The columns that differ, with what became of them."""
    return [(column.name, verbs) for column in table.columns if (verbs := _verbs(column))]


def _verbs(column: ColumnDiff) -> list[str]:
    if column.status in (ColumnStatus.ADDED, ColumnStatus.REMOVED):
        return [str(column.status)]
    told = {
        "renamed": column.renamed,
        "retyped": column.retyped,
        "moved": column.moved or column.status is ColumnStatus.MOVED,
        "changed": bool(column.changed),
    }
    return [verb for verb, holds in told.items() if holds]


def _of(count: int, base: int) -> str:
    """``516 of 99,441 rows (0.52 %)``; without a share where the base has no rows."""
    return f"{count:,} of {counted(base, 'row')} ({100 * count / base:.3g} %)" if base else counted(count, "row")
