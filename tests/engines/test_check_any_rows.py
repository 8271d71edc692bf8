"""Any rows and any simple checks: what is counted is what fails."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from medallion.events import CheckStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.engines.checked import Checks


VALUES = st.one_of(st.none(), st.integers(-3, 3))

NUMBERS = st.one_of(st.none(), st.sampled_from([0.0, -0.0, 1.5, -1.5, math.nan, math.inf, -math.inf]))
WORDS_ = st.one_of(st.none(), st.sampled_from(["", "a", "b", "ab", "it's", "é"]))
ROWS = st.lists(st.tuples(VALUES, NUMBERS, WORDS_), max_size=25)
ASKED = st.one_of(
    st.tuples(st.just("not_null"), st.sampled_from("ifw")),
    st.tuples(st.just("unique"), st.sampled_from(["i", "f", "w", "i, w", "i, f, w"])),
    st.tuples(st.just("key"), st.sampled_from(["i", "f", "w", "i, w", "i, f, w"])),
    st.tuples(st.just("accepted_values"), st.lists(st.integers(-3, 3), min_size=1, max_size=3)),
    st.tuples(st.just("range i"), st.tuples(st.integers(-3, 0), st.integers(0, 3))),
    st.tuples(st.just("range f"), st.tuples(st.sampled_from([-1.5, 0, 1]), st.sampled_from([1, 1.5, 2]))),
    st.tuples(st.just("condition"), st.integers(-3, 3)),
)


def order(value: float | None) -> tuple[int, float] | None:
    """As DuckDB orders numbers: NaN is equal to itself and larger than any other."""
    if value is None:
        return None
    return (1, 0.0) if math.isnan(value) else (0, value + 0.0)


def same(values: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(order(v) if isinstance(v, float) else v for v in values)


def fails(kind: str, argument: Any, row: tuple[Any, ...], rows: list[tuple[Any, ...]]) -> bool:
    """What the documentation says of one row, in plain Python."""
    if kind == "not_null":
        return row["ifw".index(argument)] is None
    if kind in ("unique", "key"):
        at = ["ifw".index(name) for name in argument.split(", ")]
        mine = same([row[i] for i in at])
        if None in mine:
            return kind == "key"
        return sum(same([other[i] for i in at]) == mine for other in rows) > 1
    if kind == "accepted_values":
        return row[0] is not None and row[0] not in argument
    if kind.startswith("range"):
        value = order(row[0] if kind.endswith("i") else row[1])
        low, high = (order(bound) for bound in argument)
        return value is not None and not low <= value <= high  # type: ignore[operator]
    return row[0] is not None and not (row[0] > argument or row[2] is None)


def written(kind: str, argument: Any) -> str:
    if kind == "accepted_values":
        return f"@accepted_values i {', '.join(map(str, argument))}"
    if kind.startswith("range"):
        return f"@{kind} {argument[0]} to {argument[1]}"
    if kind == "condition":
        return f"@check i > {argument} OR w IS NULL"
    return f"@check {kind} {argument}"


def sql_of(rows: list[tuple[Any, ...]]) -> str:
    def cell(value: Any, kind: str) -> str:
        return "NULL::" + kind if value is None else f"'{str(value).replace(chr(39), chr(39) * 2)}'::{kind}"

    listed = ", ".join(f"({cell(i, 'INTEGER')}, {cell(f, 'DOUBLE')}, {cell(w, 'VARCHAR')})" for i, f, w in rows)
    if not rows:
        return "SELECT 1 AS i, 1.5::DOUBLE AS f, 'x' AS w WHERE false"
    return f"SELECT * FROM (VALUES {listed}) t(i, f, w)"


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(rows=ROWS, asked=st.lists(ASKED, min_size=1, max_size=4))
def test_what_is_counted_is_what_fails_and_what_is_kept(
    checks: Checks, rows: list[tuple[Any, ...]], asked: list[tuple[str, Any]]
) -> None:
    found = checks.run(sql_of(rows), *(written(kind, argument) for kind, argument in asked))
    for (kind, argument), result in zip(asked, found, strict=True):
        wrong = [row for row in rows if fails(kind, argument, row, rows)]
        assert result.failures == len(wrong), (kind, argument)
        assert (result.status is CheckStatus.FAILED) is bool(wrong)
        kept = checks.kept(result) if wrong else []
        assert sorted(map(repr, map(same, kept))) == sorted(map(repr, map(same, wrong)))
