"""Medallion: bronze, silver and gold layers as Parquet in Git LFS, transformed by SQL and versioned by commits.

::

    import medallion

    project = medallion.open("path/to/project")
    project.run()
    project.query("SELECT * FROM gold.revenue", at="v1.2").arrow()
"""

from __future__ import annotations

# As in typing, without its import: the program starts with this file, and until it has started Ctrl-C is Python's.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from medallion.config import Variable
    from medallion.project import Project

__all__ = ["__version__", "open"]

__version__ = "0.1.0"


def open(path: str | Path = ".", *, variables: Mapping[str, Variable] | None = None) -> Project:  # noqa: A001
    """The project that ``path`` lies in; ``ConfigError`` where there is none.

    ``variables`` come on top of the configured ones, as ``--var`` does on the command line.
    """
    from medallion.project import Project

    return Project.open(path, variables=variables)
