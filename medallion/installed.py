"""Versions of installed packages, told by their folders: importing a package, or its metadata, would cost more."""

from __future__ import annotations

import os
import re
import sys
from functools import cache

__all__ = ["version_of"]


@cache
def version_of(package: str) -> str:
    """The version of an installed package, as ``2.0.1``; ``PackageNotFoundError`` where it is not installed."""
    pattern = re.compile(rf"{re.escape(package)}-(.+)\.dist-info", re.IGNORECASE)
    for folder in sys.path:
        try:
            names = os.listdir(folder or ".")  # noqa: PTH208 - pathlib would make an object of each
        except OSError:
            continue
        found = [match[1] for name in names if (match := pattern.fullmatch(name))]
        if len(found) == 1:
            return found[0]
    from importlib.metadata import version

    return version(package)
