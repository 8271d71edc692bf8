"""The documentation says what the code says: pages are up to date, nothing is left out, links lead somewhere."""

from __future__ import annotations

import dataclasses
import difflib
import json
import re
import runpy
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from medallion.catalog.schema import TABLES
from medallion.cli.main import app
from medallion.config import KEYS
from medallion.models.annotations import WORDS
from medallion.project import Project
from medallion.records import Built, Column, DataFile, Input, Record
from medallion.unittests.cases import KEYS as UNIT_TEST_KEYS

REPOSITORY = Path(__file__).parents[2]
REFERENCE = REPOSITORY / "docs" / "reference"
PAGES = sorted([*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").rglob("*.md")])

_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def generator() -> dict[str, Any]:
    return runpy.run_path(str(REPOSITORY / "scripts" / "write_reference.py"))


@pytest.mark.parametrize("name", ["commands.md", "config.md", "annotations.md", "catalog.md", "python.md"])
def test_a_generated_page_is_what_the_generator_makes_now(name: str, generator: dict[str, Any]) -> None:
    held = (REFERENCE / name).read_text(encoding="utf-8")
    made = str(generator["page"](name))
    diff = difflib.unified_diff(held.splitlines(), made.splitlines(), "held", "made", lineterm="")
    assert held == made, "run `make docs`:\n" + "\n".join(diff)


def test_each_generated_page_is_checked(generator: dict[str, Any]) -> None:
    assert set(generator["PARTS"]) == {"commands.md", "config.md", "annotations.md", "catalog.md", "python.md"}


def test_every_room_is_on_the_page_of_the_architecture() -> None:
    page = (REPOSITORY / "docs" / "architecture.md").read_text(encoding="utf-8")
    rooms = {word.rstrip("/") for line in page.splitlines() if line.startswith("| `") for word in line.split("`")[1::2]}
    order = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    known = {room.strip() for line in order["contracts"][0]["layers"] for room in line.split("|")}
    assert known - rooms == set()
    assert {room for room in rooms if "." not in room} - known == set()


def test_every_command_is_documented() -> None:
    text = (REFERENCE / "commands.md").read_text(encoding="utf-8")
    names = [c.name or (c.callback.__name__ if c.callback else "") for c in app.registered_commands]
    assert names
    assert [name for name in names if f"### medallion {name}\n" not in text] == []


def test_every_command_has_an_example() -> None:
    text = (REFERENCE / "commands.md").read_text(encoding="utf-8")
    for section in text.split("### medallion ")[1:]:
        name = section.split("\n", 1)[0]
        assert re.search(rf"^Example: `medallion {name}\b", section, re.MULTILINE), name


def test_every_key_of_the_configuration_is_documented() -> None:
    text = (REFERENCE / "config.md").read_text(encoding="utf-8")
    assert [key for key in KEYS if f"`{key}`" not in text] == []


def test_every_key_of_a_unit_test_is_documented() -> None:
    text = (REPOSITORY / "docs" / "testing.md").read_text(encoding="utf-8")
    assert [key for key in UNIT_TEST_KEYS if f"| `{key}` |" not in text] == []


def test_every_annotation_is_documented() -> None:
    text = (REFERENCE / "annotations.md").read_text(encoding="utf-8")
    assert [word for word in WORDS if f"`@{word}`" not in text] == []


def test_every_table_and_column_of_the_catalog_is_documented() -> None:
    text = (REFERENCE / "catalog.md").read_text(encoding="utf-8")
    sections = {section.split("\n", 1)[0]: section for section in text.split("### ")[1:]}
    for table, columns in TABLES.items():
        if "." not in table:  # What is in a schema of its own is nobody's business.
            assert [column for column in columns if f"| `{column}` |" not in sections[table]] == [], table


def test_every_field_of_a_record_is_documented() -> None:
    text = (REFERENCE / "record.md").read_text(encoding="utf-8")
    example = json.loads(re.findall(r"^```json\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)[0])
    record = Record.decode(json.dumps(example).encode(), "docs/reference/record.md")
    assert json.loads(record.encode()) == example, "the example is no record as it would be written"
    fields = {f.name for kind in (Record, Column, DataFile, Built, Input) for f in dataclasses.fields(kind)}
    fields = fields - {"engine_version"} | {"format"}
    assert sorted(name for name in fields if f"`{name}`" not in text) == []


def test_every_public_method_of_a_project_is_documented() -> None:
    text = (REFERENCE / "python.md").read_text(encoding="utf-8")
    names = [name for name in dir(Project) if not name.startswith("_")]
    assert [name for name in names if f"### {name}\n" not in text] == []


def test_every_command_with_json_has_its_format_documented() -> None:
    commands = (REFERENCE / "commands.md").read_text(encoding="utf-8").split("### medallion ")[1:]
    text = (REFERENCE / "json.md").read_text(encoding="utf-8")
    for section in commands:
        name = section.split("\n", 1)[0]
        if "`--json`" in section:
            assert f"## {name}\n" in text, name


@pytest.mark.parametrize("command", ["diff", "review"])
def test_the_example_of_a_document_is_what_its_schema_says(command: str) -> None:
    text = (REFERENCE / "json.md").read_text(encoding="utf-8").split(f"## {command}\n")[1]
    example = json.loads(re.findall(r"^```json\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)[0])
    schema = json.loads((REPOSITORY / "medallion" / command / "schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(example, schema)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(REPOSITORY).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    for link in _LINK.findall(text):
        if "://" in link or link.startswith("mailto:"):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{link} leads nowhere"
        assert target.is_relative_to(REPOSITORY), f"{link} leads out of the repository"
        if anchor:
            assert anchor in _anchors(target), f"{link}: there is no such heading"


def _anchors(page: Path) -> set[str]:
    """The headings of a page as a forge links to them."""
    headings = re.findall(r"^#+ (.+)$", _FENCE.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_decision_is_numbered_and_has_the_same_parts() -> None:
    decisions = sorted((REPOSITORY / "docs" / "adr").glob("*.md"))
    assert [d.name[:4] for d in decisions] == [f"{i:04}" for i in range(1, len(decisions) + 1)]
    for decision in decisions:
        text = decision.read_text(encoding="utf-8")
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"], decision.name


def test_the_changelog_speaks_of_this_version() -> None:
    version = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert f"## [{version}]" in (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_documentation_knows_no_path_of_a_machine() -> None:
    for page in PAGES:
        assert not re.search(r"(?<![\w.])/(work|root|tmp)/", page.read_text(encoding="utf-8")), page.name
