"""What a change of a model's SQL does to its output, told from the two texts. Conservative: in doubt it is breaking.

A change is *not breaking* where readers of the old columns cannot notice it: columns were added at the end of the
outermost SELECT, and nothing else. The same words in SQLMesh mean the same. Where adding a column can change which rows
there are (``DISTINCT``, ``GROUP BY ALL``, a first aggregate, a function that multiplies rows, a name that the rest of
the statement uses), it is breaking.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlglot import exp

from medallion.models.syntax import syntax_tree

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["ModelChange", "compare_models", "with_renames"]


# Of what sqlglot calls an aggregate, some are functions of windows: these are aggregates in DuckDB.
_AGGREGATES = (exp.Avg, exp.Count, exp.CountIf, exp.Max, exp.Median, exp.Min, exp.Stddev, exp.Sum, exp.Variance)


@dataclass(frozen=True, slots=True)
class ModelChange:
    """Columns ``added``, ``removed`` and of another meaning (``changed``), in the order in which they stand.

    ``rows``: the rest of the statement differs, so that the rows may. ``known`` is False where the two texts cannot be
    compared; then anything may differ. ``renamed`` (name before, name after) are columns of which the data tells that.
    """

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    rows: bool = False
    breaking: bool = True
    known: bool = True
    renamed: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        """As a person would say it: ``column language added (not breaking)``."""
        renamed = tuple(f"{before} renamed to {after}" for before, after in self.renamed)
        told = ((renamed, ""), (self.added, " added"), (self.removed, " removed"), (self.changed, " changed"))
        parts = [
            f"column{'s' if len(names) > 1 else ''} {', '.join(names[:5])}{' …' if len(names) > 5 else ''}{verb}"
            for names, verb in told
            if names
        ]
        if self.rows:
            parts.append("rows may change")
        if not self.known:
            parts = ["what it does cannot be told"]
        return f"{', '.join(parts) or 'columns moved'} ({'breaking' if self.breaking else 'not breaking'})"


def with_renames(change: ModelChange, renamed: Mapping[str, str]) -> ModelChange:
    """The same, with columns that came and went told as renamed where they are; names before to names after."""
    now = {name.lower(): name for name in change.added}
    then = {name.lower(): name for name in change.removed}
    found = {then[a.lower()]: now[b.lower()] for a, b in renamed.items() if a.lower() in then and b.lower() in now}
    return replace(
        change,
        added=tuple(name for name in change.added if name not in found.values()),
        removed=tuple(name for name in change.removed if name not in found),
        renamed=tuple(found.items()),
    )


def compare_models(before: str, after: str) -> ModelChange:
    """What the change from one SQL text of a model to another does to its output."""
    old, new = syntax_tree(before), syntax_tree(after)
    if not isinstance(old, exp.Select) or not isinstance(new, exp.Select):
        return ModelChange(known=False)
    old_columns, new_columns = _columns(old), _columns(new)
    if old_columns is None or new_columns is None:
        return ModelChange(known=False)
    added = tuple(name for name in new_columns if name not in old_columns)
    removed = tuple(name for name in old_columns if name not in new_columns)
    kept = [name for name in old_columns if name in new_columns]
    changed = tuple(name for name in kept if old_columns[name] != new_columns[name])
    rows = _rest(old) != _rest(new)
    in_place = list(new_columns)[: len(kept)] == kept
    harmless = in_place and not (removed or changed or rows) and _adds_no_rows(new, added)
    return ModelChange(added, removed, changed, rows=rows, breaking=not harmless)


def _columns(select: exp.Select) -> Mapping[str, str] | None:
    """Each output column's expression by its name; None where a name is not known, or stands twice."""
    found: dict[str, str] = {}
    for item in select.expressions:
        # A column's name is the table's to spell; that of an alias is as written here.
        name = item.alias or item.name.lower()
        if not name or name in found or item.is_star or item.find(exp.Columns):
            return None
        if not isinstance(item, exp.Alias | exp.Column):
            return None
        found[name] = _text(item.unalias())
    return found


def _rest(select: exp.Select) -> str:
    rest = select.copy()
    rest.set("expressions", [])
    return _text(rest)


def _text(tree: exp.Expr) -> str:
    return tree.sql("duckdb", comments=False, normalize=True)


def _adds_no_rows(select: exp.Select, added: tuple[str, ...]) -> bool:
    """Whether the added columns leave the rows as they are."""
    group = select.args.get("group")
    if select.args.get("distinct") or (group is not None and _by_place(group)):
        return False
    new = [item for item in select.expressions if item.alias_or_name in added]
    if group is not None and group.args.get("all") and not all(_is_aggregate(item) for item in new):
        return False  # It groups by what is not aggregated.
    if _orders_by_all(select) or any(_hides(item) for item in new if item.alias_or_name.lower() in _names(select, new)):
        return False
    multiplies = any(item.find(exp.Unnest, exp.Explode, exp.UDTF) for item in new)
    # A function that sqlglot does not know could be an aggregate, or a macro that multiplies rows.
    unknown = any(item.find(exp.Anonymous, exp.AnonymousAggFunc) for item in new)
    aggregates = any(item.find(exp.AggFunc) for item in new)
    grouped = group is not None or any(
        item.find(exp.AggFunc) for item in select.expressions if item.alias_or_name not in added
    )
    return not (multiplies or unknown or (aggregates and not grouped))


def _is_aggregate(item: exp.Expr) -> bool:
    """Whether it is certain that an output column is computed of aggregates, and of no column beside them."""
    found = list(item.find_all(exp.AggFunc))
    if not found or not all(isinstance(call, _AGGREGATES) for call in found) or item.find(exp.Window, exp.Query):
        return False
    return all(column.find_ancestor(exp.AggFunc, exp.Filter) for column in item.find_all(exp.Column))


def _orders_by_all(select: exp.Select) -> bool:
    order = select.args.get("order")
    return order is not None and any(item.this.name.upper() == "ALL" for item in order.expressions)


def _hides(item: exp.Expr) -> bool:
    """Whether a name means something else once an output column has it: not where that is the column of this name."""
    return not isinstance(item, exp.Column) or bool(item.table)


def _names(select: exp.Select, new: Sequence[exp.Expr]) -> set[str]:
    """The columns that the statement names, but for its new outputs: one of these may now mean a new output."""
    old = [item for key, found in select.args.items() if key != "expressions" for item in _listed(found)]
    old += [item for item in select.expressions if not any(item is other for other in new)]
    return {column.name.lower() for item in old for column in item.find_all(exp.Column)}


def _listed(found: object) -> list[exp.Expr]:
    return [item for item in (found if isinstance(found, list) else [found]) if isinstance(item, exp.Expr)]


def _by_place(group: exp.Expr) -> bool:
    return any(isinstance(item, exp.Literal) for item in group.expressions)
