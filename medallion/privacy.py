"""Which columns of a dataset are shown nowhere: ``@private`` ones, and what may have come out of them. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from collections.abc import Set as AbstractSet

    from medallion.models.model import Model
    from medallion.names import TableName
    from medallion.records import Record

__all__ = ["hidden_between", "hidden_columns", "private_marks"]


def private_marks(models: Iterable[Model]) -> dict[TableName, frozenset[str]]:
    """The private columns, in lower case, by dataset; of several models of a dataset a mark of any counts."""
    found: dict[TableName, frozenset[str]] = {}
    for model in models:
        if model.private:
            found[model.name] = found.get(model.name, frozenset()) | model.private
    return found


def hidden_columns(
    marks: Mapping[TableName, AbstractSet[str]], record: Record, reads: Iterable[TableName] = ()
) -> frozenset[str]:
    """The columns of a dataset, in lower case, of which no value is shown.

    They are its own private ones, and those that are called like a private one of an input or of ``reads``: most likely
    they are that one. Where a private column of an input was read, they are all: nobody knows what became of it.
    """
    by_name = {str(name): frozenset(private) for name, private in marks.items() if private}
    own = by_name.get(str(record.dataset), frozenset())
    found = own.union(*(by_name.get(str(name), ()) for name in reads))
    for read in record.built.inputs:
        private = by_name.get(read.name)
        if private is None:
            continue
        found |= private
        # An input of which no column is named was read as a whole.
        if not (read.columns and private.isdisjoint(column.lower() for column in read.columns)):
            return found | _names(record)
    return found


def hidden_between(
    marks: Mapping[TableName, AbstractSet[str]], old: Record, new: Record, reads: Iterable[TableName] = ()
) -> frozenset[str]:
    """The same of two versions of a dataset; ``marks`` are those of both.

    Where a private column is gone, one that came may be it, under another name and without its mark.
    """
    reads = tuple(reads)
    before = hidden_columns(marks, old, reads)
    found = before | hidden_columns(marks, new, reads)
    if before & (_names(old) - _names(new)):
        found |= _names(new) - _names(old)
    return found


def _names(record: Record) -> frozenset[str]:
    return frozenset(column.name.lower() for column in record.columns)
