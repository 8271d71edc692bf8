"""Unit tests of models, as their files are read: values as written, places, and everything that can be wrong."""

from __future__ import annotations

from datetime import UTC, datetime
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from medallion.config import Config
from medallion.names import TableName
from medallion.unittests.cases import KEYS, read_tests
from medallion.unittests.files import TestFile, find_files, read_file
from medallion.unittests.source import Source

if TYPE_CHECKING:
    from pathlib import Path

    from medallion.errors import UnitTestError
    from medallion.unittests.cases import UnitTest
    from medallion.unittests.source import Place
    from medallion.unittests.tables import Table

ORDERS = TableName("silver", "orders")
PATH = "tests/sql/silver/orders.yaml"


def beside(name: str, place: Place) -> Source:
    if name != "rows.csv":
        raise place.error(f"no {name}")
    return Source("tests/sql/silver/rows.csv", "a,b\n1,\n")


def read(text: str) -> list[UnitTest]:
    tests, errors = read_tests(ORDERS, Source(PATH, dedent(text)), beside)
    assert errors == []
    return tests


def given(rows: str) -> Table:
    """The rows of one dataset, written below ``given:``."""
    (test,) = read(f"- name: x\n  given:\n    bronze.a: {rows}\n  expect: []\n")
    assert test.given is not None
    return test.given[0].table


def texts(table: Table) -> list[list[str | None]]:
    return [[cell.text for cell in row] for row in table.rows]


def refused(text: str) -> tuple[str, str, str]:
    """The first mistake: message, hint, and the text at the place."""
    _, errors = read_tests(ORDERS, Source(PATH, dedent(text)), beside)
    assert errors, "nothing is wrong with it"
    place = errors[0].location
    assert place is not None
    assert place.path
    return errors[0].message, errors[0].hint, place.text[place.column - 1 : place.column - 1 + place.length]


def test_a_test_is_read_with_every_key() -> None:
    (test,) = read("""
        - name: the latest export wins
          description: why
          given:
            bronze.orders:
              - {order_id: 1, status: placed}
          expect:
            - {order_id: 1}
          cte: latest
          variables: {since: 2026-01-01, least: 3, share: 0.5, all: true, word: "7"}
          now: 2026-01-01 12:00:00+02:00
    """)
    assert (test.name, test.description, test.cte, test.error) == ("the latest export wins", "why", "latest", "")
    assert test.now == datetime(2026, 1, 1, 10, tzinfo=UTC)
    assert test.variables == {"since": "2026-01-01", "least": 3, "share": 0.5, "all": True, "word": "7"}
    assert [(g.name, texts(g.table)) for g in test.given or ()] == [("bronze.orders", [["1", "placed"]])]
    assert test.rows is not None
    assert texts(test.rows) == [["1"]]
    assert test.place.location.line == 2


def test_the_keys_that_are_documented_are_those_that_are_read() -> None:
    assert set(KEYS) == {"name", "description", "given", "expect", "cte", "variables", "now"}


@pytest.mark.parametrize(
    "written", ["no", "yes", "on", "12:30", "1_000", "0x1F", "010", "1e3", "2026-01-01", ".5", "1.10", "=", "0b1"]
)
def test_a_plain_value_stays_the_text_that_was_written(written: str) -> None:
    assert texts(given(f"[{{a: {written}}}]")) == [[written]]


@pytest.mark.parametrize("written", ["", "~", "null", "Null", "NULL"])
def test_nothing_and_null_are_null(written: str) -> None:
    assert texts(given(f"[{{a: {written}}}]")) == [[None]]


@pytest.mark.parametrize("written", ['"null"', "'~'", '""', "''", "'NULL'"])
def test_in_quotes_it_is_a_text(written: str) -> None:
    assert texts(given(f"[{{a: {written}}}]")) == [[written[1:-1]]]


def test_a_given_row_has_null_where_it_does_not_name_a_column() -> None:
    assert texts(given("[{a: 1}, {b: 2}]")) == [["1", None], [None, "2"]]


def test_csv_has_nulls_empty_texts_quotes_commas_and_line_ends() -> None:
    table = given('|\n      a,b\n      1,\n      "",x\n\n      "q ""x"", y\n      z",3\n')
    assert [header.name for header in table.columns] == ["a", "b"]
    assert texts(table) == [["1", None], ["", "x"], ['q "x", y\nz', "3"]]


