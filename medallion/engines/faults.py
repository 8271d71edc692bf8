"""DuckDB's errors as values, and as errors that point at a place in somebody's SQL."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from medallion.names import TableName, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from medallion.errors import Location

__all__ = ["PRIVATE", "Fault", "explain", "hide_values", "read_fault"]

#: What stands in place of a value that is not to be shown.
PRIVATE = "(private)"

# Faults that speak of the machine, and those that speak of the text of a statement as long as none of it runs: while
# rows are read, json_deserialize_sql() gives a "Parser" error of whatever is in them.
_OF_MACHINE = frozenset({"IO", "Out of Memory", "Interrupt", "INTERRUPT"})
_OF_TEXT = frozenset({"Parser", "Syntax", "Binder", "Catalog", "Permission"})
_CONVERTED = re.compile(r"Could not convert string '.*' to ([A-Z0-9_(), ]+)", re.DOTALL)


_NOT_YET = re.compile(
    r'Column "(.*?)" referenced that exists in the SELECT clause - but this column cannot be referenced before'
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One of DuckDB's errors; ``offset`` and ``length`` count bytes of the statement, offset -1 where it gave none."""

    kind: str
    message: str
    offset: int = -1
    length: int = 1
    subtype: str = ""
    name: str = ""
    candidates: tuple[str, ...] = ()


def read_fault(error: Exception) -> Fault:
    """Read an exception of a connection that was opened with ``errors_as_json``.

    DuckDB hands on as it is what looks like such an error, from error() too: its kind is only what stands before it.
    """
    text = str(error)
    start = text.find("{")
    kind = text.split(":", 1)[0].removesuffix(" Error")
    if start >= 0:
        try:
            document = json.loads(text[start:])
            where = json.loads(document.get("location") or "[-1, 1]")
            offset = where[0] if "location" in document else int(document.get("position", -1))
            return Fault(
                kind=document["exception_type"] if start == 0 else kind,
                message=document["exception_message"],
                offset=offset,
                length=max(1, where[1]),
                subtype=document.get("error_subtype", ""),
                name=document.get("name", ""),
                candidates=tuple(c for c in document.get("candidates", "").split(",") if c),
            )
        except (ValueError, KeyError, IndexError, TypeError, AttributeError):
            pass
    return Fault(kind=kind, message=text.split(":", 1)[-1].strip())


def hide_values(fault: Fault, *, reading: bool = True) -> Fault:
    """The fault without any value of a table. error() can say anything, so only what is known to be safe is kept.

    ``reading``: rows were read when it came, and not only a statement bound.
    """
    if fault.kind in _OF_MACHINE or (fault.kind in _OF_TEXT and not reading):
        return fault
    converted = _CONVERTED.match(fault.message)
    message = (
        f"Could not convert string {PRIVATE} to {converted[1].rstrip()}"
        if converted
        else f"{fault.kind} error; its text is left out, as it may hold private values"
    )
    return replace(fault, message=message, name="", candidates=())


def explain(
    fault: Fault,
    statement: str,
    locate: Callable[[int, int, str], Location],
    schemas: Mapping[TableName, Sequence[str]],
) -> tuple[str, Location | None, str]:
    """Message, place and hint for a fault in ``statement``.

    ``locate`` turns characters of the statement (offset, length, a note for the caret) into a place; ``schemas``
    are the columns of the datasets that the statement reads, to suggest the right name.
    """
    note, hint = "", ""
    message = _first_lines(fault.message)
    if fault.subtype == "COLUMN_NOT_FOUND" and fault.name:
        message, note, hint = _no_column(fault, schemas)
    elif found := re.match(r'(?:Values list|Table) "(.*?)" does not have a column named "(.*?)"', fault.message):
        message, note, hint = _no_column(replace(fault, name=found[2]), schemas, found[1])
    elif found := _NOT_YET.match(fault.message):
        message, note, hint = _no_column(replace(fault, name=found[1]), schemas)
        hint = hint or f'the "{found[1]}" that this SELECT makes can only be used after it'
    elif fault.subtype == "MISSING_ENTRY" and fault.name:
        message, hint = _no_entry(fault)
    elif fault.kind == "Parser":
        message = fault.message[:1].lower() + fault.message[1:]
    if "does not support time travel" in fault.message:
        message, hint = "a model reads datasets as they are now", "AT belongs into a query; take it out"
    if "file system operations are disabled" in fault.message:
        message = message.split(" - ")[0][:1].lower() + message.split(" - ")[0][1:]
        hint = "only datasets can be read here; a bronze model reads files"
    if "zero-length delimited identifier" in fault.message:
        message, hint = "a name is empty", "write one between the quotes"
    if "No function matches" in fault.message:
        hint = "cast the arguments to what the function takes"
    if fault.offset < 0:
        return message, _place_of_name(fault, statement, locate, note), hint
    encoded = statement.encode()
    offset = len(encoded[: fault.offset].decode(errors="ignore"))
    length = len(encoded[fault.offset : fault.offset + fault.length].decode(errors="ignore"))
    return message, locate(offset, max(1, length), note), hint


def _place_of_name(
    fault: Fault, statement: str, locate: Callable[[int, int, str], Location], note: str
) -> Location | None:
    """DuckDB gives no place where an output has the name of a column that is not there, as in ``upper(a) AS a``."""
    found = _NOT_YET.match(fault.message)
    if not found:
        return None
    name = re.escape(found[1])
    word = re.search(rf'(?<![\w."])(?<!\bAS )(?:"{name}"|{name}\b)', statement, re.IGNORECASE)
    return locate(word.start(), len(word[0]), note) if word else None


def _first_lines(message: str) -> str:
    """The message without DuckDB's own candidates and line marks, which ours replace."""
    kept = re.split(r"\n(?:Candidate|Possible solutions|Did you mean|\s*Candidate functions|LINE \d+:)", message)[0]
    return kept.rstrip(" !.\n")


def _no_column(fault: Fault, schemas: Mapping[TableName, Sequence[str]], alias: str = "") -> tuple[str, str, str]:
    columns = [c for names in schemas.values() for c in names]
    only = next(iter(schemas)) if len(schemas) == 1 else None
    inside = alias or only
    message = f'no column "{fault.name}"' + (f" in {inside}" if inside else "")
    listed = ", ".join(columns)
    note = f"{only} has: {listed}" if only and len(listed) <= 80 else ""
    near = nearest(fault.name, [*columns, *fault.candidates])
    holders = [str(t) for t, names in schemas.items() if near in names]
    where = f" (in {holders[0]})" if near and len(holders) == 1 and not only else ""
    return message, note, f'did you mean "{near}"?{where}' if near else ""


def _no_entry(fault: Fault) -> tuple[str, str]:
    what = re.match(r"(.*?) with name", fault.message)
    kind = what.group(1).lower() if what else "entry"
    near = fault.candidates[0] if fault.candidates else None
    if kind == "table" and "." not in fault.name:
        return f'there is no table "{fault.name}"', "name datasets with their layer, as in silver.orders"
    return f'there is no {kind} "{fault.name}"', f'did you mean "{near}"?' if near else ""
