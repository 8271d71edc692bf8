"""A file of unit tests as values: everything that can be told from its text."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from medallion.errors import UnitTestError
from medallion.unittests.nodes import (
    MappingNode,
    Node,
    ScalarNode,
    SequenceNode,
    compose,
    expect_mapping,
    expect_text,
)
from medallion.unittests.tables import Table, read_table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from medallion.config import Variable
    from medallion.names import TableName
    from medallion.unittests.source import Place, Source

__all__ = ["KEYS", "Given", "UnitTest", "read_tests"]

#: Every key of a test with what it means; the reference page comes from here.
KEYS: Mapping[str, str] = {
    "name": "What the test proves, as a sentence. No two tests of a model have the same.",
    "description": "More about it, for whoever reads the file.",
    "given": "The rows of each dataset that the model reads, by its name, or of a file, by its path as the model has "
    "it. A dataset that is not there has no rows, and a column that is not there is NULL.",
    "expect": "The rows that must come out, in any order; only the columns that are named are compared. Or "
    "`{error: text}`: the model must fail with an error that holds the text.",
    "cte": "The name of one of the model's CTEs: its rows are compared, instead of the model's.",
    "variables": "What getvariable('…') gives, on top of the project's own `[variables]`.",
    "now": "The moment that now(), current_date and the like give; UTC, unless it names an offset.",
}

_EXAMPLE = "- name: the latest export wins"
_NUMBER = re.compile(r"[-+]?\d+")
_DECIMAL = re.compile(r"[-+]?\d+\.\d+([eE][-+]?\d+)?")


@dataclass(frozen=True, slots=True)
class Given:
    """The rows of one dataset or file, and where it is named."""

    name: str
    table: Table
    place: Place


@dataclass(frozen=True, slots=True)
class UnitTest:
    """One test. Either ``rows`` or ``error`` is what it expects; ``cte`` is empty where the model's result is meant."""

    model: TableName
    name: str
    place: Place
    given: tuple[Given, ...] | None
    rows: Table | None
    error: str = ""
    description: str = ""
    cte: str = ""
    cte_place: Place | None = None
    variables: Mapping[str, Variable] = field(default_factory=dict)
    now: datetime | None = None


def read_tests(
    model: TableName, source: Source, beside: Callable[[str, Place], Source]
) -> tuple[list[UnitTest], list[UnitTestError]]:
    """The tests of one file, and what is wrong with those that cannot be read.

    ``beside`` reads a file that the text names, or raises ``UnitTestError``.
    """
    try:
        document = compose(source)
    except UnitTestError as error:
        return [], [error]
    if not isinstance(document, SequenceNode) or not document.items:
        place = document.place if document else source.place(0)
        return [], [place.error("a file of tests is a list, and each test a map", f"it begins with `{_EXAMPLE}`")]
    tests: dict[str, UnitTest] = {}
    errors = []
    for item in document.items:
        try:
            test = _Reader(model, expect_mapping(item, "a test", _EXAMPLE), beside).test()
            if test.name in tests:
                raise test.place.error(f'two tests are called "{test.name}"', "say what sets them apart")
            tests[test.name] = test
        except UnitTestError as error:
            errors.append(error)
    return list(tests.values()), errors


class _Reader:
    """Reads one test, key by key."""

    def __init__(self, model: TableName, node: MappingNode, beside: Callable[[str, Place], Source]) -> None:
        self.model = model
        self.node = node
        self.beside = beside
        self.keys = {key.text: (key, value) for key, value in node.pairs}

    def test(self) -> UnitTest:
        for name, (key, _) in self.keys.items():
            if name not in KEYS:
                raise key.place.unknown("unknown key", name, list(KEYS), f"known keys: {', '.join(KEYS)}")
        for name, hint in (("name", "say in a sentence what it proves"), ("expect", "write [] where no row comes out")):
            if name not in self.keys:
                raise self.node.place.error(f'the test has no "{name}"', hint)
        rows, error = self._expect(self.keys["expect"][1])
        cte = self.keys.get("cte")
        return UnitTest(
            model=self.model,
            name=expect_text(self.keys["name"][1], "name"),
            place=self.keys["name"][1].place,
            given=self._given(),
            rows=rows,
            error=error,
            description=expect_text(self.keys["description"][1], "description") if "description" in self.keys else "",
            cte=expect_text(cte[1], "cte") if cte else "",
            cte_place=cte[1].place if cte else None,
            variables=self._variables(),
            now=self._now(),
        )

    def _given(self) -> tuple[Given, ...] | None:
        if "given" not in self.keys:
            return None
        node = expect_mapping(self.keys["given"][1], "given", "bronze.orders: with a list of rows below it")
        return tuple(
            Given(key.text, read_table(value, key.text, self.beside, complete=False), key.place)
            for key, value in node.pairs
        )

    def _expect(self, node: Node) -> tuple[Table | None, str]:
        if isinstance(node, MappingNode) and [key.text for key, _ in node.pairs] == ["error"]:
            return None, expect_text(node.pairs[0][1], "error")
        if isinstance(node, MappingNode):
            for key, _ in node.pairs:
                if key.text == "rows":
                    raise key.place.error('unknown key "rows"', "write the rows themselves below `expect:`")
                if key.text not in ("csv", "error"):
                    raise key.place.unknown(
                        "unknown key",
                        key.text,
                        ["csv", "error"],
                        "expect is a list of rows, CSV, {csv: file} or {error: text}",
                    )
        return read_table(node, "expect", self.beside, complete=True), ""

    def _variables(self) -> dict[str, Variable]:
        if "variables" not in self.keys:
            return {}
        node = expect_mapping(self.keys["variables"][1], "variables", "{since: 2026-01-01}")
        found: dict[str, Variable] = {}
        for key, value in node.pairs:
            if not re.fullmatch(r"[A-Za-z_]\w*", key.text):
                raise key.place.error(f'"{key.text}" cannot be a variable\'s name', "write letters, digits and _")
            if not isinstance(value, ScalarNode) or value.is_null:
                raise value.place.error("a variable is a text, a number, true or false", "as in {since: 2026-01-01}")
            if key.text.casefold() in map(str.casefold, found):
                raise key.place.error(f'"{key.text}" is there twice: DuckDB takes no notice of case', "keep one")
            found[key.text] = _variable(value)
        return found

    def _now(self) -> datetime | None:
        if "now" not in self.keys:
            return None
        node = self.keys["now"][1]
        text = expect_text(node, "now")
        try:
            moment = datetime.fromisoformat(text.strip())
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        except (ValueError, OverflowError) as error:
            raise node.place.error(f'"{text}" is no moment', "as in 2026-01-31 12:00:00; it is UTC") from error


def _variable(node: ScalarNode) -> Variable:
    """As TOML would read it in ``[variables]``: what is written as a number is one, and quotes make a text."""
    if node.plain and node.text in ("true", "false"):
        return node.text == "true"
    if node.plain and _NUMBER.fullmatch(node.text):
        return int(node.text)
    if node.plain and _DECIMAL.fullmatch(node.text) and math.isfinite(float(node.text)):
        return float(node.text)
    return node.text
