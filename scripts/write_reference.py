"""Write the generated parts of docs/reference/: what the code itself knows about commands, keys, words and tables.

``python scripts/write_reference.py`` writes the pages anew; ``--check`` only says whether they are up to date. A
generated part stands between two marks, ``<!-- begin NAME -->`` and ``<!-- end NAME -->``; the text around is by hand.
"""

from __future__ import annotations

import argparse
import ast
import dataclasses
import inspect
import re
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import typer

import medallion
from medallion.build import RunResult
from medallion.catalog import VersionRow
from medallion.catalog.schema import TABLES
from medallion.check import CheckRun
from medallion.cli.main import app
from medallion.config import KEYS
from medallion.diff.blame import Blame, RowVersion
from medallion.diff.value import (
    Cell,
    ColumnDiff,
    Diff,
    Histogram,
    Key,
    Pattern,
    RowChange,
    Rows,
    Side,
    Statistics,
    TableDiff,
)
from medallion.events import CheckResult, RowDelta, StepFinished
from medallion.models.annotations import WORDS
from medallion.plan import Step
from medallion.project import Project
from medallion.query import Result
from medallion.setup import CONFIG
from medallion.unittests.compare import Difference, Pair
from medallion.unittests.create import Created
from medallion.unittests.run import UnitTestResult, UnitTestRun

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REFERENCE = Path(__file__).parents[1] / "docs" / "reference"

#: Words that something acts on. The others are read, checked against the vocabulary, and kept.
ACTED_ON = {
    "key": "enforced: a run refuses data in which it is no key, and stores the rows in its order",
    "volatile": "the model is built in every run",
    "contract": "enforced: what would have other columns is not built, unless `run --accept` is asked to",
    "tag": "`tag:word` selects the dataset",
    "private": "values are in no message, log or report",
    "tolerance": "numbers that near are the same in a diff",
    **dict.fromkeys(
        ("not_null", "unique", "accepted_values", "relationships", "range", "regex", "check"),
        "new data that fails is not published",
    ),
    "warn": "a warning",
    "expect": "new data that differs in another way is not published, but with `--accept`",
}

#: An example of each word, for the page.
EXAMPLES = {
    "key": "@key order_id, line_number",
    "volatile": "@volatile",
    "contract": "@contract",
    "owner": "@owner data-team",
    "tag": "@tag nightly",
    "incremental": "@incremental",
    "private": "@private",
    "tolerance": "@tolerance 1e-9 or 0.1%",
    "not_null": "@not_null",
    "unique": "@unique",
    "accepted_values": "@accepted_values placed, shipped",
    "relationships": "@relationships silver.customers(customer_id)",
    "range": "@range 0 to 100",
    "regex": "@regex ^[A-Z]{2}$",
    "check": "@check total >= 0",
    "warn": "@warn freshness ordered_at < 2 days",
    "expect": "@expect removed at most 1%",
}

#: What each table of the catalog holds a row for, and what its columns mean.
CATALOG: dict[str, tuple[str, dict[str, str]]] = {
    "versions": (
        "One row for each commit and dataset that changed there. A deletion is a version without content.",
        {
            "commit": "the full hash",
            "parent_version": "the commit of the version before, on the first parent that has one",
            "committed_at": "when, in UTC",
            "author": "the author's name",
            "subject": "the first line of the message",
            "dataset": "`layer.name`",
            "content_id": "the identity of the data; NULL where it was deleted",
            "rows": "how many",
            "bytes": "of all data files",
            "schema": "names and types of the columns, in order",
            "record_oid": "Git's hash of the record; NULL where it was deleted",
        },
    ),
    "lineage": (
        "One row for each version of a dataset and each of its inputs. A dataset without inputs has one row.",
        {
            "commit": "the commit that made the version",
            "committed_at": "when, in UTC",
            "author": "the author's name",
            "dataset": "`layer.name`",
            "content_id": "the identity of the data that was made",
            "rows": "how many",
            "input": "a dataset, or a source's path as the model writes it",
            "input_kind": "`dataset` or `source`",
            "input_content_id": "the identity of what was read",
            "input_commit": "the version of the input dataset that was read; NULL where the commit holds other content",
            "model_path": "the SQL file",
            "model_oid": "Git's hash of the SQL file in that commit",
            "fingerprint": "the identity of what was computed",
            "engine": "name and version",
        },
    ),
    "column_lineage": (
        "One row for each column of a dataset, column of an input, and kind. It speaks of today's models.",
        {
            "dataset": "`layer.name`",
            "column": "the column that was made",
            "input": "the dataset that was read",
            "input_column": "its column",
            "kind": "`IDENTITY`, `TRANSFORMATION`, `AGGREGATION`, or indirect: `FILTER`, `JOIN`, `GROUP_BY`, `SORT`, "
            "`WINDOW`, `CONDITIONAL`",
        },
    ),
    "runs": (
        "One row for each run on this machine, from `.medallion/runs.jsonl`.",
        {
            "id": "the moment and some random digits",
            "started_at": "when, in UTC",
            "seconds": "how long",
            "command": "`run`, `add` or `check`",
        },
    ),
    "run_steps": (
        "One row for each dataset in a run that was not simply up to date.",
        {
            "run": "`runs.id`",
            "step": "the place in the run, from 0",
            "dataset": "`layer.name`",
            "action": "`built`, `same output`, `reused`, `checked`, `unchanged`, `failed` or `skipped`",
            "reason": "why",
            "seconds": "how long it computed",
            "rows": "of the dataset, as it stood then",
            "bytes": "of the dataset, as it stood then",
            "peak_memory": "in bytes, as DuckDB tells it; NULL where nothing was computed",
            "error": "the message, where it failed",
        },
    ),
    "check_results": (
        "One row for each check that ran on this machine, in a run or by `check`. No value of the data is in it.",
        {
            "run": "`runs.id`",
            "dataset": "`layer.name`",
            "check": "the check, in full",
            "kind": "`key`, `not_null`, `unique`, `accepted_values`, `relationships`, `range`, `regex`, `row_count`, "
            "`freshness`, `condition`, `query`, `expect rows`, `expect columns`, `expect unchanged`",
            "severity": "`error` or `warn`",
            "status": "`passed`, `failed` or `warned`",
            "failures": "how many rows fail, also where that is tolerated; NULL where it is not of rows",
            "rows": "of the dataset",
            "failed_rows": "the file that holds the rows that fail, relative to the project",
            "location": "file and line of the check",
            "version": "the commit whose data was checked; `work tree`; NULL for new data in a run",
            "seconds": "how long, where rows had to be looked at",
        },
    ),
    "unreadable": (
        "One row for each commit and dataset whose record cannot be read. It has no row in `versions` and `lineage`.",
        {
            "commit": "the full hash",
            "dataset": "`layer.name`",
            "record_oid": "Git's hash of the record",
            "error": "why it cannot be read",
        },
    ),
}


