"""The answer to a query: as a table for a person, or in a format for a program."""

from __future__ import annotations

import csv
import json
from decimal import Decimal
from typing import IO, TYPE_CHECKING, Any

from medallion.cli.console import columns, count, err, out
from medallion.cli.fit import fit, shorten
from medallion.cli.output import replacing, stream_to
from medallion.cli.value_text import is_number
from medallion.errors import MedallionError
from medallion.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from medallion.query import Result

__all__ = ["write_result"]


def write_result(result: Result, form: str, output: Path | None, limit: int) -> None:
    """Write ``result`` to ``output`` (stdout, if None), and to stderr what was read at which version."""
    if form == "parquet":
        _parquet(result, output)
        return
    with stream_to(output) as stream:
        if form == "table":
            count = _table(result, stream, limit)
        elif form == "markdown":
            count = _markdown(result, stream)
        elif form == "csv":
            count = _csv(result, stream)
        else:
            count = _json(result, stream, lines=form == "jsonl")
    err().print(_footer(result, count), style="dim")


def _footer(result: Result, rows: int) -> str:
    read = [name if at == "work tree" else f"{name} = {at[:7]}" for name, at in result.versions.items()]
    at = f"  ({', '.join(read)})" if any(at != "work tree" for at in result.versions.values()) else ""
    return f"{count(rows, 'row')}{at}"


def _table(result: Result, stream: IO[str], limit: int) -> int:
    rows: list[Sequence[Any]] = []
    count = 0
    for batch in result.batches():
        count += len(batch)
        rows += batch if not limit else batch[: max(0, limit - len(rows))]
    numbers = [i for i, kind in enumerate(result.types) if is_number(kind)]
    cells = [list(map(_cell, result.columns)), *([_cell(value) for value in row] for row in rows)]
    dropped: list[int] = []
    if stream.isatty():
        lines, dropped = fit(cells, numbers, out().width - 1)
    else:
        lines = columns(cells, right=numbers)
    stream.writelines(f" {line}\n" for line in lines)
    if dropped:
        names = shorten(", ".join(cells[0][i] for i in dropped), out().width // 2)
        stream.write(f" … {len(dropped)} of {len(cells[0])} columns left out: {names}\n")
        stream.write("   a wider terminal, fewer columns or --format csv shows them\n")
    if count > len(rows):
        stream.write(f" … {count - len(rows):,} more rows; --limit 0 shows all\n")
    return count


def _cell(value: object) -> str:
    """A value on one line, in which what a terminal would obey is made visible."""
    return "NULL" if value is None else printable(str(value))


def _markdown(result: Result, stream: IO[str]) -> int:
    def escaped(values: Iterable[object]) -> str:
        cells = ("" if v is None else str(v) for v in values)
        special = str.maketrans({"|": "\\|", "\n": " ", "\r": " ", "<": "&lt;", "`": "\\`"})
        return "| " + " | ".join(cell.translate(special) for cell in cells) + " |\n"

    stream.write(escaped(result.columns))
    stream.write("|" + "|".join(" ---: " if is_number(kind) else " --- " for kind in result.types) + "|\n")
    count = 0
    for batch in result.batches():
        stream.writelines(escaped(row) for row in batch)
        count += len(batch)
    return count


def _csv(result: Result, stream: IO[str]) -> int:
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(result.columns)
    count = 0
    for batch in result.batches():
        writer.writerows(map(_csv_cell, row) for row in batch)
        count += len(batch)
    return count


def _csv_cell(value: object) -> object:
    """A value as DuckDB's own CSV has it: not as Python would write it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return _blob(value)
    if isinstance(value, list | tuple | dict):
        return json.dumps(_plain(value), ensure_ascii=False)
    return value


def _blob(value: bytes) -> str:
    """Bytes as DuckDB writes them: what is no visible ASCII as ``\\xAA``."""
    return "".join(chr(b) if 32 <= b < 127 and b not in b"\\'\"" else f"\\x{b:02X}" for b in value)


def _json(result: Result, stream: IO[str], *, lines: bool) -> int:
    twice = next((c for i, c in enumerate(result.columns) if c in result.columns[:i]), None)
    if twice is not None:
        raise MedallionError(f'two columns are called "{twice}", and JSON holds one', hint="rename one with AS")
    count = 0
    stream.write("" if lines else "[")
    for batch in result.batches():
        for row in batch:
            document = json.dumps(dict(zip(result.columns, map(_plain, row), strict=True)), ensure_ascii=False)
            stream.write(f"{document}\n" if lines else f"{',' if count else ''}\n  {document}")
            count += 1
    stream.write("" if lines else "\n]\n")
    return count


def _plain(value: object) -> object:
    """A value that JSON holds exactly; what it cannot hold becomes text."""
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() and value.as_tuple().exponent == 0 else str(value)
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return str(value)
    if isinstance(value, bytes):
        return _blob(value)
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _parquet(result: Result, output: Path | None) -> None:
    import pyarrow.parquet

    if output is None:
        raise MedallionError("Parquet goes to a file", hint="add --output result.parquet")
    table = result.arrow()
    with replacing(output) as temporary:
        pyarrow.parquet.write_table(table, temporary, compression="zstd")
    err().print(_footer(result, table.num_rows), style="dim")
