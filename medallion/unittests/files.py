"""Where unit tests lie: ``tests/sql/silver/orders.yaml`` holds those of ``silver.orders``."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from medallion.errors import Location, MedallionError, UnitTestError
from medallion.names import TableName, nearest
from medallion.unittests.cases import read_tests
from medallion.unittests.source import Source
from medallion.utf8 import decoded

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from medallion.config import Config
    from medallion.unittests.cases import UnitTest
    from medallion.unittests.source import Place

__all__ = ["FOLDER", "TestFile", "find_files", "model_of", "path_of", "read_file"]

FOLDER = "tests/sql"
_ENDINGS = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class TestFile:
    """A file of tests, by its path in the project, and the model that it is about."""

    __test__ = False  # Its name is no invitation to pytest.

    model: TableName
    path: str


def path_of(name: TableName) -> str:
    """Where the tests of a model belong."""
    return f"{FOLDER}/{name.layer}/{name.name}.yaml"


def find_files(config: Config, models: Iterable[TableName]) -> tuple[list[TestFile], list[MedallionError]]:
    """The files of tests, by model, and an error for each that belongs to none of ``models``."""
    known = set(models)
    found: dict[TableName, TestFile] = {}
    errors: list[MedallionError] = []
    for path in sorted(_yaml_files(config.root / FOLDER, FOLDER)):
        try:
            file = TestFile(_model(path, config, known), path)
            other = found.setdefault(file.model, file)
            if other is not file:
                raise UnitTestError(
                    f"two files test {file.model}: {other.path} and this one",
                    location=Location(path),
                    hint="put all tests of a model into one file",
                )
        except MedallionError as error:
            errors.append(error)
    return [found[name] for name in sorted(found)], errors


def _yaml_files(folder: Path, shown: str) -> Iterator[str]:
    try:
        entries = list(os.scandir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from _yaml_files(folder / entry.name, f"{shown}/{entry.name}")
        elif entry.name.endswith(_ENDINGS) and not entry.name.startswith("."):
            yield f"{shown}/{entry.name}"


def model_of(path: str, config: Config) -> TableName:
    """The model that a file is named after: its layer's folder and its own name, whatever folders are between."""
    parts = path.removeprefix(f"{FOLDER}/").split("/")
    if len(parts) < 2 or parts[0] not in config.layers:
        raise UnitTestError(
            "the file lies in no layer's folder, so it tests nothing",
            location=Location(path),
            hint=f"the tests of silver.orders are in {FOLDER}/silver/orders.yaml; layers: {', '.join(config.layers)}",
        )
    try:
        return TableName.parse(f"{parts[0]}.{Path(parts[-1]).stem}")
    except MedallionError as error:
        raise error.at(Location(path)) from error


def _model(path: str, config: Config, known: set[TableName]) -> TableName:
    name = model_of(path, config)
    if name not in known:
        near = nearest(str(name), map(str, known))
        raise UnitTestError(
            f"there is no model {name}",
            location=Location(path),
            hint=f'did you mean "{near}"? The file is named after its model' if near else f"write sql/{name.layer}/",
        )
    return name


def read_file(config: Config, file: TestFile) -> tuple[list[UnitTest], list[UnitTestError]]:
    """The tests of a file, and what is wrong with those that cannot be read."""
    try:
        source = Source(file.path, _text(config.root, file.path))
    except UnitTestError as error:
        return [], [error]
    folder = Path(file.path).parent

    def beside(name: str, place: Place) -> Source:
        path = folder / name
        if "\0" in name or Path(name).is_absolute() or ".." in path.parts:
            raise place.error(f'"{name}" lies elsewhere', "a CSV lies beside the file of tests, or in a folder there")
        try:
            return Source(path.as_posix(), _text(config.root, path.as_posix()))
        except UnitTestError as error:
            raise place.error(f"{path.as_posix()}: {error.message}", "name a file beside this one") from error

    return read_tests(file.model, source, beside)


def _text(root: Path, path: str) -> str:
    """A file's text. Through a symbolic link a test would show what lies outside of the project."""
    real = os.path.realpath(root / path)
    if not Path(real).is_relative_to(os.path.realpath(root / FOLDER)):
        raise UnitTestError(f"it is a link that leads out of {FOLDER}/", location=Location(path), hint="copy the file")
    try:
        with open(real, "rb") as file:  # noqa: PTH123 - pathlib takes several times as long
            return decoded(file.read(), path, UnitTestError)
    except OSError as error:
        raise UnitTestError(f"cannot be read: {error.strerror}", location=Location(path)) from error
