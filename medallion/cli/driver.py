"""``driver …``: what Git calls. typer is not imported here: Git waits for each answer."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import typer

__all__ = ["convert", "register"]


def convert(path: str) -> None:
    """Print the text that stands for a Parquet file."""
    from medallion.textconv import textconv

    text = textconv(Path(path), Path.cwd(), os.environ)
    sys.stdout.buffer.write(text.encode(errors="backslashreplace"))
    sys.stdout.buffer.flush()


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    import typer

    driver = typer.Typer(
        help="What Git calls by itself, once `medallion init` has set it up.", no_args_is_help=True, hidden=True
    )
    driver.command()(textconv)
    app.add_typer(driver, name="driver", rich_help_panel="Keep house")


def textconv(file: str) -> None:
    """A Parquet file, or the Git LFS pointer of one, as a few lines of text: for `git diff`, `git log -p`, `git show`.

    Example: medallion driver textconv data/silver/orders.parquet
    """
    convert(file)