def test_csv_may_end_its_lines_as_windows_does() -> None:
    tests, errors = read_tests(ORDERS, Source(PATH, "- name: x\n  given: {a.b: {csv: f}}\n  expect: []\n"), windows)
    assert errors == []
    assert texts((tests[0].given or ())[0].table) == [["1", None], [None, "2"]]


def windows(_name: str, _place: Place) -> Source:
    return Source("f", "a,b\r\n1,\r\n,2\r\n")


def test_csv_may_lie_in_a_file_beside() -> None:
    assert texts(given("{csv: rows.csv}")) == [["1", None]]


def test_a_place_within_csv_lines_is_that_in_the_file() -> None:
    text = "- name: x\n  given:\n    bronze.a: |\n      é,b\n      1,two\n  expect: []\n"
    (test,) = read(text)
    assert test.given is not None
    location = test.given[0].table.rows[0][1].place.location
    assert (location.line, location.column, location.length, location.text) == (5, 9, 3, "      1,two")


def test_lists_and_maps_keep_the_texts_in_them() -> None:
    (row,) = given("[{a: [1.10, ~, {k: no}], j: {n: 1.10, t: '1', b: true, l: 123456789012345678901234567890}}]").rows
    assert row[0].json(typed=False) == '["1.10", null, {"k": "no"}]'
    assert row[1].json(typed=True) == '{"n": 1.10, "t": "1", "b": true, "l": 123456789012345678901234567890}'


def test_rows_may_be_shared_by_an_alias() -> None:
    tests = read("""
        - name: a
          given: &rows {bronze.a: [{id: 1}]}
          expect: []
        - name: b
          given: *rows
          expect: []
    """)
    assert [texts((test.given or ())[0].table) for test in tests] == [[["1"]], [["1"]]]


def test_an_expected_error_is_a_text_that_it_holds() -> None:
    (test,) = read("[{name: x, expect: {error: no such status}}]")
    assert (test.rows, test.error) == (None, "no such status")


def test_one_wrong_test_hides_no_other() -> None:
    tests, errors = read_tests(ORDERS, Source(PATH, "- name: a\n- name: b\n  expect: []\n"), beside)
    assert [test.name for test in tests] == ["b"]
    assert [error.message for error in errors] == ['the test has no "expect"']


T = "- name: x\n  expect: []\n"


