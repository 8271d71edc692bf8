"""Render the sample's raw data: the pages that Python's own pydoc makes of the standard library.

Real HTML, several hundred pages, nothing to download. To document a module pydoc must import it, and imports
have side effects; so one child process, with an environment of its own, does all the work.

The same Python renders the same bytes, wherever and whenever: hashing is fixed, and what a page would tell of the
machine (memory addresses, folders, environment variables) is left out.
"""

from __future__ import annotations

import ast
import functools
import importlib
import os
import pkgutil
import platform
import pydoc
import re
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["render"]

# Test suites, jokes that open a browser, what later Pythons dropped and import only with a warning, and what needs a
# window: tkinter is missing on many machines, and its three pages, 6 MB, repeat every method for every widget.
_LEFT_OUT = {
    "antigravity",
    "distutils",
    "idlelib",
    "lib2to3",
    "test",
    "tests",
    "this",
    "tkinter",
    "turtle",
    "turtledemo",
}

# No site-packages (-S), no user site (-s), nothing from the working directory (-P), no bytecode (-B), no warnings.
_OPTIONS = ("-S", "-s", "-P", "-B", "-Wignore", "-Xutf8")

# An object's address in a repr, where pydoc may have made the space a &nbsp;, and the handle of a ctypes library.
_ADDRESS = re.compile(r"\b(at(?: |&nbsp;)0x|handle )[0-9A-Fa-f]{6,16}\b")

# Where a module was loaded from, in its repr: cut in the middle where it is long, so no folder is found in it.
_MODULE_FILE = re.compile(r"(?<=') from '[^']*'(?=&gt;)")


def ignore(module: str, done: int, total: int) -> None:
    """Say nothing."""


def render(
    target: Path, on_page: Callable[[str, int, int], None] = ignore, modules: Sequence[str] | None = None
) -> int:
    """Write ``<module>.html`` into the folder ``target`` for each module, and return how many pages there are.

    ``modules`` defaults to the public modules of the standard library. One that cannot be imported on this machine
    has no page. ``on_page(module, done, total)`` is called after each module. Pages that are there are replaced one
    by one, each by a rename; other files in ``target`` stay. ``SourceError`` where Python cannot render at all.
    """
    # Late, so that the child, which runs this file as a script, needs nothing but the standard library.
    from medallion.errors import SourceError

    target.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, *_OPTIONS, __file__, str(target.resolve()), *(modules or ())]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment |= {"PYTHONHASHSEED": "0", "TZ": "UTC", "LC_ALL": "C.UTF-8", "COLUMNS": "80"}
    environment.pop("DISPLAY", None)
    pages = 0
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        cwd=target,
        encoding="utf-8",
    ) as child:
        assert child.stdout is not None  # noqa: S101 - stdout is a pipe, three lines above
        for line in child.stdout:
            module, outcome, done, total = line.split()
            pages += outcome == "page"
            on_page(module, int(done), int(total))
    if child.returncode or not pages:
        raise SourceError(
            f"pydoc rendered no pages (exit code {child.returncode})",
            hint=f"is this a whole Python? Try: {sys.executable} -m pydoc -w abc",
        )
    return pages


def _render_all(target: Path, modules: Sequence[str]) -> None:
    """The child's work: one line on stdout per module, and whatever the modules print goes nowhere."""
    report = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    _forget_environment()
    _hurry()
    clean = _cleaner()
    names = modules or sorted(_public_modules())
    for done, name in enumerate(names, 1):
        html = _page(name)
        if html is not None:
            _publish(target / f"{name}.html", clean(html))
        print(name, "page" if html is not None else "skipped", done, len(names), file=report, flush=True)


def _forget_environment() -> None:
    """Pages show ``os.environ``, ``sys.argv`` and the like; nobody's variables and folders must end in a data set."""
    os.environ.clear()
    for module in ("posix", "nt"):
        if module in sys.modules:
            sys.modules[module].environ.clear()
    sys.argv[:] = ["pydoc"]
    sys.orig_argv[:] = ["pydoc"]
    sys.modules["__main__"].__file__ = "pydoc.py"
    # platform has the interpreter's path in a signature, which breaks into lines where the path is long.
    sys.executable = "python"
    importlib.reload(platform)


def _hurry() -> None:
    """Half the time for the same pages: pydoc does two things over and over."""
    # To look for comments, inspect parses a module's source again for each of its classes.
    vars(ast)["parse"] = functools.cache(ast.parse)
    # A class shows the methods it inherits, so most words have been escaped before.
    vars(pydoc.html)["preformat"] = functools.cache(pydoc.html.preformat)


def _public_modules() -> Iterator[str]:
    """Every module whose name has no private part, submodules included, found without importing more than packages."""
    for name in sys.stdlib_module_names:
        if not _left_out(name):
            yield name
            yield from _submodules(name)


def _submodules(package: str) -> Iterator[str]:
    try:
        path = getattr(__import__(package, fromlist=["*"]), "__path__", None)
    except BaseException:  # whatever an import does, exit included
        return
    for found in pkgutil.iter_modules(path or []):
        name = f"{package}.{found.name}"
        if not _left_out(found.name):
            yield name
            if found.ispkg:
                yield from _submodules(name)


def _left_out(name: str) -> bool:
    return name in _LEFT_OUT or (name.startswith("_") and name != "__future__")


def _page(name: str) -> str | None:
    """The page of one module as pydoc renders it, or None where the module cannot be imported or rendered."""
    try:
        module = importlib.import_module(name)
        return pydoc.html.page(pydoc.describe(module), pydoc.html.document(module, name))
    except BaseException:  # whatever an import does, exit included
        return None


def _cleaner() -> Callable[[str], str]:
    """What takes this machine out of a page: addresses become ``0x0``, the library's folder ``Lib``."""
    paths = sysconfig.get_paths()
    folders = {paths["stdlib"]: "Lib", paths["platstdlib"]: "Lib", sys.base_prefix: "Python", sys.prefix: "Python"}
    places = sorted(folders.items(), key=lambda place: -len(place[0]))

    def clean(html: str) -> str:
        html = _MODULE_FILE.sub("", _ADDRESS.sub(r"\g<1>0", html))
        for folder, name in places:
            html = html.replace(folder, name)
        return html

    return clean


def _publish(path: Path, html: str) -> None:
    part = path.with_name(f".{path.name}.part")
    # A lone surrogate, as some reprs have, becomes a character reference: it has no UTF-8.
    part.write_bytes(html.encode("utf-8", errors="xmlcharrefreplace"))
    part.replace(path)


if __name__ == "__main__":
    _render_all(Path(sys.argv[1]), sys.argv[2:])
