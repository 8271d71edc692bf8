"""A value as a person wrote it, on its way into a column: the SQL that casts it, and what must not be lost."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from medallion.engines.sql import identifier

if TYPE_CHECKING:
    from medallion.unittests.tables import Cell

__all__ = ["as_text", "as_written", "cast", "column_as_text", "loss", "same_nan"]

_INTEGER = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?")
_DECIMAL = re.compile(r"DECIMAL\(\d+, ?(\d+)\)")
_TIME_OF_DAY = re.compile(r"[T ]\s*\d{1,2}:\d\d.*")
_MIDNIGHT = re.compile(r"[T ]\s*0?0:00(:00(\.0*)?)?\s*(Z|[+-]00(:?00)?)?\s*", re.IGNORECASE)
_OFFSET = re.compile(r":\d\d(?:\.\d+)?\s*([+-]\d\d(?::?\d\d)?)\s*$")
_ZONED = ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS")
_NAN = re.compile(r"(?<![\w'\"])-nan(?![\w'\"])")


def cast(cell: Cell, kind: str) -> tuple[str, list[str]]:
    """SQL for a value of a type, and the parameters in it."""
    if cell.nested is not None:
        text = cell.json(typed=kind == "JSON")
        return ("CAST(? AS JSON)" if kind == "JSON" else f"CAST(CAST(? AS JSON) AS {kind})"), [text]
    return (f"CAST(? AS {kind})", [cell.text]) if cell.text is not None else (f"CAST(NULL AS {kind})", [])


def as_text(expression: str, kind: str) -> str:
    """SQL for the text by which values of a type are compared: the same value, the same text."""
    return f"CAST(json({expression}) AS VARCHAR)" if kind == "JSON" else f"CAST({expression} AS VARCHAR)"


def column_as_text(name: str, kind: str) -> str:
    """The same for a column."""
    return as_text(identifier(name), kind)


# As many digits as the type holds in any case.
_DIGITS = {"TINYINT": 2, "SMALLINT": 4, "INTEGER": 9, "BIGINT": 18}
_CANONICAL_INTEGER = re.compile(r"0|-?[1-9]\d*")


def as_written(cell: Cell, kind: str) -> bool:
    """Whether a value's text is surely as it was written, so that DuckDB need not be asked for it."""
    text = cell.text
    if text is None or kind == "VARCHAR":
        return cell.nested is None
    if kind == "BOOLEAN":
        return text in ("true", "false")
    digits = _DIGITS.get(kind, 0)
    return len(text.lstrip("-")) <= digits and bool(_CANONICAL_INTEGER.fullmatch(text))


def loss(text: str, kind: str) -> str:
    """What DuckDB would drop from a value without a word, were it cast to the type; empty where nothing."""
    if _INTEGER.fullmatch(kind) or _DECIMAL.fullmatch(kind):
        return _rounded(text, kind)
    if kind == "DATE":
        found = _TIME_OF_DAY.search(text)
        return "a DATE has no time of day" if found and not _MIDNIGHT.fullmatch(found[0]) else ""
    if kind in _ZONED:
        found = _OFFSET.search(text)
        return f"a {kind} has no offset: write the time in UTC" if found and found[1].strip("+-0:") else ""
    return ""


def _rounded(text: str, kind: str) -> str:
    scale = _DECIMAL.fullmatch(kind)
    try:
        exponent = Decimal(text.strip()).normalize().as_tuple().exponent
    except InvalidOperation:
        return ""  # DuckDB will say that it is no number.
    if isinstance(exponent, int) and -exponent > int(scale[1] if scale else 0):
        return f"as {kind} it would be rounded"
    return ""


def same_nan(text: str | None, kind: str) -> str | None:
    """One NaN is as good as another, and DuckDB writes two."""
    if text is None or "nan" not in text or not ("DOUBLE" in kind or "FLOAT" in kind):
        return text
    return _NAN.sub("nan", text)