@pytest.mark.parametrize(
    ("text", "message", "hint", "at"),
    [
        ("", "a file of tests is a list", "- name: the latest", ""),
        ("# only a comment\n", "a file of tests is a list", "- name: the latest", "#"),
        ("name: x\n", "a file of tests is a list", "- name: the latest", "name: x"),
        ("- x\n", "a test is a map", "- name: the latest", "x"),
        ("- expect: []\n", 'the test has no "name"', "a sentence", "expect: []"),
        ("- name: x\n", 'the test has no "expect"', "write []", "name: x"),
        ("- name:\n  expect: []\n", "name is a text", "in quotes", ""),
        ("- name: [x]\n  expect: []\n", "name is a text", "in quotes", "[x]"),
        (T + "  expct: []\n", 'unknown key "expct"', 'did you mean "expect"?', "expct"),
        (T + "  zzz: []\n", 'unknown key "zzz"', "known keys: name,", "zzz"),
        (T + "  name: y\n", '"name" is there twice', "keep one", "name"),
        (T + T, 'two tests are called "x"', "sets them apart", "x"),
        (T + "  given: [a]\n", "given is a map", "bronze.orders:", "[a]"),
        (T + "  given: {a.b: 1}\n", "a.b are rows", "for a file {csv: 1}", "1"),
        (T + "  given: {a.b: }\n", "a.b has no rows", "write []", "}"),
        (T + "  given: {a.b: {c: 1}}\n", "a.b are rows, and this is a map", "list of rows", "{c: 1}"),
        (T + "  given: {a.b: {csv: }}\n", "csv is the name of a file", "{csv: orders.csv}", ""),
        (T + "  given: {a.b: {csv: x.csv}}\n", "no x.csv", "", "x.csv"),
        (T + "  given: {a.b: [1]}\n", "a row of a.b is a map", "- {order_id: 1", "1"),
        (T + "  given: {a.b: [{x: 1, x: 2}]}\n", '"x" is there twice', "keep one", "x"),
        (T + "  given: {a.b: [{x: 1, X: 2}]}\n", "differ in case only", "", "{x: 1, X: 2}"),
        (T + "  given: {a.b: [{[x]: 1}]}\n", "a key is a list or a map", "a key is a name", "[x]"),
        (T + "  given:\n    a.b: |\n      x,x\n", 'column "x" is there twice', "keep one", "x"),
        (T + "  given:\n    a.b: |\n      x,\n", "a column of the CSV has no name", "first line", ""),
        (T + "  given:\n    a.b: |\n      x,y\n      1\n", "1 fields, and the header has 2", "in quotes", "1"),
        (T + "  given:\n    a.b: |\n      x,y\n      1,2,3\n", "3 fields, and the header has 2", "in quotes", "3"),
        (T + '  given:\n    a.b: |\n      x\n      "1\n', "a quote that is not closed", "written twice", '"'),
        (T + '  given:\n    a.b: |\n      x\n      "1"2\n', "a quote that is not closed", "written twice", '"'),
        (T + "  given:\n    a.b: |\n\n", "the CSV holds no header", "its first line", "|"),
        ("- name: x\n  expect: {rows: []}\n", 'unknown key "rows"', "below `expect:`", "rows"),
        ("- name: x\n  expect: {eror: a}\n", 'unknown key "eror"', 'did you mean "error"?', "eror"),
        ("- name: x\n  expect: {error: }\n", "error is a text", "", "}"),
        ("- name: x\n  expect: [{a: 1}, {b: 1}]\n", "in the first row", "names the same columns", "{b: 1}"),
        ("- name: x\n  expect: [{a: 1, b: 2}, {a: 1}]\n", 'column "b" is missing here', "`~` is NULL", "{a: 1}"),
        (T + "  variables: [a]\n", "variables is a map", "{since: 2026-01-01}", "[a]"),
        (T + "  variables: {a b: 1}\n", "cannot be a variable's name", "letters, digits", "a b"),
        (T + "  variables: {a: }\n", "a variable is a text", "as in", "}"),
        (T + "  variables: {a: [1]}\n", "a variable is a text", "as in", "[1]"),
        (T + "  variables: {a: 1, A: 2}\n", '"A" is there twice', "keep one", "A"),
        (T + "  now: noon\n", '"noon" is no moment', "2026-01-31 12:00:00", "noon"),
        (T + "  now: 2026-13-01\n", '"2026-13-01" is no moment', "UTC", "2026-13-01"),
        (T + "  now: 0001-01-01 00:00:00+14:00\n", "is no moment", "UTC", "0001-01-01 00:00:00+14:00"),
        (T + "---\n" + T, "a second document", "as one list", "---"),
        ("- name: !!str x\n  expect: []\n", "tag:yaml.org,2002:str is refused", "leave the tag out", "!!str x"),
        ("- name: !!python/object:os.system x\n", "tag:yaml.org,2002:python/object:os.system is refused", "", None),
        ("- name: *x\n  expect: []\n", "there is no anchor &x", "write the rows", "*x"),
        ("- &x [*x]\n", "there is no anchor &x", "write the rows", "*x"),
        ("- name: x\n  expect: [\n", "no valid YAML", "stands in quotes", None),
        ("- name: a: b\n", "no valid YAML", "stands in quotes", ":"),
        ("- name: 'x\n", "no valid YAML", "stands in quotes", None),
        ("- name: @x\n", "no valid YAML", "stands in quotes", "@"),
        ("- name: \x07\n", "no valid YAML: a character that cannot be printed", '"\\x07"', None),
        ("- " + "[" * 200 + "]" * 200, "nested more than 50 deep", "rows of columns", "["),
        ("[" * 1_000_000, "nest", "", None),
    ],
)
def test_a_mistake_is_told_with_its_place_and_what_to_write(text: str, message: str, hint: str, at: str | None) -> None:
    found = refused(text)
    assert message in found[0]
    assert hint in found[1]
    if at is not None:
        assert found[2][: len(at)] == at


def test_aliases_of_aliases_are_counted_and_refused_before_they_fill_the_memory() -> None:
    levels = "\n".join(f"    l{i}: &l{i} [{', '.join([f'*l{i - 1}'] * 10)}]" for i in range(1, 30))
    message, _, _ = refused(f"- name: x\n  given:\n    l0: &l0 [{{a: 1}}]\n{levels}\n  expect: []\n")
    assert message.startswith("more than 1,000,000 values")


