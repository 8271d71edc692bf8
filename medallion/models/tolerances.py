"""``@tolerance``: how far numbers of two versions may lie apart and still be the same."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

from medallion.errors import Location, ModelError
from medallion.models.annotations import IDENTIFIER, read_names

if TYPE_CHECKING:
    from medallion.models.annotations import Annotation

__all__ = ["Tolerance", "read_tolerance"]

_NUMBER = r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_GRAMMAR = re.compile(rf"(?P<column>{IDENTIFIER}(?=\s))?\s*(?P<first>{_NUMBER}%?)(?:\s+or\s+(?P<second>{_NUMBER}%?))?")
_HINT = (
    "@tolerance NUMBER, @tolerance SHARE% or both with `or` between them, as in @tolerance 1e-9 or 0.1%; "
    "at the top of the file the column comes first: @tolerance total 0.01"
)


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far numbers may lie apart and still be the same: by ``absolute``, or by ``relative`` of the larger one."""

    absolute: float = 0.0
    relative: float = 0.0


def read_tolerance(annotation: Annotation, path: str, text: str) -> tuple[str, Tolerance]:
    """The column, in lower case, and its tolerance; ``ModelError`` with the grammar where it cannot be understood."""

    def fail(message: str) -> ModelError:
        place = Location.at(path, text, annotation.offset, len("@tolerance"))
        return ModelError(message, location=place, hint=_HINT)

    found = _GRAMMAR.fullmatch(annotation.argument)
    if found is None:
        raise fail(f'"{annotation.argument}" is no tolerance')
    named = found["column"]
    if (named is None) == (annotation.column is None):
        raise fail("@tolerance here speaks of this column" if named else "@tolerance needs to be told its column")
    numbers = [number for number in (found["first"], found["second"]) if number]
    shares = [float(number[:-1]) / 100 for number in numbers if number.endswith("%")]
    sizes = [float(number) for number in numbers if not number.endswith("%")]
    if len(shares) > 1 or len(sizes) > 1:
        raise fail("@tolerance takes one number and one share")
    if not all(map(isfinite, (*shares, *sizes))):
        raise fail(f'"{annotation.argument}" is no tolerance')
    column = annotation.column if annotation.column is not None else read_names(named)[0]
    return column.lower(), Tolerance(sizes[0] if sizes else 0.0, shares[0] if shares else 0.0)
