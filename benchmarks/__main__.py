"""Run the benchmarks that are named, or all, print a table and write JSON: ``python -m benchmarks [NAME…]``."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import sys
import tempfile
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.bench import Bench, BenchError, isolated
from benchmarks.figures import table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.figures import Figure

__all__ = ["ALL", "main"]

ALL = (
    "startup",
    "models_100",
    "models_1000",
    "tpch",
    "query_at_tag",
    "catalog",
    "commit",
    "sandbox",
    "scale",
    "checks",
    "unit_tests",
    "diff",
    "review",
    "textconv",
)


def main() -> int:
    """Zero, where every benchmark gave its figures; whether goals are met is for the reader to judge."""
    asked = _arguments()
    build = Path(__file__).parents[1] / "build" / "bench"
    build.mkdir(parents=True, exist_ok=True)
    found: list[tuple[str, Figure]] = []
    failed = []
    for name in asked.names or ALL:
        _say(f"{name} ...")
        started = time.monotonic()
        figures: list[Figure] = []
        try:
            for figure in _measure(name, asked.rounds):
                figures.append(figure)
                _write(build / f"{name}.json", figures)  # What is found stays, should the rest fail or be stopped.
        except BenchError as error:
            _say(f"error: {name}: {error}")
            failed.append(name)
        _say(f"{name} took {time.monotonic() - started:,.0f} s")
        found += [(name, figure) for figure in figures]
    if found:
        print(table(found))
    if failed:
        _say(f"failed: {', '.join(failed)}")
    return 1 if failed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(ALL)}")
    parser.add_argument("--rounds", type=int, default=5, help="how often each is measured; the default is 5")
    asked = parser.parse_args()
    unknown = [name for name in asked.names if name not in ALL]
    if unknown:
        parser.error(f"there is no benchmark {unknown[0]}; there are {', '.join(ALL)}")
    if asked.rounds < 1:
        parser.error("--rounds must be at least 1")
    return asked


def _measure(name: str, rounds: int) -> Iterator[Figure]:
    """One benchmark in a new folder, which goes when it is done.

    The folder is where temporary files are (TMPDIR), because a project does not start inside of another, as this
    checkout is one.
    """
    with tempfile.TemporaryDirectory(prefix=f"medallion-{name}-") as folder:
        root = Path(folder).resolve()
        home = root / "home"
        home.mkdir()
        yield from importlib.import_module(f"benchmarks.{name}").measure(Bench(root, isolated(home), rounds))


def _write(file: Path, figures: Sequence[Figure]) -> None:
    document = {**_circumstances(), "figures": [figure.document() for figure in figures]}
    file.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _circumstances() -> dict[str, object]:
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "python": platform.python_version(),
        "medallion": version("medallion"),
        "duckdb": version("duckdb"),
    }


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
