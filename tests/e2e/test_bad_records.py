"""Records that cannot be believed: a clear error, and nothing lost."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.e2e.conftest import Project


RECORD = "data/silver/orders.json"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: text[:40], ["data/silver/orders.json:", "the record is not JSON", "git checkout"]),
        (lambda _: b"\xff\xfe", ["the record is not UTF-8", "git checkout"]),
        (lambda _: b"[]", ["the record has no format number", "git checkout"]),
        (lambda text: text.replace(b'"format": 1', b'"format": 99'), ["format 99", "upgrade"]),
        (lambda text: text.replace(b'"rows": ', b'"lines": '), ["the record is incomplete: missing 'rows'"]),
        (
            lambda text: text.replace(b"silver.orders", b"silver.others"),
            ["the record is of silver.others", "rename it"],
        ),
        (lambda text: text.replace(b'"orders.parquet"', b'"../../../etc/x.parquet"'), ["is no path of a data file"]),
        (
            lambda text: b"<<<<<<< HEAD\n" + text + b"=======\n" + text + b">>>>>>> theirs\n",
            ["merge conflict markers", "git checkout HEAD -- data"],
        ),
    ],
    ids=["cut", "not UTF-8", "no object", "newer format", "incomplete", "of another", "leads out", "conflict"],
)
def test_a_record_that_cannot_be_believed_stops_its_dataset_and_is_kept(
    project: Project, change: object, words: list[str]
) -> None:
    assert callable(change)
    whole = project.read(RECORD)
    project.write(RECORD, change(whole))
    before = project.files()
    project.run("run").refused(RECORD, *words)
    project.run("query", "FROM silver.orders").refused(RECORD, *words)
    project.run("commit", "-m", "x").refused("silver.orders", code=1)
    assert project.files() == before
    project.run("run", "--force", "silver.orders").ok()
    assert project.read(RECORD) == whole


@pytest.mark.thorough
def test_no_value_in_a_record_crashes_the_program(project: Project) -> None:
    """In one process, as a program would use it: every leaf of the record replaced by something else."""
    told = subprocess.run(
        [sys.executable, "-c", _REPLACE_EVERY_LEAF], cwd=project.root, capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stderr
    assert int(told.stdout) > 300


_REPLACE_EVERY_LEAF = """
import copy, json
from pathlib import Path
from medallion.errors import MedallionError
from medallion.project import Project

file = Path("data/silver/orders.json")
whole = json.loads(file.read_text())

def places(value, path=()):
    if path:
        yield path
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from places(child, (*path, key))

tried = 0
for path in places(whole):
    for other in (None, "", "x", -1, 1e400, True, [], [None], {}, {"a": 1}):
        document = copy.deepcopy(whole)
        holder = document
        for key in path[:-1]:
            holder = holder[key]
        holder[path[-1]] = other
        file.write_text(json.dumps(document))
        try:
            workspace, _ = Project.open().plan()
            Project.open().table("silver.orders").rows()
            for record in workspace.observed.records.values():
                record.encode(), record.content_id, record.size, record.files[0].path
        except MedallionError:
            pass
        except Exception as error:
            raise SystemExit(f"{'.'.join(map(str, path))} = {other!r}: {error!r}")
        tried += 1
print(tried)
"""


def test_a_record_that_speaks_of_other_data_than_its_parquet_is_noticed(project: Project) -> None:
    document = project.record("silver.orders")
    files = document["files"]
    assert isinstance(files, list)
    files[0]["oid"] = "0" * 64
    project.write(RECORD, json.dumps(document))
    before = project.files()
    project.run("run").refused("data/silver/orders.parquet", "changed by something other than medallion", "restore")
    project.run("query", "FROM silver.orders").refused("the file is not the data of its record")
    assert project.files() == before
