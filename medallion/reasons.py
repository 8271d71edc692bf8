"""Why a dataset is built or not, in the words that a person reads. Pure, and of no weight: a plan decides first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medallion.records import Checked, InputKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from medallion.models.audits import Audit
    from medallion.models.fingerprint import Recipe
    from medallion.models.graph import Graph
    from medallion.names import TableName
    from medallion.plan import Observed, SourceState
    from medallion.records import Input, Record

__all__ = [
    "REUSED",
    "SQL_CHANGED",
    "UP_TO_DATE",
    "if_changed",
    "listed",
    "looked_at",
    "why",
    "why_not",
    "why_unchecked",
]

#: The reason of a dataset for which nothing has to be done.
UP_TO_DATE = "up to date"
SQL_CHANGED = "SQL changed"
#: The end of a reason where the result of an earlier build is taken.
REUSED = "; the same was built before"


def why(record: Record, recipe: Recipe, inputs: Sequence[Input], observed: Observed) -> str:
    """The first reason, in the order in which a person would look, why a fingerprint differs."""
    built = record.built
    if built.sql != recipe.sql:
        return SQL_CHANGED
    if built.macros != dict(recipe.macros):
        names = sorted(n for n in {*built.macros, *recipe.macros} if built.macros.get(n) != recipe.macros.get(n))
        return f"macro changed: {', '.join(names)}"
    if built.variables != dict(recipe.variables):
        names = sorted(
            n for n in {*built.variables, *recipe.variables} if built.variables.get(n) != recipe.variables.get(n)
        )
        return f"variable changed: {', '.join(names)}"
    if record.key != recipe.key:
        return "key changed"
    now = {i.name: i.identity for i in inputs}
    before = {i.name: i for i in built.inputs}
    changed = sorted(n for n in {*now, *before} if n not in now or n not in before or before[n].identity != now[n])
    for name in changed:
        if name in before and before[name].kind is InputKind.SOURCE and name in observed.sources:
            return f"source changed: {_changed_files(before[name].content_id, observed.sources[name], observed)}"
    if changed:
        return f"input changed: {listed(changed)}"
    if (built.engine, built.engine_version) != (recipe.engine, recipe.engine_version):
        return f"{recipe.engine} {recipe.engine_version} instead of {built.engine_version}"
    return "built by another version of medallion"


def why_not(
    graph: Graph,
    observed: Observed,
    name: TableName,
    record: Record | None,
    inputs: Sequence[Input],
    gone: Sequence[Input],
) -> str:
    """Why nothing has to be done, where that is not plain to see."""
    assert record is not None  # noqa: S101 - without a record a dataset has to be built
    if gone:
        return f"source {gone[0].name} is not here; the data is"
    before = {i.name: i.content_id for i in record.built.inputs}
    changed = [i.name for i in inputs if before.get(i.name) != i.content_id]
    if changed:
        return f"{listed(changed)} changed only in columns it does not read"
    if record.built.text != observed.recipes[name].text:
        return "the SQL means the same as before"
    if record.built.model != graph.models[name].path:
        return f"its model was moved here from {record.built.model}"
    return UP_TO_DATE


def why_unchecked(observed: Observed, name: TableName, record: Record | None, audit: Audit) -> str:
    """Why data that need not be built has to be checked; empty where it has not."""
    digest = observed.checks.get(name)
    if digest is None or record is None:
        return ""
    if record.checked is None:
        return "its checks have not been run"
    now = looked_at(observed.records, audit)
    if record.checked == Checked.of(digest, record.content_id, now):
        return ""
    before = record.checked.inputs
    changed = sorted(read for read in {*now, *before} if before.get(read) != now.get(read))
    return f"{listed(changed)} changed, which its checks look at" if changed else "its checks changed"


def looked_at(records: Mapping[TableName, Record], audit: Audit) -> dict[str, str]:
    """The content ids of the datasets that checks look at, as far as they are built."""
    return {str(read): records[read].content_id for read in audit.reads if read in records}


def if_changed(observed: Observed, name: TableName, building: Sequence[TableName]) -> str:
    """What would have to change in the inputs that are built for ``name`` to be built as well."""
    record = observed.records[name]
    read = {i.name: i.columns for i in record.built.inputs if i.kind is InputKind.DATASET}
    upstream = building[0]
    columns = read.get(str(upstream), ())
    every = upstream in observed.records and len(columns) == len(observed.records[upstream].columns)
    if len(building) > 1 or not columns or every:
        return f"if the content of {listed(building)} changes"
    return f"if {upstream} changes in {', '.join(columns[:4])}{' …' if len(columns) > 4 else ''}"


def _changed_files(before: str, source: SourceState, observed: Observed) -> str:
    """``3 of 312 files in sources/pages/*.html`` where the former listing is still known."""
    listing = observed.listings.get(before)
    if len(source.files) == 1 or listing is None:
        return source.path
    paths = {*listing, *source.files}
    differing = sum(listing.get(p) != source.files.get(p) for p in paths)
    return f"{differing:,} of {len(paths):,} files in {source.path}"


def listed(names: Sequence[TableName | str]) -> str:
    """The first three of ``names``, and how many more there are."""
    first = [str(n) for n in names[:3]]
    return ", ".join(first) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
