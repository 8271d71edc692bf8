"""The program ``medallion``: its commands, and the one place where errors become exit codes."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer
from click.exceptions import Exit

from medallion import __version__
from medallion.cli import build, data, history, house
from medallion.errors import MedallionError

__all__ = ["app", "main"]

_HELP = """Bronze, silver and gold layers as Parquet in Git LFS: transformed by SQL, versioned by commits.

Run `medallion demo` for a finished sample, `medallion init` to start a project of your own."""

app = typer.Typer(
    name="medallion",
    help=_HELP,
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _version(asked: bool) -> None:  # noqa: FBT001  # typer calls it with the option's value
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
history.register(app)
data.register(app)
house.register(app)


def main() -> None:
    """Run the program and exit: 0 fine, 1 differs or stale, 2 the user's to mend, 3 a bug of ours, 130 interrupted."""
    try:
        code = app(standalone_mode=False)
    except MedallionError as error:
        from medallion.cli.console import print_error

        print_error(error)
        code = error.exit_code
    except Exit as error:
        code = error.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("\ninterrupted: what was finished is kept, nothing is half done\n")
        code = 130
    except BrokenPipeError:
        # Whoever read our output has seen enough; Python would complain again when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except Exception as error:
        code = _unexpected(error)
    sys.exit(code if isinstance(code, int) else 0)


def _unexpected(error: Exception) -> int:
    """A usage error of the command line, or a bug of ours."""
    from click import ClickException
    from click.exceptions import Abort

    if isinstance(error, ClickException):
        error.show()
        return 2
    if isinstance(error, Abort):
        sys.stderr.write("\naborted\n")
        return 130
    import traceback

    traceback.print_exc()
    sys.stderr.write(
        "\nThis is a bug in medallion, not a mistake of yours. Please report it with the lines above, "
        "and what `medallion doctor` prints.\n"
    )
    return 3
