"""Random projects, and edits of them: some leave what is meant, of others nobody knows."""

from __future__ import annotations

import copy
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

__all__ = ["COLLIDING", "LAYERS", "NAMES", "TYPES", "WORDS", "Author", "Row", "Source", "State", "Table", "mutated"]


Row = dict[str, object]

Table = tuple[list[tuple[str, str]], list[tuple[object, ...]]]
LAYERS = ("bronze", "silver", "gold")
WORDS = ["x", "y", "v", "day", "a", "T", "b b", "ä"]
TYPES = ["INTEGER", "VARCHAR", "STRUCT(x INTEGER, Y VARCHAR)", "JSON", "INTEGER[]"]
NAMES = ["a", "b", "c", "d", "k", "t", "x", "Val", "s"]
# What an edit writes into SQL: names that may already be something else there, and words of the layers and macros.
COLLIDING = [
    *NAMES,
    "u",
    "q",
    "q",
    "e",
    "e",
    "r",
    "silver",
    "bronze",
    "plus",
    "least_of",
    "n0",
    "n1",
    "k2",
    '"b b"',
    "range",
    "A",
    "S",
]


def _value(r: random.Random, kind: str) -> object:
    if r.random() < 0.12:
        return None
    if kind == "INTEGER":
        return r.randrange(5)
    if kind == "VARCHAR":
        return r.choice(WORDS)
    if kind == "INTEGER[]":
        return [r.randrange(4) for _ in range(r.randrange(3))]
    if kind == "JSON":
        return {r.choice(["Key", "key", "x"]): r.randrange(3)}
    return {"x": r.randrange(4), "Y": r.choice(WORDS)}


@dataclass
class Source:
    """A file of JSON lines, and how its bronze model reads it."""

    columns: list[tuple[str, str]]
    rows: list[Row]
    shown: list[str]
    star: bool

    def sql(self, path: str) -> str:
        listed = ", ".join(f"{n}: '{t}'" for n, t in self.columns)
        select = "*" if self.star else ", ".join(self.shown)
        return f"SELECT {select} FROM read_json('{path}', format = 'newline_delimited', columns = {{{listed}}})"

    def output(self) -> list[tuple[str, str]]:
        kinds = {name.lower(): kind for name, kind in self.columns}
        names = [name for name, _ in self.columns] if self.star else self.shown
        return [(name, kinds[name.lower()]) for name in names]


@dataclass
class State:
    """A project as files: sources by name, the SQL of the other models by path, macros and variables."""

    sources: dict[str, Source]
    models: dict[str, str]
    macros: dict[str, str]
    variables: dict[str, int | str]
    folder: dict[str, str] = field(default_factory=dict)

    def files(self) -> dict[str, str]:
        found = {}
        for name, source in self.sources.items():
            found[f"sources/{name}.json"] = "".join(json.dumps(row) + "\n" for row in source.rows)
            found[f"sql/bronze/{name}.sql"] = source.sql(f"sources/{name}.json")
        for name, sql in self.models.items():
            layer, table = name.split(".")
            found[f"sql/{layer}/{self.folder.get(name, '')}{table}.sql"] = sql
        found["sql/macros/m.sql"] = ";\n".join(self.macros.values()) + ";\n"
        listed = "\n".join(f"{name} = {json.dumps(value)}" for name, value in self.variables.items())
        found["medallion.toml"] = f"[duckdb]\nthreads = 2\n[variables]\n{listed}\n"
        return found


