"""How the datasets of two versions differ. What is equal by its content id is neither fetched nor read."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from medallion.diff.value import ColumnDiff, ColumnStatus, Diff, Rows, Status, TableDiff
from medallion.errors import DataError, Location, MedallionError
from medallion.names import TableName, nearest
from medallion.observe import data_folder
from medallion.plan import DataState

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from medallion.config import Config
    from medallion.diff.asked import Asked, UnfitError
    from medallion.diff.value import Side, Tolerance
    from medallion.engines.faults import Fault
    from medallion.privacy import Hidden
    from medallion.records import Record
    from medallion.versions import Version

__all__ = ["chosen", "diff_versions"]

#: What a comparison may take in memory where the configuration does not say.
_MEMORY = "800MB"

_Files = dict[TableName, tuple[Path, ...]]


def chosen(versions: Sequence[Version], layers: Sequence[str], terms: Collection[str]) -> list[TableName]:
    """The datasets that any of the versions has, in the order of layers and names: those named, or all without terms.

    ``layer.*`` names all of a layer. ``MedallionError`` for a name that no version has.
    """
    there = {name for version in versions for name in (*version.records, *version.broken)}
    place = {layer: i for i, layer in enumerate(layers)}
    known = sorted(there, key=lambda name: (place.get(name.layer, len(place)), name))
    if not terms:
        return known
    found: set[TableName] = set()
    for term in terms:
        layer, _, rest = term.partition(".")
        matching = [n for n in known if str(n) == term or (rest == "*" and n.layer == layer)]
        if not matching:
            near = nearest(term, map(str, known))
            hint = f'did you mean "{near}"?' if near else f"there are {', '.join(map(str, known)) or 'no datasets'}"
            raise MedallionError(f"neither version has a dataset {term}", hint=hint)
        found.update(matching)
    return [name for name in known if name in found]


def diff_versions(
    config: Config,
    sides: tuple[Side, Side],
    versions: tuple[Version, Version],
    names: Sequence[TableName],
    asked: Asked,
    *,
    rows: Path | None = None,
    whole: bool = False,
    hidden: Hidden | None = None,
) -> Diff:
    """Compare two versions of the datasets ``names``, in DuckDB that can read their files and nothing else.

    A dataset that cannot be compared is part of the result, with the reason. ``rows``: a Parquet file to write every
    row that differs to; then one dataset may differ, else ``MedallionError``. ``whole``: what is new is fetched as
    well, and is unavailable where that fails, so that nobody merges a dataset that nobody has.

    ``hidden`` is what is not told, where the caller knows; then it takes out, too, names of columns that are values.
    """
    base, head = versions
    found = {name: _by_record(name, base, head) for name in names}
    todo = [name for name in names if found[name] is None]
    if rows is not None:
        _check_one(names, todo, found)
    tables = {name: table for name, table in found.items() if table is not None}
    if whole:
        new = [name for name, table in tables.items() if table.status is Status.ADDED]
        _files(head, new, tables)
    secret = hidden
    if secret is None and (todo or any(table.columns for table in tables.values())):
        from medallion.privacy import hidden_columns

        secret = hidden_columns([(version.graph, version.records) for version in versions])
    if todo and secret is not None:
        unfit: list[UnfitError] = []
        tables |= _compared(config, versions, todo, asked, rows, secret, unfit)
        _check_fit(unfit, names, versions, secret, all_of=len(unfit) == len(todo))
    if hidden is None and secret is not None:
        from medallion.diff.private_names import with_labels

        for name, table in tables.items():
            tables[name] = with_labels(table, secret.labels(name, head.records.get(name), base.records.get(name)))
    tables, notes = _with_hints(tables)
    if not base.records and not base.broken and head.records:
        notes.append(f"there are no datasets at {sides[0].short}: all of them are new")
    if asked.where:
        notes.append(f"only rows where {asked.where}")
    if asked.columns:
        notes.append(f"only the key and {', '.join(asked.columns)}")
    return Diff(sides[0], sides[1], tuple(_sized(tables[name], base, head) for name in names), tuple(notes))


def _check_one(
    names: Sequence[TableName], todo: Sequence[TableName], found: Mapping[TableName, TableDiff | None]
) -> None:
    """``MedallionError`` where rows of more than one dataset differ, or all of one do."""
    if len(todo) > 1:
        different = ", ".join(map(str, todo))
        raise MedallionError(f"rows of one dataset can be written to a file, and {different} differ", hint="name one")
    for name in names if not todo else ():
        table = found[name]
        if table is not None and table.status in (Status.ADDED, Status.REMOVED):
            went = "new here" if table.status is Status.ADDED else "gone"
            raise MedallionError(
                f"{name} is {went}: all its rows differ, and --rows writes those of a dataset in both versions",
                hint=f'`medallion query "FROM {name}"` shows them' + ("" if went == "new here" else ", at the base"),
            )


def _check_fit(
    unfit: Sequence[UnfitError],
    names: Sequence[TableName],
    versions: tuple[Version, Version],
    secret: Hidden,
    *,
    all_of: bool,
) -> None:
    """Raise what does not fit ``all_of`` the datasets compared, or names a column that none of ``names`` has."""
    from medallion.engines.rows.columns import fold

    there: dict[str, str] = {}
    told: list[str] = []
    for name in names:
        for record in (version.records[name] for version in versions if name in version.records):
            there |= {fold(column.name): column.name for column in record.columns}
            told += [c.name for c in record.columns if c.name.lower() not in secret.names.get(name, ())]
    for error in unfit:
        if error.column and fold(error.column) not in there:
            if len(names) == 1:
                raise error
            near = nearest(error.column, told)
            hint = f'did you mean "{near}"?' if near else ""
            raise MedallionError(f'none of these {len(names):,} datasets has a column "{error.column}"', hint=hint)
        if not error.column and all_of:
            raise error


def _by_record(name: TableName, base: Version, head: Version) -> TableDiff | None:
    """What the records alone tell; None where the data has to be looked at."""
    for version in (base, head):
        if name in version.broken:
            return _lost(name, version.broken[name])
    old, new = base.records.get(name), head.records.get(name)
    if old is None and new is not None:
        rows, columns = Rows(0, new.rows, added=new.rows), _columns(new, added=True)
        return TableDiff(name, Status.ADDED, rows=rows, columns=columns, notes=_unrecorded(new, base))
    if new is None and old is not None:
        gone = Rows(old.rows, 0, removed=old.rows)
        return TableDiff(name, Status.REMOVED, rows=gone, columns=_columns(old, added=False))
    if old is not None and new is not None and old.content_id == new.content_id:
        return _unlike(old, base, head) or TableDiff(name, Status.EQUAL, rows=Rows(old.rows, new.rows))
    return None


def _unrecorded(record: Record, base: Version) -> tuple[str, ...]:
    """That there was data before there was a record of it, which nobody has compared."""
    for file in record.files:
        path = str(data_folder(record.dataset) / file.path)
        if path in base.blobs:
            return (f"{path} was there before, without a record, and is not compared with it; `git diff` shows both",)
    return ()


_UNLIKE = {
    DataState.MISSING: "the data file is not there",
    DataState.MODIFIED: "the data file is not the data of its record",
    DataState.CONFLICTED: "the data file holds merge conflict markers",
}


def _unlike(record: Record, base: Version, head: Version) -> TableDiff | None:
    """What is wrong where a record says the same on both sides, and data is not what it says; None where all is well.

    Files that are the same on both sides are equal, whatever the record says.
    """
    name = record.dataset
    paths = [str(data_folder(name) / file.path) for file in record.files]
    if all(path in base.blobs and base.blobs[path] == head.blobs.get(path) for path in paths):
        return None
    for version in (base, head):
        said = _UNLIKE.get(version.data.get(name, DataState.NONE))
        if said:
            place = f"{paths[0]} at {version.commit[:7]}" if version.commit else paths[0]
            hint = "" if version.commit else f"`medallion restore {name}` takes the recorded data back"
            error = DataError(said, location=Location(place), hint=hint)
            return _lost(name, error)
    return None


def _columns(record: Record, *, added: bool) -> tuple[ColumnDiff, ...]:
    if added:
        return tuple(
            ColumnDiff(c.name, ColumnStatus.ADDED, head_type=c.type, head_nullable=c.nullable) for c in record.columns
        )
    return tuple(
        ColumnDiff(c.name, ColumnStatus.REMOVED, base_name=c.name, base_type=c.type, base_nullable=c.nullable)
        for c in record.columns
    )


def _sized(table: TableDiff, base: Version, head: Version) -> TableDiff:
    old, new = base.records.get(table.name), head.records.get(table.name)
    return replace(
        table,
        base_content=old.content_id if old else "",
        head_content=new.content_id if new else "",
        base_bytes=old.size if old else 0,
        head_bytes=new.size if new else 0,
        recorded=(old.rows, new.rows) if table.status is Status.UNAVAILABLE and old and new else None,
    )


def _compared(
    config: Config,
    versions: tuple[Version, Version],
    names: Sequence[TableName],
    asked: Asked,
    rows: Path | None,
    secret: Hidden,
    unfit: list[UnfitError],
) -> dict[TableName, TableDiff]:
    """The datasets compared; what is asked and does not fit one is added to ``unfit``."""
    import duckdb

    from medallion.diff.asked import UnfitError
    from medallion.diff.compare import Part, compare
    from medallion.engines.faults import read_fault
    from medallion.engines.sandbox import connect

    failed: dict[TableName, TableDiff] = {}
    files = [_files(version, names, failed) for version in versions]
    there = [name for name in names if name not in failed]
    if not there:
        return failed
    connection, cursors = connect(
        config,
        threads=config.threads or os.cpu_count() or 1,
        memory_limit=config.memory_limit or _MEMORY,
        folders=[],
        files=[path for side in files for name in there for path in side[name]] + ([rows] if rows else []),
        spill=Path(tempfile.gettempdir()),
    )
    found = dict(failed)
    try:
        cursor = cursors.get()
        for name in there:
            hidden, tolerances = secret.of(name), _tolerances(versions, name, strictest=asked.strictest)
            labels = secret.labels(name, versions[1].records[name], versions[0].records[name])
            base, head = (
                Part(version.records[name], side[name], version.graph.models.get(name), hidden, tolerances, labels)
                for version, side in zip(versions, files, strict=True)
            )
            try:
                found[name] = compare(cursor, name, base, head, asked, rows)
            except UnfitError as error:
                unfit.append(error)
                told = f'it has no column "{error.column}"' if error.column else error.message
                found[name] = TableDiff(name, Status.UNAVAILABLE, error=told)
            except duckdb.InterruptException as error:
                raise KeyboardInterrupt from error
            except duckdb.Error as error:
                found[name] = _unavailable(name, read_fault(error), discreet=asked.discreet or bool(hidden))
    finally:
        connection.close()
    return found


def _unavailable(name: TableName, fault: Fault, *, discreet: bool) -> TableDiff:
    """A dataset that DuckDB could not compare; ``discreet``: without what it may say of values."""
    from medallion.engines.faults import hide_values

    reason = (hide_values(fault) if discreet else fault).message.splitlines()[0]
    quotes = "" if discreet else reason
    return TableDiff(name, Status.UNAVAILABLE, error=reason, quotes=quotes)


def _tolerances(versions: tuple[Version, Version], name: TableName, *, strictest: bool) -> Mapping[str, Tolerance]:
    """Those of the head's model, or of the base's where the head has none; of the ``strictest``, what both allow."""
    base, head = (version.graph.models.get(name) for version in versions)
    if head is None:
        return base.tolerances if base else {}
    if not strictest:
        return head.tolerances
    then = base.tolerances if base else {}
    return {column: now.strictest(then[column]) for column, now in head.tolerances.items() if column in then}


def _lost(name: TableName, error: MedallionError) -> TableDiff:
    """A dataset whose data is not to be had: where and why; its note is what to do, until all are known."""
    where = f"{error.location}: " if error.location else ""
    said = f"{where}{'; '.join(error.message.splitlines())}"
    return TableDiff(name, Status.UNAVAILABLE, error=said, notes=(error.hint,) if error.hint else ())


def _with_hints(tables: Mapping[TableName, TableDiff]) -> tuple[dict[TableName, TableDiff], list[str]]:
    """What is to be done goes to the reason; where it is the same for several datasets, it is told once for all."""
    hinted = {name: t.notes[0] for name, t in tables.items() if t.status is Status.UNAVAILABLE and t.notes}
    times = Counter(hinted.values())
    found = dict(tables)
    for name, hint in hinted.items():
        error = tables[name].error
        found[name] = replace(tables[name], error=error if times[hint] > 1 else f"{error}; {hint}", notes=())
    return found, [f"for what could not be compared: {hint}" for hint, count in times.items() if count > 1]


def _files(version: Version, names: Sequence[TableName], failed: dict[TableName, TableDiff]) -> _Files:
    """The files of these datasets. What cannot be had is added to ``failed``; the rest is fetched at once."""
    wanted = [name for name in names if failed.get(name) is None or failed[name].status is not Status.UNAVAILABLE]
    found = version.find([version.records[name] for name in wanted])
    failed |= {name: _lost(name, error) for name, error in found.lost.items()}
    return {name: tuple(paths) for name, paths in found.files.items()}
