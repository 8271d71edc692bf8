"""Text files of a project are UTF-8, with or without a mark at their beginning."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medallion.errors import Location, ModelError

if TYPE_CHECKING:
    from medallion.errors import MedallionError

__all__ = ["decoded"]


def decoded(data: bytes, path: str, error: type[MedallionError] = ModelError) -> str:
    """The text of a file; an ``error`` with the line of the first byte that is no UTF-8."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        line = data[: wrong.start].count(b"\n") + 1
        raise error(
            f"the file is not UTF-8: byte 0x{data[wrong.start]:02x} in line {line}",
            location=Location(path, line),
            hint="save it as UTF-8",
        ) from wrong
