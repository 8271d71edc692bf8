"""The configuration: ``medallion.toml``, or ``[tool.medallion]`` in ``pyproject.toml`` with the same keys."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from shlex import quote
from typing import TYPE_CHECKING, Any

from medallion.errors import ConfigError, Location
from medallion.names import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

__all__ = [
    "DEFAULT_LAYERS",
    "DEFAULT_SOURCES",
    "DEFAULT_TIMEOUT",
    "KEYS",
    "Config",
    "Variable",
    "configures",
    "find_project",
    "load_config",
    "parse_config",
]

DEFAULT_LAYERS = ("bronze", "silver", "gold")
DEFAULT_SOURCES = ("sources/",)
DEFAULT_TIMEOUT = 300.0

Variable = str | int | float | bool

#: Every key with what it means; the reference page and the file that ``init`` writes come from here.
KEYS: Mapping[str, str] = {
    "layers": "The layers, lowest first. A dataset reads its own layer or lower ones; only the first reads sources.",
    "sources": "What the first layer may read: folders, files or glob patterns, relative to the project.",
    "duckdb.threads": "How many threads compute. Default: one for each core. Never changes the data.",
    "duckdb.memory_limit": "How much memory DuckDB takes before it spills to disk. Default: 80 % of the machine's. "
    "A floating-point sum that has to spill may come out with other last digits.",
    "duckdb.max_temp_directory_size": "How much DuckDB may spill to disk before it gives up: a run in "
    ".medallion/tmp, a query in the system's temporary folder. Default: 90 % of the free space.",
    "query.timeout": "How many seconds a query may compute before it is stopped; 0 for as long as it takes. "
    "Default: 300.",
    "variables.<name>": "The value of getvariable('<name>') in SQL. It enters the fingerprint where it is used.",
    "checks.failed_rows": "How many of the rows that fail a check are kept in .medallion/failed/. Default: 1000.",
    "review.samples": "Whether a review shows rows and values of the data, to all who see the pull request; "
    "its base has to say so as well. Default: false.",
}

_WORD = re.compile(r"[a-z][a-z0-9_]{0,62}")
_MEMORY = re.compile(r"\d+(\.\d+)? ?([KMGT]i?B|B|%)", re.IGNORECASE)
_RESERVED_LAYERS = {"main", "temp", "system", "macros", "checks", "expect", "information_schema", "pg_catalog"}


@dataclass(frozen=True, slots=True)
class Config:
    """A project's settings. ``root`` is absolute; ``file`` is the configuration's path relative to it."""

    root: Path
    file: str = "medallion.toml"
    layers: tuple[str, ...] = DEFAULT_LAYERS
    sources: tuple[str, ...] = DEFAULT_SOURCES
    threads: int | None = None
    memory_limit: str | None = None
    max_temp_directory_size: str | None = None
    query_timeout: float = DEFAULT_TIMEOUT
    variables: Mapping[str, Variable] = field(default_factory=dict)
    review_samples: bool = False
    failed_rows: int = 1000

    @property
    def state(self) -> Path:
        """The folder of what can be made again: catalog, caches, temporary files."""
        return self.root / ".medallion"

    def with_variables(self, given: Mapping[str, Variable]) -> Config:
        """The same with ``given`` on top of the configured variables; DuckDB takes no notice of their case."""
        names = {name.casefold(): name for name in self.variables}
        spelt = {names.get(name.casefold(), name): value for name, value in given.items()}
        return replace(self, variables={**self.variables, **spelt})


def find_project(start: Path, below: Callable[[Path], Sequence[str]] = lambda _: ()) -> Config:
    """The configuration of the project that ``start`` lies in; ``ConfigError`` where there is none.

    ``below`` finds the folders of projects below a folder, for somebody who stands above one.
    """
    start = start.resolve()
    for folder in [start, *start.parents]:
        own, shared = folder / "medallion.toml", folder / "pyproject.toml"
        in_shared = shared.is_file() and configures(_bytes(shared), shared.name)
        if own.is_file() and in_shared:
            raise ConfigError(
                "this project has two configurations: medallion.toml and [tool.medallion] in pyproject.toml",
                location=Location(str(own)),
                hint="keep one of them",
            )
        if own.is_file() or in_shared:
            chosen = own if own.is_file() else shared
            _refuse_links(folder, chosen.name)
            config = load_config(chosen)
            _refuse_links(folder, ".medallion", "data", "sql", *(f"data/{layer}" for layer in config.layers))
            return config
    raise ConfigError(
        f"no medallion project in {start} or above it",
        hint=_elsewhere(below(start))
        or "`medallion init` starts one here; `medallion demo` makes a sample to play with",
    )


def _elsewhere(folders: Sequence[str]) -> str:
    if not folders:
        return ""
    shown = ", ".join(folders[:5]) + (f" and {len(folders) - 5} more" if len(folders) > 5 else "")
    return f"below there is {shown}: `medallion -C {quote(folders[0])} …` works there"


def _refuse_links(root: Path, *paths: str) -> None:
    """A commit may bring a link in place of a folder; what is read and written would then lie anywhere."""
    for path in paths:
        if (root / path).is_symlink() and not (root / path).resolve().is_relative_to(root):
            raise ConfigError(
                "this is a link that leads out of the project",
                location=Location(path),
                hint="look at where it leads (ls -l) and who made it; a project keeps its files inside of its folder",
            )


def load_config(path: Path) -> Config:
    """Read one configuration file; ``ConfigError`` names the key at fault and the nearest known one."""
    return parse_config(_bytes(path), path)


def parse_config(data: bytes, path: Path) -> Config:
    """The same of what is, or in some version was, in the file at ``path``."""
    document = _parsed(data, path)
    values = document.get("tool", {}).get("medallion", {}) if path.name == "pyproject.toml" else document
    return _Reader(path, data.decode()).config(values)


def configures(data: bytes, file: str) -> bool:
    """Whether what is in ``file`` configures a project: any ``medallion.toml`` does."""
    return file != "pyproject.toml" or "medallion" in _parsed(data, PurePath(file)).get("tool", {})


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", location=Location(str(path))) from error


def _parsed(data: bytes, path: PurePath) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(data.decode())
    except UnicodeDecodeError as error:
        raise ConfigError("the file is not UTF-8", location=Location(str(path)), hint="save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        hint = "strings stand in quotes, lists in [ ]; https://toml.io shows the rest"
        raise ConfigError(f"not valid TOML: {error}", location=Location(str(path)), hint=hint) from error


class _Reader:
    """Checks a parsed document key by key, and finds the line of the key that is wrong."""

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.text = text

    def config(self, values: Mapping[str, Any]) -> Config:
        self._known(values, ["layers", "sources", "duckdb", "query", "variables", "checks", "review"], "")
        duckdb = self._table(values, "duckdb")
        review = self._table(values, "review")
        self._known(duckdb, ["threads", "memory_limit", "max_temp_directory_size"], "duckdb.")
        query = self._table(values, "query")
        self._known(query, ["timeout"], "query.")
        checks = self._table(values, "checks")
        self._known(checks, ["failed_rows"], "checks.")
        self._known(review, ["samples"], "review.")
        return Config(
            root=self.path.parent.resolve(),
            file=self.path.name,
            layers=self._layers(values),
            sources=self._strings(values, "sources", DEFAULT_SOURCES),
            threads=self._threads(duckdb),
            memory_limit=self._size(duckdb, "memory_limit"),
            max_temp_directory_size=self._size(duckdb, "max_temp_directory_size"),
            query_timeout=self._timeout(query),
            variables=self._variables(self._table(values, "variables")),
            review_samples=self._flag(review, "samples"),
            failed_rows=self._failed_rows(checks),
        )

    def _fail(self, key: str, message: str, hint: str = "") -> ConfigError:
        word = re.escape(key.rsplit(".", 1)[-1])
        found = re.search(rf'^\s*\[?\s*(?:[\w."]+\.)?("?{word}"?)\s*[=\].]', self.text, re.MULTILINE)
        location = (
            Location.at(self.path.name, self.text, found.start(1), len(found.group(1)))
            if found
            else Location(self.path.name)
        )
        return ConfigError(message, location=location, hint=hint)

    def _known(self, values: Mapping[str, Any], known: list[str], prefix: str) -> None:
        for key in values:
            if key not in known:
                near = nearest(key, known)
                hint = f'did you mean "{prefix}{near}"?' if near else f"known keys: {', '.join(known)}"
                raise self._fail(prefix + key, f'unknown key "{prefix}{key}"', hint)

    def _table(self, values: Mapping[str, Any], key: str) -> Mapping[str, Any]:
        table = values.get(key, {})
        if not isinstance(table, dict):
            raise self._fail(key, f"{key} must be a table", f"write [{key}] on a line of its own")
        return table

    def _strings(self, values: Mapping[str, Any], key: str, default: tuple[str, ...]) -> tuple[str, ...]:
        found = values.get(key, list(default))
        if not isinstance(found, list) or not all(isinstance(item, str) and item for item in found):
            raise self._fail(key, f"{key} must be a list of strings")
        return tuple(found)

    def _layers(self, values: Mapping[str, Any]) -> tuple[str, ...]:
        layers = self._strings(values, "layers", DEFAULT_LAYERS)
        for layer in layers:
            if not _WORD.fullmatch(layer) or layer in _RESERVED_LAYERS:
                raise self._fail("layers", f'"{layer}" cannot be a layer', "use lower-case letters, digits, _")
        if not layers or len(set(layers)) < len(layers):
            raise self._fail("layers", "layers must hold at least one name, and none twice")
        return layers

    def _threads(self, duckdb: Mapping[str, Any]) -> int | None:
        threads = duckdb.get("threads")
        if threads is None:
            return None
        if not isinstance(threads, int) or isinstance(threads, bool) or threads < 1:
            raise self._fail("duckdb.threads", "duckdb.threads must be a whole number from 1", "as in threads = 4")
        return threads

    def _size(self, duckdb: Mapping[str, Any], key: str) -> str | None:
        size = duckdb.get(key)
        if size is None:
            return None
        share = isinstance(size, str) and "%" in size and key != "memory_limit"
        if not isinstance(size, str) or not _MEMORY.fullmatch(size.strip()) or share:
            example = 'as in "8GB" or "60%"' if key == "memory_limit" else 'as in "50GB"'
            raise self._fail(f"duckdb.{key}", f"duckdb.{key} must be a size", example)
        return size.strip()

    def _timeout(self, query: Mapping[str, Any]) -> float:
        seconds = query.get("timeout", DEFAULT_TIMEOUT)
        if not isinstance(seconds, int | float) or isinstance(seconds, bool) or not 0 <= seconds < math.inf:
            raise self._fail("query.timeout", "query.timeout must be a number of seconds", "as in timeout = 60")
        return float(seconds)

    def _variables(self, table: Mapping[str, Any]) -> Mapping[str, Variable]:
        for key, value in table.items():
            if not re.fullmatch(r"[A-Za-z_]\w*", key):
                raise self._fail(f"variables.{key}", f'"{key}" cannot be a variable\'s name')
            if not isinstance(value, str | int | float | bool):
                raise self._fail(f"variables.{key}", f"variables.{key} must be a string, number or boolean")
            if isinstance(value, float) and not math.isfinite(value):
                raise self._fail(f"variables.{key}", f"variables.{key} must be a finite number")
        folded = {key.casefold(): key for key in table}
        if len(folded) < len(table):
            twice = next(key for key in table if folded[key.casefold()] != key)
            raise self._fail(f"variables.{twice}", f'variable "{twice}" is there twice: DuckDB takes no notice of case')
        return dict(table)

    def _failed_rows(self, table: Mapping[str, Any]) -> int:
        value = table.get("failed_rows", 1000)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise self._fail("checks.failed_rows", "checks.failed_rows must be a whole number, 0 or more")
        return value

    def _flag(self, table: Mapping[str, Any], key: str) -> bool:
        value = table.get(key, False)
        if not isinstance(value, bool):
            raise self._fail(f"review.{key}", f"review.{key} must be true or false")
        return value