_HEAD = ("| argument, option | meaning |", "| --- | --- |")


def commands() -> str:
    """Every command, in the groups and order of ``medallion --help``."""
    program = typer.main.get_command(app)
    options = [p for p in program.params if isinstance(p, typer.core.TyperOption)]
    parts = ["## Options of the program itself\n", *_HEAD, *_rows(options), ""]
    panels: dict[str, list[str]] = {}
    for name, command in program.commands.items():  # type: ignore[attr-defined]
        members = getattr(command, "commands", None) or {"": command}
        listed = [_command(f"{name} {member}".strip(), found) for member, found in members.items()]
        panels.setdefault(command.rich_help_panel, []).extend(listed)
    for panel, texts in panels.items():
        parts += [f"## {panel}\n", *texts]
    return "\n".join(parts)


def _command(name: str, command: typer.core.TyperCommand) -> str:
    prose, _, example = inspect.cleandoc(command.help or "").partition("\n\nExample: ")
    arguments = [p for p in command.params if isinstance(p, typer.core.TyperArgument)]
    options = [p for p in command.params if isinstance(p, typer.core.TyperOption)]
    usage = " ".join(["medallion", name, *(str(a.metavar) for a in arguments), *(["[OPTIONS]"] if options else [])])
    lines = [f"### medallion {name}\n", prose, "", "```text", usage, "```", ""]
    if arguments or options:
        lines += _HEAD
        lines += [f"| `{_cell(str(a.metavar))}` | {_cell(a.help or '').rstrip('.')}. |" for a in arguments]
        lines += _rows(options)
        lines.append("")
    return "\n".join([*lines, f"Example: `{example}`\n"])


def _rows(options: list[typer.core.TyperOption]) -> Iterator[str]:
    for option in (each for each in options if not each.hidden):
        spelled = ", ".join(f"`{o}{_value(option)}`" for o in sorted([*option.opts, *option.secondary_opts], key=len))
        meaning = _cell(option.help or "").rstrip(".") + "."
        default = option.default
        if option.secondary_opts:
            meaning += f" Default: `{option.opts[0] if default else option.secondary_opts[0]}`."
        elif isinstance(default, str | int) and not option.is_flag and default:
            meaning += f" Default: `{default}`."
        yield f"| {_cell(spelled)} | {meaning} |"


def _value(option: typer.core.TyperOption) -> str:
    return "" if option.is_flag else f" {option.metavar or max(option.opts, key=len).lstrip('-').upper()}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def keys() -> str:
    """Every key of the configuration."""
    lines = ["| key | meaning |", "| --- | --- |"]
    lines += [f"| `{_cell(key)}` | {_cell(meaning)} |" for key, meaning in KEYS.items()]
    return "\n".join([*lines, "", "`medallion init` writes this file:", "", "```toml", CONFIG.rstrip("\n"), "```\n"])


def words() -> str:
    """Every annotation."""
    lines = ["| word | meaning | stands at | example | today |", "| --- | --- | --- | --- | --- |"]
    for word, about in WORDS.items():
        places = [place for place, may in (("dataset", about.on_dataset), ("column", about.on_column)) if may]
        today = ACTED_ON.get(word, "read and kept")
        lines.append(f"| `@{word}` | {_cell(about.meaning)} | {', '.join(places)} | `{EXAMPLES[word]}` | {today} |")
    return "\n".join(lines) + "\n"


