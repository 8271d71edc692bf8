"""How unit tests ended: a line for each that failed, and the rows in which it did, cell by cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from medallion.cli.console import count, err, out, print_error, print_line, seconds
from medallion.cli.fit import shorten
from medallion.cli.text import Text, cells
from medallion.cli.value_text import is_number, short_value, side_by_side
from medallion.printable import printable
from medallion.unittests.run import UnitTestOutcome, UnitTestResult, UnitTestRun

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from medallion.cli.text import Console
    from medallion.names import TableName
    from medallion.unittests.compare import Difference, Pair, Row

__all__ = ["difference_lines", "failure_lines", "print_nothing", "print_unit_tests", "unit_test_document"]

# So many rows say what is wrong; all of them are in the JSON.
_MOST_ROWS = 10
_MOST_CELLS = 12
_WIDEST_CELL = 40
_NARROWEST = 20
_MARGIN = "  "
_STYLES = {"-": "red", "+": "green", "^": "yellow", "?": "dim"}

Line = tuple[str, str]


def print_unit_tests(run: UnitTestRun, console: Console | None = None) -> None:
    """What could not be run, with why, and then the results, which are data unless another console is given."""
    for error in run.errors:
        print_error(error)
    broken = (result.error for result in run.results if result.outcome is UnitTestOutcome.BROKEN and result.error)
    for error in dict.fromkeys(broken):  # A model that cannot be read breaks all its tests.
        print_error(error)
    _print_results(run, console or out())


def _print_results(run: UnitTestRun, console: Console) -> None:
    """Models whose tests all passed, dimly; then every test that did not; then the sum."""
    for model, results in _by_model(run.results):
        if all(result.outcome is UnitTestOutcome.PASSED for result in results):
            print_line(console, Text(f"{model}  {count(len(results), 'test')} passed", style="dim"))
    for result in run.results:
        if result.outcome is UnitTestOutcome.FAILED:
            for line in failure_lines(result, console.width):
                console.print(line)
            console.print()
    counts = [
        ("passed", run.count(UnitTestOutcome.PASSED), "green"),
        ("failed", run.count(UnitTestOutcome.FAILED), "red"),
        ("broken", run.count(UnitTestOutcome.BROKEN) + len(run.errors), "red"),
    ]
    parts = [Text(f"{word} {n:,}", style=style if n else "dim") for word, n, style in counts if n or word != "broken"]
    console.print(Text(", ").join(parts).append(f" in {seconds(run.seconds)}", style="default"))


def print_nothing(select: Sequence[str]) -> None:
    """That there is no test, and how to get the first."""
    name = select[0] if len(select) == 1 and select[0].count(".") == 1 and "*" not in select[0] else "silver.orders"
    among = f" for {' '.join(select)}" if select else ""
    err().print(f"there are no unit tests{among} in tests/sql/", style="yellow")
    err().print(f"`medallion test --create {name}` writes the first, from a few real rows")


def failure_lines(result: UnitTestResult, width: int) -> list[Text]:
    """Which test failed, where it stands, and why."""
    place = result.location
    head = Text("failed: ", style="red bold").append(f"{place.path}:{place.line}: ", style="default")
    lines = [head.append(result.name, style="bold")]
    if result.difference is not None:
        lines += difference_lines(result.difference, width)
    if result.error is not None:
        lines += [Text(f"{_MARGIN}{line}".rstrip()) for line in str(result.error).split("\n")]
    return lines


def difference_lines(difference: Difference, width: int) -> list[Text]:
    """The rows that differ, in lines of at most ``width`` cells: side by side where they fit, else cell below cell."""
    width = min(width, 160)
    shown = difference.pairs[:_MOST_ROWS]
    every = list(range(len(difference.columns)))
    differing = sorted({*difference.key, *(i for pair in shown for i in pair.differing())})
    room = width - len(_MARGIN) - 2
    lines = next(
        (
            table
            for columns in (every, differing)
            for table in [list(_table(difference, shown, columns))]
            if all(cells(text) <= room for _, text in table)
        ),
        None,
    )
    lines = lines or [line for pair in shown for line in _listed(difference, pair, room)]
    styled = [
        Text(f"{_MARGIN}{' ' if sign == '?' else sign} {text}".rstrip(), style=_STYLES.get(sign, ""))
        for sign, text in lines
    ]
    more = len(difference.pairs) - len(shown)
    if more > 0:
        styled.append(Text(f"{_MARGIN}… {count(more, 'more row')} that differ; --json has all", style="dim"))
    return [*styled, Text(f"{_MARGIN}{_sum(difference)}", style="dim")]


def _sum(difference: Difference) -> str:
    came = f"{difference.actual:,} came out (+)"
    same = f", {difference.equal:,} the same" if difference.equal else ""
    return f"{count(difference.expected, 'row')} expected (-), {came}{same}"


def _table(difference: Difference, pairs: Sequence[Pair], columns: Sequence[int]) -> Iterable[Line]:
    """A header, and for each pair of rows one above the other with marks below the cells that differ."""
    shown = [(pair, *_cells(pair, columns, _WIDEST_CELL)) for pair in pairs]
    header = [shorten(printable(difference.columns[i]), _WIDEST_CELL) for i in columns]
    rows = [header, *(row for _, one, other in shown for row in (one, other) if row is not None)]
    widths = [max(cells(row[i]) for row in rows) for i in range(len(columns))]
    right = {i for i, column in enumerate(columns) if is_number(difference.types[column])}

    def line(row: Sequence[str]) -> str:
        padded = (
            " " * (w - cells(text)) + text if i in right else text + " " * (w - cells(text))
            for i, (text, w) in enumerate(zip(row, widths, strict=True))
        )
        return "  ".join(padded)

    yield " ", line(header)
    for pair, one, other in shown:
        if one is not None:
            yield "-", line(one)
        if other is not None:
            yield "+", line(other)
        if one is not None and other is not None:
            marked = [i for i, column in enumerate(columns) if column in pair.differing()]
            marks = ["^" * max(cells(one[i]), cells(other[i])) if i in marked else "" for i in range(len(columns))]
            yield " ", line(marks)


def _listed(difference: Difference, pair: Pair, room: int) -> Iterable[Line]:
    """The same cell below cell: what tells the row apart, and each column that differs on lines of its own."""
    columns = list(range(len(difference.columns)))
    wide = min(max(cells(printable(name)) for name in difference.columns), _NARROWEST, room // 2)
    value = max(1, room - wide - 2)
    one, other = _cells(pair, columns, value)
    named = ", ".join(
        f"{difference.columns[i]} {short_value((pair.expected or pair.actual or ())[i], _NARROWEST)}"
        for i in difference.key
        if i not in pair.differing() or one is None or other is None
    )
    what = "row" if one is not None and other is not None else "missing row" if other is None else "row too many"
    yield "?", shorten(f"{what}{f': {named}' if named else ''}", room)
    differing = pair.differing()
    for i in differing[:_MOST_CELLS]:
        name = shorten(printable(difference.columns[i]), wide)
        label = name + " " * (wide - cells(name))
        if one is not None:
            yield "-", f"{label}  {one[i]}"
        if other is not None:
            yield "+", f"{label if one is None else ' ' * wide}  {other[i]}"
    if len(differing) > _MOST_CELLS:
        yield "?", f"… {count(len(differing) - _MOST_CELLS, 'more column')}"


def _cells(pair: Pair, columns: Sequence[int], wide: int) -> tuple[list[str] | None, list[str] | None]:
    """The texts to show of both rows; where two differ, both begin near the first difference."""
    if pair.expected is None or pair.actual is None:
        row: Row = pair.expected or pair.actual or ()
        texts = [short_value(row[i], wide) for i in columns]
        return (texts, None) if pair.actual is None else (None, texts)
    both = [side_by_side(pair.expected[i], pair.actual[i], wide) for i in columns]
    return [one for one, _ in both], [other for _, other in both]


def _by_model(results: Iterable[UnitTestResult]) -> Iterable[tuple[TableName, list[UnitTestResult]]]:
    found: dict[TableName, list[UnitTestResult]] = {}
    for result in results:
        found.setdefault(result.dataset, []).append(result)
    return found.items()


def unit_test_document(run: UnitTestRun) -> dict[str, Any]:
    """All of it, for a program."""
    return {
        "passed": run.count(UnitTestOutcome.PASSED),
        "failed": run.count(UnitTestOutcome.FAILED),
        "broken": run.count(UnitTestOutcome.BROKEN) + len(run.errors),
        "seconds": round(run.seconds, 3),
        "tests": [
            {
                "dataset": str(result.dataset),
                "name": result.name,
                "path": result.location.path,
                "line": result.location.line,
                "outcome": str(result.outcome),
                "seconds": round(result.seconds, 4),
                "error": str(result.error) if result.error else None,
                "difference": _difference_document(result.difference) if result.difference else None,
            }
            for result in run.results
        ],
        "errors": [str(error) for error in run.errors],
    }


def _difference_document(difference: Difference) -> dict[str, Any]:
    return {
        "columns": list(difference.columns),
        "equal": difference.equal,
        "rows": [
            {
                "expected": list(pair.expected) if pair.expected is not None else None,
                "actual": list(pair.actual) if pair.actual is not None else None,
            }
            for pair in difference.pairs
        ],
    }
