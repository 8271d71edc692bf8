"""The program ``medallion``: how it starts, and the one place where errors become exit codes."""

from __future__ import annotations

import os
import sys

from medallion import __version__

_INTERRUPTED = 130
_UNREAD = 141
_SAID = "\ninterrupted: what was finished is kept, nothing is half done\n"


def _leave(*_: object) -> None:
    os.write(2, _SAID.encode())
    os._exit(_INTERRUPTED)


# Until main() has begun, Ctrl-C comes as Python has it. So little is imported here: this takes the longest.
try:
    import errno
    import signal
except KeyboardInterrupt:
    _leave()

# As in typing, without its import.
TYPE_CHECKING = False
if TYPE_CHECKING:
    import typer

    from medallion.cli.app import app
    from medallion.errors import MedallionError

__all__ = ["app", "main"]


def __getattr__(name: str) -> object:
    """``app``, which is made when it is asked for: to say the version, or what git waits for, takes no typer."""
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from medallion.cli.app import app

    return app


def main() -> None:
    """Run the program and exit: 0 fine, 1 differs or stale, 2 the user's to mend, 3 a bug of ours, 130 interrupted.

    It is 141, as with SIGPIPE, where whoever read our output has seen enough.
    """
    waiting = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if waiting:
        # An exception in the middle of an import comes out as anything. Nothing has begun that would have to be ended.
        signal.signal(signal.SIGINT, _leave)
    if _is_answered():
        sys.exit(_flushed(0))
    import typer

    from medallion.cli.app import app
    from medallion.cli.complete import answer_shell, asked_by_shell
    from medallion.errors import MedallionError

    if asked_by_shell(os.environ):
        answer_shell(app)
    try:
        if waiting:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        # What a command raises as typer.Exit comes back as a number, and so does an interrupt.
        code = app(standalone_mode=False)
    except MedallionError as error:
        code = _failed(error)
    except (KeyboardInterrupt, typer.Abort):
        code = _INTERRUPTED
    except BrokenPipeError:
        code = _UNREAD
    except SystemExit as left:  # Of typer, which makes a 1 of a pipe that was closed: that would mean "differs".
        code = _UNREAD if isinstance(left.__context__, BrokenPipeError) else left.code
    except typer.TyperException as error:
        code = _misused(error)
    except OSError as error:
        code = _failed(_refused(error)) if error.errno in _REFUSALS else _unexpected()
    except Exception as error:
        code = _INTERRUPTED if _is_interrupt(error) else _unexpected()
    sys.exit(_flushed(code))


def _is_answered() -> bool:
    """Whether it was what takes no typer, and is done."""
    try:
        if sys.argv[1:] == ["--version"]:
            sys.stdout.write(f"medallion {__version__}\n")
            return True
        if sys.argv[1:3] == ["driver", "textconv"] and len(sys.argv) == 4 and not sys.argv[3].startswith("-"):
            from medallion.cli.textconv import convert

            convert(sys.argv[3])
            return True
    except BrokenPipeError:
        sys.exit(_flushed(_UNREAD))
    return False


def _flushed(returned: object) -> int:
    """The exit code once all is written, which may be too late; 0 where a command returned nothing."""
    code = returned if isinstance(returned, int) else 0
    if code == _INTERRUPTED:
        sys.stderr.write(_SAID)
    try:
        if code != _UNREAD and sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        code = _UNREAD
    if code == _UNREAD:  # Python would complain when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return code


def _is_interrupt(error: Exception) -> bool:
    """Whether it is what a library made of Ctrl-C: DuckDB while a statement runs, Python while a class is made."""
    from medallion.errors import is_ctrl_c

    if isinstance(error, RuntimeError) and is_ctrl_c(error):
        return True
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, KeyboardInterrupt):
        cause = cause.__cause__
    return cause is not None


# What the machine refuses, wherever it happens, is for its owner to mend: no space, no permission, read-only, a file
# that may not grow, too many open files.
_REFUSALS = {
    errno.EACCES,
    errno.EDQUOT,
    errno.EFBIG,
    errno.EMFILE,
    errno.ENOSPC,
    errno.EPERM,
    errno.EROFS,
}


def _refused(error: OSError) -> MedallionError:
    from medallion.errors import Location, MedallionError

    return MedallionError(
        error.strerror or str(error),
        location=Location(str(error.filename)) if error.filename else None,
        hint="check who owns the folder, whether it may be written to, and the space on its disk",
    )


def _failed(error: MedallionError) -> int:
    from medallion.cli.console import print_error

    print_error(error)
    return error.exit_code


def _misused(error: typer.TyperException) -> int:
    """A command line that cannot be understood; the help, where there is only the program's name on it."""
    context = getattr(error, "ctx", None)
    from medallion.errors import MedallionError

    command = context.command_path if context else "medallion"
    message = error.format_message()
    if len(sys.argv) == 1:
        sys.stderr.write(f"{message}\n")  # It is the help.
    elif message:
        _failed(MedallionError(message[:1].lower() + message[1:], hint=f"`{command} --help` says what it takes"))
    return 2


def _unexpected() -> int:
    """A bug of ours: the one case in which a person sees a traceback."""
    import traceback

    from medallion.redaction import redact

    sys.stderr.write(redact(traceback.format_exc()))
    sys.stderr.write(
        "\nThis is a bug in medallion, not a mistake of yours. Please report it with the lines above, "
        "and what `medallion doctor` prints.\n"
    )
    return 3
