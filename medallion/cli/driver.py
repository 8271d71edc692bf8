"""``driver …``: what Git calls by itself. How it starts ``driver textconv``, see ``main``."""

from __future__ import annotations

from typing import Annotated

import typer

from medallion.cli.textconv import convert

__all__ = ["register"]

_HELP = """What Git calls, once `medallion init` has set it up.

Example: medallion driver textconv data/silver/orders.parquet"""


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    driver = typer.Typer(help=_HELP, no_args_is_help=True, hidden=True)
    driver.command()(textconv)
    app.add_typer(driver, name="driver", rich_help_panel="Keep house")


def textconv(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A Parquet file, or the Git LFS pointer of one.")],
) -> None:
    """A Parquet file as a few lines of text: what `git diff`, `git log -p` and `git show` compare.

    Example: medallion driver textconv data/silver/orders.parquet
    """
    convert(file)
