"""Which row a person means: ``8231``, ``order_id=8231``, ``a=1,b=2``, or the parts of a key one by one. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from medallion.errors import MedallionError
from medallion.names import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from medallion.names import TableName

__all__ = ["read_key"]

_NAMED = re.compile(r'\s*(?:"((?:[^"]|"")+)"|([A-Za-z_]\w*))\s*=(.*)', re.DOTALL)


def read_key(
    name: TableName, given: Sequence[str], key: Sequence[str], columns: Mapping[str, str]
) -> dict[str, str | None]:
    """The values by column. ``key`` is the dataset's key, ``columns`` are its columns with their types.

    ``NULL`` is no value; in single quotes anything is a text. ``MedallionError`` where the parts do not fit the key, or
    there is no such column.
    """
    parts = [part for text in given for part in _split(text, key, columns)]
    named = [_named(part, columns) for part in parts]
    if parts and all(named):
        found = {column: _value(text) for pair in named if pair for column, text in [pair]}
        if len(found) < len(parts):
            raise MedallionError(f"a column of {name} is named twice", hint="each column has one value")
        return found
    if any(named):
        raise MedallionError(
            f"some parts of the key of {name} name a column, and some do not",
            hint=_example(name, key or list(columns)),
        )
    unknown = next((m for part in parts if (m := _NAMED.fullmatch(part))), None)
    if unknown and not (len(key) == 1 and columns.get(key[0]) == "VARCHAR"):
        column = unknown[1] or unknown[2]
        near = nearest(column, columns)
        hint = f'did you mean "{near}"?' if near else f"it has {', '.join(columns)}"
        raise MedallionError(f'{name} has no column "{column}"', hint=hint)
    if not key:
        raise MedallionError(
            f"{name} has no key, so a value alone does not say which row is meant",
            hint=f"{_example(name, list(columns))}; or declare one in its model with @key",
        )
    if len(parts) != len(key):
        raise MedallionError(
            f"the key of {name} has {len(key)} part{'s' if len(key) > 1 else ''} ({', '.join(key)}); "
            f"{len(parts)} {'was' if len(parts) == 1 else 'were'} given",
            hint=_example(name, key),
        )
    return {column: _value(part) for column, part in zip(key, parts, strict=True)}


def _split(text: str, key: Sequence[str], columns: Mapping[str, str]) -> list[str]:
    """The parts of one argument: at its commas where each part then names a column, or there are as many as in the key.

    A comma may as well be part of a value.
    """
    parts = re.split(r",(?=(?:[^']*'[^']*')*[^']*$)", text)
    if len(parts) > 1 and (all(_named(part, columns) for part in parts) or len(parts) == len(key)):
        return parts
    return [text]


def _named(part: str, columns: Mapping[str, str]) -> tuple[str, str] | None:
    found = _NAMED.fullmatch(part)
    if not found:
        return None
    wanted = (found[1].replace('""', '"') if found[1] else found[2]).lower()
    return next(((column, found[3]) for column in columns if column.lower() == wanted), None)


def _value(text: str) -> str | None:
    stripped = text.strip()
    if stripped.upper() == "NULL":
        return None
    if len(stripped) > 1 and stripped[0] == stripped[-1] == "'":
        return stripped[1:-1].replace("''", "'")
    return text


def _example(name: TableName, columns: Sequence[str]) -> str:
    wanted = ",".join(f"{column}=…" for column in columns[:3])
    return f"write `medallion blame {name} {wanted}`"
