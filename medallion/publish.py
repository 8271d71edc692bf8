"""Put a finished dataset in its place so that a kill at any moment leaves the old one or the new one.

The order is: the new record, complete, goes to ``.medallion/publish/``; the Parquet file is renamed into place; the
record is renamed into place. ``recover`` finishes or drops what a killed process left between two of these steps.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from medallion.errors import BuildError, Location, MedallionError
from medallion.names import TableName
from medallion.observe import data_folder, data_state
from medallion.plan import DataState
from medallion.records import Record, record_path

if TYPE_CHECKING:
    from medallion.config import Config
    from medallion.identities import Identities

__all__ = ["between_renames", "dataset_files", "publish", "recover", "staged_record", "write_file"]

_COMES_LATER = "the new data is in place, and the next `medallion run` puts its record beside it"
# The names that write_file and _move give to what they have not finished.
_UNFINISHED = re.compile(r"\..+\.(parquet|json)\.\d+\.tmp")


def write_file(path: Path, data: bytes) -> None:
    """Write a small file by rename: a reader sees the old content or the new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def publish(config: Config, record: Record, produced: Path | None, identities: Identities) -> None:
    """Make ``produced`` (None: the data stays) and ``record`` the dataset's present version.

    ``BuildError`` where the folder cannot be written to; its hint says whether the dataset is as it was, or has its
    new data in place and waits for ``recover`` to put the record beside it.
    """
    root = config.root
    final_record = root / record_path(record.dataset)
    target = root / data_folder(record.dataset) / record.files[0].path
    then = "the dataset keeps its last version"
    try:
        staged = config.state / "publish" / f"{record.dataset}.json"
        write_file(staged, record.encode())
        written = produced.stat() if produced is not None else None
        if produced is not None:
            target.parent.mkdir(parents=True, exist_ok=True)
            _flush(produced)
            _move(produced, target)
        then = _COMES_LATER
        final_record.parent.mkdir(parents=True, exist_ok=True)
        _move(staged, final_record)
        then = "the new version is in place, but may be lost if the machine stops now"
        _flush(final_record.parent)
    except OSError as error:
        raise _not_written(record, error, target, root, then) from error
    if written is not None:
        file, stat = record.files[0], target.stat()
        if (stat.st_ino, stat.st_size, stat.st_mtime_ns) == (written.st_ino, file.size, written.st_mtime_ns):
            identities.remember(str(data_folder(record.dataset) / file.path), file.oid, file.size, stat)


def staged_record(config: Config, name: TableName) -> Record | None:
    """The record that is about to be published, where a run is between its two renames or was killed there."""
    try:
        staged = config.state / "publish" / f"{name}.json"
        return Record.decode(staged.read_bytes(), str(staged))
    except (OSError, MedallionError):
        return None


def recover(config: Config, identities: Identities) -> None:
    """Finish or drop what a killed run left behind, and remove its temporary files. Call it under the run lock.

    ``BuildError`` where a record cannot be put beside the data that is in place already.
    """
    for staged in sorted((config.state / "publish").glob("*.json")):
        try:
            record = Record.decode(staged.read_bytes(), str(staged))
        except MedallionError:
            staged.unlink()
            continue
        found = identities.of(str(data_folder(record.dataset) / record.files[0].path))
        if found and found[0] == record.files[0].oid:
            target = config.root / record_path(record.dataset)
            try:
                _move(staged, target)
            except OSError as error:
                raise _not_written(record, error, target, config.root, _COMES_LATER) from error
        else:
            staged.unlink()
    written = [config.state / "publish", *(config.root / "data" / layer for layer in config.layers)]
    for unfinished in (
        file for folder in written for file in folder.glob(".*.tmp") if _UNFINISHED.fullmatch(file.name)
    ):
        unfinished.unlink(missing_ok=True)
    temporary = config.state / "tmp"
    for left in temporary.iterdir() if temporary.is_dir() else ():
        if left.is_dir() and not left.is_symlink():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink(missing_ok=True)


def dataset_files(record: Record) -> list[str]:
    """The paths of a dataset's data files, relative to the project."""
    return [str(data_folder(record.dataset) / file.path) for file in record.files]


def _not_written(record: Record, error: OSError, target: Path, root: Path, then: str) -> BuildError:
    return BuildError(
        f"{record.dataset} cannot be written: {error.strerror or error}",
        location=Location(_shown(Path(error.filename2 or error.filename or target), root)),
        hint=f"check the folder's permissions and the space on its disk; {then}",
    )


def _shown(path: Path, root: Path) -> str:
    return str(path.relative_to(root) if path.is_relative_to(root) else path)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _move(produced: Path, target: Path) -> None:
    """Rename, or where ``data/`` lies on another file system copy beside the target first."""
    try:
        produced.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        beside = target.with_name(f".{target.name}.{os.getpid()}.tmp")
        try:
            shutil.copyfile(produced, beside)
            _flush(beside)
            beside.replace(target)
        finally:
            beside.unlink(missing_ok=True)
        produced.unlink()


def between_renames(config: Config, identities: Identities) -> dict[TableName, Record]:
    """Datasets whose data is published and whose record is not yet, because a run is at it or was killed there."""
    found = {}
    for staged in sorted((config.state / "publish").glob("*.json")):
        record = staged_record(config, TableName.parse(staged.stem))
        if record and data_state(record.dataset, record, identities) is DataState.PRESENT:
            found[record.dataset] = record
    return found
