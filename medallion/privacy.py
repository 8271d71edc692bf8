"""Which columns of datasets are shown nowhere: ``@private`` ones, what they are copied from, and what is made of them.

Pure. Where lineage is not known, nobody can say what became of a private column, and more is hidden than need be.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from medallion.names import TableName
from medallion.records import InputKind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from medallion.models.graph import Graph
    from medallion.models.model import Model
    from medallion.records import Record

    #: Models, and the records of data, of one version of a project.
    Datasets = tuple[Graph, Mapping[TableName, Record]]

__all__ = ["NOTHING_HIDDEN", "Hidden", "hidden_columns", "private_marks", "without_names"]

#: A column of a dataset, in lower case; "" stands for any that is hidden.
_Node = tuple[TableName, str]


@dataclass(frozen=True, slots=True)
class Hidden:
    """By dataset, the columns (in lower case) of which no value is shown, and those whose names are such values."""

    columns: Mapping[TableName, frozenset[str]] = field(default_factory=dict)
    names: Mapping[TableName, frozenset[str]] = field(default_factory=dict)

    def of(self, *datasets: TableName) -> frozenset[str]:
        """The hidden columns of these datasets together."""
        return frozenset[str]().union(*(self.columns.get(name, ()) for name in datasets))

    def labels(self, dataset: TableName, *records: Record | None) -> dict[str, str]:
        """What stands, by the name in lower case, for names of columns that are private values, as a PIVOT makes them.

        Columns are numbered as they come in the ``records``, the first one first.
        """
        names = self.names.get(dataset, frozenset())
        if not names:
            return {}
        listed = dict.fromkeys(column.name.lower() for record in records if record for column in record.columns)
        return {name: f"private column {place}" for place, name in enumerate(listed, 1) if name in names}


NOTHING_HIDDEN = Hidden()


def private_marks(models: Iterable[Model]) -> dict[TableName, frozenset[str]]:
    """The private columns, in lower case, by dataset; of several models of a dataset a mark of any counts."""
    found: dict[TableName, frozenset[str]] = {}
    for model in models:
        if model.private:
            found[model.name] = found.get(model.name, frozenset()) | model.private
    return found


def hidden_columns(versions: Sequence[Datasets], others: Sequence[Datasets] = ()) -> Hidden:
    """What is hidden in these versions of a project, older ones first: what one of them hides is hidden in all.

    Hidden are the private columns; the columns that one is a plain copy of, over any number of steps, as they hold the
    same values; and whatever takes values from a hidden column, over any number of steps. Where the SQL that data was
    built from is not there, all columns are hidden of a dataset that read a hidden one. A column that is called like a
    private one of an input is taken for that. Where a hidden column is gone from one version to the next, one that came
    may be it, under another name. What ``others`` hide is hidden, too.
    """
    everywhere = [*versions, *others]
    marks = private_marks(model for graph, _ in everywhere for model in graph.models.values())
    if not marks:
        return NOTHING_HIDDEN
    flows = _Flows(marks)
    for graph, records in everywhere:
        for record in records.values():
            flows.add(graph, records, record)
    for (_, old), (_, new) in pairwise(versions):
        for name in old.keys() & new.keys():
            before, after = _names(old[name]), _names(new[name])
            flows.join(((name, gone) for gone in before - after), [(name, came) for came in after - before])
    found = flows.hidden()
    return Hidden(found, _named_by_values(everywhere, found))


class _Flows:
    """Where values of columns go, in any of the versions, and what columns are copies of."""

    def __init__(self, marks: Mapping[TableName, Collection[str]]) -> None:
        self.marks = marks
        self.into: defaultdict[_Node, set[_Node]] = defaultdict(set)
        self.copied: defaultdict[_Node, set[_Node]] = defaultdict(set)

    def join(self, sources: Iterable[_Node], targets: Collection[_Node]) -> None:
        """Note that what is in any of ``sources`` may be in each of ``targets``."""
        for source in sources:
            self.into[source].update(targets)

    def add(self, graph: Graph, records: Mapping[TableName, Record], record: Record) -> None:
        """Take in how a dataset came to be, in one version."""
        name = record.dataset
        read = {TableName.parse(i.name): i.columns for i in record.built.inputs if i.kind is InputKind.DATASET}
        for source in {*read, *graph.inputs.get(name, ())}:
            for column in self.marks.get(source, ()):
                self.into[source, column].add((name, column))
        if _is_known(graph, records, record):
            self._add_lineage(graph, records, record)
            if not _has_word("unpivot", graph, name):
                return
            read = dict.fromkeys(graph.inputs[name], ())  # Names of columns become values, which lineage does not tell.
        everything = [(name, column) for column in _names(record)]
        for source in {*read, *graph.inputs.get(name, ())}:
            columns = {column.lower() for column in read.get(source, ())}
            there = _names(records[source]) if source in records else frozenset()
            # An input of which no column is named was read as a whole; one that is gone may be any of today's.
            is_listed = columns and columns <= there
            self.join([(source, column) for column in columns] if is_listed else [(source, "")], everything)
            for _, column in everything:
                if column in (columns or there):
                    self.copied[name, column].add((source, column))

    def _add_lineage(self, graph: Graph, records: Mapping[TableName, Record], record: Record) -> None:
        from medallion.lineage import model_lineage
        from medallion.models.columns import Kind

        name = record.dataset
        for edge in model_lineage(graph, name, [column.name for column in record.columns], records).edges:
            here, there = (name, edge.column.lower()), (edge.input, edge.input_column.lower())
            if edge.kind.strength or edge.kind in (Kind.CONDITIONAL, Kind.WINDOW):
                self.into[there].add(here)
            if edge.kind is Kind.IDENTITY:
                self.copied[here].add(there)

    def hidden(self) -> dict[TableName, frozenset[str]]:
        """The hidden columns of each dataset that has any."""
        marked = {(name, column) for name, columns in self.marks.items() for column in columns}
        reached = _closure(_closure(marked, self.copied), self.into)
        found: defaultdict[TableName, set[str]] = defaultdict(set)
        for name, column in reached:
            if column:
                found[name].add(column)
        return {name: frozenset(columns) for name, columns in found.items()}


def _closure(nodes: Iterable[_Node], edges: Mapping[_Node, Collection[_Node]]) -> set[_Node]:
    found: set[_Node] = set()
    todo = list(nodes)
    while todo:
        node = todo.pop()
        if node not in found:
            found.add(node)
            todo += edges.get(node, ())
            todo += edges.get((node[0], ""), ())
    return found


def _is_known(graph: Graph, records: Mapping[TableName, Record], record: Record) -> bool:
    """Whether the graph has the SQL that the data was built from, and the inputs still look as they did to it."""
    name = record.dataset
    model = graph.models.get(name)
    if model is None or name in graph.problems or model.digest != record.built.text:
        return False
    if dict(record.built.macros) != {macro.name: macro.digest for macro in graph.macros[name]}:
        return False
    read = {i.name: i for i in record.built.inputs if i.kind is InputKind.DATASET}
    for source in graph.inputs[name]:
        there, then = records.get(source), read.get(str(source))
        if there is None or then is None:
            return False
        if there.content_id != then.content_id and there.seen(then.columns, graph.names(name)) != then.identity:
            return False
    return True


def _named_by_values(
    versions: Sequence[Datasets], hidden: Mapping[TableName, frozenset[str]]
) -> dict[TableName, frozenset[str]]:
    """The hidden columns that a PIVOT calls by values, and those that get such a name passed on.

    A name that is in the SQL, or that is one of an input's, is no value of the data.
    """
    found: dict[TableName, frozenset[str]] = {}
    for _ in range(1 + sum(len(records) for _, records in versions)):
        before = dict(found)
        for graph, records in versions:
            for name in hidden:
                if name in records:
                    names = found.get(name, frozenset()) | _called_by_values(graph, records, name, hidden, found)
                    if names:
                        found[name] = names
        if found == before:
            break
    return found


def _called_by_values(
    graph: Graph,
    records: Mapping[TableName, Record],
    name: TableName,
    hidden: Mapping[TableName, frozenset[str]],
    found: Mapping[TableName, frozenset[str]],
) -> frozenset[str]:
    record, model = records[name], graph.models.get(name)
    inputs = {TableName.parse(i.name) for i in record.built.inputs if i.kind is InputKind.DATASET}
    inputs |= {*graph.inputs.get(name, ())}
    passed = frozenset[str]().union(*(found.get(source, ()) for source in inputs))
    open_names = frozenset[str]().union(*(_names(records[source]) for source in inputs if source in records)) - passed
    candidates = (_names(record) & hidden[name]) - open_names
    is_text = model is not None and model.digest == record.built.text
    may_make_names = passed or not is_text or _has_word("pivot", graph, name)
    if not inputs or not candidates or not may_make_names:
        return frozenset()
    texts = [model.text, *(macro.sql for macro in graph.macros[name])] if model else []
    return candidates - _words("\n".join(texts).lower())


def _has_word(word: str, graph: Graph, name: TableName) -> bool:
    """Whether the SQL of a model, or of a macro that it uses, may have this keyword."""
    texts = [graph.models[name].sql, *(macro.sql for macro in graph.macros[name])]
    return any(re.search(rf"\b{word}\b", text, re.IGNORECASE) for text in texts)


def _words(text: str) -> frozenset[str]:
    """What may be a name in a text of SQL, with quotes or without."""
    return frozenset({*re.findall(r"\w+", text), *re.findall(r'"([^"]+)"', text), *re.findall(r"'([^']+)'", text)})


def _names(record: Record) -> frozenset[str]:
    return frozenset(column.name.lower() for column in record.columns)


def without_names(text: str, labels: Mapping[str, str]) -> str:
    """A text in which the names of columns that are private values are replaced by what stands for them."""
    for name in sorted(labels, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", labels[name], text, flags=re.IGNORECASE)
    return text