class Author:
    """Writes a random project and edits it."""

    def __init__(self, r: random.Random) -> None:
        self.r = r
        self.state = State(
            sources={name: self.source() for name in ("t", "u")},
            models={},
            macros={
                "plus": "CREATE MACRO plus(p, q) AS coalesce(p, 0) + coalesce(q, 0)",
                "least_of": "CREATE MACRO least_of(p) AS TABLE SELECT min(p) AS low",
                "label": "CREATE MACRO label(p) AS CASE WHEN p > 1 THEN 'many' ELSE 'few' END",
            },
            variables={"since": 1, "word": "x"},
        )
        self.past: list[State] = []
        tables = {f"bronze.{name}": source.output() for name, source in self.state.sources.items()}
        for layer, count in (("silver", r.choice([2, 3])), ("gold", r.choice([1, 2, 3]))):
            for number in range(count):
                name = f"{layer}.{r.choice(['n', 'Val', 'x', 'm'])}{number}".lower()
                self.state.models[name], tables[name] = self.model(dict(tables))

    def source(self) -> Source:
        names = self.r.sample(NAMES, 4)
        columns = [("k", "INTEGER"), *((n, self.r.choice([*TYPES, "INTEGER", "INTEGER"])) for n in names if n != "k")]
        rows = [{name: _value(self.r, kind) for name, kind in columns} for _ in range(self.r.randrange(3, 8))]
        return Source(columns, rows, [name for name, _ in columns], self.r.random() < 0.4)

    # SQL

    def case(self, name: str) -> str:
        return self.r.choice([name, name, name, name.upper(), name.lower(), name.title()])

    def pick(self, columns: list[tuple[str, str]], alias: str, kind: str = "INTEGER") -> str:
        fitting = [name for name, found in columns if found == kind]
        name = self.case(self.r.choice(fitting)) if fitting else {"INTEGER": "7", "VARCHAR": "'w'"}.get(kind, "NULL")
        return f"{alias}.{name}" if alias and fitting and self.r.random() < 0.7 else name

    def value(self, columns: list[tuple[str, str]], alias: str) -> tuple[str, str]:
        one, two = self.pick(columns, alias), self.pick(columns, alias)
        options = [
            (one, "INTEGER"),
            (one, "INTEGER"),
            (f"plus({one}, {two})", "INTEGER"),
            (f"label({one})", "VARCHAR"),
            (f"{one} + {self.r.randrange(3)}", "INTEGER"),
            (f"CAST({one} AS VARCHAR)", "VARCHAR"),
            (f"coalesce({one}, getvariable('since'))::INTEGER", "INTEGER"),
            (f"{{'x': {one}, 'Y': 'z'}}", "STRUCT(x INTEGER, Y VARCHAR)"),
            (f"(SELECT max(q.k) FROM bronze.u AS q WHERE q.k <= {one})", "INTEGER"),
            (f"(SELECT low FROM least_of({one}))", "INTEGER"),
            (f"row_number() OVER (ORDER BY {one}, {two})::INTEGER", "INTEGER"),
            (f"list_sum([x + {two} FOR x IN [1, {one}]])::INTEGER", "INTEGER"),
            (f"[{one}, {two}]", "INTEGER[]"),
        ]
        struct = self.pick(columns, alias, TYPES[2])
        if struct != "NULL":
            options += [(f"{struct}.x", "INTEGER"), (f"{struct}.{self.case('y')}", "VARCHAR"), (struct, TYPES[2])]
        document = self.pick(columns, alias, "JSON")
        if document != "NULL":
            options += [(f"CAST({document}.{self.case('key')} AS INTEGER)", "INTEGER")] * 3
        return self.r.choice([*options, (self.pick(columns, alias, "VARCHAR"), "VARCHAR")])

    def condition(self, columns: list[tuple[str, str]], alias: str) -> str:
        parts = []
        for _ in range(self.r.choice([1, 2, 2, 3])):
            one, two = self.pick(columns, alias), self.pick(columns, alias)
            parts.append(
                self.r.choice(
                    [
                        f"{one} > {self.r.randrange(3)}",
                        f"{one} IS NOT NULL",
                        f"{one} <> {two}",
                        f"{one} IN (SELECT k FROM bronze.u)",
                        f"EXISTS (SELECT 1 FROM bronze.t AS e WHERE e.k = {one})",
                        f"{self.pick(columns, alias, 'VARCHAR')} <> getvariable('word')",
                    ]
                )
            )
        return " AND ".join(parts)

    def items(self, columns: list[tuple[str, str]], alias: str) -> tuple[str, list[tuple[str, str]]]:
        names = [*dict.fromkeys(self.r.choice([n, n, "o1", "o2"]) for n in self.r.sample(NAMES, self.r.choice([2, 3])))]
        found = [(name, *self.value(columns, alias)) for name in names]
        texts = [
            value if value.rsplit(".", 1)[-1].lower() == name.lower() else f"{value} AS {self.case(name)}"
            for name, value, _ in found
        ]
        return ", ".join(texts), [(name, kind) for name, _, kind in found]

    def model(self, tables: dict[str, list[tuple[str, str]]]) -> tuple[str, list[tuple[str, str]]]:
        table, other = self.r.choice(sorted(tables)), self.r.choice(sorted(tables))
        columns, others = tables[table], tables[other]
        alias = self.r.choice(["t", "q", "x", "k2", table.split(".")[1], "c"])
        where = f" WHERE {self.condition(columns, alias)}" if self.r.random() < 0.6 else ""
        items, output = self.items(columns, alias)
        source = f"{table} AS {alias}"
        kind = self.r.randrange(12)
        if kind == 0:
            return f"SELECT * FROM {source}{where}", columns
        if kind == 1:
            return f"FROM {source} SELECT {alias}.*, 1 AS one{where}", [*columns, ("one", "INTEGER")]
        if kind == 2:
            return f"WITH w AS (SELECT {items} FROM {source}{where}) SELECT w.* FROM w", output
        if kind == 3:
            kept = ", ".join(f"c1.{name}" for name, _ in output)
            return (
                f"WITH c1 AS (SELECT {items} FROM {source}{where}) SELECT {kept} FROM c1 ORDER BY ALL LIMIT 4",
                output,
            )
        if kind == 4:
            one, two = self.pick(columns, alias), self.pick(columns, alias)
            return (
                f"SELECT {one} AS g, count(*)::INTEGER AS n, max({two}) AS top FROM {source}{where} GROUP BY ALL",
                [("g", "INTEGER"), ("n", "INTEGER"), ("top", "INTEGER")],
            )
        if kind in (5, 6):
            left, right = self.pick(columns, alias), self.pick(others, "r")
            word = self.r.choice(["JOIN", "LEFT JOIN", "ANTI JOIN", "SEMI JOIN"])
            return f"SELECT {items} FROM {source} {word} {other} AS r ON {left} = {right} AND {left} > 0{where}", output
        if kind == 7:
            word = self.r.choice(["UNION ALL BY NAME", "UNION BY NAME"])
            return f"SELECT {items} FROM {source} {word} SELECT {items} FROM {source}{where}", output
        if kind == 8:
            one, two = self.pick(columns, alias), self.pick(columns, alias)
            first = f"row_number() OVER (PARTITION BY {one} ORDER BY {two}) = 1"
            return f"SELECT {items} FROM {source}{where} QUALIFY {first}", output
        if kind == 9:
            return f"SELECT DISTINCT {items} FROM {source}{where}", output
        if kind == 10:
            return (
                f"SELECT count(*)::INTEGER AS n, list({self.pick(columns, alias)}) AS l FROM {source}{where}",
                [("n", "INTEGER"), ("l", "INTEGER[]")],
            )
        return f"SELECT {items} FROM (SELECT * FROM {table}) AS {alias}{where}", output

    # Edits

    def edit(self) -> str:
        """Change something, and say what."""
        self.past.append(copy.deepcopy(self.state))
        edits: list[Callable[[], str]] = [self.edit_source] * 5 + [self.edit_bronze] * 4 + [self.edit_text] * 8
        edits += [self.edit_macro, self.edit_variable, self.move, self.rename, self.delete, self.revert, self.revert]
        return self.r.choice(edits)()

    def edit_source(self) -> str:
        source = self.r.choice(list(self.state.sources.values()))
        kind = self.r.randrange(6)
        if kind == 0 or not source.rows:
            source.rows.append({name: _value(self.r, kind) for name, kind in source.columns})
        elif kind == 1:
            source.rows.pop(self.r.randrange(len(source.rows)))
        elif kind == 2:
            self.r.shuffle(source.rows)
        else:
            name, kind_of = self.r.choice(source.columns)
            for row in self.r.sample(source.rows, self.r.randrange(1, len(source.rows) + 1)):
                row[name] = _value(self.r, kind_of)
        return f"source: {kind}"

    def edit_bronze(self) -> str:
        """Columns of a source come, go, move, and change name, case or type."""
        source = self.r.choice(list(self.state.sources.values()))
        at = self.r.randrange(len(source.columns))
        name, kind = source.columns[at]
        what = self.r.choice(["add", "add", "drop", "rename", "case", "type", "order", "star"])
        taken = {n.lower() for n, _ in source.columns}
        new = [n for n in ("a", "b", "c", "d", "t", "x", "q", "n", "e", "r", "u", "o1") if n not in taken]
        if what == "add":
            column = (self.r.choice(new), self.r.choice(TYPES))
            source.columns.insert(self.r.randrange(len(source.columns) + 1), column)
            for row in source.rows:
                row[column[0]] = _value(self.r, column[1])
        elif what == "drop" and len(source.columns) > 2:
            source.columns.pop(at)
        elif what in ("rename", "case"):
            to = self.r.choice(new) if what == "rename" else name.swapcase()
            source.columns[at] = (to, kind)
            for row in source.rows:
                row[to] = row.pop(name)
        elif what == "type":
            source.columns[at] = (name, {"INTEGER": "BIGINT", "BIGINT": "INTEGER"}.get(kind, "VARCHAR"))
        elif what == "order":
            self.r.shuffle(source.columns)
        else:
            source.star = not source.star
        source.shown = [name for name, _ in source.columns]
        return f"bronze: {what} {name}"

    def edit_text(self) -> str:
        if not self.state.models:
            return "nothing"
        name = self.r.choice(sorted(self.state.models))
        before = self.state.models[name]
        self.state.models[name] = mutated(self.r, before)
        return f"{name}: {before} → {self.state.models[name]}"

    def edit_macro(self) -> str:
        name = self.r.choice(sorted(self.state.macros))
        self.state.macros[name] = mutated(self.r, self.state.macros[name])
        return f"macro {self.state.macros[name]}"

    def edit_variable(self) -> str:
        self.state.variables["since"] = self.r.randrange(3)
        self.state.variables["word"] = self.r.choice(["x", "X", "y"])
        return "variable"

    def move(self) -> str:
        if self.state.models:
            name = self.r.choice(sorted(self.state.models))
            self.state.folder[name] = self.r.choice(["", "deep/"])
        return "move"

    def rename(self) -> str:
        if not self.state.models:
            return "nothing"
        name = self.r.choice(sorted(self.state.models))
        to = name.split(".")[0] + "." + self.r.choice(["z0", "z1", "val1", "x2"])
        if to not in self.state.models:
            self.state.models[to] = self.state.models.pop(name)
            if self.r.random() < 0.6:
                self.state.models = {n: re.sub(rf"\b{name}\b", to, sql) for n, sql in self.state.models.items()}
        return f"rename {name} {to}"

    def delete(self) -> str:
        if len(self.state.models) > 2:
            self.state.models.pop(self.r.choice(sorted(self.state.models)))
        return "delete"

    def revert(self) -> str:
        back = self.r.randrange(1, min(len(self.past), 3) + 1)
        self.state = copy.deepcopy(self.past[-back])
        return f"back by {back}"


