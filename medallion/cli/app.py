"""The commands of the program, put together."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from medallion import __version__
from medallion.cli import blame, build, data, diff, driver, history, house, review, testing
from medallion.cli.grouped import GroupedCommands
from medallion.errors import MedallionError

__all__ = ["app"]

_HELP = """Bronze, silver and gold layers as Parquet in Git LFS: transformed by SQL, versioned by commits.

Run `medallion demo` for a finished sample, `medallion init` to start a project of your own."""

app = typer.Typer(
    name="medallion",
    cls=GroupedCommands,
    help=_HELP,
    rich_markup_mode=None,
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _version(asked: bool) -> None:
    if asked:
        sys.stdout.write(f"medallion {__version__}\n")
        raise typer.Exit


@app.callback()
def _root(
    directory: Annotated[
        str | None, typer.Option("--directory", "-C", metavar="DIR", help="Work as if started in this folder.")
    ] = None,
    _show_version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    if directory is not None:
        try:
            os.chdir(directory)
        except OSError as error:
            raise MedallionError(f"cannot work in {directory}: {error.strerror}") from error


house.register_start(app)
build.register(app)
testing.register(app)
history.register(app)
blame.register(app)
data.register(app)
diff.register(app)
review.register(app)
house.register(app)
driver.register(app)
