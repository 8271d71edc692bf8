"""Names and types of a dataset's columns: how two versions differ, and whether a contract holds. Pure.

``@contract`` freezes names, order and types against the version that stands. Whether a column may be NULL is no part of
it: that is of the data, not of the SQL.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from medallion.errors import MedallionError, ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from medallion.errors import Location
    from medallion.models.changes import ModelChange
    from medallion.models.graph import Graph
    from medallion.models.model import Model
    from medallion.names import TableName
    from medallion.records import Record

__all__ = [
    "Contracts",
    "Schema",
    "SchemaChange",
    "compare_schemas",
    "contracted",
    "hold_contract",
    "schema_of",
    "told",
    "with_schema",
]

#: Columns in order, each with its name and its DuckDB type.
Schema: TypeAlias = "tuple[tuple[str, str], ...]"
#: What each dataset with a contract has to keep to, or why that cannot be known. One that is not here has no version.
Contracts: TypeAlias = "Mapping[TableName, Schema | MedallionError]"

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class SchemaChange:
    """Columns ``added``, ``removed`` and ``retyped`` (name, type before, type after); ``moved``: the others' order.

    ``renamed`` (name before, name after) are those that are known to be the same; a schema does not tell.
    """

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    retyped: tuple[tuple[str, str, str], ...] = ()
    moved: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()

    def __bool__(self) -> bool:
        """Whether anything differs."""
        return bool(self.added or self.removed or self.retyped or self.moved or self.renamed)

    def __str__(self) -> str:
        """As a person would say it: ``column language added, column total DOUBLE → DECIMAL(12,2)``."""
        return ", ".join(self.parts())

    def parts(self) -> Iterator[str]:
        """The same, part by part."""
        yield from _listed([f"{before} renamed to {after}" for before, after in self.renamed], "")
        yield from _listed(self.added, "added")
        yield from _listed(self.removed, "removed")
        yield from _listed([f"{name} {before} → {after}" for name, before, after in self.retyped], "")
        yield from _listed(self.moved, "moved")


def _listed(names: Sequence[str], verb: str) -> Iterator[str]:
    if names:
        shown = f"{', '.join(names[:_SHOWN])}{' …' if len(names) > _SHOWN else ''}"
        yield f"column{'s' if len(names) > 1 else ''} {shown} {verb}".rstrip()


def schema_of(record: Record) -> Schema:
    """The columns of a version."""
    return tuple((column.name, column.type) for column in record.columns)


def compare_schemas(before: Schema, after: Schema, renamed: Mapping[str, str] | None = None) -> SchemaChange:
    """How columns differ. A column counts as moved where another one that was there before has its place.

    ``renamed`` are names before and after of columns that came and went as far as schemas tell, and are the same.
    """
    old, new = dict(before), dict(after)
    same = {a: b for a, b in (renamed or {}).items() if a in old and b in new and a not in new and b not in old}
    kept_before, kept = [name for name in old if name in new], [name for name in new if name in old]
    retyped = [(name, old[name], new[name]) for name in kept] + [(b, old[a], new[b]) for a, b in same.items()]
    return SchemaChange(
        added=tuple(name for name in new if name not in old and name not in same.values()),
        removed=tuple(name for name in old if name not in new and name not in same),
        retyped=tuple((name, then, now) for name, then, now in retyped if then != now),
        moved=tuple(name for name, other in zip(kept, kept_before, strict=True) if name != other),
        renamed=tuple(same.items()),
    )


def with_schema(change: ModelChange, schema: SchemaChange) -> ModelChange:
    """What a change of the SQL does, with the columns that came and went as they are known from binding it."""
    retyped = {name for name, _, _ in schema.retyped}
    gone = retyped.union(schema.added, schema.removed)
    return replace(
        change,
        added=schema.added,
        removed=schema.removed,
        changed=(*(name for name, _, _ in schema.retyped), *(name for name in change.changed if name not in gone)),
        breaking=change.breaking or bool(schema.removed or schema.retyped or schema.moved),
    )


def told(schema: SchemaChange, change: ModelChange | None) -> str:
    """The two together in words, as ``column note added, column total DOUBLE → INTEGER (breaking)``."""
    parts = list(schema.parts())
    if change is None:
        return ", ".join(parts)
    if change.known:
        retyped = {name for name, _, _ in schema.retyped}
        parts += _listed([name for name in change.changed if name not in retyped], "changed")
        parts += ["rows may change"] if change.rows else []
    else:
        parts.append(f"what {'else ' if parts else ''}it does cannot be told")
    return f"{', '.join(parts) or 'no column differs'} ({'breaking' if change.breaking else 'not breaking'})"


def contracted(graph: Graph) -> tuple[TableName, ...]:
    """The datasets that have a contract."""
    return tuple(name for name, model in graph.models.items() if any(a.word == "contract" for a in model.annotations))


def hold_contract(model: Model, contract: Schema | MedallionError | None, columns: Schema) -> None:
    """Raise ``ModelError`` where the columns of what a model gives are not those of its contract, if it has one."""
    if contract is None or contract == columns:
        return
    word = next(a for a in model.annotations if a.word == "contract")
    at_word = model.locate(word.offset, len("@contract"))
    hint = f"if the change is meant, `medallion run --accept {model.name}` makes it the new contract"
    if isinstance(contract, MedallionError):
        raise ModelError(f"what the contract says cannot be read: {contract.message}", location=at_word, hint=hint)
    differences = list(_differences(contract, columns))
    places = _places(model)
    place = next((places[name.lower()] for name, _ in differences if name.lower() in places), at_word)
    said = [message for _, message in differences]
    more = f"; {len(said) - _SHOWN} more" if len(said) > _SHOWN else ""
    raise ModelError("; ".join(said[:_SHOWN]) + more, location=place, hint=hint)


def _differences(contract: Schema, columns: Schema) -> Iterator[tuple[str, str]]:
    """The columns that differ, each with how."""
    change, old, new = compare_schemas(contract, columns), dict(contract), dict(columns)
    for name, before, after in change.retyped:
        yield name, f'column "{name}" is {after}, the contract says {before}'
    for name in change.added:
        yield name, f'column "{name}" ({new[name]}) is not in the contract'
    for name in change.removed:
        yield name, f'column "{name}" is gone, the contract has it as {old[name]}'
    for name in change.moved:
        now, then = [*new].index(name) + 1, [*old].index(name) + 1
        yield name, f'column "{name}" is number {now}, the contract says {then}'


def _places(model: Model) -> dict[str, Location]:
    """Where the names of the output columns stand that the SQL spells out, by their name in lower case."""
    from medallion.models.documentation import output_places
    from medallion.models.tokens import lex

    found = output_places(lex(model.sql, model.path).tokens)
    return {
        name.lower(): model.locate(model.sql_offset + token.start, token.end - token.start)
        for name, token in found.items()
    }