def test_a_missing_row_points_where_the_rows_stand() -> None:
    _, errors = read_tests(
        ORDERS, Source(PATH, "- name: x\n  given:\n    a.b: {csv: gone.csv}\n  expect: []\n"), beside
    )
    assert str(errors[0].location) == f"{PATH}:3:16"


# Where the files lie


@pytest.fixture
def project(tmp_path: Path) -> Config:
    (tmp_path / "tests/sql/silver").mkdir(parents=True)
    return Config(root=tmp_path)


def write(config: Config, path: str, text: str = T) -> None:
    file = config.root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def test_a_file_is_named_after_its_model_whatever_folders_are_between(project: Config) -> None:
    write(project, "tests/sql/silver/shop/orders.yml")
    write(project, "tests/sql/silver/orders.csv")
    write(project, "tests/sql/silver/.hidden.yaml")
    assert find_files(project, [ORDERS]) == ([TestFile(ORDERS, "tests/sql/silver/shop/orders.yml")], [])


def test_without_a_folder_there_are_no_tests(tmp_path: Path) -> None:
    assert find_files(Config(root=tmp_path), [ORDERS]) == ([], [])


@pytest.mark.parametrize(
    ("path", "message", "hint"),
    [
        ("tests/sql/orders.yaml", "lies in no layer's folder", "tests/sql/silver/orders.yaml"),
        ("tests/sql/sliver/orders.yaml", "lies in no layer's folder", "layers: bronze, silver, gold"),
        ("tests/sql/silver/ordres.yaml", "there is no model silver.ordres", 'did you mean "silver.orders"?'),
        ("tests/sql/silver/Orders.yaml", "is no dataset name", "lower-case letters"),
        ("tests/sql/gold/x.yaml", "there is no model gold.x", "write sql/gold/"),
    ],
)
def test_a_file_that_tests_nothing_is_an_error(project: Config, path: str, message: str, hint: str) -> None:
    write(project, path)
    files, (error,) = find_files(project, [ORDERS])
    assert files == []
    assert message in error.message
    assert hint in error.hint
    assert str(error.location) == path


def test_two_files_for_one_model_are_an_error(project: Config) -> None:
    write(project, "tests/sql/silver/a/orders.yaml")
    write(project, "tests/sql/silver/b/orders.yaml")
    _, (error,) = find_files(project, [ORDERS])
    assert "two files test silver.orders" in error.message


def mistake(config: Config, path: str = PATH) -> UnitTestError:
    _, (error,) = read_file(config, TestFile(ORDERS, path))
    return error


@pytest.mark.parametrize("name", ["../gold/x.csv", "/etc/passwd", "a/../../x.csv", '"\\0"'])
def test_a_csv_lies_beside_its_test(project: Config, name: str) -> None:
    write(project, PATH, f"- name: x\n  given: {{a.b: {{csv: {name}}}}}\n  expect: []\n")
    assert "lies elsewhere" in mistake(project).message


def test_a_csv_that_is_not_there_is_named(project: Config) -> None:
    write(project, PATH, "- name: x\n  given: {a.b: {csv: gone.csv}}\n  expect: []\n")
    error = mistake(project)
    assert error.message == "tests/sql/silver/gone.csv: cannot be read: No such file or directory"
    assert str(error.location) == f"{PATH}:2:22"


@pytest.mark.parametrize("linked", [PATH, "tests/sql/silver/rows.csv"])
def test_no_link_leads_out_of_the_folder(project: Config, linked: str) -> None:
    write(project, "secret", "- name: top secret\n")
    write(project, PATH, "- name: x\n  given: {a.b: {csv: rows.csv}}\n  expect: []\n")
    (project.root / linked).unlink(missing_ok=True)
    (project.root / linked).symlink_to(project.root / "secret")
    error = mistake(project)
    assert "a link that leads out of tests/sql/" in error.message
    assert "top secret" not in str(error)


def test_a_file_that_is_no_utf8_is_told_by_its_line(project: Config) -> None:
    (project.root / PATH).write_bytes(b"- name: x\n  expect: []\n# \xff\n")
    error = mistake(project)
    assert (error.message, str(error.location)) == ("the file is not UTF-8: byte 0xff in line 3", f"{PATH}:3")


def test_a_byte_order_mark_is_no_text(project: Config) -> None:
    (project.root / PATH).write_bytes(b"\xef\xbb\xbf- name: x\n  expect: []\n")
    tests, errors = read_file(project, TestFile(ORDERS, PATH))
    assert ([test.name for test in tests], errors) == (["x"], [])
