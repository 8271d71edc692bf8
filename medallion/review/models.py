"""Which models a pull request changes, what that does to their output, and which contracts it breaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medallion.errors import ModelError
from medallion.reasons import listed
from medallion.review.value import ContractBreak, ModelStatus, ReviewedModel
from medallion.schemas import compare_schemas, contracted, schema_of, told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from medallion.config import Variable
    from medallion.diff.value import Diff
    from medallion.models.graph import Graph
    from medallion.models.model import Macro, Model
    from medallion.names import TableName
    from medallion.records import Record
    from medallion.review.trees import Tree

    #: A digest of what a model means, given its macros and inputs; ``ModelError`` where it is no SQL.
    Meaning = Callable[[Model, Sequence[Macro], Sequence[Record]], str]

__all__ = ["broken_contracts", "changed_macros", "changed_variables", "reviewed_models"]


def reviewed_models(base: Tree, head: Tree, meaning: Meaning, diff: Diff | None = None) -> tuple[ReviewedModel, ...]:
    """The models whose SQL, macros or variables differ. A change of comments or annotations alone is none.

    ``meaning`` says what a text means: what a record claims about that comes with the pull request. ``diff`` is how the
    data differs: it tells which columns were renamed.
    """
    return tuple(_reviewed(base, head, meaning, diff))


def _renamed(diff: Diff | None, name: TableName) -> dict[str, str]:
    """The columns of a dataset that the data shows to be renamed, by their names before."""
    table = next((table for table in diff.datasets if table.name == name), None) if diff else None
    return {column.base_name: column.name for column in table.columns if column.renamed} if table else {}


def _reviewed(base: Tree, head: Tree, meaning: Meaning, diff: Diff | None) -> Iterator[ReviewedModel]:
    then, now = base.graph, head.graph
    order = [*now.order, *sorted(then.models.keys() - set(now.order))]
    for name in order:
        if name in now.models and name not in then.order:
            yield ReviewedModel(name, now.models[name].path, ModelStatus.ADDED, "new model", breaking=False)
        elif name in then.models and name not in now.order:
            readers = then.readers.get(name, ())
            summary = f"removed; {listed(readers)} read it" if readers else "removed"
            yield ReviewedModel(name, then.models[name].path, ModelStatus.REMOVED, summary, breaking=True)
        elif name in then.models and name in now.models:
            yield from _changed(base, head, name, meaning, _renamed(diff, name))
        elif then.path(name) == "" or (name in now.models) != (name in then.models):
            summary = "it could not be read before" if name in now.models else "it cannot be read any more"
            yield ReviewedModel(name, now.path(name), ModelStatus.CHANGED, summary, breaking=True)


def _changed(
    base: Tree, head: Tree, name: TableName, meaning: Meaning, renamed: Mapping[str, str]
) -> Iterator[ReviewedModel]:
    old, new = base.graph.models[name], head.graph.models[name]
    macros = changed_macros(base.graph, head.graph, name)
    variables = changed_variables(base, head, name)
    if old.digest == new.digest:
        if macros or variables:
            what = [f"macro {', '.join(macros)} changed"] if macros else []
            what += [f"variable {', '.join(variables)} changed"] if variables else []
            summary = f"{' and '.join(what)}: what it does cannot be told"
            yield ReviewedModel(name, new.path, ModelStatus.CHANGED, summary, breaking=True, macros=macros)
        return
    if not macros and not variables and _same_meaning(base, head, name, meaning):
        yield ReviewedModel(name, new.path, ModelStatus.CHANGED, "the SQL means the same as before", breaking=False)
        return
    from medallion.models.changes import compare_models, with_renames

    change = with_renames(compare_models(old.sql, new.sql), renamed)
    summary, breaking = str(change), change.breaking
    before, after = base.records.get(name), head.records.get(name)
    if before and after and (before.built.text, after.built.text) == (old.digest, new.digest):
        schema = compare_schemas(schema_of(before), schema_of(after), renamed)
        if schema:
            breaking = breaking or bool(schema.removed or schema.retyped or schema.moved or schema.renamed)
            summary = told(schema, change)
    summary = summary.removesuffix(" (breaking)").removesuffix(" (not breaking)")
    yield ReviewedModel(name, new.path, ModelStatus.CHANGED, summary, breaking=breaking, macros=macros)


def _same_meaning(base: Tree, head: Tree, name: TableName, meaning: Meaning) -> bool:
    """Whether DuckDB takes the two texts for the same statement, where all that they read has been built."""
    trees = (base, head)
    reads = [(tree, read) for tree in trees for read in tree.graph.inputs[name]]
    if any(read not in tree.records for tree, read in reads):
        return False
    inputs = [tree.records[read] for tree, read in reads]
    try:
        old, new = (meaning(tree.graph.models[name], tree.graph.macros[name], inputs) for tree in trees)
    except ModelError:
        return False
    return old == new


def changed_macros(then: Graph, now: Graph, name: TableName) -> tuple[str, ...]:
    """The macros of a model that differ, in name order."""
    old = {macro.name: macro.digest for macro in then.macros.get(name, ())}
    new = {macro.name: macro.digest for macro in now.macros.get(name, ())}
    return tuple(sorted(macro for macro in {*old, *new} if old.get(macro) != new.get(macro)))


def changed_variables(base: Tree, head: Tree, name: TableName) -> tuple[str, ...]:
    """The variables of a model whose values differ, in name order."""
    old, new = _variables(base, name), _variables(head, name)
    return tuple(sorted(variable for variable in {*old, *new} if old.get(variable) != new.get(variable)))


def _variables(tree: Tree, name: TableName) -> Mapping[str, Variable]:
    recipe = tree.observed.recipes.get(name)
    return recipe.variables if recipe else {}


def broken_contracts(base: Tree, head: Tree, diff: Diff | None = None) -> tuple[ContractBreak, ...]:
    """The datasets whose columns the base promised, and the head has not; or has no more.

    ``diff`` is how the data differs.
    """
    found = []
    for name in contracted(base.graph):
        before, after = base.records.get(name), head.records.get(name)
        if before is None:
            continue
        if after is None:
            found.append(ContractBreak(name, "the dataset is removed"))
            continue
        change = compare_schemas(schema_of(before), schema_of(after), _renamed(diff, name))
        if change:
            lifted = "" if name in contracted(head.graph) else "; @contract is taken away"
            found.append(ContractBreak(name, f"{change}{lifted}"))
    return tuple(found)
