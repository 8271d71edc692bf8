"""Where the sample's SQL and its tests lie: inside an installed package, or in the repository of an editable one."""

from __future__ import annotations

from pathlib import Path

from medallion.errors import ModelError

__all__ = ["sql_folder", "tests_folder"]

_PACKAGE = Path(__file__).resolve().parent


def sql_folder() -> Path:
    """The folder with ``macros/``, ``bronze/``, ``silver/`` and ``gold/`` of the sample.

    A wheel carries it beside this module; a checkout has it at its root. ``ModelError`` where neither does.
    """
    candidates = (_PACKAGE / "sql", _PACKAGE.parents[1] / "sql")
    for folder in candidates:
        # Two files that only the sample has: site-packages may hold somebody else's "sql".
        if (folder / "macros" / "text.sql").is_file() and (folder / "bronze" / "pages.sql").is_file():
            return folder
    raise ModelError(
        f"the sample's SQL is missing: it is neither in {candidates[0]} nor in {candidates[1]}",
        hint="install medallion again: pip install --force-reinstall medallion",
    )


def tests_folder() -> Path:
    """The folder with the unit tests of these models, in a folder for each layer; ``ModelError`` as above."""
    sql = sql_folder()
    return sql.parent / "tests" if sql.parent == _PACKAGE else sql.parent / "tests" / "sql"
