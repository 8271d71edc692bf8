"""How a check has to be run, and whether it can be: DuckDB binds it, which reads no data."""

from __future__ import annotations

import re
from dataclasses import replace
from enum import Enum
from typing import TYPE_CHECKING

from medallion.checks.compiled import breaks, failing_rows
from medallion.engines.sql import literal
from medallion.errors import MedallionError, ModelError
from medallion.models.check import Check, Kind
from medallion.models.model import Reference
from medallion.names import TableName, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from medallion.models.audits import Audit
    from medallion.models.model import Model
    from medallion.schemas import Schema

__all__ = ["Form", "bind_checks", "bound_once", "form_of", "placed"]

_AGGREGATE, _WINDOW = "cannot contain aggregates", "cannot contain window functions"
_SUBQUERY = re.compile(r"\b(SELECT|FROM|VALUES)\b", re.IGNORECASE)
_OF_ROWS = (Kind.UNIQUE, Kind.RELATIONSHIPS, Kind.KEY)


class Form(Enum):
    """``ROWS`` are counted with others in one scan; ``ALONE`` and ``WINDOW`` need one of their own; ``WHOLE`` is no
    condition of single rows.
    """

    ROWS = "rows"
    ALONE = "alone"
    WINDOW = "window"
    WHOLE = "whole"


def bind_checks(audit: Audit, model: Model, bind: Callable[[Model], Schema | None]) -> None:
    """Raise ``ModelError``, at the check, for the first of a dataset's checks that cannot be run."""
    once = bound_once(bind)
    for check in audit.checks:
        form_of(check, model, once)


def bound_once(bind: Callable[[Model], Schema | None]) -> Callable[[Model], Schema | None]:
    """``bind`` for the checks of one dataset, most of which ask for the same columns: what it gave it gives again."""
    found: dict[str, Schema | None] = {}

    def once(probe: Model) -> Schema | None:
        if probe.sql not in found:
            found[probe.sql] = bind(probe)
        return found[probe.sql]

    return once


def form_of(check: Check, model: Model, bind: Callable[[Model], Schema | None]) -> Form:
    """The form of a check of what ``model`` makes. ``bind`` binds a query; ``ModelError``, at the check, from it."""
    try:
        return _form(check, model, bind)
    except MedallionError as error:
        raise placed(check, error, model) from error


def _form(check: Check, model: Model, bind: Callable[[Model], Schema | None]) -> Form:
    _refuse_absent(check.columns, _columns(check, model, model.name, bind), model.name)
    if check.to:
        _refuse_absent(check.to_columns, _columns(check, model, check.to, bind), check.to)
    if tried := _tried(check):
        bind(replace(_probe(check, model, tried, whole=True), datasets=()))
    if check.probe is None:
        if breaks(check) or check.kind in _OF_ROWS:
            bind(_probe(check, model, failing_rows(check, model.name.sql)))
        return Form.ROWS if breaks(check) else Form.WHOLE
    if check.kind is Kind.QUERY:
        query = f"SELECT 1 AS one FROM (\n{check.sql}\n)"
        bind(replace(check.probe, sql=query, sql_offset=check.sql_offset - query.index(check.sql)))
        return Form.WHOLE
    return _form_of_condition(check, check.probe, model, bind)


def _tried(check: Check) -> str:
    """A query that DuckDB cannot bind where a pattern or an age is none: what stands in FROM is computed to bind it.

    No row is read for it, so the mistake can be told whatever is private.
    """
    if check.kind is Kind.REGEX:
        return f"FROM repeat(regexp_matches('', {literal(check.values[0])}), 1)"
    if check.kind is Kind.FRESHNESS:
        return f"FROM repeat(TIMESTAMP '2000-01-01' - INTERVAL {literal(' '.join(check.values))}, 1)"
    return ""


def _form_of_condition(check: Check, probe: Model, model: Model, bind: Callable[[Model], Schema | None]) -> Form:
    form = Form.ALONE if _SUBQUERY.search(check.sql) else Form.ROWS
    try:
        bind(probe)
    except ModelError as error:
        if check.kind is not Kind.CONDITION or not (_AGGREGATE in error.message or _WINDOW in error.message):
            raise
        form = Form.WHOLE if _AGGREGATE in error.message else Form.WINDOW
    # What is no truth value could not be false, and COLUMNS(…) is several.
    value = f"SELECT (\n{check.sql}\n) AS holds FROM {model.name.sql}"
    asked = replace(probe, sql=value, sql_offset=check.sql_offset - value.index(check.sql))
    kinds = [kind for _, kind in bind(probe if check.kind is Kind.ROW_COUNT else asked) or ()]
    if kinds not in ([], ["BOOLEAN"]):
        what = f"it is {kinds[0]}, neither true nor false" if len(kinds) == 1 else f"it gives {len(kinds)} values"
        raise ModelError(f"this is no condition: {what}", hint="compare it with something, as in total >= 0")
    if form is Form.WHOLE and check.at_most:
        raise ModelError(
            "a condition of the whole dataset takes no `at most`: it counts no rows that are wrong",
            hint="put the share into the condition, or ask each row",
        )
    return form if check.kind is Kind.CONDITION else Form.WHOLE


def _columns(check: Check, model: Model, name: TableName, bind: Callable[[Model], Schema | None]) -> list[str] | None:
    """The columns of a dataset that a check names any of; None where they are not known."""
    if not check.columns:
        return None
    found = bind(_probe(check, model, f"FROM {name.sql}", whole=True))
    return None if found is None else [column for column, _ in found]


def _refuse_absent(named: Sequence[str], columns: Sequence[str] | None, table: TableName) -> None:
    known = {column.lower() for column in columns or named}
    absent = [name for name in named if name.lower() not in known]
    if absent and columns is not None:
        near = nearest(absent[0], columns)
        listed = f"the columns are {', '.join(columns)}"
        raise ModelError(
            f'no column "{absent[0]}" in {table}', hint=f'did you mean "{near}"? {listed}' if near else listed
        )


def _probe(check: Check, model: Model, query: str, *, whole: bool = False) -> Model:
    """What a check without SQL of its own is bound by: a query, ``whole`` or for its rows alone."""
    reads = (model.name, check.to) if check.to else (model.name,)
    return replace(
        model,
        sql=query if whole else f"SELECT 1 AS one FROM (\n{query}\n)",
        datasets=tuple(Reference(name, check.offset, check.length) for name in reads),
        sources=(),
        calls=(),
        annotations=(),
        checks=(),
    )


def placed(check: Check, error: MedallionError, model: Model) -> MedallionError:
    """An error at its place in the check's own SQL, else at the check."""
    source = check.source(model)
    begin, end = (0, len(source)) if check.kind is Kind.QUERY else (check.offset, check.sql_offset + len(check.sql))
    place = error.location
    if place is not None and place.path == check.path and place.line:
        lines = source.splitlines(keepends=True)
        if begin <= sum(map(len, lines[: place.line - 1])) + place.column - 1 < end:
            return error
    elif place is not None and place.path != check.path:
        return error  # In the file of a macro.
    message = error.message.replace('at or near ")"', "at the end of the condition")
    return type(error)(message, location=check.locate(model), hint=error.hint)
