"""What was read from a text is remembered as it was, and read again where the memory is not to be trusted."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from medallion import parsed
from medallion.cachefile import read_cache, write_cache
from medallion.config import find_project
from medallion.errors import ModelError
from medallion.models import parse
from medallion.models.encoded import decode_macro, decode_model, encode_macro, encode_model
from medallion.models.parse import parse_macros, parse_model
from medallion.names import TableName
from medallion.parsed import Parsed

if TYPE_CHECKING:
    from collections.abc import Sequence

LAYERS = ("bronze", "silver", "gold")
ROOT = Path(__file__).parents[2]
PROJECTS = [ROOT, ROOT / "tests" / "projects" / "flights"]
MODELS = sorted(file for project in PROJECTS for layer in LAYERS for file in (project / "sql" / layer).rglob("*.sql"))
MACROS = sorted(file for project in PROJECTS for file in (project / "sql" / "macros").rglob("*.sql"))
X = TableName("silver", "x")
RICH = """-- A dataset. @key a @tag nightly @check row_count > 1
SELECT a, -- The first. @not_null
    m(b) AS "b ä", getvariable('since') AS s, unnest(xs) AS x
FROM silver.t AS q JOIN bronze.u USING (a)
WHERE EXISTS (FROM m2(3))
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "medallion.toml").touch()
    return tmp_path / "p"


def opened(root: Path) -> Parsed:
    return Parsed(find_project(root))


def file(root: Path) -> Path:
    return root / ".medallion" / "cache" / "models.json"


def as_stored(encoded: Any) -> Any:
    return json.loads(json.dumps(encoded))