def tables() -> str:
    """Every table of the catalog that is meant to be asked."""
    parts = []
    for table, columns in TABLES.items():
        if "." in table:
            continue
        about, meanings = CATALOG[table]
        parts += [f"### {table}\n", f"{about}\n", "| column | type | meaning |", "| --- | --- | --- |"]
        parts += [f"| `{column}` | `{kind}` | {_cell(meanings[column])} |" for column, kind in columns.items()]
        parts.append("")
    return "\n".join(parts)


def python() -> str:
    """The public API, from signatures and docstrings."""
    parts = ["## medallion\n", _member("medallion.open", medallion.open)]
    for kind in (
        Project,
        Result,
        RunResult,
        StepFinished,
        RowDelta,
        CheckResult,
        CheckRun,
        Step,
        VersionRow,
        Blame,
        RowVersion,
        UnitTestRun,
        UnitTestResult,
        Difference,
        Pair,
        Created,
        Diff,
        Side,
        TableDiff,
        Key,
        Rows,
        ColumnDiff,
        Pattern,
        Statistics,
        Histogram,
        RowChange,
        Cell,
    ):
        parts += [f"## {kind.__name__}\n", _docstring(kind), *_fields(kind)]
        parts += [_member(name, member) for name, member in _members(kind) if _is_public(name, member)]
    return "\n".join(parts)


def _members(kind: type) -> Iterator[tuple[str, object]]:
    """What a class of ours has, also from those it builds on, in the order of the source."""
    for base in reversed(kind.__mro__):
        if base.__module__.startswith("medallion."):
            yield from vars(base).items()


def _is_public(name: str, member: object) -> bool:
    documented = inspect.isfunction(member) or isinstance(member, property | classmethod) or _is_cached(member)
    return not name.startswith("_") and documented


def _is_cached(member: object) -> bool:
    return type(member).__name__ == "cached_property"


def _member(name: str, member: object) -> str:
    function = member
    if isinstance(member, property):
        function = member.fget
    elif isinstance(member, classmethod):
        function = member.__func__
    elif _is_cached(member):
        function = member.func  # type: ignore[attr-defined]
    heading = f"{name}{_signature(function, is_value=function is not member and not isinstance(member, classmethod))}"
    return f"### {name.removeprefix('medallion.')}\n\n```python\n{heading}\n```\n\n{_docstring(function)}"


def _signature(function: object, *, is_value: bool) -> str:
    """As it is written in the source: defaults are then no addresses."""
    (node,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body  # type: ignore[arg-type]
    if not isinstance(node, ast.FunctionDef):
        raise TypeError(f"{function} is no function")
    returns = ast.unparse(node.returns) if node.returns else "None"
    if is_value:
        return f": {returns}"
    node.args.args = [a for a in node.args.args if a.arg not in ("self", "cls")]
    return f"({ast.unparse(node.args)}) -> {returns}"


def _fields(kind: type) -> Iterator[str]:
    """The fields of a dataclass, as a block of code."""
    if dataclasses.is_dataclass(kind):
        yield "```python"
        yield from (f"{field.name}: {field.type}" for field in dataclasses.fields(kind))
        yield "```\n"


def _docstring(member: object) -> str:
    """A docstring as Markdown: double backquotes are single ones there."""
    return inspect.cleandoc(getattr(member, "__doc__", None) or "").replace("``", "`") + "\n"


PARTS: dict[str, dict[str, Callable[[], str]]] = {
    "commands.md": {"commands": commands},
    "config.md": {"keys": keys},
    "annotations.md": {"words": words},
    "catalog.md": {"tables": tables},
    "python.md": {"api": python},
}


def page(name: str) -> str:
    """A page as it should be: today's text by hand around what is generated."""
    text = (REFERENCE / name).read_text(encoding="utf-8")
    for part, make in PARTS[name].items():
        begin, end = f"<!-- begin {part} -->", f"<!-- end {part} -->"
        pattern = re.compile(f"{re.escape(begin)}.*{re.escape(end)}", re.DOTALL)
        if not pattern.search(text):
            raise SystemExit(f"{name} has no part {part}: it stands between {begin} and {end}")
        made = f"{begin}\n\n{make().strip()}\n\n{end}"
        text = pattern.sub(lambda _: made, text)  # noqa: B023  # called at once
    return text


def main() -> None:
    """Write the pages, or check them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 where a page is out of date")
    check = parser.parse_args().check
    stale = [name for name in PARTS if (REFERENCE / name).read_text(encoding="utf-8") != page(name)]
    for name in stale:
        sys.stdout.write(f"{'out of date' if check else 'written'}: docs/reference/{name}\n")
        if not check:
            (REFERENCE / name).write_text(page(name), encoding="utf-8")
    sys.exit(1 if check and stale else 0)


if __name__ == "__main__":
    main()