_NAME = re.compile(r"(?<![\w'])[A-Za-z_]\w*(?![\w'(])")

_PAIR = re.compile(r"((?:[\w.]+) (?:>|<>|IS NOT|=) (?:[\w.]+)) AND ((?:[\w.]+) (?:>|<>|IS NOT|=) (?:[\w.]+))")


def mutated(r: random.Random, sql: str) -> str:
    """The SQL after an edit of which nobody knows whether it means the same."""
    kind = r.randrange(13)
    names = [m for m in _NAME.finditer(sql) if m[0] not in ("SELECT", "FROM", "AS", "WHERE", "AND", "CREATE", "MACRO")]
    numbers = list(re.finditer(r"\b\d\b", sql))
    if kind == 0 and names:  # the case of one word
        m = r.choice(names)
        return sql[: m.start()] + m[0].swapcase() + sql[m.end() :]
    if kind in (1, 2) and names:  # a name everywhere, to one that may be something else already
        word = r.choice(names)[0]
        return re.sub(rf"\b{word}\b", r.choice([*COLLIDING, "fresh"]), sql)
    if kind in (3, 4):  # an alias and its uses
        declared = [m[1] for m in re.finditer(r"(?:AS|WITH) (\w+)(?: AS|,| JOIN| WHERE|$| ON| LEFT|\))", sql)]
        if declared:
            return re.sub(rf"\b{r.choice(declared)}\b(?!\()", r.choice([*COLLIDING, "fresh"]), sql)
    if kind == 5 and _PAIR.search(sql):
        return _PAIR.sub(r"\2 AND \1", sql, count=1)
    if kind == 6 and numbers:
        m = r.choice(numbers)
        return sql[: m.start()] + r.choice(["0", "1", "2", "3", "1.0", "'1'"]) + sql[m.end() :]
    if kind == 7:
        return sql.replace(" FROM", r.choice([", 1 AS added FROM", ", k AS added FROM", ", 2 FROM"]), 1)
    if kind == 8:
        return sql.replace("SELECT ", r.choice(["SELECT 1 AS early, ", "SELECT k AS early, ", "SELECT DISTINCT "]), 1)
    if kind == 9:
        return f"-- {r.choice(['a word', '@key k', '@key n'])}\n{sql.split(chr(10))[-1]}"
    if kind == 10 and names:  # one name for another, once
        m = r.choice(names)
        return sql[: m.start()] + r.choice([*COLLIDING, r.choice(names)[0]]) + sql[m.end() :]
    if kind == 11:  # columns in another order
        return re.sub(r"SELECT (\w[\w.]*), (\w[\w.]*)", r"SELECT \2, \1", sql, count=1)
    return sql.replace(" ", "  ").replace("SELECT", "select")