@pytest.fixture
def parses(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the models that are parsed from now on; they are parsed as ever."""
    seen: list[str] = []

    def counted(name: TableName, path: str, text: str, layers: Sequence[str]) -> object:
        seen.append(str(name))
        return parse_model(name, path, text, layers)

    monkeypatch.setattr(parse, "parse_model", counted)
    return seen


@pytest.mark.parametrize("path", MODELS, ids=lambda path: f"{path.parents[2].name}-{path.parent.name}-{path.stem}")
def test_a_model_comes_back_as_it_was(path: Path) -> None:
    name, text = TableName(path.parent.name, path.stem), path.read_text()
    model = parse_model(name, str(path), text, LAYERS)
    assert decode_model(as_stored(encode_model(model)), name, str(path), text) == model


@pytest.mark.parametrize("path", MACROS, ids=lambda path: f"{path.parents[2].name}-{path.stem}")
def test_a_macro_comes_back_as_it_was(path: Path) -> None:
    macros = parse_macros(str(path), path.read_text(), LAYERS)
    assert macros
    for macro in macros:
        assert decode_macro(as_stored(encode_macro(macro)), str(path), path.read_text()) == macro


def test_a_model_with_everything_in_it_comes_back_as_it_was() -> None:
    model = parse_model(X, "sql/silver/x.sql", RICH, LAYERS)
    held = (model.key, model.variables, model.calls, model.datasets, model.table_functions, model.columns)
    assert all(held)
    assert decode_model(as_stored(encode_model(model)), X, "sql/silver/x.sql", RICH) == model


def test_the_same_text_is_parsed_once_under_every_name_and_path(root: Path, parses: list[str]) -> None:
    text = RICH.replace("row_count > 1", "not_null x")
    first = opened(root)
    first.model(X, "sql/silver/x.sql", text)
    first.save()
    again = opened(root)
    moved = again.model(TableName("gold", "y"), "sql/gold/deep/y.sql", text)
    assert parses == ["silver.x"]
    assert moved == parse_model(TableName("gold", "y"), "sql/gold/deep/y.sql", text, LAYERS)


def test_the_sql_of_a_check_is_read_again_under_another_name(root: Path) -> None:
    first = opened(root)
    assert first.model(X, "sql/silver/x.sql", RICH) == parse_model(X, "sql/silver/x.sql", RICH, LAYERS)
    first.save()
    moved = opened(root).model(TableName("gold", "y"), "sql/gold/y.sql", RICH)
    assert moved == parse_model(TableName("gold", "y"), "sql/gold/y.sql", RICH, LAYERS)


def test_a_text_that_cannot_be_read_is_not_remembered(root: Path) -> None:
    for _ in range(2):
        reader = opened(root)
        with pytest.raises(ModelError):
            reader.model(X, "sql/silver/x.sql", "SELECT 'a FROM silver.t")
        reader.save()


def test_texts_of_commits_are_remembered_beside_those_of_the_work_tree(
    root: Path, parses: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parsed, "_OF_COMMITS", 2)
    here = opened(root)
    here.model(X, "x.sql", "SELECT 0 AS a")
    here.save()
    kept = read_cache(file(root))
    for number in (0, 1, 2, 1, 3, 3, 1):  # The third pushes the first out.
        reader = Parsed(find_project(root), commit=True)
        reader.model(TableName("silver", f"n{number}"), "n.sql", f"SELECT {number} AS a")
        reader.save()
    assert parses == ["silver.x", "silver.n1", "silver.n2", "silver.n3", "silver.n1"]
    assert read_cache(file(root)) == kept


def test_texts_that_are_gone_are_forgotten(root: Path, parses: list[str]) -> None:
    for text in ("SELECT 1 AS a", "SELECT 2 AS a", "SELECT 1 AS a"):
        reader = opened(root)
        reader.model(X, "sql/silver/x.sql", text)
        reader.save()
    assert len(parses) == 3


def test_another_list_of_layers_is_another_reading(root: Path, parses: list[str]) -> None:
    text = "SELECT a FROM silver.t JOIN raw.u USING (a)"
    first = opened(root)
    assert len(first.model(X, "sql/silver/x.sql", text).datasets) == 1
    first.save()
    (root / "medallion.toml").write_text('layers = ["raw", "silver"]\n')
    assert len(opened(root).model(X, "sql/silver/x.sql", text).datasets) == 2
    assert len(parses) == 2


@pytest.mark.parametrize(("name", "value"), [("version_of", lambda _: "999"), ("_FORMAT", "999")])
def test_another_version_of_the_parser_reads_again(
    root: Path, parses: list[str], monkeypatch: pytest.MonkeyPatch, name: str, value: object
) -> None:
    first = opened(root)
    first.model(X, "sql/silver/x.sql", RICH)
    first.save()
    monkeypatch.setattr(parsed, name, value)
    opened(root).model(X, "sql/silver/x.sql", RICH)
    assert len(parses) == 2


@pytest.mark.parametrize("content", [b"", b"{}", b"garbage", b"\xff\xfe"])
def test_a_damaged_memory_is_made_anew(root: Path, parses: list[str], content: bytes) -> None:
    first = opened(root)
    model = first.model(X, "sql/silver/x.sql", RICH)
    first.save()
    file(root).write_bytes(content)
    second = opened(root)
    assert second.model(X, "sql/silver/x.sql", RICH) == model
    second.save()
    opened(root).model(X, "sql/silver/x.sql", RICH)
    assert len(parses) == 2


@pytest.mark.parametrize("damage", ["entries", "entry", "list", "none"])
def test_a_memory_of_another_form_is_made_anew(root: Path, parses: list[str], damage: str) -> None:
    first = opened(root)
    model = first.model(X, "sql/silver/x.sql", RICH)
    first.save()
    document = read_cache(file(root))
    assert isinstance(document, dict)
    if damage == "entries":
        del document["entries"]
    elif damage == "entry":
        document["entries"] = {key: entry[:3] for key, entry in document["entries"].items()}
    elif damage == "none":
        document["entries"] = dict.fromkeys(document["entries"], [None] * 13)
    write_cache(file(root), [document] if damage == "list" else document)
    assert opened(root).model(X, "sql/silver/x.sql", RICH) == model
    assert len(parses) == 2


def test_a_memory_that_came_with_a_clone_is_not_believed(root: Path, parses: list[str], tmp_path: Path) -> None:
    first = opened(root)
    first.model(X, "sql/silver/x.sql", RICH)
    first.save()
    shutil.copytree(root, tmp_path / "clone")
    opened(tmp_path / "clone").model(X, "sql/silver/x.sql", RICH)
    assert len(parses) == 2
