"""A review as a document of plain values, for JSON. ``schema.json`` beside this file describes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from medallion.diff.document import counts_document, diff_document, side_document
from medallion.review.privacy import shareable
from medallion.review.verdict import verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from medallion.errors import MedallionError
    from medallion.review.value import (
        Attribution,
        CheckChange,
        Expectation,
        Loosened,
        Reach,
        Review,
        ReviewedModel,
        SourceChange,
        StaleDataset,
    )

__all__ = ["FORMAT", "review_document"]

#: The version of the document. It grows when a name changes its meaning or goes, not when one comes.
FORMAT = 1


def review_document(review: Review, failures: Sequence[str] = ()) -> dict[str, Any]:
    """The whole review, in dicts, lists, texts, numbers, booleans and None alone; ``failures`` are why it fails.

    Where samples are off it holds no value of a row of the data.
    """
    review = shareable(review)
    return {
        "format": FORMAT,
        "verdict": verdict(review),
        "failures": list(failures),
        "base": side_document(review.base),
        "head": side_document(review.head),
        "commits": [{"hash": c.hash, "author": c.author, "subject": c.subject} for c in review.commits],
        "stale": [_stale(stale) for stale in review.stale],
        "unexpected": [str(name) for name in review.unexpected],
        "expectations": [_expectation(expectation) for expectation in review.expectations],
        "checks": [_check(check) for check in review.checks],
        "checked": [
            {"dataset": str(c.dataset), "passed": c.passed, "checks": c.checks, "warnings": c.warnings}
            for c in review.checked
        ],
        "contracts": [{"dataset": str(broken.dataset), "change": broken.change} for broken in review.contracts],
        "loosened": [_loosened(found) for found in review.loosened],
        "models": [_model(model) for model in review.models],
        "sources": [_source(source) for source in review.sources],
        "diff": diff_document(review.diff),
        "attributions": [_attribution(attribution) for attribution in review.attributions],
        "reach": [_reach(reach) for reach in review.reach],
        "lineage": [{"source": edge.source, "target": edge.target} for edge in review.edges],
        "bytes_added": review.bytes_added,
        "problems": [_problem(problem) for problem in review.problems],
        "samples": review.samples,
    }


def _stale(stale: StaleDataset) -> dict[str, Any]:
    return {
        "dataset": str(stale.name),
        "reason": stale.reason,
        "known": stale.known,
        "kind": str(stale.kind),
        "before": stale.before,
    }


def _expectation(expectation: Expectation) -> dict[str, Any]:
    return {
        "text": expectation.text,
        "where": expectation.where,
        "dataset": str(expectation.dataset) if expectation.dataset else None,
        "met": expectation.met,
        "found": expectation.found,
    }


def _check(check: CheckChange) -> dict[str, Any]:
    return {
        "dataset": str(check.dataset),
        "check": check.check,
        "turn": str(check.turn),
        "warning": check.warning,
        "location": check.location,
        "message": check.message,
        "failures": check.failures,
        "rows": check.rows,
        **({"before": {"failures": check.before[0], "rows": check.before[1]}} if check.before else {}),
    }


def _loosened(found: Loosened) -> dict[str, Any]:
    return {
        "dataset": str(found.dataset),
        "safeguard": str(found.safeguard),
        "what": found.what,
        "change": found.change,
        "location": found.location,
        "known": found.known,
    }


def _model(model: ReviewedModel) -> dict[str, Any]:
    return {
        "dataset": str(model.name),
        "path": model.path,
        "status": str(model.status),
        "summary": model.summary,
        "breaking": model.breaking,
        "macros": list(model.macros),
    }


def _source(source: SourceChange) -> dict[str, Any]:
    return {
        "path": source.path,
        "status": str(source.status),
        "bytes": {"base": source.base_bytes, "head": source.head_bytes},
        "readers": [str(name) for name in source.readers],
    }


def _attribution(attribution: Attribution) -> dict[str, Any]:
    return {
        "dataset": str(attribution.dataset),
        "inputs": counts_document(attribution.inputs) if attribution.inputs else None,
        "sql": counts_document(attribution.sql) if attribution.sql else None,
        "note": attribution.note or None,
        "input_columns": list(attribution.input_columns),
        "sql_columns": list(attribution.sql_columns),
    }


def _reach(reach: Reach) -> dict[str, Any]:
    return {
        "dataset": str(reach.dataset),
        "columns": list(reach.columns),
        "causes": [str(cause) for cause in reach.causes],
        "changed": reach.changed,
        "exact": reach.exact,
    }


def _problem(problem: MedallionError) -> dict[str, Any]:
    return {
        "message": problem.message,
        "location": str(problem.location) if problem.location else None,
        "hint": problem.hint or None,
    }
