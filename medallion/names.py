"""Names of datasets, as values."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from medallion.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["TableName", "nearest"]

_PART = re.compile(r"[a-z][a-z0-9_]{0,62}")
_RULE = "a name is lower-case letters, digits and underscores, and starts with a letter"


class TableName(NamedTuple):
    """The name of a dataset, ``layer.name``; both parts match ``[a-z][a-z0-9_]*`` (63 characters at most).

    Such a name is at once a file name on every system and a SQL name that needs no quotes and no case. A tuple, since
    names are looked up by the ten thousand.
    """

    layer: str
    name: str

    @classmethod
    def parse(cls, text: str) -> TableName:
        """Read ``layer.name``; ``ModelError`` where it is anything else."""
        parts = text.split(".")
        if len(parts) != 2 or not all(_PART.fullmatch(part) for part in parts):
            raise ModelError(f'"{text}" is no dataset name', hint=f"write layer.name, as in silver.orders; {_RULE}")
        return cls(*parts)

    @property
    def sql(self) -> str:
        """The name as SQL, quoted: it may be a word that SQL reserves, as in ``gold.order``."""
        return f'"{self.layer}"."{self.name}"'

    def __str__(self) -> str:
        return f"{self.layer}.{self.name}"


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The one of ``known`` that looks most like ``word``, or None where none is near."""
    from difflib import get_close_matches

    candidates = {k.lower(): k for k in known}
    found = get_close_matches(word.lower(), candidates, n=1, cutoff=0.6)
    return candidates[found[0]] if found else None
