"""How much of a dataset's difference comes from its SQL, and how much from its inputs.

Where both changed, the base's SQL is run once more, on the head's inputs: what lies between the base and that comes
from the inputs, what lies between that and the head from the SQL. The result is kept in
``.medallion/cache/attribution``, under a digest of all that decides it.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from medallion.cachefile import read_cache, write_cache
from medallion.diff.asked import Asked
from medallion.diff.between import diff_versions
from medallion.diff.value import Rows, Side, Status
from medallion.errors import MedallionError
from medallion.models.fingerprint import recipe_digest
from medallion.observe import real_files
from medallion.privacy import hidden_columns
from medallion.records import Built, DataFile, Record
from medallion.review.models import changed_macros, changed_variables
from medallion.review.value import Attribution
from medallion.sources import source_state
from medallion.version_files import Found

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from pathlib import Path

    from medallion.config import Config
    from medallion.diff.value import Diff, TableDiff
    from medallion.engines.protocol import Engine
    from medallion.identities import Identities
    from medallion.names import TableName
    from medallion.review.trees import Tree
    from medallion.versions import Version

__all__ = ["Between", "attributions"]

_KEPT = 50


@dataclass(frozen=True)
class Between:
    """Base and head, as trees and as versions of data; ``engine`` opens DuckDB with a configuration.

    ``discreet``: no message quotes a value; the engine is so, too.
    """

    base: tuple[Tree, Version]
    head: tuple[Tree, Version]
    identities: Identities
    engine: Callable[[Config], Engine]
    discreet: bool = False


def attributions(between: Between, diff: Diff, stale: Collection[TableName]) -> tuple[Attribution, ...]:
    """One for each dataset that is in both versions and differs."""
    listed = tuple(_attributed(between, table, stale) for table in diff.datasets if table.status is Status.CHANGED)
    _prune(_folder(between))
    return listed


def _attributed(between: Between, table: TableDiff, stale: Collection[TableName]) -> Attribution:
    name = table.name
    base, head = between.base[0], between.head[0]
    before, after = base.records.get(name), head.records.get(name)
    if before is None or after is None or table.rows is None:
        return Attribution(name, None, None, "its rows could not be compared")
    if name in stale:
        return Attribution(name, None, None, "its data is not what its SQL gives, so it cannot be told")
    sql, inputs = _sql_differs(base, head, name, before, after), _inputs_differ(before, after)
    same = (replace(table.rows, base=n, head=n, added=0, removed=0, changed=_none(table.rows)) for n in _counts(table))
    as_base, as_head = same
    if sql and not inputs:
        return Attribution(name, as_base, table.rows, "only its SQL changed")
    if inputs and not sql:
        return Attribution(name, table.rows, as_head, "only its inputs changed")
    if not sql:
        return Attribution(name, None, None, _by_neither(before, after))
    try:
        middle = _old_on_new(between, name, before)
        return Attribution(
            name, _rows(between, name, between.base[1], middle), _rows(between, name, middle, between.head[1])
        )
    except MedallionError as error:
        note = f"the base's SQL cannot be run on the head's inputs: {error.message}"
        return Attribution(name, None, None, note, "" if between.discreet else error.message)


def _none(rows: Rows) -> int | None:
    return None if rows.changed is None else 0


def _counts(table: TableDiff) -> tuple[int, int]:
    return (table.rows.base, table.rows.head) if table.rows else (0, 0)


def _rows(between: Between, name: TableName, one: Version, other: Version) -> Rows:
    """How the rows of a dataset differ between two versions."""
    config, nowhere = between.head[0].config, (Side("", ""), Side("", ""))
    (table,) = diff_versions(
        config, nowhere, (one, other), [name], Asked(limit=1, discreet=between.discreet, strictest=True)
    ).datasets
    if table.rows is None:
        raise MedallionError(table.error or "the rows cannot be compared")
    return table.rows


def _sql_differs(base: Tree, head: Tree, name: TableName, before: Record, after: Record) -> bool:
    """Whether what is computed differs, as the records have it; macros and variables by what the trees say as well."""
    old, new = before.built, after.built
    return (
        (old.sql, dict(old.macros), dict(old.variables), before.key)
        != (new.sql, dict(new.macros), dict(new.variables), after.key)
        or bool(changed_macros(base.graph, head.graph, name))
        or bool(changed_variables(base, head, name))
    )


def _inputs_differ(before: Record, after: Record) -> bool:
    """Whether an input that both read holds something else; which inputs are read is up to the SQL."""
    old = {i.name: i.content_id for i in before.built.inputs}
    return any(old.get(i.name, i.content_id) != i.content_id for i in after.built.inputs)


def _by_neither(before: Record, after: Record) -> str:
    old, new = before.built, after.built
    if (old.engine, old.engine_version) != (new.engine, new.engine_version):
        return (
            f"SQL and inputs are the same; built by {new.engine} {new.engine_version} instead of {old.engine_version}"
        )
    return "SQL and inputs are the same: it may be volatile, or written by something else"


def _old_on_new(between: Between, name: TableName, before: Record) -> Version:
    """The result of the base's SQL on the head's inputs, built or found; ``MedallionError`` where it cannot be had."""
    base, head = between.base[0], between.head[0]
    model, recipe = base.graph.models.get(name), base.observed.recipes.get(name)
    if model is None or recipe is None or model.digest != before.built.text:
        raise MedallionError("the base's data is not what its SQL gives")
    reads = base.graph.inputs[name]
    missing = [read for read in reads if read not in head.records]
    if missing:
        raise MedallionError(f"{missing[0]} is not there any more")
    known = [(str(read), head.records[read].content_id) for read in reads]
    known += [(source.path, _source_content(between, source.path)) for source in model.sources]
    engine = between.engine(replace(head.config, variables=base.config.variables))
    digest = hashlib.sha256(repr([recipe_digest(recipe), sorted(known), engine.version]).encode()).hexdigest()
    folder = _folder(between)
    file, about = folder / f"{digest}.parquet", folder / f"{digest}.json"
    record = _known(about, file, between.identities)
    if record is None:
        record = _built(between, engine, name, before, file)
        write_cache(about, record.encode().decode())
    version = between.base[1]
    there = {name: [file]}
    return replace(
        version, records={name: record}, broken={}, files=lambda _: there, find=lambda _: Found(there, lost={})
    )


def _source_content(between: Between, path: str) -> str:
    """The content id of a source, which has to lie in the work tree as the head has it: models read from there."""
    head = between.head[0]
    wanted = head.observed.sources.get(path)
    here = source_state(path, head.config, between.identities)
    if here.content_id is None or wanted is None or here.content_id != wanted.content_id:
        raise MedallionError(f"its source {path} is not in the work tree as the head has it")
    real_files(here.files, between.identities)
    return here.content_id


def _known(about: Path, file: Path, identities: Identities) -> Record | None:
    """The record of an earlier result that is still what was written."""
    document = read_cache(about)
    if not isinstance(document, str):
        return None
    with suppress(MedallionError, OSError):
        record = Record.decode(document.encode(), about.name)
        seen = identities.of(str(file))
        if seen is not None and seen[0] == record.files[0].oid:
            os.utime(about)
            return record
    return None


def _built(between: Between, engine: Engine, name: TableName, before: Record, file: Path) -> Record:
    base, (head, version) = between.base[0], between.head
    target = head.config.state / "tmp" / f"attribution-{name}-{os.getpid()}.parquet"
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        with engine.open() as session:
            records = [head.records[read] for read in base.graph.inputs[name]]
            secret = hidden_columns([(base.graph, base.records), (head.graph, head.records)])
            for read, files in version.files(records).items():
                session.register(read, files, private=bool(secret.of(read)))
            target.parent.mkdir(parents=True, exist_ok=True)
            produced = session.build(base.graph.models[name], base.graph.macros[name], target, lambda _: None)
        target.replace(file)
    finally:
        target.unlink(missing_ok=True)
    built = Built("", before.built.model, engine.name, engine.version, inputs=())
    data = DataFile(f"{name.name}.parquet", produced.oid, produced.size, produced.rows, produced.key_range)
    return Record(name, produced.rows, produced.columns, before.key, (data,), built)


def _folder(between: Between) -> Path:
    return between.head[0].config.state / "cache" / "attribution"


def _prune(folder: Path) -> None:
    """Keep the latest results: each is as large as a dataset."""
    for about in _oldest(folder):
        about.with_suffix(".parquet").unlink(missing_ok=True)
        about.unlink(missing_ok=True)


def _oldest(folder: Path) -> Iterator[Path]:
    listed = sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
    yield from listed[_KEPT:]
