"""Look at a project's records, and at how its data files compare with them."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from medallion.errors import DataError, Location, MedallionError, RecordError
from medallion.git.lfs import conflicted
from medallion.identities import SMALL
from medallion.names import TableName
from medallion.plan import DataState
from medallion.records import Record, record_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from medallion.identities import Identities

__all__ = ["data_folder", "data_state", "read_records", "real_files"]


def data_folder(name: TableName) -> PurePosixPath:
    """The folder that the paths in a record are relative to."""
    return PurePosixPath("data", name.layer)


def read_records(
    root: Path, layers: Sequence[str]
) -> tuple[dict[TableName, Record], dict[TableName, MedallionError], list[str]]:
    """All records below ``data/``, those that cannot be believed, and files whose names no dataset could have."""
    records: dict[TableName, Record] = {}
    broken: dict[TableName, MedallionError] = {}
    foreign: list[str] = []
    for layer in layers:
        for file in _names(root / "data" / layer, ".json"):
            path = f"data/{layer}/{file}"
            try:
                name = TableName.parse(f"{layer}.{file.removesuffix('.json')}")
            except MedallionError:
                foreign.append(path)
                continue
            try:
                with open(f"{root}/{path}", "rb") as stream:  # noqa: PTH123 - pathlib takes several times as long
                    record = Record.decode(stream.read(), path)
                if record.dataset != name:
                    raise RecordError(
                        f"the record is of {record.dataset}",
                        location=Location(path),
                        hint=f"rename it to {record_path(record.dataset)}, or delete it and run again",
                    )
                records[name] = record
            except MedallionError as error:
                broken[name] = error
            except OSError as error:
                broken[name] = RecordError(f"cannot be read: {error.strerror}", location=Location(path))
    return records, broken, foreign


def _names(folder: Path, ending: str) -> list[str]:
    """The names of a folder's files with this ending, sorted; none where there is no such folder."""
    try:
        return sorted(name for name in os.listdir(folder) if name.endswith(ending))  # noqa: PTH208 - as above
    except (FileNotFoundError, NotADirectoryError):
        return []


def data_state(name: TableName, record: Record | None, identities: Identities) -> DataState:
    """How the dataset's files compare with its record; reads no file whose identity is known."""
    if record is None:
        file = identities.root / data_folder(name) / f"{name.name}.parquet"
        return DataState.UNRECORDED if file.exists() else DataState.NONE
    state = DataState.PRESENT
    for data_file in record.files:
        path = f"data/{name.layer}/{data_file.path}"
        if identities.differs(path, data_file.size):
            return DataState.MODIFIED
        found = identities.of(path)
        if found is None:
            return DataState.MISSING
        oid, _, real = found
        if oid != data_file.oid:
            full = identities.root / path
            return DataState.CONFLICTED if _is_conflicted(full) else DataState.MODIFIED
        if not real:
            state = DataState.UNFETCHED
    return state


def _is_conflicted(path: Path) -> bool:
    return path.stat().st_size < SMALL and conflicted(path.read_bytes())


def real_files(paths: Iterable[str], identities: Identities) -> None:
    """Raise ``DataError`` for the first of ``paths`` that is a Git LFS pointer instead of the file itself."""
    for path in paths:
        found = identities.of(path)
        if found is not None and not found[2]:
            raise DataError(
                "this is a Git LFS pointer; the file itself has not been fetched",
                location=Location(path),
                hint=f'`git lfs pull --include "{path}"` fetches it',
            )
