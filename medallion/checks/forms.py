"""How a check has to be run, and whether it can be: DuckDB binds it, which reads no data."""

from __future__ import annotations

import re
from dataclasses import replace
from enum import Enum
from typing import TYPE_CHECKING

from medallion.checks.compiled import breaks, failing_rows
from medallion.engines.sql import identifier
from medallion.errors import MedallionError, ModelError
from medallion.models.check import Check, Kind
from medallion.models.model import Reference

if TYPE_CHECKING:
    from collections.abc import Callable

    from medallion.models.audits import Audit
    from medallion.models.model import Model

__all__ = ["Form", "bind_checks", "form_of", "placed"]

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


def bind_checks(audit: Audit, model: Model, bind: Callable[[Model], object]) -> None:
    """Raise ``ModelError``, at the check, for the first of a dataset's checks that cannot be run."""
    for check in audit.checks:
        form_of(check, model, bind)


def form_of(check: Check, model: Model, bind: Callable[[Model], object]) -> Form:
    """The form of a check of what ``model`` makes. ``bind`` binds a query; ``ModelError``, at the check, from it."""
    try:
        return _form(check, model, bind)
    except MedallionError as error:
        raise placed(check, error, model) from error


def _form(check: Check, model: Model, bind: Callable[[Model], object]) -> Form:
    if check.probe is None:
        if check.to:  # By itself, so that a column which is not there is told as one of that dataset.
            bind(_probe(check, model, f"SELECT {', '.join(map(identifier, check.to_columns))} FROM {check.to.sql}"))
        if breaks(check) or check.kind in _OF_ROWS:
            bind(_probe(check, model, failing_rows(check, model.name.sql)))
        return Form.ROWS if breaks(check) else Form.WHOLE
    if check.kind is Kind.QUERY:
        query = f"SELECT 1 FROM (\n{check.sql}\n)"
        bind(replace(check.probe, sql=query, sql_offset=check.sql_offset - query.index(check.sql)))
        return Form.WHOLE
    try:
        bind(check.probe)
    except ModelError as error:
        if check.kind is Kind.CONDITION and _AGGREGATE in error.message:
            whole = f"SELECT (\n{check.sql}\n) AS holds FROM {model.name.sql}"
            bind(replace(check.probe, sql=whole, sql_offset=check.sql_offset - whole.index(check.sql)))
            return Form.WHOLE
        if check.kind is Kind.CONDITION and _WINDOW in error.message:
            return Form.WINDOW
        raise
    if check.kind is not Kind.CONDITION:
        return Form.WHOLE
    return Form.ALONE if _SUBQUERY.search(check.sql) else Form.ROWS


def _probe(check: Check, model: Model, query: str) -> Model:
    """What a check without SQL of its own is bound by."""
    reads = (model.name, check.to) if check.to else (model.name,)
    return replace(
        model,
        sql=f"SELECT 1 FROM (\n{query}\n)",
        datasets=tuple(Reference(name, check.offset, check.length) for name in reads),
        sources=(),
        calls=(),
        annotations=(),
        checks=(),
    )


def placed(check: Check, error: MedallionError, model: Model) -> MedallionError:
    """An error at its place in the check's own SQL, else at the check."""
    place = check.locate(check.probe.text if check.kind is Kind.QUERY and check.probe else model.text)
    where = error.location
    if check.probe is not None and where is not None and where.path == check.path and where.line >= place.line:
        return error
    return error.at(place)
